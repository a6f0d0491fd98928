"""Progress of a run: one line rewritten on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any, TextIO

SHOWN = ("igd", "hv", "f_min")
SHOWN_OF_EVOLUTION = ("discriminator", "generator", "fitness", "mixture_score")


class Progress:
    """Print how far a run is, its indicators, the GAN's losses and the time its training took.

    Args:
        label: what is running, at the start of every line.
        stream: None means standard error.
        every: seconds between plain lines where the stream is no terminal.
    """

    def __init__(self, label: str, *, stream: TextIO | None = None, every: float = 5.0) -> None:
        self.label = label
        self._line = _Line(sys.stderr if stream is None else stream, every)
        self._start = time.monotonic()
        self._first_evals: int | None = None

    def update(self, row: dict[str, Any], n_max: int) -> None:
        """Show a row of the convergence table; ``n_max`` is the evaluation budget."""
        n = int(row["n_evals"])
        if self._first_evals is None:
            self._first_evals = n
        self._line.show(self._text(row, n, n_max), last=n >= n_max)

    def _text(self, row: dict[str, Any], n: int, n_max: int) -> str:
        parts = [f"{self.label}  {100 * n // n_max:3d}%  {n}/{n_max} evaluations"]
        parts += [f"{name} {_numbers(row[name])}" for name in SHOWN if row.get(name) is not None]
        if row.get("fit_seconds"):
            parts.append(f"GAN fit {row['fit_seconds']:.1f} s")
        if row.get("d_loss") is not None:
            parts.append(f"loss D {row['d_loss']:.3f} G {row['g_loss']:.3f}")
        spent, gained = time.monotonic() - self._start, n - (self._first_evals or 0)
        if n >= n_max:
            parts.append(f"done in {spent:.1f} s")
        elif gained > 0:
            parts.append(f"{spent / gained * (n_max - n):.0f} s left")
        return "  ".join(parts)


def _numbers(values: Any) -> str:
    """Write a number, or those of the first tasks."""
    listed = values if isinstance(values, list) else [values]
    return " ".join(f"{value:.4g}" for value in listed[:4]) + (" ..." if len(listed) > 4 else "")


class TrainProgress:
    """Print how far a training run is, its losses, its latest scores and the time left.

    Args:
        label: what is trained, at the start of every line.
        stream: None means standard error.
        every: seconds between plain lines where the stream is no terminal.
    """

    def __init__(self, label: str, *, stream: TextIO | None = None, every: float = 5.0) -> None:
        self.label = label
        self._line = _Line(sys.stderr if stream is None else stream, every)
        self._start = time.monotonic()
        self._first_step: int | None = None

    def update(self, row: dict[str, float], scores: dict[str, Any], n_max: int) -> None:
        """Show the losses of a step and the latest scores; ``n_max`` is the number of steps in all."""
        step = int(row["step"])
        if self._first_step is None:
            self._first_step = step - 1
        parts = [f"{self.label}  {100 * step // n_max:3d}%  step {step}/{n_max}"]
        names = [name for name in row if name != "step"]
        if "fitness" in row:  # its parts and who made the survivors would fill the line
            names = [name for name in SHOWN_OF_EVOLUTION if name in row]
        parts += [f"{name} {row[name]:.3g}" for name in names]
        parts += [f"{name} {score.value:.4g}" for name, score in list(scores.items())[:1]]
        spent = time.monotonic() - self._start
        if step >= n_max:
            parts.append(f"done in {_duration(spent)}")
        else:
            parts.append(f"{_duration(spent / (step - self._first_step) * (n_max - step))} left")
        self._line.show("  ".join(parts), last=step >= n_max)


class CampaignProgress:
    """Print how many cells of a campaign are done, what failed, and the time left.

    Args:
        label: what is running, at the start of every line.
        stream: None means standard error.
        every: seconds between plain lines where the stream is no terminal.
    """

    def __init__(self, label: str, *, stream: TextIO | None = None, every: float = 5.0) -> None:
        self._line = _Line(sys.stderr if stream is None else stream, every)
        self.label = label
        self._n = self._done = self._before = self._failed = 0
        self._start = time.monotonic()

    def start(self, n: int, done: int) -> None:
        """Say how many cells there are and how many were done before."""
        self._n, self._done, self._before, self._start = n, done, done, time.monotonic()
        self._line.show(f"{self.label}  {n} cells, {done} of them done before", last=True)

    def update(self, cell: Any, error: str | None) -> None:
        """Count a finished cell; an error is shown on a line of its own."""
        self._done += 1
        name = f"{cell.algorithm} on {cell.problem}, seed {cell.seed}"
        if error is not None:
            self._failed += 1
            self._line.show(f"{self.label}  failed: {name}: {' '.join(error.split())}", last=True)
        spent = time.monotonic() - self._start
        left = spent / (self._done - self._before) * (self._n - self._done)
        failed = f"  {self._failed} failed" if self._failed else ""
        time_left = f"  {_duration(left)} left" if self._done < self._n else f"  done in {_duration(spent)}"
        text = f"{self.label}  {self._done}/{self._n} cells{failed}{time_left}  last: {name}"
        self._line.show(text, last=self._done == self._n)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class _Line:
    """One line, rewritten on a terminal, printed now and then elsewhere."""

    def __init__(self, stream: TextIO, every: float) -> None:
        self._stream, self._every = stream, every
        self._live = stream.isatty()
        self._last = time.monotonic()
        self._width = 0

    def show(self, text: str, *, last: bool) -> None:
        """Show ``text``; ``last`` ends the line and is never left out."""
        now = time.monotonic()
        if not last and now - self._last < (0.1 if self._live else self._every):
            return
        self._last = now
        if self._live:
            text = text[: shutil.get_terminal_size().columns - 1]  # a wrapped line could not be rewritten
            self._stream.write("\r" + text.ljust(self._width) + ("\n" if last else ""))
            self._width = 0 if last else len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()
