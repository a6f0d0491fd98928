"""Generative variation for pymoo, and the selections it needs.

===========================  ==================================================================
:class:`GenerativeInfill`    any generative model as ``mating=`` of any pymoo genetic algorithm
:class:`GenerativeSampling`  an initial population drawn from a model
:class:`MixedInfill`         several infills with probabilities or schedules
:class:`ScreenedInfill`      of several candidates for each offspring, the one that a critic ranks first
:class:`CrossoverSource`     candidates by simulated binary crossover
:class:`DifferentialSource`  candidates by differential evolution
:class:`CentroidSource`      candidates crossed with the population's mean
:class:`ModelSource`         candidates from a generative model, given the parent's place on the front
:class:`HeadStart`           a source for the first generations of a run alone
:class:`CandidateSource`     the protocol that a source of your own follows
:class:`MatingPool`          what sources see of a population
:class:`Credit`              probabilities that follow success
:class:`NicheSurvival`       SPEA2's selection in each direction of objective space, then among all
:class:`NicheTournament`     parents among solutions that survived for the same reason
:func:`elite_poor_split`     which solutions a model learns from, by any pymoo survival
:class:`SPEA2Survival`       vectorised environmental selection of SPEA2
:func:`check_elites`         a number or a fraction of elites, checked
:func:`finite_solutions`     which solutions have only finite objectives and constraints
:func:`spea2_fitness`        raw fitness plus density of SPEA2
:func:`spea2_truncation`     which points survive when there are too many non-dominated ones
:class:`SPEA2Tournament`     tournament selection on that fitness, feasibility first
:func:`classic_mating`       tournament-free SBX and polynomial mutation, the usual fallback
:func:`sbx`                  simulated binary crossover of rows of the unit box
:func:`polynomial_mutation`  polynomial mutation, likewise
:func:`binomial_crossover`   the crossover of differential evolution, likewise
:func:`lattice`              a simplex lattice of weights
:func:`within_budget`        offspring cut to the evaluations that are left
===========================  ==================================================================
"""

from evogan.operators._budget import within_budget
from evogan.operators._classic import classic_mating
from evogan.operators._credit import Credit
from evogan.operators._infill import GenerativeInfill
from evogan.operators._lattice import lattice
from evogan.operators._mixed import MixedInfill
from evogan.operators._model_source import HeadStart, ModelSource
from evogan.operators._niches import NicheSurvival, NicheTournament
from evogan.operators._sampling import GenerativeSampling
from evogan.operators._screened import ScreenedInfill
from evogan.operators._sources import (
    CandidateSource,
    CentroidSource,
    CrossoverSource,
    DifferentialSource,
    MatingPool,
)
from evogan.operators._spea2 import SPEA2Survival, SPEA2Tournament, spea2_fitness, spea2_truncation
from evogan.operators._split import check_elites, elite_poor_split, finite_solutions
from evogan.operators._variation import binomial_crossover, polynomial_mutation, sbx

__all__ = [
    "CandidateSource",
    "CentroidSource",
    "Credit",
    "CrossoverSource",
    "DifferentialSource",
    "GenerativeInfill",
    "GenerativeSampling",
    "HeadStart",
    "MatingPool",
    "MixedInfill",
    "ModelSource",
    "NicheSurvival",
    "NicheTournament",
    "SPEA2Survival",
    "SPEA2Tournament",
    "ScreenedInfill",
    "binomial_crossover",
    "check_elites",
    "classic_mating",
    "elite_poor_split",
    "finite_solutions",
    "lattice",
    "polynomial_mutation",
    "sbx",
    "spea2_fitness",
    "spea2_truncation",
    "within_budget",
]
