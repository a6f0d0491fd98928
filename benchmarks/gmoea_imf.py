"""GMOEA, its presets and its null controls beside NSGA-II on IMF1-10 and their shifted twins, at equal evaluations.

Every cell is one run; finished cells are appended to the CSV and skipped when the command is repeated, so it can be
killed at any moment. The table is written anew at the end.

    python benchmarks/gmoea_imf.py                        # 5000 evaluations, 5 runs a cell, D = 30
    python benchmarks/gmoea_imf.py --n-evals 2100 --problems imf1 imf4 --algorithms gmoea-code nsga2
"""

from __future__ import annotations

import argparse
import csv
import itertools
import multiprocessing
import os
from collections import defaultdict
from pathlib import Path

import numpy as np

ALGORITHMS = ["gmoea", "gmoea-code", "gmoea-paper", "nsga2", "spea2", "moead"]
ALGORITHMS += ["gmoea-classic", "gmoea-gaussian", "gmoea-untrained"]
PROBLEMS = [f"{prefix}imf{i}" for prefix in ("", "shifted-") for i in range(1, 11)]
FIELDS = ["problem", "algorithm", "seed", "n_var", "n_evals", "igd", "hv", "x1_range", "n_optimum", "topped_up"]
FIELDS += ["cpu_seconds"]


def run_cell(cell: tuple[str, str, int, int, int]) -> dict[str, object]:
    """Run one algorithm on one problem with one seed."""
    import torch

    from evogan.cli.algorithm_names import make_algorithm
    from evogan.cli.problem_names import make_problem
    from evogan.experiments import run

    torch.set_num_threads(1)
    problem_name, algorithm_name, seed, n_var, n_evals = cell
    problem = make_problem(problem_name, n_var, None, {})
    pop_size = 105 if problem.n_obj == 3 else 100
    algorithm = make_algorithm(algorithm_name, pop_size, problem.n_obj, {}, "cpu")
    result = run(problem, algorithm, n_evals=n_evals, seed=seed)
    x1 = result.optimum.X[:, 0]
    values = [*cell[:4], result.n_evals, float(result.indicators["igd"]), float(result.indicators["hv"])]
    values += [float(np.ptp(x1)) if len(x1) else 0.0, len(x1), result.counters.get("topped_up", 0)]
    return dict(zip(FIELDS, [*values, round(result.cpu_seconds, 2)], strict=True))


def drop_incomplete_line(file: Path) -> None:
    """Cut off what a kill has left of a line."""
    data = file.read_bytes()
    file.write_bytes(data[: data.rfind(b"\n") + 1])


def read(file: Path) -> list[dict[str, str]]:
    """Return the finished cells."""
    with open(file, newline="") as lines:
        return list(csv.DictReader(lines))


def cell_of(row: dict[str, str]) -> tuple[str, str, int, int, int]:
    """Return the cell that a row is of."""
    return row["problem"], row["algorithm"], int(row["seed"]), int(row["n_var"]), int(row["n_evals"])


def table(rows: list[dict[str, str]], algorithms: list[str], command: str) -> str:
    """Return the Markdown table: median IGD (IQR) of every cell, the best median bold, and the range of x1 below."""
    cells = defaultdict(list)
    for row in rows:
        cells[row["problem"], row["algorithm"]].append(row)
    problems = list(dict.fromkeys(row["problem"] for row in rows))
    n_runs = sorted({len(cell) for cell in cells.values()})
    runs = "-".join(str(n) for n in sorted({n_runs[0], n_runs[-1]}))
    sizes = (
        f"D = {rows[0]['n_var']}, {rows[0]['n_evals']} evaluations, N = 100 (105 with three objectives), {runs} runs"
    )
    text = f"Made by `{command}`.\n\n{sizes}.\n\n"
    text += "## Median IGD (interquartile range)\n\nBold: the best median of a row.\n\n"
    text += _grid(problems, algorithms, lambda p, a: _median(cells[p, a], "igd"), bold=True)
    text += "\n## Median range of x1 in the final set\n\nThe whole front needs a range of 1 (IMF3 and IMF7: 0.08 will"
    text += " do); less is collapse.\n\n"
    text += _grid(problems, algorithms, lambda p, a: _median(cells[p, a], "x1_range"), bold=False)
    text += "\n## CPU seconds of one run, mean over problems\n\n"
    seconds = [np.mean([float(r["cpu_seconds"]) for r in rows if r["algorithm"] == a]) for a in algorithms]
    text += "| " + " | ".join(algorithms) + " |\n|" + "---|" * len(algorithms) + "\n"
    return text + "| " + " | ".join(f"{s:.1f}" for s in seconds) + " |\n"


def _median(cell: list[dict[str, str]], name: str) -> tuple[float, float]:
    if not cell:
        return np.nan, np.nan
    q1, q2, q3 = np.percentile([float(row[name]) for row in cell], [25, 50, 75])
    return q2, q3 - q1


def _grid(problems, algorithms, value, *, bold: bool) -> str:
    lines = ["| problem | " + " | ".join(algorithms) + " |", "|---|" + "---|" * len(algorithms)]
    for problem in problems:
        numbers = [value(problem, algorithm) for algorithm in algorithms]
        best = np.nanmin([median for median, _ in numbers])
        shown = [f"{m:.3g} ({iqr:.2g})" if bold else f"{m:.2f}" for m, iqr in numbers]
        shown = [f"**{s}**" if bold and m == best else s for s, (m, _) in zip(shown, numbers, strict=True)]
        lines.append(f"| {problem} | " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=PROBLEMS)
    parser.add_argument("--algorithms", nargs="+", default=ALGORITHMS)
    parser.add_argument("--n-var", type=int, default=30)
    parser.add_argument("--n-evals", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, help="file name without ending (results/gmoea_imf_d<n_var>_<n_evals>)")
    options = parser.parse_args()
    name = f"gmoea_imf_d{options.n_var}_{options.n_evals}"
    base = options.out or Path(__file__).parent / "results" / name
    file = base.with_suffix(".csv")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(",".join(FIELDS) + "\n")
    drop_incomplete_line(file)
    seeds = range(1, options.runs + 1)
    wanted = [
        (problem, algorithm, seed, options.n_var, options.n_evals)
        for seed, problem, algorithm in itertools.product(seeds, options.problems, options.algorithms)
    ]
    done = {cell_of(row) for row in read(file)}
    cells = [cell for cell in wanted if cell not in done]
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool, open(file, "a", newline="") as out:
        for i, row in enumerate(pool.imap_unordered(run_cell, cells), 1):
            csv.DictWriter(out, FIELDS, lineterminator="\n").writerow(row)
            out.flush()
            print(f"{i}/{len(cells)}  {row['problem']} {row['algorithm']} seed {row['seed']}: IGD {row['igd']:.4f}")
    order = {cell: i for i, cell in enumerate(wanted)}
    rows = sorted((row for row in read(file) if cell_of(row) in order), key=lambda row: order[cell_of(row)])
    command = (
        f"python benchmarks/gmoea_imf.py --n-var {options.n_var} --n-evals {options.n_evals} --runs {options.runs}"
    )
    if options.problems != PROBLEMS or options.algorithms != ALGORITHMS:
        command += f" --problems {' '.join(options.problems)} --algorithms {' '.join(options.algorithms)}"
    base.with_suffix(".md").write_text(table(rows, options.algorithms, command))


if __name__ == "__main__":
    main()
