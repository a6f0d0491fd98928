"""Precision, recall, density and coverage on points of a line worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.metrics import _matrices, density_coverage, precision_recall

# With k = 1 their balls are [-1, 1], [0, 2], [1, 5] and [3, 17].
REAL = np.array([[0.0], [1.0], [3.0], [10.0]])
# Theirs are [-.5, 1.5], [.5, 2.5], [1.5, 13.5] and [7.5, 32.5].
FAKE = np.array([[0.5], [1.5], [7.5], [20.0]])


def test_precision_recall_by_hand():
    # .5, 1.5 and 7.5 lie in real balls, 20 in none; 0 and 1 lie in the ball of .5, 3 and 10 in that of 7.5.
    assert precision_recall(REAL, FAKE, k=1) == (0.75, 1.0)
    assert precision_recall(REAL, FAKE[:2], k=1) == (1.0, 0.5)


def test_density_coverage_by_hand():
    # .5 lies in two balls, 1.5 in two, 7.5 in one, 20 in none: 5 balls for 4 points.
    assert density_coverage(REAL, FAKE, k=1) == (1.25, 1.0)
    # The ball of 10 is reached by 7.5 alone.
    assert density_coverage(REAL, FAKE[[0, 1, 3]], k=1) == (pytest.approx(4 / 3), 0.75)
    # With k = 2 the balls are [-3, 3], [-1, 3], [0, 6], [1, 19] and density is divided by 2.
    assert density_coverage(REAL, FAKE, k=2) == ((3 + 4 + 1 + 0) / (2 * 4), 1.0)


def test_balls_are_closed():
    assert density_coverage(REAL, [[2.0]], k=1) == (2.0, 0.5)
    assert precision_recall([[0.0], [1.0]], [[2.0], [9.0]], k=1).precision == 0.5
    assert precision_recall([[0.0], [1.0]], [[2.0 + 1e-9], [9.0]], k=1).precision == 0.0


@pytest.mark.parametrize("shift", [0.0, 1e5])
def test_a_set_and_itself(shift):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((403, 513)) + shift
    again = rng.permutation(x)  # which rounds the same distances differently
    assert precision_recall(x, again) == (1.0, 1.0)
    # A ball holds its centre, its k - 1 inner neighbours and the one on its surface.
    assert density_coverage(x, again, k=5) == (pytest.approx(6 / 5, abs=1e-12), 1.0)


def test_a_single_point_many_times():
    assert precision_recall(np.ones((5, 2)), np.ones((6, 2))) == (1.0, 1.0)
    assert density_coverage(np.ones((6, 2)), np.ones((3, 2))) == (6 / 5, 1.0)


def test_equal_distributions_have_density_one():
    rng = np.random.default_rng(2)
    density, coverage = density_coverage(rng.standard_normal((1500, 3)), rng.standard_normal((1500, 3)))
    assert density == pytest.approx(1.0, abs=0.05)
    # A ball is missed when the k points next to its centre are all real, which has probability 2^-k.
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)


def test_one_outlier_fools_precision_but_not_density():
    rng = np.random.default_rng(3)
    real = np.concatenate([rng.standard_normal((300, 2)), [[100.0, 0.0]]])
    fake = np.array([50.0, 0.0]) + rng.standard_normal((300, 2))  # within the outlier's huge ball only
    assert precision_recall(real, fake).precision == 1.0
    density, coverage = density_coverage(real, fake)
    assert density == pytest.approx(1 / 5)
    assert coverage == pytest.approx(1 / 301)


def test_a_collapsed_generator_has_precision_without_recall():
    rng = np.random.default_rng(4)
    real = rng.standard_normal((300, 2))
    fake = 0.01 * rng.standard_normal((300, 2))
    precision, recall = precision_recall(real, fake)
    assert precision == 1.0
    assert recall < 0.01
    assert density_coverage(real, fake).coverage < 0.1


def test_blocks_and_order_change_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    real, fake = rng.standard_normal((70, 3)), rng.standard_normal((50, 3)) + 0.5
    whole = precision_recall(real, fake), density_coverage(real, fake)
    assert 0.0 < min(whole[0]) < 1.0
    monkeypatch.setattr(_matrices, "BLOCK", 900)
    shuffled = rng.permutation(real), rng.permutation(fake)
    assert (precision_recall(*shuffled), density_coverage(*shuffled)) == whole


def test_too_few_rows_for_k_are_refused():
    with pytest.raises(ValueError, match="fake must have more than k = 3 rows, got 3"):
        precision_recall(REAL, FAKE[:3], k=3)
    with pytest.raises(ValueError, match="real must have more than k = 5 rows, got 4"):
        density_coverage(REAL, FAKE)
    assert density_coverage(REAL, FAKE[:1], k=3).density == 4 / 3  # the fakes need no neighbours here
