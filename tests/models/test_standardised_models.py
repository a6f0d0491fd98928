"""What all models that train in standardised coordinates promise."""

import copy
import pickle

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models import VAE, BiGAN, ConditionalGAN, DiffusionModel, FlowMatching

MODELS = [FlowMatching, ConditionalGAN, DiffusionModel, VAE, BiGAN]
each = pytest.mark.parametrize("model", MODELS)


def rng(seed=1):
    return np.random.default_rng(seed)


def meant(c):
    """A curve in four variables, one of them constant."""
    t = c[:, :1]
    return np.hstack([0.2 + 0.6 * t, 0.5 + 0.3 * np.sin(3 * t), np.full_like(t, 0.3), 0.8 - 0.5 * t**2])


def curve(seed, n=100):
    c = rng(seed).random((n, 1))
    noise = 0.02 * rng(seed + 100).normal(size=(n, 4)) * [1, 1, 0, 1]
    return np.clip(meant(c) + noise, 0, 1), c


def energy_distance(A, B):
    return 2 * cdist(A, B).mean() - cdist(A, A).mean() - cdist(B, B).mean()


@each
def test_models_learn_a_conditional_distribution_better_than_untrained_ones(model):
    for seed in range(3):
        X, c = curve(seed)
        truth, asked = curve(seed + 10, 300)
        distances = []
        for one in (model(), model(n_steps=0, n_first_steps=0)):
            for _ in range(3):
                one.fit(X, condition=c, rng=rng(seed))
            samples = one.sample(300, condition=asked, rng=rng(2))
            distances.append(energy_distance(np.hstack([samples, asked]), np.hstack([truth, asked])))
        assert distances[0] < 0.6 * distances[1], f"seed {seed}"


@each
def test_samples_follow_their_condition(model):
    X, c = curve(1)
    one = model(n_first_steps=300).fit(X, condition=c, rng=rng())
    low = one.sample(200, condition=np.full((200, 1), 0.1), rng=rng(2)).mean(axis=0)
    high = one.sample(200, condition=np.full((200, 1), 0.9), rng=rng(2)).mean(axis=0)
    difference = (high - low)[[0, 3]] / (meant(np.array([[0.9]])) - meant(np.array([[0.1]])))[0, [0, 3]]
    assert (difference > 0.4).all()
    assert (difference < 1.5).all()


@each
def test_scaling_the_solutions_scales_the_samples(model):
    X = 0.4 + 0.2 * rng().random((40, 3))
    scale, shift = np.array([0.5, 1.5, 0.01]), np.array([0.1, -0.2, 0.3])
    samples = [
        model(n_first_steps=20).fit(data, condition=X[:, :1], rng=rng()).sample(30, condition=X[:30, :1], rng=rng(2))
        for data in (X, scale * X + shift)
    ]
    inside = ((samples[0] > 0) & (samples[0] < 1) & (samples[1] > 0) & (samples[1] < 1)).all(axis=1)
    assert inside.sum() > 15
    error = (scale * samples[0] + shift - samples[1]) / scale
    np.testing.assert_allclose(error[inside], 0, atol=1e-4)


@each
def test_coordinates_are_refreshed_at_every_fit(model):
    X = 0.4 + 0.2 * rng().random((40, 3))
    one = model(n_first_steps=5, n_steps=0).fit(X, rng=rng())
    before = one.sample(30, rng=rng(2))
    one.fit(0.5 * X, rng=rng())  # no step: the same networks, other units
    inside = ((before > 0) & (before < 1)).all(axis=1)
    np.testing.assert_allclose(one.sample(30, rng=rng(2))[inside], 0.5 * before[inside], atol=1e-6)


@each
def test_constant_variables_stay_constant(model):
    X = rng().random((30, 3))
    X[:, 1] = 0.1 + 0.2
    assert (model(n_first_steps=5).fit(X, rng=rng()).sample(50, rng=rng(2))[:, 1] == 0.1 + 0.2).all()


