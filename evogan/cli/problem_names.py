"""The names of problems, of one task or of several."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import numpy as np

from evogan._internal.checks import check_int, unknown_name
from evogan.cli._keywords import check_keywords
from evogan.multitask import MultitaskProblem

PREFIXES = ("shifted", "rotated")


def problem_names() -> list[str]:
    """Return the names of all problems that can be made."""
    ours = [f"imf{i}" for i in range(1, 11)] + [f"uf{i}" for i in range(1, 11)]
    ours += [f"lz09-f{i}" for i in range(1, 10)] + [f"lsmop{i}" for i in range(1, 10)]
    pymoos = (
        [f"zdt{i}" for i in (1, 2, 3, 4, 6)] + [f"dtlz{i}" for i in range(1, 8)] + [f"wfg{i}" for i in range(1, 10)]
    )
    pymoos += [f"mw{i}" for i in range(1, 15)] + [f"ctp{i}" for i in range(1, 9)] + [f"zcat{i}" for i in range(1, 21)]
    pymoos += [f"{c}dtlz{i}" for c, i in (("c1", 1), ("c1", 3), ("c2", 2), ("c3", 1), ("c3", 4))]
    pymoos += ["bnh", "carside", "kursawe", "osy", "srn", "tnk", "truss2d", "welded_beam"]
    pymoos += ["ackley", "griewank", "himmelblau", "rastrigin", "rosenbrock", "schwefel", "sphere", "zakharov"]
    pymoos += ["cantilevered_beam", "pressure_vessel", *(f"g{i}" for i in range(1, 25))]
    return ours + pymoos


def make_problem(name: str, n_var: int | None, n_obj: int | None, settings: dict[str, Any]) -> Any:
    """Make the named problem, shifted or rotated if its name begins so, or one of several tasks.

    Raises:
        ValueError: an unknown name, or a size that the problem cannot have.
        TypeError: a setting that the problem does not take.
    """
    if is_multitask_name(name):
        return make_multitask_problem(name, n_var, n_obj, settings)
    prefix, _, rest = name.partition("-")
    if prefix in PREFIXES and rest:
        from evogan.problems import transforms

        if is_multitask_name(rest):
            raise ValueError(f"{name}: {prefix}- goes before single problems; cec17-mtmo-shifted-1 is a shifted twin")
        return getattr(transforms, prefix)(make_problem(rest, n_var, n_obj, settings))
    if name not in problem_names():
        raise unknown_name(name, [*problem_names(), *multitask_problem_names()], "problem")
    cls = _problem_class(name)
    sizes = {"n_var": n_var, "n_obj": n_obj}
    given = {key: check_int(value, key, low=1) for key, value in sizes.items() if value is not None}
    twice = sorted(given.keys() & settings.keys())
    if twice:
        raise ValueError(f"{twice[0]} of problem {name} was given twice: {given[twice[0]]} and {settings[twice[0]]}")
    parameters = inspect.signature(cls.__init__).parameters
    for key, value in given.items():
        if key not in parameters:
            fixed = getattr(cls(), key)
            if fixed != value:
                raise ValueError(f"problem {name} has {key} = {fixed}, which cannot be set to {value}")
    given = {key: value for key, value in given.items() if key in parameters}
    check_keywords(settings, cls.__init__, f"problem {name}")
    wanted = {**_default_sizes(name, given.get("n_obj", settings.get("n_obj"))), **given, **settings}
    try:
        problem = cls(**wanted)
        problem.evaluate((np.asarray(problem.xl) + problem.xu)[None] / 2, return_as_dictionary=True)
    except Exception as error:
        raise ValueError(f"problem {name} cannot be made with {wanted}: {type(error).__name__}: {error}") from error
    return problem


def is_multitask_name(name: str) -> bool:
    """Return whether a problem's name means several tasks: ``cec17-mtmo-1``, ``zdt1+zdt2``."""
    return "+" in name or _suite_and_number(name) is not None


def multitask_problem_names() -> list[str]:
    """Return the names of the problems of all suites."""
    from evogan.problems.multitask import SUITES

    return [f"{suite.name}-{i}" for suite in SUITES.values() for i in range(1, suite.n_problems + 1)]


def make_multitask_problem(name: str, n_var: int | None, n_obj: int | None, settings: dict[str, Any]) -> Any:
    """Make the named problem of several tasks; sizes and settings of joined problems go to each of them.

    Raises:
        ValueError: an unknown name, or a size that cannot be chosen.
        TypeError: a setting that the suite or the problems do not take.
    """
    if "+" in name:
        parts = [part.strip() for part in name.split("+")]
        if (several := next((part for part in parts if is_multitask_name(part)), None)) is not None:
            raise ValueError(f"{name}: + joins single problems, {several} has several tasks already")
        return MultitaskProblem([make_problem(part, n_var, n_obj, settings) for part in parts], name=name)
    found = _suite_and_number(name)
    if found is None or name not in multitask_problem_names():
        raise unknown_name(name, multitask_problem_names(), "problem")
    suite, number = found
    for key, value in (("n_var", n_var), ("n_obj", n_obj)):
        if value is not None:
            raise ValueError(f"the sizes of {name} are fixed, {key} cannot be set to {value}")
    if "number" in settings:
        raise ValueError(f"the number of a problem stands in its name, here {name}")
    check_keywords(settings, suite.make, f"problem {name}")
    return MultitaskProblem(suite.make(number, **settings), name=name)


def suite_defaults(problem: Any) -> tuple[int, int] | None:
    """Return population size and budget of a suite's problem; None for what comes from no suite."""
    found = _suite_and_number(problem.name()) if isinstance(problem, MultitaskProblem) else None
    if found is None:
        return None
    suite, number = found
    return suite.pop_size(number), suite.n_evals(number, problem.n_tasks)


def _default_sizes(name: str, n_obj: int | None) -> dict[str, int]:
    """Return the literature's sizes where pymoo's differ or are missing: DTLZ with k = 5, 10, 20, WFG with l = 8."""
    n_obj = 3 if n_obj is None else n_obj
    if name.startswith("dtlz"):
        return {"n_obj": n_obj, "n_var": n_obj - 1 + {"dtlz1": 5, "dtlz7": 20}.get(name, 10)}
    if name.startswith("wfg"):  # k position variables, l = 8 distance variables, an even number as WFG2 and 3 need
        return {"n_obj": n_obj, "n_var": (4 if n_obj == 2 else 2 * (n_obj - 1)) + 8}
    return {}


def _problem_class(name: str) -> Any:
    for suite in ("imf", "uf", "lz09", "lsmop"):
        if name.startswith(suite):
            return getattr(importlib.import_module(f"evogan.problems.{suite}"), name.upper().replace("-", ""))
    if name in ("dtlz5", "dtlz6", "dtlz7"):
        return getattr(importlib.import_module("evogan.problems.dtlz"), name.upper())
    from pymoo.problems import get_problem

    made = get_problem(name, **_default_sizes(name, None))
    return type(made)


def _suite_and_number(name: str) -> tuple[Any, int] | None:
    found = re.fullmatch(r"(.+)-(\d+)", name)
    if not found:
        return None
    from evogan.problems.multitask import SUITES

    suite = SUITES.get(found[1])
    return None if suite is None else (suite, int(found[2]))
