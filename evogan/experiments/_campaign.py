"""A campaign: algorithms x problems x seeds at fixed budgets, resumable cell by cell."""

from __future__ import annotations

import hashlib
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from evogan._internal.checks import check_int
from evogan._internal.files import to_json
from evogan.experiments._describe import describe, describe_for
from evogan.experiments._executors import Executor, Serial
from evogan.experiments._folder import versions
from evogan.experiments._multitask import as_multitask, run_multitask
from evogan.experiments._progress import CampaignProgress
from evogan.experiments._results import Results
from evogan.experiments._run import run
from evogan.experiments._store import Store
from evogan.multitask import MultitaskProblem

Outcome = tuple[dict[str, Any], dict[str, NDArray[Any]]]
"""The record of a cell and its arrays."""
ProblemFactory = Callable[[], Any]
AlgorithmFactory = Callable[[Any], Any]


@dataclass(frozen=True)
class Cell:
    """One run that a campaign wants: labels, seed, budget, and the key of its resolved configuration."""

    algorithm: str
    problem: str
    seed: int
    n_evals: int
    config: dict[str, Any]

    @property
    def key(self) -> str:
        """A hash of the configuration: a changed one is another cell."""
        return hashlib.sha256(to_json(self.config, indent=None)).hexdigest()[:20]


@dataclass(frozen=True)
class Campaign:
    """Algorithms x problems x seeds.

    Args:
        name: what the campaign is called; a folder belongs to one name.
        algorithms: label -> function of the problem that makes a fresh algorithm.
        problems: label -> function that makes the problem: a pymoo problem, or several that are solved together, as a
            :class:`~evogan.multitask.MultitaskProblem` or a list. Results tell its tasks as ``label/T1``, ``label/T2``.
        n_evals: the budget of every run, of all its tasks together, or label of the problem -> budget.
        seeds: the runs; an integer n means 1, 2, ..., n.

    Example:
        >>> from pymoo.algorithms.moo.nsga2 import NSGA2
        >>> from evogan.problems.imf import IMF1
        >>> campaign = Campaign("demo", {"nsga2": lambda p: NSGA2(20)}, {"imf1": lambda: IMF1(5)}, n_evals=40, seeds=2)
        >>> [cell.seed for cell in campaign.cells()]
        [1, 2]
    """

    name: str
    algorithms: Mapping[str, AlgorithmFactory]
    problems: Mapping[str, ProblemFactory]
    n_evals: int | Mapping[str, int]
    seeds: int | Sequence[int]

    def __post_init__(self) -> None:
        check_table(self.algorithms, "algorithms")
        check_table(self.problems, "problems")
        for label in self.problems:
            check_int(self._budget(label), f"n_evals of {label}", low=1)
        check_seeds(self.seeds)

    def cells(self) -> list[Cell]:
        """Return every run, seed by seed, so that a campaign that was cut short is balanced.

        Raises:
            ValueError: two cells have the same configuration under different labels.
        """
        cells: list[Cell] = []
        settings = {}
        for problem_label, make_problem in self.problems.items():
            problem = _made(make_problem)
            tasks = {"n_tasks": problem.n_tasks} if isinstance(problem, MultitaskProblem) else {}
            for label, make in self.algorithms.items():
                settings[label, problem_label] = tasks | {
                    "problem": {"name": problem.name(), **describe(problem)},
                    "algorithm": {"name": label.partition("#")[0], **describe_for(problem, make(problem))},
                }
        for seed in check_seeds(self.seeds):
            for problem_label in self.problems:
                budget = self._budget(problem_label)
                for label in self.algorithms:
                    config = {**settings[label, problem_label], "n_evals": budget, "seed": seed}
                    config |= {"labels": [label, problem_label]}
                    cells.append(Cell(label, problem_label, seed, budget, config))
        return cells

    def compute(self) -> Callable[[Cell], Outcome]:
        """Return what computes a cell."""
        return partial(_compute, dict(self.problems), dict(self.algorithms))

    def _budget(self, problem: str) -> Any:
        if isinstance(self.n_evals, Mapping):
            if problem not in self.n_evals:
                raise ValueError(f"n_evals must give a budget for every problem, {problem!r} has none")
            return self.n_evals[problem]
        return self.n_evals


