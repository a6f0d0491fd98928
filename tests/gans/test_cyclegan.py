"""CycleGAN: halves that share nothing, the paper's sum of losses, a pool that loses no sample, a known linear map."""

import copy

import numpy as np
import pytest
import torch

from evogan.datasets import Dataset, digits
from evogan.gans._assemble import Recipe
from evogan.gans._conditioned import unpaired
from evogan.gans._cyclegan import cyclegan
from evogan.gans._pool import ImagePool
from evogan.nets import logits_of
from evogan.training import Batch, fit

FAST = Recipe(lr_G=1e-3, lr_D=1e-3, ema=0.99)


def rng(seed=0):
    return np.random.default_rng(seed)


def vectors(**parts):
    torch.manual_seed(0)
    return cyclegan((2,), other=lambda x: 2 * x + 1, hidden=(8,), **parts)


def points(n, seed=1):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def parameters(net):
    return [p.detach().clone() for p in net.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_no_sample_is_shown_in_both_domains():
    x = torch.arange(7.0)[:, None]
    a, b = unpaired(x, lambda v: -v)
    assert a.flatten().tolist() == [0, 1, 2] and b.flatten().tolist() == [-3, -4, -5]
    with pytest.raises(ValueError, match="batch_size must be 2"):
        unpaired(x[:1], lambda v: -v)
    system, batch = vectors(), Batch(points(6))
    (a, b), (source_a, source_b) = system.real(batch), system.condition(batch)
    assert torch.equal(a, batch.x[:3]) and torch.equal(b, 2 * batch.x[3:] + 1)
    assert torch.equal(a, source_a) and torch.equal(b, source_b)


def test_the_generators_minimise_the_sum_of_equation_3_and_the_identity_terms():
    system = vectors(weight=7.0, identity=3.0)
    real = a, b = system.real(Batch(points(10)))
    G, D = system.trainer.G, system.trainer.D
    with torch.no_grad():
        fake_a, fake_b = G.b_to_a(b), G.a_to_b(a)
        judged = [(logits_of(D.D_a(fake_a)) - 1).square().mean(), (logits_of(D.D_b(fake_b)) - 1).square().mean()]
        cycle = (G.b_to_a(fake_b) - a).abs().mean() + (G.a_to_b(fake_a) - b).abs().mean()
        identity = (G.a_to_b(b) - b).abs().mean() + (G.b_to_a(a) - a).abs().mean()
        expected = sum(judged) + 7 * cycle + 3 * identity
    assert torch.allclose(system.trainer.g_step(real, condition=real), expected)


def test_each_translator_is_judged_in_the_domain_that_it_translates_to():
    one, other = vectors(weight=0.0, identity=0.0), vectors(weight=0.0, identity=0.0)
    with torch.no_grad():
        for p in other.trainer.D.D_a.parameters():
            p.add_(0.3)
    real = one.real(Batch(points(10)))
    before = parameters(one.trainer.G.a_to_b)
    for system in (one, other):
        system.trainer.g_step(real, condition=real)
    assert same(parameters(one.trainer.G.a_to_b), parameters(other.trainer.G.a_to_b))
    assert not same(before, parameters(one.trainer.G.a_to_b))
    assert not same(parameters(one.trainer.G.b_to_a), parameters(other.trainer.G.b_to_a))


def test_the_cycle_alone_moves_both_translators_and_no_discriminator():
    system = vectors()
    real = system.real(Batch(points(10)))
    trainer = system.trainer
    G, D = [parameters(net) for net in (trainer.G.a_to_b, trainer.G.b_to_a)], parameters(trainer.D)
    trainer.d_step(real, condition=real)
    assert same(G[0] + G[1], parameters(trainer.G)) and not same(D, parameters(trainer.D))
    D = parameters(trainer.D)
    trainer.g_step(real, condition=real)
    assert not same(G[0], parameters(trainer.G.a_to_b)) and not same(G[1], parameters(trainer.G.b_to_a))
    assert same(D, parameters(trainer.D))


def test_the_pool_shows_new_samples_until_it_is_full_then_old_ones_half_of_the_time():
    torch.manual_seed(0)
    pool, n_old = ImagePool(50), 0
    for i in range(100):
        new = torch.arange(16 * i, 16 * i + 16.0)[:, None]
        before = torch.empty(0, 1) if pool.kept is None else pool.kept
        shown = pool(new)
        assert sorted([*shown.flatten(), *pool.kept.flatten()]) == sorted(
            [*before.flatten(), *new.flatten(), *new[: max(0, 50 - len(before))].flatten()]
        ), f"batch {i}: a sample was lost or doubled"
        assert len(pool.kept) == min(50, 16 * (i + 1))
        if 16 * (i + 1) <= 50:
            assert torch.equal(shown, new)
        n_old += int((shown < 16 * i).sum())
    assert 0.4 < n_old / 1550 < 0.6


def test_a_pool_of_none_shows_what_is_new_and_a_batch_may_exceed_the_pool():
    new = points(6)
    assert torch.equal(ImagePool(0)(new), new)
    torch.manual_seed(0)
    pool = ImagePool(4)
    pool(new)
    shown = pool(new + 10)
    assert torch.equal(shown[4:], new[4:] + 10) and len(pool.kept) == 4
    assert (shown < 5).any() and (shown > 5).any()


def test_discriminators_are_shown_the_pool():
    plain, pooled = vectors(pool=0), vectors(pool=3)
    losses = []
    for system in (plain, pooled):
        torch.manual_seed(1)
        losses.append([system.step(lambda: Batch(points(6, seed=2)))["discriminator"].item() for _ in range(4)])
    assert losses[0][0] == losses[1][0]  # the first batch fills it
    assert losses[0][1:] != losses[1][1:]


def test_pools_are_stored_with_the_state_and_a_stored_state_stays_as_it_was():
    system, resumed = vectors(pool=4), vectors(pool=4)
    batches = [Batch(points(6, seed=i)) for i in range(4)]
    first = iter(batches[:2])
    for _ in range(2):
        system.step(first.__next__)
    state = copy.deepcopy(handed_out := system.state_dict())
    ends = []
    for each in (system, resumed):
        if each is resumed:
            each.load_state_dict(state)
        torch.manual_seed(3)
        later = iter(batches[2:])
        for _ in range(2):
            each.step(later.__next__)
        ends.append([*parameters(each.trainer.D), *(pool.kept for pool in each.trainer.pools)])
    assert same(*ends)
    kept = [s["trainer"]["parts"][0]["0._extra_state"]["kept"] for s in (state, handed_out, system.state_dict())]
    assert torch.equal(kept[0], kept[1]) and not torch.equal(kept[0], kept[2])


def test_samples_come_from_the_other_domain_to_the_datas():
    system, batch = vectors(), Batch(points(20))
    system.step(lambda: batch)
    b = 2 * batch.x[10:] + 1
    assert torch.equal(system.sources, b)
    samples = system.sample(10, rng=rng())
    assert (samples[:, None] - system.b_to_a(b)).abs().amax(2).amin(1).max() < 1e-6
    assert torch.equal(system.translate(b, rng=rng()), system.generator.b_to_a(b))


def test_pictures_show_both_ways_there_and_back():
    torch.manual_seed(0)
    system = cyclegan((1, 8, 8), width=4, n_blocks=1)
    x = torch.rand(14, 1, 8, 8) * 2 - 1
    pictures = system.pictures(Batch(x), rng=rng())
    assert pictures.shape == (36, 1, 8, 8)
    a, b = x[:6], -x[7:13]
    assert torch.equal(pictures[::6], a) and torch.equal(pictures[3::6], b)
    assert torch.allclose(pictures[1::6], system.a_to_b(a), atol=1e-6)
    assert torch.allclose(pictures[2::6], system.b_to_a(system.a_to_b(a)), atol=1e-6)
    assert torch.allclose(pictures[5::6], system.a_to_b(system.b_to_a(b)), atol=1e-6)


def test_another_domain_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="other must keep the shape"):
        cyclegan((2,), other=lambda x: x[:, :1])
    with pytest.raises(TypeError, match="other must be a function"):
        cyclegan((2,), other=None)


