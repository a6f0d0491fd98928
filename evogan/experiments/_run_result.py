"""What a run leaves behind, on one problem or on several tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan.experiments._optimum import Optimum
from evogan.metrics import Score


@dataclass(frozen=True)
class RunResult:
    """What a run found and what it cost.

    Attributes:
        optimum: the feasible, finite, non-dominated solutions: X, F, G, CV.
        indicators: name -> :class:`~evogan.metrics.Score`.
        counters: offspring sampled and topped up, fits, non-finite evaluations ...
        convergence: one dict per recorded generation.
        config: the resolved configuration, seed included.
        n_evals: evaluations used, exactly.
        wall_seconds: without imports and without pauses between a kill and its resumption.
        cpu_seconds: likewise.
        finished: False if the run was stopped before its budget.
    """

    optimum: Optimum
    indicators: dict[str, Score]
    indicator_source: str
    counters: dict[str, float]
    convergence: list[dict[str, Any]]
    config: dict[str, Any]
    n_evals: int
    wall_seconds: float
    cpu_seconds: float
    finished: bool

    def summary(self) -> dict[str, Any]:
        """Return the numbers of ``result.json`` and of a campaign's record."""
        return {
            "n_evals": self.n_evals,
            **scored(self.optimum, self.indicators, self.indicator_source),
            "counters": self.counters,
            "wall_seconds": round(self.wall_seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of ``result.npz``."""
        return dict(vars(self.optimum))

    def course(self) -> dict[str, NDArray[np.float64]]:
        """Return the columns of the convergence table as arrays, ``convergence_`` before their names."""
        return columns(self.convergence)


@dataclass(frozen=True)
class TaskResult:
    """What a run found on one of its tasks.

    Attributes:
        name: of the task.
        optimum: the feasible, finite, non-dominated solutions in the task's own units: X, F, G, CV.
        indicators: name -> :class:`~evogan.metrics.Score`.
        indicator_source: what they were measured against.
        n_evals: evaluations of this task.
        n_nonfinite: of them, those that raised an error or whose values are not finite.
        convergence: one dict per recorded generation; ``n_evals`` counts the evaluations of all tasks together.
    """

    name: str
    optimum: Optimum
    indicators: dict[str, Score]
    indicator_source: str
    n_evals: int
    n_nonfinite: int
    convergence: list[dict[str, Any]]


@dataclass(frozen=True)
class MultitaskRunResult:
    """What a run on several tasks found and what it cost: ``result[t]`` is the :class:`TaskResult` of task t.

    Attributes:
        tasks: one :class:`TaskResult` per task.
        counters: what the algorithm counted, and ``nonfinite_evaluations``.
        convergence: one dict per recorded generation and task.
        config: the resolved configuration, seed included.
        n_evals: evaluations used, exactly, of all tasks together.
        wall_seconds: without imports and without pauses between a kill and its resumption.
        cpu_seconds: likewise.
        finished: False if the run was stopped before its budget.
    """

    tasks: list[TaskResult]
    counters: dict[str, float]
    convergence: list[dict[str, Any]]
    config: dict[str, Any]
    n_evals: int
    wall_seconds: float
    cpu_seconds: float
    finished: bool

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, task: int) -> TaskResult:
        return self.tasks[task]

    def __iter__(self) -> Iterator[TaskResult]:
        return iter(self.tasks)

    def summary(self) -> dict[str, Any]:
        """Return the numbers of ``result.json`` and of a campaign's record."""
        tasks = []
        for one in self:
            found = scored(one.optimum, one.indicators, one.indicator_source)
            tasks.append({"name": one.name, "n_evals": one.n_evals, "n_nonfinite": one.n_nonfinite, **found})
        return {
            "n_evals": self.n_evals,
            "tasks": tasks,
            "counters": self.counters,
            "wall_seconds": round(self.wall_seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of ``result.npz``: X_t1, F_t1, G_t1, CV_t1, X_t2, ..."""
        return {f"{name}_t{t}": array for t, one in enumerate(self, 1) for name, array in vars(one.optimum).items()}

    def course(self) -> dict[str, NDArray[np.float64]]:
        """Return the columns of the convergence table as arrays: convergence_n_evals_t1, convergence_igd_t1, ..."""
        return {
            f"{name}_t{t}": array for t, one in enumerate(self, 1) for name, array in columns(one.convergence).items()
        }


def scored(optimum: Optimum, indicators: dict[str, Score], source: str) -> dict[str, Any]:
    """Return what stands in a record about an optimum set."""
    return {
        "n_optimum": len(optimum.F),
        "indicators": {name: score.as_dict() for name, score in indicators.items()},
        "indicators_against": source,
    }


def columns(rows: list[dict[str, Any]]) -> dict[str, NDArray[np.float64]]:
    """Return rows as arrays by column; what is missing is NaN."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {f"convergence_{name}": np.array([row.get(name) for row in rows], dtype=np.float64) for name in names}
