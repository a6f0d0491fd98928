"""MOEA/D-DE: weights, offspring and replacement; what it shares with other peers is in test_peers.py."""

from __future__ import annotations

import numpy as np
import pytest
from pymoo.core.evaluator import Evaluator
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.optimize import minimize
from pymoo.problems import get_problem

from evogan.algorithms import MOEADDE
from evogan.algorithms.moead_de import improved, polynomial_steps
from evogan.metrics import igd
from evogan.problems.imf import IMF1, IMF4


class Line(Problem):
    """f1 = x1, f2 = 1 - x1 in a wide box."""

    def __init__(self, n_var=3, xl=-8.0, xu=24.0):
        super().__init__(n_var=n_var, n_obj=2, xl=xl, xu=xu)

    def _evaluate(self, X, out, *args, **kwargs):
        out["F"] = np.column_stack([X[:, 0], 1.0 - X[:, 0]])


def begun(pop_size=8, *, X=None, F=None, problem=None, seed=1, **options):
    """An algorithm whose initial population is evaluated, or is the one given."""
    problem = Line() if problem is None else problem
    algorithm = MOEADDE(pop_size, **options).setup(problem, seed=seed)
    pop = algorithm.ask()
    if X is not None:
        pop.set("X", np.array(X))
    algorithm.evaluator.eval(problem, pop)
    if F is not None:
        pop.set("F", np.array(F))
    algorithm.tell(infills=pop)
    return algorithm


def child(f, X=(0.0, 0.0, 0.0)):
    return Population.new(X=np.array([X]), F=np.array([f]))


# Weights ---------------------------------------------------------------------------------------------------


def test_two_objectives_have_as_many_weights_as_solutions():
    algorithm = begun(11)
    np.testing.assert_allclose(algorithm.weights[:, 0], np.linspace(0.0, 1.0, 11), atol=1e-15)
    assert algorithm.pop_size == len(algorithm.pop) == 11


def test_three_objectives_have_the_largest_lattice():
    algorithm = begun(100, problem=IMF4(n_var=5))
    assert algorithm.pop_size == len(algorithm.pop) == len(algorithm.weights) == 91
    assert minimize(IMF4(n_var=5), MOEADDE(100), ("n_eval", 91), seed=1).algorithm.evaluator.n_eval == 91


def test_neighbours_have_the_nearest_weights():
    algorithm = begun(8, n_neighbours=3)
    assert algorithm.neighbours[0].tolist() == [0, 1, 2]
    assert sorted(algorithm.neighbours[4].tolist()) == [3, 4, 5] and algorithm.neighbours[4, 0] == 4
    assert begun(8).neighbours.shape == (8, 8)


# Offspring -------------------------------------------------------------------------------------------------


def test_a_child_is_its_parent_and_half_a_difference():
    """Solutions 2^0, 2^1 ...: differences tell who took part."""
    X = np.repeat(2.0 ** np.arange(4)[:, None], 1, axis=1)
    pairs = set()
    for seed in range(60):
        y = begun(4, X=X, problem=Line(1, -1e6, 1e6), eta_m=1e12, seed=seed).ask().get("X")[0, 0]
        pairs |= {(a, b) for a in X[:, 0] for b in X[:, 0] if a != b and abs(y - (1.0 + 0.5 * (a - b))) < 1e-3}
    assert len(pairs) >= 10  # of 12: two distinct solutions, of which one may be the parent


def test_cr_0_leaves_the_parent():
    algorithm = begun(8, cr=0.0, eta_m=1e12)
    np.testing.assert_allclose(algorithm.ask().get("X")[0], algorithm.pop[0].X, atol=1e-8)


def test_f_scales_the_difference():
    X = np.array([[0.0] * 3, [1.0] * 3, [1.0] * 3, [1.0] * 3])
    steps = {round(begun(4, X=X, f=0.25, eta_m=1e12, seed=s).ask().get("X")[0, 0], 6) for s in range(30)}
    assert steps == {-0.25, 0.0, 0.25}


def test_delta_decides_between_neighbours_and_all():
    def ranges(delta):
        algorithm = begun(20, n_neighbours=4, delta=delta)
        sizes = []
        for _ in range(200):
            off = algorithm.ask()
            sizes.append(len(algorithm._range))
            algorithm.evaluator.eval(algorithm.problem, off)
            algorithm.tell(infills=off)
        return np.array(sizes)

    assert (ranges(1.0) == 4).all() and (ranges(0.0) == 20).all()
    assert (ranges(0.75) == 4).mean() == pytest.approx(0.75, abs=0.1)


