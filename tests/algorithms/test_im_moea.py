"""IM-MOEA: its lines, its subpopulations, and who survives; what it shares with other peers is in test_peers.py."""

from __future__ import annotations

import numpy as np
import pytest
from pymoo.optimize import minimize

from evogan.algorithms import IMMOEA
from evogan.algorithms.im_moea import inverse_line, nearest_vector
from evogan.metrics import igd
from evogan.problems.imf import IMF1, IMF4


def ready(pop_size=20, *, problem=None, seed=1, **options):
    return IMMOEA(pop_size, **options).setup(IMF1(n_var=4) if problem is None else problem, seed=seed)


# The line --------------------------------------------------------------------------------------------------


def test_a_line_through_two_points_by_hand():
    """f = 1, 2 and u = 0.1, 0.4: w = (0.1 + 0.8) / (5 + 1) with a noise of 1, its variance 1/6."""
    mean, variance = inverse_line(np.array([1.0, 2.0]), np.array([[0.1], [0.4]]), np.array([0.0, 3.0]), noise=1.0)
    np.testing.assert_allclose(mean, [[0.0], [0.45]], rtol=1e-15)
    np.testing.assert_allclose(variance, [1.0, 1.0 + 9.0 / 6.0], rtol=1e-15)


def test_it_is_the_gaussian_process_of_a_linear_kernel():
    rng = np.random.default_rng(0)
    f, U, f_new, noise = rng.random(7), rng.random((7, 3)), rng.normal(size=5), 0.3
    K = np.outer(f, f) + noise**2 * np.eye(7)
    k = np.outer(f_new, f)
    mean, variance = inverse_line(f, U, f_new, noise=noise)
    np.testing.assert_allclose(mean, k @ np.linalg.solve(K, U), rtol=1e-10)
    expected = f_new**2 + noise**2 - (k * np.linalg.solve(K, k.T).T).sum(axis=1)
    np.testing.assert_allclose(variance, expected, rtol=1e-10)


# Offspring of one subpopulation ----------------------------------------------------------------------------


def test_too_few_solutions_are_copied():
    U, F = np.random.default_rng(0).random((4, 4)), np.random.default_rng(1).random((4, 2))
    assert np.array_equal(ready()._modelled(U[:3], F[:3]), U[:3])
    assert not np.isin(ready()._modelled(U, F), U).all()


def test_each_objective_has_its_share_of_the_solutions():
    U = np.random.default_rng(0).random((11, 4))
    assert ready()._modelled(U, U[:, :2]).shape == (10, 4)
    assert ready()._modelled(U, U[:, :3]).shape == (9, 4)


def test_so_many_variables_are_modelled_and_the_others_copied():
    algorithm = ready(n_modelled=3)
    U, F = np.random.default_rng(0).random((12, 8)), np.random.default_rng(1).random((12, 2))
    for child in algorithm._modelled(U, F):
        assert np.isclose(child, U).sum(axis=1).max() == 5


def test_a_parent_serves_an_objective_once():
    algorithm = ready(n_modelled=1)
    U, F = np.random.default_rng(0).random((12, 6)), np.random.default_rng(1).random((12, 2))
    off = algorithm._modelled(U, F)
    parents = np.array([[np.isclose(child, u).sum() >= 5 for u in U] for child in off]).argmax(axis=1)
    assert len(set(parents[:6])) == len(set(parents[6:])) == 6


def test_offspring_of_a_line_lie_on_it_and_reach_half_a_range_beyond():
    """u = f / 10 with f from 1 to 3: hardly any noise is left, and f is sampled evenly from 0 to 4."""
    f = np.linspace(1.0, 3.0, 200)
    off = ready(n_modelled=4, noise=1e-9)._modelled(
        np.repeat(f[:, None] / 10.0, 4, axis=1), np.column_stack([f, 2 * f])
    )
    expected = np.linspace(0.0, 0.4, 100)
    np.testing.assert_allclose(off, np.tile(expected[:, None], (2, 4)), atol=1e-7)


