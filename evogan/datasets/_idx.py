"""MNIST and Fashion-MNIST, from the four idx files of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from evogan.datasets._dataset import Dataset
from evogan.datasets._files import find, parts_of, read_checked

# Of the uncompressed files: packages compress them anew.
_MD5 = {
    "fashion-mnist": {
        "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    },
    "mnist": {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
}


def fashion_mnist(root: str | Path | None = None, split: str = "train") -> Dataset:
    """Return the garments of Fashion-MNIST, ``(n, 1, 28, 28)`` in 10 classes.

    H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
    arXiv:1708.07747, 2017. The licence is MIT.

    Args:
        root: the folder of the idx files, packed (.gz) or not, or what a package that holds them was unpacked to.
            None: see :mod:`evogan.datasets`.
        split: "train" (60 000), "test" (10 000) or "all", train before test.

    Raises:
        FileNotFoundError: the files are not here; the message says how to get them.
        ValueError: a file differs from the published one.
    """
    return _read("fashion-mnist", root, split)


def mnist(root: str | Path | None = None, split: str = "train") -> Dataset:
    """Return the handwritten digits of MNIST, ``(n, 1, 28, 28)`` in 10 classes.

    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proceedings
    of the IEEE 86(11), 1998. Arguments, files and errors are those of :func:`fashion_mnist`.
    """
    return _read("mnist", root, split)


def _read(name: str, root: str | Path | None, split: str) -> Dataset:
    stems = ["t10k" if part == "test" else part for part in parts_of(split)]
    files = [f"{stem}-{kind}" for stem in stems for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    paths = find(name, [files, [f"{file}.gz" for file in files]], root)
    arrays = [_parse(read_checked(path, _MD5[name][file])) for path, file in zip(paths, files, strict=True)]
    return Dataset(name, torch.cat(arrays[0::2]).unsqueeze(1), torch.cat(arrays[1::2]).long(), n_classes=10)


def _parse(data: bytes) -> Tensor:
    # Two zeros, the code of uint8, the number of axes; then each axis as a big-endian 32-bit integer.
    n_axes = data[3]
    shape = np.frombuffer(data, ">i4", n_axes, 4)
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * n_axes).reshape(shape).copy())
