"""KID and MMD: hand-worked values, unbiasedness, subsets and blocks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from evogan.metrics import _matrices, kernel_distance, mmd


def u_statistic(real, fake, kernel):
    """The unbiased squared MMD, one pair at a time."""

    def within(x):
        return sum(kernel(a, b) for a, b in itertools.permutations(x, 2)) / (len(x) * (len(x) - 1))

    across = sum(kernel(a, b) for a in real for b in fake) / (len(real) * len(fake))
    return within(real) + within(fake) - 2 * across


@pytest.fixture
def sets():
    rng = np.random.default_rng(1)
    return rng.standard_normal((13, 4)), 1.5 * rng.standard_normal((9, 4)) + 0.3


def test_kernel_distance_equals_a_sum_over_pairs(sets):
    expected = u_statistic(*sets, lambda a, b: (a @ b / 4 + 1) ** 3)
    mean, sd = kernel_distance(*sets)
    assert mean == pytest.approx(expected, rel=1e-12)
    assert sd is None


def test_mmd_equals_a_sum_over_pairs_and_averages_bandwidths(sets):
    def gaussian(width):
        return u_statistic(*sets, lambda a, b: math.exp(-((a - b) @ (a - b)) / (2 * width**2)))

    assert mmd(*sets, [0.7]) == pytest.approx(gaussian(0.7), rel=1e-10)
    assert mmd(*sets, [0.7, 2.0]) == pytest.approx((gaussian(0.7) + gaussian(2.0)) / 2, rel=1e-10)


def test_the_default_bandwidth_is_the_pooled_median(sets):
    pooled = np.concatenate(sets)
    median = np.median([np.linalg.norm(a - b) for a, b in itertools.combinations(pooled, 2)])
    assert mmd(*sets) == pytest.approx(mmd(*sets, [median]), rel=1e-10)
    assert mmd(*sets) == pytest.approx(mmd(*sets[::-1]), rel=1e-10)
    with pytest.raises(ValueError, match="more than half of all pairs of samples coincide"):
        mmd(np.zeros((9, 2)), np.ones((1, 2)).repeat(2, axis=0))


def test_far_from_the_origin_mmd_stays_exact(sets):
    real, fake = sets
    assert mmd(real + 1e6, fake + 1e6, [1.0]) == pytest.approx(mmd(real, fake, [1.0]), rel=1e-6)


def test_both_are_zero_on_average_for_equal_distributions():
    rng = np.random.default_rng(7)
    draws = [[rng.standard_normal((20, 3)) for _ in range(2)] for _ in range(400)]
    for values in ([kernel_distance(a, b).mean for a, b in draws], [mmd(a, b, [1.0]) for a, b in draws]):
        error = np.std(values) / math.sqrt(len(values))
        assert abs(np.mean(values)) < 3.5 * error
        assert 0.3 < np.mean(np.array(values) < 0.0) < 0.8  # an estimate cut off at 0 would be biased
    moved = [kernel_distance(a, b + 1.0).mean for a, b in draws[:50]]
    assert min(moved) > 0.0


def test_blocks_change_nothing(sets, monkeypatch):
    whole = kernel_distance(*sets).mean, mmd(*sets, [1.0])
    monkeypatch.setattr(_matrices, "BLOCK", 40)  # rows by fours
    assert (kernel_distance(*sets).mean, mmd(*sets, [1.0])) == pytest.approx(whole, rel=1e-12)


def test_subsets_average_to_all_pairs_and_repeat(sets):
    all_pairs = kernel_distance(*sets).mean
    mean, sd = kernel_distance(*sets, n_subsets=400, subset_size=8, rng=np.random.default_rng(2))
    assert sd > 0.0
    assert abs(mean - all_pairs) < 4 * sd / math.sqrt(400)
    again = kernel_distance(*sets, n_subsets=400, subset_size=8, rng=np.random.default_rng(2))
    assert again == (mean, sd)
    assert kernel_distance(*sets, n_subsets=400, subset_size=8, rng=np.random.default_rng(3)) != again


def test_bad_subsets_and_bandwidths_are_refused(sets):
    with pytest.raises(ValueError, match="subset_size must be in \\[2, 9\\], got 10"):
        kernel_distance(*sets, n_subsets=1, subset_size=10, rng=np.random.default_rng(1))
    with pytest.raises(TypeError, match="rng must be"):
        kernel_distance(*sets, n_subsets=1, subset_size=5)
    with pytest.raises(ValueError, match="bandwidths\\[1\\]"):
        mmd(*sets, [1.0, 0.0])
    with pytest.raises(ValueError, match="at least one number"):
        mmd(*sets, [])
