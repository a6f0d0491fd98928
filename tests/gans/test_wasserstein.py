"""Wasserstein critics: the slope is held, and the critic's value is the distance that theory says."""

import math

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from evogan.gans import Recipe, ct_gan, wgan, wgan_div, wgan_gp
from evogan.losses import Wasserstein
from evogan.nets import DCGANNetworks, MLPNetworks
from evogan.regularizers import ConsistencyTerm, GradientPenalty, WeightClipping, WGANDiv
from evogan.training import Adam, Batch, RMSprop

NETS = MLPNetworks(n_latent=4, hidden=(32, 32))


def settings_of(system):
    """Return rates, kind of optimizer and its betas, and the number of critic steps."""
    D, G = (o.param_groups[0] for o in (system.trainer.optimizer_D, system.trainer.optimizer_G))
    return D["lr"], G["lr"], type(system.trainer.optimizer_D), D.get("betas"), system.n_critic


@pytest.mark.parametrize(
    ("make", "settings", "parts"),
    [
        (wgan, (5e-5, 5e-5, torch.optim.RMSprop, None, 5), [WeightClipping(0.01)]),
        (wgan_gp, (1e-4, 1e-4, torch.optim.Adam, (0.0, 0.9), 5), [GradientPenalty(10.0)]),
        (wgan_div, (2e-4, 2e-4, torch.optim.Adam, (0.5, 0.999), 4), [WGANDiv(2.0, 6.0)]),
        (ct_gan, (2e-4, 2e-4, torch.optim.Adam, (0.5, 0.9), 5), [GradientPenalty(10.0), ConsistencyTerm(2.0, 0.0)]),
    ],
)
def test_the_papers_settings_are_the_defaults(make, settings, parts):
    system = make((2,))
    assert settings_of(system) == settings
    assert system.trainer.loss == Wasserstein()
    assert [*system.trainer.regularizers, *system.trainer.constraints] == parts


def test_parameters_reach_their_parts():
    assert wgan_gp((2,), weight=3.0, one_sided=True).trainer.regularizers == (GradientPenalty(3.0, one_sided=True),)
    assert wgan_div((2,), k=1.0, p=3.0).trainer.regularizers == (WGANDiv(1.0, 3.0),)
    ct = ct_gan((2,), weight=1.0, consistency=4.0, margin=0.2, dropout=0.25)
    assert ct.trainer.regularizers == (GradientPenalty(1.0), ConsistencyTerm(4.0, 0.2))
    rates = {layer.p for layer in ct.trainer.D.modules() if isinstance(layer, torch.nn.Dropout)}
    assert rates == {0.25}


@pytest.mark.parametrize("make", [wgan_gp, wgan_div, ct_gan])
def test_critics_whose_slope_is_punished_judge_samples_one_by_one(make):
    D = make((1, 16, 16), networks=DCGANNetworks(width=4)).trainer.D.eval()
    assert not any(isinstance(layer, _BatchNorm) for layer in D.modules())
    x = torch.randn(5, 1, 16, 16)
    torch.testing.assert_close(D(x).logits[:2], D(x[:2]).logits)


def test_clipped_weights_stay_inside_after_every_step():
    torch.manual_seed(0)
    system = wgan((2,), networks=NETS, clip=0.03, recipe=Recipe(lr_D=0.1, optimizer=RMSprop(), n_critic=3))
    assert max(float(p.detach().abs().max()) for p in system.trainer.D.parameters()) > 0.03
    largest = []

    def batches():
        largest.append(max(float(p.detach().abs().max()) for p in system.trainer.D.parameters()))
        return Batch(torch.randn(16, 2))

    for _ in range(3):
        system.step(batches)
    batches()
    assert all(size <= 0.03 for size in largest[1:]) and len(largest) == 10
    assert max(largest[1:]) == pytest.approx(0.03)


def trained_critic(system, real, fake, n_steps, batch_size=256):
    """Train the critic alone on samples drawn by two functions; return its value on many samples."""
    torch.manual_seed(1)
    for _ in range(n_steps):
        system.trainer.d_step(real(batch_size), fake=fake(batch_size))
    D = system.trainer.D.eval()
    with torch.no_grad():
        return float(D(real(100_000)).logits.mean() - D(fake(100_000)).logits.mean())


def normal(mean, sd):
    return lambda n: mean + sd * torch.randn(n, 1)


@pytest.mark.parametrize(
    ("fake", "distance"),
    [
        (normal(2.0, 1.0), 2.0),  # shifted: the difference of the means
        (normal(0.0, 3.0), 2.0 * math.sqrt(2 / math.pi)),  # spread: difference of the deviations * E|z|
    ],
)
def test_the_value_of_a_critic_with_slope_1_is_the_distance_of_two_gaussians(fake, distance):
    torch.manual_seed(0)
    # One-sided: on a line the penalty |slope - 1| holds a critic that starts on the wrong side of 0 back for ever.
    recipe = Recipe(lr_D=2e-3, optimizer=Adam((0.0, 0.9)))
    system = wgan_gp((1,), networks=NETS, weight=100.0, one_sided=True, recipe=recipe)
    value = trained_critic(system, normal(0.0, 1.0), fake, 300)
    assert value == pytest.approx(distance, rel=0.15)


def test_a_clipped_critic_reaches_half_of_what_its_slope_allows_and_never_more():
    torch.manual_seed(0)
    system = wgan((1,), networks=NETS, clip=0.1, recipe=Recipe(lr_D=5e-3, optimizer=RMSprop()))
    value = trained_critic(system, normal(0.0, 1.0), normal(2.0, 1.0), 300)
    x = torch.linspace(-6, 8, 2001)[:, None]
    with torch.no_grad():
        d = system.trainer.D(x).logits.flatten().double()
    slope = float((d.diff() / x.flatten().double().diff()).abs().max())
    assert slope > 0
    assert 0.5 * 2.0 < value / slope < 1.02 * 2.0


def test_a_critic_that_is_a_divergence_ranks_two_fakes():
    torch.manual_seed(0)
    recipe = Recipe(lr_D=1e-3, optimizer=Adam((0.5, 0.999)))
    values = []
    for mean in (0.5, 2.0):
        torch.manual_seed(0)
        values.append(trained_critic(wgan_div((1,), networks=NETS, recipe=recipe), normal(0, 1), normal(mean, 1), 300))
    assert 0 < values[0] < values[1]


def test_the_consistency_term_sees_two_dropout_masks():
    torch.manual_seed(0)
    system = ct_gan((2,), networks=NETS, weight=0.0, consistency=2.0)
    term = system.trainer.regularizers[1]
    x = torch.randn(32, 2)
    assert term(system.trainer.D, x, x).item() > 0
    system.trainer.D.eval()
    assert term(system.trainer.D, x, x).item() == 0


def test_numbers_out_of_range_are_named():
    with pytest.raises(ValueError, match="bound"):
        wgan((2,), clip=0.0)
    with pytest.raises(ValueError, match="dropout"):
        ct_gan((2,), dropout=1.5)
