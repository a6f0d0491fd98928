"""Networks: multilayer perceptrons for decision vectors, and the generators and discriminators of images.

==========================  ===========================================================
:func:`mlp`                 linear layers with activations and optional batch normalization
:func:`mlp_generator`       latent vectors to the unit box
:func:`mlp_discriminator`   decision vectors to one logit
==========================  ===========================================================

Growing and style-based networks, and their layers:

==============================  ==================================================================================
:class:`EqualizedLinear`        stored weights of variance 1, scaled at run time; :class:`EqualizedConv2d` likewise
:class:`PixelNorm`              unit mean square of the features in every pixel
:class:`ProgressiveGenerator`   grows from 4x4 pixels; Karras et al. 2018
:class:`ProgressiveTrunk`       its mirror image: features of images at the current resolution
:class:`GrowthSchedule`         stage and fade-in after so many images
:func:`resize_real`             real images to match
:class:`StyleGenerator`         Karras et al. 2019; of :class:`MappingNetwork`, :class:`AdaIN`, :class:`NoiseInjection`
:func:`style_trunk`             its critic less the last layer
==============================  ==================================================================================

Networks of image GANs; families of them build both players for samples of a given shape:

================================  ===========================================================================
:class:`Networks`                 the protocol of a family; :func:`default_networks` chooses one by the shape
:class:`MLPNetworks`              :func:`mlp_image_generator` and :func:`mlp_trunk`, for samples of any shape
:class:`DCGANNetworks`            :func:`dcgan_generator` and :func:`dcgan_trunk`; Radford et al. 2016
:class:`ResNetNetworks`           :func:`resnet_generator` and :func:`resnet_trunk`; Miyato et al. 2018
:func:`biggan_generator`          Brock et al. 2019; :func:`truncated_latent` gives it typical latents
:class:`SelfAttention`            Zhang et al. 2019
================================  ===========================================================================

Discriminators, labels, and batches seen as a whole:

================================  ===========================================================================
:class:`Discriminator`            a :class:`Trunk` with heads: projection, classes, code, bottleneck
:class:`Critic`                   what it returns; :func:`logits_of` takes the logits out
:class:`LabelGenerator`           labels beside the noise; Mirza and Osindero 2014
:class:`LabelDiscriminator`       labels beside the sample
:class:`ConditionalBatchNorm2d`   a gain and a bias for each class
:class:`MinibatchDiscrimination`  how close a sample lies to its batch; Salimans et al. 2016
:class:`MinibatchStddev`          how much a batch varies; Karras et al. 2018
:class:`PacDiscriminator`         several samples judged as one; Lin et al. 2018
================================  ===========================================================================

Translation between images, with the source as the condition, and pairs of domains:

=============================  ==============================================================================
:class:`UNet`                  pix2pix's generator; Isola et al. 2017
:class:`PatchDiscriminator`    one logit a patch; :func:`receptive_field` tells the size of the patch
:class:`ResnetTranslator`      CycleGAN's generator; Zhu et al. 2017
:class:`TranslatorPair`        two translators as one generator of pairs
:class:`DiscriminatorPair`     two discriminators as one of pairs
:class:`CoupledGenerator`      CoGAN, Liu and Tuzel 2016; with :class:`CoupledDiscriminator`
:class:`SuperResolver`         SRGAN's generator; Ledig et al. 2017
:class:`LaplacianPyramid`      Denton et al. 2015; with :class:`LevelGenerator` and :class:`LevelDiscriminator`
=============================  ==============================================================================

Encoders, and what judges with them:

==============================  =============================================================================
:class:`Encoder`                a trunk and a linear layer: samples to latent vectors
:class:`GaussianEncoder`        samples to means and log variances; :func:`kl_to_standard_normal` of these
:class:`JointDiscriminator`     pairs of a sample and a latent vector; Donahue et al. 2017
:class:`AutoencoderCritic`      minus the reconstruction error; Berthelot et al. 2017
==============================  =============================================================================

Sequences of tokens (SeqGAN, Yu et al. 2017):

==============================  =============================================================================
:class:`SequenceGenerator`      an LSTM; :func:`oracle` is one with fixed random weights
:class:`SequenceDiscriminator`  convolutions over windows of tokens, and a highway layer
:func:`rollout_rewards`         the value of every token by sampled completions
:func:`policy_gradient_loss`    what the generator minimises with these values
==============================  =============================================================================
"""

