"""Means and spreads of two populations, and the way from one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A spread below this is rounding: the variable counts as constant.
_FLAT = 1e-12


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and standard deviation of every variable, in the source and in the target ``(n_var,)``."""

    source_mean: Array
    source_spread: Array
    target_mean: Array
    target_spread: Array

    @classmethod
    def of(cls, S: Array, T: Array) -> Self:
        """Take them from populations ``(n, n_var)``; the spread of a constant variable is 0."""
        spreads = [np.where(spread > _FLAT, spread, 0.0) for spread in (S.std(axis=0), T.std(axis=0))]
        return cls(S.mean(axis=0), spreads[0], T.mean(axis=0), spreads[1])

    @classmethod
    def unit(cls, n_var: int) -> Self:
        """Return those that leave everything where it is."""
        return cls(np.zeros(n_var), np.ones(n_var), np.zeros(n_var), np.ones(n_var))

    @property
    def reverse(self) -> Moments:
        """The same, from target to source."""
        return Moments(self.target_mean, self.target_spread, self.source_mean, self.source_spread)

    def standardised_source(self, S: Array) -> Array:
        """Return ``(S - mean) / spread``, 0 in constant variables."""
        return _ratio(S - self.source_mean, self.source_spread)

    def standardised_target(self, T: Array) -> Array:
        """Return the same of the target's solutions."""
        return self.reverse.standardised_source(T)

    def match(self, S: Array) -> Array:
        """Return the source's solutions ``(n, n_var)``, moved and stretched to the target's mean and spread."""
        scale = _ratio(self.target_spread, self.source_spread)
        matched: Array = self.target_mean + (S - self.source_mean) * scale
        return matched


def _ratio(a: Array, b: Array) -> Array:
    """Return a / b, 0 where b is 0."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
