"""A network with one hidden layer of sigmoids and one sigmoid output, trained by Levenberg-Marquardt.

M. T. Hagan, M. B. Menhaj, "Training feedforward networks with the Marquardt algorithm", IEEE Transactions on Neural
Networks 5(6), 1994.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]


class SmallNetwork:
    """Predict labels in [0, 1] from points; for a few hundred points, whatever the number of weights.

    Args:
        n_hidden: hidden units, at least 1.
        n_epochs: steps at most; training ends before where the mean squared error is below 1e-4 or no step lowers it.
    """

    def __init__(self, n_hidden: int, n_epochs: int) -> None:
        self.n_hidden = n_hidden
        self.n_epochs = n_epochs
        self._weights: tuple[Array, Array] = (np.zeros((0, n_hidden)), np.zeros(n_hidden + 1))

    def fit(self, X: Array, label: Array, *, rng: np.random.Generator) -> Self:
        """Learn ``label`` ``(n,)``, 0 or 1, at ``X`` ``(n, n_var)``."""
        n, X = len(X), _with_bias(X)
        A, b = rng.standard_normal((X.shape[1], self.n_hidden)) / 100, rng.standard_normal(self.n_hidden + 1) / 100
        inputs, mu = X @ X.T, 1.0
        hidden, error = _forward(X, A, b, label)
        for _ in range(self.n_epochs):
            if error @ error / n < 1e-4:
                break
            z = error + label
            p = z * (1.0 - z)  # derivative by what enters the output
            Q = p[:, None] * b[1:] * hidden[:, 1:] * (1.0 - hidden[:, 1:])  # by what enters the hidden units
            # Marquardt's step (J'J + mu I)^-1 J'e is J'(JJ' + mu I)^-1 e; with rows (x_i q_i', h_i p_i) of J, JJ' is
            # small and needs no J.
            gram = inputs * (Q @ Q.T) + np.outer(p, p) * (hidden @ hidden.T)
            mu = max(mu, 1e-10, 1e-12 * gram.max())  # the matrix stays regular
            while mu <= 1e4:
                e = np.linalg.solve(gram + mu * np.eye(n), error)
                A_new, b_new = A - X.T @ (Q * e[:, None]), b - hidden.T @ (p * e)
                hidden_new, error_new = _forward(X, A_new, b_new, label)
                if error_new @ error_new < error @ error:
                    break
                mu *= 2.0
            else:
                break
            A, b, hidden, error = A_new, b_new, hidden_new, error_new
            mu /= 2.0
        self._weights = A, b
        return self

    def predict(self, X: Array) -> Array:
        """Return predictions ``(n,)`` in [0, 1]."""
        A, b = self._weights
        return _forward(_with_bias(X), A, b, 0.0)[1]


def _with_bias(X: Array) -> Array:
    return np.column_stack([np.ones(len(X)), X])


def _forward(X: Array, A: Array, b: Array, label: Array | float) -> tuple[Array, Array]:
    """Return the hidden units, with a bias, and the error of the output."""
    hidden = _with_bias(expit(X @ A))
    return hidden, expit(hidden @ b) - label
