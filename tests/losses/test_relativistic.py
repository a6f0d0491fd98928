"""Relativistic losses by hand, blind to shifts of all logits, and with both terms in the generator."""

import math

import pytest
import torch

from evogan.losses import (
    FGAN,
    GANQP,
    KL,
    Hinge,
    LabelSmoothing,
    LeastSquares,
    Minimax,
    NonSaturating,
    Relativistic,
    RelativisticAverage,
    RolesSwapped,
    Wasserstein,
)

BASES = (NonSaturating(), Minimax(), Hinge(), LeastSquares(-1.0, 1.0), LeastSquares(), Wasserstein(), FGAN(KL()))
REAL, FAKE = [0.5, -1.5, 2.0, 3.0], [0.75, -2.0, 0.25, 1.0]


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def column(values):
    return torch.tensor(values, dtype=torch.float64).reshape(-1, 1)


def losses_of(loss, real=REAL, fake=FAKE):
    r, f = column(real), column(fake)
    return [function(r, f, real=r, fake=f).item() for function in (loss.discriminator, loss.generator)]


@pytest.mark.parametrize("base", [NonSaturating(), Minimax()])
def test_rsgan_is_softplus_of_the_difference(base):
    by_hand = [mean(softplus(s * (f - r)) for r, f in zip(REAL, FAKE, strict=True)) for s in (1, -1)]
    assert losses_of(Relativistic(base)) == pytest.approx(by_hand, rel=1e-14)


@pytest.mark.parametrize("logit", [-40.0, -1.0, 0.0, 1.0, 40.0])
def test_rsgan_at_large_differences(logit):
    value = losses_of(Relativistic(NonSaturating()), [logit], [0.0])
    assert value == pytest.approx([softplus(-logit), softplus(logit)], rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("base", "of_gap"),
    [
        (Hinge(), lambda gap: max(0.0, 1 - gap)),
        (LeastSquares(-1.0, 1.0), lambda gap: (gap - 1) ** 2 / 2),
        (Wasserstein(), lambda gap: -gap),
        # Not symmetric: the mean of both terms.
        (LeastSquares(0.0, 1.0), lambda gap: ((gap - 1) ** 2 + gap**2) / 4),
        (FGAN(KL()), lambda gap: (-gap + math.exp(-gap - 1)) / 2),
    ],
    ids=str,
)
def test_pairs_of_other_bases(base, of_gap):
    by_hand = [mean(of_gap(s * (r - f)) for r, f in zip(REAL, FAKE, strict=True)) for s in (1, -1)]
    assert losses_of(Relativistic(base)) == pytest.approx(by_hand, rel=1e-14)


@pytest.mark.parametrize(
    ("base", "of_real", "of_fake"),
    [
        (NonSaturating(), lambda d: softplus(-d), softplus),
        (Hinge(), lambda d: max(0.0, 1 - d), lambda d: max(0.0, 1 + d)),
        (LeastSquares(-1.0, 1.0), lambda d: (d - 1) ** 2 / 2, lambda d: (d + 1) ** 2 / 2),
    ],
    ids=str,
)
def test_averages_by_hand(base, of_real, of_fake):
    def by_hand(real, fake):
        return mean(of_real(r - mean(fake)) for r in real) + mean(of_fake(f - mean(real)) for f in fake)

    loss = RelativisticAverage(base)
    assert losses_of(loss) == pytest.approx([by_hand(REAL, FAKE), by_hand(FAKE, REAL)], rel=1e-14)
    assert losses_of(loss, REAL, FAKE[:1]) == pytest.approx([by_hand(REAL, FAKE[:1]), by_hand(FAKE[:1], REAL)])


@pytest.mark.parametrize("kind", [Relativistic, RelativisticAverage])
@pytest.mark.parametrize("base", BASES, ids=str)
def test_a_shift_of_all_logits_changes_nothing(kind, base):
    # Every logit is a multiple of 1/4 and the batch a power of 2: no rounding, so equality is exact.
    shifted = losses_of(kind(base), [r + 64 for r in REAL], [f + 64 for f in FAKE])
    assert shifted == losses_of(kind(base))
    assert losses_of(kind(base), [r + 1 for r in REAL], FAKE) != losses_of(kind(base))


