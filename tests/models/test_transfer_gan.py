"""TransferGAN: closed forms without training, what a step is given, and what training brings."""

import copy
import math
import pickle
from functools import partial

import cloudpickle
import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import nn

from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.losses import Hinge, LeastSquares, NonSaturating, RelativisticAverage, Wasserstein
from evogan.models import CycleTransfer, FitReport, MomentMatching, TransferGAN, UntrainedTransfer, wgan_gp_transfer
from evogan.models._transfer_nets import Residual
from evogan.nets import mlp
from evogan.regularizers import R1, GradientPenalty

FEW = {"n_steps_first": 6, "n_steps": 3, "batch_size": 4}
QUICK = {"n_steps_first": 400, "lr_generator": 3e-3, "lr_discriminator": 3e-3}


def rng(seed=0):
    return np.random.default_rng(seed)


def pair(n_source=20, n_target=30, n_var=3, seed=0):
    return rng(seed).uniform(0.1, 0.4, (n_source, n_var)), rng(seed + 1).uniform(0.5, 0.9, (n_target, n_var))


def shifted_and_stretched(seed, n=100):
    r = rng(seed)
    S, T = r.normal([0.3, 0.6], [0.05, 0.1], (n, 2)), r.normal([0.7, 0.35], [0.1, 0.04], (n, 2))
    return np.clip(S, 0, 1), np.clip(T, 0, 1)


def distance(A, B):
    """Energy distance."""
    return 2 * cdist(A, B).mean() - cdist(A, A).mean() - cdist(B, B).mean()


# Without training.


@pytest.mark.parametrize("axis", ["individuals", "variables"])
@pytest.mark.parametrize("model", [UntrainedTransfer, partial(TransferGAN, n_steps=0, n_steps_first=0)])
def test_without_training_it_is_moment_matching_to_the_bit(model, axis):
    for seed in range(3):
        S, T = pair(25, 25, seed=seed)
        S[:, 1] = 0.3
        results = [one.fit(S, T, rng=rng(1)).transfer(S, rng=rng(2)) for one in (model(axis=axis), MomentMatching())]
        np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("axis", ["individuals", "variables"])
def test_without_training_and_without_standardising_it_is_the_identity_to_the_bit(axis):
    S, T = pair(25, 25)
    model = UntrainedTransfer(axis=axis, standardise=False).fit(S, T, rng=rng())
    np.testing.assert_array_equal(model.transfer(S, rng=rng()), S)


class Constant(nn.Module):
    """Says the same whatever it is given."""

    def __init__(self, width, value):
        super().__init__()
        self.value = nn.Parameter(torch.full((width,), value))

    def forward(self, z):
        return self.value.expand(len(z), -1)


class Named(nn.Module):
    """Says k / 16 in the k-th of its outputs, plus what it is given."""

    def __init__(self, width):
        super().__init__()
        self.p = nn.Parameter(torch.arange(width) / 16)

    def forward(self, z):
        return self.p + 0 * z


def test_what_the_net_says_comes_out_in_the_target_s_units():
    S, T = pair()
    make = partial(Constant, value=0.25)
    for residual in (False, True):
        model = UntrainedTransfer(generator=make, residual=residual).fit(S, T, rng=rng())
        matched = MomentMatching().fit(S, T, rng=rng()).transfer(S, rng=rng()) if residual else T.mean(axis=0)
        expected = np.broadcast_to(matched + 0.25 * T.std(axis=0), S.shape)
        np.testing.assert_allclose(model.transfer(S, rng=rng()), np.clip(expected, 0, 1), atol=1e-12)


def test_without_standardising_what_the_net_says_is_the_solution():
    S, T = pair()
    X = UntrainedTransfer(generator=partial(Constant, value=0.25), residual=False, standardise=False)
    np.testing.assert_array_equal(X.fit(S, T, rng=rng()).transfer(S, rng=rng()), np.full(S.shape, 0.25))
    X = UntrainedTransfer(generator=partial(Constant, value=0.75), standardise=False).fit(S, T, rng=rng())
    np.testing.assert_array_equal(X.transfer(S, rng=rng()), np.clip(S + 0.75, 0, 1))


