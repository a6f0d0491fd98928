import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from evogan.datasets import digits
from evogan.features import digits_features
from evogan.gans import Recipe, acgan, cgan, projection_gan
from evogan.losses import DiscriminatorOnly, NonSaturating
from evogan.nets import DCGANNetworks, MLPNetworks, ResNetNetworks
from evogan.training import Batch, fit

SHAPE = (1, 8, 8)
MLP = MLPNetworks(n_latent=4, hidden=(16,))
RESNET = ResNetNetworks(n_latent=4, width_G=8, width_D=8)
SYSTEMS = {cgan: MLP, acgan: MLP, projection_gan: RESNET}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


@pytest.fixture(params=SYSTEMS, ids=lambda make: make.__name__)
def system(request):
    return request.param(SHAPE, n_classes=3, networks=SYSTEMS[request.param])


def batch(n=6):
    return Batch(torch.rand(n, *SHAPE) * 2 - 1, torch.arange(n) % 3)


def trained(system, n=6):
    """Make one step, so that what starts at zero has moved."""
    system.step(lambda: batch(n))
    return system


def test_another_label_gives_another_sample(system):
    G = trained(system).generator.eval()
    latent = system.trainer.prior(5)
    a, b = (G(latent, torch.full((5,), label)) for label in (0, 1))
    assert a.shape == (5, *SHAPE)
    assert (a - b).abs().amax(dim=(1, 2, 3)).min() > 1e-6


@pytest.mark.parametrize(("make", "sees"), [(cgan, True), (acgan, False), (projection_gan, True)])
def test_who_shows_the_discriminator_the_label(make, sees):
    D = make(SHAPE, n_classes=3, networks=SYSTEMS[make]).trainer.D.eval()
    x = batch().x
    a, b = (D(x, torch.full((6,), label)).logits for label in (0, 1))
    assert torch.equal(a, b) != sees
    assert a.shape == b.shape == (6, 1)


def test_fakes_have_the_labels_of_the_real_batch(system):
    seen = {"G": [], "D": []}
    for name, net in (("G", system.trainer.G), ("D", system.trainer.D)):
        net.register_forward_pre_hook(lambda _, args, name=name: seen[name].append(args[1]))
    labels = torch.tensor([2, 2, 0, 1])
    system.step(lambda: Batch(batch(4).x, labels))
    assert len(seen["G"]) == system.n_critic + 1
    assert len(seen["D"]) > len(seen["G"])
    assert all(torch.equal(given, labels) for name in seen for given in seen[name])


def test_one_step_moves_every_parameter(system):
    before = {name: [p.clone() for p in getattr(system.trainer, name).parameters()] for name in "GD"}
    trained(system, n=12)
    for name in "GD":
        after = list(getattr(system.trainer, name).parameters())
        assert not any(torch.equal(p, q) for p, q in zip(before[name], after, strict=True))


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_acgans_generator_learns_from_the_classifier(weight):
    system = acgan(SHAPE, n_classes=3, networks=MLP, weight=weight)
    system.trainer.loss = DiscriminatorOnly(NonSaturating())
    given = batch()
    value = system.trainer.g_step(given.x, condition=given.y)
    largest = [float(p.grad.abs().max()) for p in system.trainer.G.parameters()]
    assert (value > 0) == (weight > 0)
    assert min(largest) > 0 if weight else max(largest) == 0


def test_acgans_discriminator_pays_for_real_and_fake_classes():
    system, given = acgan(SHAPE, n_classes=3, networks=MLP, weight=0.5), batch()
    trainer = system.trainer
    fake = torch.rand(6, *SHAPE)
    with torch.no_grad():
        d_real, d_fake = trainer.D(given.x), trainer.D(fake)
        cost = [nn.functional.cross_entropy(said.classes, given.y) for said in (d_real, d_fake)]
        adversarial = NonSaturating().discriminator(d_real.logits, d_fake.logits, real=given.x, fake=fake)
    value = trainer.d_step(given.x, condition=given.y, fake=fake)
    torch.testing.assert_close(value, adversarial + 0.5 * sum(cost))


