"""CycleGAN: image-to-image translation without pairs of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from evogan._internal.checks import check_rng
from evogan._internal.samples import evaluating
from evogan.gans._assemble import NormalPrior, Recipe, assemble
from evogan.gans._conditioned import (
    Images,
    SourcedSystem,
    check_domain,
    invert,
    side_by_side,
    unpaired,
)
from evogan.gans._pool import PooledTrainer
from evogan.gans._terms import GeneratorWeight
from evogan.gans._translation import patch_layers
from evogan.losses import CycleConsistency, Identity, LeastSquares
from evogan.nets import (
    Discriminator,
    DiscriminatorPair,
    PatchDiscriminator,
    ResnetTranslator,
    TranslatorPair,
    mlp,
    mlp_trunk,
)
from evogan.training import Batch

_CHUNK = 500  # samples translated at once: bounds memory


class CycleGANSystem(SourcedSystem):
    """A system made by :func:`cyclegan`: domain a is the data's, domain b is what ``other`` makes of it.

    :meth:`sample` and :meth:`translate` go from b to a, so that samples are like the data.
    """

    other: Images

    def real(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return one half of the batch, and the other half in domain b."""
        return unpaired(batch.x, self.other)

    def condition(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the same two halves, and remember the first samples of domain b."""
        a, b = self.real(batch)
        self.remember(b)
        return a, b

    def a_to_b(self, a: Tensor) -> Tensor:
        """Return samples ``(n, *shape)`` of domain a as they look in domain b."""
        return self._through(self.generator.a_to_b, a)

    def b_to_a(self, b: Tensor) -> Tensor:
        """Return samples ``(n, *shape)`` of domain b as they look in domain a."""
        return self._through(self.generator.b_to_a, b)

    def translate(self, source: Tensor, *, rng: np.random.Generator) -> Tensor:
        """Return :meth:`b_to_a`; nothing is random about it."""
        check_rng(rng)
        return self.b_to_a(source)

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return sample, translation and the way back in turn, from domain a and from b; vectors: from b to a alone."""
        a, b = self.real(batch)
        if len(self.shape) == 1:
            return self.b_to_a(b)
        there = torch.cat([self.a_to_b(a), self.b_to_a(b)])
        back = torch.cat([self.b_to_a(there[: len(a)]), self.a_to_b(there[len(a) :])])
        order = torch.arange(2 * len(a)).view(2, -1).T.flatten()  # a, b, a, b ...
        return side_by_side(torch.cat([a, b])[order], there[order], back[order])

    def _through(self, net: Any, x: Tensor) -> Tensor:
        with evaluating(net):
            return torch.cat([net(part) for part in x.to(self.device).split(_CHUNK)])


def cyclegan(
    shape: tuple[int, ...],
    *,
    other: Images = invert,
    width: int = 32,
    n_blocks: int = 3,
    hidden: Sequence[int] = (128, 128),
    weight: float = 10.0,
    identity: float = 5.0,
    pool: int = 50,
    recipe: Recipe = Recipe(),
) -> CycleGANSystem:
    """Make two translators between domains of which no pairs are known, each undoing what the other does.

    J.-Y. Zhu, T. Park, P. Isola, A. A. Efros, "Unpaired image-to-image translation using cycle-consistent adversarial
    networks", ICCV 2017, eq. 1-3 with the least squares of sec. 4, identity loss of sec. 5.2. Domain a is the data, b
    is ``other`` of the data; a batch's first half stands for a, its second half for b, so no sample is seen in both.

    Departs from the paper: 32 channels (64) and 3 residual blocks (6 or 9), patches below 70 pixels for images below 24
    pixels, batches of any size, learning rates that stay unless ``recipe`` has a schedule.

    Args:
        shape: of one sample of either domain; sides of images are divisible by 4 and at least 8.
        other: maps samples to the other domain; the same samples always to the same.
        width: channels of the first layer of all networks of images.
        n_blocks: residual blocks of the translators of images.
        hidden: widths of the layers of all networks of vectors.
        weight: of the cycle's L1 terms, the paper's lambda.
        identity: of the identity terms; 0 leaves them out.
        pool: past fakes that each discriminator is shown among new ones.
        recipe: how it is trained.
    """
    check_domain(other, shape)
    terms = [CycleConsistency(weight), *([Identity(identity)] if identity else [])]
    system = assemble(
        shape,
        None,
        recipe,
        G=TranslatorPair(*(_translator(shape, width, n_blocks, hidden) for _ in range(2))),
        D=DiscriminatorPair(*(_judge(shape, width, hidden) for _ in range(2))),
        prior=NormalPrior(0),
        kind=CycleGANSystem,
        trainer=PooledTrainer,
        pool=pool,
        # LeastSquares halves, and the mean over both domains' patches halves again: 4 times that is eq. 3's sum.
        loss=GeneratorWeight(LeastSquares(), 4.0),
        auxiliaries=terms,
    )
    made = cast(CycleGANSystem, system)
    made.other = other
    return made


def _translator(shape: tuple[int, ...], width: int, n_blocks: int, hidden: Sequence[int]) -> nn.Module:
    if len(shape) == 1:
        return mlp([shape[0], *hidden, shape[0]], activation=nn.ReLU)
    return ResnetTranslator(shape[0], width=width, n_blocks=n_blocks)


def _judge(shape: tuple[int, ...], width: int, hidden: Sequence[int]) -> nn.Module:
    if len(shape) == 1:
        return Discriminator(mlp_trunk(shape, hidden=hidden))
    return PatchDiscriminator(shape[0], width=width, n_layers=patch_layers(min(shape[1:])))
