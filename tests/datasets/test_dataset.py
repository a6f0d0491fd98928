"""What a data set checks, and the batches and sizes that it gives."""

import pytest
import torch

from evogan.datasets import Dataset


def images(*shape, high=256, seed=0):
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed)).to(torch.uint8)


def test_a_batch_of_images_spans_minus_one_to_one_exactly():
    x = torch.arange(256, dtype=torch.uint8).reshape(4, 1, 8, 8)
    data = Dataset("ramp", x, torch.tensor([3, 2, 1, 0]), n_classes=4)
    batch, y = data.batch(torch.tensor([3, 0]))
    assert batch.dtype == torch.float32 and batch.shape == (2, 1, 8, 8)
    assert batch[1, 0, 0, 0] == -1.0 and batch[0, 0, 7, 7] == 1.0
    assert torch.allclose(batch[1].flatten(), torch.arange(64) / 127.5 - 1, atol=1e-7)
    assert y.tolist() == [0, 3]
    assert torch.equal(data.x, x), "the stored bytes stay as they are"


def test_batches_of_vectors_and_tokens_are_not_scaled():
    vectors, tokens = torch.tensor([[300.0, -7.0], [0.5, 2.0]]), torch.tensor([[5, 6, 7], [1, 2, 300]])
    x, y = Dataset("vectors", vectors).batch(torch.tensor([1]))
    assert x.tolist() == [[0.5, 2.0]] and y is None
    x, _ = Dataset("tokens", tokens).batch(torch.tensor([-1, 0]))
    assert x.dtype == torch.int64 and x.tolist() == [[1, 2, 300], [5, 6, 7]]


def test_a_batch_and_a_set_go_to_the_device_that_is_named():
    data = Dataset("d", images(3, 1, 4, 4), torch.tensor([0, 1, 0]), n_classes=2)
    x, y = data.batch(torch.tensor([0, 2]), device="meta")
    assert x.device.type == y.device.type == "meta" and x.dtype == torch.float32
    toy = Dataset("toy", torch.zeros(3, 2), torch.zeros(3, dtype=torch.int64), 1, torch.zeros(1, 2), 0.1).to("cpu")
    assert toy.modes.device.type == "cpu" and toy.sd == 0.1 and toy.n_classes == 1 and len(toy) == 3


def test_shape_kind_and_length():
    data = Dataset("d", images(3, 2, 5, 7))
    assert len(data) == 3 and data.shape == (2, 5, 7) and data.is_image
    assert not Dataset("v", torch.zeros(3, 2)).is_image
    assert not Dataset("t", torch.zeros(3, 2, dtype=torch.int64)).is_image
    assert repr(data) == "Dataset('d', n=3, shape=(2, 5, 7), n_classes=0)"


def test_shrinking_takes_the_mean_of_areas():
    x = torch.tensor([[10, 20, 0, 0], [30, 43, 0, 1], [255, 255, 7, 7], [255, 255, 7, 7]], dtype=torch.uint8)
    # 25.75 and 0.25 are rounded.
    assert Dataset("d", x.reshape(1, 1, 4, 4)).resized(2).x.tolist() == [[[[26, 0], [255, 7]]]]


def test_growing_is_bilinear_between_pixel_centres():
    x = torch.tensor([[0, 100], [0, 100]], dtype=torch.uint8)
    assert Dataset("d", x.reshape(1, 1, 2, 2)).resized(4).x[0, 0].tolist() == [[0, 25, 75, 100]] * 4


def test_a_resized_set_keeps_order_labels_and_channels_beyond_a_part():
    x = torch.arange(2500).remainder(251).to(torch.uint8).reshape(-1, 1, 1, 1).expand(-1, 3, 4, 4).contiguous()
    data = Dataset("d", x, torch.arange(2500) % 5, n_classes=5)
    small = data.resized(2)
    assert torch.equal(small.x, x[..., :2, :2]) and torch.equal(small.y, data.y) and small.n_classes == 5
    assert data.resized(4) is data


@pytest.mark.parametrize(
    ("data", "size", "says"),
    [
        (Dataset("ring", torch.zeros(3, 2)), 8, "ring must hold images to be resized, got samples of shape \\(2,\\)"),
        (Dataset("wide", images(1, 3, 4, 6)), 8, "square images to be resized, got 4 x 6 pixels"),
        (Dataset("d", images(1, 3, 4, 4)), 0, "size must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_resized(data, size, says):
    with pytest.raises(ValueError, match=says):
        data.resized(size)


LABELS = torch.tensor([0, 1, 2])


@pytest.mark.parametrize(
    ("error", "says", "arguments"),
    [
        (ValueError, "Dataset.x must be uint8 images .* got torch.float32 of shape", {"x": torch.zeros(3, 1, 4, 4)}),
        (ValueError, "got torch.uint8 of shape \\(3, 4\\)", {"x": images(3, 4)}),
        (ValueError, "none of them 0 long", {"x": images(0, 1, 4, 4)}),
        (ValueError, "none of them 0 long", {"x": torch.zeros(3, 0)}),
        (ValueError, "finite, got 1 entries", {"x": torch.tensor([[0.0, float("nan")]])}),
        (ValueError, "tokens of at least 0, got -1", {"x": torch.tensor([[0, -1]])}),
        (TypeError, "Dataset.x must be an object such as", {"x": [[0.0, 1.0]]}),
        (TypeError, "Dataset.name must be", {"name": 3}),
        (ValueError, "n_classes must be 0 without labels y, got 3", {"n_classes": 3}),
        (ValueError, "n_classes must be at least 1, got 0", {"y": LABELS}),
        (ValueError, "int64 of shape \\(3,\\), got torch.int64 of \\(2,\\)", {"y": LABELS[:2], "n_classes": 3}),
        (ValueError, "got torch.float32 of \\(3,\\)", {"y": LABELS.float(), "n_classes": 3}),
        (ValueError, "must lie in \\[0, 2\\), got 0 to 2", {"y": LABELS, "n_classes": 2}),
        (ValueError, "must lie in \\[0, 3\\), got -1 to 1", {"y": LABELS - 1, "n_classes": 3}),
        (ValueError, "where x is, on cpu, got meta", {"y": LABELS.to("meta"), "n_classes": 3}),
        (TypeError, "Dataset.y must be an object such as", {"y": [0, 1, 2], "n_classes": 3}),
        (ValueError, "modes and sd belong together", {"sd": 0.1}),
        (ValueError, "modes must be float32 of shape", {"modes": torch.zeros(8, 3), "sd": 0.1}),
        (
            ValueError,
            "modes must be float32 of shape",
            {"x": images(3, 1, 4, 4), "modes": torch.ones(8, 2), "sd": 1},
        ),
        (ValueError, "sd must lie in", {"modes": torch.zeros(8, 2), "sd": -0.1}),
    ],
)
def test_bad_sets_are_refused(error, says, arguments):
    with pytest.raises(error, match=says):
        Dataset(**{"name": "d", "x": torch.zeros(3, 2), **arguments})


@pytest.mark.parametrize("index", [torch.tensor([True, False, True]), torch.tensor([[0, 1]]), torch.tensor([0.0])])
def test_an_index_is_a_line_of_integers(index):
    with pytest.raises(ValueError, match="index must be int64 of shape"):
        Dataset("d", images(3, 1, 4, 4)).batch(index)
