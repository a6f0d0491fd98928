"""Results of many runs, however they came about: a campaign's folder or a user's own table."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """One finished run of an algorithm on a problem, or on one of the tasks that it solved together.

    Attributes:
        algorithm: its label.
        problem: its label.
        seed: of the run.
        metrics: indicator -> value.
        n_evals: evaluations used, 0 where it is not known.
        n_nonfinite: evaluated solutions that were not finite.
        error: what went wrong, None if nothing did; a failed run has no metrics.
        cpu_seconds: of the run, for all its tasks together; NaN where it is not known.
        run: what the tasks of one multitask run share, each of which has a record; None for other runs.
        details: whatever else was recorded.
        load: a function that returns the arrays of the run (X, F, G, CV, and the convergence table's columns), empty if
            there are none.
    """

    algorithm: str
    problem: str
    seed: int
    metrics: dict[str, float]
    n_evals: int = 0
    n_nonfinite: int = 0
    error: str | None = None
    cpu_seconds: float = math.nan
    run: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    load: Callable[[], dict[str, NDArray[Any]]] = dict


@dataclass(frozen=True)
class Results:
    """Records of many runs, in the campaign's order.

    Example:
        >>> results = Results([Record("a", "p", 1, {"igd": 0.5}), Record("a", "p", 2, {"igd": 0.7})])
        >>> results.values("igd", problem="p", algorithm="a").tolist()
        [0.5, 0.7]
    """

    records: Sequence[Record]

    @cached_property
    def algorithms(self) -> list[str]:
        """Labels of the algorithms, in order of appearance."""
        return list(dict.fromkeys(record.algorithm for record in self.records))

    @cached_property
    def problems(self) -> list[str]:
        """Labels of the problems, in order of appearance."""
        return list(dict.fromkeys(record.problem for record in self.records))

    @cached_property
    def metrics(self) -> list[str]:
        """Names of all indicators that some run has."""
        return list(dict.fromkeys(name for record in self.records for name in record.metrics))

    @cached_property
    def failures(self) -> list[Record]:
        """Runs that ended with an error, each once."""
        return one_per_run(record for record in self.records if record.error is not None)

    @cached_property
    def runs(self) -> list[Record]:
        """One record of every run: the tasks of a multitask run count once."""
        return one_per_run(self.records)

    def cell(self, *, problem: str, algorithm: str) -> list[Record]:
        """Return the successful runs of one algorithm on one problem, by seed."""
        found = [r for r in self.records if r.problem == problem and r.algorithm == algorithm and r.error is None]
        return sorted(found, key=lambda record: record.seed)

    def values(self, metric: str, *, problem: str, algorithm: str) -> Floats:
        """Return an indicator's values ``(n_runs,)`` by seed; infinities are kept, missing values left out."""
        records = self.cell(problem=problem, algorithm=algorithm)
        return np.array([r.metrics[metric] for r in records if metric in r.metrics], dtype=np.float64)

    def check_metric(self, metric: str) -> str:
        """Return ``metric`` if some run has it; a ValueError lists what there is."""
        if metric not in self.metrics:
            raise ValueError(f"metric must be one of {', '.join(self.metrics) or '(none)'}, got {metric!r}")
        return metric

    def check_algorithm(self, algorithm: str, name: str = "control") -> str:
        """Return ``algorithm`` if some run is of it; a ValueError lists what there is."""
        if algorithm not in self.algorithms:
            raise ValueError(f"{name} must be one of {', '.join(self.algorithms)}, got {algorithm!r}")
        return algorithm


def one_per_run(records: Iterable[Record]) -> list[Record]:
    """Return the first record of every run."""
    first: dict[Any, Record] = {}
    for record in records:
        first.setdefault(id(record) if record.run is None else record.run, record)
    return list(first.values())


def results_from_csv(path: Path | str) -> Results:
    """Read a user's own numbers: columns ``problem``, ``algorithm``, optionally ``seed``, and one per indicator.

    Every column whose cells are all numbers (or empty) is an indicator, except ``seed``, ``n_evals`` and
    ``cpu_seconds``. Text in a column ``error`` is that of a failed run.

    Raises:
        ValueError: a column is missing, a row is incomplete, or nothing is a number; the line is named.
    """
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        names = list(reader.fieldnames or [])
    for name in ("problem", "algorithm"):
        if name not in names:
            raise ValueError(f"{path} must have a column {name!r}, it has {', '.join(names) or 'none'}")
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise ValueError(f"{path}, line {number}: expected {len(names)} values")
    own = ("problem", "algorithm", "seed", "n_evals", "cpu_seconds")
    metrics = [n for n in names if n not in own and _all_numbers(rows, n)]
    if not rows or not metrics:
        raise ValueError(f"{path} must hold rows with at least one column of numbers beside {', '.join(names)}")
    count: dict[tuple[str, str], int] = {}
    records = []
    for row in rows:
        cell = (row["problem"], row["algorithm"])
        count[cell] = count.get(cell, 0) + 1
        records.append(
            Record(
                algorithm=row["algorithm"],
                problem=row["problem"],
                seed=int(row["seed"]) if row.get("seed") else count[cell],
                metrics={name: float(row[name]) for name in metrics if row[name] != ""},
                n_evals=int(float(row["n_evals"])) if row.get("n_evals") else 0,
                error=None if "error" in metrics else row.get("error") or None,
                cpu_seconds=float(row.get("cpu_seconds") or math.nan),
            )
        )
    return Results(records)


def _all_numbers(rows: list[dict[str, str]], name: str) -> bool:
    try:
        return len([float(row[name]) for row in rows if row[name]]) > 0
    except (TypeError, ValueError):
        return False
