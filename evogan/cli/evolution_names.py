"""Names of the parts that an evolution of generators is put together from; imported only where one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from evogan.cli.loss_names import LOSSES
from evogan.losses import AdversarialLoss
from evogan.neuroevolution import (
    UCB1,
    AllMutations,
    HeuristicMutation,
    LeastSquaresMutation,
    MinimaxMutation,
    MutationPolicy,
    ParetoSelection,
    RandomMutations,
    RandomSelection,
    Selection,
    Tournament,
    Truncation,
    WorstSelection,
)

# E-GAN's own come first: its minimax and least squares are not quite those of the discriminator's losses.
MUTATIONS: dict[str, Callable[[], AdversarialLoss]] = {
    "minimax": MinimaxMutation,
    "heuristic": HeuristicMutation,
    "least-squares": LeastSquaresMutation,
    "least-squares-logit": partial(LeastSquaresMutation, on_logits=True),
}
MUTATIONS |= {name: loss for name, loss in LOSSES.items() if name not in MUTATIONS}
POLICIES: dict[str, Callable[[], MutationPolicy]] = {"all": AllMutations, "random": RandomMutations, "ucb1": UCB1}
SELECTIONS: dict[str, Callable[[], Selection]] = {
    "truncation": Truncation,
    "tournament": Tournament,
    "pareto": ParetoSelection,
    "random": RandomSelection,
    "worst": WorstSelection,
}


def part_of_evolution(key: str, value: Any) -> Any:
    """Turn the names given for ``mutations``, ``policy`` or ``selection`` into objects.

    Raises:
        ValueError: a name that is not in the table; the message lists those that are.
    """
    if key == "mutations":
        return _mutations(value)
    return _named(key, value, POLICIES if key == "policy" else SELECTIONS)()


def _mutations(value: Any) -> dict[str, AdversarialLoss]:
    """Return losses by the names that logs and pictures have; one that is given twice makes two children."""
    made: dict[str, AdversarialLoss] = {}
    for name in value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]:
        known = name.strip().replace("_", "-") if isinstance(name, str) else name
        loss = _named("mutations", known, MUTATIONS)()
        column = known.replace("-", "_")
        made[column if column not in made else f"{column}_{len(made)}"] = loss
    return made


def _named(key: str, name: Any, table: Mapping[str, Callable[[], Any]]) -> Callable[[], Any]:
    if not isinstance(name, str) or name not in table:
        raise ValueError(f"{key} must be among {', '.join(table)}, got {name!r}")
    return table[name]
