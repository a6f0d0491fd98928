"""Neighbourhoods on a torus, by hand and by what must hold on every grid."""

import numpy as np
import pytest

from evogan.neuroevolution import check_grid, neighbourhoods


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ((1, 1), [[0]]),
        ((1, 2), [[0, 1], [1, 0]]),
        ((1, 3), [[0, 1, 2], [1, 2, 0], [2, 0, 1]]),
        ((3, 1), [[0, 2, 1], [1, 0, 2], [2, 1, 0]]),
        # Itself, north (= south), east (= west): the cell across is no neighbour.
        ((2, 2), [[0, 2, 1], [1, 3, 0], [2, 0, 3], [3, 1, 2]]),
        (
            (3, 3),
            [
                [0, 6, 1, 3, 2],
                [1, 7, 2, 4, 0],
                [2, 8, 0, 5, 1],
                [3, 0, 4, 6, 5],
                [4, 1, 5, 7, 3],
                [5, 2, 3, 8, 4],
                [6, 3, 7, 0, 8],
                [7, 4, 8, 1, 6],
                [8, 5, 6, 2, 7],
            ],
        ),
    ],
)
def test_small_grids_by_hand(grid, expected):
    assert neighbourhoods(grid) == expected


def test_two_rows_of_five_by_hand():
    found = neighbourhoods((2, 5))
    assert found[0] == [0, 5, 1, 4] and found[7] == [7, 2, 8, 6] and found[9] == [9, 4, 5, 8]
    assert len(found) == 10 and {len(cells) for cells in found} == {4}


@pytest.mark.parametrize("grid", [(r, c) for r in range(1, 6) for c in range(1, 7)])
def test_a_cell_is_in_exactly_the_neighbourhoods_of_its_neighbours(grid):
    found = neighbourhoods(grid)
    assert len(found) == grid[0] * grid[1]
    member = np.zeros((len(found), len(found)), int)
    for c, cells in enumerate(found):
        assert cells[0] == c and len(set(cells)) == len(cells)
        member[c, cells] = 1
    assert (member == member.T).all()
    # A torus has no corners: every cell has as many neighbours, which a shift of the grid moves with it.
    assert len(set(member.sum(axis=0))) == 1
    shaped = member.reshape(*grid, *grid)
    for axis in (0, 1):
        assert (np.roll(shaped, 1, axis=(axis, axis + 2)) == shaped).all()


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ((0, 2), ValueError, r"grid\[0\] must be at least 1, got 0"),
        ((2, -1), ValueError, r"grid\[1\] must be at least 1, got -1"),
        ((2, 2.0), TypeError, r"grid\[1\] must be an integer"),
        ((2,), TypeError, r"two integers, \(rows, columns\)"),
        (4, TypeError, r"two integers, \(rows, columns\)"),
        ("22", TypeError, r"two integers"),
    ],
)
def test_grids_that_are_none_are_refused(grid, error, message):
    with pytest.raises(error, match=message):
        check_grid(grid)


def test_a_grid_may_be_a_list_and_its_numbers_numpys():
    assert check_grid([np.int64(2), 3]) == (2, 3)
