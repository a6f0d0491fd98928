"""The loop of a training run: blocks of steps, and what comes between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from evogan._internal.rng import torch_seeded
from evogan.datasets import Dataset
from evogan.exceptions import CheckpointError
from evogan.experiments._progress import TrainProgress
from evogan.experiments._train_folder import TrainFolder, read_checkpoint
from evogan.metrics import SampleScore
from evogan.training import Batch, Batches, Recording, System, first_process, gather_objects, process_rank, run_block

_BLOCK = 20  # steps between two looks at the losses on an accelerator, where looking makes the host wait
_SECONDS = 60.0  # between checkpoints, where no number of steps is given
_N_PICTURES, _N_POINTS = 64, 1000
_TRAINING, _SCORES, _PICTURES = 1, 2, 3  # uses of a seed; 0 are the batches


class Scorer(Protocol):
    """Judges a system by its samples."""

    def __call__(self, system: System, *, rng: np.random.Generator) -> dict[str, SampleScore]:
        """Return scores by name."""
        ...


@dataclass(frozen=True)
class Plan:
    """How long to train, and what to do on the way."""

    n_steps: int
    score_every: int
    checkpoint_every: int | None = None
    scorer: Scorer | None = None
    progress: TrainProgress | None = None
    should_stop: Callable[[], bool] | None = None


@dataclass
class TrainState:
    """What a checkpoint holds beside the system."""

    config: dict[str, Any]
    seed: int
    n_steps: int = 0
    n_drawn: int = 0
    n_records: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass
class TrainResult:
    """What a training run left behind.

    Attributes:
        config: its configuration.
        seed: of batches, latents and pictures.
        n_steps: steps made.
        finished: False where it was stopped.
        wall_seconds: of training alone, without scores and pictures.
        cpu_seconds: the same, over all threads.
        scores: the last scores by name.
        losses: a row per step made by this process, as in ``log.jsonl``.
        curve: a row per scoring, as in ``scores.jsonl``.
        records: what the system told of its steps in this process, e.g. its generations; as in ``generations.jsonl``.
        counters: what all steps cost, e.g. those of each player; empty where the system does not count.
    """

    config: dict[str, Any]
    seed: int
    n_steps: int
    finished: bool
    wall_seconds: float
    cpu_seconds: float
    scores: dict[str, SampleScore] = field(default_factory=dict)
    losses: list[dict[str, float]] = field(default_factory=list, repr=False)
    curve: list[dict[str, Any]] = field(default_factory=list, repr=False)
    records: list[dict[str, Any]] = field(default_factory=list, repr=False)
    counters: dict[str, int] = field(default_factory=dict)


def run_training(
    system: System,
    data: Dataset,
    state: TrainState,
    plan: Plan,
    device: torch.device,
    folder: TrainFolder | None,
    resumed: Path | str | None,
) -> TrainResult:
    """Train until ``plan.n_steps`` or until ``plan.should_stop`` says so."""
    random_states = None
    if resumed is None and process_rank()[1] > 1:
        system.load_state_dict(first_process(system.state_dict()))  # gradients are averaged, so weights must be equal
    system.to(device)
    if resumed is not None:
        random_states = _restore(system, state, resumed)
        if state.n_steps >= plan.n_steps:
            done = f"the run in {resumed} has made its {state.n_steps} steps already"
            raise ValueError(f"{done}: ask for more (n_steps, --steps)")
    if folder is not None:
        folder.open(state, resumed=resumed is not None)
    batches = Batches(data, int(state.config["batch_size"]), seed=state.seed)
    batches.n_drawn = state.n_drawn
    result = TrainResult(state.config, state.seed, state.n_steps, False, 0.0, 0.0)
    saved = time.monotonic()
    stopped = False
    _records(system)  # those of an earlier training are not this run's
    with torch_seeded(_rng(state, _TRAINING, process_rank()[0]), device):
        if random_states is not None:
            _set_random_state(random_states[process_rank()[0]], device)
        while state.n_steps < plan.n_steps and not stopped:
            wall, cpu, first = time.perf_counter(), time.process_time(), state.n_steps
            losses = run_block(system, batches, _n_block(state.n_steps, plan, device), first=first)
            rows = [
                {"step": first + i + 1, **dict(zip(losses, values, strict=True))}
                for i, values in enumerate(zip(*(v.tolist() for v in losses.values()), strict=True))
            ]
            state.n_steps += len(rows)
            state.n_drawn = batches.n_drawn
            state.wall_seconds += time.perf_counter() - wall
            state.cpu_seconds += time.process_time() - cpu
            records = _records(system)
            state.n_records += len(records)
            result.losses += rows
            result.records += records
            if folder is not None:
                folder.log(rows, state.wall_seconds)
                folder.log_records(records)
            finished = state.n_steps == plan.n_steps
            if state.n_steps % plan.score_every == 0 or finished:
                _look(system, data, state, plan, folder, result)
            if plan.progress is not None:
                plan.progress.update(rows[-1], result.scores, plan.n_steps)
            if not finished and plan.should_stop is not None:
                stopped = any(gather_objects(plan.should_stop()))  # processes that stop apart would wait for ever
            every = plan.checkpoint_every
            due = time.monotonic() - saved > _SECONDS if every is None else state.n_steps % every == 0
            if (finished or stopped or due) and (every is not None or process_rank()[1] == 1 or finished or stopped):
                states = gather_objects(_random_state(device))
                if folder is not None:
                    folder.save_checkpoint(system, state, states)
                saved = time.monotonic()
    result.n_steps, result.finished = state.n_steps, not stopped
    result.wall_seconds, result.cpu_seconds = state.wall_seconds, state.cpu_seconds
    result.counters = dict(getattr(system, "counters", {}))
    if folder is not None:
        folder.close(system, result)
    return result


def _records(system: System) -> list[dict[str, Any]]:
    return system.take_records() if isinstance(system, Recording) else []


def _rng(state: TrainState, use: int, rank: int = 0) -> np.random.Generator:
    """Return the source of chance of a use; seeds are padded with zeros, so [seed] and [seed, 0] would be one."""
    return np.random.default_rng([state.seed, rank, use])


def _n_block(done: int, plan: Plan, device: torch.device) -> int:
    """Return the steps until the next event, one on the CPU, where looking at losses costs nothing."""
    if device.type == "cpu":
        return 1
    events = [plan.n_steps, (done // plan.score_every + 1) * plan.score_every, done + _BLOCK]
    if plan.checkpoint_every is not None:
        events.append((done // plan.checkpoint_every + 1) * plan.checkpoint_every)
    return min(events) - done


def _look(
    system: System, data: Dataset, state: TrainState, plan: Plan, folder: TrainFolder | None, result: TrainResult
) -> None:
    """Score the system and draw its samples, from a random state of their own."""
    if plan.scorer is not None and process_rank()[0] == 0:
        result.scores = plan.scorer(system, rng=_rng(state, _SCORES))
        result.curve.append({"step": state.n_steps, **{name: s.value for name, s in result.scores.items()}})
    if folder is not None:
        if plan.scorer is not None:
            folder.log_scores(result.curve[-1])
        n = _N_PICTURES if data.is_image else _N_POINTS
        x, y = data.batch(torch.arange(min(n, len(data))))
        folder.picture(system.pictures(Batch(x, y), rng=_rng(state, _PICTURES)), data, state.n_steps)


def _restore(system: System, state: TrainState, path: Path | str) -> list[Any]:
    """Load the checkpoint into ``system`` and ``state``; return the random state of every process."""
    stored = read_checkpoint(path)
    mine, theirs = _flat(state.config), _flat(stored["config"])
    differing = sorted(k for k in mine.keys() | theirs.keys() if mine.get(k) != theirs.get(k))
    if differing:
        listed = ", ".join(f"{k} is {mine.get(k)!r} here and {theirs.get(k)!r} there" for k in differing[:5])
        raise CheckpointError(f"the checkpoint in {path} belongs to other settings: {listed}")
    try:
        system.load_state_dict(stored["system"])
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"the checkpoint in {path} belongs to other networks: {error}") from error
    for name in ("seed", "n_steps", "n_drawn", "wall_seconds", "cpu_seconds"):
        setattr(state, name, stored[name])
    state.n_records = stored.get("n_records", 0)
    random_states: list[Any] = stored["random_states"]
    return random_states


def _flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in config.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _random_state(device: torch.device) -> list[torch.Tensor]:
    return [torch.get_rng_state(), *([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])]


def _set_random_state(state: list[torch.Tensor], device: torch.device) -> None:
    torch.set_rng_state(state[0])
    if device.type == "cuda" and len(state) > 1:
        torch.cuda.set_rng_state(state[1], device)
