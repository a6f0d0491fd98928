"""What every system with a population of generators is, beside how it evolves."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evogan.neuroevolution._individual import Individual, Workbench
from evogan.neuroevolution._support import evolvable
from evogan.training import Batch, GANSystem, process_rank

_N_RECORDS = 100_000


class EvolvedSystem:
    """A GAN as the workbench of a population of generators; subclasses bring ``step``.

    Args:
        make: makes the GAN; called once for every parent, so that the first ones differ.
        n_parents: generators in the population.

    Attributes:
        population: the present parents, the one that samples first.
        counters: steps of discriminators and generators, evaluations, and children dropped because they diverged.
    """

    def __init__(self, make: Callable[[], GANSystem], *, n_parents: int) -> None:
        if not callable(make):
            raise TypeError(f"make must be a function that makes a system, e.g. partial(gans.gan, (2,)), got {make!r}")
        self.system = evolvable(make())
        self.trainer = self.system.trainer
        self.bench = Workbench.of_generator(self.trainer)
        self.population: list[Individual] = [self.bench.individual(number=0)]
        for number in range(1, n_parents):
            other = evolvable(make()).trainer
            self.population.append(Workbench.of_generator(other).individual(number=number))
        self.counters = dict.fromkeys(("n_d_steps", "n_g_steps", "n_evaluations", "n_diverged"), 0)
        self.n_made = n_parents
        self._records: deque[dict[str, Any]] = deque(maxlen=_N_RECORDS)

    def record(self, row: dict[str, Any]) -> None:
        """Keep a row for :meth:`take_records`."""
        self._records.append(row)

    def take_records(self) -> list[dict[str, Any]]:
        """Return the record of every generation since the last call (at most the last 100,000), oldest first."""
        taken = list(self._records)
        self._records.clear()
        return taken

    def told(self, values: Mapping[str, float]) -> dict[str, Tensor]:
        """Return numbers as scalar tensors where the networks are, with one transfer."""
        return dict(zip(values, torch.tensor([float(v) for v in values.values()]).to(self.device), strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""
        return self.system.shape

    @property
    def n_classes(self) -> int:
        """Classes that samples are conditioned on; 0 for none."""
        return self.system.n_classes

    @property
    def generator(self) -> nn.Module:
        """The generator that samples: the first of the population, or its moving average."""
        return self.system.generator

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.system.device

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` samples ``(n, *shape)``; see :meth:`evogan.training.GANSystem.sample`."""
        return self.system.sample(n, rng=rng, labels=labels)

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return as many samples as the batch has, classes in turn."""
        return self.system.pictures(batch, rng=rng)

    def to(self, device: torch.device) -> None:
        """Move everything; before the first step only.

        Raises:
            ValueError: there are several processes, which would select different populations and mix their gradients.
        """
        if process_rank()[1] > 1:
            raise ValueError(f"a population evolves in one process, without torchrun; got {process_rank()[1]} of them")
        self.system.to(device)
        for individual in self.population:
            individual.weights = [w.to(device) for w in individual.weights]

    def state_dict(self) -> dict[str, Any]:
        """Return the whole population, the networks on the bench, and the counters."""
        return {
            "system": self.system.state_dict(),
            "population": [individual.state_dict() for individual in self.population],
            "counters": dict(self.counters),
            "n_made": self.n_made,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned.

        Raises:
            ValueError, RuntimeError, KeyError: the state is that of other networks or another population.
        """
        mine, theirs = len(self.population), len(state["population"])
        if mine != theirs:
            raise ValueError(f"this state holds {theirs} parents, the system has {mine}")
        self.system.load_state_dict(state["system"])
        self.population = [Individual.from_state_dict(one, self.population[0]) for one in state["population"]]
        self.counters, self.n_made = dict(state["counters"]), state["n_made"]
