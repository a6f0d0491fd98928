"""Which way a score improves."""

from __future__ import annotations

_LARGER = frozenset(
    {"hv", "spread", "modes", "high_quality", "IS", "precision", "recall", "density", "coverage", "smallest_class"}
)


def larger_is_better(metric: str) -> bool:
    """Return whether more of a score is better; what follows an @ in its name is the budget it was measured at.

    Example:
        >>> larger_is_better("IS@steps"), larger_is_better("igd")
        (True, False)
    """
    return metric.partition("@")[0] in _LARGER
