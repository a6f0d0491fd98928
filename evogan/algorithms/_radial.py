"""Radial space division: few solutions of good convergence, spread over a projection of the objectives to a disc.

C. He, Y. Tian, Y. Jin, X. Zhang, L. Pan, "A radial space division based evolutionary algorithm for many-objective
optimization", Applied Soft Computing 61, 2017; as L. Pan et al., IEEE TEVC 23(1), 2019, use it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evogan.multitask import fronts

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


def levels_of(F: Array, violation: Array) -> Ints:
    """Return the number of each solution's level ``(n,)``: its front, or after all fronts the rank of its violation."""
    feasible = violation == 0
    level = np.zeros(len(F), dtype=np.intp)
    level[feasible] = fronts(F[feasible])
    n_fronts = level[feasible].max() + 1 if feasible.any() else 0
    level[~feasible] = n_fronts + np.unique(violation[~feasible], return_inverse=True)[1]
    return level


def radial_selection(F: Array, violation: Array, k: int) -> Ints:
    """Return ``k`` of the solutions, all if there are fewer, by level and within the last one by radial projection.

    The better levels and the solution nearest to the diagonal are selected at once, then one after another: from the
    cells of a sqrt(k) by sqrt(k) grid that hold the fewest selected ones, that with the least 0.1 M c - d, c its share
    of the largest sum of objectives, d its distance on the disc to the selected ones.

    Args:
        F: objectives ``(n, n_obj)``, at least two.
        violation: constraint violation ``(n,)``, 0 where feasible, infinite where a value is not finite.
        k: how many, at least 1.
    """
    level = levels_of(F, violation)
    k = min(k, len(F))
    last = np.partition(level, k - 1)[k - 1]
    candidates = np.flatnonzero(level <= last)
    chosen = level[candidates] < last
    if not np.isfinite(violation[level == last]).all():  # nothing is known of these: the first will do
        return np.sort(candidates[np.argsort(~chosen, kind="stable")[:k]])
    Z = scaled(F[candidates], F[np.isfinite(violation)])
    chosen[np.linalg.norm(Z - Z.mean(axis=1, keepdims=True), axis=1).argmin()] = True
    c = Z.sum(axis=1) / max(Z.sum(axis=1).max(), 1e-12)
    disc = projected(Z)
    cell = cells(disc, int(np.ceil(np.sqrt(k))))
    distance = cdist(disc, disc)
    nearest = distance[:, chosen].min(axis=1)
    count = np.bincount(cell[chosen], minlength=cell.max() + 1)
    while chosen.sum() < k:
        rest = np.flatnonzero(~chosen)
        rest = rest[count[cell[rest]] == count[cell[rest]].min()]
        best = rest[(0.1 * F.shape[1] * c[rest] - nearest[rest]).argmin()]
        chosen[best] = True
        count[cell[best]] += 1
        nearest = np.minimum(nearest, distance[:, best])
    return np.asarray(candidates[chosen])


def scaled(F: Array, among: Array) -> Array:
    """Return objectives scaled to [0, 1] by the least and greatest of ``among``; 0 where these are equal."""
    with np.errstate(over="ignore", invalid="ignore"):
        low, span = among.min(axis=0), among.max(axis=0) - among.min(axis=0)
        unit = np.divide(F - low, span, out=np.zeros_like(F), where=span > 0)
        return np.asarray(np.nan_to_num(unit, posinf=1.0))  # a range that overflows tells nothing


def projected(Z: Array) -> Array:
    """Return points of the unit disc ``(n, 2)``: the mean of M directions around it, weighted by the objectives."""
    angle = 2.0 * np.pi * np.arange(Z.shape[1]) / Z.shape[1]
    weight = (Z + 1e-6) / (Z + 1e-6).sum(axis=1, keepdims=True)  # the ideal point lies in the centre
    return np.asarray(0.5 * (weight @ np.column_stack([np.cos(angle), np.sin(angle)]) + 1.0))


def cells(points: Array, n_divisions: int) -> Ints:
    """Return the number of each point's cell in a grid over the box of all ``points`` ``(n, 2)``."""
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    unit = np.divide(points - low, span, out=np.zeros_like(points), where=span > 1e-9)  # two objectives: a line
    place = np.minimum((unit * n_divisions).astype(np.intp), n_divisions - 1)
    return np.asarray(place[:, 0] * n_divisions + place[:, 1])
