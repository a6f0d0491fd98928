"""The folder of a run: configuration, checkpoint, convergence, result, pictures."""

from __future__ import annotations

import csv
import io
import itertools
import json
import platform
import shutil
from collections.abc import Collection, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from evogan._internal.files import atomic_savez, atomic_write, to_json

CONFIG, CHECKPOINT, CONVERGENCE = "config.json", "checkpoint.pkl", "convergence.csv"
RESULT, ARRAYS = "result.json", "result.npz"
PICTURES = ("front.png", "convergence.png")
FILES = (CONFIG, CHECKPOINT, CONVERGENCE, RESULT, ARRAYS, *PICTURES)


def open_folder(
    path: Path,
    config: dict[str, Any],
    *,
    files: Sequence[str] = FILES,
    marks: Collection[str] = ("algorithm", "problem", "n_evals", "seed"),
) -> str | None:
    """Write the configuration into an existing folder; return where an earlier run in it was moved, if there was one.

    Args:
        path: the folder.
        config: what to write.
        files: names of a run's files and folders, which are moved.
        marks: keys that an evogan run's configuration has.

    Raises:
        ValueError: the folder holds a configuration that is not evogan's.
        OSError: the folder cannot be written.
    """
    moved = None
    if (path / CONFIG).exists() and not _is_ours(path / CONFIG, marks):
        raise ValueError(f"{path} holds a {CONFIG} that is not evogan's: choose another folder")
    held = [path / name for name in files]
    if (path / CONFIG).exists():
        number = next(i for i in itertools.count(1) if not (path / f"previous-{i}").exists())
        archive = path / f"previous-{number}"
        archive.mkdir()
        for file in held:
            if file.exists():
                shutil.move(file, archive / file.name)
        moved = str(archive)
    atomic_write(path / CONFIG, to_json(config))
    return moved


def _is_ours(file: Path, marks: Collection[str]) -> bool:
    try:
        return set(marks) <= set(json.loads(file.read_text()))
    except (ValueError, TypeError):
        return False


def write_convergence(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the convergence table anew, so that it holds exactly ``rows``."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    atomic_write(path / CONVERGENCE, text.getvalue().encode())


class Kept(Protocol):
    """What a run found, to be written."""

    @property
    def config(self) -> dict[str, Any]: ...

    @property
    def finished(self) -> bool: ...

    def summary(self) -> dict[str, Any]:
        """Return the numbers of ``result.json``."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of ``result.npz``."""
        ...


def write_result(path: Path, result: Kept) -> None:
    """Write arrays, then the JSON whose presence says that the run is complete."""
    atomic_savez(path / ARRAYS, result.arrays())
    known = {"config": result.config, "seed": result.config.get("seed"), "finished": result.finished}
    atomic_write(path / RESULT, to_json({**known, **result.summary(), "versions": versions()}))


def write_pictures(path: Path, pictures: dict[str, Any]) -> None:
    """Write figures by file name."""
    from evogan.plotting import save_figure

    for name, figure in pictures.items():
        save_figure(figure, path / name)


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    found = {"python": platform.python_version()}
    for name in ("evogan", "torch", "pymoo", "moocore", "numpy", "scipy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


class ConvergenceTable:
    """The convergence table on disk: rows are appended as they come, and it is written anew where columns change."""

    def __init__(self, path: Path, rows: list[dict[str, Any]]) -> None:
        self._path = path
        self._names: list[str] | None = None
        (path / CONVERGENCE).unlink(missing_ok=True)
        if rows:  # after a resumption: without what came after the checkpoint
            self.append(rows)

    def append(self, rows: list[dict[str, Any]], n_new: int = 1) -> None:
        """Bring the file up to ``rows``, of which only the last ``n_new`` are new."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        if names != self._names:
            self._names = names
            write_convergence(self._path, rows)
            return
        with open(self._path / CONVERGENCE, "a", newline="") as file:
            csv.DictWriter(file, names, restval="", lineterminator="\n").writerows(rows[-n_new:])
