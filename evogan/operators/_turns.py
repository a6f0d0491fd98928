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
        self._began = False

    def take(self, algorithm: Any) -> Literal["run", "generation", "again"]:
        """Count a call; return whether a run begins, a generation, or neither.

        Args:
            algorithm: a pymoo algorithm in a run; None counts each call as a generation of one endless run.
        """
        before, began = self.generation, self._began
        run = getattr(algorithm, "start_time", None)
        self.generation = before + 1 if algorithm is None else int(algorithm.n_iter)
        same = began and run == self._run and self.generation >= before
        self._run, self._began = run, True
        if not same:
            return "run"
        return "again" if self.generation == before else "generation"
