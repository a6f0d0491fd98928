"""One step for the discriminator, one for the generator; every loop lives with its caller."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from evogan.losses import (
    AdversarialLoss,
    NonSaturating,
    SeparableLoss,
    SourceWeights,
    weighted_discriminator_loss,
)
from evogan.regularizers import Regularizer

OptimizerFactory = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


def adam(lr: float = 1e-4, *, betas: tuple[float, float] = (0.9, 0.999)) -> OptimizerFactory:
    """Return a picklable factory of fused Adam optimizers (fusing saves a quarter of a small net's step)."""
    return partial(torch.optim.Adam, lr=lr, betas=betas, fused=True)


class AdversarialTrainer:
    """A generator, a discriminator and their optimizers, stepped from outside.

    Args:
        G: maps ``prior(n)`` to ``n`` samples.
        D: maps ``(n, ...)`` samples to raw logits of any shape with ``n`` first.
        prior: draws ``n`` latent vectors.
        loss: None means :class:`~evogan.losses.NonSaturating`.
        regularizers: penalties added to the discriminator's loss.
        weights: weights of elite, poor and fake; they enter only where ``d_step`` is given ``poor``.
        optimizer_G: makes the generator's optimizer; None means :func:`adam`.
        optimizer_D: makes the discriminator's optimizer; None means :func:`adam`.

    Example:
        >>> import torch
        >>> from evogan.nets import mlp
        >>> trainer = AdversarialTrainer(mlp([2, 3]), mlp([3, 1]), prior=lambda n: torch.randn(n, 2))
        >>> real = torch.rand(8, 3)
        >>> trainer.d_step(real, poor=torch.rand(8, 3)).dim(), trainer.g_step(real).dim()
        (0, 0)
    """

    def __init__(
        self,
        G: nn.Module,
        D: nn.Module,
        *,
        prior: Callable[[int], Tensor],
        loss: AdversarialLoss | None = None,
        regularizers: Sequence[Regularizer] = (),
        weights: SourceWeights | None = None,
        optimizer_G: OptimizerFactory | None = None,
        optimizer_D: OptimizerFactory | None = None,
    ) -> None:
        self.G, self.D, self.prior = G, D, prior
        self.loss: AdversarialLoss = NonSaturating() if loss is None else loss
        self.regularizers = tuple(regularizers)
        self.weights = SourceWeights() if weights is None else weights
        self.weights.check_with(self.loss)
        self._params_G = [p for p in G.parameters() if p.requires_grad]
        self._params_D = [p for p in D.parameters() if p.requires_grad]
        self.optimizer_G = (optimizer_G or adam())(self._params_G)
        self.optimizer_D = (optimizer_D or adam())(self._params_D)
        # With batch statistics inside D, sources must not share a batch.
        self._joint_forward = not any(isinstance(layer, _BatchNorm) for layer in D.modules())

    def d_step(self, real: Tensor, *, poor: Tensor | None = None, fake: Tensor | None = None) -> Tensor:
        """Update the discriminator once; return its loss (a detached scalar, not yet synchronised).

        ``poor`` joins as a third source, averaged by itself with its own weight. ``fake=None`` generates as many
        samples as there are ``real`` ones.
        """
        if fake is None:
            with torch.no_grad():
                fake = self.G(self.prior(len(real)))
        if poor is None:
            d_real, d_fake = self._logits(real, fake)
            value = self.loss.discriminator(d_real, d_fake, real=real, fake=fake)
        else:
            d_real, d_poor, d_fake = self._logits(real, poor, fake)
            value = weighted_discriminator_loss(
                self.loss,
                self.weights,
                d_real=d_real,
                d_poor=d_poor,
                d_fake=d_fake,
                real=real,
                poor=poor,
                fake=fake,
            )
        for regularizer in self.regularizers:
            value = value + regularizer(self.D, real, fake)
        _descend(value, self._params_D, self.optimizer_D)
        return value.detach()

    def g_step(self, real: Tensor, *, loss: AdversarialLoss | None = None) -> Tensor:
        """Update the generator once against ``loss`` (the trainer's own by default); return its detached value."""
        loss = self.loss if loss is None else loss
        fake = self.G(self.prior(len(real)))
        d_fake = self.D(fake)
        # A separable generator loss never looks at the real logits: no forward pass for them.
        d_real = d_fake if isinstance(loss, SeparableLoss) else self.D(real)
        value = loss.generator(d_real, d_fake, real=real, fake=fake)
        _descend(value, self._params_G, self.optimizer_G)
        return value.detach()

    def state_dict(self) -> dict[str, Any]:
        """Return the state of both networks and both optimizers."""
        return {name: getattr(self, name).state_dict() for name in ("G", "D", "optimizer_G", "optimizer_D")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a copy of what :meth:`state_dict` returned."""
        for name, part in state.items():
            # torch's optimizers keep the tensors they are given: two trainers would share their moments.
            getattr(self, name).load_state_dict(copy.deepcopy(part))

    def _logits(self, *sources: Tensor) -> Sequence[Tensor]:
        """Return D's logits of each source, in one pass where D allows it."""
        if not self._joint_forward:
            return [self.D(x) for x in sources]
        return torch.split(self.D(torch.cat(sources)), [len(x) for x in sources])


def _descend(value: Tensor, params: list[nn.Parameter], optimizer: torch.optim.Optimizer) -> None:
    """Step ``optimizer`` down the gradient of ``value``, computed for ``params`` only, so nothing needs zeroing."""
    grads = torch.autograd.grad(value, params, allow_unused=True)
    for param, grad in zip(params, grads, strict=True):
        param.grad = grad
    optimizer.step()
