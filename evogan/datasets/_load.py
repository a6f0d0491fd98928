"""Data sets by name, for command lines and records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evogan._internal.checks import check_kind, unknown_name
from evogan.datasets._cifar import cifar10
from evogan.datasets._dataset import Dataset
from evogan.datasets._digits import digits
from evogan.datasets._files import check_split
from evogan.datasets._folder import image_folder
from evogan.datasets._idx import fashion_mnist, mnist
from evogan.datasets._sequences import oracle_sequences
from evogan.datasets._toys import grid, ring, swiss_roll


class ListedSet(NamedTuple):
    """What :func:`names` tells of a set.

    Attributes:
        name: what :func:`load` takes.
        description: one line.
        bundled: whether it needs no files beside the package.
    """

    name: str
    description: str
    bundled: bool


_Root = str | Path | None
_SETS: dict[str, tuple[str, bool, Callable[[_Root, str], Dataset]]] = {
    "digits": ("handwritten digits, 8 x 8 grey, 10 classes, 1400 + 397", True, lambda _, split: digits(split)),
    "fashion-mnist": ("garments, 28 x 28 grey, 10 classes, 60 000 + 10 000", False, fashion_mnist),
    "mnist": ("handwritten digits, 28 x 28 grey, 10 classes, 60 000 + 10 000", False, mnist),
    "cifar10": ("objects and animals, 32 x 32 colour, 10 classes, 50 000 + 10 000", False, cifar10),
    "ring8": ("8 Gaussians on a circle of radius 2, sd 0.02", True, lambda _, split: ring(rng=_rng(split))),
    "grid25": ("25 Gaussians on a 5 x 5 grid, spacing 2, sd 0.05", True, lambda _, split: grid(rng=_rng(split))),
    "swiss-roll": ("a spiral in the plane, noise 0.03", True, lambda _, split: swiss_roll(rng=_rng(split))),
    "oracle": ("sequences of 8 out of 10 tokens", True, lambda _, split: oracle_sequences(rng=_rng(split))),
}


def names() -> list[ListedSet]:
    """Return the sets that :func:`load` knows by name.

    Example:
        >>> [known.name for known in names() if known.bundled]
        ['digits', 'ring8', 'grid25', 'swiss-roll', 'oracle']
    """
    return [ListedSet(name, description, bundled) for name, (description, bundled, _) in _SETS.items()]


def load(name: str, *, root: str | Path | None = None, split: str = "train", image_size: int | None = None) -> Dataset:
    """Return a set by its name, or the images of a folder.

    Args:
        name: one of :func:`names`, or the path of a folder of images, also written ``folder:PATH`` where the path
            could be taken for a name.
        root: where the files of a set lie that is not bundled; the others and folders do not use it.
        split: "train" or "test", or "all" of an image set. Toy sets have 10 000 samples in each, drawn with
            ``numpy.random.default_rng(0)`` for "train" and ``default_rng(1)`` for "test". A folder is all "train".
        image_size: pixels of a side; None leaves images as they are (28 for Fashion-MNIST and MNIST). See
            :meth:`Dataset.resized`, and :func:`image_folder` for folders.

    Raises:
        ValueError: unknown name or split, a damaged file, a size for a set without images.
        FileNotFoundError: no such folder, or the set's files are not here; the message says how to get them.

    Example:
        >>> load("digits", split="test", image_size=32)
        Dataset('digits', n=397, shape=(1, 32, 32), n_classes=10)
    """
    check_kind(name, str, "name", "'digits'")
    if name not in _SETS:
        if not (name.startswith("folder:") or Path(name).name != name or Path(name).is_dir()):
            raise unknown_name(name, _SETS, "data set")
        check_split(split, ("train",), of=f" of the folder {name!r}")
        return image_folder(name.removeprefix("folder:"), size=image_size)
    dataset = _SETS[name][2](root, split)
    return dataset if image_size is None else dataset.resized(image_size)


def _rng(split: str) -> np.random.Generator:
    check_split(split, ("train", "test"), of=" of a toy set")
    return np.random.default_rng(("train", "test").index(split))
