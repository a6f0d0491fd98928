"""CPS-MOEA: the vote, the sets that vote, candidates, budgets, and what it refuses."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from bowls import XL, XU, Bowls, same, spoil_all, spoil_where
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.sampling.lhs import LHS
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

from evogan.algorithms import CPSMOEA
from evogan.algorithms.cps_moea import best, good_by_vote, good_offspring, two_others
from evogan.metrics import igd
from evogan.problems.imf import IMF1, IMF4

NAN = float("nan")


def run(problem, algorithm, n_eval, seed=1, **options):
    result = minimize(problem, algorithm, ("n_eval", n_eval), seed=seed, **options)
    assert result.algorithm.evaluator.n_eval == n_eval
    return result


def started(n_generations=2, pop_size=20, problem=None, n_eval=190, **options):
    algorithm = CPSMOEA(pop_size, **options)
    algorithm.setup(IMF1(n_var=5) if problem is None else problem, termination=("n_eval", n_eval), seed=5)
    for _ in range(n_generations):
        algorithm.next()
    return algorithm


def finished(algorithm):
    while algorithm.has_next():
        algorithm.next()
    return algorithm.pop.get("X"), algorithm.pop.get("F"), algorithm.opt.get("X")


# The vote --------------------------------------------------------------------------------------------------


def test_the_majority_of_the_nearest_decides():
    """Good at 0, 1, 2, bad at 5, 6, 9: by hand."""
    good, bad = np.array([[0.0], [1.0], [2.0]]), np.array([[5.0], [6.0], [9.0]])
    X = np.array([[1.1], [3.4], [3.6], [8.0]])
    assert good_by_vote(X, good, bad, 1).tolist() == [True, True, False, False]
    assert good_by_vote(X, good, bad, 3).tolist() == [True, True, False, False]  # 3.6: 5, 2, 6
    assert good_by_vote(X, good, bad, 5).tolist() == [True, True, True, False]  # 3.6: 5, 2, 6, 1, 0
    assert good_by_vote(X, good, bad, 6).tolist() == [False] * 4  # three of six are no majority


def test_more_neighbours_than_solutions_are_all_of_them():
    good, bad = np.array([[0.0], [0.2]]), np.array([[1.0]])
    assert good_by_vote(np.array([[1.0]]), good, bad, 50).tolist() == [True]


def test_the_two_others_are_others_and_equally_likely():
    i = np.repeat(np.arange(4), 6000)
    r2, r3 = two_others(i, 4, np.random.default_rng(1))
    assert ((r2 != i) & (r3 != i) & (r2 != r3)).all()
    counts = np.zeros((4, 4, 4))
    np.add.at(counts, (i, r2, r3), 1)
    assert (counts > 0).sum() == 24
    assert counts[counts > 0] == pytest.approx(1000, abs=150)


def test_good_offspring_are_feasible_and_not_dominated():
    pop = Population.new(X=np.zeros((6, 1)), F=[[1, 3], [3, 1], [3, 3], [0, NAN], [0, 0], [1, 3]])
    pop.set("CV", np.array([0.0, 0, 0, 0, 2, 0])[:, None])
    assert good_offspring(pop).tolist() == [True, True, False, False, False, True]
    pop.set("CV", np.array([5.0, 3, 2, 0, 1, 9])[:, None])  # none is feasible and finite: three of five
    assert good_offspring(pop).tolist() == [False, True, True, False, True, False]
    pop.set("F", np.full((6, 2), NAN))
    assert not good_offspring(pop).any()


def test_of_one_objective_the_better_half_is_good():
    pop = Population.new(X=np.zeros((5, 1)), F=[[4], [1], [NAN], [2], [3]], CV=np.zeros((5, 1)))
    assert good_offspring(pop).tolist() == [False, True, False, True, False]


# Candidates and sets ---------------------------------------------------------------------------------------


def test_a_difference_is_half_of_that_between_two_others():
    algorithm = started(1, eta_m=1e9)  # mutation too small to see
    P = np.eye(6)[:3] * 0.4 + 0.3
    Y = algorithm._candidates(P, np.array([0, 0, 0, 0, 0, 0, 0, 0]))
    steps = {tuple(step) for step in (Y - P[0]).round(6)}
    up, down = 0.5 * (P[1] - P[2]), 0.5 * (P[2] - P[1])
    assert steps == {tuple(up.round(6)), tuple(down.round(6))}


def test_candidates_by_crossover_share_the_parents_hyperplane():
    algorithm = started(1, variation="sbx", eta_m=1e9)
    P = np.array([[0.2, 0.5], [0.6, 0.5], [0.4, 0.5]])
    Y = algorithm._candidates(P, np.repeat(np.arange(3), 200))
    assert np.ptp(Y[:, 1]) < 1e-6 < np.ptp(Y[:, 0])
    assert np.abs(Y[:200, 0] - 0.2).min() < 1e-6 < np.abs(Y[:200, 0] - 0.2).max()


def test_differences_stay_in_the_box():
    algorithm = started(1, f=5.0)
    Y = algorithm._candidates(np.random.default_rng(1).random((10, 5)), np.arange(10))
    assert ((Y >= 0) & (Y <= 1)).all() and ((Y == 0) | (Y == 1)).any()


def test_offspring_are_candidates_that_the_vote_calls_good(monkeypatch):
    """A vote for a large first variable: every parent that has such a candidate sends it."""
    algorithm = started(1, n_candidates=3)
    seen = []

    def vote(X, good, bad, k):
        seen.append(X)
        return X[:, 0] > 0.5

    monkeypatch.setattr("evogan.algorithms.cps_moea.good_by_vote", vote)
    off = algorithm.ask().get("X")
    candidates = seen[0].reshape(20, 3, 5)
    has_good = (candidates[:, :, 0] > 0.5).any(axis=1)
    assert 0 < has_good.sum() < 20
    assert ((off[:, 0] > 0.5) == has_good).all()
    assert (off[:, None] == candidates).all(axis=2).any(axis=1).all()


def test_without_a_good_candidate_a_random_one_goes(monkeypatch):
    algorithm = started(1, pop_size=60)
    seen = []
    monkeypatch.setattr(
        "evogan.algorithms.cps_moea.good_by_vote", lambda X, *sets: seen.append(X) or np.zeros(len(X), dtype=bool)
    )
    off = algorithm.ask().get("X")
    place = (off[:, None] == seen[0].reshape(60, 3, 5)).all(axis=2).argmax(axis=1)
    assert (np.bincount(place, minlength=3) > 8).all()


@pytest.mark.parametrize("n", [1, 2, 19, 21, 50])
def test_a_whole_population_of_offspring_from_any_number_of_parents(n):
    U = started(1)._offspring(np.full((n, 5), 0.5), np.zeros((n, 2)))
    assert U.shape == (20, 5) and len(np.unique(U, axis=0)) > 10


def test_the_sets_are_halves_of_the_first_population():
    algorithm = started(1, pop_size=21)
    assert len(algorithm.good) == len(algorithm.bad) == 10
    assert not set(algorithm.good) & set(algorithm.bad)
    front = NonDominatedSorting().do(algorithm.pop.get("F"), only_non_dominated_front=True)
    assert set(algorithm.pop[front][:10]) <= set(algorithm.good)


def test_the_sets_take_the_best_of_non_dominated_and_of_dominated_offspring():
    algorithm = started(1, pop_size=4)
    off = algorithm.ask()
    best, worse = np.array([[-9.0, -8.0], [-8.0, -9.0]]), np.array([[-7.0, -7.0], [50.0, 50.0]])
    off.set("F", np.concatenate([worse, best]), "CV", np.zeros((4, 1)))
    off.set("G", np.zeros((4, 0)), "H", np.zeros((4, 0)))
    bad = list(algorithm.bad)
    algorithm.tell(infills=off)
    assert set(algorithm.good) == {off[2], off[3]}
    assert off[0] in algorithm.bad and off[1] not in algorithm.bad
    assert sum(one in bad for one in algorithm.bad) == 1


def test_scaling_the_box_changes_nothing():
    X = [run(Bowls(scale * XL, scale * XU), CPSMOEA(20), 120).pop.get("X") / scale for scale in (1.0, 1024.0)]
    assert X[0] == pytest.approx(X[1], rel=1e-9)


# Runs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variation", ["de", "sbx"])
@pytest.mark.parametrize(("problem", "n_obj"), [(IMF1(n_var=5), 2), (IMF4(n_var=5), 3), (Bowls(n_obj=1), 1)])
def test_any_number_of_objectives(variation, problem, n_obj):
    result = run(problem, CPSMOEA(21, variation=variation), 150, verbose=True)
    assert np.atleast_2d(result.F).shape[1] == n_obj
    assert len(result.pop) == 21


@pytest.mark.parametrize(("pop_size", "n_eval"), [(100, 250), (100, 101), (100, 100), (4, 13), (7, 50)])
def test_budgets_are_exact(pop_size, n_eval):
    run(IMF1(n_var=5), CPSMOEA(pop_size), n_eval)


def test_a_box_off_the_origin():
    problem = Bowls()
    X = run(problem, CPSMOEA(21), 130).pop.get("X")
    assert (X >= problem.xl).all() and (X <= problem.xu).all()
    assert (X[:, 3] == 3.0).all() and X[:, 1].std() > 0.01


def test_a_box_that_is_a_point():
    class Point(Problem):
        def _evaluate(self, X, out, *args, **kwargs):
            out["F"] = X

    assert (run(Point(n_var=2, n_obj=2, xl=1.0, xu=1.0), CPSMOEA(8), 40).F == 1.0).all()


def test_the_seed_decides_alone():
    first = finished(started())
    np.random.seed(99)
    state = np.random.get_state()[1].copy()
    assert same(first, finished(started()))
    assert np.array_equal(state, np.random.get_state()[1])
    assert not np.array_equal(first[0], run(IMF1(n_var=5), CPSMOEA(20), 190, seed=6).pop.get("X"))


@pytest.mark.parametrize("store", [copy.deepcopy, lambda algorithm: pickle.loads(pickle.dumps(algorithm))])
def test_a_stored_run_goes_on_as_if_it_had_never_stopped(store):
    algorithm = started()
    stored = store(algorithm)
    through = finished(algorithm)
    assert same(through, finished(stored))


def test_constraints():
    result = run(get_problem("bnh"), CPSMOEA(20), 150)
    assert (result.CV <= 0).all() and len(result.F) > 1
    algorithm = run(get_problem("mw3"), CPSMOEA(20), 200).algorithm
    assert algorithm.good.get("CV").max() <= algorithm.bad.get("CV").min()


def test_feasible_solutions_survive_before_better_infeasible_ones():
    pop = Population.new(X=np.zeros((4, 1)), F=[[0, 0], [5, 5], [1, 1], [NAN, 0]])
    pop.set("CV", np.array([[2.0], [0.0], [1.0], [0.0]]))
    survivors = best(pop, 3)
    assert survivors.get("F").tolist() == [[5, 5], [1, 1], [0, 0]]


def test_nan_objectives_are_survived_and_not_reported():
    result = run(Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.2)), CPSMOEA(20), 200)
    assert np.isfinite(result.F).all() and len(result.F) > 1
    assert np.isfinite(result.pop.get("F")).all()  # driven out by now


@pytest.mark.parametrize("verbose", [False, True])
def test_a_problem_that_always_fails_gives_no_result(verbose):
    result = run(Bowls(spoil=spoil_all()), CPSMOEA(20), 100, verbose=verbose)
    assert result.F is None and result.X is None


def test_it_approaches_the_front():
    """Nearer than random search with the same budget, in the median of three seeds."""
    problem = IMF1(n_var=5)
    front = problem.pareto_front()
    ours = [float(igd(run(problem, CPSMOEA(20), 600, seed).F, front)) for seed in range(3)]
    rivals = [float(igd(problem.evaluate(np.random.default_rng(seed).random((600, 5))), front)) for seed in range(3)]
    assert np.median(ours) < np.median(rivals) / 2, (ours, rivals)


# What is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"pop_size": 3}, ValueError, "pop_size must be at least 4, got 3"),
        ({"pop_size": 20.0}, TypeError, "pop_size must be an integer"),
        ({"n_candidates": 0}, ValueError, "n_candidates"),
        ({"n_neighbours": 0}, ValueError, "n_neighbours"),
        ({"variation": "ga"}, ValueError, "variation must be one of 'de', 'sbx', got 'ga'"),
        ({"f": 0.0}, ValueError, "f must lie in"),
        ({"cr": 1.1}, ValueError, "cr must lie in"),
        ({"eta_c": -1.0}, ValueError, "eta_c"),
        ({"eta_m": -1.0}, ValueError, "eta_m"),
        ({"sampling": LHS}, TypeError, "sampling must be an object"),
        ({"pop_sizee": 20}, TypeError, "pop_sizee"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_settings_are_named(options, error, message):
    with pytest.raises(error, match=message):
        CPSMOEA(**options)


@pytest.mark.parametrize("keyword", ["sead", "random_state", "pop_size"])
def test_unknown_keywords_of_a_run_are_refused(keyword):
    with pytest.raises(TypeError, match=f"unknown keyword '{keyword}'"):
        minimize(IMF1(n_var=5), CPSMOEA(20), ("n_eval", 50), **{keyword: 1})


def test_a_budget_below_the_population_is_refused():
    with pytest.raises(ValueError, match="n_evals must be at least the population size 20, got 19"):
        minimize(IMF1(n_var=5), CPSMOEA(20), ("n_eval", 19))


def test_problems_it_cannot_serve_are_refused():
    with pytest.raises(ValueError, match="finite bounds"):
        minimize(Problem(n_var=3, n_obj=2, xl=0, xu=np.inf), CPSMOEA(20), ("n_eval", 50))
    with pytest.raises(TypeError, match="real-valued"):
        minimize(Problem(n_var=3, n_obj=2, xl=0, xu=9, vtype=int), CPSMOEA(20), ("n_eval", 50))
