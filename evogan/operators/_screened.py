"""Offspring chosen among several candidates by a critic, before anything is evaluated."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.duplicate import DefaultDuplicateElimination
from pymoo.core.infill import InfillCriterion
from pymoo.core.population import Population
from pymoo.core.repair import Repair
from pymoo.core.selection import Selection

from evogan._internal.checks import check_bool, check_float, check_int, check_kind, check_real_problem, check_rng
from evogan.models import Critic
from evogan.operators._box import from_unit, to_unit
from evogan.operators._budget import within_budget
from evogan.operators._classic import classic_mating, top_up, warn_once
from evogan.operators._critics import CriticPanel
from evogan.operators._source_panel import SourcePanel
from evogan.operators._sources import CandidateSource, CrossoverSource, DifferentialSource, MatingPool
from evogan.operators._spea2 import SPEA2Tournament
from evogan.operators._split import finite_solutions
from evogan.operators._turns import Turns
from evogan.operators._variation import polynomial_mutation

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class ScreenedInfill(InfillCriterion):
    """Variation whose offspring are the best of ``n_candidates`` in a critic's eyes.

    Each offspring has a parent, and the parent's position on the front. Candidates come from several sources, chosen
    with probabilities that follow how many of each source's offspring survived; all are mutated; the critic ranks a
    parent's candidates at the parent's position, so offspring compete with those of the same place only. A share of
    the offspring is not screened: which share follows who survives, the screened or the others, so that a critic that
    misleads is heard less. Several critics take turns, and each one's share follows the survival of its offspring.
    Another run with the same object begins as the first one did.

    Args:
        sources: :class:`CandidateSource` objects, one for a run's first generations alone as a :class:`HeadStart`, or
            generative models; None means differential evolution and crossover.
        critic: one, or a list of several; None means a :class:`~evogan.models.RelativisticCritic` and a
            :class:`~evogan.models.RidgeCritic`.
        n_candidates: for each offspring; 1 never asks a critic.
        refit_every: generations from one fit of the critics to the next; for algorithms with few offspring.
        selection: of parents; None means :class:`SPEA2Tournament` of three.
        n_neighbours: nearest solutions in objective space that are mates with probability ``p_near``.
        p_near: probability that a feasible solution's mate is a neighbour; others' mates are any.
        eta_mutation: distribution index of the polynomial mutation of all candidates, with 1/n_var.
        adapt: let the shares of sources and critics follow survival; False keeps them equal and screens all.
        repair: pymoo repair for offspring; the algorithm's own never reaches its ``mating``.

    Attributes:
        counters: ``fits`` of all critics, ``fit_seconds`` of critics and models, ``diverged``, ``screened`` and
            ``topped_up`` offspring, and ``nonfinite`` solutions seen among parents.

    Example:
        >>> from pymoo.algorithms.moo.nsga2 import NSGA2
        >>> from pymoo.optimize import minimize
        >>> from evogan.problems.imf import IMF1
        >>> result = minimize(IMF1(), NSGA2(pop_size=20, mating=ScreenedInfill()), ("n_eval", 100), seed=1)
        >>> result.algorithm.evaluator.n_eval
        100
    """

    _described = ("sources", "critics")

    def __init__(
        self,
        sources: Sequence[Any] | None = None,
        *,
        critic: Critic | Sequence[Critic] | None = None,
        n_candidates: int = 10,
        refit_every: int = 1,
        selection: Selection | None = None,
        n_neighbours: int = 8,
        p_near: float = 0.7,
        eta_mutation: float = 20.0,
        adapt: bool = True,
        repair: Repair | None = None,
    ) -> None:
        for name, part, kind in (("selection", selection, Selection), ("repair", repair, Repair)):
            if part is not None:
                check_kind(part, kind, name, f"one of pymoo's {kind.__name__}s")
        super().__init__(repair=repair, eliminate_duplicates=DefaultDuplicateElimination(), n_max_iterations=20)
        self.n_candidates = check_int(n_candidates, "n_candidates", low=1)
        self.refit_every = check_int(refit_every, "refit_every", low=1)
        self.selection = SPEA2Tournament(3) if selection is None else selection
        self.n_neighbours = check_int(n_neighbours, "n_neighbours", low=1)
        self.p_near = check_float(p_near, "p_near", low=0.0, high=1.0)
        self.eta_mutation = check_float(eta_mutation, "eta_mutation", low=0.0)
        self.adapt = check_bool(adapt, "adapt")
        self._fresh: tuple[SourcePanel, CriticPanel] | None = None
        self.sources = [DifferentialSource(), CrossoverSource()] if sources is None else sources
        self._panel = CriticPanel(critic, self.adapt)
        self.counters: dict[str, float] = dict.fromkeys(
            ("fits", "fit_seconds", "diverged", "screened", "topped_up", "nonfinite"), 0
        )
        self._fallback = classic_mating()
        self._last = Population.create()
        self._turns = Turns()
        self._fitted_at: int | None = None
        self._warned: set[str] = set()

    @property
    def sources(self) -> list[CandidateSource]:
        """In the order given; others can be set before a run."""
        return self._breeders.sources

    @sources.setter
    def sources(self, sources: Sequence[Any]) -> None:
        self._breeders = SourcePanel(sources)
        self._fresh = None if self._fresh is None else (copy.deepcopy(self._breeders), self._fresh[1])

    @property
    def probabilities(self) -> Floats:
        """Of the sources ``(n_sources,)``, in the next generation."""
        return self._breeders.probabilities(self._turns.generation + 1)

    @property
    def critics(self) -> list[Critic]:
        """In the order given."""
        return self._panel.critics

    @property
    def critic_shares(self) -> Floats:
        """The share of offspring that each critic chooses in the next generation ``(n_critics,)``."""
        return self._panel.shares

    @property
    def screened_share(self) -> float:
        """The share of offspring that any critic chooses in the next generation."""
        return float(self._panel.shares.sum())

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
        turn = self._turns.take(algorithm)
        if turn == "run":
            self._start_afresh()
        options = {"random_state": rng, "algorithm": algorithm, **kwargs}
        parents = pop[finite_solutions(pop)]
        self.counters["nonfinite"] += len(pop) - len(parents)
        if turn == "generation":
            self._learn_from_last(problem, pop, getattr(algorithm, "off", None))
        off = Population.create()
        if len(parents) > 2 and n_offsprings:
            pool, judge = self._prepare(problem, parents, rng)
            if self._breeders.ready:
                use = {"pool": pool, "judge": judge, "n_max_iterations": n_max_iterations}
                off = super().do(problem, parents, n_offsprings, **use, **options)
                self.counters["screened"] += int((off.get("critic") >= 0).sum()) if len(off) else 0
        if len(off) < n_offsprings:
            n_bred = len(off)
            off = top_up(self, self._fallback, problem, pop, off, n_offsprings, options)
            off[n_bred:].set("source", -1, "critic", -2)  # nobody's
            self.counters["topped_up"] += len(off) - n_bred
            warn_once(
                self._warned,
                "topped_up",
                f"{n_bred} new solutions of {n_offsprings} could be bred; classic operators made the rest "
                "(counters['topped_up'] counts them)",
            )
        self._last = Population.merge(self._last, off)
        return off

    def _start_afresh(self) -> None:
        """Begin a run with the sources and critics as they were before the first one."""
        if self._fresh is None:
            self._fresh = copy.deepcopy((self._breeders, self._panel))
        else:
            self._breeders, self._panel = copy.deepcopy(self._fresh)
        self._last, self._fitted_at = Population.create(), None

    def _prepare(self, problem: Any, pop: Population, rng: np.random.Generator) -> tuple[MatingPool, bool]:
        """Let critics and sources learn; return the pool, and whether a critic can be asked."""
        start = time.perf_counter()
        U, F, CV = to_unit(problem, pop.get("X")), pop.get("F"), np.maximum(pop.get("CV")[:, 0], 0.0)
        pool = MatingPool.of(U, F, CV, n_neighbours=self.n_neighbours, p_near=self.p_near)
        judge = self.n_candidates > 1
        if judge and (self._fitted_at is None or self._turns.generation - self._fitted_at >= self.refit_every):
            errors = self._panel.fit(U, F, CV, rng)
            self._fitted_at = None if errors else self._turns.generation  # again in the next generation
            self.counters["fits"] += len(self.critics) - len(errors)
            self.counters["diverged"] += len(errors)
            for k, error in errors.items():
                warn_once(self._warned, f"critic {k}", f"{error}; critic {k} screens nothing until the next fit")
        judge = judge and self._panel.ready
        for k in self._breeders.prepare(pool, self._turns.generation, rng):
            self.counters["diverged"] += 1
            warn_once(self._warned, f"source {k}", f"source {k} could not be prepared; the others serve until it can")
        self.counters["fit_seconds"] += time.perf_counter() - start
        return pool, judge

    def _do(
        self,
        problem: Any,
        pop: Population,
        n_offsprings: int,
        random_state: Any = None,
        pool: Any = None,
        judge: bool = False,
        **kwargs: Any,
    ) -> Population:
        """Make the candidates of every offspring, and keep the one its critic likes best."""
        rng, K = random_state, self.n_candidates if judge else 1
        parents = self.selection.do(problem, pop, n_offsprings, 1, to_pop=False, random_state=rng)[:, 0]
        slots = np.repeat(parents, K)
        U, source = self._breeders.candidates(pool, slots, rng)
        U = polynomial_mutation(U, rng=rng, eta=self.eta_mutation)
        best, by = np.arange(n_offsprings), np.full(n_offsprings, -1)
        if judge:
            best, by = self._panel.choose(U, pool.C[slots], K, rng)
        off = Population.new(X=from_unit(problem, U[best]))
        off.set("source", source[best], "critic", by)
        return off

    def _learn_from_last(self, problem: Any, pop: Population, told: Population | None) -> None:
        """Give credit for the last offspring that survived, and let the critics see them all."""
        last, self._last = _as_told(self._last, told), Population.create()
        if len(last) == 0:
            return
        evaluated = np.array([one.F is not None and one.F.size == problem.n_obj for one in last])
        last = last[evaluated]
        if len(last) == 0:
            return
        alive = {id(one) for one in pop}
        survived = np.array([id(one) in alive for one in last])
        if self.adapt:
            self._breeders.credit(last.get("source"), survived)
            self._panel.credit(last.get("critic"), survived)
        last = last[finite_solutions(last)]
        if len(last) and self.n_candidates > 1:
            self._panel.observe(to_unit(problem, last.get("X")), last.get("F"), np.maximum(last.get("CV")[:, 0], 0.0))


def _as_told(last: Population, told: Population | None) -> Population:
    """Return offspring as they were evaluated: who asks and tells may tell of copies."""
    copies = {} if told is None else {one.X.tobytes(): one for one in told}
    found = last[:].copy()
    for i, one in enumerate(last):
        if one.F.size == 0 and (copy_of_it := copies.get(one.X.tobytes())) is not None:
            found[i] = copy_of_it.set("source", one.get("source")).set("critic", one.get("critic"))
    return found
