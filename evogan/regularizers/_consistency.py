"""The consistency term: two passes under different dropout masks should agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from evogan._internal.checks import check_float
from evogan.nets._critic import Critic, logits_of
from evogan.regularizers._base import Judge


@dataclass(frozen=True)
class ConsistencyTerm:
    """How far the critic's outputs and features at a real sample move under another dropout mask.

    X. Wei et al., "Improving the improved training of Wasserstein GANs", ICLR 2018, eq. 4-5: added to WGAN-GP's own
    penalty, it holds the critic's slope near real samples, which points between real and fake seldom reach. As in
    the authors' code the distance d is the squared difference, averaged over features, and the margin is M' = 0.

    ``D`` must hold dropout and be in training mode, or the term is 0. Features enter where ``D`` returns a
    :class:`~evogan.nets.Critic` that has them.
    """

    weight: float = 2.0
    margin: float = 0.0
    feature_weight: float = 0.1

    def __post_init__(self) -> None:
        for name in ("weight", "margin", "feature_weight"):
            check_float(getattr(self, name), f"ConsistencyTerm.{name}", low=0.0)

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return weight * E max(0, d(logits) + feature_weight * d(features) - margin) at ``real``."""
        first, second = D(real), D(real)
        distance = _distance(logits_of(first), logits_of(second))
        outputs = [output for output in (first, second) if isinstance(output, Critic)]
        hidden = [output.features for output in outputs if output.features is not None]
        if hidden:
            distance = distance + self.feature_weight * _distance(hidden[0], hidden[1])
        return self.weight * (distance - self.margin).clamp(min=0.0).mean()


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean squared difference of each sample's entries, ``(n,)``."""
    return (a - b).square().reshape(len(a), -1).mean(dim=1)
