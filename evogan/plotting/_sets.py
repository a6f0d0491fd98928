"""What the runs of a campaign ended with on one problem: median runs and attainment surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import moocore
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from evogan.plotting._campaign_data import Floats, check_problems, final_set, select_algorithms, sign_of
from evogan.plotting._figures import plot_front
from evogan.plotting._panels import label_of, legend, panels, say, style

if TYPE_CHECKING:
    from evogan.experiments import Record, Results

Line = Literal[":", "-", "--"]
# Level of attainment -> how its surface is drawn; all in black or grey, told apart by their dashes.
SURFACES: dict[str, Line] = {"one run": ":", "half of the runs": "-", "all runs": "--"}


def plot_fronts(
    results: Results,
    *,
    problem: str,
    algorithms: Sequence[str] | None = None,
    metric: str = "igd",
    front: ArrayLike | None = None,
) -> Figure:
    """Draw the final set of each algorithm's median run, and the Pareto front behind them.

    The median run is the one with the median of ``metric``, of an even number the better of the two in the middle.

    Args:
        results: of a campaign, with the final set of each run.
        problem: its label.
        algorithms: labels to draw; None means all.
        metric: decides which run is the median one; its value stands in the legend.
        front: objective vectors ``(n, n_obj)`` to compare with.

    Raises:
        ValueError: a label or the metric is not known, no run has the metric, or it was recorded without its set.

    Example:
        >>> import numpy as np
        >>> from evogan.experiments import Record, Results
        >>> results = Results([Record("nsga2", "zdt1", 1, {"igd": 0.25}, load=lambda: {"F": np.eye(2)})])
        >>> plot_fronts(results, problem="zdt1").axes[0].get_legend().get_texts()[0].get_text()
        'nsga2 (IGD 0.25)'
    """
    results.check_metric(metric)
    check_problems(results, [problem], "problem")
    sets: dict[str, Floats] = {}
    missing = []
    for algorithm in select_algorithms(results, algorithms):
        record = _median_run(results.cell(problem=problem, algorithm=algorithm), metric)
        if record is None:
            missing.append(f"{algorithm} (no finished run)")
        else:
            sets[f"{algorithm} ({label_of(metric).split(' (')[0]} {record.metrics[metric]:.3g})"] = final_set(record)
    if not sets:
        raise ValueError(f"metric must be one that a finished run on {problem} has, got {metric!r}")
    n_obj = next(iter(sets.values())).shape[1]
    return plot_front({**sets, **{name: np.empty((0, n_obj)) for name in missing}}, front=front, title=problem)


def _median_run(records: Sequence[Record], metric: str) -> Record | None:
    with_metric = [r for r in records if not np.isnan(r.metrics.get(metric, np.nan))]
    ordered = sorted(with_metric, key=lambda record: sign_of(metric) * record.metrics[metric])
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def plot_attainment(results: Results, *, problem: str, algorithms: Sequence[str] | None = None) -> Figure:
    """Draw which objective vectors were attained by one run, by half of the runs and by all, one panel an algorithm.

    A run attains what a solution of its final set dominates or equals. Runs that found nothing attain nothing and
    count all the same; where fewer than half, or not all, found something, that surface does not exist. The
    coloured band lies between the best and the worst surface; thin grey lines are the other algorithms' medians.

    C. M. Fonseca, A. P. Guerreiro, M. López-Ibáñez, L. Paquete, "On the computation of the empirical attainment
    function", Evolutionary Multi-Criterion Optimization, 2011.

    Args:
        results: of a campaign, with the final set of each run.
        problem: its label; of two objectives, both minimised.
        algorithms: labels to draw; None means all.

    Raises:
        ValueError: a label is not known, no run has finished, or the number of objectives is not 2.

    Example:
        >>> import numpy as np
        >>> from evogan.experiments import Record, Results
        >>> results = Results([Record("nsga2", "zdt1", 1, {}, load=lambda: {"F": np.eye(2)})])
        >>> plot_attainment(results, problem="zdt1").axes[0].get_title()
        'nsga2 (1 run)'
    """
    check_problems(results, [problem], "problem")
    sets_of = {
        algorithm: [final_set(record) for record in results.cell(problem=problem, algorithm=algorithm)]
        for algorithm in select_algorithms(results, algorithms)
    }
    widths = {F.shape[1] for sets in sets_of.values() for F in sets}
    if not widths:
        raise ValueError(f"problem must have a finished run of the algorithms asked for, {problem} has none")
    if widths != {2}:
        raise ValueError(f"problem must have 2 objectives for attainment surfaces, {problem} has {max(widths)}")
    surfaces = [_surfaces(sets) for sets in sets_of.values()]
    points = np.concatenate([corners for of_one in surfaces for corners in of_one])
    low, high = (points.min(axis=0), points.max(axis=0)) if len(points) else (np.zeros(2), np.ones(2))
    pad = 0.05 * np.where(high > low, high - low, 1.0)
    names = list(sets_of)
    titles = [f"{name} ({len(sets)} run{'' if len(sets) == 1 else 's'})" for name, sets in sets_of.items()]
    figure, axes_of = panels(titles, width=3.2, height=2.9, sharex=True, sharey=True)
    for i, axes in enumerate(axes_of):
        if len(surfaces[i][0]):
            _draw_surfaces(axes, surfaces[i], high + pad, style(i)["color"])
        else:
            say(axes, "nothing found" if sets_of[names[i]] else "no finished run")
        for _, median, _ in surfaces[:i] + surfaces[i + 1 :]:
            axes.plot(*_corners(median, high + pad).T, color="0.6", linewidth=0.8, drawstyle="steps-post")
        axes.set(xlim=(low[0] - pad[0], high[0] + pad[0]), ylim=(low[1] - pad[1], high[1] + pad[1]))
    handles = [Line2D([], [], color="black", linestyle=line) for line in SURFACES.values()]
    handles.append(Line2D([], [], color="0.6", linewidth=0.8))
    labels = [f"attained by {level}" for level in SURFACES]
    legend(figure, handles, [*labels, "by half of another algorithm's runs"])
    figure.supxlabel("$f_1$", fontsize="medium")
    figure.supylabel("$f_2$", fontsize="medium")
    return figure


def _surfaces(sets: Sequence[Floats]) -> list[Floats]:
    """Return the corners ``(n, 2)``, by the first objective, of what 1, half (rounded up) and all runs attain."""
    found = [F for F in sets if len(F)]
    surfaces = []
    for level in (1, (len(sets) + 1) // 2, len(sets)):
        corners = np.empty((0, 2))
        if 0 < level <= len(found):  # moocore counts only sets with points, and rounds percentiles up to whole sets
            ids = np.repeat(np.arange(len(found)), [len(F) for F in found])
            percentile = 100.0 * (level - 0.5) / len(found)
            corners = moocore.eaf(np.concatenate(found), ids, percentiles=[percentile])[:, :2]
        surfaces.append(corners[np.argsort(corners[:, 0], kind="stable")])
    return surfaces


def _corners(surface: Floats, end: Floats) -> Floats:
    """Return a surface from the upper end of the picture to its right end, for steps that fall after each corner."""
    if len(surface) == 0:
        return surface
    return np.array([[surface[0, 0], end[1]], *surface, [end[0], surface[-1, 1]]])


def _draw_surfaces(axes: Axes, surfaces: Sequence[Floats], end: Floats, colour: str) -> None:
    best, _, worst = surfaces
    grid = np.unique(np.concatenate([best[:, 0], worst[:, 0], end[:1]]))
    heights = []
    for surface in (best, worst):
        steps = np.append(surface[:, 1], end[1])  # left of its first corner a surface is beyond the picture
        heights.append(steps[np.searchsorted(surface[:, 0], grid, side="right") - 1])
    axes.fill_between(grid, heights[0], heights[1], step="post", color=colour, alpha=0.3, linewidth=0)
    for surface, line in zip(surfaces, SURFACES.values(), strict=True):
        axes.plot(*_corners(surface, end).T, color="black", linestyle=line, linewidth=1.2, drawstyle="steps-post")
