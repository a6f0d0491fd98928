"""Tournaments, and the factors of inertial steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


def binary_tournament(rank: Ints, n: int, *, rng: np.random.Generator) -> Ints:
    """Return the winners ``(n,)`` of tournaments between two solutions drawn with replacement; the lower rank wins.

    Equal ranks, e.g. those of the best solutions of two tasks, are a matter of lot.

    Args:
        rank: of every solution ``(n_solutions,)``; 0 is the best.
        n: how many tournaments.
        rng: source of randomness.

    Example:
        >>> binary_tournament(np.array([0, 0]), 4, rng=np.random.default_rng(1)).shape
        (4,)
    """
    first, second = rng.integers(len(rank), size=(2, n))
    winners: Ints = np.where(rank[first] <= rank[second], first, second)
    return winners


def truncated_normal(n: int, *, rng: np.random.Generator) -> Array:
    """Return draws ``(n,)`` of N(0.5, 0.2), redrawn until they lie in [0, 1]: factors of inertial steps.

    Example:
        >>> truncated_normal(3, rng=np.random.default_rng(1)).round(2).tolist()
        [0.57, 0.66, 0.57]
    """
    F = rng.normal(0.5, 0.2, n)
    while (outside := (F < 0.0) | (F > 1.0)).any():
        F[outside] = rng.normal(0.5, 0.2, int(outside.sum()))
    return F
