"""MOEA/D-DE: one subproblem for each weight vector, differential evolution among neighbours, few replacements.

H. Li, Q. Zhang, "Multiobjective optimization problems with complicated Pareto sets, MOEA/D and NSGA-II", IEEE
Transactions on Evolutionary Computation 13(2), 2009. The paper's text was not at hand; step numbers and settings are
those that its programs and descendants agree on. "Code" is the authors' C++ program.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from scipy.spatial.distance import cdist

from evogan._internal.checks import check_float, check_int
from evogan.algorithms._peers import Initial, PeerAlgorithm, violations
from evogan.operators import lattice
from evogan.operators._budget import remaining_evals

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


class MOEADDE(PeerAlgorithm):
    """MOEA/D-DE: solution i minimises max_m lambda_im abs(f_m - z_m), with z the best of every objective so far.

    The subproblems take turns. Subproblem i works, with probability ``delta``, on the T whose weights are nearest to
    its own, else on all. A child is x_i + F (x_r2 - x_r3) of two solutions there, with polynomial mutation; values
    outside the box are drawn anew inside it. Compared with these solutions in random order, it replaces at most
    ``n_replaced`` that are no better, so that one good child does not take over a neighbourhood.

    One offspring is asked for and told at a time, since the next one may descend from it; a generation, after which
    callbacks come, is N of them.

    Departs from the paper: constraints, which it has none of, come first (the least violation, then the function);
    a non-finite solution replaces none and is replaced by any; the budget is exact.

    Args:
        pop_size: population size N, at least 4 and at least n_obj; beyond two objectives the largest simplex lattice of
            at most that many weights decides, and ``algorithm.pop_size`` tells (91 of 100 for three).
        n_neighbours: T, at least 2; all where there are fewer.
        delta: probability of working among neighbours.
        n_replaced: solutions n_r that a child may replace.
        f: scale factor F of the difference, above 0.
        cr: probability CR that a variable takes part in it.
        eta_m: distribution index of the mutation, with probability 1/n_var.
        sampling: initial population, a pymoo Sampling or solutions as an array or Population; None means uniform.

    Attributes:
        weights: lambda ``(N, n_obj)``.
        neighbours: of every subproblem, the nearest (itself) first ``(N, T)``.
        ideal: z ``(n_obj,)``; infinite before a finite evaluation.

    Raises (when a run starts):
        ValueError: one objective, bounds missing or infinite, budget below or ``n_obj`` above ``pop_size``.
        TypeError: variables are not real.

    Example:
        >>> from pymoo.optimize import minimize
        >>> from evogan.problems.imf import IMF1
        >>> result = minimize(IMF1(n_var=5), MOEADDE(20), ("n_eval", 90), seed=1)
        >>> result.algorithm.evaluator.n_eval
        90
    """

    one_by_one = True  # runs record once a generation
    weights: Array
    neighbours: Ints
    ideal: Array

    def __init__(
        self,
        pop_size: int = 100,
        *,
        n_neighbours: int = 20,
        delta: float = 0.9,
        n_replaced: int = 2,
        f: float = 0.5,
        cr: float = 1.0,
        eta_m: float = 20.0,
        sampling: Initial | None = None,
    ) -> None:
        super().__init__(pop_size, sampling=sampling)
        self.n_neighbours = check_int(n_neighbours, "n_neighbours", low=2)
        self.delta = check_float(delta, "delta", low=0.0, high=1.0)
        self.n_replaced = check_int(n_replaced, "n_replaced", low=1)
        self.f = check_float(f, "f", low=0.0, low_open=True)
        self.cr = check_float(cr, "cr", low=0.0, high=1.0)
        self.eta_m = check_float(eta_m, "eta_m", low=0.0)
        self._n_max = self.pop_size

    def _prepare(self, problem: Any) -> None:
        self.weights = lattice(problem.n_obj, self._n_max)
        self.pop_size = len(self.weights)
        if self.pop_size > self._n_max:
            raise ValueError(f"pop_size must be at least n_obj = {problem.n_obj} for MOEADDE, got {self._n_max}")
        distance = cdist(self.weights, self.weights)
        self.neighbours = np.argsort(distance, axis=1, kind="stable")[:, : self.n_neighbours]

    def _initialize_advance(self, infills: Any = None, **kwargs: Any) -> None:
        if len(infills) != self.pop_size:
            raise ValueError(
                f"the first solutions told must be {self.pop_size}, one for each weight, got {len(infills)}"
            )
        self._F, self._CV = infills.get("F"), violations(infills)
        self.ideal = self._F[np.isfinite(self._CV)].min(axis=0, initial=np.inf)
        self._i = 0

    def _infill(self) -> Population:
        rng, i, (xl, xu) = self.random_state, self._i, self.problem.bounds()
        everyone = rng.random() >= self.delta
        self._range = np.arange(self.pop_size) if everyone else self.neighbours[i]  # step 2.1
        r2, r3 = rng.permutation(self._range)[:2]
        x, x2, x3 = (self.pop[r].X for r in (i, r2, r3))
        y = np.where(rng.random(len(x)) < self.cr, x + self.f * (x2 - x3), x)  # step 2.2
        steps = polynomial_steps(rng.random(len(x)), self.eta_m) * (xu - xl)
        y = np.where(rng.random(len(x)) < 1.0 / len(x), y + steps, y)
        anew = xl + rng.random(len(x)) * (xu - xl)
        y = np.where((y < xl) | (y > xu), anew, y)  # step 2.3
        return Population.new(X=np.clip(y, xl, xu)[None])  # rounding

    def _advance(self, infills: Any = None, **kwargs: Any) -> bool | None:
        if self._i == 0:
            self.pop = Population.create(*self.pop)  # callbacks may have kept that of the last generation
        if infills is not None:
            f, cv = infills.get("F")[0], violations(infills)[0]
            if np.isfinite(cv):
                self.ideal = np.minimum(self.ideal, f)  # step 2.4
            order = self.random_state.permutation(self._range)
            rows = improved(order, self._F, self._CV, f, cv, self.weights, self.ideal)[: self.n_replaced]  # step 2.5
            self.pop[rows], self._F[rows], self._CV[rows] = infills[0], f, cv
        self._i += 1
        if self._i < self.pop_size and remaining_evals(self) > 0:
            return False  # in the midst of a generation
        self._i = 0
        return True


def improved(rows: Ints, F: Array, CV: Array, f: Array, cv: float, weights: Array, ideal: Array) -> Ints:
    """Return those of ``rows``, in their order, whose subproblem finds ``f`` no worse than the solution it has.

    Args:
        rows: subproblems to compare ``(n,)``.
        F: objectives of all solutions ``(N, n_obj)``.
        CV: their violations ``(N,)``, infinite where not finite.
        f: objectives of the child ``(n_obj,)``.
        cv: its violation.
        weights: lambda ``(N, n_obj)``.
        ideal: z ``(n_obj,)``.
    """
    if not np.isfinite(cv):
        return rows[:0]
    with np.errstate(over="ignore", invalid="ignore"):
        new = (weights[rows] * np.abs(f - ideal)).max(axis=1)
        old = (weights[rows] * np.abs(F[rows] - ideal)).max(axis=1)
    return np.asarray(rows[(cv < CV[rows]) | ((cv == CV[rows]) & (new <= old))])


def polynomial_steps(u: Array, eta: float) -> Array:
    """Return steps of polynomial mutation, in ranges of the variable, for uniform numbers in [0, 1).

    Example:
        >>> polynomial_steps(np.array([0.0625, 0.5, 0.9375]), 2.0).tolist()
        [-0.5, 0.0, 0.5]
    """
    return np.where(u < 0.5, (2.0 * u) ** (1.0 / (eta + 1.0)) - 1.0, 1.0 - (2.0 - 2.0 * u) ** (1.0 / (eta + 1.0)))
