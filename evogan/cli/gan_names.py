"""The table of systems that ``evogan train`` knows, and how settings become their arguments."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from evogan import losses
from evogan._internal.checks import unknown_name
from evogan.cli.loss_names import LOSSES
from evogan.cli.system_table import systems
from evogan.datasets import Dataset
from evogan.features import FeatureExtractor, digits_features, fashion_features, inception_features, pixel_features
from evogan.gans import Recipe
from evogan.nets import DCGANNetworks, MLPNetworks, ResNetNetworks, default_networks
from evogan.training import System

NETWORKS = {"mlp": MLPNetworks, "dcgan": DCGANNetworks, "resnet": ResNetNetworks}
DIVERGENCES = {
    "kl": losses.KL,
    "reverse-kl": losses.ReverseKL,
    "pearson": losses.Pearson,
    "neyman": losses.Neyman,
    "hellinger": losses.Hellinger,
    "jeffreys": losses.Jeffreys,
    "js": losses.JensenShannon,
    "gan": losses.GANDivergence,
}


def make_system(name: str, data: Dataset, settings: dict[str, Any]) -> System:
    """Make a system by name for the shape and classes of ``data``.

    Raises:
        ValueError: an unknown name, or data without the labels that the system needs.
        TypeError: a setting that the system does not take.
    """
    table = systems()
    if name not in table:
        raise unknown_name(name, table, "system")
    make = table[name].make
    taken = inspect.signature(make).parameters
    recipe = {f.name for f in fields(Recipe)} | {"betas"} if "recipe" in taken else set()
    plain = [key for key in taken if key not in ("shape", "recipe", "n_classes")]
    arguments: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    nets: dict[str, Any] = {}
    for key, value in settings.items():
        if key.startswith("networks.") and "networks" in taken:
            nets[key.removeprefix("networks.")] = value
        elif key.removeprefix("recipe.") in recipe and key not in plain:
            changes[key.removeprefix("recipe.")] = value
        elif key in plain:
            arguments[key] = _object(key, value)
        else:
            raise TypeError(f"system {name} takes no {key!r}; it takes {', '.join([*plain, *sorted(recipe)])}")
    if nets:
        base: Any = arguments.get("networks") or default_networks(data.shape)
        known = [f.name for f in fields(base)]
        if not nets.keys() <= set(known):
            raise TypeError(
                f"{type(base).__name__} takes no {', '.join(nets.keys() - set(known))}; it takes {', '.join(known)}"
            )
        arguments["networks"] = replace(base, **{k: tuple(v) if isinstance(v, list) else v for k, v in nets.items()})
    if changes:
        arguments["recipe"] = _changed(taken["recipe"].default, changes)
    if "n_classes" in taken and taken["n_classes"].default is inspect.Parameter.empty:
        if not data.n_classes:
            raise ValueError(f"system {name} needs labels, and {data.name} has none")
        arguments["n_classes"] = data.n_classes
    return make(data.shape, **arguments)


def make_features(name: str | None, data: Dataset, device: str = "cpu") -> FeatureExtractor | None:
    """Return the feature network that judges images like ``data``; None where samples are compared as they are.

    ``name`` is "digits", "fashion", "pixels", the file of Inception's weights, or None for the data set's own.

    Raises:
        ValueError: the network does not take images of this shape.
        FileNotFoundError: no such file of weights.
    """
    if not data.is_image:
        if name is not None:
            raise ValueError(f"features serve images, and {data.name} holds samples of shape {data.shape}")
        return None
    own = {"digits": ("digits", (1, 8, 8)), "fashion-mnist": ("fashion", (1, 32, 32))}
    if name is None and data.name in own and own[data.name][1] == tuple(data.shape):
        name = own[data.name][0]
    if name is None:
        return None
    table = {"digits": digits_features, "fashion": fashion_features}
    if name in table:
        found = table[name](device)
    elif name == "pixels":
        found = pixel_features(data.shape)
    elif Path(name).suffix:
        found = inception_features(name, device=device)
    else:
        raise unknown_name(name, [*table, "pixels"], "feature network")
    return found


def _changed(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    changes = dict(changes)
    if "betas" in changes:
        changes["optimizer"] = replace(recipe.optimizer, betas=tuple(changes.pop("betas")))  # type: ignore[type-var]
    if isinstance(changes.get("ema"), str) and changes["ema"] == "none":
        changes["ema"] = None
    return replace(recipe, **changes)


def _object(key: str, value: Any) -> Any:
    """Turn a name into the object that it stands for."""
    if key in ("mutations", "policy", "selection"):
        from evogan.cli.evolution_names import part_of_evolution

        return part_of_evolution(key, value)
    tables: dict[str, Any] = {"networks": NETWORKS, "loss": LOSSES, "base": LOSSES, "divergence": DIVERGENCES}
    table = tables.get(key, {})
    if not table or not isinstance(value, str):
        return tuple(value) if isinstance(value, list) else value
    if value not in table:
        raise ValueError(f"{key} must be one of {', '.join(table)}, got {value!r}")
    return table[value]()
