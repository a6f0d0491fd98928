"""The conditional GAN: its losses and penalties by hand, and hand-written gradients against autograd's."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from evogan.losses import Hinge, NonSaturating, Relativistic, Wasserstein
from evogan.models import ConditionalGAN
from evogan.models._relativistic_steps import RelativisticSteps, SiLUNet, supports
from evogan.nets import mlp
from evogan.regularizers import R1, R2, GradientPenalty


def draws(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def silu_net(*sizes, seed=1):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return mlp(sizes, activation=nn.SiLU)


def penalty(net, x, weight, n_var):
    """Sum of weight * |d logit / d x|^2 / 2, by autograd."""
    x = x.clone().requires_grad_(True)
    (grad,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    return 0.5 * (weight * grad[:, :n_var].square()).sum()


@pytest.mark.parametrize("sizes", [(5, 1), (5, 4, 1), (5, 7, 4, 1), (5, 3, 6, 4, 1)])
def test_the_penalty_and_its_gradients_are_those_of_autograd(sizes):
    net, x, weight = silu_net(*sizes), draws(9, 5), draws(9, 1, seed=2).abs()
    manual = SiLUNet(copy.deepcopy(net))
    manual.forward(x.numpy())
    value, bent = manual.penalise_slope(weight.numpy(), 3)
    # Gradients at the biases tell how the penalty is carried back through the hidden layers.
    manual.backward(np.zeros((9, 1), np.float32), bent, params=True)
    expected = penalty(net, x, weight, 3)
    grads = torch.autograd.grad(expected, list(net.parameters()), allow_unused=True)
    assert value == pytest.approx(expected.item(), rel=1e-5)
    ours = [part for pair in zip(manual.dW, manual.db, strict=True) for part in pair]
    for mine, theirs in zip(ours, grads, strict=True):
        np.testing.assert_allclose(mine, 0 if theirs is None else theirs.numpy(), atol=1e-6, rtol=1e-4)


def test_gradients_of_both_penalties_are_finite_differences():
    """In double precision and without autograd's second derivatives."""
    net, real, fake, gammas = (
        silu_net(4, 6, 5, 1).double(),
        draws(7, 4).double(),
        draws(7, 4, seed=2).double(),
        (0.7, 1.9),
    )
    single = copy.deepcopy(net).float()
    manual = SiLUNet(single)
    manual.forward(torch.cat([real, fake]).float().numpy())
    weight = np.repeat(np.array([[gammas[0] / 7], [gammas[1] / 7]], dtype=np.float32), 7, axis=0)
    value, bent = manual.penalise_slope(weight, 3)
    manual.backward(np.zeros((14, 1), np.float32), bent, params=True)

    def cost():
        terms = []
        for x, gamma in ((real, gammas[0]), (fake, gammas[1])):
            x = x.clone().requires_grad_(True)
            (grad,) = torch.autograd.grad(net(x).sum(), x)
            terms.append(0.5 * gamma * grad[:, :3].square().sum(dim=1).mean())
        return float(sum(terms))

    assert value == pytest.approx(cost(), rel=1e-5)
    layers, h = [layer for layer in net if isinstance(layer, nn.Linear)], 1e-5
    for layer, dW in zip(layers, manual.dW, strict=True):
        for index in ((0, 0), (0, 2), (layer.out_features - 1, layer.in_features - 1)):
            before = layer.weight.data[index].item()
            costs = []
            for step in (h, -h):
                layer.weight.data[index] = before + step
                costs.append(cost())
            layer.weight.data[index] = before
            assert dW[index] == pytest.approx((costs[0] - costs[1]) / (2 * h), rel=1e-3, abs=1e-6)


def test_the_penalty_of_a_linear_discriminator_by_hand():
    net = nn.Sequential(nn.Linear(3, 1))
    net[0].weight.data = torch.tensor([[3.0, 4.0, 100.0]])  # the last input is the condition
    manual = SiLUNet(net)
    manual.forward(np.zeros((2, 3), np.float32))
    value, _ = manual.penalise_slope(np.full((2, 1), 0.5, np.float32), 2)
    assert value == pytest.approx(12.5)
    np.testing.assert_allclose(manual.dW[0], [[3.0, 4.0, 0.0]])


