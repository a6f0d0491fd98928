"""f-GAN: the variational bound of an f-divergence as a loss.

S. Nowozin, B. Cseke, R. Tomioka, "f-GAN: training generative neural samplers using variational divergence
minimization", NeurIPS 2016, tables 2 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from evogan._internal.checks import check_bool, check_kind
from evogan.losses._base import SeparableLoss
from evogan.losses._divergences import Divergence


@dataclass(frozen=True)
class FGAN(SeparableLoss):
    """The discriminator maximises E_real[T] - E_fake[f*(T)], a lower bound of the divergence, with T = g_f(logit).

    The bound is tight at T = f'(p_real / p_fake), so minus the discriminator's loss estimates the divergence. The
    generator minimises the bound (eq. 4), or, with ``non_saturating``, -E_fake[T] (sec. 3.2).

    The conjugates of most divergences grow like exp(logit): float32 overflows beyond logits of about 88.

    Example:
        >>> import torch
        >>> from evogan.losses import KL
        >>> FGAN(KL()).fake_term(torch.tensor(1.0)).item()
        1.0
    """

    divergence: Divergence
    non_saturating: bool = False

    def __post_init__(self) -> None:
        check_kind(self.divergence, Divergence, "FGAN.divergence", "KL()")
        check_bool(self.non_saturating, "FGAN.non_saturating")

    def real_term(self, d: Tensor) -> Tensor:
        """Return -g_f(d)."""
        return -self.divergence.activation(d)

    def fake_term(self, d: Tensor) -> Tensor:
        """Return f*(g_f(d))."""
        return self.divergence.conjugate(d)

    def generator_term(self, d: Tensor) -> Tensor:
        """Return -f*(g_f(d)), or -g_f(d) with ``non_saturating``."""
        return self.real_term(d) if self.non_saturating else -self.fake_term(d)
