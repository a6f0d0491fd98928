"""SRGAN: area means as sources, equation 3 to the letter, less error than interpolation."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evogan.datasets import digits
from evogan.gans._assemble import Recipe
from evogan.gans._superresolution import srgan
from evogan.nets import logits_of
from evogan.training import Batch, fit


def rng(seed=0):
    return np.random.default_rng(seed)


def images(n, shape=(1, 8, 8)):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def small(**parts):
    torch.manual_seed(0)
    return srgan((1, 8, 8), width=4, n_blocks=1, **parts)


@pytest.mark.parametrize("factor", [2, 4])
def test_sources_are_area_means_and_outputs_have_the_shape_of_real_images(factor):
    system, x = small(factor=factor), images(3)
    source = system.condition(Batch(x))
    side = 8 // factor
    blocks = x.view(3, 1, side, factor, side, factor).mean((3, 5))
    assert torch.allclose(source, blocks, atol=1e-6)
    assert system.translate(source, rng=rng()).shape == x.shape
    assert system.translate(torch.zeros(2, 1, 5, 7), rng=rng()).shape == (2, 1, 5 * factor, 7 * factor)


@pytest.mark.parametrize("content", [None, nn.Conv2d(1, 3, 3)])
def test_the_generator_minimises_content_and_a_thousandth_of_the_adversarial_loss(content):
    system, x = small(content=content), images(6)
    source = system.source(x)
    with torch.no_grad():
        fake = system.trainer.G(None, source)
        adversarial = F.softplus(-logits_of(system.trainer.D(fake))).mean()
        h = (lambda v: v) if content is None else content
        expected = (h(fake) - h(x)).square().mean() + 1e-3 * adversarial
    loss = system.trainer.g_step(x, condition=source)
    assert torch.allclose(loss, expected) and adversarial > 0.1


def test_without_its_weight_the_adversarial_loss_does_not_move_the_generator():
    def after(adversarial, shift):
        system, x = small(adversarial=adversarial), images(6)
        with torch.no_grad():
            for p in system.trainer.D.parameters():
                p.add_(shift)
        system.trainer.g_step(x, condition=system.source(x))
        return torch.cat([p.detach().flatten() for p in system.trainer.G.parameters()])

    assert torch.equal(after(0.0, 0.0), after(0.0, 0.1))
    assert not torch.equal(after(1.0, 0.0), after(1.0, 0.1))


def test_the_discriminator_sees_large_images_alone_and_moves_alone():
    system, x = small(), images(6)
    source, trainer = system.source(x), system.trainer
    D = logits_of(trainer.D(x, source))
    assert torch.equal(D, logits_of(trainer.D(x, -source)))
    G = [p.clone() for p in trainer.G.parameters()]
    trainer.d_step(x, condition=source)
    assert all(torch.equal(p, q) for p, q in zip(trainer.G.parameters(), G, strict=True))
    assert not torch.equal(D, logits_of(trainer.D(x)))


def test_the_network_of_the_content_loss_is_frozen_and_moves_with_the_system():
    content = nn.Conv2d(1, 3, 3)
    system, before = small(content=content), content.weight.clone()
    system.step(lambda: Batch(images(6)))
    features = system.trainer.auxiliaries[0].features
    assert torch.equal(content.weight, before) and torch.equal(features.weight, before)
    system = small(content=content)
    system.to(torch.device("meta"))
    assert system.trainer.auxiliaries[0].features.weight.device.type == "meta"
    assert content.weight.device.type == "cpu"


def test_what_cannot_be_enlarged_is_refused():
    with pytest.raises(ValueError, match="srgan"):
        srgan((8,))
    with pytest.raises(ValueError, match="divisible by factor=4"):
        srgan((1, 6, 8), factor=4)
    with pytest.raises(ValueError, match="power of two"):
        srgan((1, 9, 9), factor=3)


def test_digits_are_enlarged_with_half_the_error_of_interpolation():
    torch.manual_seed(0)
    system = srgan((1, 8, 8), width=16, n_blocks=2, recipe=Recipe(lr_G=1e-3, lr_D=1e-3, ema=0.99))
    fit(system, digits(), 200, batch_size=32, rng=rng())
    x, _ = digits("test").batch(torch.arange(397))
    source = system.source(x)

    def error(images):
        return (images - x).square().mean().item()

    interpolated = [F.interpolate(source, scale_factor=2, mode=mode) for mode in ("nearest", "bilinear", "bicubic")]
    best = min(map(error, interpolated))
    assert 0.02 < error(system.translate(source, rng=rng())) < 0.5 * best
    pictures = system.pictures(Batch(x[:12]), rng=rng())
    assert torch.equal(pictures[::3], interpolated[0][:12]) and torch.equal(pictures[2::3], x[:12])
