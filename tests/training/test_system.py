"""A system: how often each player steps, what the moving average holds, and what samples depend on."""

import copy
import io

import numpy as np
import pytest
import torch
from torch import nn

from evogan.losses import BEGAN
from evogan.nets import MLPNetworks, mlp
from evogan.regularizers import GradientPenalty
from evogan.training import (
    SGD,
    AdversarialTrainer,
    Batch,
    GANSystem,
    LinearDecay,
    adam,
    averaged,
    check_labels,
    run_block,
)

N_VAR, N_LATENT, BATCH = 3, 2, 8


def draw(n):
    return torch.randn(n, N_LATENT)


def system_of(G=None, D=None, *, seed=0, prior=draw, trainer=None, **options):
    torch.manual_seed(seed)
    G = mlp([N_LATENT, 6, N_VAR]) if G is None else G
    D = mlp([N_VAR, 6, 1]) if D is None else D
    parts = {"optimizer_G": adam(1e-2), "optimizer_D": adam(1e-2), **(trainer or {})}
    return GANSystem(AdversarialTrainer(G, D, prior=prior, **parts), shape=(N_VAR,), **options)


class Stream:
    """Batches told apart by their first entry."""

    def __init__(self, n_classes=0):
        self.n, self.n_classes = 0, n_classes

    def __call__(self):
        self.n += 1
        x = torch.rand(BATCH, N_VAR, generator=torch.Generator().manual_seed(self.n))
        return Batch(x, torch.arange(BATCH) % self.n_classes if self.n_classes else None)


def losses(system, n, seed, stream):
    torch.manual_seed(seed)
    return {name: values.tolist() for name, values in run_block(system, stream, n).items()}


@pytest.mark.parametrize("n_critic", [1, 2, 5])
def test_a_step_is_n_critic_steps_of_one_player_and_one_of_the_other(n_critic):
    system = system_of(n_critic=n_critic)
    calls = []
    d_step, g_step = system.trainer.d_step, system.trainer.g_step
    system.trainer.d_step = lambda real, **given: calls.append(("D", real)) or d_step(real, **given)
    system.trainer.g_step = lambda real, **given: calls.append(("G", real)) or g_step(real, **given)
    stream = Stream()
    for n in (1, 2, 3):
        assert set(system.step(stream)) == {"discriminator", "generator"}
        assert [name for name, _ in calls[-n_critic - 1 :]] == ["D"] * n_critic + ["G"]
        assert len(calls) == n * (n_critic + 1) and stream.n == n * n_critic and system.n_steps == n
    assert calls[-1][1] is calls[-2][1]  # the generator answers to the last batch
    assert len({id(real) for name, real in calls if name == "D"}) == 3 * n_critic


def test_losses_and_controlled_scalars_are_returned_by_name():
    system = system_of(trainer={"loss": BEGAN(lambda_k=0.1)}, D=Reconstructing())
    names = [list(system.step(Stream())) for _ in range(3)]
    assert names == [["discriminator", "generator", "k", "convergence"]] * 3


class Reconstructing(nn.Linear):
    def __init__(self):
        super().__init__(N_VAR, N_VAR)

    def forward(self, x):
        return -(x - super().forward(x)).abs().mean(dim=1, keepdim=True)


# The moving average


def test_the_average_rises_to_its_decay_as_worked_out_by_hand():
    torch.manual_seed(0)
    net = nn.Linear(2, 1, bias=False)
    mean = averaged(net, 0.3)
    values = [torch.full((1, 2), v) for v in (1.0, 2.0, 4.0, 8.0, 16.0)]
    expected = None
    for t, value in enumerate(values):
        net.weight.data.copy_(value)
        mean.update_parameters(net)
        decay = min(0.3, (1 + t) / (10 + t))
        expected = value if t == 0 else decay * expected + (1 - decay) * value
        torch.testing.assert_close(mean.module.weight.data, expected)
    # decays after the first value, which is taken whole: 2/11, 3/12, 0.3, 0.3
    by_hand = 1.0
    for decay, value in zip((2 / 11, 0.25, 0.3, 0.3), (2.0, 4.0, 8.0, 16.0), strict=True):
        by_hand = decay * by_hand + (1 - decay) * value
    assert expected[0, 0].item() == pytest.approx(by_hand, rel=1e-6)


def test_statistics_of_batch_norm_are_averaged_and_its_counter_is_copied():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    mean = averaged(net, 0.999)
    seen = []
    for k in range(3):
        net(torch.full((4, 2), float(k + 1)) + torch.rand(4, 2))
        seen.append(net[1].running_mean.clone())
        mean.update_parameters(net)
    decays = (2 / 11, 3 / 12)
    expected = seen[0]
    for decay, value in zip(decays, seen[1:], strict=True):
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(mean.module[1].running_mean, expected)
    assert not torch.equal(expected, seen[-1])
    assert mean.module[1].num_batches_tracked == 3


