"""Multilayer perceptrons for samples of any shape, and the checks of shapes."""

import pytest
import torch
from torch import nn

from evogan.nets import Trunk, mlp_image_generator, mlp_trunk
from evogan.nets._trunks import image_levels


def kinds(net):
    return [type(layer).__name__ for layer in net]


@pytest.mark.parametrize("shape", [(2,), (1, 5, 7), (3, 8, 8)])
def test_mlps_take_samples_of_any_shape(shape):
    G, D = mlp_image_generator(shape, n_latent=5, hidden=(6,)), mlp_trunk(shape, hidden=(7, 4))
    x = G(torch.randn(3, 5))
    assert x.shape == (3, *shape)
    assert isinstance(D, Trunk) and D.n_features == 4
    assert D(x).shape == (3, 4)


def test_images_end_in_tanh_and_vectors_in_nothing():
    z = 100 * torch.randn(50, 5)
    assert mlp_image_generator((1, 4, 4), n_latent=5)(z).abs().max() <= 1
    assert mlp_image_generator((2,), n_latent=5)(z).abs().max() > 1
    assert not any(isinstance(layer, nn.Tanh) for layer in mlp_image_generator((2,)))


def test_layers_of_the_trunk_stand_in_order():
    assert kinds(mlp_trunk((2,), hidden=(3, 4)).layers) == ["Flatten", *["Linear", "LeakyReLU"] * 2]
    normed = mlp_trunk((2,), hidden=(3,), batch_norm=True)
    assert kinds(normed.layers) == ["Flatten", "Linear", "BatchNorm1d", "LeakyReLU"]
    dropped = mlp_trunk((2,), hidden=(3, 4), dropout=0.25)
    assert [m.p for m in dropped.modules() if isinstance(m, nn.Dropout)] == [0.25] * 2
    assert [m.negative_slope for m in dropped.modules() if isinstance(m, nn.LeakyReLU)] == [0.2] * 2


@pytest.mark.parametrize(("size", "levels"), [(8, 1), (16, 2), (32, 3), (128, 5)])
def test_images_double_from_4(size, levels):
    assert image_levels((3, size, size)) == (3, levels)


@pytest.mark.parametrize(
    ("shape", "size"), [((1, 28, 28), 32), ((3, 4, 4), 8), ((1, 1, 1), 8), ((3, 33, 33), 64), ((3, 16, 32), 32)]
)
def test_other_image_sizes_are_told_the_next_good_one(shape, size):
    wanted = rf"got {shape[1]} x {shape[2]}: .* to {size} x {size}, shape=\({shape[0]}, {size}, {size}\)"
    with pytest.raises(ValueError, match=wanted):
        image_levels(shape)


@pytest.mark.parametrize("shape", [(), (3, 4), 5, (1, 3, 8, 8)])
def test_shapes_are_those_of_one_sample(shape):
    with pytest.raises(ValueError, match=r"shape must be that of one sample, \(d,\) for vectors or \(c, h, w\)"):
        mlp_trunk(shape)


def test_bad_sizes_name_their_argument():
    with pytest.raises(ValueError, match=r"shape\[1\] must be at least 1"):
        mlp_trunk((1, 0, 4))
    with pytest.raises(TypeError, match=r"shape\[0\] must be an integer"):
        mlp_image_generator((2.0,))
    with pytest.raises(ValueError, match="got vectors"):
        image_levels((8,))
    for hidden in ((), 128):
        with pytest.raises(ValueError, match="hidden must hold the widths of one or more layers"):
            mlp_trunk((2,), hidden=hidden)
    with pytest.raises(ValueError, match=r"hidden\[1\] must be at least 1"):
        mlp_image_generator((2,), hidden=(3, 0))
    with pytest.raises(ValueError, match=r"dropout must lie in \[0, 1\]"):
        mlp_trunk((2,), dropout=1.5)
