"""Published systems, each a short file to be read beside its paper.

==============  ==================================================================================
:class:`GMOEA`  He, Huang, Cheng, Tan, Jin, IEEE TCYB 51(6), 2021: a multi-objective EA driven by a GAN
:class:`EGAN`   Wang, Xu, Yao, Tao, IEEE TEVC 23(6), 2019: generators evolve, losses are mutations
==============  ==================================================================================

Systems made from E-GAN by a choice of parts: :func:`egan`, :func:`ie_gan`, :func:`mo_egan`, :func:`smo_egan`,
:func:`annealing_gan`.
"""

from evogan.algorithms.egan import EGAN
from evogan.algorithms.egan_family import annealing_gan, egan, ie_gan, mo_egan, smo_egan
from evogan.algorithms.gmoea import GMOEA

__all__ = ["EGAN", "GMOEA", "annealing_gan", "egan", "ie_gan", "mo_egan", "smo_egan"]
