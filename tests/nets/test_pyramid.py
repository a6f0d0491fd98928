"""The Laplacian pyramid is inverted exactly; its networks see the coarse image."""

import pytest
import torch

from evogan.nets import LaplacianPyramid, LevelDiscriminator, LevelGenerator


def test_a_block_by_hand():
    x = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    band, coarse = LaplacianPyramid(1).decompose(x)
    assert torch.equal(coarse, torch.tensor([[[[3.0]]]]))
    assert torch.equal(band, torch.tensor([[[[-2.0, -1.0], [0.0, 3.0]]]]))


@pytest.mark.parametrize("n_levels", [1, 2, 3])
@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (1, 1, 16, 24)])
def test_reconstruction_inverts_decomposition(n_levels, shape):
    x = torch.randn(shape, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    pyramid = LaplacianPyramid(n_levels)
    bands = pyramid.decompose(x)
    assert [band.shape[-1] for band in bands] == [shape[-1] // 2**k for k in range(n_levels + 1)]
    torch.testing.assert_close(pyramid.reconstruct(bands), x, rtol=0, atol=1e-14)
    torch.testing.assert_close(bands[-1].mean(), x.mean())
    for band in bands[:-1]:
        assert pyramid.down(band).abs().max() < 1e-15 < 0.1 < band.abs().max()


def test_bands_of_a_constant_image_are_zero():
    *bands, coarse = LaplacianPyramid(3).decompose(torch.full((2, 1, 16, 8), 0.3))
    assert all(not band.any() for band in bands)
    assert torch.equal(coarse, torch.full((2, 1, 2, 1), 0.3))


@pytest.mark.parametrize("shape", [(1, 1, 8, 6), (1, 1, 10, 8), (1, 8, 8)])
def test_images_that_cannot_be_halved_are_refused(shape):
    with pytest.raises(ValueError, match=r"sides divisible by 4 for 2 levels, got shape"):
        LaplacianPyramid(2).decompose(torch.zeros(shape))


def test_bands_that_do_not_fit_are_refused():
    pyramid = LaplacianPyramid(2)
    bands = pyramid.decompose(torch.zeros(1, 1, 8, 8))
    with pytest.raises(ValueError, match="bands must hold 2 bands and the coarse image, got 2 members"):
        pyramid.reconstruct(bands[1:])
    with pytest.raises(ValueError, match=r"bands\[0\] must have shape \(1, 1, 8, 8\), got \(1, 1, 4, 4\)"):
        pyramid.reconstruct([bands[1], bands[1], bands[2]])
    with pytest.raises(ValueError, match="n_levels must be at least 1"):
        LaplacianPyramid(0)


def test_bands_are_generated_from_noise_and_the_coarse_image():
    torch.manual_seed(0)
    G = LevelGenerator(3, n_latent_plane=2, width=4)
    latent, condition = torch.randn(5, 2, 8, 6), torch.randn(5, 3, 8, 6)
    h = G(latent, condition)
    assert h.shape == condition.shape
    assert torch.equal(G(latent.flatten(1), condition), h)
    assert (G(-latent, condition) - h).abs().max() > 1e-3 < (G(latent, -condition) - h).abs().max()
    assert G(1e3 * latent, condition).abs().max() > 1  # a band is not squashed
    with pytest.raises(ValueError, match=r"latent must have shape \(5, 2, 8, 6\), which may be flattened"):
        G(latent[:, :1], condition)
    with pytest.raises(ValueError, match=r"condition must be images of shape \(n, 3, h, w\)"):
        G(latent, condition[:, :1])


def test_bands_are_judged_by_the_image_that_they_make():
    torch.manual_seed(0)
    D = LevelDiscriminator(1, width=4)
    h, low = torch.randn(2, 5, 1, 8, 6)
    assert D(h, low).shape == (5, 1)
    assert torch.equal(D(h, low), D(h + low, torch.zeros_like(h)))
    assert ((D(h, low) - D(h, -low)).abs() > 1e-6).all()
    with pytest.raises(ValueError, match="condition must have the shape of h"):
        D(h, low[:, :, :4])
    with pytest.raises(ValueError, match=r"h must be images of shape \(n, 1, h, w\)"):
        D(low[0], low[0])


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    G, D = LevelGenerator(1, width=4), LevelDiscriminator(1, width=4)
    low = torch.randn(4, 1, 8, 8)
    D(G(torch.randn(4, 64), low), low).pow(3).sum().backward()
    for net in (G, D):
        for name, p in net.named_parameters():
            assert p.grad is not None and p.grad.abs().max() > 0, name