def test_a_sample_is_a_solution_or_a_variable():
    S, T = pair(6, 6, n_var=4)
    names = {}
    for axis in ("individuals", "variables"):
        model = UntrainedTransfer(axis=axis, generator=Named, residual=False, standardise=False).fit(S, T, rng=rng())
        names[axis] = model.transfer(S, rng=rng()) * 16
    np.testing.assert_array_equal(names["individuals"], np.tile(np.arange(4), (6, 1)))
    np.testing.assert_array_equal(names["variables"], np.tile(np.arange(6), (4, 1)).T)


def test_the_default_net_begins_at_0_only_where_it_is_a_correction():
    S, T = pair()
    residual, plain = (UntrainedTransfer(residual=r).fit(S, T, rng=rng())._trainer.G for r in (True, False))
    assert isinstance(residual, Residual)
    assert not residual.net[-1].weight.any() and not residual.net[-1].bias.any()
    assert residual.net[0].weight.any()
    assert plain[-1].weight.any()


@pytest.mark.parametrize(
    ("axis", "n_var", "hidden", "widths"),
    [
        ("individuals", 3, None, [32, 32, 3]),
        ("individuals", 40, None, [40, 40, 40]),
        ("variables", 3, None, [50, 50, 50]),
        ("individuals", 3, (7,), [7, 3]),
        ("individuals", 3, [], [3]),
    ],
)
def test_widths_of_the_networks(axis, n_var, hidden, widths):
    S, T = pair(50, 50, n_var)
    trainer = UntrainedTransfer(axis=axis, hidden=hidden).fit(S, T, rng=rng())._trainer
    assert [layer.out_features for layer in trainer.G.net if isinstance(layer, nn.Linear)] == widths
    assert [layer.out_features for layer in trainer.D if isinstance(layer, nn.Linear)] == [*widths[:-1], 1]


# What is trained, and how long.


@pytest.fixture
def blocks(monkeypatch):
    """Replace training by a record of what it is given."""
    seen = []

    def spy(trainer, real, poor, latents, n_critic):
        seen.append((real, poor, latents, n_critic))
        return np.column_stack([np.arange(len(latents)), -np.ones(len(latents))]).astype(float)

    monkeypatch.setattr("evogan.models._transfer_gan.fastest_engine", lambda trainer: spy)
    return seen


def rows(x):
    return {tuple(row) for row in x.reshape(-1, x.shape[-1]).tolist()}


@pytest.mark.parametrize("axis", ["individuals", "variables"])
@pytest.mark.parametrize("standardise", [True, False])
def test_real_samples_are_the_target_and_what_g_is_fed_is_the_source(blocks, axis, standardise):
    S, T = pair(12, 12)
    TransferGAN(axis=axis, standardise=standardise, batch_size=8, n_steps_first=20).fit(S, T, rng=rng())
    expected = [(X - X.mean(axis=0)) / X.std(axis=0) if standardise else X for X in (T, S)]
    if axis == "variables":
        expected = [X.T for X in expected]
    ((real, poor, latents, _),) = blocks
    assert poor is None
    for got, X in zip((real, latents), expected, strict=True):
        assert rows(got) == rows(X.astype(np.float32))


@pytest.mark.parametrize("n_critic", [1, 3])
def test_steps_come_in_blocks_of_fixed_shapes(blocks, n_critic):
    model = TransferGAN(n_steps_first=250, n_steps=30, batch_size=7, n_critic=n_critic)
    model.fit(*pair(), rng=rng()).fit(*pair(), rng=rng(1))
    assert [len(latents) for _, _, latents, _ in blocks] == [100, 100, 50, 30]
    for real, _, latents, k in blocks:
        assert real.shape == (len(latents) * n_critic, 7, 3)
        assert latents.shape == (len(latents), n_critic + 1, 7, 3)
        assert k == n_critic


def test_batches_differ_between_steps_and_between_fits(blocks):
    model = TransferGAN(n_steps_first=100, n_steps=100, batch_size=8)
    model.fit(*pair(), rng=rng(0)).fit(*pair(), rng=rng(1))
    for part in (0, 2):
        assert not torch.equal(blocks[0][part], blocks[1][part])
        assert not torch.equal(blocks[0][part][0], blocks[0][part][1])


