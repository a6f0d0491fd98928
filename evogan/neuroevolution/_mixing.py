"""Weights of a mixture of generators that bring it closest to real samples, in closed form but for w >= 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls
from torch import Tensor

Floats = NDArray[np.float64]
_HOLDS_TO_ONE = 1e4  # weight of the equation sum(w) = 1 among the others


@dataclass(frozen=True)
class GaussianLadder:
    """The mean of Gaussian kernels whose bandwidths halve, so that modes of very different width are told apart.

    Attributes:
        widest: the largest bandwidth.
        n_widths: how many there are.
    """

    widest: float
    n_widths: int = 6

    @classmethod
    def of(cls, real: Tensor, n_widths: int = 6) -> GaussianLadder:
        """Return the ladder down from the median distance of ``real`` ``(n, d)`` (at most 1000 of them)."""
        median = float(torch.pdist(real[:1000].double()).median()) if len(real) > 1 else 0.0
        return cls(max(median, 1e-6), n_widths)

    def mean(self, a: Tensor, b: Tensor) -> float:
        """Return the mean kernel of all pairs of rows."""
        squared = torch.cdist(a.double(), b.double()).square_()
        kernel = squared.div_(-2.0 * self.widest**2).exp_()
        total = float(kernel.mean())
        for _ in range(self.n_widths - 1):  # half the width: the fourth power
            kernel = kernel.square_().square_()
            total += float(kernel.mean())
        return total / self.n_widths


def best_weights(among: Floats, to_real: Floats) -> Floats:
    """Return the weights w of sum 1, at least 0, that minimise w K w - 2 k w.

    With mean kernels K ``(m, m)`` among the samples of m generators and k ``(m,)`` to real ones, that is the squared
    maximum mean discrepancy of the mixture, but for a constant.
    """
    m = len(to_real)
    if m == 1:
        return np.ones(1)
    L = np.linalg.cholesky(among + 1e-9 * np.trace(among) / m * np.eye(m))
    rows = np.vstack([L.T, np.full(m, _HOLDS_TO_ONE)])
    weights, _ = nnls(rows, np.append(np.linalg.solve(L, to_real), _HOLDS_TO_ONE))
    found: Floats = weights / weights.sum()
    return found


def discrepancy(weights: Floats, among: Floats, to_real: Floats) -> float:
    """Return w K w - 2 k w."""
    return float(weights @ among @ weights - 2.0 * to_real @ weights)


def least_contribution(among: Floats, to_real: Floats) -> int:
    """Return the member without whom the best mixture of the others is closest to the real samples."""
    values = []
    for i in range(len(to_real)):
        others = np.delete(np.arange(len(to_real)), i)
        K, k = among[np.ix_(others, others)], to_real[others]
        values.append(discrepancy(best_weights(K, k), K, k))
    return int(np.argmin(values))
