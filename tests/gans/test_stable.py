"""Systems made stable: norms that are 1, terms of the game by hand, two rates, and a controller that arrives."""

import numpy as np
import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.parametrize import is_parametrized

from evogan.datasets import digits
from evogan.gans import (
    Recipe,
    consensus_gan,
    dragan,
    gan_r1,
    locally_stable_gan,
    roth_gan,
    sngan,
    ttur_gan,
    unrolled_gan,
    vdb_gan,
)
from evogan.losses import Hinge, NonSaturating
from evogan.nets import DCGANNetworks, MLPNetworks, ResNetNetworks
from evogan.regularizers import DRAGAN, R1, Consensus, GradientNorm, RothRegularizer, Scaled, VariationalBottleneck
from evogan.training import SGD, Adam, Batch, fit

NETS = MLPNetworks(n_latent=4, hidden=(16, 16))


def batches():
    return Batch(torch.randn(8, 2))


def rates_of(system):
    D, G = (o.param_groups[0] for o in (system.trainer.optimizer_D, system.trainer.optimizer_G))
    return D["lr"], G["lr"], type(system.trainer.optimizer_D).__name__, D.get("betas"), system.n_critic


@pytest.mark.parametrize(
    ("make", "settings", "loss", "parts"),
    [
        (sngan, (2e-4, 2e-4, "Adam", (0.0, 0.9), 5), Hinge(), []),
        (gan_r1, (1e-4, 1e-4, "RMSprop", None, 1), NonSaturating(), [R1(10.0)]),
        (dragan, (2e-4, 2e-4, "Adam", (0.5, 0.999), 1), NonSaturating(), [DRAGAN(10.0, spread=0.5)]),
        (roth_gan, (2e-4, 2e-4, "Adam", (0.5, 0.999), 1), NonSaturating(), [RothRegularizer(0.1)]),
        (consensus_gan, (1e-4, 1e-4, "RMSprop", None, 1), NonSaturating(), [Consensus(10.0)]),
        (locally_stable_gan, (2e-4, 2e-4, "Adam", (0.5, 0.999), 1), NonSaturating(), [GradientNorm(0.1)]),
        (ttur_gan, (5e-4, 1e-4, "Adam", (0.5, 0.999), 1), NonSaturating(), []),
    ],
)
def test_the_papers_settings_are_the_defaults(make, settings, loss, parts):
    system = make((2,))
    assert rates_of(system) == settings
    assert system.trainer.loss == loss
    assert [*system.trainer.regularizers, *system.trainer.auxiliaries] == parts


@pytest.mark.parametrize(
    "make", [gan_r1, dragan, roth_gan, consensus_gan, locally_stable_gan, vdb_gan, unrolled_gan, sngan]
)
def test_critics_whose_gradients_matter_judge_samples_one_by_one(make):
    D = make((1, 16, 16), networks=DCGANNetworks(width=4)).trainer.D
    assert not any(isinstance(layer, _BatchNorm) for layer in D.modules())
    x = torch.randn(5, 1, 16, 16)
    D.eval()
    torch.testing.assert_close(D(x).logits[:2], D(x[:2]).logits)


def test_two_rates_belong_to_two_players():
    torch.manual_seed(0)
    system = ttur_gan((2,), networks=NETS, recipe=Recipe(lr_D=0.5, lr_G=0.125, optimizer=SGD()))
    D, G = (o.param_groups[0]["lr"] for o in (system.trainer.optimizer_D, system.trainer.optimizer_G))
    assert (D, G) == (0.5, 0.125)
    real, latent = torch.randn(8, 2), torch.randn(8, 4)
    system.trainer.prior = lambda n: latent
    before = [p.detach().clone() for p in system.trainer.D.parameters()]
    with torch.no_grad():
        fake = system.trainer.G(latent)
    logits = [system.trainer.D(x).logits for x in (real, fake)]
    value = NonSaturating().discriminator(*logits, real=real, fake=fake)
    grads = torch.autograd.grad(value, list(system.trainer.D.parameters()))
    system.trainer.d_step(real)
    expected = [p - 0.5 * grad for p, grad in zip(before, grads, strict=True)]
    torch.testing.assert_close([p.detach() for p in system.trainer.D.parameters()], expected)


# Spectral normalization


@pytest.mark.parametrize(
    ("shape", "networks"),
    [
        ((2,), NETS),
        ((1, 16, 16), DCGANNetworks(n_latent=4, width=4)),
        ((1, 16, 16), ResNetNetworks(n_latent=4, width_G=8, width_D=8)),
    ],
)
def test_every_layer_of_a_spectrally_normalised_critic_is_normalised(shape, networks):
    torch.manual_seed(0)
    system = sngan(shape, networks=networks, recipe=Recipe(lr_D=1e-3, n_critic=2))
    for _ in range(5):
        system.step(lambda: Batch(torch.rand(4, *shape)))
    D = system.trainer.D.eval()
    layers = [m for m in D.modules() if isinstance(m, torch.nn.Linear | torch.nn.Conv2d)]
    assert len(layers) >= 3 and all(is_parametrized(layer, "weight") for layer in layers)
    for layer in layers:
        norm = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item()
        assert norm == pytest.approx(1.0, abs=0.1)
    assert not any(is_parametrized(layer) for layer in system.trainer.G.modules())


