"""The first systems: one loss, two networks."""

from __future__ import annotations

from evogan._internal.checks import check_bool
from evogan.gans._assemble import Recipe, assemble
from evogan.losses import Hinge, LeastSquares, Minimax, NonSaturating
from evogan.nets import DCGANNetworks, MLPNetworks, Networks
from evogan.training import GANSystem


def gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    saturating: bool = False,
    recipe: Recipe = Recipe(lr_G=1e-3, lr_D=1e-3),
) -> GANSystem:
    """Make the original GAN, with multilayer perceptrons.

    I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, eq. 1; the generator minimises -log D (sec. 3),
    or with ``saturating`` log(1 - D).

    Departs from the paper: leaky ReLU and Adam (1e-3) for maxout, dropout and momentum.
    """
    loss = Minimax() if check_bool(saturating, "saturating") else NonSaturating()
    return assemble(shape, networks or MLPNetworks(), recipe, loss=loss)


def dcgan(shape: tuple[int, ...], *, networks: Networks | None = None, recipe: Recipe = Recipe()) -> GANSystem:
    """Make a deep convolutional GAN.

    A. Radford, L. Metz, S. Chintala, "Unsupervised representation learning with deep convolutional generative
    adversarial networks", ICLR 2016, sec. 3-4.
    """
    return assemble(shape, networks or DCGANNetworks(), recipe, loss=NonSaturating())


def lsgan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    a: float = 0.0,
    b: float = 1.0,
    c: float = 1.0,
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a least squares GAN with labels ``a`` (fake), ``b`` (real) and ``c`` (what the generator wants).

    X. Mao et al., "Least squares generative adversarial networks", ICCV 2017, eq. 2 with eq. 9's labels.
    """
    return assemble(shape, networks, recipe, loss=LeastSquares(a, b, c))


def hinge_gan(shape: tuple[int, ...], *, networks: Networks | None = None, recipe: Recipe = Recipe()) -> GANSystem:
    """Make a geometric GAN: the hinge loss alone.

    J. H. Lim, J. C. Ye, "Geometric GAN", arXiv 1705.02894, 2017, eq. 13-14.
    """
    return assemble(shape, networks, recipe, loss=Hinge())