def test_buffers_of_nets_without_batch_norm_are_copied():
    class Growing(nn.Linear):
        def __init__(self):
            super().__init__(2, 1)
            self.register_buffer("stage", torch.tensor(0))
            self.register_buffer("alpha", torch.tensor(1.0))

    net = Growing()
    mean = averaged(net, 0.999)
    for k in range(3):
        net.stage.fill_(k)
        net.alpha.fill_(0.1 * k)
        net.weight.data.add_(1.0)
        mean.update_parameters(net)
    assert mean.module.stage == 2 and mean.module.alpha.item() == pytest.approx(0.2)
    assert not torch.equal(mean.module.weight, net.weight)


def test_the_average_samples_and_does_not_train():
    with_mean, without = system_of(ema=0.9), system_of(ema=None)
    for system in (with_mean, without):
        assert losses(system, 5, 1, Stream()) == losses(system_of(ema=0.5), 5, 1, Stream())
    assert without.generator is without.trainer.G and with_mean.generator is with_mean.ema.module
    pairs = zip(with_mean.generator.parameters(), with_mean.trainer.G.parameters(), strict=True)
    assert not any(torch.equal(*pair) for pair in pairs)
    samples = [system.sample(5, rng=np.random.default_rng(1)) for system in (with_mean, without)]
    assert not torch.equal(*samples)


# Sampling


def test_samples_depend_on_the_generator_given_and_on_nothing_else():
    system = system_of()
    system.step(Stream())
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first = system.sample(600, rng=np.random.default_rng(1))
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(8)
    assert torch.equal(first, system.sample(600, rng=np.random.default_rng(1)))
    assert first.shape == (600, N_VAR) and not first.requires_grad
    assert not torch.equal(first, system.sample(600, rng=np.random.default_rng(2)))
    rng = np.random.default_rng(1)
    assert not torch.equal(system.sample(3, rng=rng), system.sample(3, rng=rng))


@pytest.mark.parametrize("ema", [None, 0.9])
def test_sampling_leaves_modes_and_running_statistics_alone(ema):
    G = nn.Sequential(nn.Linear(N_LATENT, N_VAR), nn.BatchNorm1d(N_VAR), nn.Dropout(0.5))
    system = system_of(G, ema=ema)
    system.step(Stream())
    assert system.generator.training
    before = copy.deepcopy(system.state_dict())
    one = system.sample(4, rng=np.random.default_rng(1))
    assert torch.equal(one, system.sample(4, rng=np.random.default_rng(1)))  # no dropout
    torch.testing.assert_close(system.state_dict(), before, rtol=0, atol=0)
    assert all(module.training for module in system.generator.modules())
    system.generator.eval()
    system.sample(4, rng=np.random.default_rng(1))
    assert not system.generator.training


def test_modes_are_restored_when_sampling_fails():
    system = system_of(prior=lambda n: torch.randn(n, N_LATENT + 1))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        system.sample(2, rng=np.random.default_rng(1))
    assert system.generator.training


def test_images_are_clamped_and_vectors_are_not():
    G = nn.Sequential(nn.Linear(N_LATENT, 4), nn.Unflatten(1, (1, 2, 2)))
    G[0].bias.data.add_(5.0)
    D = nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
    images = GANSystem(AdversarialTrainer(G, D, prior=draw), shape=(1, 2, 2))
    assert images.sample(9, rng=np.random.default_rng(1)).max() == 1.0
    system = system_of(nn.Linear(N_LATENT, N_VAR))
    system.generator.bias.data.add_(5.0)
    assert system.sample(9, rng=np.random.default_rng(1)).max() > 1.0


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError)])
def test_the_number_of_samples_is_checked(n, error):
    with pytest.raises(error, match=r"^n must be"):
        system_of().sample(n, rng=np.random.default_rng(1))


def test_a_seed_in_place_of_a_generator_is_refused():
    with pytest.raises(TypeError, match=r"numpy\.random\.Generator"):
        system_of().sample(2, rng=1)


# Labels


