"""The two problems of MO-MFEA's paper, and the front of the constrained task."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial import cKDTree

from evogan.problems.multitask import mtmo_instance
from evogan.problems.multitask._data import stored

C, S = math.cos(0.05 * math.pi), math.sin(0.05 * math.pi)


def constraint(f1, f2):
    """CTP's constraint with theta = -0.05 pi, a = 40, b = 5, c = 1, d = 6, e = 0; at most 0 if satisfied."""
    return 40 * abs(math.sin(5 * math.pi * (C * f1 - S * f2))) ** 6 - (C * f2 + S * f1)


@pytest.mark.parametrize(
    ("number", "t", "name", "bound"),
    [(1, 1, "ZDT4-R", 5), (1, 2, "ZDT4-G", 512), (2, 1, "ZDT4-RC", 5), (2, 2, "ZDT4-A", 32)],
)
def test_names_and_bounds(number, t, name, bound):
    task = mtmo_instance(number)[t - 1]
    assert task.name() == f"MTMO-Instance{number}-T{t} ({name})"
    assert task.xl.tolist() == [0] + [-bound] * 9 and task.xu.tolist() == [1] + [bound] * 9
    assert task.n_ieq_constr == (name == "ZDT4-RC")


def test_values_worked_by_hand():
    rastrigin, griewank = mtmo_instance(1)
    constrained, ackley = mtmo_instance(2)
    x = np.array([0.25] + [0.25] * 9)  # 4 pi / 4 = pi: q = 1 + 9 (1/16 + 20)
    q = 1 + 9 * (1 / 16 + 20)
    assert rastrigin.evaluate(x).tolist() == pytest.approx([0.25, q - math.sqrt(0.25 * q)])
    F, G = constrained.evaluate(x)
    assert F.tolist() == pytest.approx([0.25, q - math.sqrt(0.25 * q)])
    assert G.tolist() == pytest.approx([constraint(*F)])
    M = stored("mtmo_instance", "M")
    x = np.concatenate([[0.25], np.linalg.solve(M, np.ones(9))])
    q = 21 - 20 * math.exp(-0.2)
    assert ackley.evaluate(x).tolist() == pytest.approx([0.25, q - math.sqrt(0.25 * q)])
    x = np.array([0.25] + [0.0] * 7 + [3 * math.pi, 0.0])  # the ninth variable: cos(3 pi / sqrt 9) = -1
    q = 3 + 9 * math.pi**2 / 4000
    assert griewank.evaluate(x).tolist() == pytest.approx([0.25, q - math.sqrt(0.25 * q)])


def test_griewanks_waves_are_not_rotated():
    task = mtmo_instance(1)[1]
    M = stored("mtmo_instance", "M")
    assert np.abs(M @ M.T - np.eye(9)).max() < 1e-12
    for x in np.random.default_rng(0).uniform(-512, 512, (5, 9)):
        q = 2 + (x**2).sum() / 4000 - math.prod(math.cos(v / math.sqrt(i)) for i, v in enumerate(x, start=2))
        assert task.evaluate(np.concatenate([[0.0], x]))[1] == pytest.approx(q, rel=1e-12)


def test_the_constraint_is_that_of_the_paper():
    task = mtmo_instance(2)[0]
    near = task.pareto_set(n_points=200) + 0.02 * np.random.default_rng(1).standard_normal((200, 10))
    F, G = task.evaluate(np.clip(near, task.xl, task.xu))
    np.testing.assert_allclose(G[:, 0], [constraint(*f) for f in F], rtol=1e-9, atol=1e-11)
    assert 20 < (G > 0).sum() < 180


def test_every_point_of_the_constrained_front_is_feasible():
    task = mtmo_instance(2)[0]
    F, G = task.evaluate(task.pareto_set())
    assert len(F) == 10_000
    assert G.max() <= 0
    assert np.abs(F - task._calc_pareto_front()).max() < 1e-12


def test_the_constrained_front_is_six_pieces_and_a_point():
    F = mtmo_instance(2)[0]._calc_pareto_front(2_000)
    pieces = np.split(F, np.flatnonzero(np.linalg.norm(np.diff(F, axis=0), axis=1) > 0.01) + 1)
    assert len(pieces) == 7 and len(pieces[0]) == 1
    assert pieces[0][0].tolist() == pytest.approx([0.0, 1.04462], abs=1e-5)
    assert F[-1].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(F[1:, 1], 1 - np.sqrt(F[1:, 0]), atol=1e-15)
    for piece in pieces[1:]:  # they end where the constraint begins
        first = constraint(*piece[0])
        assert -1e-9 < first <= 0 and (constraint(*piece[-1]) > -1e-9 or piece is pieces[-1])


def test_no_feasible_point_dominates_the_constrained_front():
    """A grid over all that ZDT4 attains near its front."""
    F = mtmo_instance(2)[0]._calc_pareto_front()
    f1, f2 = (a.ravel() for a in np.meshgrid(np.linspace(0, 1, 1_001), np.linspace(0, 1.2, 1_201)))
    attained = f2 >= 1 - np.sqrt(f1)
    u, v = C * f1 - S * f2, C * f2 + S * f1
    A = np.column_stack([f1, f2])[attained & (v >= 40 * np.abs(np.sin(5 * np.pi * u)) ** 6)]
    after = np.minimum(np.searchsorted(F[:, 0], A[:, 0]), len(F) - 1)  # the first front point with f1 as large
    assert not ((F[after, 0] >= A[:, 0]) & (F[after, 1] > A[:, 1] + 1e-12)).any()
    before = np.searchsorted(F[:, 0], A[:, 0], side="right") - 1  # and every feasible point has one below it
    assert (before >= 0).all() and (F[before, 1] <= A[:, 1] + 2e-4).all()


def test_the_unconstrained_front_would_set_a_floor():
    f1 = np.linspace(0, 1, 10_000)
    unconstrained = np.column_stack([f1, 1 - np.sqrt(f1)])
    F = mtmo_instance(2)[0]._calc_pareto_front()
    assert cKDTree(F).query(unconstrained)[0].mean() == pytest.approx(0.032, abs=1e-3)
