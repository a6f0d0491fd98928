"""One-sided label smoothing against soft labels, and a discriminator that trains alone."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from evogan.losses import (
    BEGAN,
    GANQP,
    DiscriminatorOnly,
    Hinge,
    LabelSmoothing,
    LeastSquares,
    Minimax,
    NonSaturating,
    Relativistic,
    SourceWeights,
    Wasserstein,
)

D = torch.tensor([-40.0, -1.0, 0.0, 1.0, 40.0], dtype=torch.float64)


@pytest.mark.parametrize("base", [NonSaturating(), Minimax()])
@pytest.mark.parametrize("amount", [0.0, 0.1, 0.5])
def test_the_logistic_loss_gets_the_soft_label(base, amount):
    soft = binary_cross_entropy_with_logits(D, torch.full_like(D, 1 - amount), reduction="none")
    torch.testing.assert_close(LabelSmoothing(base, amount).real_term(D), soft, rtol=1e-12, atol=1e-15)


def test_least_squares_moves_its_label_up_to_a_constant():
    smooth = LabelSmoothing(LeastSquares(), 0.1).real_term(D)
    torch.testing.assert_close(smooth, (D - 0.9) ** 2 / 2 + 0.1 * 0.9 / 2, rtol=1e-12, atol=0)


@pytest.mark.parametrize("base", [NonSaturating(), Minimax(), Hinge(), LeastSquares(-1.0, 1.0, 0.5)], ids=str)
def test_fakes_and_the_generator_are_left_alone(base):
    loss = LabelSmoothing(base)
    assert loss.amount == 0.1
    assert torch.equal(loss.fake_term(D), base.fake_term(D))
    assert torch.equal(loss.generator_term(D), base.generator_term(D))
    assert not torch.equal(loss.real_term(D), base.real_term(D))
    assert not loss.shift_invariant
    SourceWeights(1, 1, 1).check_with(loss)


def test_a_critic_has_no_labels_to_smooth():
    with pytest.raises(ValueError, match=r"LabelSmoothing\.base must be a loss with labels.*got Wasserstein\(\)"):
        LabelSmoothing(Wasserstein())


@pytest.mark.parametrize("base", [NonSaturating, GANQP(), None])
def test_only_separable_losses_can_be_smoothed(base):
    with pytest.raises(TypeError, match=r"LabelSmoothing\.base must be an object such as NonSaturating\(\)"):
        LabelSmoothing(base)


@pytest.mark.parametrize("amount", [-0.1, 0.6, float("nan")])
def test_the_amount_is_at_most_a_half(amount):
    with pytest.raises(ValueError, match=r"LabelSmoothing\.amount must lie in \[0, 0\.5\]"):
        LabelSmoothing(NonSaturating(), amount)


@pytest.mark.parametrize("base", [NonSaturating(), Relativistic(Hinge()), GANQP(), BEGAN()], ids=str)
def test_discriminator_only_leaves_the_generator_a_zero_with_a_gradient(base):
    loss = DiscriminatorOnly(base)
    d_real, d_fake = D.clone(), D.flip(0).mul(0.5).requires_grad_()
    kept = loss.discriminator(d_real, d_fake, real=d_real, fake=d_fake)
    assert kept == base.discriminator(d_real, d_fake, real=d_real, fake=d_fake)
    zero = loss.generator(d_real, d_fake, real=d_real, fake=d_fake)
    (grad,) = torch.autograd.grad(zero, d_fake)
    assert zero.shape == ()
    assert zero.item() == 0.0
    assert (grad == 0).all()


def test_discriminator_only_wants_a_loss():
    with pytest.raises(TypeError, match=r"DiscriminatorOnly\.base must be an object such as"):
        DiscriminatorOnly(Hinge)
