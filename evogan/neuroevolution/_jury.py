"""Several discriminators: a generator's loss against them, its fitness before them, and their logits.

S. Chen, W. Wang, B. Xia, X. You, Q. Peng, Z. Cao, W. Ding, "CDE-GAN: cooperative dual evolution-based generative
adversarial network", IEEE TEVC 25(5), 2021. The soft mean is that of I. Durugkar, I. Gemp, S. Mahadevan, "Generative
multi-adversarial networks", ICLR 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from evogan._internal.samples import parts_of
from evogan.losses import AdversarialLoss, SeparableLoss
from evogan.nets import logits_of
from evogan.neuroevolution._fitness import EGANFitness, Evaluation
from evogan.neuroevolution._individual import Individual, Workbench
from evogan.training import AdversarialTrainer, Sample


def soft_mean(values: Tensor, softness: float) -> Tensor:
    """Return the mean of ``values (n,)`` weighted by exp(softness * value): 0 is the plain mean, infinity the maximum.

    The weights are constants of the gradient. The greatest loss is that of the discriminator hardest to convince.

    Example:
        >>> soft_mean(torch.tensor([0.0, 4.0]), 0.0).item(), soft_mean(torch.tensor([0.0, 4.0]), 99.0).item()
        (2.0, 4.0)
    """
    weights = torch.softmax(softness * values.detach(), dim=0)
    return (weights * values).sum()


@dataclass(frozen=True, eq=False)
class SoftMechanism:
    """A generator's ``loss`` against several discriminators: the soft mean of what it is against each.

    Attributes:
        loss: against one of them.
        others: each returns a discriminator's logits of samples; those of the first discriminator are passed in.
        softness: of :func:`soft_mean`.
    """

    loss: AdversarialLoss
    others: Sequence[Callable[[Any], Tensor]]
    softness: float

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's part of ``loss``."""
        return self.loss.discriminator(d_real, d_fake, real=real, fake=fake)

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return the soft mean over all discriminators."""
        values = [self.loss.generator(d_real, d_fake, real=real, fake=fake)]
        for judge in self.others:
            of_fake = judge(fake)
            of_real = of_fake if isinstance(self.loss, SeparableLoss) else judge(real)
            values.append(self.loss.generator(of_real, of_fake, real=real, fake=fake))
        return soft_mean(torch.stack(values), self.softness)


@dataclass(frozen=True, eq=False)
class JuryFitness:
    """A generator's fitness before several discriminators: Fq averaged over them, Fd summed.

    Attributes:
        fitness: before one of them.
        discriminators: the jury; the first of them is on the bench before and after.
        bench: whose discriminator ``fitness`` asks.
    """

    fitness: EGANFitness
    discriminators: Sequence[Individual]
    bench: Workbench

    @property
    def parts(self) -> tuple[str, ...]:
        """Those before one discriminator."""
        return self.fitness.parts

    @property
    def weights(self) -> tuple[float, ...]:
        """Those before one discriminator."""
        return self.fitness.weights

    def __call__(self, evaluation: Evaluation, fake: Sample) -> Tensor:
        """Return mean Fq and sum Fd."""
        rows = []
        for j, D in enumerate(self.discriminators):
            self.bench.load_weights(D.weights)
            alone = evaluation.once(f"discriminator {j}", partial(_alone, evaluation))
            rows.append(self.fitness(alone, fake))
        self.bench.load_weights(self.discriminators[0].weights)
        quality, *diversity = torch.stack(rows).unbind(dim=1)
        return torch.stack([quality.mean(), *(part.sum() for part in diversity)])


def logits_of_individual(trainer: AdversarialTrainer, D: Individual, condition: Any, x: Sample) -> Tensor:
    """Return the logits of a discriminator that is not on the bench; what a pass moves in it is forgotten."""
    net, n_parameters = trainer.D, len(list(trainer.D.parameters()))
    names = [name for name, _ in (*net.named_parameters(), *net.named_buffers())]
    tensors = [*D.weights[:n_parameters], *(buffer.clone() for buffer in D.weights[n_parameters:])]
    device = parts_of(x)[0].device.type
    with torch.autocast(device, dtype=trainer.autocast, enabled=trainer.autocast is not None):
        given = (x,) if condition is None else (x, condition)
        return logits_of(functional_call(net, dict(zip(names, tensors, strict=True)), given)).float()


def _alone(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation that remembers nothing: what it remembers belongs to one discriminator."""
    return Evaluation(evaluation.trainer, evaluation.real, evaluation.latent, evaluation.condition)
