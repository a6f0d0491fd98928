"""The state of a run between two generations, which is what a checkpoint holds, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evogan.experiments._indicators import Reference
from evogan.experiments._optimum import Optimum
from evogan.metrics import Score


@dataclass
class RunState:
    """Everything that a run needs to go on as if it had never stopped."""

    algorithm: Any
    config: dict[str, Any]
    n_max: int
    front: Any = None
    reference: Reference | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    n_nonfinite: int = 0
    record_every: int = 1
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def n_evals(self) -> int:
        """Evaluations so far."""
        return int(self.algorithm.evaluator.n_eval)


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
