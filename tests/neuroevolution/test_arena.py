"""All generators against all discriminators, by hand with linear networks."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from evogan.losses import NonSaturating, RelativisticAverage, Wasserstein
from evogan.neuroevolution import Arena, Pair, Workbench
from evogan.neuroevolution._arena import fitness_of
from evogan.training import AdversarialTrainer, Batch, GANSystem

REAL = torch.tensor([[0.5], [2.0], [-1.0], [1.5]])
LATENT = torch.tensor([[1.0], [-2.0], [0.25], [3.0]])
G_LINES = [(1.0, 0.0), (-0.5, 2.0), (3.0, -1.0)]  # slope and intercept
D_LINES = [(1.0, 0.5), (-2.0, 0.0), (0.25, -1.0)]


def line(slope, bias):
    net = nn.Linear(1, 1)
    nn.init.constant_(net.weight, slope)
    nn.init.constant_(net.bias, bias)
    return net


def made(loss=None):
    """Return a system, its benches, three generators and three discriminators."""
    trainer = AdversarialTrainer(line(9, 9), line(9, 9), prior=lambda n: LATENT[:n].clone(), loss=loss)
    benches = Pair(Workbench.of_generator(trainer), Workbench.of_discriminator(trainer))
    kinds = []
    for bench, lines in zip(benches, (G_LINES, D_LINES), strict=True):
        kind = []
        for number, (slope, bias) in enumerate(lines):
            bench.load_weights([torch.tensor([[slope]]), torch.tensor([bias])])
            kind.append(bench.individual(number=number))
        kinds.append(kind)
    return GANSystem(trainer, shape=(1,), ema=None), benches, *kinds


def softplus(x):
    return np.log1p(np.exp(x))


def losses_by_hand(n=4):
    """Return the non-saturating losses (generator, discriminator) of every pair."""
    z, x = LATENT[:n, 0].double().numpy(), REAL[:n, 0].double().numpy()
    table = np.zeros((3, 3, 2))
    for g, (a, b) in enumerate(G_LINES):
        for d, (w, c) in enumerate(D_LINES):
            d_fake, d_real = w * (a * z + b) + c, w * x + c
            table[g, d] = softplus(-d_fake).mean(), softplus(-d_real).mean() + softplus(d_fake).mean()
    return table


@pytest.mark.parametrize(("aggregate", "function"), [("average", np.mean), ("worst", np.max), ("best", np.min)])
def test_fitness_is_minus_the_aggregate_of_the_losses_to_all_opponents(aggregate, function):
    system, benches, generators, discriminators = made()
    arena = Arena(system, benches, lambda: Batch(REAL))
    (judged,) = arena.meet([Pair(generators, discriminators)], aggregate)
    table = losses_by_hand()
    np.testing.assert_allclose([G.fitness for G in judged.G], -function(table[..., 0], axis=1), rtol=1e-5)
    np.testing.assert_allclose([D.fitness for D in judged.D], -function(table[..., 1], axis=0), rtol=1e-5)
    assert arena.n_met == 9
    assert all(math.isnan(one.fitness) for one in [*generators, *discriminators])  # what is judged is a copy


def test_a_network_has_a_fitness_of_its_own_in_every_group():
    system, benches, G, D = made()
    arena = Arena(system, benches, lambda: Batch(REAL))
    first, second = arena.meet([Pair(G[:2], D[:1]), Pair([G[2], G[0]], D)])
    table = losses_by_hand()
    np.testing.assert_allclose([one.fitness for one in first.G], -table[:2, 0, 0], rtol=1e-5)
    np.testing.assert_allclose([one.fitness for one in first.D], [-table[:2, 0, 1].mean()], rtol=1e-5)
    np.testing.assert_allclose([one.fitness for one in second.G], -table[[2, 0], :, 0].mean(1), rtol=1e-5)
    np.testing.assert_allclose([one.fitness for one in second.D], -table[[2, 0], :, 1].mean(0), rtol=1e-5)
    assert [one.number for one in second.G] == [2, 0]
    assert arena.n_met == 7  # generator 0 and discriminator 0 are in both groups and meet once


def test_losses_that_look_at_real_samples_get_them():
    system, benches, G, D = made(loss=RelativisticAverage(NonSaturating()))
    (judged,) = Arena(system, benches, lambda: Batch(REAL)).meet([Pair(G[:1], D[:1])])
    (a, b), (w, c) = G_LINES[0], D_LINES[0]
    fake = a * LATENT + b
    d_fake, d_real = w * fake + c, w * REAL + c
    for one, player in ((judged.G[0], "generator"), (judged.D[0], "discriminator")):
        expected = getattr(RelativisticAverage(NonSaturating()), player)(d_real, d_fake, real=REAL, fake=fake).item()
        assert one.fitness == pytest.approx(-expected, rel=1e-5)


def test_n_eval_samples_are_drawn_from_as_many_batches_as_it_takes():
    system, benches, G, D = made()
    halves = [Batch(REAL[:2]), Batch(REAL[2:])]
    (judged,) = Arena(system, benches, lambda: halves.pop(0), 3).meet([Pair(G, D)])
    np.testing.assert_allclose([one.fitness for one in judged.G], -losses_by_hand(3)[..., 0].mean(1), rtol=1e-5)
    np.testing.assert_allclose([one.fitness for one in judged.D], -losses_by_hand(3)[..., 1].mean(0), rtol=1e-5)
    assert not halves


def test_an_opponent_that_is_broken_does_not_count():
    system, benches, G, D = made(loss=Wasserstein())
    D[1].weights[0].fill_(math.nan)
    arena = Arena(system, benches, lambda: Batch(REAL))
    whole, without = arena.meet([Pair(G, D), Pair(G, [D[0], D[2]])])
    assert [one.fitness for one in whole.G] == [one.fitness for one in without.G]
    assert whole.D[1].fitness == -math.inf and all(math.isfinite(one.fitness) for one in without.D)


def test_fitness_of_losses_that_are_not_finite():
    nan, inf = math.nan, math.inf
    assert fitness_of(np.array([[1.0, nan], [3.0, nan]]), "average") == [-1.0, -3.0]
    assert fitness_of(np.array([[nan, nan], [3.0, 5.0]]), "average") == [-inf, -4.0]
    assert fitness_of(np.array([[nan]]), "worst") == [-inf]
    assert fitness_of(np.array([[inf, 1.0], [2.0, 4.0]]), "worst") == [-inf, -4.0]
    assert fitness_of(np.array([[inf, 1.0], [2.0, 4.0]]), "best") == [-1.0, -2.0]
    assert fitness_of(np.array([[inf, -inf], [2.0, 4.0]]), "average") == [-inf, -3.0]


def test_a_mixture_is_scored_on_a_block_of_every_generator():
    system, benches, G, _ = made()
    arena, seen = Arena(system, benches, lambda: Batch(REAL)), []

    class Score:
        parts, weights = ("first", "second"), (1.0, 10.0)

        def __call__(self, evaluation, fake):
            seen.append(fake)
            return torch.tensor([2.0, 0.5])

    assert arena.score(Score(), G[:2], np.array([0.25, 0.75])) == 7.0
    (a, b), (c, d) = G_LINES[:2]
    torch.testing.assert_close(seen[0], torch.cat([a * LATENT[:1] + b, c * LATENT[1:] + d]))


def test_running_statistics_do_not_move_and_modes_come_back():
    torch.manual_seed(0)
    G, D = (nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1)) for _ in range(2))
    trainer = AdversarialTrainer(G, D, prior=lambda n: torch.randn(n, 1))
    benches = Pair(Workbench.of_generator(trainer), Workbench.of_discriminator(trainer))
    one = Pair([benches.G.individual()], [benches.D.individual()])
    arena = Arena(GANSystem(trainer, shape=(1,), ema=None), benches, lambda: Batch(REAL))
    first, second = (arena.meet([one])[0] for _ in range(2))
    assert first.G[0].fitness == second.G[0].fitness and first.D[0].fitness == second.D[0].fitness
    for bench, (before,) in zip(benches, one, strict=True):
        torch.testing.assert_close(bench.weights(), before.weights, rtol=0, atol=0)
        assert bench.net.training
