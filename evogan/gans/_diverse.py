"""Systems against mode collapse: the discriminator compares samples with each other, or features are matched."""

from __future__ import annotations

from typing import Any

from evogan._internal.checks import check_bool, check_int
from evogan.gans._assemble import Recipe, assemble
from evogan.losses import (
    DiscriminatorOnly,
    FeatureMatching,
    HistoricalAveraging,
    LabelSmoothing,
    NonSaturating,
    SeparableLoss,
)
from evogan.nets import Discriminator, MinibatchDiscrimination, Networks, PacDiscriminator, default_networks
from evogan.training import GANSystem


def pacgan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    m: int = 2,
    base: SeparableLoss = NonSaturating(),
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a GAN whose discriminator judges packs of ``m`` samples; the batch size must be a multiple of ``m``.

    Z. Lin, A. Khetan, G. Fanti, S. Oh, "PacGAN: the power of two samples in generative adversarial networks",
    NeurIPS 2018, sec. 2.
    """
    nets = default_networks(shape) if networks is None else networks
    m = check_int(m, "m", low=1)
    D = PacDiscriminator(Discriminator(nets.trunk((m * shape[0], *shape[1:]))), m)
    return assemble(shape, nets, recipe, D=D, loss=base)


def improved_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    feature_matching: bool = False,
    n_kernels: int = 50,
    smoothing: float = 0.1,
    history: float = 0.0,
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a GAN with minibatch discrimination and one-sided label smoothing, or with feature matching.

    T. Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, sec. 3.1 (``feature_matching`` replaces
    the generator's loss), 3.2 (``n_kernels``; 0 for none), 3.3 (``history`` weighs historical averaging), 3.4
    (``smoothing``). The paper uses feature matching and minibatch discrimination apart, and so does this function.
    """
    nets = default_networks(shape) if networks is None else networks
    trunk: Any = nets.trunk(shape)
    n_kernels = 0 if check_bool(feature_matching, "feature_matching") else check_int(n_kernels, "n_kernels")
    minibatch = MinibatchDiscrimination(trunk.n_features, n_kernels) if n_kernels else None
    loss = LabelSmoothing(NonSaturating(), smoothing)
    auxiliaries = [FeatureMatching()] if feature_matching else []
    return assemble(
        shape,
        nets,
        recipe,
        D=Discriminator(trunk, minibatch=minibatch),
        loss=DiscriminatorOnly(loss) if feature_matching else loss,
        auxiliaries=[*auxiliaries, *([HistoricalAveraging(history)] if history else [])],
    )
