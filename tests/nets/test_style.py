"""StyleGAN's generator: exact statistics of AdaIN, noise, mixing of styles, truncation."""

import copy
import math

import pytest
import torch

from evogan.nets import AdaIN, MappingNetwork, NoiseInjection, ProgressiveTrunk, StyleGenerator, style_trunk

SHAPE = (3, 16, 16)


def generator(*, noisy=False, **options):
    """A small generator; noise has no say in a new one, so noisy=True gives it one."""
    torch.manual_seed(0)
    G = StyleGenerator(SHAPE, **{"n_latent": 5, "n_style": 4, "n_layers": 2, "width": 6} | options)
    for layer in G.layers:
        torch.nn.init.constant_(layer.noise.scale, 0.5 if noisy else 0.0)
    return G


def test_adain_sets_mean_and_deviation_of_every_channel():
    torch.manual_seed(0)
    layer = AdaIN(3, 4)
    x, style = 5 + 3 * torch.randn(6, 3, 8, 8), torch.randn(6, 4)
    scale, bias = layer.affine(style).chunk(2, dim=1)
    y = layer(x, style)
    torch.testing.assert_close(y.mean((2, 3)), bias, atol=1e-4, rtol=0)
    torch.testing.assert_close(y.std((2, 3), unbiased=False), scale.abs(), atol=1e-4, rtol=0)
    normal = (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True, unbiased=False)
    torch.testing.assert_close(y, scale[:, :, None, None] * normal + bias[:, :, None, None], atol=1e-4, rtol=0)
    assert (scale < 0).any()  # a negative factor turns a map over; only its size is the deviation


def test_adain_starts_at_scale_one_and_bias_zero():
    layer = AdaIN(3, 4)
    assert layer.affine.bias.tolist() == [1.0] * 3 + [0.0] * 3
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(layer(x, torch.zeros(2, 4)), torch.nn.functional.instance_norm(x, eps=1e-8))


def test_adain_restyles_each_sample_by_its_own_style():
    layer, x, style = AdaIN(3, 4), torch.randn(2, 3, 4, 4), torch.randn(2, 4)
    torch.testing.assert_close(layer(x, style)[1:], layer(x[1:], style[1:]))


def test_noise_is_one_value_a_pixel_times_the_factor_of_the_channel():
    layer, x = NoiseInjection(3), torch.randn(50, 3, 8, 8)
    assert torch.equal(layer(x), x)
    with torch.no_grad():
        layer.scale.copy_(torch.tensor([0.0, 1.0, -2.0]).view(3, 1, 1))
    torch.manual_seed(0)
    added = layer(x) - x
    assert torch.equal(added[:, 0], torch.zeros_like(added[:, 0]))
    torch.testing.assert_close(added[:, 2], -2 * added[:, 1], atol=1e-5, rtol=0)
    assert added[:, 1].std().item() == pytest.approx(1.0, abs=0.06)  # 3200 values: the standard error is 0.0125
    assert added[:, 1].mean().item() == pytest.approx(0.0, abs=0.09)


def test_mapping_has_its_depth_and_slowed_layers():
    net = MappingNetwork(5, 4, n_layers=3)
    linear = [layer for layer in net if hasattr(layer, "weight")]
    assert [tuple(layer.weight.shape) for layer in linear] == [(4, 5), (4, 4), (4, 4)]
    assert [layer.scale for layer in linear] == pytest.approx([0.01 * math.sqrt(2 / n) for n in (5, 4, 4)])
    for layer in linear:
        assert torch.equal(layer.effective()[0], layer.weight * layer.scale)
    latent = torch.randn(6, 5)
    assert net(latent).shape == (6, 4)
    torch.testing.assert_close(net(9 * latent), net(latent))  # normalised first
    assert len([layer for layer in MappingNetwork(5, 4) if hasattr(layer, "weight")]) == 8


def test_a_fast_mapping_computes_the_same_at_first():
    nets = []
    for lr_multiplier in (1.0, 0.01):
        torch.manual_seed(3)
        nets.append(MappingNetwork(5, 4, lr_multiplier=lr_multiplier))
    latent = torch.randn(6, 5)
    torch.testing.assert_close(nets[0](latent), nets[1](latent))


