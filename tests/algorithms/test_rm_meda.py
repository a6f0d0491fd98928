"""RM-MEDA: local PCA, sampling and selection; what it shares with other peers is in test_peers.py."""

from __future__ import annotations

import numpy as np
import pytest
from pymoo.optimize import minimize

from evogan.algorithms import RMMEDA
from evogan.algorithms.rm_meda import Piece, into_box, local_pca, principal_axes
from evogan.metrics import igd
from evogan.problems.imf import IMF1


def rng(seed=0):
    return np.random.default_rng(seed)


def ready(pop_size=20, *, seed=1, **options):
    return RMMEDA(pop_size, **options).setup(IMF1(n_var=3), seed=seed)


# Pieces ----------------------------------------------------------------------------------------------------


def test_a_piece_of_a_known_line():
    """Five points on a line of direction (3, 4) / 5 through (0.3, 0.4), from -0.2 to 0.2."""
    t = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    piece = Piece.of([0.3, 0.4] + t[:, None] * [0.6, 0.8], 1)
    np.testing.assert_allclose(piece.mean, [0.3, 0.4])
    np.testing.assert_allclose(np.abs(piece.axes), [[0.6, 0.8]])
    np.testing.assert_allclose([piece.low[0], piece.high[0]], [-0.2, 0.2])
    assert piece.volume == pytest.approx(0.4)
    assert piece.sd == pytest.approx(0.0, abs=1e-8)


def test_noise_is_the_mean_of_the_remaining_variances():
    """A cross: variances 2 * 9 / 6 along x, 2 * 4 / 6 along y, 2 * 1 / 6 along z, with six points."""
    U = np.vstack([3.0 * np.eye(3)[:1], -3.0 * np.eye(3)[:1], 2.0 * np.eye(3)[1:2], -2.0 * np.eye(3)[1:2]])
    U = np.vstack([U, np.eye(3)[2:], -np.eye(3)[2:], np.zeros((1, 3))])  # seven, divided by n - 1 = 6
    assert Piece.of(U, 1).sd ** 2 == pytest.approx((8 / 6 + 2 / 6) / 2)
    assert Piece.of(U, 2).sd ** 2 == pytest.approx(2 / 6)
    assert Piece.of(U, 3).sd == 0.0
    assert Piece.of(U, 1).volume == pytest.approx(6.0)
    assert Piece.of(U, 2).volume == pytest.approx(24.0)


def test_principal_axes_are_those_of_the_covariance():
    U = rng().random((9, 5))
    axes, variance = principal_axes(U - U.mean(axis=0))
    values, vectors = np.linalg.eigh(np.cov(U, rowvar=False))
    np.testing.assert_allclose(variance, values[::-1])
    np.testing.assert_allclose(np.abs((axes * vectors.T[::-1]).sum(axis=1)), 1.0)


def test_a_piece_is_sampled_uniformly_and_beyond_its_ends():
    t = np.linspace(-0.2, 0.2, 21)
    piece = Piece.of([0.5, 0.5] + t[:, None] * [0.6, 0.8], 1)
    X = piece.sample(4000, extension=0.25, rng=rng())
    along = (X - 0.5) @ [0.6, 0.8]
    assert along.min() == pytest.approx(-0.3, abs=0.005) and along.max() == pytest.approx(0.3, abs=0.005)
    np.testing.assert_allclose(np.histogram(along, 6, (-0.3, 0.3))[0], 4000 / 6, rtol=0.15)
    assert np.abs((X - 0.5) @ [-0.8, 0.6]).max() < 1e-7


def test_noise_goes_in_every_direction():
    piece = Piece(np.zeros(3), np.eye(3)[:1], np.zeros(1), np.zeros(1), 1.0, 0.2)
    X = piece.sample(4000, extension=0.25, rng=rng())
    np.testing.assert_allclose(X.std(axis=0), 0.2, rtol=0.1)


