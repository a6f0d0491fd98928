"""Conformance suites: what the operators of evogan rely on, checked on parts that others wrote.

==============================  ==============================================================
:func:`check_generative_model`  everything that a model must do to be used as an operator
==============================  ==============================================================
"""

from evogan.testing._models import check_generative_model

__all__ = ["check_generative_model"]
