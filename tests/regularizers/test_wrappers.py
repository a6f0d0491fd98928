"""Instance noise and lazy penalties: wrappers that count steps."""

import copy

import pytest
import torch
from torch import nn

from evogan.nets import mlp
from evogan.regularizers import R1, InstanceNoise, Lazy, Regularizer
from evogan.training import AdversarialTrainer


def test_noise_has_the_deviation_asked_for_and_only_in_training():
    torch.manual_seed(0)
    noise, x = InstanceNoise(nn.Identity(), 0.5), torch.full((100, 100), 3.0)
    seen = noise(x)
    assert (seen - x).std().item() == pytest.approx(0.5, rel=0.03)
    assert (seen - x).mean().item() == pytest.approx(0.0, abs=0.02)
    assert torch.equal(noise.eval()(x), x)


def test_noise_falls_linearly_to_zero_and_stays_there():
    noise, levels = InstanceNoise(nn.Identity(), 2.0, decay_steps=4), []
    for _ in range(6):
        levels.append(noise.level().item())
        InstanceNoise.advance(noise)
    assert levels == pytest.approx([2.0, 1.5, 1.0, 0.5, 0.0, 0.0])
    x = torch.rand(3, 2)
    assert torch.equal(noise(x), x)


def test_passes_alone_do_not_anneal():
    noise = InstanceNoise(nn.Identity(), 1.0, decay_steps=2)
    for _ in range(5):
        noise(torch.zeros(1, 1))
    assert noise.level().item() == 1.0


def test_the_trainer_counts_discriminator_steps_by_a_constraint():
    torch.manual_seed(0)
    D = nn.Sequential(InstanceNoise(mlp([3, 4, 1]), 1.0, decay_steps=10))  # found inside other modules too
    trainer = AdversarialTrainer(mlp([2, 3]), D, prior=lambda n: torch.randn(n, 2), constraints=[InstanceNoise.advance])
    real = torch.rand(4, 3)
    for _ in range(3):
        trainer.d_step(real)
        trainer.g_step(real)
    assert D[0].steps.item() == 3
    assert D[0].level().item() == pytest.approx(0.7)
    twin = copy.deepcopy(D)
    InstanceNoise.advance(twin)
    assert (D[0].steps.item(), twin[0].steps.item()) == (3, 4)
    assert "0.steps" in D.state_dict()


def test_noise_passes_pairs_and_conditions_on():
    class Spy(nn.Module):
        def forward(self, *inputs):
            return inputs

    torch.manual_seed(0)
    label, pair = torch.tensor([1]), (torch.zeros(1, 500), torch.zeros(1, 2, 300))
    (first, second), passed = InstanceNoise(Spy(), 1.0)(pair, label)
    assert passed is label
    assert first.std().item() == pytest.approx(1.0, rel=0.15)
    assert second.std().item() == pytest.approx(1.0, rel=0.15)
    assert not torch.equal(first[0, :300], second[0, 0])


def slope_two(x):
    return 2 * x.sum(dim=1)


def test_a_lazy_penalty_is_the_plain_one_on_average():
    x = torch.rand(5, 3)
    plain = R1(3.0)(slope_two, x, x)
    lazy = Lazy(R1(3.0), 4)
    values = [lazy(slope_two, x, x) for _ in range(12)]
    assert [value.item() for value in values[:5]] == pytest.approx([4 * plain.item(), 0, 0, 0, 4 * plain.item()])
    torch.testing.assert_close(torch.stack(values).mean(), plain)
    assert all(value.shape == () for value in values)


def test_a_lazy_penalty_that_is_not_due_costs_no_pass():
    calls = []

    def spy(D, real, fake):
        calls.append(1)
        return torch.tensor(1.0)

    lazy, pair = Lazy(spy, 3), (torch.rand(2, 2), torch.rand(2, 1))
    assert [lazy(slope_two, pair, pair).item() for _ in range(7)] == [3.0, 0.0, 0.0, 3.0, 0.0, 0.0, 3.0]
    assert len(calls) == 3


def test_lazy_counts_are_saved_and_copied():
    x, lazy = torch.rand(2, 2), Lazy(R1(), every=2)
    lazy(slope_two, x, x)
    twin, stored = copy.deepcopy(lazy), Lazy(R1(), every=2)
    stored.load_state_dict(lazy.state_dict())
    for part in (twin, stored):
        assert part(slope_two, x, x).item() == 0.0
        assert part(slope_two, x, x).item() > 0.0
    assert lazy.calls.item() == 1
    assert isinstance(lazy, Regularizer)


def test_a_lazy_penalty_of_every_step_is_the_penalty():
    x = torch.rand(2, 2)
    lazy = Lazy(R1(), every=1)
    assert [lazy(slope_two, x, x).item() for _ in range(3)] == [R1()(slope_two, x, x).item()] * 3


def test_a_lazy_penalty_in_a_trainer_trains():
    torch.manual_seed(0)
    trainer = AdversarialTrainer(
        mlp([2, 3]), mlp([3, 4, 1]), prior=lambda n: torch.randn(n, 2), regularizers=[Lazy(R1(1e4), 2)]
    )
    losses = [trainer.d_step(torch.rand(4, 3)).item() for _ in range(4)]
    assert losses[0] > 10 * losses[1] > 0.0
    assert losses[2] > 10 * losses[3] > 0.0


def test_bad_settings_are_refused_by_name():
    with pytest.raises(ValueError, match=r"InstanceNoise\.sigma must lie in"):
        InstanceNoise(nn.Identity(), -1.0)
    with pytest.raises(ValueError, match="decay_steps must be at least 1"):
        InstanceNoise(nn.Identity(), 1.0, decay_steps=0)
    with pytest.raises(ValueError, match="every must be at least 1"):
        Lazy(R1(), 0)
    with pytest.raises(TypeError, match=r"regularizer must be an object such as R1\(\)"):
        Lazy(R1, 4)
