"""The conformance suite for generative models with a condition."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan.models import ConditionalModel
from evogan.testing._models import check_generative_model
from evogan.testing._promises import (
    check_copies,
    check_leaves_arrays,
    check_leaves_globals,
    check_points,
    check_refuses,
    check_reproducible,
    fail,
)

Floats = NDArray[np.float64]
Factory = Callable[[], ConditionalModel]

_SPREAD = 0.03  # of the test data about what its condition says


def check_conditional_model(
    factory: Factory, *, learns: bool = True, n_var: int = 6, n_condition: int = 2, seed: int = 0
) -> None:
    """Check a model of your own that takes a condition, with a condition and, as any other model, without one.

    Args:
        factory: makes a fresh, unfitted model, e.g. ``lambda: MyModel(epochs=5)``; cheap settings will do.
        learns: False for null controls, which skips whether samples resemble the elites and follow the condition.
        n_var: decision variables of the test data.
        n_condition: columns of its condition.
        seed: of the test data and of every draw.

    Raises:
        AssertionError: the first fault, as a sentence that names it.

    Example:
        >>> from evogan.models import KernelDensity
        >>> check_conditional_model(KernelDensity)
    """
    _n_condition(factory, seed)
    check_generative_model(factory, learns=learns, n_var=n_var, seed=seed)
    X, C = _data(n_var, n_condition, seed)

    def used(X: Floats = X, C: Floats = C) -> Floats:
        return _sample(_fit(factory, X, C, seed), C[:20], seed + 1)

    _shape_and_box(factory, X, C, seed)
    rule = "fit() and sample() must not change the arrays they are given"
    check_leaves_arrays(used, (X, C), rule, "one wrote to a read-only X or condition")
    check_reproducible(used, "samples given a condition")
    _draws(factory, X, C, seed)
    check_leaves_globals(used)
    check_copies(
        lambda: _fit(factory, X, C, seed),
        lambda model: _sample(model, C[:9], seed),
        lambda model: model.fit(1 - X, condition=C, rng=np.random.default_rng(seed + 1)),
        "samples given a condition",
    )
    _odd_inputs(factory, seed)
    _refuses(factory, X, C, seed)
    if learns:
        _follows(factory, X, C, seed)


def _data(n_var: int, n_condition: int, seed: int) -> tuple[Floats, Floats]:
    """Solutions that follow their condition, and the condition."""
    rng = np.random.default_rng(seed)
    C = rng.random((60, n_condition))
    return np.clip(_meant(C, n_var) + rng.normal(0, _SPREAD, (60, n_var)), 0, 1), C


def _meant(C: Floats, n_var: int) -> Floats:
    """Return the solutions ``(n, n_var)`` that a condition stands for: variables rise and fall in turn."""
    j = np.arange(n_var)
    rise: Floats = 0.5 + 0.35 * (-1.0) ** j * (2 * C[:, j % C.shape[1]] - 1)
    return rise


def _fit(factory: Factory, X: Floats, C: Floats | None, seed: int) -> ConditionalModel:
    return factory().fit(X, condition=C, rng=np.random.default_rng(seed))


def _sample(model: ConditionalModel, C: Floats, seed: int) -> Floats:
    return np.asarray(model.sample(len(C), condition=C, rng=np.random.default_rng(seed)))


def _n_condition(factory: Factory, seed: int) -> None:
    model, rng = factory(), np.random.default_rng(seed)
    if not isinstance(model, ConditionalModel):
        fail("the model must have fit(), sample() and n_condition, see evogan.models.ConditionalModel")
    if model.n_condition != 0:
        fail(f"n_condition must be 0 before the first fit, got {model.n_condition!r}")
    X, C = rng.random((10, 2)), rng.random((10, 3))
    for condition, columns in ((None, 0), (C, 3), (C[:, :1], 1), (None, 0)):
        try:
            model.fit(X, condition=condition, rng=rng)
        except Exception as error:
            fail(
                f"fit(X, condition=condition, rng=rng) must work with a condition of {columns} columns (0: None) "
                f"whatever the last fit's was, got {type(error).__name__}: {error}"
            )
        if model.n_condition != columns:
            fail(f"n_condition must be {columns} after a fit with {columns} columns, got {model.n_condition!r}")


def _shape_and_box(factory: Factory, X: Floats, C: Floats, seed: int) -> None:
    model, rng = _fit(factory, X, C, seed), np.random.default_rng(seed)
    for n in (1, 7, 200):
        shape = (n, X.shape[1])
        rule = f"sample({n}, condition=...) must have shape {shape}"
        # Also conditions that were never seen.
        samples = model.sample(n, condition=2 * rng.random((n, C.shape[1])) - 0.5, rng=rng)
        check_points(samples, shape, method="sample()", rule=rule, what="samples")


def _draws(factory: Factory, X: Floats, C: Floats, seed: int) -> None:
    first, other = (_sample(_fit(factory, X, C, seed), C[:20], seed + k) for k in (1, 2))
    if np.array_equal(first, other):
        fail("another rng must give other samples of the same condition: sample() does not draw from its rng")


def _odd_inputs(factory: Factory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cases: dict[str, tuple[Floats, Floats]] = {
        "a condition of one column": (rng.random((10, 4)), rng.random((10, 1))),
        "a constant condition": (rng.random((10, 4)), np.full((10, 2), 0.5)),
        "one elite and its condition": (rng.random((1, 4)), rng.random((1, 2))),
        "two elites of the same condition": (rng.random((2, 4)), np.zeros((2, 2))),
        "more columns of the condition than variables": (rng.random((10, 2)), rng.random((10, 5))),
    }
    for what, (X, C) in cases.items():
        try:
            samples = _sample(_fit(factory, X, C, seed), np.repeat(C[:1], 4, axis=0), seed)
        except Exception as error:
            fail(f"fit() and sample() must work with {what}, got {type(error).__name__}: {error}")
        if samples.shape != (4, X.shape[1]) or not np.isfinite(samples).all():
            fail(f"with {what} sample(4) must be finite and of shape {(4, X.shape[1])}, got shape {samples.shape}")


def _refuses(factory: Factory, X: Floats, C: Floats, seed: int) -> None:
    holed = C.copy()
    holed[0, 0] = np.nan
    wrong: dict[str, Any] = {
        "a condition with other rows than X": C[:-1],
        "NaN in the condition": holed,
        "a one-dimensional condition": C[:, 0],
        "a condition without columns": C[:, :0],
    }
    for what, condition in wrong.items():
        check_refuses(partial(_fit, factory, X, condition, seed), "fit()", what, "condition")
    model, plain = _fit(factory, X, C, seed), _fit(factory, X, None, seed)
    asked: dict[str, tuple[ConditionalModel, Any]] = {
        "a missing condition": (model, None),
        "a condition of other rows than n": (model, C[:4]),
        "a condition of other columns than in fit": (model, np.hstack([C, C])[:5]),
        "NaN in the condition": (model, holed[:5]),
        "a condition after a fit without one": (plain, C[:5]),
    }
    for what, (one, condition) in asked.items():
        call = partial(one.sample, 5, condition=condition, rng=np.random.default_rng(seed))
        check_refuses(call, "sample()", what, "condition")


def _follows(factory: Factory, X: Floats, C: Floats, seed: int) -> None:
    model, rng = factory(), np.random.default_rng(seed)
    for _ in range(5):  # a warm model learns from fit to fit, as it does in a run
        model.fit(X, condition=C, rng=rng)
    c = rng.random((300, C.shape[1]))
    samples, meant = _sample(model, c, seed), _meant(c, X.shape[1])
    ours, others = (float(((samples - f) ** 2).mean()) for f in (meant, meant[rng.permutation(len(c))]))
    if not ours < 0.7 * others:  # samples that do not follow are as near to any condition: 1, give or take 0.1
        fail(
            f"after 5 fits samples must lie nearer to what their own condition says than to what another's says: mean "
            f"squared distance {ours:.4f}, of another's {others:.4f} (pass learns=False for a null control)"
        )
