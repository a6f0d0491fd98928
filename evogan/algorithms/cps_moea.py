"""CPS-MOEA: each parent makes several candidates, and a classifier of good and bad solutions chooses the offspring.

J. Zhang, A. Zhou, G. Zhang, "A classification and Pareto domination based multiobjective evolutionary algorithm", IEEE
CEC 2015; J. Zhang, A. Zhou, K. Tang, G. Zhang, "Preselection via classification: a case study on evolutionary
multiobjective optimization", Information Sciences 465, 2018; arXiv 1708.01146. "Code" is the version of PlatEMO.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from scipy.spatial.distance import cdist

from evogan._internal.checks import check_choice, check_float, check_int
from evogan.algorithms._peers import Initial, PeerAlgorithm, violations
from evogan.multitask import fronts, nsga2_order
from evogan.operators import binomial_crossover, finite_solutions, polynomial_mutation, sbx
from evogan.operators._box import to_unit

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class CPSMOEA(PeerAlgorithm):
    """CPS-MOEA: of the candidates that a parent makes, one that its nearest known solutions call good is evaluated.

    A set P+ of good and a set P- of bad solutions, N/2 each, are kept beside the population: the best non-dominated
    and the best dominated offspring so far. A candidate is good if most of its k nearest neighbours in both sets are.
    Each parent's offspring is drawn among its good candidates, among all of them if none is. Survival is NSGA-II's.

    Departs from the paper: distances are measured in the unit box, so that no variable counts for more than its
    share; the two solutions of a difference are distinct and not the parent; constraints, which the paper has none
    of, come first (feasible solutions, then the least violation); with one objective, or while no offspring is
    feasible, the better half of the offspring counts as non-dominated; the budget is exact, its last offspring being
    those of random parents. See docs/paper-versus-code.md.

    Args:
        pop_size: population size N, at least 4.
        n_candidates: candidates that each parent makes (M).
        n_neighbours: neighbours that vote on a candidate (K).
        variation: ``"de"``, x_i + F (x_r2 - x_r3), or ``"sbx"``, crossover with a random solution; then polynomial
            mutation with 1/n_var.
        f: scale factor F of a difference, above 0.
        cr: probability that a variable takes part in a difference.
        eta_c: distribution index of SBX.
        eta_m: distribution index of the mutation.
        sampling: initial population, a pymoo Sampling or solutions as an array or Population; None means uniform.

    Attributes:
        good: the set P+ of a run, best first.
        bad: the set P-, best first.

    Raises (when a run starts):
        ValueError: bounds are missing or infinite, or the evaluation budget is smaller than ``pop_size``.
        TypeError: variables are not real, or a keyword that pymoo does not know.

    Example:
        >>> from pymoo.optimize import minimize
        >>> from evogan.problems.imf import IMF1
        >>> result = minimize(IMF1(n_var=5), CPSMOEA(20), ("n_eval", 90), seed=1)
        >>> result.algorithm.evaluator.n_eval
        90
    """

    good: Population
    bad: Population
    least_objectives = 1

    def __init__(
        self,
        pop_size: int = 100,
        *,
        n_candidates: int = 3,
        n_neighbours: int = 5,
        variation: str = "de",
        f: float = 0.5,
        cr: float = 1.0,
        eta_c: float = 20.0,
        eta_m: float = 20.0,
        sampling: Initial | None = None,
    ) -> None:
        super().__init__(pop_size, sampling=sampling)
        self.n_candidates = check_int(n_candidates, "n_candidates", low=1)
        self.n_neighbours = check_int(n_neighbours, "n_neighbours", low=1)
        self.variation = check_choice(variation, "variation", ("de", "sbx"))
        self.f = check_float(f, "f", low=0.0, low_open=True)
        self.cr = check_float(cr, "cr", low=0.0, high=1.0)
        self.eta_c = check_float(eta_c, "eta_c", low=0.0)
        self.eta_m = check_float(eta_m, "eta_m", low=0.0)

    def _initialize_advance(self, infills: Any = None, **kwargs: Any) -> None:
        half = len(infills) // 2
        self.pop = infills[self._survivors(infills.get("F"), violations(infills))]
        self.good, self.bad = self.pop[:half], self.pop[-half:]

    def _offspring(self, U: Array, F: Array) -> Array:
        rng, N, M = self.random_state, self.pop_size, self.n_candidates
        if len(U) < 3:  # all but one or two solutions failed
            U = np.concatenate([U, rng.random((3, U.shape[1]))])
        candidates = self._candidates(U, np.repeat(np.resize(np.arange(len(U)), N), M))
        good, bad = (to_unit(self.problem, known.get("X")) for known in (self.good, self.bad))
        votes = good_by_vote(candidates, good, bad, self.n_neighbours).reshape(N, M)
        chosen = (votes + rng.random((N, M))).argmax(axis=1)  # a lot among the good ones, or among all
        return np.asarray(candidates.reshape(N, M, -1)[np.arange(N), chosen])

    def _candidates(self, P: Array, i: Ints) -> Array:
        """Return a candidate of each of the rows ``i`` of the population ``P``, in the unit box."""
        r2, r3 = two_others(i, len(P), self.random_state)
        if self.variation == "de":
            mutant = np.clip(P[i] + self.f * (P[r2] - P[r3]), 0.0, 1.0)
            Y = binomial_crossover(mutant, P[i], cr=self.cr, rng=self.random_state)
        else:
            Y = sbx(P[i], P[r2], eta=self.eta_c, rng=self.random_state)[0]
        return polynomial_mutation(Y, eta=self.eta_m, rng=self.random_state)

    def _survivors(self, F: Array, CV: Array) -> Ints:
        return nsga2_order(F, CV)[: self.pop_size]

    def _advance(self, infills: Any = None, **kwargs: Any) -> bool | None:
        if infills is not None:
            good = good_offspring(infills)
            self.good = best(Population.merge(self.good, infills[good]), len(self.good))
            self.bad = best(Population.merge(self.bad, infills[~good]), len(self.bad))  # those near the border
        return super()._advance(infills, **kwargs)


def best(known: Population, n: int) -> Population:
    """Return the ``n`` best solutions by front and crowding distance, best first."""
    return known[nsga2_order(known.get("F"), violations(known))[:n]]


def good_by_vote(X: Array, good: Array, bad: Array, k: int) -> Bools:
    """Return for which of ``X`` ``(n, n_var)`` most of the ``k`` nearest known solutions are good."""
    k = min(k, len(good) + len(bad))
    nearest = np.argsort(cdist(X, np.concatenate([good, bad])), axis=1, kind="stable")[:, :k]
    return np.asarray(2 * (nearest < len(good)).sum(axis=1) > k)


def two_others(i: Ints, n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return two numbers below ``n`` (at least 3) for each of ``i``, distinct from it and from each other."""
    r2 = rng.integers(n - 1, size=len(i))
    r2 += r2 >= i
    r3 = rng.integers(n - 2, size=len(i))
    r3 += r3 >= np.minimum(i, r2)
    r3 += r3 >= np.maximum(i, r2)
    return r2, r3


def good_offspring(pop: Population) -> Bools:
    """Return which solutions are feasible, finite and not dominated by such ones.

    Where one value orders them, the only objective or, while none is feasible, the violation: which are the better
    half of the finite ones. The best one alone would leave solutions among the bad that are better than the good.
    """
    F, CV = pop.get("F"), pop.get("CV")[:, 0]
    finite = finite_solutions(pop)
    good = np.zeros(len(pop), dtype=bool)
    feasible = np.flatnonzero(finite & (CV <= 0))
    if F.shape[1] > 1 and len(feasible):
        good[feasible[fronts(F[feasible]) == 0]] = True
    else:
        good[nsga2_order(F, CV)[: (int(finite.sum()) + 1) // 2]] = True
    return good
