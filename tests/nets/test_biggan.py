"""BigGAN's generator: the class and the parts of the latent reach where they should; truncated latents."""

import math

import pytest
import torch
from torch import nn

from evogan.nets import SelfAttention, biggan_generator, truncated_latent
from evogan.nets._biggan import LinearBatchNorm2d


def generator(size=16, **settings):
    torch.manual_seed(0)
    return biggan_generator((1, size, size), **{"n_latent": 8, "n_classes": 3, "width": 2, "shared": 5} | settings)


def test_the_latent_is_split_over_the_first_layer_and_the_blocks():
    G = generator(n_latent=8)
    assert G.net.start[0].in_features == 3
    assert [m.gain.in_features for m in G.modules() if isinstance(m, LinearBatchNorm2d)] == [5 + 3] * 2 + [5 + 2] * 2
    with torch.device("meta"):
        G = biggan_generator((3, 32, 32), n_classes=10)
    assert G.net.start[0].in_features == 30
    assert {m.gain.in_features for m in G.modules() if isinstance(m, LinearBatchNorm2d)} == {128 + 30}


def test_each_part_of_the_latent_reaches_its_own_block():
    G = generator(n_latent=9).eval()
    seen = {}
    for i, block in enumerate(G.net.blocks):
        block.register_forward_hook(lambda layer, args, out, i=i: seen.__setitem__(i, args))
    z, y = torch.randn(2, 9), torch.tensor([0, 2])
    G(z, y)
    for i in range(2):
        wanted = torch.cat([G.embedding.weight[y], z[:, 3 + 3 * i : 6 + 3 * i]], dim=1)
        assert torch.equal(seen[i][1], wanted)
    assert torch.equal(seen[0][0], G.net.start(z[:, :3]))


def test_gains_and_biases_are_linear_around_one_and_zero():
    norm = LinearBatchNorm2d(2, 3)
    x, c = torch.randn(4, 2, 5, 5), torch.randn(4, 3)
    plain = nn.BatchNorm2d(2, affine=False)(x)
    torch.testing.assert_close(norm(x, torch.zeros(4, 3)), plain)
    gain, bias = 1 + c @ norm.gain.weight.T, c @ norm.bias.weight.T
    torch.testing.assert_close(norm(x, c), gain[:, :, None, None] * plain + bias[:, :, None, None])


def test_weights_start_orthogonal():
    G = generator(width=4)
    for name, w in G.named_parameters():
        if w.dim() > 1:
            w = w.flatten(1)
            w = w if len(w) <= w.shape[1] else w.T
            torch.testing.assert_close(w @ w.T, torch.eye(len(w)), atol=1e-5, rtol=0, msg=name)


def test_labels_are_needed_and_checked():
    for labels, error in ((None, TypeError), (torch.tensor([0, 3]), ValueError), (torch.tensor([0]), ValueError)):
        with pytest.raises(error, match=r"condition must hold class labels .* in \[0, 2\]"):
            generator()(torch.zeros(2, 8), labels)


def test_attention_stands_at_the_size_asked_for():
    G = generator(32, attention_at=16)
    assert [isinstance(m, SelfAttention) for m in G.net.attention] == [False, True, False]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_latent": 2}, "n_latent must be at least 3"),
        ({"n_classes": 0}, "n_classes must be at least 1"),
        ({"shared": 0}, "shared must be at least 1"),
        ({"attention_at": 32}, "attention_at must be None or"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        generator(**settings)


THRESHOLDS = [0.04, 0.5, 1.0, 2.0, 10.0]


def test_truncated_latents_keep_within_the_threshold_and_vary_more_with_it():
    torch.manual_seed(0)
    variances = []
    for t in THRESHOLDS:
        z = truncated_latent(2000, 20, t)
        assert z.shape == (2000, 20) and z.dtype == torch.float32
        assert 0.95 * min(t, 3) < z.abs().max() <= t
        variances.append(z.var().item())
    assert variances == sorted(variances)
    # Variance of a normal variable truncated at +-t.
    phi = [math.exp(-t * t / 2) / math.sqrt(2 * math.pi) for t in THRESHOLDS]
    wanted = [1 - 2 * t * p / math.erf(t / math.sqrt(2)) for t, p in zip(THRESHOLDS, phi, strict=True)]
    assert variances == pytest.approx(wanted, rel=0.03)


def test_truncated_latents_are_those_of_resampling():
    torch.manual_seed(0)
    z = truncated_latent(40000, 1, 1.0).flatten().sort().values
    w = torch.randn(120000)
    w = w[w.abs() <= 1][:40000].sort().values
    assert len(w) == 40000
    grid = torch.linspace(-1, 1, 101)
    gap = (torch.searchsorted(z, grid) - torch.searchsorted(w, grid)).abs().max().item() / 40000
    assert gap < 1.95 * math.sqrt(2 / 40000)  # Kolmogorov and Smirnov at 0.1 %


def test_truncated_latents_follow_their_generator():
    a, b, c = (truncated_latent(3, 2, 1.0, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(a, b) and not torch.equal(a, c)
    with pytest.raises(ValueError, match=r"threshold must lie in \(0, inf\], got 0"):
        truncated_latent(3, 2, 0)
