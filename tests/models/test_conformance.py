"""Every model of evogan passes the suite that it ships for models of others, and a GAN does learn."""

from functools import partial

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from evogan.losses import Hinge, LeastSquares, Minimax, NonSaturating, SourceWeights, Wasserstein
from evogan.models import GAN, FitReport, Gaussian, GenerativeModel, Untrained
from evogan.nets import mlp_discriminator, mlp_generator
from evogan.regularizers import R1, GradientPenalty
from evogan.testing import check_generative_model

# High rates without momentum: elites are found within a hundred steps, whatever the seed, also in the raw unit box.
QUICK = {"n_steps": 100, "lr_generator": 0.01, "lr_discriminator": 0.02, "betas": (0.0, 0.9)}
SLOWER = {**QUICK, "n_steps": 50, "lr_generator": 0.005, "lr_discriminator": 0.01}

CONFORMING = {
    "Gaussian": Gaussian,
    "GAN": lambda: GAN(n_steps=20),
    "saturating GAN with clipped noise": lambda: GAN(n_steps=20, loss=Minimax(), clip_latent=True),
    "GAN of least squares, started cold": lambda: GAN(n_steps=20, loss=LeastSquares(), warm_start=False),
    "GAN with hinge loss and weights": lambda: GAN(n_steps=20, loss=Hinge(), weights=SourceWeights(0.1, 0.9, 1.0)),
    "GAN with standard normal noise": lambda: GAN(n_steps=20, latent=3),
    "Wasserstein GAN with two critic steps": lambda: GAN(n_steps=20, loss=Wasserstein(), n_critic=2),
    "GAN of autograd": lambda: GAN(n_steps=20, engine="autograd"),
    "GAN with R1": lambda: GAN(n_steps=20, regularizers=[R1()]),
    "WGAN-GP": lambda: GAN(n_steps=20, loss=Wasserstein(), regularizers=[GradientPenalty()]),
    "GAN in the raw unit box": lambda: GAN(**QUICK, loss=LeastSquares(), standardize=False),
    "GAN in the raw unit box with standard normal noise": lambda: GAN(**QUICK, latent=3, standardize=False),
}

NOT_LEARNING = {
    "Untrained": Untrained,
    "Untrained in the raw unit box": lambda: Untrained(standardize=False, latent=2),
    "GAN with other networks": lambda: GAN(
        n_steps=5,
        latent=2,
        batch_size=2,
        generator=partial(mlp_generator, hidden=[7], batch_norm=False, output=None),
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
        {**QUICK, "standardize": False},
        {**QUICK, "standardize": False, "loss": LeastSquares()},
        *({**SLOWER, "loss": loss} for loss in (NonSaturating(), Minimax(), LeastSquares(), Hinge(), Wasserstein())),
        {**SLOWER, "regularizers": [R1(0.1)]},
    ],
    ids=str,
)
def test_a_gan_comes_nearer_to_the_elites_than_its_untrained_control(settings):
    for seed in range(3):
        elite, poor = clouds(seed)
        models = GAN(**settings), Untrained(standardize=settings.get("standardize", True))
        trained, untrained = (
            distance(
                model.fit(elite, poor, rng=np.random.default_rng(seed)).sample(300, rng=np.random.default_rng(9)), elite
            )
            for model in models
        )
        assert trained < 0.6 * untrained, f"seed {seed}"
