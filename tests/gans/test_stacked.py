"""Stacked GAN: the three losses of each part, an encoder that learns first and then stands, labels that come true."""

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evogan.datasets import digits
from evogan.gans._assemble import Recipe
from evogan.gans._stacked import Classifier, stacked_gan
from evogan.nets import MLPNetworks, mlp
from evogan.training import Batch, fit

NETS = MLPNetworks(n_latent=6, hidden=(16,))


def rng(seed=0):
    return np.random.default_rng(seed)


def small(**parts):
    torch.manual_seed(0)
    return stacked_gan((3,), **{"n_classes": 4, "networks": NETS, "n_features": 5, **parts})


def batch(n=8, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return Batch(torch.randn(n, 3, generator=generator), torch.randint(4, (n,), generator=generator))


def parameters(net):
    return [p.detach().clone() for p in net.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_features_are_generated_of_labels_and_samples_of_features():
    system, shown = small(), batch()
    parts = system.shown(shown)
    h = system.encoder.features(shown.x).detach()
    top, bottom = system.parts["1"], system.parts["0"]
    assert torch.equal(top.real(parts["1"]), h) and torch.equal(top.condition(parts["1"]), shown.y)
    assert torch.equal(bottom.real(parts["0"]), shown.x) and torch.equal(bottom.condition(parts["0"]), h)
    assert h.mean(1).abs().max() < 1e-5 and (h.var(1, correction=0) - 1).abs().max() < 1e-2


@pytest.mark.parametrize("name", ["1", "0"])
def test_a_generator_minimises_adversarial_conditional_and_entropy_loss(name):
    weights = {"conditional": 2.0, "entropy": 7.0}
    system, shown = small(**weights), batch()
    part, given = system.parts[name], system.shown(shown)[name]
    trainer, condition = part.trainer, part.condition(given)
    torch.manual_seed(3)
    latent = trainer.prior(8)
    assert latent.min() >= 0 and latent.max() <= 1
    with torch.no_grad():
        fake = trainer.G(latent, condition)
        judged = trainer.D(fake)
        if name == "1":
            conditional = F.cross_entropy(system.encoder.head(fake), shown.y)
        else:
            conditional = (system.encoder.features(fake) - condition).square().mean()
        entropy = (judged.code - latent).square().mean()
        expected = F.softplus(-judged.logits).mean() + 2 * conditional + 7 * entropy
    torch.manual_seed(3)
    assert torch.allclose(trainer.g_step(part.real(given), condition=condition), expected)


@pytest.mark.parametrize("name", ["1", "0"])
def test_a_discriminator_also_learns_to_read_the_noise_and_is_not_told_the_condition(name):
    system, shown = small(entropy=7.0), batch()
    part, given = system.parts[name], system.shown(shown)[name]
    trainer, condition = part.trainer, part.condition(given)
    torch.manual_seed(3)
    latent = trainer.prior(8)
    with torch.no_grad():
        judged, of_real = trainer.D(trainer.G(latent, condition)), trainer.D(part.real(given))
        reading = (judged.code - latent).square().mean()
        expected = F.softplus(judged.logits).mean() + F.softplus(-of_real.logits).mean() + 7 * reading
    before = parameters(trainer.G), parameters(trainer.D.recognizer)
    torch.manual_seed(3)
    assert torch.allclose(trainer.d_step(part.real(given), condition=condition), expected)
    assert same(before[0], parameters(trainer.G)) and not same(before[1], parameters(trainer.D.recognizer))


def test_the_encoder_learns_in_the_first_steps_and_then_stands():
    system = small(n_encoder_steps=2)
    states = [parameters(system.encoder)]
    costs = []
    for _ in range(4):
        costs.append(system.step(batch)["encoder"])
        states.append(parameters(system.encoder))
    assert [same(a, b) for a, b in pairwise(states)] == [False, False, True, True]
    assert costs[0] > costs[1] > costs[2] == costs[3]
    resumed = small(n_encoder_steps=2)
    resumed.load_state_dict(copy.deepcopy(system.state_dict()))
    resumed.step(batch)
    assert same(parameters(resumed.encoder), states[-1])


def test_a_given_encoder_is_used_as_it_is():
    torch.manual_seed(1)
    encoder = Classifier(nn.Linear(3, 9), nn.Linear(9, 4))
    before = parameters(encoder)
    system = small(encoder=encoder)
    assert system.parts["1"].shape == (9,)
    for _ in range(2):
        system.step(batch)
    assert same(parameters(encoder), before)
    with pytest.raises(TypeError, match="encoder must be"):
        small(encoder=nn.Linear(3, 4))


def test_every_step_moves_both_parts_on_the_same_batch():
    system, drawn = small(), []
    before = {name: parameters(part.trainer.G) + parameters(part.trainer.D) for name, part in system.parts.items()}

    def batches():
        drawn.append(batch())
        return drawn[-1]

    losses = system.step(batches)
    assert len(drawn) == 1
    assert list(losses) == ["encoder", "discriminator_1", "generator_1", "discriminator_0", "generator_0"]
    for name, part in system.parts.items():
        assert not same(before[name], parameters(part.trainer.G) + parameters(part.trainer.D))


@pytest.mark.slow
def test_digits_of_a_label_are_told_as_that_label_by_a_classifier_of_its_own():
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
    system = stacked_gan(data.shape, n_classes=10, recipe=Recipe(lr_G=1e-3, lr_D=1e-3))
    fit(system, data, 1000, batch_size=64, rng=rng())
    samples = system.sample(1000, rng=rng(1))
    with torch.no_grad():
        told = judge(samples).argmax(1)
    assert (told == torch.arange(1000) % 10).float().mean() >= 0.8
    within = torch.stack([samples[i::10].std(0).mean() for i in range(10)]).mean()
    assert within > 0.08  # real digits of one class: 0.33
