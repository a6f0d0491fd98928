"""Encoders, the divergence from the standard normal, discriminators of pairs, autoencoders as critics."""

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from evogan.nets import (
    AutoencoderCritic,
    Encoder,
    GaussianEncoder,
    JointDiscriminator,
    dcgan_trunk,
    kl_to_standard_normal,
    mlp_trunk,
)

TRUNKS = {
    "vectors": ((3,), lambda: mlp_trunk((3,), hidden=(8,))),
    "images": ((1, 8, 8), lambda: dcgan_trunk((1, 8, 8), width=4)),
}


def check_gradients(net):
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.abs().max() > 0, name


@pytest.mark.parametrize("kind", TRUNKS)
def test_encoders_return_latent_vectors_and_learn(kind):
    torch.manual_seed(0)
    shape, trunk = TRUNKS[kind]
    x = torch.randn(6, *shape)
    encoder = Encoder(trunk(), 5)
    assert encoder(x).shape == (6, 5)
    encoder(x).pow(3).sum().backward()
    check_gradients(encoder)
    gaussian = GaussianEncoder(trunk(), 5)
    mean, log_variance = gaussian(x)
    assert mean.shape == log_variance.shape == (6, 5) and not torch.equal(mean, log_variance)
    gaussian.sample(x).pow(3).sum().backward()
    check_gradients(gaussian)


def test_codes_are_drawn_from_the_distribution_that_is_returned():
    torch.manual_seed(0)
    encoder = GaussianEncoder(mlp_trunk((1,), hidden=(2,)), 2)
    for layer in (encoder.mean, encoder.log_variance):
        nn.init.zeros_(layer.weight)
    encoder.mean.bias.data = torch.tensor([3.0, -1.0])
    encoder.log_variance.bias.data = torch.tensor([2.0, 0.25]).log() * 2
    z = encoder.sample(torch.zeros(20_000, 1))
    std = torch.tensor([2.0, 0.25])
    assert ((z.mean(0) - torch.tensor([3.0, -1.0])).abs() < 4 * std / 20_000**0.5).all()
    assert ((z.std(0) / std - 1).abs() < 4 / 40_000**0.5).all()
    encoder.log_variance.bias.data.fill_(-100.0)
    assert torch.equal(encoder.sample(torch.zeros(3, 1)), torch.tensor([[3.0, -1.0]] * 3))


@pytest.mark.parametrize("trunk", [nn.Linear(2, 2), nn.Sequential(), "mlp", None])
@pytest.mark.parametrize("build", [Encoder, GaussianEncoder, JointDiscriminator])
def test_trunks_without_a_number_of_features_are_refused(build, trunk):
    with pytest.raises(TypeError, match=r"trunk must be a module .* with an integer n_features"):
        build(trunk, 4)


def test_divergence_is_that_of_torch_distributions():
    torch.manual_seed(0)
    mean, log_variance = torch.randn(2, 7, 3, dtype=torch.double).unbind()
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_to_standard_normal(mean, log_variance), expected, rtol=1e-12, atol=1e-12)


def test_divergence_of_the_standard_normal_is_zero_with_zero_gradient():
    mean, log_variance = torch.zeros(2, 4, 3, requires_grad=True).unbind()
    kl = kl_to_standard_normal(mean, log_variance)
    assert torch.equal(kl, torch.zeros(4))
    assert all(not g.any() for g in torch.autograd.grad(kl.sum(), (mean, log_variance)))
    with pytest.raises(ValueError, match="log_variance must have the shape of mean"):
        kl_to_standard_normal(mean, log_variance[:, :1])


def test_joint_discriminator_reads_both_members():
    torch.manual_seed(0)
    D = JointDiscriminator(mlp_trunk((3,), hidden=(8,)), 2, hidden=6)
    x, z = torch.randn(5, 3), torch.randn(5, 2)
    logits = D((x, z))
    assert logits.shape == (5, 1)
    assert ((D((-x, z)) - logits).abs() > 1e-5).all() and ((D((x, -z)) - logits).abs() > 1e-5).all()
    assert torch.equal(D((x, z), condition=z), logits)
    logits.pow(3).sum().backward()
    check_gradients(D)


def test_joint_discriminator_drops_out_in_training_only():
    torch.manual_seed(0)
    pair = torch.randn(5, 3), torch.randn(5, 2)
    D = JointDiscriminator(mlp_trunk((3,), hidden=(8,)), 2, dropout=0.2)
    assert not torch.equal(D(pair), D(pair))
    D.eval()
    assert torch.equal(D(pair), D(pair))


def test_joint_discriminator_refuses_what_is_no_pair():
    D = JointDiscriminator(mlp_trunk((3,), hidden=(8,)), 2)
    with pytest.raises(ValueError, match=r"\(x, z\) must be a pair, got Tensor"):
        D(torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"z must be a tensor of shape \(n, 2\), got shape \(4, 3\)"):
        D((torch.zeros(4, 3), torch.zeros(4, 3)))


@pytest.mark.parametrize("shape", [(4,), (3, 2, 2)])
def test_identity_is_the_best_autoencoder(shape):
    x = torch.randn(5, *shape, generator=torch.Generator().manual_seed(0))
    assert torch.equal(AutoencoderCritic(nn.Identity(), nn.Identity())(x), torch.zeros(5, 1))


@pytest.mark.parametrize("power", [1, 2])
def test_logits_are_minus_the_mean_error_of_each_sample(power):
    class Nothing(nn.Module):
        def forward(self, x):
            return torch.zeros_like(x)

    x = torch.tensor([[1.0, -3.0], [0.0, 4.0], [0.0, 0.0]])
    logits = AutoencoderCritic(nn.Identity(), Nothing(), power=power)(x)
    assert torch.equal(logits, torch.tensor({1: [[-2.0], [-2.0], [0.0]], 2: [[-5.0], [-8.0], [0.0]]}[power]))


def test_autoencoder_learns_and_must_return_the_shape_of_its_input():
    torch.manual_seed(0)
    D = AutoencoderCritic(Encoder(mlp_trunk((4,), hidden=(8,)), 2), nn.Linear(2, 4))
    D(torch.randn(6, 4), condition=None).sum().backward()
    check_gradients(D)
    with pytest.raises(ValueError, match=r"decoder must return the shape of x, \(6, 4\), got \(6, 1\)"):
        AutoencoderCritic(nn.Identity(), nn.Linear(4, 1))(torch.randn(6, 4))
    with pytest.raises(ValueError, match="power must lie in"):
        AutoencoderCritic(nn.Identity(), nn.Identity(), power=0)
