"""Fronts and convergence curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

# M. Okabe, K. Ito, "Color universal design", 2008: told apart by colour-blind readers too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "^", "s", "D", "v", "P", "x")
INDICATORS = {"igd": "IGD", "hv": "HV (normalised, reference point 1.1)", "f_min": "best objective value"}
MAX_LEGEND = 12  # more names would hide the curves


def plot_front(sets: Mapping[str, ArrayLike], *, front: ArrayLike | None = None, title: str = "") -> Figure:
    """Draw sets of objective vectors ``(n, n_obj)`` by name, and the Pareto front behind them.

    One objective is drawn as bars, two and three as points, more as parallel coordinates.
    """
    arrays = {name: np.atleast_2d(np.asarray(F, dtype=np.float64)) for name, F in sets.items()}
    widths = {F.shape[1] for F in arrays.values() if F.size} or {2}
    if len(widths) != 1:
        raise ValueError(f"sets must have the same number of objectives, got {sorted(widths)}")
    n_obj = widths.pop()
    reference = None if front is None else np.asarray(front, dtype=np.float64)
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.add_subplot(projection="3d" if n_obj == 3 else None)
    draw_sets(axes, arrays, reference, n_obj)
    if title:
        axes.set_title(title)
    axes.legend(loc="upper right", fontsize="small")
    return figure


def plot_convergence(runs: Mapping[str, Sequence[Mapping[str, Any]]], *, title: str = "") -> Figure:
    """Draw the indicators of convergence tables (lists of rows with ``n_evals``) against evaluations.

    More than 12 curves get no legend.
    """
    names = [n for n in INDICATORS if any(row.get(n) is not None for rows in runs.values() for row in rows)]
    figure = Figure(figsize=(4.8 * max(len(names), 1), 4.0), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, max(len(names), 1)))
    for axes, name in zip(panels, names, strict=False):
        for (label, rows), colour in zip(runs.items(), _cycle(COLOURS), strict=False):
            n = [row["n_evals"] for row in rows]
            y = np.array([np.nan if row.get(name) is None else float(row[name]) for row in rows])
            axes.plot(n, np.where(np.isfinite(y), y, np.nan), color=colour, label=label)
        if name == "igd":
            axes.set_yscale("log")
        axes.set(xlabel="evaluations", ylabel=INDICATORS[name])
        axes.grid(alpha=0.3)
    if names and len(runs) <= MAX_LEGEND:
        panels[0].legend(fontsize="small")
    if title:
        figure.suptitle(title)
    return figure


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write ``figure`` in the format of the path's ending, without a date, so that equal pictures are equal files."""
    suffix = Path(path).suffix
    metadata: dict[str, Any] = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(
        suffix, {}
    )
    with rc_context({"svg.hashsalt": "evogan"}):  # otherwise SVG ids are random
        figure.savefig(path, dpi=150, metadata=metadata)


def draw_sets(axes: Any, sets: Mapping[str, NDArray[Any]], front: NDArray[Any] | None, n_obj: int) -> None:
    """Draw sets of objective vectors into axes, which are three-dimensional for three objectives."""
    draw: Callable[..., None] = {1: _bars, 2: _scatter_2d, 3: _scatter_3d}.get(n_obj, _parallel)
    draw(axes, sets, front)


def _scatter_2d(axes: Axes, sets: Mapping[str, NDArray[Any]], front: NDArray[Any] | None) -> None:
    if front is not None:
        axes.plot(*front.T, ".", color="0.7", markersize=1.5, label="Pareto front", zorder=1)
    for (name, F), colour, marker in zip(sets.items(), _cycle(COLOURS), _cycle(MARKERS), strict=False):
        axes.plot(*F.reshape(-1, 2).T, marker, color=colour, markersize=4, alpha=0.8, label=name, zorder=2)
    axes.set(xlabel="$f_1$", ylabel="$f_2$")
    axes.grid(alpha=0.3)


def _scatter_3d(axes: Any, sets: Mapping[str, NDArray[Any]], front: NDArray[Any] | None) -> None:
    if front is not None:
        few = front[:: max(1, len(front) // 1500)]
        axes.scatter(*few.T, color="0.7", s=1, alpha=0.4, label="Pareto front")
    for (name, F), colour, marker in zip(sets.items(), _cycle(COLOURS), _cycle(MARKERS), strict=False):
        axes.scatter(*F.reshape(-1, 3).T, color=colour, marker=marker, s=14, label=name, depthshade=False)
    axes.set(xlabel="$f_1$", ylabel="$f_2$", zlabel="$f_3$")
    axes.view_init(elev=25, azim=40)


def _parallel(axes: Axes, sets: Mapping[str, NDArray[Any]], front: NDArray[Any] | None) -> None:
    for (name, F), colour in zip(sets.items(), _cycle(COLOURS), strict=False):
        for i, row in enumerate(F):
            axes.plot(np.arange(1, len(row) + 1), row, color=colour, alpha=0.3, label=name if i == 0 else None)
        if len(F) == 0:
            axes.plot([], [], color=colour, label=name)
    axes.set(xlabel="objective", ylabel="value")


def _bars(axes: Axes, sets: Mapping[str, NDArray[Any]], front: NDArray[Any] | None) -> None:
    for i, ((name, F), colour) in enumerate(zip(sets.items(), _cycle(COLOURS), strict=False)):
        axes.bar(i, float(F.min()) if F.size else np.nan, color=colour, label=name)
    if front is not None:
        axes.axhline(float(front.min()), color="0.4", linestyle="--", label="known optimum")
    axes.set(ylabel="objective value")
    axes.set_xticks([])


def _cycle(values: Sequence[str]) -> list[str]:
    return list(values) * 20
