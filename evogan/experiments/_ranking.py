"""Comparing many algorithms on many problems: Friedman's ranks, Nemenyi's critical difference, multitask scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evogan._internal.checks import check_float, check_int

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FriedmanResult:
    """Mean ranks and whether they differ.

    Attributes:
        mean_ranks: ``(n_algorithms,)``, 1 is best.
        statistic: Friedman's chi-squared with n_algorithms - 1 degrees of freedom.
        p: its p-value.
        iman_davenport: the less conservative F of Iman and Davenport.
        iman_davenport_p: its p-value.
        n_problems: problems that were ranked.
    """

    mean_ranks: Floats
    statistic: float
    p: float
    iman_davenport: float
    iman_davenport_p: float
    n_problems: int


def friedman(scores: ArrayLike, *, larger_is_better: bool, tie_correction: bool = True) -> FriedmanResult:
    """Rank algorithms on every problem and test whether their mean ranks differ.

    M. Friedman, "The use of ranks to avoid the assumption of normality implicit in the analysis of variance", JASA
    32(200), 1937; R. L. Iman and J. M. Davenport, "Approximations of the critical region of the Friedman statistic",
    Communications in Statistics A 9(6), 1980; as used by J. Demsar, "Statistical comparisons of classifiers over
    multiple data sets", JMLR 7, 2006, section 3.2.2. Equal scores share the mean of their ranks.

    Args:
        scores: ``(n_problems, n_algorithms)``, such as medians over runs; infinities are extreme values.
        larger_is_better: whether rank 1 goes to the largest score.
        tie_correction: divide by what ties take from the variance of ranks, as SciPy and R do; Demsar does not.

    Raises:
        ValueError: fewer than 2 problems or algorithms, or a NaN.

    Example:
        >>> result = friedman([[1, 2, 3], [1, 3, 2], [1, 2, 3]], larger_is_better=False)
        >>> result.mean_ranks.round(2).tolist(), round(result.statistic, 3)
        ([1.0, 2.33, 2.67], 4.667)
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ValueError(f"scores must have shape (n_problems, n_algorithms), both at least 2, got {table.shape}")
    if np.isnan(table).any():
        raise ValueError(f"scores must not hold NaN, got {np.isnan(table).sum()} of {table.size}")
    n, k = table.shape
    ranks = stats.rankdata(-table if larger_is_better else table, axis=1)
    mean_ranks = ranks.mean(axis=0)
    chi2 = 12 * n / (k * (k + 1)) * float(((mean_ranks - (k + 1) / 2) ** 2).sum())
    if tie_correction:
        ties = sum(float(t**3 - t) for row in ranks for t in np.unique(row, return_counts=True)[1])
        free = 1 - ties / (n * k * (k * k - 1))
        chi2 = chi2 / free if free > 0 else 0.0
    rest = n * (k - 1) - chi2
    f = (n - 1) * chi2 / rest if rest > 1e-9 else float("inf")
    return FriedmanResult(
        mean_ranks=mean_ranks,
        statistic=chi2,
        p=float(stats.chi2.sf(chi2, k - 1)),
        iman_davenport=f,
        iman_davenport_p=float(stats.f.sf(f, k - 1, (k - 1) * (n - 1))),
        n_problems=n,
    )


def nemenyi_critical_difference(n_algorithms: int, n_problems: int, *, alpha: float = 0.05) -> float:
    """Return the difference of mean ranks from which on two algorithms differ, all pairs being compared.

    P. B. Nemenyi, "Distribution-free multiple comparisons", PhD thesis, Princeton, 1963; Demsar 2006, section 3.2.2:
    q sqrt(k (k + 1) / (6 N)), where q is the studentized range's quantile divided by sqrt(2).

    Raises:
        ValueError: fewer than 2 algorithms, no problem, or ``alpha`` outside (0, 1).

    Example:
        >>> round(nemenyi_critical_difference(4, 14), 2)
        1.25
    """
    k = check_int(n_algorithms, "n_algorithms", low=2)
    n = check_int(n_problems, "n_problems", low=1)
    return _nemenyi_q(k, check_alpha(alpha)) * float(np.sqrt(k * (k + 1) / (6 * n)))


