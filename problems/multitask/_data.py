"""The suites' numbers (shifts and matrices), read once from the files beside this one."""

from __future__ import annotations

import io
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@cache
def stored(file: str, key: str) -> Array:
    """Return the array ``key`` of ``data/{file}.npz``, the same read-only object at every call."""
    packed = resources.files("evogan.problems.multitask").joinpath("data", f"{file}.npz").read_bytes()
    with np.load(io.BytesIO(packed)) as arrays:
        array: Array = arrays[key]
    array.flags.writeable = False
    return array
