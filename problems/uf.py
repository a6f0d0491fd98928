"""UF1 to UF10: the unconstrained problems of the CEC 2009 competition, with complicated Pareto sets.

Q. Zhang, A. Zhou, S. Zhao, P. N. Suganthan, W. Liu, S. Tiwari, "Multiobjective optimization test instances for the
CEC 2009 special session and competition", working report CES-487, University of Essex, 2008.

With n = ``n_var``, every variable but the positions x_1 (and x_2, with three objectives) has an optimal value that
depends on them, and y_j is how far x_j is from it. J_1 holds the odd j and J_2 the even ones; with three objectives
J_1 holds 4, 7, ..., J_2 5, 8, ... and J_3 3, 6, ...: the penalty of the y_j, j in J_m, is added to f_m.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_int
from evogan.problems import _linked
from evogan.problems._linked import Linked
from evogan.problems._points import simplex
from evogan.problems.multitask._shapes import CONCAVE, OCTANT

Array = NDArray[np.float64]


class UF1(Linked):
    """Convex front f2 = 1 - sqrt(f1), y_j = x_j - sin(6 pi x_1 + j pi/n), penalty 2 mean y_j^2.

    Example:
        >>> UF1(n_var=4).evaluate(np.array([0.25, 0.0, 0.0, 1.0])).round(6).tolist()  # y = 0, -sqrt(1/2), 0
        [1.25, 0.5]
    """

    linkage = staticmethod(_linked.sine)
    penalty = staticmethod(_linked.squares)


class UF2(Linked):
    """UF1 with the Pareto set x_j = (0.3 x_1^2 cos(24 pi x_1 + 4 j pi/n) + 0.6 x_1) cos(6 pi x_1 + j pi/n).

    For even j with sin(6 pi x_1 + j pi/n).

    Example:
        >>> UF2().pareto_front(n_points=3)[:, 1].round(6).tolist()
        [1.0, 0.292893, 0.0]
    """

    linkage = staticmethod(_linked.wavy_spiral)
    penalty = staticmethod(_linked.squares)


class UF3(Linked):
    """Convex front as UF1, x_j = x_1^((1 + 3 (j-2)/(n-2)) / 2) in [0, 1], many local fronts.

    With k numbers j in J the penalty is 2/k (4 sum y_j^2 - 2 prod cos(20 pi y_j / sqrt j) + 2).

    Example:
        >>> UF3(n_var=4).evaluate(np.array([0.25, 0.5, 0.25**1.25, 0.0625])).round(6).tolist()  # y = 0
        [0.25, 0.5]
    """

    linkage = staticmethod(_linked.power)
    penalty = staticmethod(_linked.product)
    box = (0.0, 1.0)


class UF4(Linked):
    """UF1's linkage in [-2, 2] and the concave front f2 = 1 - f1^2.

    The penalty 2 mean abs(y_j) / (1 + exp 2 abs(y_j)) falls again far away.

    Example:
        >>> UF4().pareto_front(n_points=3).tolist()
        [[0.0, 1.0], [0.5, 0.75], [1.0, 0.0]]
    """

    shape = CONCAVE
    linkage = staticmethod(_linked.sine)
    penalty = staticmethod(_linked.hats)
    box = (-2.0, 2.0)


class UF5(Linked):
    """UF1's linkage and a front of 21 points (i/20, 1 - i/20).

    Between them both f1 - x_1 and f2 + x_1 - 1 rise to 0.15 abs(sin 20 pi x_1); N = 10, epsilon = 0.1. The penalty is
    2 mean (2 y_j^2 - cos 4 pi y_j + 1). The front has 21 points, whatever ``n_points``.

    Example:
        >>> UF5().pareto_front()[:3].tolist()
        [[0.0, 1.0], [0.05, 0.95], [0.1, 0.9]]
    """

    linkage = staticmethod(_linked.sine)
    penalty = staticmethod(_linked.wide_ripples)

    def _on_front(self, P: Array) -> Array:
        x1 = P[:, 0]
        bump = (0.5 / 10.0 + 0.1) * np.abs(np.sin(20.0 * np.pi * x1))
        return np.column_stack([x1 + bump, 1.0 - x1 + bump])

    def _positions(self, n_points: int) -> Array:
        return np.arange(21.0)[:, None] / 20.0

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        return _line(self._positions(check_int(n_points, "n_points", low=1)))


class UF6(Linked):
    """UF1's linkage, UF3's penalty; front f2 = 1 - f1 at f1 = 0, in [1/4, 1/2] and in [3/4, 1].

    Elsewhere both objectives rise by 0.7 sin 4 pi x_1; N = 2, epsilon = 0.1.

    Example:
        >>> UF6().pareto_front(n_points=5).tolist()
        [[0.0, 1.0], [0.25, 0.75], [0.5, 0.5], [0.75, 0.25], [1.0, 0.0]]
    """

    linkage = staticmethod(_linked.sine)
    penalty = staticmethod(_linked.product)

    def _on_front(self, P: Array) -> Array:
        x1 = P[:, 0]
        bump = np.maximum(2.0 * (0.5 / 2.0 + 0.1) * np.sin(4.0 * np.pi * x1), 0.0)
        return np.column_stack([x1 + bump, 1.0 - x1 + bump])

    def _positions(self, n_points: int) -> Array:
        half = max(n_points // 2, 1)
        first, second = np.linspace(0.25, 0.5, half), np.linspace(0.75, 1.0, max(n_points - 1 - half, 1))
        return np.concatenate([[0.0], first, second])[:, None]

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        return _line(self._positions(check_int(n_points, "n_points", low=1)))


class UF7(Linked):
    """UF1 with the front f2 = 1 - f1, f1 = x_1^(1/5): nearly all of the box is near its end f1 = 1.

    Example:
        >>> UF7().pareto_set(n_points=3)[:, 0].tolist()
        [0.0, 0.03125, 1.0]
    """

    linkage = staticmethod(_linked.sine)
    penalty = staticmethod(_linked.squares)

    def _on_front(self, P: Array) -> Array:
        root = P[:, 0] ** 0.2
        return np.column_stack([root, 1.0 - root])

    def _positions(self, n_points: int) -> Array:
        return np.asarray(np.linspace(0.0, 1.0, n_points)[:, None] ** 5.0)

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        return _line(np.linspace(0.0, 1.0, check_int(n_points, "n_points", low=1))[:, None])


class UF8(Linked):
    """The unit sphere's octant as front, y_j = x_j - 2 x_2 sin(2 pi x_1 + j pi/n) in [-2, 2], penalty 2 mean y_j^2.

    Example:
        >>> UF8(n_var=5).evaluate(np.array([0.0, 0.0, 0.5, 1.0, 2.0])).tolist()  # y = x
        [3.0, 8.0, 0.5]
    """

    shape = OCTANT
    linkage = staticmethod(_linked.surface)
    penalty = staticmethod(_linked.squares)
    box = (-2.0, 2.0)


class UF9(Linked):
    """UF8's linkage; front f1 + f2 + f3 = 1 without the sector in which f1 takes 1/4 to 3/4 of f1 + f2.

    There both f1 and f2 rise by 0.55 x_2 (1 - 4 (2 x_1 - 1)^2); epsilon = 0.1.

    Example:
        >>> UF9().pareto_front(n_points=6).tolist()
        [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.25, 0.75, 0.0], [0.75, 0.25, 0.0], [1.0, 0.0, 0.0]]
    """

    shape = OCTANT  # for its numbers of objectives and positions
    linkage = staticmethod(_linked.surface)
    penalty = staticmethod(_linked.squares)
    box = (-2.0, 2.0)

    def _on_front(self, P: Array) -> Array:
        x1, x2 = P[:, 0], P[:, 1]
        bump = np.maximum((1.0 + 0.1) * (1.0 - 4.0 * (2.0 * x1 - 1.0) ** 2), 0.0)
        return np.column_stack([0.5 * (bump + 2.0 * x1) * x2, 0.5 * (bump - 2.0 * x1 + 2.0) * x2, 1.0 - x2])

    def _positions(self, n_points: int) -> Array:
        # two triangles that meet in (0, 0, 1), a lattice on each
        w = simplex(3, max(n_points // 2, 3))
        x2 = w[:, 0] + w[:, 1]
        share = np.divide(w[:, 0], x2, out=np.zeros(len(w)), where=x2 > 0.0)
        left, right = np.column_stack([0.25 * share, x2]), np.column_stack([0.75 + 0.25 * share, x2])
        return np.vstack([left, right[x2 > 0.0]])


class UF10(Linked):
    """UF8 with many local fronts: penalty 2 mean (4 y_j^2 - cos 8 pi y_j + 1).

    Example:
        >>> UF10(n_var=5).evaluate(np.array([0.0, 0.0, 0.125, 0.0, 0.0])).round(6).tolist()  # y_3 = 1/8
        [1.0, 0.0, 4.125]
    """

    shape = OCTANT
    linkage = staticmethod(_linked.surface)
    penalty = staticmethod(_linked.ripples)
    box = (-2.0, 2.0)


def _line(f1: Array) -> Array:
    return np.hstack([f1, 1.0 - f1])
