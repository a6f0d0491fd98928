"""Layers of progressive growing: weights scaled at run time, feature vectors normalised in every pixel.

T. Karras, T. Aila, S. Laine, J. Lehtinen, "Progressive growing of GANs for improved quality, stability, and
variation", ICLR 2018, sections 4.1 and 4.2.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float, check_int


class _Equalized(nn.Module):
    """A weight drawn from N(0, 1) that is multiplied by ``scale`` = ``gain`` / sqrt(fan in) wherever it is used."""

    def __init__(self, *weight: int, bias: bool, gain: float, lr_multiplier: float) -> None:
        super().__init__()
        check_float(gain, "gain", low=0.0, low_open=True)
        self.lr_multiplier = check_float(lr_multiplier, "lr_multiplier", low=0.0, low_open=True)
        self.scale = gain / math.sqrt(math.prod(weight[1:])) * self.lr_multiplier
        # Divided here and multiplied in use: what the layer computes at first does not depend on the multiplier.
        self.weight = nn.Parameter(torch.randn(weight) / self.lr_multiplier)
        if check_bool(bias, "bias"):
            self.bias = nn.Parameter(torch.zeros(weight[0]))
        else:
            self.register_parameter("bias", None)

    def effective(self) -> tuple[Tensor, Tensor | None]:
        """Return weight and bias as they enter the layer's sum."""
        return self.weight * self.scale, None if self.bias is None else self.bias * self.lr_multiplier


class EqualizedLinear(_Equalized):
    """A linear layer with equalized learning rate: ``(n, n_in)`` to ``(n, n_out)``.

    Optimizers such as Adam move each stored weight by about the learning rate, whatever its scale. Stored weights of
    variance 1 and a scale applied at run time make the relative step of all layers the same.

    Args:
        n_in: columns of the input.
        n_out: columns of the output.
        bias: whether a bias (0 at first) is added.
        gain: sqrt(2) suits an input that (leaky) rectified layers read on, 1 a layer with a linear output.
        lr_multiplier: factor of the effective step size; the layer's function at first stays the same.
    """

    def __init__(
        self, n_in: int, n_out: int, *, bias: bool = True, gain: float = math.sqrt(2.0), lr_multiplier: float = 1.0
    ) -> None:
        n_in, n_out = check_int(n_in, "n_in", low=1), check_int(n_out, "n_out", low=1)
        super().__init__(n_out, n_in, bias=bias, gain=gain, lr_multiplier=lr_multiplier)

    def forward(self, x: Tensor) -> Tensor:
        """Return x W^T scale + b."""
        return F.linear(x, *self.effective())


class EqualizedConv2d(_Equalized):
    """A convolution of stride 1 with equalized learning rate; see :class:`EqualizedLinear` for the last arguments.

    Args:
        n_in: channels of the input ``(n, n_in, h, w)``.
        n_out: channels of the output.
        kernel_size: width and height of the kernel.
        padding: zeros on each side; None keeps height and width, which only odd kernels can.
        bias: whether a bias (0 at first) is added.
        gain: see :class:`EqualizedLinear`.
        lr_multiplier: see :class:`EqualizedLinear`.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel_size: int,
        *,
        padding: int | None = None,
        bias: bool = True,
        gain: float = math.sqrt(2.0),
        lr_multiplier: float = 1.0,
    ) -> None:
        n_in, n_out = check_int(n_in, "n_in", low=1), check_int(n_out, "n_out", low=1)
        size = check_int(kernel_size, "kernel_size", low=1)
        if padding is None and size % 2 == 0:
            raise ValueError(f"padding must be given for an even kernel_size: nothing keeps the size, got {size}")
        super().__init__(n_out, n_in, size, size, bias=bias, gain=gain, lr_multiplier=lr_multiplier)
        self.padding = size // 2 if padding is None else check_int(padding, "padding")

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of ``x`` with the scaled kernel."""
        return F.conv2d(x, *self.effective(), padding=self.padding)


class PixelNorm(nn.Module):
    """Divides the feature vector of every pixel (or the vectors of ``(n, d)``) by its root mean square; sec. 4.2.

    Example:
        >>> import torch
        >>> PixelNorm()(torch.tensor([[3.0, -3.0, 3.0]]))
        tensor([[ 1., -1.,  1.]])
    """

    def __init__(self, *, eps: float = 1e-8) -> None:
        super().__init__()
        self.eps = check_float(eps, "eps", low=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` with unit mean square along dimension 1."""
        return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + self.eps)
