"""EMT-PD: the fused distribution by hand, the weight it gives, and when children are made of it."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.algorithms import EMTPD, MOMFEA
from evogan.algorithms.emt_pd import fused_mean, transfer_weight
from evogan.multitask import MultitaskRun, minimize_multitask
from evogan.problems.imf import IMF1, IMF4


def rng(seed=1):
    return np.random.default_rng(seed)


def bits(result):
    return [task.pop.get("X").tobytes() for task in result]


def test_the_fused_mean_weighs_by_precision():
    # variances 2 and 6 in one variable: (0/2 + 4/6) / (1/2 + 1/6) = 1
    P, Q = np.array([[-1.0], [1.0]]), np.array([[4 - 3**0.5], [4 + 3**0.5]])
    np.testing.assert_allclose(fused_mean(P, Q, 1e-12), [1.0])


def test_the_fused_mean_is_that_of_the_product_of_two_normal_densities():
    P, Q = rng(2).random((30, 4)), 0.5 + 0.4 * rng(3).random((20, 4))
    A, B = np.cov(P.T) + 0.01 * np.eye(4), np.cov(Q.T) + 0.01 * np.eye(4)
    inv = np.linalg.inv
    expected = inv(inv(A) + inv(B)) @ (inv(A) @ P.mean(axis=0) + inv(B) @ Q.mean(axis=0))
    np.testing.assert_allclose(fused_mean(P, Q, 0.01), expected, rtol=1e-9)


def test_the_fused_mean_does_not_depend_on_the_order():
    P, Q = rng(2).random((30, 4)), rng(3).random((20, 4))
    np.testing.assert_allclose(fused_mean(P, Q, 1e-6), fused_mean(Q, P, 1e-6))


def test_collapsed_populations_meet_half_way():
    P, Q = np.full((10, 3), 0.2), np.tile([0.4, 0.6, 0.8], (10, 1))
    np.testing.assert_allclose(fused_mean(P, Q, 1e-6), [0.3, 0.4, 0.5])
    # scaled to [0, 1]: 0, 1/2, 1
    np.testing.assert_allclose(transfer_weight(P, Q, 1e-6), [0.2, -0.3, -0.8])


def test_a_fused_mean_without_spread_is_not_scaled():
    P, Q = np.full((10, 3), 0.2), np.full((10, 3), 0.6)
    np.testing.assert_allclose(transfer_weight(P, Q, 1e-6), [-0.2] * 3)


def test_children_of_a_transfer_are_weighted_sums_of_two_solutions(set_up):
    P, Q = 0.3 + 0.2 * rng(2).random((12, 4)), 0.5 + 0.2 * rng(3).random((12, 4))
    algorithm = set_up(EMTPD(12, n_model=5, p_m=0.0, gap=1), P, Q)
    children = algorithm.offspring()
    assert [len(one) for one in children] == [12, 12]
    for own, other, mine in ((P, Q, children[0]), (Q, P, children[1])):
        w = transfer_weight(own[:5], other[:5], algorithm.ridge)
        possible = np.clip((w * own[:5])[:, None] + ((1 - w) * other[:5])[None], 0, 1).reshape(-1, 4)
        distance = np.abs(mine[:, None] - possible).max(axis=2)
        assert distance.min(axis=1).max() < 1e-12
        assert len(set(distance.argmin(axis=1))) > 5  # both solutions are drawn anew for each child
    assert algorithm.counters == {"transferred": 24}


def test_children_of_a_transfer_are_mutated(set_up):
    P = np.full((50, 4), 0.5)
    children = set_up(EMTPD(50, p_m=1.0, gap=1), P, P).offspring()
    assert (np.concatenate(children) != 0.5).all()
    usual = set_up(EMTPD(50, gap=1), P, P).offspring()
    assert (np.concatenate(usual) != 0.5).mean() == pytest.approx(0.25, abs=0.1)


def test_partners_are_drawn_among_all_other_tasks(set_up):
    genes = [np.full((4, 5), t / 10) for t in range(6)]
    partners = set()
    for seed in range(100):
        child = set_up(EMTPD(4, p_m=0.0), *genes, seed=seed)._transfer(2)[0, 0]
        mean = 0.5 * (0.2 + np.arange(6) / 10)
        w = 0.2 - mean
        partners.add(int(np.abs(np.clip(w * 0.2 + (1 - w) * np.arange(6) / 10, 0, 1) - child).argmin()))
    assert partners == {0, 1, 3, 4, 5}


def test_a_gap_longer_than_the_run_is_mo_mfea():
    tasks, budget = [IMF1(5), IMF4(6)], ("n_eval", 250)
    never = minimize_multitask(tasks, EMTPD(10, gap=1000, rmp=0.4), budget, seed=1)
    plain = minimize_multitask(tasks, MOMFEA(10, rmp=0.4), budget, seed=1)
    often = minimize_multitask(tasks, EMTPD(10, gap=3, rmp=0.4), budget, seed=1)
    assert bits(never) == bits(plain) != bits(often)
    assert never.counters == plain.counters


def test_transfers_come_every_gap_generations():
    run = MultitaskRun([IMF1(5), IMF4(6)], EMTPD(10, rmp=0.0, gap=3), ("n_eval", 20 * 10), seed=1)
    counted = []
    while run.advance():
        counted.append(run.algorithm.counters.get("transferred", 0))
    counted.append(run.algorithm.counters["transferred"])
    assert counted == [0, 0, 0, 20, 20, 20, 40, 40, 40, 60]


def test_models_of_fewer_solutions_than_variables_are_no_trouble(set_up):
    P, Q = rng(2).random((4, 60)), rng(3).random((4, 60))
    children = np.concatenate(set_up(EMTPD(4, gap=1), P, Q).offspring())
    assert np.isfinite(children).all() and children.min() >= 0 and children.max() <= 1
