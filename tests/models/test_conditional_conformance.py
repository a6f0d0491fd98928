"""Every model with a condition passes the suite that is shipped for models of others."""

from functools import partial

import pytest

from evogan.models import (
    GAN,
    VAE,
    BiGAN,
    ConditionalGAN,
    ConditionalModel,
    DiffusionModel,
    FlowMatching,
    Gaussian,
    GenerativeModel,
    KernelDensity,
)
from evogan.testing import check_conditional_model

FEW = {"n_first_steps": 3, "n_steps": 2, "hidden": (8,), "batch_size": 9}
MODELS = [FlowMatching, ConditionalGAN, DiffusionModel, VAE, BiGAN]


@pytest.mark.parametrize("model", MODELS)
def test_models_conform(model):
    check_conditional_model(partial(model, **FEW), learns=False)


def test_models_started_cold_and_trained_by_autograd_conform():
    check_conditional_model(partial(ConditionalGAN, **FEW, engine="autograd", warm_start=False), learns=False)


def test_the_control_conforms_and_learns():
    check_conditional_model(KernelDensity)
    check_conditional_model(KernelDensity, n_var=3, n_condition=5, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_models_as_they_come_conform_and_learn(model):
    check_conditional_model(model)


@pytest.mark.parametrize("model", [*MODELS, KernelDensity])
def test_models_with_a_condition_are_told_from_others(model):
    assert isinstance(model(), ConditionalModel)
    assert isinstance(model(), GenerativeModel)
    for other in (GAN(), Gaussian()):
        assert not isinstance(other, ConditionalModel)
