"""The null control: each task's run is the one that pymoo makes alone."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from pymoo.algorithms.moo.dnsga2 import DNSGA2
from pymoo.algorithms.moo.gde3 import GDE3
from pymoo.algorithms.moo.moead import MOEAD
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.algorithms.moo.rvea import RVEA
from pymoo.algorithms.moo.spea2 import SPEA2
from pymoo.algorithms.soo.nonconvex.de import DE
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.algorithms.soo.nonconvex.pso import PSO
from pymoo.algorithms.soo.nonconvex.pso_ep import EPPSO
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.ref_dirs import get_reference_directions

from evogan.algorithms import GMOEA
from evogan.models import Gaussian
from evogan.multitask import Apart, MultitaskProblem, MultitaskRun, minimize_multitask
from evogan.problems.imf import IMF1, IMF2, IMF4

REFS = get_reference_directions("das-dennis", 2, n_partitions=11)


def seeds(seed, n):
    """The seeds of the tasks, as the docstring of Apart tells them."""
    rng = np.random.default_rng(seed)
    return [int(rng.integers(2**31)) for _ in range(n)]


class Rounded(Repair):
    """Round solutions as the unified box does: the algorithm then runs on what is evaluated."""

    def __init__(self, problem, task):
        super().__init__()
        self.problem, self.task = problem, task

    def _do(self, problem, X, **kwargs):
        return self.problem.decode(self.task, self.problem.encode(self.task, X))


class Bowl(Problem):
    def __init__(self, n_var=4, xl=-3.0, xu=7.0, holes=None, n_obj=1):
        super().__init__(n_var=n_var, n_obj=n_obj, xl=xl, xu=xu)
        self.holes, self.n_asked = holes, 0

    def _evaluate(self, x, out, *args, **kwargs):
        self.n_asked += len(x)
        out["F"] = np.column_stack([((x - k) ** 2).sum(axis=1) for k in range(self.n_obj)])
        if self.holes is not None:
            out["F"][np.sin(50 * x[:, 0]) < self.holes] = np.nan


def equal_to_pymoo(tasks, algorithm, n_generations, seed=5, made=None):
    """Compare a run with pymoo's own runs; ``made(problem, t)`` makes the algorithm for pymoo."""
    problem = MultitaskProblem(tasks)
    n = n_generations * algorithm.pop_size
    result = minimize_multitask(problem, Apart(algorithm), ("n_eval", n * len(tasks)), seed=seed)
    for t, (task, s) in enumerate(zip(tasks, seeds(seed, len(tasks)), strict=True)):
        alone = minimize(task, algorithm if made is None else made(problem, t), ("n_eval", n), seed=s)
        for name in ("X", "F", "G", "H", "CV"):
            theirs, ours = alone.pop.get(name), result[t].pop.get(name)
            assert np.array_equal(theirs, ours), f"task {t}: {name}"
        assert result[t].n_eval == alone.algorithm.evaluator.n_eval == n
        assert result.algorithm._running[t].evaluator.n_eval == n
    return result


# Equal to pymoo --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "algorithm",
    [
        NSGA2(16),
        SPEA2(16),
        NSGA3(REFS, pop_size=16),
        GDE3(16),
        GMOEA(16, model=Gaussian()),
        NSGA2(16, n_offsprings=16, save_history=True),
    ],
    ids=["nsga2", "spea2", "nsga3", "gde3", "gmoea", "history"],
)
def test_every_task_runs_as_in_pymoo(algorithm):
    equal_to_pymoo([IMF1(n_var=5), IMF2(n_var=3)], algorithm, 12)


@pytest.mark.parametrize("seed", range(3))
def test_nsga2_on_constrained_tasks_of_any_bounds_runs_as_in_pymoo(seed):
    tasks = [get_problem("osy"), get_problem("bnh"), get_problem("zdt4"), get_problem("welded_beam")]
    options = {"pop_size": 16, "eliminate_duplicates": False}  # a copy that is rounded again may be one no more

    def made(problem, t):
        return NSGA2(repair=Rounded(problem, t), **options)

    equal_to_pymoo(tasks, NSGA2(**options), 12, seed, made)


@pytest.mark.parametrize("make", [GA, DE], ids=["ga", "de"])
def test_a_single_objective_runs_as_in_pymoo(make):
    tasks = [Bowl(4, 0.0, 1.0), Bowl(2, 0.0, 1.0)]
    result = equal_to_pymoo(tasks, make(pop_size=16), 12)
    assert result[0].F.shape == (1, 1) and result[0].F[0, 0] == result[0].pop.get("F").min()


def test_different_numbers_of_objectives_and_many_tasks():
    equal_to_pymoo([IMF1(n_var=5), IMF4(n_var=5), IMF2(n_var=2), IMF1(n_var=3)], NSGA2(12), 5)


