"""Fronts, crowding and order against pymoo and against definitions written the slow way."""

from __future__ import annotations

import numpy as np
import pytest
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding
from pymoo.operators.survival.rank_and_crowding.metrics import get_crowding_function

from evogan.multitask import TaskPopulation, crowding_distance, fronts, nsga2_order, nsga2_survival, spea2_survival
from evogan.operators import SPEA2Survival
from evogan.operators._spea2 import spea2_fitness

INF, NAN = np.inf, np.nan


def slow_fronts(F):
    """Peel the non-dominated points off, again and again."""
    front, left, number = np.full(len(F), -1), set(range(len(F))), 0
    while left:
        best = {i for i in left if not any((F[j] <= F[i]).all() and (F[j] < F[i]).any() for j in left)}
        front[list(best)] = number
        left, number = left - best, number + 1
    return front


def slow_crowding(F, front):
    """One front, one objective, one point at a time."""
    distance = np.zeros(len(F))
    for number in set(front.tolist()):
        members = np.flatnonzero(front == number).tolist()
        for f in F.T:
            order = sorted(members, key=lambda i, f=f: f[i])
            low, high = f[order[0]], f[order[-1]]
            if high == low:
                continue
            distance[order[0]] = distance[order[-1]] = INF
            for before, i, after in zip(order, order[1:], order[2:], strict=False):
                distance[i] += (f[after] - f[before]) / (high - low)
        if len(members) <= 2:
            distance[members] = INF
    return distance


