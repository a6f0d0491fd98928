"""Adversarial losses: pairs of pure functions of raw logits of any shape.

========================  ==================================================================
:class:`Minimax`          Goodfellow et al. 2014, eq. 1: the generator minimises log(1 - D)
:class:`NonSaturating`    Goodfellow et al. 2014, sec. 3: the generator minimises -log D
:class:`LeastSquares`     Mao et al. 2017, eq. 2
:class:`Wasserstein`      Arjovsky et al. 2017, eq. 3
:class:`Hinge`            Lim and Ye 2017; Miyato et al. 2018, eq. 16-17
:class:`AdversarialLoss`  the protocol that a loss of your own follows
========================  ==================================================================
"""

from evogan.losses._base import AdversarialLoss, SeparableLoss, SourceWeights, weighted_discriminator_loss
from evogan.losses._separable import Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein

__all__ = [
    "AdversarialLoss",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "SeparableLoss",
    "SourceWeights",
    "Wasserstein",
    "weighted_discriminator_loss",
]
