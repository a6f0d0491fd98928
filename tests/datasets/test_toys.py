"""Mixtures in the plane: centres, spread, labels, repeatability."""

import math

import numpy as np
import pytest
import torch

from evogan.datasets import grid, ring, swiss_roll


@pytest.mark.parametrize(("make", "n_modes", "sd"), [(ring, 8, 0.02), (grid, 25, 0.05)])
def test_points_lie_around_their_own_mode(make, n_modes, sd):
    data = make(20_000, rng=np.random.default_rng(1))
    assert data.x.shape == (20_000, 2) and data.modes.shape == (n_modes, 2) and data.n_classes == n_modes
    assert data.sd == sd
    distance = torch.cdist(data.x, data.modes)
    assert torch.equal(distance.argmin(1), data.y)
    # The mean length of a Gaussian in the plane is sd sqrt(pi / 2), its variance (2 - pi / 2) sd^2: 4 standard errors.
    error = 4 * sd * math.sqrt((2 - math.pi / 2) / len(data))
    assert abs(float(distance.min(1).values.mean()) - sd * math.sqrt(math.pi / 2)) < error
    shares = data.y.bincount(minlength=n_modes) / len(data)
    assert (shares - 1 / n_modes).abs().max() < 5 * math.sqrt(1 / n_modes / len(data))


def test_the_centres_of_a_ring():
    modes = ring(10, n_modes=4, radius=3.0, rng=np.random.default_rng(1)).modes
    assert torch.allclose(modes, torch.tensor([[3.0, 0.0], [0.0, 3.0], [-3.0, 0.0], [0.0, -3.0]]), atol=1e-6)


def test_the_centres_of_a_grid():
    modes = grid(10, rng=np.random.default_rng(1)).modes
    assert {tuple(mode) for mode in modes.tolist()} == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert grid(10, side=2, spacing=1.0, rng=np.random.default_rng(1)).modes.abs().eq(0.5).all()


def test_without_noise_the_roll_is_the_spiral():
    x = swiss_roll(5000, noise=0.0, rng=np.random.default_rng(1)).x.double()
    t = 7.5 * x.norm(dim=1)
    assert 1.5 * math.pi - 1e-5 < t.min() < 1.52 * math.pi and 4.48 * math.pi < t.max() < 4.5 * math.pi + 1e-5
    assert torch.allclose(x, t[:, None] / 7.5 * torch.stack([t.cos(), t.sin()], 1), atol=1e-5)
    noisy = swiss_roll(5000, noise=0.03, rng=np.random.default_rng(1)).x.double()
    assert abs(float((noisy - x).std()) - 0.03) < 0.001


@pytest.mark.parametrize("make", [ring, grid, swiss_roll])
def test_the_generator_decides(make):
    state = torch.get_rng_state()
    one, same, other = (make(50, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(one.x, same.x) and not torch.equal(one.x, other.x)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("error", "says", "make"),
    [
        (TypeError, "rng must be a numpy.random.Generator", lambda: ring(rng=1)),
        (TypeError, "rng must be a numpy.random.Generator", lambda: swiss_roll(rng=None)),
        (ValueError, "n must be at least 1", lambda: grid(0, rng=np.random.default_rng(1))),
        (ValueError, "n_modes must be at least 1", lambda: ring(n_modes=0, rng=np.random.default_rng(1))),
        (ValueError, "radius must lie in", lambda: ring(radius=0.0, rng=np.random.default_rng(1))),
        (ValueError, "sd must lie in", lambda: ring(sd=-1.0, rng=np.random.default_rng(1))),
        (ValueError, "side must be at least 1", lambda: grid(side=0, rng=np.random.default_rng(1))),
        (ValueError, "spacing must lie in", lambda: grid(spacing=0.0, rng=np.random.default_rng(1))),
        (ValueError, "noise must lie in", lambda: swiss_roll(noise=-0.1, rng=np.random.default_rng(1))),
    ],
)
def test_bad_arguments(error, says, make):
    with pytest.raises(error, match=says):
        make()