@pytest.mark.parametrize(("size", "n_layers"), [(4, 2), (8, 4), (32, 8), (64, 10)])
def test_there_are_two_styles_a_resolution(size, n_layers):
    G = StyleGenerator((1, size, size), n_latent=3, n_style=3, n_layers=1, width=4)
    assert G.n_synthesis_layers == len(G.layers) == n_layers
    assert G(torch.randn(2, 3)).shape == (2, 1, size, size)


def test_without_noise_the_image_is_a_function_of_the_latent_vector():
    G, latent = generator(noisy=True).eval(), torch.randn(4, 5)
    image = G(latent, noise=False)
    assert torch.equal(G(latent, noise=False), image)
    torch.testing.assert_close(G(latent[2:], noise=False), image[2:])
    assert not torch.allclose(image[0], image[1], atol=0.01)


def test_noise_changes_the_image_once_its_factors_have_grown():
    latent = torch.randn(4, 5)
    young, grown = generator().eval(), generator(noisy=True).eval()
    assert torch.equal(young(latent), young(latent, noise=False))
    assert not torch.allclose(grown(latent), grown(latent), atol=0.01)
    assert not torch.allclose(grown(latent), grown(latent, noise=False), atol=0.01)


def test_each_layer_is_restyled_by_its_own_row():
    G, seen = generator(), []
    for layer in G.layers:
        layer.adain.register_forward_pre_hook(lambda module, args: seen.append(args[1]))
    styles = torch.randn(2, 6, 4)
    G.synthesize(styles)
    assert torch.equal(torch.stack(seen, dim=1), styles)


@pytest.mark.parametrize("crossover", range(7))
def test_layers_before_the_crossover_take_the_first_style(crossover):
    G = generator()
    w, other = torch.randn(2, 3, 4)
    styles = G.mix(w, other, crossover)
    assert styles.shape == (3, 6, 4)
    for layer in range(6):
        assert torch.equal(styles[:, layer], w if layer < crossover else other)


def test_training_mixes_each_sample_with_its_neighbour_from_a_random_layer_on():
    G, latent = generator(mixing=1.0), torch.randn(4, 5)
    w = G.style(latent)
    by_hand = torch.stack([G.synthesize(G.mix(w, w.roll(1, 0), k), noise=False) for k in range(7)])
    seen = []
    for seed in range(60):
        torch.manual_seed(seed)
        image = G(latent, noise=False)
        seen.append(int((by_hand - image).abs().flatten(1).amax(1).argmin()))
        torch.testing.assert_close(image, by_hand[seen[-1]])
    assert set(seen) == {1, 2, 3, 4, 5}  # never 0 or 6, which would mix nothing


def test_mixing_happens_with_its_probability_and_in_training_only():
    G, latent = generator(mixing=0.7), torch.randn(2, 5)
    plain = G.eval()(latent, noise=False)

    def share():
        torch.manual_seed(0)
        return sum(not torch.allclose(G(latent, noise=False), plain, atol=1e-5) for _ in range(200)) / 200

    assert share() == 0.0
    G.train()
    assert share() == pytest.approx(0.7, abs=0.12)  # the standard error is 0.032
    G.mixing = 0.0
    assert share() == 0.0


def test_truncation_pulls_styles_to_their_mean():
    G, latent = generator().eval(), torch.randn(4, 5)
    with torch.no_grad():
        G.mean_style.copy_(torch.randn(4))
    image = G(latent)
    assert torch.equal(G(latent, truncation=1.0), image)
    mean_image = G(latent, truncation=0.0)
    torch.testing.assert_close(mean_image, mean_image[:1].expand(4, -1, -1, -1))
    torch.testing.assert_close(mean_image[:1], G.synthesize(G.mean_style.expand(1, 6, 4)))
    w = G.mean_style + 0.7 * (G.style(latent) - G.mean_style)
    torch.testing.assert_close(G(latent, truncation=0.7), G.synthesize(G.mix(w, w, 6)))
    spread = [G(latent, truncation=psi).var(0).mean().item() for psi in (0.0, 0.3, 0.6, 1.0)]
    assert spread == sorted(spread) and spread[0] < 1e-8 < spread[1]


