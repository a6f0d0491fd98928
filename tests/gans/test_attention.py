from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from evogan.datasets import digits
from evogan.features import digits_features
from evogan.gans import Recipe, biggan, projection_gan, sagan
from evogan.losses import DiscriminatorOnly, NonSaturating
from evogan.nets import MLPNetworks, ResNetNetworks, SelfAttention
from evogan.training import Adam, Batch, fit

SHAPE = (1, 16, 16)
RESNET = ResNetNetworks(n_latent=6, width_G=16, width_D=16)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


@pytest.fixture(params=[sagan, biggan], ids=lambda make: make.__name__)
def system(request):
    return request.param(SHAPE, n_classes=3, networks=RESNET)


def batch(n=6):
    return Batch(torch.rand(n, *SHAPE) * 2 - 1, torch.arange(n) % 3)


def rng():
    return np.random.default_rng(1)


def test_linear_and_convolution_layers_of_both_networks_are_spectrally_normalised(system):
    for net, kinds in ((system.trainer.G, (nn.Linear, nn.Conv2d)), (system.trainer.D, (nn.Conv2d, nn.Embedding))):
        layers = [m for m in net.eval().modules() if isinstance(m, kinds)]
        assert len(layers) > 8
        for layer in layers:
            assert parametrize.is_parametrized(layer, "weight")
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.1)
    embeddings = [m for m in system.trainer.G.modules() if isinstance(m, nn.Embedding)]
    assert embeddings and not any(parametrize.is_parametrized(m) for m in embeddings)


def test_attention_stands_at_half_the_size_of_both_networks_and_starts_as_nothing(system):
    seen = []
    for net in (system.trainer.G, system.trainer.D):
        (attention,) = [m for m in net.modules() if isinstance(m, SelfAttention)]
        assert attention.gamma == 0
        attention.register_forward_hook(lambda _, args, out: seen.append((args[0], out)))
    given = batch()
    system.trainer.D(system.trainer.G(system.trainer.prior(6), given.y), given.y)
    assert [x.shape for x, _ in seen] == [(6, 16, 8, 8)] * 2
    assert all(torch.equal(x, out) for x, out in seen)


def test_a_step_wakes_the_attention_of_both_networks(system):
    system.step(batch)
    for net in (system.trainer.G, system.trainer.D):
        assert all(p.isfinite().all() for p in net.parameters())
        assert [m.gamma.item() != 0 for m in net.modules() if isinstance(m, SelfAttention)] == [True]


def test_another_label_gives_another_sample_and_another_logit(system):
    system.step(batch)
    G, D, given = system.generator.eval(), system.trainer.D.eval(), batch()
    latent, other = system.trainer.prior(6), (given.y + 1) % 3
    assert (G(latent, given.y) - G(latent, other)).abs().amax(dim=(1, 2, 3)).min() > 1e-6
    assert (D(given.x, given.y).logits - D(given.x, other).logits).abs().min() > 1e-6


def test_the_moving_average_that_samples_is_normalised_too(system):
    for _ in range(3):
        system.step(batch)
    layers = [m for m in system.generator.eval().modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    sizes = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in layers]
    assert sizes == pytest.approx([1.0] * len(sizes), abs=0.1)


def test_sagan_takes_its_papers_learning_rates():
    system = sagan(SHAPE, n_classes=3, networks=RESNET)
    groups = [o.param_groups[0] for o in (system.trainer.optimizer_G, system.trainer.optimizer_D)]
    assert [(g["lr"], g["betas"]) for g in groups] == [(1e-4, (0.0, 0.9)), (4e-4, (0.0, 0.9))]
    assert system.n_critic == 1


def test_biggan_takes_its_papers_learning_rates_and_latents():
    system = biggan((1, 8, 8), n_classes=3)
    groups = [o.param_groups[0] for o in (system.trainer.optimizer_G, system.trainer.optimizer_D)]
    assert [(g["lr"], g["betas"]) for g in groups] == [(5e-5, (0.0, 0.999)), (2e-4, (0.0, 0.999))]
    assert system.n_critic == 2
    assert system.trainer.prior(4).shape == (4, 120)


