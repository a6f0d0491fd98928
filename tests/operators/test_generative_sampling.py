"""An initial population from a model."""

from __future__ import annotations

import numpy as np
import pytest
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.optimize import minimize

from evogan.exceptions import NotFittedError
from evogan.models import GAN, Gaussian
from evogan.operators import GenerativeSampling

XL, XU = np.array([-10.0, 0.1, 3.0]), np.array([10.0, 12.55, 3.0])


class Bowl(Problem):
    """Two bowls in a box off the origin, with one fixed variable."""

    def __init__(self):
        super().__init__(n_var=3, n_obj=2, xl=XL, xu=XU)

    def _evaluate(self, X, out, *args, **kwargs):
        out["F"] = np.column_stack([(X**2).sum(axis=1), ((X - 2) ** 2).sum(axis=1)])


def sample(sampling, n=50, seed=1):
    return sampling.do(Bowl(), n, random_state=np.random.default_rng(seed)).get("X")


@pytest.mark.parametrize("model", [Gaussian(), GAN(n_steps=5)], ids=["gaussian", "gan"])
def test_a_fitted_model_samples_the_problems_box(model):
    rng = np.random.default_rng(0)
    model.fit(rng.random((20, 3)), rng=rng)
    X = sample(GenerativeSampling(model))
    assert (X.shape, X.dtype) == ((50, 3), np.float64)
    assert (X >= XL).all() and (X <= XU).all()
    assert (X[:, 2] == 3.0).all()
    assert X[:, 1].std() > 0.1


def test_solutions_in_problem_units_are_learnt():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        elite = np.column_stack([rng.normal(-8, 0.1, 40), rng.normal(11, 0.1, 40), np.full(40, 3.0)])
        X = sample(GenerativeSampling(Gaussian(), elite), 200, seed)
        np.testing.assert_allclose(X.mean(axis=0), [-8, 11, 3], atol=0.1, err_msg=f"seed {seed}")
        assert X.std(axis=0).max() < 0.2, f"seed {seed}"


def test_poor_solutions_reach_the_model_in_the_unit_box():
    class Spy(Gaussian):
        def fit(self, X, X_poor=None, *, rng):
            self.seen = X, X_poor
            return super().fit(X, X_poor, rng=rng)

    spy = Spy()
    sample(GenerativeSampling(spy, [[-10, 0.1, 3], [10, 12.55, 3]], [[0, 12.55, 3]]))
    np.testing.assert_allclose(spy.seen[0], [[0, 0, 0], [1, 1, 0]])
    np.testing.assert_allclose(spy.seen[1], [[0.5, 1, 0]])


def test_it_starts_a_run():
    elite = np.random.default_rng(0).normal([5, 6, 3], [0.1, 0.1, 0], (30, 3))
    algorithm = NSGA2(pop_size=20, sampling=GenerativeSampling(Gaussian(), elite))
    result = minimize(Bowl(), algorithm, ("n_gen", 1), seed=1)
    np.testing.assert_allclose(result.pop.get("X").mean(axis=0), [5, 6, 3], atol=0.2)
    assert len(result.pop) == 20


def test_the_same_seed_gives_the_same_start():
    elite = np.random.default_rng(0).random((30, 3)) * [1, 1, 0] + [0, 1, 3]
    draws = [sample(GenerativeSampling(GAN(n_steps=5), elite), 10, seed) for seed in (1, 1, 2)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


@pytest.mark.parametrize("model", [Gaussian(), GAN(n_steps=5)], ids=["gaussian", "gan"])
def test_an_unfitted_model_is_refused(model):
    with pytest.raises(NotFittedError, match="must be fitted"):
        sample(GenerativeSampling(model))


def test_samples_that_are_not_finite_are_refused():
    class Broken(Gaussian):
        def sample(self, n, *, rng):
            U = super().sample(n, rng=rng)
            U[0] = np.nan
            return U

    with pytest.raises(ValueError, match=r"Broken.*finite"):
        sample(GenerativeSampling(Broken(), [[0, 1, 3], [1, 2, 3]]))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[0, 1, 3], [20, 1, 3]], r"must lie within the problem's bounds, got x1 in \[0, 20\] for \[-10, 10\]"),
        ([[0, 1, 3], [1, 2, 4]], r"must lie within the problem's bounds, got x3 in \[3, 4\] for \[3, 3\]"),
        ([[0, 1], [1, 2]], r"must have shape \(n, n_var = 3\), got \(2, 2\)"),
        ([0, 1, 3], r"must have shape \(n, n_var = 3\), got \(3,\)"),
        ([[0, np.inf, 3], [1, 2, 3]], "must be finite, got 1 of 2 rows"),
    ],
)
def test_solutions_of_another_problem_are_refused(X, message):
    good = [[0, 1, 3], [1, 2, 3]]
    with pytest.raises(ValueError, match="^X " + message):
        sample(GenerativeSampling(Gaussian(), X))
    with pytest.raises(ValueError, match="^X_poor " + message):
        sample(GenerativeSampling(GAN(n_steps=1), good, X))


@pytest.mark.parametrize("model", ["gan", Gaussian, None], ids=str)
def test_what_is_no_model_is_refused(model):
    with pytest.raises(TypeError, match=r"model must be an object with the method (fit|sample)\(\)"):
        GenerativeSampling(model)
    with pytest.raises(TypeError, match=r"model must be an object with the method fit\(\)"):
        GenerativeSampling(model, [[0, 1, 3]])


def test_poor_solutions_alone_are_refused():
    with pytest.raises(ValueError, match="X must be given with X_poor, got None"):
        GenerativeSampling(GAN(), X_poor=[[0, 1, 3]])


def test_rounding_errors_at_the_bounds_are_not_another_problem():
    X = sample(GenerativeSampling(Gaussian(), [XL * (1 + 1e-12), XU * (1 + 1e-12)]))
    assert (X >= XL).all() and (X <= XU).all()


def test_a_model_of_another_number_of_variables_is_refused():
    model = Gaussian().fit(np.random.default_rng(0).random((20, 4)), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"samples of Gaussian must have shape \(50, 3\), got \(50, 4\)"):
        sample(GenerativeSampling(model))


@pytest.mark.parametrize("bounds", [(None, None), (0, np.inf)], ids=str)
def test_an_unbounded_problem_is_refused(bounds):
    problem = Problem(n_var=3, n_obj=2, xl=bounds[0], xu=bounds[1])
    with pytest.raises(ValueError, match="problem Problem must have"):
        GenerativeSampling(Gaussian(), np.ones((3, 3))).do(problem, 5, random_state=np.random.default_rng(1))
