"""Class labels as an input: concatenated, and as gains and biases of batch normalization."""

import pytest
import torch
from torch import nn

from evogan.nets import ConditionalBatchNorm2d, LabelDiscriminator, LabelGenerator

LABELS = torch.tensor([2, 0, 1])


def test_generators_see_one_hot_labels_behind_the_noise():
    z = torch.randn(3, 4)
    out = LabelGenerator(nn.Identity(), 3)(z, LABELS)
    assert torch.equal(out, torch.cat([z, torch.tensor([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])], dim=1))


def test_discriminators_see_one_hot_columns_or_constant_planes():
    x = torch.randn(3, 4)
    assert torch.equal(LabelDiscriminator(nn.Identity(), 3)(x, LABELS), torch.cat([x, torch.eye(3)[LABELS]], dim=1))
    x = torch.randn(3, 2, 5, 6)
    out = LabelDiscriminator(nn.Identity(), 4)(x, LABELS)
    assert out.shape == (3, 6, 5, 6)
    assert torch.equal(out[:, :2], x)
    assert torch.equal(out[:, 2:], torch.eye(4)[LABELS][:, :, None, None].expand(-1, -1, 5, 6))


def test_labels_take_the_dtype_of_what_they_join():
    for net in (LabelGenerator(nn.Identity(), 3), LabelDiscriminator(nn.Identity(), 3)):
        assert net(torch.zeros(3, 2, dtype=torch.bfloat16), LABELS).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (None, TypeError, "got None"),
        ([2, 0, 1], TypeError, r"got \[2, 0, 1\]"),
        (LABELS.int(), TypeError, "got dtype torch.int32"),
        (torch.eye(3)[LABELS], TypeError, "got dtype torch.float32"),
        (LABELS[:2], ValueError, r"got shape \(2,\)"),
        (LABELS + 1, ValueError, r"got values in \[1, 3\]"),
    ],
)
def test_bad_labels_are_refused_by_all(labels, error, message):
    message = r"condition must hold class labels as an int64 tensor of shape \(3,\) with values in \[0, 2\], " + message
    for net, x in (
        (LabelGenerator(nn.Identity(), 3), torch.zeros(3, 2)),
        (LabelDiscriminator(nn.Identity(), 3), torch.zeros(3, 2)),
        (ConditionalBatchNorm2d(2, 3), torch.zeros(3, 2, 4, 4)),
    ):
        with pytest.raises(error, match=message):
            net(x, labels)


def test_equal_classes_make_plain_batch_normalization():
    torch.manual_seed(0)
    plain, conditional = nn.BatchNorm2d(2), ConditionalBatchNorm2d(2, 3)
    x = 3 * torch.randn(3, 2, 4, 4) + 1
    torch.testing.assert_close(conditional(x, LABELS), plain(x))  # as built: gains 1, biases 0
    nn.init.normal_(plain.weight)
    nn.init.normal_(plain.bias)
    conditional.gain.weight.data[:] = plain.weight
    conditional.bias.weight.data[:] = plain.bias
    torch.testing.assert_close(conditional(x, LABELS), plain(x))
    plain.eval(), conditional.eval()
    torch.testing.assert_close(conditional(x, LABELS), plain(x))  # with the same running statistics


def test_each_sample_has_the_gain_and_bias_of_its_class():
    norm = ConditionalBatchNorm2d(2, 3)
    x = torch.randn(3, 2, 4, 4)
    normalised = norm(x, LABELS)
    nn.init.normal_(norm.gain.weight)
    nn.init.normal_(norm.bias.weight)
    for i, label in enumerate(LABELS):
        gain, bias = norm.gain.weight[label][:, None, None], norm.bias.weight[label][:, None, None]
        torch.testing.assert_close(norm(x, LABELS)[i], gain * normalised[i] + bias)


def test_classes_that_are_absent_learn_nothing():
    norm = ConditionalBatchNorm2d(2, 3)
    (norm(torch.randn(4, 2, 3, 3), torch.tensor([0, 2, 2, 0])) ** 3).sum().backward()
    assert (norm.gain.weight.grad[[0, 2]].abs() > 0).all()
    assert (norm.gain.weight.grad[1] == 0).all()


@pytest.mark.parametrize("make", [LabelGenerator, LabelDiscriminator])
def test_there_is_at_least_one_class(make):
    with pytest.raises(ValueError, match="n_classes must be at least 1"):
        make(nn.Identity(), 0)
