"""Lipizzaner and Mustangs: GANs coevolve in the cells of a grid and learn from their neighbours.

T. Schmiedlechner, I. Ng Zhi Yong, A. Al-Dujaili, E. Hemberg, U.-M. O'Reilly, "Lipizzaner: a system that scales robust
generative adversarial network training", NeurIPS 2018 workshop on systems for ML; arXiv 1811.12843.
A. Al-Dujaili, T. Schmiedlechner, E. Hemberg, U.-M. O'Reilly, "Towards distributed coevolutionary GANs", AAAI Fall
Symposium 2018; arXiv 1807.08194.
J. Toutouh, E. Hemberg, U.-M. O'Reilly, "Spatial evolutionary generative adversarial networks", GECCO 2019 (Mustangs);
arXiv 1905.12702. Of the papers only abstracts were at hand, beside the authors' programs.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from evogan._internal.checks import check_choice, check_float, check_int, check_kind, check_rng
from evogan.exceptions import TrainingDivergedError
from evogan.gans import Recipe, assemble
from evogan.losses import AdversarialLoss, NonSaturating
from evogan.nets import Networks
from evogan.neuroevolution import (
    AGGREGATES,
    Arena,
    EGANFitness,
    EvolvedSystem,
    FeatureFitness,
    Fitness,
    Generation,
    GeneratorMixture,
    IEGANFitness,
    Individual,
    LearningRateMutation,
    Mutations,
    Pair,
    Tournament,
    Workbench,
    as_fitness,
    check_grid,
    egan_mutations,
    evolvable,
    evolve_weights,
    finite_ones,
    generation_record,
    named_mutations,
    neighbourhoods,
)
from evogan.training import Batch, GANSystem, check_labels

_RECIPE = Recipe(ema=None)
_RATES = LearningRateMutation()


class Lipizzaner(EvolvedSystem):
    """Coevolves generators and discriminators on a toroidal grid: a system that training treats like every other.

    A cell holds a generator and a discriminator; its neighbourhood is itself and the cells north, east, south and west
    of it. An epoch of ``exchange_every`` steps begins with copies of all networks of the neighbourhood: all generators
    meet all discriminators on fresh samples, a tournament by their losses decides of which copies the cell trains a
    generator and a discriminator, and their learning rates mutate. One step is a batch in every cell. At the end all
    meet again, and decide what stays in the cell. Samples are those of a mixture of a neighbourhood's generators; a
    (1+1)-ES improves the weights of every mixture after each epoch, and that of the highest score samples.

    Departs from the authors' programs: cells wait for each other; the discriminator is trained before the generator;
    learning rates mutate once an epoch, not at every batch; what was trained is judged on samples of its own, and by
    what was trained with it too; mixtures are scored by MMD unless told otherwise.

    Opponents of the neighbourhood stand still for an epoch, and what is trained on them overfits: of a ring of eight
    Gaussians (2 x 2 cells, 1500 steps) three modes at most were found, all eight with an exchange every other step.
    With the defaults all were found from each of seven seeds; from six of these with ``replacement="always"``, from
    five with ``"neighbourhood"``.

    Args:
        make: makes a GAN of a generator and a discriminator without a state in its losses, e.g.
            ``partial(gans.gan, (2,), recipe=Recipe(ema=None))``; called once for every cell.
        grid: rows and columns, at least 1; the papers have 2 x 2 to 5 x 5.
        mutations: losses of the generator, by name or in a row: each batch of a cell draws one of them. None means the
            GAN's own; ``egan_mutations()`` makes Mustangs. Fitness is always by the GAN's own loss.
        exchange_every: steps of an epoch.
        tournament_size: copies drawn, of which the best is trained.
        lr_mutation: changes the learning rates of what is trained; None leaves them.
        aggregate: of a network's losses to its opponents: their ``"average"``, the ``"worst"`` or the ``"best"``.
        opponents: in training: the other network ``"selected"``, as in those programs with one network of a kind in a
            cell; or one of the ``"neighbourhood"`` drawn for every batch, the neighbours' as they were when copied.
        replacement: what was trained replaces its ``"cell"``'s former network if it is better, as in those programs;
            or the worst copy of the ``"neighbourhood"``, the best of which becomes the cell's; or it ``"always"``
            stays. One cell with ``"always"``, and without mutation, is a plain GAN.
        score: of a mixture's samples: a function that returns a number, the higher the better, or an object such as
            :class:`~evogan.neuroevolution.FeatureFitness`. None means minus the squared maximum mean discrepancy.
        n_eval: samples that networks and mixtures are judged on; None means the batch size.
        mixture_sd: standard deviation of the mutation of a mixture's weights.
        n_mixture_steps: of the (1+1)-ES, an epoch.

    Attributes:
        population: the generator of every cell, row by row.
        discriminators: the discriminators.
        neighbours: the cells of every neighbourhood, its own first.
        mixtures: the weights of every neighbourhood's generators, in that order.
        scores: of the mixtures when they were last judged.
        counters: steps of discriminators and generators in all cells, evaluations (a generator against a
            discriminator is one), and networks dropped because they diverged.

    Raises:
        TypeError, ValueError: an argument of another kind or out of its range; a GAN with a moving average, or whose
            losses have a state.
        TrainingDivergedError: all generators or all discriminators diverged.

    Example:
        >>> import numpy as np
        >>> from evogan.datasets import ring
        >>> from evogan.training import fit
        >>> rng = np.random.default_rng(1)
        >>> system = lipizzaner((2,), exchange_every=2)
        >>> losses = fit(system, ring(rng=rng), 3, rng=rng)
        >>> system.counters["n_g_steps"], system.sample(5, rng=rng).shape
        (12, torch.Size([5, 2]))
    """

    def __init__(
        self,
        make: Callable[[], GANSystem],
        *,
        grid: tuple[int, int] = (2, 2),
        mutations: Mutations | None = None,
        exchange_every: int = 50,
        tournament_size: int = 2,
        lr_mutation: LearningRateMutation | None = _RATES,
        aggregate: Literal["average", "worst", "best"] = "average",
        opponents: Literal["selected", "neighbourhood"] = "selected",
        replacement: Literal["cell", "neighbourhood", "always"] = "cell",
        score: Fitness | Callable[[Any], float] | None = None,
        n_eval: int | None = None,
        mixture_sd: float = 0.01,
        n_mixture_steps: int = 10,
    ) -> None:
        self.grid = check_grid(grid)
        self.neighbours = neighbourhoods(self.grid)
        self.exchange_every = check_int(exchange_every, "exchange_every", low=1)
        self.tournament = Tournament(check_int(tournament_size, "tournament_size", low=1))
        if lr_mutation is not None:
            check_kind(lr_mutation, LearningRateMutation, "lr_mutation", "LearningRateMutation(), or None")
        self.lr_mutation = lr_mutation
        self.aggregate = check_choice(aggregate, "aggregate", AGGREGATES)
        self.opponents = check_choice(opponents, "opponents", ("selected", "neighbourhood"))
        self.replacement = check_choice(replacement, "replacement", ("cell", "neighbourhood", "always"))
        self.score = _mixture_score(score)
        self.n_eval = None if n_eval is None else check_int(n_eval, "n_eval", low=2)
        self.mixture_sd = check_float(mixture_sd, "mixture_sd", low=0.0)
        self.n_mixture_steps = check_int(n_mixture_steps, "n_mixture_steps")
        named = None if mutations is None else named_mutations(mutations)
        made: list[GANSystem] = []
        super().__init__(lambda: _stateless(make(), made), n_parents=len(self.neighbours))
        self.mutations: dict[str, AdversarialLoss] = {"own": self.trainer.loss} if named is None else named
        self.benches = Pair(self.bench, Workbench.of_discriminator(self.trainer))
        self.discriminators = [
            Workbench.of_discriminator(one.trainer).individual(number=i) for i, one in enumerate(made)
        ]
        self.mixtures = [np.full(len(cells), 1 / len(cells)) for cells in self.neighbours]
        self.scores = [math.nan] * len(self.neighbours)
        self._former: Pair | None = None  # of an epoch: all generators and discriminators as they were copied
        self._fitness: list[list[list[float]]] = []  # of those, by cell and kind, in the order of the neighbourhood

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Train every cell on a batch; return mean losses, and the fitness and the score of the best cell."""
        rng = np.random.default_rng(int(torch.randint(2**63 - 1, ())))
        if self._former is None:
            self._begin_epoch(batches, rng)
        losses = [self._train_cell(c, batches, rng) for c in range(len(self.neighbours))]
        drawn = Counter(G.mutation for G in self.population)
        g_loss, d_loss = self._settle(torch.stack(losses).tolist())
        self.system.n_steps += 1
        if self.system.n_steps % self.exchange_every == 0:
            self._end_epoch(batches, rng)
        best = self.best_cell
        told = {"discriminator": d_loss, "generator": g_loss}
        told |= {"fitness": self.population[best].fitness, "mixture_score": self.scores[best]}
        if len(self.mutations) > 1:
            told |= {f"by_{name}": drawn[name] for name in self.mutations}
        return self.told(told)

    def _begin_epoch(self, batches: Callable[[], Batch], rng: np.random.Generator) -> None:
        """Copy, judge and select: every cell gets a copy of a generator and of a discriminator to train."""
        arena = Arena(self.system, self.benches, batches, self.n_eval)
        self._former = Pair(list(self.population), list(self.discriminators))
        groups = [Pair(*([kind[k] for k in cells] for kind in self._former)) for cells in self.neighbours]
        judged = self._meet(arena, groups)
        self._fitness = [[[one.fitness for one in copies] for copies in pair] for pair in judged]
        for c, pair in enumerate(judged):
            for living, copies in zip((self.population, self.discriminators), pair, strict=True):
                self.counters["n_diverged"] += not math.isfinite(copies[0].fitness)
                (winner,) = self.tournament(finite_ones(copies), 1, Generation((), 0, rng))
                rate = winner.rate if self.lr_mutation is None else self.lr_mutation(winner.rate, rng=rng)
                living[c] = replace(winner, number=self.n_made + c, parents=(winner.number,), rate=rate)
        self.n_made += len(self.neighbours)
        if self.system.n_steps == 0:
            self._judge_mixtures(arena, 0, rng)

    def _train_cell(self, c: int, batches: Callable[[], Batch], rng: np.random.Generator) -> Tensor:
        """Make a cell's discriminator steps and its generator step; return both losses."""
        G, D = self.population[c], self.discriminators[c]
        bench_G, bench_D = self.benches
        opponents_G, opponents_D = self._opponents(c)
        factor = 1.0 if self.system.schedule is None else self.system.schedule(self.system.n_steps)
        bench_D.load(D, factor=factor)
        for _ in range(self.system.n_critic):
            batch = batches()
            real, condition = self.system.real(batch), self.system.condition(batch)
            opponent = [G, *opponents_G][rng.integers(1 + len(opponents_G))]
            bench_G.load_weights(opponent.weights)
            d_loss = self.trainer.d_step(real, condition=condition)
            if opponent is G:  # its running statistics move, as in a plain GAN; a visitor's are forgotten
                G = replace(G, weights=bench_G.weights())
            self.counters["n_d_steps"] += 1
        D = replace(D, weights=bench_D.weights(), optimizer=bench_D.optimizer_state(), mutation="own")
        opponent = [D, *opponents_D][rng.integers(1 + len(opponents_D))]
        bench_D.load_weights(opponent.weights)
        bench_G.load(G, factor=factor)
        name = list(self.mutations)[rng.integers(len(self.mutations))]
        g_loss = self.trainer.g_step(real, condition=condition, loss=self.mutations[name])
        if opponent is D:
            D = replace(D, weights=bench_D.weights())
        self.counters["n_g_steps"] += 1
        self.population[c] = replace(G, weights=bench_G.weights(), optimizer=bench_G.optimizer_state(), mutation=name)
        self.discriminators[c] = D
        return torch.stack([g_loss, d_loss])

    def _settle(self, losses: list[list[float]]) -> list[float]:
        """Tell the trained their losses, and put the best copies in the place of those that diverged; return means."""
        means = []
        for i, kind in enumerate(("generators", "discriminators")):
            living = (self.population, self.discriminators)[i]
            told = [pair[i] for pair in losses]
            finite = [loss for loss in told if math.isfinite(loss)]
            if not finite:
                listed = ", ".join(f"cell {c} (loss {loss:.4g})" for c, loss in enumerate(told))
                raise TrainingDivergedError(
                    f"all {kind} of the grid diverged: {listed}; try smaller learning rates, other mutations, or a "
                    "gradient penalty on the discriminator"
                )
            means.append(float(np.mean(finite)))
            for c, loss in enumerate(told):
                if math.isfinite(loss):
                    living[c].loss = loss
                    continue
                best = max(self._copies(c)[i], key=lambda one: one.fitness)
                living[c] = replace(best, number=self.n_made, parents=(best.number,))
                self.n_made += 1
                self.counters["n_diverged"] += 1
        return means

    def _end_epoch(self, batches: Callable[[], Batch], rng: np.random.Generator) -> None:
        """Judge what was trained beside the copies, and decide what stays. Then mixtures evolve."""
        arena = Arena(self.system, self.benches, batches, self.n_eval)
        groups = [self._copies(c) for c in range(len(self.neighbours))]
        for c, (copies_G, copies_D) in enumerate(groups):
            copies_G.append(self.population[c])
            copies_D.append(self.discriminators[c])
        judged = self._meet(arena, groups)
        row: dict[str, Any] = {}
        for i, (living, prefix) in enumerate(((self.population, ""), (self.discriminators, "d_"))):
            trained = [pair[i][-1] for pair in judged]
            self.counters["n_diverged"] += sum(not math.isfinite(one.fitness) for one in trained)
            living[:] = [self._staying(*pair[i]) for pair in judged]
            columns = generation_record(self.system.n_steps, trained, living, ())
            row |= {name if name == "step" else prefix + name: column for name, column in columns.items()}
        self._judge_mixtures(arena, self.n_mixture_steps, rng)
        weights = [mixture.tolist() for mixture in self.mixtures]
        self.record({**row, "cell": list(range(len(weights))), "weights": weights, "score": list(self.scores)})
        self._former = None

    def _staying(self, *judged: Individual) -> Individual:
        """Return which of a cell's copies and what it trained, the last of them, is its own from now on."""
        *copies, trained = judged
        if not math.isfinite(trained.fitness):
            candidates = copies
        elif self.replacement == "neighbourhood":  # the worst gives way, in a neighbourhood of one the former itself
            candidates = [trained, *sorted(copies, key=lambda one: one.fitness)[1:]]
        else:
            candidates = [trained, copies[0]] if self.replacement == "cell" else [trained]
        return max(finite_ones(candidates), key=lambda one: one.fitness)

    def _copies(self, c: int) -> Pair:
        """Return what a cell copied in its neighbourhood, with the fitness that it had there."""
        kinds = zip(self._former or (), self._fitness[c], strict=True)
        cells = self.neighbours[c]
        return Pair(
            *([replace(kind[k], fitness=f) for k, f in zip(cells, values, strict=True)] for kind, values in kinds)
        )

    def _opponents(self, c: int) -> Pair:
        """Return those of a cell's copies that it trains on, beside what it trains itself."""
        if self.opponents == "selected":
            return Pair([], [])
        return Pair(*([one for one in kind[1:] if math.isfinite(one.fitness)] for kind in self._copies(c)))

    def _meet(self, arena: Arena, groups: Sequence[Pair]) -> list[Pair]:
        judged = arena.meet(groups, self.aggregate)
        self.counters["n_evaluations"] += arena.n_met
        return judged

    def _judge_mixtures(self, arena: Arena, n_steps: int, rng: np.random.Generator) -> None:
        """Evolve and score the mixture of every neighbourhood's generators, all on the same samples and latents."""
        for c, cells in enumerate(self.neighbours):
            generators = [self.population[k] for k in cells]
            score = partial(arena.score, self.score, generators)
            self.mixtures[c], self.scores[c] = evolve_weights(
                self.mixtures[c], score, sd=self.mixture_sd, n_steps=n_steps, rng=rng
            )
        if not any(map(math.isfinite, self.scores)):
            raise ValueError(f"score must return a finite number for the samples of a mixture, got {self.scores}")

    @property
    def best_cell(self) -> int:
        """The cell whose mixture scores best: the one that samples."""
        return max(range(len(self.scores)), key=lambda c: (math.isfinite(self.scores[c]), self.scores[c]))

    @property
    def generator(self) -> GeneratorMixture:
        """A copy of the mixture that samples."""
        networks = []
        for k in self.neighbours[self.best_cell]:
            self.bench.load_weights(self.population[k].weights)
            networks.append(copy.deepcopy(self.trainer.G))
        return GeneratorMixture(networks, self.mixtures[self.best_cell])

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` samples ``(n, *shape)``, each of a generator drawn by the weights of the best cell's mixture.

        A conditional system draws labels evenly where none are given.
        """
        labels = check_labels(labels, check_int(n, "n", low=1), self.n_classes)
        cells = self.neighbours[self.best_cell]
        choice = check_rng(rng).choice(len(cells), n, p=self.mixtures[self.best_cell])
        rows = [np.flatnonzero(choice == j) for j in range(len(cells))]
        parts = []
        for k, mine in zip(cells, rows, strict=True):
            if len(mine):
                self.bench.load_weights(self.population[k].weights)
                given = None if labels is None else labels[torch.from_numpy(mine)]
                parts.append(self.system.sample(len(mine), rng=rng, labels=given))
        return torch.cat(parts)[torch.from_numpy(np.concatenate(rows).argsort())]

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return as many samples as the batch has, classes in turn."""
        return self.sample(len(batch.x), rng=rng)

    def to(self, device: torch.device) -> None:
        """Move everything; before the first step only."""
        super().to(device)
        for D in self.discriminators:
            D.weights = [w.to(device) for w in D.weights]

    def state_dict(self) -> dict[str, Any]:
        """Return all cells, what they copied, the mixtures, and the counters."""
        former = None if self._former is None else [[one.state_dict() for one in kind] for kind in self._former]
        return {
            **super().state_dict(),
            "grid": list(self.grid),
            "discriminators": [D.state_dict() for D in self.discriminators],
            "former": former,
            "fitness": [[list(values) for values in pair] for pair in self._fitness],
            "mixtures": [mixture.tolist() for mixture in self.mixtures],
            "scores": list(self.scores),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned.

        Raises:
            ValueError, RuntimeError, KeyError: the state is that of other networks or another grid.
        """
        if list(self.grid) != state["grid"]:
            raise ValueError(f"this state is that of the grid {tuple(state['grid'])}, the system has {self.grid}")
        super().load_state_dict(state)
        like = Pair(self.population[0], self.discriminators[0])
        self.discriminators = [Individual.from_state_dict(one, like.D) for one in state["discriminators"]]
        self._former = None
        if state["former"] is not None:
            kinds = zip(state["former"], like, strict=True)
            self._former = Pair(*([Individual.from_state_dict(one, first) for one in kind] for kind, first in kinds))
        self._fitness = [[list(values) for values in pair] for pair in state["fitness"]]
        self.mixtures = [np.array(mixture) for mixture in state["mixtures"]]
        self.scores = list(state["scores"])


def _stateless(system: GANSystem, made: list[GANSystem]) -> GANSystem:
    """Add to ``made`` a system whose cells share nothing but the data."""
    if evolvable(system).ema is not None:
        raise ValueError(
            "make must return a GAN without a moving average (Recipe(ema=None)): it is a mixture that samples"
        )
    if "parts" in system.trainer.state_dict():
        raise ValueError(
            "make must return a GAN whose loss, penalties and auxiliaries have no state: cells would share it"
        )
    made.append(system)
    return system


def _mixture_score(score: Any) -> Fitness:
    if score is None:
        return FeatureFitness()
    if not callable(score) or isinstance(score, type | EGANFitness | IEGANFitness):
        raise TypeError(
            "score must be a function of samples, or an object such as FeatureFitness() that asks no discriminator, "
            f"got {score!r}"
        )
    return as_fitness(score)


def lipizzaner(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    grid: tuple[int, int] = (2, 2),
    exchange_every: int = 50,
    n_eval: int | None = None,
    recipe: Recipe = _RECIPE,
) -> Lipizzaner:
    """Make Lipizzaner: a grid of GANs with the non-saturating loss.

    The authors' configuration for MNIST has Adam at 2e-4 with a first decay of .5, batches of 100, 1000 samples for
    fitness, and an epoch of all training samples.
    """
    make = partial(assemble, shape, networks, recipe, loss=NonSaturating())
    return Lipizzaner(make, grid=grid, exchange_every=exchange_every, n_eval=n_eval)


def mustangs(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    grid: tuple[int, int] = (2, 2),
    exchange_every: int = 50,
    n_eval: int | None = None,
    recipe: Recipe = _RECIPE,
) -> Lipizzaner:
    """Make Mustangs: Lipizzaner whose generators draw one of E-GAN's three losses for every batch."""
    make = partial(assemble, shape, networks, recipe, loss=NonSaturating())
    return Lipizzaner(make, mutations=egan_mutations(), grid=grid, exchange_every=exchange_every, n_eval=n_eval)
