"""Patch discriminators and CycleGAN's networks: receptive fields, order of the domains, published sizes."""

import pytest
import torch
from torch import nn

from evogan.nets import (
    Critic,
    DiscriminatorPair,
    PatchDiscriminator,
    ResnetTranslator,
    TranslatorPair,
    receptive_field,
)


def n_params(net):
    return sum(p.numel() for p in net.parameters())


def without_norm(net):
    """Replace instance normalization, through which every pixel of a channel meets every other."""
    for module in net.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.InstanceNorm2d):
                setattr(module, name, nn.Identity())
    return net


class Plus(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.k = k

    def forward(self, x):
        return x + self.k


@pytest.mark.parametrize(("n_layers", "side"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_receptive_fields_are_those_of_the_paper(n_layers, side):
    assert receptive_field(PatchDiscriminator(1, width=1, n_layers=n_layers)) == side


def test_default_discriminator_judges_patches_of_70_pixels():
    assert receptive_field(PatchDiscriminator(6)) == 70


@pytest.mark.parametrize(("n_layers", "size", "at"), [(1, 32, 8), (3, 96, 5)])
def test_one_logit_looks_at_exactly_its_patch(n_layers, size, at):
    torch.manual_seed(0)
    net = without_norm(PatchDiscriminator(1, width=2, n_layers=n_layers)).double()
    x = torch.randn(1, 1, size, size, dtype=torch.double, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(x)[0, 0, at, at], x)
    for axis in (0, 1):
        seen = gradient[0, 0].abs().amax(axis).nonzero().flatten()
        assert 0 < seen.min() and seen.max() < size - 1
        assert seen.max() - seen.min() + 1 == receptive_field(net)


@pytest.mark.parametrize(("n_layers", "millions"), [(3, 2.765), (2, 0.662)])
def test_discriminator_has_the_parameters_of_the_official_one(n_layers, millions):
    assert round(n_params(PatchDiscriminator(2, n_layers=n_layers)) / 1e6, 3) == millions


@pytest.mark.parametrize(("n_layers", "size", "side"), [(1, 8, 2), (1, 6, 1), (2, 16, 2), (3, 32, 2), (3, 24, 1)])
def test_logits_form_a_map(n_layers, size, side):
    net = PatchDiscriminator(3, width=4, n_layers=n_layers)
    assert net(torch.zeros(5, 3, size, size)).shape == (5, 1, side, side)
    with pytest.raises(ValueError, match=f"x must be {3 * 2**n_layers} pixels or larger"):
        net(torch.zeros(5, 3, size, 3 * 2**n_layers - 1))


def test_condition_is_judged_with_the_image():
    torch.manual_seed(0)
    net = PatchDiscriminator(3, width=4, n_layers=1)
    x, condition = torch.randn(2, 1, 8, 8), torch.randn(2, 2, 8, 8)
    assert torch.equal(net(x, condition), net(torch.cat([x, condition], 1)))
    assert (net(x, condition) - net(x, -condition)).abs().max() > 1e-5
    with pytest.raises(ValueError, match=r"x must be images of shape \(n, 3, h, w\), got shape \(2, 1, 8, 8\)"):
        net(x)
    with pytest.raises(ValueError, match=r"x with condition must be images of shape \(n, 3, h, w\)"):
        net(x, x)
    for other in (torch.zeros(2, 2, 16, 16), torch.zeros(1, 2, 8, 8), torch.zeros(2, dtype=torch.long)):
        with pytest.raises(ValueError, match="condition must hold images of the number and size of x"):
            net(x, other)


@pytest.mark.parametrize("net", [PatchDiscriminator(1, width=4, n_layers=1), ResnetTranslator(1, width=4, n_blocks=1)])
def test_batch_mates_do_not_matter(net):
    torch.manual_seed(0)
    x = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(net(x)[1:2], net(x[1:2]))


def test_translator_has_the_parameters_of_the_official_one():
    """The official 9 blocks of 64 channels have 11 388 675 with 5248 biases that the normalization takes out again."""
    with torch.device("meta"):
        net = ResnetTranslator(3, width=64, n_blocks=9)
    assert n_params(net) == 11_388_675 - 5248


@pytest.mark.parametrize(("height", "width"), [(8, 8), (12, 8), (16, 28)])
def test_translator_keeps_the_size(height, width):
    torch.manual_seed(0)
    x = torch.randn(2, 3, height, width)
    y = ResnetTranslator(3, width=4, n_blocks=1)(x)
    assert y.shape == x.shape and y.abs().max() < 1
    assert ResnetTranslator(3, width=4, n_blocks=0, out_channels=1)(x).shape == (2, 1, height, width)


def test_residual_blocks_stand_beside_an_identity():
    torch.manual_seed(0)
    net = ResnetTranslator(1, width=4, n_blocks=2)
    x = torch.randn(1, 1, 8, 8)
    before = net(x)
    blocks = [layer for layer in net.layers if hasattr(layer, "layers")]
    assert len(blocks) == 2
    for block in blocks:
        nn.init.zeros_(block.layers[-1].weight)
    assert not torch.equal(net(x), before)
    assert torch.equal(net(x), nn.Sequential(*(layer for layer in net.layers if layer not in blocks))(x))


@pytest.mark.parametrize("shape", [(1, 1, 4, 8), (1, 1, 8, 10), (1, 1, 9, 8)])
def test_translator_refuses_other_sizes(shape):
    with pytest.raises(ValueError, match="x must have sides of at least 8 that are divisible by 4, got shape"):
        ResnetTranslator(1)(torch.zeros(shape))
    with pytest.raises(ValueError, match=r"x must be images of shape \(n, 1, h, w\), got shape \(1, 2, 8, 8\)"):
        ResnetTranslator(1)(torch.zeros(1, 2, 8, 8))


@pytest.mark.parametrize(
    ("net", "channels"),
    [(PatchDiscriminator(2, width=4, n_layers=2), 2), (ResnetTranslator(1, width=4, n_blocks=2), 1)],
)
def test_every_parameter_gets_a_gradient_and_eps_is_small(net, channels):
    torch.manual_seed(0)
    (net(torch.randn(4, channels, 16, 16)) ** 3).sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.abs().max() > 0, name
    assert all(layer.eps <= 1e-2 for layer in net.modules() if hasattr(layer, "eps"))


def test_pair_of_translators_keeps_the_domains_in_order():
    pair = TranslatorPair(a_to_b=Plus(1.0), b_to_a=Plus(-20.0))
    a, b = torch.zeros(3, 2), torch.full((3, 2), 100.0)
    x_a, x_b = pair(None, (a, b))
    assert torch.equal(x_a, b - 20.0) and torch.equal(x_b, a + 1.0)
    assert pair.a_to_b.k == 1.0 and pair.b_to_a.k == -20.0
    for other in (torch.zeros(2, 2), (a,), None):
        with pytest.raises(ValueError, match="condition must be a pair"):
            pair(None, other)


def test_pair_of_discriminators_puts_all_logits_in_a_row():
    class AsCritic(nn.Module):
        def forward(self, x):
            return Critic(10.0 * x, features=x)

    x_a, x_b = torch.randn(3, 1, 2, 2), torch.randn(3, 1)
    D = DiscriminatorPair(Plus(1.0), AsCritic())
    assert torch.equal(D((x_a, x_b)), torch.cat([x_a.flatten(1) + 1.0, 10.0 * x_b], 1))
    assert torch.equal(D((x_a, x_b), condition=(x_b, x_a)), D((x_a, x_b)))
    with pytest.raises(ValueError, match="x must be a pair, got Tensor"):
        D(torch.zeros(2, 2))
