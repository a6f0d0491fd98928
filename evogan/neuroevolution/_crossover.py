"""Crossover of two generators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from evogan._internal.checks import check_int
from evogan._internal.samples import evaluating
from evogan.neuroevolution._individual import Individual, Workbench
from evogan.training import AdversarialTrainer


class Crossover(Protocol):
    """Makes children of two parents; ``n_children`` of them in a generation."""

    @property
    def n_children(self) -> int: ...

    def __call__(
        self,
        better: Individual,
        other: Individual,
        *,
        bench: Workbench,
        trainer: AdversarialTrainer,
        latent: Tensor,
        condition: Any,
        factor: float,
    ) -> float:
        """Leave a child on the bench; return its loss."""
        ...


@dataclass(frozen=True)
class Distillation:
    """A child of the better parent learns, for every latent, the sample of the parent that the discriminator prefers.

    J. Li, J. Zhang, X. Gong, S. Lu, "Evolutionary generative adversarial networks with crossover based knowledge
    distillation", IJCNN 2021 (CE-GAN, IE-GAN): the two fittest children cross; one step on the squared error.
    """

    n_children: int = 1

    def __post_init__(self) -> None:
        check_int(self.n_children, "Distillation.n_children", low=1)

    def __call__(
        self,
        better: Individual,
        other: Individual,
        *,
        bench: Workbench,
        trainer: AdversarialTrainer,
        latent: Tensor,
        condition: Any,
        factor: float,
    ) -> float:
        """Leave the child on the bench; return the squared error before its step: 0, and no step, for a plain copy.

        Raises:
            ValueError: the discriminator does not judge samples one by one.
        """
        n = len(latent)
        bench.load(other, factor=factor)
        with torch.no_grad():
            theirs, _ = trainer.generate(n, condition, latent)
        bench.load(better, factor=factor)
        mine, _ = trainer.generate(n, condition, latent)
        with evaluating(trainer.D):
            d_mine, d_theirs = trainer.logits(mine, condition), trainer.logits(theirs, condition)
            if len(d_mine) != n:
                raise ValueError(f"Distillation needs a verdict on every sample, got {len(d_mine)} on {n} samples")
            rows = (d_mine >= d_theirs).reshape(n, -1).float().mean(1) >= 0.5
            target = torch.where(rows.view(-1, *[1] * (mine.dim() - 1)), mine, theirs)
        value = mse_loss(mine, target)
        loss = float(value.detach())
        if loss != 0.0:  # where nothing is learned the optimizer's momentum would make a step of its own
            trainer.descend_generator(value)
        return loss
