"""Systems told apart by their loss: divergences, comparisons of real with fake, an autoencoder's error."""

from __future__ import annotations

from evogan.gans._assemble import Recipe, assemble
from evogan.losses import (
    BEGAN,
    FGAN,
    GANQP,
    Divergence,
    NonSaturating,
    Pearson,
    Relativistic,
    RelativisticAverage,
    SeparableLoss,
)
from evogan.nets import AutoencoderCritic, Discriminator, Encoder, MLPNetworks, Networks, default_networks
from evogan.training import Adam, GANSystem


def f_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    divergence: Divergence = Pearson(),
    non_saturating: bool = False,
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a GAN that minimises a variational bound of an f-divergence.

    S. Nowozin, B. Cseke, R. Tomioka, "f-GAN: training generative neural samplers using variational divergence
    minimization", NeurIPS 2016, eq. 4 and 6, table 6; ``non_saturating``: sec. 3.2.
    """
    return assemble(shape, networks, recipe, loss=FGAN(divergence, non_saturating=non_saturating))


def rsgan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    base: SeparableLoss = NonSaturating(),
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a relativistic GAN: D says how much more real a real sample is than a fake one.

    A. Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN", ICLR 2019,
    sec. 4.1; ``base`` is the loss whose differences are taken.
    """
    return assemble(shape, networks, recipe, loss=Relativistic(base))


def ragan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    base: SeparableLoss = NonSaturating(),
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a relativistic average GAN: each sample is compared with the mean of the other kind.

    A. Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN", ICLR 2019,
    sec. 4.2; ``base`` gives RaSGAN, RaLSGAN, RaHingeGAN.
    """
    return assemble(shape, networks, recipe, loss=RelativisticAverage(base))


def gan_qp(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    weight: float = 10.0,
    recipe: Recipe = Recipe(n_critic=2),
) -> GANSystem:
    """Make GAN-QP, whose quadratic potential needs no constraint on the critic's slope.

    J. Su, "GAN-QP: a novel GAN framework without gradient vanishing and Lipschitz constraint", arXiv 1811.07296,
    2018, eq. 16; ``weight`` is lambda. The critic has no constant, which would cancel.
    """
    nets = default_networks(shape) if networks is None else networks
    D = Discriminator(nets.trunk(shape), bias=False)
    return assemble(shape, networks, recipe, D=D, loss=GANQP(weight))


def t_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a GAN whose discriminator sees a real and a fake sample side by side and says which is which.

    J. Su, "Training generative adversarial networks via turing test", arXiv 1810.10948, 2018, eq. 12-13: D tells the
    order (real, fake) from (fake, real); the generator wants it reversed.
    """
    nets = default_networks(shape) if networks is None else networks
    D = Discriminator(nets.trunk((2 * shape[0], *shape[1:])))
    return assemble(shape, networks, recipe, D=D, loss=Relativistic(NonSaturating()), joint_pairs=True)


def began(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    gamma: float = 0.5,
    lambda_k: float = 1e-3,
    power: float = 1.0,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=1e-4, optimizer=Adam((0.5, 0.999))),
) -> GANSystem:
    """Make a boundary equilibrium GAN: an autoencoder judges, a controller balances.

    D. Berthelot, T. Schumm, L. Metz, "BEGAN: boundary equilibrium generative adversarial networks", arXiv 1703.10717,
    2017, sec. 3.4. Logged beside the losses: k and the convergence measure M.

    Departs from the paper: the autoencoder has the architecture of ``networks`` (by default multilayer perceptrons),
    its decoder that of the generator.
    """
    nets = MLPNetworks() if networks is None else networks
    D = AutoencoderCritic(
        Encoder(nets.trunk(shape, batch_norm=False), nets.n_latent), nets.generator(shape), power=power
    )
    return assemble(shape, nets, recipe, D=D, loss=BEGAN(gamma, lambda_k))
