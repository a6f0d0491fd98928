"""The two illustrative problems of the paper that introduced multiobjective multifactorial optimization.

A. Gupta, Y.-S. Ong, L. Feng, K. C. Tan, "Multiobjective multifactorial optimization in evolutionary multitasking",
IEEE Transactions on Cybernetics 47(7), 2017, doi:10.1109/TCYB.2016.2554622; numbers and formulas of the MToP
platform, whose ZDT4-G rotates the variables in the sum but not in the product. Its constrained task is compared
with the unconstrained front there; here it has the front that it can attain.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.problem import Problem
from scipy.optimize import brentq

from evogan._internal.checks import check_int
from evogan.problems import _points as points
from evogan.problems.multitask import _functions as g
from evogan.problems.multitask._shapes import CONVEX
from evogan.problems.multitask._task import Matrix, Shaped, Task

Array = NDArray[np.float64]

_M = Matrix("mtmo_instance", "M")
_COS, _SIN = math.cos(-0.05 * math.pi), math.sin(-0.05 * math.pi)  # the constraint's axes


def mtmo_instance(number: int) -> list[Problem]:
    """Return the two tasks of MTMO-Instance problem ``number``: ten variables each; 2-T1 is constrained.

    Args:
        number: 1 or 2.

    Raises:
        TypeError: ``number`` is not an integer.
        ValueError: no such problem.

    Example:
        >>> for task in mtmo_instance(2):
        ...     print(task.name(), task.n_ieq_constr)
        MTMO-Instance2-T1 (ZDT4-RC) 1
        MTMO-Instance2-T2 (ZDT4-A) 0
    """
    number = check_int(number, "number", low=1, high=2)
    if number == 1:
        first = Shaped("MTMO-Instance1-T1 (ZDT4-R)", CONVEX, zdt4_r, n_var=10, low=-5.0, high=5.0)
        return [first, ZDT4G("MTMO-Instance1-T2 (ZDT4-G)", CONVEX, n_var=10, low=-512.0, high=512.0)]
    return [
        ZDT4RC("MTMO-Instance2-T1 (ZDT4-RC)", CONVEX, zdt4_r, n_var=10, low=-5.0, high=5.0),
        Shaped("MTMO-Instance2-T2 (ZDT4-A)", CONVEX, g.ackley, n_var=10, low=-32.0, high=32.0, matrix=_M),
    ]


def zdt4_r(z: Array) -> Array:
    """Return ZDT4's distance, sum z_i^2 + 10 (1 - cos 4 pi z_i)."""
    g: Array = np.sum(z * z + 10.0 * (1.0 - np.cos(4.0 * np.pi * z)), axis=1)
    return g


class ZDT4G(Task):
    """q = 2 + sum (M x)_i^2 / 4000 - prod cos(x_i / sqrt i), i = 2..10."""

    def optimum(self, P: Array) -> Array:
        """Return zeros."""
        return np.zeros((len(P), self.n_var - 1))

    def _evaluate(self, X: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
        x = np.ascontiguousarray(X[:, 1:])
        y = np.matmul(x[:, None, :], _M.array().T)[:, 0]  # a product for every row, as in `Shaped`
        waves = np.cos(x / np.sqrt(np.arange(2.0, self.n_var + 1.0)))
        q = 1.0 + np.sum(y * y, axis=1) / 4000.0 + (1.0 - np.prod(waves, axis=1))
        out["F"] = self.shape(q, np.ascontiguousarray(X[:, :1]))


class ZDT4RC(Shaped):
    """ZDT4 behind walls, v >= 40 abs(sin 5 pi u)^6 with (u, v) the objectives turned by 0.05 pi.

    The front is six pieces of ZDT4's, and the point (0, 1.0446).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.n_ieq_constr = 1

    def _evaluate(self, X: Array, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super()._evaluate(X, out, *args, **kwargs)
        out["G"] = _violation(out["F"].copy())[:, None]

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        alone, intervals = _attainable()
        n_curve = max(check_int(n_points, "n_points", low=1) - 1, 1)
        return np.vstack([alone, points.along_curve(_curve, intervals, n_curve)])

    def _calc_pareto_set(self, n_points: int = 10_000) -> Array:
        F = self._calc_pareto_front(n_points)
        X = np.zeros((len(F), self.n_var))
        X[:, 0] = F[:, 0]
        # q = 1.0446 at f1 = 0: between t = 0 and 1/4, the distance of (t, 0, ..., 0) rises from 0 to 20
        X[0, 1] = brentq(lambda t: float(zdt4_r(np.array([[t]]))[0]) - (F[0, 1] - 1.0), 0.0, 0.25, xtol=1e-15)
        return X


def _violation(F: Array) -> Array:
    """Return the constraint, at most 0 where it is satisfied."""
    u, v = _COS * F[:, 0] + _SIN * F[:, 1], _COS * F[:, 1] - _SIN * F[:, 0]
    violation: Array = 40.0 * np.abs(np.sin(5.0 * np.pi * u)) ** 6 - v
    return violation


def _curve(s: Array) -> Array:
    """Return ZDT4's front ``(n, 2)`` by s = sqrt(f1)."""
    return np.column_stack([s * s, 1.0 - s])


@cache
def _attainable() -> tuple[tuple[float, float], tuple[tuple[float, float], ...]]:
    """Return the front's first point, and the intervals of sqrt(f1) on which ZDT4's front is feasible.

    Points on the walls are dominated: these rise so steeply that away from a piece's start f1 and f2 both grow.
    """

    def on_curve(s: float) -> float:
        return float(_violation(_curve(np.array([s])))[0])

    def on_axis(f2: float) -> float:
        return float(_violation(np.array([[0.0, f2]]))[0])

    grid = np.linspace(0.0, 1.0, 1001)
    sides = np.sign(_violation(_curve(grid)))
    ends = [brentq(on_curve, grid[i], grid[i + 1], xtol=1e-15) for i in np.flatnonzero(np.diff(sides))]
    starts, stops = np.array(ends[::2]) + 1e-12, np.array([*ends[1::2], 1.0])  # it starts outside and ends inside
    stops[:-1] -= 1e-12  # so that rounding makes no point infeasible
    alone = float(brentq(on_axis, 1.0, 1.1, xtol=1e-15)) + 1e-12
    return (0.0, alone), tuple(zip(starts.tolist(), stops.tolist(), strict=True))
