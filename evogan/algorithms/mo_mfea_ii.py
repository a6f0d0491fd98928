"""MO-MFEA-II: how often two tasks mate is learnt online from how far their populations overlap.

K. K. Bali, A. Gupta, Y.-S. Ong, P. S. Tan, "Cognizant multitasking in multiobjective multifactorial evolution:
MO-MFEA-II", IEEE Transactions on Cybernetics 51(4), 2021; the learning is that of K. K. Bali, Y.-S. Ong, A. Gupta,
P. S. Tan, "Multifactorial evolutionary algorithm with online transfer parameter estimation: MFEA-II", IEEE Transactions
on Evolutionary Computation 24(1), 2020. Departures stand in docs/paper-versus-code.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_float
from evogan.algorithms.mo_mfea import Multifactorial
from evogan.multitask import MultitaskProblem

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


class MOMFEAII(Multifactorial):
    """MO-MFEA-II: a matrix RMP of mating probabilities, one for each pair of tasks, learnt every generation.

    RMP is symmetric; each entry maximises the likelihood of the two populations under mixtures of their own and
    each other's distribution (:func:`learn_rmp`). Parents that do not cross with the other task cross within their own.

    Departs from the paper: each pair of tasks is learnt by itself, as MToP does; every task has ``pop_size`` solutions
    of its own; MToP's settings (SBX 20, polynomial mutation 15 with 1/n_var).

    Args:
        pop_size: solutions of each task, at least 4.
        p_swap: probability that two children exchange a variable after the crossover.
        rmp_noise: standard deviation of the normal noise on what was learnt.
        eta_c, eta_m, p_var, p_m: of :class:`MOMFEA`.
        mutate_crossed: whether children of parents of different tasks, or of one task that met by lot, are mutated;
            those of parents that sought a mate within their task always are.

    Attributes:
        counters: ``transferred``, offspring of two parents of different tasks.

    Raises:
        ValueError: a setting outside its range.
        TypeError: a setting of the wrong kind.

    Example:
        >>> from evogan.multitask import minimize_multitask
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> result = minimize_multitask([IMF1(5), IMF4(10)], MOMFEAII(20), ("n_eval", 110), seed=1)
        >>> result.n_evals, result.algorithm.rmp.shape
        (110, (2, 2))
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        p_swap: float = 0.5,
        rmp_noise: float = 0.01,
        eta_c: float = 20.0,
        eta_m: float = 15.0,
        p_var: float = 0.5,
        p_m: float | None = None,
        mutate_crossed: bool = True,
    ) -> None:
        super().__init__(pop_size, eta_c=eta_c, eta_m=eta_m, p_var=p_var, p_m=p_m, mutate_crossed=mutate_crossed)
        self.p_swap = check_float(p_swap, "p_swap", low=0.0, high=1.0)
        self.rmp_noise = check_float(rmp_noise, "rmp_noise", low=0.0)
        self._rmp = np.eye(0)

    @classmethod
    def ddmtolab(cls, pop_size: int = 100, **options: Any) -> Self:
        """Return it with DDMTOLab's operators: SBX 2, polynomial mutation 5, no exchange of variables after SBX.

        Children of pairs are not mutated, those of parents that sought a mate are. Keywords of the class override.
        """
        return cls(pop_size, **{"eta_c": 2.0, "eta_m": 5.0, "p_swap": 0.0, "mutate_crossed": False, **options})

    def setup(self, problem: MultitaskProblem, rng: np.random.Generator) -> None:
        """Begin a run."""
        super().setup(problem, rng)
        self._rmp = np.eye(problem.n_tasks)

    @property
    def rmp(self) -> Array:
        """The mating probabilities ``(n_tasks, n_tasks)`` learnt last; the identity before the first generation."""
        return self._rmp.copy()

    def offspring(self) -> list[Array]:
        """Learn RMP, then mate assortatively."""
        n_var = [task.n_var for task in self.problem.tasks]
        self._rmp = learn_rmp([p.U for p in self.populations], n_var, noise=self.rmp_noise, rng=self.rng)
        A, B, task_a, task_b = self.mating_pool()
        crossed = (task_a == task_b) | (self.rng.random(len(A)) < self._rmp[task_a, task_b])
        pool, task = np.concatenate([A, B]), np.concatenate([task_a, task_b])
        A[crossed], B[crossed] = self._cross_and_swap(A[crossed], B[crossed])
        alone = np.flatnonzero(~np.concatenate([crossed, crossed]))
        mates = same_task_mates(task, rng=self.rng)[alone]
        children = np.concatenate([A, B])
        children[alone] = self._cross_and_swap(pool[alone], pool[mates])[0]
        A, B = children[: len(A)], children[len(A) :]
        return self.by_task(self.mutated(A, B, crossed), task_a, task_b, crossed)

    def _cross_and_swap(self, A: Array, B: Array) -> tuple[Array, Array]:
        first, second = self.cross(A, B)
        swap = self.rng.random(first.shape) < self.p_swap
        return np.where(swap, second, first), np.where(swap, first, second)


