"""Weights and terms of losses that only some systems need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from evogan._internal.checks import check_float, check_kind
from evogan.losses import AdversarialLoss, Step


@dataclass(frozen=True)
class GeneratorWeight:
    """``base`` with the generator's part times ``weight``, for papers that weigh it against other terms."""

    base: AdversarialLoss
    weight: float

    def __post_init__(self) -> None:
        check_kind(self.base, AdversarialLoss, "GeneratorWeight.base", "NonSaturating()")
        check_float(self.weight, "GeneratorWeight.weight", low=0.0)

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return the base's discriminator loss."""
        return self.base.discriminator(d_real, d_fake, real=real, fake=fake)

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return weight * the base's generator loss."""
        return self.weight * self.base.generator(d_real, d_fake, real=real, fake=fake)


@dataclass(frozen=True)
class Recovered:
    """What ``read`` finds in a fake sample must be its condition: weight * distance; Huang et al. 2017, sec. 3.4."""

    read: nn.Module
    distance: Callable[[Tensor, Tensor], Tensor]
    weight: float

    def discriminator(self, step: Step) -> None:
        """Return None."""

    def generator(self, step: Step) -> Tensor:
        """Return weight * distance(read(fake), condition)."""
        return self.weight * self.distance(self.read(step.fake), step.condition)
