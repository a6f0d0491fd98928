"""Self-attention and large-scale recipes: SAGAN, and BigGAN at the size of small images."""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.gans._assemble import NormalPrior, Recipe, assemble
from evogan.gans._conditional import residual_networks
from evogan.losses import Hinge
from evogan.nets import (
    Discriminator,
    ResNetNetworks,
    biggan_generator,
    resnet_generator,
    resnet_trunk,
    truncated_latent,
)
from evogan.regularizers import OrthogonalRegularization, spectral_normalize
from evogan.training import Adam, GANSystem


def sagan(
    shape: tuple[int, ...],
    *,
    n_classes: int,
    networks: ResNetNetworks | None = None,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=4e-4, optimizer=Adam((0.0, 0.9))),
) -> GANSystem:
    """Make a class-conditional GAN with self-attention at half the image's size, in both networks.

    H. Zhang, I. Goodfellow, D. Metaxas, A. Odena, "Self-attention generative adversarial networks", ICML 2019, sec.
    3-5: spectral normalization of both networks' linear and convolution layers, two learning rates, hinge loss,
    conditional batch normalization and projection. Images only, square, of a size that is a power of two.

    Departs from the paper: networks for small images (Miyato et al. 2018, table 4); at 128 pixels its attention that
    did best stands at a quarter of the size.
    """
    nets = residual_networks(networks)
    n_classes = check_int(n_classes, "n_classes", low=1)
    at = _half(shape)
    G = resnet_generator(shape, n_latent=nets.n_latent, width=nets.width_G, n_classes=n_classes, attention_at=at)
    trunk = resnet_trunk(shape, width=nets.width_D, attention_at=at)
    return assemble(
        shape,
        nets,
        recipe,
        G=_normalize_layers(G),
        D=spectral_normalize(Discriminator(trunk, projection=n_classes)),
        n_classes=n_classes,
        loss=Hinge(),
    )


class BigGANSystem(GANSystem):
    """A system made by :func:`biggan`, whose samples can be made more typical at the price of variety."""

    def sample(
        self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None, truncation: float | None = None
    ) -> Tensor:
        """Return ``n`` samples; with ``truncation`` from latents none of whose entries exceeds it in size.

        Brock et al. 2019, sec. 3.1. None means the whole normal distribution, from which training draws too.
        """
        prior = cast(NormalPrior, self.trainer.prior)
        if truncation is not None:
            self.trainer.prior = partial(truncated_latent, n_latent=prior.n_latent, threshold=truncation)
        try:
            return super().sample(n, rng=rng, labels=labels)
        finally:
            self.trainer.prior = prior


def biggan(
    shape: tuple[int, ...],
    *,
    n_classes: int,
    networks: ResNetNetworks | None = None,
    orthogonal: float = 1e-4,
    recipe: Recipe = Recipe(lr_G=5e-5, lr_D=2e-4, optimizer=Adam((0.0, 0.999)), n_critic=2, ema=0.9999),
) -> BigGANSystem:
    """Make BigGAN's parts into a system for small images, square, of a size that is a power of two.

    A. Brock, J. Donahue, K. Simonyan, "Large scale GAN training for high fidelity natural image synthesis", ICLR
    2019, sec. 3 and app. B-C: one embedding of the class shared by all conditional batch normalizations, a latent of
    which every block gets its part, projection, self-attention at half the size, hinge loss, spectral and orthogonal
    regularization, a moving average, and truncated latents (``sample(..., truncation=0.5)``).

    Departs from the paper: none of its scores can be reproduced, for its networks of 128 to 512 pixels, batches of
    2048 (``batch_size`` belongs to the loop), batch statistics across devices and standing statistics are left out;
    the discriminator's weights do not start orthogonal; orthogonal are to be the spectrally normalised weights.

    Args:
        shape: ``(c, size, size)``.
        n_classes: number of classes.
        networks: sizes; None means 120 latent columns and 256 channels in both networks. ``width_G`` must be a
            multiple of 4.
        orthogonal: weight of the generator's orthogonal regularization.
        recipe: how it is trained.
    """
    nets = residual_networks(networks or ResNetNetworks(n_latent=120, width_G=256, width_D=256))
    n_classes = check_int(n_classes, "n_classes", low=1)
    if nets.width_G % 4:
        raise ValueError(f"networks.width_G must be a multiple of 4 for BigGAN, got {nets.width_G}")
    at = _half(shape)
    G = biggan_generator(shape, n_latent=nets.n_latent, n_classes=n_classes, width=nets.width_G // 4, attention_at=at)
    trunk = resnet_trunk(shape, width=nets.width_D, attention_at=at)
    system = assemble(
        shape,
        nets,
        recipe,
        G=_normalize_layers(G),
        D=spectral_normalize(Discriminator(trunk, projection=n_classes)),
        n_classes=n_classes,
        kind=BigGANSystem,
        loss=Hinge(),
        auxiliaries=[OrthogonalRegularization(orthogonal)],
    )
    return cast(BigGANSystem, system)


def _half(shape: tuple[int, ...]) -> int:
    """Return where attention stands; smaller maps than 8x8 have none."""
    return max(8, shape[-1] // 2)


def _normalize_layers(G: nn.Module) -> nn.Module:
    """Normalise a generator's linear and convolution layers, but no embedding.

    Those are gains and biases of classes: biases of zero have no direction to normalise.
    """
    for layer in list(G.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            spectral_normalize(layer)
    return G
