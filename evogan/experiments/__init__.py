"""Running algorithms on problems with exact budgets, comparing them honestly, and keeping everything.

One run
    :func:`run`, :func:`run_multitask`, :func:`resume`; :class:`RunResult`, :class:`MultitaskRunResult` with a
    :class:`TaskResult` per task; :class:`Progress`; :func:`describe` tells what was run.

Many runs
    :class:`Campaign`, :class:`TrainingCampaign`, :func:`run_campaign`, :func:`load_results`, :class:`Results`,
    :class:`Record`; the executors :class:`Serial`, :class:`Processes`, :class:`Dask`, which :class:`Evaluations` also
    brings into a single run.

Training a system of :mod:`evogan.gans`
    :func:`train`, :class:`TrainResult`, :class:`TrainProgress`, and what judges samples: :class:`ImageScorer`,
    :class:`VectorScorer`, or a :class:`Scorer` of your own.

Comparisons
    :func:`comparison_table` gives a :class:`Table`; the tests behind it are :func:`rank_sum`, :func:`signed_rank`,
    :func:`holm`, :func:`a12`, :func:`friedman`, :func:`nemenyi_critical_difference`; :func:`mss` scores multitask
    optimization. Exports: :func:`to_long_csv`, :func:`to_npz`, :func:`to_iohanalyzer_csv`.
"""

from evogan.experiments._campaign import Campaign, Cell, run_campaign
from evogan.experiments._describe import describe
from evogan.experiments._executors import Dask, Evaluations, Executor, Processes, Serial
from evogan.experiments._export import to_iohanalyzer_csv, to_long_csv, to_npz
from evogan.experiments._multitask import run_multitask
from evogan.experiments._progress import CampaignProgress, Progress, TrainProgress
from evogan.experiments._ranking import FriedmanResult, friedman, mss, nemenyi_critical_difference, nemenyi_groups
from evogan.experiments._results import Record, Results, results_from_csv
from evogan.experiments._run import resume, run
from evogan.experiments._run_result import MultitaskRunResult, RunResult, TaskResult
from evogan.experiments._scorers import ImageScorer, VectorScorer
from evogan.experiments._statistics import a12, holm, rank_sum, signed_rank
from evogan.experiments._store import load_results
from evogan.experiments._table_text import Table
from evogan.experiments._tables import comparison_table
from evogan.experiments._train import train
from evogan.experiments._train_loop import Scorer, TrainResult
from evogan.experiments._training_campaign import TrainingCampaign

__all__ = [
    "Campaign",
    "CampaignProgress",
    "Cell",
    "Dask",
    "Evaluations",
    "Executor",
    "FriedmanResult",
    "ImageScorer",
    "MultitaskRunResult",
    "Processes",
    "Progress",
    "Record",
    "Results",
    "RunResult",
    "Scorer",
    "Serial",
    "Table",
    "TaskResult",
    "TrainProgress",
    "TrainResult",
    "TrainingCampaign",
    "VectorScorer",
    "a12",
    "comparison_table",
    "describe",
    "friedman",
    "holm",
    "load_results",
    "mss",
    "nemenyi_critical_difference",
    "nemenyi_groups",
    "rank_sum",
    "results_from_csv",
    "resume",
    "run",
    "run_campaign",
    "run_multitask",
    "signed_rank",
    "to_iohanalyzer_csv",
    "to_long_csv",
    "to_npz",
    "train",
]
