"""What keeps a discriminator or a game in hand: penalties, terms of both players, constraints, wrappers.

Penalties, called with (D, real, fake) and added to the discriminator's loss (``regularizers=`` of the trainer):

===================================  ===========================================================================
:class:`Regularizer`                 the protocol that a penalty of your own follows
:func:`gradient_penalty`             the one function behind the next six: ``|norm - center|^power``
:class:`GradientPenalty`             Gulrajani et al. 2017 (WGAN-GP), Petzka et al. 2018 (WGAN-LP): between real and
                                     fake samples
:class:`DRAGAN`                      Kodali et al. 2017: around real samples
:class:`R1`                          Mescheder et al. 2018: zero-centred, at real samples
:class:`R2`                          Mescheder et al. 2018: zero-centred, at fake samples
:class:`WGANDiv`                     Wu et al. 2018: the sixth power, between real and fake samples
:class:`RothRegularizer`             Roth et al. 2017: at both, weighted by the discriminator's error
:class:`ConsistencyTerm`             Wei et al. 2018 (CT-GAN): two dropout masks should agree
:class:`DriftPenalty`                Karras et al. 2018 (progressive GAN): keeps a Wasserstein critic's logits near 0
:class:`Lazy`                        Karras et al. 2020: any of these every k-th step, k times as strong
===================================  ===========================================================================

Terms that see the whole step (``auxiliaries=`` of the trainer):

===================================  ===========================================================================
:class:`VariationalBottleneck`       Peng et al. 2019: information through the discriminator, held at a target
:class:`Consensus`                   Mescheder et al. 2017: both players pay the norm of both gradients
:class:`GradientNorm`                Nagarajan and Kolter 2017: the generator pays the discriminator's gradient
:class:`OrthogonalRegularization`    Brock et al. 2019 (BigGAN): filters orthogonal to each other
===================================  ===========================================================================

Constraints and wrappers of a discriminator:

===================================  ===========================================================================
:class:`WeightClipping`              Arjovsky et al. 2017 (WGAN): ``constraints=`` of the trainer
:func:`spectral_normalize`           Miyato et al. 2018: divides weights by their largest singular value
:class:`Scaled`                      the scale of data that a spectrally normalised critic needs
:class:`InstanceNoise`               Sønderby et al. 2017: noise on what the discriminator sees, annealed
===================================  ===========================================================================
"""

from evogan.regularizers._base import Regularizer
from evogan.regularizers._bottleneck import VariationalBottleneck
from evogan.regularizers._consistency import ConsistencyTerm
from evogan.regularizers._constraints import WeightClipping
from evogan.regularizers._drift import DriftPenalty
from evogan.regularizers._game import Consensus, GradientNorm
from evogan.regularizers._gradient import R1, R2, GradientPenalty, gradient_penalty
from evogan.regularizers._lazy import Lazy
from evogan.regularizers._noise import InstanceNoise
from evogan.regularizers._orthogonal import OrthogonalRegularization
from evogan.regularizers._spectral import Scaled, spectral_normalize
from evogan.regularizers._variants import DRAGAN, RothRegularizer, WGANDiv

__all__ = [
    "DRAGAN",
    "R1",
    "R2",
    "Consensus",
    "ConsistencyTerm",
    "DriftPenalty",
    "GradientNorm",
    "GradientPenalty",
    "InstanceNoise",
    "Lazy",
    "OrthogonalRegularization",
    "Regularizer",
    "RothRegularizer",
    "Scaled",
    "VariationalBottleneck",
    "WGANDiv",
    "WeightClipping",
    "gradient_penalty",
    "spectral_normalize",
]
