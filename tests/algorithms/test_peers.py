"""What algorithms have in common: budgets, boxes, beginnings, seeds, copies, failing evaluations, refusals."""

from __future__ import annotations

import copy
import pickle
from functools import partial

import numpy as np
import pytest
from bowls import Bowls, outcome, same, spoil_all, spoil_where
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.sampling import Sampling
from pymoo.optimize import minimize
from pymoo.problems import get_problem

from evogan.algorithms import CPSMOEA, CSEA, GMOEA, IMMOEA, MOEADDE, RCGMOEA, RMMEDA
from evogan.algorithms._peers import violations
from evogan.metrics import igd
from evogan.models import Gaussian
from evogan.operators import lattice
from evogan.problems.imf import IMF1, IMF4

NAN, INF = float("nan"), float("inf")
ALL = pytest.mark.parametrize(
    "algorithm",
    [
        RCGMOEA,
        partial(GMOEA, model=Gaussian()),
        IMMOEA,
        RMMEDA,
        MOEADDE,
        CPSMOEA,
        partial(CSEA, n_initial=20, g_max=20),
    ],
    ids=["rcg", "gmoea", "im", "rm", "moead-de", "cps", "csea"],
)
PEERS = pytest.mark.parametrize("peer", [IMMOEA, RMMEDA, MOEADDE])


def run(problem, algorithm, n_eval=150, seed=1, **options):
    result = minimize(problem, algorithm, ("n_eval", n_eval), seed=seed, copy_algorithm=True, **options)
    assert result.algorithm.evaluator.n_eval == n_eval
    return result


# It runs ---------------------------------------------------------------------------------------------------


@PEERS
@pytest.mark.parametrize(("pop_size", "n_eval"), [(20, 150), (20, 111), (20, 20), (20, 21), (33, 100)])
def test_budgets_are_exact(peer, pop_size, n_eval):
    problem = Bowls()
    run(problem, peer(pop_size), n_eval)
    assert sum(map(len, problem.seen)) == n_eval


@PEERS
@pytest.mark.parametrize("n_obj", [2, 3, 5, 9])
def test_any_number_of_objectives(peer, n_obj):
    result = run(Bowls(n_obj=n_obj), peer(40), 250)
    assert result.F.shape[1] == n_obj and np.isfinite(result.F).all()
    assert len(result.pop) <= 40


@PEERS
def test_the_smallest_problem(peer):
    """One variable: there is no room for a manifold beside it."""
    assert len(run(Bowls([0.0], [1.0], n_obj=3), peer(20), 200).F) > 1


@PEERS
def test_every_solution_lies_in_the_box(peer):
    problem = Bowls()
    run(problem, peer(20), 400)
    X = np.vstack(problem.seen)
    assert (X >= problem.xl).all() and (X <= problem.xu).all()
    assert (X[:, 3] == 3.0).all()  # a fixed variable
    assert (X[:, :3].std(axis=0) > 0.01).all()


@PEERS
def test_a_box_without_room_does_no_harm(peer):
    result = run(Bowls([0.5, 2.0], [0.5, 2.0]), peer(20), 100)
    assert (result.pop.get("X") == [0.5, 2.0]).all()


@PEERS
def test_the_scale_of_a_variable_does_not_matter(peer):
    """To the bit, for factors that are powers of two."""
    scale = np.array([1.0, 1024.0, 2.0**-20, 8.0, 2.0])
    plain, stretched = (run(Bowls(np.zeros(5), s), peer(20), 300).pop for s in (np.ones(5), scale))
    assert np.array_equal(plain.get("F"), stretched.get("F"))
    assert np.array_equal(plain.get("X") * scale, stretched.get("X"))


@PEERS
def test_it_approaches_the_front(peer):
    """Much nearer than random search with the same evaluations, in the median of three seeds."""
    problem = IMF1(n_var=10)
    front = problem.pareto_front(n_points=500)
    ours = [float(igd(run(problem, peer(40), 1200, seed).F, front)) for seed in range(3)]
    rivals = [float(igd(problem.evaluate(np.random.default_rng(seed).random((1200, 10))), front)) for seed in range(3)]
    assert np.median(ours) < np.median(rivals) / 4, (ours, rivals)


