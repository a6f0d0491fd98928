"""Several systems that train side by side and sample one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evogan.training import Batch, GANSystem


class CompoundSystem(ABC):
    """Systems by name, each shown something of its own in every batch; a system itself.

    Args:
        parts: the systems; their names end the names of their losses.
        shape: of one sample.
        n_classes: number of classes of the labels that it samples by; 0 for none.
    """

    def __init__(self, parts: Mapping[str, GANSystem], *, shape: tuple[int, ...], n_classes: int = 0) -> None:
        self.parts = dict(parts)
        self.shape, self.n_classes = tuple(shape), n_classes
        self.n_critic = max(part.n_critic for part in self.parts.values())

    @abstractmethod
    def shown(self, batch: Batch) -> dict[str, Batch]:
        """Return what every part is shown of a batch."""

    @abstractmethod
    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` samples ``(n, *shape)``."""

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make one step of every part, all on the same batches."""
        drawn = [self.shown(batches()) for _ in range(self.n_critic)]
        losses: dict[str, Tensor] = {}
        for name, part in self.parts.items():
            queue = iter([batch[name] for batch in drawn])
            losses |= {f"{loss}_{name}": value for loss, value in part.step(queue.__next__).items()}
        return losses

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return as many samples as the batch has, classes in turn."""
        return self.sample(len(batch.x), rng=rng)

    @property
    def generator(self) -> nn.ModuleDict:
        """The generators that sample, by the name of their part."""
        return nn.ModuleDict({name: part.generator for name, part in self.parts.items()})

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(iter(self.parts.values())).device

    def to(self, device: torch.device) -> None:
        """Move everything; before the first step only."""
        for part in self.parts.values():
            part.to(device)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of every part."""
        return {name: part.state_dict() for name, part in self.parts.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