def nemenyi_groups(mean_ranks: ArrayLike, cd: float) -> list[list[int]]:
    """Return the largest groups of algorithms of which no two differ by ``cd`` or more.

    Args:
        mean_ranks: ``(n_algorithms,)``.
        cd: critical difference.

    Returns:
        Groups of at least two indices into ``mean_ranks``, each from the best rank to the worst, in that order too;
        groups overlap, and an algorithm that differs from all others is in none.

    Example:
        >>> nemenyi_groups([3.0, 1.0, 1.5, 2.2], 1.0)
        [[1, 2], [2, 3], [3, 0]]
    """
    ranks = np.asarray(mean_ranks, dtype=np.float64)
    order = np.argsort(ranks, kind="stable")
    groups: list[list[int]] = []
    reached = 0
    for first in range(len(order)):
        last = first + int((ranks[order[first:]] - ranks[order[first]] < cd).sum())
        if last - first > 1 and last > reached:
            groups.append([int(i) for i in order[first:last]])
            reached = last
    return groups


def mss(scores: ArrayLike | Mapping[str, ArrayLike]) -> Floats:
    """Return the mean standardised score of every algorithm in multitask optimisation; smaller is better for IGD.

    B. Da et al., "Evolutionary multitasking for single-objective continuous optimization: benchmark problems,
    performance metric, and baseline results", arXiv:1706.03470, 2017; Y. Yuan et al., "... for multiobjective
    continuous optimization ...", arXiv:1706.02766, 2017: within a task, scores minus their mean over all algorithms and
    runs, divided by their standard deviation (n - 1; 0 where all are equal), averaged over tasks and runs. It depends
    on which algorithms are compared.

    Args:
        scores: ``(n_tasks, n_algorithms, n_runs)``, or task -> ``(n_algorithms, n_runs)``, where the number of runs may
            differ between tasks.

    Returns:
        ``(n_algorithms,)``.

    Raises:
        ValueError: another shape, not the same algorithms in all tasks, or a score that is not finite.

    Example:
        >>> mss({"task 1": [[1, 2], [3, 4]], "task 2": [[5, 5], [5, 5]]}).round(3).tolist()
        [-0.387, 0.387]
    """
    tasks = dict(scores) if isinstance(scores, Mapping) else dict(enumerate(np.asarray(scores, dtype=np.float64)))
    means: list[Floats] = []
    for name, values in tasks.items():
        task = np.asarray(values, dtype=np.float64)
        if task.ndim != 2 or 0 in task.shape or (means and len(task) != len(means[0])):
            expected = f"({len(means[0])}, n_runs)" if means else "(n_algorithms, n_runs)"
            raise ValueError(f"scores of task {name!r} must have shape {expected}, got {task.shape}")
        if not np.isfinite(task).all():
            raise ValueError(f"scores of task {name!r} must be finite, got {(~np.isfinite(task)).sum()} that are not")
        sigma = task.std(ddof=1) if task.size > 1 else 0.0
        means.append((task.mean(axis=1) - task.mean()) / sigma if sigma > 0 else np.zeros(len(task)))
    if not means:
        raise ValueError("scores must hold at least one task, got none")
    score: Floats = np.mean(means, axis=0)
    return score


def check_alpha(alpha: float) -> float:
    """Return a significance level in (0, 1)."""
    if check_float(alpha, "alpha", low=0.0, high=1.0, low_open=True) == 1.0:
        raise ValueError(f"alpha must lie in (0, 1), got {alpha}")
    return float(alpha)


@lru_cache(maxsize=64)
def _nemenyi_q(k: int, alpha: float) -> float:
    return float(stats.studentized_range.ppf(1 - alpha, k, np.inf)) / float(np.sqrt(2))
