"""Where generators meet discriminators: each is judged by its losses to all its opponents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evogan._internal.samples import parts_of
from evogan.neuroevolution._fitness import Evaluation, Fitness
from evogan.neuroevolution._generator_mixture import mixed
from evogan.neuroevolution._individual import Individual, Workbench
from evogan.neuroevolution._nursery import judging
from evogan.neuroevolution._support import draw_samples
from evogan.training import Batch, GANSystem, Sample

AGGREGATES: dict[str, Callable[..., Any]] = {"average": np.mean, "worst": np.max, "best": np.min}


class Pair(NamedTuple):
    """One of each kind of network, or a list of each."""

    G: Any
    D: Any


class Arena:
    """All who meet in it are judged on the same fresh samples and latents; networks are known by their numbers.

    Args:
        system: whose generator and discriminator are the workbenches, and whose loss counts for both players.
        benches: those two.
        batches: draw the samples.
        n_eval: how many of them; None means one batch.

    Attributes:
        n_met: generators against discriminators so far.
    """

    def __init__(
        self, system: GANSystem, benches: Pair, batches: Callable[[], Batch], n_eval: int | None = None
    ) -> None:
        real, condition = draw_samples(system, batches, n_eval)
        latent = system.trainer.prior(len(parts_of(real)[0])).to(system.device)
        self.evaluation = Evaluation(system.trainer, real, latent, condition)
        self.n_met = 0
        self._bench_G: Workbench = benches.G
        self._bench_D: Workbench = benches.D
        self._fakes: dict[int, Sample] = {}

    def fakes(self, G: Individual) -> Sample:
        """Return what a generator makes of the latents."""
        if G.number not in self._fakes:
            self._bench_G.load_weights(G.weights)
            self._fakes[G.number] = self.evaluation.fakes()
        return self._fakes[G.number]

    def score(self, score: Fitness, generators: Sequence[Individual], weights: NDArray[np.float64]) -> float:
        """Return the score of what a mixture of generators makes of the latents."""
        parts = score(self.evaluation, mixed([self.fakes(G) for G in generators], weights)).tolist()
        return float(sum(w * part for w, part in zip(score.weights, parts, strict=True)))

    def meet(self, groups: Sequence[Pair], aggregate: str = "average") -> list[Pair]:
        """Let the generators of every group meet all its discriminators; return all with their fitness in the group.

        Fitness is minus a loss: over the opponents the average, the worst (largest) or the best. Opponents with whom
        nobody's loss is finite do not count; where it is not finite all the same, the fitness is minus infinity.
        """
        meetings: dict[int, tuple[Individual, dict[int, Individual]]] = {}
        for group in groups:
            for D in group.D:
                meetings.setdefault(D.number, (D, {}))[1].update((G.number, G) for G in group.G)
        losses: dict[tuple[int, int], Tensor] = {}
        for number, (D, generators) in meetings.items():
            fakes = {G.number: self.fakes(G) for G in generators.values()}
            self._bench_D.load_weights(D.weights)
            losses |= {(G, number): both for G, both in self._losses(fakes).items()}
        self.n_met += len(losses)
        told = dict(zip(losses, torch.stack(list(losses.values())).tolist(), strict=True))
        judged = []
        for group in groups:
            table = np.array([[told[G.number, D.number] for D in group.D] for G in group.G])
            fitness = fitness_of(table[..., 0], aggregate), fitness_of(table[..., 1].T, aggregate)
            pairs = zip(group, fitness, strict=True)
            judged.append(Pair(*([replace(one, fitness=f) for one, f in zip(*pair, strict=True)] for pair in pairs)))
        return judged

    def _losses(self, fakes: dict[int, Sample]) -> dict[int, Tensor]:
        """Return the losses (generator's, discriminator's) of every generator and the discriminator on the bench."""
        trainer, real, condition = self.evaluation.trainer, self.evaluation.real, self.evaluation.condition
        losses = {}
        with torch.no_grad(), judging(trainer.D):
            d_real = trainer.logits(real, condition)
            for number, fake in fakes.items():
                d_fake = trainer.logits(fake, condition)
                players = (trainer.loss.generator, trainer.loss.discriminator)
                losses[number] = torch.stack([player(d_real, d_fake, real=real, fake=fake) for player in players])
        return losses


def fitness_of(losses: NDArray[np.float64], aggregate: str) -> list[float]:
    """Return the fitness of those whose losses ``(n, n_opponents)`` are; see :meth:`Arena.meet`."""
    counted = losses[:, np.isfinite(losses).any(axis=0)]
    if not counted.size:
        return [-math.inf] * len(losses)
    with np.errstate(invalid="ignore"):
        values = -AGGREGATES[aggregate](counted, axis=1)
    return [float(value) if math.isfinite(value) else -math.inf for value in values]
