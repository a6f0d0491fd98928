"""Who is elite and who is poor, by any survival, with nothing changed by the asking."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from pymoo.algorithms.moo.nsga2 import RankAndCrowding
from pymoo.algorithms.moo.nsga3 import ReferenceDirectionSurvival
from pymoo.algorithms.soo.nonconvex.ga import FitnessSurvival
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.util.ref_dirs import get_reference_directions

from evogan.operators import elite_poor_split, spea2_fitness, spea2_truncation

NAN = float("nan")


def population(F, G=None):
    F = np.asarray(F, dtype=float)
    pop = Population.new(X=np.random.default_rng(0).random((len(F), 3)), F=F)
    if G is not None:
        pop.set("G", np.asarray(G, dtype=float).reshape(len(F), -1))
    return pop


def split(pop, n_elites, survival=None, n_constr=0, seed=1):
    problem = Problem(n_var=3, n_obj=pop.get("F").shape[1], n_ieq_constr=n_constr, xl=0, xu=1)
    elites, poor = elite_poor_split(problem, pop, n_elites, survival=survival, rng=np.random.default_rng(seed))
    assert sorted([*elites, *poor]) == list(range(len(pop))), "elites and poor must be disjoint and complete"
    return sorted(elites), sorted(poor)


def survivals(n_obj):
    return {
        "spea2": None,
        "nsga2": RankAndCrowding(),
        "nsga3": ReferenceDirectionSurvival(get_reference_directions("das-dennis", n_obj, n_partitions=4)),
    }


@pytest.mark.parametrize("kind", ["spea2", "nsga2", "nsga3"])
@pytest.mark.parametrize("n_obj", [2, 3])
def test_disjoint_and_complete(kind, n_obj):
    for seed in range(4):
        pop = population(np.random.default_rng(seed).random((30, n_obj)))
        for n_elites in (1, 7, 15, 29):
            assert len(split(pop, n_elites, survivals(n_obj)[kind])[0]) == n_elites, f"seed {seed}"


def test_elites_of_spea2():
    for seed in range(4):
        F = np.random.default_rng(seed).random((40, 2))
        best = np.argsort(spea2_fitness(F), kind="stable")[:15]
        assert split(population(F), 15)[0] == sorted(best), f"seed {seed}"
        x = F[:, 0]
        front = np.column_stack([x, 1 - x])
        assert split(population(front), 15)[0] == spea2_truncation(front, 15).tolist(), f"seed {seed}, truncated"


def test_elites_by_rank_and_crowding():
    # Ranks 0: rows 0, 2, 4 (2 is the crowded one of the front), 1: row 1, 2: row 3.
    F = [[0, 4], [3, 3], [1.9, 2.1], [5, 5], [4, 0]]
    expected = {1: None, 2: [0, 4], 3: [0, 2, 4], 4: [0, 1, 2, 4]}
    for n_elites, rows in expected.items():
        elites, _ = split(population(F), n_elites, RankAndCrowding())
        assert elites == rows if rows else elites[0] in (0, 4)


def test_elites_of_one_objective():
    assert split(population([[3], [1], [2], [0]]), 2, FitnessSurvival()) == ([1, 3], [0, 2])
    assert split(population([[3], [1], [2], [0]]), 2) == ([1, 3], [0, 2])


def test_elites_follow_their_rows():
    """Labels stay with their solutions when rows are permuted; the published code loses them."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        pop = population(rng.random((30, 2)))
        mixed = pop[rng.permutation(30)]
        assert set(pop[split(pop, 15)[0]]) == set(mixed[split(mixed, 15)[0]]), f"seed {seed}"


@pytest.mark.parametrize("kind", ["spea2", "nsga2", "nsga3"])
def test_neither_survival_nor_population_is_changed(kind):
    survival = survivals(3)[kind]
    rng = np.random.default_rng(3)
    pop = population(rng.random((20, 3)))
    marks = {"rank": np.arange(20), "crowding": rng.random(20), "SPEA_F": rng.random(20), "niche": np.arange(20)}
    pop.set(**marks)
    X, F = pop.get("X", "F")
    if kind == "nsga3":
        survival.do(Problem(n_var=3, n_obj=3), population(rng.random((20, 3)) + 1), n_survive=10, random_state=rng)
        state = copy.deepcopy(survival.norm.__dict__), survival.opt
    split(pop, 8, survival)
    for name, values in marks.items():
        assert np.array_equal(pop.get(name), values), name
    assert np.array_equal(pop.get("X"), X) and np.array_equal(pop.get("F"), F)
    if kind == "nsga3":
        assert survival.opt is state[1]
        for name, value in state[0].items():
            assert np.array_equal(getattr(survival.norm, name), value), name


@pytest.mark.parametrize("kind", ["spea2", "nsga2", "nsga3"])
def test_what_is_not_finite_is_never_elite(kind):
    F = np.random.default_rng(0).random((12, 2))
    F[[0, 5]] = NAN
    F[3, 1] = -np.inf
    elites, poor = split(population(F), 12, survivals(2)[kind])
    assert poor == [0, 3, 5]
    assert len(elites) == 9
    assert len(split(population(F), 4, survivals(2)[kind])[0]) == 4


def test_no_elites_where_nothing_is_finite():
    assert split(population(np.full((4, 2), NAN)), 2) == ([], [0, 1, 2, 3])


@pytest.mark.parametrize("kind", ["spea2", "nsga2", "nsga3"])
def test_feasible_first_then_by_violation(kind):
    F = [[0, 0], [1, 2], [9, 9], [0, 1], [2, 1]]
    G = [5, -1, -1, 2, NAN]
    for n_elites, rows in {2: [1, 2], 3: [1, 2, 3], 4: [0, 1, 2, 3], 5: [0, 1, 2, 3]}.items():
        assert split(population(F, G), n_elites, survivals(2)[kind], n_constr=1)[0] == rows, n_elites


def test_more_elites_than_solutions():
    assert split(population([[0, 1], [1, 0], [1, 1]]), 50) == ([0, 1, 2], [])


def test_lots_are_drawn_from_the_generator_that_is_passed():
    """NSGA-III's niching draws lots between equally near solutions."""
    rng = np.random.default_rng(5)
    theta = rng.random(40) * np.pi / 2
    pop = population(np.column_stack([np.cos(theta), np.sin(theta)]))
    chosen = [tuple(split(pop, 12, survivals(2)["nsga3"], seed=seed)[0]) for seed in (1, 1, 2, 3, 4)]
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1
