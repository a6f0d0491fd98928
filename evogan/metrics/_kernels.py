"""Maximum mean discrepancies: the kernel distance of features (KID) and the Gaussian kernel's MMD."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from evogan._internal.checks import check_float, check_int, check_rng
from evogan.metrics._matrices import Estimate, Floats, blocks, feature_pair, squared_distances

MEDIAN_ROWS = 1000  # of either set: the median of two million distances does not need more


def kernel_distance(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    n_subsets: int | None = None,
    subset_size: int = 1000,
    rng: np.random.Generator | None = None,
) -> Estimate:
    """Return the unbiased squared MMD of two sets ``(n, d)`` under the kernel ``(x . y / d + 1)^3``.

    With Inception's features it is the KID. Its expectation does not depend on n, so it serves small sets better than
    the Frechet distance; it is near 0, and may be negative, when the distributions agree.

    M. Binkowski, D. J. Sutherland, M. Arbel, A. Gretton, "Demystifying MMD GANs", ICLR 2018, section 4.

    Args:
        real: features of real samples.
        fake: features of generated samples.
        n_subsets: None takes all pairs, once. The authors average over 100 subsets, which also gives a deviation.
        subset_size: rows drawn without replacement from either set for one subset.
        rng: draws the subsets; needed with ``n_subsets``.

    Raises:
        ValueError: shapes differ, fewer than two rows, rows are not finite, or ``subset_size`` exceeds a set.

    Example:
        >>> kernel_distance([[0.0], [1.0]], [[2.0], [1.0]])
        Estimate(mean=9.5, sd=None)
    """
    real, fake = feature_pair(real, fake, n_min=2)

    def kernel(a: Floats, b: Floats) -> Floats:
        cubed: Floats = (a @ b.T / a.shape[1] + 1.0) ** 3
        return cubed

    if n_subsets is None:
        return Estimate(_unbiased_mmd(real, fake, kernel), None)
    n_subsets, rng = check_int(n_subsets, "n_subsets", low=1), check_rng(rng)
    size = check_int(subset_size, "subset_size", low=2, high=min(len(real), len(fake)))
    values = [
        _unbiased_mmd(
            real[rng.choice(len(real), size, replace=False)], fake[rng.choice(len(fake), size, replace=False)], kernel
        )
        for _ in range(n_subsets)
    ]
    return Estimate(float(np.mean(values)), float(np.std(values)))


def mmd(real: ArrayLike, fake: ArrayLike, bandwidths: Sequence[float] | None = None) -> float:
    """Return the unbiased squared MMD of two sets ``(n, d)`` under a Gaussian kernel.

    The kernel is ``exp(-|x - y|^2 / (2 s^2))``, averaged over the ``bandwidths`` s. Near 0, and sometimes negative,
    when the distributions agree; at most 2.

    A. Gretton, K. M. Borgwardt, M. J. Rasch, B. Schoelkopf, A. Smola, "A kernel two-sample test", JMLR 13, 2012,
    lemma 6; the median heuristic in section 8.

    Args:
        real: real samples or their features.
        fake: generated samples or their features.
        bandwidths: None takes the median distance between pooled samples (of at most 1000 evenly spaced rows of either
            set). It moves with ``fake``: fix the bandwidths where scores of several generators are compared.

    Raises:
        ValueError: shapes differ, fewer than two rows, rows are not finite, a bandwidth is not positive, or the median
            distance is 0.

    Example:
        >>> round(mmd([[0.0], [1.0]], [[0.0], [1.0]], [1.0]), 4)  # 2 (k(0, 1) - (1 + k(0, 1)) / 2)
        -0.3935
    """
    real, fake = feature_pair(real, fake, n_min=2)
    widths = [_median_distance(real, fake)] if bandwidths is None else list(bandwidths)
    if not widths:
        raise ValueError("bandwidths must hold at least one number, got none")
    widths = [check_float(width, f"bandwidths[{i}]", low=0.0, low_open=True) for i, width in enumerate(widths)]
    centre = real.mean(axis=0)  # the kernel only sees differences, which lose digits far from the origin

    def kernel(a: Floats, b: Floats) -> Floats:
        squared = squared_distances(a, b)
        mean: Floats = sum((np.exp(squared / (-2.0 * w * w)) for w in widths), np.zeros_like(squared)) / len(widths)
        return mean

    return _unbiased_mmd(real - centre, fake - centre, kernel)


def _unbiased_mmd(real: Floats, fake: Floats, kernel: Callable[[Floats, Floats], Floats]) -> float:
    """Average the kernel over pairs of different rows within the sets and over all pairs across them."""
    n, m = len(real), len(fake)
    across = sum(kernel(real[rows], fake).sum() for rows in blocks(n, m)) / (n * m)
    return float(_within(real, kernel) + _within(fake, kernel) - 2.0 * across)


def _within(features: Floats, kernel: Callable[[Floats, Floats], Floats]) -> float:
    total = 0.0
    for rows in blocks(len(features), len(features)):
        values = kernel(features[rows], features)
        total += values.sum() - np.trace(values, offset=rows.start)
    return float(total) / (len(features) * (len(features) - 1))


def _median_distance(real: Floats, fake: Floats) -> float:
    rows = [np.linspace(0, len(part) - 1, min(len(part), MEDIAN_ROWS)).astype(int) for part in (real, fake)]
    pooled = np.concatenate([real[rows[0]], fake[rows[1]]])
    pooled -= pooled.mean(axis=0)
    squared = squared_distances(pooled, pooled)[np.triu_indices(len(pooled), 1)]
    median = float(np.sqrt(np.median(squared)))
    if median == 0.0:
        raise ValueError("bandwidths must be given: more than half of all pairs of samples coincide")
    return median
