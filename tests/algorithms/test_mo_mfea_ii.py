"""MO-MFEA-II: what is learnt of tasks' likeness, and what parents do that do not mate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from evogan.algorithms import MOMFEAII
from evogan.algorithms.mo_mfea_ii import learn_rmp, log_ratios, same_task_mates
from evogan.multitask import minimize_multitask
from evogan.problems.imf import IMF1, IMF4


def rng(seed=1):
    return np.random.default_rng(seed)


def overlapping(seed=5, n=60, n_var=6):
    """Three populations, each mostly its own cluster with some solutions of the others'."""
    draws = rng(seed)
    centres = [0.35, 0.5, 0.65]
    whose = [[0] * 40 + [1] * 15 + [2] * 5, [1] * 40 + [0] * 12 + [2] * 8, [2] * 40 + [1] * 10 + [0] * 10]
    return [np.clip(draws.normal([[centres[c]] for c in row], 0.06, (n, n_var)), 0, 1) for row in whose]


def models(populations, seed):
    """Return means and standard deviations as the paper has them: a tenth of uniform samples is added."""
    draws = rng(seed)
    noisy = [np.vstack([U, draws.random((len(U) // 10, U.shape[1]))]) for U in populations]
    return [(U.mean(axis=0), U.std(axis=0, ddof=1)) for U in noisy]


def test_the_matrix_maximises_the_likelihood_of_the_mixtures():
    populations, n_var, K = overlapping(), [6, 4, 5], 3
    learnt = learn_rmp(populations, n_var, noise=0.0, rng=rng(7))
    fitted = models(populations, 7)

    def minus_log_likelihood(rmp, j, k):
        total, d, w = 0.0, min(n_var[j], n_var[k]), 0.5 * (K - 1) * rmp / K
        for own, other in ((j, k), (k, j)):
            X = populations[own][:, :d]
            p, q = (norm.pdf(X, mean[:d], std[:d]).prod(axis=1) for mean, std in (fitted[own], fitted[other]))
            total -= np.log((1 - w) * p + w * q).sum()
        return total

    interior = 0
    for j, k in ((0, 1), (0, 2), (1, 2)):
        best = minimize_scalar(minus_log_likelihood, args=(j, k), bounds=(0, 1), method="bounded")
        assert learnt[j, k] == pytest.approx(best.x, abs=2e-4)
        interior += 0.02 < learnt[j, k] < 0.98
    assert interior >= 1


def test_log_ratios_equal_differences_of_log_densities():
    populations, n_var = overlapping(), [6, 3, 5]
    reads = np.arange(6) < np.array(n_var)[:, None]
    ratio, fitted = log_ratios(populations, reads, rng=rng(7)), models(populations, 7)
    for j in range(3):
        for k in range(3):
            d = min(n_var[j], n_var[k])
            p, q = (norm.logpdf(populations[j][:, :d], *(part[:d] for part in fitted[t])).sum(axis=1) for t in (j, k))
            np.testing.assert_allclose(ratio[j, :, k], q - p, atol=1e-9)


def test_equal_populations_mate_always_and_unrelated_ones_never():
    U, V = rng(3).normal(0.3, 0.05, (100, 10)), rng(4).normal(0.7, 0.05, (100, 10))
    learnt = learn_rmp([U, U, V], [10] * 3, noise=0.0, rng=rng())
    assert learnt.tolist() == [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def test_likeness_falls_with_distance():
    U = rng(3).normal(0.4, 0.1, (200, 2))
    learnt = [learn_rmp([U, U + shift], [2, 2], noise=0.0, rng=rng())[0, 1] for shift in (0.0, 0.2, 0.4)]
    assert learnt[0] == 1.0 > learnt[1] >= learnt[2] == 0.0


def test_variables_that_only_one_task_reads_teach_nothing():
    populations = overlapping()
    other = [U.copy() for U in populations]
    other[0][:, 4:] = 0.9 * other[0][:, 4:][::-1]
    one, two = (learn_rmp(U, [6, 4, 4], noise=0.0, rng=rng()) for U in (populations, other))
    np.testing.assert_allclose(one, two, rtol=1e-9)
    assert np.abs(learn_rmp(other, [6, 6, 4], noise=0.0, rng=rng()) - one).max() > 0.01


def test_the_matrix_is_symmetric_noisy_and_within_bounds():
    populations = [np.full((20, 5), value) for value in np.linspace(0, 1, 12)]
    learnt = learn_rmp(populations, [5] * 12, noise=0.5, rng=rng())
    above = learnt[np.triu_indices(12, 1)]
    assert (learnt == learnt.T).all() and (np.diag(learnt) == 1).all()
    assert (above == 0).mean() == pytest.approx(0.5, abs=0.15)  # noise below 0, clipped
    assert above.max() == 1.0
    assert 0.1 < np.median(above[above > 0]) < 0.6


@pytest.mark.parametrize("n", [4, 9])
def test_collapsed_and_small_populations_teach_finite_values(n):
    populations = [np.full((n, 50), 0.0), np.full((n, 50), 0.0), np.full((n, 50), 1.0)]
    learnt = learn_rmp(populations, [50] * 3, rng=rng())
    assert np.isfinite(learnt).all() and learnt.min() >= 0 and learnt.max() <= 1


def test_models_without_any_variance_teach_finite_values():
    class Same:
        def random(self, shape):
            return np.full(shape, 0.5)

    populations = [np.full((10, 3), 0.5), np.full((10, 3), 0.75)]
    assert np.isfinite(log_ratios(populations, np.ones((2, 3), dtype=bool), rng=Same())).all()


def test_likelihoods_beyond_the_range_of_floats_teach():
    U, V = np.full((100, 1000), 0.2), np.full((100, 1000), 0.8)
    U[0] = 0.8  # far more likely, by a factor of e^1000 and more, to be of the other population
    reads = np.ones((2, 1000), dtype=bool)
    assert log_ratios([U, V], reads, rng=rng())[0, 0, 1] > 1000
    # w = 0.25 rmp is the share of the other population's model: a hundredth of the one, nothing of the other
    assert learn_rmp([U, V], [1000, 1000], noise=0.0, rng=rng())[0, 1] == pytest.approx(4 / 200, rel=0.01)


def test_a_mate_is_another_of_the_same_task():
    task = rng(2).integers(0, 4, size=40)
    seen = np.zeros((40, 40))
    for seed in range(400):
        mates = same_task_mates(task, rng=rng(seed))
        assert (task[mates] == task).all() and (mates != np.arange(40)).all()
        seen[np.arange(40), mates] += 1
    likes = (task[:, None] == task) & ~np.eye(40, dtype=bool)
    assert ((seen > 0) == likes).all()
    share = seen / 400 * likes.sum(axis=1, keepdims=True)
    assert share[likes].min() > 0.4 and share[likes].max() < 1.8


def test_unrelated_tasks_never_exchange_a_gene(set_up):
    algorithm = set_up(MOMFEAII(20, rmp_noise=0.0, p_m=0.0), 0.2, 0.8)
    for _ in range(20):
        one, other = algorithm.offspring()
        assert (one == 0.2).all() and (other == 0.8).all()
    assert algorithm.counters == {"transferred": 0}


def test_tasks_that_look_alike_exchange_half_of_their_pairs(set_up):
    U = rng(3).random((50, 6))
    algorithm = set_up(MOMFEAII(50, rmp_noise=0.0), U, U)
    for _ in range(60):
        algorithm.offspring()
    assert algorithm.counters["transferred"] / 6000 == pytest.approx(0.5, abs=0.05)


def test_parents_that_do_not_mate_cross_within_their_task(set_up):
    U = np.tile(np.linspace(0, 0.19, 20)[:, None], 6)
    algorithm = set_up(MOMFEAII(20, rmp_noise=0.0, p_m=0.0, p_var=1.0), U, 0.8 + U)
    for own, children in zip((U, 0.8 + U), algorithm.offspring(), strict=True):
        copies = (children[:, None] == own).all(axis=2).any(axis=1)
        # all were crossed; a pair of copies of one solution gives that solution again
        assert copies.mean() < 0.4
        assert np.abs(children.mean() - own.mean()) < 0.1


def test_variables_are_swapped_as_often_as_told(set_up):
    A, B = np.full((100, 50), 0.2), np.full((100, 50), 0.8)
    for p_swap, share in ((0.0, 0.0), (0.3, 0.3), (1.0, 1.0)):
        algorithm = set_up(MOMFEAII(20, p_var=0.0, p_swap=p_swap), 0.2, 0.8)
        first, second = algorithm._cross_and_swap(A, B)
        assert (first == 0.8).mean() == pytest.approx(share, abs=0.02)
        np.testing.assert_array_equal(first == 0.8, second == 0.2)


def test_without_mutation_after_pairs_only_parents_that_sought_a_mate_mutate(set_up):
    options = {"p_var": 0.0, "p_swap": 0.0, "p_m": 1.0, "rmp_noise": 0.0}
    algorithm = set_up(MOMFEAII(50, mutate_crossed=False, **options), 0.2, 0.8)
    one, other = algorithm.offspring()
    children = np.concatenate([one != 0.2, other != 0.8])
    assert children.any(axis=1).mean() == pytest.approx(0.5, abs=0.2)
    one, other = set_up(MOMFEAII(50, **options), 0.2, 0.8).offspring()
    assert (one != 0.2).all() and (other != 0.8).all()


@pytest.mark.parametrize(("pop_size", "n_tasks"), [(20, 2), (5, 3), (4, 5)])
def test_a_generation_has_one_child_for_every_solution(set_up, pop_size, n_tasks):
    algorithm = set_up(MOMFEAII(pop_size), *[0.1 * t for t in range(n_tasks)])
    assert sum(map(len, algorithm.offspring())) == pop_size * n_tasks


def test_the_matrix_can_be_read_and_is_learnt_every_generation():
    seen = []
    result = minimize_multitask(
        [IMF1(5), IMF4(5), IMF1(7)],
        MOMFEAII(20),
        ("n_eval", 240),
        seed=1,
        callback=lambda run: seen.append(run.algorithm.rmp),
    )
    assert (seen[0] == np.eye(3)).all()
    assert len({one.tobytes() for one in seen}) == len(seen) == 4
    learnt = result.algorithm.rmp
    learnt[:] = 9.0
    assert result.algorithm.rmp.max() == 1.0


def test_ddmtolab_settings():
    algorithm = MOMFEAII.ddmtolab(30)
    found = (algorithm.eta_c, algorithm.eta_m, algorithm.p_swap, algorithm.mutate_crossed)
    assert found == (2.0, 5.0, 0.0, False)
