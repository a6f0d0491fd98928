"""The normal distribution of the elites: the control that every generative operator has to beat."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_int, check_rng, check_unit_box
from evogan.exceptions import NotFittedError
from evogan.models._latent import LowRankNormal


class Gaussian:
    """Sample N(mean, covariance) of the elites, clipped to the unit box; poor solutions are not used.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> Gaussian().fit(rng.random((50, 3)), rng=rng).sample(4, rng=rng).shape
        (4, 3)
    """

    def __init__(self) -> None:
        self._normal: LowRankNormal | None = None

    def fit(self, X: ArrayLike, X_poor: ArrayLike | None = None, *, rng: np.random.Generator) -> Self:
        """Take mean and covariance of ``X`` ``(n, n_var)``.

        Raises:
            ValueError: ``X`` or ``X_poor`` is not a finite matrix in the unit box.
        """
        X = check_unit_box(X)
        if X_poor is not None:
            check_unit_box(X_poor, "X_poor", n_var=X.shape[1])
        check_rng(rng)
        self._normal = LowRankNormal.of(X)
        return self

    def sample(self, n: int, *, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``(n, n_var)`` solutions in the unit box.

        Raises:
            NotFittedError: before :meth:`fit`.
        """
        if self._normal is None:
            raise NotFittedError("Gaussian must be fitted before sample(n)")
        return np.clip(self._normal.sample(check_int(n, "n", low=1), rng=check_rng(rng)), 0.0, 1.0)
