"""The U-Net: its levels, its skip connections, and the dropout that is its noise."""

import pytest
import torch
from torch import nn

from evogan.nets import UNet


def n_params(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(("size", "millions"), [(256, 54.408), (64, 29.238)])
def test_parameters_are_those_of_the_official_network(size, millions):
    """Grey images; the official code prints these numbers, and has 576 biases fewer (first layer and bottleneck)."""
    with torch.device("meta"):
        net = UNet(1, 1, size=size, width=64)
    assert round((n_params(net) - 576) / 1e6, 3) == millions


@pytest.mark.parametrize(("size", "n_levels", "n_noisy"), [(8, 3, 2), (16, 4, 3), (32, 5, 3)])
def test_levels_reach_one_pixel_and_the_image_keeps_its_size(size, n_levels, n_noisy):
    torch.manual_seed(0)
    net = UNet(2, 3, size=size, width=4)
    sides = []
    for down in net.down:
        down.register_forward_hook(lambda _m, _x, out: sides.append(out.shape[-1]))
    x = net(None, torch.randn(2, 2, size, size))
    assert x.shape == (2, 3, size, size)
    assert x.abs().max() < 1
    assert sides == [size // 2**i for i in range(1, n_levels + 1)] and sides[-1] == 1
    assert net.n_noisy == n_noisy
    assert [up[1].out_channels for up in net.up][-2:] == [4, 3]


def cut(net, levels):
    """Let the decoder blocks of these levels, innermost first, put out zeros."""
    for level in levels:
        nn.init.zeros_(net.up[level][2].weight)


def test_every_skip_connection_carries_the_condition_past_the_bottleneck():
    torch.manual_seed(0)
    x = torch.randn(1, 1, 16, 16)
    for n_cut in (1, 2, 3):  # the next block then sees nothing but its skip
        net = UNet(1, 1, size=16, width=4, dropout=0.0)
        cut(net, range(n_cut))
        assert (net(None, x) - net(None, -x)).abs().max() > 1e-4, n_cut
    nn.init.zeros_(net.up[3][1].weight[4:])  # the channels of the outermost skip come second
    assert torch.equal(net(None, x), net(None, -x))


def test_the_outermost_skip_is_local_and_the_bottleneck_is_not():
    torch.manual_seed(0)
    x = torch.randn(1, 1, 32, 32, requires_grad=True)
    net = UNet(1, 1, size=32, width=4, dropout=0.0)
    (whole,) = torch.autograd.grad(net(None, x)[0, 0, 16, 16], x)
    assert (whole != 0).all()
    cut(net, range(4))
    (local,) = torch.autograd.grad(net(None, x)[0, 0, 16, 16], x)
    rows = local[0, 0].abs().amax(1).nonzero().flatten()
    assert rows.min() == 13 and rows.max() == 18  # two 4x4 windows of stride 2


def test_the_latent_is_ignored_and_the_condition_is_not():
    torch.manual_seed(0)
    net = UNet(1, 1, size=8, width=4, dropout=0.0)
    x = torch.randn(2, 1, 8, 8)
    assert torch.equal(net(None, x), net(torch.randn(2, 5), x))
    assert (net(None, x) - net(None, x.flip(3))).abs().max() > 1e-4


def test_dropout_stays_on_when_testing_unless_told_otherwise():
    torch.manual_seed(0)
    x = torch.randn(1, 1, 16, 16)
    net = UNet(1, 1, size=16, width=4).eval()
    assert not torch.equal(net(None, x), net(None, x))
    net.test_dropout = False
    assert torch.equal(net(None, x), net(None, x))
    assert not torch.equal(net.train()(None, x), net(None, x))
    still = UNet(1, 1, size=16, width=4, dropout=0.0)
    assert torch.equal(still(None, x), still(None, x))


def test_batch_mates_do_not_matter():
    torch.manual_seed(0)
    net = UNet(1, 1, size=8, width=4, dropout=0.0)
    x = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(net(None, x)[:1], net(None, x[:1]))


def test_every_parameter_gets_a_gradient_and_eps_is_small():
    torch.manual_seed(0)
    net = UNet(2, 1, size=16, width=4, dropout=0.0)
    (net(None, torch.randn(4, 2, 16, 16)) ** 3).sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.abs().max() > 0, name
    assert all(layer.eps <= 1e-2 for layer in net.modules() if hasattr(layer, "eps"))


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (2, 1, 16, 16), (2, 1, 8, 16), (1, 8, 8), (2,)])
def test_other_conditions_are_refused(shape):
    with pytest.raises(ValueError, match=r"condition must be images of shape \(n, 1, 8, 8\), got shape \("):
        UNet(1, 1, size=8)(None, torch.zeros(shape))


def test_a_missing_condition_and_bad_sizes_are_refused():
    with pytest.raises(ValueError, match=r"condition must be images .* got NoneType"):
        UNet(1, 1, size=8)(None, None)
    with pytest.raises(ValueError, match="size must be a power of two such as 16 or 32, got 28"):
        UNet(1, 1, size=28)
    with pytest.raises(ValueError, match="size must be at least 8, got 4"):
        UNet(1, 1, size=4)
    with pytest.raises(TypeError, match="test_dropout must be True or False"):
        UNet(1, 1, size=8, test_dropout=0.5)
