"""What systems with source samples or two domains share: remembered sources, unpaired halves, pictures in rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from evogan._internal.checks import check_int, check_rng
from evogan.exceptions import NotFittedError
from evogan.training import Batch, GANSystem, check_labels

_REMEMBERED = 64  # source samples kept for sampling

Images = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class UniformPrior:
    """Draws latents ``(n, n_latent)``, uniform in [``low``, ``high``)."""

    n_latent: int
    low: float = -1.0
    high: float = 1.0

    def __call__(self, n: int) -> Tensor:
        """Return ``n`` latents."""
        return self.low + (self.high - self.low) * torch.rand(n, self.n_latent)


class SourcedSystem(GANSystem):
    """A system whose generator needs a source sample: it keeps the first 64 that training sees.

    :meth:`sample` translates these; the sources of your own go to :meth:`translate`.
    """

    sources: Tensor | None = None

    def remember(self, new: Tensor) -> None:
        """Keep source samples until there are 64."""
        n_kept = 0 if self.sources is None else len(self.sources)
        if n_kept < _REMEMBERED:
            new = new.detach()[: _REMEMBERED - n_kept].clone()
            self.sources = new if self.sources is None else torch.cat([self.sources, new])

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` translations ``(n, *shape)`` of remembered sources, taken in turn in an order from ``rng``.

        Raises:
            NotFittedError: no source has been seen yet.
            ValueError: labels, which this system does not know.
        """
        check_labels(labels, check_int(n, "n", low=1), self.n_classes)
        if self.sources is None:
            raise NotFittedError(
                "sample draws on source samples seen in training, and there was none yet: "
                "train the system, or call translate(source, rng=rng)"
            )
        order = torch.from_numpy(check_rng(rng).permutation(len(self.sources)))[torch.arange(n) % len(self.sources)]
        return self.translate(self.sources[order.to(self.sources.device)], rng=rng)

    def translate(self, source: Tensor, *, rng: np.random.Generator) -> Tensor:
        """Return samples ``(n, *shape)`` made from ``n`` source samples."""
        return self.generate(len(source), source, rng=rng)

    def state_dict(self) -> dict[str, Any]:
        """Return the state, the remembered sources included."""
        return {**super().state_dict(), "sources": self.sources}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self.sources = state["sources"]


class TranslationSystem(SourcedSystem):
    """A system that learns to undo ``source``, which makes the source image of every real image."""

    source: Images

    def condition(self, batch: Batch) -> Tensor:
        """Return the source images, and remember the first of them."""
        source = self.source(batch.x)
        self.remember(source)
        return source

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return source, output and real image of the batch in turn."""
        source = self.source(batch.x)
        return side_by_side(shown_like(source, batch.x), self.translate(source, rng=rng), batch.x)


def invert(x: Tensor) -> Tensor:
    """Return the negative of images in [-1, 1]."""
    return -x


def unpaired(x: Tensor, other: Images) -> tuple[Tensor, Tensor]:
    """Return the first half of a batch, and the second half in the ``other`` domain: no sample is in both.

    Raises:
        ValueError: a batch of one.
    """
    half = len(x) // 2
    if half == 0:
        raise ValueError(f"batch_size must be 2 or more, since each domain is shown one half, got {len(x)}")
    return x[:half], other(x[half : 2 * half])


def shape_through(function: Any, shape: tuple[int, ...], name: str, example: str) -> tuple[int, ...]:
    """Return the shape of one sample after ``function``, which must map batches to batches.

    Raises:
        TypeError: no function.
        ValueError: it returns something else than one tensor row a sample.
    """
    if not callable(function):
        raise TypeError(f"{name} must be a function of batches such as {example}, got {function!r}")
    out = function(torch.zeros(2, *shape))
    if not isinstance(out, Tensor) or out.dim() < 2 or len(out) != 2:
        got = f"shape {tuple(out.shape)}" if isinstance(out, Tensor) else type(out).__name__
        raise ValueError(f"{name} must map a batch (2, {', '.join(map(str, shape))}) to 2 samples, got {got}")
    return tuple(out.shape[1:])


def check_domain(other: Any, shape: tuple[int, ...]) -> None:
    """Refuse an ``other`` that does not map samples of ``shape`` to such samples."""
    found = shape_through(other, shape, "other", "invert")
    if found != tuple(shape):
        raise ValueError(f"other must keep the shape of samples, {tuple(shape)}, got {found}")


def check_images_wanted(shape: tuple[int, ...], system: str) -> tuple[int, int, int]:
    """Return ``(c, h, w)``; refuse vectors."""
    if len(shape) != 3:
        raise ValueError(f"shape must be that of images, (c, h, w), for {system}, got {tuple(shape)}")
    return shape[0], shape[1], shape[2]


def side_by_side(*columns: Tensor) -> Tensor:
    """Interleave m batches of n samples, so that a square grid of pictures shows what belongs together in a row.

    Of the n groups m r^2 are kept, with r as large as can be: the grid then has m r columns.

    Example:
        >>> side_by_side(torch.tensor([1, 2, 3]), torch.tensor([10, 20, 30])).tolist()
        [1, 10, 2, 20]
    """
    m, n = len(columns), len(columns[0])
    kept = m * math.isqrt(n // m) ** 2 or n
    return torch.stack([column[:kept] for column in columns], dim=1).flatten(0, 1)


def shown_like(x: Tensor, target: Tensor) -> Tensor:
    """Return images in the size and with the channels of ``target``, for pictures only."""
    x = F.interpolate(x, size=target.shape[2:], mode="nearest")
    return x if x.shape[1] == target.shape[1] else x.mean(dim=1, keepdim=True).expand(-1, target.shape[1], -1, -1)
