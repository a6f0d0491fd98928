"""Variation of points of the unit box, all rows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pymoo.operators.mutation.pm import mut_pm

from evogan._internal.checks import check_float, check_rng, check_unit_box

Array = NDArray[np.float64]


def sbx(
    A: Array, B: Array, *, rng: np.random.Generator, eta: float = 20.0, p_var: float = 0.5, p_exchange: float = 0.5
) -> tuple[Array, Array]:
    """Return two children ``(n, n_var)`` of each pair of rows by simulated binary crossover, clipped to the unit box.

    K. Deb, R. B. Agrawal, "Simulated binary crossover for continuous search space", Complex Systems 9, 1995.

    Args:
        A: first parents ``(n, n_var)``.
        B: second parents ``(n, n_var)``.
        rng: source of randomness.
        eta: distribution index, 0 or more: the larger, the nearer the children are to their parents.
        p_var: probability that a variable is crossed; otherwise each child keeps its parent's value.
        p_exchange: probability that the children exchange a crossed variable.

    Raises:
        ValueError: parents of different shapes or outside the unit box, ``eta`` below 0, or a bad probability.
        TypeError: a setting that is not a number, or ``rng`` is not a Generator.

    Example:
        >>> A, B = np.zeros((1, 3)), np.ones((1, 3))
        >>> first, second = sbx(A, B, p_var=0.0, rng=np.random.default_rng(1))
        >>> first.tolist(), second.tolist()
        ([[0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0]])
    """
    A, B = _check_rows(A, "A"), _check_rows(B, "B")
    _check_same_shape(A, B)
    check_rng(rng)
    check_float(eta, "eta", low=0.0)
    check_float(p_var, "p_var", low=0.0, high=1.0)
    check_float(p_exchange, "p_exchange", low=0.0, high=1.0)
    beta = spread_factor(rng.random(A.shape), eta)
    chance = rng.random(A.shape)
    beta[chance < p_var * p_exchange] *= -1.0  # the children change places
    beta[chance >= p_var] = 1.0
    middle, half = 0.5 * (A + B), 0.5 * beta * (A - B)
    first, second = np.clip(middle + half, 0.0, 1.0), np.clip(middle - half, 0.0, 1.0)
    kept = beta == 1.0  # to the last bit
    first[kept], second[kept] = A[kept], B[kept]
    return first, second


def spread_factor(u: Array, eta: float) -> Array:
    """Return SBX's spread factors, the children's distance by the parents', for uniform numbers ``u`` in [0, 1).

    Example:
        >>> spread_factor(np.array([0.0625, 0.5, 0.9375]), 2.0).round(6).tolist()
        [0.5, 1.0, 2.0]
    """
    beta: Array = np.where(u <= 0.5, 2.0 * u, 0.5 / (1.0 - u)) ** (1.0 / (eta + 1.0))
    return beta


def polynomial_mutation(U: Array, *, rng: np.random.Generator, eta: float = 20.0, p_m: float | None = None) -> Array:
    """Return a copy of ``U`` ``(n, n_var)``, mutated within the unit box by pymoo's polynomial mutation.

    K. Deb, S. Agrawal, "A niched-penalty approach for constraint handling in genetic algorithms", ICANNGA 1999.

    Args:
        U: points of the unit box ``(n, n_var)``.
        rng: source of randomness.
        eta: distribution index, 0 or more: the larger, the smaller the steps.
        p_m: probability that a variable mutates; None means 1/n_var.

    Raises:
        ValueError: points outside the unit box, ``eta`` below 0, or ``p_m`` outside [0, 1].
        TypeError: a setting that is not a number, or ``rng`` is not a Generator.

    Example:
        >>> U = np.full((2, 3), 0.5)
        >>> bool((polynomial_mutation(U, p_m=0.0, rng=np.random.default_rng(1)) == U).all())
        True
    """
    U = _check_rows(U, "U")
    check_rng(rng)
    n, n_var = U.shape
    p_m = 1.0 / n_var if p_m is None else check_float(p_m, "p_m", low=0.0, high=1.0)
    if n == 0:
        return U.copy()
    low, high = np.zeros(n_var), np.ones(n_var)
    etas, chances = np.full(n, check_float(eta, "eta", low=0.0)), np.full(n, p_m)
    return np.asarray(mut_pm(U, low, high, etas, chances, at_least_once=False, random_state=rng))


def binomial_crossover(mutant: Array, target: Array, *, cr: float | Array, rng: np.random.Generator) -> Array:
    """Return ``target`` ``(n, n_var)`` with some variables of ``mutant``: each with probability ``cr``, at least one.

    R. Storn, K. Price, "Differential evolution", Journal of Global Optimization 11, 1997, eq. 4.

    Args:
        mutant: rows whose variables go in ``(n, n_var)``.
        target: rows whose other variables stay ``(n, n_var)``.
        cr: crossover rate in [0, 1], or one for each row ``(n, 1)``.
        rng: source of randomness.

    Raises:
        ValueError: different shapes, or ``cr`` outside [0, 1].
        TypeError: ``cr`` is not a number.

    Example:
        >>> binomial_crossover(np.ones((2, 3)), np.zeros((2, 3)), cr=0.0, rng=np.random.default_rng(1)).sum(axis=1)
        array([1., 1.])
    """
    _check_same_shape(mutant, target)
    if isinstance(cr, np.ndarray):
        if cr.shape != (len(target), 1):
            raise ValueError(f"cr must be a number or have shape ({len(target)}, 1), got {cr.shape}")
        for extreme in (cr.min(initial=1.0), cr.max(initial=0.0)):
            check_float(extreme, "cr", low=0.0, high=1.0)
    else:
        check_float(cr, "cr", low=0.0, high=1.0)
    takes = rng.random(target.shape) < cr
    rows, n_var = target.shape
    takes[np.arange(rows), rng.integers(n_var, size=rows)] = True
    return np.where(takes, mutant, target)


def _check_rows(U: Array, name: str) -> Array:
    U = np.asarray(U, dtype=np.float64)
    return U if U.ndim == 2 and len(U) == 0 else check_unit_box(U, name)


def _check_same_shape(A: Array, B: Array) -> None:
    if A.shape != B.shape:
        raise ValueError(f"both parents must have the same shape (n, n_var), got {A.shape} and {B.shape}")
