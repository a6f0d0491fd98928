"""The conformance suite for transfer models."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan.models import TransferModel
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
Factory = Callable[[], TransferModel]


def check_transfer_model(
    factory: Factory, *, equal_sizes: bool = False, needs_fit: bool = True, n_var: int = 6, seed: int = 0
) -> None:
    """Check a transfer model of your own against everything that multitask algorithms rely on.

    Whether what it transfers is like the target is not asked: some methods do not want that.

    Args:
        factory: makes a fresh, unfitted model, e.g. ``lambda: MyModel(epochs=5)``; cheap settings will do.
        equal_sizes: True for models that need as many source as target solutions, in ``transfer`` too; then other
            numbers must raise a ValueError.
        needs_fit: False for models that learn nothing and may transfer before ``fit`` (null controls).
        n_var: decision variables of the test data.
        seed: of the test data and of every draw.

    Raises:
        AssertionError: the first fault, as a sentence that names it.

    Example:
        >>> from evogan.models import MomentMatching
        >>> check_transfer_model(MomentMatching)
    """
    rng = np.random.default_rng(seed)
    S = np.clip(rng.normal(0.3, 0.05, (30, n_var)), 0, 1)
    T = np.clip(rng.normal(0.6, 0.10, (30 if equal_sizes else 45, n_var)), 0, 1)
    rule = "fit() and transfer() must not change the arrays they are given"

    def used(X_source: Floats = S, X_target: Floats = T, later: Floats = S) -> Floats:
        return _transfer(_fit(factory, X_source, X_target, seed), later, seed + 1)

    _protocol(factory, S, T, seed)
    check_leaves_arrays(used, (S, T, S), rule, "one wrote to a read-only array")
    _hands_over_its_own(factory, S, T, seed)
    if needs_fit:
        excuse = "solutions (pass needs_fit=False for a null control)"
        check_not_fitted(lambda: _transfer(factory(), S, seed), "transfer()", excuse)
    _shape_and_box(factory, S, T, equal_sizes, seed)
    check_reproducible(used, "solutions")
    _keeps_no_view(factory, S, T, seed)
    check_leaves_globals(used)
    _transfer_is_no_training(factory, S, T, seed)
    check_copies(
        lambda: _fit(factory, S, T, seed),
        lambda model: _transfer(model, S, seed),
        lambda model: model.fit(1 - S, T, rng=np.random.default_rng(seed + 1)),
        "solutions",
    )
    _odd_inputs(factory, seed)
    _refits(factory, seed)
    _refuses(factory, S, T, seed)
    if equal_sizes:
        _refuses_other_sizes(factory, S, T, seed)


def _fit(factory: Factory, S: Floats, T: Floats, seed: int) -> TransferModel:
    return factory().fit(S, T, rng=np.random.default_rng(seed))


def _transfer(model: TransferModel, S: Floats, seed: int) -> Floats:
    return np.asarray(model.transfer(S, rng=np.random.default_rng(seed)))


def _protocol(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    def fit_and_use(model: TransferModel) -> object:
        fitted = model.fit(S.copy(), T.copy(), rng=np.random.default_rng(seed))
        model.transfer(S.copy(), rng=np.random.default_rng(seed))
        return fitted

    calls = "fit(X_source, X_target, rng=rng) and then transfer(X_source, rng=rng)"
    check_protocol(factory, ("fit", "transfer"), fit_and_use, calls)


def _hands_over_its_own(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    given, other, later = S.copy(), T.copy(), S.copy()
    result = _fit(factory, given, other, seed).transfer(later, rng=np.random.default_rng(seed))
    if any(np.shares_memory(result, array) for array in (given, other, later)):
        fail("transfer() must return an array of its own, not a view of the one it is given")


def _keeps_no_view(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    given, other = S.copy(), T.copy()
    model = _fit(factory, given, other, seed)
    before = _transfer(model, S, seed)
    given[:], other[:] = 0.0, 1.0
    if not np.array_equal(before, _transfer(model, S, seed)):
        fail("a model must not change when the arrays that it was fitted on change later: copy what is kept")


def _shape_and_box(factory: Factory, S: Floats, T: Floats, equal_sizes: bool, seed: int) -> None:
    model = _fit(factory, S, T, seed)
    sources = [S, np.random.default_rng(seed).random(S.shape)]
    if not equal_sizes:
        sources += [S[:1], S[:7], np.random.default_rng(seed).random((200, S.shape[1]))]
    for X in sources:
        try:
            result = model.transfer(X, rng=np.random.default_rng(seed))
        except Exception as error:
            fail(f"transfer() of {len(X)} solutions must work, got {type(error).__name__}: {error}")
        rule = f"transfer() of solutions {X.shape} must have their shape"
        check_points(result, X.shape, method="transfer()", rule=rule, what="transferred solutions")


def _transfer_is_no_training(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    results = []
    for n_calls in (0, 3):
        model = _fit(factory, S, T, seed)
        for k in range(n_calls):
            _transfer(model, 1 - S, seed + k)
        model.fit(T[: len(S)], S[: len(T)], rng=np.random.default_rng(seed + 1))
        results.append(_transfer(model, S, seed))
    if not np.array_equal(results[0], results[1]):
        fail("transfer() must not change the model: the next fit came out otherwise after three more calls")


def _odd_inputs(factory: Factory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    some, others = rng.random((2, 10, 4))
    cases: dict[str, tuple[Floats, Floats]] = {
        "one variable": (some[:, :1], others[:, :1]),
        "two solutions": (some[:2], others[:2]),
        "one solution": (some[:1], others[:1]),
        "constant variables": (np.tile([0.0, 0.5, 1.0], (10, 1)), others[:, :3]),
        "a target of constant variables": (some[:, :3], np.tile([0.0, 0.5, 1.0], (10, 1))),
        "equal solutions": (np.repeat(some[:1], 10, axis=0), np.repeat(others[:1], 10, axis=0)),
        "source and target the same": (some, some),
        "all solutions in corners": (some.round(), others.round()),
    }
    for what, (S, T) in cases.items():
        try:
            result = _transfer(_fit(factory, S, T, seed), S, seed)
        except Exception as error:
            fail(f"fit() and transfer() must work with {what}, got {type(error).__name__}: {error}")
        if result.shape != S.shape or not np.isfinite(result).all():
            fail(f"with {what} transfer() must be finite and of shape {S.shape}, got shape {result.shape}")


def _refits(factory: Factory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = _fit(factory, rng.random((10, 3)), rng.random((10, 3)), seed)
    changes = {"the same shapes": (10, 3), "another n_var": (10, 5), "more solutions": (14, 5), "one solution": (1, 5)}
    for what, (n, n_var) in changes.items():
        S, T = rng.random((2, n, n_var))
        try:
            model.fit(S, T, rng=np.random.default_rng(seed))
            result = _transfer(model, S, seed)
        except Exception as error:
            fail(f"a fitted model must accept {what} in fit(), got {type(error).__name__}: {error}")
        if result.shape != S.shape or not np.isfinite(result).all():
            fail(f"after fit() with {what}, transfer() must be finite and of shape {S.shape}, got {result.shape}")


def _refuses(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    holed = S.copy()
    holed[0, 0] = np.nan
    wrong: dict[str, tuple[Any, Any, str]] = {
        "NaN in X_source": (holed, T, "X_source"),
        "X_source outside the unit box": (S + 1.0, T, "X_source"),
        "a one-dimensional X_source": (S[0], T, "X_source"),
        "an empty X_source": (S[:0], T, "X_source"),
        "X_target outside the unit box": (S, T - 1.0, "X_target"),
        "X_target with another n_var": (S, np.hstack([T, T]), "X_target"),
    }
    for what, (X, Y, name) in wrong.items():
        check_refuses(partial(_fit, factory, X, Y, seed), "fit()", what, name)
    model = _fit(factory, S, T, seed)
    for what, X in (("NaN in X_source", holed), ("X_source outside the unit box", S + 1.0)):
        check_refuses(partial(_transfer, model, X, seed), "transfer()", what, "X_source")


def _refuses_other_sizes(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    what = "X_source and X_target of different numbers"
    check_refuses(partial(_fit, factory, S[:-1], T, seed), "fit()", what, "X_target")
    model = _fit(factory, S, T, seed)
    check_refuses(partial(_transfer, model, S[:-1], seed), "transfer()", "X_source of another number", "X_source")
