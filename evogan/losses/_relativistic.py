"""Losses of how much more real a real sample looks than a fake one.

A. Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN", ICLR 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from evogan._internal.checks import check_kind
from evogan.losses._base import AdversarialLoss, SeparableLoss


@dataclass(frozen=True)
class RolesSwapped:
    """A loss whose generator minimises the discriminator's loss with real and fake exchanged, both terms of it.

    For pairs that carry the second player's gradient on both sides: ``(x, E(x))`` and ``(G(z), z)`` in J. Donahue,
    P. Kraehenbuehl, T. Darrell, "Adversarial feature learning", ICLR 2017, and V. Dumoulin et al., "Adversarially
    learned inference", ICLR 2017.
    """

    base: AdversarialLoss

    def __post_init__(self) -> None:
        check_kind(self.base, AdversarialLoss, "RolesSwapped.base", "NonSaturating()")

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return the base's discriminator loss."""
        return self.base.discriminator(d_real, d_fake, real=real, fake=fake)

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return the base's discriminator loss of exchanged roles."""
        return self.base.discriminator(d_fake, d_real, real=fake, fake=real)


@dataclass(frozen=True)
class _OfDifferences:
    """Relativistic losses use only the discriminator's terms of ``base``; their generator exchanges the roles."""

    base: SeparableLoss

    def __post_init__(self) -> None:
        check_kind(self.base, SeparableLoss, f"{type(self).__name__}.base", "NonSaturating()")


@dataclass(frozen=True)
class Relativistic(_OfDifferences):
    """Both terms of ``base`` on differences of pairs, averaged: (real_term(r - f) + fake_term(f - r)) / 2.

    Section 4 of the paper. Where real_term(d) = fake_term(-d), the two are one: softplus(f - r), RSGAN, of
    ``NonSaturating()``; max(0, 1 - r + f) of ``Hinge()``; f - r of ``Wasserstein()``; (r - f - 1)^2 / 2 of
    ``LeastSquares(-1, 1)``, whose labels must be opposite. Pairs are formed in order; a longer batch is cut to the
    shorter.

    Example:
        >>> import torch
        >>> from evogan.losses import NonSaturating
        >>> loss, d = Relativistic(NonSaturating()), torch.zeros(4)
        >>> round(loss.discriminator(d + 1, d, real=d, fake=d).item(), 4)  # log(1 + exp(-1))
        0.3133
    """

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return the mean over pairs of half of both terms."""
        n = min(len(d_real), len(d_fake))
        gap = d_real[:n] - d_fake[:n]
        return 0.5 * (self.base.real_term(gap) + self.base.fake_term(-gap)).mean()

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return the discriminator's loss of exchanged roles."""
        return self.discriminator(d_fake, d_real, real=fake, fake=real)


@dataclass(frozen=True)
class RelativisticAverage(_OfDifferences):
    """Each logit against the mean logit of the other side: RaSGAN of ``NonSaturating()``, RaHinge of ``Hinge()``.

    Section 4 of the paper; its RaLSGAN is ``RelativisticAverage(LeastSquares(-1, 1))`` up to a factor of 2. Means are
    over all logits of a side, patches included.
    """

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return E real_term(r - mean f) + E fake_term(f - mean r)."""
        return self.base.real_term(d_real - d_fake.mean()).mean() + self.base.fake_term(d_fake - d_real.mean()).mean()

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return the discriminator's loss of exchanged roles; fake logits act through both terms."""
        return self.discriminator(d_fake, d_real, real=fake, fake=real)
