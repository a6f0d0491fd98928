"""EMEA: a population per task; now and then a linear denoising autoencoder maps a task's best into another's space.

L. Feng, L. Zhou, J. Zhong, A. Gupta, Y.-S. Ong, K. C. Tan, A. K. Qin, "Evolutionary multitasking via explicit
autoencoding", IEEE Transactions on Cybernetics 49(9), 2019. Departures stand in docs/paper-versus-code.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_choice, check_float, check_int
from evogan.algorithms._genetic import GeneticMultitaskEA
from evogan.multitask import MultitaskProblem, TaskPopulation, binary_tournament, nsga2_survival, spea2_survival

Array = NDArray[np.float64]


class EMEA(GeneticMultitaskEA):
    """EMEA: explicit transfer by autoencoding between tasks that evolve by different solvers.

    The first populations of two tasks, each sorted from best to worst, are taken as pairs: Q of the source, P of the
    target, one solution a column. ``M = (P Q^T)(Q Q^T)^-1`` maps source solutions into the target's space, and every
    ``t_gap`` generations the mapped best of the other tasks take the place of random offspring.

    Departs from the paper: ``ridge`` on the diagonal of ``Q Q^T``; among more than two tasks, ``s_num`` is shared out
    evenly, what remains to tasks drawn by lot; settings of SBX and mutation are MToP's.

    Args:
        pop_size: solutions of each task, at least 4.
        s_num: solutions that a task receives from all others together, at most ``pop_size`` of them.
        t_gap: generations from one transfer to the next.
        survivals: environmental selection of the first task, the second, and so on, in turn; best solution first.
        ridge: added to the diagonal of ``Q Q^T``, except for the constant; 0 takes the pseudo-inverse.
        bias: ``"none"`` as in the paper; ``"learnt"``: an affine map; ``"dropped"``: the affine map is learnt, and
            its constant is left out where it is used, as MToP does.
        eta_c: distribution index of simulated binary crossover.
        eta_m: distribution index of polynomial mutation.
        p_var: probability that a variable is crossed.
        p_m: probability that a variable mutates; None means 1/n_var of the unified box.

    Attributes:
        counters: ``transferred``, mapped solutions handed over.

    Raises:
        ValueError: a setting outside its range.
        TypeError: a setting of the wrong kind.

    Example:
        >>> from evogan.multitask import minimize_multitask
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> result = minimize_multitask([IMF1(5), IMF4(10)], EMEA(20, t_gap=2), ("n_eval", 200), seed=1)
        >>> result.n_evals, result.counters["transferred"]
        (200, 40)
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        s_num: int = 10,
        t_gap: int = 10,
        survivals: Sequence[Callable[[TaskPopulation, int], TaskPopulation]] = (spea2_survival, nsga2_survival),
        ridge: float = 1e-5,
        bias: str = "none",
        eta_c: float = 20.0,
        eta_m: float = 15.0,
        p_var: float = 0.5,
        p_m: float | None = None,
    ) -> None:
        super().__init__(pop_size, eta_c=eta_c, eta_m=eta_m, p_var=p_var, p_m=p_m)
        self.s_num = check_int(s_num, "s_num")
        self.t_gap = check_int(t_gap, "t_gap", low=1)
        self.survivals = tuple(survivals)
        if not self.survivals or not all(map(callable, self.survivals)):
            raise TypeError(f"survivals must be functions such as nsga2_survival, got {survivals!r}")
        self.ridge = check_float(ridge, "ridge", low=0.0)
        self.bias = check_choice(bias, "bias", ("none", "learnt", "dropped"))
        self._first: list[Array] = []
        self._solved: list[Array] = []

    @classmethod
    def mtop(cls, pop_size: int = 100, **options: Any) -> Self:
        """Return it with the map of MToP, whose constant is learnt and then dropped.

        Keywords of the class override.
        """
        return cls(pop_size, **{"bias": "dropped", **options})

    def setup(self, problem: MultitaskProblem, rng: np.random.Generator) -> None:
        """Begin a run."""
        super().setup(problem, rng)
        self.survival = [self.survivals[t % len(self.survivals)] for t in range(problem.n_tasks)]

    def begin(self) -> None:
        """Keep what the maps are made of: P of each target, and Q^T (Q Q^T)^-1 of each source."""
        self._first = [
            population.U[:, : task.n_var].T
            for population, task in zip(self.populations, self.problem.tasks, strict=True)
        ]
        self._solved = [solved(self._with_constant(Q), self.ridge, constant=self.bias != "none") for Q in self._first]

    def offspring(self) -> list[Array]:
        """Breed within each task, and transfer when it is time."""
        children = [self._bred(population.U) for population in self.populations]
        if self.s_num and (self.generation + 1) % self.t_gap == 0:
            for t, own in enumerate(children):
                self._transfer(t, own)
        return children

    def _bred(self, U: Array) -> Array:
        n_pairs = -(-self.pop_size // 2)
        winners = binary_tournament(np.arange(len(U)), 2 * n_pairs, rng=self.rng)
        children = np.concatenate(self.cross(U[winners[:n_pairs]], U[winners[n_pairs:]]))
        return self.mutate(children[: self.pop_size])

    def _transfer(self, target: int, children: Array) -> None:
        """Put mapped solutions in the place of random children; genes that the target does not read stay."""
        sources, sizes = self._shares(target)
        mapped = [self.map(k, target, self.populations[k].U[:n]) for k, n in zip(sources, sizes, strict=True) if n]
        rows = self.rng.choice(len(children), size=int(sizes.sum()), replace=False)
        children[rows, : self.problem.tasks[target].n_var] = np.concatenate(mapped)
        self.count("transferred", len(rows))

    def _shares(self, target: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the source tasks in random order, and how many solutions each of them gives."""
        sources = self.rng.permutation(np.delete(np.arange(self.problem.n_tasks), target))
        total = min(self.s_num, self.pop_size)
        return sources, total // len(sources) + (np.arange(len(sources)) < total % len(sources))

    def map(self, source: int, target: int, U: Array) -> Array:
        """Return the target's variables ``(n, target's n_var)`` for points ``(n, n_var)`` of the source."""
        M = self._first[target] @ self._solved[source]  # (P Q^T)(Q Q^T)^-1
        Q = U[:, : self.problem.tasks[source].n_var].T
        if self.bias == "dropped":
            M = M[:, :-1]
        elif self.bias == "learnt":
            Q = self._with_constant(Q)
        return np.asarray(np.clip(M @ Q, 0.0, 1.0).T)

    def _with_constant(self, Q: Array) -> Array:
        return Q if self.bias == "none" else np.vstack([Q, np.ones(Q.shape[1])])


def solved(Q: Array, ridge: float, *, constant: bool = False) -> Array:
    """Return ``Q^T (Q Q^T + ridge I)^-1`` ``(n, n_rows)``, without ridge for a last row that is constant.

    Example:
        >>> Q, M = np.random.default_rng(1).random((3, 20)), np.diag([1.0, 2.0, 3.0])
        >>> np.allclose((M @ Q) @ solved(Q, 0.0), M)  # P = M Q gives M back
        True
    """
    if ridge == 0:
        return np.asarray(np.linalg.pinv(Q))
    weight = np.full(len(Q), ridge)
    weight[len(Q) - constant :] = 0.0
    return np.asarray(np.linalg.solve(Q @ Q.T + np.diag(weight), Q).T)
