"""IntroVAE: the players' losses by hand, what is a constant to whom, and its limit, the variational autoencoder."""

import copy

import numpy as np
import pytest
import torch

from evogan.datasets import digits
from evogan.features import digits_features
from evogan.gans._assemble import Recipe
from evogan.gans._introspective import IntrospectiveLoss, introvae
from evogan.gans._variational import vae
from evogan.metrics import frechet_distance
from evogan.nets import MLPNetworks
from evogan.training import SGD, Adam, Batch, fit

SMALL = MLPNetworks(n_latent=3, hidden=(8,))
PLAIN = Recipe(lr_G=1e-2, lr_D=1e-2, optimizer=SGD(), ema=None)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def small(**settings):
    return introvae((4,), networks=SMALL, recipe=PLAIN, **settings)


def gradients(value, net):
    return list(torch.autograd.grad(value, list(net.parameters()), retain_graph=True, allow_unused=True))


def taken(net):
    return [p.grad for p in net.parameters()]


def test_terms_and_slopes_of_the_loss():
    loss = IntrospectiveLoss(margin=3.0, weight=0.5)
    d = -torch.tensor([0.0, 1.0, 3.0, 4.0]).requires_grad_()  # of these divergences
    assert loss.real_term(d).tolist() == [0.0, 1.0, 3.0, 4.0]
    assert loss.fake_term(d).tolist() == [1.5, 1.0, 0.0, 0.0]
    assert loss.generator_term(d).tolist() == [0.0, 0.5, 1.5, 2.0]
    (slope,) = torch.autograd.grad(loss.fake_term(d).sum(), d)
    assert slope[[0, 1, 3]].tolist() == [0.5, 0.5, 0.0]
    with pytest.raises(ValueError, match="margin must lie in"):
        introvae((4,), margin=-1.0)


def by_hand(trainer, x, *, seed, margin, weight, weight_rec):
    """Return E's and G's losses (eq. 11-12) for the latents that follow ``seed``, all built from the formulas."""
    E, G = trainer.D.encoder, trainer.G
    torch.manual_seed(seed)
    z_p, eps = torch.randn(len(x), 3), torch.randn(len(x), 3)

    def kl(x):
        mean, log_variance = E(x)
        return 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1).mean(), mean, log_variance

    def hinge(x):
        mean, log_variance = E(x.detach())
        each = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1)
        return torch.relu(margin - each).mean()

    kl_real, mean, log_variance = kl(x)
    rebuilt, fake = G(mean + (0.5 * log_variance).exp() * eps), G(z_p)
    error = 0.5 * weight_rec * ((rebuilt - x) ** 2).sum(1).mean()
    for_E = error + kl_real + weight * (hinge(rebuilt) + hinge(fake))
    for_G = error + weight * (kl(rebuilt)[0] + kl(fake)[0])
    return for_E, for_G


@pytest.mark.parametrize("margin", [0.3, 50.0])
def test_both_steps_go_down_the_formulas_and_move_one_player_each(margin):
    settings = {"margin": margin, "weight": 0.25, "weight_rec": 0.7}
    trainer, x = small(**settings).trainer, torch.randn(6, 4)
    for player, other, step, which in (("D", "G", trainer.d_step, 0), ("G", "D", trainer.g_step, 1)):
        before = copy.deepcopy(trainer)
        expected = by_hand(before, x, seed=7, **settings)[which]
        torch.manual_seed(7)
        torch.testing.assert_close(step(x), expected.detach())
        torch.testing.assert_close(taken(getattr(trainer, player)), gradients(expected, getattr(before, player)))
        for p, q in zip(getattr(trainer, other).parameters(), getattr(before, other).parameters(), strict=True):
            assert torch.equal(p, q)
        for p, q in zip(getattr(trainer, player).parameters(), getattr(before, player).parameters(), strict=True):
            torch.testing.assert_close(p, q - 1e-2 * p.grad)


def test_without_its_adversarial_part_it_is_the_variational_autoencoder():
    intro = small(margin=10.0, weight=0.0, weight_rec=4.0).trainer
    other, x = vae((4,), networks=SMALL, variance=1 / 4, recipe=PLAIN).trainer, torch.randn(6, 4)
    other.G.load_state_dict(intro.G.state_dict())
    other.D.load_state_dict(intro.D.state_dict())
    before = copy.deepcopy(intro)
    torch.manual_seed(7)
    intro.d_step(x)
    intro.G.load_state_dict(before.G.state_dict())
    after_E = taken(intro.D)
    intro.D.load_state_dict(before.D.state_dict())  # the autoencoder moves both at once
    torch.manual_seed(7)
    intro.g_step(x)
    torch.manual_seed(7)
    torch.randn(6, 3)  # the latents of samples, which the autoencoder does not draw
    other.step(x)
    torch.testing.assert_close(after_E, taken(other.D))
    torch.testing.assert_close(taken(intro.G), taken(other.G))


def divergence(trainer, z):
    with torch.no_grad():
        return -trainer.D(trainer.G(z)).logits.mean().item()


def test_the_encoder_raises_the_divergence_of_samples_up_to_the_margin_and_the_generator_lowers_it():
    recipe = Recipe(lr_G=1e-2, lr_D=1e-2)
    trainer = introvae((4,), networks=SMALL, margin=5.0, weight=1.0, weight_rec=0.0, recipe=recipe).trainer
    z, x = torch.randn(64, 3), torch.full((64, 4), 3.0)
    assert divergence(trainer, z) < 1
    for _ in range(300):
        trainer.d_step(x)
    raised = divergence(trainer, z)
    assert 4 < raised < 10 and -trainer.D(x).logits.mean() < 1
    for _ in range(30):
        trainer.g_step(x)
    assert divergence(trainer, z) < 0.7 * raised


def test_beyond_the_margin_samples_do_not_matter_to_the_encoder():
    trainer = small(margin=0.0, weight=1.0, weight_rec=0.0).trainer
    kept, x = copy.deepcopy(trainer), torch.randn(6, 4)
    trainer.d_step(x)
    kl = -kept.D(x).logits.mean()
    torch.testing.assert_close(taken(trainer.D), gradients(kl, kept.D))


def test_what_is_logged_and_what_reconstructs():
    system, x = small(), torch.randn(6, 4)
    assert system.step(lambda: Batch(x)).keys() == {"discriminator", "generator"}
    mean, _ = system.trainer.D.encoder(x)
    torch.testing.assert_close(system.encode(x), mean.detach())
    torch.testing.assert_close(system.reconstruct(x), system.trainer.G(mean).detach())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_digits_are_drawn_better_than_by_the_variational_autoencoder(seed):
    recipe = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.9, 0.999)), ema=None)
    settings = {"networks": MLPNetworks(n_latent=32), "recipe": recipe}
    torch.manual_seed(seed)
    intro = introvae((1, 8, 8), margin=40.0, weight_rec=20.0, **settings)
    other = vae((1, 8, 8), variance=1 / 20, **settings)
    features, real = digits_features(), digits().batch(torch.arange(1400))[0]
    distances = []
    for system in (intro, other):
        fit(system, digits(), 3000, rng=np.random.default_rng(seed))
        samples = system.sample(1400, rng=np.random.default_rng(seed))
        distances.append(frechet_distance(features(real), features(samples)))
    assert distances[0] < 0.8 * distances[1]
    with torch.no_grad():
        samples = intro.sample(1400, rng=np.random.default_rng(seed))
        of_real, of_fake = (-intro.trainer.D(x).logits.mean().item() for x in (real, samples))
    assert of_real < of_fake and 28 < of_fake < 44  # the margin is 40
