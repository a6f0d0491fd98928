"""LSMOP1 to LSMOP9 against a scalar transcription, and what of their fronts can be attained."""

from __future__ import annotations

import copy
import math
import pickle
from itertools import pairwise

import moocore
import numpy as np
import pytest
from scipy.optimize import minimize

from evogan.problems import lsmop
from evogan.problems._rosenbrock import lowest
from evogan.problems.fronts import reference_front
from evogan.problems.transforms import rotated, shifted

PROBLEMS = [getattr(lsmop, f"LSMOP{k}") for k in range(1, 10)]
SIZES = [(200, 2), (300, 3), (37, 2), (64, 3), (150, 4)]


def sphere(z):
    return sum(v * v for v in z)


def schwefel(z):
    return max(abs(v) for v in z)


def rosenbrock(z):
    return sum(100 * (a * a - b) ** 2 + (a - 1) ** 2 for a, b in pairwise(z))


def rastrigin(z):
    return sum(v * v - 10 * math.cos(2 * math.pi * v) + 10 for v in z)


def griewank(z):
    product = math.prod(math.cos(v / math.sqrt(i)) for i, v in enumerate(z, start=1))
    return sum(v * v for v in z) / 4000 - product + 1


def ackley(z):
    root, waves = math.sqrt(sphere(z) / len(z)), sum(math.cos(2 * math.pi * v) for v in z) / len(z)
    return 20 - 20 * math.exp(-0.2 * root) - math.exp(waves) + math.e


FUNCTIONS = {
    1: (sphere, sphere),
    2: (griewank, schwefel),
    3: (rastrigin, rosenbrock),
    4: (ackley, griewank),
    5: (sphere, sphere),
    6: (rosenbrock, schwefel),
    7: (ackley, rosenbrock),
    8: (griewank, sphere),
    9: (sphere, ackley),
}


def scalar(k, x, M, n_k=5):
    """One solution, one variable at a time, j from 1."""
    D = len(x)
    c = [3.8 * 0.1 * 0.9]
    for _ in range(M - 1):
        c.append(3.8 * c[-1] * (1 - c[-1]))
    t = []
    for j in range(M, D + 1):
        slope = 1 + j / D if k <= 4 else 1 + math.cos(0.5 * math.pi * j / D)
        t.append(slope * x[j - 1] - 10 * x[0])
    g = []
    for i in range(M):
        size = math.floor(c[i] / sum(c) * (D - M + 1) / n_k)
        total = 0.0
        for _ in range(n_k):
            part, t = t[:size], t[size:]
            total += FUNCTIONS[k][i % 2](part) / size
        g.append(total / n_k)
    if k == 9:
        G = 1 + sum(g)
        h = M - sum(v / (1 + G) * (1 + math.sin(3 * math.pi * v)) for v in x[: M - 1])
        return [*x[: M - 1], (1 + G) * h]
    f = []
    for m in range(1, M + 1):
        if k <= 4:
            value = 1 + g[m - 1]
            value *= math.prod(x[: M - m])
            value *= 1 - x[M - m] if m > 1 else 1
        else:
            value = 1 + g[m - 1] + (g[m] if m < M else 0)
            value *= math.prod(math.cos(0.5 * math.pi * v) for v in x[: M - m])
            value *= math.sin(0.5 * math.pi * x[M - m]) if m > 1 else 1
        f.append(value)
    return f


