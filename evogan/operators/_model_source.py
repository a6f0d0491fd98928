"""Candidates from generative models, and sources for a run's first generations alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from evogan._internal.checks import check_int, check_methods
from evogan.exceptions import TrainingDivergedError
from evogan.models import ConditionalModel, GenerativeModel
from evogan.operators._box import check_samples
from evogan.operators._sources import CandidateSource, Floats, Ints, MatingPool, check_numbers
from evogan.operators._variation import binomial_crossover


class ModelSource:
    """Samples of a generative model, at the parent's place on the front if the model takes a condition.

    The model is fitted to the whole population: what the critic is to judge need not be elite. Samples are crossed with
    the parent as in differential evolution, since of many variables some are sampled well and others are not.

    Args:
        model: anything with ``fit(X, rng=)`` and ``sample(n, rng=)``; a
            :class:`~evogan.models.ConditionalModel` is given positions on the front.
        refit_every: generations from one fit to the next.
        crossover_rates: to draw from, the share of variables that come from the sample; (1.0,) leaves samples as they
            are.

    Attributes:
        diverged: how many fits or samples ended with a TrainingDivergedError. After a fit other sources serve until
            the next one; in place of samples the parents are candidates, and the next generation fits.
    """

    def __init__(
        self, model: GenerativeModel, *, refit_every: int = 1, crossover_rates: Sequence[float] = (0.1, 0.5, 1.0)
    ) -> None:
        self.model = check_methods(model, "model", ("fit", "sample"))
        self.refit_every = check_int(refit_every, "refit_every", low=1)
        self.crossover_rates = check_numbers(crossover_rates, "crossover_rates", high=1.0)
        self.diverged = 0
        self._age: int | None = None
        self._shape = (0, 0)

    def prepare(self, pool: MatingPool, *, rng: np.random.Generator) -> bool:
        """Fit the model if it is time to."""
        self._age = None if self._age is None else self._age + 1
        shape = (pool.U.shape[1], pool.C.shape[1])
        if self._age is not None and self._age < self.refit_every and shape == self._shape:
            return True
        self._shape = shape
        try:
            self.model.fit(pool.U, rng=rng, **self._condition(pool.C))
        except TrainingDivergedError:
            self.diverged += 1
            self._age = None
            return False
        self._age = 0
        return True

    def candidates(self, pool: MatingPool, parents: Ints, *, rng: np.random.Generator) -> Floats:
        """Return samples crossed with the parents; those that are not finite are replaced by the parents."""
        try:
            made = self.model.sample(len(parents), rng=rng, **self._condition(pool.C[parents]))
        except TrainingDivergedError as error:  # weights may be finite, but too large to compute with
            if not self.diverged:
                warnings.warn(f"{error}; parents stand in for the samples", RuntimeWarning, stacklevel=2)
            self.diverged += 1
            self._age = None
            return pool.U[parents]
        U = check_samples(made, (len(parents), pool.U.shape[1]), f"samples of {type(self.model).__name__}")
        U = np.where(np.isfinite(U).all(axis=1, keepdims=True), U, pool.U[parents])
        return binomial_crossover(U, pool.U[parents], cr=rng.choice(self.crossover_rates, size=(len(U), 1)), rng=rng)

    def _condition(self, C: Floats) -> dict[str, Any]:
        return {"condition": C} if isinstance(self.model, ConditionalModel) else {}


class HeadStart:
    """A source that serves in the first generations of a run, and then no more.

    Args:
        source: a :class:`CandidateSource` or a generative model.
        n_generations: the last generation it serves in; the initial population is the first of an algorithm's.
    """

    def __init__(self, source: Any, n_generations: int = 10) -> None:
        self.source = as_sources([source])[0]
        if isinstance(self.source, HeadStart):
            raise TypeError("source must be what serves at the start, got a HeadStart itself")
        self.n_generations = check_int(n_generations, "n_generations", low=1)

    def prepare(self, pool: MatingPool, *, rng: np.random.Generator) -> bool:
        """Let the source learn."""
        return self.source.prepare(pool, rng=rng)

    def candidates(self, pool: MatingPool, parents: Ints, *, rng: np.random.Generator) -> Floats:
        """Return the source's candidates."""
        return self.source.candidates(pool, parents, rng=rng)


def as_sources(sources: Sequence[Any]) -> list[CandidateSource]:
    """Return sources, each generative model made one."""
    if isinstance(sources, str) or not isinstance(sources, Sequence) or len(sources) == 0:
        raise TypeError(f"sources must be a sequence such as [CrossoverSource(), FlowMatching()], got {sources!r}")
    made: list[CandidateSource] = []
    for source in sources:
        if isinstance(source, type):
            raise TypeError(f"a source must be an object, got the class {source.__name__}: write {source.__name__}()")
        made.append(source if isinstance(source, CandidateSource) else ModelSource(source))
    return made