def test_subproblems_take_turns_with_their_own_neighbours():
    algorithm = begun(6, n_neighbours=2, delta=1.0)
    first = []
    for _ in range(12):
        off = algorithm.ask()
        first.append(int(algorithm._range[0]))
        algorithm.evaluator.eval(algorithm.problem, off)
        algorithm.tell(infills=off)
    assert first == [0, 1, 2, 3, 4, 5] * 2
    assert algorithm.n_gen == 4


def test_values_outside_the_box_are_drawn_anew_inside_it():
    """Half of the solutions at either end: nearly all differences lead out, and no child sticks to a bound."""
    X = np.where(np.arange(8)[:, None] % 2 == 0, np.full((8, 3), -8.0), 24.0)
    made = np.vstack([begun(8, X=X, f=5.0, eta_m=1e12, seed=s).ask().get("X") for s in range(200)])
    new = made[(made > -7.99) & (made < 23.99)]
    assert len(new) > 250 and made.min() >= -8.0 and made.max() <= 24.0
    np.testing.assert_allclose(np.histogram(new, 4, (-8.0, 24.0))[0] / len(new), 0.25, atol=0.08)


def test_one_variable_in_n_mutates():
    X = np.zeros((8, 10))
    made = np.vstack([begun(8, X=X, problem=Line(10), seed=s).ask().get("X") for s in range(300)])
    assert (made != 0.0).mean() == pytest.approx(0.1, abs=0.02)
    assert 0.01 < np.abs(made[made != 0.0] / 32.0).mean() < 0.1  # in ranges of the variable: 1 / (eta + 2)


def test_polynomial_steps_have_their_distribution():
    """Mean absolute step 1 / (eta + 2), as many up as down."""
    steps = polynomial_steps((np.arange(10_000) + 0.5) / 10_000, 20.0)
    assert np.abs(steps).mean() == pytest.approx(1 / 22, rel=1e-3)
    assert steps.mean() == pytest.approx(0.0, abs=1e-12) and np.abs(steps).max() < 1.0


# Replacement -----------------------------------------------------------------------------------------------

WEIGHTS = np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])


def better(f, F, *, CV=(0.0, 0.0, 0.0), cv=0.0, ideal=(0.0, 0.0), rows=(0, 1, 2)):
    args = np.array(F, dtype=float), np.array(CV), np.array(f, dtype=float), cv, WEIGHTS, np.array(ideal)
    return improved(np.array(rows), *args).tolist()


def test_subproblems_that_find_the_child_better_by_hand():
    F = [[4.0, 2.0], [3.0, 3.0], [1.0, 5.0]]
    assert better([2.0, 2.5], F) == [1]  # 2.5 > 2; 1.25 < 1.5; 2 > 1
    assert better([0.5, 9.0], F) == [2]
    assert better([1.0, 2.0], F, rows=(2, 0, 1)) == [2, 0, 1]  # ties count, order stays
    assert better([4.0, 4.0], F) == []


def test_distances_are_from_the_ideal_point():
    F = [[4.0, 2.0], [3.0, 3.0], [1.0, 5.0]]
    assert better([2.0, 3.5], F) == []  # 1.75 against 1.5
    assert better([2.0, 3.5], F, ideal=(-9.0, 0.0)) == [1]  # 5.5 against 6


def test_less_violation_comes_first():
    F = [[0.0, 0.0]] * 3
    assert better([9.0, 9.0], F, CV=(1.0, 2.0, 0.0), cv=1.5) == [1]
    assert better([9.0, 9.0], F, CV=(np.inf, 1.0, 2.0), cv=1.0) == [0, 2]
    assert better([-1.0, -1.0], F, CV=(0.0, 0.0, 1.0), cv=0.5, ideal=(-1.0, -1.0)) == [2]
    assert better([np.nan, 0.0], F, CV=(np.inf,) * 3, cv=np.inf) == []
    assert better([np.inf, 1.0], [[np.inf, np.inf]] * 3, CV=(np.inf,) * 3, cv=np.inf) == []


