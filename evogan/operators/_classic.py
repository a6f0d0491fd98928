"""The classic operators that a generative one stands beside and falls back on."""

from __future__ import annotations

from typing import Any

from pymoo.core.mating import Mating
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
