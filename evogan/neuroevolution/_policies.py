"""Mutation policies: which losses a parent's children are trained with; and the mutation of learning rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from evogan._internal.checks import check_float, check_int
from evogan.neuroevolution._individual import Individual


class MutationPolicy(Protocol):
    """Chooses mutations; one with a state has ``state_dict`` and ``load_state_dict`` of plain values."""

    def choose(self, n_mutations: int, *, rng: np.random.Generator) -> Sequence[int]:
        """Return the indices of the mutations of one parent, a child for each."""
        ...

    def learn(self, mutation: int, *, parent: Individual, child: Individual) -> None:
        """Take note of how a child turned out."""
        ...


@dataclass(frozen=True)
class AllMutations:
    """Every mutation for every parent, as in E-GAN."""

    def choose(self, n_mutations: int, *, rng: np.random.Generator) -> Sequence[int]:
        """Return all indices."""
        return range(n_mutations)

    def learn(self, mutation: int, *, parent: Individual, child: Individual) -> None:
        """Learn nothing."""


@dataclass(frozen=True)
class RandomMutations:
    """``n`` different mutations for every parent, uniformly at random; with one, a step costs what a plain GAN's does.

    J. Toutouh, E. Hemberg, U.-M. O'Reilly, "Spatial evolutionary generative adversarial networks", GECCO 2019
    (Mustangs), sec. 3.
    """

    n: int = 1

    def __post_init__(self) -> None:
        check_int(self.n, "RandomMutations.n", low=1)

    def choose(self, n_mutations: int, *, rng: np.random.Generator) -> Sequence[int]:
        """Return ``n`` indices, or all where there are fewer."""
        return [int(i) for i in rng.choice(n_mutations, min(self.n, n_mutations), replace=False)]

    def learn(self, mutation: int, *, parent: Individual, child: Individual) -> None:
        """Learn nothing."""


class UCB1:
    """One mutation for every parent, by an upper confidence bound on how often it improved on its parent.

    The reward is 1 where the child is fitter than its parent was when it was judged, else 0. Rewards and counts decay,
    since which loss serves best changes as training goes on.

    P. Auer, N. Cesa-Bianchi, P. Fischer, "Finite-time analysis of the multiarmed bandit problem", Machine Learning 47,
    2002, fig. 1; the decay is that of A. Garivier, E. Moulines, "On upper-confidence bound policies for switching
    bandit problems", ALT 2011, sec. 3.

    Args:
        exploration: factor of the bound's width; UCB1's own is sqrt(2).
        decay: of rewards and counts per child; 1 remembers for ever.
    """

    def __init__(self, exploration: float = 2**0.5, *, decay: float = 0.99) -> None:
        self.exploration = check_float(exploration, "exploration", low=0.0)
        self.decay = check_float(decay, "decay", low=0.0, low_open=True, high=1.0)
        self._rewards: list[float] = []
        self._counts: list[float] = []

    def choose(self, n_mutations: int, *, rng: np.random.Generator) -> Sequence[int]:
        """Return one index: an untried mutation if there is one, else that of the highest bound."""
        if len(self._counts) != n_mutations:
            self._rewards, self._counts = [0.0] * n_mutations, [0.0] * n_mutations
        counts = np.array(self._counts)
        untried = np.flatnonzero(counts == 0.0)
        if len(untried):
            return [int(rng.choice(untried))]
        width = self.exploration * np.sqrt(np.log(max(counts.sum(), 1.0)) / counts)
        return [int(np.argmax(np.array(self._rewards) / counts + width))]

    def learn(self, mutation: int, *, parent: Individual, child: Individual) -> None:
        """Credit ``mutation`` with whether ``child`` is fitter than ``parent`` was."""
        self._rewards = [self.decay * r for r in self._rewards]
        self._counts = [self.decay * c for c in self._counts]
        self._rewards[mutation] += float(math.isfinite(child.fitness) and child.fitness > parent.fitness)
        self._counts[mutation] += 1.0

    def state_dict(self) -> dict[str, Any]:
        """Return rewards and counts."""
        return {"rewards": list(self._rewards), "counts": list(self._counts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore them."""
        self._rewards, self._counts = list(state["rewards"]), list(state["counts"])


@dataclass(frozen=True)
class LearningRateMutation:
    """With a probability, adds normal noise to the factor of a child's learning rate; the factor stays in its bounds.

    T. Schmiedlechner, I. Ng Zhi Yong, A. Al-Dujaili, E. Hemberg, U.-M. O'Reilly, "Lipizzaner: a system that scales
    robust generative adversarial network training", NeurIPS 2018 workshop on systems for ML.

    Args:
        sd: of the noise, in units of the initial learning rate; Lipizzaner's is .5 (1e-4 at a rate of 2e-4).
        probability: that a child's rate is mutated.
        low: lowest factor, above 0.
        high: highest factor.
    """

    sd: float = 0.5
    probability: float = 0.5
    low: float = 0.05
    high: float = 20.0

    def __post_init__(self) -> None:
        check_float(self.sd, "LearningRateMutation.sd", low=0.0)
        check_float(self.probability, "LearningRateMutation.probability", low=0.0, high=1.0)
        check_float(self.low, "LearningRateMutation.low", low=0.0, low_open=True)
        check_float(self.high, "LearningRateMutation.high", low=self.low)

    def __call__(self, rate: float, *, rng: np.random.Generator) -> float:
        """Return the child's factor."""
        if rng.random() >= self.probability:
            return rate
        return float(np.clip(rate + self.sd * rng.standard_normal(), self.low, self.high))