@pytest.mark.parametrize(("scale", "center"), [(1.0, 0.0), (7.0, 0.5)])
def test_the_slope_of_a_critic_is_at_most_its_scale(scale, center):
    torch.manual_seed(0)
    system = sngan((2,), networks=NETS, scale=scale, center=center, recipe=Recipe(lr_D=1e-2))
    for _ in range(200):
        system.trainer.d_step(torch.randn(32, 2) * 0.1 + 1, fake=torch.randn(32, 2) * 0.1 - 1)
    D = system.trainer.D.eval()
    assert isinstance(D, Scaled) == (scale != 1.0)
    x = (2 * torch.randn(500, 2)).requires_grad_(True)
    (grads,) = torch.autograd.grad(D(x).logits.sum(), x)
    slopes = grads.norm(dim=1)
    assert 0.3 * scale < slopes.max().item() < 1.1 * scale


# Terms of the game


def step_by_hand(make, **options):
    """Return a system with plain descent, a real batch and a latent one that it will draw."""
    torch.manual_seed(0)
    recipe = Recipe(lr_D=0.1, lr_G=0.1, optimizer=SGD(), ema=None)
    system = make((2,), networks=NETS, recipe=recipe, **options)
    latent = torch.randn(8, 4)
    system.trainer.prior = lambda n: latent
    return system.trainer, torch.randn(8, 2), latent


def losses_of(trainer, real, latent):
    fake = trainer.G(latent)
    d_real, d_fake = trainer.D(real).logits, trainer.D(fake).logits
    loss = NonSaturating()
    return (
        loss.discriminator(d_real, d_fake, real=real, fake=fake),
        loss.generator(d_real, d_fake, real=real, fake=fake),
    )


def squared(loss, net):
    grads = torch.autograd.grad(loss, list(net.parameters()), retain_graph=True)
    return sum(grad.square().sum().item() for grad in grads)


def test_the_locally_stable_generator_pays_for_the_discriminators_gradient():
    trainer, real, latent = step_by_hand(locally_stable_gan, eta=0.5)
    of_D, of_G = losses_of(trainer, real, latent)
    assert trainer.g_step(real).item() == pytest.approx(of_G.item() + 0.5 * squared(of_D, trainer.D), rel=1e-4)
    of_D, _ = losses_of(trainer, real, latent)
    assert trainer.d_step(real).item() == pytest.approx(of_D.item(), rel=1e-5)


@pytest.mark.parametrize("player", ["d_step", "g_step"])
def test_both_players_of_consensus_optimization_pay_for_the_whole_gradient(player):
    trainer, real, latent = step_by_hand(consensus_gan, gamma=3.0)
    of_D, of_G = losses_of(trainer, real, latent)
    norm = squared(of_D, trainer.D) + squared(of_G, trainer.G)
    own = (of_D if player == "d_step" else of_G).item()
    assert getattr(trainer, player)(real).item() == pytest.approx(own + 1.5 * norm, rel=1e-4)


# The bottleneck


def test_the_bottleneck_is_in_the_discriminator_and_its_parameters_are_the_papers():
    system = vdb_gan((2,))
    (bottleneck,) = system.trainer.auxiliaries
    assert isinstance(bottleneck, VariationalBottleneck)
    assert (bottleneck.target, bottleneck.step, float(bottleneck.beta)) == (0.1, 1e-5, 0.0)
    assert rates_of(system) == (1e-4, 1e-4, "RMSprop", None, 1)
    assert system.trainer.D.statistics.out_features == 2 * 256
    assert system.trainer.regularizers == () and vdb_gan((2,), gamma=5.0).trainer.regularizers == (R1(5.0),)
    assert list(system.step(batches)) == ["discriminator", "generator", "beta", "kl"]


def test_beta_rises_while_too_much_is_known_and_falls_to_0_otherwise():
    torch.manual_seed(0)
    system = vdb_gan((2,), networks=NETS, target=1e-6, step=0.5)
    first = system.step(batches)
    assert first["kl"] > 1e-6
    assert first["beta"].item() == pytest.approx(0.5 * (first["kl"].item() - 1e-6), rel=1e-5)
    system = vdb_gan((2,), networks=NETS, target=1e6, step=0.5)
    assert system.step(batches)["beta"].item() == 0.0


@pytest.mark.slow
def test_the_controller_brings_the_information_to_its_target_on_digits():
    torch.manual_seed(0)
    recipe = Recipe(optimizer=Adam((0.5, 0.999)))
    system = vdb_gan((1, 8, 8), target=0.5, step=1e-3, recipe=recipe)
    losses = fit(system, digits(), 4000, rng=np.random.default_rng(0))
    assert losses["kl"][:200].max() > 0.6 or losses["kl"][:200].mean() < 0.4  # there was something to control
    assert losses["kl"][-500:].mean() == pytest.approx(0.5, rel=0.2)
    assert losses["beta"][-1] > 0
