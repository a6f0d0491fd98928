"""Gradient penalties. The norm is taken per sample (never over the batch), over all of a sample's entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float


@runtime_checkable
class Regularizer(Protocol):
    """A penalty on the discriminator ``D``: a scalar to be added to its loss."""

    def __call__(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Return the weighted penalty."""
        ...


def gradient_penalty(D: nn.Module, x: Tensor, *, center: float = 0.0) -> Tensor:
    """Return the mean over samples of (||grad D(x)||_2 - center)^2.

    Args:
        D: maps ``(n, ...)`` to logits ``(n, ...)``; several logits of a sample (patches) are summed.
        x: ``(n, ...)`` points where the gradient is taken: vectors and images alike.
        center: the wanted norm; 0 gives the plain squared norm, smooth also where the gradient vanishes.
    """
    x = x.detach().requires_grad_(True)
    (grad,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    squared = grad.flatten(1).square().sum(dim=1)
    if center == 0.0:
        return squared.mean()
    # The square root has no derivative at 0: a tiny floor keeps the second derivative finite.
    return ((squared + 1e-12).sqrt() - center).square().mean()


@dataclass(frozen=True)
class GradientPenalty:
    """The penalty of WGAN-GP at random points on the lines between real and fake samples.

    I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, eq. 3. Where the batches differ
    in length, the longer one is cut.
    """

    weight: float = 10.0
    center: float = 1.0

    def __post_init__(self) -> None:
        check_float(self.weight, "GradientPenalty.weight", low=0.0)
        check_float(self.center, "GradientPenalty.center", low=0.0)

    def __call__(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Return weight * E (||grad D|| - center)^2 between ``real`` and ``fake``."""
        n = min(len(real), len(fake))
        alpha = torch.rand(n, *[1] * (real.dim() - 1), device=real.device, dtype=real.dtype)
        between = alpha * real[:n] + (1 - alpha) * fake[:n]
        return self.weight * gradient_penalty(D, between, center=self.center)


@dataclass(frozen=True)
class R1:
    """Half the squared gradient at real samples, times ``gamma``.

    L. Mescheder, A. Geiger, S. Nowozin, "Which training methods for GANs do actually converge?", ICML 2018, eq. 9.
    """

    gamma: float = 10.0

    def __post_init__(self) -> None:
        check_float(self.gamma, f"{type(self).__name__}.gamma", low=0.0)

    def __call__(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Return gamma / 2 * E ||grad D(real)||^2."""
        return 0.5 * self.gamma * gradient_penalty(D, real)


@dataclass(frozen=True)
class R2(R1):
    """Half the squared gradient at fake samples, times ``gamma``; Mescheder et al., ICML 2018, eq. 10."""

    def __call__(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Return gamma / 2 * E ||grad D(fake)||^2."""
        return 0.5 * self.gamma * gradient_penalty(D, fake)
