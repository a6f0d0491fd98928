"""Generative variation for DEAP: lists of individuals in, new individuals without fitness out.

F.-A. Fortin, F.-M. De Rainville, M.-A. Gardner, M. Parizeau, C. Gagne, "DEAP: Evolutionary algorithms made easy",
Journal of Machine Learning Research 13, 2012. This module does not import deap: it uses what a toolbox registers.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evogan._internal.checks import check_float, check_int, check_methods, check_rng
from evogan.exceptions import TrainingDivergedError
from evogan.integrations._individuals import Box, Floats, Offspring, check_bounds, genes, set_genes, weighted_values
from evogan.models import GenerativeModel
from evogan.operators import check_elites
from evogan.operators._box import from_unit, to_unit
from evogan.operators._spea2 import spea2_order

_N_TRIES = 20  # how often a model is asked anew, and on average each offspring varied anew, for one that is no copy


class GenerativeVariation:
    """Variation of a DEAP population, part of it sampled from a model that learns from elite and poor individuals.

    Where ``varAnd`` mates, this operator mates or samples: an offspring is sampled from the model with probability
    ``p_generated``; the others are clones of two parents, mated with probability ``cxpb``. ``toolbox.mutate`` follows
    with probability ``mutpb`` either way. Offspring are new individuals of the population's class, finite, inside
    the box, without fitness, and no copies of each other or of the population; what comes out as a copy is made
    anew. What a model cannot give (its training diverged, its samples repeat), ``toolbox.mate`` and
    ``toolbox.mutate`` give; ``counters`` tells how often, and a RuntimeWarning says so once.

    Elites are picked by SPEA2's environmental selection on the weighted values, so that weights of either sign and
    any number of objectives count as DEAP counts them; equal individuals count once. Individuals with non-finite
    values are never elite; those that violate constraints (``ConstrainedFitness``) are after all others.

    Everything here draws from ``rng`` alone. ``toolbox.mate`` and ``toolbox.mutate`` draw from Python's global
    ``random`` as all of DEAP does: call ``random.seed(seed)`` before a run to repeat it.

    Args:
        model: anything with ``fit(X, X_poor, rng=)`` and ``sample(n, rng=)``.
        low: lower bound of every gene, a number or ``(n_var,)``.
        up: upper bound of every gene, a number or ``(n_var,)``.
        rng: source of all random numbers but those of mate and mutate.
        p_generated: probability of an offspring to be sampled from the model.
        n_elites: how many individuals are elite: a number, or a fraction of the population in (0, 1).
        refit_every: calls from one fit to the next.
        cxpb: probability of mating two parents, as in ``varAnd``.
        mutpb: probability of mutating an offspring, as in ``varAnd``.

    Attributes:
        counters: ``fits``, ``fit_seconds``, ``diverged``, ``sampled`` and ``topped_up`` offspring, ``copies`` that
            nothing new could be made of, and ``nonfinite`` individuals seen among those a model was fitted to.

    Example:
        >>> import random
        >>> from deap import base, creator, tools
        >>> from evogan.models import Gaussian
        >>> creator.create("Smallest", base.Fitness, weights=(-1.0,))
        >>> creator.create("Point", list, fitness=creator.Smallest)
        >>> toolbox = base.Toolbox()
        >>> toolbox.register("mate", tools.cxSimulatedBinaryBounded, eta=20, low=0, up=1)
        >>> toolbox.register("mutate", tools.mutPolynomialBounded, eta=20, low=0, up=1, indpb=0.2)
        >>> vary = GenerativeVariation(Gaussian(), low=0, up=1, rng=np.random.default_rng(1), refit_every=2)
        >>> toolbox.register("vary", vary, toolbox=toolbox)
        >>> random.seed(1)
        >>> population = [creator.Point(random.random() for _ in range(5)) for _ in range(20)]
        >>> for point in population:
        ...     point.fitness.values = (sum(point),)
        >>> offspring = toolbox.vary(population)
        >>> len(offspring), any(point.fitness.valid for point in offspring), vary.counters["fits"]
        (20, False, 1)
        >>> del creator.Smallest, creator.Point
    """

    def __init__(
        self,
        model: GenerativeModel,
        *,
        low: ArrayLike,
        up: ArrayLike,
        rng: np.random.Generator,
        p_generated: float = 0.3,
        n_elites: float = 0.5,
        refit_every: int = 1,
        cxpb: float = 0.9,
        mutpb: float = 1.0,
    ) -> None:
        self.model = check_methods(model, "model", ("fit", "sample"))
        self.low, self.up = check_bounds(low, up)
        self.rng = check_rng(rng)
        self.p_generated = check_float(p_generated, "p_generated", low=0.0, high=1.0)
        self.n_elites = check_elites(n_elites, "n_elites")
        self.refit_every = check_int(refit_every, "refit_every", low=1)
        self.cxpb = check_float(cxpb, "cxpb", low=0.0, high=1.0)
        self.mutpb = check_float(mutpb, "mutpb", low=0.0, high=1.0)
        if self.cxpb == self.mutpb == 0.0:
            raise ValueError("cxpb and mutpb must not both be 0: classic offspring would be copies of their parents")
        names = ("fits", "fit_seconds", "diverged", "sampled", "topped_up", "copies", "nonfinite")
        self.counters: dict[str, float] = dict.fromkeys(names, 0)
        self._n_calls = 0
        self._fitted: tuple[int, int] | None = None  # the call of the last fit, and its n_var
        self._warned: set[str] = set()

    def __call__(
        self,
        population: Sequence[Any],
        toolbox: Any,
        *,
        n_offspring: int | None = None,
        parents: Sequence[Any] | None = None,
    ) -> list[Any]:
        """Return new individuals, those sampled from the model first; change none that is given.

        Args:
            population: evaluated individuals (list, array.array or ndarray of floats) from which the model learns.
            toolbox: with ``clone``, ``mate`` and ``mutate``.
            n_offspring: how many to return; None means as many as the population has.
            parents: whom to mate, two by two in this order and then again from the first, e.g. what
                ``selTournamentDCD`` selected; None means the population in random order. Genes outside the box
                are moved onto its edge first.

        Raises:
            ValueError: no individuals, some not evaluated, genes that are not finite or do not fit the bounds.
            TypeError: genes that are not floats, or a toolbox without an operator.
        """
        for name in ("clone", "mate", "mutate"):
            if not callable(getattr(toolbox, name, None)):
                raise TypeError(f'toolbox must have {name}, by toolbox.register("{name}", ...), got {toolbox!r}')
        X = genes(population, "population")
        if parents is not None:
            genes(parents, "parents", n_var=X.shape[1])
        F, CV = weighted_values(population)
        box = Box.around(self.low, self.up, population[0])
        n = len(population) if n_offspring is None else check_int(n_offspring, "n_offspring", low=1)
        self._n_calls += 1
        offspring = Offspring(X, box, toolbox)
        n_generated = int(self.rng.binomial(n, self.p_generated))
        if n_generated and self._prepare(to_unit(box, X), F, CV):
            self._sample(offspring, population, n_generated)
            if len(offspring.made) < n_generated:
                self._warn_once("topped_up", "gave too few new individuals; mate and mutate made the rest")
        n_sampled = len(offspring.made)
        self._breed(offspring, self._pool(population, parents), n)
        self.counters["sampled"] += n_sampled
        self.counters["topped_up"] += n_generated - n_sampled
        self.counters["copies"] += offspring.n_copies
        return offspring.made

    def _prepare(self, U: Floats, F: Floats, CV: Floats) -> bool:
        """Fit the model if it is time to; tell whether it can be sampled."""
        if self._fitted is not None:
            call, n_var = self._fitted
            if self._n_calls - call < self.refit_every and n_var == U.shape[1]:
                return True
        distinct = np.sort(np.unique(U, axis=0, return_index=True)[1])
        U, F, CV = U[distinct], F[distinct], CV[distinct]
        finite = np.isfinite(F).all(axis=1) & np.isfinite(CV)
        self.counters["nonfinite"] += int((~finite).sum())
        n_elites = int(self.n_elites) if self.n_elites >= 1 else max(2, round(self.n_elites * len(U)))
        n_elites = min(n_elites, int(finite.sum()))
        if n_elites == 0:
            return False
        elites = spea2_order(F, CV, n_elites)[0]
        poor = np.setdiff1d(np.arange(len(U)), elites)
        start = time.perf_counter()
        try:
            self.model.fit(U[elites], U[poor] if len(poor) else None, rng=self.rng)
        except TrainingDivergedError as error:
            self._fitted = None
            self.counters["diverged"] += 1
            self._warn_once("diverged", f"diverged ({error}); mate and mutate serve until the next fit")
            return False
        self._fitted = (self._n_calls, U.shape[1])
        self.counters["fits"] += 1
        self.counters["fit_seconds"] += time.perf_counter() - start
        return True

    def _sample(self, offspring: Offspring, population: Sequence[Any], n: int) -> None:
        """Sample up to ``n`` offspring: clones of random individuals with all genes assigned anew, then mutated."""
        n_var = len(offspring.box.xl)
        drawn: set[bytes] = set()  # mutation would hide a collapsed generator
        for _ in range(_N_TRIES):
            U = np.asarray(self.model.sample(n - len(offspring.made), rng=self.rng), dtype=np.float64)
            if U.ndim != 2 or U.shape[1] != n_var:
                raise ValueError(f"model.sample(n) must have shape (n, {n_var}), got {U.shape} of {self.model!r}")
            for u in U[np.isfinite(U).all(axis=1)]:
                if u.tobytes() in drawn:
                    continue
                drawn.add(u.tobytes())
                child = offspring.toolbox.clone(population[int(self.rng.integers(len(population)))])
                set_genes(child, from_unit(offspring.box, u))
                offspring.add(child, mutate=self.rng.random() < self.mutpb)
                if len(offspring.made) == n:
                    return

    def _breed(self, offspring: Offspring, pool: Iterator[Any], n: int) -> None:
        """Fill up to ``n`` by mate and mutate; take copies only when nothing new comes any more."""
        patience = _N_TRIES * n
        while len(offspring.made) < n:
            pair = offspring.clone(next(pool)), offspring.clone(next(pool))
            if self.rng.random() < self.cxpb:
                pair = offspring.toolbox.mate(*pair)
            for child in pair[: n - len(offspring.made)]:
                mutate = self.rng.random() < self.mutpb
                patience -= not offspring.add(child, mutate=mutate, even_copy=patience <= 0)

    def _pool(self, population: Sequence[Any], parents: Sequence[Any] | None) -> Iterator[Any]:
        """Yield parents without end: those given in their order, else the population in ever new random orders."""
        while True:
            if parents is None:
                yield from (population[i] for i in self.rng.permutation(len(population)).tolist())
            else:
                yield from parents

    def _warn_once(self, kind: str, message: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(
                f"{type(self.model).__name__} {message} (see counters[{kind!r}])", RuntimeWarning, stacklevel=3
            )


def varGenerative(  # noqa: N802 (deap's way to name a variation)
    population: Sequence[Any],
    toolbox: Any,
    model: GenerativeModel,
    *,
    low: ArrayLike,
    up: ArrayLike,
    rng: np.random.Generator,
    n_offspring: int | None = None,
    parents: Sequence[Any] | None = None,
    p_generated: float = 0.3,
    n_elites: float = 0.5,
    cxpb: float = 0.9,
    mutpb: float = 1.0,
) -> list[Any]:
    """Return offspring of one call of a :class:`GenerativeVariation`, with its arguments and those of its call.

    The model is fitted at every call; it keeps what it has learnt from the last one if it can. To fit it only every
    few generations, and to read counters, register a :class:`GenerativeVariation`.

    Example:
        >>> from deap import base
        >>> from evogan.models import GAN
        >>> toolbox, rng = base.Toolbox(), np.random.default_rng(1)
        >>> toolbox.register("vary", varGenerative, toolbox=toolbox, model=GAN(), low=0, up=1, rng=rng)

        Then ``offspring = toolbox.vary(population)`` instead of ``varAnd(population, toolbox, cxpb, mutpb)``.
    """
    vary = GenerativeVariation(
        model, low=low, up=up, rng=rng, p_generated=p_generated, n_elites=n_elites, cxpb=cxpb, mutpb=mutpb
    )
    return vary(population, toolbox, n_offspring=n_offspring, parents=parents)
