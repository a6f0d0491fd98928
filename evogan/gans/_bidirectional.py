"""Systems with an encoder that learns to undo the generator, judged by a discriminator of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from evogan._internal.checks import check_float
from evogan._internal.samples import evaluating
from evogan.gans._assemble import Recipe, assemble
from evogan.losses import GANQP, NonSaturating, RolesSwapped, Step
from evogan.nets import Encoder, GaussianEncoder, JointDiscriminator, Networks, default_networks
from evogan.training import GANSystem

_CHUNK = 500  # samples at once: bounds memory


class EncoderSystem(GANSystem):
    """A system that reads latent vectors back from samples.

    The encoder goes with the generator as trained: :meth:`reconstruct` does not use the moving average.
    """

    def latents(self, x: Tensor) -> Tensor:
        """Return what the encoder makes of ``x`` in whatever mode it is."""
        latents: Tensor = cast(nn.Module, self.trainer.encoder)(x)
        return latents

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Return latent vectors ``(n, n_latent)`` of samples ``(n, *shape)``, their means where E is stochastic.

        Raises:
            ValueError: samples of another shape.
        """
        if x.shape[1:] != self.shape:
            raise ValueError(f"x must have shape (n, {', '.join(map(str, self.shape))}), got {tuple(x.shape)}")
        with evaluating(self.trainer.D if self.trainer.encoder is None else self.trainer.encoder):
            return torch.cat([self.latents(part) for part in x.to(self.device).split(_CHUNK)])

    @torch.no_grad()
    def reconstruct(self, x: Tensor) -> Tensor:
        """Return what the generator makes of the latent vectors of samples ``(n, *shape)``, in the same shape."""
        latents = self.encode(x)
        with evaluating(self.trainer.G):
            return torch.cat([self.trainer.G(part) for part in latents.split(_CHUNK)])


class SampledEncoder(nn.Module):
    """A Gaussian encoder as a map to latent vectors: drawn in training mode, the means in evaluation mode."""

    def __init__(self, encoder: GaussianEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor) -> Tensor:
        """Map samples ``(n, ...)`` to ``(n, n_latent)``."""
        if self.training:
            return self.encoder.sample(x)
        mean, _ = self.encoder(x)
        return cast(Tensor, mean)


@dataclass(frozen=True, eq=False)
class PairReconstruction:
    """Guides for E and G: latent_weight * E (z - E(G(z)))^2 + sample_weight * E (x - G(E(x)))^2, means over entries.

    G(z) in the first term and E(x) in the second are constants: the first trains the encoder alone, the second the
    generator alone. Otherwise the generator would help the encoder by hiding codes in the samples.
    """

    encoder: nn.Module
    latent_weight: float = 2.0
    sample_weight: float = 3.0

    def __post_init__(self) -> None:
        check_float(self.latent_weight, "latent_weight", low=0.0)
        check_float(self.sample_weight, "sample_weight", low=0.0)

    def discriminator(self, step: Step) -> None:
        """Return None."""

    def generator(self, step: Step) -> Tensor:
        """Return both terms, from the pairs ``(x, E(x))`` and ``(G(z), z)``."""
        (x, encoded), (generated, z) = step.real, step.fake
        latent_error = mse_loss(self.encoder(generated.detach()), z)
        return self.latent_weight * latent_error + self.sample_weight * mse_loss(step.G(encoded.detach()), x)


def bigan(shape: tuple[int, ...], *, networks: Networks | None = None, recipe: Recipe = Recipe()) -> EncoderSystem:
    """Make a bidirectional GAN: the discriminator tells pairs (x, E(x)) from pairs (G(z), z).

    J. Donahue, P. Krähenbühl, T. Darrell, "Adversarial feature learning", ICLR 2017, eq. 2-3; encoder and generator
    minimise the discriminator's loss of exchanged labels (sec. 3.4).

    Departs from the paper: a normal prior for the uniform one, no weight decay.
    """
    nets = default_networks(shape) if networks is None else networks
    return _bidirectional(shape, nets, recipe, encoder=Encoder(nets.trunk(shape), nets.n_latent))


def ali(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    dropout: float = 0.2,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=1e-4),
) -> EncoderSystem:
    """Make a system of adversarially learned inference: a BiGAN with a stochastic encoder.

    V. Dumoulin et al., "Adversarially learned inference", ICLR 2017, eq. 2 and algorithm 1; ``dropout`` is the
    discriminator's, in the layers that read the latent vector.
    """
    nets = default_networks(shape) if networks is None else networks
    encoder = SampledEncoder(GaussianEncoder(nets.trunk(shape), nets.n_latent))
    D = JointDiscriminator(nets.trunk(shape, dropout=dropout), nets.n_latent, dropout=dropout)
    return _bidirectional(shape, nets, recipe, encoder=encoder, D=D)


def bigan_qp(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    weight: float = 10.0,
    latent_weight: float = 2.0,
    sample_weight: float = 3.0,
    recipe: Recipe = Recipe(n_critic=2),
) -> EncoderSystem:
    """Make a BiGAN with GAN-QP's loss and two guides.

    J. Su, "BiGAN-QP: a simple and clear encoding and generative model", kexue.fm/archives/6214, 2018; the loss is that
    of "GAN-QP", arXiv 1811.07296, on pairs, their distance the sum of both parts' mean absolute differences.

    Args:
        shape: of one sample.
        networks: None means the default for the shape.
        weight: lambda of the quadratic potential.
        latent_weight: beta_1, of (z - E(G(z)))^2, which trains the encoder alone.
        sample_weight: beta_2, of (x - G(E(x)))^2, which trains the generator alone.
        recipe: how it is trained.
    """
    nets = default_networks(shape) if networks is None else networks
    encoder = Encoder(nets.trunk(shape), nets.n_latent)
    guides = PairReconstruction(encoder, latent_weight, sample_weight)
    return _bidirectional(shape, nets, recipe, encoder=encoder, loss=GANQP(weight), auxiliaries=[guides])


def _bidirectional(
    shape: tuple[int, ...], nets: Networks, recipe: Recipe, *, D: nn.Module | None = None, **parts: Any
) -> EncoderSystem:
    D = JointDiscriminator(nets.trunk(shape), nets.n_latent) if D is None else D
    parts.setdefault("loss", RolesSwapped(NonSaturating()))
    return cast(EncoderSystem, assemble(shape, nets, recipe, D=D, kind=EncoderSystem, **parts))
