"""CEC19-MTMO-CPLX against a transcription of LZ09's definitions, one variable at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evogan.problems.multitask import cec19_mtmo_cplx

# problem: function, D, bounds, variables in [0, 1], of both tasks
TABLE = {
    1: ((1, 10, -100, 100, 1), (2, 10, -100, 100, 1)),
    2: ((1, 10, -5, 5, 1), (7, 10, -5, 5, 1)),
    3: ((2, 30, -2, 2, 1), (4, 30, -1, 1, 1)),
    4: ((2, 30, -100, 100, 1), (9, 30, -100, 100, 1)),
    5: ((3, 30, 0, 1, 1), (6, 10, 0, 1, 2)),
    6: ((3, 30, -50, 50, 1), (9, 30, -100, 100, 1)),
    7: ((4, 30, -80, 80, 1), (5, 30, -80, 80, 1)),
    8: ((5, 30, -20, 20, 2), (7, 10, -20, 20, 2)),
    9: ((6, 10, -50, 50, 2), (9, 30, -100, 100, 2)),
    10: ((7, 10, 0, 1, 1), (8, 10, -10, 10, 1)),
}
CASES = [(number, t) for number in TABLE for t in (1, 2)]


def optimal_y(F, D, x, j):
    """What the paper's y_j should be; j from 1."""
    x1, theta = x[0], 6 * math.pi * x[0] + j * math.pi / D
    odd = j % 2 == 1
    if F in (1, 7, 8):
        return x1 ** (0.5 * (1.0 + 3 * (j - 2) / (D - 2)))
    if F in (2, 9):
        return math.sin(theta)
    if F == 3:
        return 0.8 * x1 * (math.cos(theta) if odd else math.sin(theta))
    if F == 4:
        return 0.8 * x1 * (math.cos(theta / 3) if odd else math.sin(theta))
    if F == 5:
        return 0.3 * x1 * (x1 * math.cos(4 * theta) + 2) * (math.cos(theta) if odd else math.sin(theta))
    return 2 * x[1] * math.sin(2 * math.pi * x1 + j * math.pi / D)


def scalar(F, x):
    D = len(x)
    zoom = 4 if F == 6 else 2
    b = {j: zoom * (x[j - 1] - 0.5) - optimal_y(F, D, x, j) for j in range(3 if F == 6 else 2, D + 1)}

    def beta(group):
        values = [b[j] for j in group]
        squares = sum(v * v for v in values)
        if F == 7:
            squares = sum(4 * v * v - math.cos(4 * math.pi * v) + 1 for v in values)
        if F == 8:
            product = math.prod(math.cos(20 * math.pi * v / math.sqrt(i)) for i, v in enumerate(values, start=1))
            squares = 4 * squares - 2 * product + 2
        return 2 / len(values) * squares

    if F == 6:
        a, c = 0.5 * math.pi * x[0], 0.5 * math.pi * x[1]
        shape = [math.cos(a) * math.cos(c), math.cos(a) * math.sin(c), math.sin(a)]
        groups = [range(4, D + 1, 3), range(5, D + 1, 3), range(3, D + 1, 3)]
        return [f + beta(group) for f, group in zip(shape, groups, strict=True)]
    f2 = 1 - x[0] ** 2 if F == 9 else 1 - math.sqrt(x[0])
    return [x[0] + beta(range(2, D + 1, 2)), f2 + beta(range(3, D + 1, 2))]


@pytest.mark.parametrize(("number", "t"), CASES)
def test_every_task_is_its_definition(number, t):
    task = cec19_mtmo_cplx(number)[t - 1]
    F, D, low, high, n_unit = TABLE[number][t - 1]
    assert task.name() == f"CEC19-MTMO-CPLX{number}-T{t} (F{F})"
    assert (task.n_var, task.n_obj) == (D, 3 if F == 6 else 2)
    assert task.xl.tolist() == [0] * n_unit + [low] * (D - n_unit)
    assert task.xu.tolist() == [1] * n_unit + [high] * (D - n_unit)
    X = task.xl + np.random.default_rng(number).random((20, D)) * (task.xu - task.xl)
    near = task.pareto_set(n_points=20)
    near = np.clip(near + 1e-3 * np.random.default_rng(1).standard_normal(near.shape), task.xl, task.xu)
    for points in (X, near):
        np.testing.assert_allclose(
            task.evaluate(points), [scalar(F, x) for x in points.tolist()], rtol=1e-11, atol=1e-12
        )


def test_even_variables_push_the_first_objective_and_odd_ones_the_second():
    for task in (cec19_mtmo_cplx(3)[0], cec19_mtmo_cplx(10)[1]):
        x = task.pareto_set(n_points=3)[1]
        front = task.evaluate(x)
        for j, moved in ((2, 0), (3, 1)):
            y = x.copy()
            y[j - 1] += 0.05
            change = task.evaluate(y) - front
            assert change[moved] > 1e-4
            assert abs(change[1 - moved]) < 1e-15


@pytest.mark.parametrize(
    ("number", "t", "j", "step", "rise"),
    [
        (1, 1, 3, 0.5, 0.5),  # F1: b = 1, 2/|J| = 2/4
        (2, 2, 3, 0.125, 0.5 * (4 / 16 + 2)),  # F7: b = 1/4, cos 4 pi b = -1
        (10, 2, 3, 0.05, 0.5 * (4 / 100 + 0)),  # F8: b = 1/10, cos 20 pi b = 1
        (10, 2, 3, 0.025, 0.5 * (4 / 400 + 4)),  # F8: b = 1/20, cos 20 pi b = -1
        (3, 1, 2, 0.5, 2 / 15),  # F2: b = 1, |J| = 15
    ],
)
def test_a_step_from_the_optimum_costs_what_it_should(number, t, j, step, rise):
    task = cec19_mtmo_cplx(number)[t - 1]
    x = task.pareto_set(n_points=5)[2]
    y = x.copy()
    y[j - 1] += step
    assert (task.evaluate(y) - task.evaluate(x))[j % 2].item() == pytest.approx(rise, rel=1e-10)


def test_f8_multiplies_the_waves_of_a_solution_by_position_in_its_group():
    task = cec19_mtmo_cplx(10)[1]
    x = task.pareto_set(n_points=5)[2]
    y = x.copy()
    y[4] += 0.05 * math.sqrt(2) / 2  # second of the odd variables: 20 pi b / sqrt 2 = pi
    b = 0.05 * math.sqrt(2)
    assert (task.evaluate(y) - task.evaluate(x))[1].item() == pytest.approx(0.5 * (4 * b * b + 4), rel=1e-10)


def test_the_sets_of_five_problems_lie_in_the_centre_of_the_unit_box():
    for number in (1, 4, 6, 7, 9):
        for task in cec19_mtmo_cplx(number):
            k = 2 if number == 9 else 1
            u = ((task._calc_pareto_set(100) - task.xl) / (task.xu - task.xl))[:, k:]
            assert np.abs(u - 0.5).max() < 0.016
