"""Networks: so far multilayer perceptrons for decision vectors.

==========================  ===========================================================
:func:`mlp`                 linear layers with activations and optional batch normalization
:func:`mlp_generator`       latent vectors to the unit box
:func:`mlp_discriminator`   decision vectors to one logit
==========================  ===========================================================
"""

from evogan.nets._mlp import mlp, mlp_discriminator, mlp_generator

__all__ = ["mlp", "mlp_discriminator", "mlp_generator"]
