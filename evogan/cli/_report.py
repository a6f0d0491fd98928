"""``evogan table``, ``evogan plot`` and ``evogan export``: what is made of results."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from evogan._internal.checks import check_float
from evogan.experiments import Results, comparison_table, load_results, to_iohanalyzer_csv, to_long_csv, to_npz
from evogan.experiments._mss import multitask_label


def table_command(options: argparse.Namespace) -> int:
    """Print a table, or write it to a file."""
    results = _load(options.results)
    options.problems = _with_tasks(options.problems, results)
    table = comparison_table(
        results,
        options.metric,
        control=options.control,
        style=options.style,
        test=options.test,
        correction=options.correction,
        alpha=check_float(options.alpha, "--alpha", low=0.0, high=1.0, low_open=True),
        statistic=options.statistic,
        multitask=options.mss,
        algorithms=options.algorithms,
        problems=options.problems,
    )
    if options.format == "csv":
        text = table.to_csv()
    else:
        to_text = table.to_latex if options.format == "tex" else table.to_markdown
        text = to_text(effect_sizes=options.effect_sizes)
    if options.out is None:
        sys.stdout.write(text)
    else:
        Path(options.out).write_text(text)
        print(f"written to {options.out}")
    return 0


def plot_command(options: argparse.Namespace) -> int:
    """Draw one kind of picture and write it."""
    from evogan.plotting import save_figure

    results = _load(options.results)
    options.problems = _with_tasks(options.problems, results)
    folder = Path(options.results) if Path(options.results).is_dir() else Path()
    out = folder / f"{options.kind}.png" if options.out is None else Path(options.out)
    if out.suffix not in (".png", ".pdf", ".svg"):
        raise ValueError(f"--out must end in .png, .pdf or .svg, got {options.out!r}")
    save_figure(_figure(results, options), out)
    print(f"written to {out}")
    return 0


def export_command(options: argparse.Namespace) -> int:
    """Write results in a format that other programs read."""
    results = _load(options.results)
    if options.format == "iohanalyzer":
        to_iohanalyzer_csv(results, options.out, options.metric)
    else:
        {"long": to_long_csv, "npz": to_npz}[options.format](results, options.out)
    print(f"{len(results.runs)} runs written to {options.out}")
    return 0


def _load(path: str) -> Results:
    if not os.path.exists(path):
        raise ValueError(f"{path} does not exist: give a campaign's folder or a CSV file")
    results = load_results(path)
    if not results.records:
        raise ValueError(f"{path} holds no finished runs yet")
    return results


def _figure(results: Results, options: argparse.Namespace) -> Any:
    from evogan import plotting

    some = {"problems": options.problems, "algorithms": options.algorithms}
    if options.kind == "convergence":
        return plotting.plot_campaign_convergence(results, options.metric, against=options.against, **some)
    if options.kind == "ecdf":
        return plotting.plot_ecdf(results, options.metric, **some)
    if options.kind == "box":
        return plotting.plot_box(results, options.metric, **some)
    if options.kind == "cd":
        table = comparison_table(results, options.metric, **some)
        if table.friedman is None:
            raise ValueError(f"no critical differences: {' '.join(table.notes) or 'too few problems or algorithms'}")
        ranks = dict(zip(table.algorithms, table.friedman.mean_ranks.tolist(), strict=True))
        return plotting.plot_critical_difference(ranks, table.critical_difference, title=f"mean rank, {options.metric}")
    problem = options.problems[0] if options.problems else results.problems[0]
    if len(options.problems or [problem]) > 1:
        raise ValueError(f"--kind {options.kind} shows one problem, got {', '.join(options.problems)}")
    if options.kind == "attainment":
        return plotting.plot_attainment(results, problem=problem, algorithms=options.algorithms)
    front = _front(results, problem)
    return plotting.plot_fronts(
        results, problem=problem, algorithms=options.algorithms, metric=options.metric, front=front
    )


def _with_tasks(problems: list[str] | None, results: Results) -> list[str] | None:
    """Put the tasks of a multitask problem in its place."""
    if problems is None:
        return None
    tasks: dict[str, list[str]] = {}
    for label in results.problems:
        tasks.setdefault(multitask_label(label) or label, []).append(label)
    return [task for label in problems for task in tasks.get(label, [label])]


def _front(results: Results, problem: str) -> Any:
    """Return the front of a problem whose label is, or begins with, one of evogan's names; None for others."""
    from evogan.cli.problem_names import make_problem
    from evogan.problems.fronts import reference_front

    record = next(record for record in results.records if record.problem == problem)
    settings = record.details.get("config", {}).get("problem", {})
    name, task = settings.get("name", "").lower(), record.details.get("task")
    try:
        if task is not None and "+" in name:
            name, settings = name.split("+")[task - 1].strip(), settings["tasks"][task - 1]
            task = None
        made = make_problem(name, settings.get("n_var"), settings.get("n_obj"), {})
        return reference_front(made if task is None else made.tasks[task - 1], 2000)
    except (ValueError, TypeError):
        return None
