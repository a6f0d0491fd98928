"""Survival that keeps every direction of objective space inhabited."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from pymoo.core.survival import Survival

from evogan._internal.checks import check_int
from evogan.models import ObjectiveFrame
from evogan.operators._lattice import lattice
from evogan.operators._spea2 import kinds, set_fitness, spea2_fitness, spea2_order, spea2_truncation

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_FAR = 1e150  # what is farther counts as so far: distances can be computed


class NicheSurvival(Survival):
    """SPEA2's selection within each of a few directions first, as long as dominated solutions are to survive.

    Objectives are scaled by the box of the non-dominated feasible solutions, whatever their units. A solution belongs
    to the direction of a simplex lattice with the smallest angle; each direction keeps at most its even share of the
    places, and the rest goes to the best of all that are left. Once there are more non-dominated solutions than places,
    SPEA2's truncation spreads them better than shares do, and selects alone. Directions are those of R. Cheng et al.,
    "A multiobjective evolutionary algorithm using Gaussian process-based inverse modeling", IEEE TEVC 19(6), 2015;
    selection is SPEA2's (Zitzler, Laumanns, Thiele 2001).

    Feasible solutions come first, then infeasible ones by constraint violation, and those with a non-finite objective
    or constraint last.

    Args:
        places: of each direction, about: as many directions are used as the lattice has below n_survive / places.
    """

    def __init__(self, *, places: int = 7) -> None:
        super().__init__(filter_infeasible=False)
        self.places = check_int(places, "places", low=1)

    def _do(self, problem: Any, pop: Population, *args: Any, n_survive: int, **kwargs: Any) -> Population:
        F, CV = pop.get("F"), pop.get("CV")[:, 0]
        feasible, infeasible, broken = kinds(F, CV)
        fitness, chosen = np.full(len(pop), np.inf), feasible
        if len(feasible):
            G = _scaled(F[feasible])
            fitness[feasible] = spea2_fitness(G)  # the density on a common scale
            good = np.flatnonzero(fitness[feasible] < 1)
            if len(good) > n_survive:
                chosen = feasible[good[spea2_truncation(G[good], n_survive)]]
            elif len(feasible) > n_survive:
                chosen = feasible[niche_order(G, n_survive, self.places)]
            else:
                chosen = feasible[np.argsort(fitness[feasible], kind="stable")]
        set_fitness(pop, fitness)
        return pop[np.concatenate([chosen, infeasible, broken])[:n_survive]]


def niche_order(G: Floats, n_keep: int, places: int) -> Ints:
    """Return the indices of ``n_keep`` of the scaled objectives ``G`` ``(n, n_obj)``, more than that."""
    directions = lattice(G.shape[1], max(G.shape[1], n_keep // places))
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    niche = (np.maximum(G, 0.0) @ directions.T).argmax(axis=1)  # all of a row have the same length
    quota, none = n_keep // len(directions), np.zeros(len(G))
    kept = []
    for k in range(len(directions)):
        mine = np.flatnonzero(niche == k)
        kept.append(mine if len(mine) <= quota else mine[spea2_order(G[mine], none[mine], quota)[0]])
    chosen = np.concatenate(kept)
    rest = np.setdiff1d(np.arange(len(G)), chosen)
    more = spea2_order(G[rest], none[rest], n_keep - len(chosen))[0] if len(chosen) < n_keep else rest[:0]
    return np.concatenate([chosen, rest[more]])


def _scaled(F: Floats) -> Floats:
    """Scale finite objectives by the box of those that no other dominates."""
    best = F[spea2_fitness(ObjectiveFrame.of(F).scale(F)) < 1]
    frame = ObjectiveFrame.of(best)
    # One point alone, or an objective that is the same for all of them, has no box: the population's serves.
    whole = ObjectiveFrame.of(F)
    span = np.where(best.max(axis=0) > best.min(axis=0), frame.span, whole.span)
    with np.errstate(over="ignore"):
        return np.asarray(np.minimum((F - frame.ideal) / span, _FAR))
