"""Penalties on the discriminator, added to its loss.

==========================  ====================================================================
:func:`gradient_penalty`    the one function behind all of them: (norm of grad D - center)^2 per sample
:class:`GradientPenalty`    Gulrajani et al. 2017 (WGAN-GP): at random points between real and fake
:class:`R1`                 Mescheder et al. 2018: zero-centred, at real samples
:class:`R2`                 Mescheder et al. 2018: zero-centred, at fake samples
:class:`Regularizer`        the protocol that a penalty of your own follows
==========================  ====================================================================
"""

from evogan.regularizers._gradient import R1, R2, GradientPenalty, Regularizer, gradient_penalty

__all__ = ["R1", "R2", "GradientPenalty", "Regularizer", "gradient_penalty"]
