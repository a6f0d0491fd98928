"""Where candidates come from: crossover, differential evolution, generative models."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evogan._internal.checks import check_float, check_int
from evogan.exceptions import TrainingDivergedError
from evogan.models import ConditionalModel, GenerativeModel, ObjectiveFrame
from evogan.operators._variation import binomial_crossover, sbx

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class MatingPool:
    """A population as sources see it.

    Attributes:
        U: solutions ``(n, n_var)`` in the unit box.
        C: their positions on the front ``(n, n_obj)``.
        neighbours: indices ``(n, k)`` of the nearest others in objective space, nearest first.
        p_near: probability ``(n,)`` that a solution's mate is a neighbour, and not any solution.
    """

    U: Floats
    C: Floats
    neighbours: Ints
    p_near: Floats

    @classmethod
    def of(cls, U: Floats, F: Floats, CV: Floats, *, n_neighbours: int, p_near: float) -> MatingPool:
        """Prepare solutions ``U`` with finite objectives ``F`` ``(n, n_obj)`` and violations ``CV``, n at least 2.

        Infeasible solutions have no neighbours: they differ by what makes them feasible, which objectives don't tell.
        """
        frame = ObjectiveFrame.of_feasible(F, CV)
        Y = frame.scale(F)
        distance = cdist(Y, Y)
        np.fill_diagonal(distance, -1.0)  # itself first, also among copies
        near = np.argsort(distance, axis=1, kind="stable")[:, 1 : n_neighbours + 1]
        return cls(U, frame.positions(F), near, np.where(CV > 0, 0.0, p_near))

    def mates(self, parents: Ints, rng: np.random.Generator) -> Ints:
        """Return a mate ``(k,)`` for each of ``parents``, indices of solutions."""
        near = self.neighbours[parents, rng.integers(self.neighbours.shape[1], size=len(parents))]
        anyone = rng.integers(len(self.U), size=len(parents))
        return np.where(rng.random(len(parents)) < self.p_near[parents], near, anyone)


@runtime_checkable
class CandidateSource(Protocol):
    """What makes candidates; no base class."""

    def prepare(self, pool: MatingPool, *, rng: np.random.Generator) -> bool:
        """Learn from the population of a generation; tell whether :meth:`candidates` can be called."""
        ...

    def candidates(self, pool: MatingPool, parents: Ints, *, rng: np.random.Generator) -> Floats:
        """Return a candidate ``(k, n_var)`` for each of ``parents`` (indices); what leaves the unit box is clipped."""
        ...


@dataclass(frozen=True)
class CrossoverSource:
    """Simulated binary crossover with a mate, one child of the two.

    K. Deb, R. B. Agrawal, "Simulated binary crossover for continuous search space", Complex Systems 9, 1995.

    Args:
        eta: distribution index; the larger, the nearer children are to their parents.
    """

    eta: float = 20.0

    def __post_init__(self) -> None:
        check_float(self.eta, "eta", low=0.0)

    def prepare(self, pool: MatingPool, *, rng: np.random.Generator) -> bool:
        """There is nothing to learn."""
        return True

    def candidates(self, pool: MatingPool, parents: Ints, *, rng: np.random.Generator) -> Floats:
        """Return the child that is the parent's where variables are not crossed."""
        return sbx(pool.U[parents], pool.U[pool.mates(parents, rng)], rng=rng, eta=self.eta)[0]


@dataclass(frozen=True)
class DifferentialSource:
    """Differential evolution about the parent: x + F (a - b) with two mates, then binomial crossover.

    R. Storn, K. Price, "Differential evolution", Journal of Global Optimization 11, 1997; scale factor and crossover
    rate are drawn for each candidate.

    Args:
        scale_factors: values of F to draw from.
        crossover_rates: values of CR to draw from, in [0, 1].
    """

    scale_factors: tuple[float, ...] = (0.2, 0.4)
    crossover_rates: tuple[float, ...] = (0.5, 1.0)

    def __post_init__(self) -> None:
        _check_numbers(self.scale_factors, "scale_factors", high=np.inf)
        _check_numbers(self.crossover_rates, "crossover_rates", high=1.0)

    def prepare(self, pool: MatingPool, *, rng: np.random.Generator) -> bool:
        """There is nothing to learn."""
        return True

    def candidates(self, pool: MatingPool, parents: Ints, *, rng: np.random.Generator) -> Floats:
        """Return the trial vectors."""
        x, a, b = pool.U[parents], pool.U[pool.mates(parents, rng)], pool.U[pool.mates(parents, rng)]
        F = rng.choice(self.scale_factors, size=(len(x), 1))
        CR = rng.choice(self.crossover_rates, size=(len(x), 1))
        return binomial_crossover(x + F * (a - b), x, cr=CR, rng=rng)


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
        for method in ("fit", "sample"):
            if isinstance(model, type) or not callable(getattr(model, method, None)):
                raise TypeError(f"model must be an object with the method {method}(), got {model!r}")
        self.model = model
        self.refit_every = check_int(refit_every, "refit_every", low=1)
        self.crossover_rates = _check_numbers(crossover_rates, "crossover_rates", high=1.0)
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
            samples = self.model.sample(len(parents), rng=rng, **self._condition(pool.C[parents]))
        except TrainingDivergedError as error:  # weights may be finite, but too large to compute with
            if not self.diverged:
                warnings.warn(f"{error}; parents stand in for the samples", RuntimeWarning, stacklevel=2)
            self.diverged += 1
            self._age = None
            return pool.U[parents]
        U = np.asarray(samples, dtype=np.float64)
        U = np.where(np.isfinite(U).all(axis=1, keepdims=True), U, pool.U[parents])
        return binomial_crossover(U, pool.U[parents], cr=rng.choice(self.crossover_rates, size=(len(U), 1)), rng=rng)

    def _condition(self, C: Floats) -> dict[str, Any]:
        return {"condition": C} if isinstance(self.model, ConditionalModel) else {}


def _check_numbers(values: Sequence[float], name: str, high: float) -> Sequence[float]:
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) == 0:
        raise TypeError(f"{name} must be a sequence of numbers such as (0.5, 1.0), got {values!r}")
    for value in values:
        check_float(value, name, low=0.0, high=high)
    return values


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
