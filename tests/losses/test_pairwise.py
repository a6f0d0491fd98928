"""GAN-QP: the quadratic of each pair, its minimum, and the distances it uses."""

import math

import pytest
import torch

from evogan.losses import GANQP, mean_l1, mean_l2


def double(values):
    return torch.tensor(values, dtype=torch.float64)


# Two pairs of samples (n, 3) at mean absolute distances 1 and 0.25.
REAL = double([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
FAKE = double([[2.0, 1.0, 2.0], [0.5, -0.25, 0.0]])
DISTANCES = [1.0, 0.25]


def discriminator(loss, gaps, real=REAL, fake=FAKE):
    d = double(gaps) if isinstance(gaps, list) else gaps
    return loss.discriminator(d + 7, torch.full_like(d, 7.0), real=real, fake=fake)


def test_both_losses_by_hand():
    gaps = [3.0, -0.5]
    by_hand = sum(-g + g * g / (2 * 10 * d) for g, d in zip(gaps, DISTANCES, strict=True)) / 2
    assert discriminator(GANQP(), gaps).item() == pytest.approx(by_hand, rel=1e-14)
    d_real, d_fake = double([4.0, 1.5]), double([1.0, 2.0])
    assert GANQP().generator(d_real, d_fake, real=REAL, fake=FAKE).item() == pytest.approx(1.25, rel=1e-14)


@pytest.mark.parametrize("logit", [-40.0, -1.0, 0.0, 1.0, 40.0])
def test_values_and_slopes_at_large_differences(logit):
    d = double([logit]).requires_grad_()
    value = discriminator(GANQP(weight=2.0), d, REAL[1:], FAKE[1:])
    (grad,) = torch.autograd.grad(value, d)
    assert value.item() == pytest.approx(-logit + logit**2, rel=1e-14)
    assert grad.item() == pytest.approx(-1 + 2 * logit, rel=1e-14)


@pytest.mark.parametrize("weight", [0.5, 10.0])
@pytest.mark.parametrize("distance", [mean_l1, mean_l2])
def test_the_best_difference_is_weight_times_distance(weight, distance):
    loss = GANQP(weight, distance)
    best = (weight * distance(REAL, FAKE)).requires_grad_()
    value = discriminator(loss, best)
    (grad,) = torch.autograd.grad(value, best)
    assert grad.tolist() == pytest.approx([0.0, 0.0], abs=1e-14)
    assert value.item() == pytest.approx(-best.mean().item() / 2, rel=1e-14)
    assert discriminator(loss, best + 0.01) > value < discriminator(loss, best - 0.01)


def test_distances_are_means_over_a_samples_entries():
    assert mean_l1(REAL, FAKE).tolist() == pytest.approx(DISTANCES, rel=1e-14)
    assert mean_l2(REAL, FAKE).tolist() == pytest.approx([1.0, math.sqrt((0.25 + 0.0625) / 3)], rel=1e-14)
    for distance in (mean_l1, mean_l2):
        as_images = distance(REAL.reshape(2, 3, 1, 1), FAKE.reshape(2, 3, 1, 1))
        assert torch.equal(as_images, distance(REAL, FAKE))
        one_column = distance(REAL[:, 0], FAKE[:, 0])
        assert one_column.tolist() == [1.0, 0.5]


@pytest.mark.parametrize("distance", [mean_l1, mean_l2])
def test_distances_of_tuples_add_up(distance):
    first, second = distance(REAL, FAKE), distance(REAL[:, :1], FAKE[:, :1])
    assert torch.equal(distance((REAL, REAL[:, :1]), (FAKE, FAKE[:, :1])), first + second)
    with pytest.raises(ValueError, match="shorter"):
        distance((REAL, REAL), (FAKE,))


def test_tuples_of_samples_are_cut_like_tensors():
    pairs = discriminator(GANQP(), [3.0], (REAL, REAL[:, :1]), (FAKE, FAKE[:, :1]))
    assert pairs.item() == pytest.approx(-3.0 + 9.0 / (20 * 2.0), rel=1e-14)


def test_a_longer_batch_is_cut_to_the_shorter():
    d = double([3.0, -0.5])
    whole = GANQP().discriminator(d[:1], d[:1] * 0, real=REAL[:1], fake=FAKE[:1])
    assert GANQP().discriminator(d, d[:1] * 0, real=REAL, fake=FAKE[:1]) == whole
    assert GANQP().discriminator(d[:1], d * 0, real=REAL[:1], fake=FAKE) == whole
    assert GANQP().generator(d, d[:1] * 0, real=REAL, fake=FAKE[:1]).item() == 3.0


def test_several_logits_of_a_sample_are_averaged_first():
    d = double([3.0, -0.5])
    patches = d.reshape(2, 1, 1, 1) + double([[-1.0, 1.0], [2.0, -2.0]]).reshape(1, 1, 2, 2)
    for function in (GANQP().discriminator, GANQP().generator):
        expected = function(d, 0 * d, real=REAL, fake=FAKE)
        for shaped in (d.reshape(2, 1), patches):
            assert function(shaped, 0 * shaped, real=REAL, fake=FAKE).item() == pytest.approx(expected.item())


def test_an_equal_pair_costs_what_a_distance_of_a_millionth_costs():
    value = discriminator(GANQP(), [0.002], REAL[:1], REAL[:1])
    assert value.item() == pytest.approx(-0.002 + 0.002**2 / (20 * 1e-6), rel=1e-12)


def test_samples_get_no_gradient_through_the_distance():
    fake = REAL.clone().requires_grad_()  # equal samples: the slope of mean_l2 there is infinite
    d = double([1.0, 2.0]).requires_grad_()
    value = GANQP(distance=mean_l2).discriminator(d, d * 0, real=REAL, fake=fake)
    of_d, of_fake = torch.autograd.grad(value, [d, fake], allow_unused=True)
    assert of_fake is None
    assert of_d.isfinite().all()


@pytest.mark.parametrize(
    ("weight", "error"), [(0.0, ValueError), (-1.0, ValueError), (math.nan, ValueError), ("1", TypeError)]
)
def test_bad_weights_are_refused(weight, error):
    with pytest.raises(error, match=r"GANQP\.weight must"):
        GANQP(weight)


def test_a_distance_is_no_name():
    with pytest.raises(TypeError, match=r"GANQP\.distance must be a function such as mean_l1, got 'l1'"):
        GANQP(distance="l1")
