"""Probabilities that follow success."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_float, check_int


class Credit:
    """Probability matching: each choice gets a share in proportion to its success rate, and never less than a floor.

    D. Thierens, "An adaptive pursuit strategy for allocating operator probabilities", GECCO 2005, sec. 2. There
    ``power`` is 1, which hardly tells choices apart whose rates are .4 and .5.

    Args:
        n: how many choices there are.
        floor: least probability of each, at most 1/n.
        decay: weight of the past in the rates, in [0, 1].
        power: of the rates, in proportion to which shares are given.

    Example:
        >>> credit = Credit(2, floor=0.1, decay=0.5)
        >>> credit.update([0, 0, 1, 1], [True, False, False, False])
        >>> credit.probabilities.round(3).tolist()
        [0.633, 0.367]
    """

    def __init__(self, n: int, *, floor: float = 0.1, decay: float = 0.8, power: float = 1.0) -> None:
        self.n = check_int(n, "n", low=1)
        self.floor = min(check_float(floor, "floor", low=0.0, high=1.0), 1.0 / self.n)
        self.decay = check_float(decay, "decay", low=0.0, high=1.0)
        self.power = check_float(power, "power", low=0.0)
        self.rates: NDArray[np.float64] = np.full(self.n, 0.5)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The probability of each choice ``(n,)``."""
        weights = self.rates**self.power
        total = weights.sum()
        share = weights / total if total > 0 else np.full(self.n, 1.0 / self.n)
        return np.asarray(self.floor + (1.0 - self.n * self.floor) * share)

    def update(self, choice: ArrayLike, success: ArrayLike) -> None:
        """Take in which choice ``(m,)`` each trial was, and whether it succeeded ``(m,)``; others are left out."""
        choice, success = np.asarray(choice), np.asarray(success, dtype=bool)
        for k in range(self.n):
            mine = choice == k
            if mine.any():
                self.rates[k] = self.decay * self.rates[k] + (1.0 - self.decay) * success[mine].mean()
