"""Equalized learning rate: stored weights of variance 1, the scale at run time, variances kept; and pixel norm."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evogan.nets import EqualizedConv2d, EqualizedLinear, PixelNorm


def test_stored_weights_have_variance_one_whatever_the_size():
    torch.manual_seed(0)
    for layer in (EqualizedLinear(400, 100), EqualizedLinear(100, 400), EqualizedConv2d(20, 200, 3)):
        assert layer.weight.var().item() == pytest.approx(1.0, abs=0.05)  # the standard error is 0.0075
        assert layer.weight.mean().item() == pytest.approx(0.0, abs=0.03)
        assert torch.equal(layer.bias, torch.zeros_like(layer.bias))


def test_the_scale_is_that_of_he_and_acts_at_run_time():
    x = torch.arange(8.0).view(2, 4)
    linear = EqualizedLinear(4, 1)
    with torch.no_grad():
        linear.weight.fill_(1.0)
        linear.bias.fill_(5.0)
    torch.testing.assert_close(linear(x), x.sum(1, keepdim=True) * math.sqrt(2 / 4) + 5)
    with torch.no_grad():
        linear.weight.fill_(2.0)  # the factor follows the weight of the moment
    torch.testing.assert_close(linear(x), x.sum(1, keepdim=True) * 2 * math.sqrt(2 / 4) + 5)
    conv = EqualizedConv2d(2, 3, 3, gain=1.0)
    torch.testing.assert_close(conv.effective()[0], conv.weight / math.sqrt(2 * 9))
    image = torch.randn(2, 2, 5, 5)
    torch.testing.assert_close(conv(image), F.conv2d(image, conv.weight / math.sqrt(18), conv.bias, padding=1))


def test_variance_passes_through_rectified_and_linear_layers():
    torch.manual_seed(0)
    linear = EqualizedLinear(256, 512, gain=1.0)
    assert linear(torch.randn(400, 256)).var().item() == pytest.approx(1.0, abs=0.05)
    rectified = nn.Sequential(EqualizedLinear(256, 512), nn.ReLU())
    assert rectified(torch.randn(400, 256)).square().mean().item() == pytest.approx(1.0, abs=0.05)
    conv = EqualizedConv2d(64, 64, 3, padding=0)
    assert conv(torch.randn(8, 64, 16, 16)).var().item() == pytest.approx(2.0, abs=0.1)


def test_lr_multiplier_scales_steps_but_not_the_function_at_first():
    torch.manual_seed(1)
    plain = EqualizedLinear(6, 4)
    torch.manual_seed(1)
    slow = EqualizedLinear(6, 4, lr_multiplier=0.01)
    assert slow.scale == pytest.approx(0.01 * plain.scale)
    torch.testing.assert_close(slow.weight, 100 * plain.weight)
    x = torch.randn(5, 6)
    torch.testing.assert_close(slow(x), plain(x))
    moved = []
    for layer in (plain, slow):
        before = [part.detach().clone() for part in layer.effective()]
        layer(x).square().sum().backward()
        torch.optim.Adam(layer.parameters(), lr=0.01).step()  # the first step of Adam is lr * sign(gradient)
        moved.append([now.detach() - old for now, old in zip(layer.effective(), before, strict=True)])
    for fast_change, slow_change in zip(*moved, strict=True):
        torch.testing.assert_close(slow_change, 0.01 * fast_change, rtol=1e-2, atol=1e-6)
    assert moved[0][0].abs().median().item() == pytest.approx(0.01 * plain.scale, rel=1e-3)
    assert moved[0][1].abs().median().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(("kernel_size", "padding", "size"), [(3, None, 5), (1, None, 5), (5, None, 5), (4, 0, 2)])
def test_convolutions_keep_the_size_unless_told(kernel_size, padding, size):
    assert EqualizedConv2d(2, 3, kernel_size, padding=padding)(torch.zeros(1, 2, 5, 5)).shape == (1, 3, size, size)


def test_without_bias_there_is_one_parameter():
    for layer, x in [
        (EqualizedLinear(3, 2, bias=False), torch.zeros(4, 3)),
        (EqualizedConv2d(3, 2, 3, bias=False), torch.zeros(4, 3, 5, 5)),
    ]:
        assert [name for name, _ in layer.named_parameters()] == ["weight"]
        assert torch.equal(layer(x), torch.zeros_like(layer(x)))


@pytest.mark.parametrize("shape", [(7, 5), (3, 5, 4, 4)])
def test_pixel_norm_gives_unit_mean_square_and_keeps_directions(shape):
    torch.manual_seed(0)
    x = 10 * torch.randn(shape)
    y = PixelNorm()(x)
    torch.testing.assert_close(y.square().mean(1), torch.ones_like(y[:, 0]))
    torch.testing.assert_close(F.cosine_similarity(x, y, dim=1), torch.ones_like(y[:, 0]))
    torch.testing.assert_close(PixelNorm()(3 * x), y)
    assert torch.equal(PixelNorm()(torch.zeros(shape)), torch.zeros(shape))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: EqualizedLinear(0, 3), ValueError, "n_in must be at least 1, got 0"),
        (lambda: EqualizedLinear(3, 2.0), TypeError, "n_out must be an integer, got 2.0"),
        (lambda: EqualizedLinear(3, 3, gain=0.0), ValueError, "gain must lie in"),
        (lambda: EqualizedLinear(3, 3, lr_multiplier=-1), ValueError, "lr_multiplier must lie in"),
        (lambda: EqualizedLinear(3, 3, bias="no"), TypeError, "bias must be True or False"),
        (lambda: EqualizedConv2d(3, 3, 4), ValueError, "padding must be given for an even kernel_size.*got 4"),
        (lambda: EqualizedConv2d(3, 3, 3, padding=-1), ValueError, "padding must be at least 0"),
        (lambda: PixelNorm(eps=-1.0), ValueError, "eps must lie in"),
    ],
)
def test_bad_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
