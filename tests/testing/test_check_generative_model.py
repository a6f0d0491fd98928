"""The conformance suite finds each fault that it promises to find, and names it."""

import copy
import threading

import numpy as np
import pytest
import torch

from evogan._internal.checks import check_unit_box
from evogan.exceptions import NotFittedError
from evogan.testing import check_generative_model


class Good:
    """Keeps every promise; ``n_fits`` is a state that matters only for going on, like an optimizer's."""

    def __init__(self):
        self.centre = None
        self.n_fits = 0

    def fit(self, X, X_poor=None, *, rng):
        X = check_unit_box(X)
        if X_poor is not None:
            check_unit_box(X_poor, "X_poor", n_var=X.shape[1])
        self.n_fits += 1
        self.centre = X.mean(axis=0) + 0.01 * rng.standard_normal(X.shape[1]) / self.n_fits
        self.spread = X.std(axis=0)
        return self

    def sample(self, n, *, rng):
        if self.centre is None:
            raise NotFittedError("fit first")
        return np.clip(self.centre + self.spread * rng.standard_normal((n, len(self.centre))), 0, 1)


class NoSample:
    fit = Good.fit


class FitReturnsNothing(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)


class FitReturnsAnother(Good):
    def fit(self, X, X_poor=None, *, rng):
        return Good().fit(X, X_poor, rng=rng)


class FitReturnsACopy(Good):
    def fit(self, X, X_poor=None, *, rng):
        return copy.deepcopy(super().fit(X, X_poor, rng=rng))


class FitTakesNoPoor(Good):
    def fit(self, X, *, rng):
        return super().fit(X, rng=rng)


class SampleTakesASeed(Good):
    def sample(self, n, *, seed):
        return super().sample(n, rng=np.random.default_rng(seed))


class SamplesUnfitted(Good):
    def sample(self, n, *, rng):
        return rng.random((n, 6)) if self.centre is None else super().sample(n, rng=rng)


class UnfittedRaisesAnotherError(Good):
    def sample(self, n, *, rng):
        self.spread.mean()
        return super().sample(n, rng=rng)


class Transposed(Good):
    def sample(self, n, *, rng):
        return super().sample(n, rng=rng).T


class FlatForOne(Good):
    def sample(self, n, *, rng):
        return super().sample(n, rng=rng).squeeze()


class TooFew(Good):
    def sample(self, n, *, rng):
        return np.unique(super().sample(n, rng=rng).round(1), axis=0)


class Float32(Good):
    def sample(self, n, *, rng):
        return super().sample(n, rng=rng).astype(np.float32)


class Lists(Good):
    def sample(self, n, *, rng):
        return super().sample(n, rng=rng).tolist()


class Tensors(Good):
    def sample(self, n, *, rng):
        return torch.from_numpy(super().sample(n, rng=rng))


class OutsideTheBox(Good):
    def sample(self, n, *, rng):
        return 2 * super().sample(n, rng=rng)


