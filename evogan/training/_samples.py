"""Samples may be tensors or tuples of tensors, discriminators may return critics: the helpers that treat them alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from evogan.nets import Critic

Sample = Any
"""A tensor ``(n, ...)``, or a tuple of such tensors."""


def count(sample: Sample) -> int:
    """Return the number of samples."""
    return len(sample) if isinstance(sample, Tensor) else len(sample[0])


def as_float(sample: Sample) -> Sample:
    """Return samples in float32, whatever autocast made of them."""
    return sample.float() if isinstance(sample, Tensor) else tuple(part.float() for part in sample)


def mixes_samples(net: nn.Module) -> bool:
    """Tell whether a sample's output depends on its batch, so that real and fake must not share one.

    Layers of your own that do so say it with an attribute ``batch_dependent = True``.
    """
    return any(isinstance(m, _BatchNorm) or getattr(m, "batch_dependent", False) for m in net.modules())


def split_critic(output: Tensor | Critic, sizes: list[int]) -> list[Any]:
    """Undo a concatenation along the batch."""
    if isinstance(output, Tensor):
        return list(torch.split(output, sizes))
    parts = [[None] * len(sizes) if field is None else torch.split(field, sizes) for field in output]
    return [Critic(*fields) for fields in zip(*parts, strict=True)]


def with_condition(D: nn.Module, condition: Any) -> Any:
    """Return D as a function of samples alone."""
    if condition is None:
        return D
    bound: Callable[[Any], Any] = lambda x: D(x, condition[: count(x)] if isinstance(condition, Tensor) else condition)  # noqa: E731
    return bound
