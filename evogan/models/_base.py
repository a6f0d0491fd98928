"""The protocols of generative models, and the record of a fit."""

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


@runtime_checkable
class ConditionalModel(Protocol):
    """A :class:`GenerativeModel` of solutions given something known of each, e.g. where its objectives lie.

    Fitted without a condition it is a plain model of solutions. ``isinstance`` tells it from others by ``n_condition``.
    """

    @property
    def n_condition(self) -> int:
        """Columns of the condition that the last fit was given; 0 without one, and before the first fit."""
        ...

    def fit(
        self,
        X: ArrayLike,
        X_poor: ArrayLike | None = None,
        *,
        condition: ArrayLike | None = None,
        rng: np.random.Generator,
    ) -> Self:
        """Learn solutions ``X`` ``(n, n_var)`` in the unit box given ``condition`` ``(n, n_condition)``."""
        ...

    def sample(self, n: int, *, condition: ArrayLike | None = None, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``(n, n_var)`` new solutions in the unit box, one for each row of ``condition``."""
        ...


@dataclass(frozen=True)
class FitReport:
    """What one fit did; losses are means over its last steps, NaN where there are none.

    Models without a discriminator report what they minimise as ``g_loss``, and NaN as ``d_loss``.
    """

    n_steps: int
    d_loss: float
    g_loss: float
    seconds: float
