"""CSEA: labels, radial selection, the network, what is evaluated by its errors, budgets, and what it refuses."""

from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from bowls import XL, XU, Bowls, same, spoil_all, spoil_where
from pymoo.core.problem import Problem
from pymoo.operators.sampling.lhs import LHS
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting
from scipy.optimize import approx_fprime

from evogan.algorithms import CSEA
from evogan.algorithms._network import SmallNetwork
from evogan.algorithms._radial import cells, levels_of, projected, radial_selection, scaled
from evogan.algorithms.csea import errors, not_dominated, stratified, without_copies
from evogan.metrics import igd
from evogan.problems.imf import IMF1, IMF4

NAN, INF = float("nan"), float("inf")


def csea(pop_size=20, **options):
    """A CSEA that begins with 20 points and predicts little."""
    return CSEA(pop_size, **{"n_initial": 20, "g_max": 60, "n_epochs": 20, **options})


def run(problem, algorithm, n_eval, seed=1, **options):
    result = minimize(problem, algorithm, ("n_eval", n_eval), seed=seed, **options)
    assert result.algorithm.evaluator.n_eval == n_eval
    return result


def started(n_generations=1, problem=None, n_eval=70, **options):
    algorithm = csea(**options)
    algorithm.setup(IMF1(n_var=5) if problem is None else problem, termination=("n_eval", n_eval), seed=5)
    for _ in range(n_generations):
        algorithm.next()
    return algorithm


def finished(algorithm):
    while algorithm.has_next():
        algorithm.next()
    return algorithm.pop.get("X"), algorithm.evaluated.get("F"), algorithm.opt.get("X")


def zeros(n):
    return np.zeros(n)


# Labels ----------------------------------------------------------------------------------------------------


def test_five_points_and_two_references():
    """References (1, 3) and (3, 1): by hand."""
    F = np.array([[1.0, 3.0], [3.0, 1.0], [2.0, 2.0], [3.0, 3.0], [1.0, 4.0]])
    assert not_dominated(F, zeros(5), np.array([0, 1])).tolist() == [True, True, True, False, False]
    assert not_dominated(F, zeros(5), np.array([2])).tolist() == [True, True, True, False, True]


def test_the_reference_itself_and_its_copy_are_good():
    F = np.array([[1.0, 1.0], [1.0, 1.0]])
    assert not_dominated(F, zeros(2), np.array([0])).all()


def test_less_violation_dominates_and_what_is_not_finite_is_bad():
    F = np.array([[9.0, 9.0], [1.0, 1.0], [0.0, 0.0], [NAN, 0.0]])
    assert not_dominated(F, np.array([0.0, 0.0, 2.0, INF]), np.array([0])).tolist() == [True, True, False, False]
    assert not_dominated(F, np.array([1.0, 1.0, 1.0, INF]), np.array([1])).tolist() == [False, True, True, False]
    for row in (2, 3):  # neither the infeasible nor the failed one dominates a feasible one
        assert not_dominated(F, np.array([0.0, 0.0, 2.0, INF]), np.array([row])).tolist() == [True, True, True, False]


def test_three_quarters_of_each_label_are_drawn():
    label = np.arange(21) < 5
    drawn = [stratified(label, 0.75, np.random.default_rng(seed)) for seed in range(50)]
    assert {(int(d[:5].sum()), int(d[5:].sum())) for d in drawn} == {(4, 12)}
    assert (np.mean(drawn, axis=0) > 0.4).all() and (np.mean(drawn, axis=0) < 1).all()


def test_errors_on_good_and_on_bad_solutions():
    predicted, good = np.array([0.9, 0.7, 0.3]), np.array([True, True, False])
    assert errors(predicted, good) == pytest.approx((0.2, 0.3))
    assert np.isnan(errors(predicted, good | True)[1]) and np.isnan(errors(predicted, good & False)[0])


# Radial selection ------------------------------------------------------------------------------------------


