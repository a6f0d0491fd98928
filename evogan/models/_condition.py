"""Checks of solutions and of the condition that belongs to each."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_finite_rows, check_rng, check_unit_box

Array = NDArray[np.float64]


def check_data(
    X: ArrayLike, X_poor: ArrayLike | None, condition: ArrayLike | None, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return solutions ``(n, n_var)`` and their condition ``(n, n_condition)``, without columns where it is None."""
    X = check_unit_box(X)
    if X_poor is not None:
        check_unit_box(X_poor, "X_poor", n_var=X.shape[1])
    check_rng(rng)
    return X, np.empty((len(X), 0)) if condition is None else _matrix(condition, len(X))


def check_condition(condition: ArrayLike | None, n: int, n_condition: int) -> Array:
    """Return the condition of ``n`` samples ``(n, n_condition)``: needed where one was fitted, and only there."""
    if condition is None:
        if n_condition:
            raise ValueError(
                f"condition must have shape ({n}, {n_condition}), got None: the model was fitted with a condition"
            )
        return np.empty((n, 0))
    if not n_condition:
        raise ValueError("condition must be None: the model was fitted without one, use fit(X, condition=...)")
    C = _matrix(condition, n)
    if C.shape[1] != n_condition:
        raise ValueError(f"condition must have {n_condition} columns as in fit, got shape {C.shape}")
    return C


def _matrix(condition: ArrayLike, n: int) -> Array:
    C = np.asarray(condition, dtype=np.float64)
    if C.ndim != 2 or len(C) != n or C.shape[1] == 0:
        raise ValueError(f"condition must have shape ({n}, n_condition), a row for each solution, got {C.shape}")
    check_finite_rows(C, "condition")
    return C
