"""Terms that ask of the generator to resemble a target sample by sample, or to undo what its twin does."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from evogan._internal.checks import check_float, check_kind
from evogan._internal.samples import parts_of
from evogan.losses._pairwise import mean_l1
from evogan.losses._step import Step


@dataclass(frozen=True)
class _GeneratorTerm:
    """A weighted term of the generator's loss alone."""

    weight: float

    def __post_init__(self) -> None:
        check_float(self.weight, f"{type(self).__name__}.weight", low=0.0)

    def discriminator(self, step: Step) -> None:
        """Return None."""


@dataclass(frozen=True)
class L1Reconstruction(_GeneratorTerm):
    """The fake sample must equal the real one that belongs to its condition: ``weight * E |real - fake|``.

    P. Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017, eq. 3-4.

    Raises:
        ValueError: real and fake samples differ in shape.
    """

    weight: float = 100.0

    def generator(self, step: Step) -> Tensor:
        """Return weight * the mean absolute difference of fake and real samples."""
        _check_alike(step, self)
        return self.weight * mean_l1(step.fake, step.real).mean()


@dataclass(frozen=True)
class CycleConsistency(_GeneratorTerm):
    """There and back again is where one was: ``weight * (E |F(G(a)) - a| + E |G(F(b)) - b|)``.

    J.-Y. Zhu et al., "Unpaired image-to-image translation using cycle-consistent adversarial networks", ICCV 2017,
    eq. 2. The generator is a module with two parts, ``a_to_b`` (the paper's G) and ``b_to_a`` (F); samples are pairs:
    real ``(a, b)``, fake ``(b_to_a(b), a_to_b(a))``.

    Raises:
        TypeError: the generator lacks one of its parts, or samples are no pairs.
    """

    weight: float = 10.0

    def generator(self, step: Step) -> Tensor:
        """Return weight * the mean absolute differences of both cycles, added."""
        a_to_b, b_to_a = _translators(step, self)
        (a, b), (fake_a, fake_b) = step.real, step.fake
        return self.weight * (mean_l1(b_to_a(fake_b), a).mean() + mean_l1(a_to_b(fake_a), b).mean())


@dataclass(frozen=True)
class Identity(_GeneratorTerm):
    """What is already in the target domain stays as it is: ``weight * (E |G(b) - b| + E |F(a) - a|)``.

    Zhu et al., ICCV 2017, sec. 5.2, which gives it half the weight of :class:`CycleConsistency`; generator and
    samples as there.

    Raises:
        TypeError: the generator lacks one of its parts, or samples are no pairs.
    """

    weight: float = 5.0

    def generator(self, step: Step) -> Tensor:
        """Return weight * the mean absolute differences of both translations, added."""
        a_to_b, b_to_a = _translators(step, self)
        a, b = step.real
        return self.weight * (mean_l1(a_to_b(b), b).mean() + mean_l1(b_to_a(a), a).mean())


@dataclass(frozen=True)
class PerceptualContent(_GeneratorTerm):
    """Fake and real samples must agree in the features of a fixed network: weight * E (h(real) - h(fake))^2.

    C. Ledig et al., "Photo-realistic single image super-resolution using a generative adversarial network", CVPR
    2017, eq. 3 and 5, whose total is content + 1e-3 adversarial loss: hence the default weight of 1000.

    Args:
        features: maps samples to features of any shape. A frozen copy in evaluation mode is kept: the one given is
            left as it is.
        weight: of the mean over samples and features.

    Raises:
        ValueError: real and fake samples differ in shape.
    """

    features: nn.Module
    weight: float = field(default=1000.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_kind(self.features, nn.Module, "PerceptualContent.features", "nn.Conv2d(3, 8, 3)")
        object.__setattr__(self, "features", copy.deepcopy(self.features).requires_grad_(False).eval())

    def generator(self, step: Step) -> Tensor:
        """Return weight * the mean squared difference of features."""
        _check_alike(step, self)
        with torch.no_grad():
            of_real = self.features(step.real)
        return self.weight * mse_loss(self.features(step.fake), of_real)


def _check_alike(step: Step, by: object) -> None:
    real, fake = ([tuple(part.shape) for part in parts_of(x)] for x in (step.real, step.fake))
    if real != fake:
        raise ValueError(f"{type(by).__name__} needs fake samples shaped like real ones, got {fake} and {real}")


def _translators(step: Step, by: object) -> tuple[Any, Any]:
    """Return a_to_b and b_to_a of the generator."""
    owner = type(by).__name__
    if not (hasattr(step.G, "a_to_b") and hasattr(step.G, "b_to_a")):
        raise TypeError(f"{owner} needs a generator with parts a_to_b and b_to_a, got {type(step.G).__name__}")
    for name, sample in (("real", step.real), ("fake", step.fake)):
        if not isinstance(sample, tuple) or len(sample) != 2:
            raise TypeError(f"{owner} needs pairs (a, b) as {name} samples, got a {type(sample).__name__}")
    return step.G.a_to_b, step.G.b_to_a