def test_the_first_fit_is_longer_and_so_is_any_with_new_networks():
    model = TransferGAN(**FEW)
    numbers = [model.fit(*pair(n_var=n_var), rng=rng()).report.n_steps for n_var in (3, 3, 3, 5, 5, 3)]
    assert numbers == [6, 3, 3, 6, 3, 6]
    cold = TransferGAN(**FEW, warm_start=False)
    assert [cold.fit(*pair(), rng=rng()).report.n_steps for _ in range(3)] == [6, 6, 6]
    by_variables = TransferGAN(**FEW, axis="variables")
    sizes = [(9, 3), (9, 4), (10, 4)]
    assert [by_variables.fit(*pair(n, n, n_var), rng=rng()).report.n_steps for n, n_var in sizes] == [6, 3, 6]


def test_a_warm_start_goes_on_and_a_cold_one_forgets():
    S, T = pair()
    for warm in (True, False):
        model = TransferGAN(n_steps_first=20, n_steps=0, warm_start=warm).fit(S, T, rng=rng(1))
        weights = copy.deepcopy(model._trainer.G.state_dict())
        model.n_steps_first = 0
        model.fit(S, T, rng=rng(2))
        same = all(torch.equal(weights[k], v) for k, v in model._trainer.G.state_dict().items())
        assert same is warm


def test_a_later_fit_takes_the_moments_of_its_own_populations():
    model = UntrainedTransfer().fit(*pair(seed=3), rng=rng())
    S, T = pair(seed=8)
    S, T = 1 - S, 1 - T
    expected = MomentMatching().fit(S, T, rng=rng()).transfer(S, rng=rng())
    np.testing.assert_array_equal(model.fit(S, T, rng=rng()).transfer(S, rng=rng()), expected)


def test_the_report_is_the_mean_of_the_last_losses(blocks):
    report = TransferGAN(n_steps_first=150).fit(*pair(), rng=rng()).report
    assert isinstance(report, FitReport)
    assert (report.n_steps, report.g_loss) == (150, -1.0)
    assert report.d_loss == pytest.approx(np.mean([*range(50, 100), *range(50)]))
    assert report.seconds > 0
    untrained = UntrainedTransfer().fit(*pair(), rng=rng()).report
    assert untrained.n_steps == 0 and math.isnan(untrained.d_loss) and math.isnan(untrained.g_loss)


def test_settings_reach_the_trainer():
    loss, penalty = Hinge(), R1(0.3)
    model = TransferGAN(loss=loss, regularizers=[penalty], lr_generator=0.1, lr_discriminator=0.2, betas=(0.3, 0.4))
    model.n_steps_first = 1
    trainer = model.fit(*pair(), rng=rng())._trainer
    assert trainer.loss is loss and trainer.regularizers == (penalty,)
    rates = [o.param_groups[0]["lr"] for o in (trainer.optimizer_G, trainer.optimizer_D)]
    assert rates == [0.1, 0.2]
    assert all(o.param_groups[0]["betas"] == (0.3, 0.4) for o in (trainer.optimizer_G, trainer.optimizer_D))
    assert isinstance(TransferGAN().loss, NonSaturating)


def test_one_step_by_hand():
    """One discriminator and one generator step on a linear pair, against the gradients written out."""
    S, T = np.array([[0.25], [0.75]]), np.array([[0.5], [1.0]])
    linear = lambda width: mlp([width, 1])  # noqa: E731
    options = {"standardise": False, "loss": Wasserstein(), "batch_size": 2, "generator": linear}
    model = TransferGAN(**options, discriminator=linear, n_steps_first=0, betas=(0.0, 0.0)).fit(S, T, rng=rng(4))
    w, b, v = (p.item() for p in (*model._trainer.G.parameters(), next(model._trainer.D.parameters())))
    model.n_steps = 1
    model.fit(S, T, rng=rng(5))
    # d = -mean(v x) + mean(v G(s)), slope v: mean G - mean x; Adam without memory moves by the rate against the sign.
    fakes = S[:, 0] * (1 + w) + b
    new_v = v - 1e-3 * np.sign(fakes.mean() - 0.75)
    # g = -mean(v G(s)), after D's step: slopes -new_v * mean(s) and -new_v.
    new_w, new_b = w + 1e-3 * np.sign(new_v * S.mean()), b + 1e-3 * np.sign(new_v)
    got = [p.item() for p in (*model._trainer.G.parameters(), next(model._trainer.D.parameters()))]
    np.testing.assert_allclose(got, [new_w, new_b, new_v], atol=1e-6)
    bias = list(model._trainer.D.parameters())[1].item()
    assert model.report.g_loss == pytest.approx(-(new_v * fakes.mean() + bias), abs=1e-5)