@pytest.mark.slow
@PEERS
def test_three_objectives_are_approached_as_well(peer):
    problem = IMF4(n_var=8)
    front = problem.pareto_front(n_points=500)
    ours = [float(igd(run(problem, peer(60), 2000, seed).F, front)) for seed in range(3)]
    rivals = [float(igd(problem.evaluate(np.random.default_rng(seed).random((2000, 8))), front)) for seed in range(3)]
    assert np.median(ours) < np.median(rivals) / 1.5, (ours, rivals)


@PEERS
def test_an_initial_population_of_ones_own(peer):
    class Corner(Sampling):
        def _do(self, problem, n_samples, *args, random_state=None, **kwargs):
            return np.tile(problem.xl, (n_samples, 1)) + 1e-3 * random_state.random((n_samples, problem.n_var))

    problem = Bowls([0.0] * 4, [1.0] * 4)
    run(problem, peer(20, sampling=Corner()), 40)
    assert np.vstack(problem.seen)[:20].max() <= 1e-3


@PEERS
def test_display_and_history(peer, capsys):
    result = run(IMF1(n_var=5), peer(20), 70, verbose=True, save_history=True)
    evaluations = [int(line.split("|")[1]) for line in capsys.readouterr().out.splitlines()[3:]]
    assert evaluations[0] == 20 and evaluations[-1] == 70
    assert [entry.evaluator.n_eval for entry in result.history] == evaluations
    assert not np.array_equal(result.history[0].pop.get("X"), result.history[-1].pop.get("X"))


# Same seed, same bits --------------------------------------------------------------------------------------


@PEERS
def test_the_seed_decides_alone(peer):
    np.random.seed(7)
    before = np.random.get_state()
    first = outcome(run(IMF1(n_var=5), peer(20)).algorithm)
    after = np.random.get_state()
    assert np.array_equal(before[1], after[1]) and before[2] == after[2]
    np.random.seed(8)
    assert same(first, outcome(run(IMF1(n_var=5), peer(20)).algorithm))
    assert not np.array_equal(first[0], outcome(run(IMF1(n_var=5), peer(20), seed=2).algorithm)[0])


@PEERS
def test_one_object_serves_two_runs_and_two_problems(peer):
    algorithm = peer(20)
    first = outcome(run(IMF1(n_var=5), algorithm).algorithm)
    run(Bowls(n_obj=3), algorithm)
    assert same(first, outcome(run(IMF1(n_var=5), algorithm).algorithm))


@PEERS
@pytest.mark.parametrize("way", [copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("n_steps", [0, 1, 4, 30])
def test_a_copy_of_a_running_algorithm_goes_on_alike(peer, way, n_steps):
    algorithm = peer(20).setup(IMF1(n_var=5), termination=("n_eval", 190), seed=5)
    for _ in range(n_steps):
        if algorithm.has_next():
            algorithm.next()
    twin = way(algorithm)
    for one in (algorithm, twin):
        while one.has_next():
            one.next()
        assert one.evaluator.n_eval == 190
    assert same(outcome(algorithm), outcome(twin))


@PEERS
def test_asking_and_telling_is_the_same_as_minimising(peer):
    problem = IMF1(n_var=5)
    algorithm = peer(20).setup(problem, termination=("n_eval", 150), seed=1)
    while algorithm.has_next():
        infills = algorithm.ask()
        algorithm.evaluator.eval(problem, infills)
        algorithm.tell(infills=infills)
    assert same(outcome(algorithm), outcome(run(problem, peer(20)).algorithm))


# Failing evaluations and constraints -----------------------------------------------------------------------


@PEERS
@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_failed_evaluations_are_driven_out_and_not_reported(peer, value):
    problem = Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.2, value))
    result = run(problem, peer(20), 400)
    assert np.isfinite(result.F).all() and len(result.F) > 1
    assert np.isfinite(result.pop.get("F")).all()


