"""Self-attention over the positions of feature maps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int


class SelfAttention(nn.Module):
    """Let every position of ``(n, n_channels, h, w)`` look at all others: x + gamma * o, gamma 0 at first.

    H. Zhang, I. Goodfellow, D. Metaxas, A. Odena, "Self-attention generative adversarial networks", ICML 2019,
    eq. 1-3, with k = 8. As in the paper's equations all three projections have ``n_channels / 8`` channels and full
    resolution; its published code, and BigGAN's, halve f and h by max pooling and give h ``n_channels / 2``.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        inner = max(1, check_int(n_channels, "n_channels", low=1) // 8)
        self.f = nn.Conv2d(n_channels, inner, 1, bias=False)
        self.g = nn.Conv2d(n_channels, inner, 1, bias=False)
        self.h = nn.Conv2d(n_channels, inner, 1, bias=False)
        self.v = nn.Conv2d(inner, n_channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return maps of the shape of ``x``."""
        f, g, h = self.f(x).flatten(2), self.g(x).flatten(2), self.h(x).flatten(2)
        # Written out: the fused kernel of torch has no second derivative, which gradient penalties need.
        beta = torch.softmax(f.transpose(1, 2) @ g, dim=1)  # eq. 1: beta[i, j], how much j attends to i
        o: Tensor = self.v((h @ beta).unflatten(2, x.shape[2:]))  # eq. 2
        return self.gamma * o + x  # eq. 3
