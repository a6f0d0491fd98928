"""LAPGAN: bands that add up, levels that learn by themselves, sampling from coarse to fine."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evogan.gans._assemble import Recipe
from evogan.gans._pyramid import lapgan
from evogan.nets import LaplacianPyramid, MLPNetworks
from evogan.training import Batch

COARSE = MLPNetworks(n_latent=4, hidden=(8,))


def rng(seed=0):
    return np.random.default_rng(seed)


def small(shape=(1, 16, 16), seed=0, **parts):
    torch.manual_seed(seed)
    return lapgan(shape, **{"networks": COARSE, "width": 2, "n_levels": 2, **parts})


def images(n, shape=(1, 16, 16)):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize(
    ("shape", "n_levels", "sizes"),
    [
        ((1, 8, 8), None, [8, 4]),
        ((3, 32, 32), None, [32, 16, 8]),
        ((1, 16, 16), None, [16, 8]),
        ((1, 8, 8), 3, [8, 4, 2, 1]),
    ],
)
def test_levels_halve_down_to_8_pixels_unless_told_otherwise(shape, n_levels, sizes):
    system = small(shape, n_levels=n_levels)
    assert [part.shape for part in system.parts.values()] == [(shape[0], s, s) for s in sizes]
    assert list(system.parts) == [str(s) for s in sizes]
    stages = system.stages(3, rng=rng())
    assert [tuple(stage.shape) for stage in stages] == [(3, shape[0], s, s) for s in reversed(sizes)]
    assert torch.equal(system.sample(3, rng=rng()), stages[-1])


def test_every_level_is_shown_its_band_and_the_image_that_it_belongs_to():
    system, x = small(), images(5)
    shown = system.shown(Batch(x))
    bands = LaplacianPyramid(2).decompose(x)
    for name, band in zip(("16", "8"), bands, strict=False):
        level = system.parts[name]
        assert torch.allclose(level.real(shown[name]), band, atol=1e-6)
        assert torch.allclose(level.real(shown[name]) + level.condition(shown[name]), shown[name].x, atol=1e-6)
    assert torch.allclose(shown["4"].x, bands[2], atol=1e-6)
    rebuilt = [system.parts[name].real(shown[name]) for name in ("16", "8")]
    assert torch.allclose(LaplacianPyramid(2).reconstruct([*rebuilt, shown["4"].x]), x, atol=1e-6)


def test_samples_without_bands_are_coarse_ones_repeated_and_a_band_is_added_once():
    system = small()
    with torch.no_grad():
        for name in ("16", "8"):
            for p in system.parts[name].generator.layers[-1].parameters():
                p.zero_()
        coarse, middle, fine = system.stages(4, rng=rng())
        assert torch.equal(fine, F.interpolate(coarse, scale_factor=4, mode="nearest"))
        system.parts["8"].generator.layers[-1].bias.fill_(0.25)
        shifted = system.stages(4, rng=rng())
    assert torch.equal(shifted[0], coarse)
    assert torch.allclose(shifted[1], (middle + 0.25).clamp(max=1.0))
    assert torch.equal(shifted[2], LaplacianPyramid.up(shifted[1]))


def test_samples_stay_within_the_range_of_images_though_bands_do_not():
    system = small()
    with torch.no_grad():
        system.parts["16"].generator.layers[-1].bias.fill_(5.0)
    assert torch.equal(system.sample(3, rng=rng()), torch.ones(3, 1, 16, 16))


def test_a_level_learns_by_itself():
    system, x = small(), images(6)
    alone = small()
    before = {name: copy.deepcopy(part.state_dict()) for name, part in system.parts.items()}
    losses = system.step(lambda: Batch(x))
    assert set(losses) == {f"{who}_{size}" for who in ("discriminator", "generator") for size in (16, 8, 4)}

    def networks(part):
        return [*part.trainer.G.parameters(), *part.trainer.D.parameters()]

    for name, part in system.parts.items():
        stored = [*before[name]["trainer"]["G"].values(), *before[name]["trainer"]["D"].values()]
        assert not all(torch.equal(p, q) for p, q in zip(networks(part), stored, strict=True)), name
    # The finest level draws the same latents alone, and ends with the same bits: no other level reaches it.
    seeded = [small(), alone]
    for each in seeded:
        torch.manual_seed(7)
        (each if each is seeded[0] else each.parts["16"]).step(lambda: Batch(x))
    assert all(torch.equal(p, q) for p, q in zip(*(networks(each.parts["16"]) for each in seeded), strict=True))
    untouched = zip(networks(alone.parts["8"]), networks(small().parts["8"]), strict=True)
    assert all(torch.equal(p, q) for p, q in untouched)


def test_all_levels_see_the_same_batches_as_many_as_there_are_discriminator_steps():
    system, drawn = small(recipe=Recipe(n_critic=3)), []

    def batches():
        drawn.append(Batch(images(4)))
        return drawn[-1]

    system.step(batches)
    assert len(drawn) == 3
    assert all(part.n_steps == 1 for part in system.parts.values())


def test_pictures_show_the_way_from_coarse_to_fine():
    system = small()
    pictures = system.pictures(Batch(images(12)), rng=rng())
    stages = system.stages(12, rng=rng())
    assert pictures.shape == (36, 1, 16, 16)
    assert torch.equal(pictures[2::3], stages[2]) and torch.equal(pictures[1::3, :, ::2, ::2], stages[1])


def test_what_cannot_be_halved_is_refused():
    with pytest.raises(ValueError, match="lapgan"):
        lapgan((8,))
    with pytest.raises(ValueError, match="divisible by 8 for n_levels=3"):
        lapgan((1, 12, 12), n_levels=3)
    with pytest.raises(ValueError, match="n_levels"):
        lapgan((1, 8, 8), n_levels=0)
