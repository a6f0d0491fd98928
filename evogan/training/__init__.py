"""Adversarial training and checkpoints.

===========================  ======================================================================
:class:`AdversarialTrainer`  one discriminator step, one generator step; loops belong to its callers
:func:`adam`                 an optimizer factory (fused Adam)
:class:`Adam`                the same as a setting, without its learning rate; also :class:`RMSprop`, :class:`SGD`
:func:`autograd_engine`      runs a block of steps of any trainer
:func:`fastest_engine`       picks hand-written gradients where they compute the same
:class:`GANSystem`           networks, losses and the order of their steps, with a moving average that samples
:class:`System`              the protocol that a system of your own follows
:class:`Recording`           the protocol of one that tells what happened inside its steps
:class:`LinearDecay`         a schedule of learning rates
:class:`Batches`             endless minibatches of a data set in memory
:func:`fit`                  the loop that every system shares
:func:`run_block`            some steps of it
:func:`save_checkpoint`      write any picklable state atomically, with a checksum
:func:`load_checkpoint`      read it back, refusing what is truncated or damaged
:func:`save_state`           the same for tensors and plain values alone
:func:`load_state`           read them back; this cannot run code
===========================  ======================================================================
"""

from evogan.training._batches import Batch, Batches, Data
from evogan.training._checkpoint import load_checkpoint, save_checkpoint
from evogan.training._distributed import first_process, gather_objects, is_distributed, process_rank
from evogan.training._engines import Engine, autograd_engine, fastest_engine
from evogan.training._loop import fit, run_block
from evogan.training._optimizers import SGD, Adam, Optimizer, RMSprop
from evogan.training._samples import Sample
from evogan.training._system import GANSystem, LinearDecay, Recording, System, averaged, check_labels
from evogan.training._trainer import AdversarialTrainer, Constraint, OptimizerFactory, adam
from evogan.training._weights import load_state, save_state

__all__ = [
    "SGD",
    "Adam",
    "AdversarialTrainer",
    "Batch",
    "Batches",
    "Constraint",
    "Data",
    "Engine",
    "GANSystem",
    "LinearDecay",
    "Optimizer",
    "OptimizerFactory",
    "RMSprop",
    "Recording",
    "Sample",
    "System",
    "adam",
    "autograd_engine",
    "averaged",
    "check_labels",
    "fastest_engine",
    "first_process",
    "fit",
    "gather_objects",
    "is_distributed",
    "load_checkpoint",
    "load_state",
    "process_rank",
    "run_block",
    "save_checkpoint",
    "save_state",
]
