"""Generative models of decision vectors in the unit box, NumPy in and out.

Models of elite solutions, ``fit(X, X_poor)`` and ``sample(n)``:

==========================  ===================================================================
:class:`GAN`                elite, poor and generated solutions against one discriminator
:func:`wgan_gp`             the same with a Wasserstein critic and a gradient penalty
:func:`lsgan`               the same with the least-squares loss
:func:`hinge_gan`           the same with the hinge loss and spectral normalization
:class:`Gaussian`           null control: the normal distribution of the elites
:class:`Untrained`          null control: the same generator, never trained
:class:`GenerativeModel`    the protocol that a model of your own follows
:class:`FitReport`          what the last fit did: steps, losses, seconds
==========================  ===================================================================

Models of solutions that may be given a condition, ``fit(X, condition=C)`` and ``sample(n, condition=c)``; all but the
last train from fit to fit in standardised coordinates:

==========================  ===================================================================
:class:`FlowMatching`       a velocity field from noise to solutions (Lipman et al. 2023)
:class:`ConditionalGAN`     relativistic pairs, penalties at both (Huang et al. 2024)
:class:`DiffusionModel`     noise, removed step by step (Ho et al. 2020)
:class:`VAE`                a variational autoencoder (Kingma and Welling 2014)
:class:`BiGAN`              a GAN with an encoder (Donahue et al. 2017)
:class:`KernelDensity`      control without a network: normal kernels about every solution
:class:`ConditionalModel`   the protocol that a model of your own follows
==========================  ===================================================================

Critics that rank candidates before they are evaluated, ``observe(X, F)``, ``fit(X, F)`` and ``score(X, condition)``:

===========================  ==================================================================
:class:`RelativisticCritic`  a projection discriminator trained on all pairs of solutions
:class:`RidgeCritic`         control without a network: ridge regression of the objectives
:class:`Critic`              the protocol that a critic of your own follows
:class:`ObjectiveFrame`      a common scale of objectives, and positions on the front as conditions
===========================  ==================================================================

Transfer models between the tasks of multitask optimisation, ``fit(X_source, X_target)`` and ``transfer(X_source)``:

==========================  ===================================================================
:class:`SourceGAN`          the source's distribution, sampled anew: what :class:`~evogan.algorithms.EMTGS` uses
:class:`SourceGaussian`     control: the same without a network
:class:`MToPGAN`            the GAN of EMT-GS (Liang et al. 2023) as the platform MToP codes it
:class:`TransferGAN`        any loss and penalty, standardised variables, a residual generator
:func:`wgan_gp_transfer`    the same with a Wasserstein critic and a gradient penalty
:class:`CycleTransfer`      two generators, each the other's inverse (Zhu et al. 2017)
:class:`MomentMatching`     control: the target's mean and spread, variable by variable
:class:`UntrainedTransfer`  null control: a :class:`TransferGAN` that is never trained
:class:`RawTransfer`        null control: the source's solutions as they are
:class:`ConstantTransfer`   null control: the same point for all
:class:`UniformTransfer`    null control: random points
:class:`NoTransfer`         null control: every task as if it were alone
:class:`TransferModel`      the protocol that a model of your own follows
==========================  ===================================================================
"""

from evogan.models._base import ConditionalModel, FitReport, GenerativeModel
from evogan.models._bigan import BiGAN
from evogan.models._conditional_gan import ConditionalGAN
from evogan.models._cycle_transfer import CycleTransfer
from evogan.models._diffusion import DiffusionModel
from evogan.models._flow import FlowMatching
from evogan.models._front_position import ObjectiveFrame
from evogan.models._gan import GAN
from evogan.models._gaussian import Gaussian
from evogan.models._kernel_density import KernelDensity
from evogan.models._mtop_gan import MToPGAN
from evogan.models._presets import hinge_gan, lsgan, wgan_gp
from evogan.models._relativistic_critic import Critic, RelativisticCritic
from evogan.models._ridge_critic import RidgeCritic
from evogan.models._source_gan import SourceGAN, SourceGaussian
from evogan.models._transfer import (
    ConstantTransfer,
    MomentMatching,
    NoTransfer,
    RawTransfer,
    TransferModel,
    UniformTransfer,
)
from evogan.models._transfer_gan import TransferGAN, UntrainedTransfer, wgan_gp_transfer
from evogan.models._untrained import Untrained
from evogan.models._vae import VAE

__all__ = [
    "GAN",
    "VAE",
    "BiGAN",
    "ConditionalGAN",
    "ConditionalModel",
    "ConstantTransfer",
    "Critic",
    "CycleTransfer",
    "DiffusionModel",
    "FitReport",
    "FlowMatching",
    "Gaussian",
    "GenerativeModel",
    "KernelDensity",
    "MToPGAN",
    "MomentMatching",
    "NoTransfer",
    "ObjectiveFrame",
    "RawTransfer",
    "RelativisticCritic",
    "RidgeCritic",
    "SourceGAN",
    "SourceGaussian",
    "TransferGAN",
    "TransferModel",
    "UniformTransfer",
    "Untrained",
    "UntrainedTransfer",
    "hinge_gan",
    "lsgan",
    "wgan_gp",
    "wgan_gp_transfer",
]
