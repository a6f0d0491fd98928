"""``evogan bench``: a campaign written as TOML."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from evogan._internal.checks import check_int, unknown_name
from evogan._internal.devices import resolve_device
from evogan.cli.algorithm_names import algorithms
from evogan.cli.multitask_names import ALGORITHMS, make_algorithm_for
from evogan.cli.problem_names import make_problem, suite_defaults
from evogan.experiments import Campaign, CampaignProgress, Dask, Processes, Serial, run_campaign

CAMPAIGN_KEYS = {"name", "n_evals", "seeds", "pop_size", "algorithms", "problems", "quick"}
ALGORITHM_KEYS = {"name", "label", "set"}
PROBLEM_KEYS = {"name", "names", "label", "n_var", "n_obj", "n_evals", "set"}


def bench_command(options: argparse.Namespace) -> int:
    """Run a campaign's missing cells; print how it ended."""
    resolve_device(options.device)
    campaign = read_campaign(Path(options.campaign), quick=options.quick, device=options.device)
    executor = make_executor(options)
    progress = None if options.silent else CampaignProgress(campaign.name)
    try:
        results = run_campaign(
            campaign, options.out, executor=executor, progress=progress, retry_failed=options.retry_failed
        )
    except KeyboardInterrupt:
        print(f"\nstopped; the same command continues in {options.out}", file=sys.stderr)
        return 130
    finally:
        if not isinstance(executor, Serial):
            executor.close()
    print(f"{len(results.runs)} runs in {options.out}, {len(results.failures)} failed")
    for record in results.failures[:10]:
        problem = record.details.get("problem", record.problem)  # not its first task
        print(f"  {record.algorithm} on {problem}, seed {record.seed}: {' '.join(str(record.error).split())}")
    if len(results.failures) > 10:
        print(f"  ... and {len(results.failures) - 10} more (--retry-failed runs them again)")
    print(f"next: evogan table {options.out} --metric igd")
    return 0


def make_executor(options: argparse.Namespace) -> Serial | Processes | Dask:
    """Make the executor that the options ask for; several workers mean processes."""
    kind = options.executor
    if options.workers is not None:
        check_int(options.workers, "--workers", low=1)
    if kind is None:
        kind = "dask" if options.dask_scheduler else "process" if (options.workers or 1) > 1 else "serial"
    if options.dask_scheduler and kind != "dask":
        raise ValueError(f"--dask-scheduler goes with --executor dask, not {kind}")
    if kind == "serial":
        if (options.workers or 1) > 1:
            raise ValueError(f"--executor serial has one worker, got --workers {options.workers}")
        return Serial()
    if kind == "process":
        return Processes(options.workers)
    return Dask(options.dask_scheduler, n_workers=options.workers)


def read_campaign(file: Path, *, quick: bool = False, device: str = "auto") -> Campaign:
    """Read a campaign; ``quick`` takes the values of its ``[quick]`` table first.

    Raises:
        ValueError: no TOML, an unknown or missing field, an unknown name, or the same label twice.
    """
    try:
        table = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not TOML: {error}") from error
    _check_keys(table, CAMPAIGN_KEYS, f"{file}")
    if quick:
        if "quick" not in table:
            raise ValueError(f"{file} has no [quick] table")
        _check_keys(table["quick"], CAMPAIGN_KEYS - {"quick", "name"}, f"{file}, [quick]")
        table = {**table, **table["quick"], "name": f"{table.get('name', file.stem)}-quick"}
    for key in ("algorithms", "problems", "seeds"):
        if key not in table:
            raise ValueError(f"{file} must have the field {key!r}")
    problems, budgets = _problems(table, file)
    return Campaign(
        name=table.get("name", file.stem),
        algorithms=_algorithms(table, file, device),
        problems=problems,
        n_evals=budgets,
        seeds=table["seeds"],
    )


