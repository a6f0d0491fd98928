"""Exact budgets: pymoo checks ``("n_eval", N)`` once a generation, so the last one must be cut to fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from pymoo.core.termination import TerminateIfAll


def remaining_evals(algorithm: Any) -> float:
    """Return how many evaluations a pymoo algorithm has left; infinity where nothing limits them."""
    limit = _limit(getattr(algorithm, "termination", None))
    return max(limit - algorithm.evaluator.n_eval, 0) if np.isfinite(limit) else np.inf


def within_budget(algorithm: Any, n_offsprings: int) -> int:
    """Cut ``n_offsprings`` so that ``algorithm`` ends exactly at its evaluation limit."""
    return int(min(n_offsprings, remaining_evals(algorithm)))


def _limit(termination: Any) -> float:
    """Return after how many evaluations a pymoo termination ends a run, or one that it is made of."""
    own = getattr(termination, "n_max_evals", None)
    parts = [_limit(part) for name in ("criteria", "terminations") for part in getattr(termination, name, ())]
    if isinstance(termination, TerminateIfAll):
        return max(parts, default=np.inf)
    return min([np.inf if own is None else own, *parts])
