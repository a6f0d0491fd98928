"""The kernel density estimate: moments and weights by hand."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from evogan.models import KernelDensity
from evogan.models._kernel_density import _weights


def rng(seed=1):
    return np.random.default_rng(seed)


def cloud(n=40, d=3):
    return 0.5 + 0.03 * rng().standard_normal((n, d)) * np.arange(1, d + 1)


def test_samples_have_the_moments_of_the_estimate():
    X = cloud()
    for bandwidth, h in ((0.5, 0.5), ("scott", 40 ** (-1 / 7)), (0.0, 0.0)):
        S = KernelDensity(bandwidth).fit(X, rng=rng()).sample(40_000, rng=rng(2))
        np.testing.assert_allclose(S.mean(axis=0), X.mean(axis=0), atol=0.002)
        # Covariance of the solutions, plus h^2 times their variance on the diagonal.
        expected = np.cov(X.T, ddof=0) + np.diag(h**2 * X.var(axis=0))
        np.testing.assert_allclose(np.cov(S.T), expected, rtol=0.03, atol=2e-5)


def test_the_bandwidth_is_that_of_scipy_where_one_variable_is_estimated():
    X = cloud(30, 1)
    kde = gaussian_kde(X.T)
    S = KernelDensity().fit(X, rng=rng()).sample(40_000, rng=rng(2))
    # SciPy divides by n - 1.
    expected = X.var() + kde.factor**2 * X.var()
    assert S.var() == pytest.approx(expected, rel=0.02)


def test_fewer_solutions_than_variables_will_do():
    X = rng().random((4, 30))
    S = KernelDensity(0.01).fit(X, rng=rng()).sample(100, rng=rng(2))
    nearest = ((S[:, None] - X) ** 2).sum(axis=2)
    assert nearest.min(axis=1).max() < 0.02
    assert set(nearest.argmin(axis=1)) == {0, 1, 2, 3}


def test_weights_by_hand():
    c, C = np.array([[0.0], [1.0], [100.0]]), np.array([[0.0], [1.0]])
    # exp(-1/2 / 0.25) = exp(-2); far away the nearer one counts alone, and nothing underflows to 0 / 0.
    expected = [[1, np.exp(-2)], [np.exp(-2), 1], [0, 1]]
    np.testing.assert_allclose(_weights(c, C, np.array([0.5])), expected, atol=1e-12)


def test_constant_columns_of_the_condition_say_nothing():
    c, C = np.array([[0.0, 5.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    both = _weights(c, C, np.array([0.5, 0.0]))
    np.testing.assert_allclose(both, _weights(c[:, :1], C[:, :1], np.array([0.5])))


def test_solutions_are_drawn_by_the_kernels_of_their_conditions():
    X, C = np.array([[0.2], [0.8]]), np.array([[0.0], [1.0]])
    model = KernelDensity(0.0, condition_bandwidth=1.0).fit(X, condition=C, rng=rng())  # deviation of C: 1/2
    for asked, of_first in ((0.0, 1 / (1 + np.exp(-2))), (0.5, 0.5), (1.0, 1 - 1 / (1 + np.exp(-2)))):
        S = model.sample(20_000, condition=np.full((20_000, 1), asked), rng=rng(2))
        assert set(S.ravel()) == {0.2, 0.8}
        assert np.mean(S == 0.2) == pytest.approx(of_first, abs=0.01)


def test_conditions_have_a_bandwidth_of_their_own():
    X, C = rng().random((50, 30)), rng(2).random((50, 1))
    by_rule, by_hand = (
        KernelDensity(0.0, condition_bandwidth=h).fit(X, condition=C, rng=rng()).sample(50, condition=C, rng=rng(3))
        for h in ("scott", 50 ** (-1 / 5))
    )
    np.testing.assert_array_equal(by_rule, by_hand)


def test_samples_are_clipped_to_the_box_and_constants_stay():
    X = np.array([[0.0, 0.1 + 0.2], [1.0, 0.1 + 0.2]])
    S = KernelDensity(3.0).fit(X, rng=rng()).sample(100, rng=rng(2))
    assert S[:, 0].min() == 0.0
    assert S[:, 0].max() == 1.0
    assert (S[:, 1] == 0.1 + 0.2).all()


def test_later_changes_of_the_data_change_nothing():
    X, C = cloud(), rng(2).random((40, 1))
    model = KernelDensity().fit(X, condition=C, rng=rng())
    before = model.sample(9, condition=C[:9], rng=rng(2))
    given = C[:9].copy()
    X[:], C[:] = 0.0, 0.0
    np.testing.assert_array_equal(model.sample(9, condition=given, rng=rng(2)), before)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="bandwidth must lie in"):
        KernelDensity(-0.1)
    with pytest.raises(TypeError, match="bandwidth must be a number"):
        KernelDensity(np.array([0.1, 0.2]))
    with pytest.raises(TypeError, match="bandwidth must be a number"):
        KernelDensity("silverman")
    with pytest.raises(ValueError, match="condition_bandwidth must lie in"):
        KernelDensity(condition_bandwidth=0.0)
