"""Whether a child is better than its parent at the parent's own place on the front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evogan.multitask import TaskPopulation

Array = NDArray[np.float64]
_RHO = 0.02  # of the augmentation, which tells weakly dominated solutions apart
_LEAST = 0.03  # weight: an objective that a parent has at its best still counts


@dataclass(frozen=True, eq=False)
class Preferences:
    """Weights of every solution of a population, from its own normalised objectives.

    Augmented Tchebycheff function: max_j y_j / c_j + rho sum_j y_j / c_j with y the objectives scaled by the
    population's range, and c a solution's own y, so that it is compared along the ray it stands on (K. Miettinen,
    "Nonlinear multiobjective optimization", Kluwer, 1999, sec. 3.4).
    """

    ideal: Array
    span: Array
    weights: Array

    @classmethod
    def of(cls, population: TaskPopulation) -> Self:
        """Take them from a population; solutions that are not finite do not count for the range."""
        F = population.F[np.isfinite(population.F).all(axis=1)]
        if len(F) == 0:
            ones = np.ones(population.F.shape[1])
            return cls(0 * ones, ones, np.ones_like(population.F))
        ideal, span = F.min(axis=0), np.maximum(np.ptp(F, axis=0), 1e-12)
        Y = np.where(np.isfinite(population.F), (population.F - ideal) / span, 1.0) + 1e-3
        return cls(ideal, span, np.maximum(Y / Y.sum(axis=1, keepdims=True), _LEAST))

    def better(self, children: TaskPopulation, parents: TaskPopulation, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which children ``(n,)`` beat the parents ``rows``: less violation first, then the function."""
        parents = parents[rows]
        old, new = self._value(parents.F, rows), self._value(children.F, rows)
        tied = parents.CV == children.CV
        return np.asarray((children.CV < parents.CV) | (tied & (new < old)))

    def _value(self, F: Array, rows: NDArray[np.intp]) -> Array:
        R = (F - self.ideal) / self.span / self.weights[rows]
        return np.asarray(R.max(axis=1) + _RHO * R.sum(axis=1))
