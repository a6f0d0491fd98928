"""What any model must promise, whatever it makes: each check takes functions that make a model and use it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import cloudpickle
import numpy as np
import torch
from numpy.typing import NDArray

from evogan.exceptions import NotFittedError

Floats = NDArray[np.float64]
M = TypeVar("M")


def fail(sentence: str) -> NoReturn:
    """Raise the AssertionError that names a fault."""
    raise AssertionError(sentence)


@contextmanager
def seeded_globals(seed: int) -> Iterator[None]:
    """Seed the global states of NumPy and torch, which are what is tested, and put them back."""
    state = np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        np.random.seed(seed)  # noqa: NPY002
        torch.default_generator.manual_seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002


def check_protocol(
    factory: Callable[[], M], methods: Sequence[str], fit_and_use: Callable[[M], object], calls: str
) -> None:
    """Models are new each time and have the methods; ``fit_and_use``, which is ``calls``, returns what fit returned."""
    model = factory()
    for name in methods:
        if not callable(getattr(model, name, None)):
            fail(f"the model has no method {name}()")
    try:
        fitted = fit_and_use(model)
    except Exception as error:
        fail(f"{calls} must work, got {type(error).__name__}: {error}")
    if fitted is not model:
        fail(f"fit() must return the model itself, got {type(fitted).__name__}")
    if factory() is model:
        fail("the factory must make a new model each time, it returned the same one")


def check_not_fitted(use: Callable[[], object], method: str, returned: str) -> None:
    """Using a model that was never fitted raises NotFittedError; otherwise it ``returned`` something."""
    advice = f"{method} before fit() must raise evogan.exceptions.NotFittedError"
    try:
        use()
    except NotFittedError:
        return
    except Exception as error:
        fail(f"{advice}, it raised {type(error).__name__}")
    fail(f"{advice}, it returned {returned}")


def check_leaves_arrays(use: Callable[..., object], arrays: Sequence[Floats], rule: str, breach: str) -> None:
    """``use(*arrays)`` changes none of them: neither read-only ones, which is a ``breach``, nor others."""
    for writeable in (False, True):
        given = [array.copy() for array in arrays]
        for array in given:
            array.setflags(write=writeable)
        try:
            use(*given)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            fail(f"{rule} ({breach})")
        if not all(np.array_equal(array, before) for array, before in zip(given, arrays, strict=True)):
            fail(rule)


def check_points(points: Any, shape: tuple[int, ...], *, method: str, rule: str, what: str) -> None:
    """They are float64, of the shape that the ``rule`` says, finite and inside the unit box."""
    if not isinstance(points, np.ndarray) or points.dtype != np.float64:
        kind = getattr(points, "dtype", type(points).__name__)
        fail(f"{method} must return a float64 NumPy array, got {kind}")
    if points.shape != shape:
        fail(f"{rule}, got {points.shape}")
    if not np.isfinite(points).all():
        fail(f"{what} must be finite, got NaN or infinity")
    if points.min() < 0 or points.max() > 1:
        fail(f"{what} must lie in the unit box, got values in [{points.min():g}, {points.max():g}]")


def check_reproducible(use: Callable[[], Floats], what: str) -> None:
    """A new model, fitted and used with the same rng, gives the same, whatever the global states."""
    first, second = use(), use()
    if not np.array_equal(first, second):
        fail(f"the same rng must give the same {what} after the same fit: draw only from the rng that is passed")
    for state in (123, 124):
        with seeded_globals(state):
            third = use()
        if not np.array_equal(first, third):
            fail(f"{what} must not depend on the global state of NumPy or torch")


def check_leaves_globals(use: Callable[[], object]) -> None:
    """Fitting and using a new model leaves the global states of NumPy and torch as they were."""
    # A state of our own first: a model that seeds the global state has left its own there already.
    with seeded_globals(125):
        before, torch_before = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        use()
        after, torch_after = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    # The keys change only every 624 draws, the position after them with each one.
    if not all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)):
        fail("NumPy's global random state must stay as it was: draw only from the rng that is passed")
    if not torch.equal(torch_before, torch_after):
        fail("torch's global random state must stay as it was: use torch.random.fork_rng or an own Generator")


def check_copies(fitted: Callable[[], M], use: Callable[[M], Floats], refit: Callable[[M], object], what: str) -> None:
    """Copies and pickles of a fitted model give the same, share nothing, and go on learning as it does."""
    ways: dict[str, Callable[[M], M]] = {
        "copy.deepcopy": copy.deepcopy,
        "cloudpickle": lambda one: cloudpickle.loads(cloudpickle.dumps(one)),
    }
    for how, copied in ways.items():
        model = fitted()
        try:
            twin = copied(model)
            theirs = use(twin)
        except Exception as error:
            fail(
                f"a fitted model must survive {how} (algorithms are copied, checkpoints pickle): "
                f"{type(error).__name__}: {error}"
            )
        before = use(model)
        if not np.array_equal(before, theirs):
            fail(f"a model that went through {how} must give the same {what}")
        refit(twin)
        if not np.array_equal(before, use(model)):
            fail(f"a model that went through {how} must share nothing with its copy: fitting the copy changed it")
        refit(model)
        if not np.array_equal(use(model), use(twin)):
            fail(f"a model that went through {how} must go on learning as the original does (optimizer state?)")


def check_refuses(call: Callable[[], object], method: str, what: str, name: str) -> None:
    """``call``, which hands ``what`` to the method, raises a ValueError that names the argument."""
    try:
        call()
    except ValueError as error:
        if name not in str(error):
            fail(f"the ValueError for {what} in {method} must name the argument {name}, it says: {error}")
    except Exception as error:
        fail(f"{method} must refuse {what} with a ValueError, it raised {type(error).__name__}: {error}")
    else:
        fail(f"{method} must refuse {what} with a ValueError, it accepted it")
