"""The controls of transfer: what they do is known in closed form."""

import numpy as np
import pytest

from evogan.exceptions import NotFittedError
from evogan.models import ConstantTransfer, MomentMatching, NoTransfer, RawTransfer, UniformTransfer
from evogan.models._moments import Moments


def rng(seed=0):
    return np.random.default_rng(seed)


def pair(seed=0, n_source=40, n_target=30, n_var=3):
    return rng(seed).uniform(0.1, 0.3, (n_source, n_var)), rng(seed + 100).uniform(0.4, 0.9, (n_target, n_var))


@pytest.mark.parametrize("model", [NoTransfer, RawTransfer])
def test_raw_solutions_are_handed_over_as_they_are(model):
    S, T = pair()
    result = model().fit(S, T, rng=rng()).transfer(S, rng=rng())
    np.testing.assert_array_equal(result, S)
    assert result is not S


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_the_constant_is_the_same_everywhere(value):
    S, T = pair()
    result = ConstantTransfer(value).fit(S, T, rng=rng()).transfer(S, rng=rng())
    np.testing.assert_array_equal(result, np.full(S.shape, value))


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_constants_outside_the_box_are_refused(value):
    with pytest.raises(ValueError, match=r"value must lie in \[0, 1\]"):
        ConstantTransfer(value)


def test_uniform_points_come_from_the_rng_and_know_nothing_of_the_source():
    S, T = pair(n_source=2000)
    model = UniformTransfer().fit(S, T, rng=rng())
    np.testing.assert_array_equal(model.transfer(S, rng=rng(3)), model.transfer(1 - S, rng=rng(3)))
    X = model.transfer(S, rng=rng(3))
    assert not np.array_equal(X, model.transfer(S, rng=rng(4)))
    np.testing.assert_allclose(X.mean(axis=0), 0.5, atol=0.03)
    np.testing.assert_allclose(X.std(axis=0), 12**-0.5, atol=0.02)


def test_moment_matching_gives_the_target_s_mean_and_spread():
    for seed in range(5):
        S, T = pair(seed)
        X = MomentMatching().fit(S, T, rng=rng()).transfer(S, rng=rng())
        inside = (X > 0).all(axis=0) & (X < 1).all(axis=0)
        assert inside.any(), f"seed {seed}"
        np.testing.assert_allclose(X.mean(axis=0)[inside], T.mean(axis=0)[inside], atol=1e-12)
        np.testing.assert_allclose(X.std(axis=0)[inside], T.std(axis=0)[inside], atol=1e-12)


def test_moment_matching_by_hand():
    model = MomentMatching().fit([[0.1, 0.5], [0.3, 0.5]], [[0.4, 0.2], [0.8, 0.6]], rng=rng())
    # First variable: 0.6 + (x - 0.2) * 2; second: constant in the source, so the target's mean.
    X = model.transfer([[0.1, 0.5], [0.2, 0.5], [0.25, 0.9]], rng=rng())
    np.testing.assert_allclose(X, [[0.4, 0.4], [0.6, 0.4], [0.7, 0.4]])


def test_moment_matching_stays_in_the_box():
    X = MomentMatching().fit([[0.4], [0.5]], [[0.0], [1.0]], rng=rng()).transfer([[0.0], [0.45], [1.0]], rng=rng())
    np.testing.assert_allclose(X, [[0.0], [0.5], [1.0]])


def test_moment_matching_of_a_population_with_itself_is_the_identity():
    S, _ = pair()
    np.testing.assert_allclose(MomentMatching().fit(S, S, rng=rng()).transfer(S, rng=rng()), S, atol=1e-15)


def test_a_constant_target_is_met_exactly():
    S, _ = pair()
    T = np.tile([0.3, 0.1, 0.7], (30, 1))  # 0.3 and 0.1 times 30 are not exact: their spread is rounding, not 0
    np.testing.assert_allclose(
        MomentMatching().fit(S, T, rng=rng()).transfer(S, rng=rng()), np.tile(T[:1], (len(S), 1)), atol=1e-15
    )


def test_moments_of_constant_variables_are_exactly_flat():
    S, T = pair()
    S[:, 1] = T[:, 2] = 0.1
    moments = Moments.of(S, T)
    assert moments.source_spread[1] == moments.target_spread[2] == 0
    assert (moments.standardised_source(S)[:, 1] == 0).all()
    assert (moments.standardised_target(T)[:, 2] == 0).all()


def test_standardised_variables_have_mean_0_and_spread_1_each_by_its_own():
    S, T = pair()
    moments = Moments.of(S, T)
    for Z in (moments.standardised_source(S), moments.standardised_target(T)):
        np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(Z.std(axis=0), 1)


def test_unit_moments_change_nothing():
    S, T = pair()
    moments = Moments.unit(3)
    for Z in (moments.match(S), moments.standardised_source(S), moments.reverse.match(S)):
        np.testing.assert_array_equal(Z, S)
    np.testing.assert_array_equal(moments.standardised_target(T), T)


def test_the_way_back_undoes_the_match():
    S, T = pair()
    moments = Moments.of(S, T)
    np.testing.assert_allclose(moments.reverse.match(moments.match(S)), S, atol=1e-14)


def test_moment_matching_before_fit_says_so():
    with pytest.raises(NotFittedError, match=r"MomentMatching must be fitted before transfer"):
        MomentMatching().transfer([[0.5]], rng=rng())


@pytest.mark.parametrize("model", [NoTransfer, RawTransfer, ConstantTransfer, UniformTransfer, MomentMatching])
def test_a_seed_is_no_rng(model):
    S, T = pair()
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator"):
        model().fit(S, T, rng=1)
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator"):
        model().fit(S, T, rng=rng()).transfer(S, rng=1)
