"""The variational autoencoder: a bound of the likelihood instead of a critic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float
from evogan.gans._assemble import Recipe, assemble
from evogan.gans._bidirectional import EncoderSystem
from evogan.nets import Critic, GaussianEncoder, Networks, default_networks, kl_to_standard_normal
from evogan.training import Adam, AdversarialTrainer, Batch
from evogan.training._distributed import average_across_processes


class Posterior(nn.Module):
    """A Gaussian encoder as a critic: the logit is -KL(q(z | x) || N(0, I)) in nats, so 0 is the highest."""

    def __init__(self, encoder: GaussianEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor, condition: None = None) -> Critic:
        """Judge ``(n, *shape)``; ``code`` holds means and log variances, ``(n, 2 * n_latent)``."""
        mean, log_variance = self.encoder(x)
        return Critic(-kl_to_standard_normal(mean, log_variance)[:, None], code=torch.cat([mean, log_variance], dim=1))


def draw(code: Tensor) -> Tensor:
    """Return one latent vector per row of means and log variances, drawn so that gradients reach both."""
    mean, log_variance = code.float().chunk(2, dim=1)
    return mean + (0.5 * log_variance).exp() * torch.randn_like(mean)


def gaussian_nll(x: Tensor, mean: Tensor, variance: float | None) -> Tensor:
    """Return ``(n,)`` negative log densities of samples ``(n, ...)`` under N(mean, variance I), in nats.

    ``variance=None`` is the likeliest one for the batch, its mean squared error; it is taken as a constant, since the
    density's derivative by it is zero there.
    """
    error = (x - mean).square()
    var = error.detach().mean().clamp(min=1e-6) if variance is None else torch.as_tensor(variance)
    return 0.5 * (error / var + torch.log(2 * math.pi * var)).flatten(1).sum(1)


class VAETrainer(AdversarialTrainer):
    """A trainer whose D is a :class:`Posterior`; both networks descend one loss, -log p(x | z) + beta KL.

    Each has its optimizer. Since these treat every parameter by itself, two are as good as one.
    """

    def __init__(self, *networks: Any, beta: float, variance: float | None, **parts: Any) -> None:
        super().__init__(*networks, **parts)
        self.beta = check_float(beta, "beta", low=0.0)
        self.variance = None if variance is None else check_float(variance, "variance", low=0.0, low_open=True)

    def terms(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return E -log p(x | z) and E KL(q(z | x) || N(0, I)) of a batch, in nats."""
        with self._cast():
            said = self.D(x)
            decoded = self.G(draw(said.code))
        return gaussian_nll(x, decoded.float(), self.variance).mean(), -said.logits.float().mean()

    def step(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Update both networks once; return both terms, detached."""
        nll, kl = self.terms(x)
        params = [*self._params_G, *self._params_D]
        grads = torch.autograd.grad(nll + self.beta * kl, params)
        average_across_processes(grads)
        for param, grad in zip(params, grads, strict=True):
            param.grad = grad
        self.optimizer_G.step()
        self.optimizer_D.step()
        return nll.detach(), kl.detach()


class PosteriorSystem(EncoderSystem):
    """A system whose discriminator is a :class:`Posterior`."""

    def latents(self, x: Tensor) -> Tensor:
        """Return the means of q(z | x)."""
        mean, _ = cast(Posterior, self.trainer.D).encoder(x)
        return cast(Tensor, mean)


class VAESystem(PosteriorSystem):
    """A system made by :func:`vae`; its samples are the decoder's means, without noise."""

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make one step of both networks; return both terms of the bound, in nats per sample."""
        self.set_rates()
        nll, kl = cast(VAETrainer, self.trainer).step(self.real(batches()))
        if self.ema is not None:
            self.ema.update_parameters(self.trainer.G)
        self.n_steps += 1
        return {"reconstruction": nll, "kl": kl}


def vae(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    beta: float = 1.0,
    variance: float | None = None,
    recipe: Recipe = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.9, 0.999)), ema=None),
) -> VAESystem:
    """Make a variational autoencoder with a Gaussian decoder.

    D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014, eq. 10 with one latent vector per sample.

    Departs from the paper: the decoder's variance is one number for all entries, by default the likeliest one for the
    batch (O. Rybkin, K. Daniilidis, S. Levine, "Simple and effective VAE training with calibrated decoders", ICML
    2021, sec. 4); Adam for Adagrad.

    Args:
        shape: of one sample.
        networks: None means the default for the shape: its generator decodes, its trunk encodes.
        beta: weight of the divergence; I. Higgins et al., "beta-VAE", ICLR 2017.
        variance: of the decoder; None estimates it from each batch.
        recipe: how it is trained; ``lr_D`` is the encoder's.
    """
    nets = default_networks(shape) if networks is None else networks
    D = Posterior(GaussianEncoder(nets.trunk(shape), nets.n_latent))
    kind, trainer = VAESystem, VAETrainer
    system = assemble(shape, nets, recipe, D=D, kind=kind, trainer=trainer, beta=beta, variance=variance)
    return cast(VAESystem, system)
