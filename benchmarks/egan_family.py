"""Does evolving generators pay? E-GAN, its family, single losses and controls, at equal steps and at equal CPU time.

A campaign for each data set: `--out/<data>` holds it and is resumed when the command is repeated. Each run is scored
twice: after as many generations as E-GAN makes (`@steps`), and after as much CPU time as E-GAN takes (`@cost`).
What a step costs is measured first, all systems in turn and the least of several rounds, and kept in
`<data>/costs.json`: budgets are steps, so results do not depend on what else a machine does.

    python benchmarks/egan_family.py ring8 grid25 digits --workers 2
    python benchmarks/egan_family.py fashion-mnist --seeds 3 --root DIR --workers 2
    python benchmarks/egan_family.py --report                    # tables of what there is
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evogan import gans
from evogan._internal.files import atomic_write, to_json
from evogan._internal.rng import torch_seeded
from evogan.algorithms import EGAN, SnapshotMixture, cde_gan, ie_gan, lipizzaner, mo_egan, mustangs
from evogan.datasets import Dataset, grid, load, ring
from evogan.experiments import (
    CampaignProgress,
    ImageScorer,
    Processes,
    Results,
    TrainingCampaign,
    VectorScorer,
    a12,
    comparison_table,
    holm,
    load_results,
    rank_sum,
    run_campaign,
    to_long_csv,
)
from evogan.features import digits_features, fashion_features
from evogan.gans import Recipe, assemble
from evogan.losses import NonSaturating
from evogan.nets import DCGANNetworks, MLPNetworks
from evogan.neuroevolution import (
    UCB1,
    EGANFitness,
    FeatureFitness,
    HeuristicMutation,
    LeastSquaresMutation,
    MinimaxMutation,
    NoFitness,
    RandomMutations,
    RandomSelection,
    WorstSelection,
)
from evogan.training import Adam, Batches, System, run_block

SETTINGS = {
    "ring8": {"networks": MLPNetworks(2, (128, 128)), "lr": 1e-3, "betas": (0.5, 0.9), "penalty": 0.1, "n_steps": 1500},
    "grid25": {
        "networks": MLPNetworks(2, (128, 128)),
        "lr": 1e-3,
        "betas": (0.5, 0.9),
        "penalty": 0.1,
        "n_steps": 1000,
    },
    "digits": {"networks": MLPNetworks(), "lr": 1e-3, "betas": (0.5, 0.999), "penalty": 10.0, "n_steps": 1000},
    "fashion-mnist": {
        "networks": DCGANNetworks(width=16),
        "lr": 2e-4,
        "betas": (0.5, 0.999),
        "penalty": 10.0,
        "n_steps": 200,
    },
}
HEADLINES = {
    "ring8": ("sliced_wasserstein", "high_quality", "modes"),
    "grid25": ("sliced_wasserstein", "high_quality", "modes"),
    "digits": ("FID", "precision", "recall"),
    "fashion-mnist": ("FID", "precision", "recall"),
}
TOYS = ("ring8", "grid25")
PAIRS = (  # chosen after a look at ring8, before grid25, digits and Fashion-MNIST had been run
    ("E-GAN", "E-GAN, random survivor", "steps"),
    ("E-GAN", "E-GAN, worst survivor", "steps"),
    ("E-GAN", "heuristic", "steps"),
    ("E-GAN", "heuristic", "cost"),
    ("E-GAN, MMD fitness", "E-GAN, random survivor", "steps"),
    ("heuristic, mixture", "heuristic", "cost"),
    ("heuristic, mixture", "heuristic, moving average", "cost"),
    ("random loss, mixture", "random loss", "cost"),
    ("random loss, mixture", "random loss, last 8", "cost"),
)
NOT_ON_FASHION = (  # where a run is dear
    "least squares",
    "E-GAN, gamma 0",
    "E-GAN, gamma 1",
    "UCB1",
    "MO-EGAN",
    "IE-GAN",
    "CDE-GAN",
    "Lipizzaner 2x2",
    "Mustangs 2x2",
)
FIRST_SEED = 101  # settings were tried with others


def evolved(shape: tuple[int, ...], *, networks: Any, recipe: Recipe, **options: Any) -> EGAN:
    """Make E-GAN with other parts."""
    return EGAN(partial(assemble, shape, networks, recipe, loss=NonSaturating()), **options)


def mixed(shape: tuple[int, ...], *, make: Any, selection: str = "contribution") -> SnapshotMixture:
    """Make a mixture of the snapshots of a system."""
    return SnapshotMixture(make(shape), keep=selection)


def systems(name: str) -> dict[str, Any]:
    """Return label -> function of a sample's shape."""
    s = SETTINGS[name]
    networks: Any = s["networks"]
    recipe = Recipe(lr_G=s["lr"], lr_D=s["lr"], optimizer=Adam(s["betas"]), ema=None)
    family = partial(evolved, networks=networks, recipe=recipe)
    given = {"networks": networks, "recipe": recipe}
    one = {"policy": RandomMutations(), "fitness": NoFitness()}
    random_loss = partial(family, **one)
    single = partial(assemble, networks=networks, recipe=recipe)
    heuristic = partial(single, loss=HeuristicMutation())
    critic = Recipe(lr_G=s["lr"], lr_D=s["lr"], optimizer=Adam((0.0, 0.9)), n_critic=5, ema=None)
    table = {
        "heuristic": heuristic,
        "minimax": partial(single, loss=MinimaxMutation()),
        "least squares": partial(single, loss=LeastSquaresMutation()),
        "heuristic, moving average": partial(heuristic, recipe=replace(recipe, ema=0.99)),
        "LSGAN": partial(gans.lsgan, **given),
        "WGAN-GP": partial(gans.wgan_gp, networks=networks, recipe=critic, **({"weight": 0.1} if name in TOYS else {})),
        "random loss": random_loss,
        "E-GAN": family,
        "E-GAN, gamma 0": partial(family, fitness=EGANFitness(0.0)),
        "E-GAN, gamma 1": partial(family, fitness=EGANFitness(1.0)),
        "E-GAN, random survivor": partial(family, selection=RandomSelection()),
        "E-GAN, worst survivor": partial(family, selection=WorstSelection()),
        "E-GAN, MMD fitness": partial(family, fitness=FeatureFitness(), n_eval=128),
        "UCB1": partial(family, policy=UCB1()),
        "MO-EGAN": partial(mo_egan, **given),
        "IE-GAN": partial(ie_gan, gradient_penalty=s["penalty"], **given),
        "CDE-GAN": partial(cde_gan, gradient_penalty=s["penalty"], **given),
        "Lipizzaner 2x2": partial(lipizzaner, **given),
        "Mustangs 2x2": partial(mustangs, **given),
        "heuristic, mixture": partial(mixed, make=heuristic),
        "random loss, mixture": partial(mixed, make=random_loss),
        "random loss, last 8": partial(mixed, make=random_loss, selection="recent"),
    }
    return {k: v for k, v in table.items() if name != "fashion-mnist" or k not in NOT_ON_FASHION}


