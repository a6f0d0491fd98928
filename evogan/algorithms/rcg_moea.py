"""RCG-MOEA: a relativistic conditional GAN breeds, and above all judges, the offspring of a multi-objective EA.

This project's own algorithm. A discriminator D(x, c), conditioned on the position c on the front, learns from all pairs
of evaluated solutions which of two is better there; of ten candidates per offspring only the one that it ranks first is
evaluated. Ridge regression takes turns with it, and who chooses more often follows what survives. Candidates come from
recombination and from a generator that learns solutions given their position. More variables than solutions are too
many for the GAN: flow matching takes its place, and the first generations also cross with the population's mean.
docs/flagship.md has the formulas, what was measured, and where it does not pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pymoo.core.repair import Repair
from pymoo.util.display.multi import MultiObjectiveOutput

from evogan._internal.checks import check_int
from evogan.algorithms._peers import BoxAlgorithm, Initial, check_sampling
from evogan.models import ConditionalGAN, Critic, FlowMatching, Gaussian, RelativisticCritic, RidgeCritic
from evogan.operators import (
    CentroidSource,
    CrossoverSource,
    DifferentialSource,
    HeadStart,
    NicheSurvival,
    NicheTournament,
    ScreenedInfill,
)


class RCGMOEA(BoxAlgorithm):
    """Screened infill and niche survival; the default breeds with a conditional GAN beside recombination.

    Args:
        pop_size: population size N, at least 4.
        sources: of candidates, see :class:`~evogan.operators.ScreenedInfill`; None means differential evolution,
            crossover and a :class:`~evogan.models.ConditionalGAN`; with more than ``pop_size`` variables
            :class:`~evogan.models.FlowMatching` in its place, and until generation 10 the population's mean.
        critic: one, or a list of several that take turns, see :class:`~evogan.operators.ScreenedInfill`.
        n_candidates: for each offspring; 1 never asks a critic.
        n_offsprings: offspring a generation; None means N / 2, after which the networks learn from what came of them.
        sampling: initial population, a pymoo Sampling or solutions as an array or Population; None means uniform.
        repair: pymoo repair for all offspring.

    Raises (when a run starts):
        ValueError: bounds are missing or infinite, or the evaluation budget is smaller than ``pop_size``.
        TypeError: variables are not real.

    Example:
        >>> from pymoo.optimize import minimize
        >>> from evogan.problems.imf import IMF1
        >>> result = minimize(IMF1(n_var=5), RCGMOEA(20), ("n_eval", 90), seed=1)
        >>> result.algorithm.evaluator.n_eval
        90
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        sources: Sequence[Any] | None = None,
        critic: Critic | Sequence[Critic] | None = None,
        n_candidates: int = 10,
        n_offsprings: int | None = None,
        sampling: Initial | None = None,
        repair: Repair | None = None,
    ) -> None:
        mating = ScreenedInfill(
            _default_sources(many=False) if sources is None else sources,
            critic=critic,
            n_candidates=n_candidates,
            selection=NicheTournament(),
            repair=repair,
        )
        self._defaults, self._many = (mating.sources if sources is None else None), False
        super().__init__(
            pop_size=check_int(pop_size, "pop_size", low=4),
            sampling=check_sampling(sampling),
            survival=NicheSurvival(),
            mating=mating,
            n_offsprings=-(-pop_size // 2) if n_offsprings is None else check_int(n_offsprings, "n_offsprings", low=1),
            repair=repair,
            eliminate_duplicates=True,
            output=MultiObjectiveOutput(),
            advance_after_initial_infill=True,
        )

    def choose_sources(self, problem: Any) -> None:
        """Take the default sources for a problem's number of variables, as a run does when it starts.

        Sources of one's own stay, those given to the algorithm and those set in its mating.
        """
        many = problem.n_var > self.pop_size
        unchanged = self._defaults is not None and self._defaults is getattr(self.mating, "sources", None)
        if unchanged and many != self._many:
            self.mating.sources = _default_sources(many)
            self._defaults, self._many = self.mating.sources, many

    def _prepare(self, problem: Any) -> None:
        self.choose_sources(problem)

    @classmethod
    def gan(cls, pop_size: int = 100, **options: Any) -> Self:
        """Breed with the conditional GAN, however many variables there are. Keywords override."""
        return cls(pop_size, **{"sources": [*_classic(), ConditionalGAN()], **options})

    @classmethod
    def flow(cls, pop_size: int = 100, **options: Any) -> Self:
        """Breed with flow matching, however few variables there are."""
        return cls(pop_size, **{"sources": [*_classic(), FlowMatching()], **options})

    @classmethod
    def no_generator(cls, pop_size: int = 100, **options: Any) -> Self:
        """Judge the offspring of recombination alone, by both critics."""
        return cls(pop_size, **{"sources": _classic(), **options})

    @classmethod
    def head_start(cls, pop_size: int = 100, **options: Any) -> Self:
        """Cross with the population's mean until generation 10, without a generator: an ablation."""
        return cls(pop_size, **{"sources": [*_classic(), HeadStart(CentroidSource())], **options})

    @classmethod
    def critic_only(cls, pop_size: int = 100, **options: Any) -> Self:
        """Judge the offspring of recombination alone, by the network alone: an ablation."""
        return cls(pop_size, **{"sources": _classic(), "critic": RelativisticCritic(), **options})

    @classmethod
    def generator_only(cls, pop_size: int = 100, **options: Any) -> Self:
        """Breed as the default does, and judge nothing: an ablation."""
        return cls(pop_size, **{"n_candidates": 1, **options})

    @classmethod
    def untrained(cls, pop_size: int = 100, **options: Any) -> Self:
        """Breed with the conditional GAN's networks as they are initialised, never trained: a null control."""
        return cls(pop_size, **{"sources": [*_classic(), ConditionalGAN(n_steps=0, n_first_steps=0)], **options})

    @classmethod
    def gaussian(cls, pop_size: int = 100, **options: Any) -> Self:
        """Breed with the population's normal distribution in the GAN's place: a null control."""
        return cls(pop_size, **{"sources": [*_classic(), Gaussian()], **options})

    @classmethod
    def centroid(cls, pop_size: int = 100, **options: Any) -> Self:
        """Cross with the population's mean in the GAN's place: what contraction alone brings, a null control."""
        return cls(pop_size, **{"sources": [*_classic(), CentroidSource()], **options})

    @classmethod
    def shell(cls, pop_size: int = 100, **options: Any) -> Self:
        """Neither generator nor critic: the null control that every claim needs beside it."""
        return cls(pop_size, **{"sources": _classic(), "n_candidates": 1, **options})

    @classmethod
    def ridge(cls, pop_size: int = 100, **options: Any) -> Self:
        """Judge the offspring of recombination alone, by ridge regression alone: the control without a network."""
        return cls(pop_size, **{"sources": _classic(), "critic": RidgeCritic(), **options})


def _classic() -> list[Any]:
    return [DifferentialSource(), CrossoverSource()]


def _default_sources(many: bool) -> list[Any]:
    return [*_classic(), *([FlowMatching(), HeadStart(CentroidSource())] if many else [ConditionalGAN()])]
