"""The variational discriminator bottleneck: a limit on what the discriminator may know of a sample."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float
from evogan.losses._step import Step
from evogan.nets._critic import Critic


class VariationalBottleneck(nn.Module):
    """Hold the information through a stochastic discriminator at ``target`` nats, by a multiplier that adapts.

    X. B. Peng et al., "Variational discriminator bottleneck", ICLR 2019, eq. 8-9: the discriminator pays
    beta * (KL - target), KL averaged over real and fake samples alike, and after each of its steps beta moves by
    ``step`` * (KL - target) and stays at least 0. The generator pays nothing. An auxiliary of the trainer.

    Args:
        target: information allowed, in nats per sample (I_c).
        step: of beta (alpha_beta).
        beta: at the start.

    Attributes:
        beta: the multiplier, a scalar buffer.
        kl: the last KL, a scalar buffer.

    Raises:
        ValueError: a discriminator does not return a :class:`~evogan.nets.Critic` with ``kl``.
    """

    beta: Tensor
    kl: Tensor

    def __init__(self, target: float = 0.1, *, step: float = 1e-5, beta: float = 0.0) -> None:
        super().__init__()
        self.target = check_float(target, "VariationalBottleneck.target", low=0.0)
        self.step = check_float(step, "VariationalBottleneck.step", low=0.0)
        self.register_buffer("beta", torch.tensor(check_float(beta, "VariationalBottleneck.beta", low=0.0)))
        self.register_buffer("kl", torch.tensor(0.0))

    def discriminator(self, step: Step) -> Tensor:
        """Return beta * (KL - target)."""
        return self.beta * (_mean_kl(step) - self.target)

    def generator(self, step: Step) -> None:
        """Return None."""
        return

    @torch.no_grad()
    def update(self, step: Step) -> None:
        """Move beta by the KL of the step just made."""
        self.kl.copy_(_mean_kl(step))
        self.beta.add_(self.step * (self.kl - self.target)).clamp_(min=0.0)


def _mean_kl(step: Step) -> Tensor:
    """Return the mean over the even mixture of real and fake samples."""
    kls = []
    for output in (step.d_real, step.d_fake):
        if not isinstance(output, Critic) or output.kl is None:
            raise ValueError(
                f"D must return a Critic with kl for VariationalBottleneck, got {type(output).__name__} without"
            )
        kls.append(output.kl.mean())
    return 0.5 * (kls[0] + kls[1])
