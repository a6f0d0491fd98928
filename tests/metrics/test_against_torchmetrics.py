"""FID, KID and IS beside torchmetrics, whose networks are replaced by one that hands its input on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from evogan.metrics import frechet_distance, inception_score, kernel_distance

pytestmark = pytest.mark.filterwarnings(
    "ignore:Metric .* will save all extracted features:UserWarning",
    r"ignore:std\(\). degrees of freedom:UserWarning",  # of its single split
)


class Identity(torch.nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.num_features = num_features

    def forward(self, x):
        return x


@pytest.fixture
def sets():
    rng = np.random.default_rng(1)
    mixing = rng.standard_normal((8, 8))
    return rng.standard_normal((400, 8)) @ mixing, 0.3 + rng.standard_normal((300, 8)) * np.linspace(0.2, 2, 8)


def theirs(metric, real, fake):
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(fake), real=False)
    return metric.compute()


def test_frechet_distance(sets):
    expected = float(theirs(FrechetInceptionDistance(feature=Identity(8)).set_dtype(torch.float64), *sets))
    assert expected > 1.0
    assert frechet_distance(*sets) == pytest.approx(expected, rel=1e-6)


def test_kernel_distance(sets):
    real, fake = sets[0][:300], sets[1]
    metric = KernelInceptionDistance(feature=Identity(8), subsets=1, subset_size=300)
    expected, _ = theirs(metric, real, fake)
    assert expected > 0.1
    assert kernel_distance(real, fake).mean == pytest.approx(float(expected), rel=1e-5)


def test_inception_score():
    p = np.random.default_rng(2).dirichlet(np.full(10, 0.2), size=500)
    metric = InceptionScore(feature=Identity(10), splits=1, normalize=False)  # with True it would round to bytes
    metric.update(torch.from_numpy(np.log(p + 1e-30)))
    expected = float(metric.compute()[0])
    assert expected > 2.0
    assert inception_score(p).mean == pytest.approx(expected, rel=1e-6)
