"""The suites by name, each with the budget and population size that its competition or platform prescribes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pymoo.core.problem import Problem

from evogan._internal.checks import check_int
from evogan.problems.multitask.cec17 import cec17_mtmo, cec17_mtmo_shifted
from evogan.problems.multitask.cec19 import cec19_mtmo_cplx
from evogan.problems.multitask.cec21 import cec21_mtmo_cplx
from evogan.problems.multitask.instance import mtmo_instance
from evogan.problems.multitask.many import cec19_matmo, wcci20_matmo


@dataclass(frozen=True)
class Suite:
    """A numbered family of multitask problems.

    Args:
        name: as on the command line.
        make: takes a number (many-task suites: also ``n_tasks``) and returns the tasks.
        n_problems: the numbers run from 1 to this.
        n_tasks: tasks of a problem, for many-task suites the most.
        evals_per_task: evaluations of a task, where no task has three objectives.
        three_objectives: numbers of the problems with a task of three objectives: a fifth more of both.
        many: whether ``n_tasks`` can be chosen.

    Example:
        >>> suite = SUITES["cec17-mtmo"]
        >>> suite.n_problems, suite.n_evals(1), suite.n_evals(9), suite.pop_size(9)
        (9, 200000, 240000, 120)
        >>> SUITES["cec19-matmo"].n_evals(1, n_tasks=10)
        500000
    """

    name: str
    make: Callable[..., list[Problem]]
    n_problems: int
    n_tasks: int = 2
    evals_per_task: int = 100_000
    three_objectives: tuple[int, ...] = ()
    many: bool = False

    def n_evals(self, number: int, n_tasks: int | None = None) -> int:
        """Return the budget of all tasks of problem ``number`` together.

        Args:
            number: 1 to ``n_problems``.
            n_tasks: how many tasks are made, in the many-task suites; None: all.

        Raises:
            TypeError: not an integer.
            ValueError: no such problem, or another number of tasks than the suite has.
        """
        low = 1 if self.many else self.n_tasks
        tasks = self.n_tasks if n_tasks is None else check_int(n_tasks, "n_tasks", low=low, high=self.n_tasks)
        return tasks * self.evals_per_task // 100 * self.pop_size(number)

    def pop_size(self, number: int) -> int:
        """Return the population size of each task of problem ``number``.

        Args:
            number: 1 to ``n_problems``.

        Raises:
            TypeError: not an integer.
            ValueError: no such problem.
        """
        return 120 if check_int(number, "number", low=1, high=self.n_problems) in self.three_objectives else 100


SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite("cec17-mtmo", cec17_mtmo, 9, three_objectives=(8, 9)),
        Suite("cec17-mtmo-shifted", cec17_mtmo_shifted, 9, three_objectives=(8, 9)),
        Suite("cec19-mtmo-cplx", cec19_mtmo_cplx, 10, three_objectives=(5, 9)),
        Suite("cec21-mtmo-cplx", cec21_mtmo_cplx, 10),
        Suite("cec19-matmo", cec19_matmo, 6, n_tasks=50, evals_per_task=50_000, many=True),
        Suite("wcci20-matmo", wcci20_matmo, 10, n_tasks=50, evals_per_task=50_000, many=True),
        Suite("mtmo-instance", mtmo_instance, 2, evals_per_task=12_500),
    )
}