def test_truncation_makes_samples_more_alike():
    system = biggan(SHAPE, n_classes=3, networks=RESNET)
    labels = torch.zeros(200, dtype=torch.long)
    samples = [system.sample(200, rng=rng(), labels=labels, truncation=t) for t in (0.05, 0.5, 1, None)]
    variety = [x.var(dim=0).mean().item() for x in samples]
    assert all(less < 0.9 * more for less, more in pairwise(variety))


def test_truncation_bounds_the_latents_of_this_call_alone():
    system = biggan(SHAPE, n_classes=3, networks=RESNET)
    prior, seen = system.trainer.prior, []
    system.generator.register_forward_pre_hook(lambda _, args: seen.append(args[0].abs().max().item()))
    system.sample(100, rng=rng(), truncation=0.4)
    plain = system.sample(100, rng=rng())
    assert 0.3 < seen[0] <= 0.4
    assert seen[1] > 2
    assert system.trainer.prior is prior
    assert torch.equal(plain, system.sample(100, rng=rng(), truncation=None))
    with pytest.raises(ValueError, match="threshold must lie in"):
        system.sample(1, rng=rng(), truncation=0.0)
    assert system.trainer.prior is prior


def test_truncated_samples_leave_the_global_random_state_alone():
    system = biggan(SHAPE, n_classes=3, networks=RESNET)
    before = torch.get_rng_state()
    system.sample(3, rng=rng(), truncation=0.5)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_biggans_generator_alone_is_regularised_orthogonally(weight):
    system = biggan(SHAPE, n_classes=3, networks=RESNET, orthogonal=weight)
    trainer, given = system.trainer, batch()
    trainer.loss = DiscriminatorOnly(NonSaturating())
    trainer.g_step(given.x, condition=given.y)
    grads = {name: float(p.grad.abs().max()) for name, p in trainer.G.named_parameters() if p.grad is not None}
    regularised = {name for name, size in grads.items() if size > 0}
    # No embedding, gain or bias: those are "embedding.weight", "gamma" and "...bias". Orthogonal weights stay.
    assert all(name.endswith("weight.original") for name in regularised)
    assert any("start" in name for name in regularised) == (weight > 0)


def test_orthogonal_regularization_is_no_part_of_the_critics_loss():
    with_it, without = (biggan(SHAPE, n_classes=3, networks=RESNET, orthogonal=w) for w in (1.0, 0.0))
    without.trainer.D.load_state_dict(with_it.trainer.D.state_dict())
    given, fake = batch(), torch.rand(6, *SHAPE)
    values = [s.trainer.d_step(given.x, condition=given.y, fake=fake) for s in (with_it, without)]
    torch.testing.assert_close(*values)


@pytest.mark.parametrize("make", [sagan, biggan])
def test_what_they_refuse(make):
    with pytest.raises(ValueError, match="n_classes must be at least 1, got 0"):
        make(SHAPE, n_classes=0, networks=RESNET)
    with pytest.raises(TypeError, match="networks must be an object such as ResNetNetworks"):
        make(SHAPE, n_classes=3, networks=MLPNetworks())
    with pytest.raises(ValueError, match="power of two"):
        make((1, 28, 28), n_classes=3, networks=RESNET)
    with pytest.raises(ValueError, match="shape must be"):
        make((2,), n_classes=3, networks=RESNET)


def test_biggan_refuses_channels_that_are_no_multiple_of_four():
    with pytest.raises(ValueError, match="width_G must be a multiple of 4 for BigGAN, got 6"):
        biggan(SHAPE, n_classes=3, networks=ResNetNetworks(width_G=6))


@pytest.mark.slow
@pytest.mark.parametrize("make", [projection_gan, sagan, biggan])
def test_residual_systems_make_the_digit_that_was_asked_for(make):
    # Ten times the papers' rates: hundreds of steps for their hundred thousands.
    recipe = Recipe(lr_G=2e-3, lr_D=2e-3, optimizer=Adam((0.0, 0.9)), ema=0.99)
    networks = ResNetNetworks(n_latent=32, width_G=32, width_D=32)
    system = make((1, 8, 8), n_classes=10, networks=networks, recipe=recipe)
    fit(system, digits(), 400, rng=np.random.default_rng(1))
    digit = digits_features().probabilities(system.sample(500, rng=rng())).argmax(1)
    assert np.mean(digit == np.arange(500) % 10) >= 0.9
