"""The sliced Wasserstein distance: no network needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evogan._internal.checks import check_int, check_rng
from evogan.metrics._matrices import feature_pair

DIRECTIONS = 64  # at a time: 64 projections of 50 000 samples take 26 MB


def sliced_wasserstein(
    real: ArrayLike, fake: ArrayLike, *, n_projections: int = 512, rng: np.random.Generator
) -> float:
    """Return the mean Wasserstein-1 distance of two sets ``(n, d)`` projected on random lines through the origin.

    On a line the distance is the area between the two quantile functions, here exact for sets of any sizes; for equal
    sizes it is the mean difference of the sorted values. In the units of the features.

    J. Rabin, G. Peyre, J. Delon, M. Bernot, "Wasserstein barycenter and its application to texture mixing", SSVM 2011,
    with exponent 1.

    Args:
        real: real samples or their features.
        fake: generated samples or their features.
        n_projections: directions, uniform on the sphere.
        rng: draws the directions; equal generators give equal directions, so that scores can be compared.

    Raises:
        ValueError: shapes differ, a set is empty, or rows are not finite.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> round(sliced_wasserstein([[0.0], [4.0]], [[1.0], [2.0], [6.0]], rng=rng), 4)
        1.6667
    """
    real, fake = feature_pair(real, fake)
    n, m, rng = len(real), len(fake), check_rng(rng)
    n_left = check_int(n_projections, "n_projections", low=1)
    # Quantile functions step at i / n and j / m: counted in units of 1 / (n m) the steps are whole numbers.
    steps = np.union1d(np.arange(n) * m, np.arange(m) * n)
    widths = np.diff(steps, append=n * m) / (n * m)
    total = 0.0
    while n_left:
        directions = rng.standard_normal((real.shape[1], min(n_left, DIRECTIONS)))
        directions /= np.linalg.norm(directions, axis=0)
        sorted_real, sorted_fake = np.sort(real @ directions, axis=0), np.sort(fake @ directions, axis=0)
        total += float((widths @ np.abs(sorted_real[steps // m] - sorted_fake[steps // n])).sum())
        n_left -= directions.shape[1]
    return total / n_projections
