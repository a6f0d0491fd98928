"""BiGAN, ALI and BiGAN-QP: losses of pairs by hand, stop-gradients, an encoder that becomes the inverse."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from evogan.datasets import Dataset, digits
from evogan.gans._assemble import Recipe
from evogan.gans._bidirectional import PairReconstruction, SampledEncoder, ali, bigan, bigan_qp
from evogan.losses import NonSaturating, Step
from evogan.nets import GaussianEncoder, MLPNetworks, Trunk
from evogan.training import SGD, fit

SMALL = MLPNetworks(n_latent=3, hidden=(8,))
PLAIN = Recipe(lr_G=1e-2, lr_D=1e-2, optimizer=SGD())


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def gradients(value, net):
    return torch.autograd.grad(value, list(net.parameters()), retain_graph=True, allow_unused=True)


def taken(net):
    """Return the gradients of the last step."""
    return [p.grad for p in net.parameters()]


def latents_of_the_next_step(system, n):
    state = torch.get_rng_state()
    z = system.trainer.prior(n)
    torch.set_rng_state(state)
    return z


def test_generator_and_encoder_minimise_the_loss_of_exchanged_labels():
    system = bigan((2,), networks=SMALL, recipe=PLAIN)
    before, x = copy.deepcopy(system.trainer), torch.randn(6, 2)
    z = latents_of_the_next_step(system, 6)
    system.trainer.g_step(x)
    G, D, E = before.G, before.D, before.encoder
    value = softplus(D((x, E(x)))).mean() + softplus(-D((G(z), z))).mean()
    for net, was in ((system.trainer.G, G), (system.trainer.encoder, E)):
        torch.testing.assert_close(taken(net), list(gradients(value, was)))
        assert min(float(g.abs().max()) for g in taken(net)) > 0
        for p, q, g in zip(net.parameters(), was.parameters(), taken(net), strict=True):
            torch.testing.assert_close(p, q - 1e-2 * g)
    for p, q in zip(system.trainer.D.parameters(), D.parameters(), strict=True):
        assert torch.equal(p, q)


def test_the_discriminator_tells_encoded_from_generated_pairs():
    system = bigan((2,), networks=SMALL, recipe=PLAIN)
    before, x = copy.deepcopy(system.trainer), torch.randn(6, 2)
    z = latents_of_the_next_step(system, 6)
    system.trainer.d_step(x)
    G, D, E = before.G, before.D, before.encoder
    value = softplus(-D((x, E(x)))).mean() + softplus(D((G(z), z))).mean()
    torch.testing.assert_close(taken(system.trainer.D), list(gradients(value, D)))
    for net, was in ((system.trainer.G, G), (system.trainer.encoder, E)):
        assert all(torch.equal(p, q) for p, q in zip(net.parameters(), was.parameters(), strict=True))


def test_guides_of_linear_maps_and_whom_they_train():
    E, G = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(E.weight, 0.5)
    nn.init.constant_(G.weight, 3.0)
    x, z = torch.tensor([[1.0], [2.0]]), torch.tensor([[-1.0], [1.0]])

    def term(latent_weight, sample_weight):
        guides = PairReconstruction(E, latent_weight, sample_weight)
        step = Step(G, nn.Identity(), NonSaturating(), (x, E(x)), (G(z), z), torch.zeros(2), torch.zeros(2), z)
        assert guides.discriminator(step) is None
        return guides.generator(step)

    # z - e g z = -z / 2 and x - g e x = -x / 2; squared and averaged: 1/4 and 5/8.
    assert term(1.0, 0.0).item() == 0.25 and term(0.0, 1.0).item() == 0.625
    assert term(2.0, 3.0).item() == 2 * 0.25 + 3 * 0.625
    # Of the latent term d/de = 2 mean(z^2) (e g - 1) g and d/dg = 0; of the other d/dg = 2 mean(x^2) (g e - 1) e.
    assert torch.autograd.grad(term(1.0, 0.0), E.weight)[0].item() == 3.0
    assert torch.autograd.grad(term(0.0, 1.0), G.weight)[0].item() == 1.25
    for silent, net in ((term(1.0, 0.0), G), (term(0.0, 1.0), E)):
        (gradient,) = torch.autograd.grad(silent, net.weight, allow_unused=True)
        assert gradient is None or gradient.item() == 0.0


def test_bigan_qp_steps_down_its_formula():
    system = bigan_qp((2,), networks=SMALL, recipe=PLAIN)
    before, x = copy.deepcopy(system.trainer), torch.randn(6, 2)
    z = latents_of_the_next_step(system, 6)
    d_loss = system.trainer.d_step(x)
    G, T, E = before.G, before.D, before.encoder
    gap = (T((x, E(x))) - T((G(z), z)))[:, 0]
    distance = ((x - G(z)).abs().mean(1) + (E(x) - z).abs().mean(1)).detach()
    value = (-gap + gap**2 / (2 * 10 * distance)).mean()
    torch.testing.assert_close(d_loss, value.detach())
    # The last bias cancels in T(x, E(x)) - T(G(z), z), up to rounding.
    torch.testing.assert_close(taken(system.trainer.D), list(gradients(value, T)), atol=1e-6, rtol=1e-4)

    before, z = copy.deepcopy(system.trainer), latents_of_the_next_step(system, 6)
    system.trainer.g_step(x)
    G, T, E = before.G, before.D, before.encoder
    gap = (T((x, E(x))) - T((G(z), z))).mean()
    for_E = gap + 2 * (z - E(G(z).detach())).square().mean()
    for_G = gap + 3 * (x - G(E(x).detach())).square().mean()
    torch.testing.assert_close(taken(system.trainer.encoder), list(gradients(for_E, E)))
    torch.testing.assert_close(taken(system.trainer.G), list(gradients(for_G, G)))


def test_two_discriminator_steps_of_bigan_qp_for_one_of_the_generator():
    assert bigan_qp((2,), networks=SMALL).n_critic == 2
    assert bigan((2,), networks=SMALL).n_critic == ali((2,), networks=SMALL).n_critic == 1


def test_alis_encoder_draws_in_training_and_takes_means_in_evaluation():
    inner = GaussianEncoder(Trunk(nn.Identity(), n_features=2), 3)
    nn.init.constant_(inner.log_variance.weight, 0.0)
    nn.init.constant_(inner.log_variance.bias, -2.0)
    E, x = SampledEncoder(inner), torch.randn(1, 2).expand(4000, 2)
    drawn, mean = E(x), E.eval()(x)
    torch.testing.assert_close(mean, inner.mean(x))
    torch.testing.assert_close(drawn.std(0), torch.full((3,), float(np.exp(-1.0))), atol=0.02, rtol=0)
    torch.testing.assert_close(drawn.mean(0), mean[0], atol=0.03, rtol=0)


def test_ali_trains_means_and_variances_and_its_discriminator_drops():
    system = ali((2,), networks=SMALL)
    system.trainer.g_step(torch.randn(6, 2))
    assert min(float(g.abs().max()) for g in taken(system.trainer.encoder)) > 0
    drops = [layer.p for layer in system.trainer.D.modules() if isinstance(layer, nn.Dropout)]
    assert len(drops) == 3 and set(drops) == {0.2}
    plain = [layer.p for layer in bigan((2,), networks=SMALL).trainer.D.modules() if isinstance(layer, nn.Dropout)]
    assert set(plain) <= {0.0}


@pytest.mark.parametrize("make", [bigan, ali, bigan_qp])
def test_encoding_and_reconstructing_in_chunks_without_a_trace(make):
    system = make((1, 8, 8), networks=SMALL)
    x = torch.rand(501, 1, 8, 8) * 2 - 1
    state = torch.get_rng_state()
    z, rebuilt = system.encode(x), system.reconstruct(x)
    assert z.shape == (501, 3) and rebuilt.shape == x.shape and not z.requires_grad and not rebuilt.requires_grad
    torch.testing.assert_close(system.encode(x[500:]), z[500:])
    torch.testing.assert_close(rebuilt, system.trainer.G(z).detach())
    assert torch.equal(torch.get_rng_state(), state)
    assert system.trainer.G.training and system.trainer.encoder.training
    with pytest.raises(ValueError, match=r"x must have shape \(n, 1, 8, 8\), got \(2, 8, 8\)"):
        system.encode(x[:2, 0])


class Affine:
    """Networks of one layer: G(z) = g z + c, E(x) = e x + b; the discriminator's joint layers are as ever."""

    n_latent = 1

    def generator(self, shape, *, n_extra=0):
        return nn.Linear(1, 1)

    def trunk(self, shape, *, batch_norm=None, dropout=0.0):
        return Trunk(nn.Identity(), n_features=1)


