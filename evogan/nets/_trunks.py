"""Trunks: the part of a discriminator below its heads; and multilayer perceptrons for samples of any shape."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float, check_int
from evogan.nets._mlp import mlp


class Trunk(nn.Module):
    """Layers in a row that map samples ``(n, *shape)`` to features ``(n, n_features)``.

    Any module with an integer ``n_features`` serves as well.
    """

    def __init__(self, *layers: nn.Module, n_features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.n_features = check_int(n_features, "n_features", low=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, *shape)`` to ``(n, n_features)``."""
        features: Tensor = self.layers(x)
        return features


def check_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of one sample, ``(d,)`` or ``(c, h, w)``, as a tuple.

    Raises:
        ValueError: another number of axes, or a size below 1.
        TypeError: a size that is no integer.
    """
    if isinstance(shape, int) or len(shape) not in (1, 3):
        raise ValueError(f"shape must be that of one sample, (d,) for vectors or (c, h, w) for images, got {shape}")
    return tuple(check_int(size, f"shape[{i}]", low=1) for i, size in enumerate(shape))


def image_levels(shape: Sequence[int]) -> tuple[int, int]:
    """Return (channels, doublings from 4x4) of square images whose size is a power of two from 8 on.

    Raises:
        ValueError: vectors, or another size; the message names the size to give instead.

    Example:
        >>> image_levels((3, 32, 32))
        (3, 3)
    """
    shape = check_shape(shape)
    if len(shape) == 1:
        raise ValueError(f"shape must be (c, h, w): this network makes or judges images, got vectors {shape}")
    channels, height, width = shape
    levels = max(1, math.ceil(math.log2(max(height, width) / 4)))
    size = 4 * 2**levels
    if (height, width) != (size, size):
        raise ValueError(
            f"shape must have a square size that is a power of two from 8 on, got {height} x {width}: "
            f"pad or resize the images to {size} x {size}, shape=({channels}, {size}, {size})"
        )
    return channels, levels


def check_hidden(hidden: Sequence[int]) -> tuple[int, ...]:
    """Return the widths of hidden layers, at least one, as a tuple."""
    if isinstance(hidden, int) or not hidden:
        raise ValueError(f"hidden must hold the widths of one or more layers, such as (128, 128), got {hidden}")
    return tuple(check_int(width, f"hidden[{i}]", low=1) for i, width in enumerate(hidden))


def mlp_trunk(
    shape: Sequence[int], *, hidden: Sequence[int] = (128, 128), batch_norm: bool = False, dropout: float = 0.0
) -> Trunk:
    """Build linear layers with leaky ReLU (slope 0.2) on flattened samples.

    Args:
        shape: of one sample, ``(d,)`` or ``(c, h, w)`` of any size.
        hidden: widths; the last one is ``n_features``.
        batch_norm: normalise every layer before its activation.
        dropout: share of features dropped after every activation.
    """
    hidden = check_hidden(hidden)
    check_bool(batch_norm, "batch_norm")
    dropout = check_float(dropout, "dropout", low=0.0, high=1.0)

    def activation() -> nn.Module:
        return nn.Sequential(nn.LeakyReLU(0.2), nn.Dropout(dropout)) if dropout else nn.LeakyReLU(0.2)

    sizes = [math.prod(check_shape(shape)), *hidden]
    layers = mlp(sizes, activation=activation, output=activation, batch_norm=batch_norm)
    return Trunk(nn.Flatten(), *layers, n_features=hidden[-1])


def mlp_image_generator(
    shape: Sequence[int], *, n_latent: int = 64, hidden: Sequence[int] = (128, 128)
) -> nn.Sequential:
    """Build linear layers with ReLU from ``(n, n_latent)`` to samples ``(n, *shape)`` of any shape.

    Images end in tanh, in [-1, 1]; vectors ``(d,)`` end in a linear layer, on any scale.
    """
    shape = check_shape(shape)
    sizes = [check_int(n_latent, "n_latent", low=1), *check_hidden(hidden), math.prod(shape)]
    layers = mlp(sizes, activation=nn.ReLU, output=nn.Tanh if len(shape) == 3 else None)
    return nn.Sequential(*layers, nn.Unflatten(1, shape))
