"""SPEA2 against hand-worked numbers and a truncation written the slow way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pymoo.algorithms.moo.spea2 import _truncation_candidate
from pymoo.core.population import Population
from scipy.spatial.distance import cdist

from evogan.operators import SPEA2Survival, SPEA2Tournament, spea2_fitness, spea2_truncation

NAN = float("nan")


def population(F, G=None):
    F = np.asarray(F, dtype=float)
    pop = Population.new(X=np.arange(len(F), dtype=float)[:, None], F=F)
    if G is not None:
        pop.set("G", np.asarray(G, dtype=float).reshape(len(F), -1))
    return pop


def survivors(F, n_survive, G=None):
    """The rows that survive, in the survival's order."""
    return SPEA2Survival().do(None, population(F, G), n_survive=n_survive).get("X")[:, 0].astype(int).tolist()


# Fitness ---------------------------------------------------------------------------------------------------


def test_fitness_by_hand():
    # A, B, C are non-dominated; D is dominated by B; E by all. Strengths: 1, 2, 1, 1, 0. k = int(sqrt(5)) = 2.
    F = np.array([[0, 3], [1, 1], [3, 0], [2, 2], [3, 3]], dtype=float)
    raw = [0, 0, 0, 2, 1 + 2 + 1 + 1]
    second_nearest = [math.sqrt(5), math.sqrt(5), math.sqrt(5), math.sqrt(2), math.sqrt(8)]
    expected = [r + 1 / (sigma + 2) for r, sigma in zip(raw, second_nearest, strict=True)]
    np.testing.assert_allclose(spea2_fitness(F), expected, rtol=0, atol=1e-12)


def test_density_is_made_of_distances():
    # The published code sorts the dominance matrix instead, so its density is the same number for every point.
    x = np.array([0.0, 0.01, 0.03, 0.2, 0.5, 1.0])
    F = np.column_stack([x, 1 - x])
    density = spea2_fitness(F)
    assert len(np.unique(density.round(12))) >= 4
    assert density[0] > density[3] > density[5]  # crowded, less so, alone
    wide = spea2_fitness(1000 * F)
    np.testing.assert_allclose(1 / wide - 2, 1000 * (1 / density - 2), rtol=1e-9)


@pytest.mark.parametrize("n_obj", [2, 3])
def test_fitness_below_one_means_non_dominated(n_obj):
    for seed in range(5):
        F = np.random.default_rng(seed).integers(0, 6, (30, n_obj)).astype(float)
        dominated = [any((a <= b).all() and (a < b).any() for a in F) for b in F]
        assert ((spea2_fitness(F) >= 1) == dominated).all(), f"seed {seed}"


def test_equal_points_do_not_dominate_each_other():
    np.testing.assert_allclose(spea2_fitness(np.ones((4, 2))), 0.5)


def test_fitness_of_a_single_point():
    assert spea2_fitness(np.array([[3.0, 4.0]])).tolist() == [0.5]


def test_fitness_of_one_objective_counts_the_strengths_of_the_better():
    # Strengths 2, 1, 0; k = 1.
    expected = [0 + 1 / 3, 2 + 1 / 3, 3 + 1 / 4]
    np.testing.assert_allclose(spea2_fitness(np.array([[0.0], [1.0], [3.0]])), expected, rtol=0, atol=1e-12)


# Truncation ------------------------------------------------------------------------------------------------


def slow_truncation(F, n_keep):
    """Drop the point whose ascending distances to the others are lexicographically least, the first between equals."""
    alive = list(range(len(F)))
    while len(alive) > n_keep:
        keys = [sorted(np.sqrt(((F[i] - F[j]) ** 2).sum()) for j in alive if j != i) for i in alive]
        alive.pop(keys.index(min(keys)))
    return alive


