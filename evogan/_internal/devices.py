"""Choosing a device and a number of threads, said out loud when it cannot be had."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController

DEVICES = ("auto", "cpu", "cuda")

# Below this many inputs a second intra-op thread costs more than it brings: waiting dominates.
SMALL_NET = 300
# The same where the inner layers stay narrow (64 units) however many inputs there are.
NARROW_NET = 5000


def resolve_device(name: str) -> torch.device:
    """Turn ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"`` into a device that exists.

    Raises:
        ValueError: an unknown name, or CUDA where there is none.
        TypeError: not a string.
    """
    if not isinstance(name, str):
        raise TypeError(f"device must be a string, one of {', '.join(DEVICES)}, got {name!r}")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name != "cpu" and name.partition(":")[0] != "cuda":
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, got {name!r}")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, got {name!r}") from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise ValueError(f"device {name!r} was asked for, but this torch ({torch.__version__}) sees no CUDA device")
        if (device.index or 0) >= torch.cuda.device_count():
            raise ValueError(f"device {name!r} was asked for, but there are {torch.cuda.device_count()} CUDA devices")
    return device


@contextmanager
def one_thread(when: bool) -> Iterator[None]:
    """Run the block with one thread in torch and in NumPy's BLAS if ``when``; then restore the caller's setting."""
    if not when:
        yield
        return
    before = torch.get_num_threads()
    with _blas().limit(limits=1, user_api="blas"):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def one_thread_for(shape: Sequence[int], device: torch.device | None) -> AbstractContextManager[None]:
    """Run the block with one thread if samples of ``shape`` are small and handled on the CPU (None counts as it)."""
    return one_thread(math.prod(shape) < SMALL_NET and (device is None or device.type == "cpu"))


@cache
def _blas() -> ThreadpoolController:
    """Find the loaded BLAS libraries, once: the search takes milliseconds."""
    return ThreadpoolController()
