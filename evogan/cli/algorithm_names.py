"""The names of algorithms."""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evogan._internal.checks import check_int, unknown_name
from evogan.cli._keywords import check_keywords


@dataclass(frozen=True)
class AlgorithmEntry:
    """How a named algorithm is made: ``make(pop_size, n_obj, **settings)``."""

    make: Callable[..., Any]
    about: str
    accepts: Callable[..., Any]
    n_obj: str = "any"


def algorithms() -> dict[str, AlgorithmEntry]:
    """Return the table of algorithms."""
    from evogan.algorithms import CPSMOEA, CSEA, GMOEA, IMMOEA, MOEADDE, RCGMOEA, RMMEDA
    from evogan.models import GAN, Gaussian, Untrained
    from evogan.operators import GenerativeInfill

    def gmoea(make: Callable[..., Any], about: str, **fixed: Any) -> AlgorithmEntry:
        def made(pop_size: int, n_obj: int, **settings: Any) -> Any:
            return make(pop_size, **{**{key: copy.deepcopy(value) for key, value in fixed.items()}, **settings})

        return AlgorithmEntry(made, about, GMOEA)

    def nsga2_gan(pop_size: int, n_obj: int, **settings: Any) -> Any:
        from pymoo.algorithms.moo.nsga2 import NSGA2

        return NSGA2(pop_size, mating=GenerativeInfill(settings.pop("model", None) or GAN(), **settings))

    def plain(make: Callable[..., Any], about: str, for_n_obj: str = "several", accepts: Any = None) -> AlgorithmEntry:
        def made(pop_size: int, n_obj: int, **settings: Any) -> Any:
            return make(pop_size, **settings)

        return AlgorithmEntry(made, about, accepts or make, for_n_obj)

    def rcg(make: Callable[..., Any], about: str) -> AlgorithmEntry:
        return plain(make, about, "any", accepts=RCGMOEA)

    table = {
        "gmoea": gmoea(GMOEA, "GMOEA with the best of the GAN settings tried"),
        "gmoea-paper": gmoea(GMOEA.paper, "GMOEA with the paper's settings"),
        "gmoea-code": gmoea(GMOEA.code, "GMOEA with the settings of the authors' code"),
        "gmoea-gaussian": gmoea(GMOEA, "null control: the elites' normal distribution for the GAN", model=Gaussian()),
        "gmoea-untrained": gmoea(GMOEA, "null control: a GAN that is never trained", model=Untrained()),
        "gmoea-classic": gmoea(GMOEA, "null control: GMOEA's classic operators alone", p_gan=0.0),
        "rcg-moea": rcg(RCGMOEA, "RCG-MOEA: a conditional GAN breeds, critics pick what is evaluated"),
        "rcg-moea-gan": rcg(RCGMOEA.gan, "RCG-MOEA with the GAN, however many variables there are"),
        "rcg-moea-flow": rcg(RCGMOEA.flow, "RCG-MOEA with flow matching in the GAN's place"),
        "rcg-moea-no-generator": rcg(RCGMOEA.no_generator, "ablation: both critics, without a generator"),
        "rcg-moea-head-start": rcg(RCGMOEA.head_start, "ablation: without a generator, the mean in 10 generations"),
        "rcg-moea-critic": rcg(RCGMOEA.critic_only, "ablation: the relativistic critic alone"),
        "rcg-moea-generator": rcg(RCGMOEA.generator_only, "ablation: the generator alone, without a critic"),
        "rcg-moea-untrained": rcg(RCGMOEA.untrained, "null control: RCG-MOEA with a conditional GAN never trained"),
        "rcg-moea-gaussian": rcg(RCGMOEA.gaussian, "null control: RCG-MOEA with a normal distribution for the GAN"),
        "rcg-moea-centroid": rcg(RCGMOEA.centroid, "null control: RCG-MOEA with the population's mean for the GAN"),
        "rcg-moea-shell": rcg(RCGMOEA.shell, "null control: neither generator nor critic"),
        "rcg-moea-ridge": rcg(RCGMOEA.ridge, "control: ridge regression as the only critic, without a generator"),
        "im-moea": plain(IMMOEA, "IM-MOEA: variables modelled as functions of the objectives"),
        "rm-meda": plain(RMMEDA, "RM-MEDA: offspring from pieces of a manifold"),
        "moead-de": plain(MOEADDE, "MOEA/D with differential evolution"),
        "cps-moea": plain(CPSMOEA, "CPS-MOEA: nearest neighbours choose among each parent's candidates", "any"),
        "csea": plain(CSEA, "CSEA: a network chooses what is worth an expensive evaluation"),
        "nsga2-gan": AlgorithmEntry(nsga2_gan, "NSGA-II whose offspring come from a GAN", GenerativeInfill),
    }
    return table | _pymoo_algorithms()


