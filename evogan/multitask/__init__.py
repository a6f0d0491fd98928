"""Several problems solved together, so that what is learnt on one helps the others.

Running
    :func:`minimize_multitask` solves a list of pymoo problems, a :class:`MultitaskProblem`, with one of the algorithms
    of :mod:`evogan.algorithms` and returns a :class:`MultitaskResult`; :class:`MultitaskRun` does it generation by
    generation. :class:`Apart` runs a pymoo algorithm on every task by itself, the null control.

Writing an algorithm
    :class:`MultitaskEA` is the frame, :class:`MultitaskAlgorithm` the protocol; :class:`TaskPopulation` holds a task's
    solutions, :func:`nsga2_survival` and :func:`spea2_survival` choose among them,
    :func:`binary_tournament` pairs them, :mod:`evogan.operators` varies them.
"""

from evogan.multitask._algorithm import MultitaskAlgorithm, MultitaskEA
from evogan.multitask._apart import Apart
from evogan.multitask._minimize import MultitaskResult, MultitaskRun, minimize_multitask
from evogan.multitask._operators import binary_tournament
from evogan.multitask._population import TaskPopulation
from evogan.multitask._problem import MultitaskProblem
from evogan.multitask._survival import crowding_distance, fronts, nsga2_order, nsga2_survival, spea2_survival

__all__ = [
    "Apart",
    "MultitaskAlgorithm",
    "MultitaskEA",
    "MultitaskProblem",
    "MultitaskResult",
    "MultitaskRun",
    "TaskPopulation",
    "binary_tournament",
    "crowding_distance",
    "fronts",
    "minimize_multitask",
    "nsga2_order",
    "nsga2_survival",
    "spea2_survival",
]
