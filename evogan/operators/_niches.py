"""Survival that keeps every direction of objective space inhabited."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from pymoo.core.survival import Survival

from evogan._internal.checks import check_float, check_int
from evogan.models import ObjectiveFrame
from evogan.operators._lattice import lattice
from evogan.operators._spea2 import (
    SPEA2Tournament,
    kinds,
    set_fitness,
    spea2_fitness,
    spea2_order,
    spea2_truncation,
    tournament_ranks,
)
from evogan.operators._split import finite_solutions

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
    or constraint last. A share of the places, though, is for the infeasible ones that are the best as if there were no
    constraints: they cross infeasible regions, and reach fronts at which constraints end. Y. Tian et al., "A
    coevolutionary framework for constrained multiobjective optimization problems", IEEE TEVC 25(1), 2021, keep a whole
    second population of such solutions.

    Args:
        places: of each direction, about: as many directions are used as the lattice has below n_survive / places.
        unconstrained_share: of the places, for infeasible solutions chosen by their objectives alone, as far as there
            are any; 0 means feasibility first and nothing else.
    """

    def __init__(self, *, places: int = 7, unconstrained_share: float = 0.2) -> None:
        super().__init__(filter_infeasible=False)
        self.places = check_int(places, "places", low=1)
        self.unconstrained_share = check_float(unconstrained_share, "unconstrained_share", low=0.0, high=1.0)

    def _do(self, problem: Any, pop: Population, *args: Any, n_survive: int, **kwargs: Any) -> Population:
        F, CV = pop.get("F"), pop.get("CV")[:, 0]
        feasible, infeasible, broken = kinds(F, CV)
        n_unconstrained = min(int(self.unconstrained_share * n_survive), len(infeasible))
        n_first = n_survive - n_unconstrained
        fitness = np.full(len(pop), np.inf)
        chosen, fitness[feasible] = self._select(F[feasible], n_first)
        first = np.concatenate([feasible[chosen], infeasible])[:n_first]
        rest = infeasible[n_first - len(chosen) :]
        chosen, fitness[rest] = self._select(F[rest], n_unconstrained)
        set_fitness(pop, fitness)
        pop[rest].set("rank", 1)  # fit as they may be, they are no result
        return pop[np.concatenate([first, rest[chosen], broken])[:n_survive]]

    def _select(self, F: Floats, n_keep: int) -> tuple[Ints, Floats]:
        """Return the indices of ``n_keep`` of finite objectives, of all if there are fewer, and the fitness of all."""
        if len(F) == 0:
            return np.empty(0, dtype=np.intp), np.empty(0)
        G = _scaled(F)
        fitness = spea2_fitness(G)  # the density on a common scale
        good = np.flatnonzero(fitness < 1)
        if len(good) > n_keep:
            return good[spea2_truncation(G[good], n_keep)] if n_keep else good[:0], fitness
        if len(F) > n_keep:
            return niche_order(G, n_keep, self.places), fitness
        return np.argsort(fitness, kind="stable"), fitness


class NicheTournament(SPEA2Tournament):
    """Tournaments among solutions that :class:`NicheSurvival` kept for the same reason.

    Feasible solutions compete with feasible ones, and infeasible ones chosen by their objectives with their like, by
    SPEA2 fitness. Infeasible ones that were kept for their violation are drawn by lot: to prefer the least violation
    gathers the population where constraints are hard to satisfy. Each kind has parents in proportion to its number.
    Solutions with a non-finite objective or constraint lose to all feasible ones. Where nothing is infeasible, or
    ``SPEA_F`` was never set, this is :class:`SPEA2Tournament`.

    Args:
        pressure: solutions in a tournament.
    """

    def __init__(self, pressure: int = 3) -> None:
        super().__init__(pressure)

    def _do(
        self,
        problem: Any,
        pop: Population,
        n_select: int,
        n_parents: int,
        random_state: Any = None,
        **kwargs: Any,
    ) -> Ints:
        CV, fitness = pop.get("CV")[:, 0], pop.get("SPEA_F")
        if not (CV > 0).any() or fitness.dtype == object:
            return super()._do(problem, pop, n_select, n_parents, random_state=random_state, **kwargs)
        finite = finite_solutions(pop)
        infeasible = finite & (CV > 0)
        first = random_state.integers(len(pop), size=n_select * n_parents)
        entrants = np.repeat(first[:, None], self.pressure, axis=1)
        for kind in (~infeasible, infeasible & np.isfinite(fitness)):  # what is left has no rival but itself
            mine = np.flatnonzero(kind[first])
            if len(mine):
                entrants[mine, 1:] = random_state.choice(np.flatnonzero(kind), size=(len(mine), self.pressure - 1))
        rank = tournament_ranks(random_state, fitness, ~finite)
        winners = entrants[np.arange(len(first)), rank[entrants].argmin(axis=1)]
        return np.asarray(winners.reshape(n_select, n_parents))


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
