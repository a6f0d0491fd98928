"""What one training step computed, and the protocols of the parts that look at more than logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from evogan.losses._base import AdversarialLoss
from evogan.nets._critic import Critic


@dataclass
class Step:
    """One step as auxiliary losses and controllers see it.

    ``real`` and ``fake`` are what the discriminator was shown: tensors, or tuples of tensors where it judges pairs.
    In a discriminator step ``fake`` carries no gradient.
    """

    G: nn.Module
    D: nn.Module
    loss: AdversarialLoss
    real: Any
    fake: Any
    d_real: Tensor | Critic
    d_fake: Tensor | Critic
    latent: Any
    condition: Any = None


@runtime_checkable
class Auxiliary(Protocol):
    """A term added to either player's loss; None where it has no say. Objects with a state are ``nn.Module``."""

    def discriminator(self, step: Step) -> Tensor | None:
        """Return what the discriminator minimises beside its adversarial loss."""
        ...

    def generator(self, step: Step) -> Tensor | None:
        """Return what the generator minimises beside its adversarial loss."""
        ...


@runtime_checkable
class Controlled(Protocol):
    """A loss, regularizer or auxiliary with a scalar that is steered after every discriminator step."""

    def update(self, step: Step) -> None:
        """Update the controlled scalar from the step just made."""
        ...
