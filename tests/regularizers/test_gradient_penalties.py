"""Gradient penalties on critics whose gradient is known."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from evogan.regularizers import R1, R2, GradientPenalty, Regularizer, gradient_penalty


def linear(weights):
    """A critic whose gradient is ``weights`` everywhere, for samples of any shape."""
    layer = nn.Linear(len(weights), 1, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([weights]))
    return nn.Sequential(nn.Flatten(), layer)


def points(n, *shape, seed=0):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class SquaredNorm(nn.Module):
    """D(x) = scale * |x|^2 / 2, so that its gradient is scale * x."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float64))

    def forward(self, x):
        return self.scale * x.flatten(1).square().sum(dim=1) / 2


@pytest.mark.parametrize("n", [1, 7, 16, 64])
def test_a_critic_of_slope_one_costs_nothing_whatever_the_batch(n):
    D = linear([0.6, 0.0, -0.8])
    value = GradientPenalty()(D, points(n, 3), points(n, 3, seed=1))
    assert value.item() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("n", [1, 7, 64])
def test_penalties_of_a_linear_critic_in_closed_form(n):
    D, real, fake = linear([3.0, -4.0, 12.0]), points(n, 3), points(n, 3, seed=1)  # |gradient| = 13
    assert GradientPenalty(weight=2.0, center=1.0)(D, real, fake).item() == pytest.approx(2 * 12**2, rel=1e-9)
    assert GradientPenalty(weight=2.0, center=0.0)(D, real, fake).item() == pytest.approx(2 * 13**2, rel=1e-12)
    assert R1(0.5)(D, real, fake).item() == pytest.approx(0.5 / 2 * 13**2, rel=1e-12)
    assert R2(0.5)(D, real, fake).item() == pytest.approx(0.5 / 2 * 13**2, rel=1e-12)


def test_norms_are_squared_before_they_are_averaged():
    D, x = SquaredNorm(), torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    assert gradient_penalty(D, x).item() == pytest.approx((1 + 9) / 2, rel=1e-12)
    assert gradient_penalty(D, x, center=1.0).item() == pytest.approx((0 + 4) / 2, rel=1e-9)


@pytest.mark.parametrize("penalty", [GradientPenalty(), R1(), R2()])
def test_an_image_is_a_vector_of_its_pixels(penalty):
    D, real, fake = SquaredNorm(0.7), points(5, 12), points(5, 12, seed=1)
    torch.manual_seed(3)
    vectors = penalty(D, real, fake)
    torch.manual_seed(3)
    images = penalty(D, real.reshape(5, 3, 2, 2), fake.reshape(5, 3, 2, 2))
    assert images.item() == pytest.approx(vectors.item(), rel=1e-12)


def test_r1_looks_only_at_real_and_r2_only_at_fake():
    D, a, b, c = SquaredNorm(), points(6, 4), points(6, 4, seed=1), points(6, 4, seed=2)
    squares = {id(x): x.square().sum(dim=1).mean().item() for x in (a, b, c)}
    for other in (b, c):
        assert R1(2.0)(D, a, other).item() == pytest.approx(squares[id(a)], rel=1e-12)
        assert R2(2.0)(D, other, a).item() == pytest.approx(squares[id(a)], rel=1e-12)
        assert R1(2.0)(D, other, a).item() == pytest.approx(squares[id(other)], rel=1e-12)


def test_the_gradient_penalty_is_taken_on_the_lines_between_real_and_fake():
    real, fake = torch.zeros(500, 2, dtype=torch.float64), torch.full((500, 2), 1.0, dtype=torch.float64)
    seen = []

    class Spy(SquaredNorm):
        def forward(self, x):
            seen.append(x.detach().clone())
            return super().forward(x)

    torch.manual_seed(0)
    GradientPenalty()(Spy(), real, fake)
    (between,) = seen
    torch.testing.assert_close(between[:, 0], between[:, 1])  # one alpha per sample
    assert 0.0 <= between.min() < 0.05
    assert 0.95 < between.max() <= 1.0
    assert between.mean().item() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(("n_real", "n_fake"), [(4, 9), (9, 4), (1, 3)])
def test_batches_may_differ_in_length(n_real, n_fake):
    D, real, fake = linear([0.0, 2.0]), points(n_real, 2), points(n_fake, 2, seed=1)
    assert GradientPenalty(10.0)(D, real, fake).item() == pytest.approx(10.0, rel=1e-9)
    assert R1(4.0)(D, real, fake).item() == pytest.approx(8.0, rel=1e-12)


@pytest.mark.parametrize("penalty", [GradientPenalty(), GradientPenalty(center=0.0), R1(), R2()])
def test_second_derivatives_are_finite_where_the_gradient_vanishes(penalty):
    D, zeros = SquaredNorm(), torch.zeros(3, 2, dtype=torch.float64)
    (grad,) = torch.autograd.grad(penalty(D, zeros, zeros), D.scale)
    assert grad.item() == pytest.approx(0.0, abs=1e-12)


def test_penalties_have_gradients_in_the_critics_parameters():
    D, x = SquaredNorm(2.0), points(8, 3)
    (grad,) = torch.autograd.grad(R1(1.0)(D, x, x), D.scale)
    assert grad.item() == pytest.approx(2.0 * x.square().sum(dim=1).mean().item(), rel=1e-12)


def test_patch_logits_of_a_sample_are_summed():
    class Patches(nn.Module):
        def forward(self, x):
            return torch.stack([x, 2 * x], dim=1).unsqueeze(-1)  # (n, 2, n_var, 1): gradient 3 in every variable

    assert gradient_penalty(Patches(), points(5, 4)).item() == pytest.approx(4 * 9, rel=1e-12)


def test_the_samples_given_need_no_gradient_and_get_none():
    x = points(4, 3)
    gradient_penalty(SquaredNorm(), x)
    assert not x.requires_grad
    assert x.grad is None


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: GradientPenalty(-1.0), "GradientPenalty.weight"),
        (lambda: GradientPenalty(1.0, -1.0), "GradientPenalty.center"),
        (lambda: GradientPenalty(math.nan), "GradientPenalty.weight"),
        (lambda: R1(-0.1), "R1.gamma"),
        (lambda: R2(math.inf), "R2.gamma"),
    ],
)
def test_bad_weights_are_refused_by_name(make, name):
    with pytest.raises(ValueError, match=f"{name} must lie in"):
        make()


@pytest.mark.parametrize("penalty", [GradientPenalty(), R1(), R2()])
def test_penalties_follow_the_protocol_and_are_frozen(penalty):
    assert isinstance(penalty, Regularizer)
    assert penalty == dataclasses.replace(penalty)
    with pytest.raises(dataclasses.FrozenInstanceError):
        penalty.weight = 1.0
