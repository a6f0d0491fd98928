"""The protocol of a penalty on the discriminator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from evogan.nets._critic import Critic

Judge = Callable[[Any], Tensor | Critic]
"""A discriminator as a function of samples alone: its condition is bound already."""


@runtime_checkable
class Regularizer(Protocol):
    """A penalty on the discriminator ``D``: a scalar to be added to its loss.

    ``real`` and ``fake`` are tensors ``(n, ...)``, or tuples of such tensors where ``D`` judges pairs.
    """

    def __call__(self, D: Judge, real: Any, fake: Any) -> Tensor:
        """Return the weighted penalty."""
        ...
