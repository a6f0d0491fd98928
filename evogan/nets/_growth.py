"""What grows when: feature maps per stage, the schedule, and real images to match.

T. Karras, T. Aila, S. Laine, J. Lehtinen, "Progressive growing of GANs for improved quality, stability, and
variation", ICLR 2018, sec. 2 and app. A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from evogan._internal.checks import check_float, check_int
from evogan.nets._images import power_of_two
from evogan.nets._trunks import check_shape


def stage_widths(shape: Sequence[int], width: int) -> list[int]:
    """Return the feature maps at 4x4, 8x8, ... up to the size of ``shape`` ``(c, h, w)``.

    ``width`` of them up to 32x32, then half as many with each doubling, as in table 2 of the paper (width 512).
    """
    sizes = check_shape(shape)
    if len(sizes) != 3 or sizes[1] != sizes[2]:
        raise ValueError(f"shape must be (c, h, w) with h = w, which grow together from 4x4, got {sizes}")
    n_stages = power_of_two(sizes[2], "the size of shape", low=4) - 1
    check_int(width, "width", low=1)
    return [max(1, min(width, 32 * width // (4 << k))) for k in range(n_stages)]


@dataclass(frozen=True)
class GrowthSchedule:
    """Phases of equal length: train 4x4, fade 8x8 in, train it, fade 16x16 in, ...; app. A (800 000 images each).

    Example:
        >>> schedule = GrowthSchedule(images_per_phase=100, n_stages=2)
        >>> [schedule.at(n) for n in (0, 99, 100, 150, 200, 1000)]
        [(0, 1.0), (0, 1.0), (1, 0.0), (1, 0.5), (1, 1.0), (1, 1.0)]
    """

    images_per_phase: int
    n_stages: int

    def __post_init__(self) -> None:
        check_int(self.images_per_phase, "GrowthSchedule.images_per_phase", low=1)
        check_int(self.n_stages, "GrowthSchedule.n_stages", low=1)

    def at(self, images_shown: int) -> tuple[int, float]:
        """Return stage and alpha (linear in a phase of fading) once the critic has seen that many real images."""
        phase, shown = divmod(check_int(images_shown, "images_shown"), self.images_per_phase)
        if phase >= 2 * self.n_stages - 1:
            return self.n_stages - 1, 1.0
        return (phase + 1) // 2, shown / self.images_per_phase if phase % 2 else 1.0


def resize_real(x: Tensor, resolution: int, alpha: float = 1.0) -> Tensor:
    """Return real images ``(n, c, h, h)`` as the growing networks need them, ``(n, c, resolution, resolution)``.

    Means over square blocks; with ``alpha`` < 1 they are mixed with the same images at half the resolution, doubled
    again, as the generator's are while it fades in (fig. 2).

    Raises:
        ValueError: the images are no squares that ``resolution`` divides, or it is odd and ``alpha`` below 1.
    """
    check_int(resolution, "resolution", low=1)
    check_float(alpha, "alpha", low=0.0, high=1.0)
    if x.dim() != 4 or x.shape[2] != x.shape[3] or x.shape[3] % resolution:
        raise ValueError(f"x must have shape (n, c, h, h) with h a multiple of {resolution}, got {tuple(x.shape)}")
    if alpha < 1 and resolution % 2:
        raise ValueError(f"resolution must be even to be mixed with half of it (alpha={alpha:g}), got {resolution}")
    x = F.avg_pool2d(x, x.shape[3] // resolution)
    return x if alpha == 1 else torch.lerp(double(F.avg_pool2d(x, 2)), x, alpha)


def double(x: Tensor) -> Tensor:
    """Return images ``(n, c, h, w)`` with every pixel repeated to a 2x2 block."""
    return F.interpolate(x, scale_factor=2, mode="nearest")
