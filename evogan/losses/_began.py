"""BEGAN: the discriminator is an autoencoder, balanced against the generator by a controller."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float
from evogan.losses._step import Step
from evogan.nets._critic import logits_of


class BEGAN(nn.Module):
    """Autoencoding errors as scores: the discriminator separates them, the generator lowers those of fakes.

    D. Berthelot, T. Schumm, L. Metz, "BEGAN: boundary equilibrium generative adversarial networks", arXiv
    1703.10717, 2017, sec. 3.3-3.4. The discriminator's logit is minus the reconstruction error, -L(v), per sample.

    Args:
        gamma: the diversity ratio in [0, 1], the wanted E L(G(z)) / E L(x); low values give less variety.
        lambda_k: the gain of the controller.

    Attributes:
        k: how much of the discriminator's effort goes into fakes, in [0, 1]; starts at 0.
        convergence: the measure ``M = L(x) + |gamma L(x) - L(G(z))|`` of the last update; 0 before.
    """

    k: Tensor
    convergence: Tensor

    def __init__(self, gamma: float = 0.5, lambda_k: float = 1e-3) -> None:
        super().__init__()
        self.gamma = check_float(gamma, "BEGAN.gamma", low=0.0, high=1.0)
        self.lambda_k = check_float(lambda_k, "BEGAN.lambda_k", low=0.0)
        self.register_buffer("k", torch.zeros(()))
        self.register_buffer("convergence", torch.zeros(()))

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return E L(x) - k E L(G(z))."""
        return self.k * d_fake.mean() - d_real.mean()

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return E L(G(z))."""
        return -d_fake.mean()

    @torch.no_grad()
    def update(self, step: Step) -> None:
        """Move k towards the balance gamma E L(x) = E L(G(z)), and record the convergence measure."""
        of_real, of_fake = (-logits_of(d).to(self.k).mean() for d in (step.d_real, step.d_fake))
        balance = self.gamma * of_real - of_fake
        self.k.copy_((self.k + self.lambda_k * balance).clamp(0, 1))
        self.convergence.copy_(of_real + balance.abs())

    def extra_repr(self) -> str:
        """Name the constants."""
        return f"gamma={self.gamma}, lambda_k={self.lambda_k}"
