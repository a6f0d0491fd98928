"""Self-attention: off at first, blind to order, and the paper's equations."""

import pytest
import torch
from torch import nn

from evogan.nets import SelfAttention


def attention(gamma, n_channels=16):
    torch.manual_seed(0)
    layer = SelfAttention(n_channels).double()
    nn.init.constant_(layer.gamma, gamma)
    for conv in (layer.f, layer.g):
        conv.weight.data *= 5  # far from uniform attention
    return layer, torch.randn(2, n_channels, 3, 4, dtype=torch.float64)


def test_attention_is_the_identity_at_first():
    x = torch.randn(2, 8, 4, 4)
    assert torch.equal(SelfAttention(8)(x), x)


def test_attention_does_something_once_gamma_grows():
    layer, x = attention(0.7)
    assert (layer(x) - x).abs().max() > 0.01


def test_permuted_positions_give_permuted_outputs():
    layer, x = attention(0.7)
    order = torch.randperm(12)
    permuted = layer(x.flatten(2)[:, :, order].view_as(x))
    torch.testing.assert_close(permuted.flatten(2), layer(x).flatten(2)[:, :, order])


def test_attention_follows_the_equations():
    layer, x = attention(0.7)
    out = layer(x)
    W_f, W_g, W_h, W_v = (conv.weight[:, :, 0, 0] for conv in (layer.f, layer.g, layer.h, layer.v))
    for n in range(2):
        rows = x[n].flatten(1).T  # one row for each position
        for j in range(12):
            s = torch.stack([(W_f @ rows[i]) @ (W_g @ rows[j]) for i in range(12)])
            beta = s.exp() / s.exp().sum()
            o = W_v @ sum(beta[i] * (W_h @ rows[i]) for i in range(12))
            torch.testing.assert_close(out[n].flatten(1)[:, j], 0.7 * o + rows[j])


@pytest.mark.parametrize(("n_channels", "inner"), [(64, 8), (16, 2), (4, 1)])
def test_projections_have_an_eighth_of_the_channels(n_channels, inner):
    layer = SelfAttention(n_channels)
    assert layer.f.out_channels == layer.g.out_channels == layer.h.out_channels == layer.v.in_channels == inner
    assert sum(p.numel() for p in layer.parameters()) == 4 * inner * n_channels + 1


def test_attention_has_a_second_derivative():
    layer, x = attention(0.7)
    x.requires_grad_(True)
    (grad,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
    grad.square().sum().backward()
    assert all(p.grad.isfinite().all() and p.grad.abs().max() > 0 for p in layer.parameters())
