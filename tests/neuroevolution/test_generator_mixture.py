"""Mixtures of generators: samples by the weights, and weights by a (1+1)-ES that accepts nothing worse."""

import numpy as np
import pytest
import torch
from torch import nn

from evogan.neuroevolution import GeneratorMixture, evolve_weights, mixed


class Marked(nn.Module):
    """Adds its mark to latents, and to the condition if there is one."""

    def __init__(self, mark):
        super().__init__()
        self.mark = nn.Parameter(torch.tensor(float(mark)))
        self.n_seen = 0

    def forward(self, latent, condition=None):
        self.n_seen += len(latent)
        return latent + self.mark if condition is None else latent + self.mark + condition[:, None]


def squared_distance_to(target):
    return lambda w: -float(((w - target) ** 2).sum())


def test_each_sample_is_made_by_one_generator_drawn_by_the_weights():
    members = [Marked(mark) for mark in (100, 200, 300)]
    mixture = GeneratorMixture(members, [0.5, 0.0, 0.5])
    torch.manual_seed(0)
    latent = torch.arange(4000.0)[:, None] / 4000
    x = mixture(latent)
    marks = (x - latent).round()
    assert x.shape == (4000, 1)
    torch.testing.assert_close(x, latent + marks, rtol=0, atol=1e-4)  # in the order of the latents
    assert sorted(marks.unique().tolist()) == [100, 300]
    assert abs((marks == 100).float().mean().item() - 0.5) < 0.03
    assert [member.n_seen for member in members] == [(marks == 100).sum(), 0, (marks == 300).sum()]


def test_a_condition_goes_with_its_latent():
    mixture = GeneratorMixture([Marked(100), Marked(200)], [0.3, 0.7])
    torch.manual_seed(0)
    latent, condition = torch.arange(50.0)[:, None] / 100, torch.arange(50.0) % 7
    rest = mixture(latent, condition) - latent - condition[:, None]
    torch.testing.assert_close(rest, rest.round(), rtol=0, atol=1e-4)
    assert set(rest.round().flatten().tolist()) == {100, 200}


def test_weights_travel_with_the_networks():
    mixture, other = (GeneratorMixture([Marked(1), Marked(2)], weights) for weights in ([0.2, 0.8], [0.5, 0.5]))
    other.load_state_dict(mixture.state_dict())
    assert other.weights.tolist() == [0.2, 0.8]


