"""Progress of a run: one line rewritten on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

SHOWN = ("igd", "hv", "f_min")


class Progress:
    """Print how far a run is, its indicators, the GAN's losses and the time its training took.

    Args:
        label: what is running, at the start of every line.
        stream: None means standard error.
        every: seconds between plain lines where the stream is no terminal.
    """

    def __init__(self, label: str, *, stream: TextIO | None = None, every: float = 5.0) -> None:
        self.label = label
        self.stream = sys.stderr if stream is None else stream
        self.every = every
        self._live = self.stream.isatty()
        self._start = self._last = time.monotonic()
        self._first_evals: int | None = None
        self._width = 0

    def update(self, row: dict[str, Any], n_max: int) -> None:
        """Show a row of the convergence table; ``n_max`` is the evaluation budget."""
        now, n = time.monotonic(), int(row["n_evals"])
        if self._first_evals is None:
            self._first_evals = n
        done = n >= n_max
        if not done and now - self._last < (0.1 if self._live else self.every):
            return
        self._last = now
        self._print(self._line(row, n, n_max, now), end="\n" if done else "")

    def _line(self, row: dict[str, Any], n: int, n_max: int, now: float) -> str:
        parts = [f"{self.label}  {100 * n // n_max:3d}%  {n}/{n_max} evaluations"]
        parts += [f"{name} {row[name]:.4g}" for name in SHOWN if row.get(name) is not None]
        if row.get("fit_seconds"):
            parts.append(f"GAN fit {row['fit_seconds']:.1f} s")
        if row.get("d_loss") is not None:
            parts.append(f"loss D {row['d_loss']:.3f} G {row['g_loss']:.3f}")
        spent, gained = now - self._start, n - (self._first_evals or 0)
        if n >= n_max:
            parts.append(f"done in {spent:.1f} s")
        elif gained > 0:
            parts.append(f"{spent / gained * (n_max - n):.0f} s left")
        return "  ".join(parts)

    def _print(self, line: str, end: str) -> None:
        if self._live:
            self.stream.write("\r" + line.ljust(self._width) + end)
            self._width = len(line)
        else:
            self.stream.write(line + "\n")
        self.stream.flush()
