"""DEAP individuals as matrices and back: genes, weighted values, bounds."""

from __future__ import annotations

import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def genes(individuals: Sequence[Any], name: str, *, n_var: int | None = None, kinds: str = "f") -> Floats:
    """Return the genes ``(n, n_var)`` of individuals; refuse another kind, not finite or of another length."""
    if len(individuals) == 0:
        raise ValueError(f"{name} must hold at least one individual, got none")
    rows = [np.asarray(individual) for individual in individuals]
    if any(row.ndim != 1 for row in rows) or np.result_type(*rows).kind not in kinds:
        kind, row = type(individuals[0]).__name__, rows[0]
        raise TypeError(
            f"{name} must hold one-dimensional individuals of float genes (list, array.array or ndarray), "
            f"got {kind} of {row.dtype} and shape {row.shape}"
        )
    n_var = len(rows[0]) if n_var is None else n_var
    lengths = sorted({len(row) for row in rows})
    if lengths != [n_var] or n_var == 0:
        raise ValueError(f"{name} must hold individuals of {max(n_var, 1)} genes each, got lengths {lengths}")
    X = np.array(rows, dtype=np.float64)
    if not np.isfinite(X).all():
        bad = int((~np.isfinite(X)).any(axis=1).sum())
        raise ValueError(f"{name} must hold finite genes, got {bad} of {len(X)} individuals with NaN or infinity")
    return X


def set_genes(individual: Any, x: Floats) -> None:
    """Assign one row of genes in place, one by one: lists, arrays and ndarrays all take that."""
    for j, gene in enumerate(x.tolist()):
        individual[j] = gene


def weighted_values(population: Sequence[Any]) -> tuple[Floats, Floats]:
    """Return the negated weighted values ``(n, n_obj)``, which are to be minimised, and constraint violations ``(n,)``.

    As in deap, a ``ConstrainedFitness`` violates constraints when it has a positive violation and no values.

    Raises:
        TypeError: individuals without a fitness.
        ValueError: individuals that were not evaluated.
    """
    if not all(hasattr(individual, "fitness") for individual in population):
        raise TypeError("population must hold individuals with a fitness, e.g. of a class that deap.creator made")
    every = [individual.fitness for individual in population]
    CV = np.array([0.0 if one.valid else sum(getattr(one, "constraint_violation", None) or ()) for one in every])
    missing = [i for i, one in enumerate(every) if not one.valid and not CV[i] > 0]
    if missing:
        raise ValueError(
            f"population must be evaluated, got {len(missing)} of {len(every)} individuals without valid fitness, "
            f"the first at index {missing[0]}: assign `ind.fitness.values = toolbox.evaluate(ind)` before the variation"
        )
    blank = (0.0,) * len(every[0].weights)
    return -np.array([one.wvalues if one.valid else blank for one in every], dtype=np.float64), np.maximum(CV, 0.0)


def check_bounds(low: ArrayLike, up: ArrayLike) -> tuple[Floats, Floats]:
    """Return bounds as float64, each a number or ``(n_var,)``."""
    bounds = []
    for name, value in (("low", low), ("up", up)):
        try:
            bound = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} must be a number or a sequence of numbers, got {value!r}") from error
        if bound.ndim > 1 or bound.size == 0 or not np.isfinite(bound).all():
            raise ValueError(f"{name} must be a finite number or one per gene, got {value!r}")
        bounds.append(bound)
    sizes = {bound.size for bound in bounds if bound.ndim}
    if len(sizes) > 1:
        raise ValueError(f"low and up must have the same length, got {bounds[0].size} and {bounds[1].size}")
    if (bounds[0] > bounds[1]).any():
        raise ValueError(f"low must not exceed up, got low {low!r} and up {up!r}")
    with np.errstate(over="ignore"):
        if not np.isfinite(bounds[1] - bounds[0]).all():
            raise ValueError(f"up - low must be finite in float64, got low {low!r} and up {up!r}")
    return bounds[0], bounds[1]


@dataclass(frozen=True)
class Box:
    """Bounds ``(n_var,)`` that genes can hold exactly: those of float32 genes are rounded inwards."""

    xl: Floats
    xu: Floats

    @classmethod
    def around(cls, low: Floats, up: Floats, individual: Any) -> Box:
        """Bound each gene of an individual; ValueError where the bounds are for another number of genes."""
        n_var = len(individual)
        for name, bound in (("low", low), ("up", up)):
            if bound.ndim and len(bound) != n_var:
                raise ValueError(
                    f"{name} must be a number or have one entry for each of {n_var} genes, got {len(bound)}"
                )
        dtype = np.dtype(np.float64)
        if isinstance(individual, array.array | np.ndarray):
            dtype = np.asarray(individual).dtype
        xl, xu = (np.broadcast_to(bound, n_var).astype(dtype) for bound in (low, up))
        xl = np.where(xl < low, np.nextafter(xl, dtype.type(np.inf)), xl).astype(np.float64)
        xu = np.where(xu > up, np.nextafter(xu, dtype.type(-np.inf)), xu).astype(np.float64)
        if (xl > xu).any():
            j = int(np.flatnonzero(xl > xu)[0])
            raise ValueError(f"no {dtype} lies between low and up of gene {j}: widen them, or hold genes as float64")
        return cls(xl, xu)

    def clip(self, x: Floats) -> Floats:
        """Move genes onto the box's edge where they lie outside."""
        return np.asarray(np.clip(x, self.xl, self.xu))


class Offspring:
    """Offspring in the making: finite, inside the box, without fitness, none a copy unless asked for."""

    def __init__(self, X: Floats, box: Box, toolbox: Any) -> None:
        self.made: list[Any] = []
        self.n_copies = 0
        self.box, self.toolbox = box, toolbox
        self._seen = {_key(x) for x in X}

    def clone(self, parent: Any) -> Any:
        child = self.toolbox.clone(parent)
        self._into_box(child)
        return child

    def add(self, child: Any, *, mutate: bool, even_copy: bool = False) -> bool:
        """Mutate a child, put it into the box and take it; False for a copy that is left out."""
        if mutate:
            (child,) = self.toolbox.mutate(child)
        key = _key(self._into_box(child))
        if key in self._seen:
            if not even_copy:
                return False
            self.n_copies += 1
        self._seen.add(key)
        del child.fitness.values
        self.made.append(child)
        return True

    def _into_box(self, child: Any) -> Floats:
        # A bounded operator may leave an integer: deap's min(max(x, 0), 1) is 0 or 1. Only lists can take it back.
        integers = isinstance(child, list) and any(isinstance(gene, int | np.integer) for gene in child)
        what = "offspring of toolbox.mate and toolbox.mutate"
        x = genes([child], what, n_var=len(self.box.xl), kinds="fiu" if integers else "f")[0]
        inside = self.box.clip(x)
        if integers or (inside != x).any():
            set_genes(child, inside)
        return inside


def _key(x: Floats) -> bytes:
    return (x + 0.0).tobytes()  # -0.0 is 0.0
