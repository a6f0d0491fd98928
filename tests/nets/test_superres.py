"""The super-resolution network: its factor, its skip connection, its one input."""

import pytest
import torch
from torch import nn

from evogan.nets import SuperResolver


@pytest.mark.parametrize(("factor", "n_shuffles"), [(2, 1), (4, 2), (8, 3)])
def test_sides_grow_by_the_factor(factor, n_shuffles):
    torch.manual_seed(0)
    net = SuperResolver(3, factor=factor, width=4, n_blocks=1)
    x = net(None, torch.randn(2, 3, 4, 5))
    assert x.shape == (2, 3, 4 * factor, 5 * factor)
    assert x.abs().max() <= 1
    assert sum(isinstance(layer, nn.PixelShuffle) for layer in net.modules()) == n_shuffles


def test_a_pixel_is_enlarged_where_it_was():
    torch.manual_seed(0)
    net = SuperResolver(1, factor=2, width=4, n_blocks=0).eval()
    x = torch.zeros(1, 1, 32, 32, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(None, x)[0, 0, 32, 32], x)
    for axis in (0, 1):
        seen = gradient[0, 0].abs().amax(axis).nonzero().flatten()
        assert seen.min() == 16 - 8 and seen.max() == 16 + 8  # 9x9, 3x3, 3x3, and 9x9 at twice the resolution


def test_blocks_and_body_stand_beside_an_identity():
    torch.manual_seed(0)
    net = SuperResolver(1, width=4, n_blocks=2)
    x = torch.randn(2, 1, 4, 4)
    assert not torch.equal(net(None, x), net.up(net.first(x)))
    for block in list(net.body)[:-2]:
        nn.init.zeros_(block.layers[-1].weight)
        features = torch.randn(2, 4, 4, 4)
        assert torch.equal(block(features), features)
    nn.init.zeros_(net.body[-1].weight)
    assert torch.equal(net(None, x), net.up(net.first(x)))


def test_the_latent_is_ignored_and_the_condition_is_not():
    torch.manual_seed(0)
    net = SuperResolver(1, width=4, n_blocks=1).eval()
    x = torch.randn(2, 1, 4, 4)
    assert torch.equal(net(None, x), net(torch.randn(2, 7), x))
    assert (net(None, x) - net(None, -x)).abs().max() > 1e-3


def test_every_parameter_gets_a_gradient_and_eps_is_small():
    torch.manual_seed(0)
    net = SuperResolver(2, factor=4, width=4, n_blocks=2)
    net(None, torch.randn(3, 2, 4, 4)).pow(3).sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.abs().max() > 0, name
    assert all(layer.eps <= 1e-2 for layer in net.modules() if hasattr(layer, "eps"))


def test_other_factors_and_shapes_are_refused():
    for factor, message in [(3, "factor must be a power of two such as 2 or 4, got 3"), (1, "factor must be at least")]:
        with pytest.raises(ValueError, match=message):
            SuperResolver(1, factor=factor)
    with pytest.raises(ValueError, match=r"condition must be images of shape \(n, 1, h, w\), got shape \(2, 3, 4, 4\)"):
        SuperResolver(1)(None, torch.zeros(2, 3, 4, 4))
