"""``evogan train``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from evogan._internal.checks import check_int
from evogan._internal.devices import resolve_device
from evogan._internal.rng import fresh_seed, torch_seeded
from evogan.cli._run import show_warning, stoppable
from evogan.cli._settings import parse_settings
from evogan.cli.gan_names import make_features, make_system
from evogan.datasets import Dataset, load
from evogan.exceptions import CheckpointError
from evogan.experiments import ImageScorer, TrainProgress, TrainResult, VectorScorer, train

CONFIG = "config.json"
_OF_A_NEW_RUN = ("system", "data", "image_size", "batch_size", "seed", "out", "root", "features", "n_samples")


def train_command(options: argparse.Namespace) -> int:
    """Train or resume; print losses and scores."""
    _join_processes()
    with warnings.catch_warnings(), stoppable("step") as stop:
        warnings.showwarning = show_warning  # type: ignore[assignment]
        warnings.simplefilter("always", UserWarning)
        if options.resume is not None:
            given = [name for name in _OF_A_NEW_RUN if getattr(options, name) is not None]
            if given or options.set:
                raise ValueError(
                    f"--resume takes the configuration from its folder, not {', '.join(given or ['--set'])}; "
                    "only --steps, --device and --quiet go with it"
                )
            config, out, seed = _stored(options.resume), options.resume, None
        else:
            config, out, seed = _asked(options), options.out, options.seed
        result = _train(config, out, seed, options, stop)
    if not result.finished:
        hint = f"; continue with: evogan train --resume {out}" if out is not None else " (no --out: nothing was kept)"
        print(f"stopped after {result.n_steps} steps{hint}", file=sys.stderr)
        return 130
    if not options.quiet:
        _print_result(result, config, out)
    return 0


def _asked(options: argparse.Namespace) -> dict[str, Any]:
    if options.system is None or options.data is None:
        raise ValueError(
            "SYSTEM and --data are needed, e.g. evogan train gan --data digits (`evogan list gans` shows all)"
        )
    names = ("system", "image_size", "root", "features")
    config = {name: getattr(options, name) for name in names}
    batch_size = 64 if options.batch_size is None else options.batch_size
    n_samples = 2000 if options.n_samples is None else options.n_samples
    sizes = {
        "n_steps": 1000 if options.steps is None else options.steps,
        "batch_size": batch_size,
        "n_samples": n_samples,
    }
    return {**config, "data_name": options.data, **sizes, "set": parse_settings(options.set)}


def _stored(folder: str) -> dict[str, Any]:
    file = Path(folder) / CONFIG
    if not file.exists():
        raise CheckpointError(f"{folder} holds no {CONFIG}: nothing to resume")
    config = json.loads(file.read_text())
    if not isinstance(config, dict) or "data_name" not in config:
        raise CheckpointError(f"{file} is not the configuration of `evogan train`")
    return config


def _train(
    config: dict[str, Any], out: str | None, seed: int | None, options: argparse.Namespace, stop: Any
) -> TrainResult:
    device = "auto" if options.device is None else options.device
    resolve_device(device)
    resume = options.resume is not None
    data = load(config["data_name"], root=config["root"], image_size=config["image_size"])
    seed = config["seed"] if resume else fresh_seed() if seed is None else check_int(seed, "seed")
    with torch_seeded(np.random.default_rng(seed)):
        system = make_system(config["system"], data, config["set"])
    names = ("system", "data_name", "image_size", "root", "features", "n_samples", "set")
    return train(
        system,
        data,
        n_steps=config["n_steps"] if options.steps is None else options.steps,
        batch_size=config["batch_size"],
        seed=seed,
        device=device,
        out=out,
        resume=resume,
        scorer=_scorer(data, config),
        score_every=options.score_every,
        checkpoint_every=options.checkpoint_every,
        progress=None if options.quiet else TrainProgress(f"{config['system']} {config['data_name']}"),
        config={name: config[name] for name in names} | {"n_steps": config["n_steps"]},
        should_stop=stop,
    )


def _scorer(data: Dataset, config: dict[str, Any]) -> Any:
    features = make_features(config["features"], data)
    if features is None:
        return VectorScorer(data, n=config["n_samples"])
    return ImageScorer(data, features, n=config["n_samples"])


def _join_processes() -> None:
    """Join the group of processes that `torchrun` started, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        return
    import torch
    import torch.distributed as dist

    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def _print_result(result: TrainResult, config: dict[str, Any], folder: str | None) -> None:
    print(f"{config['system']} on {config['data_name']}, seed {result.seed}")
    print(f"  {'steps':<24}{result.n_steps}")
    for name, value in result.losses[-1].items():
        if name != "step":
            print(f"  {name:<24}{value:.6g}")
    for score in result.scores.values():
        print(f"  {score}")
    print(f"  {'seconds':<24}{result.wall_seconds:.1f} ({result.cpu_seconds:.1f} CPU)")
    if folder is not None:
        print(f"  {'written to':<24}{folder}")
