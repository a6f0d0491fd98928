"""LZ09's F1 to F9: multiobjective problems with complicated Pareto sets, on which MOEA/D-DE was published.

H. Li, Q. Zhang, "Multiobjective optimization problems with complicated Pareto sets, MOEA/D and NSGA-II", IEEE
Transactions on Evolutionary Computation 13(2), 2009, doi:10.1109/TEVC.2008.925798, table I.

With n = ``n_var``, x_j has an optimal value for every j but those of the positions x_1 (F6: x_1, x_2), and y_j is how
far x_j is from it. The penalty of the y_j with odd j is added to f1, of those with even j to f2; in F6 f1 has
j = 4, 7, ..., f2 5, 8, ... and f3 3, 6, ... F2, F5, F6 and F8 are UF1, UF2, UF8 and UF3 of CEC 2009.
"""

from __future__ import annotations

from evogan.problems import _linked
from evogan.problems._linked import Linked
from evogan.problems.multitask._shapes import CONCAVE, OCTANT


class _Ten(Linked):
    """The problems that the paper gives 10 variables."""

    def __init__(self, n_var: int = 10) -> None:
        super().__init__(n_var)


class LZ09F1(Linked):
    """Convex front f2 = 1 - sqrt(f1), x_j = x_1^((1 + 3 (j-2)/(n-2)) / 2) in [0, 1], penalty 2 mean y_j^2.

    Example:
        >>> import numpy as np
        >>> LZ09F1(n_var=4).evaluate(np.array([0.25, 0.0, 0.25**1.25, 0.0625])).round(6).tolist()  # y_2 = -0.5
        [0.25, 0.75]
    """

    linkage = staticmethod(_linked.power)
    penalty = staticmethod(_linked.squares)
    box = (0.0, 1.0)


class LZ09F2(Linked):
    """F1 with x_j = sin(6 pi x_1 + j pi/n) in [-1, 1]. It is UF1.

    Example:
        >>> LZ09F2().pareto_set(n_points=1)[0, [0, 14]].tolist()  # x_1 = 0, j = n/2
        [0.0, 1.0]
    """

    linkage = staticmethod(_linked.sine)
    penalty = staticmethod(_linked.squares)


class LZ09F3(Linked):
    """F1 with x_j = 0.8 x_1 cos(6 pi x_1 + j pi/n) for odd j, with the sine for even j, in [-1, 1].

    Example:
        >>> LZ09F3(n_var=4).pareto_set(n_points=2)[1].round(6).tolist()
        [1.0, 0.8, -0.565685, 0.0]
    """

    linkage = staticmethod(_linked.spiral)
    penalty = staticmethod(_linked.squares)


class LZ09F4(Linked):
    """F3 with cos((6 pi x_1 + j pi/n) / 3) for odd j.

    Example:
        >>> LZ09F4(n_var=4).pareto_set(n_points=2)[1].round(6).tolist()
        [1.0, 0.8, 0.565685, 0.0]
    """

    linkage = staticmethod(_linked.slow_spiral)
    penalty = staticmethod(_linked.squares)


class LZ09F5(Linked):
    """F3 with the radius 0.3 x_1^2 cos(24 pi x_1 + 4 j pi/n) + 0.6 x_1 instead of 0.8 x_1. It is UF2.

    Example:
        >>> LZ09F5(n_var=4).pareto_set(n_points=2)[1].round(6).tolist()
        [1.0, 0.9, -0.212132, 0.0]
    """

    linkage = staticmethod(_linked.wavy_spiral)
    penalty = staticmethod(_linked.squares)


class LZ09F6(_Ten):
    """Three objectives: the unit sphere's octant, x_j = 2 x_2 sin(2 pi x_1 + j pi/n) in [-2, 2]. It is UF8.

    Example:
        >>> import numpy as np
        >>> LZ09F6(n_var=5).evaluate(np.array([0.0, 0.0, 0.5, 1.0, 2.0])).tolist()  # y = x
        [3.0, 8.0, 0.5]
    """

    shape = OCTANT
    linkage = staticmethod(_linked.surface)
    penalty = staticmethod(_linked.squares)
    box = (-2.0, 2.0)


class LZ09F7(_Ten):
    """F1 with many local fronts: penalty 2 mean (4 y_j^2 - cos 8 pi y_j + 1).

    Example:
        >>> import numpy as np
        >>> LZ09F7(n_var=3).evaluate(np.array([0.0, 0.125, 0.0])).round(6).tolist()  # y_2 = 1/8
        [0.0, 5.125]
    """

    linkage = staticmethod(_linked.power)
    penalty = staticmethod(_linked.ripples)
    box = (0.0, 1.0)


class LZ09F8(_Ten):
    """F1 with the penalty 2/k (4 sum y_j^2 - 2 prod cos(20 pi y_j / sqrt j) + 2), k numbers j in J. It is UF3.

    Example:
        >>> import numpy as np
        >>> LZ09F8(n_var=4).evaluate(np.array([0.25, 0.5, 0.25**1.25, 0.0625])).round(6).tolist()  # y = 0
        [0.25, 0.5]
    """

    linkage = staticmethod(_linked.power)
    penalty = staticmethod(_linked.product)
    box = (0.0, 1.0)


class LZ09F9(Linked):
    """F2 with the concave front f2 = 1 - f1^2.

    Example:
        >>> LZ09F9().pareto_front(n_points=3).tolist()
        [[0.0, 1.0], [0.5, 0.75], [1.0, 0.0]]
    """

    shape = CONCAVE
    linkage = staticmethod(_linked.sine)
    penalty = staticmethod(_linked.squares)
