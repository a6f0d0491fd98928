"""One run, from its objects or from its folder."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymoo.termination.max_eval import MaximumFunctionCallTermination
from pymoo.termination.max_gen import MaximumGenerationTermination

from evogan._internal.checks import check_int, check_real_problem
from evogan._internal.files import only_writer
from evogan._internal.rng import fresh_seed
from evogan.exceptions import CheckpointError
from evogan.experiments._describe import describe, describe_for
from evogan.experiments._folder import CHECKPOINT, RESULT
from evogan.experiments._loop import run_generations
from evogan.experiments._progress import Progress
from evogan.experiments._run_result import MultitaskRunResult, RunResult
from evogan.experiments._start import check_every, start
from evogan.experiments._state import RunState, warm_up
from evogan.multitask import MultitaskAlgorithm, MultitaskProblem
from evogan.problems.fronts import reference_front
from evogan.training import load_checkpoint

DEFAULT_CHECKPOINT_EVERY = 1000


def run(
    problem: Any,
    algorithm: Any,
    *,
    n_evals: int,
    seed: int | None = None,
    out: Path | str | None = None,
    checkpoint_every: int | None = None,
    progress: Progress | None = None,
    config: dict[str, Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> RunResult:
    """Run a pymoo algorithm on a problem for exactly ``n_evals`` evaluations.

    Args:
        problem: any real-valued, bounded pymoo problem.
        algorithm: any pymoo algorithm; it is copied, so the object given can be used again.
        n_evals: evaluation budget. Algorithms that cannot take a part of a generation end before it, never after.
        seed: None draws one; the result records it.
        out: folder for ``result.json``, ``result.npz``, ``convergence.csv`` and pictures; an earlier run in it is
            moved to ``previous-1``, ``previous-2`` ... inside.
        checkpoint_every: evaluations between checkpoints in ``out``; None means 1000 where the algorithm allows it.
        progress: where to show progress; None shows nothing.
        config: what to record as the run's configuration beside what can be read off the objects.
        should_stop: asked between generations; True stores a checkpoint and returns an unfinished result.

    Raises:
        ValueError: the budget is smaller than the population, or bounds are missing.
        TypeError: variables are not real.
        CheckpointUnsupportedError: ``checkpoint_every`` was given and the algorithm's state cannot be stored.
        OSError: ``out`` cannot be written.

    Example:
        >>> from evogan.algorithms import GMOEA
        >>> from evogan.models import GAN
        >>> from evogan.problems.imf import IMF1
        >>> result = run(IMF1(n_var=5), GMOEA(20, model=GAN(n_steps=20)), n_evals=90, seed=1)
        >>> result.n_evals, sorted(result.indicators)
        (90, ['hv', 'igd', 'igd_plus', 'spread'])
    """
    _check_single(problem, algorithm)
    check_real_problem(problem)
    check_int(n_evals, "n_evals", low=1)
    pop_size = getattr(algorithm, "pop_size", None) or 1
    if n_evals < pop_size:
        raise ValueError(f"n_evals must be at least the population size {pop_size}, got {n_evals}")
    seed = fresh_seed() if seed is None else check_int(seed, "seed")
    check_every(checkpoint_every, out)
    algorithm = copy.deepcopy(algorithm)
    resolved = {"algorithm": describe_for(problem, algorithm), "problem": describe(problem)}
    warm_up(algorithm)
    try:
        algorithm.setup(problem, termination=MaximumFunctionCallTermination(n_evals), seed=seed)
    except AssertionError as error:  # how pymoo's algorithms refuse a problem
        raise ValueError(f"{type(algorithm).__name__} refuses {problem.name()}: {error}") from error
    if isinstance(algorithm.termination, MaximumGenerationTermination):
        algorithm.termination.n_max_gen += 1  # RVEA counts whole generations; the last one is cut here
    found = {"algorithm": type(algorithm).__name__, "problem": problem.name(), "pop_size": pop_size}
    sizes = {"n_var": int(problem.n_var), "n_obj": int(problem.n_obj), "n_evals": n_evals, "seed": seed}
    all_config = {**found, **(config or {}), **sizes, "resolved": resolved}
    state = RunState(algorithm, all_config, n_max=n_evals, front=reference_front(problem))
    return start(state, out, checkpoint_every, progress, should_stop, every=DEFAULT_CHECKPOINT_EVERY)


def resume(
    out: Path | str,
    *,
    problem: Any = None,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> RunResult | MultitaskRunResult:
    """Continue the run in the folder ``out`` from its last checkpoint, to the same final result bit for bit.

    It may be a run of :func:`run` or of :func:`run_multitask`, and returns what they do. ``problem`` takes the place of
    the stored one, for a problem whose code has been mended since.

    Raises:
        ValueError: the run has finished already, or another process is writing to the folder.
        CheckpointError: there is no checkpoint, or it is truncated or damaged.
    """
    path = Path(out)
    if not (path / CHECKPOINT).exists():
        if (path / RESULT).exists() and json.loads((path / RESULT).read_text()).get("finished"):
            raise ValueError(f"the run in {path} has finished already: see {path / RESULT}")
        raise CheckpointError(f"{path} holds no checkpoint ({CHECKPOINT}): nothing to resume")
    with only_writer(path):
        state, checkpoint_every = load_checkpoint(path / CHECKPOINT)
        state.warm_up()
        if problem is not None:
            state.replace_problem(problem)
        result: RunResult | MultitaskRunResult
        result = run_generations(state, path, checkpoint_every, progress, should_stop)
        return result


def _check_single(problem: Any, algorithm: Any) -> None:
    """Refuse what is for several tasks."""
    for thing, kind in ((problem, MultitaskProblem | list | tuple), (algorithm, MultitaskAlgorithm)):
        if isinstance(thing, kind):
            name = type(thing).__name__
            raise TypeError(f"run takes one problem and a pymoo algorithm, got a {name}: use run_multitask for tasks")
