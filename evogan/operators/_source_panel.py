"""Sources that share the candidates of an infill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    def probabilities(self, generation: int) -> Floats:
        """Of each source ``(n_sources,)`` in a generation, the first being 1; 0 once its head start is over."""
        serves = self._serve(generation)
        p = np.zeros(len(self.sources))
        p[serves] = self._credit.probabilities[serves]
        return p / p.sum() if len(serves) else p

    def prepare(self, pool: MatingPool, generation: int, rng: np.random.Generator) -> list[int]:
        """Let the sources of a generation learn; return those that could not."""
        serves = self._serve(generation)
        self._ready = [k for k in serves if self.sources[k].prepare(pool, rng=rng)]
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
                U[mine] = np.clip(self.sources[k].candidates(pool, parents[mine], rng=rng), 0.0, 1.0)
        return U, source

    def credit(self, source: Ints, survived: NDArray[np.bool_]) -> None:
        """Take in whose offspring survived; negative numbers are nobody's."""
        self._credit.update(source, survived)

    def _serve(self, generation: int) -> list[int]:
        def over(source: Any) -> bool:
            return isinstance(source, HeadStart) and generation > source.n_generations

        return [k for k, source in enumerate(self.sources) if not over(source)]
