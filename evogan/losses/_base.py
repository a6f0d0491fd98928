"""The protocol of an adversarial loss, and how three sources (elite, poor, fake) enter it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from torch import Tensor

from evogan._internal.checks import check_float


@runtime_checkable
class AdversarialLoss(Protocol):
    """What a loss must offer: two functions of raw logits (no sigmoid), each a scalar to be minimised.

    ``real`` and ``fake`` are the samples behind the logits, for losses that need their distance.
    """

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss."""
        ...

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return the generator's loss."""
        ...


class SeparableLoss(ABC):
    """A loss whose discriminator part is a mean over real samples plus a mean over fake ones.

    Only then can elite, poor and fake solutions be averaged each by itself with a weight of its own.
    """

    shift_invariant: ClassVar[bool] = False
    """Whether adding a constant to all logits changes nothing, so that the weights must balance."""

    @abstractmethod
    def real_term(self, d: Tensor) -> Tensor:
        """Return the discriminator's loss per real sample, of the shape of ``d``."""

    @abstractmethod
    def fake_term(self, d: Tensor) -> Tensor:
        """Return the discriminator's loss per fake sample, of the shape of ``d``."""

    @abstractmethod
    def generator_term(self, d: Tensor) -> Tensor:
        """Return the generator's loss per fake sample, of the shape of ``d``."""

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return mean(real_term) + mean(fake_term)."""
        return self.real_term(d_real).mean() + self.fake_term(d_fake).mean()

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return mean(generator_term)."""
        return self.generator_term(d_fake).mean()


@dataclass(frozen=True)
class SourceWeights:
    """Weights of the three sources in the discriminator's loss, each source averaged by itself.

    ``SourceWeights()`` counts the negatives together as much as the elite. ``SourceWeights(1, 1, 1)`` is eq. 10
    of He et al., "Evolutionary multiobjective optimization driven by GANs", IEEE TCYB 51(6), 2021.
    """

    elite: float = 1.0
    poor: float = 0.5
    fake: float = 0.5

    def __post_init__(self) -> None:
        check_float(self.elite, "weights.elite", low=0.0, low_open=True)
        check_float(self.poor, "weights.poor", low=0.0)
        check_float(self.fake, "weights.fake", low=0.0, low_open=True)

    def check_with(self, loss: AdversarialLoss) -> None:
        """Raise ValueError if ``loss`` could fall without bound by shifting all logits."""
        gap = self.elite - self.poor - self.fake
        if isinstance(loss, SeparableLoss) and loss.shift_invariant and abs(gap) > 1e-6 * self.elite:
            raise ValueError(
                f"weights must balance (elite = poor + fake) for {type(loss).__name__}, whose loss otherwise falls "
                f"without bound as all logits shift; got elite={self.elite}, poor={self.poor}, fake={self.fake}"
            )


def weighted_discriminator_loss(
    loss: AdversarialLoss,
    weights: SourceWeights,
    *,
    d_real: Tensor,
    d_poor: Tensor,
    d_fake: Tensor,
    real: Tensor,
    poor: Tensor,
    fake: Tensor,
) -> Tensor:
    """Combine elite, poor and fake logits, each averaged by itself and weighted.

    A loss that pairs real with fake samples (not separable) is contrasted with poor and with fake in turn.
    """
    if isinstance(loss, SeparableLoss):
        return (
            weights.elite * loss.real_term(d_real).mean()
            + weights.poor * loss.fake_term(d_poor).mean()
            + weights.fake * loss.fake_term(d_fake).mean()
        )
    against_poor = loss.discriminator(d_real, d_poor, real=real, fake=poor)
    against_fake = loss.discriminator(d_real, d_fake, real=real, fake=fake)
    return weights.elite * (weights.poor * against_poor + weights.fake * against_fake)
