"""Terms that look at both players' gradients, to damp the rotation of their game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float
from evogan._internal.samples import parts_of
from evogan.losses._step import Step
from evogan.nets._critic import logits_of


@dataclass(frozen=True)
class Consensus:
    """Half the squared norm of both players' gradients, paid by both, times ``gamma``.

    L. Mescheder, S. Nowozin, A. Geiger, "The numerics of GANs", NeurIPS 2017, sec. 4: v holds the gradient of the
    discriminator's loss by its parameters and that of the generator's loss by its own; each player descends
    its loss + gamma / 2 ||v||^2. An auxiliary of the trainer; costs a second pass through both networks and second
    derivatives. Other terms (penalties, auxiliaries) do not enter v. The paper uses RMSProp and gamma = 10.

    Raises:
        ValueError: the discriminator is not shown what ``G(latent)`` returns: fakes given from outside, pairs.
    """

    gamma: float = 10.0

    def __post_init__(self) -> None:
        check_float(self.gamma, "Consensus.gamma", low=0.0)

    def discriminator(self, step: Step) -> Tensor:
        """Return gamma / 2 * ||v||^2, with new fakes from the same latent, since those of ``step`` have no graph."""
        return self._term(step, _regenerate(step))

    def generator(self, step: Step) -> Tensor:
        """Return gamma / 2 * ||v||^2."""
        return self._term(step, step.fake)

    def _term(self, step: Step, fake: Any) -> Tensor:
        logits = {"d_real": _logits(step, step.real), "d_fake": _logits(step, fake)}
        loss_D = step.loss.discriminator(**logits, real=step.real, fake=fake)
        loss_G = step.loss.generator(**logits, real=step.real, fake=fake)
        return 0.5 * self.gamma * (_squared_gradient(loss_D, step.D) + _squared_gradient(loss_G, step.G))


@dataclass(frozen=True)
class GradientNorm:
    """The squared gradient of the discriminator's loss by its parameters, paid by the generator alone, times ``eta``.

    V. Nagarajan, J. Z. Kolter, "Gradient descent GAN optimization is locally stable", NeurIPS 2017, sec. 4: the
    generator foresees how strongly the discriminator would answer. An auxiliary of the trainer.
    """

    eta: float = 0.1

    def __post_init__(self) -> None:
        check_float(self.eta, "GradientNorm.eta", low=0.0)

    def discriminator(self, step: Step) -> None:
        """Return None."""
        return

    def generator(self, step: Step) -> Tensor:
        """Return eta * ||gradient of the discriminator's loss by its parameters||^2."""
        logits = {"d_real": _logits(step, step.real), "d_fake": _logits(step, step.fake)}
        loss = step.loss.discriminator(**logits, real=step.real, fake=step.fake)
        return self.eta * _squared_gradient(loss, step.D)


def _logits(step: Step, x: Any) -> Tensor:
    return logits_of(step.D(x) if step.condition is None else step.D(x, step.condition))


def _regenerate(step: Step) -> Any:
    """Return the fakes of ``step`` with a graph to the generator's parameters."""
    if step.latent is None:
        raise ValueError("Consensus needs the latent behind the fakes; d_step was given fake= from outside")
    fake = step.G(step.latent) if step.condition is None else step.G(step.latent, step.condition)
    made, shown = ([tuple(part.shape) for part in parts_of(x)] for x in (fake, step.fake))
    if made != shown:
        raise ValueError(f"Consensus needs a D that is shown what G returns: G gave shapes {made}, D saw {shown}")
    return fake


def _squared_gradient(loss: Tensor, net: nn.Module) -> Tensor:
    """Return the squared norm of the gradient by all parameters of ``net``, itself differentiable."""
    params = [p for p in net.parameters() if p.requires_grad]
    grads = torch.autograd.grad(loss, params, create_graph=True, allow_unused=True, materialize_grads=True)
    return torch.stack([grad.square().sum() for grad in grads]).sum()
