"""Constraints that are applied to a discriminator after each of its steps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from evogan._internal.checks import check_float


@dataclass(frozen=True)
class WeightClipping:
    """Clamp every parameter to [-bound, bound], biases and normalization layers included.

    M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein generative adversarial networks", ICML 2017, algorithm 1,
    line 7; the paper adds RMSProp at 5e-5 and five critic steps per generator step.

    Example:
        >>> layer = nn.Linear(3, 1)
        >>> WeightClipping(0.01)(layer)
        >>> bool(layer.weight.abs().max() <= 0.01)
        True
    """

    bound: float = 0.01

    def __post_init__(self) -> None:
        check_float(self.bound, "WeightClipping.bound", low=0.0, low_open=True)

    @torch.no_grad()
    def __call__(self, D: nn.Module) -> None:
        """Clamp the parameters of ``D`` in place."""
        for parameter in D.parameters():
            parameter.clamp_(-self.bound, self.bound)