@pytest.mark.parametrize("kind", [Relativistic, RelativisticAverage])
def test_a_longer_batch_is_cut_or_averaged(kind):
    shorter = losses_of(kind(NonSaturating()), REAL, FAKE[:2])
    cut = losses_of(kind(NonSaturating()), REAL[:2], FAKE[:2])
    assert (shorter == cut) == (kind is Relativistic)
    assert all(math.isfinite(value) for value in shorter)


def test_fake_logits_reach_the_generator_through_both_terms():
    r, f = column(REAL), column(FAKE).requires_grad_()
    (grad,) = torch.autograd.grad(RelativisticAverage(NonSaturating()).generator(r, f, real=r, fake=f), f)
    n = len(FAKE)
    # d/df_j of mean softplus(-(f_j - mean r)) + mean softplus(r_i - mean f): the second term comes with 1/n to each.
    sigmoid = lambda x: 1 / (1 + math.exp(-x))  # noqa: E731
    from_real = -mean(sigmoid(r - mean(FAKE)) for r in REAL) / n
    by_hand = [-sigmoid(-(f - mean(REAL))) / n + from_real for f in FAKE]
    assert grad.flatten().tolist() == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("kind", [Relativistic, RelativisticAverage])
def test_real_logits_carry_a_gradient_in_the_generator_too(kind):
    # For two-sided pairs, where the second player stands behind the real side as well.
    r, f = column(REAL).requires_grad_(), column(FAKE)
    (grad,) = torch.autograd.grad(kind(NonSaturating()).generator(r, f, real=r, fake=f), r)
    assert (grad > 0).all()


class Places:
    """A loss that tells its four arguments apart."""

    def discriminator(self, d_real, d_fake, *, real, fake):
        return (d_real + 10 * d_fake + 100 * real + 1000 * fake).sum()

    def generator(self, d_real, d_fake, *, real, fake):
        return -self.discriminator(d_real, d_fake, real=real, fake=fake)


def test_swapped_roles_exchange_logits_and_samples():
    one, two, three, four = (torch.tensor([float(x)]) for x in (1, 2, 3, 4))
    loss = RolesSwapped(Places())
    assert loss.discriminator(one, two, real=three, fake=four).item() == 4321.0
    assert loss.generator(one, two, real=three, fake=four).item() == 3412.0


def test_swapped_roles_of_the_logistic_loss_by_hand():
    # BiGAN's second player in its strong form: softplus(-f) + softplus(r), where the plain one is softplus(-f).
    generator = losses_of(RolesSwapped(NonSaturating()))[1]
    assert generator == pytest.approx(mean(map(softplus, [-f for f in FAKE])) + mean(map(softplus, REAL)), rel=1e-14)


@pytest.mark.parametrize("kind", [Relativistic, RelativisticAverage])
@pytest.mark.parametrize("base", [NonSaturating, "NonSaturating", GANQP()])
def test_only_separable_losses_are_bases(kind, base):
    with pytest.raises(TypeError, match=rf"{kind.__name__}\.base must be an object such as NonSaturating\(\)"):
        kind(base)


def test_roles_of_something_else_cannot_be_swapped():
    with pytest.raises(TypeError, match=r"RolesSwapped\.base must be an object such as"):
        RolesSwapped(Hinge)


def test_smoothed_labels_pass_through():
    loss = Relativistic(LabelSmoothing(NonSaturating(), 0.2))
    gap = 1.5
    by_hand = 0.5 * (0.8 * softplus(-gap) + 0.2 * softplus(gap) + softplus(-gap))
    assert losses_of(loss, [gap], [0.0])[0] == pytest.approx(by_hand, rel=1e-14)