def test_copies_of_one_solution_get_noise():
    piece = Piece.of(np.full((3, 2), 0.5), 1)
    assert piece.sd == 0.1 and piece.volume == 0.0
    assert Piece.of(np.full((1, 2), 0.5), 1).sd == 0.1


def test_a_piece_of_too_few_solutions_has_no_volume():
    assert Piece.of(rng().random((2, 5)), 3).volume == 0.0


# Local PCA -------------------------------------------------------------------------------------------------


def two_lines():
    """Two crossing lines: around a mean alone they cannot be told apart."""
    t = np.linspace(-0.4, 0.4, 40)
    return np.vstack([0.5 + t[:, None] * [1.0, 0.0, 0.0], 0.5 + t[:, None] * [0.0, 1.0, 0.0] + [0.0, 0.0, 0.01]])


def test_two_crossing_lines_are_told_apart():
    found = 0
    for seed in range(10):
        cluster = local_pca(two_lines(), 1, 2, rng=rng(seed))
        found += len(set(cluster[:40])) == len(set(cluster[40:])) == 1 and cluster[0] != cluster[-1]
    assert found >= 5


def test_distant_groups_are_told_apart():
    U = np.vstack([rng(0).normal(0.2, 0.01, (15, 4)), rng(1).normal(0.8, 0.01, (15, 4))])
    for seed in range(5):
        cluster = local_pca(U, 1, 2, rng=rng(seed))
        if len(set(cluster)) == 2:
            assert {len(set(cluster[:15])), len(set(cluster[15:]))} <= {1, 2}
    assert len(set(local_pca(U, 1, 1, rng=rng()))) == 1


def test_it_ends_where_no_solution_is_nearer_to_another_cluster():
    U = rng().random((60, 4))
    cluster = local_pca(U, 1, 3, rng=rng())
    residual = np.empty((3, 60))
    for k in range(3):
        C = U[cluster == k] - U[cluster == k].mean(axis=0)
        axis = principal_axes(C)[0][:1]
        D = U - U[cluster == k].mean(axis=0)
        residual[k] = ((D - D @ axis.T @ axis) ** 2).sum(axis=1)
    assert np.array_equal(residual.argmin(axis=0), cluster)


def test_fewer_solutions_than_clusters():
    assert sorted(local_pca(rng().random((3, 4)), 1, 5, rng=rng()).tolist()) == [0, 1, 2]
    assert set(local_pca(np.full((20, 4), 0.5), 1, 5, rng=rng())) == {0}


# Offspring -------------------------------------------------------------------------------------------------


def test_offspring_follow_the_line_of_the_population():
    """x2 = x1 and x3 = 0.5: so do the offspring."""
    t = np.linspace(0.3, 0.7, 100)
    off = ready(100)._offspring(np.column_stack([t, t, np.full(100, 0.5)]), rng().random((100, 2)))
    assert off.shape == (100, 3)
    np.testing.assert_allclose(off[:, 0], off[:, 1], atol=1e-6)
    np.testing.assert_allclose(off[:, 2], 0.5, atol=1e-6)
    assert off[:, 0].std() > 0.1


def test_larger_pieces_have_more_offspring():
    """One group is nine times as long as the other."""
    t = np.linspace(0.0, 1.0, 50)
    U = np.column_stack([np.append(0.05 * t, 0.5 + 0.45 * t), np.append(np.zeros(50), np.ones(50)), np.zeros(100)])
    shares = []
    for seed in range(20):
        off = ready(100, seed=seed, n_clusters=2)._offspring(U, rng().random((100, 2)))
        shares.append((off[:, 1] < 0.5).mean())
    assert np.median(shares) == pytest.approx(0.1, abs=0.03)


def test_one_solution_is_no_dead_end():
    off = ready(20)._offspring(np.full((1, 3), 0.5), np.ones((1, 2)))
    assert len(np.unique(off, axis=0)) == 20 and off.std() == pytest.approx(0.1, abs=0.03)


