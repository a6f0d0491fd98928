"""Cells on a grid without borders, and who is whose neighbour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evogan._internal.checks import check_int


def check_grid(grid: Any, name: str = "grid") -> tuple[int, int]:
    """Return ``grid`` as (rows, columns).

    Raises:
        TypeError: it is no pair of integers.
        ValueError: a side below 1.
    """
    if isinstance(grid, str) or not isinstance(grid, Sequence) or len(grid) != 2:
        raise TypeError(f"{name} must be two integers, (rows, columns) such as (3, 3), got {grid!r}")
    return check_int(grid[0], f"{name}[0]", low=1), check_int(grid[1], f"{name}[1]", low=1)


def neighbourhoods(grid: tuple[int, int]) -> list[list[int]]:
    """Return the von Neumann neighbourhood of every cell: itself, then north, east, south and west, each cell once.

    Cells are numbered row by row. The grid is a torus: what leaves it on one side comes back on the other, so on a
    side of 2 north and south are one cell, and on a side of 1 the cell itself.

    Example:
        >>> neighbourhoods((3, 3))[0], neighbourhoods((2, 2))[0], neighbourhoods((1, 1))[0]
        ([0, 6, 1, 3, 2], [0, 2, 1], [0])
    """
    rows, columns = check_grid(grid)
    steps = ((0, 0), (-1, 0), (0, 1), (1, 0), (0, -1))
    return [
        list(dict.fromkeys((r + down) % rows * columns + (c + right) % columns for down, right in steps))
        for r in range(rows)
        for c in range(columns)
    ]
