"""Deterministic point sets from which the exact fronts are built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import comb

import moocore
import numpy as np
from numpy.typing import NDArray
from pymoo.util.reference_direction import UniformReferenceDirectionFactory
from scipy.optimize import brentq

Array = NDArray[np.float64]
Intervals = Sequence[tuple[float, float]]


def simplex(n_obj: int, n_points: int) -> Array:
    """Return Das-Dennis directions ``(n, n_obj)``: the lattice whose size is closest to ``n_points``."""

    def size(partitions: int) -> int:
        return comb(partitions + n_obj - 1, n_obj - 1)

    if n_obj == 1:
        return np.ones((1, 1))
    p = 1
    while size(p + 1) <= n_points:
        p += 1
    if size(p + 1) - n_points < n_points - size(p):
        p += 1
    return np.array(UniformReferenceDirectionFactory(n_obj, n_partitions=p).do(), dtype=np.float64)


def sphere(n_obj: int, n_points: int) -> Array:
    """Return about ``n_points`` points ``(n, n_obj)`` of the unit sphere's non-negative orthant."""
    directions = simplex(n_obj, n_points)
    radii: Array = np.linalg.norm(directions, axis=1, keepdims=True)
    return np.divide(directions, radii)


def rising_records(
    value: Callable[[float], float], slope: Callable[[float], float], *, cells: int = 1000
) -> tuple[tuple[float, float], ...]:
    """Return the intervals of [0, 1] on which ``value`` exceeds everything to its left.

    A peak is the root of ``slope``, exact to rounding; a start lies 1e-12 inside its interval, so that sums
    of values do not round down to the last peak. ``cells`` must resolve every hump.
    """
    grid = np.linspace(0.0, 1.0, cells + 1)
    intervals: list[tuple[float, float]] = []
    start, peak = 0.0, -np.inf
    rising = True
    for left, right in pairwise(grid):
        if not rising and value(right) > peak:
            start = float(brentq(lambda x, peak=peak: value(x) - peak, left, right, xtol=1e-15)) + 1e-12
            rising = True
        if rising and slope(max(left, start)) > 0.0 > slope(right):
            end = float(brentq(slope, max(left, start), right, xtol=1e-15))
            intervals.append((start, end))
            peak, rising = value(end), False
    if rising:
        intervals.append((start, 1.0))
    return tuple(intervals)


def spread(lengths: Array, n_points: int) -> NDArray[np.int64]:
    """Share ``n_points`` among pieces in proportion to their lengths, at least one each."""
    edges = np.rint(np.cumsum(lengths) / lengths.sum() * n_points)
    counts: NDArray[np.int64] = np.maximum(np.diff(edges, prepend=0.0), 1.0).astype(np.int64)
    return counts


def along_curve(curve: Callable[[Array], Array], intervals: Intervals, n_points: int) -> Array:
    """Return about ``n_points`` points of ``curve(t)`` ``(n, n_obj)``, evenly spaced by arc length."""
    parameters, arcs = [], []
    for low, high in intervals:
        t = np.linspace(low, high, 4001)
        steps = np.linalg.norm(np.diff(curve(t), axis=0), axis=1)
        parameters.append(t)
        arcs.append(np.concatenate([[0.0], np.cumsum(steps)]))
    counts = spread(np.array([arc[-1] for arc in arcs]), n_points)
    pieces = zip(parameters, arcs, counts, strict=True)
    return curve(np.concatenate([np.interp(np.linspace(0.0, arc[-1], n), arc, t) for t, arc, n in pieces]))


def low_discrepancy(n_points: int, n_dim: int) -> Array:
    """Return ``n_points`` points ``(n, n_dim)`` of a Kronecker sequence in the unit box (no randomness)."""
    root = float(brentq(lambda x: x ** (n_dim + 1) - x - 1.0, 1.0, 2.0))
    steps = root ** -np.arange(1.0, n_dim + 1.0)
    return np.mod(0.5 + np.outer(np.arange(n_points, dtype=np.float64), steps), 1.0)


def nondominated(F: Array) -> Array:
    """Return the distinct non-dominated rows of ``F`` ``(n, n_obj)``, sorted lexicographically."""
    F = F[np.lexsort(F.T[::-1])]
    return F[:1] if F.shape[1] == 1 else F[moocore.is_nondominated(F)]
