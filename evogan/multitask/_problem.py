"""Several problems side by side in one unified box."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pymoo.core.individual import calc_cv
from pymoo.core.problem import Problem

from evogan._internal.checks import check_real_problem, check_unit_box
from evogan.multitask._population import TaskPopulation

Array = NDArray[np.float64]


class MultitaskProblem:
    """Tasks that are solved together: any pymoo problems, each with its own variables, bounds, objectives, constraints.

    Solutions of all tasks live in one unified box [0, 1]^n_var, where ``n_var`` is that of the widest task: a task
    reads its first ``n_var`` genes, scaled to its bounds, and leaves the others aside (A. Gupta, Y.-S. Ong, L. Feng,
    "Multifactorial evolution: toward evolutionary multitasking", IEEE Transactions on Evolutionary Computation 20(3),
    2016, sec. III).

    Args:
        tasks: at least two pymoo problems of real variables with finite bounds.
        name: what the whole is called; None joins the tasks' names.

    Attributes:
        tasks: the problems.
        n_tasks: how many they are.
        n_var: genes of the unified box.
        n_failed: per task, evaluated solutions that raised an error or whose values are not finite.

    Raises:
        TypeError: a task is not a pymoo problem, or its variables are not real.
        ValueError: fewer than two tasks, or bounds that are missing or infinite.

    Example:
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> problem = MultitaskProblem([IMF1(n_var=10), IMF4(n_var=30)])
        >>> problem.n_var, problem.decode(0, np.full((1, 30), 0.5)).shape
        (30, (1, 10))
    """

    def __init__(self, tasks: Sequence[Problem], *, name: str | None = None) -> None:
        if isinstance(tasks, Problem):
            raise TypeError(f"tasks must be a list of pymoo problems, got the one problem {tasks.name()}")
        if not isinstance(tasks, Iterable):
            raise TypeError(f"tasks must be a list of pymoo problems, got {tasks!r}")
        tasks = list(tasks)
        for task in tasks:
            if not isinstance(task, Problem):
                raise TypeError(f"tasks must be pymoo problems, got {task!r}")
            check_real_problem(task)
        if len(tasks) < 2:
            raise ValueError(
                f"tasks must hold at least two problems, got {len(tasks)}: for one, use pymoo's minimize or "
                "evogan.experiments.run"
            )
        self.tasks = tasks
        self.n_tasks = len(tasks)
        self.n_var = max(int(task.n_var) for task in tasks)
        self._name = " + ".join(task.name() for task in tasks) if name is None else name
        self._bounds = [tuple(np.asarray(x, dtype=np.float64) for x in task.bounds()) for task in tasks]
        self.n_failed = [0] * self.n_tasks
        self._warned: set[tuple[int, str]] = set()

    def name(self) -> str:
        """Return what the whole is called."""
        return self._name

    def uncounted(self) -> Self:
        """Return the same tasks, not copied, with nothing failed so far."""
        one = copy.copy(self)
        one.n_failed, one._warned = [0] * self.n_tasks, set()
        return one

    def decode(self, task: int, U: ArrayLike) -> Array:
        """Return the solutions ``(n, task's n_var)`` of a task, in its own units, of points ``(n, n_var)``.

        They lie within the bounds, which 0 and 1 meet exactly.
        """
        xl, xu = self._bounds[task]
        U = _rows(U, "U", self.n_var)[:, : len(xl)]
        X: Array = np.clip((1 - U) * xl + U * xu, xl, xu)
        return X

    def encode(self, task: int, X: ArrayLike) -> Array:
        """Return points ``(n, n_var)`` of the unified box for a task's solutions ``(n, task's n_var)``.

        Genes that the task does not read, and fixed variables (xl == xu), are 0.5. What lies outside the bounds is
        clipped. Decoding gives the solutions back to the precision of the box, about 1e-16 of the bounds' size.
        """
        xl, xu = self._bounds[task]
        X = _rows(X, "X", len(xl))
        free = np.flatnonzero(xu > xl)
        U = np.full((len(X), self.n_var), 0.5)
        U[:, free] = np.clip((X - xl)[:, free] / (xu - xl)[free], 0.0, 1.0)
        return U

    def evaluate(self, task: int, U: ArrayLike) -> TaskPopulation:
        """Evaluate points ``(n, n_var)`` of the unified box on a task.

        A solution that raises an error or has a value that is not finite gets infinite objectives and constraints,
        which no survival keeps while there is another; ``n_failed`` counts it, and a RuntimeWarning says so once. After
        an error the solutions are evaluated one by one, so that it costs none but its own.

        Raises:
            ValueError: the points are not in the unified box, or the task returns values of a wrong shape: a mistake
                in the problem, not a failed solution.
        """
        U = _rows(U, "U", self.n_var)
        if len(U):
            check_unit_box(U, "U")
        happened = None
        try:
            F, G, H = self._values(task, self.decode(task, U))
        except _MalformedError:
            raise
        except Exception as error:
            happened = f"raised {type(error).__name__}: {error}"
            F, G, H = self._one_by_one(task, self.decode(task, U))  # once more: the task may have written into it
        CV = np.zeros(len(U)) if G.shape[1] + H.shape[1] == 0 else np.ravel(calc_cv(G, H)).astype(np.float64)
        failed = ~(np.isfinite(F).all(axis=1) & np.isfinite(CV))
        if failed.any():
            self.n_failed[task] += int(failed.sum())
            happened = happened or "returned values that are not finite"
            F, G, H = (np.where(failed[:, None], np.inf, value) for value in (F, G, H))
            CV = np.where(failed, np.inf, CV)
        if happened:
            self._warn(task, happened)
        return TaskPopulation(U, F, CV, G, H)

    def _values(self, task: int, X: Array) -> list[Array]:
        """Return F, G and H."""
        problem: Any = self.tasks[task]
        sizes = {"F": problem.n_obj, "G": problem.n_ieq_constr, "H": problem.n_eq_constr}
        if len(X) == 0:
            return [np.zeros((0, size)) for size in sizes.values()]
        try:
            names = [name for name, size in sizes.items() if size]
            out = problem.evaluate(X, return_values_of=names, return_as_dictionary=True)
        except Exception as error:
            if str(next(iter(error.args), "")).startswith("Problem Error"):  # how pymoo refuses a shape
                raise _MalformedError(f"task {task} ({problem.name()}): {error.args[0]}") from error
            raise
        values = [out[name] if size else np.zeros((len(X), 0)) for name, size in sizes.items()]
        for name, value in zip(sizes, values, strict=True):
            if value.shape != (len(X), sizes[name]) or value.dtype != np.float64:
                raise _MalformedError(
                    f"task {task} ({problem.name()}) must return {name} as numbers of shape {(len(X), sizes[name])}, "
                    f"got {value.dtype} of shape {value.shape}"
                )
        return values

    def _one_by_one(self, task: int, X: Array) -> list[Array]:
        """Return F, G and H, infinite where the task raises an error."""
        values = [np.full((len(X), value.shape[1]), np.inf) for value in self._values(task, X[:0])]
        for i in range(len(X)):
            try:
                row = self._values(task, X[i : i + 1])
            except _MalformedError:
                raise
            except Exception:  # it stays infinite, which evaluate counts
                continue
            for value, one in zip(values, row, strict=True):
                value[i] = one[0]
        return values

    def _warn(self, task: int, message: str) -> None:
        kind = message.split()[0]
        if (task, kind) not in self._warned:
            self._warned.add((task, kind))
            warnings.warn(
                f"task {task} ({self.tasks[task].name()}) {message}; such solutions count as evaluated and never "
                "survive a finite one (n_failed counts them)",
                RuntimeWarning,
                stacklevel=5,  # whoever called minimize_multitask
            )


class _MalformedError(ValueError):
    """The task's author must mend it: another solution would do no better."""


def _rows(X: ArrayLike, name: str, width: int) -> Array:
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != width:
        raise ValueError(f"{name} must have shape (n, {width}), got {X.shape}")
    return X
