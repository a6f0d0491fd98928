"""Standardised coordinates: exact there and back, and no divisions by nothing."""

import numpy as np

from evogan.models._standard import Standard


def test_encoded_solutions_have_mean_0_and_deviation_1():
    X = np.random.default_rng(1).random((50, 4))
    Z = Standard.of(X).encode(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Z.std(axis=0), 1, atol=1e-12)


def test_coordinates_by_hand():
    standard = Standard.of(np.array([[0.2, 0.5], [0.4, 0.5]]))
    np.testing.assert_allclose(standard.encode(np.array([[0.2, 0.1], [0.5, 0.9]])), [[-1, 0], [2, 0]], atol=1e-12)
    np.testing.assert_allclose(standard.decode(np.array([[-1.0, 3.0], [2.0, -3.0]])), [[0.2, 0.5], [0.5, 0.5]])


def test_decoding_undoes_encoding_within_five_deviations():
    X = np.random.default_rng(1).random((50, 4))
    standard = Standard.of(X)
    np.testing.assert_allclose(standard.decode(standard.encode(X)), X, atol=1e-12)


def test_outliers_are_pulled_in_to_five_deviations():
    X = np.full((101, 1), 0.1)
    X[0] = 0.9
    X[1:51] += 0.01
    Z = Standard.of(X).encode(X)
    assert Z.max() == 5.0
    assert Standard.of(1 - X).encode(1 - X).min() == -5.0


def test_solutions_leave_coordinates_inside_the_box():
    standard = Standard.of(np.random.default_rng(1).random((20, 3)))
    X = standard.decode(np.array([[5.0, -5.0, 0.0], [-9.0, 9.0, 0.1]]))
    assert X.min() == 0.0
    assert X.max() == 1.0


def test_constant_variables_stay_constant_to_the_last_bit():
    value = 0.1 + 0.2
    X = np.full((7, 1), value)  # the mean of seven such numbers is another number
    standard = Standard.of(X)
    assert (standard.encode(X) == 0).all()
    assert (standard.encode(X + 0.5) == 0).all()
    assert (standard.decode(np.array([[3.0], [-3.0]])) == value).all()


def test_small_spreads_are_spreads_and_rounding_is_none():
    X = np.array([[0.5, 0.5], [0.5 + 1e-9, 0.5 + 1e-14]])
    np.testing.assert_allclose(Standard.of(X).encode(X), [[-1, 0], [1, 0]], atol=1e-6)
