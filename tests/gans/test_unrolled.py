"""Unrolled GAN: what the generator foresees, worked out by hand, and what it is good for."""

import copy

import numpy as np
import pytest
import torch
from torch.func import functional_call
from torch.nn.functional import softplus

from evogan.datasets import ring
from evogan.gans import Recipe, gan, unrolled_gan
from evogan.metrics import mode_coverage
from evogan.nets import MLPNetworks, logits_of
from evogan.training import SGD, Adam, Batch, fit

NETS = MLPNetworks(n_latent=4, hidden=(8,))
PLAIN = Recipe(lr_G=0.1, lr_D=0.1, optimizer=SGD(), ema=None)


def system_of(k, seed=0, **options):
    torch.manual_seed(seed)
    return unrolled_gan((2,), networks=NETS, n_unrolled=k, recipe=PLAIN, **options)


def batches():
    return Batch(torch.randn(8, 2))


def flat(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def test_looking_no_step_ahead_is_the_plain_gan_bit_for_bit():
    unrolled, plain = system_of(0), gan((2,), networks=NETS, recipe=PLAIN)
    for name in ("G", "D"):
        getattr(plain.trainer, name).load_state_dict(getattr(unrolled.trainer, name).state_dict())
    losses = []
    for system in (unrolled, plain):
        torch.manual_seed(1)
        losses.append([[value.item() for value in system.step(batches).values()] for _ in range(5)])
    assert losses[0] == losses[1]
    assert torch.equal(flat(unrolled.trainer.G), flat(plain.trainer.G))
    assert torch.equal(flat(unrolled.trainer.D), flat(plain.trainer.D))


@pytest.mark.parametrize("k", [1, 3])
def test_the_gradient_is_that_of_steps_made_by_hand(k):
    rate = 0.7
    system = system_of(k, unrolled_lr=rate)
    trainer, real, latent = system.trainer, torch.randn(8, 2), torch.randn(8, 4)
    trainer.prior = lambda n: latent
    G, D = copy.deepcopy(trainer.G), trainer.D
    fake = G(latent)
    names, values = zip(*D.named_parameters(), strict=True)

    def logits(values, x):
        return logits_of(functional_call(D, dict(zip(names, values, strict=True)), (x,)))

    for _ in range(k):
        loss = softplus(-logits(values, real)).mean() + softplus(logits(values, fake)).mean()
        grads = torch.autograd.grad(loss, values, create_graph=True)
        values = [value - rate * grad for value, grad in zip(values, grads, strict=True)]
    expected = softplus(-logits(values, fake)).mean()
    grads = torch.autograd.grad(expected, list(G.parameters()))
    before, judge = flat(trainer.G), flat(D)
    value = trainer.g_step(real)
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    torch.testing.assert_close(flat(trainer.G), before - 0.1 * torch.cat([g.flatten() for g in grads]))
    assert torch.equal(flat(D), judge)  # the discriminator stays where it is
    # It matters: neither the loss nor the gradient is that of the present discriminator.
    assert value.item() != pytest.approx(softplus(-logits_of(D(fake))).mean().item(), rel=1e-3)
    without_second_order = torch.autograd.grad(
        softplus(-logits([v.detach() for v in values], G(latent))).mean(), list(G.parameters())
    )
    assert not torch.allclose(
        torch.cat([g.flatten() for g in grads]), torch.cat([g.flatten() for g in without_second_order]), rtol=1e-3
    )


def test_the_steps_ahead_are_what_the_discriminator_would_do():
    # One step ahead at the discriminator's own rate is where its next step of plain descent leads.
    system = system_of(1, unrolled_lr=0.1)
    trainer, real, latent = system.trainer, torch.randn(8, 2), torch.randn(8, 4)
    trainer.prior = lambda n: latent
    twin = copy.deepcopy(trainer.D)
    value = trainer.g_step(real)
    trainer = system_of(1, unrolled_lr=0.1).trainer
    trainer.prior = lambda n: latent
    torch.testing.assert_close(flat(trainer.D), flat(twin))
    trainer.d_step(real)
    with torch.no_grad():
        expected = softplus(-logits_of(trainer.D(trainer.G(latent)))).mean()
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match="n_unrolled"):
        system_of(-1)
    with pytest.raises(ValueError, match="unrolled_lr"):
        system_of(1, unrolled_lr=-0.1)
    with pytest.raises(ValueError, match="condition"):
        system_of(1).trainer.g_step(torch.zeros(2, 2), condition=torch.zeros(2))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_looking_ahead_finds_the_modes_of_the_ring_in_steps_too_few_without(seed):
    data = ring(rng=np.random.default_rng(0))
    found = []
    for k in (5, 0):
        torch.manual_seed(seed)
        recipe = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.5, 0.9)), ema=0.99)
        networks = MLPNetworks(n_latent=16, hidden=(128, 128))
        system = unrolled_gan((2,), networks=networks, n_unrolled=k, recipe=recipe)
        fit(system, data, 1000, rng=np.random.default_rng(seed))
        samples = system.sample(2500, rng=np.random.default_rng(99))
        found.append(mode_coverage(samples, data.modes, radius=0.2))
    ahead, plain = found
    assert ahead.n_covered >= max(6, plain.n_covered), found
    assert ahead.high_quality > 2 * plain.high_quality, found
