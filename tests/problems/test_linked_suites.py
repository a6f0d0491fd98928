"""What UF1-10 and LZ09's F1-9, built of the same parts, have in common: fronts, batches, twins, sizes, copies."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from evogan.problems import lz09, uf
from evogan.problems.transforms import rotated, shifted

PROBLEMS = [getattr(uf, f"UF{k}") for k in range(1, 11)] + [getattr(lz09, f"LZ09F{k}") for k in range(1, 10)]
EVERY = pytest.mark.parametrize("cls", PROBLEMS)


@EVERY
def test_nothing_dominates_the_front(cls, random_points):
    problem = cls(10)
    front = problem.pareto_front(n_points=400)
    rng = np.random.default_rng(7)
    X = problem.pareto_set(n_points=400)
    near = X + rng.normal(scale=10 ** rng.uniform(-6, -1, (len(X), 1)), size=X.shape)
    other = np.hstack([random_points(problem, len(X), 1)[:, : problem.n_obj - 1], X[:, problem.n_obj - 1 :]])
    X = np.vstack([random_points(problem, 400, seed=8), np.clip(near, problem.xl, problem.xu), other])
    gains = (front[:, None, :] - problem.evaluate(X)[None, :, :]).min(axis=2)
    assert gains.max() < 1e-12


@EVERY
@pytest.mark.parametrize("n_var", [5, 30])
def test_rows_do_not_depend_on_their_batch(cls, n_var, check_rows):
    check_rows(cls(n_var), 57)


@pytest.mark.parametrize("make", [shifted, rotated])
@EVERY
def test_twins_keep_the_front(cls, make, random_points):
    base = cls(12)
    twin = make(base, seed=3)
    X = twin.pareto_set(n_points=200)
    assert np.abs(X[:, base.n_obj - 1 :] - base.pareto_set(n_points=200)[:, base.n_obj - 1 :]).max() > 0.1
    np.testing.assert_array_equal(X, np.clip(X, twin.xl, twin.xu))
    np.testing.assert_allclose(twin.evaluate(X), base.pareto_front(n_points=200), atol=1e-12)
    front = twin.pareto_front(n_points=200)
    gains = (front[:, None, :] - twin.evaluate(random_points(twin, 300, 5))[None]).min(axis=2)
    assert gains.max() < 1e-12


@EVERY
def test_bad_sizes_are_refused(cls):
    least = 2 * cls().n_obj - 1
    assert np.isfinite(cls(least).evaluate(np.full((1, least), 0.5))).all()
    with pytest.raises(ValueError, match=f"n_var must be at least {least}, got {least - 1}"):
        cls(least - 1)
    for n_var in (30.0, "10"):
        with pytest.raises(TypeError, match="n_var must be an integer"):
            cls(n_var)
    for unknown in ({"n_obj": 2}, {"nvar": 10}):
        with pytest.raises(TypeError, match="unexpected keyword"):
            cls(**unknown)
    for method in ("pareto_front", "pareto_set"):
        with pytest.raises(ValueError, match="n_points must be at least 1"):
            getattr(cls(), method)(n_points=0)


@EVERY
def test_copies_evaluate_alike(cls, random_points):
    problem = cls(6)
    X = random_points(problem, 5, seed=1)
    for twin in (copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        np.testing.assert_array_equal(twin.evaluate(X), problem.evaluate(X))
