"""Powers, sides, weights, tuples of samples, and the points at which each named penalty looks."""

import math

import pytest
import torch
from torch import nn

from evogan.nets import Critic
from evogan.regularizers import (
    DRAGAN,
    R1,
    R2,
    GradientPenalty,
    Regularizer,
    RothRegularizer,
    WGANDiv,
    gradient_penalty,
)


def linear(weights, *, bias=0.0):
    """A critic whose gradient is ``weights`` everywhere, for samples of any shape."""
    layer = nn.Linear(len(weights), 1, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([weights], dtype=torch.float64))
        layer.bias.fill_(bias)
    return nn.Sequential(nn.Flatten(), layer)


def points(n, *shape, seed=0):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Curved(nn.Module):
    """D(x) = scale * |x|^2 / 2, so that its gradient is scale * x; remembers where it was asked."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float64))
        self.seen = []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        return self.scale * x.flatten(1).square().sum(dim=1) / 2


ALL = [
    GradientPenalty(),
    GradientPenalty(one_sided=True),
    DRAGAN(),
    R1(),
    R2(),
    WGANDiv(),
    RothRegularizer(),
]


@pytest.mark.parametrize("n", [1, 7, 64])
def test_penalties_of_a_linear_critic_in_closed_form(n):
    D, real, fake = linear([3.0, 0.0, -4.0]), points(n, 3), points(n, 3, seed=1)  # |gradient| = 5
    assert WGANDiv(2.0, 6.0)(D, real, fake).item() == pytest.approx(2 * 5**6, rel=1e-12)
    assert WGANDiv(1.0, 3.0)(D, real, fake).item() == pytest.approx(5**3, rel=1e-12)
    assert DRAGAN(3.0, center=2.0)(D, real, fake).item() == pytest.approx(3 * 3**2, rel=1e-9)
    assert gradient_penalty(D, real, center=2.0, power=3.0).item() == pytest.approx(3**3, rel=1e-9)
    assert gradient_penalty(D, real, center=7.0, power=3.0).item() == pytest.approx(2**3, rel=1e-9)
    assert GradientPenalty(1.0, 1.0, one_sided=True)(D, real, fake).item() == pytest.approx(4**2, rel=1e-9)


@pytest.mark.parametrize("n", [1, 7, 64])
def test_roth_weights_the_squared_slope_by_the_error_at_each_side(n):
    slope, bias = 5.0, 0.3
    D, zeros = linear([3.0, 4.0], bias=bias), torch.zeros(n, 2, dtype=torch.float64)
    at_one = torch.tensor([[0.6, 0.8]], dtype=torch.float64).expand(n, 2)  # the logit there is 5.3
    right = 1 / (1 + math.exp(-(slope + bias)))
    wrong = 1 / (1 + math.exp(-bias))
    expected = 0.2 / 2 * ((1 - right) ** 2 + wrong**2) * slope**2
    assert RothRegularizer(0.2)(D, at_one, zeros).item() == pytest.approx(expected, rel=1e-12)


def test_roths_weights_are_differentiated_too():
    """With a slope held fixed, only the weights can move the penalty: d/db of s(b)^2 |w|^2."""
    D, zeros = linear([1.0, 2.0], bias=0.3), torch.zeros(4, 2, dtype=torch.float64)
    far = torch.full((4, 2), 1e3, dtype=torch.float64)  # at reals of logit 3000 the weight is 0
    (grad,) = torch.autograd.grad(RothRegularizer(2.0)(D, far, zeros), D[1].bias)
    s = 1 / (1 + math.exp(-0.3))
    assert grad.item() == pytest.approx(2 * s * s * (1 - s) * 5.0, rel=1e-12)


def test_a_one_sided_penalty_spares_slopes_below_its_center():
    D = linear([0.3, 0.4])
    penalty = GradientPenalty(10.0, one_sided=True)
    value = penalty(D, points(8, 2), points(8, 2, seed=1))
    assert value.item() == 0.0
    assert torch.autograd.grad(value, D[1].weight)[0].abs().max() == 0.0
    assert GradientPenalty(10.0)(D, points(8, 2), points(8, 2, seed=1)).item() == pytest.approx(2.5, rel=1e-9)


@pytest.mark.parametrize("penalty", ALL)
def test_an_image_is_a_vector_of_its_pixels(penalty):
    D, real, fake = Curved(0.7), points(5, 12), points(5, 12, seed=1)
    torch.manual_seed(3)
    vectors = penalty(D, real, fake)
    torch.manual_seed(3)
    images = penalty(D, real.reshape(5, 3, 2, 2), fake.reshape(5, 3, 2, 2))
    assert vectors.item() > 0.0
    assert images.item() == pytest.approx(vectors.item(), rel=1e-12)


@pytest.mark.parametrize("penalty", ALL)
def test_a_pair_is_a_vector_of_both(penalty):
    class OfPairs(Curved):
        def forward(self, pair):
            return super().forward(torch.cat([part.flatten(1) for part in pair], dim=1))

    def pairs(x):
        return x[:, :8].reshape(-1, 2, 2, 2), x[:, 8:]

    if isinstance(penalty, DRAGAN):
        penalty = DRAGAN(spread=0.0)  # its noise follows the deviation of each part
    real, fake = points(6, 11), points(6, 11, seed=1)
    torch.manual_seed(3)
    whole = penalty(Curved(1.5), real, fake)
    torch.manual_seed(3)
    split = penalty(OfPairs(1.5), pairs(real), pairs(fake))
    assert whole.item() > 0.0
    assert split.item() == pytest.approx(whole.item(), rel=1e-12)


@pytest.mark.parametrize("penalty", ALL)
def test_a_critic_is_judged_by_its_logits(penalty):
    class Rich(Curved):
        def forward(self, x):
            return Critic(super().forward(x), features=100 * x)

    real, fake = points(6, 3), points(6, 3, seed=1)
    torch.manual_seed(3)
    plain = penalty(Curved(2.0), real, fake)
    torch.manual_seed(3)
    assert penalty(Rich(2.0), real, fake).item() == plain.item()


@pytest.mark.parametrize("penalty", ALL)
def test_every_penalty_trains_the_critic(penalty):
    D = Curved(3.0)
    (grad,) = torch.autograd.grad(penalty(D, points(8, 3), points(8, 3, seed=1)), D.scale)
    assert grad.item() > 0.0  # a smaller scale is a smaller slope


@pytest.mark.parametrize("penalty", ALL)
def test_second_derivatives_are_finite_where_the_gradient_vanishes(penalty):
    D, zeros = Curved(), torch.zeros(3, 2, dtype=torch.float64)
    (grad,) = torch.autograd.grad(penalty(D, zeros, zeros), D.scale)
    assert grad.item() == pytest.approx(0.0, abs=1e-12)


def test_dragan_looks_around_real_samples_only():
    real = torch.tensor([[0.0], [2.0]], dtype=torch.float64).repeat(500, 3)  # standard deviation 1
    D = Curved()
    DRAGAN(spread=0.5)(D, real, torch.full_like(real, 99.0))
    (seen,) = D.seen
    noise = seen - real
    assert 0.0 <= noise.min() < 0.01
    assert 0.49 < noise.max() < 0.5
    assert noise.mean().item() == pytest.approx(0.25, abs=0.01)
    assert (noise[:, 0] - noise[:, 1]).abs().max() > 0.4  # every entry moves by itself


@pytest.mark.parametrize(("n", "d"), [(1, 1), (1, 4), (5, 4)])
def test_dragan_at_samples_all_alike_looks_at_them(n, d):
    D, real = Curved(), torch.full((n, d), 0.6 / d**0.5, dtype=torch.float64)
    value = DRAGAN(2.0)(D, real, real)
    torch.testing.assert_close(D.seen[0], real)
    assert value.item() == pytest.approx(2 * (0.6 - 1) ** 2, rel=1e-9)


def test_wgan_div_looks_between_real_and_fake():
    D, real = Curved(), torch.zeros(500, 2, dtype=torch.float64)
    WGANDiv()(D, real, real + 1)
    assert 0.0 <= D.seen[0].min() < 0.05
    assert 0.95 < D.seen[0].max() <= 1.0


def test_one_number_places_both_parts_of_a_pair():
    seen = []

    def D(pair):
        seen.append([part.detach() for part in pair])
        return sum(part.flatten(1).sum(dim=1) for part in pair)

    zeros, ones = (torch.zeros(50, 2), torch.zeros(50, 1, 3)), (torch.ones(50, 2), torch.ones(50, 1, 3))
    GradientPenalty()(D, zeros, ones)
    (x, z) = seen[0]
    assert torch.equal(x[:, 0], z[:, 0, 2])
    assert x.max() - x.min() > 0.5


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: DRAGAN(-1.0), "DRAGAN.weight"),
        (lambda: DRAGAN(spread=math.inf), "DRAGAN.spread"),
        (lambda: WGANDiv(math.nan), "WGANDiv.weight"),
        (lambda: WGANDiv(power=1.0), "WGANDiv.power"),
        (lambda: RothRegularizer(-0.1), "RothRegularizer.gamma"),
    ],
)
def test_bad_settings_are_refused_by_name(make, name):
    with pytest.raises(ValueError, match=f"{name} must lie in"):
        make()
    with pytest.raises(TypeError, match=r"GradientPenalty\.one_sided must be True or False"):
        GradientPenalty(one_sided="no")


def test_every_penalty_follows_the_protocol():
    assert all(isinstance(penalty, Regularizer) for penalty in ALL)
