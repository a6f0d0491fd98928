"""Image-to-image translation that learns from pairs of images."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from evogan.gans._assemble import NormalPrior, Recipe, assemble
from evogan.gans._conditioned import Images, TranslationSystem, check_images_wanted, shape_through
from evogan.losses import L1Reconstruction, NonSaturating
from evogan.nets import PatchDiscriminator, UNet


def sobel_edges(x: Tensor) -> Tensor:
    """Return how steep the grey levels of images ``(n, c, h, w)`` are, ``(n, 1, h, w)`` in [-1, 1].

    The magnitude of Sobel's gradient, by which flat areas are -1 and a straight step from black to white is 1.

    Example:
        >>> sobel_edges(torch.tensor([-1.0, -1.0, 1.0, 1.0]).expand(1, 1, 4, 4))[0, 0, 0].tolist()
        [-1.0, 1.0, 1.0, -1.0]
    """
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], device=x.device) / 8
    grey = F.pad(x.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    gradient = F.conv2d(grey, torch.stack([across, across.T])[:, None])
    return (2 * gradient.square().sum(dim=1, keepdim=True).sqrt() - 1).clamp(max=1.0)


def pix2pix(
    shape: tuple[int, ...],
    *,
    source: Images = sobel_edges,
    width: int = 32,
    weight: float = 100.0,
    recipe: Recipe = Recipe(),
) -> TranslationSystem:
    """Make a translator of images that learns from pairs: here of each real image and what ``source`` makes of it.

    P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-image translation with conditional adversarial networks",
    CVPR 2017, eq. 3-4, sec. 3.2-3.3: a U-Net whose noise is dropout, a discriminator of patches that sees the source
    too, an L1 term of ``weight``. Square images of a size that is a power of two from 8 on.

    Departs from the paper: patches are of 70 pixels from 24-pixel images on, and smaller below; 32 channels (64), and
    batches of any size. The discriminator's loss is not halved, which Adam would undo.

    Args:
        shape: of one real image.
        source: maps real images ``(n, c, h, w)`` to source images ``(n, c', h, w)``.
        width: channels of the first layer of both networks.
        weight: lambda of eq. 4.
        recipe: how it is trained.
    """
    channels, height, side = check_images_wanted(shape, "pix2pix")
    of_source = shape_through(source, shape, "source", "sobel_edges")
    if of_source[1:] != (height, side):
        raise ValueError(f"source must keep the size of images, {height} x {side}, got samples of shape {of_source}")
    if height != side:
        raise ValueError(f"shape must have a square size for pix2pix, got {height} x {side}")
    system = assemble(
        shape,
        None,
        recipe,
        G=UNet(of_source[0], channels, size=side, width=width),
        D=PatchDiscriminator(channels + of_source[0], width=width, n_layers=patch_layers(side)),
        prior=NormalPrior(0),
        kind=TranslationSystem,
        loss=NonSaturating(),
        auxiliaries=[L1Reconstruction(weight)],
    )
    made = cast(TranslationSystem, system)
    made.source = source
    return made


def patch_layers(side: int) -> int:
    """Return the strided layers of a patch discriminator of images of ``side`` pixels: 3, or as many as fit."""
    return max(1, min(3, (side // 3).bit_length() - 1))
