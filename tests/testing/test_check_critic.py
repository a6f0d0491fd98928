"""The conformance suite for critics finds each fault that it promises to find, and names it."""

import copy

import numpy as np
import pytest
import torch

from evogan.exceptions import NotFittedError
from evogan.models import RidgeCritic
from evogan.models._front_position import check_objectives
from evogan.testing import check_critic


class Good:
    """Minus the distance to the best of the last population, with a little noise that falls from fit to fit."""

    def __init__(self):
        self.best, self.batch, self.n_fits = None, None, 0

    def observe(self, X, F, CV=None):
        X, F, _ = check_objectives(X, F, CV)
        self.batch = X.copy(), F.copy()

    def fit(self, X, F, CV=None, *, rng):
        X, F, _ = check_objectives(X, F, CV)
        if self.batch is not None and self.batch[0].shape[1] == X.shape[1] and self.batch[1].shape[1] == F.shape[1]:
            X, F = np.vstack([X, self.batch[0]]), np.vstack([F, self.batch[1]])
        self.n_fits += 1
        span = np.maximum(F.max(axis=0) - F.min(axis=0), np.finfo(float).tiny)
        Y = (F - F.min(axis=0)) / span
        A = np.column_stack([np.ones(len(X)), X])
        self.beta = np.linalg.solve(A.T @ A + np.eye(A.shape[1]), A.T @ Y)
        self.beta[0] += 1e-3 * rng.random() / self.n_fits
        self.best = True
        return self

    def score(self, X, condition):
        if self.best is None:
            raise NotFittedError("fit first")
        C = np.asarray(condition, dtype=float)
        X = check_objectives(X, np.zeros((len(X), 1)), None)[0]
        if X.shape[1] != len(self.beta) - 1:
            raise ValueError("X has other columns than in fit")
        if C.shape != (len(X), self.beta.shape[1]) or not np.isfinite(C).all():
            raise ValueError("condition must be finite, and have a row for each solution")
        return -((np.column_stack([np.ones(len(X)), X]) @ self.beta) / np.maximum(C, 0.03)).max(axis=1)


class NoObserve(Good):
    observe = None


class ReturnsNothing(Good):
    def fit(self, X, F, CV=None, *, rng):
        super().fit(X, F, CV, rng=rng)


class NeedsViolations(Good):
    def observe(self, X, F, CV):
        super().observe(X, F, CV)


class GuessesUnfitted(Good):
    def score(self, X, condition):
        return np.zeros(len(X)) if self.best is None else super().score(X, condition)


class Float32(Good):
    def score(self, X, condition):
        return super().score(X, condition).astype(np.float32)


class Column(Good):
    def score(self, X, condition):
        return super().score(X, condition)[:, None]


class NaNAtTheEnds(Good):
    def score(self, X, condition):
        return np.where(np.max(condition, axis=1) == 1, np.nan, super().score(X, condition))


class RanksTheBatch(Good):
    def score(self, X, condition):
        return super().score(X, condition).argsort().argsort().astype(float)


class ScalesInPlace(Good):
    def fit(self, X, F, CV=None, *, rng):
        F -= F.min(axis=0)
        return super().fit(X, F, CV, rng=rng)


class SortsPositions(Good):
    def score(self, X, condition):
        D = super().score(X, condition)
        if condition.flags.writeable:
            condition.sort(axis=0)
        return D


class KeepsViews(Good):
    def observe(self, X, F, CV=None):
        super().observe(X, F, CV)
        self.batch = X, F


class UnseededNoise(Good):
    def fit(self, X, F, CV=None, *, rng):
        return super().fit(X, F, CV, rng=np.random.default_rng())


class SeedsTorch(Good):
    def fit(self, X, F, CV=None, *, rng):
        torch.manual_seed(int(rng.integers(2**31)))
        return super().fit(X, F, CV, rng=rng)


class LearnsFromScores(Good):
    def score(self, X, condition):
        self.n_fits += 1
        return super().score(X, condition)


