"""The names of algorithms that solve several tasks together, and what other algorithms do with such problems."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

from evogan._internal.checks import check_int, unknown_name
from evogan.cli._keywords import check_keywords
from evogan.cli.algorithm_names import algorithms, make_algorithm
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
        check_keywords(settings, make, f"algorithm {name}")
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
    if name not in ALGORITHMS and name not in algorithms():
        raise unknown_name(name, [*algorithms(), *ALGORITHMS], "algorithm")
    if not isinstance(problem, MultitaskProblem):
        if name in ALGORITHMS:
            raise ValueError(
                f"{name} solves several tasks together, {problem.name()} is one problem: give it {EXAMPLE}, "
                "or choose another algorithm (`evogan list` shows all)"
            )
        return make_algorithm(name, pop_size, problem.n_obj, settings, device)
    if name in ALGORITHMS:
        return ALGORITHMS[name].make(name, check_int(pop_size, "pop_size", low=2), settings, device)
    n_obj = sorted({int(task.n_obj) for task in problem.tasks})
    if len(n_obj) > 1 and algorithms()[name].n_obj == "several":
        raise ValueError(
            f"{name} has the reference directions of one number of objectives, the tasks of {problem.name()} have "
            f"{' and '.join(map(str, n_obj))}"
        )
    return Apart(make_algorithm(name, pop_size, n_obj[-1], settings, device))
