"""Systems made stable: spectral norms, penalties on the gradient, terms of the whole game, a bottleneck, two rates."""

from __future__ import annotations

from evogan.gans._assemble import Recipe, assemble, plain_critic
from evogan.losses import Hinge, NonSaturating
from evogan.nets import Discriminator, Networks, ResNetNetworks, default_networks
from evogan.regularizers import (
    DRAGAN,
    R1,
    Consensus,
    GradientNorm,
    RothRegularizer,
    Scaled,
    VariationalBottleneck,
    spectral_normalize,
)
from evogan.training import Adam, GANSystem, RMSprop


def sngan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    scale: float = 1.0,
    center: float = 0.0,
    recipe: Recipe = Recipe(optimizer=Adam((0.0, 0.9)), n_critic=5),
) -> GANSystem:
    """Make a GAN with a spectrally normalised critic and the hinge loss; residual networks for images of 16 pixels up.

    T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida, "Spectral normalization for generative adversarial networks",
    ICLR 2018, algorithm 1, eq. 16-17, table 4.

    The critic sees ``scale`` (x - ``center``): a critic of slope 1 cannot tell data of small scale apart. For vectors
    15 divided by their standard deviation works, around their mean; see :class:`~evogan.regularizers.Scaled`.
    """
    if networks is None and len(shape) == 3 and min(shape[1:]) >= 16:
        networks = ResNetNetworks()
    D = spectral_normalize(plain_critic(shape, networks))
    return assemble(
        shape, networks, recipe, D=D if (scale, center) == (1.0, 0.0) else Scaled(D, scale, center=center), loss=Hinge()
    )


def gan_r1(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    gamma: float = 10.0,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=1e-4, optimizer=RMSprop()),
) -> GANSystem:
    """Make a GAN whose discriminator pays for its slope at real samples.

    L. Mescheder, A. Geiger, S. Nowozin, "Which training methods for GANs do actually converge?", ICML 2018, eq. 9;
    the authors' code leaves out the factor 1/2 of the paper, so its gamma 10 is 20 here.
    """
    D = plain_critic(shape, networks)
    return assemble(shape, networks, recipe, D=D, loss=NonSaturating(), regularizers=[R1(gamma)])


def dragan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    weight: float = 10.0,
    spread: float = 0.5,
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a GAN whose discriminator has slope 1 around real samples.

    N. Kodali, J. Abernethy, J. Hays, Z. Kira, "On convergence and stability of GANs", arXiv 1705.07215, 2017, eq. 1.
    """
    D = plain_critic(shape, networks)
    return assemble(shape, networks, recipe, D=D, loss=NonSaturating(), regularizers=[DRAGAN(weight, spread=spread)])


def roth_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    gamma: float = 0.1,
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a GAN with the Jensen-Shannon regularizer.

    K. Roth, A. Lucchi, S. Nowozin, T. Hofmann, "Stabilizing training of generative adversarial networks through
    regularization", NeurIPS 2017, algorithm 1.
    """
    D = plain_critic(shape, networks)
    return assemble(shape, networks, recipe, D=D, loss=NonSaturating(), regularizers=[RothRegularizer(gamma)])


def consensus_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    gamma: float = 10.0,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=1e-4, optimizer=RMSprop()),
) -> GANSystem:
    """Make a GAN trained by consensus optimization: both players pay for the norm of the joint gradient field.

    L. Mescheder, S. Nowozin, A. Geiger, "The numerics of GANs", NeurIPS 2017, eq. 11 and algorithm 2.

    Departs from the paper: the two players step in turn, not at once.
    """
    D = plain_critic(shape, networks)
    return assemble(shape, networks, recipe, D=D, loss=NonSaturating(), auxiliaries=[Consensus(gamma)])


def locally_stable_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    eta: float = 0.1,
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a GAN whose generator pays for the norm of the discriminator's gradient.

    V. Nagarajan, J. Z. Kolter, "Gradient descent GAN optimization is locally stable", NeurIPS 2017, eq. 7.
    """
    D = plain_critic(shape, networks)
    return assemble(shape, networks, recipe, D=D, loss=NonSaturating(), auxiliaries=[GradientNorm(eta)])


def vdb_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    target: float = 0.1,
    step: float = 1e-5,
    n_bottleneck: int = 256,
    gamma: float = 0.0,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=1e-4, optimizer=RMSprop()),
) -> GANSystem:
    """Make a variational GAN: the information that reaches the discriminator is held at ``target`` nats.

    X. B. Peng, A. Kanazawa, S. Toyer, P. Abbeel, S. Levine, "Variational discriminator bottleneck", ICLR 2019, eq. 9
    and 11; ``step`` is the controller's alpha_beta, ``gamma`` above 0 adds R1 (VGAN-GP).

    Departs from the paper: the generator's step sees sampled codes as the discriminator's does, not their means.
    """
    nets = default_networks(shape) if networks is None else networks
    D = Discriminator(nets.trunk(shape, batch_norm=False), bottleneck=n_bottleneck)
    penalties = [R1(gamma)] if gamma else []
    bottleneck = VariationalBottleneck(target, step=step)
    return assemble(
        shape, networks, recipe, D=D, loss=NonSaturating(), regularizers=penalties, auxiliaries=[bottleneck]
    )


def ttur_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=5e-4, optimizer=Adam((0.5, 0.999))),
) -> GANSystem:
    """Make a GAN with two time scales: the discriminator learns faster, one step each.

    M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter, "GANs trained by a two time-scale update rule
    converge to a local Nash equilibrium", NeurIPS 2017, table 1.
    """
    return assemble(shape, networks, recipe, loss=NonSaturating())
