"""The loop of a run: one generation after another, recorded, checkpointed, cut to the budget."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from evogan.exceptions import CheckpointUnsupportedError
from evogan.experiments._folder import CHECKPOINT, ConvergenceTable, Kept, write_pictures, write_result
from evogan.experiments._progress import Progress
from evogan.training import save_checkpoint

R = TypeVar("R", bound=Kept)


class Running(Protocol[R]):
    """A run between two generations: :class:`RunState`, or the one of several tasks."""

    config: dict[str, Any]
    n_max: int
    rows: list[dict[str, Any]]
    record_every: int

    @property
    def n_evals(self) -> int: ...

    @property
    def not_storable(self) -> str | None:
        """Why the state cannot go into a checkpoint."""
        ...

    def is_finished(self) -> bool:
        """Return whether nothing is left to do."""
        ...

    def advance(self) -> bool:
        """Make a generation, cut to the budget; return whether there can be another."""
        ...

    def record(self) -> dict[str, Any]:
        """Append to ``rows``; return what progress shows."""
        ...

    def result(self, *, finished: bool) -> R:
        """Return what was found so far."""
        ...

    def draw(self, result: R) -> dict[str, Any]:
        """Return pictures by file name."""
        ...

    def warm_up(self) -> None:
        """Let models load what they need before the clock starts."""
        ...

    def replace_problem(self, problem: Any) -> None:
        """Go on with another object of the same problem."""
        ...


def run_generations(
    state: Running[R],
    path: Path | None,
    checkpoint_every: int | None,
    progress: Progress | None,
    should_stop: Callable[[], bool] | None,
) -> R:
    """Run until the budget is spent or ``should_stop`` says so; what comes between generations happens here."""
    next_checkpoint = state.n_evals + (checkpoint_every or 0)
    table = None if path is None else ConvergenceTable(path, state.rows)
    finished, stopped = state.is_finished(), False
    while not finished and not stopped:
        finished = not state.advance()
        last = state.rows[-1]["n_evals"] if state.rows else -state.record_every
        if finished or state.n_evals - last >= state.record_every:
            n_before = len(state.rows)
            shown = state.record()
            if table is not None:
                table.append(state.rows, len(state.rows) - n_before)
            if progress is not None:
                progress.update(shown, state.n_evals if finished else state.n_max)
        stopped = not finished and should_stop is not None and should_stop()
        if path is not None and checkpoint_every and not finished and (stopped or state.n_evals >= next_checkpoint):
            try:
                save_checkpoint(path / CHECKPOINT, (state, checkpoint_every))
            except CheckpointUnsupportedError as error:  # the state became so on the way: the run itself can go on
                warnings.warn(f"no more checkpoints from here on: {error}", UserWarning, stacklevel=4)
                checkpoint_every = None
            next_checkpoint = state.n_evals + (checkpoint_every or 0)
    result = state.result(finished=finished)
    if path is not None and (finished or not checkpoint_every):
        write_result(path, result)
        write_pictures(path, state.draw(result))
    if path is not None and finished:
        (path / CHECKPOINT).unlink(missing_ok=True)
    return result
