"""Residual networks: the blocks against their definition, sizes, and where attention stands."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evogan.nets import ConditionalBatchNorm2d, SelfAttention, resnet_generator, resnet_trunk
from evogan.nets._resnet import DownBlock


def n_params(net):
    return sum(p.numel() for p in net.parameters())


def kinds(net):
    return [type(layer).__name__ for layer in net]


def test_parameters_of_the_papers_cifar_nets():
    """By hand from table 4, without the biases that normalization takes out again."""
    with torch.device("meta"):
        G, D = resnet_generator((3, 32, 32)), resnet_trunk((3, 32, 32))
    w = 256
    block = 2 * 9 * w * w + w * w + 4 * w  # two convolutions, the shortcut, two normalizations
    assert n_params(G) == 129 * 16 * w + 3 * block + 2 * w + 9 * w * 3 + 3
    w, conv = 128, 9 * 128 * 128 + 128
    assert n_params(D) == (9 * 3 * w + w + conv + 3 * w + w) + (2 * conv + w * w + w) + 2 * (2 * conv)
    assert D.n_features == 128


@pytest.mark.parametrize(("size", "downs"), [(8, [False]), (16, [True]), (32, [True, True]), (64, [True] * 3)])
def test_critics_halve_down_to_8_and_add_two_blocks(size, downs):
    D = resnet_trunk((1, size, size), width=2)
    assert [b.down for b in D.layers if isinstance(b, DownBlock)] == [*downs, False, False]
    assert [b.first for b in D.layers if isinstance(b, DownBlock)] == [True] + [False] * (len(downs) + 1)


def test_features_are_sums_over_positions():
    D = resnet_trunk((1, 16, 16), width=3)
    maps = D.layers[:-1](torch.randn(2, 1, 16, 16))
    assert maps.shape == (2, 3, 8, 8)
    assert torch.equal(D.layers[-1](maps), maps.clamp(min=0).sum((2, 3)))


def test_down_blocks_pool_both_paths():
    """The paper pools a first block's shortcut before its 1x1 convolution and others' after it: the same."""
    block = DownBlock(2, 3, down=True, first=True)
    x = torch.randn(2, 2, 8, 8)
    main = F.avg_pool2d(block.conv2(block.conv1(x).relu()), 2)
    torch.testing.assert_close(block(x), main + block.shortcut(F.avg_pool2d(x, 2)))
    block = DownBlock(3, 3, down=True)
    x = torch.randn(2, 3, 8, 8)
    main = F.avg_pool2d(block.conv2(block.conv1(x.relu()).relu()), 2)
    torch.testing.assert_close(block(x), main + F.avg_pool2d(block.shortcut(x), 2))
    block = DownBlock(3, 3, down=False)
    torch.testing.assert_close(block(x), block.conv2(block.conv1(x.relu()).relu()) + x)


def test_up_blocks_double_both_paths():
    G = resnet_generator((1, 8, 8), n_latent=4, width=3)
    block, x = G.net.blocks[0], torch.randn(5, 3, 4, 4)
    up = nn.Upsample(scale_factor=2, mode="nearest")
    main = block.conv2(block.norm2(block.conv1(up(block.norm1(x).relu()))).relu())
    torch.testing.assert_close(block(x, None), main + block.shortcut(up(x)))


def test_critics_have_no_normalization():
    assert not [m for m in resnet_trunk((1, 16, 16), width=2).modules() if isinstance(m, nn.BatchNorm2d)]


def test_classes_change_images_through_conditional_normalization():
    torch.manual_seed(0)
    G = resnet_generator((1, 8, 8), n_latent=4, width=4, n_classes=3)
    norms = [m for m in G.modules() if isinstance(m, ConditionalBatchNorm2d)]
    assert len(norms) == 2
    z = torch.randn(6, 4)
    a, b = torch.zeros(6, dtype=torch.int64), torch.tensor([0, 0, 0, 0, 0, 2])
    G.eval()
    assert torch.equal(G(z, a), G(z, b))  # classes start equal
    norms[0].gain.weight.data[2] = 3.0
    assert torch.equal(G(z, a)[:5], G(z, b)[:5])
    assert not torch.equal(G(z, a)[5], G(z, b)[5])


def test_generators_take_labels_exactly_when_they_have_classes():
    with pytest.raises(ValueError, match="build it with n_classes"):
        resnet_generator((1, 8, 8), n_latent=4, width=2)(torch.zeros(2, 4), torch.tensor([0, 1]))
    with pytest.raises(TypeError, match="condition must hold class labels"):
        resnet_generator((1, 8, 8), n_latent=4, width=2, n_classes=2)(torch.zeros(2, 4))


def test_attention_stands_at_the_size_asked_for():
    G = resnet_generator((1, 32, 32), n_latent=4, width=2, attention_at=16)
    assert kinds(G.net.attention) == ["Identity", "SelfAttention", "Identity"]
    seen = []
    G.net.attention[1].register_forward_hook(lambda layer, args, out: seen.append(out.shape[2:]))
    G(torch.randn(2, 4))
    assert seen == [(16, 16)]
    D = resnet_trunk((1, 32, 32), width=2, attention_at=16).layers
    assert kinds(D) == ["DownBlock", "SelfAttention", *["DownBlock"] * 3, "_SumPool"]
    D = resnet_trunk((1, 32, 32), width=2, attention_at=8).layers
    assert kinds(D) == [*["DownBlock"] * 2, "SelfAttention", *["DownBlock"] * 2, "_SumPool"]
    assert not [m for m in resnet_trunk((1, 32, 32), width=2).modules() if isinstance(m, SelfAttention)]


def test_attention_elsewhere_is_refused():
    with pytest.raises(ValueError, match=r"attention_at must be None or a size .*, \[8, 16\], got 4"):
        resnet_generator((1, 16, 16), width=2, attention_at=4)
    with pytest.raises(ValueError, match=r"\[16, 8\], got 32"):
        resnet_trunk((1, 32, 32), width=2, attention_at=32)


def test_dropout_follows_every_block_but_the_first():
    assert kinds(resnet_trunk((1, 16, 16), width=2, dropout=0.5).layers) == [
        "DownBlock",
        *["DownBlock", "Dropout"] * 2,
        "_SumPool",
    ]


def test_first_weights_are_those_of_glorot():
    torch.manual_seed(0)
    G, D = resnet_generator((3, 8, 8), width=32), resnet_trunk((3, 8, 8), width=32).layers
    for conv, gain in ((D[1].conv1, 2.0), (D[0].shortcut, 1.0), (G.net.blocks[0].conv2, 2.0), (G.net.to_image, 1.0)):
        fan = (conv.in_channels + conv.out_channels) * conv.kernel_size[0] ** 2
        limit = (gain * 6 / fan) ** 0.5
        assert 0.9 * limit < conv.weight.abs().max() <= limit
