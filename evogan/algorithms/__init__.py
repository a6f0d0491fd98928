"""Published systems, each a short file to be read beside its paper.

===================  =================================================================================
:class:`GMOEA`       He, Huang, Cheng, Tan, Jin, IEEE TCYB 51(6), 2021: a multi-objective EA driven by a GAN
:class:`EGAN`        Wang, Xu, Yao, Tao, IEEE TEVC 23(6), 2019: generators evolve, losses are mutations
:class:`CDEGAN`      Chen et al., IEEE TEVC 25(5), 2021: discriminators evolve too
:class:`Lipizzaner`  Schmiedlechner et al., 2018: GANs coevolve in the cells of a grid
===================  =================================================================================

Functions that make them for the shape of a sample, as those of :mod:`evogan.gans` do: :func:`egan`, :func:`ie_gan`,
:func:`mo_egan`, :func:`smo_egan`, :func:`annealing_gan`, :func:`cde_gan`, :func:`lipizzaner`, :func:`mustangs`.
"""

from evogan.algorithms.cde_gan import CDEGAN, cde_gan
from evogan.algorithms.egan import EGAN
from evogan.algorithms.egan_family import annealing_gan, egan, ie_gan, mo_egan, smo_egan
from evogan.algorithms.gmoea import GMOEA
from evogan.algorithms.lipizzaner import Lipizzaner, lipizzaner, mustangs
from evogan.algorithms.snapshot_mixture import SnapshotMixture, mixture_egan

__all__ = [
    "CDEGAN",
    "EGAN",
    "GMOEA",
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
