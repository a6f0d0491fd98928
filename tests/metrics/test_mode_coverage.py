"""Modes of a mixture, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.metrics import mode_coverage

MODES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def samples(*counts, stray=0):
    near = [mode + [0.5, 0.0] for mode, n in zip(MODES, counts, strict=True) for _ in range(n)]
    return np.array(near + [[5.0, 5.0]] * stray)


def test_counts_and_shares_by_hand():
    found = mode_coverage(samples(40, 40, 4, 0, stray=16), MODES, sd=0.2)
    assert (found.counts, found.n_modes, found.radius) == ((40, 40, 4, 0), 4, pytest.approx(0.6))
    assert found.high_quality == 0.84
    # A fair share is 84 / 4 = 21, a fifth of it 4.2.
    assert found.n_covered == 2
    assert mode_coverage(samples(40, 40, 5, 0, stray=16), MODES, sd=0.2).n_covered == 3
    assert str(found) == "2/4 modes, 0.84 of the samples within 0.6"


def test_one_sample_is_enough_in_the_published_convention():
    points = samples(97, 1, 1, 0)
    assert mode_coverage(points, MODES, sd=0.2).n_covered == 1
    assert mode_coverage(points, MODES, sd=0.2, min_share=0.0).n_covered == 3
    assert mode_coverage(points, MODES, sd=0.2, min_share=0.0, min_count=2).n_covered == 1


def test_the_radius_is_n_sd_deviations_or_given():
    points = samples(5, 5, 5, 5)  # each 0.5 from its mode
    for inside in ({"sd": 0.2}, {"sd": 0.5, "n_sd": 1.0}, {"radius": 0.5}):
        assert mode_coverage(points, MODES, **inside).high_quality == 1.0
    for outside in ({"sd": 0.16}, {"sd": 0.2, "n_sd": 2.0}, {"radius": 0.49}):
        found = mode_coverage(points, MODES, **outside)
        assert (found.high_quality, found.n_covered) == (0.0, 0)


def test_a_sample_within_two_balls_counts_once_for_the_nearest():
    found = mode_coverage([[4.0, 0.0]], MODES[:2], radius=8.0)
    assert (found.counts, found.high_quality) == ((1, 0), 1.0)


def test_perfect_samples_of_a_ring():
    rng = np.random.default_rng(1)
    angles = np.arange(8) * np.pi / 4
    ring = 2.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = ring[rng.integers(8, size=20_000)] + 0.1 * rng.standard_normal((20_000, 2))
    found = mode_coverage(points, ring, sd=0.1)
    assert found.n_covered == 8
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.003)  # Rayleigh: .9889


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="either sd or radius"):
        mode_coverage(MODES, MODES)
    with pytest.raises(ValueError, match="either sd or radius"):
        mode_coverage(MODES, MODES, sd=0.1, radius=1.0)
    with pytest.raises(ValueError, match="as wide as modes \\(2\\), got 3"):
        mode_coverage(np.zeros((4, 3)), MODES, sd=0.1)
    with pytest.raises(ValueError, match="samples must be finite, got 1 of 4 rows"):
        mode_coverage(np.where(MODES == 10.0, np.nan, MODES)[[0, 0, 0, 1]], MODES, sd=0.1)
