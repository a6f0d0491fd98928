"""A variational autoencoder of decision vectors.

D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.models._standardised import Descent, StandardisedModel
from evogan.nets import mlp

# Log variance of the decoder: at the lower end its spread is a twentieth of the solutions'.
_LOW, _HIGH = -6.0, 2.0


class VAE(StandardisedModel[Descent]):
    """A variational autoencoder with Gaussian encoder and decoder (appendix C.2), on standardised variables.

    Samples are drawn from the decoder's distribution, not its means alone: what the latent vector does not tell stays
    in their spread.

    Departs from the paper: SiLU in place of tanh and two hidden layers; one variance of the decoder for each variable,
    whatever the latent vector is; Adam; a condition, seen by both networks.

    Args:
        n_latent: variables of the latent vector.
        n_steps: steps of a fit that goes on from the last one.
        n_first_steps: steps of a fit with new networks.
        batch_size: solutions of one step, at least 2.
        lr: Adam's learning rate.
        betas: Adam's decay rates.
        hidden: widths of both networks' hidden layers.
        warm_start: continue from the last fit's networks where the numbers of variables and of conditions are the same.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> VAE(n_first_steps=10).fit(rng.random((20, 3)), rng=rng).sample(5, rng=rng).shape
        (5, 3)
    """

    def __init__(
        self,
        *,
        n_latent: int = 8,
        n_steps: int = 20,
        n_first_steps: int = 100,
        batch_size: int = 80,
        lr: float = 5e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        hidden: Sequence[int] = (64, 64),
        warm_start: bool = True,
    ) -> None:
        super().__init__(
            n_steps=n_steps,
            n_first_steps=n_first_steps,
            batch_size=batch_size,
            lr=lr,
            betas=betas,
            hidden=hidden,
            warm_start=warm_start,
        )
        self.n_latent = check_int(n_latent, "n_latent", low=1)

    def _make(self, n_var: int, n_condition: int) -> Descent:
        return Descent(Autoencoder(n_var, n_condition, self.n_latent, self.hidden), self.lr, self.betas)

    def _block(self, learner: Descent, z: Tensor, c: Tensor) -> Tensor:
        net, noise = cast(Autoencoder, learner.net), torch.randn(*z.shape[:2], self.n_latent)

        def losses() -> Iterator[Tensor]:
            for x, given, epsilon in zip(z, c, noise, strict=True):
                mean, log_var = net.encode(x, given)
                u = mean + (0.5 * log_var).exp() * epsilon
                out, spread = net.decode(u, given)
                yield (kl_to_standard(mean, log_var) - log_normal(x, out, spread)).mean()  # eq. 10, L = 1

        return learner.steps(losses())

    def _generate(self, learner: Descent, c: Tensor) -> Tensor:
        mean, log_var = cast(Autoencoder, learner.net).decode(torch.randn(len(c), self.n_latent), c)
        return mean + (0.5 * log_var).exp() * torch.randn_like(mean)


class Autoencoder(nn.Module):
    """q(u | x, c) and p(x | u, c), both normal with diagonal covariance."""

    def __init__(self, n_var: int, n_condition: int, n_latent: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.encoder = mlp([n_var + n_condition, *hidden, 2 * n_latent], activation=nn.SiLU)
        self.decoder = mlp([n_latent + n_condition, *hidden, n_var], activation=nn.SiLU)
        self.log_var = nn.Parameter(torch.zeros(n_var))

    def encode(self, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of the latent vector ``(n, n_latent)``."""
        mean, log_var = self.encoder(torch.cat([x, c], dim=1)).chunk(2, dim=1)
        return mean, log_var

    def decode(self, u: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean ``(n, n_var)`` and log variance ``(n_var,)`` of the solution."""
        return self.decoder(torch.cat([u, c], dim=1)), self.log_var.clamp(_LOW, _HIGH)


def kl_to_standard(mean: Tensor, log_var: Tensor) -> Tensor:
    """Return the divergence of N(mean, exp(log_var)) from N(0, I) for each row; appendix B, with the sign turned."""
    return 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(dim=1)


def log_normal(x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Return log N(x; mean, exp(log_var)) for each row, without the constant."""
    return -0.5 * ((x - mean).square() * (-log_var).exp() + log_var).sum(dim=1)
