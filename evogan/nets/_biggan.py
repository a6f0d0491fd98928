"""The generator of BigGAN for small images, and the truncation of its latents.

A. Brock, J. Donahue, K. Simonyan, "Large scale GAN training for high fidelity natural image synthesis", ICLR 2019.
Its discriminator is a :func:`~evogan.nets.resnet_trunk` under a :class:`~evogan.nets.Discriminator` with projection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan.nets._conditional import check_labels
from evogan.nets._resnet import UpNet
from evogan.nets._trunks import image_levels


class LinearBatchNorm2d(nn.Module):
    """Batch normalization whose gain - 1 and bias are linear in a vector of each sample."""

    def __init__(self, n_channels: int, n_condition: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(n_channels, affine=False)
        self.gain = nn.Linear(n_condition, n_channels, bias=False)
        self.bias = nn.Linear(n_condition, n_channels, bias=False)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Normalise ``(n, n_channels, h, w)`` by ``(n, n_condition)``."""
        normalised: Tensor = self.norm(x)
        gain, bias = 1 + self.gain(condition)[:, :, None, None], self.bias(condition)[:, :, None, None]
        scaled: Tensor = gain * normalised + bias
        return scaled


class BigGANGenerator(nn.Module):
    """See :func:`biggan_generator`."""

    def __init__(
        self,
        shape: Sequence[int],
        *,
        n_latent: int,
        n_classes: int,
        width: int,
        shared: int,
        attention_at: int | None,
    ) -> None:
        super().__init__()
        _, levels = image_levels(shape)
        self.n_classes = check_int(n_classes, "n_classes", low=1)
        self.n_parts = levels + 1
        n_latent = check_int(n_latent, "n_latent", low=self.n_parts)
        channels = 4 * check_int(width, "width", low=1)
        self.embedding = nn.Embedding(n_classes, check_int(shared, "shared", low=1))
        # The first part is the widest where the latent does not split evenly (as tensor_split does).
        sizes = [len(part) for part in torch.arange(n_latent, device="cpu").tensor_split(self.n_parts)]

        def norm(block: int) -> nn.Module:
            return LinearBatchNorm2d(channels, shared + sizes[block + 1])

        self.net = UpNet(shape, n_latent=sizes[0], width=channels, norm=norm, attention_at=attention_at)
        self.apply(_initialise)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map ``(n, n_latent)`` and labels ``(n,)`` to images."""
        y = self.embedding(check_labels(condition, len(latent), self.n_classes))
        first, *parts = latent.tensor_split(self.n_parts, dim=1)
        images: Tensor = self.net(first, [torch.cat([y, part], dim=1) for part in parts])
        return images


def biggan_generator(
    shape: Sequence[int],
    *,
    n_latent: int = 120,
    n_classes: int,
    width: int = 64,
    shared: int = 128,
    attention_at: int | None = None,
) -> BigGANGenerator:
    """Build a class-conditional generator from ``(n, n_latent)`` to images ``(n, *shape)`` in [-1, 1].

    The latent is split in as many parts as there are maps' sizes. The first makes the 4x4 maps; each other one joins
    the embedding of the class, shared by all layers, to set gains and biases of one block (Brock et al., sec. 3 and
    app. B). Weights start orthogonal.

    Args:
        shape: ``(c, size, size)``, the size a power of two from 8 on.
        n_latent: columns of the latent.
        n_classes: number of classes.
        width: a quarter of the channels, which are the same everywhere (images are small).
        shared: size of the class embedding.
        attention_at: size of the maps, 8, 16, ... up to the image's, where SelfAttention stands; None: nowhere.
    """
    return BigGANGenerator(
        shape, n_latent=n_latent, n_classes=n_classes, width=width, shared=shared, attention_at=attention_at
    )


def truncated_latent(
    n: int,
    n_latent: int,
    threshold: float,
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return ``(n, n_latent)`` from N(0, 1) given that no entry exceeds ``threshold`` in size.

    Brock et al. 2019, sec. 3.1, who draw such entries again; here the same distribution is drawn at once through its
    inverse distribution function. Small thresholds trade variety for typical samples.

    Args:
        n: rows.
        n_latent: columns.
        threshold: bound on the size of entries, above 0.
        generator: of random numbers; None means torch's own.
        device: of the result, and of ``generator``.

    Example:
        >>> bool(truncated_latent(100, 4, 0.5).abs().max() <= 0.5)
        True
    """
    threshold = check_float(threshold, "threshold", low=0.0, low_open=True)
    size = (check_int(n, "n"), check_int(n_latent, "n_latent", low=1))
    # float64, since near +-1 single precision would make the tails coarse.
    u = 2 * torch.rand(size, generator=generator, device=device, dtype=torch.float64) - 1
    z = math.sqrt(2) * torch.erfinv(math.erf(threshold / math.sqrt(2)) * u)
    return z.float().clamp(-threshold, threshold)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d | nn.Embedding):
        nn.init.orthogonal_(module.weight)
        if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
            nn.init.zeros_(module.bias)
