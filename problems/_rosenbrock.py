"""Where Rosenbrock's function is least if its variables cannot all reach 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, solveh_banded

Array = NDArray[np.float64]


def lowest(upper: Array) -> Array:
    """Return the z ``(n, k)`` at which sum 100 (z_i^2 - z_{i+1})^2 + (1 - z_i)^2 is least under z <= upper.

    Newton's method, projected on the bounds. The bounds, not negative, should fall from row to row: every row starts
    from its predecessor's solution, the first from min(upper, 1).
    """
    z = np.minimum(upper, 1.0)
    if z.shape[1] > 1:
        for row in np.flatnonzero(upper.min(axis=1) < 1.0).tolist():
            z[row] = _descend(np.minimum(z[max(row - 1, 0)], upper[row]), upper[row])
    return z


def _value(z: Array) -> float:
    valley, floor = z[:-1] ** 2 - z[1:], 1.0 - z[:-1]
    return float(100.0 * valley @ valley + floor @ floor)


def _descend(z: Array, upper: Array) -> Array:
    lowest_yet = _value(z)
    for _ in range(20 * len(z)):  # the bounds that hold change by a few at a time
        step = _newton(z, upper)
        for length in 0.5 ** np.arange(30.0):
            new = np.minimum(z + length * step, upper)
            value = _value(new)
            if value < lowest_yet:
                break
        else:
            break
        z, lowest_yet = new, value
    return z


def _newton(z: Array, upper: Array) -> Array:
    """Return -H^-1 (gradient) for the variables that no bound holds, 0 for the others."""
    valley = z[:-1] ** 2 - z[1:]
    slope, main = np.zeros_like(z), np.zeros_like(z)
    slope[:-1] += 400.0 * z[:-1] * valley - 2.0 * (1.0 - z[:-1])
    slope[1:] -= 200.0 * valley
    main[:-1] += 800.0 * z[:-1] ** 2
    main[1:] += 200.0
    bend = np.append(2.0 + 400.0 * valley, 0.0)
    held = (z >= upper) & (slope <= 0.0)
    off = np.append(np.where(held[1:] | held[:-1], 0.0, -400.0 * z[:-1]), 0.0)
    right = np.where(held, 0.0, -slope)
    try:
        return np.asarray(solveh_banded(np.vstack([np.where(held, 1.0, main + bend), off]), right, lower=True))
    except LinAlgError:  # without negative bends H is a sum of squares
        bend = np.maximum(bend, 0.5)
        return np.asarray(solveh_banded(np.vstack([np.where(held, 1.0, main + bend), off]), right, lower=True))