class CopiesForgetTheOptimizer(Good):
    def __deepcopy__(self, memo):
        twin = type(self)()
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        twin.n_fits = 0
        return twin


class NeedsASpread(Good):
    def fit(self, X, F, CV=None, *, rng):
        if (np.ptp(F, axis=0) == 0).any():
            raise ZeroDivisionError("constant objective")
        return super().fit(X, F, CV, rng=rng)


class NaNForHugeObjectives(Good):
    def score(self, X, condition):
        return super().score(X, condition) * self.factor

    def fit(self, X, F, CV=None, *, rng):
        self.factor = np.nan if np.max(F) > 1e100 else 1.0
        return super().fit(X, F, CV, rng=rng)


class MixesProblems(Good):
    def fit(self, X, F, CV=None, *, rng):
        if self.batch is not None:
            np.vstack([X, self.batch[0]])
        return super().fit(X, F, CV, rng=rng)


class AcceptsNaN(Good):
    def observe(self, X, F, CV=None):
        super().observe(X, np.nan_to_num(F), CV)


class ForgetsViolations(Good):
    def fit(self, X, F, CV=None, *, rng):
        return super().fit(X, F, rng=rng)


class AcceptsNaNAsPosition(Good):
    def score(self, X, condition):
        return super().score(X, np.nan_to_num(condition))


class Indifferent(Good):
    def score(self, X, condition):
        return 0.0 * super().score(X, condition)


class Reversed(Good):
    def score(self, X, condition):
        return -super().score(X, condition)


FAULTS = {
    NoObserve: r"the model has no method observe\(\)",
    ReturnsNothing: r"fit\(\) must return the model itself, got NoneType",
    NeedsViolations: r"observe\(X, F\), .* must work, got TypeError",
    GuessesUnfitted: r"score\(\) before fit\(\) must raise evogan.exceptions.NotFittedError, it returned scores",
    Float32: "float64 NumPy array, got float32",
    Column: r"score\(\) of 1 candidates must have shape \(1,\), got \(1, 1\)",
    NaNAtTheEnds: "scores of 1 candidates must be finite",
    RanksTheBatch: "must not depend on the others",
    ScalesInPlace: r"must not change the arrays they are given \(one wrote to a read-only array",
    SortsPositions: "must not change the arrays they are given$",
    KeepsViews: "must not change when the arrays that it observed change later",
    UnseededNoise: "the same rng must give the same scores",
    SeedsTorch: "torch's global random state must stay as it was",
    LearnsFromScores: r"score\(\) must not change the critic",
    CopiesForgetTheOptimizer: "copy.deepcopy must go on learning",
    NeedsASpread: "must work with constant objectives, got ZeroDivisionError",
    NaNForHugeObjectives: "scores of objectives of 1e300 must be finite",
    MixesProblems: "a fitted critic must accept the same shapes, whatever it observed before, got ValueError",
    AcceptsNaN: r"observe\(\) must refuse NaN in F",
    ForgetsViolations: r"fit\(\) must refuse NaN in CV",
    AcceptsNaNAsPosition: r"score\(\) must refuse NaN in the condition",
    Indifferent: "the better of two solutions, .* must have the larger score more often: 0.00 of pairs",
    Reversed: "the better of two solutions",
}


def test_a_good_critic_passes():
    for seed in range(3):
        check_critic(Good, seed=seed)
    check_critic(Good, n_var=3, n_obj=1)
    check_critic(RidgeCritic, n_var=8, n_obj=4, seed=1)


@pytest.mark.parametrize("critic", FAULTS, ids=lambda critic: critic.__name__)
def test_a_fault_is_found_and_named(critic):
    with pytest.raises(AssertionError, match=FAULTS[critic]):
        check_critic(critic)


@pytest.mark.parametrize("critic", [Indifferent, Reversed])
def test_null_controls_need_not_rank(critic):
    for seed in range(3):
        check_critic(critic, learns=False, seed=seed)
        with pytest.raises(AssertionError, match="pass learns=False"):
            check_critic(critic, seed=seed)
