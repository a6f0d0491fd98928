"""Well-known losses and penalties as settings of :class:`GAN`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evogan.losses import AdversarialLoss, Hinge, LeastSquares, Wasserstein
from evogan.models._gan import GAN
from evogan.nets import mlp_discriminator
from evogan.regularizers import GradientPenalty, Regularizer, spectral_normalize


def wgan_gp(**options: Any) -> GAN:
    """Make a :class:`GAN` of the Wasserstein loss with a gradient penalty; ``options`` go there.

    I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, algorithm 1: weight 10, five critic
    steps, Adam with betas (0, 0.9). Departs from the paper: learning rate 1e-3 (1e-4), as a fit has few steps.

    Example:
        >>> wgan_gp(n_steps=10).n_critic
        5
    """
    return _gan("wgan_gp", Wasserstein(), [GradientPenalty()], {"n_critic": 5, "betas": (0.0, 0.9)}, options)


def lsgan(**options: Any) -> GAN:
    """Make a :class:`GAN` of the least-squares loss; ``options`` go there.

    X. Mao et al., "Least squares generative adversarial networks", ICCV 2017, eq. 9: labels 0, 1 and 1. Departs from
    the paper: learning rate 1e-3, as a fit has few steps.

    Example:
        >>> lsgan(n_steps=10).loss
        LeastSquares(a=0.0, b=1.0, c=1.0)
    """
    return _gan("lsgan", LeastSquares(), [], {"betas": (0.5, 0.999)}, options)


def hinge_gan(**options: Any) -> GAN:
    """Make a :class:`GAN` of the hinge loss whose discriminator is spectrally normalised; ``options`` go there.

    J. H. Lim, J. C. Ye, "Geometric GAN", 2017; T. Miyato et al., "Spectral normalization for generative adversarial
    networks", ICLR 2018, eq. 16-17. Departs from the papers: learning rate 1e-3, as a fit has few steps.

    Example:
        >>> hinge_gan(n_steps=10).loss
        Hinge()
    """
    preset = {"discriminator": _spectral_discriminator, "betas": (0.5, 0.999)}
    return _gan("hinge_gan", Hinge(), [], preset, options)


def _spectral_discriminator(n_var: int) -> Any:
    return spectral_normalize(mlp_discriminator(n_var))


def _gan(
    name: str, loss: AdversarialLoss, penalties: Sequence[Regularizer], preset: dict[str, Any], options: dict[str, Any]
) -> GAN:
    for taken in ("loss", "regularizers"):
        if taken in options:
            raise TypeError(f"{name} takes no {taken}: use GAN")
    return GAN(loss=loss, regularizers=penalties, **(preset | options))
