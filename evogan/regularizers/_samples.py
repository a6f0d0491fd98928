"""Samples are tensors, or tuples of tensors where pairs are judged: the helpers that treat them alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor


def parts_of(sample: Any) -> tuple[Tensor, ...]:
    """Return the tensors that make up a batch of samples."""
    return sample if isinstance(sample, tuple) else (sample,)


def map_parts(function: Callable[..., Tensor], *samples: Any) -> Any:
    """Apply ``function`` to corresponding tensors of ``samples``; return samples of the same kind."""
    if not isinstance(samples[0], tuple):
        return function(*samples)
    return tuple(function(*parts) for parts in zip(*samples, strict=True))
