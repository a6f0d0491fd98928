"""What a run has found: the feasible, finite, non-dominated solutions of a pymoo algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import moocore
import numpy as np
from numpy.typing import NDArray

from evogan.operators import finite_solutions

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Optimum:
    """The final optimum set: X ``(n, n_var)``, F ``(n, n_obj)``, G ``(n, n_constr)``, CV ``(n,)``."""

    X: Floats
    F: Floats
    G: Floats
    CV: Floats


def optimum_of(algorithm: Any) -> Optimum:
    """Collect the optimum set from the population and, where there is one, the archive behind ``algorithm.opt``.

    The same rule for every algorithm, so that scores compare; empty while nothing feasible and finite is known.
    """
    problem, individuals = algorithm.problem, list(algorithm.pop)
    known = {id(one) for one in individuals}
    individuals += [one for one in (() if algorithm.opt is None else algorithm.opt) if id(one) not in known]
    X = np.array([one.X for one in individuals], dtype=np.float64).reshape(len(individuals), problem.n_var)
    F = np.array([one.F for one in individuals], dtype=np.float64).reshape(len(individuals), problem.n_obj)
    CV = np.array([one.CV[0] for one in individuals], dtype=np.float64)
    G = np.array([np.concatenate([one.G, one.H]) for one in individuals]).reshape(len(individuals), -1)
    return optimum_among(X, F, G, CV)


def optimum_among(X: Floats, F: Floats, G: Floats, CV: Floats) -> Optimum:
    """Return the best of some solutions: the feasible, finite, non-dominated ones, equal objectives once."""
    keep = np.flatnonzero(np.isfinite(F).all(axis=1) & np.isfinite(CV) & (CV <= 0))
    if len(keep) and F.shape[1] == 1:
        keep = keep[[F[keep, 0].argmin()]]
    elif len(keep):
        keep = keep[moocore.is_nondominated(F[keep], keep_weakly=True)]
        keep = keep[np.sort(np.unique(F[keep], axis=0, return_index=True)[1])]
    return Optimum(X[keep], F[keep], G[keep], CV[keep])


def count_nonfinite(pop: Any) -> int:
    """Return how many evaluated solutions have a NaN or infinite objective or constraint."""
    return int((~finite_solutions(pop)).sum())
