"""N(mean, covariance) of the elites, sampled without forming the covariance, alone and as noise of the models."""

import numpy as np
import pytest
import torch
from torch import nn

from evogan.models import GAN, Gaussian, Untrained
from evogan.models._latent import LowRankNormal


def skewed(seed, n=25, n_var=4):
    rng = np.random.default_rng(seed)
    return 0.5 + 0.1 * rng.standard_normal((n, n_var)) @ rng.uniform(-1, 1, (n_var, n_var))


def identity(n_latent, n_var):
    """A generator that returns its noise."""
    net = nn.Linear(n_latent, n_var)
    with torch.no_grad():
        net.weight.copy_(torch.eye(n_var))
        net.bias.zero_()
    return net


def test_factor_squares_to_numpys_covariance():
    for seed in range(5):
        X = skewed(seed)
        normal = LowRankNormal.of(X)
        covariance = normal.factor.T @ normal.factor
        np.testing.assert_allclose(covariance, np.cov(X, rowvar=False), atol=1e-14, err_msg=f"seed {seed}")
        np.testing.assert_allclose(normal.mean, X.mean(axis=0), err_msg=f"seed {seed}")


@pytest.mark.parametrize("k", [25, 3])  # more and fewer points than variables
def test_samples_have_mean_and_covariance_of_the_points(k):
    for seed in range(3):
        X = skewed(seed, n=k)
        draws = LowRankNormal.of(X).sample(200_000, rng=np.random.default_rng(seed))
        scale = np.cov(X, rowvar=False).diagonal().max()
        np.testing.assert_allclose(
            np.cov(draws, rowvar=False), np.cov(X, rowvar=False), rtol=0, atol=0.02 * scale, err_msg=f"seed {seed}"
        )
        np.testing.assert_allclose(draws.mean(0), X.mean(0), rtol=0, atol=0.01 * scale**0.5, err_msg=f"seed {seed}")


def test_two_identical_variables_stay_identical():
    # A covariance of the reshaped instead of the transposed points gives 0.006 here instead of 1.
    rng = np.random.default_rng(4)
    x = rng.uniform(0.3, 0.7, 10)
    X = np.column_stack([x, rng.uniform(0.3, 0.7, 10), x])
    draws = {
        "normal": LowRankNormal.of(X).sample(500, rng=rng),
        "Gaussian": Gaussian().fit(X, rng=rng).sample(500, rng=rng),
        "noise of a GAN": Untrained(generator=identity).fit(X, rng=rng).sample(500, rng=rng),
    }
    for name, points in draws.items():
        correlation = np.corrcoef(points, rowvar=False)
        assert correlation[0, 2] == pytest.approx(1.0, abs=1e-6), name
        assert abs(correlation[0, 1]) < 0.9, name


@pytest.mark.parametrize("n", [1, 2, 16])
def test_equal_points_have_no_spread(n):
    X = np.repeat([[0.25, 0.5, 1.0]], n, axis=0)
    draws = LowRankNormal.of(X).sample(20, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(draws, np.repeat(X[:1], 20, axis=0))


def test_equal_points_that_binary_fractions_only_approach_have_no_spread_worth_the_name():
    X = np.full((10, 3), 0.1)
    draws = LowRankNormal.of(X).sample(20, rng=np.random.default_rng(0))
    np.testing.assert_allclose(draws, 0.1, rtol=0, atol=1e-15)


def test_the_gaussian_is_that_normal_clipped_to_the_box():
    X = np.clip(5 * skewed(1) - 2, 0, 1)
    normal, model = LowRankNormal.of(X), Gaussian().fit(X, rng=np.random.default_rng(0))
    draws = normal.sample(300, rng=np.random.default_rng(5))
    assert draws.min() < 0
    assert draws.max() > 1
    np.testing.assert_array_equal(model.sample(300, rng=np.random.default_rng(5)), np.clip(draws, 0, 1))


def test_training_and_sampling_feed_the_same_noise(monkeypatch):
    X, seen = skewed(2), []

    def spy(trainer, real, poor, latents, n_critic):
        seen.append(latents)
        return np.zeros((len(latents), 2))

    monkeypatch.setattr("evogan.models._gan.fastest_engine", lambda trainer: spy)
    gan = GAN(generator=identity, n_steps=200, batch_size=64)
    gan.fit(X, rng=np.random.default_rng(0))
    trained = torch.cat(seen).flatten(0, 2).numpy()
    sampled = gan.sample(20_000, rng=np.random.default_rng(1))
    scale = np.cov(X, rowvar=False).diagonal().max()
    for draws in (trained, sampled):
        assert len(draws) >= 20_000
        np.testing.assert_allclose(np.cov(draws, rowvar=False), np.cov(X, rowvar=False), rtol=0, atol=0.05 * scale)
        np.testing.assert_allclose(draws.mean(axis=0), X.mean(axis=0), rtol=0, atol=0.03 * scale**0.5)


def test_noise_leaves_the_box_unless_it_is_clipped():
    X = np.random.default_rng(0).random((20, 3))
    for clip in (False, True):
        seen = []

        class Spy(nn.Linear):
            def forward(self, x, seen=seen):
                seen.append(x)
                return super().forward(x)

        gan = Untrained(generator=Spy, clip_latent=clip)
        gan.fit(X, rng=np.random.default_rng(1)).sample(500, rng=np.random.default_rng(2))
        (z,) = seen
        if clip:
            assert (z.min(), z.max()) == (0.0, 1.0)
            assert 0.8 < ((z > 0) & (z < 1)).float().mean() < 0.99
        else:
            assert z.min() < -0.1
            assert z.max() > 1.1


def test_standard_normal_noise_knows_nothing_of_the_elites():
    gan = Untrained(latent=3, generator=identity)
    gan.fit(np.full((5, 3), 0.25), rng=np.random.default_rng(0))
    draws = gan.sample(4000, rng=np.random.default_rng(1))
    assert (draws == 0).mean() == pytest.approx(0.5, abs=0.03)
    assert (draws == 1).mean() == pytest.approx(0.1587, abs=0.02)


def test_recentring_moves_the_noise_without_training():
    X, Y = np.full((4, 3), 0.25), np.full((4, 3), 0.75)
    gan = Untrained(generator=identity).fit(X, rng=np.random.default_rng(0))
    np.testing.assert_allclose(gan.sample(2, rng=np.random.default_rng(1)), 0.25, atol=1e-6)
    gan.recentre(Y)
    np.testing.assert_allclose(gan.sample(2, rng=np.random.default_rng(1)), 0.75, atol=1e-6)
