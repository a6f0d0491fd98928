"""The seam between what is trained and how: an engine runs a block of steps of a trainer on drawn batches.

Every engine computes the same steps; later ones (stacked fits, CUDA graphs) take the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evogan.training._manual import ManualSteps, supports
from evogan.training._trainer import AdversarialTrainer

Engine = Callable[[AdversarialTrainer, Tensor, Tensor | None, Tensor, int], NDArray[np.float64]]
"""``(trainer, real, poor, latents, n_critic) -> losses``, with ``n`` generator steps in a block:

``real`` and ``poor`` are ``(n * n_critic, batch_size, n_var)``, ``latents`` ``(n, n_critic + 1, batch_size,
n_latent)``; ``losses`` ``(n, 2)`` holds the last discriminator's and the generator's loss of each step.
"""


def autograd_engine(
    trainer: AdversarialTrainer, real: Tensor, poor: Tensor | None, latents: Tensor, n_critic: int
) -> NDArray[np.float64]:
    """Run any trainer on any device; the host waits only at the end of the block."""
    draws: Iterator[Tensor] = iter(latents.flatten(0, 1).unbind(0))
    prior, trainer.prior = trainer.prior, lambda n: next(draws)[:n]
    losses: list[Tensor] = []
    try:
        for k in range(len(real)):
            d_loss = trainer.d_step(real[k], poor=None if poor is None else poor[k])
            if (k + 1) % n_critic == 0:
                losses += [d_loss, trainer.g_step(real[k])]
    finally:
        trainer.prior = prior
    return torch.stack(losses).view(-1, 2).cpu().numpy().astype(np.float64)


def manual_engine(
    trainer: AdversarialTrainer, real: Tensor, poor: Tensor | None, latents: Tensor, n_critic: int
) -> NDArray[np.float64]:
    """Run a small multilayer perceptron on the CPU with hand-written gradients."""
    steps = ManualSteps(trainer)
    elites, noise = real.numpy(), latents.numpy()
    poors = None if poor is None else poor.numpy()
    losses = np.empty((len(noise), 2))
    with np.errstate(over="ignore", invalid="ignore"):  # a diverging loss is reported by its value
        for step in range(len(noise)):
            for i in range(n_critic):
                k = step * n_critic + i
                losses[step, 0] = steps.d_step(elites[k], noise[step, i], None if poors is None else poors[k])
            losses[step, 1] = steps.g_step(noise[step, n_critic])
    return losses


def fastest_engine(trainer: AdversarialTrainer) -> Engine:
    """Return the fastest engine that computes this trainer's steps."""
    return manual_engine if supports(trainer) else autograd_engine
