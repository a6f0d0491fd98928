"""The loop of a run: one generation after another, recorded, checkpointed, cut to the budget."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path

from pymoo.algorithms.base.genetic import GeneticAlgorithm
from pymoo.algorithms.moo.gde3 import GDE3
from pymoo.algorithms.soo.nonconvex.de import DE
from pymoo.core.algorithm import LoopwiseAlgorithm
from pymoo.core.individual import Individual
from pymoo.core.population import Population

from evogan.exceptions import CheckpointUnsupportedError
from evogan.experiments._folder import CHECKPOINT, ConvergenceTable, write_pictures, write_result
from evogan.experiments._indicators import Reference
from evogan.experiments._optimum import count_nonfinite, optimum_of
from evogan.experiments._progress import Progress
from evogan.experiments._state import RunResult, RunState
from evogan.training import save_checkpoint


def run_generations(
    state: RunState,
    path: Path | None,
    checkpoint_every: int | None,
    progress: Progress | None,
    should_stop: Callable[[], bool] | None,
) -> RunResult:
    """Run until the budget is spent or ``should_stop`` says so; what comes between generations happens here."""
    next_checkpoint = state.n_evals + (checkpoint_every or 0)
    table = None if path is None else ConvergenceTable(path, state.rows)
    finished, stopped = _is_finished(state), False
    while not finished and not stopped:
        wall, cpu = time.perf_counter(), time.process_time()
        finished = not _generation(state) or _is_finished(state)
        state.wall_seconds += time.perf_counter() - wall
        state.cpu_seconds += time.process_time() - cpu
        last = state.rows[-1]["n_evals"] if state.rows else -state.record_every
        if finished or state.n_evals - last >= state.record_every:
            _record(state)
            if table is not None:
                table.append(state.rows)
            if progress is not None:
                progress.update(state.rows[-1], state.n_evals if finished else state.n_max)
        stopped = not finished and should_stop is not None and should_stop()
        if path is not None and checkpoint_every and not finished and (stopped or state.n_evals >= next_checkpoint):
            try:
                save_checkpoint(path / CHECKPOINT, (state, checkpoint_every))
            except CheckpointUnsupportedError as error:  # the state became so on the way: the run itself can go on
                warnings.warn(f"no more checkpoints from here on: {error}", UserWarning, stacklevel=3)
                checkpoint_every = None
            next_checkpoint = state.n_evals + (checkpoint_every or 0)
    result = _result(state, finished)
    if path is not None and (finished or not checkpoint_every):
        write_result(path, result)
        write_pictures(path, result, state.front)
    if path is not None and finished:
        (path / CHECKPOINT).unlink(missing_ok=True)
    return result


def _generation(state: RunState) -> bool:
    """Advance the algorithm once, cut to the budget; return False where it cannot go on."""
    algorithm = state.algorithm
    infills = algorithm.infill()
    if infills is None:
        algorithm.advance()
        return True
    one = isinstance(infills, Individual)  # MOEA/D makes one after another
    left = state.n_max - state.n_evals
    if not one and len(infills) > left:
        if not isinstance(algorithm, GeneticAlgorithm) or isinstance(algorithm, DE | GDE3):
            return False  # offspring are paired with parents: a part of them cannot be told
        infills = infills[:left]
    algorithm.evaluator.eval(algorithm.problem, infills, algorithm=algorithm)
    if state.reference is None and isinstance(algorithm, LoopwiseAlgorithm):
        state.record_every = len(infills)
    if state.reference is None or state.reference.ideal is None:  # a population without a finite solution tells nothing
        state.reference = Reference.of(state.front, Population.create(infills) if one else infills)
    state.n_nonfinite += count_nonfinite(Population.create(infills) if one else infills)
    algorithm.advance(infills=infills)
    return True


def _is_finished(state: RunState) -> bool:
    # Loopwise algorithms ask their termination only once a round: the budget is checked here as well.
    return state.n_evals >= state.n_max or not state.algorithm.has_next()


def _record(state: RunState) -> None:
    """Append a row to the convergence table."""
    if state.reference is None:
        raise RuntimeError("nothing has been evaluated yet")
    optimum = optimum_of(state.algorithm)
    scores = state.reference.scores(optimum.F)
    mating = getattr(state.algorithm, "mating", None)
    report = getattr(mating, "report", None)
    counters = getattr(mating, "counters", {})
    state.rows.append(
        {
            "n_evals": state.n_evals,
            **{name: float(score) for name, score in scores.items()},
            "n_optimum": len(optimum.F),
            "cv_min": float(state.algorithm.pop.get("CV").min()),
            "d_loss": None if report is None else report.d_loss,
            "g_loss": None if report is None else report.g_loss,
            "fit_seconds": counters.get("fit_seconds"),
            "wall_seconds": round(state.wall_seconds, 3),
        }
    )


def _result(state: RunState, finished: bool) -> RunResult:
    optimum = optimum_of(state.algorithm)
    counters = {**getattr(getattr(state.algorithm, "mating", None), "counters", {})}
    counters["nonfinite_evaluations"] = state.n_nonfinite
    reference = state.reference
    return RunResult(
        optimum=optimum,
        indicators={} if reference is None else reference.scores(optimum.F),
        indicator_source="none" if reference is None else reference.source,
        counters=counters,
        convergence=state.rows,
        config=state.config,
        n_evals=state.n_evals,
        wall_seconds=state.wall_seconds,
        cpu_seconds=state.cpu_seconds,
        finished=finished,
    )
