"""The Frechet distance against closed forms on samples whose moments are prescribed exactly."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.metrics import frechet_distance

DIAGONAL = np.diag([4.0, 1.0, 0.25])


def with_moments(rng, n, mean, covariance):
    """Whiten n normal rows and colour them, so that their sample moments are exactly those asked for."""
    x = rng.standard_normal((n, len(mean)))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(x.T @ x / (n - 1))).T
    return mean + x @ np.linalg.cholesky(covariance).T


@pytest.mark.parametrize(
    ("mean", "covariance", "expected"),
    [
        ([0.0, 0.0, 0.0], DIAGONAL, 0.0),
        ([1.0, -2.0, 2.0], DIAGONAL, 9.0),
        # Commuting covariances: the sum of squared differences of standard deviations, (2-1)^2 + (1-3)^2 + (.5-.5)^2.
        ([0.0, 0.0, 0.0], np.diag([1.0, 9.0, 0.25]), 5.0),
        ([0.0, 3.0, 0.0], np.diag([1.0, 9.0, 0.25]), 14.0),
    ],
)
def test_normal_distributions_in_closed_form(mean, covariance, expected):
    rng = np.random.default_rng(1)
    real = with_moments(rng, 40, np.zeros(3), DIAGONAL)
    fake = with_moments(rng, 25, np.array(mean), covariance)
    assert frechet_distance(real, fake) == pytest.approx(expected, abs=1e-12)
    assert frechet_distance(fake, real) == pytest.approx(expected, abs=1e-12)


def test_covariances_that_do_not_commute():
    # In two dimensions tr (A B)^(1/2) = (tr A B + 2 (det A det B)^(1/2))^(1/2).
    a, b = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[3.0, 0.0], [0.0, 0.5]])
    expected = 4.0 + 3.5 - 2.0 * np.sqrt(np.trace(a @ b) + 2.0 * np.sqrt(3.0 * 1.5))
    rng = np.random.default_rng(2)
    found = frechet_distance(with_moments(rng, 50, np.zeros(2), a), with_moments(rng, 50, np.zeros(2), b))
    assert found == pytest.approx(expected, abs=1e-12)


def test_rotation_moves_nothing_and_scale_counts_squared():
    rng = np.random.default_rng(3)
    real, fake = rng.standard_normal((60, 5)), 0.5 + rng.standard_normal((70, 5)) * np.arange(1, 6)
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    score = frechet_distance(real, fake)
    assert score > 1.0
    assert frechet_distance(real @ turn, fake @ turn) == pytest.approx(score, rel=1e-10)
    assert frechet_distance(3.0 * real, 3.0 * fake) == pytest.approx(9.0 * score, rel=1e-10)


def test_no_more_samples_than_features_are_refused():
    rng = np.random.default_rng(4)
    few, many = rng.standard_normal((6, 6)), rng.standard_normal((7, 6))
    assert frechet_distance(many, many) == pytest.approx(0.0, abs=1e-12)
    for name, pair in (("real", (few, many)), ("fake", (many, few))):
        with pytest.raises(ValueError, match=f"{name} must have more samples than features, got 6 samples of 6"):
            frechet_distance(*pair)
        assert frechet_distance(*pair, allow_few=True) > 0.1
    with pytest.raises(ValueError, match="at least 2 rows, got 1"):
        frechet_distance(few[:1], few, allow_few=True)


def test_a_singular_covariance_stays_real_and_finite():
    mixing = np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0], [0.0, 1.0, 0.0]])
    x = np.random.default_rng(5).standard_normal((50, 3)) @ mixing
    assert frechet_distance(x, x) == pytest.approx(0.0, abs=1e-6)
    assert frechet_distance(x, x + [0.0, 0.0, 2.0]) == pytest.approx(4.0, abs=1e-6)
