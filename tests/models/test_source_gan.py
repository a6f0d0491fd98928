"""Generative models of the source: SourceGAN and its control."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest
import torch

from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models import SourceGAN, SourceGaussian, TransferGAN, TransferModel
from evogan.testing import check_transfer_model

UNTRAINED = {"n_steps": 0, "n_steps_first": 0}


def fitted(model, S, seed=0):
    return model.fit(S, np.full((3, S.shape[1]), 0.5), rng=np.random.default_rng(seed))


def correlated(n=60, n_var=4, seed=1):
    """Return a population away from the faces of the box, its variables tied together."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, n_var)) @ np.triu(np.full((n_var, n_var), 0.4) + np.eye(n_var))
    return 0.5 + 0.03 * z


@pytest.mark.parametrize(
    "make",
    [
        partial(SourceGAN, n_steps=2, n_steps_first=4, batch_size=4),
        partial(SourceGAN, 0.5, n_steps=2, n_steps_first=4, batch_size=4, standardise=False),
        partial(SourceGAN, **UNTRAINED),
    ],
    ids=["trained", "in the box's units", "untrained"],
)
def test_the_gan_conforms(make):
    check_transfer_model(make)
    assert isinstance(make(), TransferModel)


def test_the_control_conforms():
    check_transfer_model(SourceGaussian, needs_fit=False)
    check_transfer_model(partial(SourceGaussian, 2.5), needs_fit=False)


@pytest.mark.parametrize("truncation", [1.0, 0.6])
def test_without_training_the_gan_is_the_control(truncation):
    S = correlated()
    gan, control = fitted(SourceGAN(truncation, **UNTRAINED), S), fitted(SourceGaussian(truncation), S)
    other = 0.3 + 0.5 * (correlated(30, seed=2) - 0.5)
    for X in (S, other):
        one, two = (model.transfer(X, rng=np.random.default_rng(5)) for model in (gan, control))
        assert one == pytest.approx(two, abs=1e-12)
        assert (one != X).all()


@pytest.mark.parametrize("n_steps", [0, 20])
def test_training_changes_what_the_gan_makes(n_steps):
    S = correlated()
    gan = fitted(SourceGAN(n_steps_first=n_steps), S)
    control = SourceGaussian().transfer(S, rng=np.random.default_rng(5))
    change = np.abs(gan.transfer(S, rng=np.random.default_rng(5)) - control).max()
    assert (change > 1e-4) == (n_steps > 0)
    assert gan.report.n_steps == n_steps


@pytest.mark.parametrize("model", [SourceGaussian(), SourceGAN(**UNTRAINED)], ids=["control", "gan"])
def test_mean_and_covariance_are_the_sources(model):
    S = correlated(50)
    fitted(model, S)
    rng = np.random.default_rng(3)
    Y = np.concatenate([model.transfer(S, rng=rng) for _ in range(400)])  # 20000 samples
    error = np.sqrt(np.diag(np.cov(S.T)))
    assert np.abs(Y.mean(axis=0) - S.mean(axis=0)).max() < 4 * error.max() / np.sqrt(len(Y))
    scale = np.outer(error, error)
    assert np.abs((np.cov(Y.T) - np.cov(S.T)) / scale).max() < 6 / np.sqrt(len(Y))
    assert np.abs(np.corrcoef(S.T) - np.eye(4)).max() > 0.3, "the test must see the covariance"


@pytest.mark.parametrize("model", [SourceGaussian, partial(SourceGAN, **UNTRAINED)], ids=["control", "gan"])
def test_truncation_scales_the_deviations(model):
    S = correlated()
    whole, half = (fitted(model(c), S).transfer(S, rng=np.random.default_rng(4)) for c in (1.0, 0.5))
    assert half - S.mean(axis=0) == pytest.approx(0.5 * (whole - S.mean(axis=0)), abs=1e-9)


@pytest.mark.parametrize("n_steps", [0, 30])
def test_samples_follow_a_source_that_moves_between_two_fits(n_steps):
    S = correlated()
    gan = fitted(SourceGAN(n_steps_first=n_steps), S)
    one = gan.transfer(S, rng=np.random.default_rng(6))
    moved = 0.25 + 0.4 * (S - 0.5)
    other = gan.transfer(moved, rng=np.random.default_rng(6))
    # the whole map is in the source's units: samples move and shrink as it does
    assert other == pytest.approx(0.25 + 0.4 * (one - 0.5), abs=1e-6)
    assert gan.transfer(S, rng=np.random.default_rng(6)) == pytest.approx(one, abs=1e-12)


