"""Transfer models: what turns solutions of one task into solutions for another; here the protocol and the controls."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_float, check_rng, check_unit_box
from evogan.exceptions import NotFittedError
from evogan.models._moments import Moments

Array = NDArray[np.float64]


@runtime_checkable
class TransferModel(Protocol):
    """What a model must offer to transfer solutions between tasks.

    There is no base class; :func:`evogan.testing.check_transfer_model` checks the rest.
    """

    def fit(self, X_source: ArrayLike, X_target: ArrayLike, *, rng: np.random.Generator) -> Self:
        """Learn from the populations ``(n, n_var)`` of the source task and of the target task, in the unified box."""
        ...

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> Array:
        """Return one solution for the target task per solution of the source task ``(n, n_var)``."""
        ...


class NoTransfer:
    """The control without any exchange; an algorithm that meets it treats every task as if it were alone.

    As a model it hands the source's solutions on.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> NoTransfer().fit([[0.1]], [[0.9]], rng=rng).transfer([[0.1]], rng=rng).tolist()
        [[0.1]]
    """

    def fit(self, X_source: ArrayLike, X_target: ArrayLike, *, rng: np.random.Generator) -> Self:
        """Check the arguments; there is nothing to learn."""
        check_pair(X_source, X_target, rng)
        return self

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> Array:
        """Return ``X_source`` itself ``(n, n_var)``."""
        check_rng(rng)
        return check_unit_box(X_source, "X_source").copy()


class RawTransfer(NoTransfer):
    """The control that hands over the source's solutions as they are.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> RawTransfer().fit([[0.1]], [[0.9]], rng=rng).transfer([[0.1]], rng=rng).tolist()
        [[0.1]]
    """


class ConstantTransfer(NoTransfer):
    """The control that hands over the same point whatever the source is.

    Args:
        value: of every variable, in [0, 1]; 0.5 is the optimum of many benchmarks.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> ConstantTransfer().fit([[0.1]], [[0.9]], rng=rng).transfer([[0.1]], rng=rng).tolist()
        [[0.5]]
    """

    def __init__(self, value: float = 0.5) -> None:
        self.value = check_float(value, "value", low=0.0, high=1.0)

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> Array:
        """Return ``(n, n_var)`` times the value."""
        return np.full_like(super().transfer(X_source, rng=rng), self.value)


class UniformTransfer(NoTransfer):
    """The control that hands over random points.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> UniformTransfer().fit([[0.1]], [[0.9]], rng=rng).transfer([[0.1]], rng=rng).shape
        (1, 1)
    """

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> Array:
        """Return ``(n, n_var)`` points, uniform in the unit box."""
        n, n_var = super().transfer(X_source, rng=rng).shape
        return rng.random((n, n_var))


class MomentMatching:
    """The control that moves and stretches every variable, so that mean and spread become the target's.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> model = MomentMatching().fit([[0.1], [0.3]], [[0.4], [0.8]], rng=rng)
        >>> model.transfer([[0.1], [0.3]], rng=rng).round(6).tolist()
        [[0.4], [0.8]]
    """

    def __init__(self) -> None:
        self._moments: Moments | None = None

    def fit(self, X_source: ArrayLike, X_target: ArrayLike, *, rng: np.random.Generator) -> Self:
        """Take the means and standard deviations of both populations ``(n, n_var)``."""
        self._moments = Moments.of(*check_pair(X_source, X_target, rng))
        return self

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> Array:
        """Return ``(n, n_var)`` solutions, clipped to the unit box.

        Raises:
            NotFittedError: before :meth:`fit`.
        """
        if self._moments is None:
            raise NotFittedError("MomentMatching must be fitted before transfer(X_source)")
        check_rng(rng)
        X = check_unit_box(X_source, "X_source", n_var=len(self._moments.source_mean))
        return np.clip(self._moments.match(X), 0.0, 1.0)


def check_pair(
    X_source: ArrayLike, X_target: ArrayLike, rng: np.random.Generator, *, axis: str = "individuals"
) -> tuple[Array, Array]:
    """Return both populations if they share a unit box and, with ``axis="variables"``, a size."""
    check_rng(rng)
    S = check_unit_box(X_source, "X_source")
    T = check_unit_box(X_target, "X_target", n_var=S.shape[1])
    if axis == "variables" and len(S) != len(T):
        raise ValueError(
            f'X_source and X_target must have the same number of rows with axis="variables", got {len(S)} and '
            f'{len(T)}: use axis="individuals"'
        )
    return S, T
