"""Whether a child beats its parent at the parent's place on the front."""

import numpy as np
import pytest

from evogan.algorithms._preference import Preferences
from evogan.multitask import TaskPopulation


def values(F, CV=None):
    """Return a population with given objectives; its genes do not matter."""
    F = np.array(F, dtype=float)
    none = np.zeros((len(F), 0))
    return TaskPopulation(np.zeros((len(F), 1)), F, np.zeros(len(F)) if CV is None else np.array(CV), none, none)


def better(parents, children, rows):
    return Preferences.of(parents).better(children, parents, np.array(rows)).tolist()


def test_ranges_and_weights_are_those_worked_by_hand():
    preferences = Preferences.of(values([[2.0, 10.0], [4.0, 30.0], [3.0, 40.0]]))
    assert preferences.ideal.tolist() == [2.0, 10.0]
    assert preferences.span.tolist() == [2.0, 30.0]
    # scaled objectives plus 0.001, by their sum, at least 0.03
    y = np.array([[0.001, 0.001], [1.001, 2 / 3 + 0.001], [0.501, 1.001]])
    assert preferences.weights == pytest.approx(y / y.sum(axis=1, keepdims=True))
    assert Preferences.of(values([[0.0, 1.0], [1.0, 0.0]])).weights == pytest.approx(
        np.array([[0.03, 1.001 / 1.002], [1.001 / 1.002, 0.03]])
    )


def test_the_function_is_the_one_worked_by_hand():
    preferences = Preferences.of(values([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]))
    assert preferences._value(np.array([[0.4, 0.6]]), np.array([2])) == pytest.approx([1.2 + 0.02 * 2.0])
    weights = np.array([0.03, 1.001 / 1.002])
    ratios = np.array([0.3, 0.5]) / weights
    assert preferences._value(np.array([[0.3, 0.5]]), np.array([0])) == pytest.approx([10.0 + 0.02 * ratios.sum()])


FRONT = values([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("child", "row", "expected"),
    [
        ([0.4, 0.4], 2, True),
        ([0.6, 0.6], 2, False),
        ([0.5, 0.5], 2, False),  # no worse is no better
        ([0.5, 0.4], 2, True),  # weakly dominating: the augmentation tells
        ([0.4, 0.6], 2, False),  # beside, by the largest ratio
        ([0.0, 0.9], 0, True),
        ([0.02, 0.5], 0, True),  # of little weight: it may get a little worse
        ([0.1, 0.5], 0, False),
        ([0.0, 0.9], 1, False),  # another's place
    ],
)
def test_a_child_is_compared_along_its_parents_ray(child, row, expected):
    assert better(FRONT, values([child]), [row]) == [expected]


def test_the_scale_of_the_objectives_does_not_matter():
    rng = np.random.default_rng(1)
    F, C, rows = rng.random((40, 3)), rng.random((60, 3)), rng.integers(40, size=60)
    plain = better(values(F), values(C), rows)
    assert plain == better(values(F * [4, 1024, 0.25]), values(C * [4, 1024, 0.25]), rows)
    assert plain == better(values(F + [5.0, -2.0, 0.0]), values(C + [5.0, -2.0, 0.0]), rows)
    assert 0 < sum(plain) < 60


def test_a_dominating_child_is_better_and_a_dominated_one_never():
    rng = np.random.default_rng(2)
    F = rng.random((50, 2))
    step = rng.random((50, 2)) * (rng.random((50, 1)) < [0.3, 2.0])  # often in one objective alone
    assert better(values(F), values(F - step), range(50)) == (step > 0).any(axis=1).tolist()
    assert not any(better(values(F), values(F + step), range(50)))


def test_less_violation_comes_first():
    parents = values([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [0.5, 0.5]], [0.0, 2.0, 2.0, 0.0])
    children = values([[0.0, 0.1], [9.0, 9.0], [0.1, 0.1], [0.4, 0.4]], [1e-9, 1.0, 2.0, 0.0])
    assert better(parents, children, [0, 1, 2, 3]) == [False, True, True, True]
    assert better(parents, values([[0.1, 0.1]], [2.5]), [2]) == [False]


@pytest.mark.parametrize("bad", [[np.inf, np.inf], [0.0, np.inf]])
def test_infinite_objectives_are_never_better(bad):
    parents = values([[0.0, 1.0], [1.0, 0.0], bad])
    assert better(parents, values([bad, bad, bad]), [0, 1, 2]) == [False] * 3
    preferences = Preferences.of(parents)
    assert (preferences.ideal.tolist(), preferences.span.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    assert np.isfinite(preferences.weights).all()
    assert better(parents, values([[5.0, 5.0]]), [2]) == [True]


def test_failed_children_have_infinite_violation_too():
    parents = values([[0.0, 1.0], [1.0, 0.0]])
    assert better(parents, values([[np.inf, np.inf]], [np.inf]), [0]) == [False]
    lost = values([[np.inf, np.inf]] * 2, [np.inf] * 2)
    assert better(lost, values([[np.inf, np.inf]] * 2, [np.inf] * 2), [0, 1]) == [False, False]
    assert better(lost, values([[3.0, 7.0], [np.inf, np.inf]], [0.0, np.inf]), [0, 1]) == [True, False]


def test_populations_without_range_and_without_children():
    same = values([[2.0, 2.0]] * 3)
    assert better(same, values([[2.0, 1.9], [2.0, 2.0], [2.1, 2.1]]), [0, 1, 2]) == [True, False, False]
    assert better(same, values(np.zeros((0, 2))), np.zeros(0, dtype=int)) == []
    one = values([[3.0], [1.0]])
    assert better(one, values([[2.0], [2.0]]), [0, 1]) == [True, False]
