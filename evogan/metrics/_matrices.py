"""Matrices of features: checked once, compared in blocks so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_finite_rows

Floats = NDArray[np.float64]

BLOCK = 2**24  # entries of a block of comparisons: 128 MB


class Estimate(NamedTuple):
    """A mean over subsets or splits and their standard deviation, None where there was only one."""

    mean: float
    sd: float | None


def feature_matrix(features: ArrayLike, name: str, *, n_min: int = 1) -> Floats:
    """Return ``features`` as float64 ``(n, d)``.

    Raises:
        ValueError: not a matrix, fewer than ``n_min`` rows, or rows with a NaN or an infinity (counted, never dropped).
    """
    array = np.asarray(features, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"{name} must be a matrix of features (n, d), got shape {array.shape}")
    if len(array) < n_min:
        raise ValueError(f"{name} must have at least {n_min} rows, got {len(array)}")
    check_finite_rows(array, name)
    return array


def feature_pair(real: ArrayLike, fake: ArrayLike, *, n_min: int = 1) -> tuple[Floats, Floats]:
    """Return both sets as :func:`feature_matrix` does; a ValueError if they are not equally wide."""
    real, fake = feature_matrix(real, "real", n_min=n_min), feature_matrix(fake, "fake", n_min=n_min)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(f"real and fake must have the same features, got {real.shape[1]} and {fake.shape[1]} columns")
    return real, fake


def blocks(n: int, width: int) -> Iterator[slice]:
    """Yield slices that cover ``n`` rows, each small enough to be compared with ``width`` others."""
    size = max(BLOCK // width, 1)
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def squared_distances(a: Floats, b: Floats, *, slack: float = 0.0) -> Floats:
    """Return squared Euclidean distances ``(len(a), len(b))``, lowered by ``slack`` times both squared norms."""
    distances: Floats = a @ b.T
    distances *= -2.0
    distances += (1.0 - slack) * (a**2).sum(axis=1)[:, None]
    distances += (1.0 - slack) * (b**2).sum(axis=1)
    return np.maximum(distances, 0.0, out=distances)
