"""Terms beside the adversarial loss that look at what else the discriminator says, or at the networks themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from evogan._internal.checks import check_float, check_int, check_kind
from evogan.losses._base import AdversarialLoss
from evogan.losses._step import Step
from evogan.nets._critic import Critic


def _said(output: Tensor | Critic, field: str, by: object) -> Tensor:
    """Return a field of a critic, in float32 at least whatever autocast made of it."""
    value: Tensor | None = getattr(output, field) if isinstance(output, Critic) else None
    if value is None:
        got = f"a Critic without {field}" if isinstance(output, Critic) else f"a {type(output).__name__}"
        raise TypeError(f"{type(by).__name__} needs a discriminator that returns Critic(..., {field}=...), got {got}")
    return value.to(torch.promote_types(value.dtype, torch.float32))


@dataclass(frozen=True)
class AuxiliaryClassification:
    """The discriminator also tells classes, of real and of fake samples; the generator makes them easy to tell.

    A. Odena, C. Olah, J. Shlens, "Conditional image synthesis with auxiliary classifier GANs", ICML 2017, eq. 3.
    Needs labels as the steps' condition and a discriminator that returns ``Critic(classes=...)``.

    Raises:
        TypeError: the discriminator tells no classes, or the condition is no LongTensor of labels ``(n,)``.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        check_float(self.weight, "AuxiliaryClassification.weight", low=0.0)

    def discriminator(self, step: Step) -> Tensor:
        """Return weight * (cross-entropy of real + cross-entropy of fake samples)."""
        return self._cross_entropy(step.d_real, step.condition) + self.generator(step)

    def generator(self, step: Step) -> Tensor:
        """Return weight * cross-entropy of fake samples."""
        return self._cross_entropy(step.d_fake, step.condition)

    def _cross_entropy(self, output: Tensor | Critic, labels: Any) -> Tensor:
        if not isinstance(labels, Tensor) or labels.dtype != torch.int64 or labels.dim() != 1:
            got = f"{labels.dtype} {tuple(labels.shape)}" if isinstance(labels, Tensor) else repr(labels)
            raise TypeError(f"condition must be a LongTensor of labels (n,) for AuxiliaryClassification, got {got}")
        return self.weight * cross_entropy(_said(output, "classes", self), labels)


@dataclass(frozen=True)
class MutualInformation:
    """A part of the latent vector, the code, must be readable from the sample: a bound on mutual information.

    X. Chen et al., "InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets", NeurIPS 2016, eq. 5-6: both the generator and Q minimise -E log Q(code | sample), up to a constant. The
    code is the last columns of the latent vector: ``n_categories`` one-hot, then ``n_continuous``. Q's answer is
    ``Critic(code=...)``, ``(n, n_categories + n_continuous)``: logits, then means of normal distributions of unit
    variance, so that a continuous column costs half its squared error.

    Raises:
        TypeError: the discriminator tells no code.
        ValueError: the code that it tells, or the latent vector, has other columns; or latent vectors are unknown.
    """

    n_categories: int
    n_continuous: int = 0
    weight: float = 1.0
    continuous_weight: float = 0.1

    def __post_init__(self) -> None:
        check_int(self.n_categories, "MutualInformation.n_categories")
        check_int(self.n_continuous, "MutualInformation.n_continuous", low=0 if self.n_categories else 1)
        for name in ("weight", "continuous_weight"):
            check_float(getattr(self, name), f"MutualInformation.{name}", low=0.0)

    def discriminator(self, step: Step) -> Tensor:
        """Return the cost of reading the code; here it trains Q."""
        width = self.n_categories + self.n_continuous
        said, latent = _said(step.d_fake, "code", self), step.latent
        if said.shape[1:] != (width,) or not isinstance(latent, Tensor) or latent.dim() != 2 or latent.shape[1] < width:
            columns = tuple(latent.shape) if isinstance(latent, Tensor) else latent
            raise ValueError(
                f"MutualInformation needs a code (n, {width}) of the critic and at the end of the latent vectors, got "
                f"{tuple(said.shape)} and latent vectors {columns}"
            )
        code, n = latent[:, -width:].to(said.dtype), self.n_categories
        cost = 0.5 * self.continuous_weight * (said - code)[:, n:].square().sum(dim=1).mean()
        if n:
            cost = cost + self.weight * cross_entropy(said[:, :n], code[:, :n])
        return cost

    def generator(self, step: Step) -> Tensor:
        """Return the cost of reading the code; here it trains the generator."""
        return self.discriminator(step)


@dataclass(frozen=True)
class FeatureMatching:
    """The generator matches the mean of the discriminator's features: weight * ||E h(real) - E h(fake)||^2.

    T. Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, sec. 3.1. There it replaces the
    generator's loss: train with ``DiscriminatorOnly(NonSaturating())`` beside it. Needs ``Critic(features=...)``.

    Raises:
        TypeError: the discriminator tells no features.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        check_float(self.weight, "FeatureMatching.weight", low=0.0)

    def discriminator(self, step: Step) -> None:
        """Return None."""

    def generator(self, step: Step) -> Tensor:
        """Return weight * the squared distance of mean features."""
        of_real = _said(step.d_real, "features", self).detach().mean(dim=0)
        return self.weight * (of_real - _said(step.d_fake, "features", self).mean(dim=0)).square().sum()


@dataclass(frozen=True)
class DiscriminatorOnly:
    """``base`` for the discriminator and zero for the generator, which is left to auxiliary terms."""

    base: AdversarialLoss

    def __post_init__(self) -> None:
        check_kind(self.base, AdversarialLoss, "DiscriminatorOnly.base", "NonSaturating()")

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return the base's discriminator loss."""
        return self.base.discriminator(d_real, d_fake, real=real, fake=fake)

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Any, fake: Any) -> Tensor:
        """Return a zero that gradients can be taken of."""
        return 0 * d_fake.sum()


class HistoricalAveraging(nn.Module):
    """Each player pays for its distance from its own past: weight * ||theta - mean of past thetas||^2.

    T. Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, sec. 3.3. The mean counts the
    parameters as they are after each discriminator step; before the first there is no past and no cost.
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = check_float(weight, "HistoricalAveraging.weight", low=0.0)
        self._count = 0
        self._means: dict[str, list[Tensor]] = {"G": [], "D": []}

    def discriminator(self, step: Step) -> Tensor | None:
        """Return the discriminator's distance from its past; None where it has none."""
        return self._distance(step.D, self._means["D"])

    def generator(self, step: Step) -> Tensor | None:
        """Return the generator's distance from its past; None where it has none."""
        return self._distance(step.G, self._means["G"])

    @torch.no_grad()
    def update(self, step: Step) -> None:
        """Take the present parameters of both players into their means."""
        self._count += 1
        for player, net in (("G", step.G), ("D", step.D)):
            params = list(net.parameters())
            means = self._means[player] or params
            # New tensors each time: a state that was handed out stays as it was.
            self._means[player] = [torch.lerp(m.to(p), p, 1 / self._count) for m, p in zip(means, params, strict=True)]

    # Not buffers, for these must exist before a state is loaded, and nobody knows the networks' shapes so early.
    def get_extra_state(self) -> dict[str, Any]:
        """Return the number of past parameters and their means."""
        return {"count": self._count, "means": self._means.copy()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`get_extra_state` returned."""
        self._count, self._means = state["count"], state["means"].copy()

    def _distance(self, net: nn.Module, means: list[Tensor]) -> Tensor | None:
        if not means:
            return None
        params = zip(net.parameters(), means, strict=True)
        return self.weight * torch.stack([(p - mean.to(p)).square().sum() for p, mean in params]).sum()
