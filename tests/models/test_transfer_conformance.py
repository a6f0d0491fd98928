"""Every transfer model of evogan passes the suite that it ships for models of others."""

from functools import partial

import pytest

from evogan.losses import Hinge, LeastSquares, RelativisticAverage
from evogan.models import (
    ConstantTransfer,
    CycleTransfer,
    MomentMatching,
    MToPGAN,
    NoTransfer,
    RawTransfer,
    TransferGAN,
    TransferModel,
    UniformTransfer,
    UntrainedTransfer,
    wgan_gp_transfer,
)
from evogan.nets import mlp, mlp_discriminator, mlp_generator
from evogan.regularizers import R1
from evogan.testing import check_transfer_model

FEW = {"n_steps_first": 4, "n_steps": 2, "batch_size": 4}

LEARNING = {
    "MomentMatching": MomentMatching,
    "MToP's GAN by individuals": partial(MToPGAN, axis="individuals", epochs_first=2),
    "TransferGAN": partial(TransferGAN, **FEW),
    "TransferGAN, cold": partial(TransferGAN, **FEW, warm_start=False),
    "TransferGAN on raw variables": partial(TransferGAN, **FEW, standardise=False, loss=Hinge()),
    "TransferGAN of no residual": partial(TransferGAN, **FEW, residual=False, regularizers=[R1()]),
    "relativistic TransferGAN": partial(TransferGAN, **FEW, loss=RelativisticAverage(LeastSquares()), n_critic=2),
    "TransferGAN of other networks": partial(
        TransferGAN,
        **FEW,
        standardise=False,
        residual=False,
        generator=lambda width: mlp_generator(width, width, hidden=[5]),
        discriminator=partial(mlp_discriminator, hidden=[7]),
    ),
    "TransferGAN whose discriminator mixes samples": partial(
        TransferGAN, **FEW, hidden=[3], discriminator=lambda width: mlp([width, 4, 1], batch_norm=True)
    ),
    "UntrainedTransfer": UntrainedTransfer,
    "random map": partial(UntrainedTransfer, residual=False),
    "WGAN-GP": partial(wgan_gp_transfer, **FEW),
    "CycleTransfer": partial(CycleTransfer, **FEW),
    "CycleTransfer of residuals, cold": partial(CycleTransfer, **FEW, residual=True, warm_start=False, weight=0.0),
}
EQUAL_SIZES = {
    "MToP's GAN": partial(MToPGAN, epochs_first=2),
    "MToP's GAN untrained": partial(MToPGAN, epochs_first=0, epochs=0),
    "TransferGAN by variables": partial(TransferGAN, **FEW, axis="variables"),
    "TransferGAN by raw variables": partial(TransferGAN, **FEW, axis="variables", standardise=False, residual=False),
}
NULL = {
    "NoTransfer": NoTransfer,
    "RawTransfer": RawTransfer,
    "ConstantTransfer": partial(ConstantTransfer, 0.25),
    "UniformTransfer": UniformTransfer,
}


@pytest.mark.parametrize("name", LEARNING)
def test_models_conform(name):
    check_transfer_model(LEARNING[name])


@pytest.mark.parametrize("name", EQUAL_SIZES)
def test_models_of_equal_populations_conform(name):
    check_transfer_model(EQUAL_SIZES[name], equal_sizes=True)


@pytest.mark.parametrize("name", NULL)
def test_null_controls_conform(name):
    check_transfer_model(NULL[name], needs_fit=False)


@pytest.mark.parametrize("make", [*LEARNING.values(), *EQUAL_SIZES.values(), *NULL.values()])
def test_models_follow_the_protocol(make):
    assert isinstance(make(), TransferModel)