def data_set(name: str, root: str | None) -> tuple[Dataset, Any]:
    """Return the data and what judges samples."""
    if name in TOYS:
        rng = np.random.default_rng(0)
        data = ring(sd=0.1, rng=rng) if name == "ring8" else grid(rng=rng)
        return data, VectorScorer(data, n=2000)
    if name == "digits":
        data = load("digits")
        return data, ImageScorer(data, digits_features(), n=2000)
    data = load("fashion-mnist", root=root, image_size=32)
    return data, ImageScorer(data, fashion_features(), n=2000)


def costs(name: str, data: Dataset, file: Path, *, n_rounds: int = 5, n_steps: int = 10) -> dict[str, float]:
    """Return CPU seconds per step of every system, from ``file`` or measured."""
    if file.exists():
        known = json.loads(file.read_text())
        if known.keys() == systems(name).keys():
            return dict(known)
    trained: dict[str, tuple[System, Batches]] = {}
    least: dict[str, float] = {}
    with torch_seeded(np.random.default_rng(0)):
        for label, make in systems(name).items():
            trained[label] = make(data.shape), Batches(data, 64, seed=0)
            run_block(*trained[label], 3)
        for _ in range(n_rounds):
            for label, (system, batches) in trained.items():
                every = getattr(system, "every", None) or getattr(system, "exchange_every", None) or n_steps
                n = max(n_steps, every) if name != "fashion-mnist" else n_steps  # there an epoch takes too long
                start = time.process_time()
                run_block(system, batches, n)
                spent = (time.process_time() - start) / n
                least[label] = min(spent, least.get(label, spent))
    atomic_write(file, to_json({label: round(value, 6) for label, value in least.items()}))
    return least