def points(kind, n, n_obj, rng):
    if kind == "random":
        return rng.random((n, n_obj))
    if kind == "grid":  # many equal distances
        return rng.integers(0, 4, (n, n_obj)).astype(float)
    return rng.random((n // 3, n_obj))[rng.integers(0, n // 3, n)]  # exact copies


@pytest.mark.parametrize("n_obj", [2, 3])
@pytest.mark.parametrize("kind", ["random", "grid", "copies"])
def test_truncation_is_lexicographic(kind, n_obj):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(10, 22))
        F = points(kind, n, n_obj, rng)
        for n_keep in (1, n // 2, n - 1):
            kept = spea2_truncation(F, n_keep).tolist()
            assert kept == slow_truncation(F, n_keep), f"{kind}, seed {seed}, {n} points, keep {n_keep}"


@pytest.mark.parametrize(("n", "n_obj"), [(60, 2), (60, 3)])
@pytest.mark.parametrize("kind", ["random", "grid"])
def test_truncation_agrees_with_pymoo(kind, n, n_obj):
    for seed in range(2):
        F = points(kind, n, n_obj, np.random.default_rng(seed))
        distance = cdist(F, F)
        np.fill_diagonal(distance, np.inf)
        alive = list(range(n))
        while len(alive) > n // 3:
            alive.pop(_truncation_candidate(distance, alive))
        assert spea2_truncation(F, n // 3).tolist() == alive, f"{kind}, seed {seed}"


def test_a_tie_of_a_pair_is_broken_by_the_next_neighbour():
    # 1 and 2 are nearest to each other; 2 is also near 3, so 2 goes, not the first of the pair.
    assert spea2_truncation(np.array([[0.0], [10.0], [11.0], [13.0]]), 3).tolist() == [0, 1, 3]


def test_the_ends_of_a_line_survive():
    x = np.linspace(0, 1, 21)
    kept = spea2_truncation(np.column_stack([x, 1 - x]), 6)
    assert {0, 20} <= set(kept.tolist())


def test_truncation_of_equal_points_keeps_the_last():
    assert spea2_truncation(np.ones((5, 2)), 2).tolist() == [3, 4]


def test_truncation_keeps_all_when_there_are_few():
    F = np.random.default_rng(0).random((4, 2))
    assert spea2_truncation(F, 4).tolist() == [0, 1, 2, 3]
    assert spea2_truncation(F, 9).tolist() == [0, 1, 2, 3]
    assert spea2_truncation(F[:1], 1).tolist() == [0]


def test_truncation_stands_distances_that_overflow():
    x = np.arange(6) * 1e200
    assert len(spea2_truncation(np.column_stack([x, -x]), 3)) == 3


def test_truncation_leaves_its_argument_alone():
    F = np.random.default_rng(0).random((9, 2))
    before = F.copy()
    spea2_truncation(F, 3)
    assert np.array_equal(F, before)


@pytest.mark.parametrize("n_keep", [0, -1])
def test_truncation_to_nothing_is_refused(n_keep):
    with pytest.raises(ValueError, match="n_keep must be at least 1"):
        spea2_truncation(np.zeros((3, 2)), n_keep)


# Survival --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_survive", [1, 5, 20, 39, 40])
def test_exactly_n_survive(n_survive):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        F, G = rng.random((40, 2)), rng.normal(size=(40, 1))
        assert len(set(survivors(F, n_survive))) == n_survive, f"seed {seed}"
        assert len(set(survivors(F, n_survive, G))) == n_survive, f"seed {seed}, constrained"


def test_too_many_non_dominated_are_truncated():
    for seed in range(4):
        x = np.random.default_rng(seed).random(30)
        F = np.vstack([np.column_stack([x, 1 - x]), np.full((10, 2), 2.0)])
        assert sorted(survivors(F, 12)) == spea2_truncation(F[:30], 12).tolist(), f"seed {seed}"


def test_too_few_non_dominated_are_filled_up_by_fitness():
    for seed in range(4):
        F = np.random.default_rng(seed).random((40, 2))
        fitness = spea2_fitness(F)
        assert (fitness < 1).sum() < 20, f"seed {seed} has no room to fill"
        assert survivors(F, 20) == np.argsort(fitness, kind="stable")[:20].tolist(), f"seed {seed}"


def test_feasible_first_then_by_violation_then_what_is_not_finite():
    F = [[9, 9], [0, 0], [0, 0], [NAN, 0], [8, 8], [0, 0], [0, math.inf]]
    G = [-1, 3, 1, -1, 0, NAN, 2]
    order = survivors(F, 7, G)
    assert (sorted(order[:2]), order[2:]) == ([0, 4], [2, 1, 3, 5, 6])
    assert sorted(survivors(F, 2, G)) == [0, 4]
    assert survivors(F, 3, G)[2] == 2


def test_fitness_is_set_and_infinite_unless_feasible_and_finite():
    pop = population([[0, 1], [1, 0], [2, 2], [0, 0], [NAN, 0]], [-1, -1, -1, 1, -1])
    SPEA2Survival().do(None, pop, n_survive=2)
    fitness = pop.get("SPEA_F")
    np.testing.assert_allclose(fitness[:3], spea2_fitness(np.array([[0.0, 1], [1, 0], [2, 2]])))
    assert fitness[3:].tolist() == [math.inf, math.inf]


def test_survival_of_odd_sets():
    assert survivors([[1, 2]], 1) == [0]
    assert survivors([[1, 2]], 5) == [0]
    assert len(set(survivors(np.ones((9, 3)), 4))) == 4
    assert sorted(survivors([[1, 2], [2, 1], [3, 3]], 10)) == [0, 1, 2]
    assert survivors([[5.0], [1.0], [3.0], [2.0]], 2) == [1, 3]
    assert len(survivors(np.full((5, 2), NAN), 3)) == 3


# Tournament ------------------------------------------------------------------------------------------------


def winners(pop, pressure, n, seed=0):
    tournament = SPEA2Tournament(pressure)
    chosen = tournament.do(None, pop, n, 2, to_pop=False, random_state=np.random.default_rng(seed))
    assert chosen.shape == (n, 2)
    return chosen.ravel()


@pytest.fixture
def ranked():
    """Ten solutions, each worse than the one before; the order of rows is mixed."""
    pop = population([[i, i] for i in (3, 7, 0, 9, 1, 4, 8, 2, 6, 5)])
    return SPEA2Survival().do(None, pop, n_survive=10)


def test_the_best_always_wins_when_all_enter(ranked):
    for seed in range(5):
        chosen = winners(ranked, 10, 20, seed)
        assert (ranked[chosen].get("F") == 0).all(), f"seed {seed}"


def test_pressure_two_draws_two(ranked):
    # Among ten, the one of rank r is best of two drawn without replacement with probability 2 (9 - r) / 90.
    value = ranked.get("F")[:, 0].astype(int)
    share = np.bincount(value[winners(ranked, 2, 2500)], minlength=10) / 5000
    expected = np.array([2 * (9 - r) / 90 for r in range(10)])
    np.testing.assert_allclose(share, expected, rtol=0, atol=0.015)
    assert share[9] == 0  # the worst never meets itself: every entrant of a round is another solution
    three = np.bincount(value[winners(ranked, 3, 2500)], minlength=10) / 5000
    assert three[0] == pytest.approx(0.3, abs=0.015)


def test_pressure_one_is_a_random_choice(ranked):
    share = np.bincount(winners(ranked, 1, 500), minlength=10) / 1000
    assert share.tolist() == [0.1] * 10


def test_feasibility_comes_before_fitness():
    pop = population([[0, 0], [9, 9], [1, 1]], [2, -1, 1])
    assert set(winners(pop, 3, 20)) == {1}
    assert set(winners(pop[[0, 2]], 2, 20)) == {1}  # the smaller violation


def test_ties_are_broken_by_lot():
    for F, G in (([[0, 1], [1, 0]], None), ([[0, 0], [9, 9]], [1, 1])):
        pop = population(F, G)
        first = [winners(pop, 2, 1, seed)[0] for seed in range(40)]
        assert 8 <= sum(first) <= 32, f"objectives {F}: {sum(first)} of 40 ties won by the second"


def test_a_solution_that_is_not_finite_loses_even_to_infeasible_ones():
    pop = population([[NAN, 0], [1, 1], [0, 0]], [-1, 5, NAN])
    assert set(winners(pop, 3, 20)) == {1}
    SPEA2Survival().do(None, pop, n_survive=3)
    assert set(winners(pop, 3, 20)) == {1}


def test_populations_without_fitness_are_given_one(ranked):
    fresh = population(ranked.get("F"))
    assert fresh.get("SPEA_F").dtype == object
    assert winners(fresh, 2, 50).tolist() == winners(ranked, 2, 50).tolist()


@pytest.mark.parametrize("pressure", [0, 2.0, "2"])
def test_a_bad_pressure_is_named(pressure):
    with pytest.raises((TypeError, ValueError), match="pressure must be"):
        SPEA2Tournament(pressure)
