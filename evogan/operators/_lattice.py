"""Simplex lattices of weights."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def lattice(n_obj: int, n_max: int) -> Array:
    """Return the largest simplex lattice ``(n, n_obj)`` of at most ``n_max`` weights, never less than the corners.

    For one objective it is the weight 1 alone.

    I. Das, J. E. Dennis, "Normal-boundary intersection", SIAM Journal on Optimization 8(3), 1998.

    Example:
        >>> lattice(2, 3).tolist(), len(lattice(3, 100))
        ([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]], 91)
    """
    H = 1
    while n_obj > 1 and comb(H + n_obj, n_obj - 1) <= n_max:
        H += 1
    bars = np.array(list(combinations(range(H + n_obj - 1), n_obj - 1)))
    edges = np.pad(bars, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, H + n_obj - 1)))
    return np.asarray((np.diff(edges, axis=1) - 1) / H)
