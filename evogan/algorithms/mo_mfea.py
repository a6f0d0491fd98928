"""MO-MFEA: one gene pool for all tasks; parents of different tasks mate with a fixed probability.

A. Gupta, Y.-S. Ong, L. Feng, K. C. Tan, "Multiobjective multifactorial optimization in evolutionary multitasking",
IEEE Transactions on Cybernetics 47(7), 2017. Departures stand in docs/paper-versus-code.md.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_bool, check_float
from evogan.algorithms._genetic import GeneticMultitaskEA
from evogan.multitask import binary_tournament

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Multifactorial(GeneticMultitaskEA):
    """The frame of multifactorial algorithms: a mating pool of all tasks, children that take a parent's task.

    Args:
        mutate_crossed: whether children of a crossover are mutated, too.
        others: of :class:`~evogan.algorithms._genetic.GeneticMultitaskEA`.
    """

    def __init__(self, pop_size: int = 100, *, mutate_crossed: bool = True, **others: Any) -> None:
        super().__init__(pop_size, **others)
        self.mutate_crossed = check_bool(mutate_crossed, "mutate_crossed")

    def mating_pool(self) -> tuple[Array, Array, Ints, Ints]:
        """Return parents A and B ``(n_pairs, n_var)`` and their skill factors ``(n_pairs,)``.

        They win binary tournaments between any two solutions of the gene pool: the scalar fitness of a solution is
        its place within its own task, so that tasks compare.
        """
        sizes = [len(population) for population in self.populations]
        U = np.concatenate([population.U for population in self.populations])
        task = np.repeat(np.arange(len(sizes)), sizes)
        place = np.concatenate([np.arange(size) for size in sizes])
        n_pairs = -(-self.pop_size * len(sizes) // 2)
        winners = binary_tournament(place, 2 * n_pairs, rng=self.rng)
        a, b = winners[:n_pairs], winners[n_pairs:]
        return U[a], U[b], task[a], task[b]

    def mutated(self, A: Array, B: Array, crossed: Bools) -> Array:
        """Return first and second children one below the other, mutated where they are to be."""
        children = np.concatenate([A, B])
        if self.mutate_crossed:
            return self.mutate(children)
        alone = ~np.concatenate([crossed, crossed])
        children[alone] = self.mutate(children[alone])
        return children

    def by_task(self, children: Array, task_a: Ints, task_b: Ints, crossed: Bools) -> list[Array]:
        """Hand out children to tasks: a child of a crossover imitates one of its parents by lot, others their own."""
        exchanged = crossed & (self.rng.random((2, len(crossed))) < 0.5)
        skill = np.concatenate([np.where(exchanged[0], task_b, task_a), np.where(exchanged[1], task_a, task_b)])
        n_tasks = len(self.populations)
        self.count("transferred", 2 * int((crossed & (task_a != task_b)).sum()))
        n = self.pop_size * n_tasks  # one child less where that is odd
        return [children[:n][skill[:n] == t] for t in range(n_tasks)]


class MOMFEA(Multifactorial):
    """MO-MFEA: two parents of one task always cross, two of different tasks with probability ``rmp``.

    Departs from the paper: every task has ``pop_size`` solutions of its own; MToP's settings (SBX 20, polynomial
    mutation 15 with 1/n_var, rmp 0.3); SBX crosses half of the variables and lets children exchange half of those.

    Args:
        pop_size: solutions of each task, at least 4.
        rmp: random mating probability, in [0, 1].
        eta_c: distribution index of simulated binary crossover.
        eta_m: distribution index of polynomial mutation.
        p_var: probability that a variable is crossed.
        p_m: probability that a variable mutates; None means 1/n_var of the unified box.
        mutate_crossed: whether children of a crossover are mutated, too; parents that do not cross always are.

    Attributes:
        counters: ``transferred``, offspring of two parents of different tasks.

    Raises:
        ValueError: a setting outside its range.
        TypeError: a setting of the wrong kind.

    Example:
        >>> from evogan.multitask import minimize_multitask
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> result = minimize_multitask([IMF1(5), IMF4(10)], MOMFEA(20), ("n_eval", 110), seed=1)
        >>> result.n_evals, [len(task.pop) for task in result]
        (110, [20, 20])
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        rmp: float = 0.3,
        eta_c: float = 20.0,
        eta_m: float = 15.0,
        p_var: float = 0.5,
        p_m: float | None = None,
        mutate_crossed: bool = True,
    ) -> None:
        super().__init__(pop_size, eta_c=eta_c, eta_m=eta_m, p_var=p_var, p_m=p_m, mutate_crossed=mutate_crossed)
        self.rmp = check_float(rmp, "rmp", low=0.0, high=1.0)

    @classmethod
    def ddmtolab(cls, pop_size: int = 100, **options: Any) -> Self:
        """Return it with DDMTOLab's operators: SBX 2, polynomial mutation 5, and none after a crossover.

        Keywords of the class override.
        """
        return cls(pop_size, **{"eta_c": 2.0, "eta_m": 5.0, "mutate_crossed": False, **options})

    def offspring(self) -> list[Array]:
        """Mate assortatively."""
        A, B, task_a, task_b = self.mating_pool()
        crossed = (task_a == task_b) | (self.rng.random(len(A)) < self.rmp)
        A[crossed], B[crossed] = self.cross(A[crossed], B[crossed])
        return self.by_task(self.mutated(A, B, crossed), task_a, task_b, crossed)
