"""LZ09's F1 to F9 against a scalar transcription of the paper's table I, CEC 2009 and CEC 2019."""

from __future__ import annotations

import math

import moocore
import numpy as np
import pytest

from evogan.problems import lz09, uf
from evogan.problems.fronts import reference_front
from evogan.problems.multitask import cec19_mtmo_cplx

PROBLEMS = [getattr(lz09, f"LZ09F{k}") for k in range(1, 10)]


def optimal(k, x, j, n):
    """The paper's x_j on the Pareto set, j from 1."""
    x1, odd = x[0], j % 2 == 1
    angle = 6 * math.pi * x1 + j * math.pi / n
    if k in (1, 7, 8):
        return x1 ** (0.5 * (1.0 + 3 * (j - 2) / (n - 2)))
    if k in (2, 9):
        return math.sin(angle)
    if k == 3:
        return 0.8 * x1 * (math.cos(angle) if odd else math.sin(angle))
    if k == 4:
        return 0.8 * x1 * (math.cos(angle / 3) if odd else math.sin(angle))
    if k == 5:
        radius = 0.3 * x1 * x1 * math.cos(24 * math.pi * x1 + 4 * j * math.pi / n) + 0.6 * x1
        return radius * (math.cos(angle) if odd else math.sin(angle))
    return 2 * x[1] * math.sin(2 * math.pi * x1 + j * math.pi / n)


def penalty(k, x, J):
    n = len(x)
    y = {j: x[j - 1] - optimal(k, x, j, n) for j in J}
    total = sum(v * v for v in y.values())
    if k == 7:
        total = sum(4 * v * v - math.cos(8 * v * math.pi) + 1 for v in y.values())
    if k == 8:
        total = 4 * total - 2 * math.prod(math.cos(20 * v * math.pi / math.sqrt(j)) for j, v in y.items()) + 2
    return 2 / len(y) * total


def scalar(k, x):
    n = len(x)
    if k == 6:
        a, b = 0.5 * x[0] * math.pi, 0.5 * x[1] * math.pi
        f = [math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a)]
        groups = [range(4, n + 1, 3), range(5, n + 1, 3), range(3, n + 1, 3)]
    else:
        f = [x[0], 1 - x[0] ** 2 if k == 9 else 1 - math.sqrt(x[0])]
        groups = [range(3, n + 1, 2), range(2, n + 1, 2)]
    return [h + penalty(k, x, J) for h, J in zip(f, groups, strict=True)]


@pytest.mark.parametrize("k", range(1, 10))
@pytest.mark.parametrize("n_var", [3, 5, 6, 10, 30])
def test_values_are_those_of_the_paper(k, n_var, random_points):
    problem = PROBLEMS[k - 1](max(n_var, 5) if k == 6 else n_var)
    X = random_points(problem, 40, seed=100 * k + n_var)
    near = problem.pareto_set(n_points=40)[:20]
    near = np.clip(near + 0.01 * np.random.default_rng(k).standard_normal(near.shape), problem.xl, problem.xu)
    X = np.vstack([X, near])
    np.testing.assert_allclose(problem.evaluate(X), [scalar(k, x) for x in X.tolist()], rtol=1e-12, atol=1e-12)


def test_the_problems_that_cec_2009_took_over_are_the_same(random_points):
    for k, theirs in ((2, uf.UF1), (5, uf.UF2), (6, uf.UF8), (8, uf.UF3)):
        problem, other = PROBLEMS[k - 1](11), theirs(11)
        np.testing.assert_array_equal([problem.xl, problem.xu], [other.xl, other.xu])
        X = random_points(problem, 20, seed=k)
        np.testing.assert_array_equal(problem.evaluate(X), other.evaluate(X))


# the tasks in [0, 1]^n, which have half-ranges 1 (F6: 2) and the odd and even variables exchanged
@pytest.mark.parametrize(("k", "number", "t", "half"), [(3, 5, 1, 1.0), (6, 5, 2, 2.0)])
def test_cec_2019_took_over_the_same_linkages(k, number, t, half, random_points):
    problem, task = PROBLEMS[k - 1](), cec19_mtmo_cplx(number)[t - 1]
    X = random_points(problem, 20, seed=k)
    unit = X.copy()
    unit[:, problem.n_obj - 1 :] = 0.5 + X[:, problem.n_obj - 1 :] / (2 * half)
    h = np.array([scalar(k, x) for x in on_set(problem, X).tolist()])
    mine, theirs = problem.evaluate(X) - h, task.evaluate(unit) - h
    np.testing.assert_allclose(mine, theirs[:, ::-1] if k == 3 else theirs, atol=1e-12)


def on_set(problem, X):
    """The solutions of the Pareto set at the positions of X."""
    k, first = int(problem.name()[-1]), problem.n_obj
    return np.array([x[: first - 1] + [optimal(k, x, j, len(x)) for j in range(first, len(x) + 1)] for x in X.tolist()])


@pytest.mark.parametrize("k", range(1, 10))
@pytest.mark.parametrize("n_var", [5, 30])
def test_pareto_set_attains_the_front(k, n_var):
    problem = PROBLEMS[k - 1](n_var)
    X, front = problem.pareto_set(n_points=300), problem.pareto_front(n_points=300)
    np.testing.assert_array_equal(X, np.clip(X, problem.xl, problem.xu))
    np.testing.assert_allclose(X, on_set(problem, X), atol=1e-13)
    np.testing.assert_allclose(problem.evaluate(X), front, atol=1e-12)
    if k == 6:
        np.testing.assert_allclose(np.linalg.norm(front, axis=1), 1.0, atol=1e-14)
    else:
        f1 = np.linspace(0, 1, 300)
        np.testing.assert_allclose(front, np.column_stack([f1, 1 - (f1**2 if k == 9 else np.sqrt(f1))]), atol=1e-15)
    assert moocore.is_nondominated(front).all()
    assert moocore.igd(front, ref=problem.pareto_front(n_points=5000, use_cache=False)) < (0.035 if k == 6 else 0.003)
    np.testing.assert_array_equal(reference_front(problem, 300), front[np.lexsort(front.T[::-1])])


def test_boxes_names_and_sizes_are_the_papers():
    for k, cls in enumerate(PROBLEMS, start=1):
        problem = cls()
        n_var = 10 if k in (6, 7, 8) else 30
        assert (problem.name(), problem.n_var, problem.n_obj) == (f"LZ09F{k}", n_var, 3 if k == 6 else 2)
        unit = 2 if k == 6 else 1
        low, high = (0, 1) if k in (1, 7, 8) else (-2, 2) if k == 6 else (-1, 1)
        assert problem.xl.tolist() == [0] * unit + [low] * (n_var - unit)
        assert problem.xu.tolist() == [1] * unit + [high] * (n_var - unit)
