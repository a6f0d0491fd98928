"""Reconstruction terms by hand; zero for perfect copies and inverse maps."""

import pytest
import torch
from torch import nn

from evogan.losses import CycleConsistency, Identity, L1Reconstruction, NonSaturating, PerceptualContent, Step


def double(values):
    return torch.tensor(values, dtype=torch.float64)


def step_of(real, fake, G=None):
    return Step(G or nn.Identity(), nn.Identity(), NonSaturating(), real, fake, torch.zeros(2), torch.zeros(2), None)


class Scale(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


class Twins(nn.Module):
    def __init__(self, there, back):
        super().__init__()
        self.a_to_b, self.b_to_a = Scale(there), Scale(back)


A, B = double([[1.0, -2.0], [3.0, 0.0]]), double([[4.0, 1.0], [0.0, -1.0]])


def cycle_step(G):
    return step_of((A, B), (G.b_to_a(B), G.a_to_b(A)), G)


def test_l1_is_the_mean_over_all_entries():
    # |A - B| = 3, 3, 3, 1.
    assert L1Reconstruction().generator(step_of(A, B)).item() == pytest.approx(100 * 2.5, rel=1e-14)
    images = step_of(A.reshape(2, 1, 2, 1), B.reshape(2, 1, 2, 1))
    assert L1Reconstruction(2.0).generator(images).item() == pytest.approx(5.0, rel=1e-14)
    assert L1Reconstruction().generator(step_of(A, A.clone())).item() == 0.0


def test_inverse_maps_have_no_cycle_cost():
    assert CycleConsistency().generator(cycle_step(Twins(4.0, 0.25))).item() == 0.0
    assert CycleConsistency().generator(cycle_step(Twins(4.0, 0.5))).item() > 1.0


def test_cycle_and_identity_by_hand():
    step = cycle_step(Twins(2.0, 3.0))
    # mean |A| = mean |B| = 1.5; there and back multiplies by 6.
    assert CycleConsistency(10.0).generator(step).item() == pytest.approx(10 * (5 * 1.5 + 5 * 1.5), rel=1e-14)
    # a_to_b acts on B and doubles it, b_to_a acts on A and trebles it.
    assert Identity(5.0).generator(step).item() == pytest.approx(5 * (1 * 1.5 + 2 * 1.5), rel=1e-14)


def test_each_map_meets_its_own_domain():
    step = step_of((A, 0 * B), (0 * A, 2 * A), Twins(2.0, 0.25))
    # a: 0.25 * 2 A - A; b: 2 * 0 - 0.
    assert CycleConsistency(1.0).generator(step).item() == pytest.approx(0.5 * 1.5, rel=1e-14)
    # b_to_a(A) - A only, since b is zero.
    assert Identity(1.0).generator(step).item() == pytest.approx(0.75 * 1.5, rel=1e-14)


def test_maps_that_keep_everything_have_no_identity_cost():
    assert Identity().generator(cycle_step(Twins(1.0, 1.0))).item() == 0.0


def test_the_cycle_trains_both_maps():
    G = nn.Module()
    G.a_to_b, G.b_to_a = (nn.Linear(2, 2).double() for _ in range(2))
    for term in (CycleConsistency(), Identity()):
        grads = torch.autograd.grad(term.generator(cycle_step(G)), [G.a_to_b.weight, G.b_to_a.weight])
        assert all((grad != 0).any() for grad in grads)


@pytest.mark.parametrize("term", [CycleConsistency(), Identity()])
def test_twin_generators_and_pairs_are_needed(term):
    owner = type(term).__name__
    with pytest.raises(TypeError, match=f"{owner} needs a generator with parts a_to_b and b_to_a, got Identity"):
        term.generator(step_of((A, B), (A, B)))
    with pytest.raises(TypeError, match=rf"{owner} needs pairs \(a, b\) as real samples, got a Tensor"):
        term.generator(step_of(A, (A, B), Twins(1.0, 1.0)))
    with pytest.raises(TypeError, match=rf"{owner} needs pairs \(a, b\) as fake samples, got a Tensor"):
        term.generator(step_of((A, B), B, Twins(1.0, 1.0)))


def test_content_is_the_mean_squared_difference_of_features():
    step = step_of(A, B)
    # (A - B)^2 = 9, 9, 9, 1.
    assert PerceptualContent(Scale(3.0), weight=2.0).generator(step).item() == pytest.approx(2 * 9 * 7.0, rel=1e-14)
    assert PerceptualContent(nn.Identity()).generator(step).item() == pytest.approx(1000 * 7.0, rel=1e-14)
    assert PerceptualContent(Scale(3.0)).generator(step_of(A, A.clone())).item() == 0.0
    # Equal features of unequal samples cost nothing.
    assert PerceptualContent(Scale(0.0)).generator(step).item() == 0.0


def test_the_feature_network_stays_fixed_and_passes_gradients_on():
    features = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).double()
    term = PerceptualContent(features)
    frozen = {name: value.clone() for name, value in term.features.state_dict().items()}
    fake = B.clone().requires_grad_()
    first = term.generator(step_of(A, fake))
    (grad,) = torch.autograd.grad(first, fake)
    assert (grad != 0).all()
    assert not any(p.requires_grad for p in term.features.parameters())
    # Neither a step nor what happens to the network that was given changes it.
    with torch.no_grad():
        features[0].weight.zero_()
    features(A)
    assert all(torch.equal(value, frozen[name]) for name, value in term.features.state_dict().items())
    assert term.generator(step_of(A, fake)) == first
    assert features.training
    assert all(p.requires_grad for p in features.parameters())


@pytest.mark.parametrize("term", [L1Reconstruction(), PerceptualContent(nn.Identity())], ids=["l1", "content"])
def test_samples_must_correspond(term):
    with pytest.raises(ValueError, match=rf"{type(term).__name__} needs fake samples shaped like real ones, got"):
        term.generator(step_of(A, B[:1]))


@pytest.mark.parametrize("kind", [L1Reconstruction, CycleConsistency, Identity])
def test_negative_weights_are_refused(kind):
    with pytest.raises(ValueError, match=rf"{kind.__name__}\.weight must lie in"):
        kind(-1.0)


def test_default_weights_are_the_papers():
    assert (L1Reconstruction().weight, CycleConsistency().weight, Identity().weight) == (100.0, 10.0, 5.0)


def test_content_needs_a_network():
    with pytest.raises(TypeError, match=r"PerceptualContent\.features must be an object such as"):
        PerceptualContent(nn.Identity)
    with pytest.raises(ValueError, match=r"PerceptualContent\.weight must lie in"):
        PerceptualContent(nn.Identity(), weight=-1.0)
