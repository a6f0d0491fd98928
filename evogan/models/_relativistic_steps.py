"""Steps with hand-written gradients: of :class:`ConditionalGAN`, R1 and R2 included, and of a critic that ranks.

Same mathematics, same parameters and optimizer states (shared memory, no copies) as its
:class:`~evogan.training.AdversarialTrainer`, without the bookkeeping of differentiating twice, which dominates a step.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from evogan.losses import NonSaturating, Relativistic
from evogan.regularizers import R1, R2
from evogan.training import AdversarialTrainer
from evogan.training._manual import _fused_step, _softplus
from evogan.training._manual_nets import _views, sigmoid

Array = NDArray[np.float32]


class SiLUNet:
    """A stack of linear layers with SiLU between them, as NumPy views of torch's parameters.

    Layers count from 0: a_l = W_l h_l + b_l, h_(l+1) = silu(a_l), the last one linear.
    """

    def __init__(self, net: nn.Sequential) -> None:
        linear = [layer for layer in net if isinstance(layer, nn.Linear)]
        self.W, self.dW = zip(*(_views(layer.weight) for layer in linear), strict=True)
        self.b, self.db = zip(*(_views(layer.bias) for layer in linear), strict=True)

    def forward(self, h: Array) -> Array:
        """Return the output ``(n, n_out)``, keeping what gradients need: inputs, silu' and what silu'' is made of."""
        self.h, self.a, self.s, self.slope = [h], [], [], []
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            a = h @ W.T
            a += b
            s = sigmoid(a)
            h = a * s
            self.h.append(h)
            self.a.append(a)
            self.s.append(s)
            self.slope.append(s + h * (1 - s))  # silu'
        out: Array = h @ self.W[-1].T
        out += self.b[-1]
        return out

    def backward(self, grad: Array, bent: list[Array] | None = None, *, params: bool) -> Array | None:
        """Propagate the gradient at the output, plus ``bent`` at the hidden a_l; return it at the input.

        With ``params`` write the parameters' gradients, or add to those of weights where ``bent`` came with some, and
        return None.
        """
        for k in range(len(self.W) - 1, -1, -1):
            if k < len(self.slope):
                grad = grad * self.slope[k]
                if bent is not None:
                    grad += bent[k]
            if params and bent is not None:
                self.dW[k][...] += grad.T @ self.h[k]
            elif params:
                np.matmul(grad.T, self.h[k], out=self.dW[k])
            if params:
                np.add.reduce(grad, 0, out=self.db[k])
            if k > 0 or not params:
                grad = grad @ self.W[k]
        return None if params else grad

    def penalise_slope(self, weight: Array, n_var: int) -> tuple[float, list[Array]]:
        """Return P = sum of ``weight`` ``(n, 1)`` * |d logit / d x|^2 / 2, x the first ``n_var`` inputs, and dP/da_l.

        Writes dP/dW. With q_l the gradient of the logit at h_l, g_l at a_l: g_l = q_(l+1) silu'(a_l), q_l = g_l W_l.
        """
        q = [np.broadcast_to(self.W[-1], (len(weight), self.W[-1].shape[1]))]
        g: list[Array] = []
        for k in range(len(self.slope) - 1, -1, -1):
            g.insert(0, q[0] * self.slope[k])
            q.insert(0, g[0] @ self.W[k])
        p = weight * q[0]  # dP/dq_0
        p[:, n_var:] = 0
        value = 0.5 * float(np.vdot(p, q[0]))
        bent: list[Array] = []
        for k in range(len(self.slope)):
            np.matmul(g[k].T, p, out=self.dW[k])
            dg = p @ self.W[k].T
            a, s = self.a[k], self.s[k]
            bent.append(dg * q[k + 1] * (s * (1 - s) * (2 + a * (1 - 2 * s))))  # silu''
            p = dg * self.slope[k]
        np.add.reduce(p, 0, out=self.dW[-1], keepdims=True)
        return value, bent


