"""Samples are tensors, or tuples of tensors where pairs are judged: the helpers that treat them alike; evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


def parts_of(sample: Any) -> tuple[Tensor, ...]:
    """Return the tensors that make up a batch of samples."""
    return sample if isinstance(sample, tuple) else (sample,)


def map_parts(function: Callable[..., Tensor], *samples: Any) -> Any:
    """Apply ``function`` to corresponding tensors of ``samples``; return samples of the same kind."""
    if not isinstance(samples[0], tuple):
        return function(*samples)
    return tuple(function(*parts) for parts in zip(*samples, strict=True))


@contextmanager
def evaluating(net: nn.Module) -> Iterator[nn.Module]:
    """Hold ``net`` in evaluation mode, without gradients, for the block."""
    training = net.training
    net.eval()
    try:
        with torch.no_grad():
            yield net
    finally:
        net.train(training)