def _pymoo_algorithms() -> dict[str, AlgorithmEntry]:
    def entry(
        module: str,
        name: str,
        about: str,
        *,
        directions: bool = False,
        single: bool = False,
        **fresh: Callable[[], Any],
    ) -> AlgorithmEntry:
        cls = getattr(importlib.import_module(f"pymoo.algorithms.{module}"), name)

        def make(pop_size: int, n_obj: int, **settings: Any) -> Any:
            made = {key: factory() for key, factory in fresh.items() if key not in settings}
            if directions:
                made["ref_dirs"] = reference_directions(n_obj, pop_size)
            else:
                made["pop_size" if name != "CMAES" else "popsize"] = pop_size
            return cls(**made, **settings)

        return AlgorithmEntry(
            make, f"pymoo's {about}", cls, n_obj="one" if single else "several" if directions else "any"
        )

    # pymoo shares SPEA2's survival, which has a state, between all runs of a process.
    return {
        "nsga2": entry("moo.nsga2", "NSGA2", "NSGA-II"),
        "nsga3": entry("moo.nsga3", "NSGA3", "NSGA-III", directions=True, selection=_seeded_selection),
        "spea2": entry("moo.spea2", "SPEA2", "SPEA2", survival=_fresh_spea2_survival),
        "moead": entry("moo.moead", "MOEAD", "MOEA/D", directions=True),
        "rvea": entry("moo.rvea", "RVEA", "RVEA", directions=True),
        "sms-emoa": entry("moo.sms", "SMSEMOA", "SMS-EMOA"),
        "gde3": entry("moo.gde3", "GDE3", "GDE3"),
        "ga": entry("soo.nonconvex.ga", "GA", "genetic algorithm (one objective)", single=True),
        "de": entry("soo.nonconvex.de", "DE", "differential evolution (one objective)", single=True),
        "pso": entry("soo.nonconvex.pso", "PSO", "particle swarm (one objective)", single=True),
    }


def _fresh_spea2_survival() -> Any:
    from pymoo.algorithms.moo.spea2 import SPEA2Survival

    return SPEA2Survival(normalize=True)


def _seeded_selection() -> Any:
    """Return NSGA-III's tournament, drawing every lot from the run's generator (pymoo 0.6.2 forgets it for ties)."""
    from pymoo.operators.selection.tournament import TournamentSelection

    return TournamentSelection(func_comp=_feasibility_tournament)


def _feasibility_tournament(pop: Any, P: Any, random_state: Any, **kwargs: Any) -> Any:
    CV = np.maximum(pop.get("CV")[:, 0], 0.0)[P]
    lots = random_state.random(P.shape)
    return np.take_along_axis(P, np.lexsort((lots, CV), axis=1)[:, :1], axis=1)


def reference_directions(n_obj: int, n_max: int) -> Any:
    """Return the largest Das-Dennis set of at most ``n_max`` directions."""
    from pymoo.util.ref_dirs import get_reference_directions

    if n_max < n_obj:
        raise ValueError(
            f"pop_size must be at least the number of objectives {n_obj} for reference directions, got {n_max}"
        )
    best = get_reference_directions("das-dennis", n_obj, n_partitions=1)
    for n_partitions in range(2, n_max + 1):
        directions = get_reference_directions("das-dennis", n_obj, n_partitions=n_partitions)
        if len(directions) > n_max:
            break
        best = directions
    return best


def make_algorithm(name: str, pop_size: int, n_obj: int, settings: dict[str, Any], device: str) -> Any:
    """Make the named algorithm; ``settings`` with ``model.`` before them go to its model.

    Raises:
        ValueError: an unknown name, or an algorithm for one objective on a problem with more.
        TypeError: a setting that the algorithm or its model does not take.
    """
    from evogan.cli._settings import remake_model

    table = algorithms()
    if name not in table:
        raise unknown_name(name, table, "algorithm")
    entry = table[name]
    if (entry.n_obj == "one" and n_obj > 1) or (entry.n_obj == "several" and n_obj == 1):
        plural = "" if entry.n_obj == "one" else "s"
        raise ValueError(f"{name} is for {entry.n_obj} objective{plural}, the problem has {n_obj}")
    check_int(pop_size, "pop_size", low=2)
    own = {key: value for key, value in settings.items() if not key.startswith("model.")}
    for_model = {key.removeprefix("model."): value for key, value in settings.items() if key.startswith("model.")}
    check_keywords(own, entry.accepts, f"algorithm {name}")
    algorithm = entry.make(pop_size, n_obj, **own)
    holder = algorithm if hasattr(algorithm, "model") else getattr(algorithm, "mating", None)
    model = getattr(holder, "model", None)
    if model is None:
        if for_model:
            raise TypeError(f"{name} has no model to take {sorted(for_model)}")
        return algorithm
    if "device" in inspect.signature(_constructor(model)).parameters:
        for_model.setdefault("device", device)
    return entry.make(pop_size, n_obj, **own, model=remake_model(model, for_model)) if for_model else algorithm


def _constructor(model: Any) -> Callable[..., Any]:
    """Return the constructor that names the arguments (a subclass may only pass them on)."""
    from evogan.models import GAN

    return GAN.__init__ if isinstance(model, GAN) else type(model).__init__
