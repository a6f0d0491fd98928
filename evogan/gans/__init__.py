"""Published systems, each a choice of losses, penalties, networks and steps.

Every function takes the shape of one sample, ``(c, h, w)`` or ``(d,)``, and returns a system that
:func:`evogan.training.fit` and :func:`evogan.experiments.train` run. ``networks=None`` means the default for the shape,
:class:`Recipe` holds rates, optimizer and the number of critic steps. docs/systems.md lists papers, tests and what was
verified.

=====================  ==================================================================================
loss                   :func:`gan`, :func:`dcgan`, :func:`lsgan`, :func:`f_gan`, :func:`rsgan`, :func:`ragan`,
                       :func:`gan_qp`, :func:`t_gan`, :func:`began`, :func:`hinge_gan`
Wasserstein            :func:`wgan`, :func:`wgan_gp`, :func:`wgan_div`, :func:`ct_gan`
stability              :func:`sngan`, :func:`gan_r1`, :func:`dragan`, :func:`roth_gan`, :func:`consensus_gan`,
                       :func:`locally_stable_gan`, :func:`vdb_gan`, :func:`ttur_gan`, :func:`unrolled_gan`
diversity              :func:`pacgan`, :func:`improved_gan`, :func:`mix_gan`
growth and style       :func:`pggan`, :func:`stylegan`
conditional            :func:`cgan`, :func:`acgan`, :func:`infogan`, :func:`projection_gan`, :func:`sagan`,
                       :func:`biggan`
encoders               :func:`bigan`, :func:`ali`, :func:`bigan_qp`, :func:`vae`, :func:`introvae`
translation            :func:`pix2pix`, :func:`cyclegan`, :func:`cogan`, :func:`srgan`
stacks and sequences   :func:`lapgan`, :func:`stacked_gan`, :func:`seqgan`
=====================  ==================================================================================
"""

from evogan.gans._assemble import NormalPrior, Recipe, assemble, plain_critic
from evogan.gans._attention import BigGANSystem, biggan, sagan
from evogan.gans._bidirectional import EncoderSystem, ali, bigan, bigan_qp
from evogan.gans._classic import dcgan, gan, hinge_gan, lsgan
from evogan.gans._conditional import acgan, cgan, projection_gan
from evogan.gans._coupled import cogan
from evogan.gans._cyclegan import cyclegan
from evogan.gans._divergences import began, f_gan, gan_qp, ragan, rsgan, t_gan
from evogan.gans._diverse import improved_gan, pacgan
from evogan.gans._infogan import CodePrior, InfoGANSystem, infogan
from evogan.gans._introspective import introvae
from evogan.gans._mixture import mix_gan
from evogan.gans._progressive import pggan, stylegan
from evogan.gans._pyramid import lapgan
from evogan.gans._sequence import seqgan
from evogan.gans._stable import (
    consensus_gan,
    dragan,
    gan_r1,
    locally_stable_gan,
    roth_gan,
    sngan,
    ttur_gan,
    vdb_gan,
)
from evogan.gans._stacked import stacked_gan
from evogan.gans._superresolution import srgan
from evogan.gans._translation import pix2pix
from evogan.gans._unrolled import unrolled_gan
from evogan.gans._variational import vae
from evogan.gans._wasserstein import ct_gan, wgan, wgan_div, wgan_gp

__all__ = [
    "BigGANSystem",
    "CodePrior",
    "EncoderSystem",
    "InfoGANSystem",
    "NormalPrior",
    "Recipe",
    "acgan",
    "ali",
    "assemble",
    "began",
    "bigan",
    "bigan_qp",
    "biggan",
    "cgan",
    "cogan",
    "consensus_gan",
    "ct_gan",
    "cyclegan",
    "dcgan",
    "dragan",
    "f_gan",
    "gan",
    "gan_qp",
    "gan_r1",
    "hinge_gan",
    "improved_gan",
    "infogan",
    "introvae",
    "lapgan",
    "locally_stable_gan",
    "lsgan",
    "mix_gan",
    "pacgan",
    "pggan",
    "pix2pix",
    "plain_critic",
    "projection_gan",
    "ragan",
    "roth_gan",
    "rsgan",
    "sagan",
    "seqgan",
    "sngan",
    "srgan",
    "stacked_gan",
    "stylegan",
    "t_gan",
    "ttur_gan",
    "unrolled_gan",
    "vae",
    "vdb_gan",
    "wgan",
    "wgan_div",
    "wgan_gp",
]
