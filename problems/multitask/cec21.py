"""The ten complex problems of the CEC 2021 competition on multitask multiobjective optimization.

The numbers and the assignment of functions are those of the MToP platform: Y. Li, W. Gong, T. Zhang, F. Ming,
S. Li, Q. Gu, Y.-S. Ong, "MToP: a MATLAB benchmarking platform for evolutionary multitasking", ACM Transactions on
Evolutionary Learning and Optimization, 2026. Functions: CEC 2014 (`evogan.problems.multitask._functions`).

Departs from MToP: there, nine of the twenty tasks give a solution a value that depends on the other solutions of
its batch. Here every solution has the value that MToP gives it alone. The fronts of the second tasks of problems
1 and 2 are those of their definitions; MToP exchanges them (docs/paper-versus-code.md).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pymoo.core.problem import Problem

from evogan._internal.checks import check_int
from evogan.problems.multitask import _functions as g
from evogan.problems.multitask._data import stored
from evogan.problems.multitask._shapes import CIRCLE, CONCAVE, CONVEX, Shape
from evogan.problems.multitask._task import Matrix, Shaped

Array = NDArray[np.float64]


def f4(z: Array) -> Array:
    """Return Rosenbrock's function, scaled."""
    return g.rosenbrock((2.048 / 100.0) * z + 1.0)


def f8(z: Array) -> Array:
    """Return Rastrigin's function, scaled; the tasks with F8 have no matrix."""
    return g.rastrigin((5.12 / 100.0) * z)


def f9(z: Array) -> Array:
    """Return F8 of what a matrix has rotated."""
    return f8(z)


def f11(z: Array) -> Array:
    """Return the modified Schwefel function, scaled."""
    return g.schwefel(10.0 * z)


def f15(z: Array) -> Array:
    """Return Griewank's function of Rosenbrock's, scaled."""
    return g.griewank_rosenbrock(0.05 * z)


def f17(z: Array) -> Array:
    """Return modified Schwefel (0.3), Rastrigin (0.3) and elliptic (0.4) of consecutive parts of z."""
    a, b, c = _parts(z, 0.3, 0.3)
    return f11(a) + f9(b) + g.elliptic(c)


def f18(z: Array) -> Array:
    """Return bent cigar (0.3), HGBat (0.3) and Rastrigin (0.4)."""
    a, b, c = _parts(z, 0.3, 0.3)
    return g.cigar(a) + g.hgbat(0.05 * b) + f9(c)


def f19(z: Array) -> Array:
    """Return Griewank (0.2), Weierstrass (0.2), Rosenbrock (0.3) and Schaffer's F6 (0.3)."""
    a, b, c, d = _parts(z, 0.2, 0.2, 0.3)
    return g.griewank(6.0 * a) + g.weierstrass(0.005 * b) + f4(c) + g.schaffer6(d)


def f20(z: Array) -> Array:
    """Return HGBat (0.2), discus (0.2), Griewank of Rosenbrock (0.3) and Rastrigin (0.3)."""
    a, b, c, d = _parts(z, 0.2, 0.2, 0.3)
    return g.hgbat(0.05 * a) + g.discus(b) + f15(c) + f9(d)


def f22(z: Array) -> Array:
    """Return Katsuura (0.1), HappyCat (0.2), Griewank of Rosenbrock (0.2), modified Schwefel (0.2), Ackley (0.3)."""
    a, b, c, d, e = _parts(z, 0.1, 0.2, 0.2, 0.2)
    return g.katsuura(0.05 * a) + g.happycat(0.05 * b) + f15(c) + f11(d) + g.ackley(e)


def _parts(z: Array, *shares: float) -> list[Array]:
    """Cut the columns into parts of ceil(share * k), the last takes the rest; contiguous, so that sums round alike."""
    edges = np.cumsum([int(np.ceil(share * z.shape[1])) for share in shares])
    return [np.ascontiguousarray(part) for part in np.split(z, edges, axis=1)]


_TABLE: dict[int, tuple[tuple[Shape, Callable[[Array], Array]], ...]] = {
    1: ((CIRCLE, f17), (CONCAVE, f17)),
    2: ((CIRCLE, f19), (CIRCLE, f19)),
    3: ((CIRCLE, f22), (CONVEX, f22)),
    4: ((CONVEX, f15), (CONVEX, f15)),
    5: ((CIRCLE, f4), (CONCAVE, f4)),
    6: ((CIRCLE, f9), (CIRCLE, f9)),
    7: ((CIRCLE, f8), (CONVEX, f8)),
    8: ((CIRCLE, f18), (CONCAVE, f20)),
    9: ((CIRCLE, f11), (CONCAVE, f18)),
    10: ((CIRCLE, f15), (CONCAVE, f17)),
}


def cec21_mtmo_cplx(number: int) -> list[Problem]:
    """Return the two tasks of CEC21-MTMO-CPLX problem ``number``: 50 variables, shifted, and rotated but in 7.

    Args:
        number: 1 to 10.

    Raises:
        TypeError: ``number`` is not an integer.
        ValueError: no such problem.

    Example:
        >>> task = cec21_mtmo_cplx(5)[1]
        >>> task.name(), task.evaluate(task.pareto_set(n_points=3)).round(6).tolist()
        ('CEC21-MTMO-CPLX5-T2 (F4)', [[0.0, 1.0], [0.5, 0.75], [1.0, 0.0]])
    """
    number = check_int(number, "number", low=1, high=10)
    tasks = []
    for t, (shape, function) in enumerate(_TABLE[number], start=1):
        key = f"p{number:02d}_t{t}"
        tasks.append(
            Shaped(
                f"CEC21-MTMO-CPLX{number}-T{t} ({function.__name__.upper()})",
                shape,
                function,
                n_var=50,
                low=-100.0,
                high=100.0,
                shift=stored("cec21_mtmo_cplx", f"{key}_shift"),
                matrix=None if function is f8 else Matrix("cec21_mtmo_cplx", f"{key}_rot"),
            )
        )
    return list(tasks)
