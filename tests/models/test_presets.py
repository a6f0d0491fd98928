"""Presets are the GANs that their papers describe, and learn."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from evogan.losses import Hinge, LeastSquares, Wasserstein
from evogan.models import GAN, hinge_gan, lsgan, wgan_gp
from evogan.regularizers import GradientPenalty
from evogan.testing import check_generative_model

PRESETS = [wgan_gp, lsgan, hinge_gan]


def test_presets_are_the_losses_and_penalties_of_their_papers():
    gan = wgan_gp()
    assert (gan.loss, gan.regularizers, gan.n_critic) == (Wasserstein(), (GradientPenalty(10.0),), 5)
    assert (lsgan().loss, lsgan().regularizers) == (LeastSquares(0.0, 1.0, 1.0), ())
    assert (hinge_gan().loss, hinge_gan().regularizers) == (Hinge(), ())


def test_the_hinge_gans_discriminator_is_spectrally_normalised():
    X = np.random.default_rng(1).random((30, 4))
    D = hinge_gan(n_steps=30).fit(X, rng=np.random.default_rng(1))._trainer.D.eval()
    for layer in (D[0], D[-1]):
        assert torch.linalg.matrix_norm(layer.weight, 2).item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("preset", PRESETS)
def test_options_go_to_the_gan_and_win_over_the_preset(preset):
    gan = preset(n_steps=7, betas=(0.2, 0.3), n_critic=2, latent=3)
    assert type(gan) is GAN
    assert (gan.n_steps, gan.betas, gan.n_critic, gan.latent) == (7, (0.2, 0.3), 2, 3)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("taken", ["loss", "regularizers"])
def test_what_makes_the_preset_cannot_be_changed(preset, taken):
    with pytest.raises(TypeError, match=f"{preset.__name__} takes no {taken}: use GAN"):
        preset(**{taken: None})


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_conform(preset):
    check_generative_model(lambda: preset(n_steps=2, n_critic=1), learns=False)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_learn(preset):
    """In the median of three seeds, at rates that do not depend on the last bits that machines differ by."""
    X = np.clip(np.random.default_rng(1).normal([0.3, 0.7, 0.3, 0.7], 0.05, (40, 4)), 0, 1)

    def distance(n_steps, seed):
        gan = preset(n_steps=n_steps, n_critic=1, lr_generator=0.002, lr_discriminator=0.01, betas=(0.0, 0.9))
        S = gan.fit(X, rng=np.random.default_rng(seed)).sample(300, rng=np.random.default_rng(2))
        return 2 * cdist(S, X).mean() - cdist(S, S).mean() - cdist(X, X).mean()

    assert np.median([distance(300, seed) / distance(0, seed) for seed in (1, 2, 3)]) < 0.5
