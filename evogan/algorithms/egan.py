"""E-GAN: a population of generators evolves against a discriminator; adversarial losses are its mutations.

C. Wang, C. Xu, X. Yao, D. Tao, "Evolutionary generative adversarial networks", IEEE Transactions on Evolutionary
Computation 23(6), 2019, pp. 921-934; arXiv 1803.00657. Line numbers are those of its Algorithm 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from evogan._internal.checks import check_bool, check_choice, check_int
from evogan._internal.samples import map_parts, parts_of
from evogan.exceptions import TrainingDivergedError
from evogan.gans import Recipe, assemble
from evogan.losses import NonSaturating
from evogan.nets import Networks
from evogan.neuroevolution import (
    AllMutations,
    Crossover,
    EGANFitness,
    Evaluation,
    EvolvedSystem,
    Fitness,
    Generation,
    Individual,
    LearningRateMutation,
    MutationPolicy,
    Mutations,
    Nursery,
    OptimizerState,
    Plan,
    Selection,
    Together,
    Truncation,
    as_fitness,
    check_one_each,
    check_part,
    check_together,
    draw_samples,
    egan_mutations,
    evaluated_fakes,
    finite_ones,
    generation_record,
    named_mutations,
    restored_optimizer,
    shared_among,
)
from evogan.training import Adam, Batch, GANSystem


class EGAN(EvolvedSystem):
    """Evolves the generator of any GAN: a system that :func:`evogan.experiments.train` trains like every other.

    One step is one generation: the discriminator's updates, a child per parent and mutation, and selection.

    Args:
        make: makes the GAN whose generator evolves, e.g. ``partial(gans.dcgan, (1, 32, 32))``; called ``mu`` times, so
            that the first parents differ. Its ``n_critic`` is the paper's n_D.
        mu: parents; the batch size must be a multiple of it.
        mutations: losses of the generator, by name or in a row; None means the paper's three.
        policy: which of them each parent undergoes.
        crossover: makes further children of the fittest two; None for none.
        lr_mutation: changes the children's learning rates; None leaves them.
        fitness: judges children: an object such as :class:`~evogan.neuroevolution.EGANFitness`, or a function of the
            samples that returns a number.
        selection: chooses the next parents; the first of them samples.
        plus: (mu + lambda): parents are judged anew and may survive.
        n_eval: samples that a child is judged on; None means the batch size.
        mutation_base: ``"parent"`` as in the paper, or ``"chained"``: the fault of the authors' Theano programs, where
            a child starts from whatever its elder siblings left in the parent's place.
        opt_state: optimizer states follow the ``"individual"``, or belong to the ``"operator"`` as in those programs.
        d_fakes: what the discriminator is shown: ``"fresh"`` samples of the parents, or those of their
            ``"evaluation"``.
        order: the discriminator first (``"DG"``, the paper) or the generators (``"GD"``, the authors' programs).
        together: make all children of a generation at once, with stacked weights: the same up to rounding. ``"auto"``
            does so on an accelerator, where the networks allow it; on a CPU convolutions lose by it.

    Attributes:
        population: the present parents, the one that samples first.
        counters: steps of discriminator and generators, evaluations, and children dropped because they diverged.

    Raises:
        TypeError, ValueError: an argument of another kind or out of its range; at the first step, a batch that cannot
            be shared among the parents, or what keeps children from being made ``together=True``.
        TrainingDivergedError: all children of a generation diverged.

    Example:
        >>> from functools import partial
        >>> import numpy as np
        >>> from evogan import gans
        >>> from evogan.datasets import ring
        >>> from evogan.training import fit
        >>> rng = np.random.default_rng(1)
        >>> egan = EGAN(partial(gans.gan, (2,)), mu=2)
        >>> losses = fit(egan, ring(rng=rng), 3, rng=rng)
        >>> egan.counters["n_g_steps"], egan.sample(5, rng=rng).shape
        (18, torch.Size([5, 2]))
    """

    def __init__(
        self,
        make: Callable[[], GANSystem],
        *,
        mu: int = 1,
        mutations: Mutations | None = None,
        policy: MutationPolicy = AllMutations(),
        crossover: Crossover | None = None,
        lr_mutation: LearningRateMutation | None = None,
        fitness: Fitness | Callable[[Any], float] = EGANFitness(),
        selection: Selection = Truncation(),
        plus: bool = False,
        n_eval: int | None = None,
        mutation_base: Literal["parent", "chained"] = "parent",
        opt_state: Literal["individual", "operator"] = "individual",
        d_fakes: Literal["fresh", "evaluation"] = "fresh",
        order: Literal["DG", "GD"] = "DG",
        together: Together = "auto",
    ) -> None:
        self.mu = check_int(mu, "mu", low=1)
        self.mutations = egan_mutations() if mutations is None else named_mutations(mutations)
        self.policy = check_part(policy, "choose", "policy", "AllMutations()")
        self.selection = check_part(selection, "__call__", "selection", "Truncation()")
        self.crossover, self.lr_mutation = crossover, lr_mutation
        if crossover is not None:
            check_part(crossover, "__call__", "crossover", "Distillation()")
        if lr_mutation is not None:
            check_part(lr_mutation, "__call__", "lr_mutation", "LearningRateMutation()")
        self.fitness = as_fitness(fitness)
        self.plus = check_bool(plus, "plus")
        self.n_eval = None if n_eval is None else check_int(n_eval, "n_eval", low=2)
        self.chained = check_choice(mutation_base, "mutation_base", ("parent", "chained")) == "chained"
        self.opt_state = check_choice(opt_state, "opt_state", ("individual", "operator"))
        self.d_fakes = check_choice(d_fakes, "d_fakes", ("fresh", "evaluation"))
        self.order = check_choice(order, "order", ("DG", "GD"))
        if (self.d_fakes, self.order) == ("evaluation", "DG"):
            raise ValueError('d_fakes="evaluation" needs order="GD": before the first generation nothing was evaluated')
        parts = (policy, selection, crossover, lr_mutation)
        if self.chained and (plus or parts != (AllMutations(), Truncation(), None, None)):
            raise ValueError(
                'mutation_base="chained" makes every mutation and selects as it goes: it takes neither plus nor a '
                "policy, selection, crossover or lr_mutation"
            )
        self.together = check_together(together)
        if self.together is True and (self.chained or self.opt_state == "operator"):
            raise ValueError(
                'together=True needs mutation_base="parent" and opt_state="individual", or children wait for each other'
            )
        super().__init__(make, n_parents=self.mu)
        if self.d_fakes == "evaluation" and (self.n_classes or type(self.system).condition is not GANSystem.condition):
            raise ValueError('d_fakes="evaluation" needs an unconditional system: its samples have other conditions')
        self._operator_states: dict[str, OptimizerState] | None = {} if self.opt_state == "operator" else None

    @classmethod
    def paper(cls, shape: tuple[int, ...], *, networks: Networks | None = None, gamma: float = 0.05) -> EGAN:
        """Make E-GAN with the settings printed beside Algorithm 1 of arXiv 1803.00657, to be trained on batches of 16.

        Adam 2e-4 with decays .5 and .99, n_D = 2, one parent, three mutations. The preprint prints no gamma.
        """
        recipe = Recipe(optimizer=Adam((0.5, 0.99)), n_critic=2, ema=None)
        return cls(partial(assemble, shape, networks, recipe, loss=NonSaturating()), fitness=EGANFitness(gamma))

    @classmethod
    def official(
        cls, shape: tuple[int, ...], *, networks: Networks | None = None, program: str = "theano", mu: int = 1
    ) -> EGAN:
        """Make E-GAN as the authors' programs for CIFAR-10 run it, to be trained on batches of 32.

        Three discriminator steps after the generators', on the samples that the survivors were judged by. ``"theano"``
        (the experiments of the paper): chained mutations, an optimizer state per mutation, gamma .002 on the squared
        norm. ``"pytorch"`` (later): independent children, gamma .01, least squares on raw logits.

        Departs from the programs: the discriminator judges in evaluation mode. The PyTorch program starts all parents
        with equal weights, here they differ.
        """
        theano = check_choice(program, "program", ("theano", "pytorch")) == "theano"
        names = ("heuristic", "minimax", "least_squares") if theano else ("heuristic", "least_squares", "minimax")
        known = egan_mutations(on_logits=not theano)
        return cls(
            partial(assemble, shape, networks, Recipe(n_critic=3, ema=None), loss=NonSaturating()),
            mu=mu,
            mutations={name: known[name] for name in names},
            fitness=EGANFitness(0.002, squared=True) if theano else EGANFitness(0.01),
            n_eval=256,
            mutation_base="chained" if theano else "parent",
            opt_state="operator" if theano else "individual",
            d_fakes="evaluation",
            order="GD",
        )

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make one generation; return losses, the fitness of the generator that samples, and what made the parents."""
        self.system.set_rates()
        rng = np.random.default_rng(int(torch.randint(2**63 - 1, ())))
        if self.order == "DG":
            d_loss = self._train_discriminator(batches)
        children = self._evolve(batches, rng)
        if self.order == "GD":
            d_loss = self._train_discriminator(batches)
        self.bench.load(self.population[0])
        if self.system.ema is not None:
            self.system.ema.update_parameters(self.trainer.G)
        self.system.n_steps += 1
        self.record(generation_record(self.system.n_steps, children, self.population, self.fitness.parts))
        return {"discriminator": d_loss, **self._told(), **self.trainer.controls()}

    def _train_discriminator(self, batches: Callable[[], Batch]) -> Tensor:
        """Lines 2-7: n_D updates, every parent giving m / mu of the fakes."""
        for k in range(self.system.n_critic):
            batch = batches()
            real, condition = self.system.real(batch), self.system.condition(batch)
            share = shared_among(len(parts_of(real)[0]), self.mu)
            fakes, latents = [], []
            for j, parent in enumerate(self.population):
                if self.d_fakes == "evaluation":
                    fakes.append(evaluated_fakes(parent, k, share))
                    continue
                if self.mu > 1 or self.order == "GD":
                    self.bench.load_weights(parent.weights)
                rows = slice(j * share, (j + 1) * share)
                with torch.no_grad():
                    given = None if condition is None else map_parts(lambda part, r=rows: part[r], condition)
                    fake, latent = self.trainer.generate(share, given)
                fakes.append(check_one_each(fake, share))
                latents.append(latent)
            shown = map_parts(lambda *x: torch.cat(x), *fakes)
            made_of = torch.cat(latents) if latents else None
            d_loss = self.trainer.d_step(real, condition=condition, fake=shown, latent=made_of)
            self.counters["n_d_steps"] += 1
        if not torch.isfinite(d_loss):
            raise TrainingDivergedError(f"the discriminator's loss became {float(d_loss)}: try a smaller learning rate")
        return d_loss

    def _evolve(self, batches: Callable[[], Batch], rng: np.random.Generator) -> list[Individual]:
        """Lines 8-17: children, their fitness, and the next parents; return all children."""
        batch = batches()
        judged, condition = draw_samples(self.system, batches, self.n_eval)
        latent = self.trainer.prior(len(parts_of(judged)[0])).to(self.system.device)
        nursery = Nursery(
            self.system,
            self.bench,
            self.mutations,
            self.fitness,
            Evaluation(self.trainer, judged, latent, condition),
            real=self.system.real(batch),
            condition=self.system.condition(batch),
            factor=1.0 if self.system.schedule is None else self.system.schedule(self.system.n_steps),
            first_number=self.n_made,
            operator_states=self._operator_states,
            keep_fakes=self.d_fakes == "evaluation",
            together=self.together,
        )
        children = self._chain(nursery) if self.chained else self._bear(nursery, rng)
        self.together = nursery.together
        self.n_made += nursery.n_made
        self.counters["n_g_steps"] += nursery.n_made
        self.counters["n_evaluations"] += nursery.n_judged
        return children

    def _bear(self, nursery: Nursery, rng: np.random.Generator) -> list[Individual]:
        """Make independent children and select the next parents."""
        parents, names = self.population, list(self.mutations)
        if self.plus or getattr(self.selection, "judges_parents", False):
            for parent in parents:
                nursery.judge(parent)
        plans = []
        for parent in parents:
            for i in self.policy.choose(len(names), rng=rng):
                rate = parent.rate if self.lr_mutation is None else self.lr_mutation(parent.rate, rng=rng)
                plans.append(Plan(parent, names[i], rate))
        children = nursery.mutate_all(plans)
        nursery.settle()
        for plan, child in zip(plans, children, strict=True):
            self.policy.learn(names.index(plan.mutation), parent=plan.parent, child=child)
        if self.crossover is not None:
            best = sorted(finite_ones(children), key=lambda child: child.fitness, reverse=True)
            for _ in range(self.crossover.n_children if len(best) > 1 else 0):
                children.append(nursery.cross(best[0], best[1], self.crossover))
            nursery.settle()
        alive = finite_ones(children)
        self.counters["n_diverged"] += len(children) - len(alive)
        elders = [parent for parent in parents if self.plus and math.isfinite(parent.fitness)]
        generation = Generation(parents, self.system.n_steps, rng)
        survivors = self.selection([*elders, *alive], self.mu, generation)
        # Where children diverged there can be too few: the others take their places.
        self.population = [survivors[i % len(survivors)] for i in range(self.mu)]
        return children

    def _chain(self, nursery: Nursery) -> list[Individual]:
        """Make children as the authors' Theano programs do: a child replaces a parent before its siblings are born.

        The list of parents and that of survivors are one. With one parent the second child starts from the first;
        with two the second parent is never used.
        """
        slots = list(self.population)
        children: list[Individual] = []
        filled = 0
        for i in range(self.mu):
            for name in self.mutations:
                child = nursery.mutate(Plan(slots[i], name, slots[i].rate), nursery.latent())
                nursery.settle()
                children.append(child)
                if not (math.isfinite(child.fitness) and math.isfinite(child.loss)):
                    continue
                if filled < self.mu:
                    slots[filled] = child
                    filled += 1
                else:
                    worst = min(range(self.mu), key=lambda s: slots[s].fitness)
                    if child.fitness > slots[worst].fitness:
                        slots[worst] = child
        self.counters["n_diverged"] += len(children) - len(finite_ones(children))
        survivors = sorted(slots[:filled], key=lambda slot: slot.fitness, reverse=True)
        self.population = [survivors[i % filled] for i in range(self.mu)]
        return children

    def _told(self) -> dict[str, Tensor]:
        best = self.population[0]
        made = Counter(survivor.mutation for survivor in self.population)
        makers = [*self.mutations, *(["crossover"] if self.crossover is not None else [])]
        told = {
            "generator": best.loss,
            "fitness": best.fitness,
            **dict(zip(self.fitness.parts, best.parts, strict=True)),
        }
        told |= {f"by_{name}": made[name] for name in makers}
        return self.told(told)

    def state_dict(self) -> dict[str, Any]:
        """Return the whole population, the discriminator, and what the policy has learned."""
        policy = self.policy.state_dict() if hasattr(self.policy, "state_dict") else None
        states = None if self._operator_states is None else dict(self._operator_states)
        return {**super().state_dict(), "policy": policy, "operator_states": states}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned.

        Raises:
            ValueError, RuntimeError, KeyError: the state is that of other networks, another population or other parts.
        """
        if (state["operator_states"] is None) != (self._operator_states is None):
            raise ValueError(f"this state is of the other kind of opt_state, the system has {self.opt_state!r}")
        if (state["policy"] is None) == hasattr(self.policy, "load_state_dict"):
            raise ValueError(f"this state is that of another policy, the system has {self.policy!r}")
        super().load_state_dict(state)
        if hasattr(self.policy, "load_state_dict"):
            self.policy.load_state_dict(state["policy"])
        if self._operator_states is not None:
            like, stored = self.population[0], state["operator_states"]
            self._operator_states = {name: restored_optimizer(one, like) for name, one in stored.items()}
