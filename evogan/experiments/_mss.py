"""The mean standardised score of a table's algorithms: over all rows, and over the tasks of each multitask problem."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from evogan.experiments._ranking import mss
from evogan.experiments._samples import Key, Sample, some

Scores = tuple[float, ...]


def mss_of(
    samples: Mapping[Key, Sample], rows: list[str], columns: list[str]
) -> tuple[Scores | None, dict[str, Scores], list[str]]:
    """Score every algorithm on the rows whose runs are complete and finite.

    Returns:
        MSS over all of them, None without any; the same for every multitask problem that has several of them and is not
        all there is; a sentence on the rows left out.
    """
    tasks = {p: [samples[p, a].values for a in columns] for p in rows}
    usable = {
        p: values
        for p, values in tasks.items()
        if len({len(v) for v in values}) == 1 and len(values[0]) and all(math.isfinite(x) for v in values for x in v)
    }
    left_out = [p for p in rows if p not in usable]
    why = [f"MSS leaves out tasks with missing or infinite runs: {some(left_out)}."] if left_out else []
    groups: dict[str, list[str]] = {}
    for p in usable:
        groups.setdefault(multitask_label(p) or p, []).append(p)
    several = {group: of for group, of in groups.items() if 1 < len(of) < len(usable)}
    by_problem = {group: tuple(mss({p: usable[p] for p in of}).tolist()) for group, of in several.items()}
    return (tuple(mss(usable).tolist()) if usable else None), by_problem, why


def multitask_label(label: str) -> str | None:
    """Return the label of the multitask problem whose task ``label`` is, None where it is none.

    Example:
        >>> multitask_label("cec17-mtmo-1/T2"), multitask_label("zdt1")
        ('cec17-mtmo-1', None)
    """
    found = re.fullmatch(r"(.+)/T\d+", label)
    return found[1] if found else None