def run(name: str, options: argparse.Namespace) -> None:
    """Run what is missing of a data set's campaign."""
    data, scorer = data_set(name, options.root)
    folder = Path(options.out) / name
    folder.mkdir(parents=True, exist_ok=True)
    per_step = costs(name, data, folder / "costs.json")
    chosen = {label: make for label, make in systems(name).items() if not options.systems or label in options.systems}
    n_steps = int(SETTINGS[name]["n_steps"])
    total = n_steps * per_step["E-GAN"]
    budgets = {"steps": n_steps, "cost": {label: max(1, round(total / per_step[label])) for label in chosen}}
    seeds = range(FIRST_SEED, FIRST_SEED + (options.seeds or (10 if name in TOYS else 3)))
    campaign = TrainingCampaign(f"egan-{name}", chosen, data, n_steps=budgets, seeds=list(seeds), scorer=scorer)
    results = run_campaign(
        campaign, folder, executor=Processes(options.workers), progress=CampaignProgress(campaign.name)
    )
    for record in results.failures:
        print(f"{record.algorithm}, seed {record.seed}: {record.error}")


def report(out: Path, to: Path) -> str:
    """Return tables of all campaigns in ``out``; write their runs as CSV below ``to``."""
    parts, everything = [], []
    for name in SETTINGS:
        if not (out / name / "campaign.json").exists():
            continue
        results = load_results(out / name)
        everything += list(results.records)
        to_long_csv(results, to.with_name(f"{to.name}_{name}.csv"))
        per_step = json.loads((out / name / "costs.json").read_text())
        seeds = sorted({record.seed for record in results.records})
        parts.append(f"## {name}, {len(seeds)} runs (seeds {seeds[0]} to {seeds[-1]})\n")
        parts.append(_by_system(results, HEADLINES[name], per_step))
        lines = [_signs(results, f"{metric}@{b}", "E-GAN") for metric in HEADLINES[name] for b in ("steps", "cost")]
        parts.append("\n".join(["Against E-GAN (rank-sum, Holm over the row, .05):", "", *lines, ""]))
        parts.append(_pairs(results, HEADLINES[name][0]))
    return "\n".join(parts)


def _by_system(results: Results, metrics: tuple[str, ...], per_step: dict[str, float]) -> str:
    head = [f"{metric} at equal {budget}" for budget in ("steps", "cost") for metric in metrics]
    lines = [f"| system | ms a step | {' | '.join(head)} |", "|---" * (len(head) + 2) + "|"]
    problem = results.problems[0]
    for label in results.algorithms:
        cells = []
        for budget in ("steps", "cost"):
            for metric in metrics:
                values = results.values(f"{metric}@{budget}", problem=problem, algorithm=label)
                quartiles = np.quantile(values, [0.25, 0.5, 0.75]) if len(values) else [np.nan] * 3
                cells.append(f"{quartiles[1]:.3g} ({quartiles[2] - quartiles[0]:.2g})")
        lines.append(f"| {label} | {1000 * per_step[label]:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _pairs(results: Results, metric: str) -> str:
    """Return the comparisons that the question is about, few enough to be tested together."""
    rows = []
    for one, other, budget in PAIRS:
        x, y = (
            results.values(f"{metric}@{budget}", problem=results.problems[0], algorithm=label) for label in (one, other)
        )
        if len(x) and len(y):
            rows.append((one, other, budget, np.median(x), np.median(y), rank_sum(x, y), 1.0 - a12(x, y)))
    adjusted = holm([row[5] for row in rows])
    lines = [
        f"| {metric} of | and of | at equal | medians | A12: how often lower | p (rank-sum) | p, Holm over these |",
        "|---|---|---|---|---|---|---|",
    ]
    for (one, other, budget, x, y, p, effect), q in zip(rows, adjusted, strict=True):
        lines.append(f"| {one} | {other} | {budget} | {x:.3g}, {y:.3g} | {effect:.2f} | {p:.2g} | {q:.2g} |")
    return "\n".join([*lines, ""])


def _signs(results: Results, metric: str, control: str) -> str:
    table = comparison_table(results, metric, control=control)
    signs: dict[str, list[str]] = {"+": [], "-": []}
    for (_, label), cell in table.cells.items():
        if cell.sign in signs:
            signs[cell.sign].append(label)
    return f"- {metric}: better {', '.join(signs['+']) or 'none'}; worse {', '.join(signs['-']) or 'none'}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", help="data sets to run")
    parser.add_argument("--systems", nargs="+", help="only these")
    parser.add_argument("--seeds", type=int, help="runs (10 on toys, 3 on images)")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--root", help="folder of Fashion-MNIST's files")
    parser.add_argument("--out", default="out/egan_family", help="folder of the campaigns")
    parser.add_argument("--to", default="benchmarks/results/egan_family", help="tables, without ending")
    parser.add_argument("--report", action="store_true", help="only the tables")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in [] if options.report else options.data:
        run(name, options)
    text = report(Path(options.out), Path(options.to))
    Path(options.to + ".md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
