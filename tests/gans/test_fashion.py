"""DCGAN learns to paint garments; needs the files of Fashion-MNIST (`make data`)."""

import numpy as np
import pytest
import torch

from evogan.datasets import fashion_mnist
from evogan.experiments import ImageScorer
from evogan.features import fashion_features
from evogan.gans import Recipe, dcgan
from evogan.training import fit


@pytest.mark.slow
def test_dcgan_paints_garments():
    try:
        data = fashion_mnist().resized(32)
    except FileNotFoundError as error:
        pytest.skip(f"no Fashion-MNIST here: {error}")
    torch.manual_seed(1)
    system = dcgan(data.shape, recipe=Recipe(ema=None))  # after so few steps an average lags behind
    scorer = ImageScorer(data, fashion_features(), n=5000)
    before = scorer(system, rng=np.random.default_rng(2))["FID"]
    fit(system, data, 500, batch_size=64, rng=np.random.default_rng(1))
    after = scorer(system, rng=np.random.default_rng(2))
    assert before.value > 800
    assert after["FID"].value < 120, str(after["FID"])
