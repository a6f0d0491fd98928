"""NumPy drives torch: one ``numpy.random.Generator`` per run seeds every torch draw, inside a fork, in float32.

The user's global torch state is the same before and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def torch_seeded(rng: np.random.Generator, device: torch.device | None = None) -> Iterator[None]:
    """Seed torch's global generators from ``rng`` for the block and restore them after it."""
    cuda = [device] if device is not None and device.type == "cuda" else []
    seed = int(rng.integers(2**63))
    with torch.random.fork_rng(devices=cuda):
        torch.default_generator.manual_seed(seed)
        if cuda:
            with torch.cuda.device(cuda[0]):
                torch.cuda.manual_seed(seed)
        with single_precision():
            yield


@contextmanager
def single_precision() -> Iterator[None]:
    """Make new tensors float32, whatever the user's default; it is the same again after the block."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(default)


@contextmanager
def building() -> Iterator[None]:
    """Build networks whose weights are loaded afterwards: their initial draws move nobody's random state."""
    with torch.random.fork_rng(devices=[]), single_precision():
        yield


def fresh_seed() -> int:
    """Draw a seed from the operating system, for runs that were given none but must record one."""
    return int(np.random.SeedSequence().generate_state(1)[0])
