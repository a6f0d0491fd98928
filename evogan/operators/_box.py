"""Between a problem's box and the unit box."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_finite_rows

Floats = NDArray[np.float64]


def check_inside(problem: Any, X: Floats, name: str) -> Floats:
    """Return solutions ``(n, n_var)``; refuse those of another problem, which clipping would put into a corner.

    Raises:
        ValueError: another shape, non-finite, or outside the problem's bounds by more than rounding errors.
    """
    if X.ndim != 2 or X.shape[1] != problem.n_var:
        raise ValueError(f"{name} must have shape (n, n_var = {problem.n_var}), got {X.shape}")
    check_finite_rows(X, name)
    slack = 1e-9 * (np.abs(problem.xl) + np.abs(problem.xu))
    outside = ((problem.xl - slack > X) | (problem.xu + slack < X)).any(axis=0)
    if outside.any():
        k = int(outside.argmax())
        bounds, values = f"[{problem.xl[k]:g}, {problem.xu[k]:g}]", f"[{X[:, k].min():g}, {X[:, k].max():g}]"
        raise ValueError(f"{name} must lie within the problem's bounds, got x{k + 1} in {values} for {bounds}")
    return X


def check_samples(samples: Any, shape: tuple[int | None, int], what: str) -> Floats:
    """Return what a user's model or source made as float64; ValueError for another shape (None: any number of rows)."""
    made = np.asarray(samples, dtype=np.float64)
    n, n_var = shape
    if made.ndim != 2 or made.shape[1] != n_var or n not in (None, len(made)):
        raise ValueError(f"{what} must have shape ({'n' if n is None else n}, {n_var}), got {made.shape}")
    return made


def to_unit(problem: Any, X: Floats) -> Floats:
    """Scale solutions ``(n, n_var)`` to [0, 1]; fixed variables (xl == xu) become 0."""
    span = np.where(problem.xu > problem.xl, problem.xu - problem.xl, 1.0)
    return np.asarray(np.clip((X - problem.xl) / span, 0.0, 1.0))


def from_unit(problem: Any, U: Floats) -> Floats:
    """Scale unit-box solutions to the problem's box, exactly inside it."""
    X = problem.xl + np.asarray(U, dtype=np.float64) * (problem.xu - problem.xl)
    return np.asarray(np.clip(X, problem.xl, problem.xu))
