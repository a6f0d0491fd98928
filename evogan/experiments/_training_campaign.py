"""A campaign that trains systems on one data set and scores them at budgets of steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evogan._internal.checks import check_int
from evogan._internal.rng import torch_seeded
from evogan.datasets import Dataset
from evogan.experiments._campaign import Cell, Outcome, check_seeds, check_table, failed
from evogan.experiments._describe import describe
from evogan.experiments._train_loop import Scorer
from evogan.training import Batches, System, run_block

SystemFactory = Callable[[tuple[int, ...]], System]
_WEIGHTS, _TRAINING, _SCORES = 1, 2, 3  # uses of a seed; 0 are the batches


@dataclass(frozen=True)
class TrainingCampaign:
    """Systems x seeds on one data set; :func:`run_campaign` runs it like every other campaign.

    Every run is scored when it reaches each of its budgets, so that one run tells how a system does after as many steps
    as the others and after as much computing time. A score's name carries the budget: ``FID@steps``, ``FID@cost``.

    Args:
        name: what the campaign is called; a folder belongs to one name.
        systems: label -> function of a sample's shape that makes a system, e.g. ``partial(gans.gan, networks=NETS)``.
        data: what they imitate.
        n_steps: budget -> steps, or budget -> label of the system -> steps.
        seeds: the runs; an integer n means 1, 2, ..., n. A seed determines weights, batches and latents.
        scorer: judges samples.
        batch_size: samples per minibatch.

    Raises:
        TypeError, ValueError: an argument of another kind, a budget that lacks a system.

    Example:
        >>> from functools import partial
        >>> from evogan import gans
        >>> from evogan.datasets import load
        >>> from evogan.experiments import VectorScorer
        >>> data = load("ring8")
        >>> systems = {"gan": gans.gan, "lsgan": gans.lsgan}
        >>> budgets = {"steps": 100, "cost": {"gan": 110, "lsgan": 100}}
        >>> campaign = TrainingCampaign("demo", systems, data, n_steps=budgets, seeds=2, scorer=VectorScorer(data))
        >>> [(cell.algorithm, cell.seed, cell.n_evals) for cell in campaign.cells()]
        [('gan', 1, 110), ('lsgan', 1, 100), ('gan', 2, 110), ('lsgan', 2, 100)]
    """

    name: str
    systems: Mapping[str, SystemFactory]
    data: Dataset
    n_steps: Mapping[str, int | Mapping[str, int]]
    seeds: int | Sequence[int]
    scorer: Scorer
    batch_size: int = 64

    def __post_init__(self) -> None:
        check_table(self.systems, "systems")
        check_int(self.batch_size, "batch_size", low=1)
        check_seeds(self.seeds)
        if not self.n_steps:
            raise ValueError('n_steps must hold at least one budget, such as {"steps": 1000}, got none')
        for label in self.systems:
            self._budgets(label)

    def cells(self) -> list[Cell]:
        """Return every run, seed by seed, so that a campaign that was cut short is balanced."""
        cells = []
        for seed in check_seeds(self.seeds):
            for label, make in self.systems.items():
                budgets = self._budgets(label)
                config = {"system": {"name": label, **_described(make)}, "data": self.data.name, "n": len(self.data)}
                config |= {"n_steps": budgets, "batch_size": self.batch_size, "seed": seed}
                cells.append(Cell(label, self.data.name, seed, max(budgets.values()), config))
        return cells

    def compute(self) -> Callable[[Cell], Outcome]:
        """Return what computes a cell."""
        return partial(_train_cell, dict(self.systems), self.data, self.scorer)

    def _budgets(self, label: str) -> dict[str, int]:
        budgets = {}
        for budget, steps in self.n_steps.items():
            if isinstance(steps, Mapping) and label not in steps:
                raise ValueError(f"n_steps[{budget!r}] must give steps for every system, {label!r} has none")
            given = steps[label] if isinstance(steps, Mapping) else steps
            budgets[budget] = check_int(given, f"n_steps[{budget!r}] of {label}", low=1)
        return budgets


def _train_cell(systems: dict[str, SystemFactory], data: Dataset, scorer: Scorer, cell: Cell) -> Outcome:
    """Train one system; return its record and the losses of its steps."""
    torch.set_num_threads(1)
    try:
        with torch_seeded(np.random.default_rng([cell.seed, 0, _WEIGHTS])):
            system = systems[cell.algorithm](data.shape)
        batches = Batches(data, cell.config["batch_size"], seed=cell.seed)
        wall = cpu = 0.0
        n_done = 0
        indicators: dict[str, Any] = {}
        losses: list[dict[str, NDArray[np.float64]]] = []
        with torch_seeded(np.random.default_rng([cell.seed, 0, _TRAINING])):
            for budget, n_steps in sorted(cell.config["n_steps"].items(), key=lambda item: item[1]):
                if n_steps > n_done:
                    start = time.perf_counter(), time.process_time()
                    losses.append(run_block(system, batches, n_steps - n_done, first=n_done))
                    wall, cpu = wall + time.perf_counter() - start[0], cpu + time.process_time() - start[1]
                    n_done = n_steps
                scores = scorer(system, rng=np.random.default_rng([cell.seed, 0, _SCORES]))
                indicators |= {f"{name}@{budget}": {"value": score.value} for name, score in scores.items()}
                indicators[f"cpu_seconds@{budget}"] = {"value": round(cpu, 3)}
    except Exception as error:
        return failed(error)
    record = {
        "error": None,
        "n_evals": n_done,
        "indicators": indicators,
        "indicators_against": f"{data.name}, {len(data)} samples",
        "counters": dict(getattr(system, "counters", {})),
        "wall_seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
    }
    names = losses[0]
    return record, {f"convergence_{n}": np.concatenate([block[n] for block in losses]) for n in names}


def _described(make: SystemFactory) -> dict[str, Any]:
    settings = describe(make)
    return settings if isinstance(settings, dict) else {"type": settings}
