"""Survival in every direction: by hand, against SPEA2, and with failures and constraints."""

from __future__ import annotations

import numpy as np
import pytest
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.sampling import Sampling
from pymoo.optimize import minimize

from evogan.algorithms import RCGMOEA
from evogan.operators import (
    NicheSurvival,
    NicheTournament,
    SPEA2Survival,
    SPEA2Tournament,
    lattice,
    spea2_fitness,
    spea2_truncation,
)
from evogan.operators._niches import niche_order
from evogan.problems.imf import IMF1

NAN, INF = float("nan"), float("inf")


def rng(seed=1):
    return np.random.default_rng(seed)


def population(F, CV=None):
    F = np.asarray(F, dtype=float)
    G = np.zeros((len(F), 1)) if CV is None else np.asarray(CV, dtype=float)[:, None]
    return Population.new(X=np.arange(len(F), dtype=float)[:, None], F=F, G=G)


def survivors(F, n_survive, CV=None, survival=None):
    """Return the rows that survive, in their order."""
    pop, problem = population(F, CV), Problem(n_var=1, n_obj=np.shape(F)[1], n_ieq_constr=1)
    survival = NicheSurvival() if survival is None else survival
    return survival.do(problem, pop, n_survive=n_survive).get("X")[:, 0].astype(int).tolist()


