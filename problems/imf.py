"""IMF1 to IMF10: multiobjective problems whose variables are linked along the Pareto set.

R. Cheng, Y. Jin, K. Narukawa, B. Sendhoff, "A multiobjective evolutionary algorithm using Gaussian
process-based inverse modeling", IEEE Transactions on Evolutionary Computation 19(6), 2015,
doi:10.1109/TEVC.2015.2395073.

With D = ``n_var`` and j counted from 1, the linked variables enter as ``t_j = (1 + 5j/D) x_j - x_1`` (IMF1-4)
or ``t_j = x_j ** (1 / (1 + 3j/D)) - x_1`` (IMF5-10), and the distance g is least where every ``t_j`` is 0.
Every Pareto set starts in the lower corner of the box, which flatters algorithms that collapse there: compare
with the twins of `evogan.problems.transforms` as well.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pymoo.core.problem import Problem

from evogan._internal.checks import check_int
from evogan.problems._points import sphere

Array = NDArray[np.float64]

# The deepest dip of 1 - exp(-4x) sin^6(6 pi x): its derivative vanishes where tan(6 pi x) = 9 pi.
_DIP = math.atan(9.0 * math.pi) / (6.0 * math.pi)


def _biased(x: Array) -> Array:
    f: Array = 1.0 - np.exp(-4.0 * x) * np.sin(6.0 * np.pi * x) ** 6
    return f


def _unbiased(f: Array) -> Array:
    """Invert `_biased` on [0, _DIP], where it falls from 1 to its minimum, by bisection."""
    low, high = np.zeros_like(f), np.full_like(f, _DIP)
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = _biased(middle) > f
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return high


class IMF(Problem):
    """What the ten problems share; use the numbered classes.

    Args:
        n_var: number of variables D, at least 2 (3 for the problems with three objectives).

    Raises:
        TypeError: ``n_var`` is not an integer.
        ValueError: ``n_var`` leaves no linked variable.
    """

    objectives: ClassVar[int] = 2
    linear: ClassVar[bool] = True
    power: ClassVar[float] = 0.5  # the front is f2 = 1 - f1 ** power
    biased: ClassVar[bool] = False
    upper: ClassVar[float] = 1.0  # of x_2, ..., x_D

    def __init__(self, n_var: int = 30) -> None:
        n_var = check_int(n_var, "n_var", low=self.objectives)
        xu = np.full(n_var, self.upper)
        xu[0] = 1.0
        super().__init__(n_var=n_var, n_obj=self.objectives, xl=np.zeros(n_var), xu=xu, vtype=float)

    def _ratio(self) -> Array:
        """Return j/D of the linked variables."""
        return np.arange(self.objectives, self.n_var + 1.0) / float(self.n_var)

    def _distance(self, t: Array) -> Array:
        g: Array = 1.0 + 9.0 * np.mean(t**2, axis=1)
        return g

    def _evaluate(self, X: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
        X = np.ascontiguousarray(X)  # sums of strided rows round differently
        linked, r = X[:, self.objectives - 1 :], self._ratio()
        t = ((1.0 + 5.0 * r) * linked if self.linear else linked ** (1.0 / (1.0 + 3.0 * r))) - X[:, :1]
        out["F"] = self._objectives(X, self._distance(t))

    def _objectives(self, X: Array, g: Array) -> Array:
        f1 = _biased(X[:, 0]) if self.biased else X[:, 0]
        return np.column_stack([f1, g * (1.0 - (f1 / g) ** self.power)])

    def _f1(self, n_points: int) -> Array:
        low = float(_biased(np.array(_DIP))) if self.biased else 0.0
        return np.linspace(low, 1.0, check_int(n_points, "n_points", low=1))

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        f1 = self._f1(n_points)
        return np.column_stack([f1, 1.0 - f1**self.power])

    def _calc_pareto_set(self, n_points: int = 10_000) -> Array:
        f1 = self._f1(n_points)
        return self._linked((_unbiased(f1) if self.biased else f1)[:, None])

    def _linked(self, positions: Array) -> Array:
        """Append to the position variables the linked ones that make every t_j zero."""
        x1, r = positions[:, :1], self._ratio()
        return np.hstack([positions, x1 / (1.0 + 5.0 * r) if self.linear else x1 ** (1.0 + 3.0 * r)])


class _Spherical(IMF):
    """The three-objective shape of IMF4 and IMF8."""

    objectives = 3

    def _distance(self, t: Array) -> Array:
        g: Array = np.sum(t**2, axis=1)
        return g

    def _objectives(self, X: Array, g: Array) -> Array:
        a, b = 0.5 * np.pi * X[:, 0], 0.5 * np.pi * X[:, 1]
        shape = np.column_stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)])
        return shape * (1.0 + g)[:, None]

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        return sphere(3, check_int(n_points, "n_points", low=1))

    def _calc_pareto_set(self, n_points: int = 10_000) -> Array:
        F = self._calc_pareto_front(n_points)
        angles = [np.arctan2(F[:, 2], np.hypot(F[:, 0], F[:, 1])), np.arctan2(F[:, 1], F[:, 0])]
        return self._linked(np.column_stack(angles) / (0.5 * np.pi))


class IMF1(IMF):
    """Linear linkage, convex front f2 = 1 - sqrt(f1), g = 1 + 9 mean(t^2).

    Example:
        >>> IMF1(n_var=2).evaluate(np.array([0.25, 0.25 / 6])).round(6).tolist()  # t_2 = 0
        [0.25, 0.5]
    """


class IMF2(IMF):
    """IMF1 with the concave front f2 = 1 - f1^2.

    Example:
        >>> IMF2(n_var=2).evaluate(np.array([0.5, 0.5 / 6])).round(6).tolist()
        [0.5, 0.75]
    """

    power = 2.0


class IMF3(IMF):
    """IMF2 with the biased objective f1 = 1 - exp(-4 x_1) sin^6(6 pi x_1): the front starts at f1 = 0.2808.

    Several x_1 give one f1; the Pareto set returned is the branch next to x_1 = 0, which attains all of it.

    Example:
        >>> IMF3().pareto_front()[0].round(6).tolist()
        [0.280775, 0.921165]
    """

    power = 2.0
    biased = True


class IMF4(_Spherical):
    """Linear linkage from x_3 on, the unit sphere's octant as front, g = sum(t^2).

    Example:
        >>> IMF4(n_var=3).evaluate(np.array([0.0, 0.0, 0.5])).tolist()  # t_3 = 3, g = 9
        [10.0, 0.0, 0.0]
    """


class IMF5(IMF):
    """Nonlinear linkage, otherwise IMF1.

    Example:
        >>> IMF5(n_var=2).evaluate(np.array([0.25, 0.25**4])).round(6).tolist()  # t_2 = 0
        [0.25, 0.5]
    """

    linear = False


class IMF6(IMF):
    """Nonlinear linkage, otherwise IMF2: the front is f2 = 1 - f1^2.

    Example:
        >>> IMF6().pareto_front(n_points=3).tolist()
        [[0.0, 1.0], [0.5, 0.75], [1.0, 0.0]]
    """

    linear = False
    power = 2.0


class IMF7(IMF):
    """Nonlinear linkage, otherwise IMF3.

    Example:
        >>> IMF7().pareto_front()[-1].tolist()
        [1.0, 0.0]
    """

    linear = False
    power = 2.0
    biased = True


class IMF8(_Spherical):
    """Nonlinear linkage, otherwise IMF4.

    Example:
        >>> IMF8(n_var=3).evaluate(np.array([0.0, 0.0, 1.0])).tolist()  # t_3 = 1, g = 1
        [2.0, 0.0, 0.0]
    """

    linear = False


class IMF9(IMF):
    """Nonlinear linkage in the box [0, 1] x [0, 10]^(D-1), front f2 = 1 - sqrt(f1), g of Griewank's kind.

    Example:
        >>> IMF9(n_var=2).evaluate(np.array([0.25, 0.25**4])).round(6).tolist()
        [0.25, 0.5]
    """

    linear = False
    upper = 10.0

    def _distance(self, t: Array) -> Array:
        waves = np.cos(t / np.sqrt(np.arange(1.0, self.n_var)))
        g: Array = np.sum(t**2, axis=1) / 4000.0 - np.prod(waves, axis=1) + 2.0
        return g


class IMF10(IMF):
    """Nonlinear linkage in the box [0, 1] x [0, 10]^(D-1), front f2 = 1 - sqrt(f1), g of Rastrigin's kind.

    Example:
        >>> IMF10(n_var=2).evaluate(np.array([0.0, 1.0])).tolist()  # t_2 = 1, g = 2
        [0.0, 2.0]
    """

    linear = False
    upper = 10.0

    def _distance(self, t: Array) -> Array:
        g: Array = 1.0 + 10.0 * (self.n_var - 1) + np.sum(t**2 - 10.0 * np.cos(2.0 * np.pi * t), axis=1)
        return g
