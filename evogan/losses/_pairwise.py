"""Losses of pairs, one real with one fake sample, and their distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from evogan._internal.checks import check_float
from evogan._internal.samples import parts_of

Sample = Tensor | tuple[Tensor, ...]


def _distance(a: Sample, b: Sample, of_rows: Callable[[Tensor], Tensor]) -> Tensor:
    pairs = zip(parts_of(a), parts_of(b), strict=True)
    return torch.stack([of_rows((p - q).reshape(len(p), -1)) for p, q in pairs]).sum(dim=0)


def mean_l1(a: Sample, b: Sample) -> Tensor:
    """Return ``(n,)`` mean absolute differences per sample; those of a tuple's tensors are added."""
    return _distance(a, b, lambda rows: rows.abs().mean(dim=1))


def mean_l2(a: Sample, b: Sample) -> Tensor:
    """Return ``(n,)`` root mean squared differences per sample; those of a tuple's tensors are added."""
    return _distance(a, b, lambda rows: rows.square().mean(dim=1).sqrt())


@dataclass(frozen=True)
class GANQP:
    """A critic whose own quadratic term bounds its slope: no gradient penalty, no vanishing gradient.

    J. Su, "GAN-QP: a novel GAN framework without gradient vanishing and Lipschitz constraint", arXiv 1811.07296,
    2018. With dT = d_real - d_fake of a pair at distance d, the critic minimises -dT + dT^2 / (2 weight d), whose
    minimum is dT = weight d; the generator minimises dT. The paper trains the critic twice per generator step.

    Pairs are formed in order; a longer batch is cut to the shorter. Several logits of a sample are averaged first.

    Args:
        weight: the slope that the critic settles at.
        distance: ``(n,)`` distances of two batches, e.g. :func:`mean_l1` or :func:`mean_l2`. They are taken as
            constants, and at least 1e-6, lest a fake sample equal to its real one divide by zero.
    """

    weight: float = 10.0
    distance: Callable[[Sample, Sample], Tensor] = mean_l1

    def __post_init__(self) -> None:
        check_float(self.weight, "GANQP.weight", low=0.0, low_open=True)
        if not callable(self.distance):
            raise TypeError(f"GANQP.distance must be a function such as mean_l1, got {self.distance!r}")

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Sample, fake: Sample) -> Tensor:
        """Return E[-dT + dT^2 / (2 weight d)]."""
        gap = _gaps(d_real, d_fake)
        with torch.no_grad():
            n = len(gap)
            distance = self.distance(_first(real, n), _first(fake, n)).clamp(min=1e-6)
        return (-gap + gap.square() / (2 * self.weight * distance)).mean()

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Sample, fake: Sample) -> Tensor:
        """Return E[dT]."""
        return _gaps(d_real, d_fake).mean()


def _gaps(d_real: Tensor, d_fake: Tensor) -> Tensor:
    n = min(len(d_real), len(d_fake))
    return (d_real[:n] - d_fake[:n]).reshape(n, -1).mean(dim=1)


def _first(x: Sample, n: int) -> Sample:
    return tuple(part[:n] for part in x) if isinstance(x, tuple) else x[:n]
