"""A kernel density estimate of the elites: a control without a network that follows curved sets.

D. W. Scott, "Multivariate density estimation", Wiley 1992, eq. 6.42; given a condition, M. Rosenblatt, "Conditional
probability density and regression estimators", in Multivariate Analysis II, 1969.
"""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_float, check_int, check_rng
from evogan.exceptions import NotFittedError
from evogan.models._condition import check_condition, check_data
from evogan.models._standard import Standard

Array = NDArray[np.float64]


class KernelDensity:
    """A product of normal kernels about every solution, one bandwidth for each variable.

    Given a condition c, solution i is drawn with a weight in proportion to the product of normal kernels of c - c_i:
    the conditional density of the joint estimate. Samples are clipped to the unit box. There is no covariance matrix to
    invert, so that fewer solutions than variables will do.

    Args:
        bandwidth: in standard deviations of each variable, at least 0; 0 resamples the solutions. ``"scott"`` means
            n ** (-1 / (n_var + 4)): close to 1 where there are many variables.
        condition_bandwidth: the same for the condition, above 0, with n_condition in place of n_var.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> KernelDensity().fit(rng.random((50, 3)), rng=rng).sample(4, rng=rng).shape
        (4, 3)
    """

    def __init__(
        self,
        bandwidth: Literal["scott"] | float = "scott",
        *,
        condition_bandwidth: Literal["scott"] | float = "scott",
    ) -> None:
        self.bandwidth = _check_bandwidth(bandwidth, "bandwidth")
        self.condition_bandwidth = _check_bandwidth(condition_bandwidth, "condition_bandwidth", low_open=True)
        self._data: tuple[Array, Array] | None = None

    @property
    def n_condition(self) -> int:
        """Columns of the condition that the last fit was given; 0 without one, and before the first fit."""
        return 0 if self._data is None else self._data[1].shape[1]

    def fit(
        self,
        X: ArrayLike,
        X_poor: ArrayLike | None = None,
        *,
        condition: ArrayLike | None = None,
        rng: np.random.Generator,
    ) -> Self:
        """Keep ``X`` ``(n, n_var)`` and ``condition`` ``(n, n_condition)``; poor solutions are not used.

        Raises:
            ValueError: ``X`` or ``X_poor`` is not a finite matrix in the unit box, or ``condition`` no finite matrix of
                as many rows as ``X``.
        """
        X, C = check_data(X, X_poor, condition, rng)
        self._data = X.copy(), C.copy()
        return self

    def sample(self, n: int, *, condition: ArrayLike | None = None, rng: np.random.Generator) -> Array:
        """Return ``(n, n_var)`` new solutions in the unit box, one for each row of ``condition`` ``(n, n_condition)``.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: a condition is missing, not expected, or of another shape.
        """
        if self._data is None:
            raise NotFittedError("KernelDensity must be fitted before sample(n)")
        X, C = self._data
        n = check_int(n, "n", low=1)
        c = check_condition(condition, n, C.shape[1])
        check_rng(rng)
        weights = np.cumsum(_weights(c, C, _spread(self.condition_bandwidth, C)), axis=1)
        rows = np.minimum((rng.random((n, 1)) * weights[:, -1:] >= weights).sum(axis=1), len(X) - 1)
        noise = _spread(self.bandwidth, X) * rng.standard_normal((n, X.shape[1]))
        samples: Array = np.clip(X[rows] + noise, 0.0, 1.0)
        return samples


def _check_bandwidth(bandwidth: Any, name: str, *, low_open: bool = False) -> str | float:
    if isinstance(bandwidth, str) and bandwidth == "scott":
        return "scott"
    return check_float(bandwidth, name, low=0.0, low_open=low_open)


def _spread(bandwidth: str | float, X: Array) -> Array:
    """Return the standard deviation of the kernels in each column of ``X`` ``(n, d)``; 0 in constant ones."""
    n, d = X.shape
    h = n ** (-1 / (d + 4)) if isinstance(bandwidth, str) else bandwidth
    spread: Array = h * Standard.of(X).std
    return spread


def _weights(c: Array, C: Array, spread: Array) -> Array:
    """Return kernels ``(n, len(C))`` of each c at every C, the largest 1; a constant column of C says nothing."""
    square = np.zeros((len(c), len(C)))
    for j in np.flatnonzero(spread):
        square += ((c[:, j, None] - C[:, j]) / spread[j]) ** 2
    weights: Array = np.exp(0.5 * (square.min(axis=1, keepdims=True) - square))
    return weights
