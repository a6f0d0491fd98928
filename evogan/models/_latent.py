"""Sampling N(mean, covariance) of a set of points without ever forming the covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LowRankNormal:
    """N(mu, Sigma) with mu and Sigma the sample mean and covariance of ``k`` points ``(k, n_var)``.

    With A = (X - mu) / sqrt(k - 1), Sigma = A^T A: mu + e A with e ~ N(0, I_k) has exactly that covariance, at
    O(k n_var) a sample, without a factorisation and without jitter where Sigma is singular (k <= n_var).
    """

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]

    @classmethod
    def of(cls, X: NDArray[np.float64]) -> LowRankNormal:
        """Describe the points ``X`` ``(k, n_var)``; a single point has covariance zero."""
        mean = X.mean(axis=0)
        return cls(mean, (X - mean) / np.sqrt(max(len(X) - 1, 1)))

    def sample(self, n: int, *, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``(n, n_var)`` draws, not clipped to any box."""
        return self.mean + rng.standard_normal((n, len(self.factor))) @ self.factor
