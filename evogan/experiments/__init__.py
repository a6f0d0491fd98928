"""Running algorithms on problems with exact budgets, comparing them honestly, and keeping everything.

One run
    :func:`run`, :func:`resume`, :class:`RunResult`, :class:`Progress`; :func:`describe` tells what was run.

Many runs
    :class:`Campaign`, :func:`run_campaign`, :func:`load_results`, :class:`Results`, :class:`Record`; the executors
    :class:`Serial`, :class:`Processes`, :class:`Dask`, which :class:`Evaluations` also brings into a single run.
"""

from evogan.experiments._campaign import Campaign, Cell, run_campaign
from evogan.experiments._describe import describe
from evogan.experiments._executors import Dask, Evaluations, Executor, Processes, Serial
from evogan.experiments._progress import CampaignProgress, Progress
from evogan.experiments._results import LARGER_IS_BETTER, Record, Results, results_from_csv
from evogan.experiments._run import resume, run
from evogan.experiments._state import RunResult
from evogan.experiments._store import load_results

__all__ = [
    "LARGER_IS_BETTER",
    "Campaign",
    "CampaignProgress",
    "Cell",
    "Dask",
    "Evaluations",
    "Executor",
    "Processes",
    "Progress",
    "Record",
    "Results",
    "RunResult",
    "Serial",
    "describe",
    "load_results",
    "results_from_csv",
    "resume",
    "run",
    "run_campaign",
]
