"""One step for the discriminator, one for the generator; every loop lives with its caller."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from evogan.losses import (
    AdversarialLoss,
    Auxiliary,
    Controlled,
    NonSaturating,
    SeparableLoss,
    SourceWeights,
    Step,
    weighted_discriminator_loss,
)
from evogan.nets import Critic, logits_of
from evogan.regularizers import Regularizer
from evogan.training._distributed import average_across_processes
from evogan.training._samples import Sample, as_float, count, mixes_samples, split_critic, with_condition

OptimizerFactory = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
Constraint = Callable[[nn.Module], None]


def adam(lr: float = 1e-4, *, betas: tuple[float, float] = (0.9, 0.999)) -> OptimizerFactory:
    """Return a picklable factory of fused Adam optimizers (fusing saves a quarter of a small net's step)."""
    return partial(torch.optim.Adam, lr=lr, betas=betas, fused=True)


class AdversarialTrainer:
    """A generator, a discriminator and their optimizers, stepped from outside.

    A sample is a tensor ``(n, ...)``, or a tuple of such tensors where the discriminator judges pairs.

    Args:
        G: maps ``prior(n)`` (and the condition, where a step is given one) to ``n`` samples.
        D: maps samples (and the condition) to raw logits ``(n, ...)`` or to a :class:`~evogan.nets.Critic`.
        prior: draws ``n`` latent vectors; they are moved to G's device.
        loss: None means :class:`~evogan.losses.NonSaturating`.
        regularizers: penalties added to the discriminator's loss.
        auxiliaries: terms of either player that look at more than logits, e.g. an auxiliary classifier.
        constraints: applied to D after each of its steps, e.g. weight clipping.
        weights: weights of elite, poor and fake; they enter only where ``d_step`` is given ``poor``.
        optimizer_G: makes the optimizer of the generator (and the encoder); None means :func:`adam`.
        optimizer_D: makes the discriminator's optimizer; None means :func:`adam`.
        encoder: E of adversarially learned inference: D is shown ``(x, E(x))`` and ``(G(z), z)``.
        joint_pairs: D is shown real and fake side by side, ``cat([real, fake], 1)``, in both orders.
        autocast: run both networks in this type, e.g. ``torch.bfloat16``; losses stay in float32.

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
        auxiliaries: Sequence[Auxiliary] = (),
        constraints: Sequence[Constraint] = (),
        weights: SourceWeights | None = None,
        optimizer_G: OptimizerFactory | None = None,
        optimizer_D: OptimizerFactory | None = None,
        encoder: nn.Module | None = None,
        joint_pairs: bool = False,
        autocast: torch.dtype | None = None,
    ) -> None:
        self.G, self.D, self.encoder, self.prior = G, D, encoder, prior
        self.loss: AdversarialLoss = NonSaturating() if loss is None else loss
        self.regularizers = tuple(regularizers)
        self.auxiliaries = tuple(auxiliaries)
        self.constraints = tuple(constraints)
        self.joint_pairs = joint_pairs
        self.autocast = autocast
        self.weights = SourceWeights() if weights is None else weights
        self.weights.check_with(self.loss)
        players = [G] if encoder is None else [G, encoder]
        self._params_G = [p for player in players for p in player.parameters() if p.requires_grad]
        self._params_D = [p for p in D.parameters() if p.requires_grad]
        self.optimizer_G = (optimizer_G or adam())(self._params_G)
        self.optimizer_D = (optimizer_D or adam())(self._params_D)
        parts = [self.loss, *self.regularizers, *self.auxiliaries]
        self._stateful = [part for part in parts if isinstance(part, nn.Module)]
        self._controlled = [part for part in parts if isinstance(part, Controlled)]
        self._joint_forward = not mixes_samples(D)

    def d_step(
        self,
        real: Sample,
        *,
        condition: Any = None,
        poor: Tensor | None = None,
        fake: Sample | None = None,
        latent: Tensor | None = None,
    ) -> Tensor:
        """Update the discriminator once; return its loss (a detached scalar, not yet synchronised).

        ``condition`` is given to both networks. ``poor`` joins as a third source, averaged by itself with its own
        weight. ``fake=None`` generates as many samples as there are ``real`` ones; ``latent`` tells auxiliaries that
        ask for it what a given ``fake`` was made of.
        """
        with torch.no_grad(), self._cast():
            real = self._shown(real)
            if fake is None:
                fake, latent = self.generate(count(real), condition)
        with self._cast():
            d_real, d_fake, d_poor = self._judge(real, fake, poor, condition)
        value = self._d_loss(real, fake, poor, d_real, d_fake, d_poor)
        if self.regularizers:
            D, seen = with_condition(self.D, condition), self._seen(real, fake)
            for regularizer in self.regularizers:
                value = value + regularizer(D, *seen)
        step = Step(self.G, self.D, self.loss, real, fake, d_real, d_fake, latent, condition)
        for auxiliary in self.auxiliaries:
            term = auxiliary.discriminator(step)
            value = value if term is None else value + term
        _descend(value, self._params_D, self.optimizer_D)
        for constraint in self.constraints:
            constraint(self.D)
        for part in self._controlled:
            part.update(step)
            if isinstance(part, nn.Module):
                average_across_processes(list(part.buffers()))
        return value.detach()

    def g_step(
        self,
        real: Sample,
        *,
        condition: Any = None,
        loss: AdversarialLoss | None = None,
        latent: Tensor | None = None,
    ) -> Tensor:
        """Update the generator once against ``loss`` (the trainer's own by default); return its detached value.

        ``latent=None`` draws as many latents as there are ``real`` samples.
        """
        loss = self.loss if loss is None else loss
        with self._cast():
            real = self._shown(real)
            fake, latent = self.generate(count(real), condition, latent)
            # A separable generator loss never looks at the real logits: no forward pass for them.
            if isinstance(loss, SeparableLoss) and not self.auxiliaries and not self.joint_pairs:
                d_real = d_fake = self._critic(fake, condition)
            else:
                d_real, d_fake, _ = self._judge(real, fake, None, condition, together=False)
        value = loss.generator(logits_of(d_real).float(), logits_of(d_fake).float(), real=real, fake=fake)
        step = Step(self.G, self.D, loss, real, fake, d_real, d_fake, latent, condition)
        for auxiliary in self.auxiliaries:
            term = auxiliary.generator(step)
            value = value if term is None else value + term
        self.descend_generator(value)
        return value.detach()

    def descend_generator(self, value: Tensor) -> None:
        """Step the generator (and the encoder) down the gradient of ``value``, for losses computed outside."""
        _descend(value, self._params_G, self.optimizer_G)

    def generate(self, n: int, condition: Any = None, latent: Tensor | None = None) -> tuple[Sample, Tensor]:
        """Return ``n`` samples of the generator as the discriminator is shown them, and the latents behind them.

        Latents are drawn from the prior unless they are given. Gradients are kept; the mode is the generator's own.
        """
        latent = (self.prior(n) if latent is None else latent).to(self._params_G[0].device)
        fake = self.G(latent) if condition is None else self.G(latent, condition)
        fake = as_float(fake)
        return (fake if self.encoder is None else (fake, latent)), latent

    def logits(self, x: Sample, condition: Any = None) -> Tensor:
        """Return the discriminator's raw logits of samples, in the mode it is in."""
        return logits_of(self._critic(x, condition)).float()

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the networks, the optimizers, and the parts that have one (controllers)."""
        state = {name: getattr(self, name).state_dict() for name in self._stored()}
        if self._stateful:
            state["parts"] = [part.state_dict() for part in self._stateful]
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a copy of what :meth:`state_dict` returned."""
        # torch's optimizers keep the tensors they are given: two trainers would share their moments.
        state = copy.deepcopy(state)
        for part, stored in zip(self._stateful, state.pop("parts", []), strict=True):
            part.load_state_dict(stored)
        for name in self._stored():
            getattr(self, name).load_state_dict(state[name])

    def controls(self) -> dict[str, Tensor]:
        """Return the scalars of the controllers, e.g. BEGAN's k."""
        return {
            name: value.detach().clone()
            for part in self._controlled
            if isinstance(part, nn.Module)
            for name, value in part.named_buffers()
            if value.dim() == 0
        }

    def to(self, device: torch.device | str) -> None:
        """Move networks and parts; to be called before the first step, while optimizers hold no state."""
        for module in (self.G, self.D, self.encoder, *self._stateful):
            if module is not None:
                module.to(device)

    def _stored(self) -> tuple[str, ...]:
        names = ("G", "D", "optimizer_G", "optimizer_D")
        return names if self.encoder is None else (*names, "encoder")

    def _cast(self) -> AbstractContextManager[Any]:
        if self.autocast is None:
            return nullcontext()
        return torch.autocast(self._params_D[0].device.type, dtype=self.autocast)

    def _shown(self, real: Sample) -> Sample:
        return real if self.encoder is None else (real, self.encoder(real).float())

    def _seen(self, real: Any, fake: Any) -> tuple[Any, Any]:
        """Return what D is shown as real and as fake."""
        if not self.joint_pairs:
            return real, fake
        return torch.cat([real, fake], dim=1), torch.cat([fake, real], dim=1)

    def _critic(self, x: Sample, condition: Any) -> Tensor | Critic:
        output: Tensor | Critic = self.D(x) if condition is None else self.D(x, condition)
        return output

    def _judge(
        self, real: Sample, fake: Sample, poor: Tensor | None, condition: Any, *, together: bool = True
    ) -> tuple[Any, Any, Any]:
        """Return what D says of real, fake and poor samples, in one pass where D allows it."""
        real, fake = self._seen(real, fake)
        sources = [x for x in (real, fake, poor) if x is not None]
        if together and self._joint_forward and condition is None and all(isinstance(x, Tensor) for x in sources):
            outputs = split_critic(self.D(torch.cat(sources)), [len(x) for x in sources])
        else:
            outputs = [self._critic(x, condition) for x in sources]
        return outputs[0], outputs[1], outputs[2] if poor is not None else None

    def _d_loss(self, real: Any, fake: Any, poor: Tensor | None, d_real: Any, d_fake: Any, d_poor: Any) -> Tensor:
        logits = {"d_real": logits_of(d_real).float(), "d_fake": logits_of(d_fake).float()}
        if poor is None:
            return self.loss.discriminator(**logits, real=real, fake=fake)
        logits["d_poor"] = logits_of(d_poor).float()
        return weighted_discriminator_loss(self.loss, self.weights, **logits, real=real, poor=poor, fake=fake)


def _descend(value: Tensor, params: list[nn.Parameter], optimizer: torch.optim.Optimizer) -> None:
    """Step ``optimizer`` down the gradient of ``value``, computed for ``params`` only, so nothing needs zeroing."""
    grads = torch.autograd.grad(value, params, allow_unused=True)
    average_across_processes([grad for grad in grads if grad is not None])
    for param, grad in zip(params, grads, strict=True):
        if grad is not None and grad.stride() != param.stride():  # fused optimizers read memory, not indices
            grad = torch.empty_like(param).copy_(grad)
        param.grad = grad
    optimizer.step()
