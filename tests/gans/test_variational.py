"""The variational autoencoder: its bound against exact likelihoods, one loss for both networks."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from evogan.datasets import digits
from evogan.gans._assemble import Recipe
from evogan.gans._variational import Posterior, VAETrainer, draw, gaussian_nll, vae
from evogan.nets import GaussianEncoder, MLPNetworks, Trunk
from evogan.training import SGD, Batch, fit

SMALL = MLPNetworks(n_latent=3, hidden=(8,))


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def test_the_density_of_the_decoder():
    x, mean = torch.randn(5, 1, 2, 3), torch.randn(5, 1, 2, 3)
    exact = -Normal(mean, math.sqrt(0.3)).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(gaussian_nll(x, mean, 0.3), exact)
    likeliest = (x - mean).square().mean().item()
    torch.testing.assert_close(gaussian_nll(x, mean, None), gaussian_nll(x, mean, likeliest))
    best = gaussian_nll(x, mean, None).mean()
    assert all(gaussian_nll(x, mean, likeliest * factor).mean() > best for factor in (0.9, 1.1))
    assert gaussian_nll(x, x, None).isfinite().all()


def test_the_bound_is_the_sum_of_its_terms():
    trainer, x = vae((4,), networks=SMALL, variance=0.5).trainer, torch.randn(6, 4)
    torch.manual_seed(3)
    nll, kl = trainer.terms(x)
    mean, log_variance = trainer.D.encoder(x)
    posterior = Normal(mean, (0.5 * log_variance).exp())
    torch.manual_seed(3)
    decoded = trainer.G(mean + posterior.scale * torch.randn(6, 3))
    torch.testing.assert_close(nll, -Normal(decoded, math.sqrt(0.5)).log_prob(x).sum(1).mean())
    torch.testing.assert_close(kl, kl_divergence(posterior, Normal(0.0, 1.0)).sum(1).mean())


def linear_gaussian(*, slope):
    """Return a trainer for x = 2 z + 1 + noise of variance 1, with E's mean slope (x - 1): the posterior's is 0.4."""
    G, E = nn.Linear(1, 1), GaussianEncoder(Trunk(nn.Identity(), n_features=1), 1)
    trainer = VAETrainer(G, Posterior(E), beta=1.0, variance=1.0, prior=lambda n: torch.randn(n, 1))
    with torch.no_grad():
        for layer, weight, bias in (
            (G, 2.0, 1.0),
            (E.mean, slope, -slope),
            (E.log_variance, 0.0, math.log(1 / 5)),
        ):
            layer.weight.fill_(weight)
            layer.bias.fill_(bias)
    return trainer


@pytest.mark.parametrize("x", [-2.0, 1.0, 4.5])
def test_the_bound_is_the_likelihood_where_the_posterior_is_exact_and_above_it_elsewhere(x):
    exact = -Normal(1.0, math.sqrt(5.0)).log_prob(torch.tensor(x)).item()
    batch = torch.full((200_000, 1), x)
    with torch.no_grad():
        assert sum(linear_gaussian(slope=0.4).terms(batch)).item() == pytest.approx(exact, abs=0.01)
        if x != 1.0:
            assert sum(linear_gaussian(slope=0.1).terms(batch)).item() > exact + 0.1


def test_latent_vectors_are_drawn_so_that_gradients_reach_mean_and_variance():
    code = torch.cat([torch.full((50_000, 1), 2.0), torch.full((50_000, 1), math.log(9.0))], 1).requires_grad_()
    z = draw(code)
    assert z.shape == (50_000, 1)
    assert z.mean().item() == pytest.approx(2, abs=0.05) and z.std().item() == pytest.approx(3, abs=0.05)
    (gradient,) = torch.autograd.grad(z.sum(), code)
    torch.testing.assert_close(gradient[:, :1], torch.ones(50_000, 1))
    torch.testing.assert_close(gradient[:, 1:], ((z - 2) / 2).detach())  # d/dv exp(v / 2) eps


def test_a_step_is_that_of_one_optimizer_on_the_whole_loss():
    system = vae((4,), networks=SMALL, beta=0.5)
    twin = copy.deepcopy(system.trainer)
    joint = torch.optim.Adam([*twin.G.parameters(), *twin.D.parameters()], lr=1e-3, fused=True)
    for seed in range(3):
        x = torch.randn(6, 4)
        torch.manual_seed(seed)
        told = system.step(lambda x=x: Batch(x))
        torch.manual_seed(seed)
        nll, kl = twin.terms(x)
        joint.zero_grad()
        (nll + 0.5 * kl).backward()
        joint.step()
        torch.testing.assert_close(told, {"reconstruction": nll.detach(), "kl": kl.detach()})
    for net, other in ((system.trainer.G, twin.G), (system.trainer.D, twin.D)):
        for p, q in zip(net.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(p, q)
    assert system.n_steps == 3


def test_without_weight_the_divergence_does_not_act():
    gradients = []
    for beta in (0.0, 1.0):
        torch.manual_seed(0)
        system = vae((4,), networks=SMALL, beta=beta, variance=1.0, recipe=Recipe(optimizer=SGD(), ema=None))
        nn.init.constant_(system.trainer.D.encoder.mean.bias, 5.0)
        nn.init.constant_(system.trainer.G[-2].weight, 0.0)  # so that the latent vector does not matter
        system.step(lambda: Batch(torch.zeros(6, 4)))
        gradients.append(system.trainer.D.encoder.mean.bias.grad)
    assert gradients[0].abs().max() == 0.0
    torch.testing.assert_close(gradients[1], torch.full((3,), 5.0), atol=1.0, rtol=0)


def test_bad_numbers():
    with pytest.raises(ValueError, match="variance must lie in"):
        vae((4,), variance=0.0)
    with pytest.raises(ValueError, match="beta must lie in"):
        vae((4,), beta=-1.0)


def test_digits_are_reconstructed_and_the_prior_decodes_to_their_mean():
    system = vae((1, 8, 8), networks=MLPNetworks(n_latent=8))
    curve = fit(system, digits(), 600, rng=np.random.default_rng(0))
    bound = curve["reconstruction"] + curve["kl"]
    assert bound[-50:].mean() < bound[:50].mean() - 20
    assert curve["kl"][-50:].mean() > 5  # the latent is used
    train, test = digits().batch(torch.arange(1400))[0], digits("test").batch(torch.arange(397))[0]
    mean_image = (test - train.mean(0)).square().mean()
    assert (system.reconstruct(test) - test).square().mean() < 0.4 * mean_image
    samples = system.sample(1000, rng=np.random.default_rng(1))
    assert (samples.mean(0) - train.mean(0)).abs().mean() < 0.1 < (samples - samples.mean(0)).abs().mean()
