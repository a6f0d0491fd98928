"""Spectral normalization, and the scale of data that it needs."""

from __future__ import annotations

from typing import Any, TypeVar

from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import _SpectralNorm, spectral_norm

from evogan._internal.checks import check_float, check_int
from evogan._internal.samples import map_parts

Net = TypeVar("Net", bound=nn.Module)

LINEAR_LAYERS = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
"""Layers that multiply by a weight matrix: rows (filters) times inputs."""


def spectral_normalize(net: Net, *, n_power_iterations: int = 1) -> Net:
    """Divide the weight of every linear, convolution and embedding layer of ``net`` by its largest singular value.

    T. Miyato et al., "Spectral normalization for generative adversarial networks", ICLR 2018, algorithm 1. ``net``
    is changed in place and returned; layers normalised already stay as they are. The parameters stay the same
    objects under other names; torch copies such a net and saves its state, but does not pickle it whole. The singular
    value of a convolution is that of its weight flattened to ``(out, in * k * k)``, as in the paper.

    In training mode every forward pass runs ``n_power_iterations`` and so changes the weights a little: compare
    networks (the fitness of an evolved generator, say) in ``eval()`` mode. A critic of slope 1 tells small data
    apart by small logits only: see :class:`Scaled`.

    Example:
        >>> import torch
        >>> net = spectral_normalize(nn.Linear(20, 10)).eval()
        >>> round(torch.linalg.matrix_norm(net.weight, 2).item(), 1)
        1.0
    """
    check_int(n_power_iterations, "n_power_iterations", low=1)
    for layer in list(net.modules()):
        if isinstance(layer, (*LINEAR_LAYERS, nn.Embedding)) and not _is_normalized(layer):
            spectral_norm(layer, n_power_iterations=n_power_iterations)
    return net


def stored_weight(layer: Any) -> Tensor:
    """Return the weight that an optimizer moves, before its parametrization where there is one."""
    weight: Tensor | None = None
    if parametrize.is_parametrized(layer, "weight"):
        # Parametrizations with several originals (weight normalization) have no such weight.
        weight = getattr(layer.parametrizations["weight"], "original", None)
    return layer.weight if weight is None else weight


def _is_normalized(layer: Any) -> bool:
    if not parametrize.is_parametrized(layer, "weight"):
        return False
    return any(isinstance(step, _SpectralNorm) for step in layer.parametrizations["weight"])


class Scaled(nn.Module):
    """Show ``net`` factor * (x - center) in place of x, so that a critic of slope 1 has slope ``factor`` in x.

    A spectrally normalised critic tells samples apart by no more than their distance. On data of small spread its
    logits hardly differ, and its first layer sees little beside its own biases. The rule: ``factor = 15 / sd`` and
    ``center`` = mean, both of a typical entry of the data, so about ``factor=80, center=0.5`` for solutions that fill
    the unit box. It was measured in two variables; image critics go without in the paper.

    Measured on 8 Gaussians on a ring (critic 2-128-128-1 with leaky units, hinge loss, Adam at 1e-3 with betas .5
    and .9, 2500 steps of 256): modes that hold at least 1 % of the samples within a tenth of the radius, seeds 0 and 1.

    =============================  ===================  ================  ======================
    data                           factor               sd after scaling  modes of 8
    =============================  ===================  ================  ======================
    radius 2 around 0 (sd 1.4)     1                    1.4               0, 0
    the same                       3                    4.2               8, 0
    the same                       5, 10, 20, 30        7 to 42           8, 8 each
    the same                       100                  141               7, 8
    in the unit box (sd .18)       1; 8                 .2; 1.4           0, 0; 1, 1
    the same, centred              24; 40               4.2; 7            1, 1; 0, 8
    the same, centred              60, 80, 120, 240     11 to 42          8, 8 each
    the same, not centred          80; 240              14; 42            7, 8; 8, 2
    =============================  ===================  ================  ======================

    At 2e-4 with betas 0 and .9 the rule's factors cover 8, 8 on both, the ring does without (8, 8), the centred box
    does not (3, 5 at 1; 8, 2 at 24), and an sd of 42 is too much (7, 7; 7, 5). Multiplying the logits in place of the
    inputs serves the ring (8, 8 at 3 to 100), but not the box (at most 2 modes at 8 to 800, centred or not).

    Args:
        net: called with the scaled samples, and with the condition where there is one.
        factor: above 0.
        center: subtracted from every entry before.

    Example:
        >>> D = Scaled(spectral_normalize(nn.Linear(2, 1)), factor=80.0, center=0.5)  # solutions in the unit box
    """

    def __init__(self, net: nn.Module, factor: float, *, center: float = 0.0) -> None:
        super().__init__()
        self.net = net
        self.factor = check_float(factor, "Scaled.factor", low=0.0, low_open=True)
        self.center = check_float(center, "Scaled.center")

    def forward(self, x: Any, *condition: Any) -> Any:
        """Return what ``net`` makes of the scaled samples."""
        return self.net(map_parts(self._scale, x), *condition)

    def _scale(self, part: Tensor) -> Tensor:
        return self.factor * (part - self.center)
