"""Files that are either wholly written or not there, and JSON that every reader understands."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


def atomic_write(path: Path, data: bytes) -> None:
    """Write ``data`` to a neighbour and rename it over ``path``: a kill leaves the old file or the new one."""
    neighbour = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(neighbour, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(neighbour, path)
    except BaseException:
        neighbour.unlink(missing_ok=True)
        raise


def atomic_savez(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays as NPZ, whole or not at all."""
    data = io.BytesIO()
    np.savez(data, **arrays)
    atomic_write(path, data.getvalue())


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Hold the folder ``path`` for the block; a ValueError says that another process does.

    The lock goes with the process, however it ends. There is none on Windows: a second writer is the user's to avoid.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(path / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError(f"another process is writing to {path}") from error
        yield


def to_json(value: Any, *, indent: int | None = 2) -> bytes:
    """Return ``value`` as JSON and a newline; infinities and NaN as strings that ``float()`` reads."""
    return (json.dumps(_plain(value), indent=indent, allow_nan=False) + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else repr(value)
