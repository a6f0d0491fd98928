"""What the tasks of all suites share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pymoo.core.problem import Problem

from evogan._internal.checks import check_int
from evogan.problems.multitask._data import stored
from evogan.problems.multitask._shapes import Shape

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Matrix:
    """A stored matrix by name: it travels to other processes as a few bytes."""

    file: str
    key: str
    index: int | None = None

    def array(self) -> Array:
        """Return the matrix ``(k, k)``, read-only."""
        array = stored(self.file, self.key)
        return array if self.index is None else array[self.index]


class Task(Problem):
    """One task of a multitask suite, with its exact front and Pareto set.

    A solution's objectives do not depend on its batch, not even in their last bits.

    Args:
        name: what `name` returns.
        shape: of the front.
        n_var: number of variables.
        low: lower bound of the variables that are not position variables; those lie in [0, 1].
        high: their upper bound.
        n_unit: how many leading variables lie in [0, 1]; None: the position variables.
    """

    def __init__(
        self, name: str, shape: Shape, *, n_var: int, low: float, high: float, n_unit: int | None = None, **kwargs: Any
    ) -> None:
        self.shape = shape
        self._name = name
        unit = np.arange(n_var) < (shape.n_position if n_unit is None else n_unit)
        xl, xu = np.where(unit, 0.0, low), np.where(unit, 1.0, high)
        super().__init__(n_var=n_var, n_obj=shape.n_obj, xl=xl, xu=xu, vtype=float, **kwargs)

    def name(self) -> str:
        """Return suite, problem, task and a hint of what it is."""
        return self._name

    def optimum(self, P: Array) -> Array:
        """Return the distance variables ``(n, n_var - n_position)`` that are optimal at positions P."""
        raise NotImplementedError

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array:
        P = self.shape.positions(check_int(n_points, "n_points", low=1))
        return self.shape(np.ones(len(P)), P)

    def _calc_pareto_set(self, n_points: int = 10_000) -> Array:
        P = self.shape.positions(check_int(n_points, "n_points", low=1))
        return np.hstack([P, self.optimum(P)])

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the front that pymoo keeps: another process computes it faster than it receives it."""
        return {key: value for key, value in super().__getstate__().items() if key != "cache"}


class Shaped(Task):
    """A task f = shape(1 + g(M (x - s)), positions).

    Args:
        name: as `Task`.
        shape: as `Task`.
        g: distance function of rows ``(n, k)``.
        n_var: number of variables.
        low: as `Task`.
        high: as `Task`.
        shift: s, a number or one for every distance variable.
        matrix: M; None: the identity.
        at: where g is least, in every coordinate.
        clipped: M (x - s) is clipped to the bounds of the distance variables, as the many-task suites do.
    """

    def __init__(
        self,
        name: str,
        shape: Shape,
        g: Callable[[Array], Array],
        *,
        n_var: int,
        low: float,
        high: float,
        shift: ArrayLike = 0.0,
        matrix: Matrix | None = None,
        at: float = 0.0,
        clipped: bool = False,
    ) -> None:
        super().__init__(name, shape, n_var=n_var, low=low, high=high)
        self.g, self.matrix, self.at = g, matrix, at
        self.shift = np.broadcast_to(np.asarray(shift, dtype=np.float64), n_var - shape.n_position).copy()
        self.limits = (low, high) if clipped else None

    def optimum(self, P: Array) -> Array:
        """Return s + M^-1 (at, ..., at) for every row of P."""
        best = np.full(len(self.shift), self.at)
        if self.matrix is not None and self.at != 0.0:
            best = np.linalg.solve(self.matrix.array(), best)
        return np.tile(self.shift + best, (len(P), 1))

    def _evaluate(self, X: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
        X, k = np.ascontiguousarray(X), self.shape.n_position  # sums of strided rows round differently
        z = X[:, k:] - self.shift
        if self.matrix is not None:
            # a product of its own for every row: the bits of one large product depend on the number of rows
            z = np.matmul(z[:, None, :], self.matrix.array().T)[:, 0]
        if self.limits is not None:
            z = np.clip(z, *self.limits)
        out["F"] = self.shape(1.0 + self.g(z), np.ascontiguousarray(X[:, :k]))
