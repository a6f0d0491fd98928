"""The two networks of :class:`~evogan.models.MToPGAN` with hand-written gradients in NumPy.

They are so small that autograd's bookkeeping would double the time of a step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_ONE, _SLOPE, _EPS = np.float32(1), np.float32(0.5), np.float32(1e-5)
_REAL, _FAKE = 0, 1


class _Layer(NamedTuple):
    """Fully connected, leaky ReLU of slope 1/2, an optional mask, batch normalization."""

    W: Array
    b: Array
    scale: Array
    offset: Array


class _Tape(NamedTuple):
    """What the backward pass of a layer needs."""

    x: Array
    slope: Array
    normal: Array
    inverse: Array

    def source(self, k: int) -> _Tape:
        return _Tape(*(part[k] for part in self))


class Players:
    """Generator and discriminator of one width, as views of one vector of parameters, the generator's first.

    Args:
        width: numbers in a sample, and of neurons in every layer.
        theta: parameters, float32; they are looked at where they are.
    """

    def __init__(self, width: int, theta: Array) -> None:
        w = width
        layer: list[tuple[int, ...]] = [(w, w), (w,), (w,), (w,)]
        shapes = [*layer, *layer, (w, w), (w,), *layer, (1, w), (1,)]
        ends = np.cumsum([np.prod(shape) for shape in shapes])
        views = [part.reshape(shape) for part, shape in zip(np.split(theta, ends[:-1]), shapes, strict=True)]
        self.G1, self.G2, (self.G3, self.g3) = _Layer(*views[:4]), _Layer(*views[4:8]), views[8:10]
        self.D1, (self.D2, self.d2) = _Layer(*views[10:14]), views[14:]
        self.n_generator = int(ends[9])

    @staticmethod
    def draw(width: int, rng: np.random.Generator) -> Array:
        """Return initial parameters: weights N(0, 0.03^2) in the first layers, N(0, 0.06^2) elsewhere, biases 0."""
        theta = np.zeros(4 * width * width + 11 * width + 1, dtype=np.float32)
        players = Players(width, theta)
        for W, sigma in ((players.G1.W, 0.03), (players.G2.W, 0.06), (players.G3, 0.06)):
            W[:] = np.float32(sigma) * rng.standard_normal(W.shape, dtype=np.float32)
        for W, sigma in ((players.D1.W, 0.03), (players.D2, 0.06)):
            W[:] = np.float32(sigma) * rng.standard_normal(W.shape, dtype=np.float32)
        for layer in (players.G1, players.G2, players.D1):
            layer.scale[:] = 1
        return theta

    def generate(self, z: Array) -> Array:
        """Return samples ``(n, width)`` in the unit box for ``(n, width)``, normalised over this very batch."""
        h, _ = _forward(self.G1, z)
        h, _ = _forward(self.G2, h)
        return _sigmoid(h @ self.G3.T + self.g3)

    def gradients(self, real: Array, z: Array, keep: Array) -> tuple[Array, float, float]:
        """Return the gradient of both losses at ``theta``, each for its own player, and the losses d and g.

        ``keep`` ``(2, n, width)`` holds the 0/1 dropout masks for real and for generated samples ``(n, width)``.
        """
        h1, tape1 = _forward(self.G1, z)
        h2, tape2 = _forward(self.G2, h1)
        fake = _sigmoid(h2 @ self.G3.T + self.g3)
        h, tape = _forward(self.D1, np.stack([real, fake]), keep)  # normalised each by itself
        logits = h @ self.D2.T + self.d2

        # With D = sigmoid(logit): -log D = softplus(-logit), -log(1 - D) = softplus(logit).
        n = np.float32(len(real))
        up = np.float32(0.9) * np.logaddexp(0, -logits[_REAL]) + np.logaddexp(0, logits[_FAKE])
        d_loss, g_loss = float(up.mean()), float(np.logaddexp(0, -logits[_FAKE]).mean())
        d_slope, g_slope = np.empty_like(logits), np.divide(-_sigmoid(-logits[_FAKE]), n)
        d_slope[_REAL], d_slope[_FAKE] = np.float32(-0.9) / n * _sigmoid(-logits[_REAL]), _sigmoid(logits[_FAKE]) / n

        d_grads, _ = _backward(self.D1, d_slope @ self.D2, tape)
        d_grads += _linear_grads(d_slope, h)
        grad = _at_input(self.D1, g_slope @ self.D2, tape.source(_FAKE)) * fake * (_ONE - fake)
        g3_grads = _linear_grads(grad, h2)
        g2_grads, grad = _backward(self.G2, grad @ self.G3, tape2)
        g1_grads, _ = _backward(self.G1, grad @ self.G2.W, tape1)
        grads = [*g1_grads, *g2_grads, *g3_grads, *d_grads]
        return np.concatenate([part.ravel() for part in grads]), d_loss, g_loss


def _forward(layer: _Layer, x: Array, keep: Array | None = None) -> tuple[Array, _Tape]:
    """Normalise over the samples, the last axis but one."""
    h = x @ layer.W.T + layer.b
    slope = np.where(h > 0, _ONE, _SLOPE)
    if keep is not None:
        slope *= keep
    h *= slope
    n = np.float32(h.shape[-2])
    h -= np.add.reduce(h, -2, keepdims=True) / n
    inverse: Array = np.reciprocal(np.sqrt(np.add.reduce(h * h, -2, keepdims=True) / n + _EPS))
    h *= inverse
    return h * layer.scale + layer.offset, _Tape(x, slope, h, inverse)


def _before(layer: _Layer, grad: Array, tape: _Tape) -> tuple[Array, Array, Array]:
    """Return the gradients of scale and offset per source, and the one at the linear map's output."""
    n = np.float32(grad.shape[-2])
    d_scale, d_offset = (np.add.reduce(part, -2, keepdims=True) for part in (grad * tape.normal, grad))
    centred: Array = np.subtract(grad, d_offset / n)
    centred -= tape.normal * (d_scale / n)
    centred *= layer.scale * tape.inverse
    centred *= tape.slope
    return d_scale, d_offset, centred


def _backward(layer: _Layer, grad: Array, tape: _Tape) -> tuple[list[Array], Array]:
    """Return the gradients of the four parameters, and the one at the linear map's output."""
    d_scale, d_offset, grad = _before(layer, grad, tape)
    width = grad.shape[-1]
    d_scale, d_offset = (part.reshape(-1, width).sum(axis=0) for part in (d_scale, d_offset))
    return [*_linear_grads(grad, tape.x), d_scale, d_offset], grad


def _at_input(layer: _Layer, grad: Array, tape: _Tape) -> Array:
    """Return the gradient at the layer's input."""
    return np.asarray(_before(layer, grad, tape)[2] @ layer.W)


def _linear_grads(grad: Array, x: Array) -> list[Array]:
    """Return the gradients of weight and bias."""
    grad, x = grad.reshape(-1, grad.shape[-1]), x.reshape(-1, x.shape[-1])
    return [grad.T @ x, np.add.reduce(grad, 0)]


def _sigmoid(x: Array) -> Array:
    return np.asarray(_SLOPE * np.tanh(_SLOPE * x) + _SLOPE)