class RelativisticSteps:
    """``d_step`` and ``g_step`` of ``trainer`` on NumPy batches; see :func:`supports`."""

    def __init__(self, trainer: AdversarialTrainer) -> None:
        self.G, self.D = SiLUNet(trainer.G.net), SiLUNet(trainer.D.net)  # type: ignore[arg-type]
        self.skip = SiLUNet(nn.Sequential(trainer.G.skip))  # type: ignore[arg-type]
        self.step_G, self.step_D = _fused_step(trainer.optimizer_G), _fused_step(trainer.optimizer_D)
        self.gamma_real, self.gamma_fake = (
            np.float32(sum(one.gamma for one in trainer.regularizers if type(one) is kind)) for kind in (R1, R2)
        )

    def d_step(self, real: Array, c: Array, latent: Array) -> float:
        """Update the discriminator once; return its loss."""
        n, n_var = real.shape
        d_real, d_fake = self._judge(real, c, latent)
        gap = d_real - d_fake
        weight = np.repeat([[self.gamma_real / n], [self.gamma_fake / n]], n, axis=0).astype(np.float32)
        penalty, bent = self.D.penalise_slope(weight, n_var)
        slope = sigmoid(-gap) / np.float32(n)
        self.D.backward(np.concatenate([-slope, slope]), bent, params=True)
        self.step_D()
        return float(_softplus(-gap).mean()) + penalty

    def g_step(self, real: Array, c: Array, latent: Array) -> float:
        """Update the generator once; return its loss."""
        n, n_var = real.shape
        d_real, d_fake = self._judge(real, c, latent)
        gap = d_fake - d_real
        slope = -sigmoid(-gap) / np.float32(n)
        at_input = self.D.backward(np.concatenate([np.zeros_like(slope), slope]), params=False)
        grad = np.ascontiguousarray(at_input[n:, :n_var])  # type: ignore[index]
        self.G.backward(grad, params=True)
        self.skip.backward(grad, params=True)
        self.step_G()
        return float(_softplus(-gap).mean())

    def _judge(self, real: Array, c: Array, latent: Array) -> tuple[Array, Array]:
        h = np.concatenate([c, latent], axis=1)
        fake = self.G.forward(h) + self.skip.forward(h)
        logits = self.D.forward(np.concatenate([np.hstack([real, c]), np.hstack([fake, c])]))
        return logits[: len(real)], logits[len(real) :]


class RankingSteps:
    """Steps of a projection discriminator <phi(x), psi(c)> / sqrt(width) down the loss of all pairs.

    Args:
        phi: embeds solutions ``(n, n_var)`` in ``(n, width)``.
        psi: embeds positions ``(n_conditions, n_obj)`` likewise.
        optimizer: fused Adam over the parameters of both.
    """

    def __init__(self, phi: nn.Sequential, psi: nn.Sequential, optimizer: torch.optim.Optimizer) -> None:
        self.phi, self.psi = SiLUNet(phi), SiLUNet(psi)
        self.scale = np.float32(1 / np.sqrt(self.phi.W[-1].shape[0]))
        self.update = _fused_step(optimizer)

    def step(self, z: Array, c: Array, better: Array) -> float:
        """Update once; return the mean of softplus(-better (D_a - D_b)) over all pairs of rows of ``z`` at all ``c``.

        ``better`` ``(n_conditions, n, n)`` is 1 where a is better than b, -1 where b is, else 0.
        """
        phi, psi = self.phi.forward(z), self.psi.forward(c)
        D = (psi @ phi.T) * self.scale
        gap = better * (D[:, :, None] - D[:, None, :])
        slope = -better * sigmoid(-gap)  # the other half of a pair is the same with the other sign
        dD = slope.sum(axis=2) * np.float32(2 * self.scale / better.size)
        self.phi.backward(dD.T @ psi, params=True)
        self.psi.backward(dD @ phi, params=True)
        self.update()
        return float(_softplus(-gap).mean())


def supports(trainer: AdversarialTrainer) -> bool:
    """Tell whether :class:`RelativisticSteps` computes the same steps as a :class:`ConditionalGAN`'s ``trainer``."""
    known = all(type(one) in (R1, R2) for one in trainer.regularizers)
    return trainer.loss == Relativistic(NonSaturating()) and known
