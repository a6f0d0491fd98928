"""MToP's GAN: one step against the formulas in plain torch, and when what is trained, shuffled and reset."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn.functional import leaky_relu

from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models import MToPGAN
from evogan.models._mtop_gan import _Adam
from evogan.models._mtop_nets import Players, _forward


def rng(seed=0):
    return np.random.default_rng(seed)


def pair(n=12, n_var=30, seed=0):
    return rng(seed).random((n, n_var)), rng(seed + 1).random((n, n_var))


# The published formulas, written out with autograd in float64.

NAMES = ["W1", "b1", "s1", "o1", "W2", "b2", "s2", "o2", "W3", "b3", "V1", "c1", "t1", "p1", "V2", "c2"]


def parameters(width, theta):
    shapes = [(width, width), (width,), (width,), (width,)] * 2 + [(width, width), (width,)]
    shapes += [(width, width), (width,), (width,), (width,), (1, width), (1,)]
    parts = np.split(theta.astype(np.float64), np.cumsum([np.prod(shape) for shape in shapes])[:-1])
    values = [torch.tensor(part.reshape(shape), requires_grad=True) for part, shape in zip(parts, shapes, strict=True)]
    return dict(zip(NAMES, values, strict=True))


def normalised(h, scale, offset):
    return (h - h.mean(0)) / torch.sqrt(h.var(0, unbiased=False) + 1e-5) * scale + offset


def generator(p, z):
    h = normalised(leaky_relu(z @ p["W1"].T + p["b1"], 0.5), p["s1"], p["o1"])
    h = normalised(leaky_relu(h @ p["W2"].T + p["b2"], 0.5), p["s2"], p["o2"])
    return torch.sigmoid(h @ p["W3"].T + p["b3"])


def discriminator(p, x, mask):
    h = normalised(leaky_relu(x @ p["V1"].T + p["c1"], 0.5) * mask, p["t1"], p["p1"])
    return torch.sigmoid(h @ p["V2"].T + p["c2"])


def losses_and_gradients(p, real, z, masks):
    fake = generator(p, z)
    d_real, d_fake = discriminator(p, real, masks[0]), discriminator(p, fake, masks[1])
    d_loss = -(0.9 * d_real.log() + (1 - d_fake).log()).mean()
    g_loss = -d_fake.log().mean()
    of_G = torch.autograd.grad(g_loss, [p[name] for name in NAMES[:10]], retain_graph=True)
    of_D = torch.autograd.grad(d_loss, [p[name] for name in NAMES[10:]])
    return d_loss.item(), g_loss.item(), torch.cat([g.flatten() for g in (*of_G, *of_D)]).numpy()


def trained_theta(width, seed):
    """Parameters away from the initial ones, so that no bias is 0 and no scale is 1."""
    theta = Players.draw(width, rng(seed))
    return theta + 0.2 * rng(seed + 50).standard_normal(theta.shape, dtype=np.float32)


@pytest.mark.parametrize(("width", "n"), [(7, 10), (1, 4), (20, 3), (5, 2), (6, 1)])
def test_gradients_are_those_of_the_formulas(width, n):
    for seed in range(3):
        theta = trained_theta(width, seed)
        real, z = rng(seed).random((2, n, width), dtype=np.float32)
        masks = rng(seed + 9).random((2, n, width)) < 0.5
        gradient, d_loss, g_loss = Players(width, theta).gradients(real, z, masks)
        as_tensors = [torch.from_numpy(x.astype(np.float64)) for x in (real, z, masks)]
        expected = losses_and_gradients(parameters(width, theta), *as_tensors)
        np.testing.assert_allclose((d_loss, g_loss), expected[:2], rtol=1e-5)
        np.testing.assert_allclose(gradient, expected[2], rtol=1e-3, atol=1e-5 * abs(expected[2]).max())
        assert gradient.dtype == np.float32


def test_one_fit_of_one_step_moves_the_weights_by_hand(monkeypatch):
    """Ten variables, one batch, one epoch: new weights = old - lr * g / (|g| + eps), Adam's first step."""
    S, T = pair(n=6, n_var=10)
    seen = []
    gradients = Players.gradients

    def spy(self, real, z, keep):
        seen.append((real.copy(), z.copy(), keep.copy()))
        return gradients(self, real, z, keep)

    monkeypatch.setattr(Players, "gradients", spy)
    before = MToPGAN(epochs_first=0).fit(S, T, rng=rng(5))._theta.copy()
    model = MToPGAN(epochs_first=1).fit(S, T, rng=rng(5))
    ((real, z, keep),) = seen
    assert real.shape == z.shape == (10, 6)
    assert {tuple(row) for row in real} == {tuple(column) for column in T.T.astype(np.float32)}
    assert {tuple(row) for row in z} == {tuple(column) for column in S.T.astype(np.float32)}
    p = parameters(6, before)
    d_loss, g_loss, g = losses_and_gradients(p, *(torch.from_numpy(x.astype(np.float64)) for x in (real, z, keep)))
    rates = np.concatenate([np.full(p[name].numel(), 3e-4 if name in NAMES[:10] else 2e-4) for name in NAMES])
    # Adam of step 1: m = 0.3 g, v = 0.1 g^2, lr * sqrt(0.1) / 0.3 * m / (sqrt(v) + 1e-8).
    step = rates * np.sqrt(0.1) / 0.3 * 0.3 * g / (np.sqrt(0.1 * g**2) + 1e-8)
    clear = abs(g) > 1e-5  # below, float32 decides the sign
    assert clear.mean() > 0.9
    np.testing.assert_allclose((model._theta - before)[clear], -step[clear], rtol=1e-2, atol=1e-7)
    np.testing.assert_allclose((model.report.d_loss, model.report.g_loss), (d_loss, g_loss), rtol=1e-5)
    assert model.report.n_steps == 1


