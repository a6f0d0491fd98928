"""Fitness of a generator: what siblings are judged on, and by what."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from evogan._internal.checks import check_bool, check_float, check_int
from evogan._internal.samples import evaluating
from evogan.losses import SeparableLoss
from evogan.metrics import mmd
from evogan.training import AdversarialTrainer, Sample

_LEAST_NORM = 1e-12  # below it a gradient counts as this long: its logarithm stays finite


@dataclass
class Evaluation:
    """What all candidates of a generation are judged on: the same real samples, latents and discriminator.

    Attributes:
        trainer: holds the discriminator; its generator is the candidate.
        real: samples ``(n, ...)`` that the discriminator has not just been trained on.
        latent: latents ``(n, ...)``, the same for every candidate, so that they differ by their weights alone.
        condition: what both networks are given beside their input, or None.
    """

    trainer: AdversarialTrainer
    real: Sample
    latent: Tensor
    condition: Any = None
    _shared: dict[str, Any] = field(default_factory=dict, repr=False)

    def fakes(self) -> Sample:
        """Return what the generator on the bench makes of the latents."""
        with evaluating(self.trainer.G):
            return self.trainer.generate(len(self.latent), self.condition, self.latent)[0]

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return what ``compute`` returned when it was first asked for under this name."""
        if name not in self._shared:
            self._shared[name] = compute()
        return self._shared[name]


class Fitness(Protocol):
    """Judges a candidate by parts, each the better the higher.

    Attributes:
        parts: their names.
        weights: what each counts in the sum that scalar selection compares.
    """

    @property
    def parts(self) -> tuple[str, ...]: ...

    @property
    def weights(self) -> tuple[float, ...]: ...

    def __call__(self, evaluation: Evaluation, fake: Sample) -> Tensor:
        """Return the parts ``(n_parts,)`` of the candidate that made ``fake``; the discriminator is in eval mode."""
        ...


@dataclass(frozen=True)
class EGANFitness:
    """Quality and diversity, F = Fq + gamma Fd: what the discriminator thinks, and how little it would have to change.

    Fq = E[D(G(z))]. Fd is minus the log of the length of the gradient of the discriminator's loss: a collapsed
    generator, on whose few samples the discriminator can gain much at once, makes it large.

    C. Wang, C. Xu, X. Yao, D. Tao, "Evolutionary generative adversarial networks", IEEE TEVC 23(6), 2019, eq. 6-8.

    Args:
        gamma: weight of the diversity, at least 0; with 0 it is not computed. The preprint prints none. Siblings on
            small nets differ about twenty times as much in Fd as in Fq, so .05 balances the two and 1 leaves Fd alone.
        squared: the logarithm of the squared norm, as in the authors' Theano programs: gamma counts twice.
    """

    gamma: float = 0.05
    squared: bool = False

    def __post_init__(self) -> None:
        check_float(self.gamma, "gamma", low=0.0)
        check_bool(self.squared, "squared")

    @property
    def parts(self) -> tuple[str, ...]:
        """Quality, and diversity where it counts."""
        return ("quality", "diversity") if self.gamma else ("quality",)

    @property
    def weights(self) -> tuple[float, ...]:
        """1 and gamma."""
        return (1.0, self.gamma) if self.gamma else (1.0,)

    def __call__(self, evaluation: Evaluation, fake: Sample) -> Tensor:
        """Return Fq and Fd."""
        with torch.set_grad_enabled(self.gamma > 0.0):
            d_fake = evaluation.trainer.logits(fake, evaluation.condition)
            quality = torch.sigmoid(d_fake.detach()).mean()  # eq. 6
            if not self.gamma:
                return quality[None]
            norm = self._gradient_norm(evaluation, fake, d_fake)
        diversity = -torch.log(norm.clamp_min(_LEAST_NORM)) * (2.0 if self.squared else 1.0)  # eq. 7
        return torch.stack([quality, diversity])

    def _gradient_norm(self, evaluation: Evaluation, fake: Sample, d_fake: Tensor) -> Tensor:
        trainer = evaluation.trainer
        loss = trainer.loss
        if not isinstance(loss, SeparableLoss):
            d_real = trainer.logits(evaluation.real, evaluation.condition)
            value = loss.discriminator(d_real, d_fake, real=evaluation.real, fake=fake)
            return _norm(_discriminator_gradient(trainer, value))
        # The real samples' half of the gradient is the same for all candidates.
        of_fake = _discriminator_gradient(trainer, loss.fake_term(d_fake).mean())
        of_real = evaluation.once("gradient of the real samples", lambda: self._real_gradient(evaluation, loss))
        return _norm(torch._foreach_add(of_fake, of_real))

    @staticmethod
    def _real_gradient(evaluation: Evaluation, loss: SeparableLoss) -> list[Tensor]:
        d_real = evaluation.trainer.logits(evaluation.real, evaluation.condition)
        return _discriminator_gradient(evaluation.trainer, loss.real_term(d_real).mean())


