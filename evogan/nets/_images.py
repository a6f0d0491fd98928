"""What the image-to-image networks share: checks of their inputs, normalization, initial weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from evogan._internal.checks import check_int


def check_images(value: Any, name: str, *, channels: int, size: tuple[int, int] | None = None) -> Tensor:
    """Return ``value`` if it is ``(n, channels, h, w)``, with ``(h, w)`` equal to ``size`` if that is given."""
    if (
        isinstance(value, Tensor)
        and value.ndim == 4
        and value.shape[1] == channels
        and value.shape[2:] == (size or value.shape[2:])
    ):
        return value
    height, width = size or ("h", "w")
    raise ValueError(f"{name} must be images of shape (n, {channels}, {height}, {width}), got {_kind(value)}")


def check_batch(value: Any, name: str, shape: Sequence[int]) -> Tensor:
    """Return ``value`` if it is a tensor ``(n, *shape)``."""
    if isinstance(value, Tensor) and tuple(value.shape[1:]) == tuple(shape):
        return value
    expected = ", ".join(str(size) for size in ("n", *shape))
    raise ValueError(f"{name} must be a tensor of shape ({expected}), got {_kind(value)}")


def _kind(value: Any) -> str:
    return f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__


def check_pair(value: Any, name: str) -> tuple[Any, Any]:
    """Return the two members of a pair; a tensor of two rows is no pair."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"{name} must be a pair, got {type(value).__name__}")
    return value[0], value[1]


def power_of_two(value: Any, name: str, *, low: int) -> int:
    """Return the exponent of a power of two that is at least ``low``."""
    exponent = check_int(value, name, low=low).bit_length() - 1
    if value != 2**exponent:
        raise ValueError(f"{name} must be a power of two such as {2**exponent} or {2 ** (exponent + 1)}, got {value}")
    return exponent


def instance_norm(channels: int) -> nn.InstanceNorm2d:
    """Normalise each channel of each image alone, then scale and shift: batch mates do not matter."""
    return nn.InstanceNorm2d(channels, affine=True)


def init_normal(net: nn.Module) -> None:
    """Draw the weights of all convolutions from N(0, 0.02^2) and set their biases to zero, as DCGAN and pix2pix do."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
