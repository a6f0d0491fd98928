"""Penalties that are computed now and then."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int, check_kind
from evogan._internal.samples import parts_of
from evogan.regularizers._base import Judge, Regularizer


class Lazy(nn.Module):
    """Apply ``regularizer`` at the first of every ``every`` calls, ``every`` times as strong; 0 at the others.

    T. Karras et al., "Analyzing and improving the image quality of StyleGAN", CVPR 2020, appendix B. Their penalty
    has an optimizer step of its own and Adam's settings are corrected for it; here it joins the loss of its step,
    and Adam's settings stay.

    Attributes:
        calls: counts the calls, an integer buffer.

    Example:
        >>> from evogan.regularizers import R1
        >>> penalty, x = Lazy(R1(2.0), every=4), torch.zeros(3, 2)
        >>> [penalty(lambda x: x.sum(dim=1), x, x).item() for _ in range(5)]
        [8.0, 0.0, 0.0, 0.0, 8.0]
    """

    calls: Tensor

    def __init__(self, regularizer: Regularizer, every: int = 16) -> None:
        super().__init__()
        self.regularizer = check_kind(regularizer, Regularizer, "regularizer", "R1()")
        self.every = check_int(every, "every", low=1)
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return the scaled penalty, or a zero."""
        due = int(self.calls) % self.every == 0
        self.calls += 1
        if not due:
            return parts_of(real)[0].new_zeros(())
        value: Tensor = self.regularizer(D, real, fake)
        return self.every * value
