"""Deep convolutional GANs.

A. Radford, L. Metz, S. Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
networks", ICLR 2016, sec. 3-4: strided convolutions for all changes of size, batch normalization except at the
images, ReLU in the generator and leaky ReLU in the discriminator, weights from N(0, 0.02^2).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from evogan._internal.checks import check_bool, check_float, check_int
from evogan.nets._trunks import Trunk, image_levels


def dcgan_generator(
    shape: Sequence[int], *, n_latent: int = 100, width: int = 64, batch_norm: bool = True
) -> nn.Sequential:
    """Build a generator from ``(n, n_latent)`` to images ``(n, *shape)`` in [-1, 1].

    Args:
        shape: ``(c, size, size)``, the size a power of two from 8 on.
        n_latent: columns of the latent.
        width: channels at half the image size, doubled for each halving down to 4x4.
        batch_norm: as in the paper; E-GAN's authors leave it out of the generator.
    """
    channels, levels = image_levels(shape)
    check_int(n_latent, "n_latent", low=1)
    plain = not check_bool(batch_norm, "batch_norm")
    n = check_int(width, "width", low=1) * 2 ** (levels - 1)
    layers: list[nn.Module] = [nn.Linear(n_latent, n * 16, bias=plain), nn.Unflatten(1, (n, 4, 4))]
    layers += [nn.ReLU()] if plain else [nn.BatchNorm2d(n), nn.ReLU()]
    for _ in range(levels - 1):
        n //= 2
        layers.append(nn.ConvTranspose2d(2 * n, n, 4, 2, 1, bias=plain))
        layers += [nn.ReLU()] if plain else [nn.BatchNorm2d(n), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(n, channels, 4, 2, 1), nn.Tanh()).apply(_initialise)


def dcgan_trunk(shape: Sequence[int], *, width: int = 64, batch_norm: bool = True, dropout: float = 0.0) -> Trunk:
    """Build the mirror image of :func:`dcgan_generator`: images to their ``16 * channels`` features at 4x4.

    Args:
        shape: ``(c, size, size)``, the size a power of two from 8 on.
        width: channels at half the image size, doubled for each halving down to 4x4.
        batch_norm: as in the paper; False suits gradient penalties, which need samples judged one by one.
        dropout: share of features dropped after every activation.
    """
    channels, levels = image_levels(shape)
    n = check_int(width, "width", low=1)
    check_bool(batch_norm, "batch_norm")
    dropout = check_float(dropout, "dropout", low=0.0, high=1.0)
    layers: list[nn.Module] = []
    for level in range(levels):
        normed = batch_norm and level > 0
        layers.append(nn.Conv2d(n // 2 if level else channels, n, 4, 2, 1, bias=not normed))
        layers += [nn.BatchNorm2d(n)] if normed else []
        layers.append(nn.LeakyReLU(0.2))
        layers += [nn.Dropout(dropout)] if dropout else []
        n *= 2
    return Trunk(*layers, nn.Flatten(), n_features=n // 2 * 16).apply(_initialise)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