def test_the_projection_adds_an_inner_product():
    D = projection_gan(SHAPE, n_classes=3, networks=RESNET).trainer.D.eval()
    x = batch().x
    said = [D(x, torch.full((6,), label)) for label in range(3)]
    for label in (1, 2):
        direction = D.embedding.weight[label] - D.embedding.weight[0]
        difference = said[label].features @ direction
        torch.testing.assert_close((said[label].logits - said[0].logits)[:, 0], difference, atol=1e-5, rtol=1e-5)


def test_the_projection_critic_alone_is_spectrally_normalised():
    trainer = projection_gan(SHAPE, n_classes=3, networks=RESNET).trainer
    for net, expected in ((trainer.D, True), (trainer.G, False)):
        layers = [m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.Embedding)]
        assert len(layers) > 5
        assert all(parametrize.is_parametrized(layer) == expected for layer in layers)


def test_default_networks_follow_the_shape():
    kinds = {shape: {type(m) for m in cgan(shape, n_classes=2).trainer.G.modules()} for shape in [(5,), (1, 16, 16)]}
    assert nn.ConvTranspose2d not in kinds[(5,)] and nn.ConvTranspose2d in kinds[(1, 16, 16)]


@pytest.mark.parametrize("make", [cgan, acgan])
@pytest.mark.parametrize(("shape", "networks"), [((2,), MLP), ((1, 16, 16), DCGANNetworks(n_latent=4, width=4))])
def test_vectors_and_larger_images_train_too(make, shape, networks):
    system = make(shape, n_classes=2, networks=networks)
    losses = system.step(lambda: Batch(torch.rand(4, *shape), torch.tensor([0, 1, 0, 1])))
    assert all(value.isfinite() for value in losses.values())
    assert system.sample(3, rng=np.random.default_rng(1)).shape == (3, *shape)


@pytest.mark.parametrize(
    ("make", "lr", "betas", "n_critic"),
    [(cgan, 2e-4, (0.5, 0.999), 1), (acgan, 2e-4, (0.5, 0.999), 1), (projection_gan, 2e-4, (0.0, 0.9), 5)],
)
def test_the_defaults_are_the_papers(make, lr, betas, n_critic):
    system = make(SHAPE, n_classes=3, networks=SYSTEMS[make])
    for optimizer in (system.trainer.optimizer_G, system.trainer.optimizer_D):
        assert (optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"]) == (lr, betas)
    assert system.n_critic == n_critic


@pytest.mark.parametrize("make", SYSTEMS)
def test_no_classes_are_refused(make):
    with pytest.raises(ValueError, match="n_classes must be at least 1, got 0"):
        make(SHAPE, n_classes=0)


def test_the_projection_gan_refuses_other_networks_and_vectors():
    with pytest.raises(TypeError, match=r"networks must be an object such as ResNetNetworks.*MLPNetworks"):
        projection_gan(SHAPE, n_classes=3, networks=MLP)
    with pytest.raises(ValueError, match="shape must be"):
        projection_gan((2,), n_classes=3)


def agreement(system, n_steps, *, seed=1):
    """Train on the digits; return how often an independent classifier sees the digit that was asked for."""
    fit(system, digits(), n_steps, rng=np.random.default_rng(seed))
    samples = system.sample(2000, rng=np.random.default_rng(0))
    return np.mean(digits_features().probabilities(samples).argmax(1) == np.arange(2000) % 10)


@pytest.mark.slow
def test_cgan_makes_the_digit_that_was_asked_for():
    assert agreement(cgan(SHAPE, n_classes=10), 2500) >= 0.9


@pytest.mark.slow
def test_acgan_makes_the_digit_that_was_asked_for():
    assert agreement(acgan(SHAPE, n_classes=10, recipe=Recipe(lr_G=5e-4, lr_D=5e-4)), 2500) >= 0.95
