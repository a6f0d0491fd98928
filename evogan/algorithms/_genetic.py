"""What genetic multitask algorithms share: their operators' settings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_float
from evogan.multitask import MultitaskEA
from evogan.operators import polynomial_mutation, sbx

Array = NDArray[np.float64]


class GeneticMultitaskEA(MultitaskEA):
    """A :class:`~evogan.multitask.MultitaskEA` with simulated binary crossover and polynomial mutation.

    Args:
        pop_size: solutions of each task, at least 4.
        eta_c: distribution index of the crossover.
        eta_m: distribution index of the mutation.
        p_var: probability that a variable is crossed.
        p_m: probability that a variable mutates; None means 1/n_var of the unified box.
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        eta_c: float = 20.0,
        eta_m: float = 15.0,
        p_var: float = 0.5,
        p_m: float | None = None,
    ) -> None:
        super().__init__(pop_size)
        self.eta_c = check_float(eta_c, "eta_c", low=0.0)
        self.eta_m = check_float(eta_m, "eta_m", low=0.0)
        self.p_var = check_float(p_var, "p_var", low=0.0, high=1.0)
        self.p_m = None if p_m is None else check_float(p_m, "p_m", low=0.0, high=1.0)

    def cross(self, A: Array, B: Array) -> tuple[Array, Array]:
        """Return two children of each pair of rows."""
        return sbx(A, B, eta=self.eta_c, p_var=self.p_var, rng=self.rng)

    def mutate(self, U: Array) -> Array:
        """Return mutated copies of points of the unified box."""
        return polynomial_mutation(U, eta=self.eta_m, p_m=self.p_m, rng=self.rng)
