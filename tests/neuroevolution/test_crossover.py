"""Crossover by distillation, by hand on linear generators, and the networks that it leaves alone."""

import copy

import pytest
import torch
from torch import nn

from evogan.gans import NormalPrior, cgan, pacgan
from evogan.nets import MLPNetworks
from evogan.neuroevolution import Distillation, Workbench
from evogan.training import SGD, Adam, AdversarialTrainer


class Judge(nn.Module):
    """Logits by a function of the samples."""

    def __init__(self, function):
        super().__init__()
        self.function, self.weight = function, nn.Parameter(torch.ones(()))

    def forward(self, x, condition=None):
        return self.weight * self.function(x)


def line(slope, bias=0.0):
    net = nn.Linear(1, 1)
    with torch.no_grad():
        net.weight.fill_(slope)
        net.bias.fill_(bias)
    return net


def bench_of(judge, optimizer=None, lr=0.1, G=None):
    D = judge if isinstance(judge, nn.Module) else Judge(judge)
    made = (optimizer or SGD())(lr)
    trainer = AdversarialTrainer(G or line(0.0), D, prior=NormalPrior(1), optimizer_G=made)
    return trainer, Workbench.of_generator(trainer)


def individual(bench, net):
    bench.net.load_state_dict(net.state_dict())
    return bench.individual()


def cross(better, other, trainer, bench, latent, *, condition=None, factor=1.0):
    return Distillation()(
        better, other, bench=bench, trainer=trainer, latent=latent, condition=condition, factor=factor
    )


def parameters(bench):
    return [p.item() for p in bench.net.parameters()]


def test_one_step_towards_the_samples_that_the_discriminator_prefers_by_hand():
    # G(z) = z against 3z, and D prefers the larger: 3 for z = 1, but -1 for z = -1.
    trainer, bench = bench_of(lambda x: x)
    better, other = individual(bench, line(1.0)), individual(bench, line(3.0))
    loss = cross(better, other, trainer, bench, torch.tensor([[1.0], [-1.0]]))
    assert loss == 2.0  # ((1 - 3)^2 + 0) / 2
    # Slopes: by the weight mean of 2 (-2, 0) z = -2, by the constant -2; the rate is .1.
    assert parameters(bench) == pytest.approx([1.2, 0.2])


def test_where_the_better_parent_is_preferred_everywhere_the_child_is_its_copy():
    trainer, bench = bench_of(lambda x: -x.abs())
    better, other = individual(bench, line(1.0, 0.25)), individual(bench, line(3.0, 0.75))
    assert cross(better, other, trainer, bench, torch.tensor([[1.0], [-0.5], [2.0]])) == 0.0
    assert parameters(bench) == [1.0, 0.25]


def test_equal_verdicts_are_the_better_parents():
    trainer, bench = bench_of(lambda x: 0 * x)
    better, other = individual(bench, line(1.0)), individual(bench, line(3.0))
    assert cross(better, other, trainer, bench, torch.ones(4, 1)) == 0.0


def test_where_the_other_is_preferred_everywhere_the_child_becomes_it():
    trainer, bench = bench_of(lambda x: x)
    better, other = individual(bench, line(1.0)), individual(bench, line(1.0, 2.0))
    for _ in range(100):
        loss = cross(better, other, trainer, bench, torch.linspace(-1, 1, 5).view(5, 1))
        better = bench.individual()
    assert loss < 1e-6 and parameters(bench) == pytest.approx([1.0, 2.0], abs=1e-3)


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 1, 1, 1)])
def test_logits_may_have_any_shape(shape):
    trainer, bench = bench_of(lambda x: x.view(shape))
    better, other = individual(bench, line(1.0)), individual(bench, line(3.0))
    assert cross(better, other, trainer, bench, torch.tensor([[1.0], [-1.0], [2.0], [-2.0]])) == 5.0


