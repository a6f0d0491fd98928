"""The conformance suite of transfer models finds each fault that it promises to find, and names it."""

import copy
import threading

import numpy as np
import pytest
import torch

from evogan._internal.checks import check_unit_box
from evogan.exceptions import NotFittedError
from evogan.testing import check_transfer_model


class Good:
    """Keeps every promise; ``n_fits`` is a state that matters only for going on, like an optimizer's."""

    def __init__(self):
        self.shift = None
        self.n_fits = 0

    def fit(self, X_source, X_target, *, rng):
        S = check_unit_box(X_source, "X_source")
        T = check_unit_box(X_target, "X_target", n_var=S.shape[1])
        self.n_fits += 1
        self.shift = T.mean(axis=0) - S.mean(axis=0) + 0.01 * rng.standard_normal(S.shape[1]) / self.n_fits
        return self

    def transfer(self, X_source, *, rng):
        if self.shift is None:
            raise NotFittedError("fit first")
        X = check_unit_box(X_source, "X_source", n_var=len(self.shift))
        return np.clip(X + self.shift + 0.01 * rng.standard_normal(X.shape), 0, 1)


class GoodForEqualSizes(Good):
    def fit(self, X_source, X_target, *, rng):
        super().fit(X_source, X_target, rng=rng)
        if len(X_source) != len(X_target):
            raise ValueError("X_source and X_target must be of equal length")
        self.n = len(X_source)
        return self

    def transfer(self, X_source, *, rng):
        if self.shift is not None and len(X_source) != self.n:
            raise ValueError("X_source must be as long as in fit")
        return super().transfer(X_source, rng=rng)


class NoTransferMethod:
    fit = Good.fit


class FitReturnsNothing(Good):
    def fit(self, X_source, X_target, *, rng):
        super().fit(X_source, X_target, rng=rng)


class FitTakesOnePopulation(Good):
    def fit(self, X_source, *, rng):
        return super().fit(X_source, X_source, rng=rng)


class TransferTakesNoRng(Good):
    def transfer(self, X_source):
        return super().transfer(X_source, rng=np.random.default_rng(0))


class TransfersUnfitted(Good):
    def transfer(self, X_source, *, rng):
        return X_source.copy() if self.shift is None else super().transfer(X_source, rng=rng)


