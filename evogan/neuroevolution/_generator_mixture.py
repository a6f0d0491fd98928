"""A mixture of generators, whose weights a (1+1) evolution strategy finds.

T. Schmiedlechner, I. Ng Zhi Yong, A. Al-Dujaili, E. Hemberg, U.-M. O'Reilly, "Lipizzaner: a system that scales robust
generative adversarial network training", NeurIPS 2018 workshop on systems for ML; arXiv 1811.12843.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan._internal.samples import map_parts
from evogan.training import Sample

Weights = NDArray[np.float64]


class GeneratorMixture(nn.Module):
    """Generators with weights: every sample is made by one of them, drawn by the weights with torch's chance.

    Args:
        generators: map latents (and a condition) to samples of one shape.
        weights: one for each, at least 0, of sum 1.

    Raises:
        ValueError: no generators, or weights that are not theirs.
    """

    weights: Tensor

    def __init__(self, generators: Sequence[nn.Module], weights: ArrayLike) -> None:
        super().__init__()
        if not len(generators):
            raise ValueError("generators must hold at least one network, got none")
        self.generators = nn.ModuleList(generators)
        self.register_buffer("weights", torch.from_numpy(check_weights(weights, len(generators))))

    def forward(self, latent: Tensor, condition: Any = None) -> Tensor:
        """Return a sample for every latent."""
        choice = torch.multinomial(self.weights, len(latent), replacement=True)
        rows = [torch.nonzero(choice == j).flatten() for j in range(len(self.generators))]
        parts = []
        for G, mine in zip(self.generators, rows, strict=True):
            if len(mine):
                given = () if condition is None else (map_parts(lambda part, r=mine: part[r], condition),)
                parts.append(G(latent[mine], *given))
        return torch.cat(parts)[torch.cat(rows).argsort()]


def check_weights(weights: ArrayLike, n: int, name: str = "weights") -> Weights:
    """Return weights ``(n,)`` as float64.

    Raises:
        ValueError: another number of them, a negative one, or a sum other than 1.
    """
    given = np.array(weights, dtype=np.float64)
    if given.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), one for every generator, got {given.shape}")
    if not (given >= 0.0).all() or abs(given.sum() - 1.0) > 1e-6:
        raise ValueError(f"{name} must be at least 0 and sum to 1, got {given.tolist()}")
    return given


def mixed(samples: Sequence[Sample], weights: ArrayLike) -> Sample:
    """Return ``n`` samples of a mixture, given ``n`` of each generator: a block of each, in proportion to its weight.

    The i-th sample is the i-th of its generator. The numbers differ by less than 1 from ``n`` times the weights, so
    two mixtures are compared without the noise of drawing.

    Example:
        >>> mixed([torch.zeros(4), torch.ones(4)], [0.25, 0.75])
        tensor([0., 1., 1., 1.])
    """
    shares = np.cumsum(check_weights(weights, len(samples)))

    def blocks(*parts: Tensor) -> Tensor:
        n = len(parts[0])
        cuts = [0, *np.rint(n * shares[:-1]).astype(int).tolist(), n]
        return torch.cat([part[first:last] for part, first, last in zip(parts, cuts[:-1], cuts[1:], strict=True)])

    mixture: Sample = map_parts(blocks, *samples)
    return mixture


def evolve_weights(
    weights: ArrayLike, score: Callable[[Weights], float], *, sd: float, n_steps: int, rng: np.random.Generator
) -> tuple[Weights, float]:
    """Return weights and their score after ``n_steps`` of a (1+1)-ES, which never accepts a lower score.

    A child is its parent plus normal noise, what is negative put to 0, divided by its sum. Scores that are not finite
    are the lowest.

    Args:
        weights: the first parent ``(n,)``, at least 0, of sum 1.
        score: of weights, the higher the better.
        sd: of the noise.
        n_steps: children made; 0 only scores.
        rng: draws the noise.
    """
    check_float(sd, "sd", low=0.0)
    check_int(n_steps, "n_steps")
    parent = check_weights(weights, np.size(weights))
    best = float(score(parent))
    for _ in range(n_steps if len(parent) > 1 else 0):
        child = np.maximum(parent + sd * rng.standard_normal(len(parent)), 0.0)
        if not child.any():
            continue
        child /= child.sum()
        value = float(score(child))
        if math.isfinite(value) and (value >= best or not math.isfinite(best)):
            parent, best = child, value
    return parent, best
