"""RM-MEDA: offspring are drawn around pieces of an (M-1)-dimensional manifold fitted to the population.

Q. Zhang, A. Zhou, Y. Jin, "RM-MEDA: a regularity model-based multiobjective estimation of distribution algorithm", IEEE
Transactions on Evolutionary Computation 12(1), 2008. The paper's text was not at hand: the steps are those of the
authors' C++ program ("code") and of PlatEMO.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_choice, check_float, check_int
from evogan.algorithms._peers import Initial, PeerAlgorithm
from evogan.multitask import crowding_distance, fronts, nsga2_order

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
_ITERATIONS = 50  # of local PCA
_LONE = 0.1  # standard deviation around solutions that differ in nothing


class RMMEDA(PeerAlgorithm):
    """RM-MEDA: local PCA finds K pieces of the Pareto set, offspring are uniform on them, extended, plus normal noise.

    Each of the K clusters is the mean of its solutions, their M - 1 principal axes and their extent along these, made
    a quarter longer at either end. A cluster is drawn with a probability proportional to the volume of its extent. The
    noise has the mean of the remaining variances in every direction. Survival is by fronts; of the front that does not
    fit, the solution of the smallest crowding distance leaves, again and again.

    Departs from the paper: variables are scaled to the unit box, so that none counts for more than its share; where no
    cluster has a volume they are drawn by their sizes, and around copies of one solution the noise has a standard
    deviation of 0.1; constraints, which the paper has none of, come first (feasible solutions, then the least
    violation), non-finite solutions last; the budget is exact. See docs/paper-versus-code.md.

    Args:
        pop_size: population size N, at least 4.
        n_clusters: clusters K of local PCA.
        extension: by which part of its extent a cluster is made longer at either end.
        bounds: what becomes of a value outside the box: ``"clip"``, the bound, as in PlatEMO, or ``"middle"`` between
            the bound and the value of a solution of the cluster, as in the code.
        sampling: initial population, a pymoo Sampling or solutions as an array or Population; None means uniform.

    Raises (when a run starts):
        ValueError: one objective, bounds missing or infinite, or a budget below ``pop_size``.
        TypeError: variables are not real.

    Example:
        >>> from pymoo.optimize import minimize
        >>> from evogan.problems.imf import IMF1
        >>> result = minimize(IMF1(n_var=5), RMMEDA(20), ("n_eval", 90), seed=1)
        >>> result.algorithm.evaluator.n_eval
        90
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        n_clusters: int = 5,
        extension: float = 0.25,
        bounds: str = "clip",
        sampling: Initial | None = None,
    ) -> None:
        super().__init__(pop_size, sampling=sampling)
        self.n_clusters = check_int(n_clusters, "n_clusters", low=1, high=self.pop_size)
        self.extension = check_float(extension, "extension", low=0.0)
        self.bounds = check_choice(bounds, "bounds", ("clip", "middle"))

    def _offspring(self, U: Array, F: Array) -> Array:
        rng, n_dim = self.random_state, min(F.shape[1] - 1, U.shape[1])
        cluster = local_pca(U, n_dim, self.n_clusters, rng=rng)
        groups = [U[cluster == k] for k in np.unique(cluster)]
        pieces = [Piece.of(group, n_dim) for group in groups]
        volume = np.array([piece.volume for piece in pieces])
        weight = volume if volume.sum() > 0.0 else np.array([len(group) for group in groups])
        counts = rng.multinomial(self.pop_size, weight / weight.sum())
        sampled = [piece.sample(n, extension=self.extension, rng=rng) for piece, n in zip(pieces, counts, strict=True)]
        if self.bounds == "middle":
            sampled = [into_box(X, group, rng=rng) for X, group in zip(sampled, groups, strict=True)]
        return np.clip(np.concatenate(sampled), 0.0, 1.0)

    def _survivors(self, F: Array, CV: Array) -> Ints:
        N, feasible = self.pop_size, np.flatnonzero(CV == 0.0)
        if len(feasible) <= N:
            return nsga2_order(F, CV)[:N]
        front = fronts(F[feasible])
        last = int(np.sort(front)[N - 1])
        members = feasible[front == last]
        n_places = N - int((front < last).sum())
        while len(members) > n_places:
            distance = crowding_distance(F[members], np.zeros(len(members), dtype=np.intp))
            members = np.delete(members, distance.argmin())
        return np.concatenate([feasible[front < last], members])


