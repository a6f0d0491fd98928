"""DCGAN: the layers, their first weights, and the sizes of the nets."""

import pytest
import torch
from torch import nn

from evogan.nets import Discriminator, dcgan_generator, dcgan_trunk


def n_params(net):
    return sum(p.numel() for p in net.parameters())


def layers(net, *kinds):
    return [m for m in net.modules() if isinstance(m, kinds)]


@pytest.mark.parametrize(("width", "n_G", "n_D"), [(32, 369_601, 166_817), (64, 1_066_881, 661_313)])
def test_parameters_of_32_pixel_nets(width, n_G, n_D):
    """By hand: 4x4 kernels, two numbers for each normalised channel, a bias where there is no normalization."""
    with torch.device("meta"):
        G = dcgan_generator((1, 32, 32), width=width)
        D = Discriminator(dcgan_trunk((1, 32, 32), width=width))
    w = width
    assert n_params(G) == 16 * (100 * 4 * w + 4 * w * 2 * w + 2 * w * w + w) + 2 * (4 + 2 + 1) * w + 1 == n_G
    trunk = 16 * (w + w * 2 * w + 2 * w * 4 * w) + 2 * (2 + 4) * w + w
    assert n_params(D) == trunk + 16 * 4 * w + 1 == n_D


@pytest.mark.parametrize("size", [8, 16, 32])
def test_channels_halve_as_the_image_doubles(size):
    G, D = dcgan_generator((3, size, size), n_latent=5, width=4), dcgan_trunk((3, size, size), width=4)
    widths = {8: [4], 16: [8, 4], 32: [16, 8, 4]}[size]
    assert [m.in_channels for m in layers(G, nn.ConvTranspose2d)] == widths
    assert [m.out_channels for m in layers(D, nn.Conv2d)] == widths[::-1]
    assert [m.num_features for m in layers(G, nn.BatchNorm2d)] == widths
    assert [m.num_features for m in layers(D, nn.BatchNorm2d)] == widths[::-1][1:]


def test_the_layers_at_the_image_are_not_normalised():
    kinds = [type(m).__name__ for m in dcgan_generator((1, 16, 16), width=2)]
    assert kinds[-3:] == ["ReLU", "ConvTranspose2d", "Tanh"]
    kinds = [type(m).__name__ for m in dcgan_trunk((1, 16, 16), width=2).layers]
    assert kinds == ["Conv2d", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU", "Flatten"]


def test_convolutions_have_a_bias_exactly_where_there_is_no_normalization():
    assert [m.bias is None for m in layers(dcgan_trunk((1, 16, 16), width=2), nn.Conv2d)] == [False, True]
    bare = dcgan_trunk((1, 16, 16), width=2, batch_norm=False)
    assert not layers(bare, nn.BatchNorm2d)
    assert all(m.bias is not None for m in layers(bare, nn.Conv2d))


def test_dropout_follows_every_activation():
    D = dcgan_trunk((1, 16, 16), width=2, dropout=0.3)
    assert [m.p for m in layers(D, nn.Dropout)] == [0.3, 0.3]
    assert not layers(dcgan_trunk((1, 16, 16), width=2), nn.Dropout)


def test_first_weights_are_those_of_the_paper():
    torch.manual_seed(0)
    for net in (dcgan_generator((1, 32, 32), width=16), dcgan_trunk((1, 32, 32), width=16)):
        for m in layers(net, nn.Conv2d, nn.ConvTranspose2d, nn.Linear):
            assert m.weight.std().item() == pytest.approx(0.02, rel=0.15)
            assert abs(m.weight.mean().item()) < 0.005
            assert m.bias is None or not m.bias.any()
        gains = torch.cat([m.weight for m in layers(net, nn.BatchNorm2d)])
        assert gains.mean().item() == pytest.approx(1, abs=0.01)
        assert gains.std().item() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize("build", [dcgan_generator, dcgan_trunk])
def test_other_sizes_are_told_the_next_good_one(build):
    with pytest.raises(ValueError, match="28 x 28: pad or resize the images to 32 x 32"):
        build((1, 28, 28))
    with pytest.raises(ValueError, match="width must be at least 1"):
        build((1, 8, 8), width=0)


def test_without_batch_normalization_the_generator_has_biases_and_judges_latents_one_by_one():
    torch.manual_seed(0)
    plain = dcgan_generator((1, 16, 16), n_latent=3, width=4, batch_norm=False)
    assert not [layer for layer in plain.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert all(layer.bias is not None for layer in plain if isinstance(layer, nn.Linear | nn.ConvTranspose2d))
    z = torch.randn(5, 3)
    torch.testing.assert_close(plain(z)[:2], plain(z[:2]))