def test_levels_are_fronts_then_violations_then_what_is_not_finite():
    F = np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [NAN, NAN]])
    violation = np.array([0.0, 0.0, 0.0, 3.0, 2.0, 3.0, INF])
    assert levels_of(F, violation).tolist() == [0, 0, 1, 3, 2, 3, 4]
    assert levels_of(F[3:], violation[3:]).tolist() == [1, 0, 1, 2]


def test_the_axes_and_the_diagonal_on_the_disc():
    """Three directions 120 degrees apart, in a square from 0 to 1."""
    low = (1.0 - np.sqrt(3.0) / 2) / 2
    Z = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0]])
    expected = [[1.0, 0.5], [0.25, 1.0 - low], [0.25, low], [0.5, 0.5], [0.5, 0.5]]
    assert projected(Z) == pytest.approx(np.array(expected), abs=1e-5)


def test_cells_of_a_grid_and_of_a_line():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 1.0], [0.6, 1.0]])
    assert cells(points, 2).tolist() == [0, 2, 1, 3]
    assert cells(np.column_stack([points[:, 0], np.full(4, 0.5) + [0, 1e-16, 0, 0]]), 2).tolist() == [0, 2, 0, 2]


def test_scaling_to_the_range_of_all():
    F = np.array([[2.0, 7.0], [4.0, 7.0]])
    assert scaled(F, np.array([[0.0, 7.0], [8.0, 7.0]])).tolist() == [[0.25, 0.0], [0.5, 0.0]]
    assert np.isfinite(scaled(1e308 * np.array([[-1.0], [1.0]]), 1e308 * np.array([[-1.0], [1.0]]))).all()


def test_selection_on_a_line_by_hand():
    """Scaled to (0, 4), (1, 3), (2, 2), (3, 1), (4, 0) over 4: the middle first, then both ends of the line."""
    F = np.array([[0.0, 40.0], [1.0, 30.0], [2.0, 20.0], [3.0, 10.0], [4.0, 0.0]])
    assert radial_selection(F, zeros(5), 1).tolist() == [2]
    assert radial_selection(F, zeros(5), 3).tolist() == [0, 2, 4]
    assert radial_selection(F, zeros(5), 5).tolist() == radial_selection(F, zeros(5), 9).tolist() == [0, 1, 2, 3, 4]


def test_convergence_and_distance_by_hand():
    """One level (equal violation): in the empty cell the smaller sum wins, then the distance in the shared cell."""
    F = np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 0.0], [0.0, 1.0, 0.0], [2.0, 0.0, 2.0]])
    assert radial_selection(F, np.ones(4), 2).tolist() == [0, 2]
    assert radial_selection(F, np.ones(4), 3).tolist() == [0, 2, 3]  # 0.3 - 0.25 against 0.15 - 0


def test_convergence_counts_for_more_with_more_objectives():
    """0.1 M c - d of rows 2 and 3 is 0 and 0.3 * 0.737 - 0.179; with 0.1 c - d the second would be less."""
    F = np.array([[4.0, 4.0, 4.0], [0.0, 0.4, 0.0], [0.0, 0.2, 0.0], [4.0, 1.0, 4.0]])
    assert radial_selection(F, np.ones(4), 2).tolist() == [0, 1]
    assert radial_selection(F, np.ones(4), 3).tolist() == [0, 1, 2]


def test_the_range_of_all_solutions_scales():
    """The dominated (5, 100) makes the first objective count: (0, 4) is then nearest to the diagonal."""
    F = np.array([[0.0, 4.0], [1.0, 3.0], [4.0, 0.0], [5.0, 100.0]])
    assert radial_selection(F[:3], zeros(3), 1).tolist() == [1]
    assert radial_selection(F, zeros(4), 1).tolist() == [0]


def test_the_grid_has_the_root_of_k_divisions():
    """Two cells for four solutions: with the middle and both ends chosen, the left cell is due, gap or no gap."""
    x = np.array([0.0, 0.1, 0.5, 0.74, 1.0])
    assert radial_selection(np.column_stack([x, 1.0 - x]), zeros(5), 4).tolist() == [0, 1, 2, 4]


