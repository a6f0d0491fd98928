"""The conformance suite for models with a condition finds each fault that it promises to find, and names it."""

import copy

import numpy as np
import pytest
import torch

from evogan._internal.checks import check_unit_box
from evogan.exceptions import NotFittedError
from evogan.models import Gaussian
from evogan.testing import check_conditional_model


class Good:
    """Linear regression on the condition; ``n_fits`` matters only for going on, like an optimizer's state."""

    def __init__(self):
        self.beta, self.n_condition, self.n_fits = None, 0, 0

    def fit(self, X, X_poor=None, *, condition=None, rng):
        X = check_unit_box(X)
        if X_poor is not None:
            check_unit_box(X_poor, "X_poor", n_var=X.shape[1])
        A = self.design(condition, len(X))
        self.n_condition = A.shape[1] - 1
        self.n_fits += 1
        self.beta = np.linalg.lstsq(A, X, rcond=None)[0]
        self.beta[0] += 0.01 * rng.standard_normal(X.shape[1]) / self.n_fits
        self.spread = (X - A @ self.beta).std(axis=0)
        return self

    def sample(self, n, *, condition=None, rng):
        if self.beta is None:
            raise NotFittedError("fit first")
        if (condition is None) != (self.n_condition == 0):
            raise ValueError("condition must be given where the model was fitted with one, and only there")
        A = self.design(condition, n)
        if A.shape[1] != len(self.beta):
            raise ValueError("condition has other columns than in fit")
        return np.clip(A @ self.beta + self.spread * rng.standard_normal((n, self.beta.shape[1])), 0, 1)

    def design(self, condition, n):
        if condition is None:
            return np.ones((n, 1))
        C = np.asarray(condition, dtype=float)
        if C.ndim != 2 or len(C) != n or C.shape[1] == 0 or not np.isfinite(C).all():
            raise ValueError(f"condition must be finite and of shape ({n}, n_condition), got {C.shape}")
        return np.hstack([np.ones((n, 1)), C])


class Unconditional(Good):
    def fit(self, X, X_poor=None, *, rng):
        return super().fit(X, X_poor, rng=rng)


class CountsAtOnce(Good):
    def __init__(self):
        super().__init__()
        self.n_condition = 1


class CountsVariables(Good):
    def fit(self, X, X_poor=None, *, condition=None, rng):
        super().fit(X, X_poor, condition=condition, rng=rng)
        self.n_condition = 0 if condition is None else np.shape(X)[1]
        return self


class RemembersTheCondition(Good):
    def fit(self, X, X_poor=None, *, condition=None, rng):
        before = self.n_condition
        super().fit(X, X_poor, condition=condition, rng=rng)
        self.n_condition = self.n_condition or before
        return self


class RefusesAnotherNumberOfColumns(Good):
    def fit(self, X, X_poor=None, *, condition=None, rng):
        if self.n_condition and condition is not None and np.shape(condition)[1] != self.n_condition:
            raise ValueError("condition has another number of columns than before")
        return super().fit(X, X_poor, condition=condition, rng=rng)


class WrongWithoutCondition(Good):
    def sample(self, n, *, condition=None, rng):
        X = super().sample(n, condition=condition, rng=rng)
        return X[:-1] if condition is None else X


class Float32(Good):
    def sample(self, n, *, condition=None, rng):
        X = super().sample(n, condition=condition, rng=rng)
        return X if condition is None else X.astype(np.float32)


class OneSampleForAll(Good):
    def sample(self, n, *, condition=None, rng):
        X = super().sample(n, condition=condition, rng=rng)
        return X if condition is None else X[:1]


class Extrapolates(Good):
    def sample(self, n, *, condition=None, rng):
        X = super().sample(n, condition=condition, rng=rng)
        if condition is not None and (np.min(condition) < 0 or np.max(condition) > 1):
            X = X + 1
        return X


