"""Exact budgets: pymoo checks ``("n_eval", N)`` once a generation, so the last one must be cut to fit."""

from __future__ import annotations

from typing import Any

import numpy as np


def remaining_evals(algorithm: Any) -> float:
    """Return how many evaluations a pymoo algorithm has left; infinity where nothing limits them."""
    limit = getattr(getattr(algorithm, "termination", None), "n_max_evals", None)
    return np.inf if limit is None else max(limit - algorithm.evaluator.n_eval, 0)


def within_budget(algorithm: Any, n_offsprings: int) -> int:
    """Cut ``n_offsprings`` so that ``algorithm`` ends exactly at its evaluation limit."""
    return int(min(n_offsprings, remaining_evals(algorithm)))
