"""CSEA: few expensive evaluations, spent on what a small network takes for non-dominated by reference solutions.

L. Pan, C. He, Y. Tian, H. Wang, X. Zhang, Y. Jin, "A classification-based surrogate-assisted evolutionary algorithm
for expensive many-objective optimization", IEEE Transactions on Evolutionary Computation 23(1), 2019. "Code" is the
program of one of the authors in PlatEMO.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.population import Population
from pymoo.operators.sampling.lhs import LHS

from evogan._internal.checks import check_int
from evogan._internal.devices import one_thread
from evogan.algorithms._network import SmallNetwork
from evogan.algorithms._peers import Initial, PeerAlgorithm, violations
from evogan.algorithms._radial import radial_selection
from evogan.operators import polynomial_mutation, sbx, within_budget
from evogan.operators._box import from_unit, to_unit

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class CSEA(PeerAlgorithm):
    """CSEA: a network learns which solutions the reference solutions dominate, and chooses what is evaluated next.

    In every iteration K reference solutions of the population are selected by radial projection. A solution is good
    unless one of them dominates it. A network with one hidden layer learns that from three quarters of the population;
    the others tell how wrong it is on good (p1) and on bad solutions (p2). With t half the share of the rarer label:

    - p1 < 0.4, or p2 < t and p1 < 1 - t: offspring of the best predictions and the references are bred for ``g_max``
      predictions; those of the last ones that are predicted above 0.9 are evaluated,
    - p1 > 1 - t and p2 < t: nothing is; the network is trained anew,
    - p2 > 1 - t: the predictions are taken to be upside down: the lowest are bred, those below 0.1 are evaluated,
    - otherwise one random offspring is evaluated.

    All evaluated solutions are kept; the next population is ``pop_size`` of them, selected as the references are.

    Departs from the paper: solutions are scaled to the unit box; copies of what is known are not evaluated again; after
    ten iterations that evaluate nothing, a random offspring is; constraints, which the paper has none of, come first
    in every comparison (less violation dominates); the budget is exact, the best predictions filling the last
    iteration. See docs/paper-versus-code.md.

    Args:
        pop_size: population size N, at least 4.
        n_references: reference solutions K.
        g_max: predictions in one search, 0 or more.
        n_initial: points of the Latin hypercube that a run begins with, at least 4; None means 11 n_var - 1.
        n_hidden: hidden units; None means 2 n_var.
        n_epochs: training steps at most.
        sampling: initial design, a pymoo Sampling or ``n_initial`` solutions as an array or
            Population; None means pymoo's Latin hypercube.

    Attributes:
        evaluated: all solutions of a run; its optimum is drawn from them.

    Raises (when a run starts):
        ValueError: one objective, bounds missing or infinite, or a budget below ``n_initial``.
        TypeError: variables are not real, or a keyword that pymoo does not know.

    Example:
        >>> from pymoo.optimize import minimize
        >>> from evogan.problems.imf import IMF1
        >>> result = minimize(IMF1(n_var=5), CSEA(20, g_max=100), ("n_eval", 70), seed=1)
        >>> result.algorithm.evaluator.n_eval
        70
    """

    evaluated: Population

    def __init__(
        self,
        pop_size: int = 50,
        *,
        n_references: int = 6,
        g_max: int = 3000,
        n_initial: int | None = None,
        n_hidden: int | None = None,
        n_epochs: int = 800,
        sampling: Initial | None = None,
    ) -> None:
        super().__init__(pop_size, sampling=LHS() if sampling is None else sampling)
        self.n_references = check_int(n_references, "n_references", low=1)
        self.g_max = check_int(g_max, "g_max", low=0)
        self.n_initial = None if n_initial is None else check_int(n_initial, "n_initial", low=4)
        self.n_hidden = None if n_hidden is None else check_int(n_hidden, "n_hidden", low=1)
        self.n_epochs = check_int(n_epochs, "n_epochs", low=1)

    def _prepare(self, problem: Any) -> None:
        self._n_first = max(11 * problem.n_var - 1, 4) if self.n_initial is None else self.n_initial

    def _first_design(self) -> tuple[int, str]:
        return self._n_first, "n_initial ="

    def _initialize_advance(self, infills: Any = None, **kwargs: Any) -> None:
        self.evaluated = self.pop = infills  # the whole design is the first population

    def _advance(self, infills: Any = None, **kwargs: Any) -> bool | None:
        if infills is not None:
            self.evaluated = Population.merge(self.evaluated, infills)
            F, violation = self.evaluated.get("F"), violations(self.evaluated)
            self.pop = self.evaluated[radial_selection(F, violation, self.pop_size)]
        return None

    def _set_optimum(self) -> None:
        pop, self.pop = self.pop, self.evaluated
        super()._set_optimum()
        self.pop = pop

    def _infill(self) -> Population | None:
        if within_budget(self, 1) == 0:
            return None
        known = to_unit(self.problem, self.evaluated.get("X"))
        with one_thread(True):  # small matrices
            for _ in range(10):
                new = without_copies(self._propose(), known)
                if len(new):
                    break
            else:
                P = to_unit(self.problem, self.pop.get("X"))
                new = self.random_state.permutation(self._bred(P, P[::-1]))[:1]
        return Population.new(X=from_unit(self.problem, new[: within_budget(self, len(new))]))

    def _propose(self) -> Array:
        """Return what one iteration would evaluate, best prediction first: often less than ten, sometimes nothing."""
        P, F, violation = to_unit(self.problem, self.pop.get("X")), self.pop.get("F"), violations(self.pop)
        references = radial_selection(F, violation, self.n_references)
        good = not_dominated(F, violation, references)
        t = 0.5 * min(good.mean(), 1.0 - good.mean())
        train = stratified(good, 0.75, self.random_state)
        network = SmallNetwork(self.n_hidden or 2 * P.shape[1], self.n_epochs)
        network.fit(P[train], good[train].astype(float), rng=self.random_state)
        p1, p2 = errors(network.predict(P[~train]), good[~train])
        return self._selected(network, p1, p2, t, P, P[references])

    def _selected(self, network: Any, p1: float, p2: float, t: float, P: Array, R: Array) -> Array:
        """Surrogate-assisted selection: return solutions to evaluate by the errors ``p1`` and ``p2`` (the list above).

        An error is NaN where no solution of the kind was left to test with: then no condition on it holds.
        """
        parents = np.concatenate([P, R])
        half = len(parents) // 2
        off = self._bred(parents[:half], parents[half : 2 * half])
        if p1 < 0.4 or (p2 < t and p1 < 1.0 - t):
            sign = 1.0
        elif p1 > 1.0 - t and p2 < t:
            return off[:0]
        elif p2 > 1.0 - t:
            sign = -1.0
        else:
            return off[[self.random_state.integers(len(off))]]
        score = sign * (network.predict(off) - 0.5)
        n_predicted = 0
        while n_predicted < self.g_max:
            off = self._bred(off[np.argsort(-score, kind="stable")[: len(R)]], R)
            score = sign * (network.predict(off) - 0.5)
            n_predicted += len(off)
        best = np.argsort(-score, kind="stable")
        return np.asarray(off[best[score[best] > 0.4]])  # above 0.9, or below 0.1 upside down

    def _bred(self, A: Array, B: Array) -> Array:
        n = min(len(A), len(B))
        children = np.concatenate(sbx(A[:n], B[:n], eta=15.0, rng=self.random_state))
        return polynomial_mutation(children, eta=5.0, rng=self.random_state)


def not_dominated(F: Array, violation: Array, references: Ints) -> Bools:
    """Return which finite solutions none of those in the rows ``references`` dominates, less violation first."""
    f, v = F[references][None], violation[references][None]
    pareto = (f <= F[:, None]).all(axis=2) & (f < F[:, None]).any(axis=2)
    dominated = (v < violation[:, None]) | ((v == violation[:, None]) & pareto)
    return np.asarray(~dominated.any(axis=1) & np.isfinite(violation))


def stratified(label: Bools, share: float, rng: np.random.Generator) -> Bools:
    """Return a random ``share`` of the solutions of each label, rounded up, as a mask."""
    drawn = np.zeros(len(label), dtype=bool)
    for rows in (np.flatnonzero(label), np.flatnonzero(~label)):
        drawn[rng.permutation(rows)[: int(np.ceil(share * len(rows)))]] = True
    return drawn


def errors(predicted: Array, good: Bools) -> tuple[float, float]:
    """Return the mean errors of predictions in [0, 1] on good and on bad solutions; NaN where there is none."""
    p1 = float(1.0 - predicted[good].mean()) if good.any() else np.nan
    p2 = float(predicted[~good].mean()) if not good.all() else np.nan
    return p1, p2


def without_copies(U: Array, known: Array) -> Array:
    """Return the rows of ``U`` that are neither in ``known`` nor above in ``U``, in their order."""
    first = np.sort(np.unique(U, axis=0, return_index=True)[1])
    U = U[first]
    return U[~(U[:, None] == known[None]).all(axis=2).any(axis=1)] if len(U) else U
