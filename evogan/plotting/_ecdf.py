"""Runtime distributions over all problems of a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from evogan._internal.checks import check_int
from evogan.plotting._campaign_data import (
    Curve,
    Floats,
    curves,
    hitting_times,
    select_algorithms,
    select_problems,
    sign_of,
    targets_of,
)
from evogan.plotting._panels import label_of, legend, panels, style

if TYPE_CHECKING:
    from evogan.experiments import Results


def plot_ecdf(
    results: Results,
    metric: str,
    *,
    n_targets: int = 51,
    problems: Sequence[str] | None = None,
    algorithms: Sequence[str] | None = None,
) -> Figure:
    """Draw the proportion of all pairs of run and target that was reached, against evaluations.

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
    runs = {(p, a): _runs(results, metric, problem=p, algorithm=a) for p in problems for a in algorithms}
    targets = {p: targets_of([run for a in algorithms for run in runs[p, a]], n_targets) for p in problems}
    problems = [p for p in problems if len(targets[p])]
    if not problems:
        raise ValueError(f"results must hold a run that found something, got no finite {metric} on the way")
    figure, (axes,) = panels([f"{label_of(metric)}, {n_targets} targets on each of {len(problems)} problems"])
    for i, algorithm in enumerate(algorithms):
        cells = [(targets[p], runs[p, algorithm]) for p in problems]
        x, y = _distribution(cells)
        n_seen = sum(1 for _, of_cell in cells if of_cell)
        label = algorithm if n_seen == len(cells) else f"{algorithm} ({n_seen} of {len(cells)} problems)"
        axes.plot(x, y, drawstyle="steps-post", markevery=(i * 0.03, 0.15), label=label, **style(i))
    axes.set(xlabel="evaluations", ylabel="proportion of (run, target) pairs reached", ylim=(0.0, 1.02))
    if all(x.min() > 0 for of_cell in runs.values() for x, _ in of_cell if len(x)):
        axes.set_xscale("log")
    legend(figure, axes.lines, [str(line.get_label()) for line in axes.lines])
    return figure


def _runs(results: Results, metric: str, *, problem: str, algorithm: str) -> list[Curve]:
    """Return the runs of a cell, turned so that smaller values are better."""
    found = curves(results, metric, problem=problem, algorithm=algorithm, against="evaluations")
    return [(x, sign_of(metric) * y) for x, y in found]


def _distribution(cells: Sequence[tuple[Floats, Sequence[Curve]]]) -> Curve:
    """Return the evaluations at which pairs are reached, the first and the last, and the proportion reached by then."""
    hits, parts, ends = [np.empty(0)], [np.empty(0)], [np.empty(0)]
    for targets, runs in cells:
        for run in runs:
            hits.append(hitting_times(run, targets))
            parts.append(np.full(len(targets), 1.0 / (len(cells) * len(runs) * len(targets))))
            ends += [run[0][:1], run[0][-1:]]
    times, part = np.concatenate(hits), np.concatenate(parts)
    order = np.argsort(times, kind="stable")
    x = np.unique(np.concatenate([times[np.isfinite(times)], *ends]))
    reached = np.concatenate([[0.0], np.cumsum(part[order])])
    return x, reached[np.searchsorted(times[order], x, side="right")]
