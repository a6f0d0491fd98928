"""Every model of evogan passes the suite that it ships for models of others, and a GAN does learn."""

from functools import partial

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from evogan.losses import Hinge, LeastSquares, Minimax, SourceWeights, Wasserstein
from evogan.models import GAN, FitReport, Gaussian, GenerativeModel, Untrained
from evogan.nets import mlp_discriminator, mlp_generator
from evogan.regularizers import R1, GradientPenalty
from evogan.testing import check_generative_model

# High rates without momentum: the elites are found within a hundred steps, whatever the seed.
QUICK = {"n_steps": 100, "lr_generator": 0.01, "lr_discriminator": 0.02, "betas": (0.0, 0.9)}

CONFORMING = {
    "Gaussian": Gaussian,
    "GAN": lambda: GAN(**QUICK),
    "GAN of least squares, started cold": lambda: GAN(**QUICK, loss=LeastSquares(), warm_start=False),
    "GAN with standard normal noise": lambda: GAN(**QUICK, latent=3),
    "GAN as it comes": GAN,
    "Wasserstein GAN, started cold": lambda: GAN(**QUICK, latent=3, loss=Wasserstein(), warm_start=False),
    "GAN with hinge loss and R1": lambda: GAN(**QUICK, loss=Hinge(), regularizers=[R1(1.0)]),
}

NOT_LEARNING = {
    "Untrained": Untrained,
    "Untrained with standard normal noise": lambda: Untrained(latent=2),
    # The others have too few steps to learn, but not to break a promise.
    "GAN of autograd": lambda: GAN(n_steps=5, engine="autograd"),
    "saturating GAN with clipped noise": lambda: GAN(n_steps=5, loss=Minimax(), clip_latent=True),
    "GAN with weights and two critic steps": lambda: GAN(n_steps=5, n_critic=2, weights=SourceWeights(0.1, 0.9, 1.0)),
    "WGAN-GP": lambda: GAN(n_steps=5, loss=Wasserstein(), regularizers=[GradientPenalty()]),
    "GAN with other networks": lambda: GAN(
        n_steps=5,
        latent=2,
        batch_size=2,
        generator=partial(mlp_generator, hidden=[7], batch_norm=False),
        discriminator=partial(mlp_discriminator, hidden=[5, 4]),
    ),
}


@pytest.mark.parametrize("name", CONFORMING)
def test_models_conform(name):
    check_generative_model(CONFORMING[name])


@pytest.mark.parametrize("name", NOT_LEARNING)
def test_models_that_do_not_learn_conform_otherwise(name):
    check_generative_model(NOT_LEARNING[name], learns=False)


@pytest.mark.parametrize("model", [GAN(), Untrained(), Gaussian()])
def test_models_follow_the_protocol(model):
    assert isinstance(model, GenerativeModel)
    assert not isinstance(FitReport(0, 0.0, 0.0, 0.0), GenerativeModel)


def distance(A, B):
    """Energy distance."""
    return 2 * cdist(A, B).mean() - cdist(A, A).mean() - cdist(B, B).mean()


def clouds(seed):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal([0.3, 0.7, 0.3, 0.7], 0.05, (40, 4)), 0, 1), rng.random((60, 4))


@pytest.mark.parametrize(
    "settings",
    [
        QUICK,
        {**QUICK, "loss": LeastSquares()},
        {**QUICK, "latent": 2},
        {**QUICK, "latent": 3, "loss": Wasserstein()},
        {**QUICK, "loss": Hinge(), "regularizers": [R1(1.0)]},
    ],
    ids=str,
)
def test_a_gan_comes_nearer_to_the_elites_than_its_untrained_control(settings):
    for seed in range(3):
        elite, poor = clouds(seed)
        distances = []
        for model in (GAN(**settings), Untrained()):
            model.fit(elite, poor, rng=np.random.default_rng(seed))
            distances.append(distance(model.sample(300, rng=np.random.default_rng(9)), elite))
        assert distances[0] < 0.6 * distances[1], f"seed {seed}"