class CentresTheCondition(Good):
    def fit(self, X, X_poor=None, *, condition=None, rng):
        if isinstance(condition, np.ndarray):
            condition -= condition.mean(axis=0)
        return super().fit(X, X_poor, condition=condition, rng=rng)


class SortsTheAskedCondition(Good):
    def sample(self, n, *, condition=None, rng):
        X = super().sample(n, condition=condition, rng=rng)
        if condition is not None and condition.flags.writeable:
            condition.sort(axis=0)
        return X


class UnseededNoise(Good):
    def sample(self, n, *, condition=None, rng):
        return super().sample(n, condition=condition, rng=rng if condition is None else np.random.default_rng())


class ConstantNoise(Good):
    def sample(self, n, *, condition=None, rng):
        return super().sample(n, condition=condition, rng=rng if condition is None else np.random.default_rng(1))


class SeedsTorch(Good):
    def sample(self, n, *, condition=None, rng):
        if condition is not None:
            torch.manual_seed(int(rng.integers(2**31)))
        return super().sample(n, condition=condition, rng=rng)


class CopiesForgetTheCondition(Good):
    def __getstate__(self):
        return {**self.__dict__, "spread": self.spread * (0.5 if self.n_condition else 1)}


class CopiesForgetTheOptimizer(Good):
    def __deepcopy__(self, memo):
        twin = type(self)()
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        if self.n_condition:
            twin.n_fits = 0
        return twin


class NeedsTwoConditions(Good):
    def fit(self, X, X_poor=None, *, condition=None, rng):
        if condition is not None and len(X) > 1 and (np.ptp(condition, axis=0) == 0).any():
            raise np.linalg.LinAlgError("Singular matrix")
        return super().fit(X, X_poor, condition=condition, rng=rng)


class NaNForFewSolutions(Good):
    def fit(self, X, X_poor=None, *, condition=None, rng):
        super().fit(X, X_poor, condition=condition, rng=rng)
        if condition is not None and len(X) <= self.n_condition:
            self.beta = np.full_like(self.beta, np.nan)
        return self


class RepeatsTheCondition(Good):
    def design(self, condition, n):
        if condition is not None and np.ndim(condition) == 2 and len(condition) < n:
            condition = np.resize(condition, (n, np.shape(condition)[1]))
        return super().design(condition, n)


class AcceptsNaN(Good):
    def design(self, condition, n):
        return super().design(None if condition is None else np.nan_to_num(condition), n)


class AcceptsVectors(Good):
    def design(self, condition, n):
        return super().design(np.reshape(condition, (-1, 1)) if np.ndim(condition) == 1 else condition, n)


class AcceptsNoColumns(Good):
    def design(self, condition, n):
        return super().design(None if np.ndim(condition) == 2 and np.shape(condition)[1] == 0 else condition, n)


class GuessesTheCondition(Good):
    def sample(self, n, *, condition=None, rng):
        if condition is None and self.n_condition:
            condition = np.full((n, self.n_condition), 0.5)
        return super().sample(n, condition=condition, rng=rng)


class CutsTheCondition(Good):
    def sample(self, n, *, condition=None, rng):
        if self.n_condition and np.ndim(condition) == 2:
            condition = condition[:, : self.n_condition]
        return super().sample(n, condition=condition, rng=rng)


class IgnoresAConditionThatIsNotExpected(Good):
    def sample(self, n, *, condition=None, rng):
        return super().sample(n, condition=condition if self.n_condition else None, rng=rng)


class DoesNotNameTheArgument(Good):
    def design(self, condition, n):
        if condition is not None and not np.isfinite(condition).all():
            raise ValueError("input contains missing values")
        return super().design(condition, n)


class RaisesAnotherKind(Good):
    def sample(self, n, *, condition=None, rng):
        if condition is None and self.n_condition:
            raise TypeError("condition is missing")
        return super().sample(n, condition=condition, rng=rng)


