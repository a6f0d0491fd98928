"""The conformance suite for generative models."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evogan.models import GenerativeModel
from evogan.testing._promises import (
    check_copies,
    check_leaves_arrays,
    check_leaves_globals,
    check_not_fitted,
    check_points,
    check_protocol,
    check_refuses,
    check_reproducible,
    fail,
)

Floats = NDArray[np.float64]
Factory = Callable[[], GenerativeModel]


def check_generative_model(factory: Factory, *, learns: bool = True, n_var: int = 6, seed: int = 0) -> None:
    """Check a model of your own against everything that operators rely on.

    Args:
        factory: makes a fresh, unfitted model, e.g. ``lambda: MyModel(epochs=5)``; cheap settings will do.
        learns: False for models that do not imitate the elites (null controls), which skips that one check.
        n_var: decision variables of the test data.
        seed: of the test data and of every draw.

    Raises:
        AssertionError: the first fault, as a sentence that names it.

    Example:
        >>> from evogan.models import Gaussian
        >>> check_generative_model(Gaussian)
    """
    elite, poor = _data(n_var, seed)
    rule = "fit() must not change the arrays it is given"

    def used(X: Floats = elite, X_poor: Floats = poor) -> Floats:
        return _sample(_fit(factory, X, X_poor, seed), 20, seed + 1)

    _protocol(factory, elite, poor, seed)
    check_leaves_arrays(used, (elite, poor), rule, "it wrote to a read-only X or X_poor")
    check_not_fitted(lambda: _sample(factory(), 3, seed), "sample()", "samples")
    _shape_and_box(factory, elite, poor, seed)
    check_reproducible(used, "samples")
    _draws(factory, elite, poor, seed)
    check_leaves_globals(used)
    check_copies(
        lambda: _fit(factory, elite, poor, seed),
        lambda model: _sample(model, 9, seed),
        lambda model: model.fit(1 - elite, poor, rng=np.random.default_rng(seed + 1)),
        "samples",
    )
    _odd_inputs(factory, seed)
    _refuses(factory, elite, poor, seed)
    if learns:
        _learns(factory, elite, poor, seed)


def _data(n_var: int, seed: int) -> tuple[Floats, Floats]:
    """Elites in a small cloud off every corner, face and the centre; poor solutions all over the box."""
    rng = np.random.default_rng(seed)
    centre = np.where(rng.random(n_var) < 0.5, 0.3, 0.7)
    return np.clip(rng.normal(centre, 0.05, (40, n_var)), 0, 1), rng.random((60, n_var))


def _fit(factory: Factory, elite: Floats, poor: Floats | None, seed: int) -> GenerativeModel:
    return factory().fit(elite, poor, rng=np.random.default_rng(seed))


def _sample(model: GenerativeModel, n: int, seed: int) -> Floats:
    return np.asarray(model.sample(n, rng=np.random.default_rng(seed)))


def _protocol(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    def fit_and_use(model: GenerativeModel) -> object:
        fitted = model.fit(elite.copy(), poor.copy(), rng=np.random.default_rng(seed))
        model.sample(3, rng=np.random.default_rng(seed))
        return fitted

    calls = "fit(X, X_poor, rng=rng) and then sample(n, rng=rng)"
    check_protocol(factory, ("fit", "sample"), fit_and_use, calls)


def _shape_and_box(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    for given in (poor, None):
        model = _fit(factory, elite, given, seed)
        for n in (1, 7, 200):
            shape = (n, elite.shape[1])
            rule = f"sample({n}) must have shape {shape}"
            samples = model.sample(n, rng=np.random.default_rng(seed))
            check_points(samples, shape, method="sample()", rule=rule, what="samples")


def _draws(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    first, other = (_sample(_fit(factory, elite, poor, seed), 20, seed + k) for k in (1, 2))
    if np.array_equal(first, other):
        fail("another rng must give other samples: sample() does not draw from the rng that is passed")


def _odd_inputs(factory: Factory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cases: dict[str, tuple[Floats, Floats | None]] = {
        "one variable": (rng.random((10, 1)), rng.random((10, 1))),
        "two elites": (rng.random((2, 4)), rng.random((30, 4))),
        "one elite": (rng.random((1, 4)), rng.random((3, 4))),
        "one poor solution": (rng.random((10, 4)), rng.random((1, 4))),
        "constant variables": (np.tile([0.0, 0.5, 1.0], (10, 1)), None),
        "equal elites": (np.repeat(rng.random((1, 4)), 10, axis=0), rng.random((10, 4))),
    }
    for what, (X, P) in cases.items():
        try:
            samples = _sample(_fit(factory, X, P, seed), 4, seed)
        except Exception as error:
            fail(f"fit() and sample() must work with {what}, got {type(error).__name__}: {error}")
        if samples.shape != (4, X.shape[1]) or not np.isfinite(samples).all():
            fail(f"with {what} sample(4) must be finite and of shape {(4, X.shape[1])}, got shape {samples.shape}")
    model = _fit(factory, rng.random((10, 3)), None, seed)
    try:
        model.fit(rng.random((10, 5)), rng.random((8, 5)), rng=np.random.default_rng(seed))
    except Exception as error:
        fail(f"a fitted model must accept another n_var in fit(), got {type(error).__name__}: {error}")
    if _sample(model, 4, seed).shape != (4, 5):
        fail("after fit() with another n_var, samples must have the new number of columns")


def _refuses(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    holed = elite.copy()
    holed[0, 0] = np.nan
    wrong: dict[str, tuple[Any, Any, str]] = {
        "NaN in X": (holed, poor, "X"),
        "X outside the unit box": (elite + 1.0, poor, "X"),
        "a one-dimensional X": (elite[0], None, "X"),
        "an empty X": (elite[:0], None, "X"),
        "X_poor outside the unit box": (elite, poor - 1.0, "X_poor"),
        "X_poor with another n_var": (elite, poor[:, :-1], "X_poor"),
    }
    for what, (X, P, name) in wrong.items():
        check_refuses(partial(_fit, factory, X, P, seed), "fit()", what, name)


def _learns(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    model, rng = factory(), np.random.default_rng(seed)
    for _ in range(5):  # a warm model learns from fit to fit, as it does in a run
        model.fit(elite, poor, rng=rng)
    samples = _sample(model, 200, seed)
    noise = np.random.default_rng(seed).random(samples.shape)
    ours, uniform = _energy_distance(samples, elite), _energy_distance(noise, elite)
    if not ours < 0.8 * uniform:  # two draws of uniform noise differ by about a twentieth
        fail(
            f"after 5 fits samples must resemble the elites clearly more than uniform noise does: energy distance "
            f"{ours:.3f}, uniform noise {uniform:.3f} (pass learns=False for a null control)"
        )


def _energy_distance(A: Floats, B: Floats) -> float:
    """2 E|a - b| - E|a - a'| - E|b - b'|; G. Szekely, M. Rizzo, J. Stat. Plan. Inference 143(8), 2013."""
    return float(2 * cdist(A, B).mean() - cdist(A, A).mean() - cdist(B, B).mean())
