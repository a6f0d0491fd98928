"""Twins of problems whose optima have left the corners, faces and centre of the box.

Many benchmark optima lie where an operator ends up by itself: in a corner that clipping reaches, or in the
centre where averages land. A twin folds (and turns) the box onto that of its base problem. The fold is onto,
so the front is the same and attained, while the Pareto set lies elsewhere. The need is argued by J. J. Liang,
P. N. Suganthan, K. Deb, "Novel composition test functions for numerical global optimization", IEEE Swarm
Intelligence Symposium, 2005; the folds are this project's own.

What lay at the lower bounds or in the centre moves inside the box; of what lay at the upper bounds, a shift
leaves one copy at a bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pymoo.core.problem import Problem
from pymoo.problems.multi.zdt import ZDT5
from pymoo.util.misc import at_least_2d_array

from evogan._internal.checks import check_float, check_int, check_real_problem
from evogan.problems.fronts import reference_front

Array = NDArray[np.float64]


def shifted(problem: Problem, *, variables: Sequence[int] | None = None, seed: int = 0) -> Twin:
    """Return a twin whose lower bounds are moved to a random point c, each variable for itself.

    In the unit box the base is evaluated at u_j = abs(z_j - c_j) / max(c_j, 1 - c_j); c_j is uniform on
    [0.2, 0.4] and [0.6, 0.8].

    Args:
        problem: a pymoo problem of real variables with finite bounds.
        variables: indices of the variables to fold; None: all but the first n_obj - 1, which place a solution
            along the front in ZDT, DTLZ, IMF, UF and LZ09 (WFG has more of them, and may have them folded).
            Fixed variables (xl == xu) stay.
        seed: the same seed gives the same twin, always.

    Raises:
        TypeError: not a pymoo problem, variables that are not real, a seed that is not an integer.
        ValueError: bounds that are missing or infinite, indices that are empty, repeated or out of range.

    Example:
        >>> from evogan.problems.imf import IMF1
        >>> twin = shifted(IMF1(n_var=3), seed=1)
        >>> twin.name(), twin.preimage(np.zeros(3)).round(3).tolist()
        ('shifted-IMF1', [[0.0, 0.302, 0.39]])
    """
    return Twin(problem, variables=variables, seed=seed, rotate=False)


def rotated(
    problem: Problem, *, variables: Sequence[int] | None = None, angle: float | None = None, seed: int = 0
) -> Twin:
    """Return a twin that is shifted and turned in random disjoint pairs of variables, which links them.

    A pair becomes w = R(z - c), and the base is evaluated at u = abs(w) / m, reflected at 1. The scale m is
    the largest for which one quadrant of w covers [0, 1]^2 from inside the box. An odd variable out is only
    shifted.

    Args:
        problem: a pymoo problem of real variables with finite bounds.
        variables: indices of the variables to fold, at least two; None: as in `shifted`.
        angle: the angle of every pair in degrees; None: drawn for each from [15, 75].
        seed: the same seed gives the same twin, always.

    Raises:
        TypeError: as `shifted`.
        ValueError: as `shifted`; also an angle that is a multiple of 90 degrees or not finite.

    Example:
        >>> from evogan.problems.imf import IMF1
        >>> twin = rotated(IMF1(n_var=3), seed=1)
        >>> X = np.array([[0.5, 0.1, 0.9]])
        >>> np.allclose(twin.transform(twin.preimage(X)), X)
        True
    """
    return Twin(problem, variables=variables, seed=seed, rotate=True, angle=angle)


class Twin(Problem):
    """What `shifted` and `rotated` return; constraints pass through, and a twin of a twin works.

    Its Pareto front is the base's, in an order of its own: rows of set and front belong together with two objectives.

    Attributes:
        base: the problem that is evaluated.
        variables: indices ``(k,)`` of the folded variables.
        centre: where the folded variables' lower bounds went ``(k,)``, in the twin's own units.

    Example:
        >>> from evogan.problems.imf import IMF6
        >>> twin = Twin(IMF6(), seed=1)
        >>> np.allclose(twin.evaluate(twin.pareto_set(n_points=5)), twin.pareto_front(n_points=5))
        True
    """

    def __init__(
        self,
        base: Problem,
        *,
        variables: Sequence[int] | None = None,
        seed: int = 0,
        rotate: bool = False,
        angle: float | None = None,
    ) -> None:
        if not isinstance(base, Problem):
            raise TypeError(f"problem must be a pymoo Problem, got {type(base).__name__}")
        if isinstance(base, ZDT5):
            raise TypeError("problem ZDT5 must have real-valued variables, got bits (that pymoo calls float)")
        check_real_problem(base)
        if angle is not None and not rotate:
            raise ValueError(f"angle must be None unless rotate is True, got {angle}")
        super().__init__(
            n_var=base.n_var,
            n_obj=base.n_obj,
            n_ieq_constr=base.n_ieq_constr,
            n_eq_constr=base.n_eq_constr,
            xl=np.array(base.xl, dtype=float),
            xu=np.array(base.xu, dtype=float),
            vtype=float,
            requires_kwargs=base.requires_kwargs,
        )
        self.base = base
        self.variables = self._folded(variables, at_least=2 if rotate else 1)
        rng = np.random.default_rng(check_int(seed, "seed"))
        k = len(self.variables)
        c = rng.uniform(0.2, 0.4, k) + rng.integers(0, 2, k) * 0.4
        self._xl, self._span = self.xl[self.variables], (self.xu - self.xl)[self.variables]
        self.centre: Array = self._xl + c * self._span
        # through the same roundings as a solution: the centre folds to 0 exactly, which x^0.1 would notice
        self._c = (self.centre - self._xl) / self._span
        self._side = np.where(self._c < 0.5, 1.0, -1.0)
        self._reach = np.maximum(self._c, 1.0 - self._c)
        self._kind = "rotated" if rotate else "shifted"
        order = rng.permutation(k)[: k - k % 2] if rotate else np.zeros(0, dtype=int)
        self._pairs = order.reshape(-1, 2)
        degrees = rng.uniform(15.0, 75.0, len(self._pairs)) if angle is None else _check_angle(angle)
        theta = np.radians(np.broadcast_to(degrees, len(self._pairs)))
        self._cos, self._sin = np.cos(theta), np.sin(theta)
        self._scale, self._quadrant = _largest_square(self._c[self._pairs], self._cos, self._sin)

    def _folded(self, variables: Sequence[int] | None, *, at_least: int) -> NDArray[np.intp]:
        if variables is None:
            variables = range(self.n_obj - 1, self.n_var)
        if not isinstance(variables, Sequence | np.ndarray):
            raise TypeError(f"variables must be a sequence of indices, got {variables!r}")
        indices = [check_int(j, "variables") for j in variables]
        if any(j >= self.n_var for j in indices) or len(set(indices)) < len(indices):
            raise ValueError(f"variables must be distinct indices in [0, {self.n_var - 1}], got {indices}")
        free = [j for j in indices if self.xl[j] < self.xu[j]]
        if len(free) < at_least:
            raise ValueError(f"variables must name at least {at_least} with xl < xu, got {free} of {indices}")
        return np.array(free, dtype=np.intp)

    def name(self) -> str:
        """Return the base's name with what was done to it in front."""
        return f"{self._kind}-{self.base.name()}"

    def transform(self, X: ArrayLike) -> Array:
        """Map solutions ``(n, n_var)`` of the twin to those of the base at which they are evaluated."""
        out = self._rows(X)
        z = (out[:, self.variables] - self._xl) / self._span
        d = z - self._c
        u = np.abs(d) / self._reach
        a, b = d[:, self._pairs[:, 0]], d[:, self._pairs[:, 1]]
        w = np.stack([self._cos * a - self._sin * b, self._sin * a + self._cos * b], axis=-1)
        r = np.mod(np.abs(w) / self._scale[:, None], 2.0)  # the turned box reaches beyond 1: reflect
        u[:, self._pairs] = np.where(r > 1.0, 2.0 - r, r)
        return self._put(out, self._xl + u * self._span)

    def preimage(self, X: ArrayLike) -> Array:
        """Return solutions ``(n, n_var)`` of the twin that `transform` maps to ``X`` in the base's box."""
        out = self._rows(X)
        u = (out[:, self.variables] - self._xl) / self._span
        d = self._side * self._reach * u
        w = self._quadrant * self._scale[:, None] * u[:, self._pairs]
        p, q = w[..., 0], w[..., 1]
        d[:, self._pairs] = np.stack([self._cos * p + self._sin * q, self._cos * q - self._sin * p], axis=-1)
        return self._put(out, self.centre + d * self._span)

    def _rows(self, X: ArrayLike) -> Array:
        X = np.atleast_2d(np.array(X, dtype=np.float64))
        if X.ndim != 2 or X.shape[1] != self.n_var:
            raise ValueError(f"X must have shape (n, {self.n_var}), got {X.shape}")
        return X

    def _put(self, X: Array, values: Array) -> Array:
        X[:, self.variables] = np.clip(values, self.xl[self.variables], self.xu[self.variables])
        return X

    def _evaluate(self, X: Array, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        names = ["F", *["G"] * (self.n_ieq_constr > 0), *["H"] * (self.n_eq_constr > 0)]
        values = self.base.evaluate(
            self.transform(X), *args, return_values_of=names, return_as_dictionary=True, **kwargs
        )
        out.update({name: values[name] for name in names})

    def _calc_pareto_front(self, n_points: int = 10_000) -> Array | None:
        return reference_front(self.base, n_points)

    def _calc_pareto_set(self, *args: Any, **kwargs: Any) -> Array | None:
        X = at_least_2d_array(self.base._calc_pareto_set(*args, **kwargs), extend_as="r")
        return None if X is None else self.preimage(X)


def _check_angle(angle: float) -> float:
    angle = check_float(angle, "angle")
    if angle % 90.0 == 0.0:
        raise ValueError(f"angle must not be a multiple of 90 degrees, which links nothing, got {angle}")
    return angle


def _largest_square(c: Array, cos: Array, sin: Array) -> tuple[Array, Array]:
    """Return the largest sides ``(p,)`` and their quadrants ``(p, 2)`` for corners ``(p, 2)`` and angles.

    The square spans R^T (s * [0, m]^2) from its corner and must stay in the unit box; of the four quadrants s
    the one with the largest m is taken.
    """
    best, quadrant = np.zeros(len(c)), np.ones((len(c), 2))
    for s in ((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)):
        first, second = s[0] * np.column_stack([cos, -sin]), s[1] * np.column_stack([sin, cos])
        room = np.full(len(c), np.inf)
        for corner in (first, second, first + second):
            step = np.maximum(np.abs(corner), 1e-300)  # never a division by zero
            room = np.minimum(room, (np.where(corner > 0.0, 1.0 - c, c) / step).min(axis=1))
        quadrant = np.where((room > best)[:, None], np.array(s), quadrant)
        best = np.maximum(room, best)
    return best, quadrant
