"""Tournaments between solutions of one task or of several, and the factors of inertial steps."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.multitask import binary_tournament
from evogan.multitask._operators import truncated_normal


class Given:
    """A source of randomness that hands out what it was given."""

    def __init__(self, *draws):
        self.draws = [np.array(draw) for draw in draws]

    def integers(self, high, size):
        return self.draws.pop(0).reshape(size)


def rng(seed=1):
    return np.random.default_rng(seed)


def test_the_lower_rank_wins_a_tournament():
    given = Given([[2, 0, 1, 3], [1, 3, 1, 2]])
    assert binary_tournament(np.array([4, 3, 2, 1]), 4, rng=given).tolist() == [2, 3, 1, 3]


def test_equal_ranks_are_a_matter_of_lot():
    winners = binary_tournament(np.zeros(4, dtype=int), 8000, rng=rng())
    np.testing.assert_allclose(np.bincount(winners) / 8000, 0.25, atol=0.02)


def test_the_best_of_n_wins_its_share():
    winners = binary_tournament(np.arange(10), 20000, rng=rng())
    assert (winners == 0).mean() == pytest.approx(1 - 0.9**2, abs=0.01)
    assert (winners == 9).mean() == pytest.approx(0.1**2, abs=0.005)


def test_the_factor_of_inertial_steps_stays_in_the_unit_interval():
    F = truncated_normal(20_000, rng=rng())
    assert F.shape == (20_000,) and F.min() >= 0 and F.max() <= 1
    assert F.mean() == pytest.approx(0.5, abs=0.005)
    assert F.std() == pytest.approx(0.1909, abs=0.003)  # 0.2, less what is cut off at 2.5 of them
