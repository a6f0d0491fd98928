"""Adversarial losses: pairs of functions of raw logits of any shape; and the terms that stand beside them.

=================================  =========================================================================
:class:`Minimax`                   Goodfellow et al. 2014, eq. 1: the generator minimises log(1 - D)
:class:`NonSaturating`             Goodfellow et al. 2014, sec. 3: the generator minimises -log D
:class:`LeastSquares`              Mao et al. 2017, eq. 2
:class:`Wasserstein`               Arjovsky et al. 2017, eq. 3
:class:`Hinge`                     Lim and Ye 2017; Miyato et al. 2018, eq. 16-17
:class:`FGAN`                      Nowozin et al. 2016, of a :class:`Divergence`: :class:`KL`, :class:`ReverseKL`,
                                   :class:`Pearson`, :class:`Neyman`, :class:`Hellinger`, :class:`Jeffreys`,
                                   :class:`JensenShannon`, :class:`GANDivergence`
:class:`Relativistic`              Jolicoeur-Martineau 2019: differences of pairs (RSGAN)
:class:`RelativisticAverage`       Jolicoeur-Martineau 2019: differences from the other side's mean (RaSGAN)
:class:`GANQP`                     Su 2018, with :func:`mean_l1` or :func:`mean_l2` between pairs
:class:`BEGAN`                     Berthelot et al. 2017: an autoencoder's errors under a controller
:class:`LabelSmoothing`            Salimans et al. 2016, sec. 3.4, of another loss
:class:`RolesSwapped`              the generator minimises the discriminator's loss of exchanged roles (BiGAN, ALI)
:class:`DiscriminatorOnly`         no adversarial loss for the generator
:class:`AdversarialLoss`           the protocol that a loss of your own follows
=================================  =========================================================================

Auxiliary terms, added to either player's loss:

=================================  =========================================================================
:class:`AuxiliaryClassification`   Odena et al. 2017 (ACGAN)
:class:`MutualInformation`         Chen et al. 2016 (InfoGAN)
:class:`FeatureMatching`           Salimans et al. 2016, sec. 3.1
:class:`HistoricalAveraging`       Salimans et al. 2016, sec. 3.3
:class:`L1Reconstruction`          Isola et al. 2017 (pix2pix)
:class:`CycleConsistency`          Zhu et al. 2017 (CycleGAN), eq. 2
:class:`Identity`                  Zhu et al. 2017 (CycleGAN), sec. 5.2
:class:`PerceptualContent`         Ledig et al. 2017 (SRGAN)
:class:`Auxiliary`                 the protocol that a term of your own follows; it is given a :class:`Step`
:class:`Controlled`                the protocol of losses and terms with a scalar steered after each step
=================================  =========================================================================
"""

from evogan.losses._auxiliary import (
    AuxiliaryClassification,
    DiscriminatorOnly,
    FeatureMatching,
    HistoricalAveraging,
    MutualInformation,
)
from evogan.losses._base import AdversarialLoss, SeparableLoss, SourceWeights, weighted_discriminator_loss
from evogan.losses._began import BEGAN
from evogan.losses._divergences import (
    KL,
    Divergence,
    GANDivergence,
    Hellinger,
    Jeffreys,
    JensenShannon,
    Neyman,
    Pearson,
    ReverseKL,
)
from evogan.losses._fgan import FGAN
from evogan.losses._pairwise import GANQP, mean_l1, mean_l2
from evogan.losses._reconstruction import CycleConsistency, Identity, L1Reconstruction, PerceptualContent
from evogan.losses._relativistic import Relativistic, RelativisticAverage, RolesSwapped
from evogan.losses._separable import Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein
from evogan.losses._smoothing import LabelSmoothing
from evogan.losses._step import Auxiliary, Controlled, Step

__all__ = [
    "BEGAN",
    "FGAN",
    "GANQP",
    "KL",
    "AdversarialLoss",
    "Auxiliary",
    "AuxiliaryClassification",
    "Controlled",
    "CycleConsistency",
    "DiscriminatorOnly",
    "Divergence",
    "FeatureMatching",
    "GANDivergence",
    "Hellinger",
    "Hinge",
    "HistoricalAveraging",
    "Identity",
    "Jeffreys",
    "JensenShannon",
    "L1Reconstruction",
    "LabelSmoothing",
    "LeastSquares",
    "Minimax",
    "MutualInformation",
    "Neyman",
    "NonSaturating",
    "Pearson",
    "PerceptualContent",
    "Relativistic",
    "RelativisticAverage",
    "ReverseKL",
    "RolesSwapped",
    "SeparableLoss",
    "SourceWeights",
    "Step",
    "Wasserstein",
    "mean_l1",
    "mean_l2",
    "weighted_discriminator_loss",
]
