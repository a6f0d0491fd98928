"""The classic operators that a generative one stands beside and falls back on."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from pymoo.core.infill import InfillCriterion
from pymoo.core.mating import Mating
from pymoo.core.population import Population
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.selection.rnd import RandomSelection


def classic_mating(
    *, selection: Any = None, eta_crossover: float = 20, eta_mutation: float = 20, **options: Any
) -> Mating:
    """Make SBX with probability 1 and polynomial mutation with 1/n_var, on random parents by default.

    ``options`` (``repair``, ``eliminate_duplicates``, ``n_max_iterations``) go to pymoo's Mating.
    """
    return Mating(
        RandomSelection() if selection is None else selection,
        SBX(prob=1.0, eta=eta_crossover),
        PM(prob=1.0, eta=eta_mutation),
        **options,
    )


def top_up(
    infill: InfillCriterion,
    fallback: InfillCriterion,
    problem: Any,
    pop: Population,
    off: Population,
    n_offsprings: int,
    options: dict[str, Any],
) -> Population:
    """Fill ``off`` up with offspring of ``fallback``, new and inside the box, repaired as those of ``infill`` are."""
    n_barren = 0  # rounds in a row that brought nothing new: the box may hold no more
    while len(off) < n_offsprings and n_barren < 20:
        more = fallback.do(problem, pop, n_offsprings - len(off), **options)
        more = infill.repair(problem, more, **options)
        if len(more):
            more.set("X", np.clip(more.get("X"), problem.xl, problem.xu))
        new = infill.eliminate_duplicates.do(more, pop, off)[: n_offsprings - len(off)]
        off = Population.merge(off, new)
        n_barren = 0 if len(new) else n_barren + 1
    return off


def warn_once(seen: set[str], what: str, message: str) -> None:
    """Warn of ``what``, named to the caller of the infill, unless it was ``seen``."""
    if what not in seen:
        seen.add(what)
        warnings.warn(message, RuntimeWarning, stacklevel=3)
