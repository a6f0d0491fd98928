"""The names of what solves several tasks together, and of the problems made of several tasks."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from typing import Any

from evogan._internal.checks import check_int, unknown_name
from evogan.cli import names
from evogan.multitask import Apart, MultitaskProblem

EXAMPLE = "cec17-mtmo-1, or zdt1+zdt2"


@dataclass(frozen=True)
class MultitaskEntry:
    """How a named algorithm for several tasks is made.

    Attributes:
        about: a line for `evogan list`.
        cls: its class in :mod:`evogan.algorithms`, which is imported at its first use.
        preset: a class method that makes it; empty for the class itself.
        fixed: argument -> name of a class in :mod:`evogan.models` of which it gets an object, made with ``options``.
        options: arguments of those objects.
        on_device: those objects take a ``device``.
    """

    about: str
    cls: str
    preset: str = ""
    fixed: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    on_device: bool = False

    def make(self, name: str, pop_size: int, settings: dict[str, Any], device: str) -> Any:
        """Make the algorithm; a TypeError names a setting that it does not take."""
        cls = getattr(importlib.import_module("evogan.algorithms"), self.cls)
        for key in settings:
            if key in self.fixed:
                raise TypeError(f"algorithm {name} has its own {key!r}, which makes it what it is")
        make = getattr(cls, self.preset) if self.preset else cls
        names.check_keywords(settings, make, f"algorithm {name}")
        models = importlib.import_module("evogan.models") if self.fixed else None
        options = {**self.options, "device": device} if self.on_device else self.options
        own = {key: getattr(models, model)(**options) for key, model in self.fixed.items()}
        return make(pop_size, **own, **settings)


def _emt_gs(about: str, model: str, *, preset: str = "", on_device: bool = False, **options: Any) -> MultitaskEntry:
    return MultitaskEntry(f"EMT-GS, {about}", "EMTGS", preset, {"transfer": model}, options, on_device)


ALGORITHMS: dict[str, MultitaskEntry] = {
    "emt-gs": MultitaskEntry(
        "EMT-GS: a GAN of each task's solutions feeds the others",
        "EMTGS",
        fixed={"transfer": "SourceGAN"},
        options={"truncation": 0.9},
        on_device=True,
    ),
    "emt-gs-paper": MultitaskEntry("EMT-GS as far as its paper's abstract tells it", "EMTGS", "paper"),
    "emt-gs-mtop": MultitaskEntry("EMT-GS as the platform MToP codes it", "EMTGS", "mtop"),
    "emt-gs-target": _emt_gs("a GAN that imitates the target task", "TransferGAN", on_device=True),
    "emt-gs-cycle": _emt_gs("a CycleGAN-like pair of generators", "CycleTransfer", on_device=True),
    "emt-gs-gaussian": _emt_gs(
        "null control: the normal distribution of the source's solutions", "SourceGaussian", truncation=0.9
    ),
    "emt-gs-moments": _emt_gs("null control: mean and spread are made the target's", "MomentMatching"),
    "emt-gs-raw": _emt_gs("null control: the source's solutions as they are", "RawTransfer"),
    "emt-gs-constant": _emt_gs("null control: the centre of the box", "ConstantTransfer"),
    "emt-gs-uniform": _emt_gs("null control: random points", "UniformTransfer"),
    "emt-gs-untrained": _emt_gs("null control: a random network", "UntrainedTransfer", residual=False, on_device=True),
    "emt-gs-none": _emt_gs("null control: no transfer", "NoTransfer"),
    "emt-gs-mtop-none": _emt_gs("MToP's loop without transfer", "NoTransfer", preset="mtop"),
    "emt-gs-mtop-constant": _emt_gs("MToP's loop with the centre of the box", "ConstantTransfer", preset="mtop"),
    "mo-mfea": MultitaskEntry("MO-MFEA: one population, random mating between tasks", "MOMFEA"),
    "mo-mfea-ddmtolab": MultitaskEntry("MO-MFEA with the operators of DDMTOLab", "MOMFEA", "ddmtolab"),
    "mo-mfea-ii": MultitaskEntry("MO-MFEA-II: how much to exchange is learnt", "MOMFEAII"),
    "mo-mfea-ii-ddmtolab": MultitaskEntry("MO-MFEA-II with the operators of DDMTOLab", "MOMFEAII", "ddmtolab"),
    "emea": MultitaskEntry("EMEA: explicit transfer by autoencoding", "EMEA"),
    "emea-mtop": MultitaskEntry("EMEA with the autoencoder of the MToP platform", "EMEA", "mtop"),
    "emt-pd": MultitaskEntry("EMT-PD: transfer by population distribution", "EMTPD"),
}


def make_algorithm_for(problem: Any, name: str, pop_size: int, settings: dict[str, Any], device: str) -> Any:
    """Make the named algorithm for a problem; every other algorithm runs on each of several tasks by itself.

    Raises:
        ValueError: an unknown name, or an algorithm that cannot solve such a problem.
        TypeError: a setting that the algorithm or its model does not take.
    """
    if name not in ALGORITHMS and name not in names.algorithms():
        raise unknown_name(name, [*names.algorithms(), *ALGORITHMS], "algorithm")
    if not isinstance(problem, MultitaskProblem):
        if name in ALGORITHMS:
            raise ValueError(
                f"{name} solves several tasks together, {problem.name()} is one problem: give it {EXAMPLE}, "
                "or choose another algorithm (`evogan list` shows all)"
            )
        return names.make_algorithm(name, pop_size, problem.n_obj, settings, device)
    if name in ALGORITHMS:
        return ALGORITHMS[name].make(name, check_int(pop_size, "pop_size", low=2), settings, device)
    n_obj = sorted({int(task.n_obj) for task in problem.tasks})
    if len(n_obj) > 1 and names.algorithms()[name].n_obj == "several":
        raise ValueError(
            f"{name} has the reference directions of one number of objectives, the tasks of {problem.name()} have "
            f"{' and '.join(map(str, n_obj))}"
        )
    return Apart(names.make_algorithm(name, pop_size, n_obj[-1], settings, device))


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
        return MultitaskProblem([names.make_problem(part, n_var, n_obj, settings) for part in parts], name=name)
    found = _suite_and_number(name)
    if found is None or name not in multitask_problem_names():
        raise unknown_name(name, multitask_problem_names(), "problem")
    suite, number = found
    for key, value in (("n_var", n_var), ("n_obj", n_obj)):
        if value is not None:
            raise ValueError(f"the sizes of {name} are fixed, {key} cannot be set to {value}")
    if "number" in settings:
        raise ValueError(f"the number of a problem stands in its name, here {name}")
    names.check_keywords(settings, suite.make, f"problem {name}")
    return MultitaskProblem(suite.make(number, **settings), name=name)


def suite_defaults(problem: Any) -> tuple[int, int] | None:
    """Return population size and budget of a suite's problem; None for what comes from no suite."""
    found = _suite_and_number(problem.name()) if isinstance(problem, MultitaskProblem) else None
    if found is None:
        return None
    suite, number = found
    return suite.pop_size(number), suite.n_evals(number, problem.n_tasks)


def _suite_and_number(name: str) -> tuple[Any, int] | None:
    found = re.fullmatch(r"(.+)-(\d+)", name)
    if not found:
        return None
    from evogan.problems.multitask import SUITES

    suite = SUITES.get(found[1])
    return None if suite is None else (suite, int(found[2]))