def test_better_fronts_stay_whole():
    F = np.array([[0.0, 1.0], [1.0, 0.0], [0.1, 1.1], [0.6, 0.9], [1.1, 0.1], [9.0, 9.0]])
    chosen = radial_selection(F, zeros(6), 3)
    assert {0, 1} < set(chosen) <= {0, 1, 2, 3, 4}
    assert radial_selection(F, np.array([0.0, 5, 4, 0, 0, 3]), 4).tolist() == [0, 3, 4, 5]  # feasible, then violation


def test_what_is_not_finite_is_selected_last():
    F = np.array([[NAN, 0.0], [1.0, 2.0], [INF, 1.0], [2.0, 1.0]])
    violation = np.array([INF, 0.0, INF, 0.0])
    assert radial_selection(F, violation, 2).tolist() == [1, 3]
    assert radial_selection(F, violation, 3).tolist() == [0, 1, 3]
    assert radial_selection(F, np.full(4, INF), 2).tolist() == [0, 1]


def test_a_selection_is_spread_over_the_cells():
    """Of 100 points crowded at one end of the line and 5 at the other, both ends are selected."""
    x = np.concatenate([np.linspace(0.0, 0.1, 100), np.linspace(0.9, 1.0, 5)])
    chosen = radial_selection(np.column_stack([x, 1.0 - x]), zeros(105), 6)
    assert len(chosen) == len(set(chosen)) == 6
    assert 2 <= (chosen >= 100).sum() <= 4


# The network -----------------------------------------------------------------------------------------------


def test_a_network_learns_what_no_line_separates():
    X = np.random.default_rng(1).random((120, 2))
    label = ((X[:, 0] > 0.5) ^ (X[:, 1] > 0.5)).astype(float)
    network = SmallNetwork(8, 800).fit(X, label, rng=np.random.default_rng(2))
    assert ((network.predict(X) - label) ** 2).mean() < 0.01
    fresh = np.random.default_rng(3).random((400, 2))
    assert ((network.predict(fresh) > 0.5) == ((fresh[:, 0] > 0.5) ^ (fresh[:, 1] > 0.5))).mean() > 0.8


def test_a_step_is_marquardts():
    """One step against (J'J + I)^-1 J'e with a Jacobian by finite differences."""
    X, label = np.array([[0.1, 0.9], [0.8, 0.3], [0.5, 0.4]]), np.array([1.0, 0.0, 1.0])
    before, after = (SmallNetwork(2, n).fit(X, label, rng=np.random.default_rng(4)) for n in (0, 1))

    def flat(network):
        return np.concatenate([part.ravel() for part in network._weights])

    def outputs(w):
        network = SmallNetwork(2, 0)
        network._weights = w[:6].reshape(3, 2), w[6:]
        return network.predict(X)

    w = flat(before)
    J = approx_fprime(w, outputs, 1e-7)
    step = np.linalg.solve(J.T @ J + np.eye(9), J.T @ (outputs(w) - label))
    assert flat(after) == pytest.approx(w - step, abs=1e-6)
    assert np.abs(step).max() > 0.01


def test_training_never_raises_the_error():
    X = np.random.default_rng(1).random((30, 3))
    label = (X.sum(axis=1) + np.random.default_rng(2).normal(0, 0.3, 30) > 1.5).astype(float)
    errors = [
        ((SmallNetwork(4, n).fit(X, label, rng=np.random.default_rng(5)).predict(X) - label) ** 2).mean()
        for n in (0, 1, 2, 5, 20, 100)
    ]
    assert errors == sorted(errors, reverse=True) and errors[-1] < errors[0] / 2


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_label_and_equal_points_are_learnt(label):
    network = SmallNetwork(3, 800).fit(np.ones((40, 2)), np.full(40, label), rng=np.random.default_rng(1))
    assert network.predict(np.ones((1, 2))) == pytest.approx([label], abs=0.02)
    SmallNetwork(3, 800).fit(np.ones((40, 2)), np.arange(40) % 2.0, rng=np.random.default_rng(1))


