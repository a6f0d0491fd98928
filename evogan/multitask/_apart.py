"""The null control of multitasking: any pymoo algorithm on every task by itself."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.base.genetic import GeneticAlgorithm
from pymoo.algorithms.moo.gde3 import GDE3
from pymoo.algorithms.moo.rvea import RVEA
from pymoo.algorithms.soo.nonconvex.de import DE
from pymoo.algorithms.soo.nonconvex.pso_ep import EPPSO
from pymoo.core.algorithm import LoopwiseAlgorithm
from pymoo.core.population import Population

from evogan._internal.checks import check_kind
from evogan.multitask._population import TaskPopulation
from evogan.multitask._problem import MultitaskProblem

Array = NDArray[np.float64]

# What pymoo is told in place of infinity, with which its survivals cannot calculate.
HUGE = 1e100

# Every parent waits for its own offspring: those that the budget cuts off count as failed.
PAIRED = (DE, GDE3, EPPSO)


class Apart:
    """A pymoo genetic algorithm for each task, without any exchange: what multitasking has to beat.

    Task t runs as pymoo's ``minimize`` would with seed ``s_t``, where the ``s_t`` are the first draws of
    ``integers(2**31)`` from the run's generator: to the same bits for bounds 0 and 1, and where the unified box rounds
    a solution, the rounded one takes its place in the algorithm, so that X and F belong together.

    Args:
        algorithm: copied for every task, e.g. ``NSGA2(100)``.

    Raises:
        TypeError: not an object derived from pymoo's ``GeneticAlgorithm``, or one that cannot be asked generation by
            generation without knowing the end, as MOEAD and RVEA.
        ValueError: it has run already, or (when a run begins) it refuses a task.

    Example:
        >>> from pymoo.algorithms.moo.nsga2 import NSGA2
        >>> from evogan.multitask import minimize_multitask
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> minimize_multitask([IMF1(5), IMF4(5)], Apart(NSGA2(20)), ("n_eval", 100), seed=1).n_evals
        100
    """

    def __init__(self, algorithm: GeneticAlgorithm) -> None:
        self.algorithm = check_kind(algorithm, GeneticAlgorithm, "algorithm", "NSGA2(100)")
        name = type(algorithm).__name__
        if isinstance(algorithm, LoopwiseAlgorithm | RVEA):
            raise TypeError(
                f"algorithm must make generation after generation whatever the budget, such as NSGA2(100): {name} "
                "makes one solution at a time or must know the number of generations"
            )
        if algorithm.is_initialized:
            raise ValueError(f"algorithm must be a new object, got a {name} that has run already")
        self.pop_size = int(algorithm.pop_size)
        self.populations: list[TaskPopulation] = []
        self.counters: dict[str, float] = {}
        self._running: list[Any] = []
        self._infills: list[Population] = []
        self._ended: set[int] = set()

    def setup(self, problem: MultitaskProblem, rng: np.random.Generator) -> None:
        """Begin a run."""
        self.populations, self.counters, self._ended = [], {}, set()
        self._problem = problem
        self._running = [copy.deepcopy(self.algorithm) for _ in problem.tasks]
        for one, task in zip(self._running, problem.tasks, strict=True):
            try:
                # 2^62 generations: the budget ends the run
                one.setup(task, termination=("n_gen", 2**62), seed=int(rng.integers(2**31)))
            except Exception as error:
                raise ValueError(f"{type(one).__name__} refuses the task {task.name()}: {error}") from error

    def ask(self) -> list[Array]:
        """Return what every task's algorithm wants evaluated."""
        self._infills = []
        for t in range(len(self._running)):
            self._infills.append(self._asked_by(t))
        return [infills.get("U").reshape(-1, self._problem.n_var) for infills in self._infills]

    def _asked_by(self, task: int) -> Population:
        one = self._running[task]
        if task in self._ended:
            return Population.empty()
        infills = one.ask()
        if infills is None and not one.termination.force_termination:
            raise TypeError(f"algorithm must ask for evaluations, {type(one).__name__} makes them by itself")
        if infills is None:
            self._ended.add(task)
            name = self._problem.tasks[task].name()
            message = f"{type(one).__name__} finds no new offspring for task {task} ({name}), which rests from here on"
            warnings.warn(message, RuntimeWarning, stacklevel=5)  # whoever called minimize_multitask
            return Population.empty()
        U = self._problem.encode(task, infills.get("X"))
        infills.set("U", U, "X", self._problem.decode(task, U))
        return infills

    def tell(self, evaluated: Sequence[TaskPopulation]) -> None:
        """Hand the values on."""
        for t, values in enumerate(evaluated):
            one, infills = self._running[t], self._infills[t]
            if len(values) < len(infills):
                self._ended.add(t)
            if len(values) == 0:
                continue
            one.evaluator.n_eval += len(values)
            if len(values) < len(infills) and isinstance(one, PAIRED):
                U = infills[len(values) :].get("U")
                bad = (np.full((len(U), *getattr(values, name).shape[1:]), np.inf) for name in ("F", "CV", "G", "H"))
                values = values.merge(TaskPopulation(U, *bad))
            infills = infills[: len(values)]
            infills.set(**{name: np.minimum(getattr(values, name), HUGE) for name in "FGH"})
            for i, individual in enumerate(infills):
                individual.evaluated.update("FGH")
                individual.set("told", values[i : i + 1])
            one.tell(infills=infills)
        self.populations = [self._population(t) for t in range(len(self._running))]
        self._infills = []

    def _population(self, task: int) -> TaskPopulation:
        told = [individual.data["told"] for individual in self._running[task].pop]
        return TaskPopulation(
            *(np.concatenate([getattr(one, field.name) for one in told]) for field in fields(told[0]))
        )