def test_clusters_without_a_volume_are_drawn_by_their_sizes():
    """Five copies of one solution, fifteen of another."""
    U = np.repeat([[0.2] * 3, [0.8] * 3], [5, 15], axis=0)
    shares = [(ready(100, seed=s, n_clusters=20)._offspring(U, np.ones((20, 2))) < 0.5).mean() for s in range(6)]
    assert np.mean(shares) == pytest.approx(0.25, abs=0.06)


def test_values_outside_the_box_are_clipped():
    t = np.linspace(0.0, 1.0, 50)
    off = ready(100)._offspring(np.column_stack([t, t, t]), rng().random((50, 2)))
    assert off.min() == 0.0 and off.max() == 1.0 and np.isin(off, [0.0, 1.0]).mean() > 0.02


def test_or_become_the_middle_between_the_bound_and_a_solution():
    members = np.full((4, 3), 0.3)
    X = np.array([[-0.2, 0.5, 1.4], [0.0, 1.0, 0.7]])
    np.testing.assert_allclose(into_box(X, members, rng=rng()), [[0.15, 0.5, 0.65], [0.0, 1.0, 0.7]])
    t = np.linspace(0.1, 0.9, 50)
    off = ready(100, bounds="middle")._offspring(np.column_stack([t, t, t]), rng().random((50, 2)))
    assert off.min() > 0.0 and off.max() < 1.0


def test_the_middle_takes_each_value_from_a_solution_of_its_own_variable():
    members = np.array([[0.2, 0.6], [0.4, 0.8]])
    made = into_box(np.full((50, 2), -1.0), members, rng=rng())
    assert {tuple(np.round(row, 9)) for row in made} == {(a, b) for a in (0.1, 0.2) for b in (0.3, 0.4)}


# Selection -------------------------------------------------------------------------------------------------


def test_crowded_solutions_leave_one_after_another():
    """Distances 1.2, 1.6, 2.2, 7.4: after the first has left, 2.6, 2.2, 7.4. One pass would drop the second, too."""
    f = np.array([0.0, 1.0, 1.2, 2.6, 3.4, 10.0])
    F = np.column_stack([f, 10.0 - f])
    assert ready(4, n_clusters=2)._survivors(F, np.zeros(6)).tolist() == [0, 2, 4, 5]


def test_fronts_come_before_crowding():
    F = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [5.0, 5.0], [9.0, 9.0], [0.5, 0.6]])
    assert sorted(ready(4, n_clusters=2)._survivors(F, np.zeros(6)).tolist()) == [0, 1, 2, 5]


def test_feasible_then_least_violated_then_failed():
    F = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [np.nan, 0.0]])
    CV = np.array([3.0, 0.0, 1.0, 2.0, np.inf])
    assert ready(4, n_clusters=2)._survivors(F, CV).tolist() == [1, 2, 3, 0]


# Settings --------------------------------------------------------------------------------------------------


def test_settings_of_the_paper():
    algorithm = RMMEDA()
    assert (algorithm.pop_size, algorithm.n_clusters, algorithm.extension, algorithm.bounds) == (100, 5, 0.25, "clip")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_clusters": 0}, "n_clusters must be in"),
        ({"n_clusters": 21}, r"n_clusters must be in \[1, 20\], got 21"),
        ({"extension": -0.1}, "extension"),
        ({"bounds": "reflect"}, "bounds must be one of 'clip', 'middle', got 'reflect'"),
    ],
    ids=str,
)
def test_bad_settings_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        RMMEDA(20, **options)


@pytest.mark.slow
def test_figures_of_the_imf_problems():
    """Median of 10 runs of an independent program: 0.154 on IMF1."""
    problem = IMF1()
    found = [
        float(igd(minimize(problem, RMMEDA(), ("n_eval", 5000), seed=s).F, problem.pareto_front())) for s in (1, 2, 3)
    ]
    assert 0.08 < np.median(found) < 0.3
