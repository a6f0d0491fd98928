"""Elite, poor and fake solutions in one discriminator loss: each averaged by itself, then weighted."""

import dataclasses
import math

import pytest
import torch

from evogan.losses import (
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    SourceWeights,
    Wasserstein,
    weighted_discriminator_loss,
)

REAL, POOR, FAKE = [0.5, -1.5, 2.0], [-0.25, 1.25], [0.75, -2.0, 0.1, -0.4, 3.0]


def weighted(loss, weights):
    tensors = {
        name: torch.tensor(values, dtype=torch.float64).reshape(-1, 1)
        for name, values in (("real", REAL), ("poor", POOR), ("fake", FAKE))
    }
    logits = {f"d_{name}": values for name, values in tensors.items()}
    return weighted_discriminator_loss(loss, weights, **logits, **tensors).item()


def mean(values):
    return math.fsum(values) / len(values)


def log_d(x):
    return -math.log1p(math.exp(-x))


@pytest.mark.parametrize(("elite", "poor", "fake"), [(1, 1, 1), (0.1, 0.9, 1.0), (1.0, 0.5, 0.5), (2.0, 0.0, 0.3)])
def test_sources_of_other_lengths_are_averaged_each_by_itself(elite, poor, fake):
    # With weights of 1 this is eq. 10: E log D(real) + E log(1 - D(poor)) + E log(1 - D(G(z))), negated.
    by_hand = -(
        elite * mean([log_d(x) for x in REAL])
        + poor * mean([log_d(-x) for x in POOR])
        + fake * mean([log_d(-x) for x in FAKE])
    )
    for loss in (Minimax(), NonSaturating()):
        assert weighted(loss, SourceWeights(elite, poor, fake)) == pytest.approx(by_hand, rel=1e-12)


def test_labels_of_least_squares_reach_all_three_sources():
    by_hand = (
        0.1 * mean([(x - 2) ** 2 / 2 for x in REAL])
        + 0.9 * mean([(x + 1) ** 2 / 2 for x in POOR])
        + 1.0 * mean([(x + 1) ** 2 / 2 for x in FAKE])
    )
    loss = LeastSquares(a=-1.0, b=2.0, c=0.0)
    assert weighted(loss, SourceWeights(0.1, 0.9, 1.0)) == pytest.approx(by_hand, rel=1e-12)


def test_default_weights_count_negatives_as_much_as_elites():
    assert dataclasses.astuple(SourceWeights()) == (1.0, 0.5, 0.5)
    assert weighted(Wasserstein(), SourceWeights()) == pytest.approx(-mean(REAL) + (mean(POOR) + mean(FAKE)) / 2)


class Paired:
    """Not separable: it needs the real logits together with the fake ones, and the samples behind them."""

    def discriminator(self, d_real, d_fake, *, real, fake):
        return torch.nn.functional.softplus(d_fake.mean() - d_real.mean()) + real.mean() * fake.mean()

    def generator(self, d_real, d_fake, *, real, fake):
        return torch.nn.functional.softplus(d_real.mean() - d_fake.mean())


def test_a_paired_loss_is_contrasted_with_poor_and_with_fake_in_turn():
    r, p, f = mean(REAL), mean(POOR), mean(FAKE)
    against_poor = math.log1p(math.exp(p - r)) + r * p
    against_fake = math.log1p(math.exp(f - r)) + r * f
    value = weighted(Paired(), SourceWeights(2.0, 0.3, 0.7))
    assert value == pytest.approx(2.0 * (0.3 * against_poor + 0.7 * against_fake), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"elite": 0.0}, "weights.elite"),
        ({"elite": -1.0}, "weights.elite"),
        ({"poor": -0.1}, "weights.poor"),
        ({"fake": 0.0}, "weights.fake"),
        ({"fake": math.nan}, "weights.fake"),
        ({"poor": math.inf}, "weights.poor"),
    ],
)
def test_bad_weights_are_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=f"{name} must lie in"):
        SourceWeights(**arguments)


@pytest.mark.parametrize("value", ["1", None, True])
def test_weights_of_another_kind_are_refused_by_name(value):
    with pytest.raises(TypeError, match=r"weights\.elite must be a number"):
        SourceWeights(elite=value)


def test_weights_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SourceWeights().elite = 2.0


def test_unbalanced_weights_are_refused_for_a_critic_that_could_shift_its_logits():
    with pytest.raises(ValueError, match=r"weights must balance .*Wasserstein.*elite=1, poor=1, fake=1"):
        SourceWeights(1, 1, 1).check_with(Wasserstein())


@pytest.mark.parametrize("weights", [SourceWeights(), SourceWeights(3.0, 2.9, 0.1), SourceWeights(0.3, 0.1, 0.2)])
def test_balanced_weights_are_accepted_and_make_the_loss_blind_to_shifts(weights):
    weights.check_with(Wasserstein())
    one, zero = torch.ones(4, 1, dtype=torch.float64), torch.zeros(4, 1)
    samples = {"real": zero, "poor": zero, "fake": zero}
    shifted = weighted_discriminator_loss(Wasserstein(), weights, d_real=one, d_poor=one, d_fake=one, **samples)
    assert shifted.item() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating(), LeastSquares(), Hinge(), Paired()])
def test_other_losses_take_any_weights(loss):
    SourceWeights(1, 1, 1).check_with(loss)
    assert not getattr(loss, "shift_invariant", False)
