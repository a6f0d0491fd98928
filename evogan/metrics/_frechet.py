"""The Frechet distance between two sets of features (FID when the features are Inception's)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evogan.metrics._matrices import Floats, feature_pair


def frechet_distance(real: ArrayLike, fake: ArrayLike, *, allow_few: bool = False) -> float:
    """Return the squared Frechet distance between normal distributions with the moments of ``real`` and ``fake``.

    ``|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2))`` of two matrices ``(n, d)``; with Inception's features it is the FID.
    It is biased upwards by an amount that falls with n: compare scores of equal n only.

    M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter, "GANs trained by a two time-scale update rule
    converge to a local Nash equilibrium", NeurIPS 2017, eq. 6.

    Args:
        real: features of real samples.
        fake: features of generated samples; the distance is symmetric.
        allow_few: accept sets of no more samples than features, whose covariances are singular.

    Raises:
        ValueError: shapes differ, rows are not finite, or a set has n <= d without ``allow_few`` (or n < 2 with it).

    Example:
        >>> frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])
        9.0
    """
    real, fake = feature_pair(real, fake, n_min=2)
    for name, features in (("real", real), ("fake", fake)):
        n, d = features.shape
        if n <= d and not allow_few:
            raise ValueError(
                f"{name} must have more samples than features, got {n} samples of {d} features: the covariance is "
                f"singular and the distance far from its limit; use kernel_distance or pass allow_few=True"
            )
    c_real, c_fake = _covariance(real), _covariance(fake)
    # (C C')^(1/2) has the trace of (C^(1/2) C' C^(1/2))^(1/2), which is symmetric: no complex numbers can arise.
    values, vectors = np.linalg.eigh(c_real)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ c_fake @ root), 0.0)).sum()
    shift = real.mean(axis=0) - fake.mean(axis=0)
    return max(float(shift @ shift + np.trace(c_real) + np.trace(c_fake) - 2.0 * cross), 0.0)


def _covariance(features: Floats) -> Floats:
    """Return the covariance with n - 1 in its denominator, as the published code does."""
    centred = features - features.mean(axis=0)
    covariance: Floats = centred.T @ centred / (len(features) - 1)
    return covariance