@pytest.mark.parametrize("n_replaced", [1, 2, 5, 50])
def test_a_child_replaces_no_more_than_n_r(n_replaced):
    """It is the best for all eight; those replaced are its neighbours, at random."""
    touched = set()
    for seed in range(60):
        algorithm = begun(8, F=np.full((8, 2), 5.0), n_replaced=n_replaced, n_neighbours=6, delta=1.0, seed=seed)
        algorithm.ask()
        algorithm.tell(infills=child([1.0, 1.0]))
        rows = np.flatnonzero((algorithm.pop.get("F") == 1.0).all(axis=1))
        assert len(rows) == min(n_replaced, 6)
        touched |= set(rows.tolist())
    assert touched == set(range(6))


def test_a_child_that_is_worse_replaces_none_and_one_that_is_equal_does():
    algorithm = begun(8, F=np.full((8, 2), 5.0))
    for f, n in (([6.0, 6.0], 0), ([5.0, 5.0], 2)):
        algorithm.ask()
        algorithm.tell(infills=child(f, (7.0, 7.0, 7.0)))
        assert (algorithm.pop.get("X") == 7.0).all(axis=1).sum() == n


def test_the_ideal_point_is_the_best_of_every_objective_so_far():
    algorithm = begun(8, F=np.column_stack([np.arange(8.0) + 2, 9 - np.arange(8.0)]))
    assert algorithm.ideal.tolist() == [2.0, 2.0]
    for f, ideal in (([1.0, 50.0], [1.0, 2.0]), ([np.nan, -9.0], [1.0, 2.0]), ([60.0, -3.0], [1.0, -3.0])):
        algorithm.ask()
        algorithm.tell(infills=child(f))
        assert algorithm.ideal.tolist() == ideal


def test_the_next_child_may_descend_from_the_last_one():
    algorithm = begun(4, F=np.full((4, 2), 5.0), X=np.zeros((4, 3)), n_replaced=4, delta=0.0, eta_m=1e12)
    algorithm.ask()
    algorithm.tell(infills=child([1.0, 1.0], (7.0, 7.0, 7.0)))
    np.testing.assert_allclose(algorithm.ask().get("X"), [[7.0, 7.0, 7.0]], atol=1e-6)


def test_a_population_that_a_callback_keeps_does_not_change():
    kept = []

    def keep(algorithm):
        kept.append((algorithm.pop, algorithm.pop.get("X").copy()))

    minimize(IMF1(n_var=5), MOEADDE(20), ("n_eval", 150), seed=1, callback=keep)
    assert len(kept) == 8
    for pop, X in kept[:-1]:
        assert np.array_equal(pop.get("X"), X)


# Settings --------------------------------------------------------------------------------------------------


def test_settings_of_the_paper():
    algorithm = MOEADDE()
    assert (algorithm.pop_size, algorithm.n_neighbours, algorithm.delta, algorithm.n_replaced) == (100, 20, 0.9, 2)
    assert (algorithm.f, algorithm.cr, algorithm.eta_m) == (0.5, 1.0, 20.0)


@pytest.mark.parametrize(
    "options",
    [
        {"n_neighbours": 1},
        {"delta": 1.1},
        {"n_replaced": 0},
        {"f": 0.0},
        {"cr": -0.1},
        {"eta_m": -1.0},
    ],
    ids=str,
)
def test_bad_settings_are_named(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        MOEADDE(20, **options)


def test_more_objectives_than_solutions_are_refused():
    with pytest.raises(ValueError, match="pop_size must be at least n_obj = 6 for MOEADDE, got 5"):
        minimize(get_problem("dtlz2", n_var=9, n_obj=6), MOEADDE(5), ("n_eval", 50))


@pytest.mark.parametrize("n", [7, 13])
def test_another_number_of_first_solutions_cannot_be_told(n):
    problem, algorithm = IMF1(n_var=3), MOEADDE(12)
    algorithm.setup(problem, termination=("n_eval", 50), seed=1).ask()
    told = Evaluator().eval(problem, Population.new(X=np.random.default_rng(1).random((n, 3))))
    with pytest.raises(ValueError, match=f"the first solutions told must be 12, one for each weight, got {n}"):
        algorithm.tell(infills=told)


@pytest.mark.slow
def test_figures_of_the_imf_problems():
    """Median of 10 runs of an independent program: 0.40 on IMF1."""
    problem = IMF1()
    found = [
        float(igd(minimize(problem, MOEADDE(), ("n_eval", 5000), seed=s).F, problem.pareto_front())) for s in (1, 2, 3)
    ]
    assert 0.2 < np.median(found) < 0.6
