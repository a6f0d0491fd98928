"""Indicators of point sets against numbers worked out by hand, and the lies they must not tell."""

from __future__ import annotations

import json
import math

import moocore
import numpy as np
import pytest

from evogan.metrics import Score, hypervolume, igd, igd_plus, spread

FRONT = [[0.0, 2.0], [2.0, 0.0]]
NAN, INF = float("nan"), float("inf")
UNIT = {"ideal": [0.0, 0.0], "nadir": [1.0, 1.0]}


def test_igd_by_hand():
    # (0, 2) is 1 from (0, 1); (2, 0) is 2 from (2, 2); (3, 3) is nobody's nearest.
    assert float(igd([[0, 1], [2, 2], [3, 3]], FRONT)) == pytest.approx(1.5, abs=1e-12)


def test_igd_plus_counts_only_what_is_worse():
    # From (1, 1) both points of the front are sqrt(2) away, but worse by 1 in one objective only.
    assert float(igd([[1, 1]], FRONT)) == pytest.approx(math.sqrt(2), abs=1e-12)
    assert float(igd_plus([[1, 1]], FRONT)) == pytest.approx(1.0, abs=1e-12)
    assert float(igd_plus([[-1, -1]], FRONT)) == 0.0


@pytest.mark.parametrize("indicator", [igd, igd_plus])
def test_the_front_itself_scores_zero(indicator):
    assert float(indicator(FRONT, FRONT)) == 0.0


def test_hypervolume_by_hand():
    # Boxes up to (1.1, 1.1) of 1.1 x 0.1 and 0.6 x 0.6, which share 0.6 x 0.1; what lies beyond 1.1 adds nothing.
    points = [[0.0, 1.0], [0.5, 0.5], [1.2, 0.0]]
    assert float(hypervolume(points, **UNIT)) == pytest.approx(1.1 * 0.1 + 0.6 * 0.5, abs=1e-12)
    assert float(hypervolume([[0, 0, 0]], ideal=[0] * 3, nadir=[1] * 3)) == pytest.approx(1.1**3, abs=1e-12)
    assert float(hypervolume([[0.5, 0.5]], **UNIT, reference=1.0)) == pytest.approx(0.25, abs=1e-12)


def test_hypervolume_is_normalised_by_ideal_and_nadir():
    points = np.array([[0.0, 1.0], [0.5, 0.5], [0.8, 0.1]])
    scaled = float(hypervolume(points, **UNIT))
    low, high = np.array([-3.0, 100.0]), np.array([5.0, 700.0])
    assert float(hypervolume(low + points * (high - low), ideal=low, nadir=high)) == pytest.approx(scaled, abs=1e-12)
    assert float(hypervolume(low + points * (high - low), **UNIT)) != pytest.approx(scaled, abs=0.1)


def test_hypervolume_where_nadir_equals_ideal():
    # The second objective keeps its unit: the point lies 0.1 below the reference 1.1 above the ideal.
    assert float(hypervolume([[0.5, 4.0]], ideal=[0, 3], nadir=[1, 3])) == pytest.approx(0.6 * 0.1, abs=1e-12)


def test_spread_by_hand():
    # 1/2 of the first objective's range, 1/4 of the second's.
    assert float(spread([[0.0, 1.0], [1.0, 0.5]], FRONT)) == pytest.approx((0.5 + 0.25) / 2, abs=1e-12)
    assert float(spread([[1.0, 1.0]], FRONT)) == 0.0
    assert float(spread(FRONT, FRONT)) == 1.0
    assert float(spread([[-9.0, 9.0], [9.0, -9.0]], FRONT)) == 1.0  # beyond the front is not more than all of it


def test_spread_ignores_objectives_that_do_not_vary():
    assert float(spread([[0.0, 7.0], [1.0, 7.0]], [[0.0, 7.0], [2.0, 7.0]])) == pytest.approx(0.5, abs=1e-12)
    assert float(spread([[5.0, 5.0]], [[1.0, 1.0]])) == 1.0


@pytest.mark.parametrize(("ours", "bare"), [(igd, moocore.igd), (igd_plus, moocore.igd_plus)])
def test_a_nan_row_is_no_perfect_score(ours, bare):
    clean = [[3.0, 3.0], [2.0, 4.0]]
    spoilt = [*clean, [NAN, NAN]]
    assert bare(np.array(spoilt), ref=np.array(FRONT)) == 0.0  # what the guard is for
    score = ours(spoilt, FRONT)
    assert float(score) == float(ours(clean, FRONT)) > 1.0
    assert (score.n_points, score.n_nonfinite) == (2, 1)


