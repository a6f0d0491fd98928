"""Individuals are copies: what happens on the workbench, or to a sibling, changes none of them."""

import copy
import io

import pytest
import torch
from torch import nn

from evogan.gans import NormalPrior
from evogan.neuroevolution import Individual, Workbench
from evogan.training import SGD, Adam, AdversarialTrainer, RMSprop


def trainer_of(optimizer=Adam((0.5, 0.9)), seed=0, width=4):
    torch.manual_seed(seed)
    G = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 2))
    return AdversarialTrainer(
        G, nn.Linear(2, 1), prior=NormalPrior(3), optimizer_G=optimizer(0.01), optimizer_D=optimizer(0.02)
    )


def stepped(trainer, n, seed=1):
    torch.manual_seed(seed)
    for _ in range(n):
        trainer.g_step(torch.zeros(8, 2))


def assert_equal(one, other):
    torch.testing.assert_close(one.weights, other.weights, rtol=0, atol=0)
    torch.testing.assert_close(one.optimizer, other.optimizer, rtol=0, atol=0)


@pytest.mark.parametrize("optimizer", [Adam(), RMSprop(), SGD(), SGD(0.9)], ids=lambda o: type(o).__name__)
def test_an_individual_loaded_again_goes_on_as_if_it_had_never_left(optimizer):
    trainer = trainer_of(optimizer)
    bench = Workbench.of_generator(trainer)
    stepped(trainer, 3)
    kept = bench.individual()
    stepped(trainer, 4, seed=2)
    straight = bench.individual()
    stepped(trainer, 5, seed=3)  # another lineage
    bench.load(kept)
    stepped(trainer, 4, seed=2)
    assert_equal(bench.individual(), straight)


def test_weights_are_parameters_and_buffers_and_come_with_the_optimizers_state():
    trainer = trainer_of()
    bench = Workbench.of_generator(trainer)
    fresh = bench.individual()
    assert fresh.optimizer == [{}] * 6  # before the first step
    stepped(trainer, 2)
    later = bench.individual(number=7, mutation="minimax")
    assert len(later.weights) == 6 + 3 and later.weights[-1] == 2  # the buffer that counts batches
    assert [float(state["step"]) for state in later.optimizer] == [2.0] * 6
    assert (later.number, later.mutation, later.rate) == (7, "minimax", 1.0)
    bench.load(fresh)
    assert bench.optimizer_state() == [{}] * 6  # the moments of another are gone
    assert_equal(bench.individual(), fresh)


def test_nothing_on_the_bench_changes_an_individual_and_siblings_share_nothing_on_it():
    trainer = trainer_of()
    bench = Workbench.of_generator(trainer)
    stepped(trainer, 2)
    parent = bench.individual()
    before = copy.deepcopy(parent)
    children = []
    for seed in (1, 2, 1):
        bench.load(parent)
        stepped(trainer, 1, seed=seed)
        children.append(bench.individual())
        assert_equal(parent, before)
    assert_equal(children[0], children[2])
    assert not torch.equal(children[0].weights[0], children[1].weights[0])
    with torch.no_grad():
        for tensor in (*trainer.G.parameters(), *trainer.G.buffers()):
            tensor.zero_()
    assert_equal(parent, before)


def test_rates_are_the_first_ones_times_the_individuals_times_the_factor():
    trainer = trainer_of(SGD())
    bench = Workbench.of_generator(trainer)
    individual = bench.individual(rate=3.0)
    for factor in (0.5, 1.0):  # not compounded
        bench.load(individual, factor=factor)
        assert trainer.optimizer_G.param_groups[0]["lr"] == pytest.approx(0.01 * 3.0 * factor)
    bench.load_weights(individual.weights)
    assert trainer.optimizer_G.param_groups[0]["lr"] == pytest.approx(0.03)


def test_the_bench_of_a_discriminator_is_its_own():
    trainer = trainer_of()
    bench = Workbench.of_discriminator(trainer)
    assert bench.net is trainer.D and bench.optimizer is trainer.optimizer_D and bench.rates == [0.02]
    before = bench.individual()
    trainer.d_step(torch.ones(4, 2))
    assert not torch.equal(before.weights[0], bench.individual().weights[0])
    bench.load(before)
    torch.testing.assert_close(list(trainer.D.parameters()), before.weights, rtol=0, atol=0)


def test_the_state_round_trip_through_a_file_keeps_everything_but_the_samples():
    trainer = trainer_of()
    bench = Workbench.of_generator(trainer)
    stepped(trainer, 2)
    one = bench.individual(
        number=5, parents=(2, 3), mutation="crossover", rate=0.5, loss=0.25, parts=(0.5, -2.0), fitness=0.4
    )
    one.fakes = torch.zeros(4, 2)
    file = io.BytesIO()
    torch.save(one.state_dict(), file)
    file.seek(0)
    back = Individual.from_state_dict(torch.load(file, weights_only=True), bench.individual())
    assert_equal(back, one)
    assert vars(back) | {"weights": 0, "optimizer": 0} == vars(one) | {"weights": 0, "optimizer": 0, "fakes": None}
    assert one.fakes is not None


def test_a_restored_individual_shares_no_tensor_with_the_state():
    trainer = trainer_of()
    bench = Workbench.of_generator(trainer)
    stepped(trainer, 1)
    state = bench.individual().state_dict()
    back = Individual.from_state_dict(state, bench.individual())
    mine = {t.data_ptr() for t in (*back.weights, *(v for s in back.optimizer for v in s.values()))}
    theirs = {t.data_ptr() for t in (*state["weights"], *(v for s in state["optimizer"] for v in s.values()))}
    assert not mine & theirs


def test_a_state_of_other_networks_is_refused_with_both_shapes():
    state = Workbench.of_generator(trainer_of(width=5)).individual().state_dict()
    with pytest.raises(ValueError, match=r"weights of shapes \[\(5, 3\), .* the system has \[\(4, 3\)"):
        Individual.from_state_dict(state, Workbench.of_generator(trainer_of()).individual())


def test_individuals_are_found_by_identity():
    # Comparing tensors would raise where a selection of one's own asks `child in parents`.
    bench = Workbench.of_generator(trainer_of())
    one, twin = bench.individual(), bench.individual()
    assert one in [twin, one] and one not in [twin] and len({one, twin}) == 2