@PEERS
def test_failed_evaluations_are_not_reported_while_they_are_in_the_population(peer):
    result = run(Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.2)), peer(20), 20)
    assert np.isnan(result.pop.get("F")).any() and np.isfinite(result.F).all()


@PEERS
@pytest.mark.parametrize("n_good", [0, 1, 3])
def test_a_first_generation_that_fails_is_no_end(peer, n_good):
    problem = Bowls()

    def spoil(X, out):
        if len(problem.seen) == 1:
            out["F"][n_good:] = NAN

    problem.spoil = spoil
    result = run(problem, peer(20), 400)
    assert np.isfinite(result.F).all()
    assert len(np.unique(result.pop.get("X"), axis=0)) > 3


@PEERS
def test_a_problem_that_always_fails_gives_no_result(peer, capsys):
    result = run(Bowls(spoil=spoil_all()), peer(20), 111, verbose=True)
    assert result.F is None and len(result.pop) <= 20


@PEERS
def test_huge_objectives_do_no_harm(peer):
    def spoil(X, out):
        out["F"] *= 1e300

    problem = Bowls(spoil=spoil)
    assert np.isfinite(run(problem, peer(20), 200).F).all()
    assert np.isfinite(np.vstack(problem.seen)).all()


@PEERS
def test_constant_objectives_do_no_harm(peer):
    result = run(Bowls(spoil=spoil_all(0.0)), peer(20), 200)
    assert (result.F == 0.0).all()


@PEERS
def test_constraints_are_met(peer):
    result = run(Bowls(n_ieq=1), peer(20), 400)
    assert (result.CV == 0.0).all() and len(result.F) > 3
    assert (result.X[:, 0] >= -1.0 + 0.4 * 2.0 - 1e-9).all()
    assert (run(get_problem("bnh"), peer(20), 400).CV <= 0).all()


@PEERS
def test_where_nothing_is_feasible_the_violation_falls(peer):
    problem = Bowls(n_ieq=1, spoil=lambda X, out: out.update(G=out["G"] + 9.0))
    early, late = (run(problem, peer(20), n).pop.get("CV") for n in (20, 600))
    assert np.median(late) < early.min() + 1e-9
    assert (late > 0).all()


@PEERS
def test_a_constraint_that_is_not_a_number_is_a_failure(peer):
    result = run(Bowls(n_ieq=1, spoil=spoil_where(lambda X: X[:, 1] > 4.0, NAN, "G")), peer(20), 300)
    assert np.isfinite(result.pop.get("G")).all() and (result.X[:, 1] <= 4.0).all()


# What is refused -------------------------------------------------------------------------------------------


@PEERS
@pytest.mark.parametrize("pop_size", [3, 0, -5])
def test_a_tiny_population_is_refused(peer, pop_size):
    with pytest.raises(ValueError, match=f"pop_size must be at least 4, got {pop_size}"):
        peer(pop_size)


@PEERS
@pytest.mark.parametrize("pop_size", [20.0, "20", None, True])
def test_a_population_size_must_be_an_integer(peer, pop_size):
    with pytest.raises(TypeError, match="pop_size must be an integer"):
        peer(pop_size)


@PEERS
def test_unknown_keywords_are_refused(peer):
    with pytest.raises(TypeError, match="pop_sizee"):
        peer(pop_sizee=20)
    with pytest.raises(TypeError, match="unknown keyword 'sead'"):
        minimize(IMF1(n_var=5), peer(20), ("n_eval", 50), sead=1)


@PEERS
def test_a_sampling_must_be_one(peer):
    with pytest.raises(TypeError, match=r"sampling must be an object such as .*array of solutions, got 'lhs'"):
        peer(20, sampling="lhs")

    class Few(Sampling):
        def _do(self, problem, n_samples, *args, **kwargs):
            return np.zeros((n_samples - 1, problem.n_var))

    with pytest.raises(ValueError, match="sampling must return 20 solutions, got 19"):
        minimize(IMF1(n_var=5), peer(20, sampling=Few()), ("n_eval", 50))


