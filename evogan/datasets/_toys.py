"""Points in the plane whose distribution is known, so that lost modes can be counted."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from evogan._internal.checks import check_float, check_int, check_rng
from evogan.datasets._dataset import Dataset


def ring(
    n: int = 10_000, *, n_modes: int = 8, radius: float = 2.0, sd: float = 0.02, rng: np.random.Generator
) -> Dataset:
    """Return points ``(n, 2)`` of ``n_modes`` equally likely Gaussians, evenly spaced on a circle from (radius, 0) on.

    The defaults are those of L. Metz et al., "Unrolled generative adversarial networks", ICLR 2017. Labels tell the
    mode that a point was drawn from.

    Example:
        >>> import numpy as np
        >>> data = ring(100, rng=np.random.default_rng(1))
        >>> data, data.sd, tuple(data.modes.shape)
        (Dataset('ring8', n=100, shape=(2,), n_classes=8), 0.02, (8, 2))
    """
    check_int(n_modes, "n_modes", low=1)
    check_float(radius, "radius", low=0.0, low_open=True)
    angle = 2 * np.pi * np.arange(n_modes) / n_modes
    return _mixture(f"ring{n_modes}", radius * np.column_stack([np.cos(angle), np.sin(angle)]), n, sd, rng)


def grid(
    n: int = 10_000, *, side: int = 5, spacing: float = 2.0, sd: float = 0.05, rng: np.random.Generator
) -> Dataset:
    """Return points ``(n, 2)`` of side x side equally likely Gaussians on a square grid around the origin.

    The defaults, 25 Gaussians with centres from -4 to 4, are those of Z. Lin et al., "PacGAN: the power of two samples
    in generative adversarial networks", NeurIPS 2018. Labels tell the mode that a point was drawn from.
    """
    check_int(side, "side", low=1)
    check_float(spacing, "spacing", low=0.0, low_open=True)
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return _mixture(f"grid{side**2}", np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), n, sd, rng)


def swiss_roll(n: int = 10_000, *, noise: float = 0.03, rng: np.random.Generator) -> Dataset:
    """Return points ``(n, 2)`` on the spiral t (cos t, sin t) / 7.5, t uniform in [1.5 pi, 4.5 pi]; no labels.

    One of the toy sets of I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017.

    Args:
        n: number of points.
        noise: standard deviation of the Gaussian added to each coordinate; the spiral reaches out to 1.9.
        rng: the source of chance.
    """
    check_int(n, "n", low=1)
    check_float(noise, "noise", low=0.0)
    t = check_rng(rng).uniform(1.5 * np.pi, 4.5 * np.pi, n)
    x = (t / 7.5)[:, None] * np.column_stack([np.cos(t), np.sin(t)]) + noise * rng.standard_normal((n, 2))
    return Dataset("swiss-roll", torch.from_numpy(x).float())


def _mixture(name: str, modes: NDArray[np.float64], n: int, sd: float, rng: np.random.Generator) -> Dataset:
    check_int(n, "n", low=1)
    check_float(sd, "sd", low=0.0)
    y = check_rng(rng).integers(len(modes), size=n)
    x = torch.from_numpy(modes[y] + sd * rng.standard_normal((n, 2))).float()
    return Dataset(name, x, torch.from_numpy(y), len(modes), torch.from_numpy(modes).float(), sd)
