"""Adversarial training and checkpoints.

===========================  ======================================================================
:class:`AdversarialTrainer`  one discriminator step, one generator step; loops belong to its callers
:func:`adam`                 an optimizer factory (fused Adam)
:func:`autograd_engine`      runs a block of steps of any trainer
:func:`fastest_engine`       picks hand-written gradients where they compute the same
:func:`save_checkpoint`      write any picklable state atomically, with a checksum
:func:`load_checkpoint`      read it back, refusing what is truncated or damaged
===========================  ======================================================================
"""

from evogan.training._checkpoint import load_checkpoint, save_checkpoint
from evogan.training._engines import Engine, autograd_engine, fastest_engine
from evogan.training._trainer import AdversarialTrainer, OptimizerFactory, adam

__all__ = [
    "AdversarialTrainer",
    "Engine",
    "OptimizerFactory",
    "adam",
    "autograd_engine",
    "fastest_engine",
    "load_checkpoint",
    "save_checkpoint",
]
