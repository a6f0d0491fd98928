"""GMOEA: a multi-objective EA whose offspring come from a GAN that tells elite, poor and fake solutions apart.

C. He, S. Huang, R. Cheng, K. C. Tan, Y. Jin, "Evolutionary multiobjective optimization driven by generative
adversarial networks (GANs)", IEEE Transactions on Cybernetics 51(6), 2021; arXiv 1907.04482. Algorithm and equation
numbers are those of arXiv v1; "code" is the authors' published program. Every departure, and which of the code's
faults are mended, stands in docs/paper-versus-code.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Self

from pymoo.core.mutation import Mutation
from pymoo.core.repair import Repair
from pymoo.operators.mutation.nom import NoMutation
from pymoo.util.display.multi import MultiObjectiveOutput

from evogan._internal.checks import check_float, check_int
from evogan.algorithms._peers import BoxAlgorithm, Initial, check_sampling
from evogan.losses import Minimax, NonSaturating, SourceWeights
from evogan.models import GAN, GenerativeModel
from evogan.operators import (
    GenerativeInfill,
    MixedInfill,
    SPEA2Survival,
    SPEA2Tournament,
    check_elites,
    classic_mating,
)


class GMOEA(BoxAlgorithm):
    """GAN-driven multi-objective EA; the defaults are the best of the GAN settings tried, not the paper's.

    Args:
        pop_size: population size N, at least 4.
        model: the generative model; None means a :class:`~evogan.models.GAN`.
        n_real: elite ("real") solutions that the model imitates: a number or a fraction of N.
        refit_every: generations from one training to the next (w_max).
        p_gan: probability of a GAN offspring, or a function of the generation (0 makes the first offspring).
        p_gan_per: draw that probability for each ``"offspring"`` or once a ``"generation"``.
        recentre: between trainings, feed the generator the current elites' distribution, not the last training's.
        mutation: of GAN offspring; None means polynomial mutation (1/n_var, eta 20), ``NoMutation()`` none.
        pressure: entrants of a tournament for the classic half's parents.
        n_offsprings: offspring a generation; None means N.
        sampling: initial population, a pymoo Sampling or solutions as an array or Population; None means uniform.
        repair: pymoo repair for all offspring.

    Raises (when a run starts):
        ValueError: bounds are missing or infinite, or the evaluation budget is smaller than ``pop_size``.
        TypeError: variables are not real.

    Example:
        >>> from pymoo.optimize import minimize
        >>> from evogan.problems.imf import IMF1
        >>> result = minimize(IMF1(n_var=5), GMOEA(20, model=GAN(n_steps=20)), ("n_eval", 90), seed=1)
        >>> result.algorithm.evaluator.n_eval
        90
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        model: GenerativeModel | None = None,
        n_real: float = 0.25,
        refit_every: int = 1,
        p_gan: float | Callable[[int], float] = 0.3,
        p_gan_per: str = "offspring",
        recentre: bool = False,
        mutation: Mutation | None = None,
        pressure: int = 2,
        n_offsprings: int | None = None,
        sampling: Initial | None = None,
        repair: Repair | None = None,
    ) -> None:
        check_int(pop_size, "pop_size", low=4)
        check_elites(n_real, "n_real")
        if not callable(p_gan):
            check_float(p_gan, "p_gan", low=0.0, high=1.0)
        if p_gan_per not in ("offspring", "generation"):
            raise ValueError(f'p_gan_per must be "offspring" or "generation", got {p_gan_per!r}')
        self.model = GAN() if model is None else model
        gan = GenerativeInfill(
            self.model,
            n_elites=n_real,  # Algorithm 3: SPEA2's best are real, the others are fake
            refit_every=refit_every,
            recentre=recentre,
            mutation=mutation,
            fallback=classic_mating(selection=SPEA2Tournament(pressure)),
            repair=repair,
        )
        genetic = classic_mating(selection=SPEA2Tournament(pressure), repair=repair, eliminate_duplicates=None)
        # Algorithm 1: offspring by the GAN or by crossover and mutation
        mating = MixedInfill([(gan, p_gan), (genetic, partial(_rest, p_gan))], per=p_gan_per)  # type: ignore[arg-type]
        super().__init__(
            pop_size=pop_size,
            sampling=check_sampling(sampling),
            survival=SPEA2Survival(),
            mating=mating,
            n_offsprings=None if n_offsprings is None else check_int(n_offsprings, "n_offsprings", low=1),
            repair=repair,
            eliminate_duplicates=True,
            output=MultiObjectiveOutput(),
            advance_after_initial_infill=True,
        )

    @classmethod
    def paper(cls, pop_size: int = 100, **options: Any) -> Self:
        """Return GMOEA with the settings of arXiv v1, sec. IV-A: half the population real, 625 iterations each time.

        N offspring a generation, "by the GAN or by the genetic operators with equal probability", no mutation of
        GAN offspring. Keywords of :class:`GMOEA` override.
        """
        model = GAN(
            loss=Minimax(),  # eq. 4: the generator descends log(1 - D)
            weights=SourceWeights(elite=1, poor=1, fake=1),  # eq. 10: three expectations, equal weights
            n_steps=625,  # 200 * 100 / 32
            batch_size=32,
            lr_generator=1e-4,
            lr_discriminator=1e-4,
            betas=(0.9, 0.999),
        )
        settings: dict[str, Any] = {"model": model, "n_real": 0.5, "refit_every": 1, "p_gan": 0.5}
        settings |= {"p_gan_per": "offspring", "mutation": NoMutation(), "pressure": 2}
        return cls(pop_size, **{**settings, **options})

    @classmethod
    def code(cls, pop_size: int = 100, **options: Any) -> Self:
        """Return GMOEA with the settings of the authors' code, its faults mended.

        10 real solutions, 2600 iterations every 5 generations, GAN or genetic operators for a whole generation
        with probability 1 - (i/5)^2. Keywords of :class:`GMOEA` override.
        """
        model = GAN(
            loss=NonSaturating(),
            weights=SourceWeights(elite=0.1, poor=0.9, fake=1.0),  # one mean over a mixed batch, 10 real of 100
            n_steps=2600,  # 200 epochs of 13 batches
            batch_size=8,
            lr_generator=4e-4,
            lr_discriminator=1e-4,
            betas=(0.9, 0.999),
        )
        settings: dict[str, Any] = {"model": model, "n_real": 10, "refit_every": 5, "p_gan": code_schedule}
        settings |= {
            "p_gan_per": "generation",
            "pressure": 3,  # its tournament draws three, although it says two
            "recentre": True,  # departs from the code, which samples five generations around the first one's elites
        }
        return cls(pop_size, **{**settings, **options})


def code_schedule(generation: int) -> float:
    """Return the probability 1 - (i/5)^2 of a GAN generation, i its place in a cycle of five."""
    return 1.0 - (generation % 5 / 5) ** 2


def _rest(p_gan: float | Callable[[int], float], generation: int) -> float:
    """Return what the GAN's probability leaves."""
    return 1.0 - (p_gan(generation) if callable(p_gan) else p_gan)
