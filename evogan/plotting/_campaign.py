"""Indicators of a whole campaign: convergence, runtime distributions, boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evogan._internal.checks import check_int
from evogan.plotting._campaign_data import (
    Against,
    Curve,
    Floats,
    common_grid,
    curves,
    hitting_times,
    last_known,
    quartiles,
    select_algorithms,
    select_problems,
    sign_of,
    targets_of,
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
    figure.supxlabel({"evaluations": "evaluations", "seconds": "wall time in seconds"}[against])
    figure.supylabel(label_of(metric))
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


def plot_ecdf(
    results: Results,
    metric: str,
    *,
    n_targets: int = 51,
    problems: Sequence[str] | None = None,
    algorithms: Sequence[str] | None = None,
) -> Figure:
    """Draw which part of all pairs of run and target was reached, against evaluations.

    The targets of a problem lead from the worst first value to the best value of all drawn runs, in equal ratios; in
    equal steps where larger is better or values are not positive. Every problem has the same weight. An algorithm
    without a finished run on a problem reached no target there, and the legend says so; a problem on which no
    run found anything has no targets and is left out. A curve ends with its algorithm's last evaluation.

    N. Hansen, A. Auger, R. Ros, O. Mersmann, T. Tušar, D. Brockhoff, "COCO: a platform for comparing continuous
    optimizers in a black-box setting", Optimization Methods and Software 36(1), 2021; here with targets of the
    campaign itself and without simulated restarts.

    Args:
        results: of a campaign, with the convergence of each run.
        metric: an indicator that was recorded on the way.
        n_targets: for each problem.
        problems: labels to count; None means every problem on which a finished run has the metric.
        algorithms: labels to draw; None means all.

    Raises:
        ValueError: a label or the metric is not known, no run found anything, or one has no convergence.

    Example:
        >>> import numpy as np
        >>> from evogan.experiments import Record, Results
        >>> arrays = {"convergence_n_evals": np.array([100, 200]), "convergence_igd": np.array([0.5, 0.25])}
        >>> results = Results([Record("nsga2", "zdt1", 1, {"igd": 0.25}, load=lambda: arrays)])
        >>> plot_ecdf(results, "igd", n_targets=4).axes[0].lines[0].get_ydata().tolist()
        [0.25, 1.0]
    """
    check_int(n_targets, "n_targets", low=2)
    results.check_metric(metric)
    problems, algorithms = select_problems(results, problems, metric), select_algorithms(results, algorithms)
    sign = sign_of(metric)
    times: dict[str, list[tuple[Floats, int]]] = {algorithm: [] for algorithm in algorithms}
    ends: dict[str, list[Floats]] = {algorithm: [] for algorithm in algorithms}
    n_problems = 0
    for problem in problems:
        runs_of = {
            algorithm: [
                (x, sign * y)
                for x, y in curves(results, metric, problem=problem, algorithm=algorithm, against="evaluations")
            ]
            for algorithm in algorithms
        }
        targets = targets_of([run for runs in runs_of.values() for run in runs], n_targets)
        if len(targets) == 0:
            continue
        n_problems += 1
        for algorithm, runs in runs_of.items():
            ends[algorithm] += [x for x, _ in runs]
            if runs:
                hits = np.concatenate([hitting_times(run, targets) for run in runs])
                times[algorithm].append((hits, len(runs)))
    raise NotImplementedError(n_problems)
