"""Hand-written gradients compute the same steps as autograd, and know when they do not.

A linear layer's bias in front of batch normalization is free: normalization subtracts it again, its exact gradient is
zero, and Adam blows the rounding noise of that gradient up to full steps of any sign. With an eps far above that noise
the bias stays, and everything can be compared. One test has Adam's usual eps; there the free biases differ, and
through the lag of the running means behind them also what G returns in eval mode; in train mode nothing differs.
"""

import copy
import functools

import numpy as np
import pytest
import torch
from torch import nn

from evogan.losses import Hinge, LeastSquares, Minimax, NonSaturating, SourceWeights, Wasserstein
from evogan.nets import mlp, mlp_discriminator, mlp_generator
from evogan.regularizers import R1
from evogan.training import AdversarialTrainer, adam, autograd_engine, fastest_engine
from evogan.training._engines import manual_engine
from evogan.training._manual import supports

N_VAR, N_LATENT, BATCH = 5, 4, 16
LOSSES = (Minimax(), NonSaturating(), LeastSquares(), LeastSquares(-1.0, 2.0, 0.5), Wasserstein(), Hinge())


def calm_adam(rate, **options):
    return functools.partial(torch.optim.Adam, lr=rate, eps=1e-4, fused=True, **options)


def trainer_of(*, generator=None, discriminator=None, seed=0, rate=2e-3, **options):
    torch.manual_seed(seed)
    return AdversarialTrainer(
        generator() if generator else mlp_generator(N_LATENT, N_VAR),
        discriminator() if discriminator else mlp_discriminator(N_VAR),
        prior=lambda n: torch.randn(n, N_LATENT),
        **{"optimizer_G": calm_adam(rate, betas=(0.8, 0.95)), "optimizer_D": calm_adam(rate), **options},
    )


def data(n_steps, n_critic=1, *, poor=True, seed=0):
    rng = torch.Generator().manual_seed(seed)
    real = 0.3 + 0.1 * torch.randn(n_steps * n_critic, BATCH, N_VAR, generator=rng)
    bad = torch.rand(n_steps * n_critic, BATCH, N_VAR, generator=rng) if poor else None
    return real, bad, torch.randn(n_steps, n_critic + 1, BATCH, N_LATENT, generator=rng), n_critic


def part(block, first, last):
    """Cut the steps ``first`` to ``last`` out of a block."""
    real, poor, latents, n_critic = block
    rows = slice(first * n_critic, last * n_critic)
    return real[rows], None if poor is None else poor[rows], latents[first:last], n_critic


def values_of(net):
    # A counter that is not a number of the network's: it is read only without a momentum, which is left to autograd.
    return {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}


def assert_same_networks(one, other, *, atol=1e-5):
    rng = torch.Generator().manual_seed(77)
    z, x = torch.randn(50, N_LATENT, generator=rng), torch.rand(50, N_VAR, generator=rng)
    for name, inputs in (("G", z), ("D", x)):
        a, b = getattr(one, name), getattr(other, name)
        torch.testing.assert_close(values_of(a), values_of(b), rtol=0, atol=atol)
        with torch.no_grad():
            outputs = [copy.deepcopy(net).eval()(inputs) for net in (a, b)]
        torch.testing.assert_close(*outputs, rtol=0, atol=5 * atol)


def both(block, **options):
    """Train two equal trainers with either engine; return them after comparing their losses."""
    manual, auto = trainer_of(**options), trainer_of(**options)
    assert supports(manual)
    losses = manual_engine(manual, *block), autograd_engine(auto, *block)
    assert losses[0].shape == losses[1].shape == (len(block[2]), 2)
    np.testing.assert_allclose(losses[0], losses[1], rtol=0, atol=1e-4)
    return manual, auto


@pytest.mark.parametrize("n_critic", [1, 3])
@pytest.mark.parametrize("poor", [True, False])
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_twenty_steps_equal_those_of_autograd(loss, poor, n_critic):
    before = trainer_of(loss=loss)
    manual, auto = both(data(20, n_critic, poor=poor), loss=loss)
    assert_same_networks(manual, auto)
    with pytest.raises(AssertionError):  # the comparison sees that something was learned
        assert_same_networks(manual, before)


