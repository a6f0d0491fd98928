"""Gradient penalties. The norm is taken per sample (never over the batch), over all of a sample's entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from evogan._internal.checks import check_bool, check_float
from evogan._internal.samples import map_parts, parts_of
from evogan.nets._critic import logits_of
from evogan.regularizers._base import Judge


def gradient_penalty(
    D: Judge,
    x: Any,
    *,
    center: float = 0.0,
    power: float = 2.0,
    one_sided: bool = False,
    weights: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Return the mean over samples of ``weight * |norm of grad D(x) - center|^power``.

    Args:
        D: maps samples to logits ``(n, ...)`` or a critic; several logits of a sample (patches) are summed.
        x: where the gradient is taken: ``(n, ...)``, vectors and images alike, or a tuple of such tensors, whose
            norm is that of all entries of all of them.
        center: the wanted norm; 0 gives the plain norm, whose square is smooth also where the gradient vanishes.
        power: of the distance between the norm and ``center``.
        one_sided: whether norms below ``center`` are free.
        weights: maps the logits to weights of their shape, averaged within a sample; they are differentiated too.
            None weights all samples alike.

    Example:
        >>> slope_five = lambda x: 3 * x[:, 0] - 4 * x[:, 1]
        >>> gradient_penalty(slope_five, torch.rand(7, 2), center=1.0).item()
        16.0
    """
    x = map_parts(lambda part: part.detach().requires_grad_(True), x)
    logits = logits_of(D(x))
    grads = torch.autograd.grad(logits.sum(), parts_of(x), create_graph=True)
    squares = [grad.flatten(1).square().sum(dim=1) for grad in grads]
    cost = sum(squares[1:], squares[0])
    if center != 0.0 or power != 2.0:
        # The square root has no derivative at 0: a tiny floor keeps the second derivative finite.
        gap = (cost + 1e-12).sqrt() - center
        cost = (gap.clamp(min=0.0) if one_sided else gap.abs()) ** power
    if weights is not None:
        cost = cost * weights(logits).reshape(len(cost), -1).mean(dim=1)
    return cost.mean()


def between(real: Any, fake: Any) -> Any:
    """Draw points on the lines between real and fake samples; the longer batch is cut.

    One number per sample places all parts of a tuple.
    """
    reals, fakes = parts_of(real), parts_of(fake)
    n = min(len(reals[0]), len(fakes[0]))
    alpha = torch.rand(n, device=reals[0].device, dtype=reals[0].dtype)

    def mix(r: Tensor, f: Tensor) -> Tensor:
        a = alpha.reshape(n, *[1] * (r.dim() - 1))
        return a * r[:n] + (1 - a) * f[:n]

    return map_parts(mix, real, fake)


@dataclass(frozen=True)
class GradientPenalty:
    """The penalty of WGAN-GP at random points on the lines between real and fake samples.

    I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, eq. 3. ``one_sided`` spares slopes
    below ``center``: WGAN-LP of H. Petzka, A. Fischer, D. Lukovnikov, "On the regularization of Wasserstein GANs",
    ICLR 2018. Where the batches differ in length, the longer one is cut.
    """

    weight: float = 10.0
    center: float = 1.0
    one_sided: bool = False

    def __post_init__(self) -> None:
        check_float(self.weight, "GradientPenalty.weight", low=0.0)
        check_float(self.center, "GradientPenalty.center", low=0.0)
        check_bool(self.one_sided, "GradientPenalty.one_sided")

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return weight * E (||grad D|| - center)^2 between ``real`` and ``fake``."""
        return self.weight * gradient_penalty(D, between(real, fake), center=self.center, one_sided=self.one_sided)


@dataclass(frozen=True)
class R1:
    """Half the squared gradient at real samples, times ``gamma``.

    L. Mescheder, A. Geiger, S. Nowozin, "Which training methods for GANs do actually converge?", ICML 2018, eq. 9.
    """

    gamma: float = 10.0

    def __post_init__(self) -> None:
        check_float(self.gamma, f"{type(self).__name__}.gamma", low=0.0)

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return gamma / 2 * E ||grad D(real)||^2."""
        return 0.5 * self.gamma * gradient_penalty(D, real)


@dataclass(frozen=True)
class R2(R1):
    """Half the squared gradient at fake samples, times ``gamma``; Mescheder et al., ICML 2018, eq. 10."""

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return gamma / 2 * E ||grad D(fake)||^2."""
        return 0.5 * self.gamma * gradient_penalty(D, fake)
