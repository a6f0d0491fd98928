"""Minibatches of a data set held in memory."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from evogan._internal.checks import check_int
from evogan.training._distributed import process_rank


class Batch(NamedTuple):
    """Samples ``(n, ...)``, and their class labels ``(n,)`` if the data has any."""

    x: Any
    y: Any = None


class Data(Protocol):
    """What a data set must offer; :class:`evogan.datasets.Dataset` is one."""

    def __len__(self) -> int: ...

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the samples at ``index`` as float32, and their labels."""
        ...


class Batches:
    """Endless minibatches: whole permutations end to end, each a function of the seed and its number alone.

    So the only state is how many samples have been drawn, and a resumed run sees the batches it would have seen.
    Of several processes each takes its own rows of one large batch.

    Example:
        >>> from evogan.datasets import digits
        >>> batches = Batches(digits(), 32, seed=1)
        >>> batches().x.shape
        torch.Size([32, 1, 8, 8])
    """

    def __init__(self, data: Data, batch_size: int, *, seed: int) -> None:
        self.data, self.seed = data, seed
        self.batch_size = check_int(batch_size, "batch_size", low=1)
        self.n_drawn = 0
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def __call__(self) -> Batch:
        """Return the next minibatch."""
        rank, n_processes = process_rank()
        rows = np.arange(self.n_drawn, self.n_drawn + self.batch_size * n_processes)
        self.n_drawn += len(rows)
        index = np.concatenate(
            [
                self._permutation(e)[rows[rows // len(self.data) == e] % len(self.data)]
                for e in np.unique(rows // len(self.data))
            ]
        )
        x, y = self.data.batch(torch.from_numpy(index[rank::n_processes]))
        return Batch(x, y)

    def _permutation(self, epoch: int) -> Any:
        if epoch != self._epoch:
            self._epoch = int(epoch)
            self._order = np.random.default_rng([self.seed, self._epoch]).permutation(len(self.data))
        return self._order