def directions_of(G, n_keep, places):
    """Return the direction of each row by its angle, and how many directions there are."""
    W = lattice(G.shape[1], max(G.shape[1], n_keep // places))
    cosine = [[g @ w / np.linalg.norm(g) / np.linalg.norm(w) for w in W] for g in G]
    return np.argmax(cosine, axis=1), len(W)


# Niches ----------------------------------------------------------------------------------------------------

# Three directions: f2 alone, both alike, f1 alone. The first three belong to the first, the others to the second.
BY_HAND = np.array([[0.0, 1.0], [0.1, 0.7], [0.2, 0.6], [0.3, 0.5], [0.9, 0.8]])


def test_niches_by_hand():
    """One place each: 1 is nearest to 2 and 0 goes by its index; 3 dominates 4; the last place is for 1, not for 4."""
    assert niche_order(BY_HAND, 3, 1).tolist() == [2, 3, 1]


def test_a_direction_keeps_a_solution_that_spea2_would_drop():
    """Behind the front, but alone in its direction."""
    front = np.column_stack([np.linspace(0, 0.3, 9), np.linspace(1, 0.7, 9)])
    G = np.vstack([front, [[1.0, 0.9]]])
    G[9] = [1.0, 0.75]
    assert 9 not in survivors(G, 4, survival=SPEA2Survival())
    assert 9 in niche_order(G, 4, 2)
    assert len(set(niche_order(G, 4, 2))) == 4


@pytest.mark.parametrize(("n_obj", "n_keep", "places"), [(2, 20, 7), (2, 21, 2), (3, 30, 5), (5, 30, 7), (3, 4, 1)])
def test_each_direction_gets_its_even_share(n_obj, n_keep, places):
    for seed in range(5):
        G = rng(seed).random((60, n_obj)) ** 2
        kept = niche_order(G, n_keep, places)
        assert len(np.unique(kept)) == n_keep, f"seed {seed}"
        niche, n = directions_of(G, n_keep, places)
        for k in range(n):
            members = int((niche == k).sum())
            assert (niche[kept] == k).sum() >= min(members, n_keep // n), f"seed {seed}, direction {k}"


def test_the_quota_is_chosen_by_spea2():
    for seed in range(5):
        G = rng(seed).random((60, 2))
        kept, (niche, n) = niche_order(G, 20, 7), directions_of(G, 20, 7)
        for k in range(n):
            mine = np.flatnonzero(niche == k)
            best = mine[survivors(G[mine], 20 // n, survival=SPEA2Survival())]
            assert set(best) <= set(kept), f"seed {seed}, direction {k}"


def test_more_directions_than_places_leave_the_choice_to_spea2():
    G = rng().random((30, 9))
    assert sorted(niche_order(G, 4, 7)) == sorted(survivors(G, 4, survival=SPEA2Survival()))


@pytest.mark.parametrize("n_survive", [1, 2, 4, 19])
def test_one_objective_has_one_niche_which_is_spea2s(n_survive):
    F = rng().random((20, 1))
    assert survivors(F, n_survive) == survivors(F, n_survive, survival=SPEA2Survival())
    assert sorted(survivors(F, n_survive)) == sorted(np.argsort(F[:, 0])[:n_survive])


# Survival --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_obj", [1, 2, 3, 6])
@pytest.mark.parametrize("n_survive", [1, 4, 15, 30, 40])
def test_as_many_survive_as_may_and_none_twice(n_obj, n_survive):
    kept = survivors(rng().random((30, n_obj)), n_survive)
    assert len(kept) == len(set(kept)) == min(n_survive, 30)


def test_more_non_dominated_solutions_than_places_are_left_to_spea2s_truncation():
    for seed in range(5):
        F = rng(seed).random((60, 3))
        front = F / F.sum(axis=1, keepdims=True)
        front = (front - front.min(axis=0)) / (front.max(axis=0) - front.min(axis=0))  # the survival's own scale
        F = np.vstack([front, front + 0.5])
        assert sorted(survivors(F, 30)) == spea2_truncation(front, 30).tolist()


@pytest.mark.parametrize("F", [np.ones((9, 2)), np.tile([[0.0, 1.0]], (9, 1)), np.zeros((9, 3))], ids=["1", "2", "3"])
def test_equal_objectives_do_no_harm(F):
    assert len(set(survivors(F, 4))) == 4


def test_one_point_of_the_front_is_kept_with_a_scale_of_the_population():
    F = np.vstack([[[0.0, 0.0]], 1 + rng().random((20, 2))])
    assert 0 in survivors(F, 5)
    assert len(set(survivors(F, 5))) == 5


def test_a_population_that_fits_is_ordered_best_first():
    F = rng().random((12, 2))
    kept = survivors(F, 12)
    raw = np.floor(spea2_fitness(F))  # without the density, which depends on the scale
    assert (np.diff(raw[kept]) >= 0).all()
    assert sorted(kept) == list(range(12))


def test_units_of_objectives_do_not_matter():
    """To the bit, for factors that are powers of two and sums without rounding."""
    for seed in range(5):
        F = np.round(1024 * rng(seed).random((40, 3))) / 1024
        plain = survivors(F, 15)
        for factor, shift in ((2.0**20, 0), (2.0**-20, 0), ([1.0, 1024.0, 2.0**-9], [700, -3, 0])):
            assert survivors(factor * (F + shift), 15) == plain, f"seed {seed}"


@pytest.mark.parametrize("factor", [1e-300, 1e150, 1e300])
def test_objectives_of_any_size_do_no_harm(factor):
    F = rng().random((30, 2))
    assert survivors(factor * F, 10) == survivors(F, 10)


def test_solutions_that_are_very_far_do_no_harm():
    F = np.vstack([1e-12 * rng().random((9, 2)), 1e300 * (1 + rng().random((9, 2)))])
    kept = survivors(F, 12)
    assert set(range(9)) <= set(kept) and len(set(kept)) == 12
    assert len(set(survivors(F, 4))) == 4


def test_feasible_solutions_come_first_then_the_least_infeasible_then_failures():
    F = np.array([[0.0, 0.0], [NAN, 0.0], [5.0, 6.0], [0.0, 0.0], [6.0, 5.0], [-INF, 1.0], [0.0, 0.0]])
    CV = [3.0, 0.0, 0.0, 1.0, 0.0, 0.0, NAN]
    kept = survivors(F, 7, CV)
    assert set(kept[:2]) == {2, 4} and kept[2:4] == [3, 0] and set(kept[4:]) == {1, 5, 6}
    assert survivors(F, 3, CV)[2] == 3
    assert len(set(survivors(F, 1, CV)) & {2, 4}) == 1


def test_infeasible_solutions_have_no_say_in_the_scale():
    """A hundred times as far, and near the ideal point of what is feasible."""
    F = rng().random((20, 2))
    for far in (1e-9, 1e9):
        with_it, CV = np.vstack([F, [[far, far]]]), [0.0] * 20 + [1.0]
        assert survivors(with_it, 8, CV, NicheSurvival(unconstrained_share=0.0)) == survivors(F, 8)
        assert survivors(with_it, 8, CV) == [*survivors(F, 7), 20]


def test_without_a_feasible_solution_the_violation_decides():
    CV = [3.0, 1.0, 2.0, 5.0, 4.0]
    assert survivors(rng().random((5, 2)), 5, CV) == [1, 2, 0, 4, 3]
    assert survivors(rng().random((5, 2)), 2, CV) == [1, 2]


def test_places_for_the_best_as_if_there_were_no_constraints_by_hand():
    """Of six places two: 5 and 6 are non-dominated among the infeasible that violation alone would not keep."""
    F = [[1.0, 4.0], [4.0, 1.0], [9.0, 9.0], [9.0, 8.0], [2.0, 2.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.5], [0.0, 0.0]]
    CV = [0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, NAN]
    kept = survivors(F, 6, CV, NicheSurvival(unconstrained_share=0.34))
    assert sorted(kept[:2]) == [0, 1] and kept[2:4] == [2, 3] and sorted(kept[4:]) == [5, 6]
    assert sorted(survivors(F, 6, CV, NicheSurvival(unconstrained_share=0.0))) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("n_infeasible", [0, 1, 5, 12, 25, 39, 40])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_is_for_infeasible_solutions_as_far_as_there_are_any(n_infeasible, share):
    for seed in range(3):
        F, CV = rng(seed).random((40, 2)), np.zeros(40)
        CV[:n_infeasible] = 1 + rng(seed).random(n_infeasible)
        kept = survivors(F, 20, CV, NicheSurvival(unconstrained_share=share))
        n_kept = int((np.array(kept) < n_infeasible).sum())
        assert len(set(kept)) == 20
        assert n_kept == max(min(int(share * 20), n_infeasible), 20 - (40 - n_infeasible)), f"seed {seed}"


def test_nobody_infeasible_is_called_a_result():
    """However good the objectives are: NSGA-II's result goes by the rank."""
    pop = population(rng().random((30, 2)), np.where(np.arange(30) < 15, 0.0, 1.0))
    kept = NicheSurvival().do(Problem(n_var=1, n_obj=2, n_ieq_constr=1), pop, n_survive=20)
    infeasible = kept.get("CV")[:, 0] > 0
    assert infeasible.sum() == 5 and (kept[infeasible].get("SPEA_F").astype(float) < 1).any()
    assert (kept[infeasible].get("rank") > 0).all() and (kept[~infeasible].get("rank") == 0).any()


# Tournaments -----------------------------------------------------------------------------------------------


def parents(pop, n, pressure=3, seed=1):
    select = NicheTournament(pressure)
    return select.do(Problem(n_var=1, n_obj=2), pop, n, 1, to_pop=False, random_state=rng(seed))[:, 0]


@pytest.mark.parametrize("pressure", [1, 2, 3])
def test_tournaments_of_feasible_solutions_are_spea2s(pressure):
    pop = population(rng().random((20, 2)))
    problem, spea2 = Problem(n_var=1, n_obj=2), SPEA2Tournament(pressure)
    for fit in (False, True):
        if fit:
            pop = NicheSurvival().do(problem, pop, n_survive=15)
        same = spea2.do(problem, pop, 50, 1, to_pop=False, random_state=rng())[:, 0]
        assert parents(pop, 50, pressure).tolist() == same.tolist()


def test_each_kind_competes_with_its_like():
    """Ten feasible, 9 the worst of them; six kept for their violation; four for their objectives, 19 the worst."""
    pop = population(rng().random((20, 2)), np.where(np.arange(20) < 10, 0.0, 1.0))
    fitness = [*np.arange(10), *[INF] * 6, *np.arange(4) / 9]
    pop.set("SPEA_F", np.array(fitness))
    won = np.bincount(parents(pop, 60_000), minlength=20) / 60_000
    best_of_three = [3 * (1 - k / 10) ** 2 / 20 for k in range(10)]  # the first is one of them; roughly
    assert won[:10].sum() == pytest.approx(0.5, abs=0.01)
    assert won[:10] == pytest.approx(best_of_three, abs=0.03) and (np.diff(won[:10]) < 0.003).all()
    assert won[10:16] == pytest.approx([1 / 20] * 6, abs=0.005)
    assert won[16:] == pytest.approx([(37 / 64) / 5, (19 / 64) / 5, (7 / 64) / 5, (1 / 64) / 5], abs=0.005)


def test_failures_lose_every_tournament_with_others():
    F = rng().random((10, 2))
    F[:3] = NAN
    pop = population(F, np.where(np.arange(10) < 8, 0.0, 1.0))
    pop = NicheSurvival().do(Problem(n_var=1, n_obj=2, n_ieq_constr=1), pop, n_survive=10)
    broken = np.flatnonzero(np.isnan(pop.get("F")[:, 0]))
    won = np.bincount(parents(pop, 30_000), minlength=10) / 30_000
    assert won[broken].sum() == pytest.approx(8 / 10 * (3 / 8) ** 3, abs=0.01)  # where all three are failures


def test_only_pressure_is_asked_for():
    with pytest.raises(ValueError, match="pressure must be"):
        NicheTournament(0)


class Outside(Sampling):
    def _do(self, problem, n_samples, *args, random_state, **kwargs):
        return 0.5 + 0.5 * random_state.random((n_samples, problem.n_var))


class Moat(Problem):
    """The front is at g = 0, and all with g between 0.5 and 3 is infeasible, most in the middle."""

    def __init__(self):
        super().__init__(n_var=6, n_obj=2, n_ieq_constr=1, xl=0.0, xu=1.0)

    def _evaluate(self, X, out, *args, **kwargs):
        g = 10 * X[:, 1:].mean(axis=1)
        out["F"] = np.column_stack([X[:, 0] + g, 1 - X[:, 0] + g])
        out["G"] = np.minimum(g - 0.5, 3 - g)[:, None]


def test_an_infeasible_moat_is_crossed_by_those_who_are_there_for_their_objectives():
    for seed in (1, 2, 3):
        g = {}
        for share in (0.0, 0.4):
            algorithm = RCGMOEA.shell(30, sampling=Outside())
            algorithm.survival = NicheSurvival(unconstrained_share=share)
            g[share] = 10 * minimize(Moat(), algorithm, ("n_eval", 1_500), seed=seed).X[:, 1:].mean()
        assert g[0.4] < 0.5 and g[0.0] > 2.99, f"seed {seed}"


def test_only_failures_survive_where_there_is_nothing_else():
    assert len(set(survivors(np.full((5, 2), NAN), 3))) == 3


def test_fitness_is_written_down_for_tournaments():
    F = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [NAN, 0.0], [0.0, 0.0]])
    pop = population(F, [0, 0, 0, 0, 1])
    NicheSurvival().do(Problem(n_var=1, n_obj=2, n_ieq_constr=1), pop, n_survive=5)
    fitness = pop.get("SPEA_F").astype(float)
    assert (fitness[:2] < 1).all() and fitness[2] >= 1 and np.isinf(fitness[3:]).all()


def test_the_density_of_the_fitness_knows_no_units():
    F = np.round(1024 * rng().random((30, 2))) / 1024

    def fitness(F):
        pop = population(F)
        NicheSurvival().do(Problem(n_var=1, n_obj=2, n_ieq_constr=1), pop, n_survive=9)
        return pop.get("SPEA_F").astype(float)

    assert np.array_equal(fitness(F), fitness(F * [1.0, 1024.0]))


# The lattice and what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_max", [1, 5, 100])
def test_the_lattice_of_one_objective_is_one_weight(n_max):
    assert lattice(1, n_max).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("share", "error"), [(-0.1, ValueError), (1.1, ValueError), (NAN, ValueError), ("", TypeError)]
)
def test_bad_shares_are_named(share, error):
    with pytest.raises(error, match="unconstrained_share must"):
        NicheSurvival(unconstrained_share=share)


@pytest.mark.parametrize(("places", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError), (None, TypeError)])
def test_bad_places_are_named(places, error):
    with pytest.raises(error, match="places must be"):
        NicheSurvival(places=places)


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="place"):
        NicheSurvival(place=7)


@pytest.mark.parametrize("survival", [NicheSurvival, SPEA2Survival])
def test_serves_nsga2_whose_tournament_and_result_go_by_rank_and_crowding(survival):
    result = minimize(IMF1(n_var=5), NSGA2(20, survival=survival()), ("n_eval", 100), seed=1)
    F = result.pop.get("F")
    assert set(map(tuple, result.F)) == set(map(tuple, F[spea2_fitness(F) < 1]))