class CampaignLike(Protocol):
    """What :func:`run_campaign` needs: a :class:`Campaign`, or a :class:`TrainingCampaign`."""

    @property
    def name(self) -> str: ...

    def cells(self) -> list[Cell]:
        """Return every run."""
        ...

    def compute(self) -> Callable[[Cell], Outcome]:
        """Return a function, to be pickled, that computes a cell and never raises an ordinary error."""
        ...


def run_campaign(
    campaign: CampaignLike,
    out: Path | str,
    *,
    executor: Executor | None = None,
    progress: CampaignProgress | None = None,
    retry_failed: bool = False,
) -> Results:
    """Run what is missing in the folder ``out`` and return all results.

    One record is appended for every finished cell, also where it failed (with its error), so a campaign can be killed
    at any moment and called again. Cells whose configuration has changed run again; their old records stay in the file
    but are not read.

    Args:
        campaign: what to run.
        out: its folder.
        executor: where; None means :class:`Serial`.
        progress: where to show progress; None shows nothing.
        retry_failed: run failed cells again.

    Raises:
        ValueError: the folder belongs to another campaign, or another process is writing to it.
        OSError: the folder cannot be written.
    """
    store = Store(out)
    cells = campaign.cells()
    store.open(campaign.name, [{"key": cell.key, **_labels(cell)} for cell in cells])
    with store.appending() as append:
        done = {key for key, record in store.lines().items() if not (retry_failed and record.get("error"))}
        missing = [cell for cell in cells if cell.key not in done]
        if progress is not None:
            progress.start(len(cells), len(cells) - len(missing))
        for i, outcome in (executor or Serial()).map_unordered(campaign.compute(), missing) if missing else ():
            cell = missing[i]
            record, arrays = failed(outcome) if isinstance(outcome, BaseException) else outcome
            append({"key": cell.key, **_labels(cell), "config": cell.config, **record, "versions": versions()}, arrays)
            if progress is not None:
                progress.update(cell, record.get("error"))
    return store.results()


def _labels(cell: Cell) -> dict[str, Any]:
    return {"algorithm": cell.algorithm, "problem": cell.problem, "seed": cell.seed}


def _compute(problems: dict[str, ProblemFactory], algorithms: dict[str, AlgorithmFactory], cell: Cell) -> Outcome:
    """Run one cell, wherever the executor put it; return its record and its arrays."""
    try:
        problem = _made(problems[cell.problem])
        start: Any = run_multitask if isinstance(problem, MultitaskProblem) else run
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            result = start(problem, algorithms[cell.algorithm](problem), n_evals=cell.n_evals, seed=cell.seed)
    except Exception as error:
        return failed(error)
    messages = {str(one.message) for one in caught if issubclass(one.category, RuntimeWarning)}
    return {"error": None, **result.summary(), "warnings": sorted(messages)}, {**result.course(), **result.arrays()}


def _made(factory: ProblemFactory) -> Any:
    """Make a problem; a list is one of several tasks."""
    problem = factory()
    return as_multitask(problem) if isinstance(problem, list | tuple) else problem


def failed(error: BaseException) -> Outcome:
    """Return the record of a cell that ended with an error."""
    where = traceback.format_exception(error)
    return {"error": f"{type(error).__name__}: {error}", "traceback": "".join(where)}, {}


def check_table(table: Mapping[str, Any], name: str) -> None:
    """Raise ValueError unless ``table`` maps at least one label to functions."""
    if not table or not all(callable(factory) for factory in table.values()):
        raise ValueError(f"{name} must map labels to functions, at least one, got {table!r}")


def check_seeds(seeds: int | Sequence[int]) -> list[int]:
    """Return the seeds, 1 to n for an integer n; ValueError where there is none or one stands twice."""
    if isinstance(seeds, int):
        return list(range(1, check_int(seeds, "seeds", low=1) + 1))
    checked = [check_int(seed, "seeds") for seed in seeds]
    if not checked or len(set(checked)) < len(checked):
        raise ValueError(f"seeds must be different integers, at least one, got {seeds!r}")
    return checked