def sets(n_obj):
    """Yield sets: continuous, with many ties, with copies, constant in one objective, a front, copies of one."""
    for seed in range(12):
        rng = np.random.default_rng(100 * n_obj + seed)
        F = rng.random((rng.integers(3, 60), n_obj))
        if seed % 6 == 1:
            F = np.floor(F * 5)
        elif seed % 6 == 2:
            F = F[rng.integers(len(F) // 2 + 1, size=len(F))]
        elif seed % 6 == 3:
            F[:, rng.integers(n_obj)] = 0.5
        elif seed % 6 == 4:
            F /= F.sum(axis=1, keepdims=True)
        elif seed % 6 == 5:
            F = np.repeat(F / F.sum(axis=1, keepdims=True), 2, axis=0)
        yield seed, F


def population(F, CV=None):
    F = np.asarray(F, dtype=float)
    n = len(F)
    CV = np.zeros(n) if CV is None else np.asarray(CV, dtype=float)
    return TaskPopulation(np.arange(n)[:, None] / 100, F, CV, np.zeros((n, 0)), np.zeros((n, 0)))


# Fronts and crowding ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_obj", [1, 2, 3, 4])
def test_fronts_are_peeled_off(n_obj):
    for seed, F in sets(n_obj):
        assert np.array_equal(fronts(F), slow_fronts(F)), f"seed {seed}"
        assert fronts(F).dtype == np.intp


def test_crowding_by_hand():
    F = np.array([[0, 4], [1, 3], [4, 0], [2, 1.0]])
    # of (1, 3): (2 - 0) / 4 + (4 - 1) / 4; of (2, 1): (4 - 1) / 4 + (3 - 0) / 4
    assert crowding_distance(F, fronts(F)).tolist() == [INF, 1.25, INF, 1.5]


def test_crowding_is_measured_within_a_front():
    F = np.array([[0, 2], [1, 1], [2, 0], [10, 14], [11, 13], [14, 10.0]])
    assert fronts(F).tolist() == [0, 0, 0, 1, 1, 1]
    assert crowding_distance(F, fronts(F)).tolist() == [INF, 2, INF, INF, 2, INF]
    assert crowding_distance(F[::-1], fronts(F)[::-1]).tolist() == [INF, 2, INF, INF, 2, INF]


def test_a_constant_objective_adds_nothing_and_has_no_ends():
    F = np.array([[1, 7, 2], [0, 7, 3], [3, 7, 0], [2, 7, 1.0]])
    assert crowding_distance(F, fronts(F)).tolist() == [4 / 3, INF, INF, 4 / 3]


def test_copies_crowd_each_other():
    F = np.array([[0, 4], [1, 1], [4, 0], [1, 1], [1, 1.0]])
    # sorted by either objective, the second of the three copies has a copy on both sides
    assert crowding_distance(F, fronts(F)).tolist() == [INF, 0.25 + 0.25, INF, 0, 0.75 + 0.75]
    assert crowding_distance(np.ones((3, 2)), np.zeros(3, dtype=int)).tolist() == [0, 0, 0]


def test_one_or_two_points_are_never_crowded():
    F = np.array([[1, 1], [2, 2], [2, 2], [3, 3.0]])
    assert crowding_distance(F, np.array([4, 0, 0, 7])).tolist() == [INF] * 4


@pytest.mark.parametrize("n_obj", [1, 2, 3, 4])
def test_crowding_equals_the_slow_definition(n_obj):
    for seed, F in sets(n_obj):
        front = fronts(F)
        np.testing.assert_allclose(
            crowding_distance(F, front), slow_crowding(F, front), rtol=1e-12, err_msg=f"seed {seed}"
        )
        shuffled = np.random.default_rng(seed).integers(3, size=len(F))  # any partition, not only one by dominance
        np.testing.assert_allclose(
            crowding_distance(F, shuffled), slow_crowding(F, shuffled), rtol=1e-12, err_msg=f"seed {seed}"
        )


@pytest.mark.parametrize("n_obj", [2, 3, 4])
def test_crowding_equals_pymoos(n_obj):
    for seed, F in sets(n_obj):
        front = fronts(F)
        ours = crowding_distance(F, front)
        for number in range(front.max() + 1):
            members = np.flatnonzero(front == number)
            theirs = n_obj * get_crowding_function("cd").do(F[members])
            np.testing.assert_allclose(ours[members], theirs, rtol=1e-9, atol=1e-15, err_msg=f"seed {seed}")


def test_crowding_knows_no_units():
    F = np.random.default_rng(3).random((30, 3))
    scaled = crowding_distance(F * [1e-9, 1, 1e9] + [0, -5, 1e9], fronts(F))
    np.testing.assert_allclose(scaled, crowding_distance(F, fronts(F)), rtol=1e-5)


# Order -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_obj", [2, 3])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 1.0])
def test_survivors_are_pymoos(n_obj, share):
    for seed, F in sets(n_obj):
        n = max(1, int(share * len(F)))
        mine = nsga2_order(F, np.zeros(len(F)))[:n]
        pop = Population.new(F=F, index=np.arange(len(F)))
        problem = Problem(n_obj=n_obj)
        theirs = RankAndCrowding().do(problem, pop, n_survive=n, random_state=np.random.default_rng(0)).get("index")
        front = fronts(F)
        crowding = crowding_distance(F, front)
        last = front[mine].max()
        assert set(mine[front[mine] < last]) == set(theirs[front[theirs] < last]), f"seed {seed}"
        assert sorted(front[mine]) == sorted(front[theirs])
        # which of several equally crowded ones, pymoo draws by lot
        assert sorted(crowding[mine].round(12)) == sorted(crowding[theirs].round(12)), f"seed {seed}"


@pytest.mark.parametrize("seed", range(8))
def test_feasible_first_then_by_violation_as_in_pymoo(seed):
    rng = np.random.default_rng(seed)
    F, G = rng.random((40, 2)), rng.random((40, 1)) - rng.choice([0.1, 0.5, 2.0])
    pop = Population.new(F=F, G=G, index=np.arange(40))
    problem = Problem(n_obj=2, n_ieq_constr=1)
    theirs = RankAndCrowding().do(problem, pop, n_survive=25, random_state=rng).get("index")
    CV = pop.get("CV")[:, 0]
    mine = nsga2_order(F, CV)[:25]
    assert set(mine) == set(theirs)
    assert (np.diff(CV[mine]) >= 0).all()
    infeasible = CV[mine] > 0
    assert np.array_equal(mine[infeasible], theirs[CV[theirs] > 0]), "by violation, whatever the objectives"


def test_order_by_hand():
    F = [[0, 0], [3, 0], [NAN, 0], [0, 3], [1, 1], [INF, INF], [4, 4], [5, -5], [2, 0.5], [-INF, 0]]
    CV = [0.5, 0, 0, 0, 0, 0, 0, 0.25, 0, 0]
    # Front 0 is 1, 3, 4, 8: the ends, then 4 (2/3 + 2.5/3) and 8 (2/3 + 1/3); 6 is dominated; 7 violates less than 0.
    assert nsga2_order(np.array(F), np.array(CV)).tolist() == [1, 3, 4, 8, 6, 7, 0, 2, 5, 9]
    assert nsga2_order(np.array(F)[:2], np.array([NAN, INF])).tolist() == [0, 1]
    assert nsga2_order(np.array(F)[:2], np.array([NAN, 1.0])).tolist() == [1, 0]


def test_a_single_objective_is_sorted():
    f = np.array([[3.0], [1.0], [2.0], [1.0], [0.0]])
    assert nsga2_order(f, np.array([0, 0, 0, 0, 1.0])).tolist() == [1, 3, 2, 0, 4]


def test_order_is_a_permutation_and_the_same_every_time():
    for seed, F in sets(2):
        CV = np.random.default_rng(seed).choice([0, 0, 0.5, NAN], len(F))
        order = nsga2_order(F, CV)
        assert sorted(order) == list(range(len(F))) and np.array_equal(order, nsga2_order(F, CV)), f"seed {seed}"


def test_nothing_has_no_order():
    none = np.zeros((0, 2))
    assert nsga2_order(none, np.zeros(0)).shape == (0,)
    assert fronts(none).shape == crowding_distance(none, fronts(none)).shape == (0,)
    assert len(nsga2_survival(population(none), 5)) == len(spea2_survival(population(none), 5)) == 0


@pytest.mark.parametrize("survival", [nsga2_survival, spea2_survival])
def test_who_survives_keeps_all_its_values(survival):
    F = np.random.default_rng(0).random((30, 2))
    n = np.arange(30.0)
    everyone = TaskPopulation(n[:, None], F, np.zeros(30), n[:, None] + 100, n[:, None] + 200)
    some = survival(everyone, 11)
    assert len(some) == 11
    rows = some.U[:, 0].astype(int)
    assert np.array_equal(some.F, F[rows])
    assert np.array_equal(some.G[:, 0], rows + 100) and np.array_equal(some.H[:, 0], rows + 200)
    assert len(survival(everyone, 99)) == 30
    assert len(survival(population([[NAN, 1], [INF, INF]]), 1)) == 1


def test_nsga2_survival_is_a_head_of_the_order():
    F = np.random.default_rng(1).random((30, 3))
    CV = np.random.default_rng(2).choice([0, 0.5, 1], 30)
    survivors = (nsga2_survival(population(F, CV), 13).U[:, 0] * 100).round().astype(int)
    assert survivors.tolist() == nsga2_order(F, CV)[:13].tolist()


def spea2_case(n_obj, *, front):
    """Forty points: all on one front, or anywhere, a quarter of them infeasible and one without a value."""
    rng = np.random.default_rng(4)
    F, CV = rng.random((40, n_obj)), np.zeros(40)
    if front:
        return F / F.sum(axis=1, keepdims=True), CV
    CV[::4] = rng.random(10)
    F[3] = NAN
    return F, CV


def survivors_of_spea2(F, CV, n_survive):
    return (spea2_survival(population(F, CV), n_survive).U[:, 0] * 100).round().astype(int)


@pytest.mark.parametrize("front", [True, False])
@pytest.mark.parametrize("n_obj", [2, 3])
@pytest.mark.parametrize("n_survive", [5, 20, 35, 40])
def test_spea2s_survivors_are_those_of_the_operator_best_first(n_survive, n_obj, front):
    F, CV = spea2_case(n_obj, front=front)
    pop = Population.new(F=F, CV=CV[:, None], index=np.arange(40))
    theirs = SPEA2Survival().do(None, pop, n_survive=n_survive).get("index")
    mine = survivors_of_spea2(F, CV, n_survive)
    assert sorted(mine) == sorted(theirs)
    finite = np.isfinite(F).all(axis=1)
    feasible = np.flatnonzero(finite & (CV <= 0))
    fitness = np.full(40, INF)
    fitness[feasible] = spea2_fitness(F[feasible])
    kind = np.select([~finite, CV > 0], [2, 1], 0)
    keys = [(kind[i], fitness[i] if kind[i] == 0 else CV[i]) for i in mine]
    assert keys == sorted(keys)
    if front and n_survive < 40:  # where truncation chose them by another order than this one
        assert mine.tolist() != theirs.tolist()


def test_spea2_survival_keeps_the_order_of_equal_fitness():
    F = np.repeat([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]], 4, axis=0)[::-1]
    assert survivors_of_spea2(F, np.zeros(12), 12).tolist() == [*range(4, 12), *range(4)]
