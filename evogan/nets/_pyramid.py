"""The Laplacian pyramid and the networks of one of its levels.

E. Denton, S. Chintala, A. Szlam, R. Fergus, "Deep generative image models using a Laplacian pyramid of adversarial
networks" (LAPGAN), NeurIPS 2015, sec. 2.2-2.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.nets._images import check_images


class LaplacianPyramid:
    """Split images into band-pass differences and a coarse image, and put them together again.

    ``down`` averages blocks of 2x2 pixels and ``up`` repeats every pixel: no blur beyond that, so every band has mean
    zero in every block (departs from the paper, whose operators also smooth).

    Args:
        n_levels: number of bands, each of half the side of the one before.

    Example:
        >>> pyramid = LaplacianPyramid(2)
        >>> [tuple(band.shape[2:]) for band in pyramid.decompose(torch.zeros(1, 1, 8, 8))]
        [(8, 8), (4, 4), (2, 2)]
    """

    def __init__(self, n_levels: int) -> None:
        self.n_levels = check_int(n_levels, "n_levels", low=1)

    @staticmethod
    def down(x: Tensor) -> Tensor:
        """Return images of half the side, ``(n, c, h / 2, w / 2)``."""
        return F.avg_pool2d(x, 2)

    @staticmethod
    def up(x: Tensor) -> Tensor:
        """Return images of twice the side, ``(n, c, 2 h, 2 w)``."""
        return F.interpolate(x, scale_factor=2, mode="nearest")

    def decompose(self, x: Tensor) -> list[Tensor]:
        """Return the bands ``[h_0, ..., h_{K-1}]``, finest first, and the coarse image as the last member (eq. 3).

        Raises:
            ValueError: ``x`` is not ``(n, c, h, w)`` with sides that can be halved ``n_levels`` times.
        """
        step = 2**self.n_levels
        if x.ndim != 4 or x.shape[2] % step or x.shape[3] % step:
            raise ValueError(
                f"x must be (n, c, h, w) with sides divisible by {step} for {self.n_levels} levels, "
                f"got shape {tuple(x.shape)}"
            )
        bands = []
        for _ in range(self.n_levels):
            coarse = self.down(x)
            bands.append(x - self.up(coarse))
            x = coarse
        return [*bands, x]

    def reconstruct(self, bands: Sequence[Tensor]) -> Tensor:
        """Return the images of what :meth:`decompose` returned (eq. 4).

        Raises:
            ValueError: another number of members, or a band that has not twice the side of the next.
        """
        if len(bands) != self.n_levels + 1:
            raise ValueError(f"bands must hold {self.n_levels} bands and the coarse image, got {len(bands)} members")
        x = bands[-1]
        for k in reversed(range(self.n_levels)):
            x = self.up(x)
            if bands[k].shape != x.shape:
                raise ValueError(f"bands[{k}] must have shape {tuple(x.shape)}, got {tuple(bands[k].shape)}")
            x = x + bands[k]
        return x


class LevelGenerator(nn.Module):
    """Generate the band that belongs to an upsampled coarse image, from planes of noise of the same size.

    Three 5x5 convolutions, the last one linear: a band is a difference and has no bounds.

    Args:
        channels: of the images.
        n_latent_plane: planes of noise; the paper's one is the default.
        width: channels of the hidden layers.
    """

    def __init__(self, channels: int, *, n_latent_plane: int = 1, width: int = 32) -> None:
        super().__init__()
        self.channels = check_int(channels, "channels", low=1)
        self.n_latent_plane = check_int(n_latent_plane, "n_latent_plane", low=1)
        width = check_int(width, "width", low=1)
        self.layers = nn.Sequential(
            nn.Conv2d(self.channels + self.n_latent_plane, width, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, width, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, self.channels, 5, padding=2),
        )

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Return bands ``(n, channels, h, w)``.

        Args:
            latent: ``(n, n_latent_plane, h, w)``, or flat, ``(n, n_latent_plane * h * w)``.
            condition: the upsampled coarse images, ``(n, channels, h, w)``.

        Raises:
            ValueError: a shape differs from these.
        """
        check_images(condition, "condition", channels=self.channels)
        n, _, height, width = condition.shape
        planes = (n, self.n_latent_plane, height, width)
        if tuple(latent.shape) not in (planes, (n, self.n_latent_plane * height * width)):
            raise ValueError(f"latent must have shape {planes}, which may be flattened, got {tuple(latent.shape)}")
        out: Tensor = self.layers(torch.cat([condition, latent.reshape(planes)], 1))
        return out


class LevelDiscriminator(nn.Module):
    """Judge bands by the images that they make: band and upsampled coarse image are added before the first layer.

    The features are averaged over the image before the last layer, so one network serves every size.
    """

    def __init__(self, channels: int, *, width: int = 32) -> None:
        super().__init__()
        self.channels = check_int(channels, "channels", low=1)
        width = check_int(width, "width", low=1)
        self.layers = nn.Sequential(
            nn.Conv2d(self.channels, width, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(2 * width, 1),
        )

    def forward(self, h: Tensor, condition: Tensor) -> Tensor:
        """Return logits ``(n, 1)`` of bands and upsampled coarse images, both ``(n, channels, h, w)``.

        Raises:
            ValueError: the shapes differ, or another number of channels.
        """
        check_images(h, "h", channels=self.channels)
        if condition.shape != h.shape:
            raise ValueError(f"condition must have the shape of h, {tuple(h.shape)}, got {tuple(condition.shape)}")
        out: Tensor = self.layers(h + condition)
        return out
