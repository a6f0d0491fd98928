"""CEC19-MaTMO and WCCI20-MaTMO: functions, bounds, shifts and rotations by number and task."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evogan.problems.multitask import _functions as functions
from evogan.problems.multitask import cec19_matmo, wcci20_matmo
from evogan.problems.multitask._data import stored
from evogan.problems.multitask._shapes import CIRCLE, CONCAVE, CONVEX

# g, bound, D, front, largest shift, rotated
CEC19 = {
    1: ("sphere", 100, 50, CIRCLE, 20, True),
    2: ("mean", 100, 50, CONCAVE, 25, False),
    3: ("rosenbrock", 5, 10, CONCAVE, 1, False),
    4: ("rastrigin", 2, 50, CIRCLE, 0.12, False),
    5: ("ackley", 1, 50, CONVEX, 0.18, False),
    6: ("griewank", 50, 50, CIRCLE, 11, True),
}
# front, then g and bound of the tasks in turn
WCCI20 = {
    1: (CIRCLE, "sphere 100"),
    2: (CIRCLE, "rastrigin 50"),
    3: (CIRCLE, "griewank 100"),
    4: (CONCAVE, "sphere 100, rosenbrock 50, ackley 50"),
    5: (CONCAVE, "rastrigin 50, griewank 100, weierstrass 0.5"),
    6: (CONCAVE, "rosenbrock 50, griewank 100, weierstrass 0.5"),
    7: (CONCAVE, "sphere 100, ackley 50, rastrigin 100"),
    8: (CONVEX, "sphere 100, rosenbrock 50, ackley 50, rastrigin 50, weierstrass 0.5"),
    9: (CONVEX, "rosenbrock 50, ackley 50, rastrigin 50, griewank 100, weierstrass 0.5"),
    10: (CONVEX, "sphere 100, rosenbrock 50, ackley 50, rastrigin 50, griewank 100, weierstrass 0.5"),
}


def check(task, name, shape, D, g, bound, shift, M):
    assert task.name() == name
    assert (task.n_var, task.n_obj, task.shape) == (D, 2, shape)
    assert task.xl.tolist() == [0] + [-bound] * (D - 1) and task.xu.tolist() == [1] + [bound] * (D - 1)
    X = task.xl + np.random.default_rng(len(name)).random((4, D)) * (task.xu - task.xl)
    for x in np.vstack([X, 0.02 * (X - task.xl) + task._calc_pareto_set(1)]):
        z = np.array([row @ (x[1:] - shift) for row in M])
        q = 1.0 + getattr(functions, g)(np.minimum(np.maximum(z, -bound), bound)[None])[0]
        expected = {
            CIRCLE: [q * math.cos(0.5 * math.pi * x[0]), q * math.sin(0.5 * math.pi * x[0])],
            CONCAVE: [x[0], q - x[0] ** 2 / q],
            CONVEX: [x[0], q - math.sqrt(x[0] * q)],
        }[shape]
        assert task.evaluate(x).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("number", CEC19)
def test_cec19_tasks_differ_by_shift_and_some_by_rotation(number):
    g, bound, D, shape, largest, rotated = CEC19[number]
    shifts, M = stored("cec19_matmo", f"p{number}_shift"), stored("cec19_matmo", f"p{number}_rot")
    assert 0.99 * largest < np.abs(shifts).max() <= largest
    if rotated:
        assert M.shape == (50, 49, 49) and not np.allclose(M[0], M[1])
    else:
        assert np.array_equal(M, np.eye(D - 1))
    for t, task in enumerate(cec19_matmo(number), start=1):
        name = f"CEC19-MaTMO{number}-T{t:02d} ({g})"
        check(task, name, shape, D, g, bound, shifts[t - 1], M[t - 1] if rotated else M)


@pytest.mark.parametrize("number", WCCI20)
def test_wcci20_tasks_take_their_functions_in_turn_and_share_a_rotation(number):
    shape, listed = WCCI20[number]
    turns = [entry.split() for entry in listed.split(", ")]
    shifts, M = stored("wcci20_matmo", f"p{number:02d}_shift"), stored("wcci20_matmo", f"p{number:02d}_rot")
    assert len(np.unique(shifts, axis=0)) == 50
    for t, task in enumerate(wcci20_matmo(number), start=1):
        g, bound = turns[(t - 1) % len(turns)]
        name = f"WCCI20-MaTMO{number}-T{t:02d} ({g})"
        check(task, name, shape, 50, g, float(bound), shifts[t - 1], M)


def test_rotated_coordinates_are_clipped_to_the_bounds():
    task = cec19_matmo(1, n_tasks=1)[0]
    M, shift = task.matrix.array(), task.shift
    z = np.zeros(49)
    z[0] = 150.0
    x = np.concatenate([[0.0], shift + np.linalg.solve(M, z)])
    assert np.abs(x).max() < 100
    assert task.evaluate(x)[0] == pytest.approx(1 + 100.0**2)


def test_rosenbrocks_optimum_is_rotated_back():
    task = wcci20_matmo(4, n_tasks=2)[1]
    x = task._calc_pareto_set(1)[0]
    np.testing.assert_allclose(task.matrix.array() @ (x[1:] - task.shift), 1.0, rtol=1e-12)
    shift_alone = np.concatenate([x[:1], task.shift])
    assert task.evaluate(shift_alone)[1] == pytest.approx(1 + 48)
