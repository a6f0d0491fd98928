"""UF1 to UF10 against a scalar transcription of the report, and their fronts and Pareto sets."""

from __future__ import annotations

import math

import moocore
import numpy as np
import pytest

from evogan.problems import uf
from evogan.problems.fronts import reference_front

PROBLEMS = [getattr(uf, f"UF{k}") for k in range(1, 11)]


def optimal(k, x, j, n):
    """The report's x_j on the Pareto set, j from 1."""
    if k == 3:
        return x[0] ** (0.5 * (1 + 3 * (j - 2) / (n - 2)))
    angle = 6 * math.pi * x[0] + j * math.pi / n
    if k == 2:
        radius = 0.3 * x[0] ** 2 * math.cos(24 * math.pi * x[0] + 4 * j * math.pi / n) + 0.6 * x[0]
        return radius * (math.cos(angle) if j % 2 == 1 else math.sin(angle))
    return 2 * x[1] * math.sin(2 * math.pi * x[0] + j * math.pi / n) if k >= 8 else math.sin(angle)


def penalty(k, y):
    """The term that one J adds; ``y`` maps its j to y_j."""
    if k in (3, 6):
        product = math.prod(math.cos(20 * v * math.pi / math.sqrt(j)) for j, v in y.items())
        return 2 / len(y) * (4 * sum(v * v for v in y.values()) - 2 * product + 2)
    h = {
        4: lambda t: abs(t) / (1 + math.exp(2 * abs(t))),
        5: lambda t: 2 * t * t - math.cos(4 * math.pi * t) + 1,
        10: lambda t: 4 * t * t - math.cos(8 * math.pi * t) + 1,
    }.get(k, lambda t: t * t)
    return 2 / len(y) * sum(h(v) for v in y.values())


def on_front(k, x):
    """The objectives where all y_j are 0."""
    x1 = x[0]
    if k in (8, 10):
        a, b = 0.5 * x1 * math.pi, 0.5 * x[1] * math.pi
        return [math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a)]
    if k == 9:
        bump = max(0, 1.1 * (1 - 4 * (2 * x1 - 1) ** 2))
        return [0.5 * (bump + 2 * x1) * x[1], 0.5 * (bump - 2 * x1 + 2) * x[1], 1 - x[1]]
    if k == 5:
        bump = (1 / 20 + 0.1) * abs(math.sin(20 * math.pi * x1))
        return [x1 + bump, 1 - x1 + bump]
    if k == 6:
        bump = max(0, 2 * (1 / 4 + 0.1) * math.sin(4 * math.pi * x1))
        return [x1 + bump, 1 - x1 + bump]
    if k == 7:
        return [x1**0.2, 1 - x1**0.2]
    return [x1, 1 - x1**2 if k == 4 else 1 - math.sqrt(x1)]


def scalar(k, x):
    n, f = len(x), on_front(k, x)
    M = len(f)
    for m in range(1, M + 1):
        # J_1: odd, J_2: even; with three objectives j - 1, j - 2 and j are multiples of 3
        J = [j for j in range(M, n + 1) if (j - m) % M == 0]
        f[m - 1] += penalty(k, {j: x[j - 1] - optimal(k, x, j, n) for j in J})
    return f


