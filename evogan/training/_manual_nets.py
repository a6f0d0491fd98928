"""Multilayer perceptrons with hand-written gradients, as NumPy views of torch's parameters (no copies)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float32]


def sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5, dtype=np.float32)


# Activation and its derivative in terms of the activation's value.
_ACTIVATIONS: dict[type[nn.Module], tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    nn.Tanh: (np.tanh, lambda a: 1 - a * a),
    nn.Sigmoid: (sigmoid, lambda a: a * (1 - a)),
    nn.ReLU: (lambda h: np.maximum(h, 0), lambda a: (a > 0).astype(np.float32)),
}


def is_stack(net: nn.Module, *, norm: bool) -> bool:
    """Tell whether ``net`` is a CPU float32 stack of the layers known here."""
    if type(net) is not nn.Sequential or len(net) == 0 or not isinstance(net[0], nn.Linear):
        return False
    allowed = (nn.Linear, *_ACTIVATIONS, *((nn.BatchNorm1d,) if norm else ()))
    previous: type[nn.Module] = nn.Module
    for layer in net:
        kind = type(layer)
        if kind not in allowed or (kind is not nn.Linear and previous in _ACTIVATIONS):
            return False
        if kind is nn.BatchNorm1d and (previous is not nn.Linear or layer.momentum is None or not layer.affine):
            return False
        if kind is nn.BatchNorm1d and not (layer.track_running_stats and layer.training):
            return False
        previous = kind
    plain = all(p.requires_grad and p.device.type == "cpu" and p.dtype == torch.float32 for p in net.parameters())
    # Shared parameters sum their gradients; hooks (spectral_norm of old, weight_norm) change what a layer computes.
    shared = len(list(net.parameters())) < sum(len(list(layer.parameters())) for layer in net)
    hooks = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
    altered = any(hasattr(m, "parametrizations") or any(getattr(m, hook) for hook in hooks) for m in net.modules())
    return plain and not shared and not altered


class Layer:
    """A linear layer with its optional normalization and activation, as views of torch's memory."""

    def __init__(self, linear: nn.Linear) -> None:
        self.W, self.dW = _views(linear.weight)
        self.bias = None if linear.bias is None else _views(linear.bias)
        self.norm: nn.BatchNorm1d | None = None
        self.act: Callable[[Array], Array] | None = None
        self.slope: Callable[[Array], Array] | None = None

    def add(self, module: nn.Module) -> None:
        if isinstance(module, nn.BatchNorm1d):
            self.norm = module
            self.gamma, self.dgamma = _views(module.weight)
            self.beta, self.dbeta = _views(module.bias)
            self.running_mean = module.running_mean.numpy()  # type: ignore[union-attr]
            self.running_var = module.running_var.numpy()  # type: ignore[union-attr]
        else:
            self.act, self.slope = _ACTIVATIONS[type(module)]

    def forward(self, x: Array) -> Array:
        self.x = x
        h = x @ self.W.T
        if self.bias is not None:
            h += self.bias[0]
        if self.norm is not None:
            n, rate = np.float32(len(h)), np.float32(self.norm.momentum)
            mean = np.add.reduce(h, 0) / n
            h -= mean
            var = np.add.reduce(h * h, 0) / n
            self.inverse = 1 / np.sqrt(var + np.float32(self.norm.eps))
            h *= self.inverse
            self.normal = h
            self.running_mean += rate * (mean - self.running_mean)
            self.running_var += rate * (var * (n / (n - 1)) - self.running_var)
            h = h * self.gamma
            h += self.beta
        self.out = h if self.act is None else self.act(h)
        return self.out

    def backward(self, grad: Array, *, params: bool) -> Array:
        """Return the gradient before the linear map; with ``params`` also write the parameters' gradients."""
        if self.slope is not None:
            grad = grad * self.slope(self.out)
        if self.norm is not None:
            dgamma, dbeta = np.add.reduce(grad * self.normal, 0), np.add.reduce(grad, 0)
            if params:
                self.dgamma[...], self.dbeta[...] = dgamma, dbeta
            n = np.float32(len(grad))
            grad = (self.gamma * self.inverse) * (grad - dbeta / n - self.normal * (dgamma / n))
        if params:
            np.matmul(grad.T, self.x, out=self.dW)
            if self.bias is not None:
                np.add.reduce(grad, 0, out=self.bias[1])
        return grad


def _views(p: torch.Tensor) -> tuple[Array, Array]:
    """Return NumPy views of a parameter and of its gradient, which is made if it is missing."""
    if p.grad is None:
        p.grad = torch.zeros_like(p)
    return p.detach().numpy(), p.grad.numpy()


def layers_of(net: nn.Module) -> list[Layer]:
    layers: list[Layer] = []
    for module in cast(nn.Sequential, net):  # not children(), which skips a layer's second use
        if isinstance(module, nn.Linear):
            layers.append(Layer(module))
        else:
            layers[-1].add(module)
    return layers


def forward(layers: list[Layer], x: Array) -> Array:
    for layer in layers:
        x = layer.forward(x)
    return x


def backward(layers: list[Layer], grad: Array, *, params: bool) -> Array:
    """Propagate ``grad``; return it at the input, which only a pass without ``params`` needs."""
    for i, layer in reversed(list(enumerate(layers))):
        grad = layer.backward(grad, params=params)
        if i > 0 or not params:
            grad = grad @ layer.W
    return grad
