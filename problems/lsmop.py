"""LSMOP1 to LSMOP9: scalable problems with hundreds of variables in unequal groups.

R. Cheng, Y. Jin, M. Olhofer, B. Sendhoff, "Test problems for large-scale multiobjective and many-objective
optimization", IEEE Transactions on Cybernetics 47(12), 2017, doi:10.1109/TCYB.2016.2600577.

With D = ``n_var`` and M = ``n_obj``, x_1, ..., x_{M-1} in [0, 1] place a solution along the front and all others lie in
[0, 10]. They enter as t_j = (1 + j/D) x_j - 10 x_1 (LSMOP1-4) or t_j = (1 + cos(pi j / (2 D))) x_j - 10 x_1 (LSMOP5-9).
Group i of M has a share of them proportional to the number c_i of a logistic sequence, c_1 = 3.8 * 0.1 * 0.9,
c_{i+1} = 3.8 c_i (1 - c_i), in ``n_k`` subcomponents of s_i = floor(share (D-M+1) / n_k); g_i is the mean of a basic
function over them, divided by s_i. What the floors leave over, the last few variables, has no influence.

All take ``n_var`` (100 for each objective), ``n_obj`` (2; at least 2) and ``n_k`` (5).

Departs from the paper: only its authors' program and PlatEMO were at hand, which differ; D and the sizes are
PlatEMO's, the fronts of LSMOP6 and LSMOP7 those that can be attained (docs/paper-versus-code.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evogan.problems._analytic import dtlz7_front
from evogan.problems._grouped import LSMOP, Spherical, schwefel
from evogan.problems.multitask import _functions as basic

Array = NDArray[np.float64]


class LSMOP1(LSMOP):
    """Linear linkage and front f_1 + ... + f_M = 1; sphere functions.

    Example:
        >>> problem = LSMOP1(n_var=200)
        >>> problem.sizes, problem.evaluate(problem.pareto_set(n_points=3)).round(6).tolist()
        ([11, 28], [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    """

    odd, even = staticmethod(basic.sphere), staticmethod(basic.sphere)


class LSMOP2(LSMOP):
    """LSMOP1 with Griewank's function in odd groups, Schwefel's (the largest abs(t_j)) in even ones.

    Example:
        >>> LSMOP2(n_obj=3).pareto_front(n_points=3).tolist()
        [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """

    odd, even = staticmethod(basic.griewank), staticmethod(schwefel)


class LSMOP3(LSMOP):
    """LSMOP1 with Rastrigin's function in odd groups, Rosenbrock's (least at t = 1) in even ones.

    With seven objectives or more t = 1 lies beyond the box near x_1 = 1; the front is what can be attained.

    Example:
        >>> problem = LSMOP3()
        >>> problem.evaluate(problem.pareto_set(n_points=2)).round(6).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """

    odd, even = staticmethod(basic.rastrigin), staticmethod(basic.rosenbrock)


class LSMOP4(LSMOP):
    """LSMOP1 with Ackley's function in odd groups, Griewank's in even ones.

    Example:
        >>> LSMOP4(n_obj=3).n_var
        300
    """

    odd, even = staticmethod(basic.ackley), staticmethod(basic.griewank)


class LSMOP5(Spherical):
    """Nonlinear linkage, the unit sphere's non-negative part as front; sphere functions.

    Example:
        >>> LSMOP5().pareto_front(n_points=3).round(6).tolist()
        [[0.0, 1.0], [0.707107, 0.707107], [1.0, 0.0]]
    """

    odd, even = staticmethod(basic.sphere), staticmethod(basic.sphere)


class LSMOP6(Spherical):
    """LSMOP5 with Rosenbrock's function in odd groups, Schwefel's (the largest abs(t_j)) in even ones.

    With an odd number of objectives the last group cannot reach t = 1 near x_1 = 1: there the front bulges out.

    Example:
        >>> LSMOP6(n_obj=3).pareto_front(n_points=3)[0].round(4).tolist()
        [0.0, 0.0, 1.0611]
    """

    odd, even = staticmethod(basic.rosenbrock), staticmethod(schwefel)


class LSMOP7(Spherical):
    """LSMOP5 with Ackley's function in odd groups, Rosenbrock's (least at t = 1) in even ones.

    With an even number of objectives the last group cannot reach t = 1 near x_1 = 1: there the front bulges out.

    Example:
        >>> LSMOP7().pareto_front(n_points=2).round(4).tolist()
        [[0.0, 1.0239], [1.0, 0.0]]
    """

    odd, even = staticmethod(basic.ackley), staticmethod(basic.rosenbrock)


class LSMOP8(Spherical):
    """LSMOP5 with Griewank's function in odd groups, sphere functions in even ones.

    Example:
        >>> LSMOP8(n_obj=3).sizes
        [12, 30, 16]
    """

    odd, even = staticmethod(basic.griewank), staticmethod(basic.sphere)


class LSMOP9(LSMOP):
    """Nonlinear linkage, the disconnected front of DTLZ7; all groups push the last objective.

    With G = 2 + g_1 + ... + g_M, f_M = G M - sum f_i (1 + sin 3 pi f_i), and f_i = x_i for i < M.

    Example:
        >>> LSMOP9().pareto_front(n_points=100)[0].round(6).tolist()
        [0.0, 4.0]
    """

    linear = False
    odd, even = staticmethod(basic.sphere), staticmethod(basic.ackley)

    def _objectives(self, P: Array, g: Array) -> Array:
        s = np.sum(P * (1.0 + np.sin(3.0 * np.pi * P)), axis=1)
        return np.column_stack([P, (2.0 + np.sum(g, axis=1)) * self.n_obj - s])

    def _on_front(self, n_points: int) -> tuple[Array, Array]:
        F = dtlz7_front(self.n_obj, n_points)
        return F, F[:, :-1]
