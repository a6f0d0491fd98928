"""Checkpoints of networks: tensors and plain values only, so that loading one cannot run code."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from evogan._internal.files import atomic_write
from evogan.exceptions import CheckpointError


def save_state(path: Path | str, state: dict[str, Any]) -> None:
    """Write nested dicts and lists of tensors and plain values with ``torch.save``, whole or not at all.

    Raises:
        OSError: the disk is full or the folder cannot be written; an earlier file is left as it was.
    """
    data = io.BytesIO()
    torch.save(state, data)
    atomic_write(Path(path), data.getvalue())


def load_state(path: Path | str) -> dict[str, Any]:
    """Read what :func:`save_state` wrote, on the CPU.

    Raises:
        CheckpointError: the file is no such checkpoint, is truncated or damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise CheckpointError(f"{path} is no checkpoint, or truncated or damaged: {error}") from error
    return state
