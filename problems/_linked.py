"""What UF1-10 and LZ09's F1-9 share: a front's shape plus, for every objective, a penalty of its own variables."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pymoo.core.problem import Problem

from evogan._internal.checks import check_int
from evogan.problems.multitask._shapes import CONVEX, Shape

Array = NDArray[np.float64]


class Linked(Problem):
    """f_m = h_m(positions) + penalty of y_j = x_j - linkage_j over the j in J_m; use the numbered classes.

    With M objectives x_1, ..., x_{M-1} are the positions, and J_m holds the other j with j = m modulo M: with two
    objectives odd j push f1 and even ones f2. The Pareto set is y = 0. A solution's objectives do not depend on
    its batch, not even in their last bits.

    Args:
        n_var: number of variables n, at least 3 (5 for three objectives), so that no J_m is empty.

    Raises:
        TypeError: ``n_var`` is not an integer.
        ValueError: ``n_var`` leaves an objective without a variable of its own.
    """

    shape: ClassVar[Shape] = CONVEX
    linkage: ClassVar[staticmethod[[Array, Array, int], Array]]
    penalty: ClassVar[staticmethod[[Array, Array], Array]]
    box: ClassVar[tuple[float, float]] = (-1.0, 1.0)  # of the variables that are not positions

    def __init__(self, n_var: int = 30) -> None:
        n_obj = self.shape.n_obj
        n_var = check_int(n_var, "n_var", low=2 * n_obj - 1)
        unit = np.arange(n_var) < n_obj - 1
        xl, xu = np.where(unit, 0.0, self.box[0]), np.where(unit, 1.0, self.box[1])
        super().__init__(n_var=n_var, n_obj=n_obj, xl=xl, xu=xu, vtype=float)

    def _evaluate(self, X: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
        k, M = self.n_obj - 1, self.n_obj
        P = np.ascontiguousarray(X[:, :k])  # strided rows may round differently
        j = np.arange(M, self.n_var + 1.0)
        y = X[:, k:] - self.linkage(P, j, self.n_var)
        F = self._on_front(P)
        for m in range(1, M + 1):
            J = j % M == m % M
            F[:, m - 1] += self.penalty(np.ascontiguousarray(y[:, J]), j[J])
        out["F"] = F

    def _on_front(self, P: Array) -> Array:
        """Return the objectives ``(n, n_obj)`` of positions ``(n, n_obj - 1)`` with y = 0."""
        return self.shape(np.ones(len(P)), P)

    def _positions(self, n_points: int) -> Array:
        """Return about ``n_points`` positions ``(n, n_obj - 1)`` that spread over the front."""
        return self.shape.positions(n_points)

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        return self._on_front(self._positions(check_int(n_points, "n_points", low=1)))

    def _calc_pareto_set(self, n_points: int = 10_000) -> Array:
        P = self._positions(check_int(n_points, "n_points", low=1))
        return np.hstack([P, self.linkage(P, np.arange(self.n_obj, self.n_var + 1.0), self.n_var)])


# Linkages: the optimal x_j (n, k) at positions P (n, n_obj - 1), for indices j (k,) from 1 of n variables.


def power(P: Array, j: Array, n: int) -> Array:
    """Return x_1^((1 + 3 (j-2)/(n-2)) / 2)."""
    return np.asarray(P[:, :1] ** (0.5 * (1.0 + 3.0 * (j - 2.0) / (n - 2.0))))


def sine(P: Array, j: Array, n: int) -> Array:
    """Return sin(6 pi x_1 + j pi/n)."""
    return np.asarray(np.sin(6.0 * np.pi * P[:, :1] + np.pi * j / n))


def spiral(P: Array, j: Array, n: int) -> Array:
    """Return 0.8 x_1 cos(6 pi x_1 + j pi/n) for odd j, with the sine for even j."""
    angle = 6.0 * np.pi * P[:, :1] + np.pi * j / n
    return np.asarray(0.8 * P[:, :1] * np.where(j % 2.0 == 1.0, np.cos(angle), np.sin(angle)))


def slow_spiral(P: Array, j: Array, n: int) -> Array:
    """Return `spiral` with a third of the angle in the cosine."""
    angle = 6.0 * np.pi * P[:, :1] + np.pi * j / n
    return np.asarray(0.8 * P[:, :1] * np.where(j % 2.0 == 1.0, np.cos(angle / 3.0), np.sin(angle)))


def wavy_spiral(P: Array, j: Array, n: int) -> Array:
    """Return (0.3 x_1^2 cos(24 pi x_1 + 4 j pi/n) + 0.6 x_1) cos(6 pi x_1 + j pi/n), with sin for even j."""
    x1, angle = P[:, :1], 6.0 * np.pi * P[:, :1] + np.pi * j / n
    radius = 0.3 * (x1 * x1) * np.cos(4.0 * angle) + 0.6 * x1
    return np.asarray(radius * np.where(j % 2.0 == 1.0, np.cos(angle), np.sin(angle)))


def surface(P: Array, j: Array, n: int) -> Array:
    """Return 2 x_2 sin(2 pi x_1 + j pi/n)."""
    return np.asarray(2.0 * P[:, 1:2] * np.sin(2.0 * np.pi * P[:, :1] + np.pi * j / n))


# Penalties: of the y_j (n, k) of one J with indices j (k,); zero at y = 0.


def squares(y: Array, j: Array) -> Array:
    """Return 2 mean y_j^2."""
    return np.asarray(2.0 * np.mean(y * y, axis=1))


def hats(y: Array, j: Array) -> Array:
    """Return 2 mean |y_j| / (1 + exp(2 |y_j|)): it falls again from |y_j| = 0.64 on."""
    size = np.abs(y)
    return np.asarray(2.0 * np.mean(size / (1.0 + np.exp(2.0 * size)), axis=1))


def ripples(y: Array, j: Array) -> Array:
    """Return 2 mean (4 y_j^2 - cos 8 pi y_j + 1)."""
    return np.asarray(2.0 * np.mean(4.0 * (y * y) + (1.0 - np.cos(8.0 * np.pi * y)), axis=1))


def wide_ripples(y: Array, j: Array) -> Array:
    """Return 2 mean (2 y_j^2 - cos 4 pi y_j + 1)."""
    return np.asarray(2.0 * np.mean(2.0 * (y * y) + (1.0 - np.cos(4.0 * np.pi * y)), axis=1))


def product(y: Array, j: Array) -> Array:
    """Return 2/|J| (4 sum y_j^2 - 2 prod cos(20 pi y_j / sqrt j) + 2)."""
    waves = np.prod(np.cos(20.0 * np.pi * y / np.sqrt(j)), axis=1)
    return np.asarray((8.0 * np.sum(y * y, axis=1) + 4.0 * (1.0 - waves)) / len(j))
