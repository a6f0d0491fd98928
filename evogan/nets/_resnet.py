"""Residual networks of the small-image experiments of spectral normalization.

T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida, "Spectral normalization for generative adversarial networks", ICLR 2018,
tables 3-4. Spectral normalization itself is applied from outside. With attention: SAGAN (see SelfAttention).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan.nets._attention import SelfAttention
from evogan.nets._conditional import ConditionalBatchNorm2d
from evogan.nets._trunks import Trunk, image_levels


class PlainBatchNorm2d(nn.BatchNorm2d):
    """Batch normalization that takes a condition and ignores it."""

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Normalise ``(n, c, h, w)``."""
        return super().forward(x)


class UpBlock(nn.Module):
    """Double the size by nearest neighbours; pre-activation, with a learned shortcut.

    The two normalizations are called with maps and a condition. Convolutions have no bias, since normalization
    behind them would take it out again.
    """

    def __init__(self, width: int, norm1: nn.Module, norm2: nn.Module) -> None:
        super().__init__()
        self.norm1, self.norm2 = norm1, norm2
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(width, width, 1, bias=False)

    def forward(self, x: Tensor, condition: Tensor | None) -> Tensor:
        """Map ``(n, width, h, w)`` to ``(n, width, 2 h, 2 w)``."""
        h = self.conv1(_double(F.relu(self.norm1(x, condition))))
        h = self.conv2(F.relu(self.norm2(h, condition)))
        out: Tensor = h + _double(self.shortcut(x))  # 1x1 first: the same as after, for a quarter of the work
        return out


class UpNet(nn.Module):
    """A linear layer to 4x4, blocks that double the size, and an image in [-1, 1]; one condition for each block.

    ``norm`` makes a normalization for the block of a given index, counted from 0.
    """

    def __init__(
        self,
        shape: Sequence[int],
        *,
        n_latent: int,
        width: int,
        norm: Callable[[int], nn.Module],
        attention_at: int | None,
    ) -> None:
        super().__init__()
        channels, levels = image_levels(shape)
        sizes = [8 * 2**i for i in range(levels)]
        check_attention_at(attention_at, sizes)
        self.start = nn.Sequential(nn.Linear(n_latent, width * 16), nn.Unflatten(1, (width, 4, 4)))
        self.blocks = nn.ModuleList(UpBlock(width, norm(i), norm(i)) for i in range(levels))
        # After each block, mostly nothing.
        self.attention = nn.ModuleList(SelfAttention(width) if s == attention_at else nn.Identity() for s in sizes)
        self.norm = nn.BatchNorm2d(width)
        self.to_image = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, latent: Tensor, conditions: Sequence[Tensor | None]) -> Tensor:
        """Map ``(n, n_latent)`` to images, giving block i ``conditions[i]``."""
        x = self.start(latent)
        for block, attention, condition in zip(self.blocks, self.attention, conditions, strict=True):
            x = attention(block(x, condition))
        return torch.tanh(self.to_image(F.relu(self.norm(x))))


class ResNetGenerator(nn.Module):
    """See :func:`resnet_generator`."""

    def __init__(
        self, shape: Sequence[int], *, n_latent: int, width: int, n_classes: int, attention_at: int | None
    ) -> None:
        super().__init__()
        self.n_classes = check_int(n_classes, "n_classes")
        check_int(n_latent, "n_latent", low=1)
        check_int(width, "width", low=1)

        def norm(block: int) -> nn.Module:
            return ConditionalBatchNorm2d(width, n_classes) if n_classes else PlainBatchNorm2d(width)

        self.net = UpNet(shape, n_latent=n_latent, width=width, norm=norm, attention_at=attention_at)
        self.apply(_initialise)
        nn.init.xavier_uniform_(self.net.to_image.weight)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map ``(n, n_latent)``, and labels ``(n,)`` where there are classes, to images."""
        if condition is not None and not self.n_classes:
            raise ValueError("condition must be None for a generator without classes; build it with n_classes")
        images: Tensor = self.net(latent, [condition] * len(self.net.blocks))
        return images


class DownBlock(nn.Module):
    """Two convolutions and a shortcut; halves the size by average pooling where ``down``; ``first``: of an image."""

    def __init__(self, n_in: int, n_out: int, *, down: bool, first: bool = False) -> None:
        super().__init__()
        self.down, self.first = down, first
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.shortcut = nn.Conv2d(n_in, n_out, 1) if first or down else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, n_in, h, w)`` to ``(n, n_out, h, w)``, or half the size."""
        h = self.conv1(x if self.first else F.relu(x))
        # 1x1 convolution and pooling commute: the paper's two orders are one.
        out: Tensor = self.conv2(F.relu(h)) + self.shortcut(x)
        return F.avg_pool2d(out, 2) if self.down else out


class _SumPool(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x).sum(dim=(2, 3))


def resnet_generator(
    shape: Sequence[int], *, n_latent: int = 128, width: int = 256, n_classes: int = 0, attention_at: int | None = None
) -> ResNetGenerator:
    """Build a generator from ``(n, n_latent)`` to images ``(n, *shape)`` in [-1, 1]; Miyato et al. 2018, table 4.

    Args:
        shape: ``(c, size, size)``, the size a power of two from 8 on.
        n_latent: columns of the latent.
        width: channels everywhere.
        n_classes: with classes, batch normalization in the blocks is conditional and the generator takes labels.
        attention_at: size of the maps, 8, 16, ... up to the image's, where SelfAttention stands; None: nowhere.
    """
    return ResNetGenerator(shape, n_latent=n_latent, width=width, n_classes=n_classes, attention_at=attention_at)


def resnet_trunk(
    shape: Sequence[int], *, width: int = 128, attention_at: int | None = None, dropout: float = 0.0
) -> Trunk:
    """Build a trunk from images ``(n, *shape)`` to ``width`` features; Miyato et al. 2018, table 4.

    Blocks halve the image down to 8x8, two more keep that size, and the maps are summed over all positions.

    Args:
        shape: ``(c, size, size)``, the size a power of two from 8 on.
        width: channels everywhere.
        attention_at: size of the maps behind a block, half the image's down to 8, where SelfAttention stands.
        dropout: share of features dropped after every block but the first.
    """
    channels, levels = image_levels(shape)
    check_int(width, "width", low=1)
    dropout = check_float(dropout, "dropout", low=0.0, high=1.0)
    size = 4 * 2**levels
    sizes = [size // 2**i for i in range(1, levels)] or [8]
    check_attention_at(attention_at, sizes)
    layers: list[nn.Module] = []
    for i, s in enumerate([*sizes, 8, 8]):
        first = i == 0
        layers.append(DownBlock(channels if first else width, width, down=s < size, first=first))
        layers += [nn.Dropout(dropout)] if dropout and not first else []
        layers += [SelfAttention(width)] if s == attention_at and i < len(sizes) else []
        size = s
    return Trunk(*layers, _SumPool(), n_features=width).apply(_initialise)


def check_attention_at(attention_at: int | None, sizes: Sequence[int]) -> None:
    """Refuse a size of feature maps that the network does not have."""
    if attention_at is not None and attention_at not in sizes:
        raise ValueError(f"attention_at must be None or a size of the network's maps, {sizes}, got {attention_at!r}")


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _initialise(module: nn.Module) -> None:
    """Glorot and Bengio's uniform weights, larger by sqrt(2) before a ReLU, as in the paper's code."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        inside = isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3)
        nn.init.xavier_uniform_(module.weight, gain=math.sqrt(2) if inside else 1.0)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
