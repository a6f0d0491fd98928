"""CoGAN: tied tensors stay one object, each player moves alone, pairs show the same digit."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evogan.datasets import digits
from evogan.gans._assemble import Recipe
from evogan.gans._coupled import cogan
from evogan.nets import DCGANNetworks, MLPNetworks, ResNetNetworks, mlp
from evogan.training import Batch, fit

SMALL = DCGANNetworks(n_latent=5, width=4)


def rng(seed=0):
    return np.random.default_rng(seed)


def images(n, seed=1):
    return torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def tied(pair):
    """Return the tensors that both networks of a pair have, as objects."""
    first, second = pair
    return {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}


def test_the_domains_tie_all_but_the_last_and_the_first_layer_and_training_keeps_them_tied():
    torch.manual_seed(0)
    system = cogan((1, 8, 8), networks=SMALL)
    for _ in range(2):
        G, D = system.trainer.G, system.trainer.D
        assert tied(G.single()) == {id(p) for p in G.shared.parameters()}
        assert tied(D.single()) == {id(p) for p in D.shared.parameters()}
        assert tied(system.generator.single()) == {id(p) for p in system.generator.shared.parameters()}
        system.step(lambda: Batch(images(8)))
    last = [dict(net.named_parameters()) for net in (G.last_a, G.last_b)]
    assert last[0].keys() == last[1].keys() and not any(torch.equal(last[0][k], last[1][k]) for k in last[0])


def test_images_are_made_by_convolutions_and_vectors_by_perceptrons():
    def kinds(system):
        return {type(layer) for layer in system.trainer.D.modules()}

    assert nn.Conv2d in kinds(cogan((1, 8, 8)))
    assert nn.Conv2d not in kinds(cogan((1, 8, 8), networks=MLPNetworks()))
    assert nn.Conv2d not in kinds(cogan((2,)))


def test_one_half_of_the_batch_is_shown_as_it_is_and_the_other_half_in_the_second_domain():
    x = images(7)
    a, b = cogan((1, 8, 8), networks=SMALL, other=lambda v: 0.5 * v).real(Batch(x))
    assert torch.equal(a, x[:3]) and torch.equal(b, 0.5 * x[3:6])


def test_each_player_moves_alone_and_a_discriminator_step_costs_what_both_domains_cost():
    torch.manual_seed(0)
    system = cogan((1, 8, 8), networks=MLPNetworks(n_latent=5, hidden=(8,)))
    trainer, real = system.trainer, (a := images(4), b := images(4, seed=2))
    before = {name: [p.clone() for p in getattr(trainer, name).parameters()] for name in ("G", "D")}
    fake = trainer.G(torch.randn(4, 5))
    with torch.no_grad():
        d_real, d_fake = trainer.D((a, b)), trainer.D(fake)
        expected = sum(F.softplus(-d_real[:, i]).mean() / 2 + F.softplus(d_fake[:, i]).mean() / 2 for i in range(2))
    assert torch.allclose(trainer.d_step(real, fake=tuple(x.detach() for x in fake)), expected)

    def moved(name):
        return not all(
            torch.equal(p, q) for p, q in zip(getattr(trainer, name).parameters(), before[name], strict=True)
        )

    assert moved("D") and not moved("G")
    before["D"] = [p.clone() for p in trainer.D.parameters()]
    trainer.g_step(real)
    assert moved("G") and not moved("D")


def test_a_pair_shares_its_latent_and_samples_are_its_first_members():
    torch.manual_seed(0)
    system = cogan((1, 8, 8), networks=SMALL)
    a, b = system.pairs(600, rng=rng())
    assert a.shape == b.shape == (600, 1, 8, 8) and not torch.allclose(a, b)
    assert torch.equal(system.sample(600, rng=rng()), a)
    pictures = system.pictures(Batch(images(8)), rng=rng())
    a, b = system.pairs(8, rng=rng())
    assert torch.equal(pictures[::2], a) and torch.equal(pictures[1::2], b)
    system.generator.last_b.load_state_dict(system.generator.last_a.state_dict())
    a, b = system.pairs(5, rng=rng())
    assert torch.equal(a, b)


def test_what_cannot_be_coupled_is_refused():
    with pytest.raises(ValueError, match="other must keep the shape"):
        cogan((1, 8, 8), other=lambda x: x[..., 1:])
    with pytest.raises(TypeError, match="networks must be"):
        cogan((1, 32, 32), networks=ResNetNetworks())


def test_a_digit_and_the_negative_of_its_pair_are_the_same_digit():
    data = digits()
    x, y = data.batch(torch.arange(len(data)))
    torch.manual_seed(0)
    judge = nn.Sequential(nn.Flatten(), mlp([64, 64, 10], activation=nn.ReLU))
    optimizer = torch.optim.Adam(judge.parameters(), 3e-3)
    for _ in range(20):
        for rows in torch.randperm(len(data)).split(100):
            optimizer.zero_grad()
            F.cross_entropy(judge(x[rows]), y[rows]).backward()
            optimizer.step()
    torch.manual_seed(0)
    system = cogan((1, 8, 8), networks=DCGANNetworks(n_latent=32, width=16), recipe=Recipe(lr_G=1e-3, lr_D=1e-3))
    fit(system, data, 500, batch_size=64, rng=rng())
    a, b = system.pairs(500, rng=rng(1))
    assert a.mean() < -0.2 and b.mean() > 0.2
    with torch.no_grad():
        of_a, of_b = judge(a).argmax(1), judge(-b).argmax(1)
    agreement = (of_a == of_b).float().mean()
    by_chance = (torch.bincount(of_a, minlength=10) * torch.bincount(of_b, minlength=10)).sum() / 500**2
    assert by_chance < 0.2 and agreement > 0.6
