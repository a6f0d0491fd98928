"""IM-MOEA: models from each objective back to single variables say where to sample along the front.

R. Cheng, Y. Jin, K. Narukawa, B. Sendhoff, "A multiobjective evolutionary algorithm using Gaussian process-based
inverse modeling", IEEE Transactions on Evolutionary Computation 19(6), 2015. Of the paper only the abstract was at
hand; "code" is PlatEMO's version, which follows the authors' program.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_float, check_int
from evogan.algorithms._peers import Initial, PeerAlgorithm
from evogan.multitask import nsga2_order
from evogan.operators import lattice, polynomial_mutation

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


class IMMOEA(PeerAlgorithm):
    """IM-MOEA: subpopulations around reference vectors, offspring from lines fitted to x_d over f_m.

    A solution belongs to the reference vector at the smallest angle to its objectives. In every subpopulation each
    objective m gets n/M of the solutions, at random; L of their variables, at random, are modelled as functions of
    f_m by a Gaussian process with the kernel f f' and drawn anew at evenly spaced f_m, from half a range below the
    subpopulation's to half a range above. The other variables are copied. What leaves the box becomes uniform, then
    comes polynomial mutation. Each subpopulation keeps N/K by front and crowding distance: there may be fewer than N
    solutions in all.

    That Gaussian process is Bayesian regression with a line through the origin of f_m and the lower bound of x_d;
    angles are those of the raw objectives, from the origin. Both suit objectives of similar scale whose ideal point
    is near 0.

    Departs from the code: variables are scaled to the unit box, so that the line and its noise mean the same in every
    box; N need not be a multiple of K (places go round evenly); constraints, which there are none of, come first
    within a subpopulation; non-finite solutions stay only where there is no other; the budget is exact, the last
    generation a random part of one.

    Args:
        pop_size: population size N, at least 4 and at least the number of reference vectors.
        n_vectors: reference vectors K: the largest lattice of at most that many, but at least n_obj.
        n_modelled: variables L that are modelled for each objective, all if there are fewer.
        noise: standard deviation of the models' noise, in the unit box.
        eta_m: distribution index of the mutation, with probability 1/n_var.
        sampling: initial population, a pymoo Sampling or solutions as an array or Population; None means uniform.

    Raises (when a run starts):
        ValueError: one objective, bounds missing or infinite, budget below or ``n_obj`` above ``pop_size``.
        TypeError: variables are not real.

    Example:
        >>> from pymoo.optimize import minimize
        >>> from evogan.problems.imf import IMF1
        >>> result = minimize(IMF1(n_var=5), IMMOEA(20), ("n_eval", 90), seed=1)
        >>> result.algorithm.evaluator.n_eval
        90
    """

    W: Array

    def __init__(
        self,
        pop_size: int = 100,
        *,
        n_vectors: int = 10,
        n_modelled: int = 3,
        noise: float = 0.01,
        eta_m: float = 20.0,
        sampling: Initial | None = None,
    ) -> None:
        super().__init__(pop_size, sampling=sampling)
        self.n_vectors = check_int(n_vectors, "n_vectors", low=1, high=self.pop_size)
        self.n_modelled = check_int(n_modelled, "n_modelled", low=1)
        self.noise = check_float(noise, "noise", low=0.0, low_open=True)
        self.eta_m = check_float(eta_m, "eta_m", low=0.0)

    def _prepare(self, problem: Any) -> None:
        self.W = lattice(problem.n_obj, self.n_vectors)
        if len(self.W) > self.pop_size:
            raise ValueError(f"pop_size must be at least n_obj = {problem.n_obj} for IMMOEA, got {self.pop_size}")

    def _offspring(self, U: Array, F: Array) -> Array:
        nearest = nearest_vector(F, self.W)
        off = np.concatenate([self._modelled(U[nearest == k], F[nearest == k]) for k in np.unique(nearest)])
        outside = ~((off >= 0.0) & (off <= 1.0))  # or not a number: objectives may be too large to be squared
        off[outside] = self.random_state.random(int(outside.sum()))
        return polynomial_mutation(off, eta=self.eta_m, rng=self.random_state)

    def _modelled(self, U: Array, F: Array) -> Array:
        """Return offspring of one subpopulation: itself if it is too small for models."""
        rng, (n, M) = self.random_state, F.shape
        if n < 2 * M:
            return U.copy()
        low, high = F.min(axis=0), F.max(axis=0)
        offspring = []
        for m in range(M):
            rows = rng.permutation(n)[: n // M]
            d = rng.permutation(U.shape[1])[: self.n_modelled]
            with np.errstate(over="ignore", invalid="ignore"):
                f = np.linspace(1.5 * low[m] - 0.5 * high[m], 1.5 * high[m] - 0.5 * low[m], len(rows))
                mean, variance = inverse_line(F[rows, m], U[np.ix_(rows, d)], f, noise=self.noise)
                spread = rng.random(len(d)) * np.sqrt(variance)[:, None]
                x_d = mean + spread * rng.standard_normal(mean.shape)
            children = U[rows]
            children[:, d] = x_d
            offspring.append(children)
        return np.concatenate(offspring)

    def _survivors(self, F: Array, CV: Array) -> Ints:
        finite = np.flatnonzero(np.isfinite(CV))
        if len(finite) == 0:
            return np.arange(min(len(F), self.pop_size))
        nearest = nearest_vector(F[finite], self.W)
        places = np.diff(np.arange(len(self.W) + 1) * self.pop_size // len(self.W))  # N/K, the rest spread evenly
        kept = []
        for k, n in enumerate(places):
            members = finite[nearest == k]
            kept.append(members[nsga2_order(F[members], CV[members])[:n]])
        return np.concatenate(kept)


def nearest_vector(F: Array, W: Array) -> Ints:
    """Return the number ``(n,)`` of the vector of ``W`` ``(K, n_obj)`` at the smallest angle to each of ``F``.

    Example:
        >>> nearest_vector(np.array([[1.0, 9.0], [3.0, 2.0], [-1.0, -5.0]]), np.eye(2)).tolist()
        [1, 0, 0]
    """
    scale = np.abs(F).max(axis=1, keepdims=True)  # a solution's length does not matter, but its square may overflow
    directions = F / np.where(scale > 0.0, scale, 1.0)
    return np.asarray((directions @ (W / np.linalg.norm(W, axis=1, keepdims=True)).T).argmax(axis=1))


def inverse_line(f: Array, U: Array, f_new: Array, *, noise: float) -> tuple[Array, Array]:
    """Return means ``(n_new, d)`` and variances ``(n_new,)`` of u = w f + noise at ``f_new``, with w ~ N(0, 1) before.

    That is the Gaussian process of mean 0 and kernel f f', without inverting its n x n matrix.

    Args:
        f: values of one objective ``(n,)``.
        U: variables ``(n, d)``, each of which has a line of its own.
        f_new: values of the objective ``(n_new,)`` to predict at.
        noise: standard deviation of the noise.

    Example:
        >>> mean, variance = inverse_line(np.array([3.0, 4.0]), np.array([[0.3], [0.4]]), np.array([5.0]), noise=0.01)
        >>> mean.round(5).tolist(), variance.round(5).tolist()
        ([[0.5]], [0.0002])
    """
    precision = f @ f + noise**2
    return np.outer(f_new, f @ U / precision), noise**2 * (1.0 + f_new**2 / precision)