def test_a_whole_fit_is_torch_s_adam_on_the_same_gradients(monkeypatch):
    S, T = pair(n=6, n_var=40)
    seen = []
    gradients = Players.gradients

    def spy(self, real, z, keep):
        seen.append(gradients(self, real, z, keep))
        return seen[-1]

    start = MToPGAN(epochs_first=0).fit(S, T, rng=rng(5))._theta.copy()
    monkeypatch.setattr(Players, "gradients", spy)
    model = MToPGAN().fit(S, T, rng=rng(5))
    n_G = Players(6, start).n_generator
    G, D = (torch.nn.Parameter(torch.from_numpy(part.copy())) for part in (start[:n_G], start[n_G:]))
    optimizer = torch.optim.Adam([{"params": G, "lr": 3e-4}, {"params": D, "lr": 2e-4}], betas=(0.7, 0.9))
    for gradient, _, _ in seen:
        G.grad, D.grad = torch.from_numpy(gradient[:n_G]), torch.from_numpy(gradient[n_G:])
        optimizer.step()
    assert len(seen) == 80
    moved = torch.cat([G, D]).detach().numpy() - start
    assert np.median(abs(moved)) > 1e-3
    # Slopes of the first bias are rounding: there Adam's epsilon matters, and torch has it at another place.
    np.testing.assert_allclose(model._theta - start, moved, rtol=1e-3, atol=1e-4)


def test_both_players_move_at_once_from_one_forward_pass(monkeypatch):
    S, T = pair(n=5, n_var=20)
    calls = []
    gradients = Players.gradients
    monkeypatch.setattr(Players, "gradients", lambda *given: calls.append(1) or gradients(*given))
    model = MToPGAN(epochs_first=1).fit(S, T, rng=rng())
    assert len(calls) == model.report.n_steps == 2