def test_recentring_is_no_training():
    rng = np.random.default_rng(1)
    S, T = correlated(), 0.2 + 0.1 * correlated(30, seed=4)
    gan = TransferGAN(n_steps_first=20).fit(S, T, rng=rng)
    before = gan.transfer(S, rng=np.random.default_rng(2))
    weights = [p.detach().clone() for p in gan._trainer.G.parameters()]
    gan.recentre(S, T)
    assert (gan.transfer(S, rng=np.random.default_rng(2)) == before).all()
    gan.recentre(0.5 * S, 0.5 + 0.5 * T)
    after = gan.transfer(0.5 * S, rng=np.random.default_rng(2))
    assert after == pytest.approx(0.5 + 0.5 * before, abs=1e-6)
    assert all(torch.equal(p, q) for p, q in zip(weights, gan._trainer.G.parameters(), strict=True))


def test_recentring_leaves_a_gan_that_works_in_the_boxs_units():
    S = correlated()
    gan = TransferGAN(n_steps_first=3, standardise=False).fit(S, S, rng=np.random.default_rng(1))
    before = gan.transfer(S, rng=np.random.default_rng(2))
    gan.recentre(0.5 * S, 0.2 * S)
    assert (gan.transfer(S, rng=np.random.default_rng(2)) == before).all()


def test_recentring_refuses_what_does_not_fit():
    S = correlated()
    with pytest.raises(NotFittedError, match=r"recentre\(X_source, X_target\)"):
        TransferGAN().recentre(S, S)
    gan = TransferGAN(n_steps_first=0).fit(S, S, rng=np.random.default_rng(1))
    for pair, name in (((S[:, :2], S), "X_source"), ((S, S[:, :2]), "X_target"), ((2 * S, S), "X_source")):
        with pytest.raises(ValueError, match=name):
            gan.recentre(*pair)


def test_the_gan_learns_what_a_normal_distribution_is_not():
    rng = np.random.default_rng(1)
    S = np.where(rng.random((200, 1)) < 0.5, 0.3, 0.7) + 0.02 * rng.standard_normal((200, 2))
    gan = fitted(SourceGAN(n_steps_first=300, lr_generator=1e-3), S)
    centre = [np.mean(np.abs(m.transfer(S, rng=rng) - 0.5) < 0.1) for m in (gan, SourceGaussian())]
    assert centre[1] > 0.3 and centre[0] < 0.5 * centre[1]  # the gap between the clusters


def test_the_target_is_not_looked_at():
    S = correlated()
    one, other = (
        SourceGAN(n_steps_first=5).fit(S, np.full((n, 4), v), rng=np.random.default_rng(1))
        for n, v in ((5, 0.1), (9, 0.8))
    )
    first, second = (model.transfer(S, rng=np.random.default_rng(2)) for model in (one, other))
    assert (first == second).all()


def test_fits_go_on_from_the_last_one():
    S = correlated()
    gan = fitted(SourceGAN(n_steps=3, n_steps_first=7), S)
    assert gan.report.n_steps == 7
    assert fitted(gan, S).report.n_steps == 3
    assert SourceGAN().report is None


@pytest.mark.parametrize("store", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_make_the_same(store):
    S = correlated()
    gan = fitted(SourceGAN(0.9, n_steps_first=5), S)
    assert (store(gan).transfer(S, rng=np.random.default_rng(2)) == gan.transfer(S, rng=np.random.default_rng(2))).all()


def test_populations_of_one_point_stay_there():
    S = np.full((5, 3), 0.4)
    for model in (SourceGaussian(), SourceGAN(n_steps_first=3)):
        assert fitted(model, S).transfer(S, rng=np.random.default_rng(1)) == pytest.approx(S, abs=1e-12)


def test_samples_are_clipped_to_the_box():
    S = np.random.default_rng(1).integers(2, size=(20, 3)).astype(float)
    Y = fitted(SourceGaussian(3.0), S).transfer(S, rng=np.random.default_rng(1))
    assert Y.min() == 0.0 and Y.max() == 1.0


def test_bad_arguments_are_refused():
    S = correlated()
    for cls in (SourceGAN, SourceGaussian):
        with pytest.raises(ValueError, match="truncation must lie in"):
            cls(0.0)
        with pytest.raises(TypeError, match="truncation must be a number"):
            cls("1")
    with pytest.raises(TypeError, match="n_step"):
        SourceGAN(n_step=3)
    with pytest.raises(NotFittedError):
        SourceGAN().transfer(S, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="4 columns"):
        fitted(SourceGAN(**UNTRAINED), S).transfer(S[:, :2], rng=np.random.default_rng(1))
    with pytest.raises(TrainingDivergedError):
        fitted(SourceGAN(lr_generator=1e30, lr_discriminator=1e30), S)
