"""Growing networks: fading is exact at both ends, state travels, the schedule and the real images follow."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evogan.nets import GrowthSchedule, ProgressiveGenerator, ProgressiveTrunk, resize_real
from evogan.training._samples import mixes_samples

SHAPE = (3, 16, 16)


def generator():
    torch.manual_seed(0)
    return ProgressiveGenerator(SHAPE, n_latent=5, width=6)


def trunk():
    torch.manual_seed(1)
    return ProgressiveTrunk(SHAPE, width=6)


def at(net, stage, alpha, x):
    net.set_stage(stage, alpha)
    return net(x)


def up(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def test_shapes_follow_the_stage():
    G, D = generator(), trunk()
    assert (G.n_stages, D.n_stages, D.n_features) == (3, 3, 6)
    assert (G.stage, G.alpha, G.resolution) == (0, 1.0, 4)
    for stage, size in enumerate((4, 8, 16)):
        for net in (G, D):
            net.set_stage(stage)
            assert (net.stage, net.alpha, net.resolution) == (stage, 1.0, size)
        images = G(torch.randn(4, 5))
        assert images.shape == (4, 3, size, size)
        assert D(images).shape == (4, 6)


def test_layers_are_those_of_table_2():
    def kinds(block):
        return [type(layer).__name__ for layer in block]

    G, D = generator(), trunk()
    conv = ["EqualizedConv2d", "LeakyReLU"]
    normed = [*conv, "PixelNorm"]
    assert kinds(G.blocks[0]) == ["PixelNorm", "EqualizedLinear", "Unflatten", "LeakyReLU", "PixelNorm", *normed]
    assert kinds(D.blocks[0]) == ["MinibatchStddev", *conv, *conv, "Flatten"]
    for k in (1, 2):
        assert kinds(G.blocks[k]) == ["Upsample", *normed, *normed]
        assert kinds(D.blocks[k]) == [*conv, *conv, "AvgPool2d"]
        x = torch.randn(2, 6, 8, 8)
        assert torch.equal(G.blocks[k][0](x), up(x))  # the nearest pixel, nothing between


def test_feature_maps_halve_beyond_32_pixels_as_in_table_2():
    def widths(size):
        net = ProgressiveTrunk((1, size, size), width=8)
        return [layers[0].weight.shape[0] for layers in net.from_image], net.n_features

    assert widths(64) == ([8, 8, 8, 8, 4], 8)
    assert widths(256) == ([8, 8, 8, 8, 4, 2, 1], 8)
    assert widths(4) == ([8], 8)
    net = ProgressiveGenerator((1, 64, 64), n_latent=3, width=8)
    assert [layer.weight.shape[1] for layer in net.to_image] == [8, 8, 8, 8, 4]


@pytest.mark.parametrize("stage", [1, 2])
def test_a_generator_with_alpha_0_is_the_doubled_stage_before(stage):
    G, latent = generator(), torch.randn(4, 5)
    before = at(G, stage - 1, 1.0, latent)
    assert torch.equal(at(G, stage, 0.0, latent), up(before))
    assert not torch.allclose(at(G, stage, 1.0, latent), up(before), atol=0.1)


@pytest.mark.parametrize("stage", [1, 2])
def test_a_generator_mixes_in_between_and_forgets_the_old_images_at_the_end(stage):
    G, latent = generator(), torch.randn(4, 5)
    old, half, new = (at(G, stage, alpha, latent) for alpha in (0.0, 0.25, 1.0))
    torch.testing.assert_close(half, 0.75 * old + 0.25 * new)
    torch.testing.assert_close(at(G, stage, 1 - 1e-6, latent), new, atol=1e-4, rtol=0)
    with torch.no_grad():
        G.to_image[stage - 1].weight.fill_(torch.nan)
    assert torch.equal(at(G, stage, 1.0, latent), new)
    assert at(G, stage, 0.25, latent).isnan().all()


@pytest.mark.parametrize("stage", [1, 2])
def test_a_trunk_with_alpha_0_is_the_stage_before_on_pooled_images(stage):
    D, x = trunk(), torch.randn(8, 3, 4 << stage, 4 << stage)
    before = at(D, stage - 1, 1.0, F.avg_pool2d(x, 2))
    assert torch.equal(at(D, stage, 0.0, x), before)
    assert not torch.allclose(at(D, stage, 1.0, x), before, atol=0.1)


@pytest.mark.parametrize("stage", [1, 2])
def test_a_trunk_mixes_in_between_and_forgets_the_old_branch_at_the_end(stage):
    D, x = trunk(), torch.randn(8, 3, 4 << stage, 4 << stage)
    seen = []
    D.blocks[stage - 1].register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    new = [at(D, stage, alpha, x) for alpha in (0.0, 0.25, 1.0)][-1]
    torch.testing.assert_close(seen[1], 0.75 * seen[0] + 0.25 * seen[2])
    with torch.no_grad():
        D.from_image[stage - 1][0].weight.fill_(torch.nan)
    assert torch.equal(at(D, stage, 1.0, x), new)
    assert at(D, stage, 0.25, x).isnan().all()


@pytest.mark.parametrize(("stage", "alpha"), [(0, 1.0), (1, 1.0), (1, 0.5), (2, 1.0), (2, 0.5)])
def test_every_parameter_in_use_gets_a_gradient_and_no_other_one(stage, alpha):
    G, D = generator(), trunk()
    G.set_stage(stage, alpha)
    D.set_stage(stage, alpha)
    head = nn.Linear(D.n_features, 1)
    (head(D(G(torch.randn(8, 5)))) ** 3).sum().backward()
    for net, ends in ((G, "to_image"), (D, "from_image")):
        for name, p in net.named_parameters():
            folder, k = name.split(".")[:2]
            in_use = {stage, stage - (alpha < 1)} if folder == ends else set(range(stage + 1))
            if int(k) in in_use:
                assert p.grad is not None and p.grad.isfinite().all() and p.grad.abs().sum() > 0, (ends, name)
            else:
                assert p.grad is None, (ends, name)


def test_gradient_penalties_reach_the_weights():
    D, x = trunk(), torch.randn(8, *SHAPE, requires_grad=True)
    D.set_stage(2, 0.5)
    (grad,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    grad.flatten(1).square().sum(1).mean().backward()
    for name, p in D.named_parameters():
        if name.endswith("weight") and not name.startswith("from_image.0"):
            assert p.grad.isfinite().all() and p.grad.abs().sum() > 0, name


def test_only_the_direction_of_a_latent_vector_counts():
    G, latent = generator(), torch.randn(4, 5)
    torch.testing.assert_close(G(7 * latent), G(latent))
    assert not torch.allclose(G(-latent), G(latent), atol=0.1)


def test_features_in_the_generator_stay_normalised_while_the_output_is_linear():
    G = generator()
    G.set_stage(2)
    seen = []
    G.blocks[2].register_forward_hook(lambda module, args, out: seen.append(out))
    with torch.no_grad():
        G.to_image[2].weight.mul_(100)
    assert G(torch.randn(4, 5)).abs().max() > 10
    torch.testing.assert_close(seen[0].square().mean(1), torch.ones(4, 16, 16), atol=1e-4, rtol=0)


def test_the_trunk_sees_the_spread_of_its_batch():
    D = trunk()
    x = torch.randn(1, 3, 4, 4)
    others = D(torch.cat([x, torch.randn(3, 3, 4, 4)]))[0]
    same = D(x.repeat(4, 1, 1, 1))[0]
    assert not torch.allclose(same, others, atol=1e-3)
    assert D.blocks[0][1].weight.shape == (6, 7, 3, 3)
    assert mixes_samples(nn.Sequential(D))  # so that a trainer keeps real and fake batches apart


@pytest.mark.parametrize("make", [generator, trunk])
def test_stage_and_alpha_travel_with_copies_and_states(make):
    net = make()
    net.set_stage(2, 0.25)
    x = torch.randn(4, 5) if make is generator else torch.randn(4, *SHAPE)
    loaded = make()
    loaded.load_state_dict(net.state_dict())
    averaged = torch.optim.swa_utils.AveragedModel(net)
    net.set_stage(1, 0.75)
    averaged.update_parameters(net)  # copies the buffers: an average of stages would mean nothing
    assert (averaged.module.stage, averaged.module.alpha) == (1, 0.75)
    net.set_stage(2, 0.25)
    for other in (loaded, copy.deepcopy(net)):
        assert (other.stage, other.alpha, other.resolution) == (2, 0.25, 16)
        assert torch.equal(other(x), net(x))
        other.set_stage(0)
        assert (net.stage, net.alpha) == (2, 0.25)


def test_the_schedule_alternates_training_and_fading():
    schedule = GrowthSchedule(images_per_phase=10, n_stages=3)
    expected = {0: (0, 1.0), 9: (0, 1.0), 10: (1, 0.0), 13: (1, 0.3), 19: (1, 0.9), 20: (1, 1.0), 29: (1, 1.0)}
    expected |= {30: (2, 0.0), 35: (2, 0.5), 40: (2, 1.0), 49: (2, 1.0), 50: (2, 1.0), 10_000: (2, 1.0)}
    assert {n: schedule.at(n) for n in expected} == expected
    assert [GrowthSchedule(1, 1).at(n) for n in (0, 1, 2)] == [(0, 1.0)] * 3
    G = generator()
    for n in range(60):
        G.set_stage(*schedule.at(n))


def test_real_images_are_means_over_blocks():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert torch.equal(resize_real(x, 4), x)
    assert torch.equal(resize_real(x, 2), torch.tensor([[[[2.5, 4.5], [10.5, 12.5]]]]))
    assert torch.equal(resize_real(x, 1), torch.tensor([[[[7.5]]]]))


def test_real_images_are_mixed_with_their_coarser_selves_while_fading():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 16, 16)
    fine, coarse = resize_real(x, 8), up(resize_real(x, 4))
    torch.testing.assert_close(resize_real(x, 8, 0.0), coarse)
    torch.testing.assert_close(resize_real(x, 8, 0.3), 0.7 * coarse + 0.3 * fine)
    assert torch.equal(resize_real(x, 8, 1.0), fine)
    torch.testing.assert_close(resize_real(resize_real(x, 8, 0.3), 4), resize_real(x, 4))


@pytest.mark.parametrize("kind", [ProgressiveGenerator, ProgressiveTrunk])
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 16, 8), r"shape must be \(c, h, w\) with h = w.*got \(3, 16, 8\)"),
        ((16,), r"shape must be \(c, h, w\) with h = w.*got \(16,\)"),
        ((1, 28, 28), "size of shape must be a power of two.*got 28"),
        ((1, 2, 2), "size of shape must be at least 4, got 2"),
    ],
)
def test_sizes_that_do_not_double_from_four_are_refused(kind, shape, message):
    with pytest.raises(ValueError, match=message):
        kind(shape)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: generator().set_stage(3), ValueError, r"stage must be in \[0, 2\], got 3"),
        (lambda: trunk().set_stage(-1), ValueError, r"stage must be in \[0, 2\], got -1"),
        (lambda: trunk().set_stage(1.0), TypeError, "stage must be an integer"),
        (lambda: trunk().set_stage(1, 1.5), ValueError, r"alpha must lie in \[0, 1\], got 1.5"),
        (lambda: trunk().set_stage(0, 0.5), ValueError, "alpha must be 1 at stage 0.*got 0.5"),
        (lambda: trunk()(torch.zeros(4, 3, 8, 8)), ValueError, r"\(n, 3, 4, 4\) at stage 0 \(resize_real.*8, 8\)"),
        (lambda: generator()(torch.zeros(4, 6)), ValueError, r"latent must be .* \(n, 5\), got shape \(4, 6\)"),
        (lambda: ProgressiveGenerator(SHAPE, n_latent=0), ValueError, "n_latent must be at least 1"),
        (lambda: ProgressiveTrunk(SHAPE, width=0), ValueError, "width must be at least 1"),
        (lambda: GrowthSchedule(0, 3), ValueError, "GrowthSchedule.images_per_phase must be at least 1"),
        (lambda: GrowthSchedule(5, 0), ValueError, "GrowthSchedule.n_stages must be at least 1"),
        (lambda: GrowthSchedule(5, 3).at(-1), ValueError, "images_shown must be at least 0"),
        (lambda: resize_real(torch.zeros(1, 1, 8, 8), 3), ValueError, "h a multiple of 3, got"),
        (lambda: resize_real(torch.zeros(1, 1, 4, 8), 4), ValueError, r"got \(1, 1, 4, 8\)"),
        (lambda: resize_real(torch.zeros(1, 8, 8), 4), ValueError, r"got \(1, 8, 8\)"),
        (lambda: resize_real(torch.zeros(1, 1, 4, 4), 8), ValueError, "h a multiple of 8, got"),
        (lambda: resize_real(torch.zeros(1, 1, 4, 4), 1, 0.5), ValueError, "resolution must be even.*got 1"),
        (lambda: resize_real(torch.zeros(1, 1, 4, 4), 4, -0.5), ValueError, "alpha must lie in"),
    ],
)
def test_bad_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("name", ["stage", "alpha"])
def test_the_stage_is_set_by_its_method_only(name):
    with pytest.raises(AttributeError):
        setattr(generator(), name, 1)