@pytest.mark.parametrize("k", range(1, 11))
@pytest.mark.parametrize("n_var", [3, 5, 6, 7, 30])
def test_values_are_those_of_the_report(k, n_var, random_points):
    problem = PROBLEMS[k - 1](max(n_var, 5) if k >= 8 else n_var)
    X = random_points(problem, 40, seed=100 * k + n_var)
    near = problem.pareto_set(n_points=40)[:20]
    near = np.clip(near + 0.01 * np.random.default_rng(k).standard_normal(near.shape), problem.xl, problem.xu)
    X = np.vstack([X, near])
    np.testing.assert_allclose(problem.evaluate(X), [scalar(k, x) for x in X.tolist()], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("k", "x", "f"),
    [
        # n = 4, x_1 = 1/4: optimal 0, sqrt(1/2), 1; J_1 = {3}, J_2 = {2, 4}
        (1, [0.25, 1.0, 0.0, 0.0], [0.25 + 2 * 0.5, 0.5 + 1 + 1]),
        # n = 4, x_1 = 1: radii 0.9, 0.3, 0.9, optimal 0.9 sin(pi/2), 0.3 cos(3 pi/4), 0; y = -0.9, 0.4, 0
        (2, [1.0, 0.0, 0.4 - 0.3 * math.sqrt(0.5), 0.0], [1.32, 0.81]),
        # n = 3, x_1 = 1/4: optimal 1/2, 1/16; y_2 = 1/20: cos(pi / sqrt 2)
        (3, [0.25, 0.55, 0.0625], [0.25, 0.5 + 2 * (4 / 400 - 2 * math.cos(math.pi / math.sqrt(2)) + 2)]),
        # n = 3, x_1 = 0: optimal sqrt(3)/2, 0; y_3 = -2
        (4, [0.0, math.sqrt(0.75), -2.0], [2 * 2 / (1 + math.exp(4)), 1.0]),
        # y_3 = 1/4
        (5, [0.0, math.sqrt(0.75), 0.25], [2 * (2 / 16 + 2), 1.0]),
        (7, [1 / 32, math.sin(6 * math.pi / 32 + 2 * math.pi / 3), math.sin(6 * math.pi / 32 + math.pi)], [0.5, 0.5]),
        # y = x for x_2 = 0
        (8, [0.0, 0.0, 0.5, 1.0, 2.0], [1 + 2.0, 8.0, 0.5]),
        # x_1 = 1/2: the bump is 1.1
        (9, [0.5, 1.0, *(2 * math.sin(math.pi + j * math.pi / 5) for j in (3, 4, 5))], [1.05, 1.05, 0.0]),
        (10, [0.0, 0.0, 0.125, 0.0, 0.0], [1.0, 0.0, 2 * (1 / 16 + 2)]),
    ],
)
def test_values_by_hand(k, x, f):
    np.testing.assert_allclose(PROBLEMS[k - 1](len(x)).evaluate(np.array(x)), f, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("k", range(1, 11))
@pytest.mark.parametrize("n_var", [5, 30])
def test_pareto_set_attains_the_front(k, n_var):
    problem = PROBLEMS[k - 1](n_var)
    X, front = problem.pareto_set(n_points=300), problem.pareto_front(n_points=300)
    np.testing.assert_array_equal(X, np.clip(X, problem.xl, problem.xu))
    F = problem.evaluate(X)
    np.testing.assert_allclose(F, front, atol=1e-12)
    assert moocore.is_nondominated(front).all()
    assert len(np.unique(front, axis=0)) == len(front) == (21 if k == 5 else len(F))
    assert abs(len(front) - 300) <= (279 if k == 5 else 30)
    curve = {4: 1 - front[:, 0] ** 2, 5: 1 - front[:, 0], 6: 1 - front[:, 0], 7: 1 - front[:, 0]}
    if k in (8, 10):
        np.testing.assert_allclose(np.linalg.norm(front, axis=1), 1.0, atol=1e-14)
    elif k == 9:
        np.testing.assert_allclose(front.sum(axis=1), 1.0, atol=1e-14)
    else:
        np.testing.assert_allclose(front[:, 1], curve.get(k, 1 - np.sqrt(front[:, 0])), atol=1e-15)
    dense = problem.pareto_front(n_points=5000, use_cache=False)
    assert moocore.igd(front, ref=dense) < (0.035 if k >= 8 else 0.004)
    np.testing.assert_array_equal(reference_front(problem, 300), front[np.lexsort(front.T[::-1])])


@pytest.mark.parametrize("k", [k for k in range(1, 11) if k != 9])
def test_fronts_run_from_end_to_end(k):
    front = PROBLEMS[k - 1]().pareto_front()
    np.testing.assert_allclose(front.min(axis=0), 0.0, atol=1e-16)
    np.testing.assert_array_equal(front.max(axis=0), 1.0)
    assert len(front) == (21 if k == 5 else 10_011 if k in (8, 10) else 10_000)


def test_front_of_uf5_is_its_21_points():
    expected = [[i / 20, 1 - i / 20] for i in range(21)]
    for n_points in (1, 100, 10_000):
        np.testing.assert_array_equal(uf.UF5().pareto_front(n_points=n_points, use_cache=False), expected)
    # a quarter of a step further both objectives are 0.15 sin(pi/4) higher than the line
    x = uf.UF5().pareto_set()[3]
    x[0] += 1 / 80
    x[1:] = np.sin(6 * np.pi * x[0] + np.arange(2, 31) * np.pi / 30)
    bump = 0.15 * math.sqrt(0.5)
    np.testing.assert_allclose(uf.UF5().evaluate(x), [0.1625 + bump, 0.8375 + bump], atol=1e-14)


def test_front_of_uf6_is_a_point_and_two_pieces():
    f1 = uf.UF6().pareto_front(n_points=1001)[:, 0]
    assert f1[0] == 0.0
    assert f1[1] == 0.25
    assert not ((f1 > 0) & (f1 < 0.25)).any()
    assert not ((f1 > 0.5) & (f1 < 0.75)).any()
    for low in (0.25, 0.75):
        piece = f1[(f1 >= low) & (f1 <= low + 0.25)]
        assert piece[[0, -1]].tolist() == [low, low + 0.25]
        assert len(piece) == 500
        np.testing.assert_allclose(np.diff(piece), 0.25 / 499, atol=1e-15)
    assert uf.UF6().pareto_front(n_points=1).shape == (3, 2)


def test_front_of_uf9_is_two_triangles():
    front = uf.UF9().pareto_front(n_points=2000)
    share = front[:, 0] / np.maximum(front[:, 0] + front[:, 1], 1e-300)
    below = front[:, 2] < 1
    assert (~below).sum() == 1  # the corner that the triangles share, once
    left, right = share[below] <= 0.25 + 1e-14, share[below] >= 0.75 - 1e-14
    assert (left ^ right).all()
    assert left.sum() == right.sum()
    for edge in (0.0, 0.25, 0.75, 1.0):  # every edge is part of it, and as dense as the lattice
        assert (np.abs(share[below] - edge) < 1e-14).sum() == 43
    assert front[below][left][:, 1].max() == front[below][right][:, 0].max() == 1.0


@pytest.mark.parametrize("k", [5, 6, 9])
def test_nothing_on_the_surface_of_the_disconnected_problems_beats_their_front(k):
    problem = PROBLEMS[k - 1](5)
    fine = np.linspace(0, 1, 4001)[:, None] if k < 9 else np.stack(np.meshgrid(*[np.linspace(0, 1, 81)] * 2), -1)
    P = fine.reshape(-1, problem.n_obj - 1)
    F = np.array([on_front(k, p) for p in P.tolist()])
    best = F[moocore.is_nondominated(np.round(F, 12), keep_weakly=True)]
    front = problem.pareto_front(n_points=20_000)
    distances = np.array([np.abs(front - f).sum(axis=1).min() for f in best[:: 1 if k < 9 else 3]])
    assert distances.max() < (1e-12 if k == 5 else 1e-3 if k == 6 else 0.02)  # the front misses nothing
    assert len(best) == (21 if k == 5 else 2003 if k == 6 else len(best))


def test_boxes_names_and_sizes_are_the_reports():
    for k, cls in enumerate(PROBLEMS, start=1):
        problem = cls()
        assert (problem.name(), problem.n_var, problem.n_obj) == (f"UF{k}", 30, 3 if k >= 8 else 2)
        unit = 2 if k >= 8 else 1
        low, high = {3: (0, 1), 4: (-2, 2)}.get(k, (-2, 2) if k >= 8 else (-1, 1))
        assert problem.xl.tolist() == [0] * unit + [low] * (30 - unit)
        assert problem.xu.tolist() == [1] * unit + [high] * (30 - unit)
