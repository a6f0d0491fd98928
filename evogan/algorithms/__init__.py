"""Published systems, each a short file to be read beside its paper.

==============  ==================================================================================
:class:`GMOEA`  He, Huang, Cheng, Tan, Jin, IEEE TCYB 51(6), 2021: a multi-objective EA driven by a GAN
==============  ==================================================================================
"""

from evogan.algorithms.gmoea import GMOEA

__all__ = ["GMOEA"]
