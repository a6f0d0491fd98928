"""Statistics of two samples of runs: tests, their correction and an effect size. Pure functions on arrays.

What compares many algorithms on many problems is in :mod:`evogan.experiments._ranking` and can be imported from here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evogan.experiments._ranking import (
    FriedmanResult,
    friedman,
    mss,
    nemenyi_critical_difference,
    nemenyi_groups,
)

__all__ = [
    "FriedmanResult",
    "a12",
    "friedman",
    "holm",
    "mss",
    "nemenyi_critical_difference",
    "nemenyi_groups",
    "rank_sum",
    "signed_rank",
    "signed_rank_balance",
]

Floats = NDArray[np.float64]


def rank_sum(a: ArrayLike, b: ArrayLike) -> float:
    """Return the two-sided p of Wilcoxon's rank-sum test (Mann-Whitney's U) for two independent samples.

    F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1(6), 1945; H. B. Mann and
    D. R. Whitney, "On a test of whether one of two random variables is stochastically larger than the other", Annals
    of Mathematical Statistics 18(1), 1947. SciPy's ``mannwhitneyu`` computes it: exact for small samples without ties.
    Only ranks count, so infinities are extreme values like any other and equal infinities are ties.

    Args:
        a: runs of one algorithm ``(n,)``.
        b: runs of the other ``(m,)``.

    Returns:
        p in (0, 1]; 1.0 where the samples cannot differ: all values are equal, or a sample is empty.

    Raises:
        ValueError: a sample is not one-dimensional or holds a NaN.

    Example:
        >>> round(rank_sum([1, 2, 3, 4], [5, 6, 7, float("inf")]), 4)
        0.0286
        >>> rank_sum([1, 1], [1, 1])
        1.0
    """
    a, b = _sample(a, "a"), _sample(b, "b")
    ranks = stats.rankdata(np.concatenate([a, b]))
    if not (len(a) and len(b)) or ranks.min() == ranks.max():
        return 1.0
    return float(stats.mannwhitneyu(ranks[: len(a)], ranks[len(a) :], alternative="two-sided").pvalue)


def signed_rank(a: ArrayLike, b: ArrayLike) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test for paired samples (the same seed in the same place).

    F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1(6), 1945. SciPy's ``wilcoxon``
    computes it. Pairs without a difference are left out, as Wilcoxon did; two equal infinities have no difference, and
    a difference with one infinity is larger than every finite one.

    Args:
        a: runs of one algorithm ``(n,)``.
        b: runs of the other ``(n,)``, paired with ``a``.

    Returns:
        p in (0, 1]; 1.0 where no pair differs or there is none.

    Raises:
        ValueError: the lengths differ, a sample is not one-dimensional or holds a NaN.

    Example:
        >>> signed_rank([1, 2, 3, 4, 5], [2, 4, 6, 8, float("inf")])
        0.0625
    """
    signed = _signed_ranks(a, b)
    return float(stats.wilcoxon(signed).pvalue) if len(signed) else 1.0


def signed_rank_balance(a: ArrayLike, b: ArrayLike) -> float:
    """Return where the signed-rank test leans: 1 if no ``a`` is below its ``b``, -1 if none is above, 0 if even.

    The matched-pairs rank-biserial correlation: D. S. Kerby, "The simple difference formula: an approach to teaching
    nonparametric correlation", Comprehensive Psychology 3, 2014. Arguments and errors as :func:`signed_rank`.

    Example:
        >>> signed_rank_balance([3, 5, 1], [2, 1, 3])
        0.3333333333333333
    """
    signed = _signed_ranks(a, b)
    return float(signed.sum() / np.abs(signed).sum()) if len(signed) else 0.0


def holm(p: ArrayLike) -> Floats:
    """Return p-values adjusted for being tested together, in the shape of ``p``: compare them with alpha as they are.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979:
    the smallest of m is multiplied by m, the next by m - 1 and so on, never below the one before it, never above 1.
    Whatever the tests' dependence, the chance of one false finding or more stays below alpha.

    Args:
        p: p-values of any shape; a NaN stays NaN and is no member of the family.

    Raises:
        ValueError: a p-value lies outside [0, 1].

    Example:
        >>> holm([0.01, 0.04, float("nan"), 0.03]).tolist()
        [0.03, 0.06, nan, 0.06]
    """
    raw = np.asarray(p, dtype=np.float64)
    adjusted = np.full(raw.shape, np.nan)
    family = raw[~np.isnan(raw)]
    if ((family < 0) | (family > 1)).any():
        raise ValueError(f"p must lie in [0, 1], got values in [{family.min():g}, {family.max():g}]")
    order = np.argsort(family, kind="stable")
    steps = family[order] * np.arange(len(family), 0, -1)
    values = np.empty(len(family))
    values[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    adjusted[~np.isnan(raw)] = values
    return adjusted


def a12(a: ArrayLike, b: ArrayLike) -> float:
    """Return how often a run of ``a`` exceeds one of ``b``: P(a > b) + P(a = b) / 2.

    A. Vargha and H. D. Delaney, "A critique and improvement of the CL common language effect size statistics of McGraw
    and Wong", Journal of Educational and Behavioral Statistics 25(2), 2000, eq. 14. Above 0.5, ``a`` tends to be the
    larger one: the worse algorithm if smaller is better, the better one if larger is. ``a12(b, a)`` is the rest to 1.
    Their marks for a small, medium and large effect are 0.56, 0.64 and 0.71, or 0.44, 0.36 and 0.29.

    Returns:
        A number in [0, 1]; NaN if a sample is empty.

    Raises:
        ValueError: a sample is not one-dimensional or holds a NaN.

    Example:
        >>> a12([3, 4, 5], [1, 3, 9])  # 3 wins against 1, 2 and a tie against 3, none against 9: 5.5 of 9
        0.6111111111111112
    """
    a, b = _sample(a, "a"), _sample(b, "b")
    if not (len(a) and len(b)):
        return float("nan")
    ranks = stats.rankdata(np.concatenate([a, b]))[: len(a)]
    return float((2 * ranks.sum() - len(a) * (len(a) + 1)) / (2 * len(a) * len(b)))


def _signed_ranks(a: ArrayLike, b: ArrayLike) -> Floats:
    a, b = _sample(a, "a"), _sample(b, "b")
    if len(a) != len(b):
        raise ValueError(f"b must have as many runs as a, got {len(b)} and {len(a)}")
    differ = a != b  # two equal infinities do not, though their difference would be NaN
    difference = a[differ] - b[differ]
    ranks: Floats = np.sign(difference) * stats.rankdata(np.abs(difference))
    return ranks


def _sample(values: ArrayLike, name: str) -> Floats:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise ValueError(f"{name} must have shape (n_runs,), got {sample.shape}")
    if np.isnan(sample).any():
        raise ValueError(f"{name} must not hold NaN, got {np.isnan(sample).sum()} of {len(sample)}: leave them out")
    return sample
