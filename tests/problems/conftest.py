"""What the tests of every suite of problems do alike."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def random_points():
    """A function (problem, n, seed=0) that returns points ``(n, n_var)`` of the box, two of its corners first."""

    def draw(problem, n, seed=0):
        rng = np.random.default_rng(seed)
        X = problem.xl + rng.random((n, problem.n_var)) * (problem.xu - problem.xl)
        X[:2] = problem.xl, problem.xu
        return X

    return draw


@pytest.fixture(scope="session")
def check_rows(random_points):
    """A function (problem, n) that fails if a solution's values depend on others, on memory order, or if X changes."""

    def check(problem, n):
        X = random_points(problem, n, seed=3)
        kept = X.copy()
        F = problem.evaluate(X)
        np.testing.assert_array_equal(F, np.vstack([problem.evaluate(x[None, :]) for x in X]))
        np.testing.assert_array_equal(F, problem.evaluate(np.asfortranarray(X)))
        np.testing.assert_array_equal(F, problem.evaluate(np.repeat(X, 2, axis=0)[::2]))
        np.testing.assert_array_equal(X, kept)

    return check