@pytest.mark.parametrize("n_condition", [0, 2])
@pytest.mark.parametrize("hidden", [(), (7,), (64, 64), (5, 6, 7)], ids=str)
@pytest.mark.parametrize(
    "regularizers", [None, [], [R1(3.0)], [R2(2.0)], [R1(0.5), R1(0.5), R2(4.0)]], ids=["default", *"1234"]
)
def test_hand_written_steps_are_those_of_autograd(n_condition, hidden, regularizers):
    rng = np.random.default_rng(1)
    X, C = rng.random((30, 5)), rng.random((30, n_condition)) if n_condition else None
    drawn, reports = [], []
    for engine in ("auto", "autograd"):
        rng = np.random.default_rng(2)
        gan = ConditionalGAN(engine=engine, regularizers=regularizers, hidden=hidden, n_first_steps=12, n_steps=5)
        gan.fit(X, condition=C, rng=rng).fit(X, condition=C, rng=rng)
        drawn.append(gan.sample(30, condition=C, rng=rng))
        reports.append(gan.report)
    np.testing.assert_allclose(drawn[0], drawn[1], atol=1e-5)
    assert reports[0].d_loss == pytest.approx(reports[1].d_loss, abs=1e-5)
    assert reports[0].g_loss == pytest.approx(reports[1].g_loss, abs=1e-5)


def trainer_and_batch(**options):
    gan = ConditionalGAN(lr=1e-9, **options)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        trainer = gan._make(3, 2)
    return trainer, draws(8, 3), draws(8, 2, seed=2), draws(8, 16, seed=3)


def test_losses_are_those_of_relativistic_pairs_with_both_penalties():
    trainer, real, c, latent = trainer_and_batch(regularizers=[R1(0.6), R2(1.4)])
    fake = trainer.generate(8, c, latent)[0].detach()
    gap = (trainer.D(real, c) - trainer.D(fake, c)).detach()
    ones = torch.ones(8, 1) / 8
    expected = softplus(-gap).mean()
    for x, gamma in ((real, 0.6), (fake, 1.4)):
        expected = expected + gamma * penalty(trainer.D.net, torch.cat([x, c], dim=1), ones, 3)
    steps = RelativisticSteps(trainer)
    arrays = real.numpy(), c.numpy(), latent.numpy()
    assert steps.d_step(*arrays) == pytest.approx(expected.item(), abs=1e-5)
    assert steps.g_step(*arrays) == pytest.approx(softplus(gap).mean().item(), abs=1e-5)


def test_penalties_are_both_of_gamma_1_by_default():
    assert ConditionalGAN().regularizers == (R1(1.0), R2(1.0))
    assert ConditionalGAN().loss == Relativistic(NonSaturating())


def test_hand_written_steps_are_refused_where_they_compute_something_else():
    assert supports(trainer_and_batch()[0])
    assert not supports(trainer_and_batch(loss=Relativistic(Hinge()))[0])
    assert not supports(trainer_and_batch(loss=NonSaturating())[0])
    assert not supports(trainer_and_batch(regularizers=[R1(1.0), GradientPenalty()])[0])


def test_other_losses_and_penalties_train_by_autograd():
    X = np.random.default_rng(1).random((20, 3))
    for options in ({"loss": Wasserstein(), "regularizers": [GradientPenalty()]}, {"loss": Relativistic(Hinge())}):
        gan = ConditionalGAN(n_first_steps=5, **options).fit(X, condition=X[:, :1], rng=np.random.default_rng(1))
        assert np.isfinite([gan.report.d_loss, gan.report.g_loss]).all()


def test_the_generator_is_a_perceptron_plus_a_linear_map():
    trainer, _, c, latent = trainer_and_batch()
    h = torch.cat([c, latent], dim=1)
    torch.testing.assert_close(trainer.G(latent, c), trainer.G.net(h) + trainer.G.skip(h))
    for p in trainer.G.net.parameters():
        p.data.zero_()
    torch.testing.assert_close(trainer.G(latent, c), trainer.G.skip(h))


def test_a_condition_of_one_half_is_zero_to_the_networks():
    X = np.random.default_rng(1).random((20, 3))
    gan = ConditionalGAN(n_first_steps=1).fit(X, condition=X[:, :2], rng=np.random.default_rng(1))
    with torch.no_grad():
        gan._learner.G.net[0].weight[:, 2:] = 0  # the noise
        gan._learner.G.skip.weight[:, 2:] = 0
        z = gan._learner.G(torch.zeros(1, 16), torch.zeros(1, 2)).numpy()
    sample = gan.sample(1, condition=[[0.5, 0.5]], rng=np.random.default_rng(1))
    np.testing.assert_allclose(sample, np.clip(X.mean(axis=0) + X.std(axis=0) * z, 0, 1), atol=1e-6)
