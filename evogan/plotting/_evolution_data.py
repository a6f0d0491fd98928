"""What the picture of an evolution is drawn from: columns of the records, windows of generations, the lineage."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Record = Mapping[str, Any]

EARLIER = "earlier"  # the maker of those that are older than the records
D = "d_"  # begins the columns of discriminators, where these evolve too
_NOT_PARTS = (
    "step",
    "number",
    "parents",
    "mutation",
    "rate",
    "loss",
    "fitness",
    "survivors",
    "cell",
    "weights",
    "score",
)
_EGAN = ("minimax", "heuristic", "least_squares")
_N_WINDOWS, _LEAST_SURVIVORS = 40, 12


def generations(records: Sequence[Record]) -> list[Record]:
    """Return the records that tell of a generation: a system may tell of other things too."""
    return [record for record in records if record.keys() >= {"step", "number", "parents", "mutation", "survivors"}]


def makers_of_survivors(records: Sequence[Record], prefix: str = "") -> list[list[str]]:
    """Return for every generation what made each of its survivors; "earlier" for those older than the records."""
    made: dict[int, str] = {}
    makers = []
    for record in records:
        made |= zip(record.get(f"{prefix}number", ()), record.get(f"{prefix}mutation", ()), strict=True)
        makers.append([made.get(number, EARLIER) for number in record.get(f"{prefix}survivors", ())])
    return makers


def makers_of(records: Sequence[Record], prefix: str = "") -> list[str]:
    """Return all mutations by name, E-GAN's first, so that the same ones look the same in every picture."""
    names = {name for record in records for name in record.get(f"{prefix}mutation", ())}
    return [name for name in _EGAN if name in names] + sorted(names - set(_EGAN))


def judged_columns(records: Sequence[Record]) -> list[str]:
    """Return the columns worth a panel: fitness, parts that are not fitness itself, and rates, where they vary."""
    names = dict.fromkeys(name for record in records for name in record)
    parts = [name for name in names if name not in _NOT_PARTS and not name.startswith(D)]
    fitness = _values(records, "fitness")
    worth = []
    for name in ("fitness", *parts, "rate", f"{D}fitness"):
        values = _values(records, name)
        finite = values[np.isfinite(values)]
        repeats = name in parts and np.array_equal(values, fitness, equal_nan=True)
        if len(finite) and np.ptp(finite) > 0.0 and not repeats:
            worth.append(name)
    return worth


