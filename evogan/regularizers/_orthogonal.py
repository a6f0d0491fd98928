"""Orthogonal regularization without its diagonal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float
from evogan.losses._step import Step
from evogan.regularizers._spectral import LINEAR_LAYERS, stored_weight


@dataclass(frozen=True)
class OrthogonalRegularization:
    """How far the filters of each layer are from orthogonal, whatever their lengths.

    A. Brock, J. Donahue, K. Simonyan, "Large scale GAN training for high fidelity natural image synthesis", ICLR
    2019, eq. 3: weight * sum over layers of ||W W^T * (1 - I)||_F^2. W is ``(out, inputs)``, a convolution's weight
    flattened to one row per filter, so the Gram matrix is that of the filters. Only linear and convolution layers
    are counted: no embeddings, biases or gains; of spectrally normalised layers, as in the authors' code, the weight
    before it is normalised. An auxiliary of the trainer; the paper applies it to the generator.
    """

    weight: float = 1e-4
    of_G: bool = True
    of_D: bool = False

    def __post_init__(self) -> None:
        check_float(self.weight, "OrthogonalRegularization.weight", low=0.0)
        check_bool(self.of_G, "OrthogonalRegularization.of_G")
        check_bool(self.of_D, "OrthogonalRegularization.of_D")

    def discriminator(self, step: Step) -> Tensor | None:
        """Return the term of the discriminator's weights, None unless ``of_D``."""
        return self._term(step.D) if self.of_D else None

    def generator(self, step: Step) -> Tensor | None:
        """Return the term of the generator's weights, None unless ``of_G``."""
        return self._term(step.G) if self.of_G else None

    def _term(self, net: nn.Module) -> Tensor | None:
        terms = [_off_diagonal(_filters(layer)) for layer in net.modules() if isinstance(layer, LINEAR_LAYERS)]
        return self.weight * torch.stack(terms).sum() if terms else None


def _filters(layer: Any) -> Tensor:
    """Return the weight of a layer as ``(out, inputs)``."""
    weight = stored_weight(layer)
    if getattr(layer, "transposed", False):  # (in, out / groups, ...): outputs first, group by group
        weight = weight.reshape(layer.groups, -1, *weight.shape[1:]).transpose(1, 2).flatten(0, 1)
    return weight.flatten(1)


def _off_diagonal(filters: Tensor) -> Tensor:
    """Return the sum of squared inner products of different rows."""
    gram = filters @ filters.T
    return (gram - gram.diag().diag()).square().sum()
