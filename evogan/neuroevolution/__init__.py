"""Evolution of generators: the parts that E-GAN and its family are put together from.

==============  ==============================================================================================
individuals     :class:`Individual`: weights with an optimizer's state; :class:`Workbench`, :class:`Nursery`
mutations       :class:`MinimaxMutation`, :class:`HeuristicMutation`, :class:`LeastSquaresMutation`, or any
                adversarial loss
policies        :class:`AllMutations`, :class:`RandomMutations`, :class:`UCB1`; :class:`LearningRateMutation`
crossover       :class:`Distillation`
fitness         :class:`EGANFitness`, :class:`IEGANFitness`, :class:`FeatureFitness`, :class:`CustomFitness`
selection       :class:`Truncation`, :class:`Tournament`, :class:`ParetoSelection`, :class:`Metropolis`, and the
                controls :class:`RandomSelection` and :class:`WorstSelection`
==============  ==============================================================================================

The systems are in :mod:`evogan.algorithms`.
"""

from evogan.neuroevolution._crossover import Crossover, Distillation
from evogan.neuroevolution._evolved import EvolvedSystem
from evogan.neuroevolution._fitness import (
    CustomFitness,
    EGANFitness,
    Evaluation,
    FeatureFitness,
    Fitness,
    IEGANFitness,
)
from evogan.neuroevolution._individual import Individual, OptimizerState, Workbench
from evogan.neuroevolution._mutations import (
    HeuristicMutation,
    LeastSquaresMutation,
    MinimaxMutation,
    Mutations,
    egan_mutations,
    named_mutations,
)
from evogan.neuroevolution._nursery import Nursery, Plan, judging, statistics_kept
from evogan.neuroevolution._policies import UCB1, AllMutations, LearningRateMutation, MutationPolicy, RandomMutations
from evogan.neuroevolution._selection import (
    Metropolis,
    ParetoSelection,
    RandomSelection,
    Selection,
    Tournament,
    Truncation,
    WorstSelection,
)
from evogan.neuroevolution._support import (
    as_fitness,
    draw_samples,
    evaluated_fakes,
    evolvable,
    finite_ones,
    generation_record,
    shared_among,
)

__all__ = [
    "UCB1",
    "AllMutations",
    "Crossover",
    "CustomFitness",
    "Distillation",
    "EGANFitness",
    "Evaluation",
    "EvolvedSystem",
    "FeatureFitness",
    "Fitness",
    "HeuristicMutation",
    "IEGANFitness",
    "Individual",
    "LearningRateMutation",
    "LeastSquaresMutation",
    "Metropolis",
    "MinimaxMutation",
    "MutationPolicy",
    "Mutations",
    "Nursery",
    "OptimizerState",
    "ParetoSelection",
    "Plan",
    "RandomMutations",
    "RandomSelection",
    "Selection",
    "Tournament",
    "Truncation",
    "Workbench",
    "WorstSelection",
    "as_fitness",
    "draw_samples",
    "egan_mutations",
    "evaluated_fakes",
    "evolvable",
    "finite_ones",
    "generation_record",
    "judging",
    "named_mutations",
    "shared_among",
    "statistics_kept",
]
