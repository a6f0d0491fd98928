"""Argument checks whose messages name the argument, what was expected and what came."""

from __future__ import annotations

import difflib
import inspect
import math
import reprlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_int(value: Any, name: str, *, low: int = 0, high: int | None = None) -> int:
    """Return ``value`` as an int in ``[low, high]``; TypeError for other kinds, ValueError outside."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < low or (high is not None and value > high):
        limits = f"at least {low}" if high is None else f"in [{low}, {high}]"
        raise ValueError(f"{name} must be {limits}, got {value}")
    return int(value)


def check_float(
    value: Any, name: str, *, low: float = -math.inf, high: float = math.inf, low_open: bool = False
) -> float:
    """Return ``value`` as a finite float in ``[low, high]`` (``(low, high]`` with ``low_open``)."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number, got {value!r}")
    too_low = value <= low if low_open else value < low
    if not math.isfinite(value) or too_low or value > high:
        raise ValueError(f"{name} must lie in {'(' if low_open else '['}{low:g}, {high:g}], got {value}")
    return float(value)


def check_bool(value: Any, name: str) -> bool:
    """Return ``value`` if it is a boolean: a word such as "no" would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_choice(value: Any, name: str, choices: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``choices``; a ValueError lists them."""
    listed = list(choices)
    if not isinstance(value, str) or value not in listed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, listed))}, got {value!r}")
    return str(value)


def check_kind(value: Any, kind: type, name: str, example: str) -> Any:
    """Return ``value`` if it is an instance of ``kind``; a TypeError gives an example, also for a class."""
    if inspect.isclass(value) or not isinstance(value, kind):
        raise TypeError(f"{name} must be an object such as {example}, got {reprlib.repr(value)}")
    return value


def check_methods(value: Any, name: str, methods: Iterable[str]) -> Any:
    """Return ``value`` if it is an object with all ``methods``; a TypeError names the first that is missing."""
    for method in methods:
        if inspect.isclass(value) or not callable(getattr(value, method, None)):
            raise TypeError(f"{name} must be an object with the method {method}(), got {value!r}")
    return value


def check_unit_box(X: ArrayLike, name: str = "X", *, n_var: int | None = None) -> NDArray[np.float64]:
    """Return solutions as float64 ``(n, n_var)`` inside the unit box.

    Raises:
        TypeError: not numbers, or rows of different lengths.
        ValueError: not two-dimensional, no rows, no columns, another ``n_var``, non-finite, or outside [0, 1].
    """
    try:
        array = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be numbers of shape (n, n_var), got {reprlib.repr(X)}") from error
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must have shape (n, n_var) with n >= 1 and n_var >= 1, got {array.shape}")
    if n_var is not None and array.shape[1] != n_var:
        raise ValueError(f"{name} must have {n_var} columns (n_var), got shape {array.shape}")
    check_finite_rows(array, name)
    if array.min() < 0.0 or array.max() > 1.0:
        span = f"[{array.min():.6g}, {array.max():.6g}]"
        raise ValueError(f"{name} must lie in the unit box [0, 1], got values in {span}: scale by the bounds")
    return array


def check_finite_rows(X: NDArray[np.float64], name: str) -> None:
    """Refuse a matrix ``(n, d)`` with NaN or infinity; a ValueError tells in how many rows."""
    if not np.isfinite(X).all():
        bad = int((~np.isfinite(X)).any(axis=1).sum())
        raise ValueError(f"{name} must be finite, got {bad} of {len(X)} rows with NaN or infinity")


def check_rng(rng: Any, name: str = "rng") -> np.random.Generator:
    """Return ``rng`` if it is a NumPy Generator; a TypeError says how to make one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{name} must be a numpy.random.Generator, e.g. numpy.random.default_rng(1), got {rng!r}")
    return rng


def check_real_problem(problem: Any) -> None:
    """Refuse problems that the operators cannot serve: unbounded, mixed or discrete variables.

    Raises:
        ValueError: bounds are missing, infinite, or a lower bound exceeds its upper bound.
        TypeError: variables are not real numbers.
    """
    name = problem.name() if callable(getattr(problem, "name", None)) else repr(problem)
    if getattr(problem, "vars", None) is not None or problem.vtype not in (None, float, np.float64):
        raise TypeError(
            f"problem {name} must have real-valued variables (vtype float), got "
            f"{'mixed variables' if getattr(problem, 'vars', None) is not None else problem.vtype}"
        )
    if problem.xl is None or problem.xu is None:
        raise ValueError(f"problem {name} must have lower and upper bounds xl and xu, got None")
    xl, xu = np.asarray(problem.xl, dtype=float), np.asarray(problem.xu, dtype=float)
    bad = np.flatnonzero(~(np.isfinite(xl) & np.isfinite(xu)) | (xl > xu))
    if bad.size:
        j = bad[0]
        raise ValueError(
            f"problem {name} must have finite bounds with xl <= xu for every variable, "
            f"got [{xl[j]}, {xu[j]}] for variable {j} ({bad.size} of {len(xl)} are bad)"
        )


def unknown_name(name: str, known: Iterable[str], kind: str) -> ValueError:
    """Build the error for a name that is not in a table, with the nearest names that are."""
    near = difflib.get_close_matches(name.lower(), list(known), n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return ValueError(f"unknown {kind} {name!r}{hint} (`evogan list` shows all)")
