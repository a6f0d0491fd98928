"""Exact fronts by formula; public as part of `evogan.problems.fronts`, which names the sources."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from evogan._internal.checks import check_int
from evogan.problems import _points as points

Array = NDArray[np.float64]
Intervals = tuple[tuple[float, float], ...]


def dtlz5_front(n_obj: int, n_points: int = 10_000) -> Array:
    """Return the curve ``(n_points, n_obj)`` that DTLZ5 and DTLZ6 share, evenly spaced by arc length.

    Up to three objectives it is the whole front. Beyond, it is the curve in common use: the front has
    further, non-degenerate parts (Ishibuchi et al.).

    Example:
        >>> dtlz5_front(3, 2).round(6).tolist()
        [[0.0, 0.0, 1.0], [0.707107, 0.707107, 0.0]]
    """
    n_obj = check_int(n_obj, "n_obj", low=2)
    angle = np.linspace(0.5 * np.pi, 0.0, check_int(n_points, "n_points", low=1))
    return np.column_stack([np.outer(np.cos(angle), _halvings(n_obj - 1, math.sqrt(0.5))), np.sin(angle)])


def dtlz7_front(n_obj: int, n_points: int = 10_000) -> Array:
    """Return about ``n_points`` points ``(n, n_obj)`` of the disconnected front of DTLZ7.

    With g = 1, f_M = 2M - 2 sum s(f_i), s(f) = f (1 + sin 3 pi f) / 2. The sum separates, so a point is
    optimal exactly where s exceeds, in each f_i, all its values at smaller f_i.

    Example:
        >>> dtlz7_front(2, 2).round(4).tolist()[0]
        [0.0, 4.0]
    """
    n_obj = check_int(n_obj, "n_obj", low=2)
    n_points = check_int(n_points, "n_points", low=1)
    intervals = _dtlz7_intervals()

    def lift(f: Array) -> Array:
        return np.column_stack([f, 2.0 * (n_obj - _s(f).sum(axis=1))])

    def axis(n: int) -> Array:  # even steps along the curve of two objectives, as the last one falls steeply
        return points.along_curve(lambda f: np.column_stack([f, 2.0 * _s(f)]), intervals, n)[:, 0]

    side = round(n_points ** (1.0 / (n_obj - 1)))
    if side >= 6 or n_obj == 2:
        lattice = np.meshgrid(*[axis(side)] * (n_obj - 1), indexing="ij")
        return lift(np.stack(lattice, axis=-1).reshape(-1, n_obj - 1))
    # a lattice is too coarse in many dimensions: a sequence, and the corners that span the front
    fine = axis(4001)
    inner = points.low_discrepancy(n_points, n_obj - 1)
    corners = np.vstack([np.zeros(n_obj - 1), np.eye(n_obj - 1), np.ones(n_obj - 1)])
    return lift(fine[np.rint(np.vstack([corners, inner]) * (len(fine) - 1)).astype(int)])


def wfg_front(problem: str | int, n_obj: int, n_points: int = 10_000) -> Array:
    """Return about ``n_points`` points ``(n, n_obj)`` of the front of WFG1 to WFG9 (f_m in [0, 2m]).

    They depend neither on the numbers of variables nor on chance. With three objectives or more WFG3's is the
    line in common use: the front has further, non-degenerate parts (Ishibuchi et al.). In double precision
    pymoo's WFG1 stays a little behind its front, because it raises a rounding error to the power 0.02.

    Args:
        problem: a name such as ``"WFG4"``, or its number.
        n_obj: number of objectives, at least 2.
        n_points: how many points to aim for.

    Raises:
        ValueError: no such problem, fewer than two objectives, or no points.

    Example:
        >>> wfg_front("wfg3", 2, 3).tolist()
        [[0.0, 4.0], [1.0, 2.0], [2.0, 0.0]]
    """
    names = {key: i for i in range(1, 10) for key in (i, f"wfg{i}")}
    number = names.get(problem.lower() if isinstance(problem, str) else problem)
    if number is None:
        raise ValueError(f"problem must be one of WFG1 to WFG9 or its number, got {problem!r}")
    n_obj = check_int(n_obj, "n_obj", low=2)
    n_points = check_int(n_points, "n_points", low=1)
    if number >= 4:
        h = points.sphere(n_obj, n_points)
    elif number == 3:
        x = np.linspace(0.0, 1.0, n_points)
        h = np.column_stack([np.outer(x, _halvings(n_obj - 1, 0.5)), 1.0 - x])
    else:
        h = _convex_front(number, n_obj, n_points)
    return np.column_stack([2.0 * (m + 1) * h[:, m] for m in range(n_obj)])


def srn_front(n_points: int = 10_000) -> Array:
    """Return ``n_points`` points ``(n, 2)`` of SRN's front; pymoo's leaves out what lies on the constraints.

    N. Srinivas, K. Deb, "Multiobjective optimization using nondominated sorting in genetic algorithms",
    Evolutionary Computation 2(3), 1994. The Pareto set runs along the line x_1 = 3 x_2 - 10, then x_1 = -2.5,
    then the circle of radius 15.

    Example:
        >>> srn_front(2).round(2).tolist()
        [[10.1, 2.61], [222.97, -217.74]]
    """

    def turn(x1: float) -> float:  # d f2 / d x1 along the circle
        return 9.0 + 2.0 * x1 * (1.0 - 1.0 / math.sqrt(225.0 - x1**2))

    left = float(brentq(turn, -10.0, -2.5, xtol=1e-15))

    def curve(t: Array) -> Array:
        x1 = np.interp(t, [0.0, 1.0, 2.0, 3.0], [1.1, -2.5, -2.5, left])
        circle = np.sqrt(225.0 - x1**2)
        x2 = np.where(t > 2.0, circle, np.interp(t, [0.0, 1.0, 2.0], [3.7, 2.5, math.sqrt(218.75)]))
        return np.column_stack([2.0 + (x1 - 2.0) ** 2 + (x2 - 1.0) ** 2, 9.0 * x1 - (x2 - 1.0) ** 2])

    return points.along_curve(curve, [(0.0, 3.0)], n_points)


def _halvings(n: int, half: float) -> Array:
    """Return the shares of a degenerate curve's first ``n`` objectives: half^(n-1) twice, ..., half^1."""
    shares: Array = half ** np.concatenate([[n - 1.0], np.arange(n - 1.0, 0.0, -1.0)])
    return shares


