"""The autoencoder: its two terms against torch's distributions, and where their minimum is."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from evogan.models import VAE
from evogan.models._vae import Autoencoder, kl_to_standard, log_normal


def draws(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_the_divergence_is_that_of_torch():
    mean, log_var = draws(2, 5, 3)
    expected = kl_divergence(Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(kl_to_standard(mean, log_var), expected)
    assert kl_to_standard(torch.zeros(2, 3), torch.zeros(2, 3)).tolist() == [0.0, 0.0]


def test_the_likelihood_is_that_of_torch_up_to_its_constant():
    x, mean = draws(2, 5, 3)
    log_var = draws(3)
    expected = Normal(mean, (0.5 * log_var).exp()).log_prob(x).sum(dim=1) + 1.5 * np.log(2 * np.pi)
    torch.testing.assert_close(log_normal(x, mean, log_var), expected)


def test_the_decoders_variance_is_bounded():
    net = Autoencoder(2, 1, 3, [4])
    for value, expected in ((-50.0, -6.0), (50.0, 2.0), (0.5, 0.5)):
        net.log_var.data.fill_(value)
        assert net.decode(torch.zeros(5, 3), torch.zeros(5, 1))[1].tolist() == [expected, expected]


def test_without_a_decoder_samples_have_its_spread():
    X = 0.5 + 0.1 * np.random.default_rng(1).choice([-1.0, 1.0], (30, 2))
    model = VAE(n_first_steps=1).fit(X, rng=np.random.default_rng(1))
    net = model._learner.net
    for p in net.decoder.parameters():
        p.data.zero_()
    net.log_var.data = torch.log(torch.tensor([0.25, 1.0]))
    Z = (model.sample(4000, rng=np.random.default_rng(2)) - X.mean(axis=0)) / X.std(axis=0)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose(Z.std(axis=0), [0.5, 1.0], rtol=0.05)


def test_independent_variables_keep_their_mean_and_spread():
    X = np.random.default_rng(1).normal([0.3, 0.6], [0.05, 0.1], (200, 2)).clip(0, 1)
    samples = VAE(n_first_steps=300).fit(X, rng=np.random.default_rng(1)).sample(1000, rng=np.random.default_rng(2))
    np.testing.assert_allclose(samples.mean(axis=0), X.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(samples.std(axis=0) / X.std(axis=0), 1, atol=0.2)


def test_the_encoder_sees_solution_and_condition():
    X, c = np.random.default_rng(1).random((30, 2)), np.random.default_rng(2).random((30, 1))
    net = VAE(n_first_steps=1).fit(X, condition=c, rng=np.random.default_rng(1))._learner.net
    x, given = draws(4, 2), draws(4, 1)
    assert not torch.equal(net.encode(x, given)[0], net.encode(x, -given)[0])
    assert not torch.equal(net.encode(x, given)[0], net.encode(-x, given)[0])


def test_a_step_minimises_the_divergence_less_the_likelihood_of_one_draw():
    model = VAE(lr=1e-30, n_latent=3)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        learner = model._make(2, 1)
        z, c = torch.randn(1, 7, 2), torch.randn(1, 7, 1)
        before = torch.get_rng_state()
        loss = model._block(learner, z, c)
        torch.set_rng_state(before)
        noise = torch.randn(1, 7, 3)[0]
    with torch.no_grad():
        mean, log_var = learner.net.encode(z[0], c[0])
        out, spread = learner.net.decode(mean + (0.5 * log_var).exp() * noise, c[0])
        code, solution = Normal(mean, (0.5 * log_var).exp()), Normal(out, (0.5 * spread).exp())
        divergence = kl_divergence(code, Normal(0.0, 1.0)).sum(dim=1)
        likelihood = solution.log_prob(z[0]).sum(dim=1) + np.log(2 * np.pi)
    assert loss[0, 1].item() == pytest.approx((divergence - likelihood).mean().item(), abs=1e-5)
    assert loss[0, 0].isnan()