def test_a_linear_map_between_domains_is_found_without_pairs():
    torch.manual_seed(5)
    x = torch.distributions.Exponential(torch.tensor([1.0, 2.0])).sample((4000,))
    matrix, shift = torch.tensor([[1.2, 0.4], [-0.4, 0.9]]), torch.tensor([0.8, -0.5])

    def other(v):
        return v @ matrix.T + shift

    torch.manual_seed(1)
    system = cyclegan((2,), other=other, hidden=(64, 64), identity=0.0, recipe=FAST)
    fit(system, Dataset("skewed", x), 500, batch_size=128, rng=rng(1))
    there = system.a_to_b(x)
    assert (system.b_to_a(there) - x).abs().mean() < 0.05
    assert (system.a_to_b(system.b_to_a(other(x))) - other(x)).abs().mean() < 0.05
    assert (there - other(x)).norm(dim=1).mean() < 0.3  # it is 1.5 away from x itself


@pytest.mark.slow
def test_digits_become_negatives_and_digits_again():
    torch.manual_seed(0)
    system = cyclegan((1, 8, 8), width=12, n_blocks=1, recipe=FAST)
    x, _ = digits("test").batch(torch.arange(397))
    fit(system, digits(), 150, batch_size=32, rng=rng())
    negative = system.a_to_b(x)
    assert (negative.mean() - (-x).mean()).abs() < 0.15 and x.mean() < -0.3
    assert (system.b_to_a(negative) - x).abs().mean() < 0.35