@pytest.mark.parametrize(
    ("weights", "numbers"),
    [([1.0, 0.0, 0.0], [10, 0, 0]), ([0.0, 0.0, 1.0], [0, 0, 10]), ([0.2, 0.3, 0.5], [2, 3, 5])],
)
def test_a_mixture_takes_blocks_in_proportion(weights, numbers):
    parts = [100 * j + torch.arange(10.0) for j in range(3)]
    x = mixed(parts, weights)
    assert [(x // 100 == j).sum().item() for j in range(3)] == numbers
    assert (x % 100).tolist() == list(range(10))  # the i-th is the i-th of its generator


def test_the_numbers_of_a_mixture_are_within_one_of_the_weights():
    rng = np.random.default_rng(0)
    for n in (1, 7, 64):
        for _ in range(100):
            weights = rng.dirichlet(np.full(5, 0.5))
            found = torch.bincount(mixed([torch.full((n,), j) for j in range(5)], weights), minlength=5)
            assert (np.abs(found.numpy() - n * weights) < 1.0 + 1e-9).all()


def test_samples_of_several_parts_stay_together():
    x, y = mixed([(torch.zeros(4, 2), torch.zeros(4)), (torch.ones(4, 2), torch.ones(4))], [0.5, 0.5])
    assert x[:, 0].tolist() == y.tolist() == [0, 0, 1, 1]


def test_the_strategy_never_accepts_a_worse_mixture_and_stays_on_the_simplex():
    for seed in range(20):
        rng, noise, seen = np.random.default_rng(seed), np.random.default_rng([seed, 1]), []

        def score(w, seen=seen, noise=noise):
            seen.append((w.copy(), noise.standard_normal()))
            return seen[-1][1]

        weights, best = evolve_weights([0.25] * 4, score, sd=0.3, n_steps=50, rng=rng)
        assert 40 < len(seen) <= 51  # a child without a positive weight is none
        assert best == max(value for _, value in seen)
        assert (weights == next(w for w, value in seen if value == best)).all()
        for w, _ in seen:
            assert (w >= 0.0).all() and abs(w.sum() - 1.0) < 1e-12


def test_children_are_the_best_so_far_with_noise_of_the_given_size():
    seen = []

    def score(w):
        seen.append(w.copy())
        return -float(len(seen))  # the first stays the best

    evolve_weights([0.5, 0.5], score, sd=0.01, n_steps=4000, rng=np.random.default_rng(0))
    shifts = np.array(seen[1:])[:, 0] - 0.5
    # d/dw of w_0 / (w_0 + w_1) at the middle: half of the difference of two normals.
    assert abs(shifts.std() - 0.01 / np.sqrt(2)) < 3e-4 and abs(shifts.mean()) < 4e-4


def test_an_equal_score_is_accepted():
    weights, best = evolve_weights([0.5, 0.5], lambda w: 1.0, sd=0.1, n_steps=1, rng=np.random.default_rng(0))
    assert best == 1.0 and weights[0] != 0.5


@pytest.mark.parametrize("target", [[0.7, 0.2, 0.1], [0.0, 0.0, 1.0]])
def test_the_strategy_finds_the_best_weights(target):
    for seed in range(5):
        found, best = evolve_weights(
            [1 / 3] * 3,
            squared_distance_to(np.array(target)),
            sd=0.05,
            n_steps=500,
            rng=np.random.default_rng(seed),
        )
        np.testing.assert_allclose(found, target, atol=0.02)
        assert best == squared_distance_to(np.array(target))(found)


def test_scores_that_are_not_finite_are_the_lowest():
    scores = iter([np.nan, -np.inf, -5.0, np.inf, np.nan, -6.0, -4.0])
    _, best = evolve_weights([0.5, 0.5], lambda w: next(scores), sd=0.1, n_steps=6, rng=np.random.default_rng(0))
    assert best == -4.0


def test_one_generator_is_only_scored():
    called = []
    weights, best = evolve_weights(
        [1.0], lambda w: called.append(w) or 3.0, sd=0.1, n_steps=9, rng=np.random.default_rng(0)
    )
    assert weights.tolist() == [1.0] and best == 3.0 and len(called) == 1


def test_no_steps_and_no_noise_leave_the_weights():
    for options in ({"sd": 0.1, "n_steps": 0}, {"sd": 0.0, "n_steps": 5}):
        weights, _ = evolve_weights([0.1, 0.9], lambda w: 0.0, rng=np.random.default_rng(0), **options)
        np.testing.assert_allclose(weights, [0.1, 0.9], rtol=0, atol=1e-15)


def test_the_weights_given_are_not_changed():
    given = np.array([0.5, 0.5])
    evolve_weights(given, lambda w: float(w[0]), sd=0.2, n_steps=20, rng=np.random.default_rng(0))
    assert given.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0.5, 0.5, 0.0], r"shape \(2,\), one for every generator, got \(3,\)"),
        ([1.5, -0.5], "at least 0 and sum to 1"),
        ([0.5, 0.4], "at least 0 and sum to 1"),
        ([np.nan, 1.0], "at least 0 and sum to 1"),
    ],
)
def test_weights_that_are_none_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        GeneratorMixture([Marked(0), Marked(1)], weights)
    with pytest.raises(ValueError, match=message):
        mixed([torch.zeros(3), torch.ones(3)], weights)


def test_other_bad_input_is_refused():
    with pytest.raises(ValueError, match="at least one network"):
        GeneratorMixture([], [])
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="sd must lie in"):
        evolve_weights([1.0], lambda w: 0.0, sd=-1.0, n_steps=1, rng=rng)
    with pytest.raises(ValueError, match="n_steps must be at least 0"):
        evolve_weights([1.0], lambda w: 0.0, sd=0.1, n_steps=-1, rng=rng)
    with pytest.raises(ValueError, match="sum to 1"):
        evolve_weights([0.5, 0.6], lambda w: 0.0, sd=0.1, n_steps=1, rng=rng)
