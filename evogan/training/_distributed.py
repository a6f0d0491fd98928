"""Several processes, one network each, kept equal by averaging what they compute (`torchrun` starts them)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def is_distributed() -> bool:
    """Tell whether this process is one of a group."""
    return dist.is_available() and dist.is_initialized()


def process_rank() -> tuple[int, int]:
    """Return this process's rank and the number of processes; ``(0, 1)`` alone."""
    return (dist.get_rank(), dist.get_world_size()) if is_distributed() else (0, 1)


@torch.no_grad()
def average_across_processes(tensors: Sequence[Tensor]) -> None:
    """Replace floating-point tensors by their mean over all processes; nothing where there is one process."""
    floating = [t for t in tensors if t.is_floating_point()]
    if not floating or not is_distributed():
        return
    flat = torch.cat([t.flatten() for t in floating])  # one message instead of one per parameter
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for t, mean in zip(floating, torch.split(flat, [t.numel() for t in floating]), strict=True):
        t.copy_(mean.view_as(t))


def first_process(thing: Any) -> Any:
    """Return the first process's ``thing`` to all of them."""
    if not is_distributed():
        return thing
    things = [thing]
    dist.broadcast_object_list(things, src=0)
    return things[0]


def gather_objects(thing: Any) -> list[Any]:
    """Return the ``thing`` of every process, by rank."""
    if not is_distributed():
        return [thing]
    things: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(things, thing)
    return things
