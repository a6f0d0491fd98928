"""Several infills side by side, by probability or by schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pymoo.core.duplicate import DefaultDuplicateElimination
from pymoo.core.infill import InfillCriterion
from pymoo.core.population import Population

from evogan._internal.checks import check_kind, check_rng
from evogan.models import FitReport
from evogan.operators._budget import within_budget

Weight = float | Callable[[int], float]


class MixedInfill(InfillCriterion):
    """Offspring from several infills, each with a weight or a schedule of weights; copies are always left out.

    Args:
        parts: pairs of an infill and its weight: a number, or a function of the generation (0 is the first that
            makes offspring). Weights are normalised to probabilities.
        per: ``"offspring"`` draws the infill for each offspring, ``"generation"`` one for all of them.

    Example:
        >>> from evogan.models import Gaussian
        >>> from evogan.operators import GenerativeInfill, classic_mating
        >>> half = MixedInfill([(GenerativeInfill(Gaussian()), 0.5), (classic_mating(), 0.5)])
    """

    def __init__(
        self,
        parts: Sequence[tuple[InfillCriterion, Weight]],
        *,
        per: Literal["offspring", "generation"] = "offspring",
    ) -> None:
        super().__init__(eliminate_duplicates=DefaultDuplicateElimination())
        if not parts or not all(isinstance(part, tuple) and len(part) == 2 for part in parts):
            raise ValueError(f"parts must be pairs (infill, weight), at least one, got {parts!r}")
        for infill, _ in parts:
            check_kind(infill, InfillCriterion, "an infill of parts", "GenerativeInfill(GAN())")
        if per not in ("offspring", "generation"):
            raise ValueError(f'per must be "offspring" or "generation", got {per!r}')
        self.infills = [infill for infill, _ in parts]
        self.weights = [weight for _, weight in parts]
        self.per = per
        self._generation = -1
        self._first_iteration: int | None = None

    @property
    def counters(self) -> dict[str, float]:
        """The counters of all parts, added up."""
        total: dict[str, float] = {}
        for infill in self.infills:
            for name, count in getattr(infill, "counters", {}).items():
                total[name] = total.get(name, 0) + count
        return total

    @property
    def report(self) -> FitReport | None:
        """The last fit of the first part that tells."""
        reports = (getattr(infill, "report", None) for infill in self.infills)
        return next((report for report in reports if report is not None), None)

    def probabilities(self, generation: int) -> NDArray[np.float64]:
        """Return the probability of each part in a generation.

        Raises:
            ValueError: a weight is negative or not finite, or all are 0.
        """
        w = np.array([float(weight(generation) if callable(weight) else weight) for weight in self.weights])
        if not np.isfinite(w).all() or w.min() < 0 or w.sum() == 0:
            raise ValueError(f"weights must be finite, >= 0 and not all 0, got {w.tolist()} in generation {generation}")
        return np.asarray(w / w.sum())

    def do(
        self,
        problem: Any,
        pop: Population,
        n_offsprings: int,
        random_state: np.random.Generator | None = None,
        algorithm: Any = None,
        **kwargs: Any,
    ) -> Population:
        """Return ``n_offsprings`` new solutions, fewer only where the budget ends or every part fails."""
        rng = check_rng(random_state, "random_state")
        n_offsprings = within_budget(algorithm, n_offsprings)
        p = self.probabilities(self._next_generation(algorithm))
        counts = rng.multinomial(1, p) * n_offsprings if self.per == "generation" else rng.multinomial(n_offsprings, p)
        options = {"random_state": rng, "algorithm": algorithm, **kwargs}
        off = Population.create()
        for infill, n in zip(self.infills, counts, strict=True):
            if n:
                off = self._merge(off, infill.do(problem, pop, int(n), **options), pop)
        # Parts cannot see each other's offspring: the few copies between them are drawn anew.
        likely = self.infills[int(counts.argmax())]
        n_barren = 0
        while len(off) < n_offsprings and n_barren < 20:
            before = len(off)
            off = self._merge(off, likely.do(problem, pop, n_offsprings - len(off), **options), pop)
            n_barren = 0 if len(off) > before else n_barren + 1
        return off

    def _next_generation(self, algorithm: Any) -> int:
        """Count generations from 0, by the algorithm's own count where there is one."""
        if algorithm is None:
            self._generation += 1
            return self._generation
        if self._first_iteration is None:
            self._first_iteration = algorithm.n_iter
        return int(algorithm.n_iter - self._first_iteration)

    def _merge(self, off: Population, more: Population, pop: Population) -> Population:
        return Population.merge(off, self.eliminate_duplicates.do(more, pop, off))