# What training brings.


@pytest.mark.parametrize("settings", [{}, QUICK, {"regularizers": [R1(0.1)]}, {"loss": Hinge()}], ids=str)
def test_it_learns_a_shift_and_a_stretch(settings):
    for seed in range(3):
        S, T = shifted_and_stretched(seed)
        X = TransferGAN(**settings).fit(S, T, rng=rng(seed)).transfer(S, rng=rng())
        np.testing.assert_allclose(X.mean(axis=0), T.mean(axis=0), atol=0.1, err_msg=f"seed {seed}")
        np.testing.assert_allclose(X.std(axis=0), T.std(axis=0), atol=0.1, err_msg=f"seed {seed}")


def test_it_learns_them_also_on_raw_variables_where_nothing_is_given():
    for seed in range(3):
        S, T = shifted_and_stretched(seed)
        X = TransferGAN(standardise=False).fit(S, T, rng=rng(seed)).transfer(S, rng=rng())
        np.testing.assert_allclose(X.mean(axis=0), T.mean(axis=0), atol=0.1, err_msg=f"seed {seed}")
        np.testing.assert_allclose(X.std(axis=0), T.std(axis=0), atol=0.1, err_msg=f"seed {seed}")
        assert distance(X, T) < 0.2 * distance(S, T), f"seed {seed}"


def test_it_learns_them_without_a_residual_too():
    for seed in range(3):
        S, T = shifted_and_stretched(seed)
        model, untrained = TransferGAN(residual=False, regularizers=[R1(0.1)]), UntrainedTransfer(residual=False)
        X, before = (m.fit(S, T, rng=rng(seed)).transfer(S, rng=rng()) for m in (model, untrained))
        np.testing.assert_allclose(X.mean(axis=0), T.mean(axis=0), atol=0.1, err_msg=f"seed {seed}")
        np.testing.assert_allclose(X.std(axis=0), T.std(axis=0), atol=0.1, err_msg=f"seed {seed}")
        assert distance(X, T) < 0.5 * distance(before, T), f"seed {seed}"


def test_it_learns_a_shape_that_moments_do_not_tell():
    for seed in range(3):
        r = rng(seed)
        S = np.clip(r.normal(0.5, 0.12, (100, 2)), 0, 1)
        T = np.clip(
            np.c_[np.where(r.random(100) < 0.5, 0.2, 0.8), np.full(100, 0.5)] + r.normal(0, 0.04, (100, 2)), 0, 1
        )
        X, matched = (
            m.fit(S, T, rng=rng(seed)).transfer(S, rng=rng()) for m in (TransferGAN(**QUICK), MomentMatching())
        )
        assert distance(X, T) < 0.7 * distance(matched, T), f"seed {seed}"


def test_a_wasserstein_critic_with_a_penalty_stays_at_the_target():
    for seed in range(2):
        S, T = shifted_and_stretched(seed)
        X = wgan_gp_transfer(n_steps_first=60).fit(S, T, rng=rng(seed)).transfer(S, rng=rng())
        np.testing.assert_allclose(X.mean(axis=0), T.mean(axis=0), atol=0.1, err_msg=f"seed {seed}")
        np.testing.assert_allclose(X.std(axis=0), T.std(axis=0), atol=0.1, err_msg=f"seed {seed}")


def test_the_wasserstein_preset_is_a_choice_of_parts():
    model = wgan_gp_transfer(n_steps=7, lr_generator=0.5)
    assert type(model) is TransferGAN
    assert isinstance(model.loss, Wasserstein)
    assert model.regularizers == (GradientPenalty(10.0),)
    assert (model.n_critic, model.betas, model.n_steps, model.lr_generator) == (5, (0.0, 0.9), 7, 0.5)
    assert wgan_gp_transfer(n_critic=2).n_critic == 2
    with pytest.raises(TypeError, match="wgan_gp_transfer takes no loss: use TransferGAN"):
        wgan_gp_transfer(loss=Hinge())


