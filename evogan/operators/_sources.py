"""Where candidates come from: crossover, differential evolution, the population's mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from evogan._internal.checks import check_float
from evogan.models import ObjectiveFrame
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
    rate are drawn for each candidate. Departs from them: both mates may be the same, and mutation alone then changes
    the parent.

    Args:
        scale_factors: values of F to draw from.
        crossover_rates: values of CR to draw from, in [0, 1].
    """

    scale_factors: tuple[float, ...] = (0.2, 0.4)
    crossover_rates: tuple[float, ...] = (0.5, 1.0)

    def __post_init__(self) -> None:
        check_numbers(self.scale_factors, "scale_factors", high=np.inf)
        check_numbers(self.crossover_rates, "crossover_rates", high=1.0)

    def prepare(self, pool: MatingPool, *, rng: np.random.Generator) -> bool:
        """There is nothing to learn."""
        return True

    def candidates(self, pool: MatingPool, parents: Ints, *, rng: np.random.Generator) -> Floats:
        """Return the trial vectors."""
        x, a, b = pool.U[parents], pool.U[pool.mates(parents, rng)], pool.U[pool.mates(parents, rng)]
        F = rng.choice(self.scale_factors, size=(len(x), 1))
        CR = rng.choice(self.crossover_rates, size=(len(x), 1))
        return binomial_crossover(x + F * (a - b), x, cr=CR, rng=rng)


@dataclass(frozen=True)
class CentroidSource:
    """The mean of all solutions, crossed with the parent as :class:`ModelSource` crosses samples.

    Contraction without a distribution and without learning: errors of single solutions cancel out in the mean (H.-G.
    Beyer, "Toward a theory of evolution strategies: on the benefits of sex", Evolutionary Computation 3(1), 1995). With
    hundreds of variables that is worth much in the first generations (:class:`HeadStart`) and does harm later. For all
    of a run it is a null control of generators.

    Args:
        crossover_rates: to draw from, the share of variables that come from the mean.
    """

    crossover_rates: tuple[float, ...] = (0.1, 0.5, 1.0)

    def __post_init__(self) -> None:
        check_numbers(self.crossover_rates, "crossover_rates", high=1.0)

    def prepare(self, pool: MatingPool, *, rng: np.random.Generator) -> bool:
        """There is nothing to learn."""
        return True

    def candidates(self, pool: MatingPool, parents: Ints, *, rng: np.random.Generator) -> Floats:
        """Return the mean, with the parent's variables where they are not crossed."""
        U = pool.U[parents]
        CR = rng.choice(self.crossover_rates, size=(len(U), 1))
        return binomial_crossover(np.broadcast_to(pool.U.mean(axis=0), U.shape), U, cr=CR, rng=rng)


def check_numbers(values: Sequence[float], name: str, high: float) -> Sequence[float]:
    """Return ``values`` if they are a sequence of numbers in [0, ``high``]."""
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) == 0:
        raise TypeError(f"{name} must be a sequence of numbers such as (0.5, 1.0), got {values!r}")
    for value in values:
        check_float(value, name, low=0.0, high=high)
    return values
