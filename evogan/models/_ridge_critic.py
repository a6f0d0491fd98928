"""Beside :class:`~evogan.models.RelativisticCritic` a screen without a network."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_float, check_int, check_rng, check_unit_box
from evogan._internal.devices import NARROW_NET, one_thread
from evogan.exceptions import NotFittedError
from evogan.models._condition import check_condition
from evogan.models._front_position import ObjectiveFrame, ReplayWindow, chebyshev_each, check_objectives
from evogan.models._standard import Standard

Array = NDArray[np.float64]


class RidgeCritic:
    """Ridge regression of the objectives on 1, x and x^2; the score is minus the predicted Chebyshev value.

    Constraint violations are not predicted: infeasible solutions count as if they were feasible.

    Args:
        penalty: ridge parameter, in units of one solution of standardised variables.
        window: how many observed batches are replayed.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> X = rng.random((50, 3))
        >>> critic = RidgeCritic().fit(X, X[:, :1], rng=rng)
        >>> good, bad = critic.score([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5]], [[1.0], [1.0]])
        >>> bool(good > bad)
        True
    """

    def __init__(self, *, penalty: float = 1.0, window: int = 8) -> None:
        self.penalty = check_float(penalty, "penalty", low=0.0, low_open=True)
        self._replay = ReplayWindow(check_int(window, "window", low=1))
        self._standard: Standard | None = None
        self._weights: Array = np.empty((0, 0))

    def observe(self, X: ArrayLike, F: ArrayLike, CV: ArrayLike | None = None) -> None:
        """Remember a batch of evaluated solutions for the next fits."""
        self._replay.add(*check_objectives(X, F, CV))

    def fit(self, X: ArrayLike, F: ArrayLike, CV: ArrayLike | None = None, *, rng: np.random.Generator) -> Self:
        """Regress on the population ``X`` ``(n, n_var)`` in the unit box and on what was observed lately."""
        X, F, CV = check_objectives(X, F, CV)
        check_rng(rng)
        self._replay.clear_unless((X.shape[1], F.shape[1]))
        self._standard = Standard.of(X)
        all_X, all_F, _ = self._replay.behind(X, F, CV)
        A, Y = self._features(all_X), ObjectiveFrame.of_feasible(F, CV).scale(all_F)
        n, k = A.shape
        with one_thread(k < NARROW_NET):
            if n < k:  # the dual form: the same weights from the smaller of two systems
                weights = A.T @ np.linalg.solve(A @ A.T + self.penalty * np.eye(n), Y)
            else:
                weights = np.linalg.solve(A.T @ A + self.penalty * np.eye(k), A.T @ Y)
        self._weights = np.asarray(weights, dtype=np.float64)
        return self

    def score(self, X: ArrayLike, condition: ArrayLike) -> Array:
        """Return minus the predicted Chebyshev value ``(n,)`` of candidates at positions ``condition``."""
        if self._standard is None:
            raise NotFittedError(f"{type(self).__name__} must be fitted before it can rank")
        Y = self._features(check_unit_box(X, n_var=len(self._standard.mean))) @ self._weights
        return -chebyshev_each(Y, check_condition(condition, *Y.shape))

    def _features(self, X: Array) -> Array:
        if self._standard is None:
            raise NotFittedError(f"{type(self).__name__} must be fitted before it can rank")
        z = self._standard.encode(X)
        return np.column_stack([np.ones(len(z)), z, z**2])
