"""Weights of mixtures: closed forms, brute force, and who contributes least."""

import numpy as np
import pytest
import torch

from evogan.metrics import mmd
from evogan.neuroevolution import GaussianLadder, best_weights, least_contribution
from evogan.neuroevolution._mixing import discrepancy


def test_the_ladder_is_the_mean_of_kernels_of_halved_widths():
    torch.manual_seed(0)
    a, b = torch.randn(5, 3), torch.randn(7, 3)
    squared = ((a.double()[:, None] - b.double()[None]) ** 2).sum(-1)
    expected = np.mean([float(torch.exp(-squared / (2 * (2.0 / 2**i) ** 2)).mean()) for i in range(4)])
    assert GaussianLadder(2.0, 4).mean(a, b) == pytest.approx(expected, rel=1e-12)
    real = torch.tensor([[0.0], [1.0], [3.0]])
    assert GaussianLadder.of(real).widest == 2.0  # distances 1, 2, 3
    assert GaussianLadder.of(real[:1]).widest > 0


def kernels(seed, m):
    rng = np.random.default_rng(seed)
    sets = [rng.normal(rng.normal(size=2), 1.0, (40, 2)) for _ in range(m)]
    real = rng.normal(size=(60, 2))
    ladder = GaussianLadder(1.5, 3)
    tensors = [torch.from_numpy(s) for s in sets]
    among = np.array([[ladder.mean(a, b) for b in tensors] for a in tensors])
    return among, np.array([ladder.mean(a, torch.from_numpy(real)) for a in tensors])


def test_what_is_minimised_is_the_squared_discrepancy_of_the_mixture_but_for_a_constant():
    rng = np.random.default_rng(1)
    a, b, real = rng.normal(size=(30, 1)), rng.normal(2.0, 1.0, (30, 1)), rng.normal(1.0, 1.0, (50, 1))
    ladder = GaussianLadder(1.0, 1)
    pair = [torch.from_numpy(x) for x in (a, b)]
    K = np.array([[ladder.mean(x, y) for y in pair] for x in pair])
    k = np.array([ladder.mean(x, torch.from_numpy(real)) for x in pair])
    difference = discrepancy(np.array([1.0, 0.0]), K, k) - discrepancy(np.array([0.0, 1.0]), K, k)
    # metrics.mmd leaves a row's kernel with itself (which is 1) out of the means within a set.
    biased = [mmd(real, x, [1.0]) + (1 - (K[i, i] * 30 - 1) / 29) / 30 for i, x in enumerate((a, b))]
    assert difference == pytest.approx(biased[0] - biased[1], abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_weights_are_those_of_a_fine_grid(seed):
    K, k = kernels(seed, 3)
    w = best_weights(K, k)
    assert w.min() >= 0 and w.sum() == pytest.approx(1.0)
    ticks = np.linspace(0, 1, 201)
    grid = [np.array([x, y, max(0.0, 1 - x - y)]) for x in ticks for y in ticks if x + y <= 1 + 1e-12]
    least = min(discrepancy(v, K, k) for v in grid)
    assert discrepancy(w, K, k) <= least + 1e-7
    assert discrepancy(w, K, k) == pytest.approx(least, abs=1e-4)


def test_one_member_has_all_the_weight_and_twins_share_it():
    assert best_weights(np.array([[0.3]]), np.array([0.1])).tolist() == [1.0]
    K, k = kernels(0, 2)
    twins = np.array([0, 0, 1])
    w = best_weights(K[np.ix_(twins, twins)], k[twins])
    assert discrepancy(w, K[np.ix_(twins, twins)], k[twins]) == pytest.approx(discrepancy(best_weights(K, k), K, k))


def test_the_member_without_whom_the_others_do_best_contributes_least():
    K, k = kernels(3, 4)
    values = []
    for i in range(4):
        rest = [j for j in range(4) if j != i]
        sub, to = K[np.ix_(rest, rest)], k[rest]
        values.append(discrepancy(best_weights(sub, to), sub, to))
    assert least_contribution(K, k) == int(np.argmin(values))
