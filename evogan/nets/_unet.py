"""The generator of pix2pix.

P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-image translation with conditional adversarial networks",
CVPR 2017, sec. 3.2 and app. 6.1.1.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float, check_int
from evogan.nets._images import check_images, init_normal, instance_norm, power_of_two


class UNet(nn.Module):
    """Translate square images through a bottleneck of one pixel, with a skip connection at every resolution.

    Every level halves the side, from ``size`` (a power of two, at least 8) to 1, and multiplies the channels,
    ``width`` at first, by two up to eight times ``width``; the paper's network has ``size=256`` and ``width=64``.

    The noise of pix2pix is dropout in the (up to) three innermost decoder blocks, and the paper keeps it on when
    testing: so does ``test_dropout``, also in ``eval`` mode. Set it to False (argument or attribute) for an output
    that is a function of the condition alone. Normalization is over each instance, which is what the paper's batch
    normalization by the statistics of the test batch is at its batch size of 1; the bottleneck's single pixel is not
    normalised.

    Example:
        >>> net = UNet(3, 1, size=16, width=8)
        >>> net(None, torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 1, 16, 16])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        size: int,
        width: int = 32,
        dropout: float = 0.5,
        test_dropout: bool = True,
    ) -> None:
        super().__init__()
        n_levels = power_of_two(size, "size", low=8)
        self.in_channels = check_int(in_channels, "in_channels", low=1)
        self.size = size
        self.dropout = check_float(dropout, "dropout", low=0.0, high=1.0)
        self.test_dropout = check_bool(test_dropout, "test_dropout")
        self.n_noisy = min(3, n_levels - 1)
        widths = [check_int(width, "width", low=1) * min(2**level, 8) for level in range(n_levels)]
        self.down = nn.ModuleList()
        for level, (n_in, n_out) in enumerate(pairwise([self.in_channels, *widths])):
            normed = 0 < level < n_levels - 1
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if level else []
            layers.append(nn.Conv2d(n_in, n_out, 4, stride=2, padding=1, bias=not normed))
            self.down.append(nn.Sequential(*layers, *([instance_norm(n_out)] if normed else [])))
        self.up = nn.ModuleList()
        for level in reversed(range(n_levels)):
            n_in = widths[level] if level == n_levels - 1 else 2 * widths[level]
            n_out = widths[level - 1] if level else check_int(out_channels, "out_channels", low=1)
            conv = nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=not level)
            self.up.append(nn.Sequential(nn.ReLU(), conv, instance_norm(n_out) if level else nn.Tanh()))
        init_normal(self)

    def forward(self, latent: Tensor | None, condition: Tensor) -> Tensor:
        """Return images ``(n, out_channels, size, size)`` in (-1, 1); ``latent`` is ignored.

        Args:
            latent: anything; the noise is the dropout.
            condition: the source images, ``(n, in_channels, size, size)``.

        Raises:
            ValueError: the condition has another shape.
        """
        x = check_images(condition, "condition", channels=self.in_channels, size=(self.size, self.size))
        skips: list[Tensor] = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        skips.pop()
        for i, up in enumerate(self.up):
            x = up(torch.cat([x, skips.pop()], 1) if i else x)
            if i < self.n_noisy:
                x = F.dropout(x, self.dropout, training=self.training or self.test_dropout)
        return x