class UnfittedRaisesAnotherError(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(X_source, rng=rng) if self.shift is not None else self.shift.mean()


class Transposed(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(X_source, rng=rng).T.copy()


class FlatForOne(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(X_source, rng=rng).squeeze()


class NeedsAsManyAsInFit(Good):
    def fit(self, X_source, X_target, *, rng):
        self.n = len(X_source)
        return super().fit(X_source, X_target, rng=rng)

    def transfer(self, X_source, *, rng):
        if self.shift is not None and len(X_source) != self.n:
            raise ValueError("X_source must be as long as in fit")
        return super().transfer(X_source, rng=rng)


class Float32(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(X_source, rng=rng).astype(np.float32)


class Lists(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(X_source, rng=rng).tolist()


class OutsideTheBox(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(X_source, rng=rng) + 0.3


class NaNForOthers(Good):
    def transfer(self, X_source, *, rng):
        X = super().transfer(X_source, rng=rng)
        return np.where(np.asarray(X_source) > 0.9, np.nan, X)


class UnseededRng(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(X_source, rng=np.random.default_rng())


class NumpyGlobalFit(Good):
    def fit(self, X_source, X_target, *, rng):
        super().fit(X_source, X_target, rng=rng)
        self.shift = self.shift + 0.01 * np.random.random()
        return self


class SeedsTorchWithAConstant(Good):
    def fit(self, X_source, X_target, *, rng):
        torch.manual_seed(0)
        return super().fit(X_source, X_target, rng=rng)


class ReadsNumpyGlobal(Good):
    def transfer(self, X_source, *, rng):
        key = int(np.random.get_state()[1][0]) % 1000
        return np.clip(super().transfer(X_source, rng=rng) + 1e-4 * key, 0, 1)


class DrawsOnceFromNumpyGlobal(Good):
    def transfer(self, X_source, *, rng):
        np.random.random()  # without any effect on the result
        return super().transfer(X_source, rng=rng)


class ScalesInPlace(Good):
    def fit(self, X_source, X_target, *, rng):
        super().fit(X_source, X_target, rng=rng)
        X_target *= 0.5
        return self


class SortsWhatItMayWrite(Good):
    def transfer(self, X_source, *, rng):
        result = super().transfer(X_source, rng=rng)
        if X_source.flags.writeable:
            X_source.sort(axis=0)
        return result


class HandsBackWhatItIsGiven(Good):
    def transfer(self, X_source, *, rng):
        super().transfer(X_source, rng=rng)
        return X_source


class KeepsTheArrayItself(Good):
    def fit(self, X_source, X_target, *, rng):
        self.target = X_target
        return super().fit(X_source, X_target, rng=rng)

    def transfer(self, X_source, *, rng):
        return np.clip(super().transfer(X_source, rng=rng) + 0.01 * self.target.mean(), 0, 1)


class TransferTrains(Good):
    def transfer(self, X_source, *, rng):
        self.n_fits += 1
        return super().transfer(X_source, rng=rng)


class HoldsALock(Good):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


class PicklesNoLock(HoldsALock):
    def __deepcopy__(self, memo):
        twin = type(self)()
        twin.__dict__.update({k: copy.deepcopy(v, memo) for k, v in vars(self).items() if k != "lock"})
        return twin


class CopiesAreTheOriginal(Good):
    def __deepcopy__(self, memo):
        return self


class CopiesForgetTheShift(Good):
    def __getstate__(self):
        return {**self.__dict__, "shift": None if self.shift is None else np.zeros_like(self.shift)}


class StatesForgetTheOptimizer(Good):
    def __getstate__(self):
        return {**self.__dict__, "n_fits": 0}


class NeedsTwoSolutions(Good):
    def fit(self, X_source, X_target, *, rng):
        if len(X_source) < 2:
            raise ValueError("a covariance needs two points")
        return super().fit(X_source, X_target, rng=rng)


class NaNForConstantVariables(Good):
    def fit(self, X_source, X_target, *, rng):
        super().fit(X_source, X_target, rng=rng)
        with np.errstate(all="ignore"):
            self.shift = self.shift * (np.std(X_source, axis=0) / np.std(X_source, axis=0))
        return self


class NeedsASpreadTarget(Good):
    def fit(self, X_source, X_target, *, rng):
        if len(X_target) > 2 and (np.std(X_target, axis=0) == 0).any() and not (np.std(X_source, axis=0) == 0).any():
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        return super().fit(X_source, X_target, rng=rng)


class RefusesAnotherNumberOfVariables(Good):
    def fit(self, X_source, X_target, *, rng):
        if self.shift is not None and len(self.shift) != np.shape(X_source)[1]:
            raise ValueError("X_source has another number of columns than before")
        return super().fit(X_source, X_target, rng=rng)


class RefusesAnotherNumberOfSolutions(Good):
    def fit(self, X_source, X_target, *, rng):
        if self.shift is not None and len(X_source) > self.n:
            raise ValueError("X_source has more rows than before")
        self.n = len(X_source)
        return super().fit(X_source, X_target, rng=rng)


class AcceptsNaN(Good):
    def fit(self, X_source, X_target, *, rng):
        return super().fit(np.nan_to_num(X_source), X_target, rng=rng)


class AcceptsAnyBox(Good):
    def fit(self, X_source, X_target, *, rng):
        return super().fit(np.where(np.isnan(X_source), X_source, np.clip(X_source, 0, 1)), X_target, rng=rng)


class AcceptsVectors(Good):
    def fit(self, X_source, X_target, *, rng):
        return super().fit(np.atleast_2d(X_source), X_target, rng=rng)


class AcceptsNothing(Good):
    def fit(self, X_source, X_target, *, rng):
        return super().fit(X_target if np.size(X_source) == 0 else X_source, X_target, rng=rng)


class AcceptsAnyTarget(Good):
    def fit(self, X_source, X_target, *, rng):
        return super().fit(X_source, np.clip(X_target, 0, 1), rng=rng)


class CutsTheTarget(Good):
    def fit(self, X_source, X_target, *, rng):
        return super().fit(X_source, np.asarray(X_target)[:, : np.shape(X_source)[-1]], rng=rng)


class TransfersNaN(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(np.nan_to_num(X_source), rng=rng)


class TransfersFromAnyBox(Good):
    def transfer(self, X_source, *, rng):
        return super().transfer(np.where(np.isnan(X_source), X_source, np.clip(X_source, 0, 1)), rng=rng)


class DoesNotNameTheArgument(Good):
    def fit(self, X_source, X_target, *, rng):
        if not np.isfinite(X_source).all():
            raise ValueError("input contains missing values")
        return super().fit(X_source, X_target, rng=rng)


class RaisesAnotherKind(Good):
    def transfer(self, X_source, *, rng):
        if not np.isfinite(X_source).all():
            raise RuntimeError("X_source is not finite")
        return super().transfer(X_source, rng=rng)


one = Good()

FAULTS = {
    NoTransferMethod: r"no method transfer\(\)",
    FitReturnsNothing: r"fit\(\) must return the model itself, got NoneType",
    FitTakesOnePopulation: r"fit\(X_source, X_target, rng=rng\) and then .* must work, got TypeError",
    TransferTakesNoRng: r"transfer\(X_source, rng=rng\) must work, got TypeError",
    TransfersUnfitted: r"transfer\(\) before fit\(\) must raise .*NotFittedError, it returned solutions",
    UnfittedRaisesAnotherError: "must raise .*NotFittedError, it raised AttributeError",
    Transposed: r"transfer\(\) of solutions \(30, 6\) must have their shape, got \(6, 30\)",
    FlatForOne: r"transfer\(\) of solutions \(1, 6\) must have their shape, got \(6,\)",
    NeedsAsManyAsInFit: r"transfer\(\) of 1 solutions must work, got ValueError",
    Float32: "float64 NumPy array, got float32",
    Lists: "float64 NumPy array, got list",
    OutsideTheBox: r"must lie in the unit box, got values in \[.*, 1\.\d+\]",
    NaNForOthers: "transferred solutions must be finite",
    UnseededRng: "the same rng must give the same solutions",
    NumpyGlobalFit: "the same rng must give the same solutions",
    SeedsTorchWithAConstant: "torch's global random state must stay as it was",
    ReadsNumpyGlobal: "must not depend on the global state",
    DrawsOnceFromNumpyGlobal: "NumPy's global random state must stay as it was",
    ScalesInPlace: "must not change the arrays they are given .one wrote to a read-only array",
    SortsWhatItMayWrite: "must not change the arrays they are given$",
    HandsBackWhatItIsGiven: "must return an array of its own",
    KeepsTheArrayItself: "must not change when the arrays that it was fitted on change later",
    TransferTrains: r"transfer\(\) must not change the model",
    HoldsALock: r"must survive copy\.deepcopy .* TypeError: .*lock",
    PicklesNoLock: "must survive cloudpickle .*lock",
    CopiesAreTheOriginal: r"went through copy\.deepcopy must share nothing with its copy",
    CopiesForgetTheShift: r"went through copy\.deepcopy must give the same solutions",
    StatesForgetTheOptimizer: r"went through copy\.deepcopy must go on learning as the original does",
    NeedsTwoSolutions: "must work with one solution, got ValueError",
    NaNForConstantVariables: r"with .* transfer\(\) must be finite",
    NeedsASpreadTarget: "must work with a target of constant variables, got LinAlgError",
    RefusesAnotherNumberOfVariables: r"must accept another n_var in fit\(\)",
    RefusesAnotherNumberOfSolutions: r"must accept more solutions in fit\(\)",
    AcceptsNaN: r"fit\(\) must refuse NaN in X_source with a ValueError, it accepted it",
    AcceptsAnyBox: r"fit\(\) must refuse X_source outside the unit box with a ValueError, it accepted it",
    AcceptsVectors: "must refuse a one-dimensional X_source with a ValueError, it accepted it",
    AcceptsNothing: "must refuse an empty X_source with a ValueError, it accepted it",
    AcceptsAnyTarget: "must refuse X_target outside the unit box with a ValueError, it accepted it",
    CutsTheTarget: "must refuse X_target with another n_var with a ValueError, it accepted it",
    TransfersNaN: r"transfer\(\) must refuse NaN in X_source with a ValueError, it accepted it",
    TransfersFromAnyBox: r"transfer\(\) must refuse X_source outside the unit box with a ValueError, it accepted it",
    DoesNotNameTheArgument: r"for NaN in X_source in fit\(\) must name the argument X_source, it says: input contains",
    RaisesAnotherKind: r"transfer\(\) must refuse NaN in X_source with a ValueError, it raised RuntimeError",
}


@pytest.mark.parametrize("model", FAULTS, ids=lambda model: model.__name__)
def test_each_fault_is_named(model):
    with pytest.raises(AssertionError, match=FAULTS[model]):
        check_transfer_model(model)


def test_a_factory_that_always_returns_the_same_model_is_seen():
    with pytest.raises(AssertionError, match="the factory must make a new model each time"):
        check_transfer_model(lambda: one)


@pytest.mark.parametrize("n_var", [1, 2, 6, 30])
def test_a_model_that_keeps_every_promise_passes(n_var):
    for seed in range(3):
        check_transfer_model(Good, n_var=n_var, seed=seed)
        check_transfer_model(GoodForEqualSizes, equal_sizes=True, n_var=n_var, seed=seed)


def test_models_of_equal_populations_must_say_so():
    with pytest.raises(AssertionError, match="must work, got ValueError: X_source and X_target must be of equal"):
        check_transfer_model(GoodForEqualSizes)


def test_models_of_equal_populations_must_refuse_others():
    with pytest.raises(AssertionError, match=r"fit\(\) must refuse X_source and X_target of different numbers"):
        check_transfer_model(Good, equal_sizes=True)

    class AnyNumberLater(GoodForEqualSizes):
        transfer = Good.transfer

    with pytest.raises(AssertionError, match=r"transfer\(\) must refuse X_source of another number"):
        check_transfer_model(AnyNumberLater, equal_sizes=True)


def test_controls_need_no_fit_but_are_excused_from_nothing_else():
    check_transfer_model(TransfersUnfitted, needs_fit=False)
    with pytest.raises(AssertionError, match="it accepted it"):
        check_transfer_model(AcceptsNaN, needs_fit=False)


@pytest.mark.parametrize("model", [Good, ReadsNumpyGlobal])
def test_the_suite_leaves_global_states_alone(model):
    before = np.random.get_state(), torch.get_rng_state()
    try:
        check_transfer_model(model)
    except AssertionError as error:
        assert model is not Good, error  # noqa: PT017
    after = np.random.get_state()
    assert all(np.array_equal(a, b) for a, b in zip(before[0], after, strict=True))
    assert torch.equal(before[1], torch.get_rng_state())
