"""Noise on everything that a discriminator sees."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan._internal.samples import map_parts


class InstanceNoise(nn.Module):
    """Add Gaussian noise to real and fake samples before ``D``, in training mode only.

    C. K. Sønderby et al., "Amortised MAP inference for image super-resolution", ICLR 2017, sec. 3.2.1: with noise
    the two distributions overlap, and the discriminator cannot win outright.

    Args:
        D: the discriminator; a condition is passed on to it.
        sigma: standard deviation of the noise, in units of the samples.
        decay_steps: discriminator steps in which the noise falls linearly to 0; None keeps it. They are counted by
            :meth:`advance`, a constraint of the trainer: it runs once per discriminator step, and the count is saved
            with the discriminator.

    Example:
        >>> D = InstanceNoise(nn.Linear(2, 1), sigma=0.5, decay_steps=1000)
        >>> for _ in range(250):  # AdversarialTrainer(G, D, constraints=[InstanceNoise.advance], ...) does this
        ...     InstanceNoise.advance(D)
        >>> D.level().item()
        0.375
    """

    steps: Tensor

    def __init__(self, D: nn.Module, sigma: float, *, decay_steps: int | None = None) -> None:
        super().__init__()
        self.D = D
        self.sigma = check_float(sigma, "InstanceNoise.sigma", low=0.0)
        self.decay_steps = decay_steps if decay_steps is None else check_int(decay_steps, "decay_steps", low=1)
        self.register_buffer("steps", torch.tensor(0))

    def level(self) -> Tensor:
        """Return the present standard deviation."""
        if self.decay_steps is None:
            return torch.tensor(self.sigma)
        return self.sigma * (1 - self.steps / self.decay_steps).clamp(min=0.0)

    def forward(self, x: Any, *condition: Any) -> Any:
        """Return what D says of noisy samples."""
        if self.training:
            level = self.level()
            x = map_parts(lambda part: part + level * torch.randn_like(part), x)
        return self.D(x, *condition)

    @staticmethod
    def advance(D: nn.Module) -> None:
        """Count a discriminator step in every instance noise inside ``D``."""
        for module in D.modules():
            if isinstance(module, InstanceNoise):
                module.steps += 1
