"""Optimizers as settings: a kind without its learning rate, since the two players often differ in that alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch

from evogan._internal.checks import check_float
from evogan.training._trainer import OptimizerFactory, adam


class Optimizer(Protocol):
    """Makes the factory of an optimizer for a learning rate."""

    def __call__(self, lr: float) -> OptimizerFactory: ...


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015); the first moment's decay of .5 is Radford et al.'s, 2016."""

    betas: tuple[float, float] = (0.5, 0.999)

    def __post_init__(self) -> None:
        if not isinstance(self.betas, tuple | list) or len(self.betas) != 2:
            raise TypeError(f"Adam.betas must be two decays such as (0.5, 0.999), got {self.betas!r}")
        for beta in self.betas:
            check_float(beta, "Adam.betas", low=0.0, high=0.999999)
        object.__setattr__(self, "betas", (float(self.betas[0]), float(self.betas[1])))

    def __call__(self, lr: float) -> OptimizerFactory:
        """Return a factory of fused Adam optimizers."""
        return adam(lr, betas=self.betas)


@dataclass(frozen=True)
class RMSprop:
    """RMSprop without momentum, which Wasserstein critics with clipped weights need."""

    alpha: float = 0.99

    def __call__(self, lr: float) -> OptimizerFactory:
        """Return a factory of RMSprop optimizers."""
        return partial(torch.optim.RMSprop, lr=lr, alpha=self.alpha)


@dataclass(frozen=True)
class SGD:
    """Gradient descent, with ``momentum`` if any."""

    momentum: float = 0.0

    def __call__(self, lr: float) -> OptimizerFactory:
        """Return a factory of SGD optimizers."""
        return partial(torch.optim.SGD, lr=lr, momentum=self.momentum)
