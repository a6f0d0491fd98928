"""Which generation of which run an infill breeds for."""

from __future__ import annotations

from typing import Any, Literal


class Turns:
    """Counts an infill's generations, and tells when another run begins with the same object.

    Runs are told apart by when their algorithms started: the number of a generation may be the same in both.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._run: float | None = None

    def take(self, algorithm: Any) -> Literal["run", "generation", "again"]:
        """Count a call; return whether a run begins, a generation, or neither.

        Args:
            algorithm: a pymoo algorithm in a run; None counts each call as a generation of one endless run.
        """
        before, run_before = self.generation, self._run
        self._run = getattr(algorithm, "start_time", None)
        self.generation = before + 1 if algorithm is None else int(algorithm.n_iter)
        if before == 0 or self._run != run_before or self.generation < before:
            return "run"
        return "again" if self.generation == before else "generation"
