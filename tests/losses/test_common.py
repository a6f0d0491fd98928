"""What every newer loss must do, whatever its formula: gradients, shapes, large logits, copies."""

import copy
import pickle

import pytest
import torch

from evogan.losses import (
    BEGAN,
    FGAN,
    GANQP,
    KL,
    AdversarialLoss,
    DiscriminatorOnly,
    GANDivergence,
    Hellinger,
    Hinge,
    Jeffreys,
    JensenShannon,
    LabelSmoothing,
    LeastSquares,
    Neyman,
    NonSaturating,
    Pearson,
    Relativistic,
    RelativisticAverage,
    ReverseKL,
    RolesSwapped,
    Wasserstein,
    mean_l2,
)

DIVERGENCES = (KL(), ReverseKL(), Pearson(), Neyman(), Hellinger(), Jeffreys(), JensenShannon(), GANDivergence())
BASES = (NonSaturating(), Hinge(), LeastSquares(-1.0, 1.0), Wasserstein())


def running_began():
    loss = BEGAN(0.7)
    loss.k.fill_(0.3)
    return loss


LOSSES = (
    *(FGAN(divergence, flag) for divergence in DIVERGENCES for flag in (False, True)),
    *(Relativistic(base) for base in BASES),
    *(RelativisticAverage(base) for base in BASES),
    *(LabelSmoothing(base) for base in BASES[:-1]),
    RolesSwapped(NonSaturating()),
    DiscriminatorOnly(Hinge()),
    GANQP(),
    GANQP(2.0, mean_l2),
    running_began(),
)


def name(loss):
    return repr(loss).replace("()", "")[:60]


def functions(loss, d_real, d_fake):
    """Return both losses with samples (n, 3) that depend on their number alone."""
    real = torch.linspace(0, 1, 3 * len(d_real), dtype=d_real.dtype).reshape(-1, 3)
    fake = 1 - torch.linspace(0, 1, 3 * len(d_fake), dtype=d_real.dtype).reshape(-1, 3) ** 2
    return [f(d_real, d_fake, real=real, fake=fake) for f in (loss.discriminator, loss.generator)]


def logits(n, seed, scale=2.0):
    rng = torch.Generator().manual_seed(seed)
    return [scale * torch.randn(n, generator=rng, dtype=torch.float64) for _ in range(2)]


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_gradients_equal_finite_differences(loss):
    d_real, d_fake = logits(6, seed=1)
    inputs = (d_real.requires_grad_(), d_fake.requires_grad_())
    for i in (0, 1):
        scalar = lambda a, b, i=i: functions(loss, a, b)[i] + 0 * (a.sum() + b.sum())  # noqa: E731
        assert torch.autograd.gradcheck(scalar, inputs, atol=1e-7)


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_the_shape_of_logits_does_not_matter(loss):
    d_real, d_fake = logits(24, seed=2)
    flat = functions(loss, d_real, d_fake)
    assert [value.shape for value in flat] == [(), ()]
    column = functions(loss, d_real.unsqueeze(1), d_fake.unsqueeze(1))
    assert [v.item() for v in column] == pytest.approx([v.item() for v in flat], rel=1e-12)
    # Patches that agree are one logit.
    maps = functions(
        loss, d_real.reshape(-1, 1, 1, 1).expand(-1, 1, 3, 2), d_fake.reshape(-1, 1, 1, 1).expand(-1, 1, 3, 2)
    )
    assert [v.item() for v in maps] == pytest.approx([v.item() for v in flat], rel=1e-12)


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if not isinstance(loss, GANQP)], ids=name)
def test_patches_count_like_samples(loss):
    d_real, d_fake = logits(24, seed=3)
    flat = functions(loss, d_real, d_fake)
    maps = functions(loss, d_real.reshape(4, 1, 3, 2), d_fake.reshape(4, 1, 3, 2))
    assert [v.item() for v in maps] == pytest.approx([v.item() for v in flat], rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_logits_of_40_give_finite_values_and_gradients_in_float32(loss):
    for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        # Apart by 40 too, where a loss looks at differences.
        d_real, d_fake = (torch.tensor([s * 40.0, 0.0, s * 20.0], requires_grad=True) for s in signs)
        for value in functions(loss, d_real, d_fake):
            grads = torch.autograd.grad(value, [d_real, d_fake], allow_unused=True)
            assert value.isfinite()
            assert all(grad.isfinite().all() for grad in grads if grad is not None)


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if not isinstance(loss, BEGAN | DiscriminatorOnly)], ids=name)
def test_a_better_discriminator_has_the_lower_loss_and_a_worse_generator(loss):
    right, wrong = torch.full((4,), 0.5, dtype=torch.float64), torch.full((4,), -0.5, dtype=torch.float64)
    good, bad = functions(loss, right, wrong), functions(loss, wrong, right)
    assert good[0] < bad[0]
    assert good[1] > bad[1]


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_copies_and_pickles_compute_the_same(loss):
    assert isinstance(loss, AdversarialLoss)
    d_real, d_fake = logits(5, seed=4)
    expected = functions(loss, d_real, d_fake)
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert functions(twin, d_real, d_fake) == expected
        if not isinstance(loss, BEGAN):
            assert twin == loss
            assert hash(twin) == hash(loss)
