"""A generative model as the variation operator of any pymoo genetic algorithm."""

from __future__ import annotations

import copy
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.duplicate import DefaultDuplicateElimination, DuplicateElimination, NoDuplicateElimination
from pymoo.core.infill import InfillCriterion
from pymoo.core.mutation import Mutation
from pymoo.core.population import Population
from pymoo.core.repair import Repair
from pymoo.core.survival import Survival
from pymoo.operators.mutation.pm import PM

from evogan._internal.checks import check_bool, check_int, check_kind, check_methods, check_real_problem, check_rng
from evogan.exceptions import TrainingDivergedError
from evogan.models import FitReport, GenerativeModel
from evogan.operators._box import check_samples, from_unit, to_unit
from evogan.operators._budget import within_budget
from evogan.operators._classic import classic_mating, top_up, warn_once
from evogan.operators._split import check_elites, elite_poor_split, finite_solutions
from evogan.operators._turns import Turns


class GenerativeInfill(InfillCriterion):
    """Offspring sampled from a model that learns, generation after generation, from elite and poor solutions.

    The model is fitted once per ``refit_every`` generations, before any offspring is drawn, and keeps what it has
    learnt if it can (warm start); another run with the same object begins with the model as it was given. Too few new
    offspring, as from a collapsed generator, are topped up with classic ones; ``counters`` tells how many, and a
    RuntimeWarning says so once.

    Args:
        model: anything with ``fit(X, X_poor, rng=)`` and ``sample(n, rng=)``.
        n_elites: how many solutions are elite: a number, or a fraction of the population in (0, 1).
        survival: pymoo survival that picks the elites; None means SPEA2's.
        refit_every: generations from one fit to the next.
        recentre: move the model's latent distribution to the current elites between fits (``model.recentre``).
        mutation: applied to sampled offspring; None means polynomial mutation with 1/n_var and eta 20, pymoo's
            ``NoMutation()`` none at all.
        fallback: the infill that tops up; None means :func:`classic_mating`.
        repair: pymoo repair for offspring; the algorithm's own never reaches its ``mating``.
        eliminate_duplicates: drop offspring that equal each other or a parent.
        n_max_iterations: how often to draw anew when offspring were dropped.

    Attributes:
        counters: ``fits``, ``fit_seconds``, ``diverged``, ``sampled`` and ``topped_up`` offspring, and
            ``nonfinite`` solutions seen among parents.

    Example:
        >>> from pymoo.algorithms.moo.nsga2 import NSGA2
        >>> from pymoo.optimize import minimize
        >>> from evogan.models import Gaussian
        >>> from evogan.problems.imf import IMF1
        >>> algorithm = NSGA2(pop_size=20, mating=GenerativeInfill(Gaussian()))
        >>> minimize(IMF1(), algorithm, ("n_eval", 100), seed=1).algorithm.evaluator.n_eval
        100
    """

    def __init__(
        self,
        model: GenerativeModel,
        *,
        n_elites: float = 0.5,
        survival: Survival | None = None,
        refit_every: int = 1,
        recentre: bool = False,
        mutation: Mutation | None = None,
        fallback: InfillCriterion | None = None,
        repair: Repair | None = None,
        eliminate_duplicates: bool | DuplicateElimination = True,
        n_max_iterations: int = 20,
    ) -> None:
        if not isinstance(eliminate_duplicates, DuplicateElimination):
            check_bool(eliminate_duplicates, "eliminate_duplicates")
            eliminate_duplicates = DefaultDuplicateElimination() if eliminate_duplicates else NoDuplicateElimination()
        n_max_iterations = check_int(n_max_iterations, "n_max_iterations", low=1)
        super().__init__(repair=repair, eliminate_duplicates=eliminate_duplicates, n_max_iterations=n_max_iterations)
        check_bool(recentre, "recentre")
        check_methods(model, "model", ("fit", "sample", *(("recentre",) if recentre else ())))
        if fallback is not None:
            check_methods(fallback, "fallback", ("do",))
        for name, part, kind in (
            ("survival", survival, Survival),
            ("mutation", mutation, Mutation),
            ("repair", repair, Repair),
        ):
            if part is not None:
                check_kind(part, kind, name, f"one of pymoo's {kind.__name__}s")
        self.model = model
        self.n_elites = check_elites(n_elites, "n_elites")
        self.survival = survival
        self.refit_every = check_int(refit_every, "refit_every", low=1)
        self.recentre = recentre
        self.mutation = PM(prob=1.0, eta=20) if mutation is None else mutation
        self.fallback = classic_mating() if fallback is None else fallback
        self.counters: dict[str, float] = dict.fromkeys(
            ("fits", "fit_seconds", "diverged", "sampled", "topped_up", "nonfinite"), 0
        )
        self._turns = Turns()
        self._fresh: GenerativeModel | None = None
        self._fitted_at: int | None = None
        self._diverged_at: int | None = None
        self._warned: set[str] = set()

    @property
    def report(self) -> FitReport | None:
        """What the model's last fit did, if the model tells."""
        return getattr(self.model, "report", None)

    def do(
        self,
        problem: Any,
        pop: Population,
        n_offsprings: int,
        random_state: np.random.Generator | None = None,
        n_max_iterations: int | None = None,
        algorithm: Any = None,
        **kwargs: Any,
    ) -> Population:
        """Return ``n_offsprings`` new, unevaluated solutions, fewer only where the budget ends.

        Raises:
            ValueError: bounds are missing or infinite.
            TypeError: variables are not real, or ``random_state`` is not a Generator.
        """
        check_real_problem(problem)
        rng = check_rng(random_state, "random_state")
        n_offsprings = within_budget(algorithm, n_offsprings)
        if self._turns.take(algorithm) == "run":
            self._start_afresh()
        options = {"random_state": rng, "algorithm": algorithm, **kwargs}
        off = Population.create()
        ready = self._prepare(problem, pop, rng)
        if ready:
            off = super().do(problem, pop, n_offsprings, n_max_iterations=n_max_iterations, **options)
        n_sampled = len(off)
        self.counters["sampled"] += n_sampled
        if n_sampled < n_offsprings:
            off = top_up(self, self.fallback, problem, pop, off, n_offsprings, options)
            self.counters["topped_up"] += len(off) - n_sampled
            if ready:
                warn_once(
                    self._warned,
                    "topped_up",
                    f"{type(self.model).__name__} gave {n_sampled} new solutions of {n_offsprings}; "
                    "classic operators made the rest (counters['topped_up'] counts them)",
                )
        return off

    def _start_afresh(self) -> None:
        """Begin a run with the model as it was before the first one."""
        if self._fresh is None:
            self._fresh = copy.deepcopy(self.model)
        else:
            self.model = copy.deepcopy(self._fresh)
        self._fitted_at = self._diverged_at = None

    def _do(
        self,
        problem: Any,
        pop: Population,
        n_offsprings: int,
        random_state: Any = None,
        **kwargs: Any,
    ) -> Population:
        """Sample, leave out what is not finite or stands there twice, scale to the box, mutate, stay in the box."""
        made = self.model.sample(n_offsprings, rng=random_state)
        U = check_samples(made, (None, problem.n_var), f"samples of {type(self.model).__name__}")
        U = U[np.isfinite(U).all(axis=1)]
        if not isinstance(self.eliminate_duplicates, NoDuplicateElimination):
            U = U[np.sort(np.unique(U, axis=0, return_index=True)[1])]  # mutation would hide a collapsed generator
        if len(U) == 0:
            return Population.create()
        off = Population.new(X=from_unit(problem, U))
        off = self.mutation.do(problem, off, random_state=random_state)
        return off.set("X", np.clip(off.get("X"), problem.xl, problem.xu))

    def _prepare(self, problem: Any, pop: Population, rng: np.random.Generator) -> bool:
        """Fit or recentre the model if it is time to; tell whether it can be sampled."""
        if self._diverged_at == self._turns.generation:
            return False
        due = self._fitted_at is None or self._turns.generation - self._fitted_at >= self.refit_every
        if not due and not self.recentre:
            return True
        n_elites = self.n_elites if self.n_elites >= 1 else max(2, round(self.n_elites * len(pop)))
        elites, poor = elite_poor_split(problem, pop, int(n_elites), survival=self.survival, rng=rng)
        U = to_unit(problem, pop.get("X"))
        if not due:
            if len(elites):
                self.model.recentre(U[elites])  # type: ignore[attr-defined]
            return True
        self.counters["nonfinite"] += int((~finite_solutions(pop)).sum())
        if len(elites) == 0:
            return False
        return self._fit(U[elites], U[poor] if len(poor) else None, rng)

    def _fit(self, X: NDArray[np.float64], X_poor: NDArray[np.float64] | None, rng: np.random.Generator) -> bool:
        start = time.perf_counter()
        try:
            self.model.fit(X, X_poor, rng=rng)
        except TrainingDivergedError as error:
            self._fitted_at, self._diverged_at = None, self._turns.generation
            self.counters["diverged"] += 1
            warn_once(self._warned, "diverged", f"{error}; classic operators serve until the next fit")
            return False
        self._fitted_at = self._turns.generation
        self.counters["fits"] += 1
        self.counters["fit_seconds"] += time.perf_counter() - start
        return True