def test_the_mean_style_follows_training_batches_only():
    G, latent = generator(), torch.randn(8, 5)
    mean = G.style(latent).mean(0)
    assert torch.equal(G.mean_style, torch.zeros(4))
    G(latent)
    torch.testing.assert_close(G.mean_style, 0.005 * mean)
    G(latent)
    torch.testing.assert_close(G.mean_style, (1 - 0.995**2) * mean)
    before = G.mean_style.clone()
    G.eval()(latent)
    assert torch.equal(G.mean_style, before)
    assert not G.mean_style.requires_grad


def test_maps_are_doubled_by_the_binomial_filter():
    """Pixels doubled, then (1, 2, 1) / 4 along both axes: the paper's filter, away from the border."""
    up = generator().layers[2].before[0]
    x = torch.randn(2, 3, 8, 8)
    kernel = torch.outer(torch.tensor([1.0, 2.0, 1.0]), torch.tensor([1.0, 2.0, 1.0])) / 16
    doubled = x.repeat_interleave(2, 2).repeat_interleave(2, 3).view(6, 1, 16, 16)
    filtered = torch.nn.functional.conv2d(doubled, kernel[None, None]).view(2, 3, 14, 14)
    torch.testing.assert_close(up(x)[:, :, 1:-1, 1:-1], filtered)


def test_every_parameter_gets_a_finite_gradient():
    G = generator()
    (G(torch.randn(8, 5)) ** 3).sum().backward()
    for name, p in G.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), name
        # Instance normalization takes out what is added to a whole map unless a rectifier bends it on the way.
        assert p.grad.abs().max() > 1e-6, name


def test_copies_and_states_keep_the_mean_style():
    G = generator()
    G(torch.randn(8, 5))
    loaded = generator()
    loaded.load_state_dict(G.state_dict())
    latent = torch.randn(4, 5)
    for other in (loaded, copy.deepcopy(G)):
        assert torch.equal(other.mean_style, G.mean_style)
        assert torch.equal(other.eval()(latent, truncation=0.5), G.eval()(latent, truncation=0.5))


def test_the_critic_is_the_progressive_trunk_fully_grown():
    trunk = style_trunk(SHAPE, width=6)
    assert isinstance(trunk, ProgressiveTrunk)
    assert (trunk.stage, trunk.alpha, trunk.resolution) == (2, 1.0, 16)
    assert trunk(torch.randn(4, *SHAPE)).shape == (4, trunk.n_features)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: StyleGenerator((3, 12, 12)), ValueError, "size of shape must be a power of two.*got 12"),
        (lambda: generator(mixing=1.1), ValueError, r"mixing must lie in \[0, 1\], got 1.1"),
        (lambda: generator(n_layers=0), ValueError, "n_layers must be at least 1"),
        (lambda: generator(n_latent=0), ValueError, "n_latent must be at least 1"),
        (lambda: generator(n_style=0), ValueError, "n_style must be at least 1"),
        (lambda: generator(width=0), ValueError, "width must be at least 1"),
        (lambda: AdaIN(0, 4), ValueError, "n_channels must be at least 1"),
        (lambda: NoiseInjection(0), ValueError, "n_channels must be at least 1"),
        (lambda: generator()(torch.zeros(4, 6)), ValueError, r"latent must be .* \(n, 5\), got shape \(4, 6\)"),
        (lambda: generator().synthesize(torch.zeros(4, 4)), ValueError, r"styles must be .* \(n, 6, 4\), got"),
        (lambda: generator().synthesize(torch.zeros(4, 5, 4)), ValueError, r"\(n, 6, 4\), got shape \(4, 5, 4\)"),
        (
            lambda: generator().mix(torch.zeros(4, 4), torch.zeros(4, 4), 7),
            ValueError,
            r"crossover must be in \[0, 6\]",
        ),
        (lambda: generator().mix(torch.zeros(4, 3), torch.zeros(4, 4), 2), ValueError, r"w must be .* \(n, 4\)"),
        (lambda: generator()(torch.zeros(4, 5), truncation="half"), TypeError, "truncation must be a number"),
        (lambda: generator()(torch.zeros(4, 5), noise="off"), TypeError, "noise must be True or False"),
    ],
)
def test_bad_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
