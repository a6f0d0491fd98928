"""A mixture of snapshots: who joins, who leaves, who samples; stopping and going on."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from evogan import gans
from evogan.algorithms import SnapshotMixture, mixture_egan
from evogan.datasets import ring
from evogan.experiments import VectorScorer, train
from evogan.gans import Recipe
from evogan.nets import MLPNetworks
from evogan.neuroevolution import GeneratorMixture
from evogan.training import Adam, Batch, fit, load_state, save_state

NETS = MLPNetworks(n_latent=2, hidden=(16,))


class Walking:
    """A system whose generator is a constant that moves to given places, one a step."""

    n_classes, shape, counters = 0, (1,), {"n_g_steps": 0}

    def __init__(self, places):
        self.places, self.t = places, 0
        self.generator = nn.Linear(1, 1)
        nn.init.zeros_(self.generator.weight)

    device = torch.device("cpu")

    def step(self, batches):
        batches()
        nn.init.constant_(self.generator.bias, self.places[self.t])
        self.t += 1
        return {"discriminator": torch.zeros(())}

    def sample(self, n, *, rng, labels=None):
        noise = torch.from_numpy(rng.normal(0.0, 0.05, (n, 1))).float()
        return self.generator(torch.zeros(n, 1)).detach() + noise


def two_modes():
    x = torch.cat([torch.full((32, 1), -1.0), torch.full((32, 1), 1.0)])
    return Batch(x + 0.05 * torch.randn_like(x))


def members(system):
    return sorted(float(member["weights"][1]) for member in system._members)


def walked(places, **options):
    torch.manual_seed(0)
    system = SnapshotMixture(Walking(places), every=1, n_eval=100, n_real=64, **options)
    for _ in places:
        system.step(two_modes)
    return system


def test_a_generator_that_visits_one_mode_after_another_becomes_a_mixture_of_both():
    system = walked([-1.0, 4.0, 1.0, 0.0, 1.0], size=2)
    assert members(system) == [-1.0, 1.0]
    np.testing.assert_allclose(system.weights, 0.5, atol=0.1)
    x = system.sample(2000, rng=np.random.default_rng(0)).flatten().numpy()
    assert np.mean(np.abs(np.abs(x) - 1) < 0.3) > 0.99
    assert np.mean(x > 0) == pytest.approx(0.5, abs=0.1)


def test_of_one_member_the_best_so_far_is_kept():
    assert members(walked([3.0, 0.9, 2.0, 5.0], size=1)) == pytest.approx([0.9])


def test_the_controls_keep_the_last_ones_or_any_and_mix_evenly():
    recent = walked([0.0, 1.0, 2.0, 3.0, 4.0], size=3, keep="recent")
    assert members(recent) == [2.0, 3.0, 4.0]
    assert recent.weights.tolist() == [1 / 3] * 3
    some = walked(list(np.arange(20.0)), size=3, keep="random")
    assert len(members(some)) == 3 and members(some) != [17.0, 18.0, 19.0]


def test_the_generator_in_training_is_left_as_it_was_by_sampling():
    system = walked([-1.0, 1.0, 7.0], size=2)
    system.sample(10, rng=np.random.default_rng(0))
    assert system.system.generator.bias.item() == 7.0
    mixture = system.generator
    assert isinstance(mixture, GeneratorMixture)
    assert sorted(G.bias.item() for G in mixture.generators) == members(system)


def test_a_snapshot_that_is_not_finite_does_not_join():
    system = walked([-1.0, float("nan"), 1.0], size=4)
    assert members(system) == [-1.0, 1.0]


def test_before_the_first_step_the_system_itself_samples():
    assert mixture_egan((2,), networks=NETS).sample(3, rng=np.random.default_rng(0)).shape == (3, 2)


def test_a_conditional_system_keeps_its_labels():
    data = ring(rng=np.random.default_rng(0))
    torch.manual_seed(0)
    system = SnapshotMixture(gans.cgan((2,), networks=NETS, n_classes=8), size=3, every=2, n_eval=50)
    fit(system, data, 8, batch_size=32, rng=np.random.default_rng(1))
    labels = torch.arange(16) % 8
    rng = np.random.default_rng
    assert system.sample(16, rng=rng(0), labels=labels).shape == (16, 2)
    with pytest.raises(ValueError, match="labels"):
        system.sample(16, rng=rng(0), labels=labels + 8)


def test_a_resumed_run_is_the_run(tmp_path):
    data = ring(rng=np.random.default_rng(0))

    def made():
        torch.manual_seed(3)
        return mixture_egan((2,), networks=NETS, size=3, every=2)

    whole = train(made_whole := made(), data, n_steps=12, batch_size=32, seed=1, out=tmp_path / "a")
    stop = iter([False] * 6 + [True] * 9)
    train(made(), data, n_steps=12, batch_size=32, seed=1, out=tmp_path / "b", should_stop=lambda: next(stop))
    again = train(resumed := made(), data, n_steps=12, batch_size=32, seed=1, out=tmp_path / "b", resume=True)
    assert whole.losses[-1] == again.losses[-1]
    assert whole.counters == again.counters == {"n_d_steps": 12, "n_g_steps": 12, "n_evaluations": 7, "n_diverged": 0}
    assert made_whole.weights.tolist() == resumed.weights.tolist()
    samples = [s.sample(50, rng=np.random.default_rng(0)) for s in (made_whole, resumed)]
    assert torch.equal(*samples)
    save_state(tmp_path / "state.pt", resumed.state_dict())
    assert load_state(tmp_path / "state.pt")["n_steps"] == 12


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": 0}, "size must be at least 1"),
        ({"every": 0}, "every must be at least 1"),
        ({"n_eval": 1}, "n_eval must be at least 2"),
        ({"keep": "best"}, "keep must be one of 'contribution', 'recent', 'random', got 'best'"),
    ],
)
def test_what_is_wrong_is_named(options, said):
    with pytest.raises(ValueError, match=said):
        SnapshotMixture(gans.gan((2,), networks=NETS), **options)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_mixture_is_closer_to_the_ring_than_the_last_generator(seed):
    data = ring(sd=0.1, rng=np.random.default_rng(0))
    recipe = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.5, 0.9)), ema=None)
    torch.manual_seed(seed)
    make = partial(mixture_egan, networks=MLPNetworks(2, (128, 128)), recipe=recipe)
    system = make((2,))
    fit(system, data, 3000, rng=np.random.default_rng(seed))
    scorer = VectorScorer(data)
    mixed, last = (scorer(s, rng=np.random.default_rng(0)) for s in (system, system.system))
    assert mixed["modes"].value == 8 and mixed["high_quality"].value > 0.6
    assert mixed["sliced_wasserstein"].value < last["sliced_wasserstein"].value
