"""f-GAN's terms as functions of one logit: closed forms, both generator losses, large logits."""

import math

import pytest
import torch
from scipy.special import lambertw

from evogan.losses import (
    FGAN,
    KL,
    GANDivergence,
    Hellinger,
    Jeffreys,
    JensenShannon,
    Minimax,
    Neyman,
    NonSaturating,
    Pearson,
    ReverseKL,
)

LOGITS = (-40.0, -1.0, 0.0, 1.0, 40.0)
DIVERGENCES = (KL(), ReverseKL(), Pearson(), Neyman(), Hellinger(), Jeffreys(), JensenShannon(), GANDivergence())


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def closed_forms(divergence, x):
    """Value and derivative of T = g_f and of f*(T) at one logit, from table 6 of the paper."""
    match divergence:
        case KL():
            return (x, 1.0), (math.exp(x - 1), math.exp(x - 1))
        case ReverseKL():
            return (-math.exp(-x), math.exp(-x)), (x - 1, 1.0)
        case Pearson():
            return (x, 1.0), (x * x / 4 + x, x / 2 + 1)
        case Neyman():
            return (1 - math.exp(-x), math.exp(-x)), (2 - 2 * math.exp(-x / 2), math.exp(-x / 2))
        case Hellinger():
            return (1 - math.exp(-x), math.exp(-x)), (math.exp(x) - 1, math.exp(x))
        case Jeffreys():
            w = lambertw(math.exp(1 - x)).real
            return (x, 1.0), (w + 1 / w + x - 2, 1 / w)
        case JensenShannon():
            return (math.log(2) - softplus(-x), sigmoid(-x)), (softplus(x) - math.log(2), sigmoid(x))
        case GANDivergence():
            return (-softplus(-x), sigmoid(-x)), (softplus(x), sigmoid(x))


@pytest.mark.parametrize("logit", LOGITS)
@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.name)
def test_terms_and_slopes_equal_closed_forms(divergence, logit):
    (T, T_slope), (conjugate, conjugate_slope) = closed_forms(divergence, logit)
    minimising, rising = FGAN(divergence), FGAN(divergence, non_saturating=True)
    for term, value, slope in (
        (minimising.real_term, -T, -T_slope),
        (minimising.fake_term, conjugate, conjugate_slope),
        (minimising.generator_term, -conjugate, -conjugate_slope),
        (rising.real_term, -T, -T_slope),
        (rising.fake_term, conjugate, conjugate_slope),
        (rising.generator_term, -T, -T_slope),
    ):
        d = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
        result = term(d)
        (grad,) = torch.autograd.grad(result, d)
        assert result.item() == pytest.approx(value, rel=1e-12, abs=1e-14)
        assert grad.item() == pytest.approx(slope, rel=1e-12, abs=0)


@pytest.mark.parametrize("non_saturating", [False, True])
@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.name)
def test_float32_keeps_five_digits_and_finite_slopes_at_large_logits(divergence, non_saturating):
    loss = FGAN(divergence, non_saturating)
    for term in (loss.real_term, loss.fake_term, loss.generator_term):
        single = torch.tensor(LOGITS, requires_grad=True)
        double = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
        torch.testing.assert_close(term(single).double(), term(double), rtol=1e-5, atol=1e-6)
        slopes = [torch.autograd.grad(term(d).sum(), d)[0].double() for d in (single, double)]
        torch.testing.assert_close(*slopes, rtol=1e-5, atol=0)


def test_the_gan_divergence_is_minimax_and_non_saturating_exactly():
    d = torch.linspace(-40, 40, 161)
    for loss, twin in (
        (FGAN(GANDivergence()), Minimax()),
        (FGAN(GANDivergence(), non_saturating=True), NonSaturating()),
    ):
        for name in ("real_term", "fake_term", "generator_term"):
            assert torch.equal(getattr(loss, name)(d), getattr(twin, name)(d)), name


def test_jensen_shannon_differs_from_the_gan_divergence_by_log_4():
    d_real, d_fake = torch.linspace(-4, 3, 8, dtype=torch.float64), torch.linspace(-2, 5, 8, dtype=torch.float64)
    values = [
        FGAN(f).discriminator(d_real, d_fake, real=d_real, fake=d_fake) for f in (JensenShannon(), GANDivergence())
    ]
    assert (values[1] - values[0]).item() == pytest.approx(math.log(4), rel=1e-12)


def test_jeffreys_second_derivative_is_exact():
    # f*'' = 1 / f''(u) at u = 1 / W, with f'' = 1 / u + 1 / u^2.
    v = torch.tensor([-5.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(Jeffreys().conjugate(v).sum(), v, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), v)
    w = torch.tensor([lambertw(math.exp(1 - x)).real for x in v.tolist()], dtype=torch.float64)
    torch.testing.assert_close(second, 1 / (w + w**2), rtol=1e-12, atol=0)


@pytest.mark.parametrize("value", [KL, "KL", None, Minimax()])
def test_only_divergences_are_accepted(value):
    with pytest.raises(TypeError, match=r"FGAN\.divergence must be an object such as KL\(\)"):
        FGAN(value)


def test_non_saturating_must_be_a_boolean():
    with pytest.raises(TypeError, match=r"FGAN\.non_saturating must be True or False"):
        FGAN(KL(), "no")
