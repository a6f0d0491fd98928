"""Adversarial losses against closed forms in Python's math module, in float64 and on both sides."""

import dataclasses
import math

import pytest
import torch

from evogan.losses import AdversarialLoss, Hinge, LeastSquares, Minimax, NonSaturating, SeparableLoss, Wasserstein

LOGITS = (-40.0, -1.0, 0.0, 1.0, 40.0)
LOSSES = (Minimax(), NonSaturating(), LeastSquares(), LeastSquares(-1.0, 2.0, 0.5), Wasserstein(), Hinge())
TERMS = ("real_term", "fake_term", "generator_term")


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def minimax(x):
    return [(softplus(-x), -sigmoid(-x)), (softplus(x), sigmoid(x)), (-softplus(x), -sigmoid(x))]


def closed_forms(loss, x):
    """Value and derivative of the real, the fake and the generator's term at one logit."""
    match loss:
        case NonSaturating():
            return [*minimax(x)[:2], (softplus(-x), -sigmoid(-x))]
        case Minimax():
            return minimax(x)
        case LeastSquares(a=a, b=b, c=c):
            return [((x - b) ** 2 / 2, x - b), ((x - a) ** 2 / 2, x - a), ((x - c) ** 2 / 2, x - c)]
        case Wasserstein():
            return [(-x, -1.0), (x, 1.0), (-x, -1.0)]
        case Hinge():
            # At its kink the hinge takes the flat side's slope.
            return [(max(0.0, 1 - x), -1.0 if x < 1 else 0.0), (max(0.0, 1 + x), 1.0 if x > -1 else 0.0), (-x, -1.0)]
    raise AssertionError(f"no closed form for {loss}")


def column(values):
    return torch.tensor(values, dtype=torch.float64).reshape(-1, 1)


@pytest.mark.parametrize("logit", LOGITS)
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_terms_and_slopes_equal_closed_forms(loss, logit):
    for name, (value, slope) in zip(TERMS, closed_forms(loss, logit), strict=True):
        d = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
        term = getattr(loss, name)(d)
        (grad,) = torch.autograd.grad(term, d)
        assert term.item() == pytest.approx(value, rel=1e-12, abs=0), name
        assert grad.item() == pytest.approx(slope, rel=1e-12, abs=0), name


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_gradients_equal_finite_differences(loss):
    for seed in range(3):
        rng = torch.Generator().manual_seed(seed)
        d_real, d_fake = (3 * torch.randn(7, 1, generator=rng, dtype=torch.float64) for _ in range(2))
        for function in (loss.discriminator, loss.generator):
            scalar = lambda a, b, f=function: f(a, b, real=a, fake=b) + 0 * a.sum()  # noqa: E731
            inputs = (d_real.requires_grad_(), d_fake.requires_grad_())
            assert torch.autograd.gradcheck(scalar, inputs, atol=1e-7), f"seed {seed}"


def test_non_saturating_generator_keeps_its_gradient_where_minimax_loses_it():
    d = torch.full((4, 1), -40.0, requires_grad=True)
    (kept,) = torch.autograd.grad(NonSaturating().generator(d, d, real=d, fake=d), d)
    (lost,) = torch.autograd.grad(Minimax().generator(d, d, real=d, fake=d), d)
    assert kept.sum().item() == pytest.approx(-1.0, abs=1e-6)
    assert lost.sum().item() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_logits_of_any_shape_give_the_same_value(loss):
    rng = torch.Generator().manual_seed(1)
    d_real, d_fake = (torch.randn(24, generator=rng, dtype=torch.float64) for _ in range(2))
    for function in (loss.discriminator, loss.generator):
        flat = function(d_real, d_fake, real=d_real, fake=d_fake)
        assert flat.shape == ()
        for shape in ((24, 1), (4, 1, 3, 2)):
            a, b = d_real.reshape(shape), d_fake.reshape(shape)
            assert function(a, b, real=a, fake=b).item() == pytest.approx(flat.item(), rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_real_logits_come_first(loss):
    right, wrong = column([3.0, 2.0]), column([-3.0, -2.0])
    good = loss.discriminator(right, wrong, real=right, fake=wrong)
    bad = loss.discriminator(wrong, right, real=wrong, fake=right)
    assert good < bad
    expected = [closed_forms(loss, x)[0][0] + closed_forms(loss, -x)[1][0] for x in (3.0, 2.0)]
    assert good.item() == pytest.approx(sum(expected) / 2, rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_generator_wants_higher_logits_and_looks_only_at_fake_ones(loss):
    low, high = column([-1.0, -0.5]), column([-0.25, 0.25])
    fooled = loss.generator(low, high, real=low, fake=high)
    assert fooled < loss.generator(low, low, real=low, fake=low)
    assert fooled == loss.generator(high, high, real=high, fake=high)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_real_and_fake_may_differ_in_number(loss):
    d_real, d_fake = column([0.5, -2.0, 0.25]), column([1.5])
    value = loss.discriminator(d_real, d_fake, real=d_real, fake=d_fake)
    real = sum(closed_forms(loss, x)[0][0] for x in (0.5, -2.0, 0.25)) / 3
    assert value.item() == pytest.approx(real + closed_forms(loss, 1.5)[1][0], rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses_follow_the_protocol_and_are_frozen_values(loss):
    assert isinstance(loss, AdversarialLoss)
    assert isinstance(loss, SeparableLoss)
    assert loss == dataclasses.replace(loss)
    assert hash(loss) == hash(dataclasses.replace(loss))
    with pytest.raises(dataclasses.FrozenInstanceError):
        loss.a = 3.0


def test_an_object_without_both_functions_is_no_loss():
    class OnlyGenerator:
        def generator(self, d_real, d_fake, *, real, fake):
            return d_fake.mean()

    assert not isinstance(OnlyGenerator(), AdversarialLoss)


@pytest.mark.parametrize(("label", "value"), [("a", math.nan), ("b", math.inf), ("c", -math.inf)])
def test_least_squares_refuses_labels_that_are_not_finite(label, value):
    with pytest.raises(ValueError, match=rf"LeastSquares\.{label} must lie in"):
        LeastSquares(**{label: value})


def test_least_squares_refuses_labels_that_are_no_numbers():
    with pytest.raises(TypeError, match=r"LeastSquares\.b must be a number"):
        LeastSquares(b="1")
