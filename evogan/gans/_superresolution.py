"""SRGAN: small images enlarged."""

from __future__ import annotations

from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from evogan._internal.checks import check_int
from evogan.gans._assemble import NormalPrior, Recipe, assemble
from evogan.gans._conditioned import TranslationSystem, check_images_wanted
from evogan.gans._terms import GeneratorWeight
from evogan.losses import NonSaturating, PerceptualContent
from evogan.nets import Networks, SuperResolver
from evogan.training import Adam


class SuperResolutionSystem(TranslationSystem):
    """A system made by :func:`srgan`; :meth:`translate` enlarges images of any size."""

    def to(self, device: torch.device) -> None:
        """Move everything, the network of the content loss included; before the first step only."""
        super().to(device)
        for term in self.trainer.auxiliaries:
            if isinstance(term, PerceptualContent):
                term.features.to(device)


def srgan(
    shape: tuple[int, ...],
    *,
    factor: int = 2,
    networks: Networks | None = None,
    width: int = 32,
    n_blocks: int = 4,
    adversarial: float = 1e-3,
    content: nn.Module | None = None,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=1e-4, optimizer=Adam((0.9, 0.999))),
) -> SuperResolutionSystem:
    """Make a network that enlarges images, from each real image and its means over ``factor`` x ``factor`` pixels.

    C. Ledig et al., "Photo-realistic single image super-resolution using a generative adversarial network", CVPR 2017,
    eq. 3-6: content loss + ``adversarial`` * mean of -log D.

    Departs from the paper: small images are area means (bicubic), a smaller generator (factor 4, width 64, 16 blocks)
    that is not trained on the content loss alone before, and the default discriminator for the shape.

    Args:
        shape: of one large image; its sides are divisible by ``factor``.
        factor: how many times longer the sides become, a power of two.
        networks: of the discriminator, which sees large images alone; None means the default for the shape.
        width: channels of the generator.
        n_blocks: the generator's residual blocks.
        adversarial: weight of the adversarial term.
        content: maps large images to the features whose mean squared difference is the content loss, e.g. layers of
            VGG (eq. 5); None compares pixels (eq. 4).
        recipe: how it is trained.
    """
    channels, height, side = check_images_wanted(shape, "srgan")
    if height % check_int(factor, "factor", low=2) or side % factor:
        raise ValueError(f"shape must have sides divisible by factor={factor}, got {height} x {side}")
    system = assemble(
        shape,
        networks,
        recipe,
        G=SuperResolver(channels, factor=factor, width=width, n_blocks=n_blocks),
        prior=NormalPrior(0),
        kind=SuperResolutionSystem,
        loss=GeneratorWeight(NonSaturating(), adversarial),
        auxiliaries=[PerceptualContent(nn.Identity() if content is None else content, weight=1.0)],
    )
    made = cast(SuperResolutionSystem, system)
    made.source = partial(F.avg_pool2d, kernel_size=factor)
    return made
