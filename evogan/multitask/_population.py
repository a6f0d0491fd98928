"""Evaluated solutions of one task, as arrays: a multitask run makes thousands of small generations."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TaskPopulation:
    """Solutions of one task with their values.

    Attributes:
        U: points of the unified box ``(n, n_var)``.
        F: objectives ``(n, n_obj)``.
        CV: constraint violation ``(n,)``, 0 where feasible.
        G: inequality constraints ``(n, n_ieq_constr)``.
        H: equality constraints ``(n, n_eq_constr)``.
    """

    U: Array
    F: Array
    CV: Array
    G: Array
    H: Array

    def __len__(self) -> int:
        return len(self.U)

    def __getitem__(self, rows: Any) -> Self:
        """Return the solutions ``rows``: indices, a mask or a slice."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    def merge(self, other: TaskPopulation) -> TaskPopulation:
        """Return these solutions and then the others."""
        return TaskPopulation(
            *(np.concatenate([getattr(self, field.name), getattr(other, field.name)]) for field in fields(self))
        )
