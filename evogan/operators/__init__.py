"""Generative variation for pymoo, and the selections it needs.

===========================  ==================================================================
:class:`GenerativeInfill`    any generative model as ``mating=`` of any pymoo genetic algorithm
:class:`GenerativeSampling`  an initial population drawn from a model
:class:`MixedInfill`         several infills with probabilities or schedules
:func:`elite_poor_split`     which solutions a model learns from, by any pymoo survival
:class:`SPEA2Survival`       vectorised environmental selection of SPEA2
:func:`check_elites`         a number or a fraction of elites, checked
:func:`finite_solutions`     which solutions have only finite objectives and constraints
:func:`spea2_fitness`        raw fitness plus density of SPEA2
:func:`spea2_truncation`     which points survive when there are too many non-dominated ones
:class:`SPEA2Tournament`     tournament selection on that fitness, feasibility first
:func:`classic_mating`       tournament-free SBX and polynomial mutation, the usual fallback
:func:`within_budget`        offspring cut to the evaluations that are left
===========================  ==================================================================
"""

from evogan.operators._budget import within_budget
from evogan.operators._classic import classic_mating
from evogan.operators._infill import GenerativeInfill
from evogan.operators._mixed import MixedInfill
from evogan.operators._sampling import GenerativeSampling
from evogan.operators._spea2 import SPEA2Survival, SPEA2Tournament, spea2_fitness, spea2_truncation
from evogan.operators._split import check_elites, elite_poor_split, finite_solutions

__all__ = [
    "GenerativeInfill",
    "GenerativeSampling",
    "MixedInfill",
    "SPEA2Survival",
    "SPEA2Tournament",
    "check_elites",
    "classic_mating",
    "elite_poor_split",
    "finite_solutions",
    "spea2_fitness",
    "spea2_truncation",
    "within_budget",
]