def test_noise_is_that_of_the_prediction_times_a_uniform_factor():
    n = 400
    f, U = np.full(n, 1.0), np.full((n, 4), 0.5)
    scale = []
    for seed in range(200):
        off = ready(n_modelled=4, seed=seed, noise=0.1)._modelled(U, np.column_stack([f, f]))
        scale.append((off - off.mean(axis=0))[: n // 2].std(axis=0))
    largest = 0.1 * np.sqrt(1 + 1 / 200)
    assert np.min(scale) < 0.1 * largest and 0.95 * largest < np.max(scale) < 1.2 * largest
    assert np.mean(scale) == pytest.approx(largest / 2, rel=0.1)


# All offspring ---------------------------------------------------------------------------------------------


def test_lines_join_solutions_of_one_direction_only():
    """Two directions, each with one value of all variables: without mutation children have one of the two."""
    algorithm = ready(n_vectors=2, n_modelled=1, noise=1e-6, eta_m=1e9)
    F = np.repeat(np.eye(2) + 0.1, 10, axis=0) + 1e-3 * np.random.default_rng(0).random((20, 2))
    U = np.repeat([[0.2] * 4, [0.8] * 4], 10, axis=0)
    off = algorithm._offspring(U, F)
    assert off.shape == (20, 4)
    np.testing.assert_allclose(off, np.where(off[:, :1] < 0.5, 0.2, 0.8) * np.ones(4), atol=0.02)
    assert (off[:, 0] < 0.5).sum() == 10


def test_what_leaves_the_box_becomes_uniform():
    algorithm = ready(n_modelled=4, eta_m=1e9, problem=IMF1(n_var=4), n_vectors=1)
    f = np.linspace(1.0, 3.0, 400)
    off = algorithm._offspring(np.repeat(f[:, None] * 0.3, 4, axis=1), np.column_stack([f, f]))  # u up to 1.2
    assert off.min() >= 0.0 and off.max() <= 1.0
    upper = off[180:200]  # f from 3.6: all of them would be beyond 1
    assert 0.35 < upper.mean() < 0.65 and upper.min() < 0.2
    assert not np.isin(off, [0.0, 1.0]).any(axis=0).all()


def test_polynomial_mutation_comes_last():
    U, F = np.random.default_rng(0).random((3, 4)), np.ones((3, 2))
    changed = np.mean([(ready(seed=s)._offspring(U, F) != U).mean() for s in range(100)])
    assert changed == pytest.approx(0.25, abs=0.04)


# Subpopulations and survival -------------------------------------------------------------------------------


def test_the_nearest_vector_is_that_of_the_smallest_angle():
    W = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    F = np.array([[9.0, 1.0], [1.0, 1.2], [2e-200, 3e-200], [1e200, 1e200], [0.0, 0.0], [0.5, 2.0]])
    assert nearest_vector(F, W).tolist() == [0, 1, 1, 1, 0, 2]


def test_reference_vectors_are_a_lattice():
    np.testing.assert_allclose(ready().W[:, 0], np.linspace(0.0, 1.0, 10))
    assert ready(problem=IMF4(n_var=4)).W.shape == (10, 3)


def test_each_direction_keeps_its_share():
    """Three solutions near one axis, one near the other, two places each."""
    algorithm = ready(4, n_vectors=2)
    F = np.array([[1.0, 0.1], [2.0, 0.1], [3.0, 0.05], [9.0, 9.9]])
    assert sorted(algorithm._survivors(F, np.zeros(4)).tolist()) == [0, 2, 3]  # 1 is dominated


def test_places_that_do_not_divide_evenly_go_round():
    algorithm = ready(5, n_vectors=2)
    F = np.vstack(
        [np.column_stack([np.arange(5.0) + 9, 5 - np.arange(5.0)]), np.column_stack([np.arange(5.0), np.full(5, 99)])]
    )
    rows = algorithm._survivors(F, np.zeros(10))
    assert len(rows) == 5 and 2 <= (rows < 5).sum() <= 3
    assert len(run_population(23)) == 23


def run_population(pop_size):
    return minimize(IMF1(n_var=4), IMMOEA(pop_size, n_vectors=4), ("n_eval", 1500), seed=1).pop


def test_feasible_solutions_come_first_in_a_direction():
    algorithm = ready(4, n_vectors=2)
    F = np.array([[1.0, 0.1], [2.0, 0.2], [3.0, 0.3], [0.1, 1.0]])
    rows = algorithm._survivors(F, np.array([5.0, 0.0, 1.0, np.inf]))
    assert rows.tolist() == [1, 2]  # the last one is not finite, and others are


def test_where_nothing_is_finite_someone_stays():
    assert len(ready(4, n_vectors=2)._survivors(np.full((9, 2), np.nan), np.full(9, np.inf))) == 4


# Settings --------------------------------------------------------------------------------------------------


def test_settings_of_the_code():
    algorithm = IMMOEA()
    assert (algorithm.pop_size, algorithm.n_vectors, algorithm.n_modelled) == (100, 10, 3)
    assert (algorithm.noise, algorithm.eta_m) == (0.01, 20.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_vectors": 0}, "n_vectors must be in"),
        ({"n_vectors": 21}, r"n_vectors must be in \[1, 20\], got 21"),
        ({"n_modelled": 0}, "n_modelled"),
        ({"noise": 0.0}, "noise"),
        ({"eta_m": -1.0}, "eta_m"),
    ],
    ids=str,
)
def test_bad_settings_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        IMMOEA(20, **options)


def test_more_objectives_than_solutions_are_refused():
    from pymoo.problems import get_problem

    with pytest.raises(ValueError, match="pop_size must be at least n_obj = 6 for IMMOEA, got 5"):
        minimize(get_problem("dtlz2", n_var=9, n_obj=6), IMMOEA(5, n_vectors=5), ("n_eval", 50))


@pytest.mark.slow
def test_figures_of_the_imf_problems():
    """Medians of 10 runs of an independent program: 0.108 on IMF1."""
    problem = IMF1()
    found = [
        float(igd(minimize(problem, IMMOEA(), ("n_eval", 5000), seed=s).F, problem.pareto_front())) for s in (1, 2, 3)
    ]
    assert 0.05 < np.median(found) < 0.2