def same_task_mates(task: Ints, *, rng: np.random.Generator) -> Ints:
    """Return for every member of a mating pool another one of the same task, itself where there is none.

    Example:
        >>> same_task_mates(np.array([0, 1, 0, 2]), rng=np.random.default_rng(1)).tolist()
        [2, 1, 0, 3]
    """
    order = np.argsort(task, kind="stable")
    sizes = np.bincount(task)
    size, start = sizes[task[order]], (np.cumsum(sizes) - sizes)[task[order]]
    place = np.arange(len(task)) - start
    step = 1 + rng.integers(np.maximum(size - 1, 1))
    mates = np.empty_like(order)
    mates[order] = order[start + (place + step) % size]
    return mates


def learn_rmp(
    populations: Sequence[Array], n_var: Sequence[int], *, rng: np.random.Generator, noise: float = 0.01
) -> Array:
    """Return the matrix RMP ``(n_tasks, n_tasks)`` of mating probabilities, symmetric, with a diagonal of ones.

    Every population is modelled by independent normal distributions, widened by a tenth of uniform samples. With K
    tasks, the mixture that describes population j beside k is (1 - w) p_j + w p_k with w = (K - 1)/(2K) rmp_jk, over
    the variables that both tasks have. The log-likelihood of both populations together is concave in rmp_jk.

    Args:
        populations: of all tasks, in the unified box, ``(n, n_var_max)`` each.
        n_var: how many of the variables each task reads.
        rng: source of randomness.
        noise: standard deviation of the normal noise that is added; the sum is clipped to [0, 1].

    Example:
        >>> rng = np.random.default_rng(1)
        >>> apart = [rng.normal(0.1, 0.01, (50, 20)), rng.normal(0.9, 0.01, (50, 20))]
        >>> learn_rmp(apart, [20, 20], noise=0.0, rng=rng).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    K = len(populations)
    reads = np.arange(populations[0].shape[1]) < np.asarray(n_var)[:, None]
    ratio = log_ratios(populations, reads, rng=rng)
    j, k = np.triu_indices(K, 1)
    d = np.expm1(np.clip(np.concatenate([ratio[j, :, k], ratio[k, :, j]], axis=1), -500.0, 500.0))
    rmp = np.clip(_maximum(0.5 * (K - 1) / K * d) + noise * rng.standard_normal(len(j)), 0.0, 1.0)
    RMP = np.eye(K)
    RMP[j, k] = RMP[k, j] = rmp
    return RMP


def log_ratios(populations: Sequence[Array], reads: NDArray[np.bool_], *, rng: np.random.Generator) -> Array:
    """Return log p_k(x) - log p_j(x) for every x of population j ``[j, x, k]``, over variables both tasks read."""
    noisy = [np.vstack([U, rng.random((max(1, len(U) // 10), U.shape[1]))]) for U in populations]
    mean = np.array([U.mean(axis=0) for U in noisy])
    variance = np.maximum(np.array([U.var(axis=0, ddof=1) for U in noisy]), 1e-12)
    # (x - m)^2 / v + log v, multiplied out, so that all models see all samples in three matrix products
    a, b, c = (reads * part for part in (1 / variance, mean / variance, mean**2 / variance + np.log(variance)))
    ratios = []
    for j, U in enumerate(populations):
        X = U * reads[j]
        under_k = X**2 @ a.T - 2 * X @ b.T + c @ reads[j]
        under_j = ((X - mean[j]) ** 2 / variance[j] + np.log(variance[j])) * reads[j] @ reads.T
        ratios.append(0.5 * (under_j - under_k))
    return np.array(ratios)


def _maximum(slope: Array) -> Array:
    """Return the r in [0, 1] that maximises the sum of log(1 + r * slope) along each row, by bisection."""
    low, high = np.zeros(len(slope)), np.ones(len(slope))
    for _ in range(20):
        r = 0.5 * (low + high)
        rises = (slope / (1.0 + r[:, None] * slope)).sum(axis=1) > 0
        low, high = np.where(rises, r, low), np.where(rises, high, r)
    r = np.where(slope.sum(axis=1) <= 0, 0.0, 0.5 * (low + high))
    return np.where((slope / (1.0 + slope)).sum(axis=1) >= 0, 1.0, r)
