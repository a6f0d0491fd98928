"""SPEA2's fitness, truncation and tournament, vectorised.

E. Zitzler, M. Laumanns, L. Thiele, "SPEA2: Improving the strength Pareto evolutionary algorithm", TIK report 103,
ETH Zurich, 2001.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from pymoo.core.selection import Selection
from pymoo.core.survival import Survival
from scipy.spatial.distance import cdist

from evogan._internal.checks import check_int

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def spea2_fitness(F: Floats) -> Floats:
    """Return raw fitness plus density ``(n,)`` of finite objectives ``(n, n_obj)``; below 1 means non-dominated.

    Example:
        >>> import numpy as np
        >>> spea2_fitness(np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])) < 1
        array([ True,  True, False])
    """
    return _fitness(F, cdist(F, F))


def _fitness(F: Floats, distance: Floats) -> Floats:
    n = len(F)
    weakly = np.ones((n, n), dtype=bool)
    for f in F.T:
        weakly &= f[:, None] <= f[None, :]
    dominates = weakly & ~weakly.T
    strength = dominates.sum(axis=1)  # S(i), eq. 1
    raw = strength @ dominates  # R(i), eq. 2: the strengths of i's dominators
    if n == 1:
        return np.asarray(raw + 0.5)
    k = min(int(np.sqrt(n)), n - 1)
    sigma = np.partition(distance, k, axis=1)[:, k]  # column 0 is the point itself
    return np.asarray(raw + 1.0 / (sigma + 2.0))  # F = R + D, eq. 3


def spea2_truncation(F: Floats, n_keep: int) -> Ints:
    """Return the sorted indices of the ``n_keep`` of ``F`` ``(n, n_obj)`` that SPEA2's truncation leaves.

    Again and again the point goes that is nearest to another one; ties are broken by the second nearest distance,
    the third, and so on (lexicographically), and by the lower index between copies.
    """
    return _truncate(cdist(F, F), check_int(n_keep, "n_keep", low=1))


def _truncate(distance: Floats, n_keep: int) -> Ints:
    n = len(distance)
    distance = distance.copy()
    np.fill_diagonal(distance, np.inf)
    neighbour = np.argsort(distance, axis=1, kind="stable")
    ordered = np.take_along_axis(distance, neighbour, axis=1)
    alive = np.ones(n, dtype=bool)
    rows = np.arange(n)
    nearest = np.zeros(n, dtype=np.intp)  # per row, the column in `ordered` of its nearest living neighbour
    gap = ordered[:, 0].copy()
    for _ in range(n - n_keep):
        candidates = np.flatnonzero(alive & (gap == gap.min()))  # distances that overflow are infinite, too
        victim = candidates[0] if len(candidates) == 1 else _lexicographic_least(candidates, ordered, neighbour, alive)
        alive[victim] = False
        gap[victim] = np.inf
        stale = rows[alive & (neighbour[rows, nearest] == victim)]
        while len(stale):
            nearest[stale] += 1
            stale = stale[~alive[neighbour[stale, nearest[stale]]]]
        gap[alive] = ordered[rows[alive], nearest[alive]]
    return np.flatnonzero(alive)


def _lexicographic_least(candidates: Ints, ordered: Floats, neighbour: Ints, alive: NDArray[np.bool_]) -> int:
    """Return the candidate whose ascending distances to the living are least, compared one after another."""
    living = alive[neighbour[candidates]]
    distances = ordered[candidates][living].reshape(len(candidates), -1)
    least = np.arange(len(candidates))
    for column in distances.T:
        least = least[column[least] == column[least].min()]
        if len(least) == 1:
            break
    return int(candidates[least[0]])


class SPEA2Survival(Survival):
    """Environmental selection of SPEA2: non-dominated points first, truncated or filled up by fitness.

    Feasible solutions come first, then infeasible ones by constraint violation; solutions with a non-finite
    objective or constraint come last of all. Sets ``SPEA_F`` of each individual (infinite unless feasible), and what
    NSGA-II's tournament and result go by: ``rank``, 0 where no other dominates it, and ``crowding``, minus the fitness.
    """

    def __init__(self) -> None:
        super().__init__(filter_infeasible=False)

    def _do(self, problem: Any, pop: Population, *args: Any, n_survive: int, **kwargs: Any) -> Population:
        order, fitness = spea2_order(pop.get("F"), pop.get("CV")[:, 0], n_survive)
        set_fitness(pop, fitness)
        return pop[order]


def kinds(F: Floats, CV: Floats) -> tuple[Ints, Ints, Ints]:
    """Return the indices of the feasible, of the infeasible by violation, and of those with a non-finite value."""
    finite = np.isfinite(F).all(axis=1) & np.isfinite(CV)
    infeasible = np.flatnonzero(finite & (CV > 0))
    infeasible = infeasible[np.argsort(CV[infeasible], kind="stable")]
    return np.flatnonzero(finite & (CV <= 0)), infeasible, np.flatnonzero(~finite)


def spea2_order(F: Floats, CV: Floats, n_survive: int) -> tuple[Ints, Floats]:
    """Return the indices of ``n_survive`` survivors, best kind first, and the fitness of all ``(n,)``."""
    feasible, infeasible, broken = kinds(F, CV)
    fitness = np.full(len(F), np.inf)
    chosen = feasible
    if len(feasible):
        distance = cdist(F[feasible], F[feasible])
        fitness[feasible] = _fitness(F[feasible], distance)
        if len(feasible) > n_survive:
            good = np.flatnonzero(fitness[feasible] < 1)
            if len(good) > n_survive:
                chosen = feasible[good[_truncate(distance[np.ix_(good, good)], n_survive)]]
            else:
                chosen = feasible[np.argsort(fitness[feasible], kind="stable")[:n_survive]]
    order = np.concatenate([chosen, infeasible, broken])
    return order[:n_survive], fitness


def set_fitness(pop: Population, fitness: Floats) -> None:
    """Tell each individual its fitness, and the same as NSGA-II's tournament and result look for it."""
    pop.set("SPEA_F", fitness, "rank", np.where(fitness < 1, 0, 1), "crowding", -fitness)


