"""pix2pix: edges with known values, the objective of the paper, sources remembered, images drawn from their edges."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evogan.datasets import digits
from evogan.exceptions import NotFittedError
from evogan.gans._assemble import Recipe
from evogan.gans._conditioned import shown_like, side_by_side
from evogan.gans._translation import patch_layers, pix2pix, sobel_edges
from evogan.nets import PatchDiscriminator, receptive_field
from evogan.training import Batch, fit

SHAPE = (1, 8, 8)


def rng(seed=0):
    return np.random.default_rng(seed)


def small(**parts):
    """Return a system whose generator draws no dropout, so that it is a function of the source."""
    torch.manual_seed(0)
    system = pix2pix(SHAPE, width=4, **parts)
    system.trainer.G.dropout = system.generator.dropout = 0.0
    return system


def images(n, shape=SHAPE, seed=1):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def parameters(net):
    return [p.detach().clone() for p in net.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_edges_are_black_in_flat_areas_and_white_at_a_full_step():
    assert torch.equal(sobel_edges(torch.full((2, 3, 6, 6), 0.3)), torch.full((2, 1, 6, 6), -1.0))
    step = torch.ones(1, 1, 6, 6)
    step[..., :3] = -1
    expected = torch.tensor([-1.0, -1.0, 1.0, 1.0, -1.0, -1.0]).expand(6, 6)
    assert torch.equal(sobel_edges(step)[0, 0], expected)
    assert torch.equal(sobel_edges(step.mT)[0, 0], expected.T)
    assert torch.allclose(sobel_edges(0.5 * step)[0, 0, 0, 2], torch.tensor(0.0))


def test_edges_look_at_grey_levels_and_turn_with_the_image():
    x = images(3, (3, 8, 8))
    assert torch.equal(sobel_edges(x), sobel_edges(x.mean(1, keepdim=True)))
    assert torch.allclose(sobel_edges(x.rot90(dims=(2, 3))), sobel_edges(x).rot90(dims=(2, 3)), atol=1e-6)
    assert sobel_edges(x).min() >= -1 and sobel_edges(x).max() <= 1


@pytest.mark.parametrize("side", [8, 12, 16, 23, 24, 32, 256])
def test_the_patch_discriminator_is_as_deep_as_fits_and_70_pixels_at_most(side):
    n_layers = patch_layers(side)
    D = PatchDiscriminator(1, width=2, n_layers=n_layers)
    assert D(torch.zeros(1, 1, side, side)).shape[0] == 1
    if n_layers == 3:
        assert receptive_field(D) == 70
    else:
        with pytest.raises(ValueError, match="x must be"):
            PatchDiscriminator(1, width=2, n_layers=n_layers + 1)(torch.zeros(1, 1, side, side))


def test_the_generator_minimises_its_adversarial_loss_and_a_hundred_times_l1():
    system, x = small(), images(5)
    source = system.condition(Batch(x))
    assert torch.equal(source, sobel_edges(x))
    G, D = system.trainer.G, system.trainer.D
    with torch.no_grad():
        fake = G(None, source)
        expected = F.softplus(-D(fake, source)).mean() + 100 * (fake - x).abs().mean()
        real_and_fake = F.softplus(-D(x, source)).mean() + F.softplus(D(fake, source)).mean()
    assert torch.allclose(system.trainer.d_step(x, condition=source), real_and_fake)
    system = small()
    assert torch.allclose(system.trainer.g_step(x, condition=source), expected)


def test_each_player_moves_alone_and_the_discriminator_looks_at_the_source():
    system, x = small(), images(5)
    source, trainer = sobel_edges(x), system.trainer
    G, D = parameters(trainer.G), parameters(trainer.D)
    trainer.d_step(x, condition=source)
    assert same(G, parameters(trainer.G)) and not same(D, parameters(trainer.D))
    D = parameters(trainer.D)
    trainer.g_step(x, condition=source)
    assert same(D, parameters(trainer.D)) and not same(G, parameters(trainer.G))
    assert not torch.allclose(trainer.D(x, source), trainer.D(x, -source))


def test_samples_are_translations_of_the_first_64_sources_seen():
    system = small()
    with pytest.raises(NotFittedError, match="translate"):
        system.sample(3, rng=rng())
    seen = []

    def batches():
        seen.append(images(20, seed=len(seen)))
        return Batch(seen[-1])

    for _ in range(5):
        system.step(batches)
    first = sobel_edges(torch.cat(seen))[:64]
    assert torch.equal(system.sources, first)
    translated = system.translate(first, rng=rng())
    sampled = system.sample(70, rng=rng(3))
    distance = (sampled[:, None] - translated).abs().amax((2, 3, 4))
    assert distance.min(1).values.max() < 1e-5
    assert sorted(distance[:64].argmin(1).tolist()) == list(range(64))
    assert torch.equal(sampled[64:], sampled[:6])
    assert not torch.equal(sampled, system.sample(70, rng=rng(4)))
    other = small()
    other.load_state_dict(system.state_dict())
    assert torch.equal(other.sample(70, rng=rng(3)), sampled)


def test_pictures_show_source_output_and_real_image_in_turn():
    torch.manual_seed(0)
    system = pix2pix((3, 8, 8), width=4)
    x = images(14, (3, 8, 8))
    pictures = system.pictures(Batch(x), rng=rng())
    assert pictures.shape == (36, 3, 8, 8)  # 12 of them, in 6 columns
    assert torch.equal(pictures[2::3], x[:12])
    assert torch.equal(pictures[::3], sobel_edges(x[:12]).expand(-1, 3, -1, -1))
    assert torch.equal(pictures[1::3], system.translate(sobel_edges(x), rng=rng())[:12])


@pytest.mark.parametrize(("n", "kept"), [(64, 48), (2, 2), (3, 3), (26, 12), (27, 27)])
def test_groups_fill_whole_rows_of_a_square_grid(n, kept):
    shown = side_by_side(*(torch.arange(n) + 1000 * i for i in range(3)))
    assert shown.tolist() == [i + 1000 * j for i in range(kept) for j in range(3)]


def test_pictures_of_other_sizes_and_channels_are_shown_like_the_target():
    x = torch.tensor([[[[0.0, 1.0]], [[1.0, 1.0]]]])  # two channels, 1 x 2
    shown = shown_like(x, torch.zeros(1, 3, 2, 4))
    assert torch.equal(shown, torch.tensor([0.5, 0.5, 1.0, 1.0]).expand(1, 3, 2, 4))


def test_what_cannot_be_translated_is_refused():
    with pytest.raises(ValueError, match="pix2pix"):
        pix2pix((8,))
    with pytest.raises(ValueError, match="square"):
        pix2pix((1, 8, 16))
    with pytest.raises(TypeError, match="source must be a function"):
        pix2pix(SHAPE, source="edges")
    with pytest.raises(ValueError, match="keep the size"):
        pix2pix(SHAPE, source=lambda x: x[..., ::2, ::2])
    with pytest.raises(ValueError, match="2 samples"):
        pix2pix(SHAPE, source=lambda x: x.mean())


def test_digits_are_drawn_from_their_edges():
    data = digits()
    torch.manual_seed(0)
    system = pix2pix(SHAPE, width=16, recipe=Recipe(lr_G=1e-3, lr_D=1e-3, ema=0.99))
    fit(system, data, 200, batch_size=32, rng=rng())
    x, _ = data.batch(torch.arange(len(data)))
    test, _ = digits("test").batch(torch.arange(397))
    of_mean = (test - x.mean(0)).abs().mean()
    drawn = (system.translate(sobel_edges(test), rng=rng()) - test).abs().mean()
    assert 0.03 < drawn < 0.75 * of_mean
