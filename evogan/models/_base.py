"""The protocol of a generative model and the record of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray


@runtime_checkable
class GenerativeModel(Protocol):
    """What a model must offer to be a variation operator; no base class, :mod:`evogan.testing` checks the rest."""

    def fit(self, X: ArrayLike, X_poor: ArrayLike | None = None, *, rng: np.random.Generator) -> Self:
        """Learn from elite solutions ``X`` ``(n, n_var)`` and, if it can, from poor ones, all in the unit box."""
        ...

    def sample(self, n: int, *, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``(n, n_var)`` new solutions in the unit box."""
        ...


@dataclass(frozen=True)
class FitReport:
    """What one fit did; losses are means over its last steps."""

    n_steps: int
    d_loss: float
    g_loss: float
    seconds: float
