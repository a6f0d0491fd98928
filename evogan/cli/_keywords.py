"""Keywords that nobody swallows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def check_keywords(given: dict[str, Any], function: Callable[..., Any], what: str) -> None:
    """Raise TypeError for a keyword that ``function`` does not name: pymoo would swallow it."""
    names = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and name not in ("self", "model", "pop_size", "ref_dirs")
    ]
    for key in given:
        if key not in names:
            raise TypeError(f"{what} takes no {key!r}; it takes {', '.join(sorted(names))}")
