"""Class labels as an input of networks."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.nets._critic import Critic


def check_labels(condition: Any, n: int, n_classes: int) -> Tensor:
    """Return ``condition`` if it holds ``n`` class labels 0 .. n_classes - 1 as int64 ``(n,)``.

    Raises:
        TypeError: None, no tensor, or another dtype.
        ValueError: another shape, or, on the CPU, labels outside the classes (to look, a device would have to wait).
    """
    wanted = f"condition must hold class labels as an int64 tensor of shape ({n},) with values in [0, {n_classes - 1}]"
    if not isinstance(condition, Tensor):
        raise TypeError(f"{wanted}, got {condition!r}")
    if condition.dtype != torch.int64:
        raise TypeError(f"{wanted}, got dtype {condition.dtype}: convert by .long()")
    if condition.shape != (n,):
        raise ValueError(f"{wanted}, got shape {tuple(condition.shape)}")
    if n and condition.device.type == "cpu" and not 0 <= int(condition.min()) <= int(condition.max()) < n_classes:
        raise ValueError(f"{wanted}, got values in [{int(condition.min())}, {int(condition.max())}]")
    return condition


class LabelGenerator(nn.Module):
    """Feed a generator its class label beside its noise.

    M. Mirza, S. Osindero, "Conditional generative adversarial nets", arXiv 1411.1784, 2014, sec. 3.2.

    Args:
        G: takes latents ``(n, n_latent + n_classes)``.
        n_classes: number of classes; labels arrive as the last columns, one-hot.
    """

    def __init__(self, G: nn.Module, n_classes: int) -> None:
        super().__init__()
        self.G = G
        self.n_classes = check_int(n_classes, "n_classes", low=1)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map ``(n, n_latent)`` and labels ``(n,)`` to samples."""
        labels = check_labels(condition, len(latent), self.n_classes)
        samples: Tensor = self.G(torch.cat([latent, F.one_hot(labels, self.n_classes).to(latent.dtype)], dim=1))
        return samples


class LabelDiscriminator(nn.Module):
    """Show a discriminator the class label beside the sample; Mirza and Osindero, 2014, sec. 3.2.

    Args:
        D: takes ``(n, d + n_classes)``, or images ``(n, c + n_classes, h, w)``.
        n_classes: number of classes; vectors gain one-hot columns, images one constant plane for each class.
    """

    def __init__(self, D: nn.Module, n_classes: int) -> None:
        super().__init__()
        self.D = D
        self.n_classes = check_int(n_classes, "n_classes", low=1)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor | Critic:
        """Return what ``D`` says of samples ``(n, ...)`` with labels ``(n,)``."""
        labels = check_labels(condition, len(x), self.n_classes)
        planes = F.one_hot(labels, self.n_classes).to(x.dtype).view(len(x), -1, *[1] * (x.dim() - 2))
        judged: Tensor | Critic = self.D(torch.cat([x, planes.expand(-1, -1, *x.shape[2:])], dim=1))
        return judged


class ConditionalBatchNorm2d(nn.Module):
    """Batch normalization whose gain and bias belong to the class of each sample; they start at 1 and 0.

    V. Dumoulin, J. Shlens, M. Kudlur, "A learned representation for artistic style", ICLR 2017, eq. 5 (there for
    instance normalization); as used by Miyato and Koyama, ICLR 2018.
    """

    def __init__(self, n_channels: int, n_classes: int) -> None:
        super().__init__()
        self.n_classes = check_int(n_classes, "n_classes", low=1)
        self.norm = nn.BatchNorm2d(check_int(n_channels, "n_channels", low=1), affine=False)
        self.gain = nn.Embedding(n_classes, n_channels)
        self.bias = nn.Embedding(n_classes, n_channels)
        nn.init.ones_(self.gain.weight)
        nn.init.zeros_(self.bias.weight)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Normalise images ``(n, n_channels, h, w)`` of class labels ``(n,)``."""
        labels = check_labels(condition, len(x), self.n_classes)
        normalised: Tensor = self.norm(x)
        gain, bias = self.gain(labels)[:, :, None, None], self.bias(labels)[:, :, None, None]
        scaled: Tensor = gain * normalised + bias
        return scaled
