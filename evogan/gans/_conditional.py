"""Systems that make samples of a given class."""

from __future__ import annotations

from evogan._internal.checks import check_int, check_kind
from evogan.gans._assemble import Recipe, assemble
from evogan.losses import AuxiliaryClassification, Hinge, NonSaturating
from evogan.nets import (
    Discriminator,
    LabelDiscriminator,
    LabelGenerator,
    Networks,
    ResNetNetworks,
    default_networks,
    resnet_generator,
)
from evogan.regularizers import spectral_normalize
from evogan.training import Adam, GANSystem


def cgan(
    shape: tuple[int, ...], *, n_classes: int, networks: Networks | None = None, recipe: Recipe = Recipe()
) -> GANSystem:
    """Make a conditional GAN: both networks take the label beside their input.

    M. Mirza, S. Osindero, "Conditional generative adversarial nets", arXiv 1411.1784, 2014, eq. 2.

    Departs from the paper: the label joins the first layers as it is, not through a layer of its own; leaky ReLU and
    Adam for maxout, dropout and momentum; the generator minimises -log D.
    """
    n_classes = check_int(n_classes, "n_classes", low=1)
    nets = default_networks(shape) if networks is None else networks
    labelled = (shape[0] + n_classes, *shape[1:])  # one-hot columns of vectors, constant planes of images
    return assemble(
        shape,
        nets,
        recipe,
        G=LabelGenerator(nets.generator(shape, n_extra=n_classes), n_classes),
        D=LabelDiscriminator(Discriminator(nets.trunk(labelled)), n_classes),
        n_classes=n_classes,
        loss=NonSaturating(),
    )


def acgan(
    shape: tuple[int, ...],
    *,
    n_classes: int,
    networks: Networks | None = None,
    weight: float = 1.0,
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make an auxiliary classifier GAN: the discriminator is not shown the label, it tells it.

    A. Odena, C. Olah, J. Shlens, "Conditional image synthesis with auxiliary classifier GANs", ICML 2017, eq. 2-3:
    both players minimise the classifier's cross-entropy, here times ``weight``, of real and of generated samples.

    Departs from the paper: no dropout and no noise in the discriminator.
    """
    n_classes = check_int(n_classes, "n_classes", low=1)
    nets = default_networks(shape) if networks is None else networks
    return assemble(
        shape,
        nets,
        recipe,
        G=LabelGenerator(nets.generator(shape, n_extra=n_classes), n_classes),
        D=Discriminator(nets.trunk(shape), classes=n_classes),
        n_classes=n_classes,
        loss=NonSaturating(),
        auxiliaries=[AuxiliaryClassification(weight)],
    )


def projection_gan(
    shape: tuple[int, ...],
    *,
    n_classes: int,
    networks: ResNetNetworks | None = None,
    recipe: Recipe = Recipe(optimizer=Adam((0.0, 0.9)), n_critic=5),
) -> GANSystem:
    """Make a residual GAN whose discriminator adds <embedding(label), features> to its logit.

    T. Miyato, M. Koyama, "cGANs with projection discriminator", ICLR 2018, eq. 3 and sec. 4: conditional batch
    normalization in the generator, spectral normalization in the discriminator (its embedding included), hinge loss.
    Images only, square, of a size that is a power of two.

    Departs from the paper: networks of spectral normalization's small images (Miyato et al. 2018, table 4), and
    learning rates that stay; ``recipe`` takes a schedule.
    """
    nets = residual_networks(networks)
    n_classes = check_int(n_classes, "n_classes", low=1)
    return assemble(
        shape,
        nets,
        recipe,
        G=resnet_generator(shape, n_latent=nets.n_latent, width=nets.width_G, n_classes=n_classes),
        D=spectral_normalize(Discriminator(nets.trunk(shape), projection=n_classes)),
        n_classes=n_classes,
        loss=Hinge(),
    )


def residual_networks(networks: ResNetNetworks | None) -> ResNetNetworks:
    """Return ``networks``, which must be residual ones; None means those of the SNGAN paper."""
    if networks is None:
        return ResNetNetworks()
    kept: ResNetNetworks = check_kind(networks, ResNetNetworks, "networks", "ResNetNetworks(width_G=64)")
    return kept
