"""The networks that transfer models make by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from evogan.nets import mlp


class Residual(nn.Module):
    """``z + net(z)``."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, z: Tensor) -> Tensor:
        """Return samples of the shape of ``z``."""
        out: Tensor = z + self.net(z)
        return out


def translator(width: int, hidden: Sequence[int] | None, *, zero: bool) -> nn.Module:
    """Return a perceptron ``(n, width)`` to ``(n, width)``; with ``zero`` its last layer is 0, and so is what it says.

    ``hidden=None`` gives two hidden layers of ``width``, at least 32.
    """
    net = mlp([width, *_hidden(width, hidden), width])
    if zero:
        for p in net[-1].parameters():
            nn.init.zeros_(p)
    return net


def judge(width: int, hidden: Sequence[int] | None) -> nn.Module:
    """Return a perceptron ``(n, width)`` to logits ``(n, 1)``, with leaky ReLU; ``hidden`` as in :func:`translator`."""
    return mlp([width, *_hidden(width, hidden), 1], activation=partial(nn.LeakyReLU, 0.2))


def _hidden(width: int, hidden: Sequence[int] | None) -> Sequence[int]:
    return [max(width, 32)] * 2 if hidden is None else hidden
