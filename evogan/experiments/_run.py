"""One run, from its objects or from its folder."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymoo.core.algorithm import LoopwiseAlgorithm
from pymoo.termination.max_eval import MaximumFunctionCallTermination
from pymoo.termination.max_gen import MaximumGenerationTermination

from evogan._internal.checks import check_int, check_real_problem
from evogan._internal.files import only_writer
from evogan._internal.rng import fresh_seed
from evogan.exceptions import CheckpointError, CheckpointUnsupportedError
from evogan.experiments._describe import describe
from evogan.experiments._folder import CHECKPOINT, RESULT, open_folder
from evogan.experiments._loop import run_generations
from evogan.experiments._progress import Progress
from evogan.experiments._state import RunResult, RunState
from evogan.problems.fronts import reference_front
from evogan.training import load_checkpoint, save_checkpoint

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
    check_real_problem(problem)
    check_int(n_evals, "n_evals", low=1)
    pop_size = getattr(algorithm, "pop_size", None) or 1
    if n_evals < pop_size:
        raise ValueError(f"n_evals must be at least the population size {pop_size}, got {n_evals}")
    seed = fresh_seed() if seed is None else check_int(seed, "seed")
    if checkpoint_every is not None:
        check_int(checkpoint_every, "checkpoint_every", low=1)
        if out is None:
            raise ValueError("checkpoint_every needs a folder: give out as well")
    algorithm = copy.deepcopy(algorithm)
    resolved = {"algorithm": describe(algorithm), "problem": describe(problem)}
    _warm_up(algorithm)
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
    if out is None:
        return run_generations(state, None, None, progress, should_stop)
    if str(out) == "":
        raise ValueError("out must name a folder, got an empty name")
    path = Path(out)
    path.mkdir(parents=True, exist_ok=True)
    with only_writer(path):
        moved = open_folder(path, state.config)
        if moved is not None:
            warnings.warn(f"{path} held a run already: it was moved to {moved}", UserWarning, stacklevel=2)
        checkpoint_every = _first_checkpoint(path, state, checkpoint_every)
        return run_generations(state, path, checkpoint_every, progress, should_stop)


def resume(
    out: Path | str,
    *,
    problem: Any = None,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> RunResult:
    """Continue the run in the folder ``out`` from its last checkpoint, to the same final result bit for bit.

    ``problem`` takes the place of the stored one, for a problem whose code has been mended since.

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
        _warm_up(state.algorithm)
        if problem is not None:
            state.algorithm.problem = problem
        return run_generations(state, path, checkpoint_every, progress, should_stop)


def _first_checkpoint(path: Path, state: RunState, checkpoint_every: int | None) -> int | None:
    """Store the state before the first evaluation, so that a kill at any moment can be resumed.

    Return the evaluations between checkpoints, None where the algorithm's state cannot be stored.
    """
    try:
        name = type(state.algorithm).__name__
        if isinstance(state.algorithm, LoopwiseAlgorithm) or name in ("CMAES", "BIPOPCMAES"):
            raise CheckpointUnsupportedError(f"{name} keeps its state where it cannot be stored: no checkpoints")
        every = checkpoint_every or DEFAULT_CHECKPOINT_EVERY
        save_checkpoint(path / CHECKPOINT, (state, every))
    except CheckpointUnsupportedError as error:
        if checkpoint_every is not None:
            raise
        warnings.warn(f"this run cannot be resumed: {error}", UserWarning, stacklevel=3)
        return None
    return every


def _warm_up(algorithm: Any) -> None:
    """Let models load what they need before the clock starts."""
    mating = getattr(algorithm, "mating", None)
    for infill in (mating, *getattr(mating, "infills", ())):
        warm_up = getattr(getattr(infill, "model", None), "warm_up", None)
        if warm_up is not None:
            warm_up()
