"""Critics that take turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_methods
from evogan.exceptions import TrainingDivergedError
from evogan.models import Critic, RelativisticCritic, RidgeCritic
from evogan.operators._credit import Credit

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class CriticPanel:
    """Critics of which one chooses each offspring, or none does, in proportion to who of theirs survived.

    A critic that misleads is heard less, and where several serve, the problem decides which.

    Args:
        critics: one critic, a sequence of them, or None for the two of this project.
        adapt: False gives all critics the same share, and leaves no offspring to itself.
    """

    def __init__(self, critics: Critic | Sequence[Critic] | None, adapt: bool) -> None:
        self.critics = _as_critics(critics)
        self.adapt = adapt
        self._credit = Credit(1 + len(self.critics), power=4.0)  # of those that no critic chose, and of each critic's
        self._ready = np.zeros(len(self.critics), dtype=bool)

    @property
    def shares(self) -> Floats:
        """The share of offspring that each critic chooses ``(n_critics,)``; what is left is not screened."""
        if self.adapt:
            return self._credit.probabilities[1:]
        return np.full(len(self.critics), 1.0 / len(self.critics))

    @property
    def ready(self) -> bool:
        """Whether any critic could be fitted."""
        return bool(self._ready.any())

    def fit(self, U: Floats, F: Floats, CV: Floats, rng: np.random.Generator) -> dict[int, TrainingDivergedError]:
        """Let every critic learn; return the errors of those that cannot be asked until the next time."""
        errors = {}
        for k, critic in enumerate(self.critics):
            try:
                critic.fit(U, F, CV, rng=rng)
            except TrainingDivergedError as error:
                errors[k] = error
            self._ready[k] = k not in errors
        return errors

    def choose(self, U: Floats, C: Floats, n_candidates: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Choose among each ``n_candidates`` rows of ``U`` in turn, at positions ``C``.

        Returns the rows chosen ``(n,)``, the first of its candidates for an offspring that is not screened, and by
        which critic ``(n,)``, -1 for none.
        """
        n = len(U) // n_candidates
        p = np.concatenate([[max(0.0, 1.0 - self.shares.sum())], np.where(self._ready, self.shares, 0.0)])
        by = rng.choice(len(p), size=n, p=p / p.sum()) - 1
        rows = np.arange(len(U)).reshape(n, n_candidates)
        best = np.zeros(n, dtype=np.intp)
        for k in np.unique(by[by >= 0]):
            mine = np.flatnonzero(by == k)
            asked = rows[mine].ravel()
            score = np.asarray(self.critics[k].score(U[asked], C[asked]), dtype=np.float64)
            if score.shape != (len(asked),):
                name = type(self.critics[k]).__name__
                raise ValueError(f"scores of critic {k} ({name}) must have shape ({len(asked)},), got {score.shape}")
            score = score.reshape(len(mine), n_candidates)
            best[mine] = np.where(np.isnan(score), -np.inf, score).argmax(axis=1)
        return rows[np.arange(n), best], by

    def observe(self, U: Floats, F: Floats, CV: Floats) -> None:
        """Show every critic solutions that have just been evaluated."""
        for critic in self.critics:
            critic.observe(U, F, CV)

    def credit(self, by: Ints, survived: NDArray[np.bool_]) -> None:
        """Take in which critic chose each offspring, -1 for none and -2 for those that don't count, and who lived."""
        if self.adapt:
            self._credit.update(by + 1, survived)


def _as_critics(critics: Any) -> list[Critic]:
    if critics is None:
        return [RelativisticCritic(), RidgeCritic()]
    given = list(critics) if isinstance(critics, (list, tuple)) else [critics]
    if not given:
        raise ValueError("critic must be a critic or several, got an empty sequence; n_candidates=1 asks none")
    for critic in given:
        check_methods(critic, "critic", ("observe", "fit", "score"))
    return given
