"""One-sided label smoothing."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from evogan._internal.checks import check_float, check_kind
from evogan.losses._base import SeparableLoss


@dataclass(frozen=True)
class LabelSmoothing(SeparableLoss):
    """Real samples count as fake with probability ``amount``: the label 0.9 rather than 1; fakes stay fake.

    T. Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, sec. 3.4.

    Raises:
        ValueError: ``base`` has no labels to smooth: a critic invariant to shifts, such as ``Wasserstein()``, would
            lower the smoothed loss without bound by shifting its logits.
    """

    base: SeparableLoss
    amount: float = 0.1

    def __post_init__(self) -> None:
        check_kind(self.base, SeparableLoss, "LabelSmoothing.base", "NonSaturating()")
        check_float(self.amount, "LabelSmoothing.amount", low=0.0, high=0.5)
        if self.base.shift_invariant:
            raise ValueError(f"LabelSmoothing.base must be a loss with labels, e.g. NonSaturating(), got {self.base!r}")

    def real_term(self, d: Tensor) -> Tensor:
        """Return (1 - amount) * base.real_term + amount * base.fake_term."""
        return (1 - self.amount) * self.base.real_term(d) + self.amount * self.base.fake_term(d)

    def fake_term(self, d: Tensor) -> Tensor:
        """Return the base's."""
        return self.base.fake_term(d)

    def generator_term(self, d: Tensor) -> Tensor:
        """Return the base's."""
        return self.base.generator_term(d)