class IgnoresTheCondition(Good):
    def sample(self, n, *, condition=None, rng):
        super().sample(n, condition=condition, rng=rng)
        c = None if condition is None else np.full_like(condition, 0.5)
        return super().sample(n, condition=c, rng=rng)


class ShufflesTheCondition(Good):
    def sample(self, n, *, condition=None, rng):
        super().sample(n, condition=condition, rng=rng)
        c = None if condition is None else condition[rng.permutation(n)]
        return super().sample(n, condition=c, rng=rng)


FAULTS = {
    Unconditional: r"fit\(X, condition=condition, rng=rng\) must work with a condition of 0 columns .* got TypeError",
    CountsAtOnce: "n_condition must be 0 before the first fit, got 1",
    CountsVariables: "n_condition must be 3 after a fit with 3 columns, got 2",
    RemembersTheCondition: "n_condition must be 0 after a fit with 0 columns, got 1",
    RefusesAnotherNumberOfColumns: "must work with a condition of 1 columns .* got ValueError",
    WrongWithoutCondition: r"sample\(1\) must have shape \(1, 6\), got \(0, 6\)",
    Float32: "float64 NumPy array, got float32",
    OneSampleForAll: r"sample\(7, condition=...\) must have shape \(7, 6\), got \(1, 6\)",
    Extrapolates: "must lie in the unit box",
    CentresTheCondition: r"must not change the arrays they are given \(one wrote to a read-only X or condition",
    SortsTheAskedCondition: "must not change the arrays they are given$",
    UnseededNoise: "the same rng must give the same samples given a condition",
    ConstantNoise: "another rng must give other samples of the same condition",
    SeedsTorch: "torch's global random state must stay as it was",
    CopiesForgetTheCondition: "copy.deepcopy must give the same samples given a condition",
    CopiesForgetTheOptimizer: "copy.deepcopy must go on learning",
    NeedsTwoConditions: "must work with a constant condition, got LinAlgError",
    NaNForFewSolutions: "with one elite and its condition sample.4. must be finite",
    RepeatsTheCondition: r"fit\(\) must refuse a condition with other rows than X",
    AcceptsNaN: r"fit\(\) must refuse NaN in the condition",
    AcceptsVectors: r"fit\(\) must refuse a one-dimensional condition",
    AcceptsNoColumns: r"fit\(\) must refuse a condition without columns",
    GuessesTheCondition: r"sample\(\) must refuse a missing condition",
    CutsTheCondition: r"sample\(\) must refuse a condition of other columns than in fit",
    IgnoresAConditionThatIsNotExpected: r"sample\(\) must refuse a condition after a fit without one",
    DoesNotNameTheArgument: "the ValueError for NaN in the condition in fit.* must name the argument condition",
    RaisesAnotherKind: "must refuse a missing condition with a ValueError, it raised TypeError",
    IgnoresTheCondition: "nearer to what their own condition says",
    ShufflesTheCondition: "nearer to what their own condition says",
}


def test_a_good_model_passes():
    for seed in range(3):
        check_conditional_model(Good, seed=seed)
    check_conditional_model(Good, n_var=2, n_condition=5)
    check_conditional_model(Good, n_var=5, n_condition=1)


@pytest.mark.parametrize("model", FAULTS, ids=lambda model: model.__name__)
def test_a_fault_is_found_and_named(model):
    with pytest.raises(AssertionError, match=FAULTS[model]):
        check_conditional_model(model)


@pytest.mark.parametrize("model", [IgnoresTheCondition, ShufflesTheCondition])
def test_null_controls_need_not_follow(model):
    for seed in range(3):
        check_conditional_model(model, learns=False, seed=seed)
        with pytest.raises(AssertionError, match="nearer to what their own condition says"):
            check_conditional_model(model, seed=seed)


def test_a_model_without_n_condition_is_told_what_is_missing():
    with pytest.raises(AssertionError, match=r"must have fit\(\), sample\(\) and n_condition"):
        check_conditional_model(Gaussian)
