"""What the pictures of a campaign are drawn from: selections, runs as step functions, quartiles, hitting times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan.metrics import larger_is_better

if TYPE_CHECKING:  # evogan.experiments imports torch: seconds that fronts and single runs need not wait for
    from evogan.experiments import Record, Results

Floats = NDArray[np.float64]
Curve = tuple[Floats, Floats]
Against = Literal["evaluations", "seconds"]

COLUMNS = {"evaluations": "convergence_n_evals", "seconds": "convergence_wall_seconds"}
MAX_GRID = 400  # points of a drawn curve: more cannot be seen, and make vector files large


def sign_of(metric: str) -> float:
    """Return the factor that makes smaller values of ``metric`` the better ones."""
    return -1.0 if larger_is_better(metric) else 1.0


def select_problems(results: Results, problems: Sequence[str] | None, metric: str) -> list[str]:
    """Return the labels asked for; None means every problem on which a finished run has the metric."""
    with_metric = {r.problem for r in results.records if r.error is None and metric in r.metrics}
    if problems is None and not with_metric:
        raise ValueError(f"metric must be one that a finished run has, got {metric!r}")
    return [p for p in results.problems if p in with_metric] if problems is None else check_problems(results, problems)


def check_problems(results: Results, problems: Sequence[str], name: str = "problems") -> list[str]:
    """Return ``problems`` if there are runs on each; a ValueError lists what there is."""
    return _chosen(problems, results.problems, name)


def select_algorithms(results: Results, algorithms: Sequence[str] | None) -> list[str]:
    """Return the labels asked for; None means every algorithm."""
    return results.algorithms if algorithms is None else _chosen(algorithms, results.algorithms, "algorithms")


def _chosen(asked: Sequence[str], known: list[str], name: str) -> list[str]:
    if isinstance(asked, str):
        raise TypeError(f"{name} must be a sequence of labels, got the string {asked!r}")
    unknown = [repr(one) for one in asked if one not in known]
    if unknown or not asked:
        raise ValueError(f"{name} must be among {', '.join(known) or '(none)'}, got {', '.join(unknown) or 'none'}")
    return list(dict.fromkeys(asked))


def curves(results: Results, metric: str, *, problem: str, algorithm: str, against: Against) -> list[Curve]:
    """Return ``(x, values)`` of each finished run that has the metric; rows without a value are left out.

    Raises:
        ValueError: a run has a final value and no convergence to it.
    """
    if against not in get_args(Against):
        raise ValueError(f"against must be one of {', '.join(get_args(Against))}, got {against!r}")
    found = []
    for record in results.cell(problem=problem, algorithm=algorithm):
        if metric in record.metrics:
            names = (COLUMNS[against], f"convergence_{metric}")
            x, y = _arrays(record, record.load(), names, f"{metric} against {against}")
            known = ~np.isnan(x) & ~np.isnan(y)
            order = np.argsort(x[known], kind="stable")
            found.append((x[known][order], y[known][order]))
    return found


def final_set(record: Record) -> Floats:
    """Return the finite, feasible objective vectors ``(n, n_obj)`` that a run ended with.

    Raises:
        ValueError: the run was recorded without them.
    """
    arrays = record.load()
    (F,) = _arrays(record, arrays, ("F",), "final sets")
    keep = np.isfinite(F).all(axis=1)
    if "CV" in arrays:
        keep &= np.asarray(arrays["CV"], dtype=np.float64).reshape(len(F)) <= 0
    return F[keep]


def _arrays(record: Record, arrays: Mapping[str, ArrayLike], names: Sequence[str], what: str) -> list[Floats]:
    missing = [name for name in names if name not in arrays]
    if missing:
        run = f"{record.algorithm} on {record.problem}, seed {record.seed}"
        raise ValueError(
            f"a picture of {what} needs the arrays {', '.join(names)} of every run, got {run} without "
            f"{', '.join(missing)}: give a campaign's folder, a table of final values is not enough"
        )
    return [np.asarray(arrays[name], dtype=np.float64) for name in names]


def common_grid(runs: Sequence[Curve]) -> Floats:
    """Return all x at which some run was recorded, thinned to ``MAX_GRID`` with both ends kept."""
    grid = np.unique(np.concatenate([x for x, _ in runs])) if runs else np.empty(0)
    if len(grid) > MAX_GRID:
        grid = grid[np.linspace(0, len(grid) - 1, MAX_GRID).round().astype(int)]
    return grid


def last_known(run: Curve, grid: Floats) -> Floats:
    """Return a run's value at each x of the grid: that of its last record before it, NaN before the first."""
    x, y = run
    return np.append(y, np.nan)[np.searchsorted(x, grid, side="right") - 1]


def quartiles(values: Floats) -> Floats:
    """Return first quartile, median and third quartile ``(3, n)`` of the columns of ``(n_runs, n)``.

    Linear interpolation as in NumPy. NaN is left out, and infinity counts as a value: where more than a quarter
    of the runs have found nothing, the third quartile is not finite.
    """
    ordered = np.sort(values, axis=0)  # NaN last
    n = (~np.isnan(values)).sum(axis=0)
    position = np.maximum(np.outer([0.25, 0.5, 0.75], n - 1), 0.0)
    below = np.floor(position).astype(int)
    low = np.take_along_axis(ordered, below, axis=0)
    high = np.take_along_axis(ordered, np.ceil(position).astype(int), axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(low == high, low, low + (high - low) * (position - below))


def targets_of(runs: Sequence[Curve], n_targets: int) -> Floats:
    """Return the targets of a problem from the runs of all algorithms, smaller values being better.

    From the worst first value to the best value of all, in equal ratios if all are positive, else in equal steps;
    empty where no run has found anything.
    """
    finite = [y[np.isfinite(y)] for _, y in runs]
    finite = [y for y in finite if len(y)]
    if not finite:
        return np.empty(0)
    worst, best = max(y[0] for y in finite), min(y.min() for y in finite)
    return np.geomspace(worst, best, n_targets) if best > 0 else np.linspace(worst, best, n_targets)


def hitting_times(run: Curve, targets: Floats) -> Floats:
    """Return the first x at which a run is as good as each target, infinity where it never is."""
    x, y = np.append(run[0], np.inf), np.append(run[1], -np.inf)
    first: Floats = x[(y <= targets[:, None]).argmax(axis=1)]
    return first
