"""A finished comparison as data, and as Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from evogan.experiments._ranking import FriedmanResult

Sign = Literal["+", "-", "="]
TESTS = {"rank-sum": "Wilcoxon's rank-sum test", "signed-rank": "Wilcoxon's signed-rank test"}
SPREADS = {"median": ("iqr", "interquartile range"), "mean": ("std", "standard deviation")}


@dataclass(frozen=True)
class Cell:
    """One algorithm on one problem.

    Attributes:
        statistic: median or mean over runs; NaN without runs.
        spread: interquartile range or standard deviation; NaN without runs or where it is infinity minus infinity.
        n_runs: runs that have a value.
        p: of the test against the control; NaN if there was none.
        p_adjusted: the same after the correction for all tests of the table.
        a12: how often a run is better than one of the control, ties half; NaN without a test.
        sign: "+" significantly better than the control, "-" worse, "=" not different; None without a test.
        is_best: no algorithm has a better statistic on this problem.
        equals_best: not the best, but not significantly different from it.
    """

    statistic: float
    spread: float
    n_runs: int
    p: float = math.nan
    p_adjusted: float = math.nan
    a12: float = math.nan
    sign: Sign | None = None
    is_best: bool = False
    equals_best: bool = False


@dataclass(frozen=True)
class Table:
    """A comparison of algorithms on problems by one indicator; ``comparison_table`` makes it.

    Attributes:
        cells: (problem, algorithm) -> cell.
        totals: algorithm -> how often each sign occurs; empty without a control.
        friedman: ranks over the complete problems, in the order of ``algorithms``; None if there are too few.
        critical_difference: Nemenyi's, for those ranks; NaN if there are none.
        n_runs: finished runs of these algorithms on these problems.
        n_evals: evaluations that they used.
        n_nonfinite: evaluated solutions that were not finite.
        mss: mean standardised score of each algorithm over the problems as tasks; None unless it was asked for.
        mss_by_problem: the same for each multitask problem by itself, where there are several.
        n_failures: runs that ended with an error; they are in no cell.
        cpu_seconds: mean over the finished runs of each algorithm; None where it is not known of all.
        notes: what was left out, and why.
    """

    metric: str
    larger_is_better: bool
    problems: list[str]
    algorithms: list[str]
    control: str | None
    style: Literal["evogan", "platemo"]
    test: Literal["rank-sum", "signed-rank"]
    correction: Literal["holm", "none"]
    alpha: float
    statistic: Literal["median", "mean"]
    cells: dict[tuple[str, str], Cell]
    totals: dict[str, dict[Sign, int]]
    friedman: FriedmanResult | None
    critical_difference: float
    n_runs: int
    n_evals: int
    n_nonfinite: int
    n_failures: int
    mss: tuple[float, ...] | None = None
    mss_by_problem: dict[str, tuple[float, ...]] = field(default_factory=dict)
    cpu_seconds: tuple[float, ...] | None = None
    notes: tuple[str, ...] = ()

    def legend(self, *, effect_sizes: bool = False) -> list[str]:
        """Return the sentences that say what the table shows, how it was tested and what is missing."""
        holm, runs = self.correction == "holm", sorted({c.n_runs for c in self.cells.values() if c.n_runs})
        n_tests = sum(not math.isnan(cell.p) for cell in self.cells.values())
        size = " to ".join(str(n) for n in dict.fromkeys((runs[0], runs[-1]))) if runs else "no"
        better, level = "larger" if self.larger_is_better else "smaller", f"alpha {self.alpha:g}"
        said = [f"{self.metric} ({better} is better): {self.statistic} ({SPREADS[self.statistic][1]}) of {size} runs."]
        row = f"{TESTS[self.test]}, {'Holm within the row' if holm else 'uncorrected'}, {level}"
        said.append(f"Bold: best of the row; †: not significantly different from the best ({row}).")
        if self.control is not None:
            how = f"Holm over all {n_tests} tests of the table" if holm else f"{n_tests} uncorrected tests"
            said.append(
                f"+, -, =: significantly better than, worse than, not different from the control {self.control} "
                f"({TESTS[self.test]}, {how}, {level})"
                + (f"; = also if both have the same {self.statistic}." if self.style == "platemo" else ".")
            )
            if not holm and n_tests > 1:
                chance = 100 * (1 - (1 - self.alpha) ** n_tests)
                said.append(
                    f"Without correction, up to {chance:.0f} % of such tables show a sign where nothing differs."
                )
            if effect_sizes:
                said.append("A12: how often a run is better than one of the control, ties half (Vargha, Delaney 2000).")
        if self.friedman is not None:
            f = self.friedman
            said.append(
                f"Mean rank over {f.n_problems} problems, 1 is best: "
                f"Friedman chi2 = {f.statistic:.4g} (p = {f.p:.2g}), "
                f"Iman-Davenport F = {f.iman_davenport:.4g} (p = {f.iman_davenport_p:.2g}), "
                f"Nemenyi critical difference {self.critical_difference:.3g} ({level})."
            )
        if self.mss is not None:
            better = "larger" if self.larger_is_better else "smaller"
            also = "; MSS and a name: over the tasks of that problem" if self.mss_by_problem else ""
            said.append(
                f"MSS: mean standardised score over the problems as tasks, {better} is better (Da et al. 2017){also}."
            )
        if self.cpu_seconds is not None:
            said.append("CPU seconds: mean of all runs of the column.")
        evals = f"{self.n_evals}, of them not finite: {self.n_nonfinite}" if self.n_evals else "not recorded"
        return [*said, f"Runs: {self.n_runs}; failed: {self.n_failures}; evaluations: {evals}.", *self.notes]

    def to_markdown(self, *, effect_sizes: bool = False) -> str:
        """Return a Markdown table and its legend; ``effect_sizes`` adds A12 against the control to every cell."""
        rows = self._rows(_markdown, bold="**{}**", dagger="†", sign="{}", effect_sizes=effect_sizes)
        rows.insert(1, ["---"] * len(rows[0]))
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([*lines, "", *(f"- {_markdown(s)}" for s in self.legend(effect_sizes=effect_sizes))]) + "\n"

    def to_latex(self, *, caption: str | None = None, label: str | None = None, effect_sizes: bool = False) -> str:
        r"""Return a LaTeX ``table`` environment with its legend below; it needs no package and escapes all names.

        ``caption`` is LaTeX, None means the legend's first sentence; ``label`` is for ``\ref``. From 4 columns on the
        type is smaller; a table that is wider than the text all the same stands out on both sides.
        """
        rows = self._rows(_latex, bold=r"\textbf{{{}}}", dagger=r"$^{\dagger}$", sign="${}$", effect_sizes=effect_sizes)
        first, *rest = [_latex(s).replace("†", r"$^{\dagger}$") for s in self.legend(effect_sizes=effect_sizes)]
        body = [" & ".join(row) + r" \\" for row in rows]
        last = 1 + len(self.problems)
        named = rf"\caption{{{first if caption is None else caption}}}" + (rf"\label{{{label}}}" if label else "")
        small = ["", r"\footnotesize\setlength{\tabcolsep}{3pt}%", r"\scriptsize\setlength{\tabcolsep}{2pt}%"]
        size = small[(len(self.algorithms) > 3) + (len(self.algorithms) > 5)]
        lines = [r"\begin{table}[htbp]", r"\centering", named, *([size] if size else []), r"\makebox[\linewidth][c]{%"]
        lines += [rf"\begin{{tabular}}{{l{'c' * len(self.algorithms)}}}", r"\hline", body[0], r"\hline", *body[1:last]]
        lines += [r"\hline", *body[last:], *[r"\hline"] * (len(body) > last), r"\end{tabular}}"]
        lines += [r"\par\smallskip\footnotesize\raggedright", *rest, r"\end{table}"]
        return "\n".join(lines) + "\n"

    def to_csv(self) -> str:
        """Return one line per cell with all its numbers in full; ranks and the legend are not in it."""
        spread = SPREADS[self.statistic][0]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        tests = ["control", "p", "p_adjusted", "a12", "sign", "is_best", "equals_best"]
        writer.writerow(["problem", "algorithm", "metric", self.statistic, spread, "n_runs", *tests])
        for (problem, algorithm), c in self.cells.items():
            numbers = (c.statistic, c.spread, c.p, c.p_adjusted, c.a12)
            shown = ["" if math.isnan(number) else repr(number) for number in numbers]
            marks = [c.sign or "", int(c.is_best), int(c.equals_best)]
            control = "" if self.control is None else self.control
            writer.writerow([problem, algorithm, self.metric, *shown[:2], c.n_runs, control, *shown[2:], *marks])
        return text.getvalue()

    def _rows(
        self, escape: Callable[[str], str], *, bold: str, dagger: str, sign: str, effect_sizes: bool
    ) -> list[list[str]]:
        """Head, one row per problem, then totals and ranks where there are any."""

        def text(cell: Cell) -> str:
            shown = (
                "-" if not cell.n_runs else f"{self._number(cell.statistic)} ({self._number(cell.spread, short=True)})"
            )
            shown = bold.format(escape(shown)) if cell.is_best else escape(shown) + dagger * cell.equals_best
            shown += f" {sign.format(cell.sign)}" if cell.sign else ""
            return shown + (f", A12 {cell.a12:.2f}" if effect_sizes and not math.isnan(cell.a12) else "")

        heads = [f"{name} (control)" if name == self.control else name for name in self.algorithms]
        rows = [[escape(name) for name in ["problem", *heads]]]
        rows += [[escape(p), *(text(self.cells[p, a]) for a in self.algorithms)] for p in self.problems]
        if self.totals:
            counts = [self.totals.get(a) for a in self.algorithms]
            order = " / ".join(sign.format(s) for s in ("+", "-", "="))
            rows.append([order, *(" / ".join(str(c[s]) for s in ("+", "-", "=")) if c else "" for c in counts)])
        if self.friedman is not None:
            rows.append(["mean rank", *(f"{rank:.2f}" for rank in self.friedman.mean_ranks)])
        if self.mss is not None:
            named = {"MSS": self.mss, **{f"MSS {p}": scores for p, scores in self.mss_by_problem.items()}}
            rows += [[escape(name), *(f"{score:.3f}" for score in scores)] for name, scores in named.items()]
        if self.cpu_seconds is not None:
            rows.append(["CPU seconds", *(f"{seconds:.3g}" for seconds in self.cpu_seconds)])
        return rows

    def _number(self, value: float, *, short: bool = False) -> str:
        if math.isnan(value):
            return "-"
        if self.style == "evogan" or math.isinf(value):
            return f"{value:.2g}" if short else f"{value:.4g}"
        return re.sub(r"e([+-])0(\d)$", r"e\1\2", f"{value:.2e}" if short else f"{value:.4e}")


def _markdown(text: str) -> str:
    return re.sub(r"([\\|*`<])", r"\\\1", text)


def _latex(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$"}
    special |= {"|": "$|$", **{c: "\\" + c for c in "&%$#_{}"}}
    return "".join(special.get(character, character) for character in text)
