"""Between a problem's box and the unit box."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def to_unit(problem: Any, X: Floats) -> Floats:
    """Scale solutions ``(n, n_var)`` to [0, 1]; fixed variables (xl == xu) become 0."""
    span = np.where(problem.xu > problem.xl, problem.xu - problem.xl, 1.0)
    return np.asarray(np.clip((X - problem.xl) / span, 0.0, 1.0))


def from_unit(problem: Any, U: Floats) -> Floats:
    """Scale unit-box solutions to the problem's box, exactly inside it."""
    X = problem.xl + np.asarray(U, dtype=np.float64) * (problem.xu - problem.xl)
    return np.asarray(np.clip(X, problem.xl, problem.xu))
