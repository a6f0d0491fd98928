import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from evogan.datasets import digits
from evogan.gans import Recipe, infogan
from evogan.gans._infogan import CodePrior
from evogan.losses import DiscriminatorOnly, NonSaturating
from evogan.nets import DCGANNetworks, MLPNetworks
from evogan.training import Batch, fit

SHAPE = (1, 8, 8)
MLP = MLPNetworks(n_latent=4, hidden=(16,))


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


def small(**settings):
    return infogan(SHAPE, n_categories=3, n_continuous=2, networks=MLP, **settings)


def real(n=6):
    return torch.rand(n, *SHAPE) * 2 - 1


def test_the_prior_draws_noise_then_a_one_hot_category_then_continuous_codes():
    latent = CodePrior(n_noise=4, n_categories=5, n_continuous=2)(4000)
    noise, category, continuous = latent.split([4, 5, 2], dim=1)
    assert noise.mean().item() == pytest.approx(0, abs=0.05)
    assert noise.std().item() == pytest.approx(1, abs=0.05)
    assert torch.equal(category.sum(dim=1), torch.ones(4000))
    assert set(category.unique().tolist()) == {0.0, 1.0}
    assert category.mean(dim=0).tolist() == pytest.approx([0.2] * 5, abs=0.03)
    assert continuous.min() < -0.99 and continuous.max() > 0.99 and continuous.abs().max() <= 1
    assert continuous.var(dim=0).tolist() == pytest.approx([1 / 3] * 2, abs=0.03)


def test_the_prior_draws_no_category_if_there_is_none():
    latent = CodePrior(n_noise=0, n_categories=0, n_continuous=2)(100)
    assert latent.shape == (100, 2)
    assert latent.abs().max() <= 1
    with pytest.raises(ValueError, match=r"CodePrior\.n_continuous must be at least 1, got 0"):
        CodePrior(n_noise=3, n_categories=0, n_continuous=0)


def test_the_information_term_trains_the_generator():
    trainer = small().trainer
    trainer.loss = DiscriminatorOnly(NonSaturating())
    before = [p.clone() for p in trainer.D.parameters()]
    trainer.g_step(real())
    assert min(float(p.grad.abs().max()) for p in trainer.G.parameters()) > 0
    assert all(torch.equal(p, q) for p, q in zip(before, trainer.D.parameters(), strict=True))


class Silent:
    """An adversarial loss of zero."""

    def discriminator(self, d_real, d_fake, *, real, fake):
        return 0 * d_fake.sum()

    generator = discriminator


def test_the_information_term_trains_the_head_that_reads_the_code_but_no_logit():
    trainer = small().trainer
    trainer.loss = Silent()
    before = [p.clone() for p in trainer.G.parameters()]
    trainer.d_step(real())
    largest = {name: float(p.grad.abs().max()) for name, p in trainer.D.named_parameters()}
    assert min(size for name, size in largest.items() if not name.startswith("logit")) > 0
    assert max(size for name, size in largest.items() if name.startswith("logit")) == 0
    assert all(torch.equal(p, q) for p, q in zip(before, trainer.G.parameters(), strict=True))


def test_the_code_is_the_end_of_the_latent():
    trainer = small(weight=2.0, continuous_weight=0.5).trainer
    trainer.loss = Silent()
    latent = torch.tensor([[9.0, 9, 9, 9, 0, 1, 0, 0.5, -1.0]])
    trainer.prior = lambda n: latent
    code = trainer.D(trainer.G(latent)).code
    expected = -2 * code[:, :3].log_softmax(dim=1)[0, 1] + 0.25 * (code[0, 3:] - latent[0, 7:]).square().sum()
    torch.testing.assert_close(trainer.g_step(real(1)), expected.detach())


def test_the_learning_rates_are_the_papers():
    trainer = small().trainer
    rates = [o.param_groups[0]["lr"] for o in (trainer.optimizer_G, trainer.optimizer_D)]
    assert rates == [1e-3, 2e-4]


def test_codes_are_what_the_discriminator_reads():
    # Batch normalization tells evaluation from training; 1001 samples are more than are read at once.
    system = infogan((1, 16, 16), n_categories=3, n_continuous=2, networks=DCGANNetworks(n_latent=4, width=4))
    for p in system.trainer.D.parameters():
        torch.nn.init.normal_(p)
    x = torch.rand(1001, 1, 16, 16) * 2 - 1
    categories, continuous = system.codes(x)
    assert system.trainer.D.training
    said = system.trainer.D.eval()(x).code
    assert torch.equal(categories, said[:, :3].argmax(dim=1))
    torch.testing.assert_close(continuous, said[:, 3:].detach(), rtol=1e-4, atol=1e-6)
    assert not continuous.requires_grad
    assert len(categories.unique()) > 1


def test_codes_without_categories():
    categories, continuous = infogan(SHAPE, n_categories=0, n_continuous=1, networks=MLP).codes(real())
    assert categories.tolist() == [0] * 6
    assert continuous.shape == (6, 1)


def test_it_needs_no_labels_and_takes_none():
    system = small()
    losses = system.step(lambda: Batch(real(), None))
    assert all(value.isfinite() for value in losses.values())
    assert system.n_classes == 0


def cluster_accuracy(categories, labels):
    """Return the share of samples whose category is matched with their class, in the best matching."""
    table = np.zeros((10, 10))
    np.add.at(table, (categories.numpy(), labels.numpy()), 1)
    return table[linear_sum_assignment(-table)].sum() / len(labels)


@pytest.mark.slow
def test_categories_find_the_digits_without_labels():
    system = infogan(SHAPE, networks=MLPNetworks(32, (256,)), recipe=Recipe(lr_G=1e-3, lr_D=1e-3))
    fit(system, digits(), 5000, rng=np.random.default_rng(1))
    data = digits("all")
    x, labels = data.batch(torch.arange(len(data)))
    assert cluster_accuracy(system.codes(x)[0], labels) >= 0.6
    latent = system.trainer.prior(2000)
    with torch.no_grad():
        categories, _ = system.codes(system.generator.eval()(latent))
    assert (categories == latent[:, 32:42].argmax(dim=1)).float().mean() >= 0.95
