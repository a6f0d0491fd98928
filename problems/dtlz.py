"""DTLZ5 to DTLZ7 of pymoo, with exact fronts in place of its downloads.

K. Deb, L. Thiele, M. Laumanns, E. Zitzler, "Scalable test problems for evolutionary multiobjective
optimization", in Evolutionary Multiobjective Optimization, Springer, 2005.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pymoo.problems.many import dtlz

from evogan.problems.fronts import dtlz5_front, dtlz7_front

Array = NDArray[np.float64]


class DTLZ5(dtlz.DTLZ5):
    """A quarter circle as front; with four objectives or more see `dtlz5_front`.

    Example:
        >>> DTLZ5(n_var=12, n_obj=3).pareto_front(n_points=100).shape
        (100, 3)
    """

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        return dtlz5_front(self.n_obj, n_points)


class DTLZ6(dtlz.DTLZ6):
    """DTLZ5's front, behind a distance x^0.1 that is steep at the optimum.

    Example:
        >>> DTLZ6(n_var=12, n_obj=3).pareto_front(n_points=100).shape
        (100, 3)
    """

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        return dtlz5_front(self.n_obj, n_points)


class DTLZ7(dtlz.DTLZ7):
    """A front of 2^(M-1) separate pieces.

    Example:
        >>> DTLZ7(n_var=22, n_obj=3).pareto_front(n_points=100).shape
        (100, 3)
    """

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        return dtlz7_front(self.n_obj, n_points)
