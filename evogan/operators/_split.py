"""Which solutions a generative model is to imitate, and which it is to avoid."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from pymoo.core.survival import Survival

from evogan._internal.checks import check_float, check_int
from evogan.operators._spea2 import SPEA2Survival


def elite_poor_split(
    problem: Any, pop: Population, n_elites: int, *, survival: Survival | None = None, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return indices of the ``n_elites`` best and of the other solutions of an evaluated population.

    ``survival`` is any pymoo survival (None means :class:`SPEA2Survival`). It works on copies: neither its own
    state nor the population's ranks change. Solutions with non-finite objectives or constraints are never elite,
    so there may be fewer elites than asked for, even none.
    """
    survival = SPEA2Survival() if survival is None else copy.deepcopy(survival)
    missing = sum(one.F.size == 0 for one in pop)
    if missing:
        raise ValueError(f"pop must be evaluated, got {missing} of {len(pop)} solutions without objectives")
    candidates = np.flatnonzero(finite_solutions(pop))
    n_elites = min(n_elites, len(candidates))
    if n_elites == 0:
        return candidates, np.arange(len(pop))
    names = [name for name in ("X", "F", "G", "H") if pop[0].get(name).size]
    values = pop[candidates].get(*names)
    shadow = Population.new(**dict(zip(names, values, strict=True)))
    elites = candidates[survival.do(problem, shadow, n_survive=n_elites, random_state=rng, return_indices=True)]
    return elites, np.setdiff1d(np.arange(len(pop)), elites)


def finite_solutions(pop: Population) -> NDArray[np.bool_]:
    """Return which evaluated solutions ``(n,)`` have only finite objectives and constraints."""
    return np.asarray(np.isfinite(pop.get("F")).all(axis=1) & np.isfinite(pop.get("CV")[:, 0]))


def check_elites(n_elites: float, name: str) -> float:
    """Return a number of elites (1, 2, ...) or a fraction in (0, 1); raise TypeError or ValueError for others."""
    if isinstance(n_elites, float) and (n_elites == 1.0 or not n_elites.is_integer()):
        return check_float(n_elites, name, low=0.0, high=np.nextafter(1.0, 0.0), low_open=True)
    return check_int(int(n_elites) if isinstance(n_elites, float) else n_elites, name, low=1)
