"""The state of a run on several tasks between two generations."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evogan.experiments._indicators import Reference
from evogan.experiments._optimum import optimum_among
from evogan.experiments._run_result import MultitaskRunResult, TaskResult
from evogan.experiments._state import warm_up
from evogan.multitask import MultitaskProblem, MultitaskRun


@dataclass
class MultitaskState:
    """Everything that a run on several tasks needs to go on as if it had never stopped."""

    run: MultitaskRun
    config: dict[str, Any]
    n_max: int
    fronts: list[Any]
    record_every: int
    references: list[Reference | None] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def n_evals(self) -> int:
        """Evaluations so far, of all tasks."""
        return sum(self.run.n_evals)

    @property
    def not_storable(self) -> str | None:
        """Nothing is known to prevent it."""
        return None

    def is_finished(self) -> bool:
        """Return whether the budget is spent."""
        return self.run.n_left <= 0

    def advance(self) -> bool:
        """Make a generation of all tasks, cut to the budget; return whether there can be another."""
        more = self.run.advance()
        references = self.references or [None] * len(self.fronts)
        populations = zip(references, self.fronts, self.run.algorithm.populations, strict=True)
        self.references = [
            Reference.of(front, pop.F, pop.CV) if known is None or known.ideal is None else known
            for known, front, pop in populations
        ]
        return more

    def record(self) -> dict[str, Any]:
        """Append a row per task to the convergence table; return what progress shows of them."""
        fit_seconds = self.run.algorithm.counters.get("fit_seconds")
        new = []
        for t, (reference, pop) in enumerate(zip(self.references, self.run.algorithm.populations, strict=True)):
            F = optimum_among(pop.U, pop.F, pop.G, pop.CV).F
            scores = {} if reference is None else reference.scores(F)
            row: dict[str, Any] = {"n_evals": self.n_evals, "task": t + 1, "n_evals_task": self.run.n_evals[t]}
            row |= {name: float(score) for name, score in scores.items()}
            row |= {"n_optimum": len(F), "cv_min": float(pop.CV.min()) if len(pop) else None}
            row |= {"fit_seconds": fit_seconds, "wall_seconds": round(self.run.wall_seconds, 3)}
            new.append(row)
        self.rows += new
        names = dict.fromkeys(name for row in new for name in row)
        shown = {name: [row[name] for row in new if name in row] for name in names}
        return {**shown, "n_evals": self.n_evals, "fit_seconds": fit_seconds, "d_loss": None}

    def result(self, *, finished: bool) -> MultitaskRunResult:
        """Return what was found so far."""
        found = self.run.result()
        tasks = []
        for t, (name, one) in enumerate(zip(self.config["tasks"], found, strict=True)):
            X, F, G, H, CV = (one.pop.get(key) for key in ("X", "F", "G", "H", "CV"))
            optimum = optimum_among(X, F, np.hstack([G, H]), CV[:, 0])
            reference = self.references[t]
            tasks.append(
                TaskResult(
                    name=name,
                    optimum=optimum,
                    indicators={} if reference is None else reference.scores(optimum.F),
                    indicator_source="none" if reference is None else reference.source,
                    n_evals=self.run.n_evals[t],
                    n_nonfinite=self.run.problem.n_failed[t],
                    convergence=[row for row in self.rows if row["task"] == t + 1],
                )
            )
        return MultitaskRunResult(
            tasks=tasks,
            counters=found.counters,
            convergence=self.rows,
            config=self.config,
            n_evals=self.n_evals,
            wall_seconds=self.run.wall_seconds,
            cpu_seconds=self.run.cpu_seconds,
            finished=finished,
        )

    def draw(self, result: MultitaskRunResult) -> dict[str, Any]:
        """Return the pictures of a result by file name."""
        from evogan.plotting import plot_convergence, plot_task_fronts

        problem = textwrap.shorten(self.config["problem"], 80, placeholder=" ...")
        title = f"{self.config['algorithm']} on {problem}, {result.n_evals} evaluations"
        labels = [f"T{t}: {task.name}" for t, task in enumerate(result, 1)]
        sets = {label: task.optimum.F for label, task in zip(labels, result, strict=True)}
        fronts = dict(zip(labels, self.fronts, strict=True))
        rows = {label: task.convergence for label, task in zip(labels, result, strict=True)}
        return {
            "front.png": plot_task_fronts(sets, fronts=fronts, title=title),
            "convergence.png": plot_convergence(rows, title=title),
        }

    def warm_up(self) -> None:
        """Let models load what they need before the clock starts."""
        warm_up(self.run.algorithm)
        warm_up(getattr(self.run.algorithm, "algorithm", None))  # of Apart

    def replace_problem(self, problem: Any) -> None:
        """Put the tasks of ``problem`` in the place of the stored ones."""
        tasks = list(problem.tasks if isinstance(problem, MultitaskProblem) else MultitaskProblem(problem).tasks)
        stored = self.run.problem.tasks
        sizes = [[(task.n_var, task.n_obj, task.n_constr) for task in some] for some in (stored, tasks)]
        if sizes[0] != sizes[1]:
            raise ValueError(
                f"problem must have the stored tasks' numbers of variables, objectives and constraints {sizes[0]}, "
                f"got {sizes[1]}"
            )
        self.run.problem.tasks = tasks
