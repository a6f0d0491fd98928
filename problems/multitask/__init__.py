"""Suites of multiobjective tasks that are optimized together, each a list of ordinary pymoo problems.

A suite's function takes a number and returns one problem per task, with exact front and Pareto set. Tasks differ
in their numbers of variables, bounds and objectives. `SUITES` has them by name, with budgets and population sizes.

Example:
    >>> from evogan.problems.multitask import SUITES, cec17_mtmo
    >>> [(task.name(), task.n_var, task.n_obj) for task in cec17_mtmo(9)]
    [('CEC17-MTMO9-T1 (NI_LS)', 25, 3), ('CEC17-MTMO9-T2 (NI_LS)', 50, 2)]
    >>> list(SUITES)[:3]
    ['cec17-mtmo', 'cec17-mtmo-shifted', 'cec19-mtmo-cplx']
"""

from evogan.problems.multitask.cec17 import cec17_mtmo, cec17_mtmo_shifted
from evogan.problems.multitask.cec19 import cec19_mtmo_cplx
from evogan.problems.multitask.cec21 import cec21_mtmo_cplx
from evogan.problems.multitask.instance import mtmo_instance
from evogan.problems.multitask.many import cec19_matmo, wcci20_matmo
from evogan.problems.multitask.suites import SUITES, Suite

__all__ = [
    "SUITES",
    "Suite",
    "cec17_mtmo",
    "cec17_mtmo_shifted",
    "cec19_matmo",
    "cec19_mtmo_cplx",
    "cec21_mtmo_cplx",
    "mtmo_instance",
    "wcci20_matmo",
]