# Copies, threads, devices, errors.

WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "cloudpickle": lambda model: pickle.loads(cloudpickle.dumps(model)),
    "copy of a copy": lambda model: copy.deepcopy(copy.deepcopy(model)),
}
MODELS = {
    "TransferGAN": lambda: TransferGAN(**FEW),
    "by variables": lambda: TransferGAN(**FEW, axis="variables", loss=RelativisticAverage(LeastSquares())),
    "WGAN-GP": lambda: wgan_gp_transfer(**FEW),
    "CycleTransfer": lambda: CycleTransfer(**FEW),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MODELS)
def test_copies_transfer_and_go_on_learning_as_the_original(name, way):
    S, T = pair(20, 20)
    model = MODELS[name]().fit(S, T, rng=rng(1))
    twin = WAYS[way](model)
    np.testing.assert_array_equal(*(m.transfer(S, rng=rng(2)) for m in (model, twin)))
    for one in (model, twin):
        one.fit(*pair(20, 20, seed=7), rng=rng(3))
    torch.testing.assert_close(model._trainer.state_dict(), twin._trainer.state_dict(), rtol=0, atol=0)
    assert (model.report.d_loss, model.report.g_loss) == (twin.report.d_loss, twin.report.g_loss)


@pytest.mark.parametrize("name", MODELS)
def test_copies_hold_no_module_objects(name):
    assert b"torch.nn.modules" not in pickle.dumps(MODELS[name]().fit(*pair(20, 20), rng=rng()))


@pytest.mark.parametrize("way", WAYS)
def test_copying_draws_nothing_from_global_states(way):
    model = TransferGAN(**FEW).fit(*pair(), rng=rng())
    before = torch.get_rng_state(), np.random.get_state()
    WAYS[way](model)
    assert torch.equal(before[0], torch.get_rng_state())
    assert all(np.array_equal(a, b) for a, b in zip(before[1], np.random.get_state(), strict=True))


def test_networks_made_by_lambdas_are_copied_too():
    model = TransferGAN(
        **FEW,
        generator=lambda width: mlp([width, 6, width], batch_norm=True),
        discriminator=lambda width: mlp([width, 6, 1]),
    ).fit(*pair(), rng=rng(1))
    twin = WAYS["cloudpickle"](model)
    S, _ = pair()
    np.testing.assert_array_equal(*(m.transfer(S, rng=rng(2)) for m in (model, twin)))
    # Batch normalization is in evaluation mode: one solution does not depend on the others.
    np.testing.assert_allclose(model.transfer(S[:1], rng=rng()), model.transfer(S, rng=rng())[:1], atol=1e-6)
    assert model.fit(*pair(), rng=rng())._trainer.G.training


def diverging():
    return TransferGAN(loss=LeastSquares(), n_steps_first=20, lr_generator=1e30, lr_discriminator=1e30)


def test_divergence_is_told_and_drops_the_networks():
    S, T = pair()
    model = diverging()
    with pytest.raises(
        TrainingDivergedError, match=r"loss \(LeastSquares\) became non-finite at step \d+ of 20; try a"
    ):
        model.fit(S, T, rng=rng())
    assert model.report is None
    with pytest.raises(NotFittedError):
        model.transfer(S, rng=rng())
    model.lr_generator = model.lr_discriminator = 1e-3
    assert model.fit(S, T, rng=rng()).report.n_steps == 20


