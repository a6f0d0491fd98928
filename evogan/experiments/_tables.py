"""Comparison tables: every cell tested against a named control, corrected for how many tests the table makes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

from evogan.experiments._mss import mss_of
from evogan.experiments._ranking import check_alpha
from evogan.experiments._results import Record, Results, one_per_run
from evogan.experiments._samples import Key, Sample, compare, sample_notes, some
from evogan.experiments._statistics import FriedmanResult, a12, friedman, holm, nemenyi_critical_difference
from evogan.experiments._table_text import Cell, Sign, Table
from evogan.metrics import larger_is_better

__all__ = ["Cell", "Table", "comparison_table"]


def comparison_table(
    results: Results,
    metric: str,
    *,
    control: str | None = None,
    style: Literal["evogan", "platemo"] = "evogan",
    test: Literal["rank-sum", "signed-rank"] = "rank-sum",
    correction: Literal["holm", "none"] | None = None,
    alpha: float = 0.05,
    statistic: Literal["median", "mean"] | None = None,
    multitask: bool = False,
    algorithms: Sequence[str] | None = None,
    problems: Sequence[str] | None = None,
) -> Table:
    r"""Compare algorithms on problems by one indicator.

    Signs are given from the control's place: "+" marks an algorithm that is significantly better than the control.
    With Holm's correction over all tests of the table, an algorithm compared with itself gets a false sign in fewer
    than ``alpha`` of all tables, however many rows they have. An infinite value (an empty front) is the worst of all.

    ``style="platemo"`` follows Y. Tian, R. Cheng, X. Zhang, Y. Jin, "PlatEMO: a MATLAB platform for evolutionary
    multi-objective optimization", IEEE CIM 12(4), 2017, so that published tables can be checked: mean (standard
    deviation) as in ``4.4600e-1 (3.86e-2)``, no correction, "=" also where the means are equal, signs by the means,
    NaN left out. It departs from it in testing all runs of a cell, not as many as the shortest cell of the row has.

    Args:
        results: the runs.
        metric: indicator; of those that evogan knows, hypervolume and spread are better when larger.
        control: algorithm that the others are tested against; None tests none and gives no signs.
        style: whose rule and print.
        test: rank-sum for independent runs, signed-rank for runs that are paired by their seeds.
        correction: None means ``"holm"``, or ``"none"`` in PlatEMO's style, which knows no other.
        alpha: significance level of signs, of what equals the best, and of the critical difference.
        statistic: None means ``"median"`` with interquartile range, or ``"mean"`` in PlatEMO's style.
        multitask: add the mean standardised score (MSS) of every algorithm, each problem taken as a task, and of every
            multitask problem, whose tasks are called ``label/T1``, ``label/T2``, by itself.
        algorithms: columns in this order; None means all.
        problems: rows in this order; None means all.

    Raises:
        ValueError: a name is not in the results (the message lists those that are) or not among the choices, the
            control is no column, seeds repeat in a cell of a paired test, or PlatEMO's style is to be corrected.

    Example:
        >>> from evogan.experiments._results import Record
        >>> scores = {"new": [1, 2, 3, 4, 5], "old": [6, 7, 8, 9, 10]}
        >>> runs = [Record(name, "zdt1", i, {"igd": v}) for name in scores for i, v in enumerate(scores[name])]
        >>> print(comparison_table(Results(runs), "igd", control="old").to_markdown().split("\n\n")[0])
        | problem | new | old (control) |
        | --- | --- | --- |
        | zdt1 | **3 (2)** + | 8 (2) |
        | + / - / = | 1 / 0 / 0 |  |
    """
    platemo = _choice(style, "style", ("evogan", "platemo")) == "platemo"
    _choice(test, "test", ("rank-sum", "signed-rank"))
    statistic = statistic or ("mean" if platemo else "median")
    correction = correction or ("none" if platemo else "holm")
    _choice(statistic, "statistic", ("median", "mean"))
    if _choice(correction, "correction", ("holm", "none")) == "holm" and platemo:
        raise ValueError("correction must be 'none' in style 'platemo', which has no other, got 'holm'")
    check_alpha(alpha)
    larger = larger_is_better(results.check_metric(metric))
    columns = _names(algorithms, results.algorithms, "algorithms")
    rows = _names(problems, results.problems, "problems")
    if control is not None and control not in columns:
        raise ValueError(f"control must be one of {', '.join(columns)}, got {control!r}")

    samples = {
        (p, a): Sample.of(results.cell(problem=p, algorithm=a), metric, larger_is_better=larger, drop_nan=platemo)
        for p in rows
        for a in columns
    }
    cells = {key: Cell(*sample.summary(statistic), n_runs=len(sample.values)) for key, sample in samples.items()}

    @cache
    def tested(one: Key, other: Key) -> tuple[float, float]:
        return compare(samples[one], samples[other], test=test)

    def adjust(p: list[float]) -> list[float]:
        return [float(value) for value in holm(p)] if correction == "holm" else p

    rivals: dict[Key, Key] = {}
    if control is not None:
        pairs = [((p, a), (p, control)) for p, a in cells if a != control]
        rivals = {key: rival for key, rival in pairs if cells[key].n_runs and cells[rival].n_runs}
    adjusted = adjust([tested(*pair)[0] for pair in rivals.items()])
    for (key, rival), p_adjusted in zip(rivals.items(), adjusted, strict=True):
        p, lean = tested(key, rival)
        if platemo:
            x, y = cells[key].statistic, cells[rival].statistic
            lean = ((x > y) - (x < y)) * (1 if larger else -1)
        sign: Sign = "=" if p_adjusted >= alpha or lean == 0 else "+" if lean > 0 else "-"
        effect = a12(samples[key].scores, samples[rival].scores)
        cells[key] = replace(cells[key], p=p, p_adjusted=p_adjusted, a12=effect, sign=sign)

    for problem in rows:
        row = [(problem, a) for a in columns if cells[problem, a].n_runs]
        ideal = (max if larger else min)((cells[key].statistic for key in row), default=math.nan)
        best = [key for key in row if cells[key].statistic == ideal and math.isfinite(ideal)]
        rest = [key for key in row if best and key not in best]
        pairs = [(best[0], key) if key[1] == control else (key, best[0]) for key in rest]
        same = [p >= alpha for p in adjust([tested(*pair)[0] for pair in pairs])]
        cells |= {key: replace(cells[key], is_best=True) for key in best}
        cells |= {key: replace(cells[key], equals_best=equal) for key, equal in zip(rest, same, strict=True)}

    ranks, why = _rank(cells, rows, columns, larger=larger)
    scores, by_problem, why_not = mss_of(samples, rows, columns) if multitask else (None, {}, [])
    chosen = [r for r in results.records if r.problem in rows and r.algorithm in columns]
    others = [a for a in columns if a != control] if control is not None else []
    signs: dict[str, list[Sign | None]] = {a: [cells[p, a].sign for p in rows] for a in others}
    return Table(
        metric=metric,
        larger_is_better=larger,
        problems=rows,
        algorithms=columns,
        control=control,
        style=style,
        test=test,
        correction=correction,
        alpha=alpha,
        statistic=statistic,
        cells=cells,
        totals={a: {"+": s.count("+"), "-": s.count("-"), "=": s.count("=")} for a, s in signs.items()},
        friedman=ranks,
        critical_difference=(
            nemenyi_critical_difference(len(columns), ranks.n_problems, alpha=alpha) if ranks else math.nan
        ),
        mss=scores,
        mss_by_problem=by_problem,
        n_runs=len(one_per_run(r for r in chosen if r.error is None)),
        n_evals=sum(r.n_evals for r in chosen if r.error is None),
        n_nonfinite=sum(r.n_nonfinite for r in chosen if r.error is None),
        n_failures=len(one_per_run(r for r in chosen if r.error is not None)),
        cpu_seconds=_cpu_seconds(chosen, columns),
        notes=(*why, *why_not, *sample_notes(samples, rivals, metric, test=test, alpha=alpha, correction=correction)),
    )


def _rank(
    cells: dict[Key, Cell], rows: list[str], columns: list[str], *, larger: bool
) -> tuple[FriedmanResult | None, list[str]]:
    complete = [p for p in rows if all(cells[p, a].n_runs for a in columns)]
    if len(complete) < 2 or len(columns) < 2:
        return None, [
            f"No mean ranks: they need 2 algorithms and 2 problems with runs of all of them, "
            f"there are {len(columns)} and {len(complete)}."
        ]
    left_out = [p for p in rows if p not in complete]
    why = [f"Mean ranks leave out what lacks runs of some algorithm: {some(left_out)}."] if left_out else []
    return friedman([[cells[p, a].statistic for a in columns] for p in complete], larger_is_better=larger), why


def _cpu_seconds(records: Sequence[Record], columns: Sequence[str]) -> tuple[float, ...] | None:
    """Return the mean over the runs of each column, None where one is not known."""
    finished = one_per_run(r for r in records if r.error is None)
    seconds = [[r.cpu_seconds for r in finished if r.algorithm == a] for a in columns]
    means = tuple(sum(column) / len(column) if column else math.nan for column in seconds)
    return None if any(map(math.isnan, means)) else means


def _names(chosen: Sequence[str] | None, known: list[str], name: str) -> list[str]:
    names = known if chosen is None else list(chosen)
    for label in names:
        if label not in known:
            raise ValueError(f"{name} must be among {', '.join(known) or '(none)'}, got {label!r}")
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{name} must be at least one and differ from each other, got {', '.join(names) or 'none'}")
    return names


def _choice(value: str, name: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    return value
