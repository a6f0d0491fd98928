"""The loop that every system shares, and the minibatches that it draws."""

import numpy as np
import pytest
import torch

import evogan.training._batches as batches_module
from evogan.datasets import Dataset, digits, ring
from evogan.exceptions import TrainingDivergedError
from evogan.gans import Recipe, gan
from evogan.nets import MLPNetworks
from evogan.training import Batch, Batches, fit, run_block

NETS = MLPNetworks(n_latent=4, hidden=(16,))
RING = ring(200, rng=np.random.default_rng(0))


def system_of(seed=0, shape=(2,)):
    torch.manual_seed(seed)
    return gan(shape, networks=NETS, recipe=Recipe(ema=0.9))


def weights(system):
    return [p.detach().clone() for p in (*system.trainer.G.parameters(), *system.trainer.D.parameters())]


class Scripted:
    """A system that returns losses by plan."""

    shape, n_classes = (2,), 0

    def __init__(self, *rows):
        self.rows = iter(rows)

    def step(self, batches):
        batches()
        return {name: torch.tensor(value) for name, value in next(self.rows).items()}


# fit


def test_the_same_generator_gives_the_same_bits_whatever_torch_was_seeded_with():
    outcomes = []
    for global_seed in (1, 2):
        system = system_of()
        torch.manual_seed(global_seed)
        state = torch.get_rng_state()
        losses = fit(system, RING, 6, batch_size=16, rng=np.random.default_rng(5))
        assert torch.equal(state, torch.get_rng_state())
        outcomes.append((losses, weights(system)))
    (first, weights_1), (second, weights_2) = outcomes
    assert first.keys() == second.keys() == {"discriminator", "generator"}
    assert all(first[name].shape == (6,) and np.array_equal(first[name], second[name]) for name in first)
    assert all(torch.equal(a, b) for a, b in zip(weights_1, weights_2, strict=True))
    other = system_of()
    assert not np.array_equal(
        fit(other, RING, 6, batch_size=16, rng=np.random.default_rng(6))["generator"], first["generator"]
    )


def test_on_step_hears_every_step_and_its_losses():
    heard = []
    losses = fit(
        system_of(), RING, 4, batch_size=8, rng=np.random.default_rng(1), on_step=lambda n, row: heard.append((n, row))
    )
    assert [n for n, _ in heard] == [1, 2, 3, 4]
    assert [row["generator"] for _, row in heard] == losses["generator"].tolist()


def test_labels_travel_with_their_samples():
    data = digits()
    seen = []

    class Watching(Scripted):
        def step(self, batches):
            seen.append(batches())
            return {"loss": torch.tensor(0.0)}

    fit(Watching(), data, 3, batch_size=32, rng=np.random.default_rng(1))
    of_image = {
        image.numpy().tobytes(): int(label) for image, label in zip(*data.batch(torch.arange(1400)), strict=True)
    }
    for x, y in seen:
        assert [of_image[image.numpy().tobytes()] for image in x] == y.tolist()


@pytest.mark.parametrize(
    ("changes", "error", "name"),
    [
        ({"n_steps": 0}, ValueError, "n_steps"),
        ({"n_steps": 2.5}, TypeError, "n_steps"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"rng": 3}, TypeError, "rng"),
    ],
)
def test_wrong_arguments_are_named(changes, error, name):
    with pytest.raises(error, match=name):
        fit(**{"system": system_of(), "data": RING, "n_steps": 2, "rng": np.random.default_rng(1), **changes})


def test_an_empty_block_is_refused():
    with pytest.raises(ValueError, match="n_steps"):
        run_block(system_of(), lambda: Batch(torch.zeros(2, 2)), 0)


# Divergence


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_loss_that_is_not_finite_is_named_with_its_step(bad):
    good = {"discriminator": 1.0, "generator": 2.0}
    rows = [good, good, {**good, "generator": bad}, {"discriminator": bad, "generator": bad}]
    with pytest.raises(TrainingDivergedError, match=f"the generator loss became {bad} at step 3;"):
        fit(Scripted(*rows), RING, 4, batch_size=4, rng=np.random.default_rng(1))
    with pytest.raises(TrainingDivergedError, match=f"the generator loss became {bad} at step 13;"):
        run_block(Scripted(*rows), lambda: None, 4, first=10)


def test_a_learning_rate_without_measure_diverges_and_says_so():
    torch.manual_seed(0)
    system = gan((2,), networks=NETS, recipe=Recipe(lr_G=1e30, lr_D=1e30))
    with pytest.raises(ArithmeticError, match=r"loss became -?(nan|inf) at step \d+; try a smaller learning rate"):
        fit(system, RING, 50, batch_size=8, rng=np.random.default_rng(1))


# Minibatches


class Rows:
    """Data whose samples are their own numbers."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def batch(self, index):
        return index.float(), None


def drawn(batches, n):
    return np.concatenate([batches().x.numpy() for _ in range(n)])


@pytest.mark.parametrize(("n_data", "batch_size"), [(10, 5), (10, 3), (7, 7), (3, 10), (1, 4)])
def test_batches_are_whole_permutations_end_to_end(n_data, batch_size):
    rows = drawn(Batches(Rows(n_data), batch_size, seed=1), 4 * n_data)
    assert len(rows) == 4 * n_data * batch_size
    epochs = rows.reshape(-1, n_data)
    assert all(sorted(epoch) == list(range(n_data)) for epoch in epochs)
    if n_data == 10:
        assert len({tuple(epoch) for epoch in epochs}) == len(epochs)


def test_other_seeds_give_other_orders():
    first, again, other = (drawn(Batches(Rows(50), 10, seed=s), 5).tolist() for s in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("n_before", [0, 1, 3, 4, 7, 20])
def test_the_number_of_samples_drawn_is_all_that_a_resumption_needs(n_before):
    batches = Batches(Rows(10), 3, seed=4)
    drawn(batches, n_before) if n_before else None
    resumed = Batches(Rows(10), 3, seed=4)
    resumed.n_drawn = batches.n_drawn
    assert batches.n_drawn == 3 * n_before
    assert drawn(resumed, 9).tolist() == drawn(batches, 9).tolist()


@pytest.mark.parametrize("n_processes", [2, 3])
def test_processes_share_out_one_large_batch(n_processes, monkeypatch):
    whole = Batches(Rows(20), 4 * n_processes, seed=4)
    shards = []
    for rank in range(n_processes):
        monkeypatch.setattr(batches_module, "process_rank", lambda rank=rank: (rank, n_processes))
        batches = Batches(Rows(20), 4, seed=4)
        shards.append([batches().x.tolist() for _ in range(3)])
        assert batches.n_drawn == 3 * 4 * n_processes
    monkeypatch.undo()
    for k in range(3):
        assert all(len(shard[k]) == 4 for shard in shards)
        together = [row for shard in shards for row in shard[k]]
        assert sorted(together) == sorted(whole().x.tolist())
        if k == 0:  # within an epoch no sample comes twice
            assert len(set(together)) == 4 * n_processes


def test_a_batch_holds_at_least_one_sample():
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        Batches(Rows(10), 0, seed=1)


def test_datasets_of_vectors_serve_without_labels_too():
    data = Dataset("line", torch.arange(6.0)[:, None])
    batch = Batches(data, 6, seed=0)()
    assert batch.y is None and sorted(batch.x.flatten().tolist()) == [0, 1, 2, 3, 4, 5]