def test_a_generator_that_breaks_in_the_very_last_step_is_seen(monkeypatch):
    def breaks(trainer, real, poor, latents, n_critic):
        with torch.no_grad():
            next(trainer.G.parameters())[0] = torch.nan
        return np.zeros((len(latents), 2))

    monkeypatch.setattr("evogan.models._transfer_gan.fastest_engine", lambda trainer: breaks)
    with pytest.raises(TrainingDivergedError, match="at step 6 of 6"):
        TransferGAN(**FEW).fit(*pair(), rng=rng())


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("n_var", "inside"), [(3, 1), (299, 1), (300, 2)])
def test_small_networks_train_with_one_thread_and_give_the_others_back(monkeypatch, two_threads, n_var, inside):
    seen = []

    def spy(trainer, real, poor, latents, n_critic):
        seen.append(torch.get_num_threads())
        return np.zeros((len(latents), 2))

    monkeypatch.setattr("evogan.models._transfer_gan.fastest_engine", lambda trainer: spy)
    S = rng().random((4, n_var))
    TransferGAN(n_steps_first=2, hidden=[2]).fit(S, S, rng=rng()).transfer(S, rng=rng())
    assert seen == [inside]
    assert torch.get_num_threads() == 2


def test_auto_leaves_small_networks_on_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert [TransferGAN()._device(n).type for n in (30, 299, 300)] == ["cpu", "cpu", "cuda"]
    assert TransferGAN(device="cpu")._device(1000).type == "cpu"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: TransferGAN(loss=Hinge), TypeError, r"loss must be an object such as Hinge\(\)"),
        (lambda: TransferGAN(regularizers=R1()), TypeError, "regularizers must be a sequence of penalties"),
        (lambda: TransferGAN(axis="rows"), ValueError, "axis must be one of 'individuals', 'variables'"),
        (lambda: TransferGAN(standardise="no"), TypeError, "standardise must be True or False"),
        (lambda: TransferGAN(residual=1), TypeError, "residual must be True or False"),
        (lambda: TransferGAN(n_steps=-1), ValueError, "n_steps must be at least 0"),
        (lambda: TransferGAN(n_steps_first=2.0), TypeError, "n_steps_first must be an integer"),
        (lambda: TransferGAN(batch_size=1), ValueError, "batch_size must be at least 2"),
        (lambda: TransferGAN(n_critic=0), ValueError, "n_critic must be at least 1"),
        (lambda: TransferGAN(lr_generator=0.0), ValueError, "lr_generator must lie in"),
        (lambda: TransferGAN(lr_discriminator=-1), ValueError, "lr_discriminator must lie in"),
        (lambda: TransferGAN(betas=0.9), ValueError, "betas must be two decay rates"),
        (lambda: TransferGAN(warm_start=None), TypeError, "warm_start must be True or False"),
        (lambda: TransferGAN(hidden=32), TypeError, r"hidden must be a sequence of widths, e.g. \[32, 32\], got 32"),
        (lambda: TransferGAN(hidden=[32, 0]), ValueError, r"hidden\[1\] must be at least 1"),
        (lambda: TransferGAN(generator=nn.Linear(2, 2), discriminator="D"), TypeError, "discriminator must be a funct"),
        (lambda: TransferGAN(hidden=[3], generator=mlp, discriminator=mlp), ValueError, "has no say where both"),
        (lambda: TransferGAN(device="gpu"), ValueError, "device must be one of auto, cpu, cuda"),
        (lambda: TransferGAN(steps=3), TypeError, "unexpected keyword"),
        (lambda: UntrainedTransfer(n_steps=3), TypeError, "UntrainedTransfer takes no n_steps: it is never trained"),
        (lambda: UntrainedTransfer(n_steps_first=3), TypeError, "takes no n_steps_first: it is never trained"),
        (lambda: CycleTransfer(weight=-1), ValueError, "weight must lie in"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_unequal_populations_are_refused_by_variables():
    S, T = pair(8, 9)
    with pytest.raises(ValueError, match=r'same number of rows with axis="variables", got 8 and 9: use axis="indiv'):
        TransferGAN(axis="variables").fit(S, T, rng=rng())
    model = UntrainedTransfer(axis="variables").fit(S, S, rng=rng())
    with pytest.raises(ValueError, match=r"X_source must have 8 rows as in fit .*, got shape \(9, 3\)"):
        model.transfer(T, rng=rng())


@pytest.mark.parametrize("model", [TransferGAN, UntrainedTransfer, CycleTransfer])
def test_transfer_before_fit_says_so(model):
    with pytest.raises(NotFittedError, match=f"{model.__name__} must be fitted before transfer"):
        model().transfer([[0.5]], rng=rng())
