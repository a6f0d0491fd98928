"""CEC17-MTMO against its published table, and its shifted twins."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evogan.problems.multitask import cec17_mtmo, cec17_mtmo_shifted
from evogan.problems.multitask._data import stored
from evogan.problems.multitask._shapes import CIRCLE, CONCAVE, CONCAVE_MEAN, CONVEX, OCTANT

# problem, task: D, M, position variables, bound, front, optimal distance variables in the unit box (lowest, highest)
TABLE = {
    (1, 1): (50, 2, 1, 100, CIRCLE, 0.5, 0.5),
    (1, 2): (50, 2, 1, 100, CONCAVE, 0.5, 0.5),
    (2, 1): (10, 2, 1, 5, CONCAVE, 0.6, 0.6),
    (2, 2): (10, 2, 1, 5, CIRCLE, 0.6, 0.6),
    (3, 1): (50, 2, 1, 2, CIRCLE, 0.5, 0.5),
    (3, 2): (50, 2, 1, 1, CONVEX, 0.5, 0.5),
    (4, 1): (50, 2, 1, 100, CONVEX, 0.5, 0.5),
    (4, 2): (50, 2, 1, 100, CONVEX, 0.5, 0.5005),
    (5, 1): (50, 2, 1, None, CIRCLE, 0.0, 0.2),
    (5, 2): (50, 2, 1, None, CONCAVE, 0.0, 0.0),
    (6, 1): (50, 2, 1, 50, CIRCLE, 0.5, 0.5),
    (6, 2): (50, 2, 1, 100, CIRCLE, 0.5, 0.6),
    (7, 1): (50, 2, 1, 80, CIRCLE, 0.50625, 0.50625),
    (7, 2): (50, 2, 1, 80, CONVEX, 0.5, 0.5),
    (8, 1): (20, 3, 2, 20, OCTANT, 0.525, 0.525),
    (8, 2): (20, 2, 2, 20, CONCAVE_MEAN, 0.5, 0.5),
    (9, 1): (25, 3, 2, 50, OCTANT, 0.7, 0.7),
    (9, 2): (50, 2, 2, 100, CONCAVE_MEAN, 0.5, 0.5),
}
NAMES = ["CI_HS", "CI_MS", "CI_LS", "PI_HS", "PI_MS", "PI_LS", "NI_HS", "NI_MS", "NI_LS"]


def unit_optimum(task):
    k = task.shape.n_position
    X = task._calc_pareto_set(1)
    return ((X - task.xl) / (task.xu - task.xl))[0, k:]


@pytest.mark.parametrize(("number", "t"), TABLE)
def test_the_tasks_are_those_of_the_table(number, t):
    task = cec17_mtmo(number)[t - 1]
    D, M, k, bound, shape, lowest, highest = TABLE[number, t]
    assert (task.n_var, task.n_obj, task.shape) == (D, M, shape)
    assert task.name() == f"CEC17-MTMO{number}-T{t} ({NAMES[number - 1]})"
    low, high = (0, 1) if bound is None else (-bound, bound)
    assert task.xl.tolist() == [0] * k + [low] * (D - k) and task.xu.tolist() == [1] * k + [high] * (D - k)
    u = unit_optimum(task)
    assert (u.min(), u.max()) == pytest.approx((lowest, highest))


@pytest.mark.parametrize(
    ("number", "t", "distance", "q"),
    [
        (1, 1, [1.0] * 49, 50.0),
        (1, 2, [1.0] * 49, 10.0),
        (2, 1, [0.0] * 9, 801.0),  # the factor 100 on both terms
        (3, 1, [0.5] * 49, 1 + 49 * 20.25),
        (3, 2, [1.0] * 49, 21 - 20 * math.exp(-0.2)),
        (4, 1, [2.0] * 49, 197.0),
        (4, 2, [1.0] * 39 + [1.1] * 10, 50.0),
        (5, 2, [0.0] * 49, 1.0),
        (6, 1, [0.0] * 48 + [7 * math.pi], 3 + 49 * math.pi**2 / 4000),  # cos(7 pi / sqrt 49) = -1
        (6, 2, [1.0] * 24 + [21.0] * 25, 21 - 20 * math.exp(-0.2)),
        (7, 1, [0.0] * 49, 49.0),  # the factor 100 on one term
        (7, 2, [-1.0] * 49, 50.0),
        (8, 1, [0.0] * 18, 18.0),
        (9, 1, [20 + math.pi] + [20.0] * 22, 3 + math.pi**2 / 4000),
        (9, 2, [1.0] * 48, 21 - 20 * math.exp(-0.2)),
    ],
)
def test_values_worked_by_hand(number, t, distance, q):
    task = cec17_mtmo(number)[t - 1]
    F = task.evaluate(np.array([[0.4, 0.3][: task.shape.n_position] + distance]))[0]
    a, b = 0.2 * math.pi, 0.15 * math.pi
    expected = {
        CIRCLE: [q * math.cos(a), q * math.sin(a)],
        CONCAVE: [0.4, q - 0.16 / q],
        CONVEX: [0.4, q - math.sqrt(0.4 * q)],
        OCTANT: [q * math.cos(a) * math.cos(b), q * math.cos(a) * math.sin(b), q * math.sin(a)],
        CONCAVE_MEAN: [0.35, q - 0.35**2 / q],
    }[task.shape]
    assert F.tolist() == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("number", "t", "M", "s", "g"),
    [
        (2, 2, "Mcm2", 1.0, lambda z: 9 * np.abs(z).mean()),
        (5, 1, "Mpm1", [0.0] * 24 + [0.2] * 25, lambda z: (z**2).sum()),
        (5, 2, "Mpm2", 0.0, lambda z: (z**2 - 10 * np.cos(2 * np.pi * z) + 10).sum()),
        (8, 2, "Mnm2", 0.0, lambda z: (z**2).sum()),
    ],
)
def test_matrices_multiply_from_the_left_after_the_shift(number, t, M, s, g):
    task = cec17_mtmo(number)[t - 1]
    M = stored("cec17_mtmo", M)
    assert not np.allclose(M, M.T)
    assert np.linalg.cond(M) > 5  # they are no rotations
    k = task.shape.n_position
    for x in task.xl + np.random.default_rng(number).random((5, task.n_var)) * (task.xu - task.xl):
        q = 1 + g(np.array([row @ (x[k:] - s) for row in M]))
        F = task.evaluate(x)
        if task.shape is CIRCLE:
            assert np.hypot(*F) == pytest.approx(q, rel=1e-12)
        else:
            f1 = x[:k].mean()
            assert F.tolist() == pytest.approx([f1, q - f1**2 / q], rel=1e-12)


def test_stored_numbers_cannot_be_changed():
    task = cec17_mtmo(5)[0]
    with pytest.raises(ValueError, match="read-only"):
        task.matrix.array()[0, 0] = 0.0
    task.shift[:] = 7.0  # a copy
    assert cec17_mtmo(5)[0].shift.max() == 0.2


ALL = [(number, seed) for number in range(1, 10) for seed in range(5)]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(("number", "seed"), ALL)
def test_optima_of_twins_lie_away_from_centre_and_faces(number, seed, own):
    for task in cec17_mtmo_shifted(number, seed=seed, own=own):
        u = unit_optimum(task)
        inside = ((u >= 0.1 - 1e-9) & (u <= 0.4 + 1e-9)) | ((u >= 0.6 - 1e-9) & (u <= 0.9 + 1e-9))
        assert inside.all()
        assert 0 < (u < 0.5).sum() < len(u)  # both sides occur


@pytest.mark.parametrize(("number", "seed"), ALL)
def test_twins_keep_the_differences_between_the_tasks(number, seed):
    base, twins = cec17_mtmo(number), cec17_mtmo_shifted(number, seed=seed)

    def differences(tasks):
        first, second = map(unit_optimum, tasks)
        n = min(len(first), len(second))
        return first[:n] - second[:n]

    np.testing.assert_allclose(differences(twins), differences(base), rtol=0, atol=1e-12)
    own = cec17_mtmo_shifted(number, seed=seed, own=True)
    assert np.abs(differences(own) - differences(base)).mean() > 0.05


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("number", range(1, 10))
def test_twins_are_translations_with_the_same_front_and_bounds(number, own):
    rng = np.random.default_rng(number)
    for base, twin in zip(cec17_mtmo(number), cec17_mtmo_shifted(number, seed=3, own=own), strict=True):
        k = base.shape.n_position
        assert np.array_equal(twin.xl, base.xl) and np.array_equal(twin.xu, base.xu)
        assert np.array_equal(twin._calc_pareto_front(50), base._calc_pareto_front(50))
        X = base.xl + rng.random((30, base.n_var)) * (base.xu - base.xl)
        delta = (unit_optimum(twin) - unit_optimum(base)) * (base.xu - base.xl)[k:]
        moved = X + np.concatenate([np.zeros(k), delta])
        np.testing.assert_allclose(twin.evaluate(moved), base.evaluate(X), rtol=1e-9, atol=1e-9)
        assert np.abs(twin.evaluate(X) - base.evaluate(X)).max() > 0.1


def test_the_seed_and_the_number_decide():
    def optima(*args, **kwargs):
        return np.concatenate([unit_optimum(task) for task in cec17_mtmo_shifted(*args, **kwargs)])

    assert np.array_equal(optima(1, seed=4), optima(1, seed=4))
    assert not np.allclose(optima(1, seed=4), optima(1, seed=5))
    assert not np.allclose(optima(1, seed=0), optima(4, seed=0), atol=0.01)
    assert np.array_equal(optima(1), optima(1, seed=0, own=False))


def test_sides_and_deltas_are_drawn_over_their_whole_range():
    u = np.concatenate([unit_optimum(cec17_mtmo_shifted(1, seed=seed)[0]) for seed in range(200)])
    counts = np.histogram(np.where(u < 0.5, u - 0.1, u - 0.6), bins=6, range=(0.0, 0.3))[0]
    assert abs((u < 0.5).mean() - 0.5) < 0.02
    assert counts.min() > 0.9 * counts.mean()


def test_names_of_twins_tell_how_they_were_made():
    assert cec17_mtmo_shifted(1)[0].name() == "shifted-CEC17-MTMO1-T1 (CI_HS)"
    assert cec17_mtmo_shifted(9, seed=2, own=True)[1].name() == "shifted-CEC17-MTMO9-T2 (NI_LS, seed 2, own)"


def test_bad_arguments_of_twins_are_refused():
    with pytest.raises(ValueError, match="seed must be at least 0"):
        cec17_mtmo_shifted(1, seed=-1)
    with pytest.raises(TypeError, match="seed must be an integer"):
        cec17_mtmo_shifted(1, seed="0")
    with pytest.raises(TypeError, match="own must be True or False"):
        cec17_mtmo_shifted(1, own="no")
