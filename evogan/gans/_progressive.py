"""Systems that grow from 4x4 pixels, and systems whose generator paints with styles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_float
from evogan.gans._assemble import NormalPrior, Recipe, assemble
from evogan.losses import NonSaturating, Wasserstein
from evogan.nets import (
    EqualizedLinear,
    GrowthSchedule,
    ProgressiveGenerator,
    ProgressiveTrunk,
    StyleGenerator,
    resize_real,
    style_trunk,
)
from evogan.regularizers import R1, DriftPenalty, GradientPenalty, Lazy
from evogan.training import Adam, Batch, GANSystem

_KARRAS = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.0, 0.99)))


def _critic(trunk: ProgressiveTrunk) -> nn.Sequential:
    return nn.Sequential(trunk, EqualizedLinear(trunk.n_features, 1, gain=1.0))


class GrowingSystem(GANSystem):
    """A system whose networks grow with the number of real images shown; samples are enlarged to the full size."""

    growth: GrowthSchedule
    images_shown = 0

    def real(self, batch: Batch) -> Tensor:
        """Return the batch at the networks' present resolution, and count it."""
        self.images_shown += len(batch.x)
        G: Any = self.trainer.G
        return resize_real(batch.x, G.resolution, G.alpha)

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Let both networks grow if it is time, then make the steps."""
        stage, alpha = self.growth.at(self.images_shown)
        for net in (self.trainer.G, self.trainer.D[0]):  # type: ignore[index]
            net.set_stage(stage, alpha)  # type: ignore[operator]
        return super().step(batches)

    def generate(self, n: int, condition: Any, *, rng: np.random.Generator) -> Tensor:
        """Return ``n`` samples of the full size, whatever the networks have grown to."""
        samples = super().generate(n, condition, rng=rng)
        return F.interpolate(samples, size=self.shape[1:], mode="nearest")

    def state_dict(self) -> dict[str, Any]:
        """Return the state, the number of images shown included."""
        return {**super().state_dict(), "images_shown": self.images_shown}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self.images_shown = state["images_shown"]


def pggan(
    shape: tuple[int, ...],
    *,
    n_latent: int = 128,
    width: int = 64,
    images_per_phase: int = 20_000,
    weight: float = 10.0,
    drift: float = 1e-3,
    recipe: Recipe = _KARRAS,
) -> GANSystem:
    """Make a progressively grown GAN for square images of 2^k pixels, from 4x4 up.

    T. Karras, T. Aila, S. Laine, J. Lehtinen, "Progressive growing of GANs for improved quality, stability, and
    variation", ICLR 2018, sec. 2-4, app. A.

    ``images_per_phase`` real images are shown before the next phase begins: train 4x4, fade 8x8 in, train 8x8 ...

    Departs from the paper: phases of 20 000 images (800 000), 64 feature maps (512), one batch size at all resolutions.
    """
    G = ProgressiveGenerator(shape, n_latent=n_latent, width=width)
    system = assemble(
        shape,
        None,
        recipe,
        G=G,
        D=_critic(ProgressiveTrunk(shape, width=width)),
        prior=NormalPrior(n_latent),
        loss=Wasserstein(),
        regularizers=[GradientPenalty(weight), DriftPenalty(drift)],
        kind=GrowingSystem,
    )
    system.growth = GrowthSchedule(images_per_phase, G.n_stages)  # type: ignore[attr-defined]
    return system


class StyleSystem(GANSystem):
    """A system whose samples are truncated: styles are drawn to their mean by the factor ``truncation``."""

    truncation: float | None = None

    def paint(self, G: nn.Module, latent: Tensor, condition: Any) -> Tensor:
        """Return the truncated samples of ``latent``."""
        images: Tensor = G(latent, truncation=self.truncation)
        return images


def stylegan(
    shape: tuple[int, ...],
    *,
    n_latent: int = 128,
    n_layers: int = 8,
    width: int = 64,
    mixing: float = 0.9,
    gamma: float = 10.0,
    every: int = 1,
    truncation: float | None = None,
    recipe: Recipe = _KARRAS,
) -> GANSystem:
    """Make a style-based GAN for square images of 2^k pixels, from 4x4 up.

    T. Karras, S. Laine, T. Aila, "A style-based generator architecture for generative adversarial networks",
    CVPR 2019, sec. 2-3, app. B-C: non-saturating loss with R1 of ``gamma``.

    ``every`` k-th step only pays R1, k times as much; ``truncation`` is psi of the samples, None for none (the paper
    shows .7 and measures without).

    Departs from the paper: trained at full size from the start, 64 feature maps and 128 latents (512).
    """
    if truncation is not None:
        check_float(truncation, "truncation")
    penalty = R1(gamma)
    system = assemble(
        shape,
        None,
        recipe,
        G=StyleGenerator(shape, n_latent=n_latent, n_style=n_latent, n_layers=n_layers, width=width, mixing=mixing),
        D=_critic(style_trunk(shape, width=width)),
        prior=NormalPrior(n_latent),
        loss=NonSaturating(),
        regularizers=[penalty if every == 1 else Lazy(penalty, every)],
        kind=StyleSystem,
    )
    system.truncation = truncation  # type: ignore[attr-defined]
    return system
