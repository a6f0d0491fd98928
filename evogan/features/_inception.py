"""Inception-v3 up to its last pooling layer, as the network behind published Frechet distances has it.

C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, "Rethinking the Inception architecture for computer vision",
CVPR 2016. The network of December 2015 differs from later ones in three ways: average pooling does not count its
padding, the last block pools by maximum, and batch normalization has no scale.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

N_FEATURES = 2048
SIZE = 299


class Convolution(nn.Module):
    """A convolution without bias, batch normalization with fixed moments and without scale, ReLU."""

    mean: Tensor
    var: Tensor

    def __init__(
        self, n_in: int, n_out: int, kernel: int | tuple[int, int], *, stride: int = 1, same: bool = True
    ) -> None:
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.stride = stride
        self.padding = (height // 2, width // 2) if same else 0
        self.weight = nn.Parameter(torch.empty(n_out, n_in, height, width))
        self.beta = nn.Parameter(torch.empty(n_out))
        self.register_buffer("mean", torch.empty(n_out))
        self.register_buffer("var", torch.empty(n_out))

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, stride=self.stride, padding=self.padding)
        return F.relu(F.batch_norm(x, self.mean, self.var, bias=self.beta, eps=1e-3))


class Branches(nn.Module):
    """Layers side by side, their outputs concatenated."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Inception2015(nn.Module):
    """8-bit levels as floats ``(n, 3, 299, 299)`` to features ``(n, 2048)``; 21 802 784 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Convolution(3, 32, 3, stride=2, same=False),
            Convolution(32, 32, 3, same=False),
            Convolution(32, 64, 3),
            nn.MaxPool2d(3, 2),
            Convolution(64, 80, 1),
            Convolution(80, 192, 3, same=False),
            nn.MaxPool2d(3, 2),
            *(_block_35(n_in, n_pool) for n_in, n_pool in ((192, 32), (256, 64), (288, 64))),
            _halve_35(),
            *(_block_17(width) for width in (128, 160, 160, 192)),
            _halve_17(),
            _block_8(1280, _mean_pool()),
            _block_8(2048, nn.MaxPool2d(3, 1, 1)),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )

    def forward(self, levels: Tensor) -> Tensor:
        features: Tensor = self.layers((levels - 128.0) / 128.0)
        return features


class FromImages(nn.Module):
    """Images ``(n, c, h, w)`` in [-1, 1] to what the network of published scores was shown.

    They are rounded to 8 bits like files are, grey ones repeated for three channels, and resized.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        if images.dim() != 4 or images.shape[1] not in (1, 3):
            raise ValueError(f"images must have shape (n, 1, h, w) or (n, 3, h, w), got {tuple(images.shape)}")
        levels = ((images + 1.0) * 127.5).round().clamp(0.0, 255.0)
        features: Tensor = self.net(resize(levels, SIZE).expand(-1, 3, -1, -1))
        return features


def resize(images: Tensor, size: int) -> Tensor:
    """Resize ``(n, c, h, w)`` bilinearly to ``size`` x ``size`` as TensorFlow 1 does by default.

    Pixel i of the result lies at i h / size of the source: corners are not aligned, centres of pixels neither, and
    shrinking does not average. Published scores depend on it.
    """
    for dim in (-2, -1):
        n = images.shape[dim]
        at = torch.arange(size, device=images.device, dtype=torch.float32) * (n / size)
        low = at.long().clamp(max=n - 1)
        high = (low + 1).clamp(max=n - 1)
        weight = (at - low).reshape(-1, 1) if dim == -2 else at - low
        below = images.index_select(dim, low)
        images = below + (images.index_select(dim, high) - below) * weight
    return images


def _chain(n_in: int, *layers: tuple[int, int | tuple[int, int]], halve: bool = False) -> nn.Sequential:
    """Convolutions (width, kernel) one after the other; with ``halve`` the last one has stride 2 and no padding."""
    units = []
    for i, (n_out, kernel) in enumerate(layers):
        last = halve and i == len(layers) - 1
        units.append(Convolution(n_in, n_out, kernel, stride=2 if last else 1, same=not last))
        n_in = n_out
    return nn.Sequential(*units)


def _mean_pool() -> nn.Module:
    return nn.AvgPool2d(3, 1, 1, count_include_pad=False)


def _block_35(n_in: int, n_pool: int) -> nn.Module:
    return Branches(
        _chain(n_in, (64, 1)),
        _chain(n_in, (48, 1), (64, 5)),
        _chain(n_in, (64, 1), (96, 3), (96, 3)),
        nn.Sequential(_mean_pool(), Convolution(n_in, n_pool, 1)),
    )


def _halve_35() -> nn.Module:
    return Branches(
        _chain(288, (384, 3), halve=True),
        _chain(288, (64, 1), (96, 3), (96, 3), halve=True),
        nn.MaxPool2d(3, 2),
    )


def _block_17(width: int) -> nn.Module:
    row, column = (1, 7), (7, 1)
    return Branches(
        _chain(768, (192, 1)),
        _chain(768, (width, 1), (width, row), (192, column)),
        _chain(768, (width, 1), (width, column), (width, row), (width, column), (192, row)),
        nn.Sequential(_mean_pool(), Convolution(768, 192, 1)),
    )


def _halve_17() -> nn.Module:
    return Branches(
        _chain(768, (192, 1), (320, 3), halve=True),
        _chain(768, (192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3), halve=True),
        nn.MaxPool2d(3, 2),
    )


def _block_8(n_in: int, pool: nn.Module) -> nn.Module:
    def fork() -> nn.Module:
        return Branches(Convolution(384, 384, (1, 3)), Convolution(384, 384, (3, 1)))

    return Branches(
        _chain(n_in, (320, 1)),
        nn.Sequential(*_chain(n_in, (384, 1)), fork()),
        nn.Sequential(*_chain(n_in, (448, 1), (384, 3)), fork()),
        nn.Sequential(pool, Convolution(n_in, 192, 1)),
    )