@each
def test_two_solutions_are_enough_and_one_gives_itself(model):
    X = rng().random((2, 3))
    assert np.isfinite(
        model(n_first_steps=5)
        .fit(X, condition=[[0], [1]], rng=rng())
        .sample(4, condition=[[0], [0], [1], [1]], rng=rng(2))
    ).all()
    assert (model(n_first_steps=5).fit(X[:1], rng=rng()).sample(4, rng=rng(2)) == X[0]).all()


@each
def test_new_networks_make_the_first_steps_and_others_the_later_ones(model):
    X, c = curve(1, 30)
    one = model(n_first_steps=7, n_steps=3)
    cases = [(X, c, 7), (X, c, 3), (X, None, 7), (X, None, 3), (X[:, :2], None, 7), (X[:9, :2], None, 3), (X, c, 7)]
    for data, condition, n_steps in cases:
        one.fit(data, condition=None if condition is None else condition[: len(data)], rng=rng())
        assert one.report.n_steps == n_steps
        assert np.isfinite(one.report.g_loss)
        assert np.isfinite(one.report.d_loss) == (model in (ConditionalGAN, BiGAN))
        assert one.report.seconds > 0


@each
def test_a_warm_start_goes_on_and_a_cold_one_begins_anew(model):
    X, c = curve(1, 30)
    drawn = {}
    for warm in (True, False):
        one = model(n_first_steps=4, n_steps=4, warm_start=warm)
        one.fit(X, condition=c, rng=rng(1)).fit(X, condition=c, rng=rng(1))
        drawn[warm] = one.sample(9, condition=c[:9], rng=rng(2))
    once = model(n_first_steps=4).fit(X, condition=c, rng=rng(1)).sample(9, condition=c[:9], rng=rng(2))
    np.testing.assert_array_equal(drawn[False], once)
    assert not np.array_equal(drawn[True], once)


@each
def test_a_fit_without_steps_reports_no_losses(model):
    report = model(n_first_steps=0).fit(rng().random((9, 2)), rng=rng()).report
    assert report.n_steps == 0
    assert np.isnan([report.d_loss, report.g_loss]).all()


@each
def test_a_longer_fit_makes_all_its_steps_in_blocks(model, monkeypatch):
    shapes, block = [], model._block

    def recorded(self, learner, z, c):
        shapes.append((tuple(z.shape), tuple(c.shape)))
        return block(self, learner, z, c)

    monkeypatch.setattr(model, "_block", recorded)
    one = model(n_first_steps=205, batch_size=2, hidden=(3,)).fit(rng().random((9, 3)), rng=rng())
    assert shapes == [((n, 2, 3), (n, 2, 0)) for n in (100, 100, 5)]
    assert one.report.n_steps == 205


def test_conditions_that_do_not_fit_are_refused_with_advice():
    X, c = curve(1, 30)
    one = FlowMatching(n_first_steps=1)
    with pytest.raises(ValueError, match=r"condition must have shape \(30, n_condition\), a row for each .* \(29, 1\)"):
        one.fit(X, condition=c[1:], rng=rng())
    with pytest.raises(ValueError, match="condition must be finite, got 1 of 30 rows with NaN or infinity"):
        one.fit(X, condition=np.where(np.arange(30)[:, None] == 3, np.inf, c), rng=rng())
    one.fit(X, condition=c, rng=rng())
    with pytest.raises(ValueError, match=r"condition must have shape \(4, 1\), got None: the model was fitted with a"):
        one.sample(4, rng=rng())
    with pytest.raises(ValueError, match=r"condition must have 1 columns as in fit, got shape \(4, 2\)"):
        one.sample(4, condition=np.zeros((4, 2)), rng=rng())
    one.fit(X, rng=rng())
    with pytest.raises(ValueError, match="condition must be None: the model was fitted without one"):
        one.sample(4, condition=c[:4], rng=rng())


@each
def test_divergence_is_raised_and_drops_the_networks(model):
    X, c = curve(1, 30)
    one = model(n_first_steps=5, lr=1e30)
    with pytest.raises(TrainingDivergedError, match=rf"a loss of {model.__name__} became non-finite at step \d of 5"):
        one.fit(X, condition=c, rng=rng())
    assert one.report is None
    with pytest.raises(NotFittedError, match=model.__name__):
        one.sample(3, condition=c[:3], rng=rng())
    one.lr = 1e-3
    assert one.fit(X, condition=c, rng=rng()).report.n_steps == 5


