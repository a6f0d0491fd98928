"""CDE-GAN: a population of generators and one of discriminators, both evolved by losses that are their mutations.

S. Chen, W. Wang, B. Xia, X. You, Q. Peng, Z. Cao, W. Ding, "CDE-GAN: cooperative dual evolution-based generative
adversarial network", IEEE Transactions on Evolutionary Computation 25(5), 2021, pp. 986-1000; arXiv 2008.09388. Of the
paper only the abstract was at hand; the formulas are those that the authors' program evaluates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan._internal.samples import evaluating, map_parts, parts_of
from evogan.gans import Recipe, assemble
from evogan.losses import AdversarialLoss, LeastSquares, NonSaturating
from evogan.nets import Networks
from evogan.neuroevolution import (
    EGANFitness,
    Evaluation,
    EvolvedSystem,
    Individual,
    Mutations,
    Nursery,
    Plan,
    Workbench,
    draw_samples,
    egan_mutations,
    evolvable,
    finite_ones,
    generation_record,
    judging,
    named_mutations,
    shared_among,
)
from evogan.neuroevolution._jury import JuryFitness, SoftMechanism, logits_of_individual
from evogan.regularizers import GradientPenalty
from evogan.training import AdversarialTrainer, Batch, GANSystem, Sample

_RECIPE = Recipe(ema=None)


class CDEGAN(EvolvedSystem):
    """Evolves the generator and the discriminator of any GAN: a system that training treats like every other.

    One step is one generation of generators, after ``n_critic`` generations of discriminators. A parent has one child
    per loss; the fittest children are the next parents, and parents never survive. A generator minimises the mean of
    its mutation's losses against all discriminators, weighted by exp(lambda loss) (the "soft mechanism"); its fitness
    is F = mean Fq + gamma sum Fd over them, Fq and Fd being those of :class:`~evogan.neuroevolution.EGANFitness`. A
    discriminator's fitness is minus the log of its gradient's length under the GAN's own loss: high where it would
    change little.

    Departs from the authors' program: of the discriminators' children the fittest survive (the program replaces the
    least fit by any child less fit than the best, so that a new best never enters); the discriminators evolve before
    the generators and on fresh samples; all of them judge the same samples of a generator's step; discriminators
    judge in evaluation mode; least squares has Mao's factor 1/2. As in the program, least squares is on the raw logit.

    Args:
        make: makes the GAN, e.g. ``partial(gans.gan, (2,))``; called ``mu + n_discriminators - 1`` times, so that the
            first parents differ. Its loss is that of Fd, cross entropy in the program.
        mu: generators; the batch size must be a multiple of it.
        n_discriminators: discriminators. Each is trained on batches of its own.
        mutations: losses of the generators, by name or in a row; None means E-GAN's three.
        d_mutations: losses of the discriminators; None means cross entropy and least squares. With one loss every
            child survives and none is judged: its fitness is then 0.
        softness: lambda, at least 0: with 0 all discriminators count alike, with more of it those that are hardest to
            convince; the program has 1.
        gamma: weight of the generators' diversity, at least 0; with 0 it is not computed.
        n_eval: samples that a child is judged on; None means the batch size.

    Attributes:
        population: the present generators, the one that samples first.
        discriminators: the present discriminators, fittest first.
        counters: steps of discriminators and generators, evaluations (a generator is judged by every discriminator),
            and children dropped because they diverged.

    Raises:
        TypeError, ValueError: an argument of another kind or out of its range; a GAN whose parts have a state; at the
            first step, a batch that cannot be shared among the generators.
        TrainingDivergedError: all children of a generation diverged.

    Example:
        >>> import numpy as np
        >>> from evogan.datasets import ring
        >>> from evogan.training import fit
        >>> rng = np.random.default_rng(1)
        >>> system = cde_gan((2,))
        >>> losses = fit(system, ring(rng=rng), 3, rng=rng)
        >>> system.counters["n_g_steps"], system.counters["n_d_steps"]
        (9, 12)
    """

    def __init__(
        self,
        make: Callable[[], GANSystem],
        *,
        mu: int = 1,
        n_discriminators: int = 2,
        mutations: Mutations | None = None,
        d_mutations: Mutations | None = None,
        softness: float = 1.0,
        gamma: float = 0.05,
        n_eval: int | None = None,
    ) -> None:
        self.mu = check_int(mu, "mu", low=1)
        n_discriminators = check_int(n_discriminators, "n_discriminators", low=1)
        self.mutations = egan_mutations() if mutations is None else named_mutations(mutations)
        self.d_mutations = _discriminator_losses(d_mutations)
        self.softness = check_float(softness, "softness", low=0.0)
        self.fitness = EGANFitness(gamma)
        self.n_eval = None if n_eval is None else check_int(n_eval, "n_eval", low=max(2, self.mu))
        super().__init__(make, n_parents=self.mu)
        if "parts" in self.trainer.state_dict():
            raise ValueError(
                "make must return a GAN whose loss, penalties and auxiliaries have no state: siblings would share it"
            )
        self.d_bench = Workbench.of_discriminator(self.trainer)
        self.discriminators = [self.d_bench.individual(number=0)]
        for number in range(1, n_discriminators):
            other = evolvable(make()).trainer
            self.discriminators.append(Workbench.of_discriminator(other).individual(number=number))
        self.n_d_made = n_discriminators

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make one generation of both; return losses, the fitness of the generator that samples, and what made all."""
        factor = 1.0 if self.system.schedule is None else self.system.schedule(self.system.n_steps)
        d_children = self._evolve_discriminators(batches, factor)
        children = self._evolve_generators(batches, factor)
        self.bench.load(self.population[0])
        self.d_bench.load(self.discriminators[0])
        if self.system.ema is not None:
            self.system.ema.update_parameters(self.trainer.G)
        self.system.n_steps += 1
        row = generation_record(self.system.n_steps, children, self.population, self.fitness.parts)
        d_row = generation_record(self.system.n_steps, d_children, self.discriminators, ())
        row |= {f"d_{name}": column for name, column in d_row.items() if name != "step"}
        self.record({**row, "d_survivors_mutation": [D.mutation for D in self.discriminators]})
        return {**self._told(), **self.trainer.controls()}

    def _evolve_discriminators(self, batches: Callable[[], Batch], factor: float) -> list[Individual]:
        """Make ``n_critic`` generations of discriminators against the present generators; return all children."""
        judge = self._judge_of_discriminators(batches) if len(self.d_mutations) > 1 else None
        born = []
        for _ in range(self.system.n_critic):
            children: list[Individual] = []
            told: list[Tensor] = []
            for parent in self.discriminators:
                batch = batches()
                real, condition = self.system.real(batch), self.system.condition(batch)
                shared_among(len(batch.x), self.mu)
                fake = self._fakes(len(batch.x), condition)
                for name, loss in self.d_mutations.items():
                    self.d_bench.load(parent, factor=factor)
                    with _minimising(self.trainer, loss):
                        value = self.trainer.d_step(real, condition=condition, fake=fake)
                    number = self.n_d_made + len(children)
                    children.append(self.d_bench.individual(number=number, parents=(parent.number,), mutation=name))
                    told.append(torch.stack([value, torch.zeros_like(value) if judge is None else judge()]))
            for child, (value, fitness) in zip(children, torch.stack(told).tolist(), strict=True):
                child.loss, child.fitness = value, fitness
            self.n_d_made += len(children)
            self.counters["n_d_steps"] += len(children)
            self.counters["n_evaluations"] += 0 if judge is None else len(children)
            self.discriminators = self._fittest(children, len(self.discriminators))
            born += children
        return born

    def _judge_of_discriminators(self, batches: Callable[[], Batch]) -> Callable[[], Tensor]:
        """Return what tells Fd of the discriminator on the bench, the same samples for all."""
        real, condition = draw_samples(self.system, batches, self.n_eval)
        n = len(parts_of(real)[0])
        with evaluating(self.trainer.G):
            fake = self._fakes(n, condition)

        def judge() -> Tensor:
            evaluation = Evaluation(self.trainer, real, torch.empty(0), condition)  # nobody generates any more
            with judging(self.trainer.D):
                return EGANFitness(1.0)(evaluation, fake)[1]

        return judge

    def _fakes(self, n: int, condition: Any) -> Sample:
        """Return ``n`` samples, every generator giving its share."""
        cuts, fakes = [n * j // self.mu for j in range(self.mu + 1)], []
        with torch.no_grad():
            for generator, first, last in zip(self.population, cuts[:-1], cuts[1:], strict=True):
                self.bench.load_weights(generator.weights)
                rows = slice(first, last)
                given = None if condition is None else map_parts(lambda part, r=rows: part[r], condition)
                fakes.append(self.trainer.generate(last - first, given)[0])
        return map_parts(lambda *parts: torch.cat(parts), *fakes)

    def _evolve_generators(self, batches: Callable[[], Batch], factor: float) -> list[Individual]:
        """Make one generation of generators against the present discriminators; return all children."""
        batch = batches()
        condition = self.system.condition(batch)
        judged, judged_condition = draw_samples(self.system, batches, self.n_eval)
        latent = self.trainer.prior(len(parts_of(judged)[0])).to(self.system.device)
        self.d_bench.load_weights(self.discriminators[0].weights)
        others = [partial(logits_of_individual, self.trainer, D, condition) for D in self.discriminators[1:]]
        nursery = Nursery(
            self.system,
            self.bench,
            {name: SoftMechanism(loss, others, self.softness) for name, loss in self.mutations.items()},
            JuryFitness(self.fitness, self.discriminators, self.d_bench),
            Evaluation(self.trainer, judged, latent, judged_condition),
            real=self.system.real(batch),
            condition=condition,
            factor=factor,
            first_number=self.n_made,
            together=False,
        )
        children = nursery.mutate_all([Plan(G, name, G.rate) for G in self.population for name in self.mutations])
        nursery.settle()
        self.n_made += nursery.n_made
        self.counters["n_g_steps"] += nursery.n_made
        self.counters["n_evaluations"] += nursery.n_judged * len(self.discriminators)
        self.population = self._fittest(children, self.mu)
        return children

    def _fittest(self, children: list[Individual], n: int) -> list[Individual]:
        """(mu, lambda): the ``n`` fittest children; where too many diverged, the others take their places."""
        alive = sorted(finite_ones(children), key=lambda child: child.fitness, reverse=True)
        self.counters["n_diverged"] += len(children) - len(alive)
        return [alive[i % len(alive)] for i in range(n)]

    def _told(self) -> dict[str, Tensor]:
        G, D = self.population[0], self.discriminators[0]
        told = {"discriminator": D.loss, "generator": G.loss, "fitness": G.fitness}
        told |= dict(zip(self.fitness.parts, G.parts, strict=True))
        made, d_made = (Counter(one.mutation for one in all_) for all_ in (self.population, self.discriminators))
        told |= {f"by_{name}": made[name] for name in self.mutations}
        told |= {f"d_by_{name}": d_made[name] for name in self.d_mutations}
        return self.told(told)

    def to(self, device: torch.device) -> None:
        """Move everything; before the first step only."""
        super().to(device)
        for D in self.discriminators:
            D.weights = [w.to(device) for w in D.weights]

    def state_dict(self) -> dict[str, Any]:
        """Return both populations, the networks on the bench, and the counters."""
        discriminators = [D.state_dict() for D in self.discriminators]
        return {**super().state_dict(), "discriminators": discriminators, "n_d_made": self.n_d_made}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned.

        Raises:
            ValueError, RuntimeError, KeyError: the state is that of other networks or other populations.
        """
        mine, theirs = len(self.discriminators), len(state["discriminators"])
        if mine != theirs:
            raise ValueError(f"this state holds {theirs} discriminators, the system has {mine}")
        super().load_state_dict(state)
        like = self.discriminators[0]
        self.discriminators = [Individual.from_state_dict(one, like) for one in state["discriminators"]]
        self.n_d_made = state["n_d_made"]


def cde_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    mu: int = 1,
    n_discriminators: int = 2,
    gamma: float = 0.05,
    softness: float = 1.0,
    n_eval: int | None = None,
    gradient_penalty: float = 10.0,
    recipe: Recipe = _RECIPE,
) -> CDEGAN:
    """Make CDE-GAN with three losses of the generator, two of the discriminators, and a gradient penalty on these.

    The authors' script for CIFAR-10 has batches of 32, ``n_critic`` 3, ``n_eval`` 256, gamma .1. Their penalty of 10
    makes discriminators too smooth for points with narrow modes: on the ring of 8 Gaussians .1 covers all, 10 one.
    """
    penalty = GradientPenalty(gradient_penalty)
    make = partial(assemble, shape, networks, recipe, loss=NonSaturating(), regularizers=[penalty])
    return CDEGAN(make, mu=mu, n_discriminators=n_discriminators, softness=softness, gamma=gamma, n_eval=n_eval)


def _discriminator_losses(losses: Mutations | None) -> dict[str, AdversarialLoss]:
    if losses is None:
        return {"cross_entropy": NonSaturating(), "least_squares": LeastSquares()}
    if not losses:
        raise ValueError("d_mutations must hold at least one loss of the discriminator, such as Hinge(), got none")
    named = named_mutations(losses)
    for name, loss in named.items():
        if isinstance(loss, nn.Module):
            raise TypeError(f"d_mutations must be losses without a state, which siblings would share: {name} is {loss}")
    return named


@contextmanager
def _minimising(trainer: AdversarialTrainer, loss: AdversarialLoss) -> Iterator[None]:
    """Train the discriminator on another loss than the trainer's own, whose gradient remains that of Fd."""
    own = trainer.loss
    trainer.loss = loss
    try:
        yield
    finally:
        trainer.loss = own
