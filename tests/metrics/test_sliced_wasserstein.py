"""The sliced Wasserstein distance: exact on a line, known in the plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from evogan.metrics import sliced_wasserstein


def rng(seed=1):
    return np.random.default_rng(seed)


def test_on_a_line_it_is_the_sorted_difference():
    real, fake = rng().standard_normal((50, 1)), rng(2).exponential(size=(50, 1))
    expected = np.abs(np.sort(real, axis=0) - np.sort(fake, axis=0)).mean()
    assert sliced_wasserstein(real, fake, rng=rng()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(1, 7), (12, 18), (30, 31), (64, 16)])
def test_sets_of_unequal_size_are_exact(n, m):
    real, fake = rng(n).standard_normal((n, 1)), 1.0 + 2.0 * rng(m).standard_normal((m, 1))
    expected = wasserstein_distance(real[:, 0], fake[:, 0])
    assert sliced_wasserstein(real, fake, n_projections=3, rng=rng()) == pytest.approx(expected, rel=1e-12)
    assert sliced_wasserstein(fake, real, n_projections=3, rng=rng()) == pytest.approx(expected, rel=1e-12)


def test_a_shift_costs_its_mean_projection():
    # The mean of |cos| over the circle is 2 / pi, over the sphere 1 / 2.
    for d, share in ((2, 2 / math.pi), (3, 0.5)):
        x = rng().standard_normal((40, d))
        shift = np.zeros(d)
        shift[0] = 5.0
        found = sliced_wasserstein(x, x + shift, n_projections=20_000, rng=rng(3))
        assert found == pytest.approx(5.0 * share, rel=0.02)


def test_it_is_zero_for_the_same_set_in_any_order_and_scales():
    x, y = rng().standard_normal((33, 4)), rng(2).standard_normal((44, 4))
    assert sliced_wasserstein(x, x[::-1], rng=rng()) == pytest.approx(0.0, abs=1e-15)
    score = sliced_wasserstein(x, y, rng=rng())
    assert score > 0.05
    assert sliced_wasserstein(-3.0 * x, -3.0 * y, rng=rng()) == pytest.approx(3.0 * score, rel=1e-12)
    assert sliced_wasserstein(x, y, rng=rng(9)) != score


def test_every_projection_counts_once():
    x, y = rng().standard_normal((20, 3)), rng(2).standard_normal((20, 3))
    generator = rng(5)
    parts = [sliced_wasserstein(x, y, n_projections=n, rng=generator) for n in (64, 64, 22)]
    expected = np.average(parts, weights=[64, 64, 22])
    assert sliced_wasserstein(x, y, n_projections=150, rng=rng(5)) == pytest.approx(expected, rel=1e-12)