class BelowTheBoxWithoutPoor(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        self.shift = 0.5 if X_poor is None else 0.0
        return self

    def sample(self, n, *, rng):
        return super().sample(n, rng=rng) - self.shift


class NaNs(Good):
    def sample(self, n, *, rng):
        X = super().sample(n, rng=rng)
        X[n // 2, 0] = np.nan
        return X


class RngOfItsOwn(Good):
    def sample(self, n, *, rng):
        return super().sample(n, rng=np.random.default_rng(0))


class UnseededRng(Good):
    def sample(self, n, *, rng):
        return super().sample(n, rng=np.random.default_rng())


class NumpyGlobal(Good):
    def sample(self, n, *, rng):
        return np.clip(super().sample(n, rng=rng) + 0.01 * np.random.random((n, 1)), 0, 1)


class NumpyGlobalFit(Good):
    def fit(self, X, X_poor=None, *, rng):
        X = check_unit_box(X)
        return super().fit(X[np.random.permutation(len(X))[: len(X) // 2 + 1]], X_poor, rng=rng)


class TorchGlobal(Good):
    def sample(self, n, *, rng):
        return np.clip(super().sample(n, rng=rng) + 0.01 * torch.rand(n, 1).numpy(), 0, 1)


class SeedsNumpyGlobal(Good):
    def sample(self, n, *, rng):
        np.random.seed(rng.integers(2**31))
        return np.clip(super().sample(n, rng=rng) + 0.01 * np.random.random((n, 1)), 0, 1)


class SeedsTorchGlobal(Good):
    def fit(self, X, X_poor=None, *, rng):
        torch.manual_seed(int(rng.integers(2**31)))
        return super().fit(X, X_poor, rng=rng)


class SeedsTorchWithAConstant(Good):
    def fit(self, X, X_poor=None, *, rng):
        torch.manual_seed(0)
        return super().fit(X, X_poor, rng=rng)


class DrawsOnceFromNumpyGlobal(Good):
    def fit(self, X, X_poor=None, *, rng):
        np.random.random()  # without any effect on the result
        return super().fit(X, X_poor, rng=rng)


class ReadsNumpyGlobal(Good):
    def sample(self, n, *, rng):
        key = int(np.random.get_state()[1][0]) % 1000
        return np.clip(super().sample(n, rng=rng) + 1e-4 * key, 0, 1)


class ScalesInPlace(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        X *= 0.5
        return self


class ShufflesPoorInPlace(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        if X_poor is not None:
            rng.shuffle(X_poor)
        return self


class SortsWhatItMayWrite(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        if X.flags.writeable:
            X.sort(axis=0)
        return self


class HoldsALock(Good):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


class HoldsAGraph(Good):
    def fit(self, X, X_poor=None, *, rng):
        self.loss = 2 * torch.zeros(1, requires_grad=True)  # torch copies leaves only
        return super().fit(X, X_poor, rng=rng)


class PicklesNoLock(Good):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def __deepcopy__(self, memo):
        twin = type(self)()
        twin.__dict__.update({k: copy.deepcopy(v, memo) for k, v in vars(self).items() if k != "lock"})
        return twin


class CopiesAreTheOriginal(Good):
    def __deepcopy__(self, memo):
        return self


class CopiesShareTheirArrays(Good):
    def fit(self, X, X_poor=None, *, rng):
        old = self.centre
        super().fit(X, X_poor, rng=rng)
        if old is not None and old.shape == self.centre.shape:
            old[:] = self.centre
            self.centre = old
        return self

    def __deepcopy__(self, memo):
        twin = type(self)()
        twin.__dict__.update(self.__dict__)
        return twin


class CopiesAreUnfitted(Good):
    def __deepcopy__(self, memo):
        return type(self)()


class CopiesForgetTheSpread(Good):
    def __getstate__(self):
        return {**self.__dict__, "spread": 0.01}


class StatesForgetTheOptimizer(Good):
    def __getstate__(self):
        return {**self.__dict__, "n_fits": 0}


class PicklesForgetTheOptimizer(StatesForgetTheOptimizer):
    def __deepcopy__(self, memo):
        twin = type(self)()
        twin.__dict__.update(self.__dict__)
        return twin


class NeedsTwoElites(Good):
    def fit(self, X, X_poor=None, *, rng):
        if len(X) < 2:
            raise ValueError("a covariance needs two points")
        return super().fit(X, X_poor, rng=rng)


class NeedsAFullCovariance(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        if (self.spread == 0).any() and len(X) > 1:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        return self


class NeedsTwoPoor(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        if X_poor is not None and len(X_poor) < 2:
            raise ValueError("too few")
        return self


class NaNForConstantVariables(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        if len(X) > 1 and (self.spread == 0).any():
            self.spread = np.full(X.shape[1], np.nan)
        return self


class RefusesAnotherNumberOfVariables(Good):
    def fit(self, X, X_poor=None, *, rng):
        if self.centre is not None and len(self.centre) != np.shape(X)[1]:
            raise ValueError("X has another number of columns than before")
        return super().fit(X, X_poor, rng=rng)


class KeepsTheNumberOfVariables(Good):
    def fit(self, X, X_poor=None, *, rng):
        known = self.centre is not None and len(self.centre) != np.shape(X)[1]
        return self if known else super().fit(X, X_poor, rng=rng)


class AcceptsNaN(Good):
    def fit(self, X, X_poor=None, *, rng):
        return super().fit(np.nan_to_num(X), X_poor, rng=rng)


class AcceptsAnyBox(Good):
    def fit(self, X, X_poor=None, *, rng):
        return super().fit(np.where(np.isnan(X), X, np.clip(X, 0, 1)), X_poor, rng=rng)


class AcceptsVectors(Good):
    def fit(self, X, X_poor=None, *, rng):
        return super().fit(np.atleast_2d(X), X_poor, rng=rng)


class AcceptsNothing(Good):
    def fit(self, X, X_poor=None, *, rng):
        return super().fit(np.zeros((1, 2)) if np.size(X) == 0 else X, X_poor, rng=rng)


class IgnoresPoor(Good):
    def fit(self, X, X_poor=None, *, rng):
        return super().fit(X, rng=rng)


class DoesNotNameTheArgument(Good):
    def fit(self, X, X_poor=None, *, rng):
        if not np.isfinite(X).all():
            raise ValueError("input contains missing values")
        return super().fit(X, X_poor, rng=rng)


class RaisesAnotherKind(Good):
    def fit(self, X, X_poor=None, *, rng):
        if not np.isfinite(X).all():
            raise RuntimeError("X is not finite")
        return super().fit(X, X_poor, rng=rng)


class UniformNoise(Good):
    def sample(self, n, *, rng):
        return rng.random(super().sample(n, rng=rng).shape)


class ImitatesThePoor(Good):
    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        self.centre = 1 - self.centre
        return self


one = Good()

FAULTS = {
    NoSample: r"no method sample\(\)",
    FitReturnsNothing: r"fit\(\) must return the model itself, got NoneType",
    FitReturnsACopy: r"fit\(\) must return the model itself, got FitReturnsACopy",
    FitReturnsAnother: r"fit\(X, X_poor, rng=rng\) and then sample\(n, rng=rng\) must work, got NotFittedError",
    FitTakesNoPoor: r"fit\(X, X_poor, rng=rng\) and then .* must work, got TypeError",
    SampleTakesASeed: r"sample\(n, rng=rng\) must work, got TypeError",
    SamplesUnfitted: r"sample\(\) before fit\(\) must raise .*NotFittedError, it returned samples",
    UnfittedRaisesAnotherError: "must raise .*NotFittedError, it raised AttributeError",
    Transposed: r"sample\(1\) must have shape \(1, 6\), got \(6, 1\)",
    FlatForOne: r"sample\(1\) must have shape \(1, 6\), got \(6,\)",
    TooFew: r"sample\(\d+\) must have shape \((\d+), 6\), got \((?!\1)\d+, 6\)",
    Float32: "float64 NumPy array, got float32",
    Lists: "float64 NumPy array, got list",
    Tensors: r"float64 NumPy array, got torch\.float64",
    OutsideTheBox: r"must lie in the unit box, got values in \[.*, 1\.\d+\]",
    BelowTheBoxWithoutPoor: r"must lie in the unit box, got values in \[-0\.",
    NaNs: "samples must be finite",
    RngOfItsOwn: "another rng must give other samples",
    UnseededRng: "the same rng must give the same samples",
    NumpyGlobal: "the same rng must give the same samples",
    NumpyGlobalFit: "the same rng must give the same samples",
    TorchGlobal: "the same rng must give the same samples",
    SeedsNumpyGlobal: "NumPy's global random state must stay as it was",
    SeedsTorchGlobal: "torch's global random state must stay as it was",
    SeedsTorchWithAConstant: "torch's global random state must stay as it was",
    DrawsOnceFromNumpyGlobal: "NumPy's global random state must stay as it was",
    ReadsNumpyGlobal: "must not depend on the global state",
    ScalesInPlace: r"must not change the arrays it is given \(it wrote to a read-only X",
    ShufflesPoorInPlace: r"must not change the arrays it is given \(it wrote to a read-only X",
    SortsWhatItMayWrite: "must not change the arrays it is given$",
    HoldsALock: r"must survive copy\.deepcopy .* TypeError: .*lock",
    HoldsAGraph: r"must survive copy\.deepcopy .* RuntimeError",
    PicklesNoLock: "must survive cloudpickle .*lock",
    CopiesAreTheOriginal: r"went through copy\.deepcopy must share nothing with its copy",
    CopiesShareTheirArrays: r"went through copy\.deepcopy must share nothing with its copy",
    CopiesAreUnfitted: r"must survive copy\.deepcopy .* NotFittedError",
    CopiesForgetTheSpread: r"went through copy\.deepcopy must give the same samples",
    StatesForgetTheOptimizer: r"went through copy\.deepcopy must go on learning as the original does",
    PicklesForgetTheOptimizer: "went through cloudpickle must go on learning as the original does",
    NeedsTwoElites: "must work with one elite, got ValueError",
    NeedsTwoPoor: "must work with one poor solution, got ValueError",
    NeedsAFullCovariance: "must work with constant variables, got LinAlgError",
    NaNForConstantVariables: r"with constant variables sample\(4\) must be finite",
    RefusesAnotherNumberOfVariables: "must accept another n_var",
    KeepsTheNumberOfVariables: "the new number of columns",
    AcceptsNaN: r"fit\(\) must refuse NaN in X with a ValueError, it accepted it",
    AcceptsAnyBox: r"must refuse X outside the unit box with a ValueError, it accepted it",
    AcceptsVectors: "must refuse a one-dimensional X with a ValueError, it accepted it",
    AcceptsNothing: "must refuse an empty X with a ValueError, it accepted it",
    IgnoresPoor: "must refuse X_poor outside the unit box with a ValueError, it accepted it",
    DoesNotNameTheArgument: r"for NaN in X in fit\(\) must name the argument X, it says: input contains missing values",
    RaisesAnotherKind: "must refuse NaN in X with a ValueError, it raised RuntimeError",
    UniformNoise: "samples must resemble the elites",
    ImitatesThePoor: "samples must resemble the elites",
}


@pytest.mark.parametrize("model", FAULTS, ids=lambda model: model.__name__)
def test_each_fault_is_named(model):
    with pytest.raises(AssertionError, match=FAULTS[model]):
        check_generative_model(model)


def test_a_factory_that_always_returns_the_same_model_is_seen():
    with pytest.raises(AssertionError, match="the factory must make a new model each time"):
        check_generative_model(lambda: one)


@pytest.mark.parametrize("n_var", [1, 2, 6, 30])
def test_a_model_that_keeps_every_promise_passes(n_var):
    for seed in range(3):
        check_generative_model(Good, n_var=n_var, seed=seed)


def test_uniform_noise_never_passes_by_luck():
    for seed in range(20):
        with pytest.raises(AssertionError, match="samples must resemble the elites"):
            check_generative_model(UniformNoise, seed=seed)


def test_null_controls_need_not_learn():
    check_generative_model(UniformNoise, learns=False)


def test_controls_are_not_excused_from_anything_else():
    with pytest.raises(AssertionError, match="it accepted it"):
        check_generative_model(AcceptsNaN, learns=False)


@pytest.mark.parametrize("model", [Good, ReadsNumpyGlobal])
def test_the_suite_leaves_global_states_alone(model):
    before = np.random.get_state(), torch.get_rng_state()
    try:
        check_generative_model(model)
    except AssertionError as error:
        assert model is not Good, error  # noqa: PT017
    after = np.random.get_state()
    assert all(np.array_equal(a, b) for a, b in zip(before[0], after, strict=True))
    assert torch.equal(before[1], torch.get_rng_state())
