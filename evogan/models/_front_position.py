"""Where on the front a solution stands: objectives on a common scale, and their mixture as a condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_unit_box

Floats = NDArray[np.float64]

_LEAST = 1e-3  # keeps a point with an objective at its ideal from having a weight of exactly 0
_SMALLEST_WEIGHT = 0.03  # bounds the slope of the scalarisation at the ends of the front
_FAR = 1e9  # so many spans away all is equally far: values can be computed with
_SUM = 0.02  # of the objectives' sum, which tells weakly dominated points apart


@dataclass(frozen=True)
class ObjectiveFrame:
    """The box of a set of objectives, in which they are compared.

    Attributes:
        ideal: the least value of each objective ``(n_obj,)``.
        span: from there to the largest ``(n_obj,)``; 1 where an objective is constant.

    Example:
        >>> import numpy as np
        >>> frame = ObjectiveFrame.of(np.array([[0.0, 200.0], [4.0, 100.0]]))
        >>> frame.scale(np.array([[1.0, 150.0]])).tolist()
        [[0.25, 0.5]]
    """

    ideal: Floats
    span: Floats

    @classmethod
    def of(cls, F: Floats) -> Self:
        """Return the frame of finite objectives ``(n, n_obj)``."""
        ideal = F.min(axis=0)
        with np.errstate(over="ignore"):
            span = F.max(axis=0) - ideal
        return cls(ideal, np.where(span > 0.0, np.minimum(span, np.finfo(np.float64).max), 1.0))

    @classmethod
    def of_feasible(cls, F: Floats, CV: Floats) -> Self:
        """Return the frame of the feasible solutions, or of all while less than two are feasible."""
        feasible = CV <= 0
        return cls.of(F[feasible] if feasible.sum() > 1 else F)

    def scale(self, F: Floats) -> Floats:
        """Return objectives ``(n, n_obj)`` on the frame's scale: its own points lie in [0, 1], none beyond 1e9."""
        with np.errstate(over="ignore"):
            return np.asarray(np.clip((F - self.ideal) / self.span, -_FAR, _FAR))

    def positions(self, F: Floats) -> Floats:
        """Return the share ``(n, n_obj)`` of each objective in a solution's scaled objectives; rows add up to 1."""
        Y = np.maximum(self.scale(F), 0.0) + _LEAST
        return np.asarray(Y / Y.sum(axis=1, keepdims=True))


def chebyshev(Y: Floats, C: Floats) -> Floats:
    """Return the augmented Chebyshev value ``(n_conditions, n)`` of scaled objectives ``Y`` at each position in ``C``.

    t(x, c) = max_j y_j / max(c_j, 0.03) + 0.02 sum_j y_j / max(c_j, 0.03): least for the solution that is nearest the
    front where the ray along c meets it.
    """
    return _augmented(Y[None] / np.maximum(C, _SMALLEST_WEIGHT)[:, None])


def chebyshev_each(Y: Floats, C: Floats) -> Floats:
    """Return the value ``(n,)`` of each scaled objective vector ``(n, n_obj)`` at its own position in ``C``."""
    return _augmented(Y / np.maximum(C, _SMALLEST_WEIGHT))


def _augmented(ratio: Floats) -> Floats:
    return np.asarray(ratio.max(axis=-1) + _SUM * ratio.sum(axis=-1))


def preferences(frame: ObjectiveFrame, F: Floats, CV: Floats, C: Floats) -> Floats:
    """Return values ``(n_conditions, n)``, smaller is better: Chebyshev's, and beyond them all the infeasible by CV."""
    t = chebyshev(np.maximum(frame.scale(F), 0.0), C)
    violated = CV > 0
    if violated.any():
        order = np.unique(CV[violated], return_inverse=True)[1]  # ranks: a violation may be as large as a float goes
        t[:, violated] = t.max() + 1.0 + order
    return t


def check_objectives(X: ArrayLike, F: ArrayLike, CV: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return solutions, finite objectives ``(n, n_obj)`` and constraint violations ``(n,)``, 0 for None."""
    X = check_unit_box(X)
    F = np.asarray(F, dtype=np.float64)
    CV = np.zeros(len(X)) if CV is None else np.asarray(CV, dtype=np.float64)
    if F.ndim != 2 or len(F) != len(X) or F.shape[1] == 0:
        raise ValueError(f"F must have shape ({len(X)}, n_obj), a row for each solution, got {F.shape}")
    if CV.shape != (len(X),):
        raise ValueError(f"CV must have shape ({len(X)},), a number for each solution, got {CV.shape}")
    for name, values in (("F", F), ("CV", CV)):
        if not np.isfinite(values).all():
            raise ValueError(
                f"{name} must be finite, got {int((~np.isfinite(values)).sum())} values of NaN or infinity"
            )
    return X, F, CV


class ReplayWindow:
    """The newest batches of evaluated solutions, at most ``size`` of them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._batches: list[tuple[Floats, Floats, Floats]] = []

    def add(self, X: Floats, F: Floats, CV: Floats) -> None:
        """Remember copies of a batch; batches of other shapes are forgotten."""
        self.clear_unless((X.shape[1], F.shape[1]))
        self._batches = [*self._batches, (X.copy(), F.copy(), CV.copy())][-self.size :]

    def clear_unless(self, shape: tuple[int, int]) -> None:
        """Forget everything if it belongs to another problem's numbers of variables and objectives."""
        if self._batches and (self._batches[-1][0].shape[1], self._batches[-1][1].shape[1]) != shape:
            self._batches = []

    def behind(self, X: Floats, F: Floats, CV: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the given solutions, objectives and violations with all that is remembered behind them."""
        batches = zip((X, F, CV), *self._batches, strict=True)
        X, F, CV = (np.concatenate(parts) for parts in batches)
        return X, F, CV