def test_tasks_are_independent_of_each_other():
    first = minimize_multitask([IMF1(4), IMF4(4)], Apart(NSGA2(16)), ("n_eval", 320), seed=1)
    other = minimize_multitask([IMF1(4), Bowl(7)], Apart(NSGA2(16)), ("n_eval", 320), seed=1)
    assert np.array_equal(first[0].pop.get("X"), other[0].pop.get("X"))


# X and F belong together -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_of_the_solutions_that_are_told(seed):
    tasks = [get_problem("osy"), Bowl(5, -0.1, 0.7, n_obj=2), Bowl(3, 0.1, 0.3, n_obj=2)]
    problem = MultitaskProblem(tasks)
    run = MultitaskRun(problem, Apart(NSGA2(16)), ("n_eval", 16 * 3 * 8), seed=seed)
    more = True
    while more:
        more = run.advance()
        result = run.result()
        for t, (one, task) in enumerate(zip(result, tasks, strict=True)):
            X, F = one.pop.get("X"), one.pop.get("F")
            assert (X >= task.xl).all() and (X <= task.xu).all()
            assert np.array_equal(task.evaluate(X, return_values_of=["F"]), F)
            inner = run.algorithm._running[t].pop
            assert np.array_equal(inner.get("X"), X) and np.array_equal(inner.get("F"), F)
            assert all(individual.evaluated == {"F", "G", "H"} for individual in inner)
            assert np.array_equal(problem.decode(t, run.algorithm.populations[t].U), X)


# Budgets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [40, 41, 79, 80, 97])
@pytest.mark.parametrize(
    "algorithm",
    [NSGA2(20), SPEA2(20), NSGA3(REFS, pop_size=20), GDE3(20), DE(20), GA(20), EPPSO(20), NSGA2(20, n_offsprings=3)],
    ids=lambda one: type(one).__name__,
)
def test_the_budget_is_met_exactly(algorithm, budget):
    n_obj = 1 if isinstance(algorithm, GA | DE | EPPSO) else 2
    tasks = [Bowl(4, n_obj=n_obj), Bowl(3, n_obj=n_obj)]
    result = minimize_multitask(tasks, Apart(algorithm), ("n_eval", budget), seed=1)
    assert result.n_evals == budget
    assert [task.n_asked for task in tasks] == [one.n_eval for one in result] == [(budget + 1) // 2, budget // 2]
    for one in result:
        assert len(one.pop) == 20 and np.isfinite(one.pop.get("F")).all() and len(one.X)


def test_a_part_of_a_generation_counts():
    class Last(Bowl):
        """Good only from the 30th solution on."""

        def _evaluate(self, x, out, *args, **kwargs):
            super()._evaluate(x, out)
            number = self.n_asked - len(x) + np.arange(len(x))
            out["F"] += np.where(number < 29, 1000.0, -1000.0)[:, None]

    for make in (NSGA2, GDE3):
        result = minimize_multitask([Last(n_obj=2), Last(n_obj=2)], Apart(make(20)), ("n_eval", 68), seed=1)
        for one in result:  # 34 solutions, the last 5 of them good
            assert (one.pop.get("F")[:, 0] < 0).sum() == 5 and (one.F < 0).all()


def test_a_task_whose_budget_has_ended_rests():
    run = MultitaskRun([Bowl(n_obj=2), Bowl(n_obj=2)], Apart(NSGA2(10)), ("n_eval", [25, 70]), seed=1)
    while sum(run.n_evals) < 45:
        run.advance()
    kept, state = run.algorithm.populations[0], run.algorithm._running[0].random_state.bit_generator.state
    while run.advance():
        pass
    assert run.n_evals == [25, 70]
    assert np.array_equal(run.algorithm.populations[0].F, kept.F)
    assert run.algorithm._running[0].random_state.bit_generator.state == state, "nobody asks it again"


def test_a_task_without_new_offspring_rests_and_says_so():
    point = Bowl(2, xl=[1.0, 2.0], xu=[1.0, 2.0], n_obj=2)
    with pytest.warns(RuntimeWarning, match=r"NSGA2 finds no new offspring for task 0 \(Bowl\)") as seen:
        result = minimize_multitask([point, Bowl(3, n_obj=2)], Apart(NSGA2(10)), ("n_eval", 100), seed=1)
    assert [one.filename for one in seen] == [__file__]
    assert point.n_asked <= 10 and result.n_evals == 100, "the others get what is left"
    assert np.array_equal(result[0].X, np.tile([1.0, 2.0], (len(result[0].X), 1)))


# Failures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "algorithm", [NSGA2(20), SPEA2(20), NSGA3(REFS, pop_size=20), GDE3(20)], ids=lambda one: type(one).__name__
)
def test_solutions_that_fail_are_never_preferred(algorithm):
    tasks = [Bowl(4, holes=0.0, n_obj=2), Bowl(4, n_obj=2)]
    with pytest.warns(RuntimeWarning, match="not finite") as seen:
        result = minimize_multitask(tasks, Apart(algorithm), ("n_eval", 400), seed=1)
    assert len(seen) == 1
    assert 10 < result.problem.n_failed[0] < 190 and result.problem.n_failed[1] == 0
    assert np.isfinite(result[0].pop.get("F")).all() and result.n_evals == 400
    assert (np.sin(50 * result[0].X[:, 0]) >= 0).all()


