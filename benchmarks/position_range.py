"""Of the range of x1, how much the final sets of a campaign cover: collapse into a corner, in figures.

x1 is the position on IMF's fronts, and a whole front needs a range of 1 (IMF3 and IMF7: 0.08 will do to within a few
hundredths of IGD). Medians over runs.

    python benchmarks/position_range.py FOLDER imf3 imf7 imf9
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from evogan.experiments import load_results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a campaign's folder")
    parser.add_argument("problems", nargs="*", help="default: all")
    options = parser.parse_args()
    results = load_results(options.results)
    problems = options.problems or results.problems
    for problem in problems:
        if problem not in results.problems:
            parser.error(f"problem must be one of {', '.join(results.problems)}, got {problem!r}")
    print("| range of x1 | " + " | ".join(problems) + " |\n" + "| --- " * (len(problems) + 1) + "|")
    for algorithm in results.algorithms:
        cells = [results.cell(problem=problem, algorithm=algorithm) for problem in problems]
        spans = [[np.ptp(run.load()["X"][:, 0]) for run in runs] for runs in cells]
        print(f"| {algorithm} | " + " | ".join(f"{np.median(span):.2f}" if span else "" for span in spans) + " |")


if __name__ == "__main__":
    main()
