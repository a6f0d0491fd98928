"""Pair by pair: where one algorithm beats the others, tasks taken together.

Every run gets its rank among all runs of all algorithms on each task, and the mean of its tasks' ranks. Two algorithms
are compared on a pair by Wilcoxon's rank-sum test of these means, Holm over all tests of the table.

    python benchmarks/multitask_pairs.py FOLDER --control emt-gs
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from scipy import stats

from evogan.experiments import holm, load_results, rank_sum

UNRELATED = ("cec17-mtmo-shifted-3", "cec17-mtmo-shifted-6", "cec17-mtmo-shifted-9")


def scores(results, pair: str) -> dict[str, np.ndarray]:
    """Return the mean rank ``(n_runs,)`` of every algorithm's runs on a pair."""
    ranks: dict[str, list[np.ndarray]] = {name: [] for name in results.algorithms}
    for problem in results.problems:
        if problem.rpartition("/")[0] != pair:
            continue
        values = [results.values("igd", problem=problem, algorithm=name) for name in results.algorithms]
        all_ranks = stats.rankdata(np.concatenate(values)) / sum(map(len, values))
        parts = np.split(all_ranks, np.cumsum([len(v) for v in values])[:-1])
        for name, part in zip(results.algorithms, parts, strict=True):
            ranks[name].append(part)
    return {name: np.mean(parts, axis=0) for name, parts in ranks.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a campaign's folder, or a CSV file of its runs")
    parser.add_argument("--control", default="emt-gs")
    options = parser.parse_args()
    results = load_results(options.results)
    results.check_algorithm(options.control)
    pairs = list(dict.fromkeys(problem.rpartition("/")[0] for problem in results.problems))
    others = [name for name in results.algorithms if name != options.control]
    table = {pair: scores(results, pair) for pair in pairs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p = [rank_sum(table[pair][options.control], table[pair][name]) for pair in pairs for name in others]
    significant = dict(zip([(pair, name) for pair in pairs for name in others], holm(p) < 0.05, strict=True))
    print("| pair | " + " | ".join([options.control, *others]) + " |")
    print("| --- " * (len(others) + 2) + "|")
    counts = {(name, kind): [0, 0, 0] for name in others for kind in ("related", "unrelated")}
    for pair in pairs:
        kind = "unrelated" if pair in UNRELATED else "related"
        own = float(np.median(table[pair][options.control]))
        cells = [f"{own:.3f}"]
        for name in others:
            other = float(np.median(table[pair][name]))
            outcome = (0 if own < other else 2) if significant[pair, name] else 1
            counts[name, kind][outcome] += 1
            cells.append(f"{other:.3f} {'+=-'[outcome]}")
        print(f"| {pair}{' (unrelated)' if kind == 'unrelated' else ''} | " + " | ".join(cells) + " |")
    for kind in ("related", "unrelated"):
        cells = ["{} / {} / {}".format(*counts[name, kind]) for name in others]
        print(f"| {options.control} better / equal / worse, {kind} | | " + " | ".join(cells) + " |")
    print(
        f"\nMedian over runs of the mean rank in a pair's tasks, among all runs, as a share of them: 0 best, 1 worst. "
        f"+, =, -: {options.control} is significantly better than, not told apart from, significantly worse than it "
        f"(Wilcoxon's rank-sum test, Holm over all {len(p)} tests, alpha 0.05)."
    )


if __name__ == "__main__":
    main()