@pytest.mark.parametrize("algorithm", [NSGA2(20), NSGA3(REFS, pop_size=20), GDE3(20)], ids=lambda o: type(o).__name__)
def test_a_task_that_always_fails_leaves_the_other_alone(algorithm):
    tasks = [Bowl(4, holes=2.0, n_obj=2), Bowl(4, n_obj=2)]
    with pytest.warns(RuntimeWarning, match="not finite"):
        result = minimize_multitask(tasks, Apart(algorithm), ("n_eval", 190), seed=1)
    assert [one.n_eval for one in result] == [95, 95] and result.problem.n_failed == [95, 0]
    assert result[0].X is None and (result[0].pop.get("F") == np.inf).all() and len(result[0].pop) == 20
    healthy = minimize_multitask([Bowl(4, n_obj=2), tasks[1]], Apart(algorithm), ("n_eval", 190), seed=1)
    assert np.array_equal(healthy[1].F, result[1].F)


# Seeds and storage -----------------------------------------------------------------------------------------


def same(first, second):
    return all(
        np.array_equal(a.pop.get(name), b.pop.get(name))
        for a, b in zip(first, second, strict=True)
        for name in ("X", "F", "G", "CV")
    )


@pytest.mark.parametrize("store", [copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))], ids=["copy", "pickle"])
@pytest.mark.parametrize("n_generations", [0, 1, 3])
def test_a_stored_run_goes_on_to_the_same_bits(store, n_generations):
    tasks, algorithm = [get_problem("bnh"), Bowl(4, n_obj=2)], Apart(NSGA2(16))
    run = MultitaskRun(tasks, algorithm, ("n_eval", 150), seed=6)
    for _ in range(n_generations):
        run.advance()
    stored = store(run)
    for one in (run, stored):
        while one.advance():
            pass
    whole = minimize_multitask(tasks, algorithm, ("n_eval", 150), seed=6)
    assert same(whole, run.result()) and same(whole, stored.result())
    assert not same(whole, minimize_multitask(tasks, algorithm, ("n_eval", 150), seed=7))


def test_the_algorithms_given_are_not_changed():
    inner = NSGA2(16)
    algorithm = Apart(inner)
    assert algorithm.algorithm is inner and algorithm.pop_size == 16
    minimize_multitask([IMF1(4), IMF4(4)], algorithm, ("n_eval", 64), seed=1)
    assert inner.problem is None and inner.pop is None and not inner.is_initialized
    assert algorithm.populations == [] and algorithm._running == []


def test_an_algorithm_serves_one_run_after_another():
    used = minimize_multitask([Bowl(n_obj=2), Bowl(n_obj=2)], Apart(NSGA2(10)), ("n_eval", [10, 15]), seed=1).algorithm
    again = minimize_multitask([IMF1(4), IMF4(4)], used, ("n_eval", 60), seed=2)
    assert again.n_evals == 60
    assert same(again, minimize_multitask([IMF1(4), IMF4(4)], Apart(NSGA2(10)), ("n_eval", 60), seed=2))


# What is refused -------------------------------------------------------------------------------------------


def used():
    return minimize(IMF1(4), NSGA2(10), ("n_eval", 20), seed=1).algorithm


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: NSGA2, TypeError, r"algorithm must be an object such as NSGA2\(100\), got <class"),
        (lambda: "nsga2", TypeError, r"algorithm must be an object such as NSGA2\(100\), got 'nsga2'"),
        (lambda: PSO(10), TypeError, r"algorithm must be an object such as NSGA2\(100\)"),
        (lambda: MOEAD(REFS), TypeError, "generation after generation.*MOEAD"),
        (lambda: RVEA(REFS), TypeError, "generation after generation.*RVEA"),
        (used, ValueError, "must be a new object, got a NSGA2 that has run already"),
    ],
)
def test_algorithms_that_cannot_run_apart_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        Apart(make())


def test_a_task_that_the_algorithm_refuses_is_named():
    with pytest.raises(ValueError, match="NSGA3 refuses the task IMF4: Dimensionality of reference points"):
        minimize_multitask([IMF1(4), IMF4(4)], Apart(NSGA3(REFS)), ("n_eval", 100))


def test_an_algorithm_that_evaluates_by_itself_is_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        algorithm = Apart(DNSGA2(pop_size=10))
    with pytest.raises(TypeError, match="must ask for evaluations, DNSGA2 makes them by itself"):
        minimize_multitask([IMF1(4), IMF1(4)], algorithm, ("n_eval", 100), seed=1)


def test_a_budget_below_the_initial_populations_is_refused():
    with pytest.raises(
        ValueError, match="at least 40, the initial populations of 2 tasks with 20 solutions each, got 39"
    ):
        minimize_multitask([IMF1(4), IMF4(4)], Apart(NSGA2(20)), ("n_eval", 39))
