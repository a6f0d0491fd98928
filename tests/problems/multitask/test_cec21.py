"""CEC21-MTMO-CPLX: which function, shift and rotation each task has, and where it differs from MToP on purpose."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial import cKDTree

from evogan.problems.multitask import cec21, cec21_mtmo_cplx
from evogan.problems.multitask._data import stored
from evogan.problems.multitask._shapes import CIRCLE, CONCAVE, CONVEX

TABLE = {
    1: (("f17", CIRCLE), ("f17", CONCAVE)),
    2: (("f19", CIRCLE), ("f19", CIRCLE)),
    3: (("f22", CIRCLE), ("f22", CONVEX)),
    4: (("f15", CONVEX), ("f15", CONVEX)),
    5: (("f4", CIRCLE), ("f4", CONCAVE)),
    6: (("f9", CIRCLE), ("f9", CIRCLE)),
    7: (("f8", CIRCLE), ("f8", CONVEX)),
    8: (("f18", CIRCLE), ("f20", CONCAVE)),
    9: (("f11", CIRCLE), ("f18", CONCAVE)),
    10: (("f15", CIRCLE), ("f17", CONCAVE)),
}


@pytest.mark.parametrize("number", TABLE)
def test_the_tasks_are_those_of_the_table(number):
    rng = np.random.default_rng(number)
    for t, (task, (name, shape)) in enumerate(zip(cec21_mtmo_cplx(number), TABLE[number], strict=True), start=1):
        assert task.name() == f"CEC21-MTMO-CPLX{number}-T{t} ({name.upper()})"
        assert (task.n_var, task.n_obj, task.shape) == (50, 2, shape)
        assert task.xl.tolist() == [0.0] + [-100.0] * 49 and task.xu.tolist() == [1.0] + [100.0] * 49
        shift = stored("cec21_mtmo_cplx", f"p{number:02d}_t{t}_shift")
        M = np.eye(49) if number == 7 else stored("cec21_mtmo_cplx", f"p{number:02d}_t{t}_rot")
        for x in task.xl + rng.random((5, 50)) * (task.xu - task.xl):
            q = 1.0 + getattr(cec21, name)(np.array([[row @ (x[1:] - shift) for row in M]]))[0]
            expected = {
                CIRCLE: [q * math.cos(0.5 * math.pi * x[0]), q * math.sin(0.5 * math.pi * x[0])],
                CONCAVE: [x[0], q - x[0] ** 2 / q],
                CONVEX: [x[0], q - math.sqrt(x[0] * q)],
            }[shape]
            assert task.evaluate(x).tolist() == pytest.approx(expected, rel=1e-9)


def test_the_tasks_of_a_problem_share_the_rotation_but_not_the_shift():
    for number in range(1, 11):
        first, second = (stored("cec21_mtmo_cplx", f"p{number:02d}_t{t}_rot") for t in (1, 2))
        assert np.array_equal(first, second)
        assert np.abs(first @ first.T - np.eye(49)).max() < 2e-7
        a, b = cec21_mtmo_cplx(number)
        assert not np.allclose(a.shift, b.shift)
        largest = 10 if number <= 3 else 50 if number <= 7 else 70
        assert 0.8 * largest < max(np.abs(a.shift).max(), np.abs(b.shift).max()) <= largest


def test_rounded_constants_of_schwefels_function_cost_at_most_seven_ten_thousandths():
    for number in range(1, 11):
        for task in cec21_mtmo_cplx(number):
            terms = {"F11": 49, "F17": 15, "F22": 10}.get(task.name().split("(")[1].rstrip(")"), 0)
            x = task._calc_pareto_set(2)[0]  # q is f2 there, on all three shapes
            assert task.evaluate(x)[1] - 1.0 == pytest.approx(1.27276e-5 * terms, rel=1e-4, abs=1e-12)


def test_the_second_fronts_of_problems_1_and_2_are_not_those_of_mtop():
    """Against MToP's fronts, an algorithm that found the true ones would stop at IGD 0.0702."""
    f1 = np.linspace(0.0, 1.0, 10_000)
    line = np.column_stack([f1, 1.0 - f1])
    circle = line / np.linalg.norm(line, axis=1, keepdims=True)
    for number, theirs in ((1, circle), (2, np.column_stack([f1, 1.0 - f1**2]))):
        task = cec21_mtmo_cplx(number)[1]
        attained = cKDTree(task.evaluate(task.pareto_set()))
        assert attained.query(theirs)[0].mean() == pytest.approx(0.0702, abs=5e-4)
        assert attained.query(task.pareto_front(n_points=10_000))[0].mean() < 6e-4


def test_solutions_on_both_sides_of_schwefels_fold_have_their_own_values():
    """MToP takes one branch for a whole batch: the first only if every solution is inside it."""
    task = cec21_mtmo_cplx(9)[0]
    inside, outside = task.pareto_set(n_points=2)[:1], np.full((1, 50), 0.5)
    outside[0, 1:] = 100.0
    both = task.evaluate(np.vstack([inside, outside]))
    assert np.array_equal(both, np.vstack([task.evaluate(inside), task.evaluate(outside)]))
    assert both[0].max() < 1.001 and both[1].max() > 1e3