def _s(f: Array) -> Array:
    return np.multiply(0.5 * f, 1.0 + np.sin(3.0 * np.pi * f))


@cache
def _dtlz7_intervals() -> Intervals:
    def s(f: float) -> float:
        return 0.5 * f * (1.0 + math.sin(3.0 * math.pi * f))

    def slope(f: float) -> float:
        return 0.5 * (1.0 + math.sin(3.0 * math.pi * f) + 3.0 * math.pi * f * math.cos(3.0 * math.pi * f))

    return points.rising_records(s, slope)


@cache
def _wfg2_intervals() -> Intervals:
    """Return where x cos^2(5 pi x), one minus WFG2's last shape, exceeds everything to its left."""

    def drop(x: float) -> float:
        return x * math.cos(5.0 * math.pi * x) ** 2

    def slope(x: float) -> float:
        return math.cos(5.0 * math.pi * x) ** 2 - 5.0 * math.pi * x * math.sin(10.0 * math.pi * x)

    return points.rising_records(drop, slope)


def _mixed(x: Array) -> Array:
    return np.maximum(1.0 - x + np.sin(10.0 * np.pi * x) / (10.0 * np.pi), 0.0)


def _disconnected(x: Array) -> Array:
    h: Array = 1.0 - x * np.cos(5.0 * np.pi * x) ** 2
    return h


def _convex_front(number: int, n_obj: int, n_points: int) -> Array:
    """Return the unscaled fronts of WFG1 and WFG2: convex in all shapes but the last."""
    last, intervals = (_mixed, ((0.0, 1.0),)) if number == 1 else (_disconnected, _wfg2_intervals())
    if n_obj == 2:

        def curve(x: Array) -> Array:
            return np.column_stack([1.0 - np.cos(0.5 * np.pi * x), last(x)])

        return points.along_curve(curve, intervals, n_points)
    h = _meet(points.simplex(n_obj, n_points), last, intervals)
    if number == 2:  # rays through the gaps meet no front: send more
        h = _meet(points.simplex(n_obj, n_points * n_points // len(h)), last, intervals)
    return h


def _meet(directions: Array, last: Callable[[Array], Array], intervals: Intervals) -> Array:
    """Return where rays from the origin meet the front, leaving out those that pass through a gap.

    The convex shapes nest: each adds an angle that shares a length between those before it and itself. The
    first variable shares it between all of them and the last shape, whose running minimum is monotone.
    """
    convex = np.ones((len(directions), 1))
    before = directions[:, :1]
    for m in range(1, directions.shape[1] - 1):
        # (1 - cos angle) sum(convex) : (1 - sin angle) = sum(before) : directions[m]
        a, b = convex.sum(axis=1) * directions[:, m], before.sum(axis=1)
        radius = np.maximum(np.hypot(a, b), np.finfo(float).tiny)
        angle = np.arctan2(a, b) + np.arcsin(np.clip((b - a) / radius, -1.0, 1.0))
        convex = np.column_stack([convex * (1.0 - np.cos(angle))[:, None], 1.0 - np.sin(angle)])
        before = directions[:, : m + 1]
    a, b = convex.sum(axis=1) * directions[:, -1], before.sum(axis=1)
    starts, ends = np.array(intervals).T

    def end(x: Array) -> Array:
        return np.asarray(ends[np.searchsorted(starts, x, side="right") - 1])

    low, high = np.zeros(len(directions)), np.ones(len(directions))
    for _ in range(60):
        x = 0.5 * (low + high)
        beyond = a * (1.0 - np.cos(0.5 * np.pi * x)) > b * last(np.minimum(x, end(x)))
        low, high = np.where(beyond, low, x), np.where(beyond, x, high)
    x = np.where(b > 0.0, high, 0.0)
    h = np.column_stack([convex * (1.0 - np.cos(0.5 * np.pi * x))[:, None], last(x)])
    return np.compress(x <= end(x), h, axis=0)
