"""Small multiples that stay readable: a grid of panels, one legend, styles told apart in colour and in grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evogan.plotting._figures import COLOURS, INDICATORS, MARKERS

LINES = ("-", "--", "-.", ":")  # four against seven colours and markers: 28 pairs before one returns
LABELS = {**INDICATORS, "igd_plus": "IGD+", "hv": "HV (reference point 1.1)"}  # short: beside low panels


def style(i: int) -> dict[str, Any]:
    """Return colour, line style and marker of the i-th algorithm."""
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": LINES[i % len(LINES)],
        "marker": MARKERS[i % len(MARKERS)],
        "markersize": 4,
        "linewidth": 1.4,
    }


def label_of(metric: str) -> str:
    """Return how a metric is written at an axis."""
    return LABELS.get(metric, metric)


def panels(
    titles: Sequence[str], *, width: float = 2.9, height: float = 2.2, **shared: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a panel for each title, in rows of at most five; a single panel is larger."""
    n = len(titles)
    n_rows, n_cols = grid_shape(n)
    scale = 1.9 if n == 1 else 1.0
    figure = Figure(figsize=(n_cols * width * scale, n_rows * height * scale + 0.6), layout="constrained")
    grid = list(figure.subplots(n_rows, n_cols, squeeze=False, **shared).flat)
    for axes, title in zip(grid, titles, strict=False):
        axes.set_title(title, fontsize="medium")
        axes.grid(alpha=0.3)
        axes.tick_params(labelsize="small")
    for i, axes in enumerate(grid[n:], n):
        axes.remove()
        grid[i - n_cols].tick_params(labelbottom=True)  # hidden while there was a panel below on the same scale
    return figure, grid[:n]


def grid_shape(n: int) -> tuple[int, int]:
    """Return rows and columns of ``n`` panels, at most five in a row."""
    n_cols = n if n <= 3 else min(5, math.ceil(math.sqrt(n)))
    return math.ceil(n / n_cols), n_cols


def legend(figure: Figure, handles: Sequence[Artist], labels: Sequence[str]) -> None:
    """Put one legend above all panels, in as many columns as fit."""
    widths = [0.6 + 0.07 * len(label) for label in labels]  # inches, about
    room = figure.get_figwidth()
    n_cols = len(labels) if sum(widths) <= room else max(1, int(room / max(widths)))
    figure.legend(handles, labels, loc="outside upper center", ncols=n_cols, fontsize="small", frameon=False)


def say(axes: Axes, text: str) -> None:
    """Write in the middle of a panel why it is empty."""
    box = {"facecolor": "white", "edgecolor": "none"}
    place = axes.transAxes
    axes.text(0.5, 0.5, text, transform=place, ha="center", va="center", fontsize="small", color="0.4", bbox=box)
