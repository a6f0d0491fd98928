"""A weak pull of the critic's logits to zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from evogan._internal.checks import check_float
from evogan.nets._critic import logits_of
from evogan.regularizers._base import Judge


@dataclass(frozen=True)
class DriftPenalty:
    """The squared logits of real samples, times ``weight``.

    A Wasserstein loss does not see a constant added to all logits; this term keeps it from wandering off. T. Karras,
    T. Aila, S. Laine, J. Lehtinen, "Progressive growing of GANs for improved quality, stability, and variation",
    ICLR 2018, app. A.1.
    """

    weight: float = 1e-3

    def __post_init__(self) -> None:
        check_float(self.weight, "DriftPenalty.weight", low=0.0)

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return weight * E D(real)^2."""
        return self.weight * logits_of(D(real)).square().mean()
