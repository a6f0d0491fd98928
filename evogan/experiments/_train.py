"""Training a system on a data set: checkpoints, scores, pictures, a log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evogan._internal.checks import check_int
from evogan._internal.devices import one_thread_for, resolve_device
from evogan._internal.files import only_writer, to_json
from evogan._internal.rng import fresh_seed
from evogan.datasets import Dataset
from evogan.experiments._progress import TrainProgress
from evogan.experiments._train_folder import TrainFolder, read_checkpoint
from evogan.experiments._train_loop import Plan, Scorer, TrainResult, TrainState, run_training
from evogan.training import System, first_process, process_rank


def train(
    system: System,
    data: Dataset,
    *,
    n_steps: int,
    batch_size: int = 64,
    seed: int | None = None,
    device: str = "auto",
    out: Path | str | None = None,
    resume: bool = False,
    scorer: Scorer | None = None,
    score_every: int | None = None,
    checkpoint_every: int | None = None,
    progress: TrainProgress | None = None,
    config: dict[str, Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> TrainResult:
    """Train ``system`` on ``data`` until it has made ``n_steps`` steps of its generator.

    Args:
        system: made by a function of :mod:`evogan.gans`, or one of your own; it is trained in place.
        data: what it imitates; its samples have the system's shape.
        n_steps: generator updates in all, those before a resumption included.
        batch_size: samples per minibatch and process.
        seed: of batches, latents and pictures; None draws one, and the result records it. The networks' initial
            weights are the caller's: build the system after ``torch.manual_seed`` for the same bits.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"``. On the CPU small samples train on one thread: more
            of them slow small networks down, on a busy machine tenfold.
        out: folder for ``log.jsonl``, ``scores.jsonl``, ``result.json``, pictures, ``generator.pt`` and a checkpoint;
            a system that evolves adds ``generations.jsonl`` and ``evolution.png``.
        resume: continue from the checkpoint in ``out``, bit for bit as if the run had never stopped.
        scorer: judges samples every ``score_every`` steps and at the end, e.g. :class:`ImageScorer`.
        score_every: steps between scores and pictures; None means a tenth of ``n_steps``.
        checkpoint_every: steps between checkpoints; None means a minute, or with several processes only the end.
        progress: where to show progress; None shows nothing.
        config: what to record as the run's configuration; a checkpoint of another one is refused.
        should_stop: asked between steps; True stores a checkpoint and returns an unfinished result.

    Raises:
        ValueError: the data has another shape than the system, or ``resume`` without ``out``.
        CheckpointError: nothing to resume, a damaged checkpoint, or one of other settings, which are named.
        TrainingDivergedError: at the first loss that is NaN or infinite.
        OSError: ``out`` cannot be written; what was written before stays.
    """
    check_int(n_steps, "n_steps", low=1)
    check_int(batch_size, "batch_size", low=1)
    score_every = max(1, n_steps // 10) if score_every is None else check_int(score_every, "score_every", low=1)
    if checkpoint_every is not None:
        check_int(checkpoint_every, "checkpoint_every", low=1)
    check_shapes(system, data)
    if resume and out is None:
        raise ValueError("resume needs out, the folder of the run to continue")
    if out is not None and str(out) == "":
        raise ValueError("out must name a folder, got an empty name")
    where = resolve_device(device)
    options = {"data": data.name, "shape": list(data.shape), "n_data": len(data), "batch_size": batch_size}
    # What is stored is compared with what JSON gives back, and read where no code of other classes may run.
    plain = json.loads(to_json({**(config or {}), **options, "n_processes": process_rank()[1]}))
    seed = first_process(fresh_seed() if seed is None else check_int(seed, "seed"))
    state = TrainState(plain, seed)
    plan = Plan(n_steps, score_every, checkpoint_every, scorer, progress, should_stop)
    if out is None or process_rank()[0] > 0:  # of several processes one writes
        with one_thread_for(data.shape, where):
            return run_training(system, data.to(where), state, plan, where, None, out if resume else None)
    path = Path(out)
    if resume:
        read_checkpoint(path)  # before anything is made in a folder that holds none
    path.mkdir(parents=True, exist_ok=True)
    with only_writer(path), one_thread_for(data.shape, where):
        return run_training(system, data.to(where), state, plan, where, TrainFolder(path), out if resume else None)


def check_shapes(system: System, data: Dataset) -> None:
    """Refuse data of another shape than the system's, or without the classes that it needs.

    Raises:
        ValueError: the message names both shapes, or what is missing.
    """
    if tuple(system.shape) != tuple(data.shape):
        raise ValueError(f"data must have samples of the system's shape {system.shape}, {data.name} has {data.shape}")
    if system.n_classes > data.n_classes:
        raise ValueError(f"this system needs labels of {system.n_classes} classes, {data.name} has {data.n_classes}")
