"""Fidelity and diversity by nearest neighbours: precision, recall, density, coverage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evogan._internal.checks import check_int
from evogan.metrics._matrices import Floats, blocks, feature_pair, squared_distances

# Lowers distances across the sets by rounding errors: points that lie exactly on a ball's surface belong to it.
SLACK = 1e-12


class PrecisionRecall(NamedTuple):
    """Shares in [0, 1]: of generated samples that look real, of real samples that could be generated."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Density, near 1 for equal distributions and not bounded by it; coverage, a share in [0, 1]."""

    density: float
    coverage: float


def precision_recall(real: ArrayLike, fake: ArrayLike, k: int = 3) -> PrecisionRecall:
    """Return the shares of ``fake`` within the manifold of ``real`` and the reverse, both ``(n, d)``.

    A manifold is the union of closed balls around a set's points that reach their k-th nearest neighbour, the point
    itself not counted.

    T. Kynkaanniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila, "Improved precision and recall metric for assessing
    generative models", NeurIPS 2019, eq. 1-2; k = 3 is theirs.

    Raises:
        ValueError: shapes differ, rows are not finite, or a set has no more than ``k`` rows.

    Example:
        >>> precision_recall([[0.0], [1.0], [2.0]], [[0.5], [9.0]], k=1)
        PrecisionRecall(precision=0.5, recall=1.0)
    """
    real, fake = _centred(real, fake)
    hits_of_fake, _ = _ball_hits(real, fake, k, "real")
    hits_of_real, _ = _ball_hits(fake, real, k, "fake")
    return PrecisionRecall(float((hits_of_fake > 0).mean()), float((hits_of_real > 0).mean()))


def density_coverage(real: ArrayLike, fake: ArrayLike, k: int = 5) -> DensityCoverage:
    """Return how densely ``fake`` fills the balls around ``real`` and how many of them it reaches, both ``(n, d)``.

    Unlike precision and recall they are not fooled by outliers, whose balls are large: density counts balls instead of
    their union, and coverage uses the balls of real samples only.

    M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi, J. Yoo, "Reliable fidelity and diversity metrics for generative models", ICML
    2020, section 3; k = 5 is theirs. Balls are closed here, as in :func:`precision_recall`.

    Raises:
        ValueError: shapes differ, rows are not finite, or ``real`` has no more than ``k`` rows.

    Example:
        >>> density_coverage([[0.0], [1.0], [2.0]], [[0.5], [9.0]], k=1)  # 0.5 lies in two balls, each reaches 1 far
        DensityCoverage(density=1.0, coverage=0.6666666666666666)
    """
    real, fake = _centred(real, fake)
    hits, n_reached = _ball_hits(real, fake, k, "real")
    return DensityCoverage(float(hits.mean()) / k, n_reached / len(real))


def _centred(real: ArrayLike, fake: ArrayLike) -> tuple[Floats, Floats]:
    """Check both sets and move them to the origin: distances far from it lose digits."""
    real, fake = feature_pair(real, fake)
    centre = real.mean(axis=0)
    return real - centre, fake - centre


def _ball_hits(centres: Floats, points: Floats, k: int, name: str) -> tuple[Floats, int]:
    """Return in how many balls around ``centres`` each of ``points`` lies, and how many balls hold any of them."""
    if len(centres) <= check_int(k, "k", low=1):
        raise ValueError(f"{name} must have more than k = {k} rows, got {len(centres)}")
    hits, n_reached = np.zeros(len(points)), 0
    for rows in blocks(len(centres), max(len(centres), len(points))):
        own = squared_distances(centres[rows], centres)
        np.fill_diagonal(own[:, rows], np.inf)
        radii = np.partition(own, k - 1, axis=1)[:, k - 1]
        inside = squared_distances(centres[rows], points, slack=SLACK) <= radii[:, None]
        hits += inside.sum(axis=0)
        n_reached += int(inside.any(axis=1).sum())
    return hits, n_reached
