"""``--set KEY=VALUE``: values are read as TOML, bare words as names or strings."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from evogan.cli.loss_names import LOSSES
from evogan.losses import SourceWeights
from evogan.models import GAN


def parse_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """Turn ``["a=1", "model.b=[2, 3]"]`` into a dict.

    Raises:
        ValueError: no ``=``, no key, or a key given twice.
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key:
            raise ValueError(f"--set takes KEY=VALUE, got {pair!r}")
        if key in settings:
            raise ValueError(f"--set {key} was given twice")
        try:
            settings[key] = tomllib.loads(f"value = {text.strip()}")["value"]
        except tomllib.TOMLDecodeError:
            word = text.strip()
            short = re.fullmatch(r"[+-]?(\d+\.|\.\d+)(e[+-]?\d+)?", word, re.IGNORECASE)  # TOML writes 0.5, people .5
            settings[key] = float(word) if short else {"true": True, "false": False}.get(word.lower(), word)
    return settings


def remake_model(model: Any, changes: dict[str, Any]) -> Any:
    """Make a model like ``model`` with some constructor arguments changed; names become losses and weights.

    Raises:
        TypeError: an argument that the model does not take.
    """
    if not isinstance(model, GAN):
        raise TypeError(f"{type(model).__name__} takes no settings, got {sorted(changes)}")
    names = [name for name in inspect.signature(GAN.__init__).parameters if name != "self"]
    for key in changes:
        if key not in names:
            raise TypeError(f"model {type(model).__name__} takes no {key!r}; it takes {', '.join(names)}")
    if type(model) is not GAN and "n_steps" in changes:
        raise TypeError(f"model {type(model).__name__} takes no 'n_steps': it is never trained")
    options = {name: getattr(model, name) for name in names} | {k: _value(k, v) for k, v in changes.items()}
    if type(model) is not GAN:
        options.pop("n_steps")
    return type(model)(**options)


def _value(key: str, value: Any) -> Any:
    if key == "loss" and isinstance(value, str):
        if value not in LOSSES:
            raise ValueError(f"model.loss must be one of {', '.join(LOSSES)}, got {value!r}")
        return LOSSES[value]()
    if key == "weights" and isinstance(value, list):
        if len(value) != 3:
            raise ValueError(f"model.weights must be [elite, poor, fake], got {value}")
        return SourceWeights(*value)
    return value
