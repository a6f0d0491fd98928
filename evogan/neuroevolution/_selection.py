"""Selection: which candidates are the next parents. The first survivor is the generator that samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding

from evogan._internal.checks import check_float, check_int
from evogan.neuroevolution._individual import Individual


class Generation(NamedTuple):
    """What a selection may want to know: whose children they are, how many generations were before, and the rng."""

    parents: Sequence[Individual]
    number: int
    rng: np.random.Generator


class Selection(Protocol):
    """Chooses survivors; with ``judges_parents = True`` parents are judged anew before."""

    def __call__(self, candidates: Sequence[Individual], n: int, generation: Generation) -> list[Individual]:
        """Return ``n`` of the ``candidates``, all of finite fitness; with fewer of them there is no choice."""
        ...


@dataclass(frozen=True)
class Truncation:
    """The fittest, as in E-GAN."""

    def __call__(self, candidates: Sequence[Individual], n: int, generation: Generation) -> list[Individual]:
        """Return the ``n`` fittest, best first."""
        return _by_fitness(candidates)[:n]


@dataclass(frozen=True)
class WorstSelection:
    """The least fit: a control that shows what selection by fitness is worth."""

    def __call__(self, candidates: Sequence[Individual], n: int, generation: Generation) -> list[Individual]:
        """Return the ``n`` least fit, worst first."""
        return _by_fitness(candidates)[::-1][:n]


@dataclass(frozen=True)
class RandomSelection:
    """Uniformly at random: a control that shows what selection by fitness is worth."""

    def __call__(self, candidates: Sequence[Individual], n: int, generation: Generation) -> list[Individual]:
        """Return ``n`` different candidates."""
        return [candidates[i] for i in generation.rng.permutation(len(candidates))[:n]]


@dataclass(frozen=True)
class Tournament:
    """The fittest of ``size`` random candidates, without replacement of the winners."""

    size: int = 2

    def __post_init__(self) -> None:
        check_int(self.size, "Tournament.size", low=1)

    def __call__(self, candidates: Sequence[Individual], n: int, generation: Generation) -> list[Individual]:
        """Return the winners, best first."""
        left = list(candidates)
        winners: list[Individual] = []
        while left and len(winners) < n:
            drawn = generation.rng.permutation(len(left))[: self.size]
            winners.append(left.pop(max(drawn, key=lambda i: left[i].fitness)))
        return _by_fitness(winners)


@dataclass(frozen=True)
class ParetoSelection:
    """The parts of the fitness as objectives: non-dominated rank, then crowding distance.

    M. Baioletti, C. A. Coello Coello, G. Di Bari, V. Poggioni, "Multi-objective evolutionary GAN", GECCO 2020
    companion; the selection is that of NSGA-II, by pymoo.
    """

    def __call__(self, candidates: Sequence[Individual], n: int, generation: Generation) -> list[Individual]:
        """Return the survivors, those of the highest weighted sum first."""
        if len(candidates) <= n:
            return _by_fitness(candidates)
        F = -np.array([candidate.parts for candidate in candidates])
        population = Population.new(F=F, index=np.arange(len(F)))
        problem = Problem(n_var=1, n_obj=F.shape[1])
        survivors = RankAndCrowding().do(problem, population, n_survive=n, random_state=generation.rng)
        return _by_fitness([candidates[int(i)] for i in survivors.get("index")])


@dataclass(frozen=True)
class Metropolis:
    """The fittest child of every parent, but a less fit one only with probability exp(-loss of fitness / T).

    T = ``temperature`` x ``cooling`` ^ generation: simulated annealing, as in the annealing GAN of "AGGAN", 2020. A
    child of two others counts as one of the better one's parent.
    """

    temperature: float = 0.1
    cooling: float = 0.999

    judges_parents = True

    def __post_init__(self) -> None:
        check_float(self.temperature, "Metropolis.temperature", low=0.0, low_open=True)
        check_float(self.cooling, "Metropolis.cooling", low=0.0, low_open=True, high=1.0)

    def __call__(self, candidates: Sequence[Individual], n: int, generation: Generation) -> list[Individual]:
        """Return a survivor for every parent, the fittest first."""
        T = self.temperature * self.cooling**generation.number
        children = {c.number: c for c in candidates if not any(c is parent for parent in generation.parents)}
        survivors = []
        for parent in generation.parents:
            own = [c for c in children.values() if _founder(c, children) == parent.number]
            child = max(own, key=lambda c: c.fitness, default=parent)
            loss = parent.fitness - child.fitness
            # A parent that is no longer finite is given up.
            accepted = not loss > 0.0 or (T > 0.0 and generation.rng.random() < math.exp(-loss / T))
            survivors.append(child if accepted else parent)
        return _by_fitness(survivors)[:n]


def _founder(child: Individual, children: Mapping[int, Individual]) -> int | None:
    """Return the number of the parent that a child descends from; one of two children from that of the better one."""
    while child.parents and child.parents[0] in children:
        child = children[child.parents[0]]
    return child.parents[0] if child.parents else None


def _by_fitness(candidates: Sequence[Individual]) -> list[Individual]:
    return sorted(candidates, key=lambda candidate: candidate.fitness, reverse=True)
