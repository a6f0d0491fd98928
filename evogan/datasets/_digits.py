"""The digits that come with the package."""

from __future__ import annotations

import gzip
from importlib import resources

import numpy as np
import torch

from evogan.datasets._dataset import Dataset
from evogan.datasets._files import check_split

_N_TRAIN = 1400


def digits(split: str = "train") -> Dataset:
    """Return handwritten digits of 8 x 8 pixels, ``(n, 1, 8, 8)`` in 10 classes; bundled.

    E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
    doi:10.24432/C50P49, the 1797 images of its test part; licence CC BY 4.0 (``DIGITS_LICENSE.md`` beside the file).
    Its 17 grey levels are spread over 0 to 255.

    Args:
        split: "train" (the first 1400 in the file's order), "test" (the other 397) or "all". A class has 134 to 144
            images in train and 39 to 41 in test.

    Example:
        >>> digits()
        Dataset('digits', n=1400, shape=(1, 8, 8), n_classes=10)
    """
    check_split(split)
    packed = resources.files("evogan.datasets").joinpath("digits.csv.gz").read_bytes()
    rows = np.loadtxt(gzip.decompress(packed).decode().splitlines(), delimiter=",", dtype=np.int64)
    rows = {"train": rows[:_N_TRAIN], "test": rows[_N_TRAIN:], "all": rows}[split]
    levels = (rows[:, :-1] * 255 + 8) // 16  # rounded
    x = torch.from_numpy(levels.astype(np.uint8).reshape(-1, 1, 8, 8))
    return Dataset("digits", x, torch.from_numpy(rows[:, -1].copy()), n_classes=10)
