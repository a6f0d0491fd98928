"""CIFAR-10, from the published binary files or from PNG files with one image a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from evogan.datasets._dataset import Dataset
from evogan.datasets._files import check_md5, find, parts_of, read_checked

# Of the binary files: records of one label and 3072 levels. PNG files are compared after they were made such records.
_MD5 = {
    "data_batch_1": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
_BATCHES = {"train": list(_MD5)[:5], "test": list(_MD5)[5:]}
_RECORD = 1 + 3 * 32 * 32


def cifar10(root: str | Path | None = None, split: str = "train") -> Dataset:
    """Return the colour images of CIFAR-10, ``(n, 3, 32, 32)`` in 10 classes.

    A. Krizhevsky, "Learning multiple layers of features from tiny images", University of Toronto, 2009. The images
    come without a licence: do not pass them on.

    Args:
        root: the folder of the binary files (``data_batch_1.bin`` ...), or of PNG files of the same names with their
            labels in JSON, or what a package that holds them was unpacked to. None: see :mod:`evogan.datasets`.
        split: "train" (50 000), "test" (10 000) or "all", train before test.

    Raises:
        FileNotFoundError: the files are not here; the message says how to get them.
        ValueError: a file differs from the published one.
    """
    batches = [records for part in parts_of(split) for records in _part(part, root)]
    records = np.concatenate(batches)
    x = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32))
    return Dataset("cifar10", x, torch.from_numpy(records[:, 0].astype(np.int64)), n_classes=10)


def _part(part: str, root: str | Path | None) -> list[NDArray[np.uint8]]:
    batches = _BATCHES[part]
    binary = [f"{batch}.bin" for batch in batches]
    pictures = [f"{batch}.png" for batch in batches]
    paths = find("cifar10", [binary, [*pictures, f"{part}_lables.json"]], root)  # sic
    if paths[0].suffix == ".bin":
        read = [read_checked(path, _MD5[batch]) for path, batch in zip(paths, batches, strict=True)]
        return [np.frombuffer(data, np.uint8).reshape(-1, _RECORD) for data in read]
    labels = _labels(paths[-1])
    records, start = [], 0
    for path, batch in zip(paths[:-1], batches, strict=True):
        pixels = _pixels(path)
        its_labels = labels[start : start + len(pixels)]
        if len(its_labels) != len(pixels):
            raise ValueError(f"{paths[-1]} must hold a label for each image, got {len(labels)} labels")
        made = np.hstack([its_labels[:, None], pixels])
        check_md5(made, f"{path} with its labels in {paths[-1].name}, as {batch}.bin,", _MD5[batch])
        records.append(made)
        start += len(pixels)
    return records


def _labels(path: Path) -> NDArray[np.uint8]:
    try:
        read: Any = json.loads(path.read_bytes())
        return np.array(read, dtype=np.uint8).reshape(-1)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{path} must be a JSON list of labels from 0 to 9: {error}") from error


def _pixels(path: Path) -> NDArray[np.uint8]:
    """Return the images of a PNG file, one a row, as ``(n, 3072)``: red levels, then green, then blue."""
    try:
        with Image.open(path) as image:
            levels = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if levels.shape[1] != 32 * 32:
        raise ValueError(f"{path} must be 1024 pixels wide, a row for each image, got {levels.shape[1]}")
    return levels.transpose(0, 2, 1).reshape(len(levels), -1)
