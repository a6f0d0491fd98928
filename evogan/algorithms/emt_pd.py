"""EMT-PD: MO-MFEA whose offspring, every few generations, follow the fused distribution of two populations.

Z. Liang, W. Liang, Z. Wang, X. Ma, L. Liu, Z. Zhu, "Multiobjective evolutionary multitasking with two-stage adaptive
knowledge transfer based on population distribution", IEEE Transactions on Systems, Man, and Cybernetics: Systems
52(7), 2022; arXiv 2001.00810. Departures stand in docs/paper-versus-code.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_float, check_int
from evogan.algorithms.mo_mfea import MOMFEA

Array = NDArray[np.float64]


class EMTPD(MOMFEA):
    """EMT-PD: every ``gap`` generations a task's offspring are its best moved towards another task's best.

    The best ``n_model`` of the target t and of another task k, drawn by lot, are modelled by normal distributions;
    the mean of the product of their densities says where both populations tend to. ``w``, the target's mean less that
    one scaled to [0, 1], weighs variable by variable: a child is ``w * x_t + (1 - w) * x_k``, then mutated, with x_t
    and x_k drawn from the best of t and k. All other generations are MO-MFEA's.

    Departs from the paper: written from its abstract and the formulas that the MToP platform uses; the second stage,
    which adjusts the range of each individual's search, is not in them, nor here. ``ridge`` on both covariances,
    which 40 solutions of 50 variables leave singular.

    Args:
        pop_size: solutions of each task, at least 4.
        rmp: random mating probability, in [0, 1].
        gap: generations from one transfer to the next.
        n_model: best solutions that the models are made of, at least 2, at most ``pop_size`` of them.
        ridge: added to the diagonal of the covariances, above 0.
        eta_c, eta_m, p_var, p_m, mutate_crossed: of :class:`MOMFEA`.

    Attributes:
        counters: ``transferred``, offspring of two parents of different tasks.

    Raises:
        ValueError: a setting outside its range.
        TypeError: a setting of the wrong kind.

    Example:
        >>> from evogan.multitask import minimize_multitask
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> result = minimize_multitask([IMF1(5), IMF4(10)], EMTPD(20, rmp=0), ("n_eval", 250), seed=1)
        >>> result.n_evals, result.counters["transferred"]
        (250, 40)
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        rmp: float = 0.3,
        gap: int = 5,
        n_model: int = 40,
        ridge: float = 1e-6,
        eta_c: float = 20.0,
        eta_m: float = 15.0,
        p_var: float = 0.5,
        p_m: float | None = None,
        mutate_crossed: bool = True,
    ) -> None:
        super().__init__(
            pop_size,
            rmp=rmp,
            eta_c=eta_c,
            eta_m=eta_m,
            p_var=p_var,
            p_m=p_m,
            mutate_crossed=mutate_crossed,
        )
        self.gap = check_int(gap, "gap", low=1)
        self.n_model = check_int(n_model, "n_model", low=2)
        self.ridge = check_float(ridge, "ridge", low=0.0, low_open=True)

    def offspring(self) -> list[Array]:
        """Transfer, or mate assortatively."""
        if (self.generation + 1) % self.gap:
            return super().offspring()
        return [self._transfer(t) for t in range(len(self.populations))]

    def _transfer(self, t: int) -> Array:
        k = (t + 1 + int(self.rng.integers(len(self.populations) - 1))) % len(self.populations)
        P, Q = (self.populations[task].U[: self.n_model] for task in (t, k))
        w = transfer_weight(P, Q, self.ridge)
        a, b = self.rng.integers(len(P), size=(2, self.pop_size))
        self.count("transferred", self.pop_size)
        return self.mutate(np.clip(w * P[a] + (1.0 - w) * Q[b], 0.0, 1.0))


def transfer_weight(P: Array, Q: Array, ridge: float) -> Array:
    """Return how much of the target's solutions P ``(n, n_var)`` goes into a child, variable by variable ``(n_var,)``.

    Example:
        >>> P, Q = np.full((4, 3), 0.2), np.tile([0.4, 0.6, 0.8], (4, 1))
        >>> transfer_weight(P, Q, ridge=1e-6).round(3).tolist()  # the fused mean (0.3, 0.4, 0.5) becomes (0, 0.5, 1)
        [0.2, -0.3, -0.8]
    """
    mean = fused_mean(P, Q, ridge)
    low, span = mean.min(), np.ptp(mean)
    return np.asarray(P.mean(axis=0) - ((mean - low) / span if span > 1e-12 else mean))


def fused_mean(P: Array, Q: Array, ridge: float) -> Array:
    """Return the mean ``(n_var,)`` of the product of the normal densities of P and Q, rows being solutions.

    ``(A^-1 + B^-1)^-1 (A^-1 m_P + B^-1 m_Q)`` with A and B the covariances, of which only A + B needs an inverse.
    """
    eye = ridge * np.eye(P.shape[1])
    A, B = (np.cov(X, rowvar=False).reshape(eye.shape) + eye for X in (P, Q))
    m_P, m_Q = P.mean(axis=0), Q.mean(axis=0)
    return np.asarray(m_P + A @ np.linalg.solve(A + B, m_Q - m_P))