def shares(records: Sequence[Record], names: Sequence[str], prefix: str = "") -> tuple[Floats, Floats, Floats]:
    """Return steps ``(n_windows,)``, and each maker's share of survivors and of children ``(n_names, n_windows)``."""
    survivors = makers_of_survivors(records, prefix)
    children = [record.get(f"{prefix}mutation", ()) for record in records]
    n = max(1, min(_N_WINDOWS, sum(map(len, survivors)) // _LEAST_SURVIVORS, len(records)))
    windows = np.array_split(np.arange(len(records)), n)
    steps = [float(np.mean([records[i]["step"] for i in window])) for window in windows]

    def share(made: Sequence[Sequence[str]]) -> Floats:
        counts = [Counter(name for i in window for name in made[i]) for window in windows]
        return np.array([[count[name] / max(count.total(), 1) for count in counts] for name in names])

    return np.array(steps), share(survivors), share(children)


def course(records: Sequence[Record], column: str, *, n_windows: int = 150) -> Floats:
    """Return columns ``(3, n_windows)``: step, survivors' mean, and the spread among siblings.

    Each is a mean over a window of generations. The spread is highest minus lowest of a parent's children, a mean over
    parents with several. Survivors of an earlier generation, and values that are not finite, count nowhere.
    """
    prefix = D if column.startswith(D) else ""
    rows = []
    for record in records:
        values = numbers_in(record, column)
        children = zip(record[f"{prefix}number"], values, record[f"{prefix}parents"], strict=True) if values else ()
        known = {number: (value, of[:1]) for number, value, of in children if math.isfinite(value)}
        kept = [known[number][0] for number in record.get(f"{prefix}survivors", ()) if number in known]
        families: dict[tuple[int, ...], list[float]] = {}
        for value, parent in known.values():
            families.setdefault(tuple(parent), []).append(value)
        spreads = [max(family) - min(family) for family in families.values() if len(family) > 1]
        rows.append((float(record["step"]), *(float(np.mean(x)) if x else math.nan for x in (kept, spreads))))
    windows = np.array_split(np.array(rows).reshape(-1, 3), max(1, min(n_windows, len(rows))))
    return np.array([[_mean(values) for values in window.T] for window in windows]).T


@dataclass
class Lineage:
    """The children of some generations as a drawing: places, parents, fates.

    Attributes:
        place: ``(x, y)`` of each child by its number: the step of its generation; its rank by fitness from 1 up, or
            where children have a cell, that.
        maker: what made it.
        edges: pairs (parent, child) of children that have a place.
        survivors: those that were ever among the survivors.
        best: the number of the first survivor of all, which samples, or of the best cell's; None where it is older.
        ancestors: those that it descends from, itself included.
    """

    place: dict[int, tuple[float, float]]
    maker: dict[int, str]
    edges: list[tuple[int, int]]
    survivors: set[int]
    best: int | None
    ancestors: set[int]


def lineage(records: Sequence[Record]) -> Lineage:
    """Return the lineage of all ``records``; children of crossover stand to the right of parents of their own age."""
    between = min((b["step"] - a["step"] for a, b in pairwise(records) if b["step"] > a["step"]), default=1)
    place: dict[int, tuple[float, float]] = {}
    maker: dict[int, str] = {}
    parents: dict[int, list[int]] = {}
    for record in records:
        numbers, depth = list(record["number"]), dict[int, int]()
        for number, of, name in zip(numbers, record["parents"], record["mutation"], strict=True):
            depth[number] = 1 + max((depth[p] for p in of if p in depth), default=-1)
            maker[number], parents[number] = name, [p for p in of if p in place or p in depth]
        for number, row in zip(numbers, _rows(record), strict=True):
            place[number] = (record["step"] + 0.4 * between * min(depth[number], 2), row)
    survivors = {number for record in records for number in record["survivors"] if number in place}
    best = _best(records[-1]) if records else None
    ancestors: set[int] = set()
    line = [best] if best in place else []
    while line:
        number = line.pop()
        if number not in ancestors:
            ancestors.add(number)
            line += parents[number]
    edges = [(parent, child) for child, of in parents.items() for parent in of]
    return Lineage(place, maker, edges, survivors, best if best in place else None, ancestors)


def _rows(record: Record) -> list[float]:
    n = len(record["number"])
    if "cell" in record:
        return [float(cell) for cell in record["cell"]]
    fitness = numbers_in(record, "fitness") or [math.nan] * n
    order = sorted(range(n), key=lambda i: -fitness[i] if math.isfinite(fitness[i]) else math.inf)
    rank = {i: float(place) for place, i in enumerate(order, 1)}
    return [rank[i] for i in range(n)]


def _best(record: Record) -> int | None:
    survivors = list(record["survivors"])
    scores = np.array(numbers_in(record, "score"))  # of cells, where there is a grid
    cell = int(np.where(np.isfinite(scores), scores, -np.inf).argmax()) if len(scores) == len(survivors) > 0 else 0
    return int(survivors[cell]) if survivors else None


def numbers_in(record: Record, column: str) -> list[float]:
    """Return a column with a number for every child, or nothing where the record has none such.

    JSON holds those that are not finite as strings.
    """
    values = record.get(column)
    of = record.get(f"{D}number" if column.startswith(D) else "number", ())
    if not isinstance(values, list | tuple) or len(values) != len(of):
        return []
    try:
        return [math.nan if value is None else float(value) for value in values]
    except (TypeError, ValueError):
        return []


def _values(records: Sequence[Record], column: str) -> Floats:
    return np.array([value for record in records for value in numbers_in(record, column)], dtype=np.float64)


def _mean(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan
