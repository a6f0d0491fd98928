"""``evogan run``."""

from __future__ import annotations

import argparse
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from evogan._internal.checks import check_int
from evogan._internal.devices import resolve_device
from evogan._internal.rng import fresh_seed
from evogan.cli._settings import parse_settings
from evogan.cli.multitask_names import make_algorithm_for
from evogan.cli.problem_names import make_problem, suite_defaults
from evogan.experiments import MultitaskRunResult, Progress, RunResult, TaskResult, resume, run, run_multitask
from evogan.experiments._folder import CHECKPOINT
from evogan.multitask import MultitaskProblem

ARGUMENTS_OF_A_NEW_RUN = ("algorithm", "problem", "n_var", "n_obj", "pop_size", "n_evals", "seed", "device", "out")

MAX_TASKS_IN_FULL = 5


def run_command(options: argparse.Namespace) -> int:
    """Run or resume; print a table of what came out."""
    with warnings.catch_warnings(), stoppable("generation") as stop:
        warnings.showwarning = show_warning  # type: ignore[assignment]
        warnings.simplefilter("always", UserWarning)
        if options.resume is not None:
            given = [
                name for name in (*ARGUMENTS_OF_A_NEW_RUN, "checkpoint_every") if getattr(options, name) is not None
            ]
            if given or options.set:
                raise ValueError(
                    f"--resume takes the configuration from its folder, not {', '.join(given or ['--set'])}"
                )
            progress = None if options.quiet else Progress(f"resume {options.resume}")
            folder = options.resume
            result: RunResult | MultitaskRunResult = resume(folder, progress=progress, should_stop=stop)
        else:
            folder = options.out
            result = _new_run(options, stop)
    if not result.finished:
        hint = " (no --out, so nothing was kept)"
        if folder is not None:
            resumable = (Path(folder) / CHECKPOINT).exists()
            hint = f"; continue with: evogan run --resume {folder}" if resumable else f"; what was found is in {folder}"
        print(f"stopped after {result.n_evals} evaluations{hint}", file=sys.stderr)
        return 130
    if not options.quiet:
        _print_result(result, folder)
    return 0


def _new_run(options: argparse.Namespace, stop: Any) -> RunResult | MultitaskRunResult:
    if options.algorithm is None or options.problem is None:
        raise ValueError("ALGORITHM and PROBLEM are needed, e.g. evogan run gmoea imf1 (`evogan list` shows all)")
    device = "auto" if options.device is None else options.device
    resolve_device(device)
    settings = parse_settings(options.set)
    for_problem = {k.removeprefix("problem."): v for k, v in settings.items() if k.startswith("problem.")}
    for_algorithm = {k: v for k, v in settings.items() if not k.startswith("problem.")}
    problem = make_problem(options.problem, options.n_var, options.n_obj, for_problem)
    pop_size, n_evals = suite_defaults(problem) or (100, 10_000)
    pop_size = pop_size if options.pop_size is None else options.pop_size
    algorithm = make_algorithm_for(problem, options.algorithm, pop_size, for_algorithm, device)
    seed = fresh_seed() if options.seed is None else check_int(options.seed, "seed")
    config = {"algorithm": options.algorithm, "problem": options.problem, "device": device, "set": settings}
    start: Any = run_multitask if isinstance(problem, MultitaskProblem) else run
    result: RunResult | MultitaskRunResult = start(
        problem,
        algorithm,
        n_evals=n_evals if options.n_evals is None else options.n_evals,
        seed=seed,
        out=options.out,
        checkpoint_every=options.checkpoint_every,
        progress=None if options.quiet else Progress(f"{options.algorithm} {options.problem}"),
        config=config,
        should_stop=stop,
    )
    return result


def _print_result(result: RunResult | MultitaskRunResult, folder: str | None) -> None:
    print(f"{result.config['algorithm']} on {result.config['problem']}, seed {result.config['seed']}")
    if isinstance(result, MultitaskRunResult):
        _print_tasks(result)
    else:
        print(f"  {'evaluations':<24}{result.n_evals}")
        _print_found(result, "  ")
    for name, count in result.counters.items():
        if count and name != "fit_seconds":
            print(f"  {name.replace('_', ' '):<24}{count:g}")
    print(f"  {'seconds':<24}{result.wall_seconds:.1f} ({result.cpu_seconds:.1f} CPU)")
    if folder is not None:
        print(f"  {'written to':<24}{folder}")


def _print_tasks(result: MultitaskRunResult) -> None:
    apart = result.config["resolved"]["algorithm"].get("type") == "Apart"
    how = f"{len(result)} tasks {'apart' if apart else 'together'}, population size {result.config['pop_size']} each"
    print(f"  {'evaluations':<24}{result.n_evals} in all, {how}")
    for t, task in enumerate(result, 1):
        if len(result) > MAX_TASKS_IN_FULL:
            scores = "  ".join(f"{name} {score.value:.4g}" for name, score in task.indicators.items())
            print(f"  T{t:<4}{scores or 'nothing to measure against'}")
            continue
        print(f"  T{t}: {task.name}, {task.n_evals} evaluations")
        _print_found(task, "    ")


def _print_found(result: RunResult | TaskResult, indent: str) -> None:
    width = 26 - len(indent)
    print(f"{indent}{'optimum set':<{width}}{len(result.optimum.F)} solutions")
    if len(result.optimum.F) == 0:
        print(f"{indent}nothing feasible and finite was found")
    for name, score in result.indicators.items():
        print(f"{indent}{name:<{width}}{score.value:.6g}")
    if result.indicator_source != "front":
        print(f"{indent}the Pareto front is not known here: indicators are relative to the {result.indicator_source}")


@contextmanager
def stoppable(unit: str) -> Iterator[Any]:
    """Let the first Ctrl-C stop after this ``unit``, where a checkpoint is whole; the second stops at once."""
    asked = False

    def on_interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        print(f"\nstopping after this {unit}; Ctrl-C again stops at once", file=sys.stderr)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def show_warning(message: Warning | str, category: Any, filename: str, lineno: int, *rest: Any) -> None:
    print(f"note: {message}", file=sys.stderr)
