"""Evolution of generators: the parts that E-GAN and its family are put together from.

==============  ==============================================================================================
individuals     :class:`Individual`: weights with an optimizer's state; :class:`Workbench`, :class:`Nursery`
mutations       :class:`MinimaxMutation`, :class:`HeuristicMutation`, :class:`LeastSquaresMutation`, or any
                adversarial loss
policies        :class:`AllMutations`, :class:`RandomMutations`, :class:`UCB1`; :class:`LearningRateMutation`
crossover       :class:`Distillation`
fitness         :class:`EGANFitness`, :class:`IEGANFitness`, :class:`FeatureFitness`,
                :class:`CustomFitness`, :class:`NoFitness`
selection       :class:`Truncation`, :class:`Tournament`, :class:`ParetoSelection`, :class:`Metropolis`, and the
                controls :class:`RandomSelection` and :class:`WorstSelection`
coevolution     :class:`Arena`, where generators meet discriminators; :func:`neighbourhoods` on a torus;
                :class:`GeneratorMixture`, with weights by :func:`evolve_weights`
==============  ==============================================================================================

The systems are in :mod:`evogan.algorithms`.
"""

from evogan.neuroevolution._arena import AGGREGATES, Arena, Pair
from evogan.neuroevolution._crossover import Crossover, Distillation
from evogan.neuroevolution._evolved import EvolvedSystem
from evogan.neuroevolution._fitness import (
    CustomFitness,
    EGANFitness,
    Evaluation,
    FeatureFitness,
    Fitness,
    IEGANFitness,
    NoFitness,
)
from evogan.neuroevolution._generator_mixture import GeneratorMixture, evolve_weights, mixed
from evogan.neuroevolution._individual import (
    Individual,
    OptimizerState,
    Workbench,
    put_weights,
    restored_optimizer,
    weights_of,
)
from evogan.neuroevolution._mixing import GaussianLadder, best_weights, least_contribution
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
    Generation,
    Metropolis,
    ParetoSelection,
    RandomSelection,
    Selection,
    Tournament,
    Truncation,
    WorstSelection,
)
from evogan.neuroevolution._stacked import Together, check_together
from evogan.neuroevolution._support import (
    as_fitness,
    check_one_each,
    check_part,
    draw_samples,
    evaluated_fakes,
    evolvable,
    finite_ones,
    generation_record,
    shared_among,
)
from evogan.neuroevolution._torus import check_grid, neighbourhoods

__all__ = [
    "AGGREGATES",
    "UCB1",
    "AllMutations",
    "Arena",
    "Crossover",
    "CustomFitness",
    "Distillation",
    "EGANFitness",
    "Evaluation",
    "EvolvedSystem",
    "FeatureFitness",
    "Fitness",
    "GaussianLadder",
    "Generation",
    "GeneratorMixture",
    "HeuristicMutation",
    "IEGANFitness",
    "Individual",
    "LearningRateMutation",
    "LeastSquaresMutation",
    "Metropolis",
    "MinimaxMutation",
    "MutationPolicy",
    "Mutations",
    "NoFitness",
    "Nursery",
    "OptimizerState",
    "Pair",
    "ParetoSelection",
    "Plan",
    "RandomMutations",
    "RandomSelection",
    "Selection",
    "Together",
    "Tournament",
    "Truncation",
    "Workbench",
    "WorstSelection",
    "as_fitness",
    "best_weights",
    "check_grid",
    "check_one_each",
    "check_part",
    "check_together",
    "draw_samples",
    "egan_mutations",
    "evaluated_fakes",
    "evolvable",
    "evolve_weights",
    "finite_ones",
    "generation_record",
    "judging",
    "least_contribution",
    "mixed",
    "named_mutations",
    "neighbourhoods",
    "put_weights",
    "restored_optimizer",
    "shared_among",
    "statistics_kept",
    "weights_of",
]