class Labelled(nn.Module):
    """Returns the label itself."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, latent, condition):
        return condition[:, None].float().expand(-1, N_VAR) + 0 * self.layer(condition[:, None].float())


def test_labels_are_given_or_taken_in_turn():
    system = system_of(Labelled(), n_classes=3)
    rng = np.random.default_rng(1)
    assert system.sample(5, rng=rng)[:, 0].tolist() == [0, 1, 2, 0, 1]
    assert system.sample(3, rng=rng, labels=torch.tensor([2, 2, 0]))[:, 0].tolist() == [2, 2, 0]
    many = torch.arange(1100) % 3
    assert torch.equal(system.sample(1100, rng=rng, labels=many)[:, 0], many.float())  # in chunks
    pictures = system.pictures(Batch(torch.zeros(4, N_VAR)), rng=rng)
    assert pictures[:, 0].tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("labels", "n_classes", "message"),
    [
        (torch.tensor([0, 1]), 0, "unconditional"),
        (torch.tensor([0, 1, 2]), 3, r"shape \(2,\)"),
        (torch.tensor([[0], [1]]), 3, r"shape \(2,\)"),
        (torch.tensor([0.0, 1.0]), 3, "integers"),
        (torch.tensor([0, 3]), 3, r"\[0, 3\), got 0 to 3"),
        (torch.tensor([-1, 0]), 3, r"\[0, 3\), got -1 to 0"),
    ],
)
def test_wrong_labels_are_named(labels, n_classes, message):
    with pytest.raises(ValueError, match=message):
        check_labels(labels, 2, n_classes)
    system = system_of(Labelled() if n_classes else None, n_classes=n_classes)
    with pytest.raises(ValueError, match=message):
        system.sample(2, rng=np.random.default_rng(1), labels=labels)


def test_labels_of_any_integer_kind_will_do():
    assert check_labels([1, 0], 2, 2).dtype == check_labels(np.array([1, 0]), 2, 2).dtype == torch.int64
    assert check_labels(None, 2, 0) is None


def test_the_labels_of_the_batch_condition_both_players():
    system = system_of(n_classes=4)
    given = []
    system.trainer.d_step = lambda real, condition: given.append(condition) or torch.zeros(())
    system.trainer.g_step = lambda real, condition: given.append(condition) or torch.zeros(())
    system.step(Stream(n_classes=4))
    assert [labels.tolist() for labels in given] == [[0, 1, 2, 3, 0, 1, 2, 3]] * 2
    unconditional = system_of()
    assert unconditional.condition(Stream(n_classes=4)()) is None


# Rates


def test_linear_decay_by_hand():
    factor = LinearDecay(100, 200)
    assert [factor(step) for step in (0, 99, 100, 101, 150, 199, 200, 10_000)] == [1, 1, 1, 0.99, 0.5, 0.01, 0, 0]
    with pytest.raises(ValueError, match="last"):
        LinearDecay(100, 100)


def test_a_schedule_scales_both_rates_from_their_own_values():
    rates = []

    def observed(real, **given):
        rates.append([o.param_groups[0]["lr"] for o in (system.trainer.optimizer_D, system.trainer.optimizer_G)])
        return torch.zeros(())

    optimizers = {"optimizer_D": SGD()(0.4), "optimizer_G": SGD()(0.1)}
    system = system_of(schedule=LinearDecay(1, 3), trainer=optimizers)
    system.trainer.d_step = observed
    for _ in range(4):
        system.step(Stream())
    np.testing.assert_allclose(rates, [[0.4, 0.1], [0.4, 0.1], [0.2, 0.05], [0, 0]], rtol=1e-12)


# State


def rich_system(seed):
    G = mlp([N_LATENT, 6, N_VAR], batch_norm=True)
    schedule = LinearDecay(3, 12)
    parts = {"regularizers": [GradientPenalty(0.1)], "loss": BEGAN(lambda_k=0.05)}
    return system_of(G, Reconstructing(), seed=seed, n_critic=2, ema=0.9, schedule=schedule, trainer=parts)


def test_a_restored_system_goes_on_bit_identically():
    system, stream = rich_system(0), Stream()
    losses(system, 5, 1, stream)
    file = io.BytesIO()
    torch.save(system.state_dict(), file)
    file.seek(0)
    twin = rich_system(99)
    twin.load_state_dict(torch.load(file, weights_only=True))
    assert twin.n_steps == 5
    its_stream = copy.copy(stream)
    assert losses(twin, 5, 2, its_stream) == losses(system, 5, 2, stream)
    torch.testing.assert_close(twin.state_dict(), system.state_dict(), rtol=0, atol=0)
    samples = [one.sample(10, rng=np.random.default_rng(3)) for one in (system, twin)]
    assert torch.equal(*samples)


def test_states_with_and_without_a_moving_average_do_not_mix():
    for one, other in ((system_of(ema=0.9), system_of(ema=None)), (system_of(ema=None), system_of(ema=0.9))):
        with pytest.raises(ValueError, match="moving average"):
            one.load_state_dict(other.state_dict())


@pytest.mark.parametrize(
    ("options", "error", "name"),
    [
        ({"n_critic": 0}, ValueError, "n_critic"),
        ({"n_critic": 1.0}, TypeError, "n_critic"),
        ({"ema": 1.5}, ValueError, "ema"),
        ({"ema": "0.9"}, TypeError, "ema"),
        ({"n_classes": -1}, ValueError, "n_classes"),
    ],
)
def test_wrong_options_are_named(options, error, name):
    with pytest.raises(error, match=name):
        system_of(**options)


def test_networks_of_a_family_make_a_system_for_vectors():
    nets = MLPNetworks(n_latent=N_LATENT, hidden=(4,))
    system = system_of(nets.generator((N_VAR,)), nn.Sequential(nets.trunk((N_VAR,)), nn.Linear(4, 1)))
    assert system.sample(3, rng=np.random.default_rng(1)).shape == (3, N_VAR)
    assert system.device.type == "cpu"
