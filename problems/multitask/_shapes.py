"""How a distance q >= 1 and the position variables make the objectives; the front is where q = 1.

Yuan et al., arXiv 1706.02766, build their tasks this way, after ZDT and DTLZ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evogan.problems import _points as points

Array = NDArray[np.float64]


class Shape(Protocol):
    """A family of nested copies of one front."""

    @property
    def n_obj(self) -> int:
        """Number of objectives."""
        ...

    @property
    def n_position(self) -> int:
        """Number of position variables."""
        ...

    def __call__(self, q: Array, P: Array) -> Array:
        """Return objectives ``(n, n_obj)`` at distances q ``(n,)`` and positions P ``(n, n_position)``."""
        ...

    def positions(self, n_points: int) -> Array:
        """Return about ``n_points`` positions ``(n, n_position)`` that spread over the front, first f1 first."""
        ...


@dataclass(frozen=True)
class Circle:
    """f = q (cos a, sin a), a = x_1 pi / 2: a quarter circle."""

    n_obj: int = 2
    n_position: int = 1

    def __call__(self, q: Array, P: Array) -> Array:
        """Return objectives ``(n, 2)``."""
        a = 0.5 * np.pi * P[:, 0]
        return np.column_stack([q * np.cos(a), q * np.sin(a)])

    def positions(self, n_points: int) -> Array:
        """Return equal steps of the angle."""
        return np.linspace(1.0, 0.0, n_points)[:, None]


@dataclass(frozen=True)
class Curve:
    """f = (x_1, q (1 - (x_1 / q)^power)): concave with power 2, convex with 1/2.

    With two position variables their mean stands for x_1.
    """

    power: float
    n_position: int = 1
    n_obj: int = 2

    def __call__(self, q: Array, P: Array) -> Array:
        """Return objectives ``(n, 2)``."""
        f1 = P[:, 0].copy() if self.n_position == 1 else 0.5 * (P[:, 0] + P[:, 1])
        return np.column_stack([f1, q * (1.0 - (f1 / q) ** self.power)])

    def positions(self, n_points: int) -> Array:
        """Return equal steps of f1; two variables with one mean differ by as much as spreads over the set."""
        f1 = np.linspace(0.0, 1.0, n_points)
        if self.n_position == 1:
            return f1[:, None]
        apart = (2.0 * points.low_discrepancy(n_points, 1)[:, 0] - 1.0) * np.minimum(f1, 1.0 - f1)
        return np.column_stack([f1 + apart, f1 - apart])


@dataclass(frozen=True)
class Octant:
    """f = q (cos a cos b, cos a sin b, sin a), a = x_1 pi / 2, b = x_2 pi / 2: an eighth of a sphere."""

    n_obj: int = 3
    n_position: int = 2

    def __call__(self, q: Array, P: Array) -> Array:
        """Return objectives ``(n, 3)``."""
        a, b = 0.5 * np.pi * P[:, 0], 0.5 * np.pi * P[:, 1]
        return np.column_stack([q * np.cos(a) * np.cos(b), q * np.cos(a) * np.sin(b), q * np.sin(a)])

    def positions(self, n_points: int) -> Array:
        """Return where the rays of a simplex lattice meet the sphere."""
        F = points.sphere(3, n_points)
        angles = [np.arctan2(F[:, 2], np.hypot(F[:, 0], F[:, 1])), np.arctan2(F[:, 1], F[:, 0])]
        return np.column_stack(angles) / (0.5 * np.pi)


CIRCLE, CONCAVE, CONVEX, OCTANT = Circle(), Curve(2.0), Curve(0.5), Octant()
CONCAVE_MEAN = Curve(2.0, n_position=2)
