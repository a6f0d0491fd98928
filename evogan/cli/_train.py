"""``evogan train``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
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
from evogan.experiments._train_folder import RECORDS, read_rows
from evogan.plotting import generations, makers_of_survivors
from evogan.training import is_distributed, process_rank

CONFIG = "config.json"
_KEPT = ("system", "data_name", "image_size", "root", "features", "n_samples", "set", "score_every", "checkpoint_every")
_COUNTED = {
    "n_d_steps": "discriminator steps",
    "n_g_steps": "generator steps",
    "n_evaluations": "evaluations",
    "n_diverged": "diverged children",
}
_WEIGHTS = 4  # a use of the seed beside those of the training loop
_OF_A_NEW_RUN = ("system", "data", "image_size", "batch_size", "seed", "out", "root", "features", "n_samples", "set")


def train_command(options: argparse.Namespace) -> int:
    """Train or resume; print losses and scores."""
    with warnings.catch_warnings(), _group_of_processes(), stoppable("step") as stop:
        warnings.showwarning = show_warning  # type: ignore[assignment]
        warnings.simplefilter("always", UserWarning)
        if options.resume is not None:
            given = [name for name in _OF_A_NEW_RUN if getattr(options, name) not in (None, [])]
            if given:
                flags = ["SYSTEM" if name == "system" else f"--{name.replace('_', '-')}" for name in given]
                raise ValueError(
                    f"--resume takes the configuration from its folder, not {', '.join(flags)}; "
                    "only --steps, --device, --score-every, --checkpoint-every and --quiet go with it"
                )
            config, out, seed = _stored(options.resume), options.resume, None
        else:
            config, out, seed = _asked(options), options.out, options.seed
        result = _train(config, out, seed, options, stop)
        first = process_rank()[0] == 0
    if not result.finished:
        hint = " (no --out: nothing was kept)"
        if out is not None:
            more = "" if options.resume is None or options.steps is None else f" --steps {options.steps}"
            hint = f"; continue with: evogan train --resume {out}{more}"
        if first:
            print(f"stopped after {result.n_steps} steps{hint}", file=sys.stderr)
        return 130
    if first and not options.quiet:
        _print_result(result, config, out)
    return 0


def _asked(options: argparse.Namespace) -> dict[str, Any]:
    if options.system is None or options.data is None:
        raise ValueError(
            "SYSTEM and --data are needed, e.g. evogan train gan --data digits (`evogan list gans` shows all)"
        )
    names = ("system", "image_size", "root", "features", "score_every", "checkpoint_every")
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
    try:
        config = json.loads(file.read_text())
    except ValueError as error:
        raise CheckpointError(f"{file} is damaged: {error}") from error
    if not isinstance(config, dict) or not {*_KEPT, "n_steps", "batch_size", "seed"} <= config.keys():
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
    with torch_seeded(np.random.default_rng([seed, 0, _WEIGHTS])):
        system = make_system(config["system"], data, config["set"])
    quiet = options.quiet or process_rank()[0] > 0
    return train(
        system,
        data,
        n_steps=config["n_steps"] if options.steps is None else options.steps,
        batch_size=config["batch_size"],
        seed=seed,
        device=device,
        out=out,
        resume=resume,
        scorer=_scorer(data, config, device),
        score_every=config["score_every"] if options.score_every is None else options.score_every,
        checkpoint_every=config["checkpoint_every"] if options.checkpoint_every is None else options.checkpoint_every,
        progress=None if quiet else TrainProgress(f"{config['system']} {config['data_name']}"),
        config={name: config[name] for name in (*_KEPT, "n_steps")},
        should_stop=stop,
    )


def _scorer(data: Dataset, config: dict[str, Any], device: str) -> Any:
    features = make_features(config["features"], data, device)
    if features is None:
        return VectorScorer(data, n=config["n_samples"])
    return ImageScorer(data, features, n=config["n_samples"])


@contextmanager
def _group_of_processes() -> Iterator[None]:
    """Join for the block the group of processes that `torchrun` started, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1 or is_distributed():
        yield
        return
    import torch
    import torch.distributed as dist

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def _print_result(result: TrainResult, config: dict[str, Any], folder: str | None) -> None:
    print(f"{config['system']} on {config['data_name']}, seed {result.seed}")
    print(f"  {'steps':<24}{result.n_steps}")
    for name, value in result.losses[-1].items():
        if name != "step" and not name.startswith(("by_", "d_by_")):
            print(f"  {name:<24}{value:.6g}")
    for score in result.scores.values():
        print(f"  {score}")
    records = result.records if folder is None else read_rows(Path(folder) / RECORDS)  # also before a resumption
    makers = Counter(chain.from_iterable(makers_of_survivors(generations(records))))
    if makers:
        shares = [f"{name} {count / makers.total():.0%}" for name, count in makers.most_common()]
        print(f"  {'survivors made by':<24}{', '.join(shares)}")
    for name, count in result.counters.items():
        if count:
            print(f"  {_COUNTED.get(name, name):<24}{count}")
    print(f"  {'seconds':<24}{result.wall_seconds:.1f} ({result.cpu_seconds:.1f} CPU)")
    if folder is not None:
        print(f"  {'written to':<24}{folder}")
