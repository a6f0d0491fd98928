"""One run on several tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pymoo.core.problem import Problem

from evogan._internal.rng import fresh_seed
from evogan.experiments._describe import describe
from evogan.experiments._multitask_state import MultitaskState
from evogan.experiments._progress import Progress
from evogan.experiments._run import DEFAULT_CHECKPOINT_EVERY
from evogan.experiments._run_result import MultitaskRunResult
from evogan.experiments._start import check_every, start
from evogan.multitask import MultitaskAlgorithm, MultitaskProblem, MultitaskRun
from evogan.problems.fronts import reference_front

N_RECORDS = 50  # of a run: indicators of every generation would cost more than the generations


def run_multitask(
    problem: MultitaskProblem | Sequence[Problem],
    algorithm: MultitaskAlgorithm,
    *,
    n_evals: int | Sequence[int],
    seed: int | None = None,
    out: Path | str | None = None,
    checkpoint_every: int | None = None,
    progress: Progress | None = None,
    config: dict[str, Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> MultitaskRunResult:
    """Run an algorithm for several tasks for exactly ``n_evals`` evaluations, and score every task.

    What :func:`evogan.multitask.minimize_multitask` finds with the same seed, and everything that :func:`run` keeps:
    indicators of each task against its own exact front, about 50 times on the way, a folder, checkpoints.

    Args:
        problem: a :class:`~evogan.multitask.MultitaskProblem`, or a list of real-valued, bounded pymoo problems.
        algorithm: an algorithm for several tasks, e.g. ``EMTGS(100)`` or ``Apart(NSGA2(100))``; it is copied.
        n_evals: evaluations of all tasks together, or a list with those of each.
        seed: None draws one; the result records it.
        out: folder for ``result.json``, ``result.npz`` (X_t1, F_t1, ..., X_t2 ...), ``convergence.csv`` and pictures;
            an earlier run in it is moved to ``previous-1``, ``previous-2`` ... inside.
        checkpoint_every: evaluations between checkpoints in ``out``; None means 1000 for every task.
        progress: where to show progress; None shows nothing.
        config: what to record as the run's configuration beside what can be read off the objects.
        should_stop: asked between generations; True stores a checkpoint and returns an unfinished result.

    Raises:
        ValueError: the budget is smaller than the initial populations, or bounds are missing.
        TypeError: an algorithm for one problem, or variables that are not real.
        CheckpointUnsupportedError: ``checkpoint_every`` was given and the algorithm's state cannot be stored.
        OSError: ``out`` cannot be written.

    Example:
        >>> from pymoo.algorithms.moo.nsga2 import NSGA2
        >>> from evogan.multitask import Apart
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> result = run_multitask([IMF1(5), IMF4(5)], Apart(NSGA2(20)), n_evals=90, seed=1)
        >>> result.n_evals, [task.n_evals for task in result], sorted(result[1].indicators)
        (90, [45, 45], ['hv', 'igd', 'igd_plus', 'spread'])
    """
    check_every(checkpoint_every, out)
    problem = as_multitask(problem)
    seed = fresh_seed() if seed is None else seed
    resolved = {"algorithm": describe(algorithm), "problem": describe(problem)}
    run = MultitaskRun(problem, algorithm, ("n_eval", n_evals), seed=seed)
    n_max = run.n_left
    found = {"algorithm": type(algorithm).__name__, "problem": problem.name(), "pop_size": algorithm.pop_size}
    names = {"tasks": [task.name() for task in problem.tasks]}
    sizes = {key: [int(getattr(task, key)) for task in problem.tasks] for key in ("n_var", "n_obj")}
    budget = {"n_evals": n_evals if isinstance(n_evals, int) else np.asarray(n_evals).tolist(), "seed": run.seed}
    state = MultitaskState(
        run,
        {**found, **(config or {}), **names, **sizes, **budget, "resolved": resolved},
        n_max=n_max,
        fronts=[reference_front(task) for task in problem.tasks],
        record_every=max(1, n_max // N_RECORDS),
    )
    state.warm_up()
    every = DEFAULT_CHECKPOINT_EVERY * problem.n_tasks
    return start(state, out, checkpoint_every, progress, should_stop, every=every)


def as_multitask(problem: Any) -> MultitaskProblem:
    """Return a multitask problem, made of a list of problems where it is none yet."""
    return problem if isinstance(problem, MultitaskProblem) else MultitaskProblem(problem)
