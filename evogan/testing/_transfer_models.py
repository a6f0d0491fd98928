"""The conformance suite for transfer models."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import cloudpickle
import numpy as np
import torch
from numpy.typing import NDArray

from evogan.exceptions import NotFittedError
from evogan.models import TransferModel
from evogan.testing._models import _fail, _seeded_globals

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
    _protocol(factory, S, T, seed)
    _leaves_arrays(factory, S, T, seed)
    if needs_fit:
        _not_fitted(factory, S, seed)
    _shape_and_box(factory, S, T, equal_sizes, seed)
    _reproducible(factory, S, T, seed)
    _keeps_no_view(factory, S, T, seed)
    _leaves_globals(factory, S, T, seed)
    _transfer_is_no_training(factory, S, T, seed)
    _copies(factory, S, T, seed)
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
    model = factory()
    for name in ("fit", "transfer"):
        if not callable(getattr(model, name, None)):
            _fail(f"the model has no method {name}()")
    try:
        fitted = model.fit(S.copy(), T.copy(), rng=np.random.default_rng(seed))
        model.transfer(S.copy(), rng=np.random.default_rng(seed))
    except Exception as error:
        _fail(
            "fit(X_source, X_target, rng=rng) and then transfer(X_source, rng=rng) must work, got "
            f"{type(error).__name__}: {error}"
        )
    if fitted is not model:
        _fail(f"fit() must return the model itself, got {type(fitted).__name__}")
    if factory() is model:
        _fail("the factory must make a new model each time, it returned the same one")


def _leaves_arrays(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    for writeable in (False, True):
        given, other, later = S.copy(), T.copy(), S.copy()
        for array in (given, other, later):
            array.setflags(write=writeable)
        try:
            model = _fit(factory, given, other, seed)
            result = model.transfer(later, rng=np.random.default_rng(seed))
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            _fail("fit() and transfer() must not change the arrays they are given (one wrote to a read-only array)")
        if not (np.array_equal(given, S) and np.array_equal(other, T) and np.array_equal(later, S)):
            _fail("fit() and transfer() must not change the arrays they are given")
        if any(np.shares_memory(result, array) for array in (given, other, later)):
            _fail("transfer() must return an array of its own, not a view of the one it is given")


def _keeps_no_view(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    given, other = S.copy(), T.copy()
    model = _fit(factory, given, other, seed)
    before = _transfer(model, S, seed)
    given[:], other[:] = 0.0, 1.0
    if not np.array_equal(before, _transfer(model, S, seed)):
        _fail("a model must not change when the arrays that it was fitted on change later: copy what is kept")


def _not_fitted(factory: Factory, S: Floats, seed: int) -> None:
    advice = "transfer() before fit() must raise evogan.exceptions.NotFittedError"
    try:
        factory().transfer(S, rng=np.random.default_rng(seed))
    except NotFittedError:
        return
    except Exception as error:
        _fail(f"{advice}, it raised {type(error).__name__}")
    _fail(f"{advice}, it returned solutions (pass needs_fit=False for a null control)")


def _shape_and_box(factory: Factory, S: Floats, T: Floats, equal_sizes: bool, seed: int) -> None:
    model = _fit(factory, S, T, seed)
    sources = [S, np.random.default_rng(seed).random(S.shape)]
    if not equal_sizes:
        sources += [S[:1], S[:7], np.random.default_rng(seed).random((200, S.shape[1]))]
    for X in sources:
        try:
            result = model.transfer(X, rng=np.random.default_rng(seed))
        except Exception as error:
            _fail(f"transfer() of {len(X)} solutions must work, got {type(error).__name__}: {error}")
        if not isinstance(result, np.ndarray) or result.dtype != np.float64:
            kind = getattr(result, "dtype", type(result).__name__)
            _fail(f"transfer() must return a float64 NumPy array, got {kind}")
        if result.shape != X.shape:
            _fail(f"transfer() of solutions {X.shape} must have their shape, got {result.shape}")
        if not np.isfinite(result).all():
            _fail("transferred solutions must be finite, got NaN or infinity")
        if result.min() < 0 or result.max() > 1:
            _fail(f"transferred solutions must lie in the unit box, got values in [{result.min():g}, {result.max():g}]")


def _reproducible(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    first, second = (_transfer(_fit(factory, S, T, seed), S, seed + 1) for _ in range(2))
    if not np.array_equal(first, second):
        _fail("the same rng must give the same solutions after the same fit: draw only from the rng that is passed")
    for state in (123, 124):
        with _seeded_globals(state):
            third = _transfer(_fit(factory, S, T, seed), S, seed + 1)
        if not np.array_equal(first, third):
            _fail("transferred solutions must not depend on the global state of NumPy or torch")


def _leaves_globals(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    # A state of our own first: a model that seeds the global state has left its own there already.
    with _seeded_globals(125):
        before, torch_before = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        _transfer(_fit(factory, S, T, seed), S, seed)
        after, torch_after = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    # The keys change only every 624 draws, the position after them with each one.
    if not all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)):
        _fail("NumPy's global random state must stay as it was: draw only from the rng that is passed")
    if not torch.equal(torch_before, torch_after):
        _fail("torch's global random state must stay as it was: use torch.random.fork_rng or an own Generator")


def _transfer_is_no_training(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    results = []
    for n_calls in (0, 3):
        model = _fit(factory, S, T, seed)
        for k in range(n_calls):
            _transfer(model, 1 - S, seed + k)
        model.fit(T[: len(S)], S[: len(T)], rng=np.random.default_rng(seed + 1))
        results.append(_transfer(model, S, seed))
    if not np.array_equal(results[0], results[1]):
        _fail("transfer() must not change the model: the next fit came out otherwise after three more calls")


def _copies(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    ways: dict[str, Callable[[TransferModel], TransferModel]] = {
        "copy.deepcopy": copy.deepcopy,
        "cloudpickle": lambda one: cloudpickle.loads(cloudpickle.dumps(one)),
    }
    for how, copied in ways.items():
        model = _fit(factory, S, T, seed)
        try:
            twin = copied(model)
            theirs = _transfer(twin, S, seed)
        except Exception as error:
            _fail(
                f"a fitted model must survive {how} (algorithms are copied, checkpoints pickle): "
                f"{type(error).__name__}: {error}"
            )
        before = _transfer(model, S, seed)
        if not np.array_equal(before, theirs):
            _fail(f"a model that went through {how} must transfer to the same solutions")
        twin.fit(1 - S, T, rng=np.random.default_rng(seed + 1))
        if not np.array_equal(before, _transfer(model, S, seed)):
            _fail(f"a model that went through {how} must share nothing with its copy: fitting the copy changed it")
        model.fit(1 - S, T, rng=np.random.default_rng(seed + 1))
        if not np.array_equal(_transfer(model, S, seed), _transfer(twin, S, seed)):
            _fail(f"a model that went through {how} must go on learning as the original does (optimizer state?)")


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
            _fail(f"fit() and transfer() must work with {what}, got {type(error).__name__}: {error}")
        if result.shape != S.shape or not np.isfinite(result).all():
            _fail(f"with {what} transfer() must be finite and of shape {S.shape}, got shape {result.shape}")


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
            _fail(f"a fitted model must accept {what} in fit(), got {type(error).__name__}: {error}")
        if result.shape != S.shape or not np.isfinite(result).all():
            _fail(f"after fit() with {what}, transfer() must be finite and of shape {S.shape}, got {result.shape}")


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
        _must_refuse(partial(_fit, factory, X, Y, seed), "fit()", what, name)
    model = _fit(factory, S, T, seed)
    for what, X in (("NaN in X_source", holed), ("X_source outside the unit box", S + 1.0)):
        _must_refuse(partial(_transfer, model, X, seed), "transfer()", what, "X_source")


def _refuses_other_sizes(factory: Factory, S: Floats, T: Floats, seed: int) -> None:
    what = "X_source and X_target of different numbers"
    _must_refuse(partial(_fit, factory, S[:-1], T, seed), "fit()", what, "X_target")
    model = _fit(factory, S, T, seed)
    _must_refuse(partial(_transfer, model, S[:-1], seed), "transfer()", "X_source of another number", "X_source")


def _must_refuse(call: Callable[[], Any], where: str, what: str, name: str) -> None:
    try:
        call()
    except ValueError as error:
        if name not in str(error):
            _fail(f"the ValueError for {what} in {where} must name the argument {name}, it says: {error}")
    except Exception as error:
        _fail(f"{where} must refuse {what} with a ValueError, it raised {type(error).__name__}: {error}")
    else:
        _fail(f"{where} must refuse {what} with a ValueError, it accepted it")