@pytest.mark.parametrize("row", [[NAN, 0.0], [0.0, NAN], [INF, 0.0], [-INF, 0.0], [NAN, INF]])
@pytest.mark.parametrize(
    "indicator",
    [
        lambda F: igd(F, FRONT),
        lambda F: igd_plus(F, FRONT),
        lambda F: spread(F, FRONT),
        lambda F: hypervolume(F, ideal=[0, 0], nadir=[2, 2]),
    ],
    ids=["igd", "igd_plus", "spread", "hypervolume"],
)
def test_non_finite_rows_are_dropped_and_counted(indicator, row):
    clean = [[0.5, 1.5], [1.0, 1.0]]
    score, spoilt = indicator(clean), indicator([clean[0], row, row, clean[1]])
    assert float(spoilt) == float(score) > 0
    assert (spoilt.n_points, spoilt.n_nonfinite) == (2, 2)
    assert (score.n_points, score.n_nonfinite) == (2, 0)


@pytest.mark.parametrize(
    ("F", "dropped"), [(None, 0), ([], 0), (np.empty((0, 2)), 0), ([[NAN, 1.0], [INF, 1.0]], 2)], ids=str
)
def test_an_empty_set_is_the_worst_not_the_best(F, dropped):
    worst = {igd: INF, igd_plus: INF, spread: 0.0}
    for indicator, value in worst.items():
        score = indicator(F, FRONT)
        assert (float(score), score.n_points, score.n_nonfinite) == (value, 0, dropped), indicator.__name__
    score = hypervolume(F, **UNIT)
    assert (float(score), score.n_points, score.n_nonfinite) == (0.0, 0, dropped)


def test_the_reference_travels_with_the_score():
    for indicator in (igd, igd_plus, spread):
        assert indicator([[1, 1]], [*FRONT, [1, 1]]).n_reference == 3, indicator.__name__
    score = hypervolume([[1, 1]], ideal=[0, 1], nadir=[2, 3], reference=1.2)
    assert score.reference_point == (1.2, 1.2)
    assert (score.ideal, score.nadir, score.n_reference) == ((0.0, 1.0), (2.0, 3.0), 0)


@pytest.mark.parametrize("score", [igd([[1, 1], [NAN, 1]], FRONT), igd(None, FRONT), hypervolume([[0, 0]], **UNIT)])
def test_as_dict_survives_json(score):
    fields = score.as_dict()
    again = json.loads(json.dumps(fields))
    assert again == {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()}
    assert again["value"] == float(score)
    assert None not in fields.values()


def test_score_is_a_frozen_number():
    score = Score(0.25, 3, 0)
    assert float(score) == 0.25
    with pytest.raises(AttributeError):
        score.value = 0.0


@pytest.mark.parametrize("indicator", [igd, igd_plus, spread])
@pytest.mark.parametrize("front", [[], [0.0, 1.0], [[0.0, NAN]], [[0.0, INF]], np.empty((0, 2))], ids=str)
def test_a_bad_front_is_named(indicator, front):
    with pytest.raises(ValueError, match=r"^front must be"):
        indicator([[1.0, 1.0]], front)


@pytest.mark.parametrize("F", [[[1.0, 1.0, 1.0]], [1.0, 1.0], 1.0], ids=str)
def test_a_bad_set_is_named(F):
    for indicator in (igd, igd_plus, spread):
        with pytest.raises(ValueError, match=r"^F must have shape \(n, 2\)"):
            indicator(F, FRONT)
    with pytest.raises(ValueError, match=r"^F must have shape \(n, 2\)"):
        hypervolume(F, **UNIT)


@pytest.mark.parametrize(
    ("ideal", "nadir"), [([0, 0], [1]), ([0, NAN], [1, 1]), ([0, 0], [1, INF]), ([0, 2], [1, 1])], ids=str
)
def test_bad_ideal_and_nadir_are_named(ideal, nadir):
    with pytest.raises(ValueError, match="ideal and nadir must be finite"):
        hypervolume([[0.5, 0.5]], ideal=ideal, nadir=nadir)


@pytest.mark.parametrize("reference", [NAN, INF, 0.0, -1.0])
def test_a_bad_reference_point_is_named(reference):
    with pytest.raises(ValueError, match="reference must lie in"):
        hypervolume([[0.5, 0.5]], **UNIT, reference=reference)


def test_arguments_are_left_alone():
    F, front = np.array([[0.5, 1.5], [NAN, 1.0]]), np.array(FRONT)
    before = F.copy(), front.copy()
    for indicator in (igd, igd_plus, spread):
        indicator(F, front)
    hypervolume(F, **UNIT)
    assert np.array_equal(F, before[0], equal_nan=True)
    assert np.array_equal(front, before[1])