# Surrogate-assisted selection ------------------------------------------------------------------------------


class Judge:
    """A network that calls solutions good by their first variable, and counts its predictions."""

    def __init__(self):
        self.asked = []

    def predict(self, X):
        self.asked.append(len(X))
        return X[:, 0].copy()


def selected(p1, p2, t=0.2, g_max=600, judge=None, seed=1):
    algorithm = CSEA(20, g_max=g_max)
    algorithm.random_state = np.random.default_rng(seed)
    P = np.random.default_rng(seed).uniform(0.2, 0.8, (20, 4))
    return algorithm._selected(Judge() if judge is None else judge, p1, p2, t, P, P[:6])


@pytest.mark.parametrize(
    ("p1", "p2"), [(0.39, 0.0), (0.39, 1.0), (0.5, 0.19), (0.79, 0.19), (0.1, NAN)], ids=lambda value: str(value)
)
def test_a_network_that_knows_the_good_is_followed_upwards(p1, p2):
    U = selected(p1, p2)
    assert (U[:, 0] > 0.9).all() and len(U) > 1
    assert (np.diff(U[:, 0]) <= 0).all()


@pytest.mark.parametrize(("p1", "p2"), [(0.5, 0.81), (0.9, 0.81), (NAN, 0.9)])
def test_a_network_that_is_wrong_on_the_bad_is_followed_downwards(p1, p2):
    U = selected(p1, p2)
    assert (U[:, 0] < 0.1).all() and len(U) > 1
    assert (np.diff(U[:, 0]) >= 0).all()


@pytest.mark.parametrize(("p1", "p2"), [(0.81, 0.19), (1.0, 0.0)])
def test_a_network_that_calls_all_bad_chooses_nothing(p1, p2):
    assert selected(p1, p2).shape == (0, 4)


@pytest.mark.parametrize(("p1", "p2"), [(0.5, 0.5), (0.41, 0.21), (0.81, 0.21), (NAN, NAN), (NAN, 0.1), (0.5, NAN)])
def test_an_uncertain_network_is_not_followed(p1, p2):
    assert selected(p1, p2).shape == (1, 4)


def test_the_search_makes_g_max_predictions():
    judge = Judge()
    selected(0.1, 0.1, g_max=100, judge=judge)
    assert judge.asked == [26] + [12] * 9
    judge = Judge()
    selected(0.1, 0.1, g_max=0, judge=judge)
    assert judge.asked == [26]


def test_copies_are_left_out_and_the_order_kept():
    U = np.array([[3.0, 0.0], [1.0, 0.0], [3.0, 0.0], [2.0, 0.0]])
    assert without_copies(U, np.array([[1.0, 0.0], [2.0, 1.0]])).tolist() == [[3.0, 0.0], [2.0, 0.0]]
    assert without_copies(U[:0], U).shape == (0, 2)


def test_an_iteration_that_finds_nothing_is_repeated_and_then_a_random_offspring_goes(monkeypatch):
    algorithm = started()
    n_tries = []
    monkeypatch.setattr(CSEA, "_propose", lambda self: n_tries.append(1) or np.zeros((0, 5)))
    assert len(algorithm.ask()) == 1 and len(n_tries) == 10
    proposals = iter([np.zeros((0, 5)), np.full((2, 5), 0.5)])
    monkeypatch.setattr(CSEA, "_propose", lambda self: next(proposals))
    assert algorithm.ask().get("X").tolist() == [[0.5] * 5]


