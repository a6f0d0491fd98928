"""What a run on several tasks found, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from evogan.plotting._figures import draw_sets
from evogan.plotting._panels import grid_shape

_MAX_POINTS = 2000  # of a front in a small panel


def plot_task_fronts(
    sets: Mapping[str, ArrayLike], *, fronts: Mapping[str, ArrayLike | None] | None = None, title: str = ""
) -> Figure:
    """Draw the objective vectors ``(n, n_obj)`` of every task in a panel of its own, and its Pareto front behind them.

    Args:
        sets: task -> what was found; tasks may differ in their objectives, an empty set is drawn as an empty panel.
        fronts: task -> its front, or None where it is not known.
        title: above all panels.

    Raises:
        ValueError: no task, or a set that is not two-dimensional.

    Example:
        >>> figure = plot_task_fronts({"T1": [[0.0, 1.0], [1.0, 0.0]], "T2": [[0.5, 0.5, 0.5]]}, title="two tasks")
        >>> [axes.get_title() for axes in figure.axes]
        ['T1', 'T2']
    """
    arrays = {name: np.asarray(F, dtype=np.float64) for name, F in sets.items()}
    if not arrays:
        raise ValueError("sets must hold at least one task, got none")
    for name, F in arrays.items():
        if F.ndim != 2:
            raise ValueError(f"sets must have the shape (n, n_obj), got {F.shape} for {name!r}")
    n = len(arrays)
    n_rows, n_cols = grid_shape(n)
    size = 4.4 if n <= 3 else 3.0
    figure = Figure(figsize=(n_cols * size, n_rows * size * 0.85 + 0.5), layout="constrained")
    for i, (name, F) in enumerate(arrays.items(), 1):
        front = None if fronts is None or fronts.get(name) is None else np.asarray(fronts[name], dtype=np.float64)
        axes = figure.add_subplot(n_rows, n_cols, i, projection="3d" if F.shape[1] == 3 else None)
        few = None if front is None else front[:: math.ceil(len(front) / _MAX_POINTS)]
        draw_sets(axes, {"found": F}, few, F.shape[1])
        axes.set_title(name, fontsize="medium" if n <= 3 else "x-small")
        axes.tick_params(labelsize="small")
        if i == 1:
            axes.legend(loc="upper right", fontsize="small")
    if title:
        figure.suptitle(title)
    return figure
