"""Sources that share the candidates of an infill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan.operators._box import check_samples
from evogan.operators._classic import warn_once
from evogan.operators._credit import Credit
from evogan.operators._model_source import HeadStart, as_sources
from evogan.operators._sources import MatingPool

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class SourcePanel:
    """Sources that make candidates in proportion to how many of each one's offspring survived.

    Args:
        sources: :class:`CandidateSource` objects or generative models.
    """

    def __init__(self, sources: Sequence[Any]) -> None:
        self.sources = as_sources(sources)
        self._credit = Credit(len(self.sources), power=4.0)
        self._ready: list[int] = []
        self._warned: set[str] = set()

    def probabilities(self, generation: int) -> Floats:
        """Of each source ``(n_sources,)`` in a generation, the first being 1; 0 once its head start is over."""
        serves = self._serve(generation)
        p = np.zeros(len(self.sources))
        p[serves] = self._credit.probabilities[serves]
        return p / p.sum() if len(serves) else p

    def prepare(self, pool: MatingPool, generation: int, rng: np.random.Generator) -> list[int]:
        """Let the sources of a generation learn; return those that could not."""
        serves = self._serve(generation)
        self._ready = [k for k in serves if self._prepared(k, pool, rng)]
        return sorted(set(serves) - set(self._ready))

    @property
    def ready(self) -> bool:
        """Whether any source could be prepared."""
        return bool(self._ready)

    def candidates(self, pool: MatingPool, parents: Ints, rng: np.random.Generator) -> tuple[Floats, Ints]:
        """Return a candidate ``(k, n_var)`` of the unit box for each of ``parents``, and its source ``(k,)``."""
        p = self._credit.probabilities[self._ready]
        source = np.asarray(self._ready)[rng.choice(len(self._ready), size=len(parents), p=p / p.sum())]
        U = np.empty((len(parents), pool.U.shape[1]))
        for k in self._ready:
            mine = np.flatnonzero(source == k)
            if len(mine):
                made = self.sources[k].candidates(pool, parents[mine], rng=rng)
                made = check_samples(made, (len(mine), U.shape[1]), f"candidates of {self._name(k)}")
                U[mine] = np.clip(self._finite(k, made, pool.U[parents[mine]]), 0.0, 1.0)
        return U, source

    def credit(self, source: Ints, survived: NDArray[np.bool_]) -> None:
        """Take in whose offspring survived; negative numbers are nobody's."""
        self._credit.update(source, survived)

    def _prepared(self, k: int, pool: MatingPool, rng: np.random.Generator) -> bool:
        answer = self.sources[k].prepare(pool, rng=rng)
        if not isinstance(answer, bool | np.bool_):
            raise TypeError(f"prepare of {self._name(k)} must return True or False, got {answer!r}")
        return bool(answer)

    def _finite(self, k: int, made: Floats, parents: Floats) -> Floats:
        finite = np.isfinite(made).all(axis=1, keepdims=True)
        if finite.all():
            return made
        message = f"candidates of {self._name(k)} must be finite, got NaN or infinity; parents stand in for those"
        warn_once(self._warned, f"source {k}", message)
        return np.where(finite, made, parents)

    def _name(self, k: int) -> str:
        return f"sources[{k}] ({type(self.sources[k]).__name__})"

    def _serve(self, generation: int) -> list[int]:
        def over(source: Any) -> bool:
            return isinstance(source, HeadStart) and generation > source.n_generations

        return [k for k, source in enumerate(self.sources) if not over(source)]