def test_the_network_learns_the_labels_of_the_population(monkeypatch):
    algorithm = started(2)
    seen = {}

    def fit(self, X, label, *, rng):
        seen.update(X=X, label=label, size=(self.n_hidden, self.n_epochs))
        return SimpleNamespace(predict=lambda U: seen.update(test=U) or np.full(len(U), 0.5))

    monkeypatch.setattr(SmallNetwork, "fit", fit)
    monkeypatch.setattr(SmallNetwork, "predict", lambda self, U: seen.update(test=U) or np.full(len(U), 0.5))
    monkeypatch.setattr(CSEA, "_selected", lambda self, network, p1, p2, t, P, R: seen.update(t=t, P=P, R=R) or P)
    assert len(algorithm._propose()) == 20
    F, P = algorithm.pop.get("F"), algorithm.pop.get("X")
    references = radial_selection(F, zeros(20), 6)
    assert np.array_equal(seen["P"], P) and np.array_equal(seen["R"], P[references])
    good = not_dominated(F, zeros(20), references)
    assert seen["t"] == 0.5 * min(good.mean(), 1 - good.mean()) and seen["size"] == (10, 20)
    known = {tuple(x): y for x, y in zip(P, good, strict=True)}
    assert [known[tuple(x)] for x in seen["X"]] == seen["label"].astype(bool).tolist()
    assert len(seen["X"]) + len(seen["test"]) == 20 and len(seen["X"]) in (15, 16)


# Runs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("problem", "n_obj"), [(IMF1(n_var=5), 2), (IMF4(n_var=5), 3), ("dtlz2", 5)])
def test_any_number_of_objectives(problem, n_obj):
    problem = get_problem(problem, n_var=9, n_obj=n_obj) if isinstance(problem, str) else problem
    result = run(problem, csea(), 50, verbose=True)
    assert result.F.shape[1] == n_obj and len(result.pop) == 20


def test_the_result_is_drawn_from_everything_evaluated():
    algorithm = run(Bowls(), csea(4), 80).algorithm
    F = algorithm.evaluated.get("F")
    assert F.shape == (80, 2) and len(algorithm.pop) == 4 < len(algorithm.opt)
    front = NonDominatedSorting().do(F, only_non_dominated_front=True)
    assert set(algorithm.opt) == set(algorithm.evaluated[front])


@pytest.mark.parametrize(("n_initial", "n_eval"), [(20, 20), (20, 21), (4, 7), (4, 29), (33, 60)])
def test_budgets_are_exact(n_initial, n_eval):
    algorithm = run(IMF1(n_var=5), csea(n_initial=n_initial), n_eval).algorithm
    assert algorithm.ask() is None
    assert np.bincount(algorithm.evaluated.get("n_gen").astype(int))[1] == n_initial


def test_a_run_begins_with_a_latin_hypercube_of_11_n_minus_1_points():
    algorithm = started(1, n_initial=None)
    X = algorithm.pop.get("X")
    assert X.shape == (54, 5)
    assert (np.sort((X * 54).astype(int), axis=0) == np.arange(54)[:, None]).all()


def test_a_box_off_the_origin():
    problem = Bowls()
    X = run(problem, csea(), 60).algorithm.evaluated.get("X")
    assert (X >= problem.xl).all() and (X <= problem.xu).all()
    assert (X[:, 3] == 3.0).all() and X[:, 1].std() > 0.01


def test_scaling_the_box_changes_nothing():
    X = [run(Bowls(scale * XL, scale * XU), csea(), 40).algorithm.evaluated.get("X") / scale for scale in (1.0, 1024.0)]
    assert X[0] == pytest.approx(X[1], rel=1e-6)


def test_a_box_that_is_a_point():
    class Point(Problem):
        def _evaluate(self, X, out, *args, **kwargs):
            out["F"] = X

    assert (run(Point(n_var=2, n_obj=2, xl=1.0, xu=1.0), csea(4, n_initial=5), 8).F == 1.0).all()


def test_nothing_is_evaluated_twice():
    X = run(Bowls(), csea(), 70).algorithm.evaluated.get("X")
    assert len(np.unique(X, axis=0)) == 70


