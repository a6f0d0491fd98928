"""Environmental selection of one task: who stays, best first."""

from __future__ import annotations

import moocore
import numpy as np
from numpy.typing import NDArray

from evogan.multitask._population import TaskPopulation
from evogan.operators._spea2 import spea2_order

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


def nsga2_survival(population: TaskPopulation, n_survive: int) -> TaskPopulation:
    """Return the ``n_survive`` best solutions by front and crowding distance, best first.

    K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
    Transactions on Evolutionary Computation 6(2), 2002. Feasible solutions come first, then infeasible ones by
    constraint violation, then those with a value that is not finite.
    """
    return population[nsga2_order(population.F, population.CV)[:n_survive]]


def spea2_survival(population: TaskPopulation, n_survive: int) -> TaskPopulation:
    """Return the ``n_survive`` survivors of SPEA2, those of the lowest fitness value first.

    Who survives is told by :class:`~evogan.operators.SPEA2Survival`. Feasible solutions come first, then infeasible
    ones by constraint violation, then those with a value that is not finite.
    """
    order, fitness = spea2_order(population.F, population.CV, n_survive)
    return population[order[np.argsort(fitness[order], kind="stable")]]  # truncation leaves them unsorted


def nsga2_order(F: Array, CV: Array) -> Ints:
    """Return all indices ``(n,)`` of objectives ``(n, n_obj)`` and violations ``(n,)``, best solution first."""
    finite = np.isfinite(F).all(axis=1) & np.isfinite(CV)
    feasible, infeasible = np.flatnonzero(finite & (CV <= 0)), np.flatnonzero(finite & (CV > 0))
    by_violation = infeasible[np.argsort(CV[infeasible], kind="stable")]
    return np.concatenate([feasible[_by_front_and_crowding(F[feasible])], by_violation, np.flatnonzero(~finite)])


def fronts(F: Array) -> Ints:
    """Return the number of the front of every point ``(n,)``, 0 for the non-dominated ones."""
    return np.asarray(moocore.pareto_rank(F), dtype=np.intp) if len(F) else np.zeros(0, dtype=np.intp)


def crowding_distance(F: Array, front: Ints) -> Array:
    """Return the crowding distance ``(n,)`` of every point within its front; infinite at the ends.

    Objectives are scaled by their range in the front; one that is constant there adds nothing and has no ends. Fronts
    of one or two points are infinite.

    Args:
        F: finite objectives ``(n, n_obj)``.
        front: the number of each point's front ``(n,)``, see :func:`fronts`.

    Example:
        >>> F = np.array([[0.0, 4.0], [1.0, 3.0], [4.0, 0.0]])
        >>> crowding_distance(F, fronts(F))
        array([inf,  2., inf])
    """
    n, distance = len(F), np.zeros(len(F))
    for f in F.T if n else ():
        order = np.lexsort((f, front))
        r, v = front[order], f[order]
        starts = np.flatnonzero(np.diff(r, prepend=r[0] - 1))
        ends = np.append(starts[1:], n) - 1
        size = ends - starts + 1
        span = np.repeat(v[ends] - v[starts], size)
        gap = np.empty(n)
        gap[1:-1] = v[2:] - v[:-2]
        gap[starts] = gap[ends] = np.inf
        distance[order] += np.divide(gap, span, out=np.zeros(n), where=span > 0)
        distance[order[np.repeat(size <= 2, size)]] = np.inf
    return distance


def _by_front_and_crowding(F: Array) -> Ints:
    if len(F) == 0:
        return np.zeros(0, dtype=np.intp)
    front = fronts(F)
    return np.lexsort((-crowding_distance(F, front), front))