@pytest.mark.parametrize("k", range(1, 10))
@pytest.mark.parametrize(("n_var", "n_obj"), SIZES)
def test_values_are_those_of_the_definitions(k, n_var, n_obj, random_points):
    problem = PROBLEMS[k - 1](n_var, n_obj)
    X = random_points(problem, 6, seed=100 * k + n_var)
    near = problem.pareto_set(n_points=40)[::4]
    near = np.clip(near + 0.01 * np.random.default_rng(k).standard_normal(near.shape), problem.xl, problem.xu)
    X = np.vstack([X, near])
    expected = [scalar(k, x, n_obj) for x in X.tolist()]
    np.testing.assert_allclose(problem.evaluate(X), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("n_k", [1, 3, 10])
def test_other_numbers_of_subcomponents(n_k, random_points):
    for k in (2, 7):
        problem = PROBLEMS[k - 1](120, 3, n_k=n_k)
        X = random_points(problem, 10, seed=n_k)
        expected = [scalar(k, x, 3, n_k) for x in X.tolist()]
        np.testing.assert_allclose(problem.evaluate(X), expected, rtol=1e-11)


def test_values_by_hand():
    # D = 21, M = 2: c = 0.342, 0.855132, 20 variables: sizes 1 and 2; x_1 = 0: t_j = (1 + j/21) x_j
    problem = lsmop.LSMOP1(21)
    assert problem.sizes == [1, 2]
    x = np.zeros(21)
    x[1] = 7.0  # j = 2: t = 7 * 23/21; first group, five subcomponents of one variable
    x[6] = 6.0  # j = 7: t = 6 * 28/21 = 8; second group, five of two
    np.testing.assert_allclose(problem.evaluate(x), [0.0, 1 + 64 / 10], rtol=1e-15)
    x[0] = 1.0
    x[1:] = 10.0 / (1 + np.arange(2, 22) / 21)  # t = 0
    x[1] = 0.0  # t_2 = -10
    np.testing.assert_allclose(problem.evaluate(x), [1 + 100 / 5, 0.0], rtol=1e-14)
    # LSMOP5, x_1 = 0: f2 = 0, f1 = 1 + g_1 + g_2
    x = np.zeros(21)
    x[13] = 3.0  # j = 14: 1 + cos(pi/3) = 3/2
    np.testing.assert_allclose(lsmop.LSMOP5(21).evaluate(x), [1 + 4.5**2 / 10, 0.0], rtol=1e-14)
    np.testing.assert_allclose(lsmop.LSMOP2(21).evaluate(x), [0.0, 1 + 3.0 * (1 + 14 / 21) / 10], rtol=1e-14)
    np.testing.assert_allclose(lsmop.LSMOP3(21).evaluate(np.zeros(21)), [0.0, 1 + 5 / 10], rtol=1e-14)  # (0 - 1)^2
    # all of x_1 = 1/2 in LSMOP9: (2 + g) 2 - (1 + sin(3 pi/2)) / 2
    x = lsmop.LSMOP9(21).pareto_set(n_points=1)[0]
    x[0], x[1:] = 0.5, 5 / (1 + np.cos(0.5 * np.pi * np.arange(2, 22) / 21))
    np.testing.assert_allclose(lsmop.LSMOP9(21).evaluate(x), [0.5, 4.0], rtol=1e-14)


def test_sizes_follow_the_logistic_sequence():
    assert lsmop.LSMOP1().sizes == [11, 28]
    assert lsmop.LSMOP1(n_obj=3).sizes == [12, 30, 16]
    assert lsmop.LSMOP1(1000, 2, 5).sizes == [57, 142]
    for n_obj in (2, 3, 5, 8):
        problem = lsmop.LSMOP1(n_obj=n_obj)
        left = problem.n_var - n_obj + 1 - 5 * sum(problem.sizes)
        assert 0 <= left < 5 * n_obj


def test_the_last_variables_that_the_sizes_leave_over_have_no_influence(random_points):
    problem = lsmop.LSMOP8(300, 3)  # 298 variables, 5 * 58 = 290 of them in groups
    x = random_points(problem, 3, seed=1)[2]
    y = x.copy()
    y[-8:] = 10 - x[-8:]
    np.testing.assert_array_equal(problem.evaluate(x), problem.evaluate(y))
    y[-9] = 10 - x[-9]
    assert (problem.evaluate(x) != problem.evaluate(y)).any()


@pytest.mark.parametrize("k", range(1, 10))
@pytest.mark.parametrize(("n_var", "n_obj"), [(None, 2), (None, 3), (19, 2), (206, 2), (1000, 3), (None, 5)])
def test_pareto_set_attains_the_front(k, n_var, n_obj):
    problem = PROBLEMS[k - 1](n_var, n_obj)
    X, front = problem.pareto_set(n_points=300), problem.pareto_front(n_points=300)
    np.testing.assert_array_equal(X, np.clip(X, problem.xl, problem.xu))
    np.testing.assert_allclose(problem.evaluate(X), front, rtol=0, atol=1e-12)
    assert moocore.is_nondominated(front).all()
    assert len(reference_front(problem, 300)) == len(front)
    if k <= 4:
        np.testing.assert_allclose(front.sum(axis=1), 1.0, atol=1e-14)
    elif k == 9:
        s = front[:, :-1] * (1 + np.sin(3 * np.pi * front[:, :-1]))
        np.testing.assert_allclose(front[:, -1], 2 * n_obj - s.sum(axis=1), atol=1e-12)
    else:
        radius = np.linalg.norm(front, axis=1)
        bulges = (k, n_obj % 2) in ((6, 1), (7, 0))
        near = X[:, 0] > 0.9  # where the last of D variables cannot reach 1, if it is Rosenbrock's
        np.testing.assert_allclose(radius[~(near & bulges)], 1.0, atol=1e-14)
        assert radius.max() < 1.3
        assert (radius.max() > 1.01) == (bulges and n_var != 19)


@pytest.mark.parametrize("k", range(1, 10))
@pytest.mark.parametrize("n_obj", [2, 3])
def test_fronts_are_as_dense_as_asked_and_run_from_end_to_end(k, n_obj):
    front = PROBLEMS[k - 1](n_obj=n_obj).pareto_front()
    assert abs(len(front) - 10_000) < 300
    np.testing.assert_allclose(front[:, :-1].min(axis=0), 0.0, atol=1e-15)
    coarse = PROBLEMS[k - 1](n_obj=n_obj).pareto_front(n_points=300)
    assert moocore.igd(coarse, ref=front) < (0.006 if n_obj == 2 else 0.05)
    if k < 9:
        np.testing.assert_allclose(front[:, :-1].max(axis=0), 1.0, atol=1e-15)
        assert front[:, -1].min() == pytest.approx(0.0, abs=1e-15)
        high = {(6, 3): 1.0611, (7, 2): 1.0239}.get((k, n_obj), 1.0)
        assert front[:, -1].max() == pytest.approx(high, abs=5e-5)


def test_the_plain_fronts_are_the_lattices_themselves():
    np.testing.assert_array_equal(lsmop.LSMOP3(37).pareto_front(n_points=3), [[0, 1], [0.5, 0.5], [1, 0]])
    F = lsmop.LSMOP4(n_obj=3).pareto_front(n_points=6)
    np.testing.assert_array_equal(np.sort(F, axis=0)[[0, 2, 5], 0], [0, 0, 1])
    assert lsmop.LSMOP5().pareto_front(n_points=2).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_rosenbrock_is_least_at_one_where_the_box_allows_it():
    upper = np.array([[1.0, 2.0, 3.0], [1.5, 1.2, 1.0]])
    np.testing.assert_array_equal(lowest(upper), np.ones((2, 3)))
    np.testing.assert_array_equal(lowest(np.array([[2.0], [0.25]])), [[1.0], [0.25]])  # a single one has no part
    # two variables, the second at most 0: 100 z^4 + (1 - z)^2 is least where 400 z^3 + 2 z = 2
    z = lowest(np.array([[1.0, 0.0]]))[0]
    assert z[1] == 0.0
    assert 400 * z[0] ** 3 + 2 * z[0] == pytest.approx(2.0, rel=1e-7)


@pytest.mark.parametrize(("k", "n_var", "n_obj"), [(7, 60, 2), (7, 200, 2), (6, 300, 3), (7, 400, 4), (3, 700, 7)])
def test_no_search_in_the_box_finds_lower_values_of_rosenbrock(k, n_var, n_obj):
    problem = PROBLEMS[k - 1](n_var, n_obj, n_k=2 if n_var == 60 else 5)
    group = n_obj - 1 if k != 3 else 1
    size = problem.sizes[group]
    first = problem.n_k * sum(problem.sizes[:group])
    part = slice(first + (problem.n_k - 1) * size, first + problem.n_k * size) if k != 3 else slice(first, first + size)
    j = np.arange(n_obj, n_var + 1)[part]
    slope = 1 + (j / n_var if k == 3 else np.cos(0.5 * np.pi * j / n_var))

    def value(z):
        return float(np.sum(100 * (z[:-1] ** 2 - z[1:]) ** 2 + (1 - z[:-1]) ** 2))

    def gradient(z):
        valley, g = z[:-1] ** 2 - z[1:], np.zeros_like(z)
        g[:-1] += 400 * z[:-1] * valley - 2 * (1 - z[:-1])
        g[1:] -= 200 * valley
        return g

    rng = np.random.default_rng(0)
    positions = np.array([0.93, 0.96, 1.0])
    tops = 10 * slope - 10 * positions[:, None]
    assert (tops[-1] < 1).any()
    mine = lowest(tops)
    for x1, top, z in zip(positions, tops, mine, strict=True):
        assert (z <= top).all()
        np.testing.assert_allclose(z, lowest(top[None])[0], atol=1e-6)  # whatever came before
        assert value(z) == pytest.approx(value(lowest(top[None])[0]), rel=1e-13, abs=1e-25)
        bounds = list(zip(np.full(size, -10 * x1), top, strict=True))
        for start in [np.minimum(top, v) for v in (1.0, 0.3, 0.0, -1.0)] + [
            np.minimum(top, rng.uniform(-2, 2, size)) for _ in range(8)
        ]:
            found = minimize(value, start, jac=gradient, bounds=bounds, method="L-BFGS-B", options={"maxiter": 3000})
            assert value(z) <= found.fun + 1e-12


@pytest.mark.parametrize(("k", "n_obj"), [(6, 3), (7, 2), (7, 4), (6, 5), (3, 7)])
@pytest.mark.parametrize(("n_var", "n_k"), [(90, 5), (90, 1), (333, 3)])
def test_bulging_fronts_are_nondominated(k, n_obj, n_var, n_k):
    problem = PROBLEMS[k - 1](n_var * n_obj // 2, n_obj, n_k)
    front = problem.pareto_front(n_points=1000)
    assert moocore.is_nondominated(front).all()
    # (1 + g) cos(x_1 pi/2) falls, so that no smaller x_1 gives lower values of the other objectives
    x1 = np.linspace(0.88, 1.0, 200)
    P = np.column_stack([x1, np.full((200, n_obj - 2), 0.5)])
    g = problem._distances(problem._optimum(P))
    assert (g[:, -1] > 0).any() or n_k * n_var > 90 or k == 3
    if k != 3:
        assert (np.diff((1 + g.sum(axis=1)) * np.cos(0.5 * np.pi * x1)) < 0).all()


@pytest.mark.parametrize("k", range(1, 10))
@pytest.mark.parametrize(("n_var", "n_obj"), [(40, 2), (200, 2), (60, 3)])
def test_nothing_dominates_the_front(k, n_var, n_obj, random_points):
    problem = PROBLEMS[k - 1](n_var, n_obj)
    front = problem.pareto_front(n_points=400)
    rng = np.random.default_rng(7)
    X = problem.pareto_set(n_points=400)
    near = X + rng.normal(scale=10 ** rng.uniform(-6, -1, (len(X), 1)), size=X.shape)
    F = problem.evaluate(np.vstack([random_points(problem, 400, seed=8), np.clip(near, problem.xl, problem.xu)]))
    assert (front[:, None, :] - F[None, :, :]).min(axis=2).max() < 1e-12


@pytest.mark.parametrize("k", range(1, 10))
@pytest.mark.parametrize(("n_var", "n_obj"), [(19, 2), (200, 2), (300, 3)])
def test_rows_do_not_depend_on_their_batch(k, n_var, n_obj, check_rows):
    check_rows(PROBLEMS[k - 1](n_var, n_obj), 37)


@pytest.mark.parametrize("make", [shifted, rotated])
@pytest.mark.parametrize("n_obj", [2, 3])
@pytest.mark.parametrize("cls", PROBLEMS)
def test_twins_keep_the_front(cls, n_obj, make, random_points):
    base = cls(60 * n_obj, n_obj)
    twin = make(base, seed=3)
    X = twin.pareto_set(n_points=200)
    assert np.abs(X[:, n_obj - 1 :] - base.pareto_set(n_points=200)[:, n_obj - 1 :]).max() > 1
    np.testing.assert_array_equal(X, np.clip(X, twin.xl, twin.xu))
    np.testing.assert_allclose(twin.evaluate(X), base.pareto_front(n_points=200), rtol=0, atol=1e-12)
    front = twin.pareto_front(n_points=200)
    gains = (front[:, None, :] - twin.evaluate(random_points(twin, 300, 5))[None]).min(axis=2)
    assert gains.max() < 1e-12


def test_boxes_names_and_default_sizes():
    for k, cls in enumerate(PROBLEMS, start=1):
        for n_obj in (2, 3):
            problem = cls(n_obj=n_obj)
            assert (problem.name(), problem.n_var, problem.n_obj, problem.n_k) == (f"LSMOP{k}", 100 * n_obj, n_obj, 5)
            assert problem.xl.tolist() == [0] * 100 * n_obj
            assert problem.xu.tolist() == [1] * (n_obj - 1) + [10] * (99 * n_obj + 1)
    assert lsmop.LSMOP1().n_obj == 2


def test_bad_sizes_are_refused():
    for n_obj, n_k, least in ((2, 5, 19), (2, 1, 5), (3, 5, 27), (4, 5, 42)):
        problem = lsmop.LSMOP7(least, n_obj, n_k)
        assert min(problem.sizes) == 1
        assert np.isfinite(problem.evaluate(np.full((1, least), 0.5))).all()
        with pytest.raises(ValueError, match=f"n_var must be at least {least} with n_obj = {n_obj} and n_k = {n_k}"):
            lsmop.LSMOP7(least - 1, n_obj, n_k)
    for key, value in (("n_var", 200.0), ("n_obj", "2"), ("n_k", 5.0)):
        with pytest.raises(TypeError, match=f"{key} must be an integer"):
            lsmop.LSMOP1(**{key: value})
    for key, value, low in (("n_var", 0, 1), ("n_obj", 1, 2), ("n_k", 0, 1)):
        with pytest.raises(ValueError, match=f"{key} must be at least {low}, got {value}"):
            lsmop.LSMOP1(**{key: value})
    with pytest.raises(TypeError, match="unexpected keyword"):
        lsmop.LSMOP1(nk=5)
    for cls in (lsmop.LSMOP1, lsmop.LSMOP7, lsmop.LSMOP9):
        for method in ("pareto_front", "pareto_set"):
            with pytest.raises(ValueError, match="n_points must be at least 1"):
                getattr(cls(), method)(n_points=0)


def test_copies_evaluate_alike(random_points):
    problem = lsmop.LSMOP7(40)
    X = random_points(problem, 5, seed=1)
    for twin in (copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        np.testing.assert_array_equal(twin.evaluate(X), problem.evaluate(X))
