"""Probabilities that follow success: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.operators import Credit

NAN = float("nan")


def test_choices_start_equal():
    for n in (1, 2, 5):
        np.testing.assert_allclose(Credit(n).probabilities, 1 / n)


def test_rates_by_hand():
    credit = Credit(3, floor=0.1, decay=0.75)
    credit.update([0, 0, 0, 0, 1, 1], [True, True, True, False, False, False])
    np.testing.assert_allclose(credit.rates, [0.75 * 0.5 + 0.25 * 0.75, 0.75 * 0.5, 0.5])  # the third was not tried
    np.testing.assert_allclose(credit.probabilities, 0.1 + 0.7 * np.array([0.5625, 0.375, 0.5]) / 1.4375)
    credit.update([2], [1])
    np.testing.assert_allclose(credit.rates, [0.5625, 0.375, 0.625])


def test_the_number_of_trials_does_not_matter_but_their_share_of_success():
    few, many = Credit(2), Credit(2)
    few.update([0, 0, 1], [True, False, True])
    many.update([0] * 100 + [1] * 50, [True, False] * 50 + [True] * 50)
    assert np.array_equal(few.rates, many.rates)


def test_without_memory_the_last_trials_decide():
    credit = Credit(2, decay=0.0, floor=0.0)
    credit.update([0, 1], [True, False])
    assert credit.probabilities.tolist() == [1.0, 0.0]
    credit.update([0, 0, 1], [True, False, True])
    np.testing.assert_allclose(credit.probabilities, [1 / 3, 2 / 3])


def test_nobody_falls_below_the_floor():
    credit = Credit(4, floor=0.2, decay=0.5)
    for _ in range(100):
        credit.update([0, 1, 2, 3], [True, False, False, False])
    np.testing.assert_allclose(credit.probabilities, [0.4, 0.2, 0.2, 0.2])
    for _ in range(100):
        credit.update([0, 1, 2, 3], [False, True, False, False])
    np.testing.assert_allclose(credit.probabilities, [0.2, 0.4, 0.2, 0.2])


def test_a_floor_above_the_even_share_makes_all_equal():
    credit = Credit(3, floor=0.9)
    credit.update([0], [True])
    np.testing.assert_allclose(credit.probabilities, 1 / 3)


def test_when_nobody_succeeds_all_are_equal():
    credit = Credit(3, decay=0.0)
    credit.update([0, 1, 2], [False] * 3)
    assert credit.rates.tolist() == [0.0] * 3
    np.testing.assert_allclose(credit.probabilities, 1 / 3)


def test_trials_of_others_are_left_out():
    credit = Credit(2)
    credit.update([-1, -1, 2], [True, False, True])
    credit.update([], [])
    assert credit.rates.tolist() == [0.5, 0.5]


def test_probabilities_are_probabilities():
    rng = np.random.default_rng(1)
    for _ in range(50):
        n = int(rng.integers(1, 6))
        credit = Credit(n, floor=rng.random() / n, decay=rng.random())
        for _ in range(20):
            credit.update(rng.integers(-1, n, 9), rng.random(9) < rng.random())
        assert credit.probabilities.sum() == pytest.approx(1)
        assert credit.probabilities.min() >= credit.floor - 1e-12


@pytest.mark.parametrize(
    ("n", "options", "error", "message"),
    [
        (0, {}, ValueError, "n must be at least 1, got 0"),
        (2.0, {}, TypeError, "n must be an integer"),
        (2, {"floor": -0.1}, ValueError, r"floor must lie in \[0, 1\]"),
        (2, {"floor": NAN}, ValueError, "floor must lie in"),
        (2, {"floor": "low"}, TypeError, "floor must be a number"),
        (2, {"decay": 1.1}, ValueError, r"decay must lie in \[0, 1\]"),
        (2, {"decay": None}, TypeError, "decay must be a number"),
        (2, {"floors": 0.1}, TypeError, "floors"),
    ],
    ids=str,
)
def test_bad_settings_are_named(n, options, error, message):
    with pytest.raises(error, match=message):
        Credit(n, **options)


def test_a_power_tells_rates_apart_and_the_floor_stays():
    credit = Credit(2, power=3.0, decay=0.0, floor=0.05)
    credit.update([0, 0, 1, 1, 1, 1], [True, False, True, False, False, False])
    np.testing.assert_allclose(credit.probabilities, [0.05 + 0.9 * 8 / 9, 0.05 + 0.9 / 9])
    assert Credit(3, power=0.0).probabilities.tolist() == [1 / 3] * 3
    with pytest.raises(ValueError, match="power must lie in"):
        Credit(2, power=-1.0)
