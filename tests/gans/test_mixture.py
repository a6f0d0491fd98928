"""MIX+GAN: payoffs of mixtures by hand, weights that are weights, and samples drawn by them."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from evogan.gans import Recipe, gan_r1, mix_gan
from evogan.gans._mixture import CriticMixture, GeneratorMixture, MixturePayoff
from evogan.losses import Hinge, LeastSquares, NonSaturating
from evogan.nets import MLPNetworks
from evogan.training import Batch

NETS = MLPNetworks(n_latent=4, hidden=(8,))


def batches():
    return Batch(torch.randn(8, 2))


def constant(value):
    layer = nn.Linear(1, 1)
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, value)
    return layer


def test_one_generator_and_one_discriminator_are_the_plain_gan():
    torch.manual_seed(0)
    mixture, plain = (
        make((2,), networks=NETS, recipe=Recipe(), **options)
        for make, options in ((mix_gan, {"n_mixture": 1}), (gan_r1, {"gamma": 0.0}))  # R1 of 0: a plain GAN
    )
    plain.trainer.G.load_state_dict(mixture.trainer.G.generators[0].state_dict())
    plain.trainer.D.load_state_dict(mixture.trainer.D.critics[0].state_dict())
    losses = []
    for system in (mixture, plain):
        torch.manual_seed(1)
        losses.append([list(system.step(batches).values()) for _ in range(5)])
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(mixture.trainer.G.generators[0].state_dict(), plain.trainer.G.state_dict())


def test_the_payoff_of_two_and_two_by_hand():
    G = GeneratorMixture([constant(0.0), constant(1.0)])
    D = CriticMixture([nn.Linear(1, 1), nn.Linear(1, 1)])
    with torch.no_grad():
        for critic, slope, bias in zip(D.critics, (1.0, -2.0), (0.5, 0.25), strict=True):
            critic.weight.fill_(slope)
            critic.bias.fill_(bias)
        G.log_weights.copy_(torch.tensor([0.25, 0.75]).log())
        D.log_weights.copy_(torch.tensor([0.4, 0.6]).log())
    real = torch.tensor([[2.0], [-1.0]])
    fake = G(torch.zeros(2, 1))
    assert fake.flatten().tolist() == [0, 0, 1, 1]  # a block of each generator
    d_real, d_fake = D(real), D(fake)
    assert d_real.shape == (2, 2) and d_fake.shape == (4, 2)
    sp = lambda value: softplus(torch.tensor(value)).item()  # noqa: E731
    of_real = [(sp(-(s * 2 + b)) + sp(-(-s + b))) / 2 for s, b in ((1.0, 0.5), (-2.0, 0.25))]
    of_fake = [[sp(s * x + b) for s, b in ((1.0, 0.5), (-2.0, 0.25))] for x in (0.0, 1.0)]
    for_fake = [[sp(-(s * x + b)) for s, b in ((1.0, 0.5), (-2.0, 0.25))] for x in (0.0, 1.0)]
    w, u = (0.25, 0.75), (0.4, 0.6)
    both = [(i, j) for i in range(2) for j in range(2)]
    expected_D = sum(u[j] * of_real[j] for j in range(2)) + sum(w[i] * u[j] * of_fake[i][j] for i, j in both)
    expected_G = sum(w[i] * u[j] * for_fake[i][j] for i, j in both)
    for entropy in (0.0, 0.3):
        loss = MixturePayoff(NonSaturating(), G, D, entropy)
        spread_D, spread_G = (-np.mean(np.log(weights)) * entropy for weights in (u, w))
        value = loss.discriminator(d_real, d_fake, real=real, fake=fake)
        assert value.item() == pytest.approx(expected_D + spread_D, rel=1e-5)
        value = loss.generator(d_real, d_fake, real=real, fake=fake)
        assert value.item() == pytest.approx(expected_G + spread_G, rel=1e-5)


def test_the_entropy_term_evens_the_weights_out():
    torch.manual_seed(0)
    system = mix_gan((2,), networks=NETS, entropy=1e3, recipe=Recipe(lr_G=0.05, lr_D=0.05))
    for net in (system.trainer.G, system.trainer.D):
        net.log_weights.data.copy_(torch.tensor([2.0, 0.0, -2.0]))
    for _ in range(100):
        system.step(batches)
    for net in (system.trainer.G, system.trainer.D):
        torch.testing.assert_close(net.log_weights.softmax(0), torch.full((3,), 1 / 3), atol=0.02, rtol=0)


def test_weights_learn_which_member_does_better():
    # One generator stands on the data, the other far off; discriminators that see it make the first one heavier.
    torch.manual_seed(0)
    system = mix_gan((2,), networks=NETS, n_mixture=2, entropy=0.0, recipe=Recipe(lr_G=0.0, lr_D=0.01))
    G = system.trainer.G
    with torch.no_grad():
        for generator, place in zip(G.generators, (0.0, 5.0), strict=True):
            generator[-2].weight.zero_()
            generator[-2].bias.fill_(place)
    for _ in range(50):
        system.trainer.d_step(0.1 * torch.randn(32, 2))
    for group in system.trainer.optimizer_G.param_groups:
        group["lr"] = 0.05
    for _ in range(20):
        system.trainer.g_step(torch.zeros(32, 2))
    weights = G.log_weights.softmax(0)
    assert weights.sum().item() == pytest.approx(1.0, rel=1e-6)
    assert weights[0] > 0.6


def test_each_latent_goes_through_every_generator_and_each_sample_comes_from_one():
    torch.manual_seed(0)
    G = GeneratorMixture([constant(0.0), constant(1.0), constant(2.0)])
    with torch.no_grad():
        G.log_weights.copy_(torch.tensor([0.7, 0.3, 1e-12]).log())
    assert G(torch.zeros(4, 1)).shape == (12, 1)
    drawn = G.eval()(torch.zeros(4000, 1)).flatten()
    assert drawn.shape == (4000,)
    shares = [(drawn == k).float().mean().item() for k in range(3)]
    assert shares[0] == pytest.approx(0.7, abs=0.03) and shares[1] == pytest.approx(0.3, abs=0.03) and shares[2] == 0


def test_a_step_shows_every_discriminator_the_samples_of_every_generator():
    system = mix_gan((2,), networks=NETS, n_mixture=3, base=Hinge())
    assert system.trainer.loss.base == Hinge()
    seen = []
    for critic in system.trainer.D.critics:
        critic.register_forward_pre_hook(lambda net, args: seen.append(len(args[0])))
    system.trainer.d_step(torch.randn(8, 2))
    assert seen == [8 + 3 * 8] * 3
    before = [p.detach().clone() for p in system.trainer.G.parameters()]
    system.trainer.g_step(torch.randn(8, 2))
    moved = [not torch.equal(p, b) for p, b in zip(system.trainer.G.parameters(), before, strict=True)]
    assert all(moved)
    assert system.sample(5, rng=np.random.default_rng(1)).shape == (5, 2)


@pytest.mark.parametrize(("options", "name"), [({"n_mixture": 0}, "n_mixture"), ({"entropy": -1.0}, "entropy")])
def test_wrong_settings_are_named(options, name):
    with pytest.raises(ValueError, match=name):
        mix_gan((2,), networks=NETS, **options)


def test_payoffs_take_any_separable_loss():
    torch.manual_seed(0)
    system = mix_gan((2,), networks=NETS, base=LeastSquares())
    assert all(value.isfinite() for value in system.step(batches).values())
