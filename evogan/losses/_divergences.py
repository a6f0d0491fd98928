"""f-divergences D(p || q) = E_q[f(p / q)] and what f-GAN needs of each, in closed forms stable for large logits.

S. Nowozin, B. Cseke, R. Tomioka, "f-GAN: training generative neural samplers using variational divergence
minimization", NeurIPS 2016, tables 1, 2 and 6. Here p is the real distribution and q the generated one. A constant
in the loss, such as log 2 in Jensen-Shannon, changes its value but no gradient.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus


class Divergence(ABC):
    """An f-divergence: a convex f with f(1) = 0 (but for :class:`GANDivergence`), and its conjugate f*."""

    name: ClassVar[str]

    @abstractmethod
    def f(self, u: Tensor) -> Tensor:
        """Return f of density ratios ``u = p / q > 0``."""

    @abstractmethod
    def activation(self, v: Tensor) -> Tensor:
        """Return T = g_f(v): rising, from all logits into the domain of f*."""

    @abstractmethod
    def conjugate(self, v: Tensor) -> Tensor:
        """Return f*(g_f(v)), of logits rather than of T, since the two cancel each other's exponentials."""


@dataclass(frozen=True)
class KL(Divergence):
    """Kullback-Leibler, E_p[log(p / q)]."""

    name = "Kullback-Leibler"

    def f(self, u: Tensor) -> Tensor:
        """Return u log u."""
        return u * u.log()

    def activation(self, v: Tensor) -> Tensor:
        """Return v."""
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        """Return exp(v - 1)."""
        return (v - 1).exp()


@dataclass(frozen=True)
class ReverseKL(Divergence):
    """Reverse Kullback-Leibler, E_q[log(q / p)]."""

    name = "reverse Kullback-Leibler"

    def f(self, u: Tensor) -> Tensor:
        """Return -log u."""
        return -u.log()

    def activation(self, v: Tensor) -> Tensor:
        """Return -exp(-v)."""
        return -(-v).exp()

    def conjugate(self, v: Tensor) -> Tensor:
        """Return v - 1, from -1 - log(-T)."""
        return v - 1


@dataclass(frozen=True)
class Pearson(Divergence):
    """Pearson's chi squared, the integral of (p - q)^2 / q."""

    name = "Pearson chi squared"

    def f(self, u: Tensor) -> Tensor:
        """Return (u - 1)^2."""
        return (u - 1).square()

    def activation(self, v: Tensor) -> Tensor:
        """Return v."""
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        """Return v^2 / 4 + v, the supremum over all real u."""
        return 0.25 * v.square() + v


@dataclass(frozen=True)
class Neyman(Divergence):
    """Neyman's chi squared, the integral of (p - q)^2 / p."""

    name = "Neyman chi squared"

    def f(self, u: Tensor) -> Tensor:
        """Return (1 - u)^2 / u."""
        return (1 - u).square() / u

    def activation(self, v: Tensor) -> Tensor:
        """Return 1 - exp(-v)."""
        return 1 - (-v).exp()

    def conjugate(self, v: Tensor) -> Tensor:
        """Return 2 - 2 exp(-v / 2), from 2 - 2 sqrt(1 - T)."""
        return 2 - 2 * (-0.5 * v).exp()


@dataclass(frozen=True)
class Hellinger(Divergence):
    """Squared Hellinger, the integral of (sqrt p - sqrt q)^2."""

    name = "squared Hellinger"

    def f(self, u: Tensor) -> Tensor:
        """Return (sqrt u - 1)^2."""
        return (u.sqrt() - 1).square()

    def activation(self, v: Tensor) -> Tensor:
        """Return 1 - exp(-v)."""
        return 1 - (-v).exp()

    def conjugate(self, v: Tensor) -> Tensor:
        """Return exp(v) - 1, from T / (1 - T)."""
        return v.exp() - 1


@dataclass(frozen=True)
class Jeffreys(Divergence):
    """Jeffreys, the sum of both Kullback-Leibler divergences."""

    name = "Jeffreys"

    def f(self, u: Tensor) -> Tensor:
        """Return (u - 1) log u."""
        return (u - 1) * u.log()

    def activation(self, v: Tensor) -> Tensor:
        """Return v."""
        return v

    def conjugate(self, v: Tensor) -> Tensor:
        """Return W + 1 / W + v - 2 with W = Lambert's W(exp(1 - v))."""
        s = 1 - v
        # y = log W solves exp(y) + y = s. Newton's method from the right of the root of this convex function; its
        # steps stay in the graph and carry exact derivatives.
        y = s.clamp(min=1).log() + s.clamp(max=0)
        for _ in range(6):
            y = y - (y.exp() + y - s) / (y.exp() + 1)
        return (-y).exp() - y - 1


@dataclass(frozen=True)
class JensenShannon(Divergence):
    """Twice the Jensen-Shannon divergence in nats, KL(p || m) + KL(q || m) with m = (p + q) / 2."""

    name = "Jensen-Shannon"

    def f(self, u: Tensor) -> Tensor:
        """Return u log u - (u + 1) log((u + 1) / 2)."""
        return u * u.log() - (u + 1) * (0.5 * (u + 1)).log()

    def activation(self, v: Tensor) -> Tensor:
        """Return log 2 - log(1 + exp(-v))."""
        return math.log(2) - softplus(-v)

    def conjugate(self, v: Tensor) -> Tensor:
        """Return log(1 + exp(v)) - log 2, from -log(2 - exp(T))."""
        return softplus(v) - math.log(2)


@dataclass(frozen=True)
class GANDivergence(Divergence):
    """The divergence of the first GAN: :class:`JensenShannon` minus log 4, :class:`Minimax` as a loss."""

    name = "GAN"

    def f(self, u: Tensor) -> Tensor:
        """Return u log u - (u + 1) log(u + 1)."""
        return u * u.log() - (u + 1) * (u + 1).log()

    def activation(self, v: Tensor) -> Tensor:
        """Return -log(1 + exp(-v))."""
        return -softplus(-v)

    def conjugate(self, v: Tensor) -> Tensor:
        """Return log(1 + exp(v)), from -log(1 - exp(T))."""
        return softplus(v)
