"""Networks that grow from 4x4 pixels.

T. Karras, T. Aila, S. Laine, J. Lehtinen, "Progressive growing of GANs for improved quality, stability, and
variation", ICLR 2018: sec. 2 (growth), 3 (minibatch standard deviation), 4 (normalization), app. A (layers).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan.nets._equalized import EqualizedConv2d, EqualizedLinear, PixelNorm
from evogan.nets._growth import double, stage_widths
from evogan.nets._images import check_batch
from evogan.nets._minibatch import MinibatchStddev


class _Growing(nn.Module):
    """The stage a network has grown to and how far its newest layers are faded in, both kept as buffers."""

    _stage: Tensor
    _alpha: Tensor

    def __init__(self, n_stages: int) -> None:
        super().__init__()
        self.n_stages = n_stages
        self.register_buffer("_stage", torch.tensor(0))
        self.register_buffer("_alpha", torch.tensor(1.0))

    @property
    def stage(self) -> int:
        """0 at 4x4, 1 at 8x8, ..., ``n_stages - 1`` at the full size."""
        return int(self._stage)

    @property
    def alpha(self) -> float:
        """The share in [0, 1] of the newest layers; the rest is left to those of the stage before."""
        return float(self._alpha)

    @property
    def resolution(self) -> int:
        """Width and height in pixels at the current stage."""
        return 4 << self.stage

    def set_stage(self, stage: int, alpha: float = 1.0) -> None:
        """Grow or shrink to ``stage``, with its newest layers faded in by ``alpha``.

        Raises:
            ValueError: ``stage`` is outside [0, n_stages - 1], ``alpha`` outside [0, 1], or not 1 at stage 0.
        """
        check_int(stage, "stage", high=self.n_stages - 1)
        check_float(alpha, "alpha", low=0.0, high=1.0)
        if stage == 0 and alpha != 1:
            raise ValueError(f"alpha must be 1 at stage 0, which has no stage before it to fade from, got {alpha}")
        self._stage.fill_(stage)
        self._alpha.fill_(alpha)


class ProgressiveGenerator(_Growing):
    """Latent vectors ``(n, n_latent)`` to images ``(n, c, r, r)`` at the current :attr:`resolution` r.

    The last layer is linear, without tanh: trained on images in [-1, 1] the values come to lie near that range, yet
    nothing bounds them (clip before display). Latent vectors are normalised first, so that only their direction
    counts.

    Args:
        shape: of one image at the last stage, ``(c, h, w)`` with h = w a power of two from 4 on.
        n_latent: columns of the latent vectors.
        width: feature maps up to 32x32; halved with each doubling beyond. The paper's is 512.

    Example:
        >>> import torch
        >>> G = ProgressiveGenerator((3, 32, 32), n_latent=8, width=4)
        >>> G.set_stage(2, alpha=0.5)
        >>> G(torch.randn(5, 8)).shape
        torch.Size([5, 3, 16, 16])
    """

    def __init__(self, shape: Sequence[int], *, n_latent: int = 128, width: int = 64) -> None:
        widths = stage_widths(shape, width)
        super().__init__(len(widths))
        self.shape = tuple(shape)
        self.n_latent = check_int(n_latent, "n_latent", low=1)
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(
                    PixelNorm(),
                    EqualizedLinear(n_latent, 16 * widths[0]),
                    nn.Unflatten(1, (widths[0], 4, 4)),
                    nn.LeakyReLU(0.2),
                    PixelNorm(),
                    *_conv(widths[0], widths[0], norm=True),
                )
            ]
        )
        for before, after in itertools.pairwise(widths):
            layers = [*_conv(before, after, norm=True), *_conv(after, after, norm=True)]
            self.blocks.append(nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), *layers))
        self.to_image = nn.ModuleList(EqualizedConv2d(n, shape[0], 1, gain=1.0) for n in widths)

    def forward(self, latent: Tensor) -> Tensor:
        """Return images of the current stage, mixed while fading in with the doubled images of the stage before."""
        stage, alpha = self.stage, self.alpha
        features = before = self.blocks[0](check_batch(latent, "latent", (self.n_latent,)))
        for k in range(1, stage + 1):
            before, features = features, self.blocks[k](features)
        image: Tensor = self.to_image[stage](features)
        if alpha < 1:
            image = torch.lerp(double(self.to_image[stage - 1](before)), image, alpha)
        return image


class ProgressiveTrunk(_Growing):
    """Images ``(n, c, r, r)`` at the current :attr:`resolution` r to ``(n, n_features)``: a critic less its last layer.

    The generator's mirror image, without normalization but with the standard deviation of the minibatch as one more
    feature map at 4x4.

    Args:
        shape: of one image at the last stage, ``(c, h, w)`` with h = w a power of two from 4 on.
        width: feature maps up to 32x32; halved with each doubling beyond. The paper's is 512.

    Attributes:
        n_features: columns of the output, equal to ``width`` up to 32x32.

    Example:
        >>> import torch
        >>> from evogan.nets import EqualizedLinear
        >>> trunk = ProgressiveTrunk((3, 32, 32), width=4)
        >>> D = nn.Sequential(trunk, EqualizedLinear(trunk.n_features, 1, gain=1.0))
        >>> trunk.set_stage(2, alpha=0.5)
        >>> D(torch.randn(8, 3, 16, 16)).shape
        torch.Size([8, 1])
    """

    def __init__(self, shape: Sequence[int], *, width: int = 64) -> None:
        widths = stage_widths(shape, width)
        super().__init__(len(widths))
        self.shape = tuple(shape)
        self.n_features = widths[0]
        last = EqualizedConv2d(widths[0], widths[0], 4, padding=0)
        self.blocks = nn.ModuleList(
            [nn.Sequential(MinibatchStddev(), *_conv(widths[0] + 1, widths[0]), last, nn.LeakyReLU(0.2), nn.Flatten())]
        )
        for smaller, larger in itertools.pairwise(widths):
            self.blocks.append(nn.Sequential(*_conv(larger, larger), *_conv(larger, smaller), nn.AvgPool2d(2)))
        self.from_image = nn.ModuleList(
            nn.Sequential(EqualizedConv2d(shape[0], n, 1), nn.LeakyReLU(0.2)) for n in widths
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of images at the current resolution.

        Raises:
            ValueError: the images have another size.
        """
        stage, alpha, r = self.stage, self.alpha, self.resolution
        if x.shape[1:] != (self.shape[0], r, r):
            raise ValueError(
                f"x must have shape (n, {self.shape[0]}, {r}, {r}) at stage {stage} (resize_real makes such real "
                f"images), got {tuple(x.shape)}"
            )
        features: Tensor = self.from_image[stage](x)
        for k in range(stage, 0, -1):
            features = self.blocks[k](features)
            if k == stage and alpha < 1:
                features = torch.lerp(self.from_image[k - 1](F.avg_pool2d(x, 2)), features, alpha)
        features = self.blocks[0](features)
        return features


def _conv(n_in: int, n_out: int, *, norm: bool = False) -> list[nn.Module]:
    layers: list[nn.Module] = [EqualizedConv2d(n_in, n_out, 3), nn.LeakyReLU(0.2)]
    return [*layers, PixelNorm()] if norm else layers
