"""CoGAN: pairs of samples of two domains, learned from each domain alone."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.gans._assemble import NormalPrior, Recipe, assemble
from evogan.gans._conditioned import Images, check_domain, invert, side_by_side, unpaired
from evogan.losses import NonSaturating
from evogan.nets import (
    CoupledDiscriminator,
    CoupledGenerator,
    DCGANNetworks,
    MLPNetworks,
)
from evogan.training import Batch, GANSystem, check_labels


class CoupledSystem(GANSystem):
    """A system made by :func:`cogan`; :meth:`sample` is of the data's domain, :meth:`pairs` of both."""

    other: Images

    def real(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return one half of the batch, and the other half in the second domain."""
        return unpaired(batch.x, self.other)

    def paint(self, G: nn.Module, latent: Tensor, condition: Any) -> Tensor:
        """Return pairs ``(n, 2, *shape)``."""
        return torch.stack(G(latent), dim=1)

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return the first members ``(n, *shape)`` of :meth:`pairs`.

        Raises:
            ValueError: labels, which this system does not know.
        """
        check_labels(labels, check_int(n, "n", low=1), self.n_classes)
        return self.pairs(n, rng=rng)[0]

    def pairs(self, n: int, *, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return ``n`` samples of either domain, each ``(n, *shape)``; a row of both shares its latent vector."""
        x_a, x_b = self.generate(check_int(n, "n", low=1), None, rng=rng).unbind(dim=1)
        return x_a, x_b

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return both members of each pair in turn."""
        return side_by_side(*self.pairs(len(batch.x), rng=rng))


def cogan(
    shape: tuple[int, ...],
    *,
    other: Images = invert,
    networks: MLPNetworks | DCGANNetworks | None = None,
    recipe: Recipe = Recipe(),
) -> CoupledSystem:
    """Make coupled GANs: one latent vector makes a pair of samples, though no pairs are known.

    M.-Y. Liu, O. Tuzel, "Coupled generative adversarial networks", NeurIPS 2016, sec. 3: the generators share
    all layers but the last, the discriminators all but the first. The first domain is the data, the second ``other`` of
    the data; a batch's first half stands for one, its second half for the other, so no sample is seen in both.

    Departs from the paper: discriminators without normalization, whose shared layers are given one domain at a time.

    Args:
        shape: of one sample of either domain.
        other: maps samples to the other domain.
        networks: sizes of the layers; None means convolutions for images, perceptrons for vectors. Perceptrons tie the
            domains less: on digits and their negatives theirs show the same digit no more often than by chance.
        recipe: how it is trained.
    """
    check_domain(other, shape)
    nets = networks or (MLPNetworks(n_latent=16) if len(shape) == 1 else DCGANNetworks())
    if not isinstance(nets, MLPNetworks | DCGANNetworks):
        raise TypeError(f"networks must be an object such as MLPNetworks() or DCGANNetworks(), got {networks!r}")
    sizes: dict[str, Any] = {"hidden": nets.hidden} if isinstance(nets, MLPNetworks) else {"width": nets.width}
    system = assemble(
        shape,
        nets,
        recipe,
        G=CoupledGenerator(shape, n_latent=nets.n_latent, **sizes),
        D=CoupledDiscriminator(shape, **sizes),
        prior=NormalPrior(nets.n_latent),
        kind=CoupledSystem,
        loss=NonSaturating(),
    )
    made = cast(CoupledSystem, system)
    made.other = other
    return made
