"""CoGAN's networks: what is shared is one object, what is not moves one domain alone."""

import copy

import pytest
import torch
from torch import nn

from evogan.nets import CoupledDiscriminator, CoupledGenerator

BUILDS = [((2,), None), ((1, 8, 8), None), ((3, 8, 8), 4), ((1, 16, 16), 4)]


def generator(shape, width):
    return CoupledGenerator(shape, n_latent=5, hidden=(8, 6), width=width)


def discriminator(shape, width):
    return CoupledDiscriminator(shape, hidden=(8, 6), width=width)


def tied(first, second):
    """Count the tensors of both networks that are the same objects."""
    return len({id(p) for p in first.parameters()} & {id(p) for p in second.parameters()})


@pytest.mark.parametrize(("shape", "width"), BUILDS)
def test_generators_share_all_but_the_last_layer(shape, width):
    torch.manual_seed(0)
    G = generator(shape, width)
    x_a, x_b = G(torch.randn(4, 5))
    assert x_a.shape == x_b.shape == (4, *shape)
    assert not torch.equal(x_a, x_b)
    a, b = G.single()
    n_tensors = len(list(a.parameters()))
    assert tied(a, b) == len(list(G.shared.parameters())) == n_tensors - 2 > 0
    assert len(list(G.parameters())) == n_tensors + 2
    assert tied(*copy.deepcopy(G).single()) == n_tensors - 2
    if len(shape) == 3:
        assert max(x_a.abs().max(), x_b.abs().max()) <= 1


@pytest.mark.parametrize(("shape", "width"), BUILDS)
def test_discriminators_share_all_but_the_first_layer(shape, width):
    torch.manual_seed(0)
    D = discriminator(shape, width)
    x_a, x_b = torch.randn(2, 4, *shape)
    logits = D((x_a, x_b))
    assert logits.shape == (4, 2)
    a, b = D.single()
    torch.testing.assert_close(torch.cat([a(x_a), b(x_b)], 1), logits)
    assert tied(a, b) == len(list(D.shared.parameters())) == len(list(a.parameters())) - 2 > 0
    other = D((x_a, -x_b))
    assert torch.equal(other[:, 0], logits[:, 0]) and not torch.equal(other[:, 1], logits[:, 1])


def test_single_generators_make_the_members_of_the_pair():
    torch.manual_seed(0)
    G = generator((1, 16, 16), 4).eval()
    latent = torch.randn(3, 5)
    for single, member in zip(G.single(), G(latent), strict=True):
        assert torch.equal(single(latent), member)


def test_an_own_layer_moves_one_domain_and_a_shared_one_both():
    torch.manual_seed(0)
    G = generator((2,), None)
    latent = torch.randn(3, 5)
    before = G(latent)
    nn.init.zeros_(G.last_a[0].weight)
    after = G(latent)
    assert not torch.equal(before[0], after[0]) and torch.equal(before[1], after[1])
    nn.init.zeros_(G.shared[0].weight)
    assert not torch.equal(G(latent)[1], after[1])


@pytest.mark.parametrize(("shape", "width"), BUILDS)
def test_every_parameter_gets_a_gradient_and_eps_is_small(shape, width):
    torch.manual_seed(0)
    G, D = generator(shape, width), discriminator(shape, width)
    D(G(torch.randn(16, 5))).pow(3).sum().backward()
    for net in (G, D):
        for name, p in net.named_parameters():
            assert p.grad is not None and p.grad.abs().max() > 0, name
        assert all(layer.eps <= 1e-2 for layer in net.modules() if hasattr(layer, "eps"))


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"latent must be a tensor of shape \(n, 5\), got shape \(4, 6\)"):
        generator((2,), None)(torch.zeros(4, 6))
    D = discriminator((2,), None)
    with pytest.raises(ValueError, match="x must be a pair, got Tensor"):
        D(torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r"x_b must be a tensor of shape \(n, 2\), got shape \(4, 3\)"):
        D((torch.zeros(4, 2), torch.zeros(4, 3)))
    with pytest.raises(ValueError, match="hidden must hold the widths"):
        CoupledGenerator((2,), n_latent=3, hidden=())
    with pytest.raises(ValueError, match=r"shape must be \(c, h, w\)"):
        CoupledDiscriminator((2,), width=4)
