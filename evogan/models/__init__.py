"""Generative models of decision vectors in the unit box: ``fit(X, X_poor)`` and ``sample(n)``, NumPy in and out.

========================  =====================================================================
:class:`GAN`              elite, poor and generated solutions against one discriminator
:class:`Gaussian`         null control: the normal distribution of the elites
:class:`Untrained`        null control: the same generator, never trained
:class:`GenerativeModel`  the protocol that a model of your own follows
:class:`FitReport`        what the last fit did: steps, losses, seconds
========================  =====================================================================
"""

from evogan.models._base import FitReport, GenerativeModel
from evogan.models._gan import GAN
from evogan.models._gaussian import Gaussian
from evogan.models._untrained import Untrained

__all__ = ["GAN", "FitReport", "Gaussian", "GenerativeModel", "Untrained"]
