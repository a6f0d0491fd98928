"""Orthogonal regularization: zero at orthogonal filters of any length, by hand elsewhere."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from evogan.losses import NonSaturating, Step
from evogan.regularizers import OrthogonalRegularization, spectral_normalize


def step(G, D=None):
    x = torch.zeros(1, 1)
    return Step(G, D or nn.Identity(), NonSaturating(), x, x, x, x, x)


def with_weight(layer, weight):
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(weight).reshape(layer.weight.shape))
    return layer


def test_orthogonal_filters_of_any_length_cost_nothing():
    rows = torch.linalg.qr(torch.randn(12, 12, generator=torch.Generator().manual_seed(0)))[0][:4]
    rows = rows * torch.tensor([1.0, 2.0, 3.0, 0.5]).unsqueeze(1)
    up = rows.reshape(4, 3, 2, 2).transpose(0, 1)  # transposed convolutions keep filters in the second dimension
    layers = [nn.Linear(12, 4), nn.Conv2d(3, 4, 2), nn.ConvTranspose2d(3, 4, 2)]
    for layer, weight in zip(layers, (rows, rows, up), strict=True):
        value = OrthogonalRegularization(1.0).generator(step(with_weight(layer, weight.contiguous())))
        assert value.item() == pytest.approx(0.0, abs=1e-10), layer


def test_the_term_by_hand_and_its_gradient():
    layer = with_weight(nn.Linear(2, 2), [[1.0, 2.0], [3.0, 4.0]])  # inner product of the rows: 11
    value = OrthogonalRegularization(0.5).generator(step(layer))
    assert value.item() == pytest.approx(0.5 * 2 * 11**2)
    (grad,) = torch.autograd.grad(value, layer.weight)
    torch.testing.assert_close(grad, 2 * 11 * torch.tensor([[3.0, 4.0], [1.0, 2.0]]))


def test_the_gram_matrix_is_that_of_the_filters_not_of_the_inputs():
    columns = with_weight(nn.Linear(2, 1), [[1.0, 1.0]])  # one filter: nothing to be orthogonal to
    assert OrthogonalRegularization(1.0).generator(step(columns)).item() == 0.0


def test_groups_of_a_transposed_convolution_keep_their_filters():
    torch.manual_seed(0)
    layer = nn.ConvTranspose1d(4, 6, 3, groups=2)
    # Filter o of group g: weight[2 g : 2 g + 2, o].
    filters = [layer.weight[2 * g : 2 * g + 2, o].flatten() for g in range(2) for o in range(3)]
    gram = torch.stack(filters) @ torch.stack(filters).T
    expected = (gram * (1 - torch.eye(6))).square().sum()
    torch.testing.assert_close(OrthogonalRegularization(1.0).generator(step(layer)), expected)


def test_embeddings_gains_and_biases_are_not_counted():
    net = nn.Sequential(nn.Embedding(5, 5), nn.BatchNorm1d(5), nn.PReLU(5))
    assert OrthogonalRegularization().generator(step(net)) is None
    linear = nn.Linear(5, 3)
    both = OrthogonalRegularization(1.0).generator(step(nn.Sequential(net, linear)))
    assert both.item() == OrthogonalRegularization(1.0).generator(step(linear)).item() > 0.0


def test_of_a_normalised_layer_the_stored_weight_is_counted_and_left_alone():
    layer = with_weight(nn.Linear(2, 2), [[1.0, 2.0], [3.0, 4.0]])
    spectral_normalize(layer)
    vectors = [v.clone() for v in layer.parametrizations.weight.buffers()]
    assert OrthogonalRegularization(1.0).generator(step(layer)).item() == pytest.approx(2 * 11**2)
    assert all(map(torch.equal, vectors, layer.parametrizations.weight.buffers()))  # no power iteration was run
    assert OrthogonalRegularization().generator(step(weight_norm(nn.Linear(3, 2)))).item() > 0.0


def test_flags_say_whose_weights_pay():
    G, D = nn.Linear(3, 3), nn.Linear(4, 4)
    now = step(G, D)
    default, other = OrthogonalRegularization(1.0), OrthogonalRegularization(1.0, of_G=False, of_D=True)
    assert default.discriminator(now) is None
    assert other.generator(now) is None
    assert torch.autograd.grad(default.generator(now), G.weight)[0].abs().max() > 0
    assert torch.autograd.grad(other.discriminator(now), D.weight)[0].abs().max() > 0


def test_bad_settings_are_refused_by_name():
    with pytest.raises(ValueError, match=r"OrthogonalRegularization\.weight must lie in"):
        OrthogonalRegularization(-1.0)
    with pytest.raises(TypeError, match=r"OrthogonalRegularization\.of_D must be True or False"):
        OrthogonalRegularization(of_D="yes")
