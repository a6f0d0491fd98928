"""What holds for all networks of images, and for the families that build them."""

import pytest
import torch
from torch import nn

from evogan.nets import (
    DCGANNetworks,
    MLPNetworks,
    Networks,
    ResNetNetworks,
    biggan_generator,
    dcgan_generator,
    dcgan_trunk,
    default_networks,
    mlp_image_generator,
    mlp_trunk,
    resnet_generator,
    resnet_trunk,
)

SHAPES = [(1, 8, 8), (3, 16, 16), (3, 32, 32)]
N_LATENT, N_CLASSES = 8, 3
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])

# Each maps a shape to (network, further inputs).
GENERATORS = {
    "mlp": lambda shape: (mlp_image_generator(shape, n_latent=N_LATENT, hidden=(9, 9)), ()),
    "dcgan": lambda shape: (dcgan_generator(shape, n_latent=N_LATENT, width=4), ()),
    "resnet": lambda shape: (resnet_generator(shape, n_latent=N_LATENT, width=8), ()),
    "classes": lambda shape: (
        resnet_generator(shape, n_latent=N_LATENT, width=8, n_classes=N_CLASSES, attention_at=8),
        (LABELS,),
    ),
    "biggan": lambda shape: (
        biggan_generator(shape, n_latent=N_LATENT, n_classes=N_CLASSES, width=2, shared=4, attention_at=8),
        (LABELS,),
    ),
}
TRUNKS = {
    "mlp": lambda shape: mlp_trunk(shape, hidden=(9, 9)),
    "mlp with norm": lambda shape: mlp_trunk(shape, hidden=(9, 9), batch_norm=True),
    "dcgan": lambda shape: dcgan_trunk(shape, width=4),
    "dcgan without norm": lambda shape: dcgan_trunk(shape, width=4, batch_norm=False),
    "resnet": lambda shape: resnet_trunk(shape, width=8),
    "attention": lambda shape: resnet_trunk(shape, width=8, attention_at=8),
}


def prepared(net):
    """Let attention take part from the start, and see that no small number under a root is large."""
    for module in net.modules():
        assert getattr(module, "eps", 0.0) <= 1e-4
    for name, p in net.named_parameters():
        if name.endswith("gamma"):
            nn.init.ones_(p)
    return net


def assert_all_learn(net, out, *, but=()):
    ((out / out.detach().std()) ** 3).sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), name
        if name not in but:
            assert p.grad.abs().max() > 1e-3, name  # well above rounding


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", GENERATORS)
def test_generators_make_images_and_learn_throughout(kind, shape):
    torch.manual_seed(0)
    net, inputs = GENERATORS[kind](shape)
    images = prepared(net)(torch.randn(6, N_LATENT), *inputs)
    assert images.shape == (6, *shape)
    assert images.abs().max() <= 1
    assert images.std() > 1e-3
    assert_all_learn(net, images)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", TRUNKS)
def test_trunks_tell_their_width_and_learn_throughout(kind, shape):
    torch.manual_seed(0)
    net = prepared(TRUNKS[kind](shape))
    features = net(torch.rand(6, *shape) * 2 - 1)
    assert features.shape == (6, net.n_features)
    # mlp() keeps biases in front of batch normalization, which takes them out again.
    assert_all_learn(net, features, but=["layers.1.bias", "layers.4.bias"] if kind == "mlp with norm" else [])


@pytest.mark.parametrize("kind", GENERATORS)
def test_generators_use_all_of_the_latent(kind):
    torch.manual_seed(0)
    net, inputs = GENERATORS[kind]((1, 8, 8))
    z = torch.randn(6, N_LATENT, requires_grad=True)
    prepared(net)(z, *inputs).square().sum().backward()
    assert (z.grad.abs().amax(dim=0) > 0).all()


FAMILIES = [MLPNetworks(5, (7,)), DCGANNetworks(5, 2), ResNetNetworks(5, 4, 2)]


@pytest.mark.parametrize("networks", FAMILIES, ids=lambda networks: type(networks).__name__)
def test_families_build_networks_that_fit(networks):
    assert isinstance(networks, Networks)
    shape = (1, 8, 8)
    for n_extra in (0, 3):
        x = networks.generator(shape, n_extra=n_extra)(torch.randn(4, 5 + n_extra))
        assert x.shape == (4, *shape)
    trunk = networks.trunk(shape, dropout=0.5)
    assert trunk(x).shape == (4, trunk.n_features)
    assert {m.p for m in trunk.modules() if isinstance(m, nn.Dropout)} == {0.5}


def has_norm(net):
    return any(isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) for m in net.modules())


def test_batch_normalization_is_the_architectures_choice_unless_given():
    mlp, dcgan, resnet = FAMILIES
    shape = (1, 16, 16)
    assert [has_norm(n.trunk(shape)) for n in FAMILIES] == [False, True, False]
    assert [has_norm(n.trunk(shape, batch_norm=False)) for n in FAMILIES] == [False, False, False]
    assert [has_norm(n.trunk(shape, batch_norm=True)) for n in (mlp, dcgan)] == [True, True]
    with pytest.raises(ValueError, match="residual critics have no batch normalization"):
        resnet.trunk(shape, batch_norm=True)


def test_widths_arrive():
    assert MLPNetworks(hidden=[3, 6]).hidden == (3, 6)
    assert MLPNetworks(hidden=[3, 6]).trunk((2,)).n_features == 6
    assert DCGANNetworks(width=2).trunk((1, 8, 8)).n_features == 32
    assert ResNetNetworks(width_D=3).trunk((1, 8, 8)).n_features == 3
    assert ResNetNetworks(2, 5).generator((1, 8, 8)).net.to_image.in_channels == 5


def test_defaults_follow_the_shape():
    assert default_networks((2,)) == MLPNetworks(n_latent=16)
    assert default_networks((1, 8, 8)) == MLPNetworks()
    assert default_networks((3, 15, 64)) == MLPNetworks()
    assert default_networks((1, 16, 16)) == default_networks((3, 32, 32)) == DCGANNetworks()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MLPNetworks(0), ValueError, r"MLPNetworks\.n_latent must be at least 1"),
        (lambda: MLPNetworks(hidden=()), ValueError, "hidden must hold"),
        (lambda: DCGANNetworks(width=0), ValueError, r"DCGANNetworks\.width must be at least 1"),
        (lambda: ResNetNetworks(width_G=2.0), TypeError, r"ResNetNetworks\.width_G must be an integer"),
        (lambda: ResNetNetworks(width_D=0), ValueError, r"ResNetNetworks\.width_D must be at least 1"),
        (lambda: DCGANNetworks().generator((1, 8, 8), n_extra=-1), ValueError, "n_extra must be at least 0"),
        (lambda: DCGANNetworks().generator((2,)), ValueError, "got vectors"),
        (lambda: MLPNetworks().trunk((2,), batch_norm="no"), TypeError, "batch_norm must be True or False"),
        (lambda: default_networks((3, 4)), ValueError, "shape must be that of one sample"),
    ],
)
def test_bad_settings_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
