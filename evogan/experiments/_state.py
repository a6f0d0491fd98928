"""The state of a run between two generations, which is what a checkpoint holds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from pymoo.algorithms.base.genetic import GeneticAlgorithm
from pymoo.algorithms.moo.gde3 import GDE3
from pymoo.algorithms.soo.nonconvex.de import DE
from pymoo.core.algorithm import LoopwiseAlgorithm
from pymoo.core.individual import Individual
from pymoo.core.population import Population

from evogan.experiments._indicators import Reference
from evogan.experiments._optimum import count_nonfinite, optimum_of
from evogan.experiments._run_result import RunResult


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

    @property
    def not_storable(self) -> str | None:
        """Why the state cannot go into a checkpoint, where that is known beforehand."""
        name = type(self.algorithm).__name__
        if isinstance(self.algorithm, LoopwiseAlgorithm) or name in ("CMAES", "BIPOPCMAES"):
            return f"{name} keeps its state where it cannot be stored: no checkpoints"
        return None

    def is_finished(self) -> bool:
        """Return whether the budget is spent or the algorithm has come to its end."""
        # Loopwise algorithms ask their termination only once a round: the budget is checked here as well.
        return self.n_evals >= self.n_max or not self.algorithm.has_next()

    def advance(self) -> bool:
        """Make a generation, cut to the budget; return whether there can be another."""
        wall, cpu = time.perf_counter(), time.process_time()
        more = self._generation() and not self.is_finished()
        self.wall_seconds += time.perf_counter() - wall
        self.cpu_seconds += time.process_time() - cpu
        return more

    def record(self) -> dict[str, Any]:
        """Append a row to the convergence table; return what progress shows of it."""
        if self.reference is None:
            raise RuntimeError("nothing has been evaluated yet")
        optimum = optimum_of(self.algorithm)
        scores = self.reference.scores(optimum.F)
        mating = getattr(self.algorithm, "mating", None)
        report = getattr(mating, "report", None)
        counters = getattr(mating, "counters", {})
        self.rows.append(
            {
                "n_evals": self.n_evals,
                **{name: float(score) for name, score in scores.items()},
                "n_optimum": len(optimum.F),
                "cv_min": float(self.algorithm.pop.get("CV").min()),
                "d_loss": None if report is None else report.d_loss,
                "g_loss": None if report is None else report.g_loss,
                "fit_seconds": counters.get("fit_seconds"),
                "wall_seconds": round(self.wall_seconds, 3),
            }
        )
        return self.rows[-1]

    def result(self, *, finished: bool) -> RunResult:
        """Return what was found so far."""
        optimum = optimum_of(self.algorithm)
        counters = {**getattr(getattr(self.algorithm, "mating", None), "counters", {})}
        counters["nonfinite_evaluations"] = self.n_nonfinite
        reference = self.reference
        return RunResult(
            optimum=optimum,
            indicators={} if reference is None else reference.scores(optimum.F),
            indicator_source="none" if reference is None else reference.source,
            counters=counters,
            convergence=self.rows,
            config=self.config,
            n_evals=self.n_evals,
            wall_seconds=self.wall_seconds,
            cpu_seconds=self.cpu_seconds,
            finished=finished,
        )

    def draw(self, result: RunResult) -> dict[str, Any]:
        """Return the pictures of a result by file name."""
        from evogan.plotting import plot_convergence, plot_front

        label = f"{self.config['algorithm']} on {self.config['problem']}, {result.n_evals} evaluations"
        return {
            "front.png": plot_front({label: result.optimum.F}, front=self.front),
            "convergence.png": plot_convergence({label: result.convergence}),
        }

    def warm_up(self) -> None:
        """Let models load what they need before the clock starts."""
        warm_up(self.algorithm)

    def replace_problem(self, problem: Any) -> None:
        """Put ``problem`` in the place of the stored one."""
        self.algorithm.problem = problem

    def _generation(self) -> bool:
        """Advance the algorithm once, cut to the budget; return False where it cannot go on."""
        algorithm = self.algorithm
        infills = algorithm.infill()
        if infills is None:
            algorithm.advance()
            return True
        one = isinstance(infills, Individual)  # MOEA/D makes one after another
        left = self.n_max - self.n_evals
        if not one and len(infills) > left:
            if not isinstance(algorithm, GeneticAlgorithm) or isinstance(algorithm, DE | GDE3):
                return False  # offspring are paired with parents: a part of them cannot be told
            infills = infills[:left]
        algorithm.evaluator.eval(algorithm.problem, infills, algorithm=algorithm)
        evaluated = Population.create(infills) if one else infills
        one_by_one = isinstance(algorithm, LoopwiseAlgorithm) or getattr(algorithm, "one_by_one", False)
        if self.reference is None and one_by_one:
            self.record_every = len(infills)
        if self.reference is None or self.reference.ideal is None:  # all non-finite: such a population tells nothing
            self.reference = Reference.of(self.front, evaluated.get("F"), evaluated.get("CV")[:, 0])
        self.n_nonfinite += count_nonfinite(evaluated)
        algorithm.advance(infills=infills)
        return True


def warm_up(algorithm: Any) -> None:
    """Let the models of an algorithm load what they need."""
    mating = getattr(algorithm, "mating", None)
    for holder in (algorithm, mating, *getattr(mating, "infills", ())):
        for part in ("model", "transfer"):
            load = getattr(getattr(holder, part, None), "warm_up", None)
            if load is not None:
                load()
