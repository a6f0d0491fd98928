"""The many-task suites of the CEC 2019 and WCCI 2020 competitions: up to 50 tasks, two objectives each.

The numbers and formulas are those of the MToP platform: Y. Li, W. Gong, T. Zhang, F. Ming, S. Li, Q. Gu,
Y.-S. Ong, "MToP: a MATLAB benchmarking platform for evolutionary multitasking", ACM Transactions on Evolutionary
Learning and Optimization, 2026. After shift and rotation a distance variable is clipped to its bounds, so that
each function is constant beyond them.
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
Distance = Callable[[Array], Array]

# shape, g, D, bound of the distance variables, whether there are rotations (else they are the identity)
_CEC19: dict[int, tuple[Shape, Distance, int, float, bool]] = {
    1: (CIRCLE, g.sphere, 50, 100.0, True),
    2: (CONCAVE, g.mean, 50, 100.0, False),
    3: (CONCAVE, g.rosenbrock, 10, 5.0, False),
    4: (CIRCLE, g.rastrigin, 50, 2.0, False),
    5: (CONVEX, g.ackley, 50, 1.0, False),
    6: (CIRCLE, g.griewank, 50, 50.0, True),
}

# in WCCI 2020, the tasks of a problem take these in turn
_SPHERE, _ROSENBROCK, _ACKLEY = (g.sphere, 100.0), (g.rosenbrock, 50.0), (g.ackley, 50.0)
_RASTRIGIN, _GRIEWANK, _WEIERSTRASS = (g.rastrigin, 50.0), (g.griewank, 100.0), (g.weierstrass, 0.5)
_WCCI20: dict[int, tuple[Shape, list[tuple[Distance, float]]]] = {
    1: (CIRCLE, [_SPHERE]),
    2: (CIRCLE, [_RASTRIGIN]),
    3: (CIRCLE, [_GRIEWANK]),
    4: (CONCAVE, [_SPHERE, _ROSENBROCK, _ACKLEY]),
    5: (CONCAVE, [_RASTRIGIN, _GRIEWANK, _WEIERSTRASS]),
    6: (CONCAVE, [_ROSENBROCK, _GRIEWANK, _WEIERSTRASS]),
    7: (CONCAVE, [_SPHERE, _ACKLEY, (g.rastrigin, 100.0)]),
    8: (CONVEX, [_SPHERE, _ROSENBROCK, _ACKLEY, _RASTRIGIN, _WEIERSTRASS]),
    9: (CONVEX, [_ROSENBROCK, _ACKLEY, _RASTRIGIN, _GRIEWANK, _WEIERSTRASS]),
    10: (CONVEX, [_SPHERE, _ROSENBROCK, _ACKLEY, _RASTRIGIN, _GRIEWANK, _WEIERSTRASS]),
}


def cec19_matmo(number: int, n_tasks: int = 50) -> list[Problem]:
    """Return the first tasks of CEC19-MaTMO problem ``number``: one function, 50 shifts, in 1 and 6 50 rotations.

    Args:
        number: 1 to 6.
        n_tasks: 1 to 50.

    Raises:
        TypeError: ``number`` or ``n_tasks`` is not an integer.
        ValueError: no such problem, or not so many tasks.

    Example:
        >>> tasks = cec19_matmo(5, n_tasks=3)
        >>> tasks[2].name(), tasks[2].evaluate(tasks[2].pareto_set(n_points=2)).tolist()
        ('CEC19-MaTMO5-T03 (ackley)', [[0.0, 1.0], [1.0, 0.0]])
    """
    number = check_int(number, "number", low=1, high=6)
    shape, function, n_var, bound, rotated = _CEC19[number]
    shifts = stored("cec19_matmo", f"p{number}_shift")
    return [
        Shaped(
            f"CEC19-MaTMO{number}-T{t + 1:02d} ({function.__name__})",
            shape,
            function,
            n_var=n_var,
            low=-bound,
            high=bound,
            shift=shifts[t],
            matrix=Matrix("cec19_matmo", f"p{number}_rot", t) if rotated else None,
            at=float(function is g.rosenbrock),
            clipped=True,
        )
        for t in range(check_int(n_tasks, "n_tasks", low=1, high=50))
    ]


def wcci20_matmo(number: int, n_tasks: int = 50) -> list[Problem]:
    """Return the first tasks of WCCI20-MaTMO problem ``number``: up to six functions in turn, one rotation for all.

    Args:
        number: 1 to 10.
        n_tasks: 1 to 50.

    Raises:
        TypeError: ``number`` or ``n_tasks`` is not an integer.
        ValueError: no such problem, or not so many tasks.

    Example:
        >>> [task.name() for task in wcci20_matmo(5, n_tasks=2)]
        ['WCCI20-MaTMO5-T01 (rastrigin)', 'WCCI20-MaTMO5-T02 (griewank)']
    """
    number = check_int(number, "number", low=1, high=10)
    n_tasks = check_int(n_tasks, "n_tasks", low=1, high=50)
    shape, functions = _WCCI20[number]
    shifts = stored("wcci20_matmo", f"p{number:02d}_shift")
    tasks = []
    for t in range(n_tasks):
        function, bound = functions[t % len(functions)]
        tasks.append(
            Shaped(
                f"WCCI20-MaTMO{number}-T{t + 1:02d} ({function.__name__})",
                shape,
                function,
                n_var=50,
                low=-bound,
                high=bound,
                shift=shifts[t],
                matrix=Matrix("wcci20_matmo", f"p{number:02d}_rot"),
                at=float(function is g.rosenbrock),
                clipped=True,
            )
        )
    return list(tasks)
