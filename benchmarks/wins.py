"""On how many problems one algorithm is better than each other one: by median, and significantly.

Problems are counted in groups, by their names without the number (imf, rotated-imf, lz09-f, ...). Tests are
Wilcoxon's rank-sum tests with Holm's correction over the tests between the two algorithms in a group.

    python benchmarks/wins.py FOLDER --control rcg-moea
"""

from __future__ import annotations

import argparse
import re
import warnings
from pathlib import Path

import numpy as np

from evogan.experiments import holm, load_results, rank_sum
from evogan.metrics import larger_is_better


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a campaign's folder, or a CSV file of its runs")
    parser.add_argument("--control", required=True)
    parser.add_argument("--metric", default="igd")
    options = parser.parse_args()
    results = load_results(options.results)
    control = results.check_algorithm(options.control)
    metric = results.check_metric(options.metric)
    sign = -1.0 if larger_is_better(metric) else 1.0
    groups: dict[str, list[str]] = {}
    for problem in results.problems:
        groups.setdefault(re.sub(r"\d+(?=(-d\d+)?$)", "*", problem, count=1), []).append(problem)
    print(
        "| " + control + " against | " + " | ".join(f"{name} ({len(group)})" for name, group in groups.items()) + " |"
    )
    print("| --- " * (len(groups) + 1) + "|")
    for other in results.algorithms:
        if other == control:
            continue
        cells = []
        for problems in groups.values():
            pairs = [
                [sign * results.values(metric, problem=problem, algorithm=name) for name in (control, other)]
                for problem in problems
            ]
            better = np.array([np.median(own) < np.median(theirs) for own, theirs in pairs])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                significant = holm([rank_sum(own, theirs) for own, theirs in pairs]) < 0.05
            cells.append(f"{better.sum()}; {(better & significant).sum()} / {(~better & significant).sum()}")
        print(f"| {other} | " + " | ".join(cells) + " |")
    n_runs = sorted({len(results.values(metric, problem=p, algorithm=control)) for p in results.problems})
    print(
        f"\nProblems on which {control} has the better median {metric}; significantly better / worse (Wilcoxon's "
        f"rank-sum test, Holm within a cell, alpha 0.05). {n_runs[0]} to {n_runs[-1]} runs."
    )


if __name__ == "__main__":
    main()
