"""The folder of a campaign: what it is, one appended line a finished cell, one file of arrays a cell.

``records.jsonl`` is only ever appended to, by one process. A kill at any byte leaves at most an incomplete last line,
which is dropped when the file is opened again, and its cell runs again.
"""

from __future__ import annotations

import functools
import json
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan._internal.files import atomic_savez, atomic_write, only_writer, to_json
from evogan.experiments._results import Record, Results, results_from_csv

CAMPAIGN, RECORDS, CELLS = "campaign.json", "records.jsonl", "cells"


class Store:
    """Reads and writes a campaign's folder."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def open(self, name: str, cells: list[dict[str, Any]]) -> None:
        """Claim the folder for a campaign; ``cells`` are its labels and keys, in order.

        Raises:
            ValueError: the folder belongs to another campaign.
            OSError: it cannot be written.
        """
        (self.path / CELLS).mkdir(parents=True, exist_ok=True)
        file = self.path / CAMPAIGN
        if file.exists():
            other = _read_json(file).get("name")
            if other != name:
                raise ValueError(f"{self.path} holds the campaign {other!r}, not {name!r}: choose another folder")
        elif (self.path / RECORDS).exists():
            raise ValueError(f"{self.path} holds records without a {CAMPAIGN}: choose another folder")
        atomic_write(file, to_json({"name": name, "cells": cells}))

    @contextmanager
    def appending(self) -> Iterator[Any]:
        """Give a function that appends a record and its arrays; only one process at a time can have it.

        Raises:
            ValueError: another process is writing to the folder.
        """
        with only_writer(self.path), open(self.path / RECORDS, "ab") as file:
            _drop_incomplete_line(self.path / RECORDS)
            file.seek(0, os.SEEK_END)

            def append(record: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
                if arrays:
                    atomic_savez(self.path / CELLS / f"{record['key']}.npz", arrays)
                file.write(to_json(record, indent=None))
                file.flush()
                os.fsync(file.fileno())

            yield append

    def lines(self) -> dict[str, dict[str, Any]]:
        """Return the last record of every key; lines that cannot be read are named in a warning and left out."""
        found: dict[str, dict[str, Any]] = {}
        file = self.path / RECORDS
        if not file.exists():
            return found
        data = file.read_bytes()
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            try:
                record = json.loads(line)
                found[record["key"]] = record
            except (ValueError, KeyError, TypeError):
                warnings.warn(
                    f"{file}, line {number} is damaged: its cell counts as not run", UserWarning, stacklevel=3
                )
        return found

    def results(self) -> Results:
        """Return the records of the campaign's present cells, in its order; older versions of cells are left out.

        Raises:
            ValueError: the folder holds no campaign.
        """
        file = self.path / CAMPAIGN
        if not file.exists():
            raise ValueError(f"{self.path} holds no campaign ({CAMPAIGN} is missing)")
        lines = self.lines()
        keys = [cell["key"] for cell in _read_json(file)["cells"]]
        return Results([record for key in keys if key in lines for record in self._records(lines[key])])

    def _records(self, line: dict[str, Any]) -> list[Record]:
        """Return the record of a line, or one for each of its tasks."""
        n_tasks = line.get("config", {}).get("n_tasks")
        if n_tasks is None:
            return [self._record(line, line["problem"])]
        tasks = line.get("tasks") or [{}] * n_tasks  # a failed run has found nothing on any of them
        return [self._record({**line, **task, "task": t}, f"{line['problem']}/T{t}") for t, task in enumerate(tasks, 1)]

    def _record(self, line: dict[str, Any], problem: str) -> Record:
        scores, task = line.get("indicators", {}), line.get("task")
        n_nonfinite = line.get("n_nonfinite", line.get("counters", {}).get("nonfinite_evaluations", 0))
        return Record(
            algorithm=line["algorithm"],
            problem=problem,
            seed=line["seed"],
            metrics={name: float(score["value"]) for name, score in scores.items()},
            n_evals=line.get("n_evals", 0),
            n_nonfinite=int(n_nonfinite),
            error=line.get("error"),
            cpu_seconds=line.get("cpu_seconds", math.nan),
            run=None if task is None else line["key"],
            details=line,
            load=functools.partial(_read_arrays, self.path / CELLS / f"{line['key']}.npz", task),
        )


def load_results(path: Path | str) -> Results:
    """Read the results of a campaign's folder, or of a CSV file of your own (see :func:`results_from_csv`).

    Raises:
        ValueError: neither.
    """
    return results_from_csv(path) if Path(path).is_file() else Store(path).results()


def _read_json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text())
    except ValueError as error:
        raise ValueError(f"{file} is damaged: {error}") from error
    return dict(value)


def _read_arrays(file: Path, task: int | None) -> dict[str, NDArray[Any]]:
    """Read the arrays of a run, or those of one of its tasks."""
    if not file.exists():
        return {}
    end = "" if task is None else f"_t{task}"
    with np.load(file) as arrays:
        return {name.removesuffix(end): arrays[name] for name in arrays.files if name.endswith(end)}


def _drop_incomplete_line(file: Path) -> None:
    data = file.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(file, whole)
