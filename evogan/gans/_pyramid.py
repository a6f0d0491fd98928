"""LAPGAN: a GAN of small images, and one for the details of every doubling."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.gans._assemble import Recipe, assemble
from evogan.gans._compound import CompoundSystem
from evogan.gans._conditioned import UniformPrior, check_images_wanted, shown_like, side_by_side
from evogan.losses import NonSaturating
from evogan.nets import LaplacianPyramid, LevelDiscriminator, LevelGenerator, MLPNetworks, Networks
from evogan.training import Batch, GANSystem, check_labels


class LevelSystem(GANSystem):
    """One level: generates the band that turns a coarse image, doubled in size, into an image of the level's shape."""

    def real(self, batch: Batch) -> Tensor:
        """Return the bands of the batch's images."""
        return LaplacianPyramid(1).decompose(batch.x)[0]

    def condition(self, batch: Batch) -> Tensor:
        """Return the images at half their size, doubled again."""
        return LaplacianPyramid.up(LaplacianPyramid.down(batch.x))

    def paint(self, G: nn.Module, latent: Tensor, condition: Any) -> Tensor:
        """Return images, not bands."""
        images: Tensor = condition + G(latent, condition)
        return images


class LAPGANSystem(CompoundSystem):
    """A system made by :func:`lapgan`; its parts are named after their size in pixels, the finest first."""

    def shown(self, batch: Batch) -> dict[str, Batch]:
        """Return the images at every size."""
        x, sizes = batch.x, {}
        for name, part in self.parts.items():
            x = x if x.shape[1:] == part.shape else LaplacianPyramid.down(x)
            sizes[name] = Batch(x)
        return sizes

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` images ``(n, *shape)``: the coarsest ones, with the bands of finer and finer levels.

        Raises:
            ValueError: labels, which this system does not know.
        """
        check_labels(labels, check_int(n, "n", low=1), 0)
        return self.stages(n, rng=rng)[-1]

    def stages(self, n: int, *, rng: np.random.Generator) -> list[Tensor]:
        """Return ``n`` images at every size on the way, the coarsest first."""
        *levels, coarse = self.parts.values()
        stages = [coarse.sample(n, rng=rng)]
        for level in reversed(levels):
            stages.append(level.generate(n, LaplacianPyramid.up(stages[-1]), rng=rng))
        return stages

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return the images on the way to as many samples as the batch has, each beside the next finer one."""
        stages = self.stages(len(batch.x), rng=rng)
        return side_by_side(*(shown_like(stage, stages[-1]) for stage in stages))


def lapgan(
    shape: tuple[int, ...],
    *,
    n_levels: int | None = None,
    networks: Networks | None = None,
    width: int = 32,
    recipe: Recipe = Recipe(),
) -> LAPGANSystem:
    """Make a Laplacian pyramid of GANs: small images first, then the details of each doubling, given the image so far.

    E. Denton, S. Chintala, A. Szlam, R. Fergus, "Deep generative image models using a Laplacian pyramid of adversarial
    networks", NeurIPS 2015, sec. 2.3, eq. 5, sec. 3.2: perceptrons for the coarsest images, three convolutions for
    each band, uniform noise as one more plane, levels trained independently. Without classes.

    Departs from the paper: images are halved by means of 2 x 2 pixels and doubled by repetition, without smoothing;
    leaky ReLU and Adam for dropout and momentum; 32 channels at every level (64 to 128).

    Args:
        shape: of one image; its sides can be halved ``n_levels`` times.
        n_levels: number of bands; None halves until a side is 8 pixels or less, once at least.
        networks: of the coarsest images; None means perceptrons with two hidden layers of 600.
        width: channels of the levels' convolutions.
        recipe: how every level is trained.
    """
    channels, height, side = check_images_wanted(shape, "lapgan")
    if n_levels is None:
        n_levels = max(1, (min(height, side) - 1).bit_length() - 3)
    block = 2 ** check_int(n_levels, "n_levels", low=1)
    if height % block or side % block:
        raise ValueError(f"shape must have sides divisible by {block} for n_levels={n_levels}, got {height} x {side}")
    sizes = [(channels, height // 2**k, side // 2**k) for k in range(n_levels + 1)]
    parts = [
        assemble(
            size,
            None,
            recipe,
            G=LevelGenerator(channels, width=width),
            D=LevelDiscriminator(channels, width=width),
            prior=UniformPrior(size[1] * size[2]),
            kind=LevelSystem,
            loss=NonSaturating(),
        )
        for size in sizes[:-1]
    ]
    nets = MLPNetworks(n_latent=100, hidden=(600, 600)) if networks is None else networks
    parts.append(assemble(sizes[-1], nets, recipe, prior=UniformPrior(nets.n_latent), loss=NonSaturating()))
    return LAPGANSystem({str(max(part.shape[1:])): part for part in parts}, shape=shape)
