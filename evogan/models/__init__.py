"""Generative models of decision vectors in the unit box, NumPy in and out.

Models of elite solutions, ``fit(X, X_poor)`` and ``sample(n)``:

========================  =====================================================================
:class:`GAN`              elite, poor and generated solutions against one discriminator
:class:`Gaussian`         null control: the normal distribution of the elites
:class:`Untrained`        null control: the same generator, never trained
:class:`GenerativeModel`  the protocol that a model of your own follows
:class:`FitReport`        what the last fit did: steps, losses, seconds
========================  =====================================================================

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

from evogan.models._base import FitReport, GenerativeModel
from evogan.models._cycle_transfer import CycleTransfer
from evogan.models._gan import GAN
from evogan.models._gaussian import Gaussian
from evogan.models._mtop_gan import MToPGAN
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

__all__ = [
    "GAN",
    "ConstantTransfer",
    "CycleTransfer",
    "FitReport",
    "Gaussian",
    "GenerativeModel",
    "MToPGAN",
    "MomentMatching",
    "NoTransfer",
    "RawTransfer",
    "SourceGAN",
    "SourceGaussian",
    "TransferGAN",
    "TransferModel",
    "UniformTransfer",
    "Untrained",
    "UntrainedTransfer",
    "wgan_gp_transfer",
]
