"""What GMOEA and its peers share: strict keywords, exact budgets, an optimum without failed evaluations."""

from __future__ import annotations

import copy
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.base.genetic import GeneticAlgorithm
from pymoo.core.duplicate import NoDuplicateElimination
from pymoo.core.population import Population
from pymoo.core.sampling import Sampling
from pymoo.operators.sampling.rnd import FloatRandomSampling
from pymoo.util.display.multi import MultiObjectiveOutput
from pymoo.util.display.single import SingleObjectiveOutput
from pymoo.util.optimum import filter_optimum

from evogan._internal.checks import check_int, check_kind, check_real_problem
from evogan.operators import finite_solutions, within_budget
from evogan.operators._box import check_inside, from_unit, to_unit

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Initial: TypeAlias = Sampling | Population | NDArray[np.float64]
SETUP_KEYWORDS = {"termination", "seed", "callback", "display", "output", "archive", "evaluator"} | {
    "save_history",
    "return_least_infeasible",
}


class BoxAlgorithm(GeneticAlgorithm):
    """A pymoo genetic algorithm for real variables in a finite box that refuses what it cannot serve."""

    least_objectives = 1
    pop: Any
    output: Any
    pop_size: int

    def _setup(self, problem: Any, **kwargs: Any) -> None:
        check_real_problem(problem)
        unknown = set(kwargs) - SETUP_KEYWORDS
        if unknown:  # pymoo would write them into the algorithm and say nothing
            known = sorted(SETUP_KEYWORDS | {"verbose", "progress"})
            raise TypeError(f"unknown keyword {sorted(unknown)[0]!r}: minimize() takes {known}")
        if problem.n_obj == 1 and isinstance(self.output, MultiObjectiveOutput):
            self.output = self.display.output = SingleObjectiveOutput()
        if problem.n_obj < self.least_objectives:
            name = type(self).__name__
            raise ValueError(f"n_obj must be at least {self.least_objectives} for {name}, got {problem.n_obj}")
        self._prepare(problem)
        n_first, what = self._first_design()
        n_evals = within_budget(self, n_first)
        if n_evals < n_first:
            raise ValueError(f"n_evals must be at least {what} {n_first}, got {n_evals}")

    def _prepare(self, problem: Any) -> None:
        """Make what depends on the problem, before the budget is checked."""

    def _first_design(self) -> tuple[int, str]:
        """Return how many solutions a run begins with, and the name of that number."""
        return self.pop_size, "the population size"

    def _initialize_infill(self) -> Population:
        n, _ = self._first_design()
        pop = self.initialization.do(self.problem, n, algorithm=self, random_state=self.random_state)
        least = n if isinstance(self.eliminate_duplicates, NoDuplicateElimination) else 1
        if not least <= len(pop) <= n:
            number = n if least == n else f"1 to {n}"
            raise ValueError(f"sampling must return {number} solutions, got {len(pop)}")
        check_inside(self.problem, np.asarray(pop.get("X"), dtype=np.float64), "sampling")
        return pop

    def _set_optimum(self) -> None:
        """Take the non-dominated solutions, none of which has a non-finite objective or constraint."""
        finite = finite_solutions(self.pop)
        if finite.any():
            self.opt = filter_optimum(self.pop[finite], least_infeasible=True)
        else:  # pymoo's display and default termination need one solution: a copy that counts as infeasible
            self.opt = copy.deepcopy(self.pop[:1])
            self.opt.set("CV", np.full((1, 1), np.finfo(np.float64).max))


class PeerAlgorithm(BoxAlgorithm):
    """A multi-objective algorithm given by two methods: offspring from solutions, and who survives.

    Or by ``_infill`` and ``_advance``, where generations are made otherwise.

    Args:
        pop_size: population size, at least 4.
        sampling: initial population: a pymoo Sampling, or solutions ``(pop_size, n_var)`` as an array or a pymoo
            Population, whose evaluated individuals are not evaluated again; None means uniform.
    """

    least_objectives = 2

    def __init__(self, pop_size: int, *, sampling: Initial | None = None) -> None:
        super().__init__(
            pop_size=check_int(pop_size, "pop_size", low=4),
            sampling=check_sampling(sampling),
            eliminate_duplicates=False,
            output=MultiObjectiveOutput(),
        )

    def _offspring(self, U: Array, F: Array) -> Array:
        """Return offspring ``(n_new, n_var)`` of at least one solution ``(n, n_var)``, both in the unit box."""
        raise NotImplementedError

    def _survivors(self, F: Array, CV: Array) -> Ints:
        """Return who survives of objectives ``(n, n_obj)`` and violations ``(n,)``, see :func:`violations`."""
        raise NotImplementedError

    def _infill(self) -> Population:
        pop = self.pop[finite_solutions(self.pop)]
        if len(pop):
            U = self._offspring(to_unit(self.problem, pop.get("X")), pop.get("F"))
        else:  # there is nothing to learn from yet
            U = self.random_state.random((self.pop_size, self.problem.n_var))
        n = within_budget(self, len(U))
        if n < len(U):
            U = U[self.random_state.permutation(len(U))[:n]]
        return Population.new(X=from_unit(self.problem, U))

    def _advance(self, infills: Any = None, **kwargs: Any) -> bool | None:
        pop = self.pop if infills is None else Population.merge(self.pop, infills)
        self.pop = pop[self._survivors(pop.get("F"), violations(pop))]
        return None


def check_sampling(sampling: Any) -> Any:
    """Return what makes the initial population, uniform for None."""
    if sampling is None:
        return FloatRandomSampling()
    if isinstance(sampling, np.ndarray):  # pymoo's Population is one
        return sampling
    return check_kind(sampling, Sampling, "sampling", "one of pymoo's Samplings, or be an array of solutions")


def violations(pop: Population) -> Array:
    """Return the constraint violations ``(n,)`` of evaluated solutions: 0 where feasible, infinite where not finite."""
    return np.where(finite_solutions(pop), np.maximum(pop.get("CV")[:, 0], 0.0), np.inf)
