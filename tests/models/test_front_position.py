"""Objectives on a common scale, positions on the front, who is better there, and what is replayed: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.models import ObjectiveFrame
from evogan.models._front_position import ReplayWindow, chebyshev, chebyshev_each, check_objectives, preferences

NAN, INF = float("nan"), float("inf")
F = np.array([[1.0, 30.0], [3.0, 10.0], [2.0, 15.0]])


def rng(seed=1):
    return np.random.default_rng(seed)


def order(t):
    return np.argsort(t, axis=-1, kind="stable").tolist()


# The frame -------------------------------------------------------------------------------------------------


def test_the_frame_is_the_box_of_the_objectives():
    frame = ObjectiveFrame.of(F)
    assert frame.ideal.tolist() == [1.0, 10.0] and frame.span.tolist() == [2.0, 20.0]
    assert frame.scale(F).tolist() == [[0.0, 1.0], [1.0, 0.0], [0.5, 0.25]]
    assert frame.scale(np.array([[5.0, 0.0]])).tolist() == [[2.0, -0.5]]  # others may lie outside


def test_a_constant_objective_is_0_on_the_scale():
    frame = ObjectiveFrame.of(np.array([[1.0, 7.0], [2.0, 7.0]]))
    assert frame.scale(np.array([[2.0, 7.0], [1.0, 9.0]])).tolist() == [[1.0, 0.0], [0.0, 2.0]]


@pytest.mark.parametrize("size", [1e-300, 1e308])
def test_objectives_of_any_size_have_a_scale(size):
    G = size * np.array([[-1.0, 1.0], [1.0, -1.0], [0.0, 0.5]])
    frame = ObjectiveFrame.of(G)
    Y, C = frame.scale(G), frame.positions(G)
    assert np.isfinite(Y).all() and np.isfinite(C).all()
    assert (np.argsort(Y, axis=0) == np.argsort(G, axis=0)).all()


def test_what_is_very_far_stays_finite():
    frame = ObjectiveFrame.of(1e-200 * F)
    assert frame.scale(np.array([[1e200, -1e200]])).tolist() == [[1e9, -1e9]]


@pytest.mark.parametrize(("factor", "shift"), [(2.0**20, 0.0), (2.0**-20, 0.0), (1.0, 512.0), (0.25, -64.0)])
def test_units_of_objectives_do_not_matter(factor, shift):
    G = np.round(64 * rng().random((20, 3))) / 64
    frame, other = ObjectiveFrame.of(G), ObjectiveFrame.of(factor * (G + shift))
    assert np.array_equal(frame.positions(G), other.positions(factor * (G + shift)))


def test_positions_are_shares():
    C = ObjectiveFrame.of(F).positions(F)
    np.testing.assert_allclose(
        C, [[0.001 / 1.002, 1.001 / 1.002], [1.001 / 1.002, 0.001 / 1.002], [501 / 752, 251 / 752]]
    )
    C = ObjectiveFrame.of(F).positions(rng().normal(10, 20, (50, 2)))
    assert (C > 0).all()
    np.testing.assert_allclose(C.sum(axis=1), 1.0)


def test_the_ideal_point_has_the_middle_as_its_position():
    assert ObjectiveFrame.of(F).positions(np.array([[1.0, 10.0]])).tolist() == [[0.5, 0.5]]
    assert ObjectiveFrame.of(F).positions(np.array([[-9.0, -9.0]])).tolist() == [[0.5, 0.5]]


def test_one_objective_has_one_position():
    G = rng().random((9, 1))
    assert (ObjectiveFrame.of(G).positions(G) == 1.0).all()


# Chebyshev values ------------------------------------------------------------------------------------------


def test_chebyshev_by_hand():
    Y, C = np.array([[0.2, 0.6], [0.5, 0.1]]), np.array([[0.25, 0.75], [0.5, 0.5]])
    expected = [[0.8 + 0.02 * 1.6, 2.0 + 0.02 * (2 + 0.4 / 3)], [1.2 + 0.02 * 1.6, 1.0 + 0.02 * 1.2]]
    np.testing.assert_allclose(chebyshev(Y, C), expected)
    np.testing.assert_allclose(chebyshev_each(Y, C), np.diag(expected))


def test_weights_are_bounded_below():
    np.testing.assert_allclose(chebyshev(np.array([[0.3, 0.5]]), np.array([[0.0, 1.0]])), [[10 + 0.02 * 10.5]])


def test_a_dominated_solution_is_worse_everywhere():
    for seed in range(5):
        Y, C = rng(seed).random((30, 3)), rng(seed + 9).dirichlet(np.ones(3), 20)
        worse = Y.copy()
        worse[:, seed % 3] += 0.01  # weakly dominated: equal in the other two
        assert (chebyshev(worse, C) > chebyshev(Y, C)).all(), f"seed {seed}"


def test_the_best_of_a_front_at_a_position_stands_there():
    """On the simplex each point is the best at its own position."""
    Y = np.column_stack([np.linspace(0.1, 0.9, 17), np.linspace(0.9, 0.1, 17)])
    assert chebyshev(Y, Y).argmin(axis=1).tolist() == list(range(17))


# Who is better ---------------------------------------------------------------------------------------------


def test_infeasible_solutions_come_behind_by_violation():
    G, CV = np.array([[0.0], [1.0], [0.5], [0.0], [0.2]]), np.array([0.0, 0.0, 3.0, 4.0, 0.5])
    t = preferences(ObjectiveFrame.of(G), G, CV, np.ones((2, 1)))
    assert order(t) == [[0, 1, 4, 2, 3]] * 2


@pytest.mark.parametrize("violations", [[1.0, 1.0 + 2**-52, 1e300], [5e-324, 1e-300, 1e-299]])
def test_violations_of_any_size_are_told_apart(violations):
    G, CV = np.array([[0.0], [1.0], [0.0], [0.0], [0.0]]), np.array([0.0, 0.0, *violations])
    t = preferences(ObjectiveFrame.of(G), G, CV, np.ones((1, 1)))
    assert np.isfinite(t).all() and (np.diff(t[0]) > 0).all()


def test_equal_violations_are_ties():
    G, CV = rng().random((4, 2)), np.array([0.0, 2.0, 2.0, 1.0])
    t = preferences(ObjectiveFrame.of(G), G, CV, np.full((1, 2), 0.5))[0]
    assert t[1] == t[2] > t[3] > t[0]


@pytest.mark.parametrize("far", [1e20, 1e300])
def test_infeasible_solutions_stay_behind_one_that_is_very_far(far):
    """A sum with something huge would lose the differences."""
    G, CV = np.array([[0.0], [1.0], [far], [0.0], [0.0]]), np.array([0.0, 0.0, 0.0, 1.0, 2.0])
    t = preferences(ObjectiveFrame.of(G[:2]), G, CV, np.ones((1, 1)))
    assert np.isfinite(t).all() and (np.diff(t[0]) > 0).all()


def test_better_than_ideal_counts_as_ideal():
    t = preferences(ObjectiveFrame.of(F), np.array([[-5.0, -5.0], [1.0, 10.0]]), np.zeros(2), np.array([[0.3, 0.7]]))
    assert t.tolist() == [[0.0, 0.0]]


# Checks ----------------------------------------------------------------------------------------------------


def test_solutions_come_back_as_floats_and_without_violations_as_feasible():
    X, G, CV = check_objectives([[0, 1], [1, 0]], [[3], [4]], None)
    assert X.dtype == G.dtype == CV.dtype == np.float64
    assert CV.tolist() == [0.0, 0.0] and G.tolist() == [[3.0], [4.0]]


@pytest.mark.parametrize(
    ("X", "G", "CV", "message"),
    [
        ([0.5, 0.5], [[1.0]], None, r"X must have shape \(n, n_var\)"),
        ([[0.5], [1.5]], [[1.0], [1.0]], None, "X must lie in the unit box"),
        ([[0.5], [NAN]], [[1.0], [1.0]], None, "X must be finite, got 1 of 2"),
        ([[0.5], [0.1]], [1.0, 1.0], None, r"F must have shape \(2, n_obj\), a row for each solution, got \(2,\)"),
        ([[0.5], [0.1]], [[1.0]], None, r"F must have shape \(2, n_obj\), a row for each solution, got \(1, 1\)"),
        ([[0.5], [0.1]], [[], []], None, r"F must have shape \(2, n_obj\).* got \(2, 0\)"),
        ([[0.5], [0.1]], [[NAN], [INF]], None, "F must be finite, got 2 values of NaN or infinity"),
        ([[0.5], [0.1]], [[1.0], [1.0]], [0.0], r"CV must have shape \(2,\), a number for each solution, got \(1,\)"),
        ([[0.5], [0.1]], [[1.0], [1.0]], [[0.0], [0.0]], r"CV must have shape \(2,\).* got \(2, 1\)"),
        ([[0.5], [0.1]], [[1.0], [1.0]], [0.0, -INF], "CV must be finite, got 1 values"),
    ],
)
def test_what_does_not_belong_together_is_refused(X, G, CV, message):
    with pytest.raises(ValueError, match=message):
        check_objectives(X, G, CV)


# The window ------------------------------------------------------------------------------------------------


def batch(value, n=2, n_var=3, n_obj=2):
    return np.full((n, n_var), value), np.full((n, n_obj), value), np.full(n, value)


def remembered(window, n_var=3, n_obj=2):
    """Return the values behind a batch of -1."""
    X, G, CV = window.behind(*batch(-1.0, 1, n_var, n_obj))
    assert (X[:, 0] == CV).all() and (G[:, 0] == CV).all() and CV[0] == -1.0
    return CV[1:].tolist()


def test_the_newest_batches_are_replayed_behind_what_is_given():
    window = ReplayWindow(2)
    assert remembered(window) == []
    for value, expected in ((0.1, [0.1, 0.1]), (0.2, [0.1, 0.1, 0.2, 0.2]), (0.3, [0.2, 0.2, 0.3, 0.3])):
        window.add(*batch(value))
        assert remembered(window) == expected


def test_batches_may_have_different_lengths():
    window = ReplayWindow(2)
    window.add(*batch(0.1, n=3))
    window.add(*batch(0.2, n=1))
    assert remembered(window) == [0.1, 0.1, 0.1, 0.2]


def test_another_problem_is_forgotten():
    for shape in ((4, 2), (3, 1)):
        window = ReplayWindow(3)
        window.add(*batch(0.1))
        window.clear_unless((3, 2))
        assert remembered(window) == [0.1, 0.1]
        window.add(*batch(0.2, 1, *shape))
        assert remembered(window, *shape) == [0.2]
        window.clear_unless((3, 2))
        assert remembered(window) == []


def test_what_is_remembered_is_a_copy():
    window, given = ReplayWindow(3), batch(0.1)
    window.add(*given)
    for array in given:
        array[:] = 0.9
    assert remembered(window) == [0.1, 0.1]


def test_the_feasible_alone_make_the_frame_unless_there_is_only_one():
    F = np.array([[0.0, 2.0], [1.0, 1.0], [-9.0, 9.0]])
    assert ObjectiveFrame.of_feasible(F, np.array([0.0, 0.0, 1.0])).ideal.tolist() == [0.0, 1.0]
    assert ObjectiveFrame.of_feasible(F, np.array([0.0, 1.0, 1.0])).ideal.tolist() == [-9.0, 1.0]
