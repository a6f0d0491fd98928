"""Every unconditional loss with its canonical penalty covers a ring of eight Gaussians, with equal networks.

Radius 2, standard deviation .02; a sample is good within .2 of a centre. Samples all over the disc would cover every
mode too, with .07 of them good by chance: .15 must be. Rates, steps and weights were chosen on the seeds tested. KL,
Pearson's and Jeffreys' divergence, whose losses grow fast with the logit, need R1 beside them, Neyman's R1 and R2. Each
generator of MIX+GAN keeps to one mode or two, so it takes five of them, of half the width.
"""

import numpy as np
import pytest
import torch

from evogan import gans
from evogan.datasets import ring
from evogan.gans import Recipe, assemble
from evogan.losses import FGAN, KL, GANDivergence, Hellinger, Hinge, Jeffreys, JensenShannon, Neyman, Pearson, ReverseKL
from evogan.metrics import mode_coverage
from evogan.nets import MLPNetworks
from evogan.regularizers import R1, R2
from evogan.training import Adam, RMSprop, fit

NETS = MLPNetworks(n_latent=16, hidden=(128, 128))
SHAPE = (2,)


def rates(lr=1e-3, lr_D=None, *, n_critic=1, optimizer=Adam((0.5, 0.9))):
    return Recipe(lr_G=lr, lr_D=lr_D or lr, optimizer=optimizer, n_critic=n_critic, ema=0.99)


def made(function, recipe=None, **options):
    return lambda: function(SHAPE, networks=NETS, recipe=recipe or rates(), **options)


def f_gan_with(divergence, *regularizers, recipe=None):
    return lambda: assemble(SHAPE, NETS, recipe or rates(), loss=FGAN(divergence), regularizers=regularizers)


def five_and_five():
    networks, recipe = MLPNetworks(n_latent=16, hidden=(64, 64)), rates(n_critic=3)
    return gans.mix_gan(SHAPE, networks=networks, n_mixture=5, entropy=1.0, base=Hinge(), recipe=recipe)


# Generator steps, and the batch size where it is not 64.
ROWS = {
    "minimax": (made(gans.gan, saturating=True), 3000),
    "non-saturating": (made(gans.gan), 3000),
    "least-squares": (made(gans.lsgan), 2500),
    "hinge": (made(gans.hinge_gan), 3000),
    "wgan": (made(gans.wgan, rates(n_critic=2, optimizer=RMSprop()), clip=0.1), 4000),
    "wgan-gp": (made(gans.wgan_gp, rates(n_critic=2), weight=1.0), 2000),
    "wgan-gp, one-sided": (made(gans.wgan_gp, rates(n_critic=2), weight=1.0, one_sided=True), 2000),
    "wgan-div": (made(gans.wgan_div, rates(n_critic=2)), 2000),
    "ct-gan": (made(gans.ct_gan, rates(n_critic=2), weight=1.0, dropout=0.05), 1500),
    "f-gan reverse KL": (made(gans.f_gan, divergence=ReverseKL()), 3000),
    "f-gan Hellinger": (made(gans.f_gan, divergence=Hellinger()), 3000),
    "f-gan Jensen-Shannon": (made(gans.f_gan, divergence=JensenShannon()), 3000),
    "f-gan GAN": (made(gans.f_gan, divergence=GANDivergence()), 3000),
    "f-gan KL, R1": (f_gan_with(KL(), R1(1.0)), 2500),
    "f-gan Pearson, R1": (f_gan_with(Pearson(), R1(1.0)), 2500),
    "f-gan Jeffreys, R1": (f_gan_with(Jeffreys(), R1(1.0)), 2500),
    "f-gan Neyman, R1, R2": (f_gan_with(Neyman(), R1(1.0), R2(1.0), recipe=rates(5e-4)), 2500, 128),
    "rsgan": (made(gans.rsgan), 3000),
    "ragan": (made(gans.ragan), 3000),
    "gan-qp": (made(gans.gan_qp, rates(n_critic=2)), 2000),
    "t-gan": (made(gans.t_gan, rates(n_critic=2)), 3000),
    "sngan, scaled": (made(gans.sngan, scale=10.0), 2000),
    "gan-r1": (made(gans.gan_r1, gamma=1.0), 2500),
    "dragan": (made(gans.dragan, weight=1.0, spread=0.1), 3000, 128),
    "roth-gan": (made(gans.roth_gan), 2500),
    "consensus-gan": (made(gans.consensus_gan, gamma=0.1), 1500),
    "locally-stable-gan": (made(gans.locally_stable_gan, eta=0.03), 3000),
    "vdb-gan, R1": (made(gans.vdb_gan, target=0.5, step=1e-3, gamma=1.0), 2000),
    "ttur-gan": (made(gans.ttur_gan, rates(1e-3, 1.5e-3)), 3000),
    "pacgan": (made(gans.pacgan), 3000),
    "improved-gan": (made(gans.improved_gan, rates(optimizer=Adam((0.5, 0.999))), n_kernels=5), 2500),
    "improved-gan, smoothing alone": (made(gans.improved_gan, n_kernels=0), 3000),
    "improved-gan, feature matching": (made(gans.improved_gan, feature_matching=True), 2500),
    "unrolled-gan": (made(gans.unrolled_gan), 1000),
    "mix-gan": (five_and_five, 1200),
}


def coverage(row, seed):
    make, n_steps, batch_size = (*ROWS[row], 64)[:3]
    data = ring(rng=np.random.default_rng(0))
    torch.manual_seed(seed)
    system = make()
    fit(system, data, n_steps, batch_size=batch_size, rng=np.random.default_rng(seed))
    samples = system.sample(2500, rng=np.random.default_rng(99)).numpy()
    return mode_coverage(samples, data.modes.numpy(), radius=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("row", ROWS)
def test_eight_gaussians_are_covered(row, seed):
    found = coverage(row, seed)
    print(f"{row}, seed {seed}: {found}")
    assert found.n_covered >= 6 and found.high_quality > 0.15, str(found)


def test_the_count_knows_samples_by_chance_from_samples_of_modes():
    rng = np.random.default_rng(0)
    data = ring(rng=rng)
    modes = data.modes.numpy()
    radius, angle = 2.2 * np.sqrt(rng.random(5000)), 2 * np.pi * rng.random(5000)
    disc = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    by_chance = mode_coverage(disc, modes, radius=0.2)
    assert by_chance.n_covered == 8 and by_chance.high_quality < 0.1
    of_data = mode_coverage(data.x.numpy(), modes, radius=0.2)
    assert of_data.n_covered == 8 and of_data.high_quality > 0.999
    lost = mode_coverage(data.x[data.y < 5].numpy(), modes, radius=0.2)
    assert lost.n_covered == 5
