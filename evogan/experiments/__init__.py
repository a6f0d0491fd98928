"""Running an algorithm on a problem with an exact budget, and keeping everything about the run.

========================  =================================================================
:func:`run`               one run, optionally recorded in a folder and resumable
:func:`resume`            continue a run from its folder after a kill
:class:`RunResult`        the final optimum set, indicators, counters, convergence
:class:`Progress`         one live line on a terminal, plain lines elsewhere
========================  =================================================================
"""

from evogan.experiments._progress import Progress
from evogan.experiments._run import resume, run
from evogan.experiments._state import RunResult

__all__ = ["Progress", "RunResult", "resume", "run"]
