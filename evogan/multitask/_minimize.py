"""One multitask run with an exact budget."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.result import Result

from evogan._internal.checks import check_int
from evogan._internal.rng import fresh_seed
from evogan.multitask._algorithm import MultitaskAlgorithm
from evogan.multitask._population import TaskPopulation
from evogan.multitask._problem import MultitaskProblem
from evogan.multitask._survival import fronts

Array = NDArray[np.float64]
Budget = tuple[str, int | Sequence[int]]


class MultitaskRun:
    """The state of a run between two generations; it can be pickled and goes on to the same bits.

    Args:
        problem: a :class:`MultitaskProblem` or a list of pymoo problems; as in pymoo's minimize, tasks are not copied.
        algorithm: a :class:`MultitaskAlgorithm`; it is copied.
        budget: ``("n_eval", n)`` for all tasks together, or ``("n_eval", [n_1, n_2, ...])`` for each of them.
        seed: None draws one.

    Attributes:
        n_evals: evaluations so far, per task.
        seed: of the run.

    Raises:
        ValueError: the budget is smaller than the initial populations, or its form is another.
        TypeError: ``algorithm`` is not one for several tasks.
    """

    def __init__(self, problem: Any, algorithm: MultitaskAlgorithm, budget: Budget, *, seed: int | None = None) -> None:
        problem = problem if isinstance(problem, MultitaskProblem) else MultitaskProblem(problem)
        if isinstance(algorithm, type) or not isinstance(algorithm, MultitaskAlgorithm):
            raise TypeError(
                f"algorithm must be an object for several tasks, such as EMTGS(100), got {algorithm!r}; "
                "Apart(NSGA2(100)) makes one of a pymoo algorithm"
            )
        self.problem: MultitaskProblem = problem.uncounted()
        self.algorithm = copy.deepcopy(algorithm)
        self.shared, self.limits = _check_budget(budget, problem.n_tasks, algorithm.pop_size)
        self.seed = fresh_seed() if seed is None else check_int(seed, "seed")
        self.n_evals = [0] * problem.n_tasks
        self.wall_seconds = self.cpu_seconds = 0.0
        self.algorithm.setup(self.problem, np.random.default_rng(self.seed))

    @property
    def n_left(self) -> int:
        """Evaluations left."""
        if self.shared is not None:
            return self.shared - sum(self.n_evals)
        return sum(limit - n for limit, n in zip(self.limits, self.n_evals, strict=True))

    def advance(self) -> bool:
        """Evaluate one generation, cut to the budget; return whether there is something left to spend."""
        if self.n_left == 0:
            return False
        wall, cpu = time.perf_counter(), time.process_time()
        asked = self.algorithm.ask()
        if len(asked) != self.problem.n_tasks:
            name = type(self.algorithm).__name__
            raise ValueError(f"{name}.ask() must return {self.problem.n_tasks} arrays, one per task, got {len(asked)}")
        sizes = self._allowed([len(U) for U in asked])
        evaluated = []
        for t, n in enumerate(sizes):
            evaluated.append(self.problem.evaluate(t, asked[t][:n]))
            self.n_evals[t] += n
        self.algorithm.tell(evaluated)
        self.wall_seconds += time.perf_counter() - wall
        self.cpu_seconds += time.process_time() - cpu
        return self.n_left > 0 and sum(sizes) > 0

    def result(self) -> MultitaskResult:
        """Return what was found so far."""
        if not self.algorithm.populations:
            raise RuntimeError("nothing has been evaluated yet: call advance first")
        counters = {**self.algorithm.counters, "nonfinite_evaluations": sum(self.problem.n_failed)}
        tasks = [_task_result(self, t, population) for t, population in enumerate(self.algorithm.populations)]
        return MultitaskResult(
            tasks=tasks,
            n_evals=sum(self.n_evals),
            seed=self.seed,
            counters=counters,
            algorithm=self.algorithm,
            problem=self.problem,
            exec_time=self.wall_seconds,
            cpu_time=self.cpu_seconds,
        )

    def _allowed(self, asked: list[int]) -> list[int]:
        """Return how many of the points asked for the budget allows, per task."""
        if self.shared is None:
            return [min(n, limit - used) for n, limit, used in zip(asked, self.limits, self.n_evals, strict=True)]
        if sum(asked) <= self.n_left:
            return asked
        # row by row through all tasks, so that none is favoured by more than one evaluation
        rows = [(i, t) for t, n in enumerate(asked) for i in range(n)]
        kept = [t for _, t in sorted(rows)[: self.n_left]]
        return [kept.count(t) for t in range(len(asked))]


@dataclass
class MultitaskResult:
    """What a multitask run found: ``result[t]`` is a pymoo ``Result`` of task t with X, F, G, H, CV, opt, pop, n_eval.

    X, F ... are the feasible non-dominated solutions in the task's own units, one row each (also the one best solution
    of a single objective); they and ``opt`` are None where there is none.

    Attributes:
        tasks: one pymoo ``Result`` per task.
        n_evals: evaluations used, over all tasks.
        seed: of the run.
        counters: what the algorithm counted, and ``nonfinite_evaluations``.
        algorithm: the algorithm in its final state.
        problem: the :class:`MultitaskProblem`.
        exec_time: seconds, wall clock.
        cpu_time: seconds of computing.
        history: per generation, whatever ``callback`` returned.
    """

    tasks: list[Result]
    n_evals: int
    seed: int
    counters: dict[str, float]
    algorithm: MultitaskAlgorithm
    problem: MultitaskProblem
    exec_time: float
    cpu_time: float
    history: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, task: int) -> Result:
        return self.tasks[task]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.tasks)


def minimize_multitask(
    problem: MultitaskProblem | Sequence[Problem],
    algorithm: MultitaskAlgorithm,
    budget: Budget,
    *,
    seed: int | None = None,
    callback: Callable[[MultitaskRun], Any] | None = None,
) -> MultitaskResult:
    """Solve several problems together.

    Args:
        problem: a list of pymoo problems, or a :class:`MultitaskProblem`.
        algorithm: an algorithm for several tasks; it is copied, so the object given can be used again.
        budget: ``("n_eval", n)``, evaluations of all tasks together, or ``("n_eval", [n_1, n_2, ...])``; it is met
            exactly.
        seed: None draws one; the result tells it.
        callback: called with the :class:`MultitaskRun` after every generation; what it returns is kept in
            ``result.history``, unless it is None.

    Raises:
        ValueError: one task, bounds that are missing, a budget smaller than the initial populations.
        TypeError: something that is not a pymoo problem, or an algorithm for one task.

    Example:
        >>> from evogan.algorithms import MOMFEA
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> result = minimize_multitask([IMF1(5), IMF4(5)], MOMFEA(20), ("n_eval", 200), seed=1)
        >>> result.n_evals, [task.F.shape[1] for task in result]
        (200, [2, 3])
    """
    run = MultitaskRun(problem, algorithm, budget, seed=seed)
    history, more = [], True
    while more:
        more = run.advance()
        kept = None if callback is None else callback(run)
        if kept is not None:
            history.append(kept)
    result = run.result()
    result.history = history
    return result


def _check_budget(budget: Any, n_tasks: int, pop_size: int) -> tuple[int | None, list[int]]:
    """Return the shared budget, or None and one per task."""
    if not isinstance(budget, tuple) or len(budget) != 2 or budget[0] != "n_eval":
        raise ValueError(f'budget must be ("n_eval", n) or ("n_eval", [n_1, n_2, ...]), got {budget!r}')
    if isinstance(budget[1], int | np.integer):
        total = check_int(budget[1], "n_eval", low=1)
        if total < n_tasks * pop_size:
            raise ValueError(
                f"n_eval must be at least {n_tasks * pop_size}, the initial populations of {n_tasks} tasks with "
                f"{pop_size} solutions each, got {total}"
            )
        return total, []
    if isinstance(budget[1], str) or not isinstance(budget[1], Sequence | np.ndarray):
        raise TypeError(f"n_eval must be an integer or one integer per task, got {budget[1]!r}")
    limits = [check_int(n, "n_eval") for n in budget[1]]
    if len(limits) != n_tasks:
        raise ValueError(f"n_eval must give one budget for each of the {n_tasks} tasks, got {limits}")
    if min(limits) < pop_size:
        raise ValueError(f"n_eval must be at least the population size {pop_size} for every task, got {limits}")
    return None, limits


def _task_result(run: MultitaskRun, task: int, population: TaskPopulation) -> Result:
    """Make pymoo's result of one task."""
    result: Any = Result()
    values = {name: getattr(population, name) for name in "FGH"}
    values |= {"X": run.problem.decode(task, population.U), "CV": population.CV[:, None]}
    good = np.flatnonzero(np.isfinite(population.F).all(axis=1) & (population.CV <= 0))
    best = good[fronts(population.F[good]) == 0]
    best = best[:1] if population.F.shape[1] == 1 else best
    result.pop = Population.new(**values)
    result.opt = result.pop[best] if len(best) else None
    for name, value in values.items():
        setattr(result, name, value[best] if len(best) else None)
    result.problem, result.algorithm = run.problem.tasks[task], run.algorithm
    result.n_eval = run.n_evals[task]
    result.exec_time = run.wall_seconds
    return result