NETS = {
    "without batch norm": (lambda: mlp_generator(N_LATENT, N_VAR, batch_norm=False), None),
    "relu": (
        lambda: mlp([N_LATENT, 9, N_VAR], activation=nn.ReLU, output=nn.Sigmoid),
        lambda: mlp([N_VAR, 9, 7, 1], activation=nn.ReLU),
    ),
    "relu and batch norm": (
        lambda: mlp([N_LATENT, 9, N_VAR], activation=nn.ReLU, output=nn.Tanh, batch_norm=True),
        lambda: mlp([N_VAR, 1]),
    ),
    "wide": (
        lambda: mlp_generator(N_LATENT, N_VAR, hidden=[40, 3]),
        lambda: mlp([N_VAR, 33, 1], activation=nn.Sigmoid),
    ),
    "no bias": (lambda: nn.Sequential(nn.Linear(N_LATENT, N_VAR, bias=False), nn.Sigmoid()), None),
    "no hidden layer": (lambda: nn.Sequential(nn.Linear(N_LATENT, N_VAR)), lambda: nn.Sequential(nn.Linear(N_VAR, 1))),
    "two linear layers in a row": (
        lambda: nn.Sequential(nn.Linear(N_LATENT, 6), nn.Linear(6, N_VAR), nn.Sigmoid()),
        None,
    ),
    "other constants of batch norm": (
        lambda: nn.Sequential(nn.Linear(N_LATENT, N_VAR), nn.BatchNorm1d(N_VAR, eps=1e-2, momentum=0.5), nn.Tanh()),
        None,
    ),
    "several logits a sample": (None, lambda: mlp([N_VAR, 6, 3])),
}


@pytest.mark.parametrize("name", NETS)
def test_other_stacks_equal_autograd_too(name):
    generator, discriminator = NETS[name]
    for poor in (True, False):
        manual, auto = both(data(20, poor=poor), generator=generator, discriminator=discriminator)
        assert_same_networks(manual, auto)


def test_an_activation_used_twice_is_applied_twice():
    def generator():
        act = nn.Tanh()
        return nn.Sequential(nn.Linear(N_LATENT, 6), act, nn.Linear(6, N_VAR), act)

    assert_same_networks(*both(data(10), generator=generator))


def test_source_weights_reach_the_hand_written_gradients():
    weights = SourceWeights(0.1, 0.9, 1.0)
    manual, auto = both(data(20), weights=weights)
    assert_same_networks(manual, auto)
    plain = trainer_of()
    manual_engine(plain, *data(20))
    with pytest.raises(AssertionError):
        assert_same_networks(manual, plain)


def test_with_adams_usual_eps_only_the_free_biases_differ():
    options = {"optimizer_G": adam(2e-3), "optimizer_D": adam(2e-3)}
    manual, auto = both(data(20), **options)
    z = torch.randn(50, N_LATENT, generator=torch.Generator().manual_seed(77))
    torch.testing.assert_close(manual.G.train()(z), auto.G.train()(z), rtol=0, atol=5e-5)
    torch.testing.assert_close(values_of(manual.D), values_of(auto.D), rtol=0, atol=1e-5)
    free = {f"{i}.bias" for i in (0, 3, 6)} | {f"{i}.running_mean" for i in (1, 4, 7)}
    for name, value in values_of(manual.G).items():
        if name not in free:
            torch.testing.assert_close(value, values_of(auto.G)[name], rtol=0, atol=1e-5)


@pytest.mark.parametrize("order", [(manual_engine, autograd_engine), (autograd_engine, manual_engine)])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_engines_share_the_optimizers_state(order, batch_norm):
    options = {"generator": lambda: mlp_generator(N_LATENT, N_VAR, batch_norm=batch_norm)}
    block = data(20)
    mixed, auto = trainer_of(**options), trainer_of(**options)
    for engine, first in zip(order, (0, 10), strict=True):
        engine(mixed, *part(block, first, first + 10))
    autograd_engine(auto, *block)
    assert_same_networks(mixed, auto)
    for mine, theirs in ((mixed.optimizer_G, auto.optimizer_G), (mixed.optimizer_D, auto.optimizer_D)):
        counts = [[int(s["step"]) for s in o.state_dict()["state"].values()] for o in (mine, theirs)]
        assert counts[0] == counts[1] == [20] * len(counts[0])


def test_a_trainer_restored_between_blocks_goes_on_the_same_way():
    block = data(20)
    one, other = trainer_of(), trainer_of(seed=5)
    manual_engine(one, *part(block, 0, 10))
    other.load_state_dict(one.state_dict())
    losses = [manual_engine(t, *part(block, 10, 20)) for t in (one, other)]
    np.testing.assert_array_equal(losses[0], losses[1])


@pytest.mark.parametrize("engine", [manual_engine, autograd_engine])
def test_engines_put_the_prior_back(engine):
    trainer = trainer_of()
    prior = trainer.prior
    engine(trainer, *data(2))
    assert trainer.prior is prior