class SPEA2Tournament(Selection):
    """Tournaments of ``pressure`` random solutions, won by feasibility, then by SPEA2 fitness, then by lot.

    Solutions with a non-finite objective or constraint lose to all others, infeasible ones included.
    Solutions whose ``SPEA_F`` was never set (another survival is at work) are given it here.
    """

    def __init__(self, pressure: int = 2) -> None:
        super().__init__()
        self.pressure = check_int(pressure, "pressure", low=1)

    def _do(
        self,
        problem: Any,
        pop: Population,
        n_select: int,
        n_parents: int,
        random_state: Any = None,
        **kwargs: Any,
    ) -> Ints:
        CV = pop.get("CV")[:, 0]
        fitness = pop.get("SPEA_F")
        if fitness.dtype == object:
            fitness = spea2_order(pop.get("F"), CV, len(pop))[1]
        violation = np.where(np.isfinite(pop.get("F")).all(axis=1), np.maximum(CV, 0), np.nan)  # NaN sorts last
        rank = tournament_ranks(random_state, fitness, violation)
        n = n_select * n_parents
        n_rounds = -(-n * self.pressure // len(pop))
        entrants = np.concatenate([random_state.permutation(len(pop)) for _ in range(n_rounds)])
        entrants = entrants[: n * self.pressure].reshape(n, self.pressure)
        winners = entrants[np.arange(n), rank[entrants].argmin(axis=1)]
        return np.asarray(winners.reshape(n_select, n_parents))


def tournament_ranks(rng: np.random.Generator, fitness: Floats, before: Floats | NDArray[np.bool_]) -> Ints:
    """Return ranks ``(n,)`` by ``before``, then by ``fitness``, smallest first; the lot ranks equal solutions."""
    rank = np.empty(len(fitness), dtype=np.intp)
    shuffled = rng.permutation(len(fitness))
    rank[shuffled[np.lexsort((fitness[shuffled], before[shuffled]))]] = np.arange(len(fitness))
    return rank
