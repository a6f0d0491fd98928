"""How many modes of a known mixture a generator reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evogan._internal.checks import check_float, check_int
from evogan.metrics._matrices import blocks, feature_matrix


@dataclass(frozen=True)
class ModeCoverage:
    """What samples of a mixture reached.

    Attributes:
        n_covered: modes that are covered.
        n_modes: modes there are.
        high_quality: share of all samples, in [0, 1], that lie within the radius of a mode.
        counts: high-quality samples of each mode.
        radius: what counted as near.
    """

    n_covered: int
    n_modes: int
    high_quality: float
    counts: tuple[int, ...]
    radius: float

    def __str__(self) -> str:
        return f"{self.n_covered}/{self.n_modes} modes, {self.high_quality:.3g} of the samples within {self.radius:.3g}"


def mode_coverage(
    samples: ArrayLike,
    modes: ArrayLike,
    sd: float | None = None,
    *,
    n_sd: float = 3.0,
    radius: float | None = None,
    min_share: float = 0.2,
    min_count: int = 1,
) -> ModeCoverage:
    """Count the modes that ``samples`` ``(n, d)`` of a mixture with equal weights reach.

    A sample belongs to its nearest mode and is of high quality within the radius of it. A mode is covered when it holds
    at least ``min_count`` high-quality samples and ``min_share`` of its fair share, the high-quality samples divided by
    the modes. The published convention, one sample is enough, is ``min_share=0``.

    A. Srivastava, L. Valkov, C. Russell, M. Gutmann, C. Sutton, "VEEGAN: reducing mode collapse in GANs using implicit
    variational learning", NeurIPS 2017, section 5.1.

    Args:
        samples: generated points.
        modes: centres ``(n_modes, d)``.
        sd: standard deviation of a mode in each dimension.
        n_sd: the radius in units of ``sd``.
        radius: the radius itself, instead of ``sd``.
        min_share: in [0, 1].
        min_count: at least 1.

    Raises:
        ValueError: shapes differ, rows are not finite, both or none of ``sd`` and ``radius`` are given, or a number is
            out of its range.

    Example:
        >>> print(mode_coverage([[0.1], [0.2], [9.0]], [[0.0], [1.0]], sd=0.1))
        1/2 modes, 0.667 of the samples within 0.3
    """
    points, centres = feature_matrix(samples, "samples"), feature_matrix(modes, "modes")
    if points.shape[1] != centres.shape[1]:
        raise ValueError(f"samples must be as wide as modes ({centres.shape[1]}), got {points.shape[1]} columns")
    if (sd is None) == (radius is None):
        raise ValueError(f"either sd or radius must be given, got sd={sd} and radius={radius}")
    if radius is None:
        radius = check_float(n_sd, "n_sd", low=0.0, low_open=True) * check_float(sd, "sd", low=0.0, low_open=True)
    radius = check_float(radius, "radius", low=0.0, low_open=True)
    counts = np.zeros(len(centres), dtype=np.int64)
    for rows in blocks(len(points), centres.size):
        squared = ((points[rows, None] - centres) ** 2).sum(axis=2)
        nearest = squared.argmin(axis=1)
        near = squared[np.arange(len(squared)), nearest] <= radius**2
        counts += np.bincount(nearest[near], minlength=len(centres))
    n_good = int(counts.sum())
    needed = max(
        check_int(min_count, "min_count", low=1),
        check_float(min_share, "min_share", low=0.0, high=1.0) * n_good / len(centres),
    )
    return ModeCoverage(
        int((counts >= needed).sum()), len(centres), n_good / len(points), tuple(counts.tolist()), radius
    )
