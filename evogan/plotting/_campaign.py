"""Indicators of a whole campaign, problem by problem: convergence and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from evogan.plotting._campaign_data import (
    Against,
    Curve,
    Floats,
    common_grid,
    curves,
    last_known,
    quartiles,
    select_algorithms,
    select_problems,
    sign_of,
)
from evogan.plotting._panels import label_of, legend, panels, say, style

if TYPE_CHECKING:
    from evogan.experiments import Results


def plot_campaign_convergence(
    results: Results,
    metric: str,
    *,
    problems: Sequence[str] | None = None,
    algorithms: Sequence[str] | None = None,
    against: Against = "evaluations",
) -> Figure:
    """Draw the median over runs, and the interquartile range as a band, one panel a problem.

    Between its records a run counts with its last known value, before the first not at all, after its end with its
    final one. Infinite values (nothing found yet) count as worst; where a median or quartile is infinite, there is a
    gap. The scale is logarithmic where smaller is better and all drawn values are positive.

    Args:
        results: of a campaign, with the convergence of each run.
        metric: an indicator that was recorded on the way.
        problems: labels to draw; None means every problem on which a finished run has the metric.
        algorithms: labels to draw; None means all.
        against: "evaluations", or "seconds" of wall time.

    Raises:
        ValueError: a label, the metric or ``against`` is not known, or a run was recorded without convergence.

    Example:
        >>> import numpy as np
        >>> from evogan.experiments import Record, Results
        >>> arrays = {"convergence_n_evals": np.array([100, 200]), "convergence_igd": np.array([0.5, 0.25])}
        >>> results = Results([Record("nsga2", "zdt1", 1, {"igd": 0.25}, load=lambda: arrays)])
        >>> plot_campaign_convergence(results, "igd").axes[0].lines[0].get_ydata().tolist()
        [0.5, 0.25]
    """
    results.check_metric(metric)
    problems, algorithms = select_problems(results, problems, metric), select_algorithms(results, algorithms)
    figure, axes_of = panels(problems)
    for axes, problem in zip(axes_of, problems, strict=True):
        drawn = []
        for i, algorithm in enumerate(algorithms):
            runs = curves(results, metric, problem=problem, algorithm=algorithm, against=against)
            if runs:
                drawn.append(_draw_convergence(axes, runs, i, len(algorithms)))
        _finish(axes, drawn, metric)
        axes.xaxis.set_major_locator(MaxNLocator(4))
    legend(figure, [Line2D([], [], **style(i)) for i in range(len(algorithms))], algorithms)
    figure.supxlabel({"evaluations": "evaluations", "seconds": "wall time in seconds"}[against], fontsize="medium")
    figure.supylabel(label_of(metric), fontsize="medium")
    return figure


def _draw_convergence(axes: Axes, runs: Sequence[Curve], i: int, n: int) -> Floats:
    grid = common_grid(runs)
    values = quartiles(np.array([last_known(run, grid) for run in runs]))
    low, median, high = np.where(np.isfinite(values), values, np.nan)
    every = max(len(grid) // 5, 1)
    mark = (i * every // n, every)  # markers of different algorithms at different places
    axes.plot(grid, median, drawstyle="steps-post", markevery=mark, zorder=3, **style(i))
    both = np.isfinite(low) & np.isfinite(high)
    axes.fill_between(grid, low, high, where=both, step="post", color=style(i)["color"], alpha=0.2, linewidth=0)
    return np.concatenate([low, median, high])


def _finish(axes: Axes, drawn: Sequence[Floats], metric: str, *, along: str = "y") -> None:
    """Choose the scale of a panel by what was drawn, or say that there is nothing."""
    finite = np.concatenate([np.empty(0), *drawn])
    finite = finite[np.isfinite(finite)]
    if len(finite) == 0:
        say(axes, "nothing found" if drawn else "no finished run")
    elif sign_of(metric) > 0 and finite.min() > 0:
        (axes.set_yscale if along == "y" else axes.set_xscale)("log")
        if finite.max() < 30 * finite.min():  # powers of ten alone would leave the axis nearly bare
            axis = axes.yaxis if along == "y" else axes.xaxis
            axis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())


def plot_box(
    results: Results,
    metric: str,
    *,
    problems: Sequence[str] | None = None,
    algorithms: Sequence[str] | None = None,
) -> Figure:
    """Draw the final values of all runs as points, and their quartiles as boxes, one panel a problem.

    Whiskers reach to the outermost runs within 1.5 interquartile ranges of the box. Runs with an infinite value
    (nothing found) count as worst and are written as a number at the right; there is no box where they reach into it.

    Args:
        results: of a campaign, or a table of one's own.
        metric: an indicator.
        problems: labels to draw; None means every problem on which a finished run has the metric.
        algorithms: labels to draw; None means all.

    Raises:
        ValueError: a label or the metric is not known.

    Example:
        >>> from evogan.experiments import Record, Results
        >>> results = Results([Record("nsga2", "zdt1", seed, {"igd": 0.1 * seed}) for seed in (1, 2, 3)])
        >>> len(plot_box(results, "igd").axes)
        1
    """
    results.check_metric(metric)
    problems, algorithms = select_problems(results, problems, metric), select_algorithms(results, algorithms)
    figure, axes_of = panels(problems, height=0.7 + 0.3 * len(algorithms), sharey=True)
    for axes, problem in zip(axes_of, problems, strict=True):
        values = [results.values(metric, problem=problem, algorithm=algorithm) for algorithm in algorithms]
        for i, of_one in enumerate(values):
            _draw_box(axes, of_one[~np.isnan(of_one)], i)
        _finish(axes, [of_one for of_one in values if len(of_one)], metric, along="x")
        axes.set_yticks(range(len(algorithms)), algorithms)
        axes.set_ylim(len(algorithms) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.use_sticky_edges = False  # bars would take the margin at the outermost box
    figure.supxlabel(label_of(metric), fontsize="medium")
    return figure


def _draw_box(axes: Axes, values: Floats, i: int) -> None:
    if len(values) == 0:
        return
    found = np.isfinite(values)
    low, median, high = quartiles(values[:, None])[:, 0]
    if np.isfinite([low, median, high]).all():
        reach = 1.5 * (high - low)
        inner = values[found & (values >= low - reach) & (values <= high + reach)]
        axes.barh(i, high - low, left=low, height=0.6, color="0.93", edgecolor="0.3")
        axes.hlines([i, i], [min(inner.min(), low), high], [low, max(inner.max(), high)], color="0.3", linewidth=1.0)
        axes.vlines(median, i - 0.3, i + 0.3, color="black", linewidth=2.0)
    at = i + np.linspace(-0.2, 0.2, len(values))  # by seed, from top to bottom
    axes.plot(values[found], at[found], **{**style(i), "linestyle": "none", "alpha": 0.8}, zorder=3)
    if not found.all():
        text = f"{(~found).sum()} found nothing"
        place = axes.get_yaxis_transform()
        axes.text(0.99, i - 0.36, text, transform=place, ha="right", va="center", fontsize="x-small")
