"""What a discriminator gains from seeing several samples at once."""

import math

import pytest
import torch
from torch import nn

from evogan.nets import LabelDiscriminator, MinibatchDiscrimination, MinibatchStddev, PacDiscriminator


def one_kernel():
    """A kernel that compares scalars as they are."""
    layer = MinibatchDiscrimination(1, n_kernels=1, kernel_dim=1)
    nn.init.ones_(layer.weight)
    return layer


def test_closeness_of_two_samples_by_hand():
    out = one_kernel()(torch.tensor([[0.0], [math.log(4.0)]]))
    torch.testing.assert_close(out, torch.tensor([[0.25], [0.25]]))


def test_closeness_sums_over_the_others_only():
    assert one_kernel()(torch.tensor([[3.0]])).item() == 0.0
    x = torch.tensor([[0.0], [1.0], [3.0]])
    e = math.exp
    wanted = torch.tensor([[e(-1) + e(-3)], [e(-1) + e(-2)], [e(-3) + e(-2)]])
    torch.testing.assert_close(one_kernel()(x), wanted)


def test_equal_samples_are_as_close_as_can_be_and_far_ones_not_at_all():
    layer = MinibatchDiscrimination(4, n_kernels=6, kernel_dim=3)
    assert torch.equal(layer(torch.ones(5, 4)), torch.full((5, 6), 4.0))
    assert layer(1e4 * torch.randn(5, 4)).abs().max() < 1e-6


def test_closeness_follows_the_formula_with_several_kernels():
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(3, n_kernels=2, kernel_dim=4).double()
    x = torch.randn(5, 3, dtype=torch.float64)
    wanted = torch.zeros(5, 2, dtype=torch.float64)
    for i in range(5):
        for j in range(5):
            for b in range(2):
                if j != i:
                    wanted[i, b] += torch.exp(-((x[i] - x[j]) @ layer.weight[:, b]).abs().sum())
    torch.testing.assert_close(layer(x), wanted)


def test_gradients_flow_across_samples():
    x = torch.tensor([[0.0], [1.0], [3.0]], requires_grad=True)
    one_kernel()(x)[0].sum().backward()
    # d/dx_j exp(-|x_j - x_0|) = -exp(-x_j) for the others, and the opposite sum for sample 0.
    e = math.exp
    torch.testing.assert_close(x.grad, torch.tensor([[e(-1) + e(-3)], [-e(-1)], [-e(-3)]]))


def test_closeness_has_a_second_derivative():
    layer = MinibatchDiscrimination(2, n_kernels=3, kernel_dim=2)
    x = torch.randn(4, 2, requires_grad=True)
    (grad,) = torch.autograd.grad(layer(x).sum(), x, create_graph=True)
    grad.square().sum().backward()
    assert layer.weight.grad.isfinite().all() and layer.weight.grad.abs().max() > 0


@pytest.mark.parametrize("n", [1, 2, 4, 5, 7, 8])
def test_deviation_of_a_constant_batch_is_zero(n):
    x = torch.rand(1, 3, 4, 4).expand(n, -1, -1, -1)
    out = MinibatchStddev()(x)
    assert out.shape == (n, 4, 4, 4)
    assert torch.equal(out[:, :3], x)
    assert out[:, 3].abs().max() < 1e-8


def test_deviation_is_the_mean_over_features_and_positions():
    torch.manual_seed(0)
    x = torch.randn(4, 3, 2, 2)
    plane = MinibatchStddev(4)(x)[:, 3]
    torch.testing.assert_close(plane, x.std(0, correction=0).mean().expand(4, 2, 2), atol=2e-4, rtol=0)


def test_groups_are_told_apart_and_none_is_smaller_than_asked_for():
    x = torch.zeros(6, 1)
    x[0::2] = torch.tensor([[-1.0], [0.0], [1.0]])  # of two groups of three the first varies, the second does not
    out = MinibatchStddev(3)(x)[:, 1]
    torch.testing.assert_close(out, torch.tensor([(2 / 3) ** 0.5, 0.0] * 3), atol=2e-4, rtol=0)
    x = torch.randn(7, 1)  # not two groups: one would be smaller than 4
    torch.testing.assert_close(MinibatchStddev(4)(x)[:, 1], x.std(correction=0).expand(7), atol=2e-4, rtol=0)


def test_deviation_has_finite_derivatives_where_features_are_constant():
    x = torch.zeros(4, 2, 2, 2, requires_grad=True)
    (grad,) = torch.autograd.grad(MinibatchStddev()(x)[:, 2].sum(), x, create_graph=True)
    assert grad.isfinite().all()
    (second,) = torch.autograd.grad(grad.square().sum(), x)
    assert second.isfinite().all()


def test_closeness_keeps_full_precision_under_autocast():
    x = torch.tensor([[0.0], [1.0], [3.0]])
    with torch.autocast("cpu", torch.bfloat16):
        out = one_kernel()(x)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, one_kernel()(x))


class Recorder(nn.Module):
    """Keep what it was shown."""

    def forward(self, *args):
        self.args = args
        return args[0].flatten(1).sum(1, keepdim=True)


def test_packs_of_one_change_nothing():
    D = Recorder()
    x, y = torch.randn(3, 2), torch.tensor([0, 1, 0])
    assert torch.equal(PacDiscriminator(D, 1)(x), D(x))
    PacDiscriminator(D, 1)(x, y)
    assert D.args[0] is x and D.args[1] is y


def test_packs_are_consecutive_samples_stacked_along_channels():
    D = Recorder()
    x = torch.randn(6, 3, 4, 4)
    assert PacDiscriminator(D, 2)(x).shape == (3, 1)
    assert torch.equal(D.args[0], torch.cat([x[0::2], x[1::2]], dim=1))
    v = torch.randn(6, 5)
    assert PacDiscriminator(D, 3)(v).shape == (2, 1)
    assert torch.equal(D.args[0], torch.cat([v[0::3], v[1::3], v[2::3]], dim=1))


def test_incomplete_packs_are_refused():
    with pytest.raises(ValueError, match="a multiple of m = 4 samples, got 6"):
        PacDiscriminator(Recorder(), 4)(torch.zeros(6, 2))


def test_labels_are_packed_with_their_samples():
    D = Recorder()
    x, y = torch.randn(4, 2), torch.tensor([0, 1, 2, 0])
    with pytest.raises(ValueError, match=r"LabelDiscriminator\(PacDiscriminator\(D, m\), n_classes\)"):
        PacDiscriminator(D, 2)(x, y)
    LabelDiscriminator(PacDiscriminator(D, 2), 3)(x, y)
    assert torch.equal(D.args[0][:, :2], x[0::2])
    assert torch.equal(D.args[0][:, 2:5], torch.eye(3)[y[0::2]])
    assert torch.equal(D.args[0][:, 7:], torch.eye(3)[y[1::2]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MinibatchStddev(1), "group must be at least 2"),
        (lambda: MinibatchDiscrimination(0), "n_features must be at least 1"),
        (lambda: MinibatchDiscrimination(2, 0), "n_kernels must be at least 1"),
        (lambda: PacDiscriminator(Recorder(), 0), "m must be at least 1"),
    ],
)
def test_sizes_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()