def test_the_prior_is_put_back_after_an_error():
    def fail(D, real, fake):
        raise RuntimeError("from inside")

    trainer = trainer_of(regularizers=[fail])
    prior = trainer.prior
    with pytest.raises(RuntimeError, match="from inside"):
        autograd_engine(trainer, *data(2))
    assert trainer.prior is prior


@pytest.mark.parametrize("engine", [manual_engine, autograd_engine])
def test_a_diverging_loss_comes_back_as_a_value(engine):
    losses = engine(trainer_of(rate=1e30, loss=LeastSquares()), *data(5))
    assert not np.isfinite(losses).all()


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


class Steeper(Hinge):
    def generator_term(self, d):
        return -2 * d


class Halved(AdversarialTrainer):
    def g_step(self, real, *, loss=None):
        return 0.5 * super().g_step(real, loss=loss)


def frozen():
    net = mlp_discriminator(N_VAR)
    net[0].bias.requires_grad_(False)
    return net


def tied():
    layer = nn.Linear(N_VAR, N_VAR)
    return nn.Sequential(layer, nn.Tanh(), layer, nn.Tanh(), nn.Linear(N_VAR, 1))


def standing_still():
    net = mlp_generator(N_LATENT, N_VAR)
    return net.eval()


def with_first(change):
    net = mlp_discriminator(N_VAR)
    net[0] = change(net[0])
    return net


def plain_adam(params):
    return torch.optim.Adam(params)


UNSUPPORTED = {
    "a regularizer": {"regularizers": [R1()]},
    "a subclass of a loss": {"loss": Steeper()},
    "a plain Adam": {"optimizer_G": plain_adam},
    "a plain Adam for D": {"optimizer_D": plain_adam},
    "weight decay": {"optimizer_D": lambda params: torch.optim.Adam(params, fused=True, weight_decay=0.1)},
    "amsgrad": {"optimizer_G": lambda params: torch.optim.Adam(params, fused=True, amsgrad=True)},
    "AdamW": {"optimizer_G": lambda params: torch.optim.AdamW(params, fused=True)},
    "SGD": {"optimizer_G": lambda params: torch.optim.SGD(params, lr=0.1)},
    "two groups": {
        "optimizer_G": lambda params: torch.optim.Adam([{"params": p, "lr": 0.1} for p in params], fused=True)
    },
    "a frozen parameter": {"discriminator": frozen},
    "a module of one's own": {"generator": lambda: Residual(nn.Linear(N_LATENT, N_LATENT))},
    "a nested stack": {"discriminator": lambda: nn.Sequential(nn.Sequential(nn.Linear(N_VAR, 1)))},
    "no stack": {"discriminator": lambda: nn.Linear(N_VAR, 1)},
    "an unknown activation": {"discriminator": lambda: mlp([N_VAR, 4, 1], activation=nn.GELU)},
    "spectral norm": {"discriminator": lambda: with_first(nn.utils.parametrizations.spectral_norm)},
    "weight norm": {"discriminator": lambda: with_first(nn.utils.parametrizations.weight_norm)},
    "batch norm in D": {"discriminator": lambda: mlp([N_VAR, 4, 1], batch_norm=True)},
    "batch norm after an activation": {
        "generator": lambda: nn.Sequential(nn.Linear(N_LATENT, N_VAR), nn.Tanh(), nn.BatchNorm1d(N_VAR))
    },
    "batch norm without statistics": {
        "generator": lambda: nn.Sequential(nn.Linear(N_LATENT, N_VAR), nn.BatchNorm1d(N_VAR, track_running_stats=False))
    },
    "batch norm with a cumulative average": {
        "generator": lambda: nn.Sequential(nn.Linear(N_LATENT, N_VAR), nn.BatchNorm1d(N_VAR, momentum=None))
    },
    "batch norm that stands still": {"generator": standing_still},
    "a layer used twice": {"discriminator": tied},
    "float64": {"discriminator": lambda: mlp_discriminator(N_VAR).double()},
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_would_be_computed_differently_is_left_to_autograd(name):
    assert supports(trainer_of())
    trainer = trainer_of(**UNSUPPORTED[name])
    assert not supports(trainer)
    assert fastest_engine(trainer) is autograd_engine


def test_hooks_of_the_old_spectral_norm_are_seen():
    assert not supports(trainer_of(discriminator=lambda: with_first(nn.utils.spectral_norm)))


def test_a_trainer_with_steps_of_its_own_is_left_to_autograd():
    own = Halved(mlp_generator(2, 2), mlp_discriminator(2), prior=lambda n: torch.randn(n, 2))
    assert not supports(own)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_the_fastest_engine_is_the_hand_written_one(loss):
    assert fastest_engine(trainer_of(loss=loss)) is manual_engine
