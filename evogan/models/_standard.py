"""Standardised coordinates: every variable of the fitted solutions with mean 0 and standard deviation 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A spread below this is rounding: the variable counts as constant.
_FLAT = 1e-12

# Outliers of the fitted solutions are pulled in to this many standard deviations.
_LIMIT = 5.0


@dataclass(frozen=True, eq=False)
class Standard:
    """Mean and standard deviation of every variable ``(n_var,)``; the deviation of a constant one is 0."""

    mean: Array
    std: Array

    @classmethod
    def of(cls, X: Array) -> Self:
        """Take them from solutions ``(n, n_var)``; the mean of a constant variable is its value to the last bit."""
        std = X.std(axis=0)
        flat = std <= _FLAT
        return cls(np.where(flat, X[0], X.mean(axis=0)), np.where(flat, 0.0, std))

    def encode(self, X: Array) -> Array:
        """Return ``(X - mean) / std``, clipped to [-5, 5]; 0 in constant variables."""
        Z = np.divide(X - self.mean, self.std, out=np.zeros_like(X), where=self.std > 0)
        return np.clip(Z, -_LIMIT, _LIMIT)

    def decode(self, Z: Array) -> Array:
        """Return ``mean + std * Z``, clipped to the unit box."""
        return np.clip(self.mean + self.std * Z, 0.0, 1.0)