def test_adam_is_torch_s_over_many_steps():
    start, targets = rng(1).standard_normal((2, 40)).astype(np.float32)
    p = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer, adam, theta = torch.optim.Adam([p], lr=0.01, betas=(0.7, 0.9)), _Adam(40, (0.7, 0.9)), start.copy()
    for _ in range(30):
        p.grad = (p.detach() - torch.from_numpy(targets)) ** 3
        theta -= np.float32(0.01) * adam.direction((theta - targets) ** 3)
        optimizer.step()
    np.testing.assert_allclose(theta, p.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_initial_weights_are_as_published():
    players = Players(200, theta := Players.draw(200, rng(3)))
    first, others = (players.G1.W, players.D1.W), (players.G2.W, players.G3, players.D2)
    for weights, sigma in [*((w, 0.03) for w in first), *((w, 0.06) for w in others)]:
        assert abs(weights.std() / sigma - 1) < 0.2
        assert abs(weights.mean()) < 4 * sigma / np.sqrt(weights.size)
    for layer in (players.G1, players.G2, players.D1):
        assert (layer.scale == 1).all() and not layer.b.any() and not layer.offset.any()
    assert not players.g3.any() and not players.d2.any()
    assert theta.dtype == np.float32
    assert theta.size == 4 * 200**2 + 11 * 200 + 1
    assert len(np.unique(np.concatenate([w.ravel() for w in (*first, *others)]))) > 0.9 * 4 * 200**2


@pytest.mark.parametrize(("axis", "width", "n_samples"), [("variables", 12, 30), ("individuals", 30, 12)])
def test_networks_are_as_wide_as_a_sample(axis, width, n_samples, monkeypatch):
    shapes = []
    generate = Players.generate
    monkeypatch.setattr(Players, "generate", lambda self, z: shapes.append(z.shape) or generate(self, z))
    S, T = pair()
    model = MToPGAN(axis=axis).fit(S, T, rng=rng())
    players = Players(model._width, model._theta)
    assert players.G1.W.shape == players.G3.shape == players.D1.W.shape == (width, width)
    assert players.D2.shape == (1, width)
    assert model.transfer(S, rng=rng()).shape == S.shape
    assert shapes == [(n_samples, width)]


def test_the_two_axes_are_each_other_s_transpose():
    S, T = pair(n=9, n_var=9)
    by_variables = MToPGAN().fit(S, T, rng=rng()).transfer(S, rng=rng())
    by_individuals = MToPGAN(axis="individuals").fit(S.T, T.T, rng=rng()).transfer(S.T, rng=rng())
    np.testing.assert_array_equal(by_variables, by_individuals.T)


@pytest.mark.parametrize(
    ("axis", "n", "n_var", "per_epoch"),
    [("variables", 4, 50, 5), ("variables", 50, 29, 2), ("variables", 4, 10, 1), ("variables", 40, 9, 1),
     ("variables", 3, 1, 1), ("individuals", 29, 50, 2), ("individuals", 5, 50, 1)],
)  # fmt: skip
def test_steps_are_whole_batches_of_ten_samples_20_epochs_then_2(axis, n, n_var, per_epoch):
    S, T = pair(n, n_var)
    model = MToPGAN(axis=axis).fit(S, T, rng=rng())
    assert model.report.n_steps == 20 * per_epoch
    for _ in range(2):
        assert model.fit(S, T, rng=rng()).report.n_steps == 2 * per_epoch


@pytest.fixture
def batches(monkeypatch):
    """Replace the gradient by 0 and keep what it is asked for."""
    seen = []

    def spy(self, real, z, keep):
        seen.append((real.copy(), z.copy(), keep.copy()))
        return np.zeros(4 * real.shape[1] ** 2 + 11 * real.shape[1] + 1, dtype=np.float32), 1.0, 2.0

    monkeypatch.setattr(Players, "gradients", spy)
    return seen


def test_targets_are_shuffled_every_epoch_and_sources_once_a_fit(batches):
    S, T = pair(n=4, n_var=30)
    MToPGAN(epochs_first=3).fit(S, T, rng=rng())
    epochs = [batches[i : i + 3] for i in (0, 3, 6)]
    reals = [np.concatenate([real for real, _, _ in epoch]) for epoch in epochs]
    noises = [np.concatenate([z for _, z, _ in epoch]) for epoch in epochs]
    for real, z in zip(reals, noises, strict=True):
        assert sorted(map(tuple, real)) == sorted(map(tuple, T.T.astype(np.float32)))
        np.testing.assert_array_equal(z, noises[0])
    assert sorted(map(tuple, noises[0])) == sorted(map(tuple, S.T.astype(np.float32)))
    assert not np.array_equal(noises[0], S.T.astype(np.float32))
    assert not np.array_equal(reals[0], reals[1])
    assert not np.array_equal(reals[1], reals[2])


def test_masks_are_0_or_1_half_of_them_each_and_new_in_every_step(batches):
    S, T = pair(n=50, n_var=40)
    MToPGAN(epochs_first=3).fit(S, T, rng=rng())
    masks = np.stack([keep for _, _, keep in batches])
    assert masks.shape == (12, 2, 10, 50)
    assert set(np.unique(masks.astype(float))) == {0.0, 1.0}
    assert abs(masks.mean() - 0.5) < 0.02
    assert len({mask.tobytes() for pair in masks for mask in pair}) == 24


def test_few_samples_make_one_step_of_all_of_them(batches):
    S, T = pair(n=5, n_var=7)
    MToPGAN(epochs_first=2).fit(S, T, rng=rng())
    assert [real.shape for real, _, _ in batches] == [(7, 5), (7, 5)]


def test_populations_of_unequal_size_train_on_as_many_as_the_smaller_has(batches):
    S, T = rng().random((33, 4)), rng(1).random((21, 4))
    MToPGAN(axis="individuals", epochs_first=1).fit(S, T, rng=rng())
    assert [(len(real), len(z)) for real, z, _ in batches] == [(10, 10), (10, 10)]


def test_moments_begin_at_0_in_every_fit():
    """Two fits of one step each are two first steps of Adam, whatever the gradient: each moves by the rate."""
    S, T = pair(n=6, n_var=10)
    model = MToPGAN(epochs_first=1, epochs=1)
    thetas = [MToPGAN(epochs_first=0).fit(S, T, rng=rng(1))._theta.copy()]
    model.fit(S, T, rng=rng(1))
    thetas.append(model._theta.copy())
    model.fit(T, S, rng=rng(2))
    thetas.append(model._theta.copy())
    n_G = Players(6, model._theta).n_generator
    for before, after in pairwise(thetas):
        moved = abs(after - before)
        assert np.median(moved[:n_G]) == pytest.approx(3e-4, rel=1e-3)
        assert np.median(moved[n_G:]) == pytest.approx(2e-4, rel=1e-3)


def test_weights_are_kept_from_fit_to_fit_while_the_width_is_the_same():
    S, T = pair()
    model = MToPGAN(epochs_first=3, epochs=0).fit(S, T, rng=rng())
    theta = model._theta.copy()
    model.fit(*pair(n_var=17, seed=4), rng=rng(1))  # another number of variables, the same width
    np.testing.assert_array_equal(model._theta, theta)
    assert model.transfer(rng().random((12, 17)), rng=rng()).shape == (12, 17)
    model.fit(*pair(n=11), rng=rng(1))
    assert model._theta.size != theta.size
    assert model.report.n_steps == 9


def test_a_solution_s_image_depends_on_the_others_in_the_batch():
    S, T = pair(n=30, n_var=8)
    model = MToPGAN(axis="individuals").fit(S, T, rng=rng())
    assert abs(model.transfer(S, rng=rng())[0] - model.transfer(S[:10], rng=rng())[0]).max() > 1e-3
    by_variables = MToPGAN().fit(S, T, rng=rng())
    changed = S.copy()
    changed[:, 1:] = rng(7).random((30, 7))
    assert abs(by_variables.transfer(S, rng=rng())[:, 0] - by_variables.transfer(changed, rng=rng())[:, 0]).max() > 1e-3


@pytest.mark.parametrize("axis", ["variables", "individuals"])
def test_the_transfer_of_a_fit_has_its_samples_shuffled(axis):
    S, T = pair()
    model, twin = MToPGAN(axis=axis), MToPGAN(axis=axis)
    scrambled = model.fit_transfer(S, T, rng=rng(1))
    plain = twin.fit(S, T, rng=rng(1)).transfer(S, rng=rng(2))
    np.testing.assert_array_equal(model._theta, twin._theta)
    assert scrambled.shape == plain.shape == S.shape
    if axis == "variables":
        scrambled, plain = scrambled.T, plain.T
    order = [int(abs(plain - row).max(axis=1).argmin()) for row in scrambled]
    assert sorted(order) == list(range(len(plain)))
    assert order != sorted(order)
    np.testing.assert_allclose(scrambled, plain[order], atol=1e-5)


def test_the_discriminator_is_all_but_blind_to_where_the_samples_are():
    """It normalises real and generated batches each by itself: its mean logit is the same for both."""
    for seed in range(3):
        players = Players(7, trained_theta(7, seed))
        x = np.stack([rng(seed).random((10, 7)), 0.01 * rng(seed + 1).random((10, 7)) + 0.5]).astype(np.float32)
        for keep in (None, rng(seed).random(x.shape) < 0.5):
            h, _ = _forward(players.D1, x, keep)
            np.testing.assert_allclose(h.mean(axis=1), np.tile(players.D1.offset, (2, 1)), atol=1e-4)


def test_as_published_what_is_transferred_stays_at_the_centre():
    for seed in range(3):
        S, T = rng(seed).uniform(0.0, 0.3, (100, 50)), rng(seed + 9).uniform(0.75, 0.85, (100, 50))
        model = MToPGAN()
        for _ in range(10):
            model.fit(S, T, rng=rng(seed))
        X = model.transfer(S, rng=rng())
        assert abs(X.mean() - 0.5) < 0.05, f"seed {seed}"
        assert X.std() < 0.25, f"seed {seed}"


@pytest.mark.parametrize("how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_go_on_to_the_same_bits(how):
    S, T = pair()
    model = MToPGAN().fit(S, T, rng=rng())
    twin = how(model)
    for one in (model, twin):
        one.fit(T, S, rng=rng(3))
    np.testing.assert_array_equal(model._theta, twin._theta)
    assert not np.shares_memory(model._theta, twin._theta)


def test_unequal_populations_are_refused_by_variables():
    S, T = rng().random((8, 5)), rng().random((9, 5))
    with pytest.raises(ValueError, match=r'same number of rows with axis="variables", got 8 and 9: use axis="indiv'):
        MToPGAN().fit(S, T, rng=rng())
    model = MToPGAN().fit(S, S, rng=rng())
    with pytest.raises(ValueError, match=r"X_source must have 8 rows as in fit .*, got shape \(9, 5\)"):
        model.transfer(T, rng=rng())
    with pytest.raises(ValueError, match="X_source must have 5 columns"):
        model.transfer(S[:, :4], rng=rng())


def test_transfer_before_fit_says_so():
    with pytest.raises(NotFittedError, match="MToPGAN must be fitted before transfer"):
        MToPGAN().transfer([[0.5]], rng=rng())


def test_divergence_is_told_and_drops_the_networks():
    S, T = pair()
    model = MToPGAN(lr_generator=1e38, lr_discriminator=1e38)
    with pytest.raises(TrainingDivergedError, match="MToPGAN's losses or weights became non-finite within 60 steps"):
        model.fit(S, T, rng=rng())
    assert model.report is None
    with pytest.raises(NotFittedError):
        model.transfer(S, rng=rng())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"axis": "rows"}, ValueError, "axis must be one of 'variables', 'individuals', got 'rows'"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"epochs": -1}, ValueError, "epochs must be at least 0"),
        ({"epochs_first": 1.5}, TypeError, "epochs_first must be an integer"),
        ({"lr_generator": 0}, ValueError, "lr_generator must lie in"),
        ({"lr_discriminator": "big"}, TypeError, "lr_discriminator must be a number"),
        ({"betas": (0.9, 1.0)}, ValueError, "betas must lie in"),
        ({"epoch": 1}, TypeError, "unexpected keyword"),
    ],
)
def test_bad_arguments_are_refused_by_name(options, error, message):
    with pytest.raises(error, match=message):
        MToPGAN(**options)
