"""Generative variation inside other people's frameworks, in their own conventions.

===============================  ==============================================================================
:mod:`evogan.integrations.deap`  ``varGenerative`` and ``GenerativeVariation``, beside ``deap.algorithms.varAnd``
===============================  ==============================================================================

pymoo needs no integration: :mod:`evogan.operators` are pymoo operators.
"""
