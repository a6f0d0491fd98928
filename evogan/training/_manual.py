"""The trainer's two steps for small multilayer perceptrons, with hand-written gradients on the CPU.

Same mathematics, same parameters and optimizer states (shared memory, no copies) as
:class:`~evogan.training.AdversarialTrainer`, without autograd's bookkeeping, which dominates a small network's step.
Serves any stack of linear, batch-normalised, tanh / sigmoid / ReLU layers with a separable loss and no penalty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.optim.adam import adam as adam_step

from evogan.losses import Hinge, LeastSquares, Minimax, NonSaturating, SeparableLoss, Wasserstein
from evogan.training._manual_nets import Array, backward, forward, is_stack, layers_of, sigmoid
from evogan.training._trainer import AdversarialTrainer


def _softplus(x: Array) -> Array:
    return np.asarray(np.logaddexp(np.float32(0), x))


# Per loss: value and derivative per logit of its real, fake and generator terms.
Term = Callable[[Any, Array], tuple[Array, Array]]
_MINIMAX: tuple[Term, Term, Term] = (
    lambda _, d: (_softplus(-d), -sigmoid(-d)),
    lambda _, d: (_softplus(d), sigmoid(d)),
    lambda _, d: (-_softplus(d), -sigmoid(d)),
)
_TERMS: dict[type[SeparableLoss], tuple[Term, Term, Term]] = {
    Minimax: _MINIMAX,
    NonSaturating: (_MINIMAX[0], _MINIMAX[1], _MINIMAX[0]),
    LeastSquares: (
        lambda loss, d: (0.5 * (d - loss.b) ** 2, d - loss.b),
        lambda loss, d: (0.5 * (d - loss.a) ** 2, d - loss.a),
        lambda loss, d: (0.5 * (d - loss.c) ** 2, d - loss.c),
    ),
    Wasserstein: (
        lambda _, d: (-d, -np.ones_like(d)),
        lambda _, d: (d, np.ones_like(d)),
        lambda _, d: (-d, -np.ones_like(d)),
    ),
    Hinge: (
        lambda _, d: (np.maximum(1 - d, 0), -(d < 1).astype(np.float32)),
        lambda _, d: (np.maximum(1 + d, 0), (d > -1).astype(np.float32)),
        lambda _, d: (-d, -np.ones_like(d)),
    ),
}


class ManualSteps:
    """``d_step`` and ``g_step`` of ``trainer`` on NumPy batches; see :func:`supports`."""

    def __init__(self, trainer: AdversarialTrainer) -> None:
        self._trainer = trainer
        self._weights = trainer.weights
        self._G, self._D = layers_of(trainer.G), layers_of(trainer.D)
        self._step_G = _fused_step(trainer.optimizer_G)
        self._step_D = _fused_step(trainer.optimizer_D)
        self._loss = trainer.loss
        self._terms = _TERMS[type(trainer.loss)]  # type: ignore[index]

    def d_step(self, real: Array, latent: Array, poor: Array | None) -> float:
        """Update the discriminator once on samples generated from ``latent``; return its loss."""
        real_term, fake_term, _ = self._terms
        fake = forward(self._G, latent)
        sources = [(real, real_term, 1.0), (fake, fake_term, 1.0)]
        if poor is not None:
            w = self._weights
            sources = [(real, real_term, w.elite), (poor, fake_term, w.poor), (fake, fake_term, w.fake)]
        d = forward(self._D, np.concatenate([x for x, _, _ in sources]))
        value, first = 0.0, 0
        slope = np.empty_like(d)
        for x, term, weight in sources:
            rows = slice(first, first + len(x))
            values, slopes = term(self._loss, d[rows])
            value += weight * float(np.add.reduce(values, None)) / values.size
            slope[rows] = slopes * np.float32(weight / values.size)
            first += len(x)
        backward(self._D, slope, params=True)
        self._step_D()
        return value

    def g_step(self, latent: Array) -> float:
        """Update the generator once on samples from ``latent``; return its loss."""
        d = forward(self._D, forward(self._G, latent))
        values, slopes = self._terms[2](self._loss, d)
        grad = backward(self._D, slopes * np.float32(1 / d.size), params=False)
        backward(self._G, grad, params=True)
        self._step_G()
        return float(np.add.reduce(values, None)) / d.size


def supports(trainer: AdversarialTrainer) -> bool:
    """Tell whether :class:`ManualSteps` computes the same steps as ``trainer``."""
    return (
        type(trainer) is AdversarialTrainer
        and type(trainer.loss) in _TERMS
        and not trainer.regularizers
        and all(_is_fused_adam(o) for o in (trainer.optimizer_G, trainer.optimizer_D))
        and is_stack(trainer.G, norm=True)
        and is_stack(trainer.D, norm=False)
    )


def _is_fused_adam(optimizer: torch.optim.Optimizer) -> bool:
    if type(optimizer) is not torch.optim.Adam or len(optimizer.param_groups) != 1:
        return False
    group = optimizer.param_groups[0]
    if optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
        return False
    return bool(group["fused"]) and not any(group[k] for k in ("amsgrad", "maximize", "weight_decay"))


def _fused_step(optimizer: torch.optim.Optimizer) -> Callable[[], None]:
    """Return ``optimizer.step`` without its per-call bookkeeping, on the same state."""
    group = optimizer.param_groups[0]
    params = [p for p in group["params"] if p.grad is not None]
    for p in params:  # what Adam's own first step would create
        state = optimizer.state[p]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"] = torch.zeros_like(p)
            state["exp_avg_sq"] = torch.zeros_like(p)
    states = [optimizer.state[p] for p in params]
    weights = [p.detach() for p in params]
    grads = [p.grad for p in params if p.grad is not None]
    means, squares, counts = ([s[name] for s in states] for name in ("exp_avg", "exp_avg_sq", "step"))
    beta1, beta2 = group["betas"]
    settings = {"beta1": beta1, "beta2": beta2, "lr": group["lr"], "eps": group["eps"], "weight_decay": 0.0}

    def step() -> None:
        adam_step(weights, grads, means, squares, [], counts, amsgrad=False, maximize=False, fused=True, **settings)

    return step