@pytest.mark.parametrize("model", [FlowMatching, DiffusionModel, VAE])
def test_divergence_in_the_very_last_step_is_seen(model):
    one = model(n_first_steps=1, lr=1e39)  # infinite in single precision
    with pytest.raises(TrainingDivergedError, match="became non-finite at step 1 of 1"):
        one.fit(rng().random((9, 2)), rng=rng())


@each
def test_samples_that_are_not_finite_are_an_error(model):
    one = model(n_first_steps=1).fit(rng().random((9, 2)), rng=rng())
    learner = one._learner
    for p in (getattr(learner, "net", None) or learner.G).parameters():
        p.data.fill_(np.nan)
    with pytest.raises(TrainingDivergedError, match=f"samples of {model.__name__} became non-finite"):
        one.sample(3, rng=rng())


@each
def test_copies_of_every_state_are_possible(model):
    X = rng().random((9, 2))
    fresh = pickle.loads(pickle.dumps(model(n_first_steps=3)))
    fitted = fresh.fit(X, rng=rng())
    before = torch.get_rng_state()
    twin = copy.deepcopy(fitted)
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(
        twin.fit(X, rng=rng()).sample(4, rng=rng()), fitted.fit(X, rng=rng()).sample(4, rng=rng())
    )


@each
@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"n_steps": -1}, ValueError, "n_steps must be at least 0"),
        ({"n_first_steps": 2.5}, TypeError, "n_first_steps must be an integer"),
        ({"batch_size": 1}, ValueError, "batch_size must be at least 2"),
        ({"lr": 0.0}, ValueError, "lr must lie in"),
        ({"betas": 0.9}, ValueError, "betas must be two decay rates"),
        ({"hidden": 64}, TypeError, "hidden must be a sequence of widths"),
        ({"hidden": "64"}, TypeError, "hidden must be a sequence of widths"),
        ({"hidden": [64, 0]}, ValueError, r"hidden\[1\] must be at least 1"),
        ({"warm_start": "no"}, TypeError, "warm_start must be True or False"),
        ({"steps": 3}, TypeError, "steps"),
    ],
)
def test_wrong_arguments_are_named(model, arguments, error, says):
    with pytest.raises(error, match=says):
        model(**arguments)


@pytest.mark.parametrize(
    ("model", "arguments", "error", "says"),
    [
        (FlowMatching, {"n_euler": 0}, ValueError, "n_euler must be at least 1"),
        (FlowMatching, {"sigma_min": 1.0}, ValueError, "sigma_min must lie in"),
        (DiffusionModel, {"n_diffusion": 1}, ValueError, "n_diffusion must be at least 2"),
        (DiffusionModel, {"beta_first": 0.0}, ValueError, "beta_first must lie in"),
        (DiffusionModel, {"beta_last": 1.0}, ValueError, "beta_last must lie in"),
        (VAE, {"n_latent": 0}, ValueError, "n_latent must be at least 1"),
        (BiGAN, {"n_latent": 0}, ValueError, "n_latent must be at least 1"),
        (ConditionalGAN, {"n_latent": 0}, ValueError, "n_latent must be at least 1"),
        (ConditionalGAN, {"loss": "hinge"}, TypeError, "loss must be an object such as"),
        (ConditionalGAN, {"regularizers": 1.0}, TypeError, "regularizers must be a sequence of penalties"),
        (ConditionalGAN, {"regularizers": [1.0]}, TypeError, "regularizers must be a sequence of penalties"),
        (ConditionalGAN, {"engine": "manual"}, ValueError, "engine must be one of 'auto', 'autograd'"),
    ],
)
def test_wrong_arguments_of_one_model_are_named(model, arguments, error, says):
    with pytest.raises(error, match=says):
        model(**arguments)


@each
def test_a_wrong_generator_of_random_numbers_is_named(model):
    with pytest.raises(TypeError, match="rng must be a numpy"):
        model().fit(rng().random((4, 2)), rng=1)
    with pytest.raises(TypeError, match="rng must be a numpy"):
        model(n_first_steps=1).fit(rng().random((4, 2)), rng=rng()).sample(3, rng=1)
