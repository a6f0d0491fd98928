"""Conformance suites: what algorithms and operators of evogan rely on, checked on parts that others wrote.

===============================  =============================================================================
:func:`check_generative_model`   everything that a model must do to be used as an operator
:func:`check_conditional_model`  the same for models of solutions given a condition
:func:`check_critic`             everything that a critic must do to rank candidates before they are evaluated
:func:`check_transfer_model`     everything that a model must do to transfer between tasks
===============================  =============================================================================
"""

from evogan.testing._conditional_models import check_conditional_model
from evogan.testing._critics import check_critic
from evogan.testing._models import check_generative_model
from evogan.testing._transfer_models import check_transfer_model

__all__ = ["check_conditional_model", "check_critic", "check_generative_model", "check_transfer_model"]
