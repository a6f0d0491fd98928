"""Feature extractors in general: names, shapes, batches, refusals; no trace in networks' or torch's state."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from evogan.features import FeatureExtractor, digits_features, fashion_features, pixel_features

SHIPPED = {"digits": digits_features, "fashion": fashion_features}


def images(extractor, n=7, seed=1):
    return torch.rand(n, *extractor.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize(
    ("make", "name", "n_features", "shape"),
    [
        (digits_features, "digits-mlp-v1", 64, (1, 8, 8)),
        (fashion_features, "fashion-cnn-v1", 128, (1, 32, 32)),
        (lambda: pixel_features((3, 4, 5)), "pixels", 60, (3, 4, 5)),
        (lambda: pixel_features((2,)), "pixels", 2, (2,)),
    ],
)
def test_names_and_shapes(make, name, n_features, shape):
    extractor = make()
    assert (extractor.name, extractor.n_features, extractor.shape) == (name, n_features, shape)
    features = extractor(images(extractor))
    assert (features.shape, features.dtype) == ((7, n_features), np.float64)
    assert features.std() > 0.1


@pytest.mark.parametrize("make", SHIPPED.values(), ids=SHIPPED)
def test_the_same_images_give_the_same_features(make):
    extractor = make()
    x = images(extractor, 23)
    features, p = extractor(x), extractor.probabilities(x)
    np.testing.assert_array_equal(make()(x), features)
    np.testing.assert_allclose(extractor(x, batch_size=5), features, atol=1e-4)
    np.testing.assert_array_equal(extractor(x.double()), features)
    assert (p.shape, p.dtype) == ((23, 10), np.float64)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(extractor.probabilities(x, batch_size=5), p, atol=1e-4)


@pytest.mark.parametrize("make", [*SHIPPED.values(), lambda: pixel_features((1, 2, 2))])
def test_nothing_draws_from_the_global_generator(make):
    before = torch.get_rng_state()
    extractor = make()
    extractor(torch.zeros(2, *extractor.shape))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_network_is_frozen_and_evaluates():
    torch.manual_seed(1)
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)).train()
    extractor = FeatureExtractor("mine", net, n_features=2, shape=(1, 2, 2))
    x = images(extractor, 6).requires_grad_(True)
    np.testing.assert_array_equal(extractor(x), extractor(x))
    assert torch.equal(net[1].running_mean, torch.zeros(4))
    assert not any(p.requires_grad for p in net.parameters())
    assert extractor.probabilities(x) is None
    assert repr(extractor) == "FeatureExtractor('mine', n_features=2, shape=(1, 2, 2))"


def test_batches_cover_every_image_once():
    sizes = []

    class Recorder(nn.Flatten):
        def forward(self, x):
            sizes.append(len(x))
            return super().forward(x)

    extractor = FeatureExtractor("mine", Recorder(), n_features=3, shape=(3,), batch_size=4)
    x = images(extractor, 10)
    np.testing.assert_array_equal(extractor(x), x.double().numpy())
    np.testing.assert_array_equal(extractor(x, batch_size=7), x.double().numpy())
    assert sizes == [4, 4, 2, 7, 3]


def test_probabilities_are_the_softmax_of_the_head():
    head = nn.Linear(2, 2)
    nn.init.eye_(head.weight)
    nn.init.zeros_(head.bias)
    extractor = FeatureExtractor("mine", nn.Identity(), n_features=2, shape=(2,), head=head, limits=None)
    p = extractor.probabilities(torch.tensor([[0.0, np.log(3.0)], [50.0, 0.0]]))
    np.testing.assert_allclose(p, [[0.25, 0.75], [1.0, np.exp(-50.0)]], rtol=1e-6)


@pytest.mark.parametrize("make", SHIPPED.values(), ids=SHIPPED)
def test_other_shapes_are_refused(make):
    extractor = make()
    for shape in [(2, 1, 28, 28), (2, 3, *extractor.shape[1:]), extractor.shape, (0, *extractor.shape)]:
        with pytest.raises(ValueError, match=f"images must have shape .n, 1, .* for {extractor.name}"):
            extractor(torch.zeros(shape))


def test_images_of_another_range_are_refused():
    extractor = digits_features()
    x = images(extractor)
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\] for digits-mlp-v1, got \[.*\]: scale"):
        extractor(x * 255.0)
    for value in (np.nan, np.inf, 1.01, -1.01):
        message = "must lie in" if np.isfinite(value) else "got 2 of 7 with NaN or infinity"
        spoilt = x.clone()
        spoilt[[1, 4], 0, 3, 3] = value
        with pytest.raises(ValueError, match=message):
            extractor(spoilt)
        with pytest.raises(ValueError, match=message):
            extractor.probabilities(spoilt)
    with pytest.raises(TypeError, match=r"floats, got torch\.uint8"):
        extractor(torch.zeros(2, 1, 8, 8, dtype=torch.uint8))
    with pytest.raises(TypeError, match="images must be an object such as"):
        extractor(x.numpy())
    wide = torch.tensor([[-300.0, 7.0]])
    np.testing.assert_array_equal(pixel_features((2,))(wide), [[-300.0, 7.0]])


def test_a_network_of_another_width_is_refused():
    extractor = FeatureExtractor("mine", nn.Flatten(), n_features=5, shape=(1, 2, 2))
    with pytest.raises(ValueError, match=r"mine must give features \(3, 5\), got \(3, 4\)"):
        extractor(torch.zeros(3, 1, 2, 2))
