"""The ten complex problems of the CEC 2019 competition on multitask multiobjective optimization.

They are the problems F1 to F9 of H. Li, Q. Zhang, "Multiobjective optimization problems with complicated Pareto
sets, MOEA/D and NSGA-II", IEEE Transactions on Evolutionary Computation 13(2), 2009, doi:10.1109/TEVC.2008.925798,
with y = 2 (x - 1/2), in F6 4 (x - 1/2), for x, in boxes up to [-100, 100]: in the unit box the Pareto sets of
problems 1, 4, 6, 7 and 9 lie within about 0.01 of the centre. The assignment of functions is that of the MToP
platform.

Departs from the paper, as MToP does: F7 sums (2 b)^2 - cos 4 pi b + 1, where the paper has 4 b^2 - cos 8 pi b + 1,
which is harder; even variables push f1 and odd ones f2, which others read the other way round. Departs from MToP:
F8's product runs over the variables of a solution, as it does there for a solution evaluated alone; over several,
MToP multiplies across solutions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.problem import Problem

from evogan._internal.checks import check_int
from evogan.problems.multitask._shapes import CONCAVE, CONVEX, OCTANT, Shape
from evogan.problems.multitask._task import Task

Array = NDArray[np.float64]


class LZ09(Task):
    """One of F1 to F9, f = shape + beta, as the CEC 2019 problems use it.

    Args:
        name: what `name` returns.
        function: 1 to 9.
        n_var: number of variables D.
        low: lower bound of the variables that do not lie in [0, 1].
        high: their upper bound.
        n_unit: how many leading variables lie in [0, 1].
    """

    def __init__(self, name: str, function: int, *, n_var: int, low: float, high: float, n_unit: int) -> None:
        self.function = function
        shape: Shape = OCTANT if function == 6 else CONCAVE if function == 9 else CONVEX
        super().__init__(name, shape, n_var=n_var, low=low, high=high, n_unit=n_unit)

    def linkage(self, P: Array) -> Array:
        """Return the optimal y_j ``(n, n_var - n_position)`` at positions P."""
        D, x1 = self.n_var, P[:, :1].copy()
        j = np.arange(self.shape.n_position + 1.0, D + 1.0)
        if self.function in (1, 7, 8):
            return np.asarray(x1 ** (0.5 * (D + 3.0 * j - 8.0) / (D - 2.0)))
        if self.function == 6:
            return np.asarray(2.0 * P[:, 1:2] * np.sin(2.0 * np.pi * x1 + np.pi * j / D))
        angle, odd = 6.0 * np.pi * x1 + np.pi * j / D, j % 2.0 == 1.0
        if self.function in (2, 9):
            return np.asarray(np.sin(angle))
        radius = 0.3 * x1 * (x1 * np.cos(4.0 * angle) + 2.0) if self.function == 5 else 0.8 * x1
        return np.asarray(radius * np.where(odd, np.cos(angle / 3.0 if self.function == 4 else angle), np.sin(angle)))

    def optimum(self, P: Array) -> Array:
        """Return the x_j that belong to `linkage`."""
        return np.asarray(0.5 + self.linkage(P) / self._zoom)

    @property
    def _zoom(self) -> float:
        return 4.0 if self.function == 6 else 2.0

    def _beta(self, b: Array) -> Array:
        n = b.shape[1]
        squares = np.sum(b * b, axis=1)
        if self.function == 7:
            squares = 4.0 * squares + np.sum(1.0 - np.cos(4.0 * np.pi * b), axis=1)
        elif self.function == 8:
            waves = np.cos(20.0 * np.pi * b / np.sqrt(np.arange(1.0, n + 1.0)))
            squares = 4.0 * squares + 2.0 * (1.0 - np.prod(waves, axis=1))
        return np.asarray(2.0 / n * squares)

    def _evaluate(self, X: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
        X, k = np.ascontiguousarray(X), self.shape.n_position  # sums of strided rows round differently
        P = np.ascontiguousarray(X[:, :k])
        b = self._zoom * (X[:, k:] - 0.5) - self.linkage(P)
        first = (1, 2, 0) if self.function == 6 else (0, 1)  # j modulo their number, for f1, f2, f3
        parts = [[c for c in range(b.shape[1]) if (c + k + 1) % len(first) == r] for r in first]
        beta = np.column_stack([self._beta(np.ascontiguousarray(b[:, part])) for part in parts])
        out["F"] = self.shape(np.ones(len(X)), P) + beta


# per task: function, D, low, high, how many leading variables lie in [0, 1]
_TABLE: dict[int, tuple[tuple[int, int, float, float, int], ...]] = {
    1: ((1, 10, -100, 100, 1), (2, 10, -100, 100, 1)),
    2: ((1, 10, -5, 5, 1), (7, 10, -5, 5, 1)),
    3: ((2, 30, -2, 2, 1), (4, 30, -1, 1, 1)),
    4: ((2, 30, -100, 100, 1), (9, 30, -100, 100, 1)),
    5: ((3, 30, 0, 1, 1), (6, 10, 0, 1, 2)),
    6: ((3, 30, -50, 50, 1), (9, 30, -100, 100, 1)),
    7: ((4, 30, -80, 80, 1), (5, 30, -80, 80, 1)),
    8: ((5, 30, -20, 20, 2), (7, 10, -20, 20, 2)),
    9: ((6, 10, -50, 50, 2), (9, 30, -100, 100, 2)),
    10: ((7, 10, 0, 1, 1), (8, 10, -10, 10, 1)),
}


def cec19_mtmo_cplx(number: int) -> list[Problem]:
    """Return the two tasks of CEC19-MTMO-CPLX problem ``number``.

    Args:
        number: 1 to 10.

    Raises:
        TypeError: ``number`` is not an integer.
        ValueError: no such problem.

    Example:
        >>> task = cec19_mtmo_cplx(4)[1]
        >>> task.name(), task.evaluate(task.pareto_set(n_points=3)).round(6).tolist()
        ('CEC19-MTMO-CPLX4-T2 (F9)', [[0.0, 1.0], [0.5, 0.75], [1.0, 0.0]])
    """
    number = check_int(number, "number", low=1, high=10)
    return [
        LZ09(f"CEC19-MTMO-CPLX{number}-T{t} (F{F})", F, n_var=D, low=low, high=high, n_unit=n_unit)
        for t, (F, D, low, high, n_unit) in enumerate(_TABLE[number], start=1)
    ]
