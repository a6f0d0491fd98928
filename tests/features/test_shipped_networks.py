"""The networks that come with the package know their classes and are the ones that are known by their names."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from evogan.datasets import digits, fashion_mnist
from evogan.features import _shipped, digits_features, fashion_features
from evogan.metrics import sample_scores


def waves(shape):
    n = int(np.prod(shape))
    return torch.sin(0.37 * torch.arange(2 * n, dtype=torch.float32)).reshape(2, *shape)


def test_digits_are_told_apart():
    images, labels = digits("test").batch(torch.arange(397))
    p = digits_features().probabilities(images)
    accuracy = (p.argmax(axis=1) == labels.numpy()).mean()
    assert 0.97 < accuracy < 0.98


def test_garments_are_told_apart():
    try:
        data = fashion_mnist(split="test").resized(32)
    except FileNotFoundError:
        pytest.skip("Fashion-MNIST is not on this computer")
    images, labels = data.batch(torch.arange(2000))
    p = fashion_features().probabilities(images)
    assert (p.argmax(axis=1) == labels.numpy()).mean() > 0.88


@pytest.mark.parametrize(
    ("make", "first", "sums"),
    [
        (digits_features, [0.152037, 0.314512, 0.712150, 0.759400], [32.403099, 52.401338]),
        (fashion_features, [0.726076, 1.38635, 0.681184, 3.836344], [160.666199, 156.054438]),
    ],
    ids=["digits", "fashion"],
)
def test_features_of_fixed_images(make, first, sums):
    extractor = make()
    features = extractor(waves(extractor.shape))
    np.testing.assert_allclose(features[0, np.flatnonzero(features[0])[:4]], first, atol=1e-4)
    np.testing.assert_allclose(features.sum(axis=1), sums, atol=1e-3)


@pytest.mark.parametrize(("build", "n_params"), [(_shipped.digits_net, 8970), (_shipped.fashion_net, 188_234)])
def test_numbers_of_parameters(build, n_params):
    assert sum(p.numel() for p in build().parameters()) == n_params


def test_other_bytes_are_refused(monkeypatch):
    monkeypatch.setitem(_shipped.SHA256, "digits-mlp-v1", "0" * 64)
    with pytest.raises(ValueError, match=r"digits-mlp-v1\.npz must have the SHA-256 sum 0{64}, got [0-9a-f]{64}"):
        digits_features()


def test_scores_of_real_digits_rank_test_images_before_spoilt_ones():
    extractor = digits_features()
    train, test = (digits(split).batch(torch.arange(n))[0] for split, n in (("train", 1400), ("test", 397)))
    noisy = (test + 0.8 * torch.randn(test.shape, generator=torch.Generator().manual_seed(1))).clamp(-1, 1)
    real = extractor(train)
    good, bad = (
        sample_scores(real, extractor(x), features_name=extractor.name, probabilities=extractor.probabilities(x))
        for x in (test, noisy)
    )
    for name in ("FID", "KID"):
        assert float(good[name]) < 0.5 * float(bad[name])
    for name in ("precision", "density", "coverage", "IS"):
        assert float(good[name]) > float(bad[name])
    assert str(good["FID"]).startswith("FID[digits-mlp-v1, n=397, n_real=1400] = ")
