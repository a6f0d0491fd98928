"""A denoising diffusion model of decision vectors.

J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan.models._standardised import Descent, StandardisedModel
from evogan.nets import mlp

_LIMIT = 5.0  # the range of standardised solutions


class DiffusionModel(StandardisedModel[Descent]):
    """DDPM with predicted noise (eq. 14) and posterior variances (eq. 7), on standardised variables.

    Departs from the paper: decision vectors and a multilayer perceptron in place of images and a U-Net; few steps, and
    so larger variances beta_t, still on a line; the solution that predicted noise implies is clipped to the range of
    standardised solutions; a condition.

    Args:
        n_diffusion: steps T of the chain, at least 2.
        beta_first: variance of the noise added in the first step, in (0, 1).
        beta_last: the same in the last step.
        n_steps: steps of a fit that goes on from the last one.
        n_first_steps: steps of a fit with new networks.
        batch_size: solutions of one step, at least 2.
        lr: Adam's learning rate.
        betas: Adam's decay rates.
        hidden: widths of the hidden layers.
        warm_start: continue from the last fit's network where the numbers of variables and of conditions are the same.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> DiffusionModel(n_first_steps=10).fit(rng.random((20, 3)), rng=rng).sample(5, rng=rng).shape
        (5, 3)
    """

    def __init__(
        self,
        *,
        n_diffusion: int = 20,
        beta_first: float = 0.01,
        beta_last: float = 0.4,
        n_steps: int = 20,
        n_first_steps: int = 100,
        batch_size: int = 80,
        lr: float = 2e-3,
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
        self.n_diffusion = check_int(n_diffusion, "n_diffusion", low=2)
        below_one = math.nextafter(1.0, 0.0)
        self.beta_first = check_float(beta_first, "beta_first", low=0.0, high=below_one, low_open=True)
        self.beta_last = check_float(beta_last, "beta_last", low=0.0, high=below_one, low_open=True)

    def _make(self, n_var: int, n_condition: int) -> Descent:
        epsilon = mlp([n_var + n_condition + 1, *self.hidden, n_var], activation=nn.SiLU)
        return Descent(epsilon, self.lr, self.betas)

    def _block(self, learner: Descent, z: Tensor, c: Tensor) -> Tensor:
        step, noise = torch.randint(self.n_diffusion, (*z.shape[:2], 1)), torch.randn_like(z)
        kept = self._chain().kept[step]
        x_t = kept.sqrt() * z + (1 - kept).sqrt() * noise  # eq. 4
        inputs = torch.cat([x_t, c, self._time(step)], dim=2)
        loss = nn.functional.mse_loss
        return learner.steps(loss(learner.net(x), e) for x, e in zip(inputs, noise, strict=True))  # eq. 14

    def _generate(self, learner: Descent, c: Tensor) -> Tensor:
        chain, x = self._chain(), torch.randn(len(c), self._shape[0])
        for k in reversed(range(self.n_diffusion)):  # algorithm 2; k = t - 1
            t = self._time(torch.full((len(c), 1), k))
            noise = learner.net(torch.cat([x, c, t], dim=1))
            kept = chain.kept[k]
            x0 = ((x - (1 - kept).sqrt() * noise) / kept.sqrt()).clamp(-_LIMIT, _LIMIT)  # eq. 4 solved for x_0
            # The last variance is 0.
            x = chain.posterior_mean(x, x0, k) + chain.posterior_variance(k).sqrt() * torch.randn_like(x)
        return x

    def _chain(self) -> Chain:
        return Chain(torch.linspace(self.beta_first, self.beta_last, self.n_diffusion))

    def _time(self, step: Tensor) -> Tensor:
        return (2 * step + 1) / self.n_diffusion - 1


class Chain:
    """What follows from the variances ``beta`` ``(T,)`` of a chain; its steps count from 0."""

    def __init__(self, beta: Tensor) -> None:
        self.beta, self.kept = beta, (1 - beta).cumprod(dim=0)  # the paper's alpha-bar
        self.before = torch.cat([torch.ones(1), self.kept[:-1]])

    def posterior_mean(self, x_t: Tensor, x0: Tensor, k: int) -> Tensor:
        """Return the mean of x_(t-1) given x_t and x_0; eq. 7."""
        of_x0 = self.before[k].sqrt() * self.beta[k] / (1 - self.kept[k])
        of_x_t = (1 - self.beta[k]).sqrt() * (1 - self.before[k]) / (1 - self.kept[k])
        return of_x0 * x0 + of_x_t * x_t

    def posterior_variance(self, k: int) -> Tensor:
        """Return its variance; eq. 7."""
        return (1 - self.before[k]) / (1 - self.kept[k]) * self.beta[k]
