"""The resolved configuration of an algorithm or problem: what a run depends on, whatever the defaults were."""

from __future__ import annotations

import copy
import functools
import hashlib
from typing import Any

import numpy as np

from evogan.multitask import Apart, MultitaskProblem

# What a run writes into an algorithm: state, not settings.
_STATE = {
    "problem",
    "termination",
    "output",
    "display",
    "callback",
    "evaluator",
    "history",
    "pop",
    "off",
    "opt",
    "data",
}
_STATE |= {"start_time", "n_iter", "is_initialized", "random_state", "seed", "verbose", "save_history", "archive"}
_STATE |= {"counters", "report", "cache", "populations", "n_failed", "accuracy", "diverged"}
_MAX_DEPTH = 9


def describe(thing: Any) -> Any:
    """Return the settings of an algorithm, a problem or any of their parts, defaults included, ready for JSON.

    Attributes that begin with an underscore, and those that a run writes, are left out; properties that a class names
    in ``_described`` are told as well. Functions stand by name, arrays by shape and hash, so equal descriptions mean
    equal settings.

    Example:
        >>> from evogan.algorithms import GMOEA
        >>> describe(GMOEA(100))["mating"]["infills"][0]["model"]["n_steps"]
        100
    """
    if isinstance(thing, Apart):  # what it holds is described as deeply as if it stood alone
        return {"type": "Apart", "algorithm": describe(thing.algorithm)}
    if isinstance(thing, MultitaskProblem):
        return {
            "type": type(thing).__name__,
            "tasks": [{"name": task.name(), **describe(task)} for task in thing.tasks],
        }
    return _describe(thing, ())


def describe_for(problem: Any, algorithm: Any) -> Any:
    """Describe an algorithm as it is when it begins with a problem."""
    if callable(getattr(algorithm, "choose_sources", None)):
        algorithm = copy.deepcopy(algorithm)
        algorithm.choose_sources(problem)
    return describe(algorithm)


def _describe(thing: Any, above: tuple[int, ...]) -> Any:
    if thing is None or isinstance(thing, bool | int | float | str):
        return thing
    if isinstance(thing, np.generic):
        return thing.item()
    if isinstance(thing, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(thing).tobytes()).hexdigest()[:12]
        return thing.tolist() if thing.size <= 8 else f"array{thing.shape} {digest}"
    if id(thing) in above or len(above) >= _MAX_DEPTH:
        return type(thing).__name__
    below = (*above, id(thing))
    if isinstance(thing, dict):
        return {str(key): _describe(value, below) for key, value in thing.items() if str(key) not in _STATE}
    if isinstance(thing, list | tuple | set | frozenset):
        return [_describe(value, below) for value in thing]
    if isinstance(thing, functools.partial):
        return {"type": _name(thing.func), "args": _describe(thing.args, below), **_describe(thing.keywords, below)}
    if callable(thing) and hasattr(thing, "__qualname__"):
        return _name(thing)
    settings = {k: v for k, v in getattr(thing, "__dict__", {}).items() if k[0] != "_" and k not in _STATE}
    settings |= {k: getattr(thing, k) for k in getattr(type(thing), "_described", ())}
    return {"type": type(thing).__name__, **{k: _describe(v, below) for k, v in settings.items()}}


def _name(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__name__))
