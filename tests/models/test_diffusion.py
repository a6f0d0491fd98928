"""The diffusion model: its chain by hand, and exact samples of exact noise."""

import numpy as np
import torch
from torch import nn

from evogan.models import DiffusionModel
from evogan.models._diffusion import Chain
from evogan.training import adam

BETA = torch.tensor([0.1, 0.2, 0.5])


def test_what_is_kept_of_a_solution_is_a_product():
    torch.testing.assert_close(Chain(BETA).kept, torch.tensor([0.9, 0.72, 0.36]))


def test_the_posterior_by_hand():
    chain = Chain(BETA)
    # k = 2: sqrt(.72) * .5 / .64 = .662913, sqrt(.5) * .28 / .64 = .309359; variance .28 / .64 * .5
    mean = chain.posterior_mean(torch.tensor([2.0]), torch.tensor([-1.0]), 2)
    torch.testing.assert_close(mean, torch.tensor([2 * 0.309359 - 0.662913]), atol=1e-5, rtol=0)
    torch.testing.assert_close(chain.posterior_variance(2), torch.tensor(0.21875))


def test_the_first_step_is_undone_without_doubt():
    chain = Chain(BETA)
    torch.testing.assert_close(chain.posterior_mean(torch.tensor([7.0]), torch.tensor([0.4]), 0), torch.tensor([0.4]))
    assert chain.posterior_variance(0) == 0


def test_the_posterior_mean_is_that_of_equation_11():
    chain, generator = Chain(torch.linspace(0.01, 0.4, 20)), torch.Generator().manual_seed(1)
    x0, noise = torch.randn(2, 6, generator=generator)
    for k in range(20):
        kept, beta = chain.kept[k], chain.beta[k]
        x_t = kept.sqrt() * x0 + (1 - kept).sqrt() * noise
        from_noise = (x_t - beta / (1 - kept).sqrt() * noise) / (1 - beta).sqrt()
        torch.testing.assert_close(chain.posterior_mean(x_t, x0, k), from_noise, atol=1e-5, rtol=0)


def test_posteriors_compose_to_the_forward_chain():
    # If x0 has variance v, x_(t-1) drawn from the posterior has the variance that the forward chain gives it.
    chain, v = Chain(BETA.double()), 2.5
    for k in range(3):
        a = chain.posterior_mean(torch.tensor(0.0).double(), torch.tensor(1.0).double(), k)
        b = chain.posterior_mean(torch.tensor(1.0).double(), torch.tensor(0.0).double(), k)
        kept, before = chain.kept[k], chain.before[k]
        both = a**2 * v + b**2 * (kept * v + 1 - kept) + 2 * a * b * kept.sqrt() * v + chain.posterior_variance(k)
        torch.testing.assert_close(both, before * v + 1 - before)


class NoiseOfAPoint(nn.Module):
    """The exact noise where all solutions are one point a: (x_t - sqrt(kept) a) / sqrt(1 - kept)."""

    def __init__(self, a, kept):
        super().__init__()
        self.a, self.kept, self.steps = torch.tensor(a), kept, []

    def forward(self, inputs):
        k = round((inputs[0, -1].item() + 1) * len(self.kept) / 2 - 0.5)
        self.steps.append(k)
        kept = self.kept[k]
        return (inputs[:, : len(self.a)] - kept.sqrt() * self.a) / (1 - kept).sqrt()


def fitted(**options):
    X = np.random.default_rng(1).random((20, 2))
    model = DiffusionModel(n_first_steps=1, **options).fit(X, rng=np.random.default_rng(1))
    return X, model


def test_samples_of_the_exact_noise_of_a_point_are_that_point():
    X, model = fitted(n_diffusion=7)
    net = model._learner.net = NoiseOfAPoint([0.5, -1.0], Chain(torch.linspace(0.01, 0.4, 7)).kept)
    samples = model.sample(9, rng=np.random.default_rng(2))
    np.testing.assert_allclose(samples, np.tile(X.mean(axis=0) + X.std(axis=0) * [0.5, -1.0], (9, 1)), atol=1e-5)
    assert net.steps == [6, 5, 4, 3, 2, 1, 0]


class NoiseOfANormal(nn.Module):
    """The exact noise where solutions are N(0, 1): sqrt(1 - kept) x_t."""

    def __init__(self, kept):
        super().__init__()
        self.kept = kept

    def forward(self, inputs):
        k = round((inputs[0, -1].item() + 1) * len(self.kept) / 2 - 0.5)
        return (1 - self.kept[k]).sqrt() * inputs[:, :1]


def test_samples_of_the_exact_noise_of_a_normal_have_its_mean_and_nearly_its_spread():
    X = 0.5 + 0.05 * np.random.default_rng(1).choice([-1.0, 1.0], (30, 1))
    model = DiffusionModel(n_first_steps=1, n_diffusion=200, beta_first=1e-4, beta_last=0.05)
    model.fit(X, rng=np.random.default_rng(1))
    model._learner.net = NoiseOfANormal(Chain(torch.linspace(1e-4, 0.05, 200)).kept)
    Z = (model.sample(4000, rng=np.random.default_rng(2)) - X.mean()) / X.std()
    assert abs(Z.mean()) < 0.06
    assert 0.9 < Z.std() < 1.05  # posterior variances are a little small for anything wider than a point


class Recorder(nn.Module):
    def __init__(self):
        super().__init__()
        self.p, self.seen = nn.Parameter(torch.zeros(1)), []

    def forward(self, inputs):
        self.seen.append(inputs.detach())
        return self.p.expand(len(inputs), 2)


def test_training_points_are_of_all_times_and_keep_unit_variance():
    X, model = fitted(n_diffusion=5, batch_size=200, n_steps=40, lr=1e-30)
    net = model._learner.net = Recorder()
    model._learner.optimizer = adam(1e-30)(net.parameters())
    model.fit(X, rng=np.random.default_rng(3))
    seen = torch.cat(net.seen)
    times, counts = seen[:, -1].unique(return_counts=True)
    torch.testing.assert_close(times, torch.tensor([-0.8, -0.4, 0.0, 0.4, 0.8]))
    assert (counts > 1400).all()
    assert abs(seen[:, :2].var() - 1) < 0.05
    # After the first step, kept = 0.99, solutions are nearly what they were: their coordinates, not those of noise.
    first = seen[seen[:, -1] < -0.7][:, :2]
    Z = torch.from_numpy((X - X.mean(axis=0)) / X.std(axis=0)).float()
    assert torch.cdist(first, Z).min(dim=1).values.mean() < 0.2
    assert abs(model.report.g_loss - 1) < 0.05  # E noise^2


class FarAway(nn.Module):
    """Noise that would mean a solution a thousand deviations away."""

    def forward(self, inputs):
        return torch.full((len(inputs), 1), -1e3)


def test_implied_solutions_are_clipped_to_the_range_of_standardised_ones():
    X = 0.5 + 0.01 * np.random.default_rng(1).choice([-1.0, 1.0], (30, 1))
    model = DiffusionModel(n_first_steps=1).fit(X, rng=np.random.default_rng(1))
    model._learner.net = FarAway()
    np.testing.assert_allclose(model.sample(5, rng=np.random.default_rng(2)), X.mean() + 5 * X.std(), atol=1e-6)