@ALL
def test_a_run_begins_with_solutions_of_ones_own(algorithm):
    problem = Bowls()
    X = problem.xl + np.random.default_rng(1).random((20, problem.n_var)) * (problem.xu - problem.xl)
    first = run(problem, algorithm(20, sampling=X), 20).pop
    assert {tuple(x) for x in first.get("X")} == {tuple(x) for x in X}
    problem.seen.clear()
    run(problem, algorithm(20, sampling=first), 30)
    again = {tuple(x) for x in np.vstack(problem.seen)} & {tuple(x) for x in X}
    assert len(again) < 20  # but for copies that some algorithms make, none is evaluated again


@ALL
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.full((20, 5), 1.5), r"lie within the problem's bounds, got x1 in \[1.5, 1.5\] for \[0, 1\]"),
        (np.full((20, 4), 0.5), r"have shape \(n, n_var = 5\), got \((20|1), 4\)"),
        (np.full((20, 5), np.nan), r"be finite, got (20 of 20|1 of 1) rows"),
        (np.random.default_rng(1).random((21, 5)), r"return (1 to )?20 solutions, got 21"),
    ],
    ids=["outside", "shape", "nan", "too many"],
)
def test_solutions_of_another_problem_do_not_begin_a_run(algorithm, X, message):
    with pytest.raises(ValueError, match="^sampling must " + message):
        minimize(IMF1(n_var=5), algorithm(20, sampling=X), ("n_eval", 50), seed=1)


@PEERS
def test_a_budget_below_the_population_is_refused(peer):
    with pytest.raises(ValueError, match="n_evals must be at least the population size 20, got 19"):
        minimize(IMF1(n_var=5), peer(20), ("n_eval", 19))


@PEERS
def test_one_objective_is_refused(peer):
    with pytest.raises(ValueError, match=f"n_obj must be at least 2 for {peer.__name__}, got 1"):
        minimize(Bowls(n_obj=1), peer(20), ("n_eval", 50))


@PEERS
@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (Problem(n_var=3, n_obj=2), ValueError, "lower and upper bounds"),
        (Problem(n_var=3, n_obj=2, xl=0, xu=np.inf), ValueError, "finite bounds"),
        (Problem(n_var=3, n_obj=2, xl=0, xu=9, vtype=int), TypeError, "real-valued"),
    ],
    ids=["no bounds", "infinite", "integer"],
)
def test_problems_they_cannot_serve_are_refused(peer, problem, error, message):
    with pytest.raises(error, match=f"problem Problem must have .*{message}"):
        minimize(problem, peer(20), ("n_eval", 50))


# Pieces ----------------------------------------------------------------------------------------------------


def test_violations():
    F, G = np.array([[1.0], [1.0], [NAN], [-INF]]), np.array([[-1.0], [2.0], [1.0], [1.0]])
    pop = Population.new(X=np.zeros((4, 1)), F=F, G=G)
    assert violations(pop).tolist() == [0.0, 2.0, INF, INF]


def test_a_lattice_of_three_weights():
    W = lattice(3, 9)  # 6 with halves, 10 with thirds
    expected = {(0, 0, 1), (0, 0.5, 0.5), (0, 1, 0), (0.5, 0, 0.5), (0.5, 0.5, 0), (1, 0, 0)}
    assert len(W) == 6 and {tuple(w) for w in W.tolist()} == expected


@pytest.mark.parametrize(("n_obj", "n_max", "n"), [(2, 100, 100), (3, 105, 105), (3, 104, 91), (5, 10, 5), (7, 3, 7)])
def test_lattices_are_as_large_as_they_may_be_and_never_less_than_the_corners(n_obj, n_max, n):
    W = lattice(n_obj, n_max)
    assert W.shape == (n, n_obj)
    np.testing.assert_allclose(W.sum(axis=1), 1.0)
    assert W.min() == 0.0 and len(np.unique(W, axis=0)) == n
    assert {tuple(w) for w in np.eye(n_obj).tolist()} <= {tuple(w) for w in W.tolist()}
