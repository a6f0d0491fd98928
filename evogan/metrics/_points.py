"""Indicators of sets of objective vectors, guarded.

Rows with a NaN or an infinity are dropped and counted; an empty set scores infinity (hypervolume and spread 0), where
the bare indicators answer 0, a perfect score. All objectives are minimised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_float

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """An indicator's value together with what it depends on.

    Attributes:
        value: the indicator; ``float(score)`` is the same.
        n_points: rows that counted.
        n_nonfinite: rows that were dropped.
        n_reference: points of the reference front, 0 where none is used.
        reference_point: of the hypervolume, in normalised objectives.
        ideal: where normalisation maps to 0.
        nadir: where normalisation maps to 1.
    """

    value: float
    n_points: int
    n_nonfinite: int
    n_reference: int = 0
    reference_point: tuple[float, ...] | None = None
    ideal: tuple[float, ...] | None = None
    nadir: tuple[float, ...] | None = None

    def __float__(self) -> float:
        return self.value

    def as_dict(self) -> dict[str, Any]:
        """Return the fields that say something, ready for JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def igd(F: ArrayLike | None, front: ArrayLike) -> Score:
    """Return the mean distance from the points of ``front`` to their nearest in ``F``, both ``(n, n_obj)``.

    C. A. Coello Coello, M. Reyes Sierra, "A study of the parallelization of a coevolutionary multi-objective
    evolutionary algorithm", MICAI 2004.

    Raises:
        ValueError: ``front`` is empty or not finite, or its width differs from that of ``F``.

    Example:
        >>> float(igd([[0.0, 1.0], [float("nan"), 0.0]], [[0.0, 0.0]]))
        1.0
    """
    return _distance(moocore.igd, F, front)


def igd_plus(F: ArrayLike | None, front: ArrayLike) -> Score:
    """Return IGD with distances counted only where ``F`` is worse than the front's point.

    H. Ishibuchi, H. Masuda, Y. Tanigaki, Y. Nojima, "Modified distance calculation in generational distance and
    inverted generational distance", EMO 2015. Arguments and errors as :func:`igd`.
    """
    return _distance(moocore.igd_plus, F, front)


def hypervolume(F: ArrayLike | None, *, ideal: ArrayLike, nadir: ArrayLike, reference: float = 1.1) -> Score:
    """Return the volume that ``F`` ``(n, n_obj)`` dominates, objectives scaled by ``ideal`` -> 0 and ``nadir`` -> 1.

    ``reference`` is the reference point in every scaled objective; what lies beyond it counts nothing. Exact: from
    eight objectives on it takes seconds.

    E. Zitzler, L. Thiele, "Multiobjective optimization using evolutionary algorithms: a comparative case study",
    PPSN 1998.

    Raises:
        ValueError: ``ideal`` or ``nadir`` is not finite or of another length than ``F`` is wide, or ``reference``
            is not finite and positive.

    Example:
        >>> round(float(hypervolume([[0.5, 0.5]], ideal=[0, 0], nadir=[1, 1])), 2)
        0.36
    """
    low, high = (np.asarray(point, dtype=np.float64).ravel() for point in (ideal, nadir))
    if low.shape != high.shape or not np.isfinite([low, high]).all() or (high < low).any():
        raise ValueError(f"ideal and nadir must be finite, of one length, ideal <= nadir; got {low} and {high}")
    F, n_nonfinite = _finite(F, len(low))
    point = np.full(len(low), check_float(reference, "reference", low=0.0, low_open=True))
    scaled = (F - low) / np.where(high > low, high - low, 1.0)
    value = float(moocore.hypervolume(scaled, ref=point)) if len(F) else 0.0
    return Score(
        value,
        len(F),
        n_nonfinite,
        reference_point=tuple(point.tolist()),
        ideal=tuple(low.tolist()),
        nadir=tuple(high.tolist()),
    )


def spread(F: ArrayLike | None, front: ArrayLike) -> Score:
    """Return how much of the front's range ``F`` covers: the mean over objectives of covered / whole range.

    E. Zitzler, K. Deb, L. Thiele, "Comparison of multiobjective evolutionary algorithms: empirical results", IEEE
    TEVC 2000, the maximum spread, here in [0, 1]: 0 for a single point, 1 if both ends of every objective are reached.
    Raises as :func:`igd`.
    """
    front = _front(front)
    F, n_nonfinite = _finite(F, front.shape[1])
    if len(F) == 0:
        return Score(0.0, 0, n_nonfinite, len(front))
    low, high = front.min(axis=0), front.max(axis=0)
    varying = high > low
    if not varying.any():
        return Score(1.0, len(F), n_nonfinite, len(front))
    inside = np.clip(F, low, high)
    covered = (inside.max(axis=0) - inside.min(axis=0))[varying] / (high - low)[varying]
    return Score(float(covered.mean()), len(F), n_nonfinite, len(front))


def _distance(indicator: Callable[..., Any], F: ArrayLike | None, front: ArrayLike) -> Score:
    front = _front(front)
    F, n_nonfinite = _finite(F, front.shape[1])
    value = float(indicator(F, ref=front)) if len(F) else np.inf
    return Score(value, len(F), n_nonfinite, n_reference=len(front))


def _front(front: ArrayLike) -> Floats:
    array = np.asarray(front, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape or not np.isfinite(array).all():
        raise ValueError(f"front must be a finite, non-empty matrix (n, n_obj), got shape {array.shape}")
    return array


def _finite(F: ArrayLike | None, n_obj: int) -> tuple[Floats, int]:
    """Return the finite rows of ``F`` and how many were not; None and no rows are an empty set."""
    array = np.empty((0, n_obj)) if F is None else np.asarray(F, dtype=np.float64)
    if array.size == 0:
        return np.empty((0, n_obj)), 0
    if array.ndim != 2 or array.shape[1] != n_obj:
        raise ValueError(f"F must have shape (n, {n_obj}) like its reference, got {array.shape}")
    keep = np.isfinite(array).all(axis=1)
    return array[keep], int((~keep).sum())
