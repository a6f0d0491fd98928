"""Losses that treat real and fake samples apart; all on raw logits, stable for logits of any size."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

from evogan._internal.checks import check_float
from evogan.losses._base import SeparableLoss


@dataclass(frozen=True)
class Minimax(SeparableLoss):
    """The two-player game itself; its generator saturates where the discriminator wins.

    I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, eq. 1, with D = sigmoid(logit).

    Example:
        >>> import torch
        >>> round(Minimax().generator_term(torch.tensor(0.0)).item(), 4)
        -0.6931
    """

    def real_term(self, d: Tensor) -> Tensor:
        """Return -log sigmoid(d)."""
        return softplus(-d)

    def fake_term(self, d: Tensor) -> Tensor:
        """Return -log(1 - sigmoid(d))."""
        return softplus(d)

    def generator_term(self, d: Tensor) -> Tensor:
        """Return log(1 - sigmoid(d))."""
        return -softplus(d)


@dataclass(frozen=True)
class NonSaturating(Minimax):
    """Minimax for the discriminator; the generator minimises -log D and keeps a gradient where D wins.

    I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, sec. 3.
    """

    def generator_term(self, d: Tensor) -> Tensor:
        """Return -log sigmoid(d)."""
        return softplus(-d)


@dataclass(frozen=True)
class LeastSquares(SeparableLoss):
    """Squared distance of the logit to a label: ``a`` for fake, ``b`` for real, ``c`` what the generator wants.

    X. Mao et al., "Least squares generative adversarial networks", ICCV 2017, eq. 2 and 9.
    """

    a: float = 0.0
    b: float = 1.0
    c: float = 1.0

    def __post_init__(self) -> None:
        for name in ("a", "b", "c"):
            check_float(getattr(self, name), f"LeastSquares.{name}")

    def real_term(self, d: Tensor) -> Tensor:
        """Return (d - b)^2 / 2."""
        return 0.5 * (d - self.b) ** 2

    def fake_term(self, d: Tensor) -> Tensor:
        """Return (d - a)^2 / 2."""
        return 0.5 * (d - self.a) ** 2

    def generator_term(self, d: Tensor) -> Tensor:
        """Return (d - c)^2 / 2."""
        return 0.5 * (d - self.c) ** 2


@dataclass(frozen=True)
class Wasserstein(SeparableLoss):
    """The critic's mean difference; needs a constraint on the critic, e.g. a gradient penalty.

    M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein generative adversarial networks", ICML 2017, eq. 3.
    """

    shift_invariant = True

    def real_term(self, d: Tensor) -> Tensor:
        """Return -d."""
        return -d

    def fake_term(self, d: Tensor) -> Tensor:
        """Return d."""
        return d

    def generator_term(self, d: Tensor) -> Tensor:
        """Return -d."""
        return -d


@dataclass(frozen=True)
class Hinge(SeparableLoss):
    """The margin loss: logits beyond 1 on the right side no longer train the discriminator.

    J. H. Lim, J. C. Ye, "Geometric GAN", arXiv 1705.02894, 2017, eq. 13-14; T. Miyato et al., "Spectral
    normalization for generative adversarial networks", ICLR 2018, eq. 16-17.
    """

    def real_term(self, d: Tensor) -> Tensor:
        """Return max(0, 1 - d)."""
        return relu(1 - d)

    def fake_term(self, d: Tensor) -> Tensor:
        """Return max(0, 1 + d)."""
        return relu(1 + d)

    def generator_term(self, d: Tensor) -> Tensor:
        """Return -d."""
        return -d
