"""Checkpoints of networks: tensors and plain values only, so that loading one cannot run code."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from evogan._internal.files import atomic_write
from evogan.exceptions import CheckpointError

MARK = b"evogan sha256\n"
_N_TAIL = len(MARK) + hashlib.sha256().digest_size


def save_state(path: Path | str, state: dict[str, Any]) -> None:
    """Write nested dicts and lists of tensors and plain values with ``torch.save``, whole or not at all.

    A checksum follows at the end of the file, which ``torch.load`` does not mind.

    Raises:
        OSError: the disk is full or the folder cannot be written; an earlier file is left as it was.
    """
    data = io.BytesIO()
    torch.save(state, data)
    content = data.getvalue()
    atomic_write(Path(path), content + MARK + hashlib.sha256(content).digest())


def load_state(path: Path | str) -> dict[str, Any]:
    """Read what :func:`save_state` wrote, on the CPU.

    Raises:
        CheckpointError: the file is no such checkpoint, is truncated or damaged, or holds more than plain values.
    """
    data = Path(path).read_bytes()
    content, tail = data[:-_N_TAIL], data[-_N_TAIL:]
    # torch.load itself takes damaged weights for weights.
    if tail != MARK + hashlib.sha256(content).digest():
        raise CheckpointError(
            f"{path} is no checkpoint, or truncated or damaged ({len(data)} bytes; no valid checksum)"
        )
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # RuntimeError, UnpicklingError ...: written by another torch, or holding objects
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    return state
