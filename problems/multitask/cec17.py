"""The nine problems of the CEC 2017 competition on multitask multiobjective optimization, and shifted twins.

Y. Yuan, Y.-S. Ong, L. Feng, A. K. Qin, A. Gupta, B. Da, Q. Zhang, K. C. Tan, Y. Jin, H. Ishibuchi, "Evolutionary
multitasking for multiobjective continuous optimization: benchmark problems, performance metrics and baseline
results", arXiv 1706.02766, 2017.

In 12 of the 18 tasks the optimal distance variables lie in the centre of the box or within 0.025 of its width,
where averages and untrained networks end up by themselves: judge a transfer on the twins as well. The stored
"rotations" are matrices of two decimals, not rotations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pymoo.core.problem import Problem

from evogan._internal.checks import check_bool, check_int
from evogan.problems.multitask import _functions as g
from evogan.problems.multitask._data import stored
from evogan.problems.multitask._shapes import CIRCLE, CONCAVE, CONCAVE_MEAN, CONVEX, OCTANT, Shape
from evogan.problems.multitask._task import Matrix, Shaped

Array = NDArray[np.float64]


class _Row(NamedTuple):
    shape: Shape
    g: Callable[[Array], Array]
    n_var: int
    low: float
    high: float
    shift: str | None = None
    matrix: str | None = None
    at: float = 0.0


_NAMES = ("CI_HS", "CI_MS", "CI_LS", "PI_HS", "PI_MS", "PI_LS", "NI_HS", "NI_MS", "NI_LS")
_TABLE = {
    (1, 1): _Row(CIRCLE, g.sphere, 50, -100, 100),
    (1, 2): _Row(CONCAVE, g.mean, 50, -100, 100),
    (2, 1): _Row(CONCAVE, g.rosenbrock_steep, 10, -5, 5, at=1),
    (2, 2): _Row(CIRCLE, g.mean, 10, -5, 5, shift="Scm2", matrix="Mcm2"),
    (3, 1): _Row(CIRCLE, g.rastrigin, 50, -2, 2),
    (3, 2): _Row(CONVEX, g.ackley, 50, -1, 1),
    (4, 1): _Row(CONVEX, g.sphere, 50, -100, 100),
    (4, 2): _Row(CONVEX, g.rastrigin, 50, -100, 100, shift="Sph2"),
    (5, 1): _Row(CIRCLE, g.sphere, 50, 0, 1, shift="Spm1", matrix="Mpm1"),
    (5, 2): _Row(CONCAVE, g.rastrigin, 50, 0, 1, matrix="Mpm2"),
    (6, 1): _Row(CIRCLE, g.griewank, 50, -50, 50),
    (6, 2): _Row(CIRCLE, g.ackley, 50, -100, 100, shift="Spl2"),
    (7, 1): _Row(CIRCLE, g.rosenbrock, 50, -80, 80, at=1),
    (7, 2): _Row(CONVEX, g.sphere, 50, -80, 80),
    (8, 1): _Row(OCTANT, g.rosenbrock, 20, -20, 20, at=1),
    (8, 2): _Row(CONCAVE_MEAN, g.sphere, 20, -20, 20, matrix="Mnm2"),
    (9, 1): _Row(OCTANT, g.griewank, 25, -50, 50, shift="Snl1"),
    (9, 2): _Row(CONCAVE_MEAN, g.ackley, 50, -100, 100),
}


def cec17_mtmo(number: int) -> list[Problem]:
    """Return the two tasks of CEC17-MTMO problem ``number``.

    CI, PI, NI: complete, partial or no intersection of the optima; HS, MS, LS: high, medium or low similarity.

    Args:
        number: 1 to 9.

    Raises:
        TypeError: ``number`` is not an integer.
        ValueError: no such problem.

    Example:
        >>> task, other = cec17_mtmo(1)
        >>> task.name(), other.evaluate(np.full(50, 0.5)).round(3).tolist()  # q = 1 + 9/2
        ('CEC17-MTMO1-T1 (CI_HS)', [0.5, 5.455])
    """
    number = check_int(number, "number", low=1, high=9)
    return [_make(number, t, f"CEC17-MTMO{number}-T{t} ({_NAMES[number - 1]})") for t in (1, 2)]


def cec17_mtmo_shifted(number: int, *, seed: int = 0, own: bool = False) -> list[Problem]:
    """Return twins of a CEC17-MTMO problem whose optima have left the centre and the faces of the box.

    A twin is a pure translation, ``twin(x) = base(x - delta * (xu - xl))`` in the distance variables: nothing is
    folded, as the functions are defined beyond the box. Position variables and fronts stay.

    Let u be the base's optimal distance variables in the unit box. For every index of a variable one side,
    lower or upper, is drawn with probability 1/2, and one delta, uniform among those that bring u + delta of all
    tasks into [0.1, 0.4] (lower) or [0.6, 0.9] (upper). All tasks that have the variable share its delta, so
    that the differences between their optima stay what they were. This uses numpy's generator seeded with
    ``[seed, number]``.

    Args:
        number: 1 to 9.
        seed: the same seed gives the same twins, always.
        own: draw side and delta for each task by itself: the optima of the tasks are then unrelated.

    Raises:
        TypeError: ``number`` or ``seed`` is not an integer, ``own`` not a boolean.
        ValueError: no such problem, or a negative seed.

    Example:
        >>> base, twin = cec17_mtmo(4)[1], cec17_mtmo_shifted(4)[1]
        >>> x = twin.pareto_set(n_points=3)[1]
        >>> bool(np.abs(x[1:] / 200).min() > 0.1), np.allclose(twin.evaluate(x), base.pareto_front(n_points=3)[1])
        (True, True)
    """
    number = check_int(number, "number", low=1, high=9)
    seed, own = check_int(seed, "seed"), check_bool(own, "own")
    rng = np.random.default_rng([seed, number])
    hints = [_NAMES[number - 1], *([f"seed {seed}"] if seed else []), *(["own"] if own else [])]
    names = [f"shifted-CEC17-MTMO{number}-T{t} ({', '.join(hints)})" for t in (1, 2)]
    tasks = [_make(number, t, name) for t, name in zip((1, 2), names, strict=True)]
    units = [_unit_optimum(task) for task in tasks]
    groups = [[u] for u in units] if own else [units]
    deltas = [delta for group in groups for delta in _deltas(group, rng)]
    for task, delta in zip(tasks, deltas, strict=True):
        k = task.shape.n_position
        task.shift = task.shift + delta * (task.xu - task.xl)[k:]
    return list(tasks)


def _make(number: int, t: int, name: str) -> Shaped:
    row = _TABLE[number, t]
    return Shaped(
        name,
        row.shape,
        row.g,
        n_var=row.n_var,
        low=row.low,
        high=row.high,
        shift=0.0 if row.shift is None else stored("cec17_mtmo", row.shift),
        matrix=None if row.matrix is None else Matrix("cec17_mtmo", row.matrix),
        at=row.at,
    )


def _unit_optimum(task: Shaped) -> Array:
    k = task.shape.n_position
    best: Array = task.optimum(np.zeros((1, k)))[0]
    unit: Array = (best - task.xl[k:]) / (task.xu - task.xl)[k:]
    return unit


def _deltas(units: list[Array], rng: np.random.Generator) -> list[Array]:
    """Return one delta for every variable, cut to the length of each task's optimum."""
    longest = max(len(u) for u in units)
    padded = np.array([np.pad(u, (0, longest - len(u)), constant_values=np.nan) for u in units])
    low, high = np.nanmin(padded, axis=0), np.nanmax(padded, axis=0)
    side = 0.5 * rng.integers(2, size=longest)
    moved = 0.1 + side + rng.random(longest) * (0.3 - (high - low))
    return [(moved - low)[: len(u)] for u in units]
