"""DCGAN, LSGAN, WGAN-GP, SNGAN and a small StyleGAN on Fashion-MNIST at equal CPU time: FID, classes, pictures.

Every cell is one run on one thread; finished cells are appended to the JSONL file and skipped when the command is
repeated. CPU seconds count training alone, without scores and pictures.

    python benchmarks/fashion_gans.py                       # 270 CPU seconds a run, 3 seeds: an hour and a half
    python benchmarks/fashion_gans.py --systems dcgan --seconds 40 --seeds 1
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from evogan import gans
from evogan._internal.rng import torch_seeded
from evogan.datasets import load
from evogan.experiments import ImageScorer
from evogan.experiments._train_folder import read_rows
from evogan.features import fashion_features
from evogan.gans import Recipe
from evogan.nets import DCGANNetworks
from evogan.plotting import save_samples
from evogan.training import Adam, Batches, System, run_block

SHAPE = (1, 32, 32)
NETS = DCGANNetworks(width=32)
SYSTEMS = {
    "dcgan": lambda: gans.dcgan(SHAPE, networks=NETS),
    "lsgan": lambda: gans.lsgan(SHAPE, networks=NETS),
    "wgan-gp": lambda: gans.wgan_gp(SHAPE, networks=NETS),
    "sngan": lambda: gans.sngan(SHAPE, networks=NETS),
    # Five critic steps per generator step are for long runs: the same with one.
    "sngan-1": lambda: gans.sngan(SHAPE, networks=NETS, recipe=Recipe(optimizer=Adam((0.5, 0.999)), n_critic=1)),
    "stylegan-small": lambda: gans.stylegan(SHAPE, n_latent=64, n_layers=4, width=16, every=4),
}


def run_cell(
    name: str, seed: int, seconds: float, n: int, data: object, scorer: ImageScorer, out: Path
) -> dict[str, object]:
    """Train one system for so many CPU seconds and judge ``n`` samples."""
    rng = np.random.default_rng(seed)
    with torch_seeded(rng):
        system: System = SYSTEMS[name]()
    batches = Batches(data, 64, seed=seed)
    spent, n_steps = 0.0, 0
    with torch_seeded(rng):
        while spent < seconds:
            start = time.process_time()
            run_block(system, batches, 10, first=n_steps)
            spent += time.process_time() - start
            n_steps += 10
    scores = scorer(system, rng=rng)
    if seed == 1:
        save_samples(system.sample(80, rng=rng), out / f"fashion_{name}.png", n_columns=16)
    measured = {key: round(score.value, 4) for key, score in scores.items()}
    row = {
        "system": name,
        "seed": seed,
        "budget": seconds,
        "n_steps": n_steps,
        "epochs": round(n_steps * 64 / 60000, 2),
    }
    return {**row, "cpu_seconds": round(spent, 1), "n": n, "features": scorer.features.name, **measured}


def table(rows: list[dict[str, object]], seconds: float, n: int) -> str:
    """Return mean and standard deviation over seeds as Markdown."""
    cells = defaultdict(list)
    for row in rows:
        if (row["budget"], row["n"]) == (seconds, n):
            cells[row["system"]].append(row)
    lines = [
        f"Fashion-MNIST 32 x 32, batch 64, {seconds:g} CPU seconds of training on one thread, {n} samples; mean "
        "and, from two seeds on, standard deviation.",
        "",
        "| system | seeds | generator steps | FID[fashion-cnn-v1] | IS | precision | recall | smallest class |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in SYSTEMS:
        if name not in cells:
            continue
        values = {
            k: np.array([float(r[k]) for r in cells[name]])
            for k in ("FID", "IS", "precision", "recall", "smallest_class", "n_steps")
        }
        text = [_mean(v) for k, v in values.items() if k != "n_steps"]
        lines.append(f"| {name} | {len(cells[name])} | {values['n_steps'].mean():.0f} | {' | '.join(text)} |")
    return "\n".join(lines) + "\n"


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.3g}" + (f" +- {values.std(ddof=1):.2g}" if len(values) > 1 else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=list(SYSTEMS))
    parser.add_argument("--seconds", type=float, default=270.0, help="CPU seconds of training (270)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n-samples", type=int, default=10_000)
    parser.add_argument("--root", help="folder of the data set's files")
    parser.add_argument("--out", default="benchmarks/results/fashion_gans", help="without ending")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load("fashion-mnist", root=options.root, image_size=32)
    scorer = ImageScorer(data, fashion_features(), n=options.n_samples)
    file = Path(options.out + ".jsonl")
    file.parent.mkdir(parents=True, exist_ok=True)
    keys = ("system", "seed", "budget", "n")
    done = {tuple(row[k] for k in keys) for row in read_rows(file)}
    for seed in range(1, options.seeds + 1):
        for name in options.systems:
            if (name, seed, options.seconds, options.n_samples) in done:
                continue
            row = run_cell(name, seed, options.seconds, options.n_samples, data, scorer, file.parent)
            with open(file, "a") as lines:
                lines.write(json.dumps(row) + "\n")
            print(row, flush=True)
    text = table(read_rows(file), options.seconds, options.n_samples)
    file.with_suffix(".md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
