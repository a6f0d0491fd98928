"""Flow matching: its paths by hand, and exact samples of an exact velocity."""

import numpy as np
import torch
from torch import nn

from evogan.models import FlowMatching
from evogan.models._flow import conditional_path
from evogan.training import adam


def test_a_path_starts_at_its_noise_and_ends_at_its_solution():
    x0, x1 = torch.tensor([[2.0, -1.0]]), torch.tensor([[0.5, 3.0]])
    start, velocity = conditional_path(x0, x1, torch.zeros(1, 1))
    end, same = conditional_path(x0, x1, torch.ones(1, 1))
    torch.testing.assert_close(start, x0)
    torch.testing.assert_close(end, x1)
    torch.testing.assert_close(velocity, x1 - x0)
    torch.testing.assert_close(same, velocity)


def test_a_path_by_hand_with_a_spread_at_its_end():
    x_t, u_t = conditional_path(torch.tensor([2.0]), torch.tensor([1.0]), torch.tensor([0.25]), 0.2)
    # (1 - 0.8 * 0.25) * 2 + 0.25 * 1, and 1 - 0.8 * 2
    torch.testing.assert_close(x_t, torch.tensor([1.85]))
    torch.testing.assert_close(u_t, torch.tensor([-0.6]))


def test_the_velocity_is_the_derivative_of_the_path():
    x0, x1 = torch.randn(2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    t, h = torch.full((5, 1), 0.3, dtype=torch.float64), 1e-6
    (later, velocity), (earlier, _) = (conditional_path(x0, x1, t + step, 0.1) for step in (h, -h))
    torch.testing.assert_close((later - earlier) / (2 * h), velocity, rtol=0, atol=1e-8)


class ToPoint(nn.Module):
    """The exact velocity of paths to one point: (a - x) / (1 - t)."""

    def __init__(self, a):
        super().__init__()
        self.a, self.times = torch.tensor(a), []

    def forward(self, inputs):
        t = inputs[:, -1:]
        self.times.append(round(t[0].item(), 6))
        return (self.a - inputs[:, : len(self.a)]) / (1 - t)


def test_euler_steps_along_the_exact_velocity_of_a_point_end_there():
    X = np.random.default_rng(1).random((20, 2))
    for n_euler in (1, 4):
        model = FlowMatching(n_first_steps=1, n_euler=n_euler).fit(X, rng=np.random.default_rng(1))
        model._learner.net = ToPoint([0.5, -1.0])
        samples = model.sample(9, rng=np.random.default_rng(2))
        expected = X.mean(axis=0) + X.std(axis=0) * [0.5, -1.0]
        np.testing.assert_allclose(samples, np.tile(expected, (9, 1)), atol=1e-6)
        assert model._learner.net.times == [round(k / n_euler, 6) for k in range(n_euler)]


class Recorder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.p, self.width, self.seen = nn.Parameter(torch.zeros(1)), width, []

    def forward(self, inputs):
        self.seen.append(inputs.detach())
        return self.p.expand(len(inputs), self.width)


def test_the_network_sees_points_of_the_path_the_condition_and_the_time():
    rng = np.random.default_rng(1)
    X, C = np.tile(rng.random((2, 3)), (20, 1)), np.tile([[0.0, 0.3], [1.0, 0.3]], (20, 1))
    model = FlowMatching(n_first_steps=1, n_steps=30, lr=1e-30, batch_size=40).fit(X, condition=C, rng=rng)
    net = model._learner.net = Recorder(3)
    model._learner.optimizer = adam(1e-30)(net.parameters())
    model.fit(X, condition=C, rng=rng)
    seen = torch.cat(net.seen)
    assert len(net.seen) == 30
    x_t, c, t = seen.split([3, 2, 1], dim=1)
    assert ((t >= 0) & (t < 1)).all()
    assert all(len(one[:, -1].unique()) > 30 for one in net.seen)  # a time for each solution
    assert abs(t.mean() - 0.5) < 0.03
    torch.testing.assert_close(c[:, 1], torch.full_like(c[:, 1], -0.4))  # 2 * 0.3 - 1
    assert set(c[:, 0].tolist()) == {-1.0, 1.0}
    # What is left of a path without its solution is noise: x_t - t x1 = (1 - t) x0.
    x1 = torch.from_numpy(np.sign(X[0] - X[1])).float() * -c[:, :1]
    noise = (x_t - t * x1) / (1 - t)
    keep = (t < 0.9).flatten()
    assert abs(noise[keep].mean()) < 0.1
    assert abs(noise[keep].std() - 1) < 0.1
    # With the velocity predicted as 0, the loss is E (x1 - x0)^2 = 2.
    assert abs(model.report.g_loss - 2) < 0.2