def _algorithms(table: dict[str, Any], file: Path, device: str) -> dict[str, Any]:
    pop_size = table.get("pop_size")
    known = [*algorithms(), *ALGORITHMS]
    made: dict[str, Any] = {}
    for entry in _entries(table["algorithms"], ALGORITHM_KEYS, f"{file}, algorithms"):
        if entry["name"] not in known:
            raise unknown_name(entry["name"], known, "algorithm")
        settings = _flat(entry.get("set", {}))
        label = _label(entry, entry["name"], made, f"{file}, algorithms")
        made[label] = partial(_algorithm_for, entry["name"], pop_size, settings, device)
    return made


def _problems(table: dict[str, Any], file: Path) -> tuple[dict[str, Any], dict[str, int]]:
    made: dict[str, Any] = {}
    budgets: dict[str, int] = {}
    for entry in _entries(table["problems"], PROBLEM_KEYS, f"{file}, problems"):
        if ("name" in entry) == ("names" in entry):
            raise ValueError(f"{file}, problems: an entry must have either 'name' or 'names', got {entry}")
        for name in entry.get("names", [entry.get("name")]):
            sizes = {key: entry.get(key) for key in ("n_var", "n_obj")}
            factory = partial(make_problem, name, sizes["n_var"], sizes["n_obj"], _flat(entry.get("set", {})))
            problem = factory()  # an unknown name or a wrong size is said now, not in every cell
            _, suite_evals = suite_defaults(problem) or (None, None)
            label = _label(entry, name, made, f"{file}, problems")
            n_evals = entry.get("n_evals", table.get("n_evals", suite_evals))
            if n_evals is None:
                raise ValueError(f"{file} must have the field 'n_evals', for all problems or for {label}")
            made[label], budgets[label] = factory, check_int(n_evals, f"{file}, n_evals of {label}", low=1)
    return made, budgets


def _algorithm_for(
    name: str, pop_size: int | Mapping[str, int] | None, settings: dict[str, Any], device: str, problem: Any
) -> Any:
    """Make an algorithm for a problem; the population size may depend on the (largest) number of objectives."""
    if pop_size is None:
        pop_size, _ = suite_defaults(problem) or (100, None)
    elif isinstance(pop_size, Mapping):
        n_obj = max(task.n_obj for task in getattr(problem, "tasks", [problem]))
        if str(n_obj) not in pop_size:
            raise ValueError(f"pop_size has no entry for {n_obj} objectives ({problem.name()})")
        pop_size = pop_size[str(n_obj)]
    return make_algorithm_for(problem, name, pop_size, dict(settings), device)


def _entries(given: Any, keys: set[str], where: str) -> list[dict[str, Any]]:
    """Return a list of names and tables as tables."""
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ValueError(f"{where}: expected a list of names or tables, at least one, got {given!r}")
    entries = [{"name": entry} if isinstance(entry, str) else entry for entry in given]
    for entry in entries:
        if not isinstance(entry, dict):
            raise ValueError(f"{where}: expected a name or a table, got {entry!r}")
        _check_keys(entry, keys, where)
        if "names" not in keys and "name" not in entry:
            raise ValueError(f"{where}: an entry has no 'name': {entry}")
    return entries


def _check_keys(table: Mapping[str, Any], keys: set[str], where: str) -> None:
    for key in table:
        if key not in keys:
            raise ValueError(f"{where}: unknown field {key!r}; known are {', '.join(sorted(keys))}")


def _label(entry: dict[str, Any], name: str, taken: Mapping[str, Any], where: str) -> str:
    """Return an entry's label, which may use {name}, {n_var} and {n_obj}."""
    try:
        label = str(entry.get("label", "{name}")).format(**{**entry, "name": name})
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"{where}: label {entry['label']!r} may use fields of its entry only: {error}") from error
    if label in taken:
        raise ValueError(f"{where}: {label!r} stands there twice; give the second one another label")
    return label


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested tables (and dotted TOML keys) into dotted names."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
