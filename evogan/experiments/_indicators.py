"""The indicators of a run, against the problem's front or, without one, against the run's own first population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evogan.metrics import Score, hypervolume, igd, igd_plus, spread

Floats = NDArray[np.float64]

# From here on the exact hypervolume takes seconds for each generation.
MAX_HV_OBJECTIVES = 6


@dataclass(frozen=True)
class Reference:
    """What a run is measured against.

    Attributes:
        front: ``(n, n_obj)``, or None where it is not known.
        ideal: of the front, or of the first population.
        nadir: likewise.
        source: which of the two.
    """

    front: Floats | None
    ideal: Floats | None
    nadir: Floats | None
    source: str

    @classmethod
    def of(cls, front: Floats | None, F: Floats, CV: Floats) -> Reference:
        """Use ``front`` if it is known, else the range of the finite objectives F of the first population.

        Args:
            front: ``(n, n_obj)`` or None.
            F: ``(n, n_obj)``.
            CV: ``(n,)``.
        """
        if front is not None:
            return cls(front, front.min(axis=0), front.max(axis=0), "front")
        feasible = np.isfinite(F).all(axis=1) & (CV <= 0)
        F = F[feasible if feasible.any() else np.isfinite(F).all(axis=1)]
        if len(F) == 0:
            return cls(None, None, None, "none: the first population has no finite objectives")
        return cls(None, F.min(axis=0), F.max(axis=0), "first population")

    def scores(self, F: Floats) -> dict[str, Score]:
        """Return every indicator that can be computed for the optimum set ``F``."""
        n_obj = F.shape[1]
        scores: dict[str, Score] = {}
        if n_obj == 1:
            scores["f_min"] = Score(float(F.min()) if len(F) else np.inf, len(F), 0)
        if self.front is not None:
            scores["igd"] = igd(F, self.front)
            scores["igd_plus"] = igd_plus(F, self.front)
            if n_obj > 1:
                scores["spread"] = spread(F, self.front)
        if 1 < n_obj <= MAX_HV_OBJECTIVES and self.ideal is not None and self.nadir is not None:
            scores["hv"] = hypervolume(F, ideal=self.ideal, nadir=self.nadir)
        return scores
