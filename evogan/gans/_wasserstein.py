"""Wasserstein critics and the ways to hold their slope."""

from __future__ import annotations

from evogan.gans._assemble import Recipe, assemble, plain_critic
from evogan.losses import Wasserstein
from evogan.nets import Networks
from evogan.regularizers import ConsistencyTerm, GradientPenalty, WeightClipping, WGANDiv
from evogan.training import Adam, GANSystem, RMSprop

_GULRAJANI = Recipe(lr_G=1e-4, lr_D=1e-4, optimizer=Adam((0.0, 0.9)), n_critic=5)


def wgan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    clip: float = 0.01,
    recipe: Recipe = Recipe(lr_G=5e-5, lr_D=5e-5, optimizer=RMSprop(), n_critic=5),
) -> GANSystem:
    """Make a Wasserstein GAN whose critic's weights are clipped to [-``clip``, ``clip``].

    M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein generative adversarial networks", ICML 2017, algorithm 1.

    Departs from the paper: ``n_critic`` stays 5; the authors' code makes 100 critic steps early and now and then.
    """
    return assemble(shape, networks, recipe, loss=Wasserstein(), constraints=[WeightClipping(clip)])


def wgan_gp(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    weight: float = 10.0,
    one_sided: bool = False,
    recipe: Recipe = _GULRAJANI,
) -> GANSystem:
    """Make a Wasserstein GAN with gradient penalty; ``one_sided`` punishes only slopes above 1 (WGAN-LP).

    I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, algorithm 1; one-sided: H. Petzka,
    A. Fischer, D. Lukovnikov, "On the regularization of Wasserstein GANs", ICLR 2018, eq. 8.
    """
    penalty = GradientPenalty(weight, one_sided=one_sided)
    D = plain_critic(shape, networks)
    return assemble(shape, networks, recipe, D=D, loss=Wasserstein(), regularizers=[penalty])


def wgan_div(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    k: float = 2.0,
    p: float = 6.0,
    recipe: Recipe = Recipe(optimizer=Adam((0.5, 0.999)), n_critic=4),
) -> GANSystem:
    """Make a Wasserstein divergence GAN: the critic pays k E ||grad D||^p.

    J. Wu, Z. Huang, J. Thoma, D. Acharya, L. Van Gool, "Wasserstein divergence for GANs", ECCV 2018, eq. 6-7.
    """
    D = plain_critic(shape, networks)
    return assemble(shape, networks, recipe, D=D, loss=Wasserstein(), regularizers=[WGANDiv(k, p)])


def ct_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    weight: float = 10.0,
    consistency: float = 2.0,
    margin: float = 0.0,
    dropout: float = 0.5,
    recipe: Recipe = Recipe(optimizer=Adam((0.5, 0.9)), n_critic=5),
) -> GANSystem:
    """Make WGAN-GP with a consistency term: two dropout masks should judge a real sample alike.

    X. Wei, B. Gong, Z. Liu, W. Lu, L. Wang, "Improving the improved training of Wasserstein GANs: a consistency term
    and its dual effect", ICLR 2018, eq. 4-6. ``margin`` is M' of eq. 4.

    Departs from the paper: one rate of dropout for all layers.
    """
    penalties = [GradientPenalty(weight), ConsistencyTerm(consistency, margin)]
    D = plain_critic(shape, networks, dropout=dropout)
    return assemble(shape, networks, recipe, D=D, loss=Wasserstein(), regularizers=penalties)
