"""Budgets to the evaluation, results that belong together, and runs that can be repeated, stored and continued."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.core.result import Result
from pymoo.problems import get_problem

from evogan.multitask import (
    MultitaskAlgorithm,
    MultitaskEA,
    MultitaskProblem,
    MultitaskRun,
    TaskPopulation,
    fronts,
    minimize_multitask,
    nsga2_order,
    spea2_survival,
)
from evogan.problems.imf import IMF1, IMF4


class Random(MultitaskEA):
    """Random search; ``sizes`` says how many points of each task, None the population size."""

    def __init__(self, pop_size=10, sizes=None):
        super().__init__(pop_size)
        self.sizes = sizes

    def offspring(self):
        sizes = self.sizes or [self.pop_size] * self.problem.n_tasks
        return [self.rng.random((n, self.problem.n_var)) for n in sizes]


class Drift(Random):
    """Breeds from the population, learns from survivors, and keeps what the frame tells it."""

    def begin(self):
        self.told, self.changed, self.step = [], [], 0.3

    def offspring(self):
        return [one.U + self.step * self.rng.normal(size=one.U.shape) for one in self.populations]

    def survived(self, parents, evaluated):
        self.told.append([len(one) for one in evaluated])
        new = sum(
            (one.U[:, None] == other.U).all(-1).any() for one, other in zip(evaluated, self.populations, strict=True)
        )
        self.changed.append(int(new))
        self.count("tasks_that_changed", int(new))
        self.step *= 0.97


class Counting(Problem):
    """Counts what it is asked; constrained if wanted."""

    def __init__(self, n_var=3, n_ieq_constr=0, limit=0.5, n_obj=2, xl=-1.0, xu=2.0):
        super().__init__(n_var=n_var, n_obj=n_obj, n_ieq_constr=n_ieq_constr, xl=xl, xu=xu)
        self.limit, self.n_asked = limit, 0

    def _evaluate(self, x, out, *args, **kwargs):
        self.n_asked += len(x)
        F = [x[:, 0], 1 - x[:, 0] + abs(x[:, 1:]).sum(axis=1)]
        out["F"] = np.column_stack(F[: self.n_obj])
        if self.n_ieq_constr:
            out["G"] = x[:, :1] - self.limit


class Torn(Counting):
    def _evaluate(self, x, out, *args, **kwargs):
        super()._evaluate(x, out)
        out["F"][x[:, 0] < 0] = np.nan


def three():
    return [Counting(3), Counting(5), Counting(4)]


def same(first, second):
    """Whether two results are equal to the last bit."""
    return all(
        np.array_equal(a.pop.get(name), b.pop.get(name))
        for a, b in zip(first, second, strict=True)
        for name in ("X", "F", "G", "H", "CV")
    )


# Budgets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [30, 31, 32, 59, 60, 61, 100, 119, 121])
def test_a_shared_budget_is_met_exactly_and_divided_fairly(budget):
    tasks = three()
    result = minimize_multitask(tasks, Random(10), ("n_eval", budget), seed=1)
    assert result.n_evals == budget == sum(task.n_asked for task in tasks)
    used = [task.n_eval for task in result]
    assert used == [task.n_asked for task in tasks]
    assert used == [budget // 3 + (t < budget % 3) for t in range(3)]


def test_the_last_generation_is_shared_row_by_row():
    run = MultitaskRun(three(), Drift(10, sizes=None), ("n_eval", 52), seed=1)
    while run.advance():
        pass
    assert run.algorithm.told == [[8, 7, 7]]
    assert run.n_evals == [18, 17, 17] and run.n_left == 0


def test_a_task_may_want_more_than_another():
    tasks = three()
    result = minimize_multitask(tasks, Random(10, sizes=[1, 20, 0]), ("n_eval", 80), seed=1)
    # 30, then 21 twice; of the last 21 points 8 are left, of which task 0 wants 1
    assert [task.n_asked for task in tasks] == [13, 57, 10] and result.n_evals == 80


@pytest.mark.parametrize("limits", [[10, 10, 10], [25, 10, 47], (33, 11, 10), np.array([10, 40, 12])])
def test_a_budget_for_each_task_is_met_exactly(limits):
    tasks = three()
    result = minimize_multitask(tasks, Random(10), ("n_eval", limits), seed=1)
    assert [task.n_asked for task in tasks] == [task.n_eval for task in result] == list(limits)
    assert result.n_evals == sum(limits)


def test_a_task_whose_budget_has_ended_keeps_its_population():
    run = MultitaskRun(three(), Drift(10), ("n_eval", [20, 60, 15]), seed=1)
    run.advance()
    run.advance()
    first, last = run.algorithm.populations[0], run.algorithm.populations[2]
    assert run.n_evals == [20, 20, 15]
    while run.advance():
        assert run.algorithm.populations[0] is first and run.algorithm.populations[2] is last
    assert run.algorithm.told == [[10, 10, 5]] + [[0, 10, 0]] * 4
    assert run.n_evals == [20, 60, 15]


def test_the_initial_populations_may_be_all():
    result = minimize_multitask(three(), Drift(10), ("n_eval", 30), seed=1)
    assert result.algorithm.generation == 0 and result.n_evals == 30
    assert [len(task.pop) for task in result] == [10, 10, 10]
    U = result.algorithm.populations[0].U
    assert U.min() >= 0 and U.max() <= 1 and len(np.unique(U)) == 50


def test_a_spent_budget_stays_spent():
    run = MultitaskRun(three(), Drift(10), ("n_eval", 35), seed=1)
    assert [run.advance(), run.advance(), run.advance()] == [True, False, False]
    assert run.algorithm.generation == 1 and sum(run.n_evals) == 35


def test_an_algorithm_that_asks_for_nothing_ends_the_run():
    result = minimize_multitask(three(), Random(10, sizes=[0, 0, 0]), ("n_eval", 100), seed=1)
    assert result.n_evals == 30


@pytest.mark.parametrize(
    ("budget", "error", "message"),
    [
        (("n_eval", 29), ValueError, "at least 30, the initial populations of 3 tasks with 10 solutions each, got 29"),
        (("n_eval", [10, 9, 10]), ValueError, r"at least the population size 10 for every task, got \[10, 9, 10\]"),
        (("n_eval", [40, 40]), ValueError, r"one budget for each of the 3 tasks, got \[40, 40\]"),
        (("n_eval", []), ValueError, "one budget for each of the 3 tasks"),
        (("n_gen", 5), ValueError, r'must be \("n_eval", n\).*got \(\'n_gen\', 5\)'),
        (("n_eval",), ValueError, r'must be \("n_eval", n\)'),
        (100, ValueError, r'must be \("n_eval", n\).*got 100'),
        ("n_eval", ValueError, r'must be \("n_eval", n\)'),
        (("n_eval", 100.0), TypeError, "an integer or one integer per task, got 100.0"),
        (("n_eval", "100"), TypeError, "an integer or one integer per task, got '100'"),
        (("n_eval", None), TypeError, "an integer or one integer per task, got None"),
        (("n_eval", True), TypeError, "integer, got True"),
        (("n_eval", [10.5, 20, 20]), TypeError, "integer, got 10.5"),
        (("n_eval", -5), ValueError, "at least 1, got -5"),
    ],
)
def test_budgets_that_mean_nothing_are_refused(budget, error, message):
    tasks = three()
    with pytest.raises(error, match=message):
        minimize_multitask(tasks, Random(10), budget)
    assert [task.n_asked for task in tasks] == [0, 0, 0]


# Results ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_results_belong_together(seed):
    tasks = [get_problem("osy"), get_problem("bnh"), Counting(6, xl=-0.1, xu=0.7), IMF4(n_var=4)]
    result = minimize_multitask(tasks, Drift(12), ("n_eval", 480), seed=seed)
    assert len(result) == 4 and [one.problem for one in result] == tasks
    for one, task in zip(result, tasks, strict=True):
        assert isinstance(one, Result)
        pop = one.pop
        X, F, G, H, CV = (pop.get(name) for name in ("X", "F", "G", "H", "CV"))
        assert X.shape == (12, task.n_var) and CV.shape == (12, 1)
        assert (X >= task.xl).all() and (X <= task.xu).all()
        out = task.evaluate(X, return_values_of=["F", "G", "H"], return_as_dictionary=True)
        assert np.array_equal(F, out["F"]) and np.array_equal(G, out["G"]) and np.array_equal(H, out["H"])
        feasible = pop.get("FEAS")[:, 0]
        best = feasible.copy()
        best[feasible] = fronts(F[feasible]) == 0
        if not best.any():
            assert [one.X, one.F, one.G, one.H, one.CV, one.opt] == [None] * 6
            continue
        for name, value in (("X", X), ("F", F), ("G", G), ("H", H), ("CV", CV)):
            assert np.array_equal(getattr(one, name), value[best])
            assert np.array_equal(one.opt.get(name), value[best])
        assert (one.CV == 0).all()


def test_where_nothing_is_feasible_there_is_no_optimum():
    tasks = [Counting(3, n_ieq_constr=1, limit=-2.0), Counting(3, n_ieq_constr=1, limit=0.5)]
    result = minimize_multitask(tasks, Random(10), ("n_eval", 60), seed=1)
    nowhere, found = result[0], result[1]
    assert [nowhere.X, nowhere.F, nowhere.G, nowhere.H, nowhere.CV, nowhere.opt] == [None] * 6
    CV = nowhere.pop.get("CV")[:, 0]
    assert CV.min() > 0 and (np.diff(CV) >= 0).all(), "best first"
    assert not nowhere.pop.get("FEAS").any()
    assert (found.G <= 0).all() and len(found.X) == len(found.opt)


def test_one_objective_has_one_best_solution():
    tasks = [Counting(3, n_obj=1), Counting(3)]
    result = minimize_multitask(tasks, Random(10), ("n_eval", 100), seed=1)
    assert result[0].F.shape == (1, 1) and result[0].X.shape == (1, 3)
    assert result[0].F[0, 0] == result[0].pop.get("F").min()


def test_one_objective_has_one_best_solution_among_equals():
    class Flat(Counting):
        def _evaluate(self, x, out, *args, **kwargs):
            out["F"] = np.zeros((len(x), 1))

    result = minimize_multitask([Flat(3, n_obj=1), Counting(3)], Random(10), ("n_eval", 40), seed=1)
    assert result[0].F.tolist() == [[0.0]] and len(result[0].opt) == 1


def test_the_best_ever_seen_survive():
    """A survivor is beaten by no point that was ever evaluated, for any task."""
    seen = [[], []]

    class Watching(Drift):
        def tell(self, evaluated):
            for t, one in enumerate(evaluated):
                seen[t].append(one.F)
            super().tell(evaluated)

    result = minimize_multitask([IMF1(4), Counting(4)], Watching(10), ("n_eval", 400), seed=3)
    for t, one in enumerate(result):
        F = np.concatenate(seen[t])
        dominated = (F[:, None] <= one.F).all(-1) & (F[:, None] < one.F).any(-1)
        assert len(F) == 200 and not dominated.any()


def test_survival_is_that_of_the_frame_generation_by_generation():
    run = MultitaskRun([IMF1(4), Counting(4)], Drift(10), ("n_eval", 200), seed=3)
    for _ in range(4):
        run.advance()
        before = run.algorithm.populations
        run_told = []
        run.algorithm.survived = lambda parents, evaluated, told=run_told: told.append((parents, evaluated))
        run.advance()
        del run.algorithm.survived
        ((parents, evaluated),) = run_told
        for t in (0, 1):
            assert parents[t] is before[t]
            both = parents[t].merge(evaluated[t])
            expected = both[nsga2_order(both.F, both.CV)[:10]]
            assert np.array_equal(run.algorithm.populations[t].U, expected.U)
            assert np.array_equal(run.algorithm.populations[t].F, expected.F)


def test_survival_can_be_chosen_task_by_task():
    class Other(Random):
        def setup(self, problem, rng):
            super().setup(problem, rng)
            self.survival[1] = lambda population, n: population[np.argsort(population.F[:, 1])[:n]]

    result = minimize_multitask([Counting(4), Counting(4)], Other(10), ("n_eval", 200), seed=3)
    F = result[1].pop.get("F")
    assert (np.diff(F[:, 1]) >= 0).all() and (np.diff(result[0].pop.get("F")[:, 1]) < 0).any()
    assert len(spea2_survival(result.algorithm.populations[0], 4)) == 4


def test_counters_and_what_else_a_result_tells():
    algorithm = Drift(10)
    assert algorithm.counters == {} == Drift(10).counters
    result = minimize_multitask(three(), algorithm, ("n_eval", 120), seed=7)
    assert result.seed == 7 and result.counters["nonfinite_evaluations"] == 0
    assert result.counters["tasks_that_changed"] == sum(result.algorithm.changed) > max(result.algorithm.changed)
    assert result.exec_time > 0 and result.cpu_time > 0
    assert all(one.exec_time == result.exec_time for one in result)
    assert result.algorithm is not algorithm and result[0].algorithm is result.algorithm
    assert result.problem.name() == "Counting + Counting + Counting"
    assert [one.n_eval for one in result] == [40, 40, 40] and list(result)[2] is result[2]


def test_a_callback_sees_every_generation_and_fills_the_history():
    seen = []

    def callback(run):
        seen.append(run)
        return (sum(run.n_evals), run.result().n_evals) if sum(run.n_evals) > 30 else None

    result = minimize_multitask(three(), Drift(10), ("n_eval", 95), seed=1, callback=callback)
    assert len(seen) == 4 and all(isinstance(one, MultitaskRun) for one in seen)
    assert result.history == [(60, 60), (90, 90), (95, 95)]
    assert minimize_multitask(three(), Drift(10), ("n_eval", 95), seed=1).history == []


def test_a_run_that_has_not_begun_has_no_result():
    with pytest.raises(RuntimeError, match="call advance first"):
        MultitaskRun(three(), Drift(10), ("n_eval", 95)).result()


# Seeds, copies, storage ------------------------------------------------------------------------------------


def test_same_seed_same_bits_and_another_seed_differs():
    algorithm = Drift(10)
    first, second, other = (minimize_multitask(three(), algorithm, ("n_eval", 150), seed=s) for s in (4, 4, 5))
    assert same(first, second) and first.counters == second.counters
    assert not same(first, other)


def test_a_seed_is_drawn_and_told():
    first = minimize_multitask(three(), Drift(10), ("n_eval", 60))
    assert same(first, minimize_multitask(three(), Drift(10), ("n_eval", 60), seed=first.seed))
    assert first.seed != minimize_multitask(three(), Drift(10), ("n_eval", 60)).seed
    with pytest.raises(TypeError, match="seed must be an integer, got '1'"):
        minimize_multitask(three(), Drift(10), ("n_eval", 60), seed="1")


def test_global_random_states_are_not_touched():
    np.random.seed(3)
    torch.manual_seed(3)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    first = minimize_multitask(three(), Drift(10), ("n_eval", 150), seed=4)
    assert np.array_equal(before[0], np.random.get_state()[1]) and torch.equal(before[1], torch.get_rng_state())
    np.random.seed(99)
    torch.manual_seed(99)
    assert same(first, minimize_multitask(three(), Drift(10), ("n_eval", 150), seed=4))


def test_the_algorithm_given_is_not_changed():
    algorithm = Drift(10)
    before = pickle.dumps(algorithm)
    minimize_multitask(three(), algorithm, ("n_eval", 90), seed=1)
    assert pickle.dumps(algorithm) == before


def test_an_algorithm_serves_one_run_after_another():
    result = minimize_multitask(three(), Drift(10), ("n_eval", 90), seed=1)
    again = minimize_multitask([IMF1(4), IMF4(4)], result.algorithm, ("n_eval", 60), seed=2)
    fresh = minimize_multitask([IMF1(4), IMF4(4)], Drift(10), ("n_eval", 60), seed=2)
    assert same(again, fresh) and again.counters == fresh.counters and again.algorithm.generation == 2


@pytest.mark.parametrize("store", [copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))], ids=["copy", "pickle"])
@pytest.mark.parametrize("n_generations", [0, 1, 4])
@pytest.mark.parametrize("budget", [("n_eval", 200), ("n_eval", [40, 90, 70])])
def test_a_stored_run_goes_on_to_the_same_bits(store, n_generations, budget):
    run = MultitaskRun(three(), Drift(10), budget, seed=6)
    for _ in range(n_generations):
        run.advance()
    stored = store(run)
    for one in (run, stored):
        while one.advance():
            pass
    whole = minimize_multitask(three(), Drift(10), budget, seed=6)
    assert same(whole, run.result()) and same(whole, stored.result())
    assert stored.n_evals == run.n_evals and stored.result().counters == whole.counters


def test_a_stored_run_keeps_counting_failures_and_does_not_warn_again():
    run = MultitaskRun([Torn(), Counting()], Random(10), ("n_eval", 100), seed=1)
    with pytest.warns(RuntimeWarning, match="not finite"):
        run.advance()
    stored = pickle.loads(pickle.dumps(run))
    for one in (run, stored):
        while one.advance():
            pass
    assert stored.problem.n_failed == run.problem.n_failed and run.problem.n_failed[0] > 10


def test_an_interrupted_generation_has_cost_what_was_evaluated():
    class Interrupted(Counting):
        def _evaluate(self, x, out, *args, **kwargs):
            super()._evaluate(x, out)
            if self.n_asked == 20:
                raise KeyboardInterrupt

    tasks = [Counting(), Interrupted()]
    run = MultitaskRun(tasks, Random(10), ("n_eval", 100), seed=1)
    run.advance()
    with pytest.raises(KeyboardInterrupt):
        run.advance()
    while run.advance():
        pass
    assert sum(run.n_evals) == 100 and run.n_evals[0] == tasks[0].n_asked


# What is refused -------------------------------------------------------------------------------------------


class Complete(Random):
    """Even the class has what the protocol names."""

    pop_size, populations, counters = 10, [], {}


@pytest.mark.parametrize(
    "algorithm",
    [NSGA2(20), Random, Complete, "emt-gs", None, lambda: Random(10)],
    ids=["nsga2", "class", "complete class", "name", "None", "lambda"],
)
def test_an_algorithm_of_another_kind_is_refused(algorithm):
    with pytest.raises(TypeError, match=r"algorithm must be an object for several tasks.*Apart\(NSGA2\(100\)\)"):
        minimize_multitask(three(), algorithm, ("n_eval", 100))


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        ([], ValueError, "at least two problems, got 0"),
        ([IMF1(5)], ValueError, "at least two problems, got 1"),
        (IMF1(5), TypeError, "list of pymoo problems, got the one problem IMF1"),
        ([IMF1(5), Problem(n_var=2, n_obj=1)], ValueError, "lower and upper bounds"),
    ],
)
def test_bad_problems_are_refused_by_a_run(problem, error, message):
    with pytest.raises(error, match=message):
        minimize_multitask(problem, Random(10), ("n_eval", 100))


@pytest.mark.parametrize("pop_size", [3, 0, -1])
def test_populations_too_small_to_breed_are_refused(pop_size):
    with pytest.raises(ValueError, match=f"pop_size must be at least 4, got {pop_size}"):
        Random(pop_size)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda rng: [rng.random((4, 5))] * 2, r"Made.ask\(\) must return 3 arrays, one per task, got 2"),
        (lambda rng: [rng.random((4, 4))] * 3, r"U must have shape \(n, 5\), got \(4, 4\)"),
        (lambda rng: [np.full((4, 5), np.nan)] * 3, "U must be finite, got 4 of 4 rows"),
    ],
)
def test_offspring_that_cannot_be_evaluated_are_refused(made, message):
    class Made(MultitaskEA):
        def offspring(self):
            return made(self.rng)

    with pytest.raises(ValueError, match=message):
        minimize_multitask(three(), Made(10), ("n_eval", 100), seed=1)


def test_a_pair_is_the_source_and_then_the_target():
    algorithm = minimize_multitask([IMF1(4), IMF1(4), IMF1(4)], Random(), ("n_eval", 60), seed=1).algorithm
    S, T = algorithm.pair(2, 0)
    assert S is algorithm.populations[2].U and T is algorithm.populations[0].U


def test_offspring_outside_the_box_are_clipped():
    class Far(MultitaskEA):
        def offspring(self):
            return [np.array([[-3.0, 0.5, 4.0, 0.25, 1.0]])] * 3

    run = MultitaskRun(three(), Far(10), ("n_eval", 33), seed=1)
    run.advance()
    assert run.algorithm.ask()[0].tolist() == [[0.0, 0.5, 1.0, 0.25, 1.0]]


def test_an_algorithm_without_offspring_says_so():
    with pytest.raises(NotImplementedError):
        minimize_multitask(three(), MultitaskEA(10), ("n_eval", 40), seed=1)


def test_any_object_with_the_protocol_will_do():
    """A few lines without the frame: its populations are the last that were told."""

    class Bare:
        pop_size = 4

        def __init__(self):
            self.populations, self.counters = [], {}

        def setup(self, problem, rng):
            self.problem, self.rng = problem, rng

        def ask(self):
            return [self.rng.random((4, self.problem.n_var)) for _ in self.problem.tasks]

        def tell(self, evaluated):
            self.populations = list(evaluated)

    assert isinstance(Bare(), MultitaskAlgorithm) and isinstance(Random(10), MultitaskAlgorithm)
    result = minimize_multitask(MultitaskProblem(three(), name="trio"), Bare(), ("n_eval", 29), seed=1)
    assert [one.n_eval for one in result] == [10, 10, 9] and [len(one.pop) for one in result] == [2, 2, 1]
    assert isinstance(result.algorithm.populations[0], TaskPopulation) and result.problem.name() == "trio"
