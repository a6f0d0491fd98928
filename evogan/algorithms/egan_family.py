"""Systems that differ from E-GAN by a choice of parts, each of a few lines with its paper.

The discriminator of each is trained by cross entropy (E-GAN's eq. 2), whatever the generators' losses are.
"""

from __future__ import annotations

from functools import partial

from evogan.algorithms.egan import EGAN
from evogan.gans import Recipe, assemble, plain_critic
from evogan.losses import NonSaturating
from evogan.nets import Networks
from evogan.neuroevolution import (
    UCB1,
    AllMutations,
    Distillation,
    EGANFitness,
    IEGANFitness,
    Metropolis,
    MutationPolicy,
    Mutations,
    ParetoSelection,
    Selection,
    Truncation,
)
from evogan.regularizers import GradientPenalty
from evogan.training import GANSystem

_RECIPE = Recipe(ema=None)


def egan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    mu: int = 1,
    mutations: Mutations | None = None,
    policy: MutationPolicy = AllMutations(),
    gamma: float = 0.05,
    selection: Selection = Truncation(),
    plus: bool = False,
    n_eval: int | None = None,
    recipe: Recipe = _RECIPE,
) -> EGAN:
    """Make E-GAN, by default with its three mutations; :class:`EGAN` says what the other parts mean.

    C. Wang, C. Xu, X. Yao, D. Tao, "Evolutionary generative adversarial networks", IEEE TEVC 23(6), 2019.

    Departs from the paper: one discriminator step, the second moment's decay .999, siblings judged on the same
    latents and samples; ``EGAN.paper`` has the paper's settings.
    """
    make = partial(assemble, shape, networks, recipe, loss=NonSaturating())
    return EGAN(
        make,
        mu=mu,
        mutations=mutations,
        policy=policy,
        fitness=EGANFitness(gamma),
        selection=selection,
        plus=plus,
        n_eval=n_eval,
    )


def ie_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    mu: int = 1,
    diversity: float = 0.05,
    n_eval: int | None = None,
    gradient_penalty: float = 10.0,
    recipe: Recipe = _RECIPE,
) -> EGAN:
    """Make an improved evolutionary GAN: fitness without real samples, and crossover by distillation.

    J. Li, J. Zhang, X. Gong, S. Lu, "IE-GAN: an improved evolutionary generative adversarial network using a new
    fitness function and a generic crossover operator", arXiv 2109.11078, 2021.
    """

    def make() -> GANSystem:
        D, penalty = plain_critic(shape, networks), GradientPenalty(gradient_penalty)
        return assemble(shape, networks, recipe, D=D, loss=NonSaturating(), regularizers=[penalty])

    return EGAN(make, mu=mu, crossover=Distillation(), fitness=IEGANFitness(diversity), n_eval=n_eval)


def mo_egan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    mu: int = 2,
    n_eval: int | None = None,
    recipe: Recipe = _RECIPE,
) -> EGAN:
    """Make a multi-objective E-GAN: quality and diversity are two objectives, and parents compete with children.

    M. Baioletti, C. A. Coello Coello, G. Di Bari, V. Poggioni, "Multi-objective evolutionary GAN", GECCO 2020
    companion.
    """
    make = partial(assemble, shape, networks, recipe, loss=NonSaturating())
    return EGAN(make, mu=mu, fitness=EGANFitness(1.0), selection=ParetoSelection(), plus=True, n_eval=n_eval)


def smo_egan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    mu: int = 2,
    n_eval: int | None = None,
    recipe: Recipe = _RECIPE,
) -> EGAN:
    """Make MO-EGAN with one child a parent, by the mutation that an upper confidence bound prefers.

    H. Nian, "SMO-EGAN", 2023, whose program is all that was found; it selects every k generations, this every one.
    """
    make = partial(assemble, shape, networks, recipe, loss=NonSaturating())
    fitness = EGANFitness(1.0)
    return EGAN(make, mu=mu, policy=UCB1(), fitness=fitness, selection=ParetoSelection(), plus=True, n_eval=n_eval)


def annealing_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    mu: int = 1,
    temperature: float = 0.1,
    cooling: float = 0.999,
    gamma: float = 0.05,
    n_eval: int | None = None,
    recipe: Recipe = _RECIPE,
) -> EGAN:
    """Make E-GAN whose parents give way to a less fit child only with the probability of simulated annealing.

    J. Hao, C. Wang, H. Zhang, G. Yang, "Annealing genetic GAN for minority oversampling", BMVC 2020 (AGGAN).

    Departs from the paper: the oversampling of rare classes is left out; temperatures are our own.
    """
    make = partial(assemble, shape, networks, recipe, loss=NonSaturating())
    selection = Metropolis(temperature, cooling)
    return EGAN(make, mu=mu, fitness=EGANFitness(gamma), selection=selection, n_eval=n_eval)
