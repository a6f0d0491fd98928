"""Weight clipping, spectral normalization and the scale it needs."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import weight_norm

from evogan.nets import mlp
from evogan.regularizers import Scaled, WeightClipping, spectral_normalize


def test_clipping_bounds_every_parameter_and_spares_the_small():
    torch.manual_seed(0)
    D = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
    before = [p.detach().clone() for p in D.parameters()]
    WeightClipping(0.1)(D)
    for old, new in zip(before, D.parameters(), strict=True):
        assert torch.equal(new, old.clamp(-0.1, 0.1))
        assert new.requires_grad
    assert max(p.abs().max().item() for p in D.parameters()) == pytest.approx(0.1)


def test_a_bound_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"WeightClipping.bound must lie in \(0, inf\]"):
        WeightClipping(0.0)


def everything():
    return nn.ModuleDict(
        {
            "linear": nn.Linear(12, 7),
            "conv": nn.Conv2d(3, 5, 3),
            "up": nn.ConvTranspose2d(4, 3, 4, stride=2),
            "line": nn.Conv1d(2, 3, 3),
            "classes": nn.Embedding(6, 4),
            "norm": nn.BatchNorm2d(5),
        }
    )


INPUTS = {
    "linear": torch.ones(2, 12),
    "conv": torch.ones(2, 3, 5, 5),
    "up": torch.ones(2, 4, 3, 3),
    "line": torch.ones(2, 2, 5),
    "classes": torch.tensor([0, 5]),
}


def test_largest_singular_values_approach_one():
    torch.manual_seed(0)
    net = spectral_normalize(everything())
    with torch.no_grad():
        for name, x in INPUTS.items():
            for p in net[name].parameters():
                p.mul_(3.0) if p.dim() > 1 else None  # whatever the weight's scale
            for _ in range(25):
                net[name](x)
    net.eval()
    for name in INPUTS:
        weight = net[name].weight
        matrix = weight.transpose(0, 1).flatten(1) if name == "up" else weight.flatten(1)
        assert torch.linalg.matrix_norm(matrix, 2).item() == pytest.approx(1.0, abs=0.02), name
    assert not parametrize.is_parametrized(net["norm"])


def test_a_normalised_critic_of_leaky_units_has_slope_at_most_one():
    torch.manual_seed(1)
    D = spectral_normalize(mlp([3, 64, 64, 1], activation=lambda: nn.LeakyReLU(0.2)))
    x, y = 4 * torch.randn(2000, 3), 4 * torch.randn(2000, 3)
    with torch.no_grad():
        for _ in range(25):
            D(x)
        D.eval()
        slope = ((D(x) - D(y)).squeeze(1).abs() / (x - y).norm(dim=1)).max().item()
        many = Scaled(D, 10.0, center=2.0)
        ten = ((many(x) - many(y)).squeeze(1).abs() / (x - y).norm(dim=1)).max().item()
    assert 0.02 < slope <= 1.02
    assert 5 * slope < ten <= 10.2


def test_no_layer_is_normalised_twice():
    net = spectral_normalize(spectral_normalize(everything()))
    assert all(len(net[name].parametrizations["weight"]) == 1 for name in INPUTS)
    grown = nn.Sequential(net, nn.Linear(2, 2))
    spectral_normalize(grown)
    assert len(grown[1].parametrizations["weight"]) == 1
    assert all(len(net[name].parametrizations["weight"]) == 1 for name in INPUTS)


def test_another_parametrization_does_not_count_as_normalised():
    layer = spectral_normalize(weight_norm(nn.Linear(6, 5)))
    assert len(layer.parametrizations["weight"]) == 2
    assert torch.linalg.matrix_norm(layer.eval().weight, 2).item() == pytest.approx(1.0, abs=0.05)


def test_the_same_net_comes_back_and_trains():
    net = mlp([3, 8, 1])
    assert spectral_normalize(net, n_power_iterations=2) is net
    grads = torch.autograd.grad(net(torch.rand(5, 3)).sum(), list(net.parameters()))
    assert all(grad.abs().max() > 0 for grad in grads)


def test_copies_are_equal_and_apart():
    torch.manual_seed(0)
    net = spectral_normalize(mlp([3, 8, 1]))
    twin, x = copy.deepcopy(net), torch.rand(5, 3)
    assert torch.equal(twin.eval()(x), net.eval()(x))
    before = net(x)
    with torch.no_grad():
        for p in twin.parameters():
            p.add_(0.3)
    assert torch.equal(net(x), before)
    assert not torch.equal(twin(x), before)


def test_evaluation_mode_gives_the_same_answer_twice_and_training_mode_does_not():
    torch.manual_seed(0)
    net, x = spectral_normalize(mlp([30, 40, 1])), torch.rand(5, 30)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(torch.randn_like(p))  # as after an optimizer's step
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_scaling_moves_and_stretches_what_the_net_sees():
    seen = []

    class Spy(nn.Module):
        def forward(self, *inputs):
            seen.append(inputs)
            return inputs[0]

    x, label = torch.tensor([[0.5, 1.0]]), torch.tensor([3])
    Scaled(Spy(), 8.0, center=0.5)(x, label)
    torch.testing.assert_close(seen[0][0], torch.tensor([[0.0, 4.0]]))
    assert seen[0][1] is label
    Scaled(Spy(), 2.0)((x, 3 * x))
    torch.testing.assert_close(seen[1][0], (2 * x, 6 * x))


@pytest.mark.parametrize("factor", [0.0, -1.0, float("inf")])
def test_bad_factors_are_refused(factor):
    with pytest.raises(ValueError, match=r"Scaled\.factor must lie in"):
        Scaled(nn.Identity(), factor)


def test_power_iterations_are_counted_from_one():
    with pytest.raises(ValueError, match="n_power_iterations must be at least 1, got 0"):
        spectral_normalize(nn.Linear(2, 2), n_power_iterations=0)
