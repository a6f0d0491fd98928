"""The conformance suite for generative models."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cloudpickle
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evogan.exceptions import NotFittedError
from evogan.models import GenerativeModel

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
    checks = (_protocol, _leaves_arrays, _not_fitted, _shape_and_box, _reproducible, _leaves_globals, _copies)
    for check in checks:
        check(factory, elite, poor, seed)
    _odd_inputs(factory, seed)
    _refuses(factory, elite, poor, seed)
    if learns:
        _learns(factory, elite, poor, seed)


def _data(n_var: int, seed: int) -> tuple[Floats, Floats]:
    """Elites in a small cloud off every corner, face and the centre; poor solutions all over the box."""
    rng = np.random.default_rng(seed)
    centre = np.where(rng.random(n_var) < 0.5, 0.3, 0.7)
    return np.clip(rng.normal(centre, 0.05, (40, n_var)), 0, 1), rng.random((60, n_var))


def _fail(sentence: str) -> None:
    raise AssertionError(sentence)


def _fit(factory: Factory, elite: Floats, poor: Floats | None, seed: int) -> GenerativeModel:
    return factory().fit(elite, poor, rng=np.random.default_rng(seed))


def _sample(model: GenerativeModel, n: int, seed: int) -> Floats:
    return np.asarray(model.sample(n, rng=np.random.default_rng(seed)))


def _protocol(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    model = factory()
    for name in ("fit", "sample"):
        if not callable(getattr(model, name, None)):
            _fail(f"the model has no method {name}()")
    try:
        fitted = model.fit(elite.copy(), poor.copy(), rng=np.random.default_rng(seed))
        model.sample(3, rng=np.random.default_rng(seed))
    except Exception as error:
        _fail(f"fit(X, X_poor, rng=rng) and then sample(n, rng=rng) must work, got {type(error).__name__}: {error}")
    if fitted is not model:
        _fail(f"fit() must return the model itself, got {type(fitted).__name__}")
    if factory() is model:
        _fail("the factory must make a new model each time, it returned the same one")


def _not_fitted(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    try:
        factory().sample(3, rng=np.random.default_rng(seed))
    except NotFittedError:
        return
    except Exception as error:
        _fail(f"sample() before fit() must raise evogan.exceptions.NotFittedError, it raised {type(error).__name__}")
    _fail("sample() before fit() must raise evogan.exceptions.NotFittedError, it returned samples")


def _shape_and_box(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    for given in (poor, None):
        model = _fit(factory, elite, given, seed)
        for n in (1, 7, 200):
            samples = model.sample(n, rng=np.random.default_rng(seed))
            if not isinstance(samples, np.ndarray) or samples.dtype != np.float64:
                kind = getattr(samples, "dtype", type(samples).__name__)
                _fail(f"sample() must return a float64 NumPy array, got {kind}")
            if samples.shape != (n, elite.shape[1]):
                _fail(f"sample({n}) must have shape {(n, elite.shape[1])}, got {samples.shape}")
            if not np.isfinite(samples).all():
                _fail("samples must be finite, got NaN or infinity")
            if samples.min() < 0 or samples.max() > 1:
                _fail(f"samples must lie in the unit box, got values in [{samples.min():g}, {samples.max():g}]")


def _reproducible(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    first, second = (_sample(_fit(factory, elite, poor, seed), 20, seed + 1) for _ in range(2))
    if not np.array_equal(first, second):
        _fail("the same rng must give the same samples after the same fit: draw only from the rng that is passed")
    if np.array_equal(first, _sample(_fit(factory, elite, poor, seed), 20, seed + 2)):
        _fail("another rng must give other samples: sample() does not draw from the rng that is passed")
    with _seeded_globals(123):
        third = _sample(_fit(factory, elite, poor, seed), 20, seed + 1)
    if not np.array_equal(first, third):
        _fail("samples must not depend on the global state of NumPy or torch")


@contextmanager
def _seeded_globals(seed: int) -> Iterator[None]:
    """Seed the global states of NumPy and torch, which are what is tested, and put them back."""
    state = np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        np.random.seed(seed)  # noqa: NPY002
        torch.default_generator.manual_seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002


def _leaves_arrays(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    X, P = elite.copy(), poor.copy()
    X.setflags(write=False)
    P.setflags(write=False)
    try:
        _sample(_fit(factory, X, P, seed), 5, seed)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        _fail("fit() must not change the arrays it is given (it wrote to a read-only X or X_poor)")
    X, P = elite.copy(), poor.copy()
    _fit(factory, X, P, seed)
    if not (np.array_equal(X, elite) and np.array_equal(P, poor)):
        _fail("fit() must not change the arrays it is given")


def _leaves_globals(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    # A state of our own first: a model that seeds the global state has left its own there already.
    with _seeded_globals(124):
        before, torch_before = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        _sample(_fit(factory, elite, poor, seed), 5, seed)
        after, torch_after = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    # The keys change only every 624 draws, the position after them with each one.
    if not all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)):
        _fail("NumPy's global random state must stay as it was: draw only from the rng that is passed")
    if not torch.equal(torch_before, torch_after):
        _fail("torch's global random state must stay as it was: use torch.random.fork_rng or an own Generator")


def _copies(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    ways: dict[str, Callable[[GenerativeModel], GenerativeModel]] = {
        "copy.deepcopy": copy.deepcopy,
        "cloudpickle": lambda one: cloudpickle.loads(cloudpickle.dumps(one)),
    }
    for how, copied in ways.items():
        model = _fit(factory, elite, poor, seed)
        try:
            twin = copied(model)
            theirs = _sample(twin, 9, seed)
        except Exception as error:
            _fail(
                f"a fitted model must survive {how} (pymoo copies, checkpoints pickle): {type(error).__name__}: {error}"
            )
        before = _sample(model, 9, seed)
        if not np.array_equal(before, theirs):
            _fail(f"a model that went through {how} must give the same samples")
        twin.fit(1 - elite, poor, rng=np.random.default_rng(seed + 1))
        if not np.array_equal(before, _sample(model, 9, seed)):
            _fail(f"a model that went through {how} must share nothing with its copy: fitting the copy changed it")
        model.fit(1 - elite, poor, rng=np.random.default_rng(seed + 1))
        if not np.array_equal(_sample(model, 9, seed), _sample(twin, 9, seed)):
            _fail(f"a model that went through {how} must go on learning as the original does (optimizer state?)")


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
            _fail(f"fit() and sample() must work with {what}, got {type(error).__name__}: {error}")
        if samples.shape != (4, X.shape[1]) or not np.isfinite(samples).all():
            _fail(f"with {what} sample(4) must be finite and of shape {(4, X.shape[1])}, got shape {samples.shape}")
    model = _fit(factory, rng.random((10, 3)), None, seed)
    try:
        model.fit(rng.random((10, 5)), rng.random((8, 5)), rng=np.random.default_rng(seed))
    except Exception as error:
        _fail(f"a fitted model must accept another n_var in fit(), got {type(error).__name__}: {error}")
    if _sample(model, 4, seed).shape != (4, 5):
        _fail("after fit() with another n_var, samples must have the new number of columns")


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
        try:
            _fit(factory, X, P, seed)
        except ValueError as error:
            if name not in str(error):
                _fail(f"the ValueError for {what} must name the argument {name}, it says: {error}")
        except Exception as error:
            _fail(f"fit() must refuse {what} with a ValueError, it raised {type(error).__name__}: {error}")
        else:
            _fail(f"fit() must refuse {what} with a ValueError, it accepted it")


def _learns(factory: Factory, elite: Floats, poor: Floats, seed: int) -> None:
    model, rng = factory(), np.random.default_rng(seed)
    for _ in range(5):  # a warm model learns from fit to fit, as it does in a run
        model.fit(elite, poor, rng=rng)
    samples = _sample(model, 200, seed)
    noise = np.random.default_rng(seed).random(samples.shape)
    ours, uniform = _energy_distance(samples, elite), _energy_distance(noise, elite)
    if not ours < 0.8 * uniform:  # two draws of uniform noise differ by about a twentieth
        _fail(
            f"after 5 fits samples must resemble the elites clearly more than uniform noise does: energy distance "
            f"{ours:.3f}, uniform noise {uniform:.3f} (pass learns=False for a null control)"
        )


def _energy_distance(A: Floats, B: Floats) -> float:
    """2 E|a - b| - E|a - a'| - E|b - b'|; G. Szekely, M. Rizzo, J. Stat. Plan. Inference 143(8), 2013."""
    return float(2 * cdist(A, B).mean() - cdist(A, A).mean() - cdist(B, B).mean())
