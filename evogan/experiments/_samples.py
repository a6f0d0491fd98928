"""The runs of one cell of a table, and how two cells are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evogan.experiments._results import Record
from evogan.experiments._statistics import a12, rank_sum, signed_rank, signed_rank_balance

Floats = NDArray[np.float64]
Key = tuple[str, str]  # problem, algorithm


@dataclass(frozen=True, eq=False)
class Sample:
    """The values of an indicator in one cell.

    Attributes:
        values: ``(n_runs,)``, what is not finite replaced by the worst infinity.
        scores: the same, signed so that larger is better.
        seeds: of those runs.
        n_missing: runs without a value.
        n_worst: runs whose value was not finite.
    """

    values: Floats
    scores: Floats
    seeds: tuple[int, ...]
    n_missing: int
    n_worst: int

    @classmethod
    def of(cls, records: Sequence[Record], metric: str, *, larger_is_better: bool, drop_nan: bool) -> Sample:
        """Take an indicator out of records; ``drop_nan`` counts a NaN as missing, not as the worst value."""
        found = [(r.seed, r.metrics[metric]) for r in records if metric in r.metrics]
        kept = [(seed, value) for seed, value in found if not (drop_nan and math.isnan(value))]
        values = np.array([value for _, value in kept], dtype=np.float64)
        finite = np.isfinite(values)
        sign = 1.0 if larger_is_better else -1.0
        values[~finite] = -sign * np.inf
        seeds = tuple(seed for seed, _ in kept)
        return cls(values, sign * values, seeds, len(records) - len(kept), int((~finite).sum()))

    def summary(self, statistic: str) -> tuple[float, float]:
        """Return median and interquartile range, or mean and standard deviation (n - 1; 0 for one run)."""
        if not len(self.values):
            return math.nan, math.nan
        if statistic == "median":
            low, middle, high = (_quantile(np.sort(self.values), q) for q in (0.25, 0.5, 0.75))
            return middle, high - low if math.isfinite(high) or math.isfinite(low) else math.nan
        finite, several = bool(np.isfinite(self.values).all()), len(self.values) > 1
        spread = float(self.values.std(ddof=1)) if finite and several else math.nan if several else 0.0
        return math.fsum(self.values) / len(self.values), spread  # the same whatever the order of the runs


def compare(one: Sample, other: Sample, *, test: str) -> tuple[float, float]:
    """Return p of a test and to which side it leans: above 0 where ``one`` is better, below 0 where it is worse.

    The signed-rank test pairs the seeds that both have.

    Raises:
        ValueError: a paired test, and a seed occurs twice.
    """
    if test == "rank-sum":
        return rank_sum(one.scores, other.scores), a12(one.scores, other.scores) - 0.5
    a, b = (dict(zip(sample.seeds, sample.scores, strict=True)) for sample in (one, other))
    for sample, by_seed in ((one, a), (other, b)):
        if len(by_seed) < len(sample.seeds):
            twice = next(seed for seed in sample.seeds if sample.seeds.count(seed) > 1)
            raise ValueError(f"seeds of a cell must differ for the signed-rank test, got seed {twice} more than once")
    x, y = ([scores[seed] for seed in a if seed in b] for scores in (a, b))
    return signed_rank(x, y), signed_rank_balance(x, y)


def sample_notes(
    samples: Mapping[Key, Sample], rivals: Mapping[Key, Key], metric: str, *, test: str, alpha: float, correction: str
) -> list[str]:
    """Return what a reader must know of the samples: what is missing, what is infinite, what the tests cannot show."""
    notes = []
    empty = [f"{algorithm} on {problem}" for (problem, algorithm), sample in samples.items() if not len(sample.values)]
    if empty:
        notes.append(f"Cells without runs, shown as - and not tested: {some(empty)} ({len(empty)} in all).")
    if missing := sum(sample.n_missing for sample in samples.values()):
        notes.append(f"Finished runs without {metric}, left out: {missing}.")
    if worst := sum(sample.n_worst for sample in samples.values()):
        notes.append(f"Runs whose {metric} is not finite (an empty front), counted as the worst: {worst}.")
    pairs = [(samples[key], samples[rival]) for key, rival in rivals.items()]
    if test == "signed-rank" and (lone := sum(set(a.seeds) != set(b.seeds) for a, b in pairs)):
        notes.append(f"Tests whose two sides have different seeds, so that only common ones are paired: {lone}.")
    least = min((_least_possible_p(a, b, test=test) for a, b in pairs), default=0.0)
    level = alpha / len(pairs) if pairs and correction == "holm" else alpha
    if least >= level:
        notes.append(f"Too few runs for any sign: p cannot fall below {least:.2g}, the first test needs {level:.2g}.")
    return notes


def some(labels: Sequence[str], *, at_most: int = 6) -> str:
    """Return the first labels, and how many more there are."""
    rest = len(labels) - at_most
    return ", ".join(labels[:at_most]) + (f" and {rest} more" if rest > 0 else "")


def _least_possible_p(one: Sample, other: Sample, *, test: str) -> float:
    # The smallest p that a test of so many runs can have.
    n_pairs = len(set(one.seeds) & set(other.seeds))
    return _least_p(len(one.values), len(other.values)) if test == "rank-sum" else _least_paired_p(n_pairs)


@lru_cache(maxsize=256)
def _least_p(n: int, m: int) -> float:
    return rank_sum(np.arange(n), n + np.arange(m))


@lru_cache(maxsize=256)
def _least_paired_p(n: int) -> float:
    return signed_rank(np.arange(1, n + 1), np.zeros(n))


def _quantile(ordered: Floats, q: float) -> float:
    # Linear between order statistics, as NumPy's default, but without infinity times zero.
    place = q * (len(ordered) - 1)
    low, weight = int(place), place - int(place)
    if weight == 0 or ordered[low] == ordered[low + 1]:
        return float(ordered[low])
    return float(ordered[low] + weight * (ordered[low + 1] - ordered[low]))
