"""Networks that read samples back: encoders, discriminators of (sample, code) pairs, autoencoders as critics.

A *trunk* is a module from samples to features ``(n, n_features)`` that says its number of features in the integer
attribute ``n_features``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan.nets._images import check_batch, check_pair


def _n_features(trunk: nn.Module) -> int:
    n_features = getattr(trunk, "n_features", None)
    if not isinstance(trunk, nn.Module) or not isinstance(n_features, int):
        kind = type(trunk).__name__
        raise TypeError(
            f"trunk must be a module from samples to (n, n_features) with an integer n_features, got {kind} "
            f"with n_features={n_features!r}"
        )
    return n_features


class Encoder(nn.Module):
    """A trunk with a linear layer: samples to latent vectors ``(n, n_latent)``."""

    def __init__(self, trunk: nn.Module, n_latent: int) -> None:
        super().__init__()
        self.n_latent = check_int(n_latent, "n_latent", low=1)
        self.head = nn.Linear(_n_features(trunk), self.n_latent)
        self.trunk = trunk

    def forward(self, x: Tensor) -> Tensor:
        """Return the latent vectors of samples ``(n, ...)``."""
        out: Tensor = self.head(self.trunk(x))
        return out


class GaussianEncoder(nn.Module):
    """A trunk with two linear layers: samples to the means and log variances of normal latent distributions.

    D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014, app. C.2.
    """

    def __init__(self, trunk: nn.Module, n_latent: int) -> None:
        super().__init__()
        self.n_latent = check_int(n_latent, "n_latent", low=1)
        n_features = _n_features(trunk)
        self.mean = nn.Linear(n_features, self.n_latent)
        self.log_variance = nn.Linear(n_features, self.n_latent)
        self.trunk = trunk

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``(mean, log_variance)``, each ``(n, n_latent)``, of samples ``(n, ...)``."""
        features = self.trunk(x)
        return self.mean(features), self.log_variance(features)

    def sample(self, x: Tensor) -> Tensor:
        """Return one latent vector a sample, ``(n, n_latent)``, drawn so that gradients reach the encoder."""
        mean, log_variance = self(x)
        out: Tensor = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return out


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return ``(n,)`` divergences KL(N(mean, variance) || N(0, I)) in nats, summed over the dimensions.

    Raises:
        ValueError: the two shapes differ.

    Example:
        >>> kl_to_standard_normal(torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.zeros(2, 2))
        tensor([ 0.0000, 12.5000])
    """
    if mean.shape != log_variance.shape:
        raise ValueError(f"log_variance must have the shape of mean, {tuple(mean.shape)}, got {log_variance.shape}")
    return 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance).flatten(1).sum(1)


class JointDiscriminator(nn.Module):
    """Judge pairs ``(x, z)`` of a sample and its latent vector.

    J. Donahue, P. Krähenbühl, T. Darrell, "Adversarial feature learning" (BiGAN), ICLR 2017, sec. 3;
    V. Dumoulin et al., "Adversarially learned inference" (ALI), ICLR 2017, sec. 2, whose discriminators drop 0.2.

    Args:
        trunk: reads the sample.
        n_latent: length of the latent vectors.
        hidden: units that read the latent vector, and units of the layer that reads both.
        dropout: probability, after each of these layers.
    """

    def __init__(self, trunk: nn.Module, n_latent: int, *, hidden: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        self.n_latent = check_int(n_latent, "n_latent", low=1)
        hidden = check_int(hidden, "hidden", low=1)
        p = check_float(dropout, "dropout", low=0.0, high=1.0)
        n_features = _n_features(trunk)
        self.trunk = trunk
        self.latent = nn.Sequential(nn.Linear(self.n_latent, hidden), nn.LeakyReLU(0.2), nn.Dropout(p))
        self.joint = nn.Sequential(
            nn.Linear(n_features + hidden, hidden), nn.LeakyReLU(0.2), nn.Dropout(p), nn.Linear(hidden, 1)
        )

    def forward(self, pair: tuple[Tensor, Tensor], condition: Any = None) -> Tensor:
        """Return logits ``(n, 1)`` of samples and latent vectors ``(n, n_latent)``.

        Raises:
            ValueError: not a pair, or latent vectors of another length.
        """
        x, z = check_pair(pair, "(x, z)")
        check_batch(z, "z", (self.n_latent,))
        out: Tensor = self.joint(torch.cat([self.trunk(x), self.latent(z)], 1))
        return out


class AutoencoderCritic(nn.Module):
    """BEGAN's discriminator: the logit is minus the reconstruction error of an autoencoder, so 0 is the highest.

    D. Berthelot, T. Schumm, L. Metz, "BEGAN: boundary equilibrium generative adversarial networks", 2017,
    arXiv:1703.10717, eq. 1. The error is the mean over a sample's entries, so it does not grow with the image.

    Args:
        encoder: samples to codes.
        decoder: codes to samples.
        power: of the absolute error, 1 or 2 in the paper.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, *, power: float = 1) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.power = check_float(power, "power", low=1.0)

    def forward(self, x: Tensor, condition: Any = None) -> Tensor:
        """Return logits ``(n, 1)``, none of them positive, of samples ``(n, ...)``.

        Raises:
            ValueError: the decoder returns another shape than that of ``x``.
        """
        decoded = self.decoder(self.encoder(x))
        if decoded.shape != x.shape:
            raise ValueError(f"decoder must return the shape of x, {tuple(x.shape)}, got {tuple(decoded.shape)}")
        error: Tensor = (x - decoded).abs() ** self.power
        return -error.flatten(1).mean(1, keepdim=True)
