"""Published systems, each a short file to be read beside its paper.

===================  =================================================================================
:class:`GMOEA`       He, Huang, Cheng, Tan, Jin, IEEE TCYB 51(6), 2021: a multi-objective EA driven by a GAN
:class:`IMMOEA`      Cheng, Jin, Narukawa, Sendhoff, IEEE TEVC 19(6), 2015: a peer that models variables by objectives
:class:`RMMEDA`      Zhang, Zhou, Jin, IEEE TEVC 12(1), 2008: a peer that samples pieces of a manifold
:class:`MOEADDE`     Li, Zhang, IEEE TEVC 13(2), 2009: a peer of many subproblems and differential evolution
:class:`RCGMOEA`     this project's own: a conditional GAN breeds, a relativistic critic picks what is evaluated
:class:`EGAN`        Wang, Xu, Yao, Tao, IEEE TEVC 23(6), 2019: generators evolve, losses are mutations
:class:`CDEGAN`      Chen et al., IEEE TEVC 25(5), 2021: discriminators evolve too
:class:`Lipizzaner`  Schmiedlechner et al., 2018: GANs coevolve in the cells of a grid
:class:`CPSMOEA`     Zhang, Zhou, Zhang, IEEE CEC 2015: a classifier chooses among each parent's candidates
:class:`CSEA`        Pan et al., IEEE TEVC 23(1), 2019: a network chooses what is worth an expensive evaluation
===================  =================================================================================

For several tasks at once (:func:`evogan.multitask.minimize_multitask`):

===================  =================================================================================
:class:`EMTGS`       Liang, Zhu, Wang, Li, Zhu, IEEE TEVC 27(4), 2023: generative models transfer solutions
:class:`MOMFEA`      Gupta, Ong, Feng, Tan, IEEE TCYB 47(7), 2017: tasks mate with a fixed probability
:class:`MOMFEAII`    Bali, Gupta, Ong, Tan, IEEE TCYB 51(4), 2021: that probability is learnt for each pair
:class:`EMEA`        Feng et al., IEEE TCYB 49(9), 2019: an autoencoder maps solutions between tasks
:class:`EMTPD`       Liang et al., IEEE TSMC 52(7), 2022: offspring follow two fused distributions
===================  =================================================================================

Functions that make them for the shape of a sample, as those of :mod:`evogan.gans` do: :func:`egan`, :func:`ie_gan`,
:func:`mo_egan`, :func:`smo_egan`, :func:`annealing_gan`, :func:`cde_gan`, :func:`lipizzaner`, :func:`mustangs`.
"""

from evogan.algorithms.cde_gan import CDEGAN, cde_gan
from evogan.algorithms.cps_moea import CPSMOEA
from evogan.algorithms.csea import CSEA
from evogan.algorithms.egan import EGAN
from evogan.algorithms.egan_family import annealing_gan, egan, ie_gan, mo_egan, smo_egan
from evogan.algorithms.emea import EMEA
from evogan.algorithms.emt_gs import EMTGS
from evogan.algorithms.emt_gs_inertial import InertialEMTGS
from evogan.algorithms.emt_pd import EMTPD
from evogan.algorithms.gmoea import GMOEA
from evogan.algorithms.im_moea import IMMOEA
from evogan.algorithms.lipizzaner import Lipizzaner, lipizzaner, mustangs
from evogan.algorithms.mo_mfea import MOMFEA
from evogan.algorithms.mo_mfea_ii import MOMFEAII
from evogan.algorithms.moead_de import MOEADDE
from evogan.algorithms.rcg_moea import RCGMOEA
from evogan.algorithms.rm_meda import RMMEDA
from evogan.algorithms.snapshot_mixture import SnapshotMixture, mixture_egan

__all__ = [
    "CDEGAN",
    "CPSMOEA",
    "CSEA",
    "EGAN",
    "EMEA",
    "EMTGS",
    "EMTPD",
    "GMOEA",
    "IMMOEA",
    "MOEADDE",
    "MOMFEA",
    "MOMFEAII",
    "RCGMOEA",
    "RMMEDA",
    "InertialEMTGS",
    "Lipizzaner",
    "SnapshotMixture",
    "annealing_gan",
    "cde_gan",
    "egan",
    "ie_gan",
    "lipizzaner",
    "mixture_egan",
    "mo_egan",
    "mustangs",
    "smo_egan",
]