def test_a_map_of_logits_decides_by_its_majority_and_the_whole_sample_goes_over():
    G = nn.Sequential(nn.Linear(1, 4), nn.Unflatten(1, (1, 2, 2)))
    trainer, bench = bench_of(lambda x: x, G=G)

    def constant(*pixels):
        with torch.no_grad():
            G[0].weight.zero_()
            G[0].bias.copy_(torch.tensor(pixels))
        return bench.individual()

    better = constant(1.0, 1.0, 1.0, 1.0)
    half, most = constant(2.0, 2.0, 0.0, 0.0), constant(2.0, 2.0, 2.0, 0.0)
    assert cross(better, half, trainer, bench, torch.zeros(3, 1)) == 0.0  # two of four patches: no majority
    assert cross(better, most, trainer, bench, torch.zeros(3, 1)) == 1.0  # its bad patch included


def test_the_child_continues_the_better_parents_optimizer_and_neither_parent_changes():
    trainer, bench = bench_of(lambda x: x, Adam((0.5, 0.9)))
    for _ in range(3):
        trainer.g_step(torch.zeros(4, 1))
    better = bench.individual()
    for _ in range(2):
        trainer.g_step(torch.zeros(4, 1))
    other = bench.individual()
    before = copy.deepcopy((better, other))
    bench.load_optimizer([{} for _ in better.optimizer])  # what is on the bench does not matter
    cross(better, other, trainer, bench, torch.randn(6, 1))
    assert [float(state["step"]) for state in bench.optimizer_state()] == [4.0, 4.0]
    for now, then in zip((better, other), before, strict=True):
        torch.testing.assert_close(now.weights, then.weights, rtol=0, atol=0)
        torch.testing.assert_close(now.optimizer, then.optimizer, rtol=0, atol=0)


def test_the_step_has_the_better_parents_rate_times_the_factor():
    trainer, bench = bench_of(lambda x: x)
    better, other = individual(bench, line(1.0)), individual(bench, line(3.0))
    better.rate, other.rate = 2.0, 7.0
    cross(better, other, trainer, bench, torch.tensor([[1.0], [-1.0]]), factor=0.25)
    assert parameters(bench) == pytest.approx([1.0 + 0.1 * 2.0 * 0.25 * 2, 0.1 * 2.0 * 0.25 * 2])


def test_the_discriminator_prefers_samples_whatever_their_neighbours_and_stays_as_it_is():
    # In training mode batch normalization would centre either batch, and no sample of one would beat the other.
    D = nn.Sequential(nn.BatchNorm1d(1), nn.Linear(1, 1), nn.Dropout(0.9))
    with torch.no_grad():
        D[1].weight.fill_(1.0)
        D[1].bias.zero_()
    trainer, bench = bench_of(D)
    better, other = individual(bench, line(1.0)), individual(bench, line(1.0, 2.0))
    before = copy.deepcopy(D.state_dict())
    assert cross(better, other, trainer, bench, torch.randn(16, 1)) == pytest.approx(4.0)
    assert D.training
    torch.testing.assert_close(D.state_dict(), before, rtol=0, atol=0)


def test_both_networks_are_given_the_condition():
    torch.manual_seed(0)
    system = cgan((2,), n_classes=2, networks=MLPNetworks(3, (8,)))
    bench = Workbench.of_generator(system.trainer)
    better = bench.individual()
    system.trainer.g_step(torch.zeros(8, 2), condition=torch.arange(8) % 2)
    other, latent, labels = bench.individual(), torch.randn(8, 3), torch.arange(8) % 2
    losses = [cross(better, other, system.trainer, bench, latent, condition=y) for y in (labels, 1 - labels)]
    assert losses[0] != losses[1]


def test_a_discriminator_of_packs_is_refused():
    system = pacgan((2,), networks=MLPNetworks(3, (8,)))
    bench = Workbench.of_generator(system.trainer)
    one = bench.individual()
    with pytest.raises(ValueError, match="Distillation needs a verdict on every sample, got 4 on 8 samples"):
        cross(one, one, system.trainer, bench, torch.randn(8, 3))


@pytest.mark.parametrize(("bad", "error"), [(0, ValueError), (1.0, TypeError)])
def test_the_number_of_children_is_checked(bad, error):
    with pytest.raises(error, match=r"Distillation\.n_children must be"):
        Distillation(bad)
