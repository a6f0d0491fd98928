"""Checkpoints: a header, a checksum, a cloudpickle; written whole or not at all.

Networks inside store themselves by state dict, so no module object is ever pickled. Load only checkpoints that
you made: a pickle can run code.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from evogan._internal.files import atomic_write
from evogan.exceptions import CheckpointError, CheckpointUnsupportedError

MAGIC = b"evogan checkpoint 1\n"
_N_DIGEST = hashlib.sha256().digest_size


def save_checkpoint(path: Path | str, state: Any) -> None:
    """Write ``state`` to ``path`` atomically.

    Raises:
        CheckpointUnsupportedError: something inside cannot be pickled; its name is in the message.
    """
    import cloudpickle

    try:
        payload = cloudpickle.dumps(state)
    except Exception as error:  # pickling raises TypeError, PicklingError, AttributeError, RuntimeError ...
        raise CheckpointUnsupportedError(f"this state cannot be stored in a checkpoint: {error}") from error
    atomic_write(Path(path), MAGIC + hashlib.sha256(payload).digest() + payload)


def load_checkpoint(path: Path | str) -> Any:
    """Read what :func:`save_checkpoint` wrote.

    Raises:
        CheckpointError: the file is no checkpoint, is truncated or damaged, or its classes have changed.
    """
    import cloudpickle

    data = Path(path).read_bytes()
    if not data.startswith(MAGIC):
        raise CheckpointError(f"{path} is not an evogan checkpoint of this version: it must begin with {MAGIC!r}")
    digest, payload = data[len(MAGIC) :][:_N_DIGEST], data[len(MAGIC) + _N_DIGEST :]
    if hashlib.sha256(payload).digest() != digest:
        raise CheckpointError(f"{path} is truncated or damaged ({len(data)} bytes; its checksum does not match)")
    try:
        return cloudpickle.loads(payload)
    except Exception as error:
        raise CheckpointError(f"{path} cannot be read by this version of evogan: {error}") from error
