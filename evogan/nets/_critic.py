"""What a discriminator may return beside its logits."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Critic(NamedTuple):
    """The output of a discriminator that tells more than logits; plain tensors serve where logits are all.

    Attributes:
        logits: ``(n, ...)`` raw logits.
        features: ``(n, n_features)``, the last hidden layer.
        classes: ``(n, n_classes)`` class logits of an auxiliary classifier.
        code: ``(n, ...)`` what is said about the latent code (InfoGAN's Q).
        kl: ``(n,)`` nats through a variational bottleneck.
    """

    logits: Tensor
    features: Tensor | None = None
    classes: Tensor | None = None
    code: Tensor | None = None
    kl: Tensor | None = None


def logits_of(output: Tensor | Critic) -> Tensor:
    """Return the logits of what a discriminator returned."""
    return output.logits if isinstance(output, Critic) else output
