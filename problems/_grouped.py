"""What LSMOP1-9 share: `evogan.problems.lsmop` tells what they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pymoo.core.problem import Problem

from evogan._internal.checks import check_int
from evogan.problems._points import simplex, sphere
from evogan.problems._rosenbrock import lowest
from evogan.problems.multitask import _functions as basic

Array = NDArray[np.float64]
Basic = Callable[[Array], Array]


def schwefel(z: Array) -> Array:
    """Return Schwefel's function 2.21, the largest abs(z_i), of rows ``(n, k)``."""
    g: Array = np.max(np.abs(z), axis=1)
    return g


class LSMOP(Problem):
    """What the nine problems share; use the numbered classes.

    Args:
        n_var: number of variables D; None: 100 for each objective. Every subcomponent needs one.
        n_obj: number of objectives M, at least 2.
        n_k: number of subcomponents of a group.

    Raises:
        TypeError: an argument is not an integer.
        ValueError: fewer than two objectives, no subcomponents, or too few variables for them.
    """

    linear: ClassVar[bool] = True  # linkage and front
    odd: ClassVar[staticmethod[[Array], Array]]
    even: ClassVar[staticmethod[[Array], Array]]

    def __init__(self, n_var: int | None = None, n_obj: int = 2, n_k: int = 5) -> None:
        n_obj, self.n_k = check_int(n_obj, "n_obj", low=2), check_int(n_k, "n_k", low=1)
        n_var = 100 * n_obj if n_var is None else check_int(n_var, "n_var", low=1)
        c = [3.8 * 0.1 * (1.0 - 0.1)]
        while len(c) < n_obj:
            c.append(3.8 * c[-1] * (1.0 - c[-1]))
        self.sizes = [math.floor(share / sum(c) * (n_var - n_obj + 1) / self.n_k) for share in c]
        if min(self.sizes) < 1:
            least = n_obj - 1 + math.ceil(self.n_k * sum(c) / min(c))
            raise ValueError(
                f"n_var must be at least {least} with n_obj = {n_obj} and n_k = {self.n_k}, so that every subcomponent "
                f"has a variable, got {n_var}"
            )
        unit = np.arange(n_var) < n_obj - 1
        super().__init__(n_var=n_var, n_obj=n_obj, xl=np.zeros(n_var), xu=np.where(unit, 1.0, 10.0), vtype=float)
        j = np.arange(n_obj, n_var + 1.0) / n_var
        self._slope: Array = 1.0 + (j if self.linear else np.cos(0.5 * np.pi * j))

    def _groups(self) -> list[tuple[Basic, slice, int]]:
        """Return for each group its basic function, its place among the t_j, and its s_i."""
        ends = np.cumsum([0, *(self.n_k * size for size in self.sizes)]).tolist()
        functions: list[Basic] = [self.odd, self.even]
        return [(functions[i % 2], slice(ends[i], ends[i + 1]), size) for i, size in enumerate(self.sizes)]

    def _evaluate(self, X: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
        k = self.n_obj - 1
        t = self._slope * X[:, k:] - 10.0 * X[:, :1]
        out["F"] = self._objectives(np.ascontiguousarray(X[:, :k]), self._distances(t))

    def _distances(self, t: Array) -> Array:
        """Return g ``(n, n_obj)`` of linked variables ``(n, n_var - n_obj + 1)``."""
        g = []
        for function, place, size in self._groups():
            values = function(np.ascontiguousarray(t[:, place]).reshape(-1, size))
            g.append(np.sum(values.reshape(-1, self.n_k), axis=1) / size / self.n_k)
        return np.column_stack(g)

    def _objectives(self, P: Array, g: Array) -> Array:
        """Return f_m = (1 + g_m) x_1 ... x_{M-m} (1 - x_{M-m+1})."""
        return (1.0 + g) * nested(P, 1.0 - P)

    def _on_front(self, n_points: int) -> tuple[Array, Array]:
        """Return about ``n_points`` points of the front where g = 0, and their positions."""
        F = simplex(self.n_obj, check_int(n_points, "n_points", low=1))
        sums = np.cumsum(F, axis=1)
        return F, np.divide(sums[:, :-1], sums[:, 1:], out=np.zeros_like(sums[:, 1:]), where=sums[:, 1:] > 0.0)[:, ::-1]

    def _optimum(self, P: Array) -> Array:
        """Return the best linked variables t at positions P: 0, and 1 or as near as the box allows for Rosenbrock."""
        x1, where = np.unique(P[:, 0], return_inverse=True)
        t = np.zeros((len(x1), len(self._slope)))
        highest = 10.0 * self._slope - 10.0 * x1[:, None]
        for function, place, size in self._groups():
            if function is basic.rosenbrock:
                for first in range(place.start, place.stop, size):
                    part = slice(first, first + size)
                    t[:, part] = lowest(highest[:, part])
        return t[where.ravel()]

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        F, P = self._on_front(n_points)
        if basic.rosenbrock not in (self.odd, self.even):
            return F
        g = self._distances(self._optimum(P))
        return np.where(g.max(axis=1, keepdims=True) > 0.0, self._objectives(P, g), F)

    def _calc_pareto_set(self, n_points: int = 10_000) -> Array:
        P = self._on_front(n_points)[1]
        x = (self._optimum(P) + 10.0 * P[:, :1]) / self._slope
        return np.hstack([P, np.minimum(x, 10.0)])


class Spherical(LSMOP):
    """The nonlinear linkage and concave front of LSMOP5 to LSMOP8."""

    linear = False

    def _objectives(self, P: Array, g: Array) -> Array:
        """Return f_m = (1 + g_m + g_{m+1}) cos x_1 ... cos x_{M-m} sin x_{M-m+1}, of x in quarter turns."""
        a = 0.5 * np.pi * P
        overlap = g + np.hstack([g[:, 1:], np.zeros((len(g), 1))])
        return (1.0 + overlap) * nested(np.cos(a), np.sin(a))

    def _on_front(self, n_points: int) -> tuple[Array, Array]:
        F = sphere(self.n_obj, check_int(n_points, "n_points", low=1))
        radii = np.sqrt(np.cumsum(F * F, axis=1))
        return F, (np.arctan2(F[:, 1:], radii[:, :-1]) / (0.5 * np.pi))[:, ::-1]


def nested(shrink: Array, turn: Array) -> Array:
    """Return the products shrink_1 ... shrink_{M-m} turn_{M-m+1}, m from 1 to M, the first without a turn."""
    one = np.ones((len(shrink), 1))
    products: Array = np.multiply(
        np.cumprod(np.hstack([one, shrink]), axis=1)[:, ::-1], np.hstack([one, turn[:, ::-1]])
    )
    return products