def test_the_seed_decides_alone():
    first = finished(started())
    np.random.seed(99)
    state = np.random.get_state()[1].copy()
    assert same(first, finished(started()))
    assert np.array_equal(state, np.random.get_state()[1])
    assert not np.array_equal(first[0], run(IMF1(n_var=5), csea(), 70, seed=6).pop.get("X"))


@pytest.mark.parametrize("store", [copy.deepcopy, lambda algorithm: pickle.loads(pickle.dumps(algorithm))])
def test_a_stored_run_goes_on_as_if_it_had_never_stopped(store):
    algorithm = started(2)
    stored = store(algorithm)
    through = finished(algorithm)
    assert same(through, finished(stored))


def test_constraints():
    result = run(get_problem("bnh"), csea(), 60)
    assert (result.CV <= 0).all() and len(result.F) > 1
    evaluated = run(get_problem("mw3"), csea(), 80).algorithm.evaluated
    CV = evaluated.get("CV")[:, 0]
    assert np.median(CV[50:]) < np.median(CV[:20])


def test_nan_objectives_are_survived_and_not_reported():
    result = run(Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.2)), csea(10), 60)
    assert np.isfinite(result.F).all() and len(result.F) > 1
    assert np.isnan(result.algorithm.evaluated.get("F")).any()
    assert np.isfinite(result.pop.get("F")).all()


@pytest.mark.parametrize("verbose", [False, True])
def test_a_problem_that_always_fails_gives_no_result(verbose):
    result = run(Bowls(spoil=spoil_all()), csea(), 40, verbose=verbose)
    assert result.F is None and result.X is None


def test_it_approaches_the_front():
    """Nearer than random search with the same budget, in the median of three seeds."""
    problem = IMF1(n_var=5)
    front = problem.pareto_front()
    ours = [float(igd(run(problem, CSEA(g_max=600, n_epochs=100), 150, s).F, front)) for s in range(3)]
    rivals = [float(igd(problem.evaluate(np.random.default_rng(s).random((150, 5))), front)) for s in range(3)]
    assert np.median(ours) < np.median(rivals) / 2, (ours, rivals)


# What is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"pop_size": 3}, ValueError, "pop_size must be at least 4, got 3"),
        ({"pop_size": 20.0}, TypeError, "pop_size must be an integer"),
        ({"n_references": 0}, ValueError, "n_references"),
        ({"g_max": -1}, ValueError, "g_max"),
        ({"n_initial": 3}, ValueError, "n_initial"),
        ({"n_hidden": 0}, ValueError, "n_hidden"),
        ({"n_epochs": 0}, ValueError, "n_epochs"),
        ({"sampling": LHS}, TypeError, "sampling must be an object"),
        ({"pop_sizee": 20}, TypeError, "pop_sizee"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_settings_are_named(options, error, message):
    with pytest.raises(error, match=message):
        CSEA(**options)


@pytest.mark.parametrize("keyword", ["sead", "random_state", "pop_size"])
def test_unknown_keywords_of_a_run_are_refused(keyword):
    with pytest.raises(TypeError, match=f"unknown keyword '{keyword}'"):
        minimize(IMF1(n_var=5), csea(), ("n_eval", 50), **{keyword: 1})


def test_a_budget_below_the_first_design_is_refused():
    with pytest.raises(ValueError, match="n_evals must be at least n_initial = 54, got 53"):
        minimize(IMF1(n_var=5), CSEA(), ("n_eval", 53))


def test_one_objective_is_refused():
    with pytest.raises(ValueError, match="n_obj must be at least 2 for CSEA, got 1"):
        minimize(get_problem("sphere"), CSEA(), ("n_eval", 500))


def test_problems_it_cannot_serve_are_refused():
    with pytest.raises(ValueError, match="finite bounds"):
        minimize(Problem(n_var=3, n_obj=2, xl=0, xu=np.inf), CSEA(), ("n_eval", 50))
    with pytest.raises(TypeError, match="real-valued"):
        minimize(Problem(n_var=3, n_obj=2, xl=0, xu=9, vtype=int), CSEA(), ("n_eval", 50))
