"""Generative models as variation operators of evolutionary algorithms.

Nothing is imported eagerly (``import torch`` costs seconds): import what you need from its folder, e.g.
``from evogan.algorithms import GMOEA`` or ``from evogan.problems.imf import IMF1``.
"""

__version__ = "0.1.0"
