"""The generator of SRGAN.

C. Ledig et al., "Photo-realistic single image super-resolution using a generative adversarial network", CVPR 2017,
sec. 2.1.2 and fig. 4.
"""

from __future__ import annotations

from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.nets._images import check_images, power_of_two


class _ResidualBlock(nn.Module):
    """Two batch-normalised 3x3 convolutions beside an identity; no activation after the sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        first = [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        second = [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        self.layers = nn.Sequential(*first, nn.PReLU(), *second)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.layers(x)
        return out


class SuperResolver(nn.Module):
    """Enlarge images of any size; the paper's network has ``factor=4``, ``width=64`` and ``n_blocks=16``.

    Args:
        channels: of the images.
        factor: how many times longer the sides become, a power of two; every doubling is one shuffle of pixels.
        width: channels of all hidden layers.
        n_blocks: residual blocks at low resolution.

    Example:
        >>> import torch
        >>> net = SuperResolver(1, factor=4, width=8, n_blocks=1)
        >>> net(None, torch.zeros(2, 1, 6, 5)).shape
        torch.Size([2, 1, 24, 20])
    """

    def __init__(self, channels: int, *, factor: int = 2, width: int = 32, n_blocks: int = 4) -> None:
        super().__init__()
        self.channels = check_int(channels, "channels", low=1)
        n_doublings = power_of_two(factor, "factor", low=2)
        width = check_int(width, "width", low=1)
        self.first = nn.Sequential(nn.Conv2d(self.channels, width, 9, padding=4), nn.PReLU())
        self.body = nn.Sequential(
            *(_ResidualBlock(width) for _ in range(check_int(n_blocks, "n_blocks"))),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        layers: list[nn.Module] = []
        for _ in range(n_doublings):
            layers += [nn.Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2), nn.PReLU()]
        self.up = nn.Sequential(*layers, nn.Conv2d(width, self.channels, 9, padding=4), nn.Tanh())

    def forward(self, latent: Tensor | None, condition: Tensor) -> Tensor:
        """Return images ``(n, channels, factor * h, factor * w)`` in (-1, 1); ``latent`` is ignored.

        Args:
            latent: anything: the network has no noise.
            condition: the small images, ``(n, channels, h, w)``.

        Raises:
            ValueError: the condition has another number of axes or channels.
        """
        x = self.first(check_images(condition, "condition", channels=self.channels))
        out: Tensor = self.up(x + self.body(x))
        return out
