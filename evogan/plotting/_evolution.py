"""An evolution of generators: which mutations survive, what fitness does, who descends from whom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

from evogan._internal.checks import check_int
from evogan.plotting._evolution_data import D, Record, course, generations, judged_columns, lineage, makers_of, shares
from evogan.plotting._panels import legend, say, style

_TITLES = {"rate": "factor of the learning rate", f"{D}fitness": "fitness of the discriminators"}
_CHANCE: dict[str, Any] = {"linestyle": ":", "linewidth": 1.2}
Styles = Mapping[str, Mapping[str, Any]]


def plot_evolution(records: Sequence[Mapping[str, Any]], *, n_generations: int = 60, title: str = "") -> Figure:
    """Draw an evolution of generators from the rows of ``generations.jsonl``.

    Above: the share of the survivors that each mutation made, in windows of some generations, and dotted its share of
    all children, which is what selection at random would give; then fitness and its parts, the mean of the survivors
    born in a generation, and below it the spread among siblings: highest minus lowest of a parent's children. What
    never varies has no panel. Under these: the children of the last generations, and the ancestors of the generator
    that samples (on a grid, of the best cell's).

    Args:
        records: what ``take_records()`` of a system gave, oldest first; those that are no generations are left out.
        n_generations: how many are shown with their children.
        title: above everything.

    Example:
        >>> record = {"step": 1, "number": [1, 2], "parents": [[0], [0]], "mutation": ["minimax", "heuristic"],
        ...           "fitness": [0.25, 0.5], "survivors": [2]}
        >>> [axes.get_title() for axes in plot_evolution([record]).axes]
        ['makers of the survivors', 'fitness', '', 'children of the last generation']
    """
    check_int(n_generations, "n_generations", low=1)
    records = generations(records)
    mutations = [(prefix, names) for prefix in ("", D) if len(names := makers_of(records, prefix)) > 1]
    everyone = dict.fromkeys([*makers_of(records), *(name for _, names in mutations for name in names)])
    styles = {name: style(i) for i, name in enumerate(everyone)}
    columns = judged_columns(records)
    shown = records[-n_generations:]
    most = max((len(record["number"]) for record in shown), default=1)

    n_panels = len(mutations) + len(columns)
    n_columns = min(n_panels, 3 if n_panels in (5, 6) else 4) or 1
    n_rows = math.ceil(n_panels / n_columns)
    heights = [3.0] * n_rows + [min(5.5, 1.4 + 0.32 * most)]
    figure = Figure(figsize=(max(3.4 * n_columns, 10.2), sum(heights) + 0.8), layout="constrained")
    grid = figure.add_gridspec(n_rows + 1, n_columns, height_ratios=heights)
    places = [grid[i // n_columns, i % n_columns] for i in range(n_panels)]
    for place, (prefix, names) in zip(places, mutations, strict=False):
        _draw_shares(figure.add_subplot(place), records, names, prefix, styles)
    for place, column in zip(places[len(mutations) :], columns, strict=True):
        _draw_course(figure, place, records, column)
    _draw_lineage(figure.add_subplot(grid[n_rows, :]), shown, styles)

    named = {name: Line2D([], [], **one) for name, one in styles.items()}
    if mutations:
        named["share of all children"] = Line2D([], [], color="0.4", **_CHANCE)
    legend(figure, list(named.values()), list(named))
    if title:
        figure.suptitle(title)
    return figure


def _draw_shares(axes: Axes, records: Sequence[Record], names: Sequence[str], prefix: str, styles: Styles) -> None:
    _finish(axes, f"makers of the surviv{'ing discriminators' if prefix else 'ors'}")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylim(-0.03, 1.03)
    steps, of_survivors, of_children = shares(records, names, prefix)
    if len(steps) == 1:
        steps = np.array([records[0]["step"], records[-1]["step"]])
        of_survivors, of_children = of_survivors.repeat(2, axis=1), of_children.repeat(2, axis=1)
    alike = np.ptp(of_children, axis=0).max() < 0.01  # one line says it for all
    every = max(1, len(steps) // 8)
    for i, name in enumerate(names):
        axes.plot(steps, of_children[i], color="0.4" if alike else styles[name]["color"], zorder=1, **_CHANCE)
        axes.plot(steps, of_survivors[i], markevery=(i % every, every), clip_on=False, **styles[name])


def _draw_course(figure: Figure, place: SubplotSpec, records: Sequence[Record], column: str) -> None:
    """Draw survivors' values, and below them the spread among siblings where there is any."""
    steps, mean, spread = course(records, column)
    line: dict[str, Any] = {"color": "black", "linewidth": 1.0, "marker": "." if len(steps) < 10 else ""}
    spread = np.where(spread > 0.0, spread, np.nan)  # for a logarithmic scale
    if not np.isfinite(spread).any():
        axes = figure.add_subplot(place)
    else:
        parts = place.subgridspec(2, 1, height_ratios=[5, 2])
        axes, under = figure.add_subplot(parts[0]), figure.add_subplot(parts[1])
        under.plot(steps, spread, **line)
        under.set_yscale("log")
        low, high = math.floor(np.log10(np.nanmin(spread))), math.ceil(np.log10(np.nanmax(spread)))
        ends = (low, max(high, low + 1))
        under.set_ylim(0.8 * 10.0 ** ends[0], 1.25 * 10.0 ** ends[1])
        under.set_yticks([10.0**k for k in ends], [f"1e{k}" for k in ends])
        under.yaxis.set_minor_locator(NullLocator())
        _finish(under, "")
        under.set_ylabel("spread", fontsize="small")
        under.sharex(axes)
    axes.plot(steps, mean, **line)
    _finish(axes, _TITLES.get(column, column))
    if np.isfinite(spread).any():
        axes.set_xlabel("")
        axes.tick_params(labelbottom=False)


def _draw_lineage(axes: Axes, records: Sequence[Record], styles: Styles) -> None:
    n = len(records)
    _finish(axes, "children of the last generation" if n == 1 else f"children of the last {n} generations", n_ticks=12)
    tree = lineage(records)
    if not tree.place:
        say(axes, "no generations")
        return
    xs, ys = zip(*tree.place.values(), strict=True)
    axes.set_ylabel("cell of the grid" if "cell" in records[-1] else "rank by fitness", fontsize="small")
    axes.set_yticks(np.arange(min(ys), max(ys) + 1, math.ceil(len(set(ys)) / 8)))
    axes.set_ylim(max(ys) + 0.5, min(ys) - 0.5)
    pad = max(0.015 * (max(xs) - min(xs)), 0.5)
    axes.set_xlim(min(xs) - pad, max(xs) + pad)
    size = max(1.5, min(7.0, 350.0 / n, 200.0 / len(set(ys))))
    of: dict[str, list[Any]] = {"discarded": [], "kept": [], "ancestors": []}
    for parent, child in tree.edges:
        fate = "ancestors" if child in tree.ancestors else "kept" if child in tree.survivors else "discarded"
        of[fate].append((tree.place[parent], tree.place[child]))
    drawn = {"discarded": ("0.87", 0.7), "kept": ("0.6", 0.9), "ancestors": ("black", 2.4)}
    for i, (fate, (colour, width)) in enumerate(drawn.items()):
        axes.add_collection(LineCollection(of[fate], colors=colour, linewidths=width, zorder=1 + 0.1 * i))
    nodes: dict[str, Any] = {"linestyle": "none", "markersize": size, "zorder": 3}
    for name, one in styles.items():
        for kept in (False, True):
            mine = [tree.place[k] for k, maker in tree.maker.items() if maker == name and (k in tree.survivors) == kept]
            if mine:
                face = one["color"] if kept else "white"
                axes.plot(*zip(*mine, strict=True), **{**one, **nodes, "markerfacecolor": face})
    if tree.best is not None:
        ring: dict[str, Any] = {
            "markeredgecolor": "black",
            "markerfacecolor": "none",
            "markersize": 2 * size,
            "zorder": 4,
        }
        axes.plot(*tree.place[tree.best], "o", clip_on=False, **ring)
    handles = [
        Line2D([], [], color="0.4", marker="o", linestyle="none"),
        Line2D([], [], color="0.4", marker="o", linestyle="none", markerfacecolor="white"),
        Line2D([], [], color="black", linewidth=2.4),
    ]
    names = ["survived", "discarded", "line of the present best (ringed)"]
    axes.figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize="small", frameon=False)


def _finish(axes: Axes, title: str, *, n_ticks: int = 5) -> None:
    axes.set_title(title, fontsize="medium")
    axes.set_xlabel("step", fontsize="small")
    axes.xaxis.set_major_locator(MaxNLocator(n_ticks, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.tick_params(labelsize="small")
    axes.grid(alpha=0.3)
