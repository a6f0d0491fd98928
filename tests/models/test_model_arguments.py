"""Bad arguments are refused when they are given, by a message that names them."""

import numpy as np
import pytest

from evogan.exceptions import NotFittedError
from evogan.losses import SourceWeights, Wasserstein
from evogan.models import GAN, Gaussian, Untrained


def rng(seed=0):
    return np.random.default_rng(seed)


X = rng().random((10, 3))
MODELS = [lambda: GAN(n_steps=2), Untrained, Gaussian]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_steps": -1}, "n_steps must be at least 0, got -1"),
        ({"batch_size": 1}, "batch_size must be at least 2, got 1"),
        ({"n_critic": 0}, "n_critic must be at least 1, got 0"),
        ({"latent": 0}, "latent must be at least 1, got 0"),
        ({"lr_generator": 0.0}, r"lr_generator must lie in \(0, inf\], got 0"),
        ({"lr_discriminator": -1e-4}, r"lr_discriminator must lie in \(0, inf\]"),
        ({"lr_generator": float("nan")}, "lr_generator must lie in"),
        ({"lr_generator": float("inf")}, "lr_generator must lie in"),
        ({"engine": "fast"}, 'engine must be "auto" or "autograd"'),
        ({"loss": Wasserstein(), "weights": SourceWeights(1, 1, 1)}, "weights must balance"),
    ],
)
def test_values_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        GAN(**arguments)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"n_steps": 10.0}, "n_steps"),
        ({"n_steps": True}, "n_steps"),
        ({"batch_size": "32"}, "batch_size"),
        ({"latent": "elites"}, "latent"),
        ({"latent": None}, "latent"),
        ({"lr_generator": "fast"}, "lr_generator"),
    ],
)
def test_values_of_another_kind(arguments, name):
    with pytest.raises(TypeError, match=f"^{name} must be"):
        GAN(**arguments)


@pytest.mark.parametrize("arguments", [{"epochs": 5}, {"lr": 1e-3}, {"regularizer": None}])
@pytest.mark.parametrize("model", [GAN, Untrained])
def test_unknown_keywords(model, arguments):
    (name,) = arguments
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        model(**arguments)


def test_gan_takes_keywords_only():
    with pytest.raises(TypeError, match="positional argument"):
        GAN(Wasserstein())


def test_the_untrained_control_takes_no_steps():
    with pytest.raises(TypeError, match="Untrained takes no n_steps"):
        Untrained(n_steps=0)
    assert Untrained(latent=3).n_steps == 0


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("X", "X_poor", "message"),
    [
        (X[0], None, r"X must have shape \(n, n_var\) .*, got \(3,\)"),
        (X[:0], None, r"X must have shape .*, got \(0, 3\)"),
        (X[:, :0], None, r"X must have shape .*, got \(10, 0\)"),
        (np.where(X == X[4, 1], np.nan, X), None, "X must be finite, got 1 of 10 rows"),
        (np.where(X == X[4, 1], -np.inf, X), None, "X must be finite, got 1 of 10 rows"),
        (X + 0.5, None, r"X must lie in the unit box \[0, 1\].*scale by the bounds"),
        (X - 0.5, None, "X must lie in the unit box"),
        (X, X * 2, "X_poor must lie in the unit box"),
        (X, X[:, :2], "X_poor must have 3 columns"),
        (X, X[:0], "X_poor must have shape"),
        (X, X * np.nan, "X_poor must be finite, got 10 of 10 rows"),
    ],
)
def test_bad_solutions(model, X, X_poor, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        model().fit(X, X_poor, rng=rng())


@pytest.mark.parametrize("model", MODELS)
def test_solutions_on_the_faces_of_the_box_are_inside(model):
    corners = np.array([[0.0, 1.0], [1.0, 0.0], [0, 0], [1, 1]])
    assert model().fit(corners.tolist(), corners, rng=rng()).sample(3, rng=rng()).shape == (3, 2)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("bad", [None, 1, np.random.RandomState(1), np.random])
def test_anything_but_a_generator_is_refused_as_rng(model, bad):
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator"):
        model().fit(X, rng=bad)
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator"):
        model().fit(X, rng=rng()).sample(2, rng=bad)


@pytest.mark.parametrize("model", MODELS)
def test_the_number_of_samples_is_checked(model):
    fitted = model().fit(X, rng=rng())
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        fitted.sample(0, rng=rng())
    with pytest.raises(TypeError, match=r"n must be an integer, got 2\.0"):
        fitted.sample(2.0, rng=rng())


@pytest.mark.parametrize("model", MODELS)
def test_samples_before_the_first_fit(model):
    with pytest.raises(NotFittedError, match=f"^{type(model()).__name__} must be fitted before sample"):
        model().sample(2, rng=rng())
    assert issubclass(NotFittedError, ValueError)
    assert issubclass(NotFittedError, AttributeError)


def test_a_refused_fit_keeps_the_fit_before():
    for model in MODELS:
        fitted = model().fit(X, rng=rng())
        before = fitted.sample(4, rng=rng(1))
        with pytest.raises(ValueError, match="X must lie"):
            fitted.fit(X + 1, rng=rng())
        np.testing.assert_array_equal(fitted.sample(4, rng=rng(1)), before)
