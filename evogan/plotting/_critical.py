"""Critical-difference diagrams of mean ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evogan._internal.checks import check_float

ROW = 0.3  # inches between labels


def plot_critical_difference(mean_ranks: Mapping[str, float], critical_difference: float, *, title: str = "") -> Figure:
    """Draw mean ranks on a line, the best at the right, with bars joining those that are not told apart.

    Two algorithms are told apart when their mean ranks differ by at least the critical difference. A bar joins each
    largest group without such a pair; groups may overlap.

    J. Demšar, "Statistical comparisons of classifiers over multiple data sets", Journal of Machine Learning
    Research 7, 2006, section 3.2.2 and figure 1.

    Args:
        mean_ranks: algorithm -> mean of its ranks over the problems, from 1 (best) to the number of algorithms.
        critical_difference: of the Nemenyi test.
        title: above the diagram.

    Raises:
        ValueError: fewer than two algorithms, an impossible rank, or a critical difference that is not positive.

    Example:
        >>> figure = plot_critical_difference({"gmoea": 1.2, "nsga2": 1.9, "random": 2.9}, 0.8)
        >>> figure.axes[0].texts[-1].get_text()
        'random  2.90'
    """
    n = len(mean_ranks)
    if n < 2:
        raise ValueError(f"mean_ranks must hold at least 2 algorithms, got {n}")
    for name, rank in mean_ranks.items():
        check_float(rank, f"mean_ranks[{name!r}]", low=1.0, high=n)
    check_float(critical_difference, "critical_difference", low=0.0, low_open=True)
    names = sorted(mean_ranks, key=lambda name: mean_ranks[name])
    ranks = [float(mean_ranks[name]) for name in names]
    bars = _levels([(ranks[i], ranks[j]) for i, j in rank_groups(ranks, critical_difference)], 0.05 * n)
    first_row = 1.0 + 0.5 * (1 + max((level for *_, level in bars), default=-1))
    last_row = first_row + (n + 1) // 2 - 1
    figure = Figure(figsize=(7.0, ROW * (last_row + 3.6) + (0.3 if title else 0.0)), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlim=(n, min(1.0, n - critical_difference)), ylim=(last_row + 0.5, -2.6))
    axes.set_axis_off()
    if title:
        axes.set_title(title)
    _draw_axis(axes, n, critical_difference)
    for best, worst, level in bars:
        y = 0.5 + 0.5 * level
        axes.plot([best - 0.012 * n, worst + 0.012 * n], [y, y], color="black", linewidth=4, solid_capstyle="butt")
    n_right = (n + 1) // 2
    for i, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        right = i < n_right
        y = first_row + (i if right else n - 1 - i)
        edge = (1.0 - 0.04 * n) if right else n + 0.04 * n
        axes.plot([rank, rank, edge], [0.0, y, y], color="0.3", linewidth=1.0, clip_on=False)
        text = f"{rank:.2f}  {name}" if right else f"{name}  {rank:.2f}"
        axes.text(edge - (0.01 if right else -0.01) * n, y, text, ha="left" if right else "right", va="center")
    return figure


def rank_groups(ranks: Sequence[float], critical_difference: float) -> list[tuple[int, int]]:
    """Return first and last index of each maximal run of ascending ``ranks`` that are not told apart."""
    groups: list[tuple[int, int]] = []
    for i, best in enumerate(ranks):
        last = max(j for j, rank in enumerate(ranks) if j == i or rank - best < critical_difference)
        if last > i and (not groups or last > groups[-1][1]):
            groups.append((i, last))
    return groups


def _levels(bars: Sequence[tuple[float, float]], gap: float) -> list[tuple[float, float, int]]:
    """Give each bar the uppermost level at which there is a gap to the next."""
    ends: list[float] = []
    placed = []
    for best, worst in bars:
        level = next((i for i, end in enumerate(ends) if end + gap < best), len(ends))
        ends[level : level + 1] = [worst]
        placed.append((best, worst, level))
    return placed


def _draw_axis(axes: Axes, n: int, critical_difference: float) -> None:
    """Draw the line of ranks with its ticks, and the critical difference above it."""
    axes.plot([1, n], [0, 0], color="black", linewidth=1.2, clip_on=False)
    for half in range(2, 2 * n + 1):
        whole = half % 2 == 0
        axes.plot([half / 2] * 2, [0, -0.3 if whole else -0.15], color="black", linewidth=1.0, clip_on=False)
        if whole:
            axes.text(half / 2, -0.45, str(half // 2), ha="center", va="bottom", fontsize="small")
    ends = [n, n - critical_difference]
    axes.plot(ends, [-1.7, -1.7], color="black", linewidth=1.2, marker="|", markersize=8, clip_on=False)
    middle = sum(ends) / 2
    axes.text(
        middle, -1.9, f"critical difference {critical_difference:.2f}", ha="center", va="bottom", fontsize="small"
    )