@dataclass(frozen=True, eq=False)
class Piece:
    """An affine piece of the manifold: ``mean`` ``(d,)``, orthonormal ``axes`` ``(n_dim, d)``, the extent along them.

    Attributes:
        mean: of the solutions.
        axes: principal axes, fewer than ``n_dim`` only where there are fewer solutions.
        low: least coordinates along the axes.
        high: largest coordinates along the axes.
        volume: of the extent; 0 where axes are missing.
        sd: standard deviation of the noise around it.
    """

    mean: Array
    axes: Array
    low: Array
    high: Array
    volume: float
    sd: float

    @classmethod
    def of(cls, U: Array, n_dim: int) -> Self:
        """Fit a piece to solutions ``(n, d)``."""
        d, mean = U.shape[1], U.mean(axis=0)
        axes, variance = principal_axes(U - mean)
        axes, rest = axes[:n_dim], variance[n_dim:].sum()
        t = (U - mean) @ axes.T
        low, high = t.min(axis=0), t.max(axis=0)
        volume = float(np.prod(high - low)) if len(axes) == n_dim else 0.0
        sd = float(np.sqrt(rest / (d - n_dim))) if d > n_dim else 0.0
        return cls(mean, axes, low, high, volume, sd if np.ptp(U, axis=0).any() else _LONE)

    def sample(self, n: int, *, extension: float, rng: np.random.Generator) -> Array:
        """Return ``n`` points, uniform on the extended piece, plus noise."""
        length = self.high - self.low
        t = self.low - extension * length + rng.random((n, len(length))) * (1.0 + 2.0 * extension) * length
        return np.asarray(self.mean + t @ self.axes + self.sd * rng.standard_normal((n, len(self.mean))))


def local_pca(U: Array, n_dim: int, n_clusters: int, *, rng: np.random.Generator) -> Ints:
    """Return the cluster ``(n,)`` of every solution ``(n, d)``: that of the nearest principal subspace.

    N. Kambhatla, T. K. Leen, "Dimension reduction by local principal component analysis", Neural Computation 9(7),
    1997. Begins with random solutions as means and no axes; ends when no solution changes its cluster, or after 50
    rounds.
    """
    n, d = U.shape
    n_clusters = min(n_clusters, n)
    means = U[rng.permutation(n)[:n_clusters]]
    axes = [np.zeros((0, d))] * n_clusters
    cluster = np.full(n, -1)
    for _ in range(_ITERATIONS):
        distance = np.empty((n_clusters, n))
        for k in range(n_clusters):
            C = U - means[k]
            distance[k] = (C**2).sum(axis=1) - ((C @ axes[k].T) ** 2).sum(axis=1)
        nearest = distance.argmin(axis=0)
        if np.array_equal(nearest, cluster):
            break
        cluster = nearest
        for k in range(n_clusters):
            members = U[cluster == k]
            if len(members) == 0:  # it begins anew
                members = U[rng.integers(n, size=1)]
            means[k] = members.mean(axis=0)
            axes[k] = principal_axes(members - means[k])[0][:n_dim]
    return cluster


def principal_axes(C: Array) -> tuple[Array, Array]:
    """Return principal axes ``(k, d)`` of centred solutions ``(n, d)`` and the variances ``(k,)`` along them."""
    _, s, axes = np.linalg.svd(C, full_matrices=False)
    return axes, s**2 / max(len(C) - 1, 1)


def into_box(U: Array, members: Array, *, rng: np.random.Generator) -> Array:
    """Replace values outside the unit box by the middle between the bound and that of a random one of ``members``."""
    bound = np.clip(U, 0.0, 1.0)
    inside = members[rng.integers(len(members), size=U.shape), np.arange(U.shape[1])]
    return np.where(bound == U, U, 0.5 * (bound + inside))
