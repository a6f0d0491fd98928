"""Multilayer perceptrons: their layers, their ranges, and that all of their parameters learn."""

import itertools

import pytest
import torch
from torch import nn

from evogan.nets import mlp, mlp_discriminator, mlp_generator


def kinds(net):
    return [type(layer).__name__ for layer in net]


def n_params(net):
    return sum(p.numel() for p in net.parameters())


def test_layers_stand_in_order():
    assert kinds(mlp([2, 8, 1])) == ["Linear", "Tanh", "Linear"]
    assert kinds(mlp([2, 1], output=nn.Sigmoid)) == ["Linear", "Sigmoid"]
    assert kinds(mlp([2, 3, 4, 1], activation=nn.ReLU)) == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert kinds(mlp([2, 3, 1], batch_norm=True, output=nn.Tanh)) == [
        "Linear",
        "BatchNorm1d",
        "Tanh",
        "Linear",
        "BatchNorm1d",
        "Tanh",
    ]
    assert [layer.weight.shape for layer in mlp([2, 8, 1]) if isinstance(layer, nn.Linear)] == [(8, 2), (1, 8)]


def test_default_generator_is_that_of_gmoea():
    assert kinds(mlp_generator(5, 3)) == [*["Linear", "BatchNorm1d", "Tanh"] * 2, "Linear", "BatchNorm1d", "Sigmoid"]
    assert kinds(mlp_generator(5, 3, hidden=[7], batch_norm=False)) == ["Linear", "Tanh", "Linear", "Sigmoid"]
    assert kinds(mlp_generator(5, 3, hidden=[], batch_norm=False)) == ["Linear", "Sigmoid"]


@pytest.mark.parametrize(("n_latent", "n_var", "hidden"), [(30, 30, None), (5, 8, None), (4, 6, [10]), (2, 3, [5, 7])])
def test_parameters_are_counted_by_formula(n_latent, n_var, hidden):
    sizes = [n_latent, *([n_var, n_var] if hidden is None else hidden), n_var]
    linear = sum(a * b + b for a, b in itertools.pairwise(sizes))
    assert n_params(mlp_generator(n_latent, n_var, hidden=hidden, batch_norm=False)) == linear
    assert n_params(mlp_generator(n_latent, n_var, hidden=hidden)) == linear + 2 * sum(sizes[1:])


def test_discriminator_of_30_variables_has_961_parameters():
    assert n_params(mlp_discriminator(30)) == 30 * 30 + 30 + 30 + 1
    assert kinds(mlp_discriminator(4, hidden=[6, 5])) == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert mlp_discriminator(4)(torch.zeros(9, 4)).shape == (9, 1)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_generated_points_lie_inside_the_unit_box(batch_norm):
    for seed in range(5):
        torch.manual_seed(seed)
        net = mlp_generator(3, 4, batch_norm=batch_norm)
        x = net(5 * torch.randn(50, 3))
        assert x.shape == (50, 4)
        assert x.min() > 0.0, f"seed {seed}"
        assert x.max() < 1.0, f"seed {seed}"


@pytest.mark.parametrize(
    "net",
    [mlp([4, 6, 5], batch_norm=True, output=nn.Sigmoid), mlp_generator(4, 5), mlp_discriminator(4, hidden=[6, 3])],
)
def test_every_parameter_gets_a_gradient(net):
    torch.manual_seed(0)
    (net(torch.randn(16, 4)) ** 3).sum().backward()
    for layer, following in itertools.pairwise([*net, None]):
        for name, p in layer.named_parameters():
            assert p.grad is not None, (layer, name)
            if name != "bias" or not isinstance(following, nn.BatchNorm1d):  # which takes that bias out again
                assert p.grad.abs().min() > 0, (layer, name)


def test_each_activation_is_a_module_of_its_own():
    net = mlp([2, 3, 3, 1])
    assert net[1] is not net[3]


@pytest.mark.parametrize("sizes", [[], [3]])
def test_too_few_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="sizes must hold at least an input and an output size"):
        mlp(sizes)


@pytest.mark.parametrize(("sizes", "name"), [([0, 2], r"sizes\[0\]"), ([2, -1], r"sizes\[1\]")])
def test_sizes_below_one_are_refused(sizes, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1"):
        mlp(sizes)


@pytest.mark.parametrize("size", [2.0, "2", True, None])
def test_sizes_that_are_no_integers_are_refused(size):
    with pytest.raises(TypeError, match=r"sizes\[1\] must be an integer"):
        mlp([3, size, 1])