@dataclass(frozen=True)
class IEGANFitness:
    """E[D(G(z))] on raw logits, plus ``weight`` times the mean absolute difference of samples to shuffled ones.

    J. Li, J. Zhang, X. Gong, S. Lu, "Evolutionary generative adversarial networks with crossover based knowledge
    distillation", IJCNN 2021, and IE-GAN, arXiv 2109.11078, 2021: no real samples, no gradient.

    Args:
        weight: of the diversity; the authors' programs have .05 on CIFAR-10 and 1 on toys.
        n_shuffles: orders that samples are compared in.
    """

    weight: float = 0.05
    n_shuffles: int = 5

    def __post_init__(self) -> None:
        check_float(self.weight, "IEGANFitness.weight", low=0.0)
        check_int(self.n_shuffles, "IEGANFitness.n_shuffles", low=1)

    @property
    def parts(self) -> tuple[str, ...]:
        """Quality and diversity."""
        return ("quality", "diversity")

    @property
    def weights(self) -> tuple[float, ...]:
        """1 and ``weight``."""
        return (1.0, self.weight)

    def __call__(self, evaluation: Evaluation, fake: Sample) -> Tensor:
        """Return the mean logit and the mean absolute difference."""
        with torch.no_grad():
            quality = evaluation.trainer.logits(fake, evaluation.condition).mean()
        orders = evaluation.once(
            "orders", lambda: [torch.randperm(len(fake)).to(fake.device) for _ in range(self.n_shuffles)]
        )
        distances = [(fake - fake[order]).abs().mean() for order in orders]
        return torch.stack([quality, torch.stack(distances).mean()])


@dataclass(frozen=True, eq=False)
class FeatureFitness:
    """Minus a distance between features of real samples and of the candidate's; the discriminator has no say.

    Args:
        features: samples ``(n, ...)`` to an array ``(n, n_features)``, e.g. a
            :class:`~evogan.features.FeatureExtractor`; None compares the flattened samples.
        distance: of two arrays of features; None is the squared maximum mean discrepancy under Gaussian kernels of
            half, one and two median distances of the real samples.
        reference: real samples ``(n, ...)`` to compare with; None takes those of the evaluation.
    """

    features: Callable[[Tensor], Any] | None = None
    distance: Callable[[Any, Any], float] | None = None
    reference: Tensor | None = None

    parts = ("closeness",)
    weights = (1.0,)

    def __call__(self, evaluation: Evaluation, fake: Sample) -> Tensor:
        """Return minus the distance."""
        real, widths = evaluation.once("features", lambda: self._real(evaluation))
        made = self._features(fake)
        if not np.isfinite(made).all():
            return torch.full((1,), math.nan)
        distance = mmd(real, made, widths) if self.distance is None else self.distance(real, made)
        return torch.tensor([-float(distance)])

    def _real(self, evaluation: Evaluation) -> Any:
        real = self._features(evaluation.real if self.reference is None else self.reference)
        if self.distance is not None:
            return real, None
        differences = real[: len(real) // 2] - real[len(real) - len(real) // 2 :]
        median = float(np.median(np.linalg.norm(differences, axis=1)))
        return real, [max(median, 1e-6) * factor for factor in (0.5, 1.0, 2.0)]

    def _features(self, samples: Any) -> Any:
        if self.features is not None:
            return np.asarray(self.features(samples), dtype=np.float64)
        return samples.detach().cpu().flatten(1).numpy().astype(np.float64)


@dataclass(frozen=True, eq=False)
class CustomFitness:
    """A function of the candidate's samples ``(n, ...)`` that returns a number, the higher the better."""

    function: Callable[[Any], float]

    parts = ("score",)
    weights = (1.0,)

    def __call__(self, evaluation: Evaluation, fake: Sample) -> Tensor:
        """Return what the function says."""
        return torch.tensor([float(self.function(fake))])


@dataclass(frozen=True)
class NoFitness:
    """Zero for every candidate, without a look at its samples: for policies that make one child a parent."""

    parts = ("none",)
    weights = (0.0,)

    def __call__(self, evaluation: Evaluation, fake: Sample) -> Tensor:
        """Return zero."""
        return torch.zeros(1)


def _discriminator_gradient(trainer: AdversarialTrainer, value: Tensor) -> list[Tensor]:
    params = [p for p in trainer.D.parameters() if p.requires_grad]
    grads = torch.autograd.grad(value, params, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(params, grads, strict=True)]


def _norm(gradient: Sequence[Tensor]) -> Tensor:
    norm: Tensor = torch.stack(torch._foreach_norm(tuple(gradient))).norm()
    return norm
