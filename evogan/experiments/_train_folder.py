"""The folder of a training run: configuration, checkpoint, logs, result, weights, pictures."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from evogan._internal.files import atomic_write, to_json
from evogan.datasets import Dataset
from evogan.exceptions import CheckpointError
from evogan.experiments._folder import CONFIG, RESULT, open_folder, versions
from evogan.training import System, load_state, save_state

if TYPE_CHECKING:
    from evogan.experiments._train_loop import TrainResult, TrainState

CHECKPOINT, WEIGHTS, LOG, SCORES = "checkpoint.pt", "generator.pt", "log.jsonl", "scores.jsonl"
SAMPLES, LOSSES, CURVE, FRAMES = "samples.png", "losses.png", "scores.png", "samples"
RECORDS, EVOLUTION = "generations.jsonl", "evolution.png"
_FILES = (CONFIG, RESULT, CHECKPOINT, WEIGHTS, LOG, SCORES, SAMPLES, LOSSES, CURVE, FRAMES, RECORDS, EVOLUTION)


class TrainFolder:
    """Writes a training run; logs grow a line at a time, everything else is written whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, state: TrainState, *, resumed: bool) -> None:
        """Begin, moving an earlier run out of the way, or go on after the checkpoint's step."""
        if resumed:
            (self.path / RESULT).unlink(missing_ok=True)  # its presence says that a run is complete
        else:
            config = {**state.config, "seed": state.seed}
            moved = open_folder(self.path, config, files=_FILES, marks={"data", "batch_size"})
            if moved is not None:
                warnings.warn(f"{self.path} held a run already: it was moved to {moved}", UserWarning, stacklevel=4)
        (self.path / FRAMES).mkdir(exist_ok=True)
        for name in (LOG, SCORES):
            rows = [row for row in read_rows(self.path / name) if row["step"] <= state.n_steps] if resumed else []
            atomic_write(self.path / name, b"".join(to_json(row, indent=None) for row in rows))
        # By number, for a step may have no record or several.
        records = self.path / RECORDS
        kept = records.read_bytes().splitlines(keepends=True)[: state.n_records] if records.exists() else []
        if kept:
            atomic_write(records, b"".join(kept))
        else:
            records.unlink(missing_ok=True)

    def log(self, rows: list[dict[str, float]], seconds: float) -> None:
        """Append losses."""
        self._append(LOG, [{**row, "seconds": round(seconds, 3)} for row in rows])

    def log_records(self, records: list[dict[str, Any]]) -> None:
        """Append what the system tells of its steps."""
        if records:
            self._append(RECORDS, records)

    def log_scores(self, row: dict[str, Any]) -> None:
        """Append scores."""
        self._append(SCORES, [row])

    def picture(self, samples: Tensor, data: Dataset, step: int) -> None:
        """Draw samples, once as the latest and once under their step."""
        from evogan.plotting import save_samples

        frame = self.path / FRAMES / f"step-{step:07d}.png"
        save_samples(samples, frame, data=data)
        atomic_write(self.path / SAMPLES, frame.read_bytes())

    def save_checkpoint(self, system: System, state: TrainState, random_states: list[Any]) -> None:
        """Write all that a resumption needs."""
        save_state(
            self.path / CHECKPOINT, {**asdict(state), "system": system.state_dict(), "random_states": random_states}
        )

    def close(self, system: System, result: TrainResult) -> None:
        """Write curves, and for a finished run its weights and then the JSON whose presence says so."""
        from evogan.plotting import plot_evolution, plot_scores, plot_training, save_figure

        save_figure(plot_training(read_rows(self.path / LOG)), self.path / LOSSES)
        rows = read_rows(self.path / SCORES)
        if rows:
            save_figure(plot_scores(rows), self.path / CURVE)
        records = read_rows(self.path / RECORDS)
        if any("survivors" in record for record in records):
            save_figure(plot_evolution(records), self.path / EVOLUTION)
        if not result.finished:
            return
        generator = getattr(system, "generator", None)
        if isinstance(generator, torch.nn.Module):
            save_state(self.path / WEIGHTS, generator.state_dict())
        record = {
            "config": result.config,
            "seed": result.seed,
            "n_steps": result.n_steps,
            "wall_seconds": round(result.wall_seconds, 3),
            "cpu_seconds": round(result.cpu_seconds, 3),
            "losses": rows_last(self.path / LOG),
            "scores": {name: asdict(score) for name, score in result.scores.items()},
            "counters": result.counters,
            "versions": versions(),
        }
        atomic_write(self.path / RESULT, to_json(record))

    def _append(self, name: str, rows: list[dict[str, Any]]) -> None:
        with open(self.path / name, "ab") as file:
            file.write(b"".join(to_json(row, indent=None) for row in rows))


def read_checkpoint(path: Path | str) -> dict[str, Any]:
    """Return the checkpoint in the folder ``path``.

    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    file = Path(path) / CHECKPOINT
    if not file.exists():
        raise CheckpointError(f"{path} holds no checkpoint ({CHECKPOINT}): nothing to resume")
    stored = load_state(file)
    if not isinstance(stored, dict) or not {"system", "config", "n_steps", "random_states"} <= stored.keys():
        raise CheckpointError(f"{file} is not the checkpoint of a training run")
    return stored


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSONL log; a last line cut off by a kill is left out."""
    rows = []
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows


def rows_last(file: Path) -> dict[str, Any]:
    """Return the last row of a log."""
    rows = read_rows(file)
    return rows[-1] if rows else {}