from evogan.nets._attention import SelfAttention
from evogan.nets._biggan import biggan_generator, truncated_latent
from evogan.nets._conditional import ConditionalBatchNorm2d, LabelDiscriminator, LabelGenerator
from evogan.nets._coupled import CoupledDiscriminator, CoupledGenerator
from evogan.nets._critic import Critic, logits_of
from evogan.nets._dcgan import dcgan_generator, dcgan_trunk
from evogan.nets._encoders import (
    AutoencoderCritic,
    Encoder,
    GaussianEncoder,
    JointDiscriminator,
    kl_to_standard_normal,
)
from evogan.nets._equalized import EqualizedConv2d, EqualizedLinear, PixelNorm
from evogan.nets._growth import GrowthSchedule, resize_real
from evogan.nets._heads import Discriminator
from evogan.nets._minibatch import MinibatchDiscrimination, MinibatchStddev, PacDiscriminator
from evogan.nets._mlp import mlp, mlp_discriminator, mlp_generator
from evogan.nets._networks import DCGANNetworks, MLPNetworks, Networks, ResNetNetworks, default_networks
from evogan.nets._patch import (
    DiscriminatorPair,
    PatchDiscriminator,
    ResnetTranslator,
    TranslatorPair,
    receptive_field,
)
from evogan.nets._progressive import ProgressiveGenerator, ProgressiveTrunk
from evogan.nets._pyramid import LaplacianPyramid, LevelDiscriminator, LevelGenerator
from evogan.nets._resnet import resnet_generator, resnet_trunk
from evogan.nets._rollout import policy_gradient_loss, rollout_rewards
from evogan.nets._sequence import SequenceDiscriminator, SequenceGenerator, oracle
from evogan.nets._style import AdaIN, MappingNetwork, NoiseInjection, StyleGenerator, style_trunk
from evogan.nets._superres import SuperResolver
from evogan.nets._trunks import Trunk, mlp_image_generator, mlp_trunk
from evogan.nets._unet import UNet

__all__ = [
    "AdaIN",
    "AutoencoderCritic",
    "ConditionalBatchNorm2d",
    "CoupledDiscriminator",
    "CoupledGenerator",
    "Critic",
    "DCGANNetworks",
    "Discriminator",
    "DiscriminatorPair",
    "Encoder",
    "EqualizedConv2d",
    "EqualizedLinear",
    "GaussianEncoder",
    "GrowthSchedule",
    "JointDiscriminator",
    "LabelDiscriminator",
    "LabelGenerator",
    "LaplacianPyramid",
    "LevelDiscriminator",
    "LevelGenerator",
    "MLPNetworks",
    "MappingNetwork",
    "MinibatchDiscrimination",
    "MinibatchStddev",
    "Networks",
    "NoiseInjection",
    "PacDiscriminator",
    "PatchDiscriminator",
    "PixelNorm",
    "ProgressiveGenerator",
    "ProgressiveTrunk",
    "ResNetNetworks",
    "ResnetTranslator",
    "SelfAttention",
    "SequenceDiscriminator",
    "SequenceGenerator",
    "StyleGenerator",
    "SuperResolver",
    "TranslatorPair",
    "Trunk",
    "UNet",
    "biggan_generator",
    "dcgan_generator",
    "dcgan_trunk",
    "default_networks",
    "kl_to_standard_normal",
    "logits_of",
    "mlp",
    "mlp_discriminator",
    "mlp_generator",
    "mlp_image_generator",
    "mlp_trunk",
    "oracle",
    "policy_gradient_loss",
    "receptive_field",
    "resize_real",
    "resnet_generator",
    "resnet_trunk",
    "rollout_rewards",
    "style_trunk",
    "truncated_latent",
]
