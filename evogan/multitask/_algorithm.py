"""What a multitask algorithm is, and the frame that most of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_int
from evogan.multitask._population import TaskPopulation
from evogan.multitask._problem import MultitaskProblem
from evogan.multitask._survival import nsga2_survival

Array = NDArray[np.float64]


@runtime_checkable
class MultitaskAlgorithm(Protocol):
    """Asks for evaluations of all tasks and is told their values, generation after generation.

    Attributes:
        pop_size: solutions of each task.
        populations: the present solutions, one :class:`TaskPopulation` per task; empty before the first ``tell``.
        counters: name -> number, whatever is worth counting; it goes into results.
    """

    pop_size: int
    populations: list[TaskPopulation]
    counters: dict[str, float]

    def setup(self, problem: MultitaskProblem, rng: np.random.Generator) -> None:
        """Begin a run: the object may have served another one before."""
        ...

    def ask(self) -> list[Array]:
        """Return points ``(n_t, n_var)`` of the unified box to evaluate, one array per task."""
        ...

    def tell(self, evaluated: Sequence[TaskPopulation]) -> None:
        """Take the values of what was asked for; at the end of the budget some of the last rows may be missing."""
        ...


class MultitaskEA:
    """One population per task, offspring of all tasks together, survival task by task.

    A method overrides :meth:`offspring`, and :meth:`begin` or :meth:`survived` where it learns.

    Args:
        pop_size: solutions of each task, at least 4.

    Attributes:
        problem, rng: of the present run.
        generation: generations since the initial populations, which are generation 0.
        survival: ``(population, n) -> population`` per task, best solution first.

    Example:
        >>> class RandomSearch(MultitaskEA):
        ...     def offspring(self):
        ...         return [self.random_points() for _ in range(self.problem.n_tasks)]
        >>> from evogan.multitask import minimize_multitask
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> result = minimize_multitask([IMF1(5), IMF4(5)], RandomSearch(20), ("n_eval", 100), seed=1)
        >>> result.n_evals, len(result[0].pop)
        (100, 20)
    """

    problem: MultitaskProblem
    rng: np.random.Generator

    def __init__(self, pop_size: int = 100) -> None:
        self.pop_size = check_int(pop_size, "pop_size", low=4)
        self.populations: list[TaskPopulation] = []
        self.counters: dict[str, float] = {}
        self.generation = 0
        self.survival: list[Callable[[TaskPopulation, int], TaskPopulation]] = []

    def setup(self, problem: MultitaskProblem, rng: np.random.Generator) -> None:
        """Begin a run."""
        self.problem, self.rng = problem, rng
        self.populations, self.counters, self.generation = [], {}, 0
        self.survival = [nsga2_survival] * problem.n_tasks

    def ask(self) -> list[Array]:
        """Return the initial populations, uniform in the unified box, then offspring."""
        if not self.populations:
            return [self.random_points() for _ in range(self.problem.n_tasks)]
        return [np.clip(U, 0.0, 1.0) for U in self.offspring()]

    def tell(self, evaluated: Sequence[TaskPopulation]) -> None:
        """Let the best of parents and offspring survive, in every task."""
        if not self.populations:
            self.populations = [self.survival[t](one, self.pop_size) for t, one in enumerate(evaluated)]
            self.begin()
            return
        parents = self.populations
        self.populations = [
            self.survival[t](parents[t].merge(one), self.pop_size) if len(one) else parents[t]
            for t, one in enumerate(evaluated)
        ]
        self.generation += 1
        self.survived(parents, evaluated)

    def random_points(self) -> Array:
        """Return ``(pop_size, n_var)`` points, uniform in the unified box."""
        return self.rng.random((self.pop_size, self.problem.n_var))

    def pair(self, source: int, target: int) -> tuple[Array, Array]:
        """Return the solutions ``(n, n_var)`` of two tasks, what a transfer model is fitted on."""
        return self.populations[source].U, self.populations[target].U

    def offspring(self) -> list[Array]:
        """Return points ``(n_t, n_var)`` per task, bred from ``self.populations``; they are clipped to the box."""
        raise NotImplementedError

    def begin(self) -> None:
        """Do what comes once, after the initial populations were evaluated."""

    def survived(self, parents: list[TaskPopulation], evaluated: Sequence[TaskPopulation]) -> None:
        """Learn from a generation: parents, evaluated offspring, and ``self.populations``, the survivors."""

    def count(self, name: str, number: float = 1) -> None:
        """Add to a counter."""
        self.counters[name] = self.counters.get(name, 0) + number
