"""Crossover and mutation of arrays: values by hand, shares, invariances."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.operators import binomial_crossover, polynomial_mutation, sbx
from evogan.operators._variation import spread_factor


class Given(np.random.Generator):
    """A source of randomness that hands out what it was given."""

    def __init__(self, *draws):
        super().__init__(np.random.PCG64(0))
        self.draws = [np.array(draw) for draw in draws]

    def random(self, shape):
        draw = self.draws.pop(0)
        assert draw.shape == (shape if isinstance(shape, tuple) else (shape,))
        return draw

    def integers(self, high, size):
        return self.draws.pop(0).reshape(size)


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("u", "eta", "beta"), [(0.0625, 2, 0.5), (0.9375, 2, 2.0), (0.5, 7, 1.0), (0.125, 0, 0.25)])
def test_spread_factor_by_hand(u, eta, beta):
    assert spread_factor(np.array([u]), eta)[0] == pytest.approx(beta)


def test_contracting_and_expanding_spreads_are_each_others_inverse():
    u = rng().random(100)
    np.testing.assert_allclose(spread_factor(u, 3.0) * spread_factor(1 - u, 3.0), 1.0)


def test_sbx_by_hand():
    A, B = np.full((1, 4), 0.2), np.full((1, 4), 0.6)
    # contracted by 1/2; expanded by 2, the first beyond the box; contracted and exchanged; kept
    given = Given([[0.0625, 0.9375, 0.0625, 0.0625]], [[0.3, 0.49, 0.1, 0.5]])
    first, second = sbx(A, B, eta=2.0, rng=given)
    np.testing.assert_allclose(first, [[0.3, 0.0, 0.5, 0.2]], atol=1e-15)
    np.testing.assert_allclose(second, [[0.5, 0.8, 0.3, 0.6]])


def test_sbx_clips_to_the_unit_box():
    given = Given([[0.9375]], [[0.0]])
    first, second = sbx(np.array([[0.1]]), np.array([[0.9]]), eta=2.0, p_exchange=0.0, rng=given)
    assert first[0, 0] == 0.0
    assert second[0, 0] == 1.0


def test_sbx_keeps_the_parents_mean_away_from_the_faces():
    A, B = 0.4 + 0.2 * rng(1).random((2, 200, 5))
    first, second = sbx(A, B, eta=15.0, p_var=1.0, rng=rng())
    inside = (first > 0) & (first < 1) & (second > 0) & (second < 1)
    assert inside.mean() > 0.99
    np.testing.assert_allclose((first + second)[inside], (A + B)[inside])


def test_sbx_crosses_and_exchanges_as_often_as_it_was_told():
    A, B = np.full((400, 100), 0.3), np.full((400, 100), 0.7)
    first, second = sbx(A, B, eta=1e6, p_var=0.6, p_exchange=0.3, rng=rng())  # spreads of 1, nearly
    assert (first == A).mean() == pytest.approx(0.4, abs=0.01)
    assert (np.abs(first - B) < 0.01).mean() == pytest.approx(0.18, abs=0.01)
    assert ((first == A) == (second == B)).all()


def test_sbx_of_equal_parents_is_the_parent_to_the_last_bit():
    A = rng(2).random((50, 7))
    for child in sbx(A, A.copy(), eta=2.0, p_var=1.0, rng=rng()):
        assert (child == A).all()


def test_sbx_leaves_the_parents_alone():
    A, B = rng(1).random((2, 5, 3))
    kept = A.copy(), B.copy()
    first, second = sbx(A, B, p_var=0.0, rng=rng())
    assert (first == A).all() and (second == B).all()
    first[:], second[:] = 9.0, 9.0
    assert (A == kept[0]).all() and (B == kept[1]).all()


def test_a_large_index_keeps_children_near_their_parents():
    A, B = np.full((1000, 10), 0.4), np.full((1000, 10), 0.6)
    spans = [np.abs(np.subtract(*sbx(A, B, eta=eta, p_var=1.0, rng=rng()))) for eta in (2.0, 20.0)]
    assert spans[0].std() > 3 * spans[1].std()


@pytest.mark.parametrize(("u", "mutated"), [(0.25, 0.625**0.5 - 0.5), (0.75, 1.5 - 0.625**0.5)])
def test_polynomial_mutation_by_hand(u, mutated):
    given = Given([[0.1, 0.9]], [u])  # the first variable mutates, the second does not
    U = polynomial_mutation(np.array([[0.5, 0.5]]), eta=1.0, p_m=0.5, rng=given)
    np.testing.assert_allclose(U, [[mutated, 0.5]])


def test_a_variable_mutates_with_probability_one_over_n_var_unless_told():
    U = np.full((2000, 8), 0.5)
    assert (polynomial_mutation(U, rng=rng()) != U).mean() == pytest.approx(1 / 8, abs=0.01)
    assert (polynomial_mutation(U, p_m=0.3, rng=rng()) != U).mean() == pytest.approx(0.3, abs=0.01)
    assert (polynomial_mutation(U, p_m=1.0, rng=rng()) != U).all()


def test_mutation_stays_in_the_box_and_copies():
    U = np.repeat([[0.0], [0.001], [1.0]], 500, axis=0)
    kept = U.copy()
    mutated = polynomial_mutation(U, eta=0.5, p_m=1.0, rng=rng())
    assert mutated.min() >= 0.0 and mutated.max() <= 1.0
    assert (U == kept).all()
    still = polynomial_mutation(U, p_m=0.0, rng=rng())
    still[:] = 9.0
    assert (U == kept).all()


def test_no_rows_are_no_trouble():
    none = np.zeros((0, 4))
    assert polynomial_mutation(none, rng=rng()).shape == (0, 4)
    assert [child.shape for child in sbx(none, none, rng=rng())] == [(0, 4)] * 2
    assert binomial_crossover(none, none, cr=0.5, rng=rng()).shape == (0, 4)


def test_binomial_crossover_takes_at_least_one_variable():
    taken = binomial_crossover(np.ones((3000, 5)), np.zeros((3000, 5)), cr=0.0, rng=rng())
    assert (taken.sum(axis=1) == 1).all()
    np.testing.assert_allclose(taken.mean(axis=0), 0.2, atol=0.03)  # which one is a matter of lot


def test_binomial_crossover_by_hand():
    given = Given([[0.1, 0.6, 0.9], [0.6, 0.6, 0.9]], [1, 2])
    child = binomial_crossover(np.ones((2, 3)), np.zeros((2, 3)), cr=0.5, rng=given)
    assert child.tolist() == [[1, 1, 0], [0, 0, 1]]


def test_binomial_crossover_with_rate_one_is_the_mutant():
    mutant, target = rng(1).random((2, 6, 4))
    assert (binomial_crossover(mutant, target, cr=1.0, rng=rng()) == mutant).all()


def test_a_rate_for_each_row():
    rate = np.array([[0.0], [1.0]])
    assert binomial_crossover(np.ones((2, 5)), np.zeros((2, 5)), cr=rate, rng=rng()).sum(axis=1).tolist() == [1, 5]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: sbx(np.ones((2, 3)), np.ones((3, 3)), rng=rng()), ValueError, r"same shape .*\(2, 3\) and \(3, 3\)"),
        (lambda: sbx(np.ones((2, 3)), np.ones((2, 3)), eta=-1, rng=rng()), ValueError, "eta must lie in"),
        (lambda: sbx(np.ones((2, 3)), np.ones((2, 3)), p_var=1.5, rng=rng()), ValueError, "p_var must lie in"),
        (lambda: sbx(np.ones((2, 3)), np.ones((2, 3)), p_exchange=-1, rng=rng()), ValueError, "p_exchange must lie"),
        (lambda: sbx(np.ones((2, 3)), np.full((2, 3), 1.1), rng=rng()), ValueError, "B must lie in the unit box"),
        (lambda: sbx(np.ones(3), np.ones(3), rng=rng()), ValueError, r"A must have shape \(n, n_var\)"),
        (lambda: sbx(np.ones((2, 3)), np.ones((2, 3)), rng=1), TypeError, "rng must be a numpy"),
        (lambda: polynomial_mutation(np.full((2, 3), -1), rng=rng()), ValueError, "U must lie in the unit box"),
        (lambda: polynomial_mutation(np.full((2, 3), np.nan), rng=rng()), ValueError, "U must be finite"),
        (lambda: polynomial_mutation(np.ones((2, 3)), rng=None), TypeError, "rng must be a numpy"),
        (lambda: polynomial_mutation(np.ones((2, 3)), eta=-1, rng=rng()), ValueError, "eta must lie in"),
        (lambda: polynomial_mutation(np.ones((2, 3)), p_m=2, rng=rng()), ValueError, "p_m must lie in"),
        (lambda: polynomial_mutation(np.ones((2, 3)), p_m="0.1", rng=rng()), TypeError, "p_m must be a number"),
        (lambda: binomial_crossover(np.ones((2, 3)), np.ones((2, 2)), cr=0.5, rng=rng()), ValueError, "same shape"),
        (lambda: binomial_crossover(np.ones((2, 3)), np.ones((2, 3)), cr=2, rng=rng()), ValueError, "cr must lie in"),
        (
            lambda: binomial_crossover(np.ones((2, 3)), np.ones((2, 3)), cr=np.array([[0.5], [2.0]]), rng=rng()),
            ValueError,
            "cr must lie in",
        ),
        (
            lambda: binomial_crossover(np.ones((2, 3)), np.ones((2, 3)), cr=np.ones(2), rng=rng()),
            ValueError,
            r"cr must be a number or have shape \(2, 1\)",
        ),
    ],
)
def test_bad_input_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