@pytest.mark.parametrize(("make", "seed"), [(bigan, 0), (ali, 1)])
def test_the_encoder_of_gaussian_data_becomes_the_inverse(make, seed):
    torch.manual_seed(seed)
    data = Dataset("gaussian", 2 * torch.randn(5000, 1) + 0.5)
    system = make((1,), networks=Affine(), recipe=Recipe(lr_G=3e-3, lr_D=3e-3))
    (g, c), E = system.trainer.G.parameters(), system.trainer.encoder
    e, b = (E.head if make is bigan else E.encoder.mean).parameters()  # of the mean

    def composed():
        """Return slope and constant of E(G(z))."""
        return (e * g).item(), (e * c + b).item()

    assert abs(composed()[0] - 1) > 0.3
    fit(system, data, 900, batch_size=128, rng=np.random.default_rng(seed))
    slope, constant = composed()
    assert slope == pytest.approx(1, abs=0.15) and constant == pytest.approx(0, abs=0.15)
    assert 1.2 < abs(g.item()) < 2.8  # either sign makes the data
    if make is ali:  # which has no reason to stay stochastic
        assert E.encoder(data.x)[1].exp().max() < 0.2


def of_digits(make, seed, **recipe):
    """Train for 2000 steps; return the system, test digits, and the correlation of z with E(G(z))."""
    torch.manual_seed(seed)
    system = make((1, 8, 8), networks=MLPNetworks(n_latent=8), recipe=Recipe(lr_G=1e-3, lr_D=1e-3, **recipe))
    fit(system, digits(), 2000, rng=np.random.default_rng(seed))
    z = torch.randn(1000, 8)
    with torch.no_grad():
        encoded = system.encode(system.trainer.G(z))
    correlation = torch.corrcoef(torch.stack([z.flatten(), encoded.flatten()]))[0, 1].item()
    return system, digits("test").batch(torch.arange(397))[0], correlation


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_bigan_qp_reconstructs_digits_that_it_has_not_seen(seed):
    system, test, correlation = of_digits(bigan_qp, seed, n_critic=2)
    train = digits().batch(torch.arange(1400))[0]
    of_mean_image = (test - train.mean(0)).square().mean()
    assert (system.reconstruct(test) - test).square().mean() < 0.75 * of_mean_image  # 0.61 was seen
    assert correlation > 0.6  # 0.77


@pytest.mark.slow
def test_bigans_encoder_finds_the_latent_vectors_of_generated_digits():
    _, _, correlation = of_digits(bigan, 0)
    assert correlation > 0.3  # 0.47 was seen
