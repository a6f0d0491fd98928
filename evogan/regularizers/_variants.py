"""Gradient penalties at other points, with another power or weighted by what the discriminator says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from evogan._internal.checks import check_float
from evogan._internal.samples import map_parts
from evogan.regularizers._base import Judge
from evogan.regularizers._gradient import between, gradient_penalty


@dataclass(frozen=True)
class DRAGAN:
    """The penalty around real samples x, at x + spread * sd * u with u uniform in [0, 1) per entry.

    N. Kodali et al., "On convergence and stability of GANs", arXiv 1705.07215, 2017, algorithm 1; the paper's noise
    is Gaussian, that of its authors' code, taken here, uniform. sd is that of all entries of the batch.
    """

    weight: float = 10.0
    center: float = 1.0
    spread: float = 0.5

    def __post_init__(self) -> None:
        for name in ("weight", "center", "spread"):
            check_float(getattr(self, name), f"DRAGAN.{name}", low=0.0)

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return weight * E (||grad D|| - center)^2 around ``real``."""
        # The plain deviation, without Bessel's correction, is 0 and not undefined for a single entry.
        around = map_parts(lambda x: x + self.spread * x.std(correction=0) * torch.rand_like(x), real)
        return self.weight * gradient_penalty(D, around, center=self.center)


@dataclass(frozen=True)
class WGANDiv:
    """A power of the gradient between real and fake samples, which turns WGAN's loss into a divergence.

    J. Wu et al., "Wasserstein divergence for GANs", ECCV 2018: k = ``weight``, p = ``power``. It wants no slope of
    1, and belongs to :class:`~evogan.losses.Wasserstein`.
    """

    weight: float = 2.0
    power: float = 6.0

    def __post_init__(self) -> None:
        check_float(self.weight, "WGANDiv.weight", low=0.0)
        check_float(self.power, "WGANDiv.power", low=1.0, low_open=True)

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return weight * E ||grad D||^power between ``real`` and ``fake``."""
        return self.weight * gradient_penalty(D, between(real, fake), power=self.power)


@dataclass(frozen=True)
class RothRegularizer:
    """The squared gradient weighted by how wrong D = sigmoid(logit) is; stands for noise added to the samples.

    K. Roth et al., "Stabilizing training of generative adversarial networks through regularization", NeurIPS 2017,
    algorithm 1 (gamma .1 where it is not annealed). The weights are part of the objective that D maximises there, so
    they are differentiated too. It belongs to the Jensen-Shannon losses, :class:`~evogan.losses.Minimax` and
    :class:`~evogan.losses.NonSaturating`.
    """

    gamma: float = 0.1

    def __post_init__(self) -> None:
        check_float(self.gamma, "RothRegularizer.gamma", low=0.0)

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return gamma / 2 * (E (1 - D(real))^2 ||grad||^2 + E D(fake)^2 ||grad||^2), grad that of the logit."""
        at_real = gradient_penalty(D, real, weights=lambda logits: torch.sigmoid(-logits).square())
        at_fake = gradient_penalty(D, fake, weights=lambda logits: torch.sigmoid(logits).square())
        return 0.5 * self.gamma * (at_real + at_fake)
