"""Growing systems follow their schedule; styled ones truncate their samples."""

import numpy as np
import pytest
import torch

from evogan.datasets import digits
from evogan.gans import Recipe, pggan, stylegan
from evogan.regularizers import R1, DriftPenalty, GradientPenalty, Lazy
from evogan.training import Batches, fit, run_block


@pytest.fixture(scope="module")
def data():
    return digits().resized(16)


def growing(**options):
    torch.manual_seed(0)
    return pggan((1, 16, 16), n_latent=8, width=4, **{"images_per_phase": 32, **options})


def test_both_networks_grow_with_the_images_that_were_shown(data):
    system, batches = growing(), Batches(data, 16, seed=0)
    stages = []
    for _ in range(11):
        run_block(system, batches, 1)
        G, trunk = system.trainer.G, system.trainer.D[0]
        assert (G.stage, G.alpha) == (trunk.stage, trunk.alpha)
        stages.append((G.stage, G.alpha))
    # Two batches a phase: 4x4, 8x8 fading in, 8x8, 16x16 fading in, 16x16.
    assert stages[:10] == [(0, 1), (0, 1), (1, 0), (1, 0.5), (1, 1), (1, 1), (2, 0), (2, 0.5), (2, 1), (2, 1)]
    assert stages[10] == (2, 1) and system.images_shown == 11 * 16


def test_the_moving_average_grows_along(data):
    system = growing()
    fit(system, data, 4, batch_size=16, rng=np.random.default_rng(0))
    assert system.generator.stage == system.trainer.G.stage == 1


def test_samples_have_the_full_size_from_the_start():
    samples = growing().sample(3, rng=np.random.default_rng(0))
    assert samples.shape == (3, 1, 16, 16)
    blocks = samples.unfold(2, 4, 4).unfold(3, 4, 4)
    assert torch.equal(blocks, blocks[..., :1, :1].expand_as(blocks)), "4x4 pixels, each a block of 4x4"


def test_growth_goes_on_after_a_restored_state(data):
    system, batches = growing(), Batches(data, 16, seed=0)
    run_block(system, batches, 3)
    other = growing()
    other.load_state_dict(system.state_dict())
    assert other.images_shown == 48
    run_block(other, batches, 1)
    assert (other.trainer.G.stage, other.trainer.G.alpha) == (1, 0.5)


def test_the_progressive_critic_pays_for_slope_and_drift():
    kinds = [type(part) for part in growing().trainer.regularizers]
    assert kinds == [GradientPenalty, DriftPenalty]
    assert growing(recipe=Recipe(n_critic=2)).n_critic == 2


def styled(**options):
    torch.manual_seed(0)
    return stylegan((1, 8, 8), n_latent=8, n_layers=2, width=4, **options)


def test_truncation_to_0_leaves_only_the_noise(data):
    free, flat = (styled(truncation=psi).sample(8, rng=np.random.default_rng(1)) for psi in (None, 0.0))
    assert torch.equal(flat, flat[:1].expand_as(flat)), "the noise has no strength before training"
    assert not torch.allclose(free, free[:1].expand_as(free))
    assert torch.equal(styled(truncation=1.0).sample(8, rng=np.random.default_rng(1)), free)


def test_r1_may_be_paid_now_and_then():
    (penalty,) = styled(gamma=3.0).trainer.regularizers
    assert penalty == R1(3.0)
    (lazy,) = styled(gamma=3.0, every=4).trainer.regularizers
    assert isinstance(lazy, Lazy) and lazy.every == 4


def test_styled_samples_do_not_depend_on_the_size_of_their_batch():
    system = styled()
    system.generator.eval()
    latent = torch.randn(4, 8, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        together = system.generator(latent, noise=False)
        alone = torch.cat([system.generator(z[None], noise=False) for z in latent])
    assert torch.allclose(together, alone, atol=1e-5)
