"""Unrolled GAN: the generator looks ahead at what the discriminator will answer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from evogan._internal.checks import check_float, check_int
from evogan.gans._assemble import Recipe, assemble, plain_critic
from evogan.losses import AdversarialLoss, NonSaturating
from evogan.nets import Networks, logits_of
from evogan.training import AdversarialTrainer, GANSystem


class UnrolledTrainer(AdversarialTrainer):
    """A trainer whose generator descends through ``n_unrolled`` gradient steps that its discriminator would make.

    Args:
        *networks: see :class:`~evogan.training.AdversarialTrainer`.
        n_unrolled: K of the paper; 0 is the plain generator step.
        unrolled_lr: eta, the rate of the discriminator's steps ahead (plain gradient descent).
        **parts: see :class:`~evogan.training.AdversarialTrainer`.
    """

    def __init__(self, *networks: Any, n_unrolled: int, unrolled_lr: float, **parts: Any) -> None:
        super().__init__(*networks, **parts)
        self.n_unrolled = check_int(n_unrolled, "n_unrolled")
        self.unrolled_lr = check_float(unrolled_lr, "unrolled_lr", low=0.0)

    def generator_loss(self, real: Tensor, fake: Tensor, loss: AdversarialLoss) -> Tensor:
        """Return the loss at the discriminator's parameters K steps ahead; they depend on ``fake`` too (eq. 9)."""
        ahead: dict[str, Tensor] = dict(self.D.named_parameters())
        for _ in range(self.n_unrolled):  # eq. 7
            value = loss.discriminator(self._at(ahead, real), self._at(ahead, fake), real=real, fake=fake)
            grads = torch.autograd.grad(value, list(ahead.values()), create_graph=True)
            ahead = {name: p - self.unrolled_lr * g for (name, p), g in zip(ahead.items(), grads, strict=True)}
        return loss.generator(self._at(ahead, real), self._at(ahead, fake), real=real, fake=fake)  # eq. 8

    def g_step(
        self, real: Any, *, condition: Any = None, loss: AdversarialLoss | None = None, latent: Tensor | None = None
    ) -> Tensor:
        """Update the generator once; the discriminator itself stays where it is."""
        if condition is not None:
            raise ValueError("condition must be None: the unrolled GAN is unconditional")
        fake, _ = self.generate(len(real), None, latent)
        value = self.generator_loss(real, fake, self.loss if loss is None else loss)
        self.descend_generator(value)
        return value.detach()

    def _at(self, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        return logits_of(functional_call(self.D, parameters, (x,)))


def unrolled_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    n_unrolled: int = 5,
    unrolled_lr: float = 1e-2,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=1e-4),
) -> GANSystem:
    """Make an unrolled GAN.

    L. Metz, B. Poole, D. Pfau, J. Sohl-Dickstein, "Unrolled generative adversarial networks", ICLR 2017, eq. 7-11.

    Departs from the paper: the steps ahead are plain gradient descent with a rate of their own, on the batch at hand.
    """
    return assemble(
        shape,
        networks,
        recipe,
        D=plain_critic(shape, networks),
        loss=NonSaturating(),
        trainer=UnrolledTrainer,
        n_unrolled=n_unrolled,
        unrolled_lr=unrolled_lr,
    )
