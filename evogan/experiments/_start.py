"""Where runs begin: what their folder needs before the first evaluation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from evogan._internal.checks import check_int
from evogan._internal.files import only_writer
from evogan.exceptions import CheckpointUnsupportedError
from evogan.experiments._folder import CHECKPOINT, open_folder
from evogan.experiments._loop import R, Running, run_generations
from evogan.experiments._progress import Progress
from evogan.training import save_checkpoint


def check_every(checkpoint_every: int | None, out: Path | str | None) -> None:
    """Refuse checkpoints that are no number of evaluations, or have no folder to go to."""
    if checkpoint_every is not None:
        check_int(checkpoint_every, "checkpoint_every", low=1)
        if out is None:
            raise ValueError("checkpoint_every needs a folder: give out as well")


def start(
    state: Running[R],
    out: Path | str | None,
    checkpoint_every: int | None,
    progress: Progress | None,
    should_stop: Callable[[], bool] | None,
    *,
    every: int,
) -> R:
    """Run ``state`` from its beginning, in a folder if there is one.

    ``checkpoint_every`` None means ``every``, where the state can be stored.
    """
    if out is None:
        return run_generations(state, None, None, progress, should_stop)
    if str(out) == "":
        raise ValueError("out must name a folder, got an empty name")
    path = Path(out)
    path.mkdir(parents=True, exist_ok=True)
    with only_writer(path):
        moved = open_folder(path, state.config)
        if moved is not None:
            warnings.warn(f"{path} held a run already: it was moved to {moved}", UserWarning, stacklevel=3)
        return run_generations(
            state, path, _first_checkpoint(path, state, checkpoint_every, every), progress, should_stop
        )


def _first_checkpoint(path: Path, state: Running[R], checkpoint_every: int | None, every: int) -> int | None:
    """Store the state before the first evaluation, so that a kill at any moment can be resumed.

    Return the evaluations between checkpoints, None where the state cannot be stored.
    """
    try:
        if state.not_storable is not None:
            raise CheckpointUnsupportedError(state.not_storable)
        save_checkpoint(path / CHECKPOINT, (state, checkpoint_every or every))
    except CheckpointUnsupportedError as error:
        if checkpoint_every is not None:
            raise
        warnings.warn(f"this run cannot be resumed: {error}", UserWarning, stacklevel=4)
        return None
    return checkpoint_every or every
