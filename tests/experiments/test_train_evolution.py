"""Training runs of systems that evolve: their records in the folder, their counters, resumption to the same bits."""

import errno
import json

import numpy as np
import pytest
import torch

import evogan.plotting
from evogan.algorithms import egan, lipizzaner, mo_egan, smo_egan
from evogan.datasets import ring
from evogan.exceptions import CheckpointError, TrainingDivergedError
from evogan.experiments import _train_folder, train
from evogan.gans import Recipe, gan, seqgan, vae
from evogan.nets import MLPNetworks
from evogan.neuroevolution import UCB1, RandomMutations
from evogan.training import Recording, fit, load_state

DATA = ring(200, rng=np.random.default_rng(0))
NETS = MLPNetworks(n_latent=4, hidden=(16,))
SYSTEMS = {
    "egan": lambda: egan((2,), networks=NETS, mu=2),
    "ucb1": lambda: egan((2,), networks=NETS, mu=2, policy=UCB1(), plus=True),
    "mo-egan": lambda: mo_egan((2,), networks=NETS),
    "lipizzaner": lambda: lipizzaner((2,), networks=NETS, grid=(1, 2), exchange_every=3),
}


@pytest.fixture(autouse=True)
def light_curves(request, monkeypatch):
    """Leave drawing, which takes longer than these runs, to the tests that are about it."""
    if "real_curves" not in request.fixturenames:
        for name in ("plot_training", "plot_evolution"):
            monkeypatch.setattr(evogan.plotting, name, lambda rows: None)
        monkeypatch.setattr(evogan.plotting, "save_figure", lambda figure, path: path.write_bytes(b"drawn"))
        monkeypatch.setattr(evogan.plotting, "save_samples", lambda samples, path, data: path.write_bytes(b"drawn"))


@pytest.fixture
def real_curves():
    pass


def system_of(name="egan", seed=0):
    torch.manual_seed(seed)
    return SYSTEMS[name]()


def run(out=None, *, system=None, n_steps=8, **options):
    options = {"batch_size": 8, "seed": 1, "device": "cpu", "score_every": 4, **options}
    return train(system_of() if system is None else system, DATA, n_steps=n_steps, out=out, **options)


def rows(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def timeless(rows):
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in rows]


def stop_after(n):
    """Return a should_stop that says yes the ``n``-th time it is asked."""
    left = [n]

    def stop():
        left[0] -= 1
        return left[0] <= 0

    return stop


def same_state(a, b):
    """Tell whether two states hold the same bits; NaN equals itself."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_state(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same_state, a, b))
    return a == b or (isinstance(a, float) and np.isnan([a, b]).all())


def same_run(a, b):
    """Tell whether two folders hold the same finished run, but for the seconds."""
    assert (a / "generations.jsonl").read_bytes() == (b / "generations.jsonl").read_bytes()
    assert timeless(rows(a / "log.jsonl")) == timeless(rows(b / "log.jsonl"))
    weights = [torch.load(folder / "generator.pt", weights_only=True) for folder in (a, b)]
    assert same_state(*weights)
    stored = [load_state(folder / "checkpoint.pt") for folder in (a, b)]
    for name in ("system", "n_records", "random_states"):
        assert same_state(*(one[name] for one in stored)), name
    counters = [json.loads((folder / "result.json").read_text())["counters"] for folder in (a, b)]
    assert counters[0] == counters[1]


class Breaking:
    """A system that breaks down at the beginning of a step."""

    def __init__(self, system, at, error):
        self.system, self.at, self.error, self.n = system, at, error, 0

    def __getattr__(self, name):
        return getattr(self.system, name)

    def step(self, batches):
        self.n += 1
        if self.n == self.at:
            raise self.error
        return self.system.step(batches)


# What a run leaves behind


def test_every_generation_is_a_row_and_the_counters_tell_the_cost(tmp_path, real_curves):
    result = run(tmp_path)
    assert len(result.records) == 8
    assert rows(tmp_path / "generations.jsonl") == result.records
    assert [record["step"] for record in result.records] == list(range(1, 9))
    numbers = [number for record in result.records for number in record["number"]]
    assert numbers == list(range(2, 2 + 8 * 6))  # two parents, and then six children a generation
    counters = {"n_d_steps": 8, "n_g_steps": 48, "n_evaluations": 48, "n_diverged": 0}
    assert result.counters == json.loads((tmp_path / "result.json").read_text())["counters"] == counters
    assert (tmp_path / "evolution.png").read_bytes().startswith(b"\x89PNG")


def test_a_plain_system_keeps_no_records_and_counts_the_same_things(tmp_path):
    torch.manual_seed(0)
    result = run(tmp_path, system=gan((2,), networks=NETS, recipe=Recipe(n_critic=3)))
    assert result.records == []
    assert not (tmp_path / "generations.jsonl").exists() and not (tmp_path / "evolution.png").exists()
    counters = {"n_d_steps": 24, "n_g_steps": 8, "n_evaluations": 0}
    assert result.counters == json.loads((tmp_path / "result.json").read_text())["counters"] == counters
    assert counters.keys() <= system_of().counters.keys()


def test_systems_with_steps_of_their_own_count_nothing_rather_than_something_else():
    assert vae((2,), networks=NETS).counters == seqgan((5,)).counters == {}


def test_a_run_without_a_folder_has_its_records_too(tmp_path):
    assert run().records == run(tmp_path).records


def test_a_resumed_run_counts_all_its_steps_and_returns_the_records_of_its_own(tmp_path):
    stopped = run(tmp_path, should_stop=stop_after(3))
    assert stopped.counters["n_g_steps"] == 18 and len(stopped.records) == 3
    assert (tmp_path / "evolution.png").exists() and not (tmp_path / "result.json").exists()
    resumed = run(tmp_path, system=system_of(seed=5), resume=True)
    assert resumed.counters["n_g_steps"] == 48
    assert [record["step"] for record in resumed.records] == [4, 5, 6, 7, 8]
    assert rows(tmp_path / "generations.jsonl") == stopped.records + resumed.records


def test_what_a_system_did_before_the_run_is_not_in_its_records(tmp_path):
    system = system_of()
    fit(system, DATA, 3, batch_size=8, rng=np.random.default_rng(1))
    result = run(tmp_path, system=system, n_steps=2)
    assert [record["step"] for record in result.records] == [4, 5]  # the system's own count
    assert rows(tmp_path / "generations.jsonl") == result.records


def test_any_system_that_records_has_its_rows_kept_however_many_there_are(tmp_path):
    class Telling:
        def __init__(self):
            self.system, self.rows = gan((2,), networks=NETS), []

        def __getattr__(self, name):
            return getattr(self.system, name)

        def step(self, batches):
            losses = self.system.step(batches)
            n = self.system.n_steps
            self.rows += [{"step": n, "value": np.float32(n / 2), "part": k} for k in range(n % 3)]
            return losses

        def take_records(self):
            taken, self.rows = self.rows, []
            return taken

    assert isinstance(Telling(), Recording) and not isinstance(gan((2,), networks=NETS), Recording)
    expected = [(step, step / 2, part) for step in range(1, 9) for part in range(step % 3)]
    torch.manual_seed(0)
    run(tmp_path / "whole", system=Telling())
    assert not (tmp_path / "whole" / "evolution.png").exists()  # these are no generations
    assert [(r["step"], r["value"], r["part"]) for r in rows(tmp_path / "whole" / "generations.jsonl")] == expected
    torch.manual_seed(0)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", system=Breaking(Telling(), 8, KeyboardInterrupt()), checkpoint_every=2)
    run(tmp_path / "parts", system=Telling(), resume=True)
    same_run(tmp_path / "whole", tmp_path / "parts")


def test_values_that_are_not_finite_are_written_so_that_float_reads_them(tmp_path, monkeypatch, real_curves):
    system = system_of()
    take = system.take_records
    monkeypatch.setattr(system, "take_records", lambda: [{**r, "fitness": [np.nan] * 5 + [np.inf]} for r in take()])
    run(tmp_path, system=system, n_steps=2)
    values = [float(value) for value in rows(tmp_path / "generations.jsonl")[0]["fitness"]]
    assert np.isnan(values[:5]).all() and values[5] == np.inf
    assert (tmp_path / "evolution.png").stat().st_size > 1000


# Resumption


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("n_before", [2, 7])
def test_a_stopped_evolution_resumes_to_the_same_bits(name, n_before, tmp_path):
    run(tmp_path / "whole", system=system_of(name))
    assert run(tmp_path / "parts", system=system_of(name), should_stop=stop_after(n_before)).n_steps == n_before
    run(tmp_path / "parts", system=system_of(name, seed=99), seed=77, resume=True)
    same_run(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.parametrize("name", SYSTEMS)
def test_records_after_the_last_checkpoint_are_made_anew(name, tmp_path):
    run(tmp_path / "whole", system=system_of(name))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", system=Breaking(system_of(name), 8, KeyboardInterrupt()), checkpoint_every=5)
    file = tmp_path / "killed" / "generations.jsonl"
    n_left, n_checked = len(rows(file)), load_state(tmp_path / "killed" / "checkpoint.pt")["n_records"]
    assert (n_left, n_checked) == ((2, 1) if name == "lipizzaner" else (7, 5))
    with open(file, "ab") as log:
        log.write(b'{"step": 8, "numb')  # as a kill in the middle of a line leaves it
    run(tmp_path / "killed", system=system_of(name, seed=3), resume=True)
    same_run(tmp_path / "whole", tmp_path / "killed")


def test_all_records_go_where_the_checkpoint_is_older_than_the_first(tmp_path):
    run(tmp_path / "whole", system=system_of("lipizzaner"))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", system=Breaking(system_of("lipizzaner"), 4, KeyboardInterrupt()), checkpoint_every=2)
    assert [row["step"] for row in rows(tmp_path / "parts" / "generations.jsonl")] == [3]
    run(tmp_path / "parts", system=system_of("lipizzaner", seed=3), resume=True)
    same_run(tmp_path / "whole", tmp_path / "parts")


def test_a_disk_that_fills_up_between_log_and_records_leaves_a_run_to_go_on_with(tmp_path, monkeypatch):
    run(tmp_path / "whole")
    append, left = _train_folder.TrainFolder._append, [11]  # two rows a step

    def full(folder, name, rows):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(folder, name, rows)

    monkeypatch.setattr(_train_folder.TrainFolder, "_append", full)
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path / "full", checkpoint_every=2)
    monkeypatch.undo()
    assert len(rows(tmp_path / "full" / "log.jsonl")) == 6
    assert len(rows(tmp_path / "full" / "generations.jsonl")) == 5
    run(tmp_path / "full", system=system_of(seed=5), resume=True)
    assert timeless(rows(tmp_path / "whole" / "log.jsonl")) == timeless(rows(tmp_path / "full" / "log.jsonl"))
    assert (tmp_path / "whole" / "generations.jsonl").read_text() == (
        tmp_path / "full" / "generations.jsonl"
    ).read_text()


def test_other_populations_are_refused_and_nothing_is_touched(tmp_path):
    run(tmp_path, config={"set": {"mu": 2}}, should_stop=stop_after(3))
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    with pytest.raises(CheckpointError, match=r"other settings: set\.mu is 3 here and 2 there$"):
        run(tmp_path, config={"set": {"mu": 3}}, resume=True)
    torch.manual_seed(0)
    three = egan((2,), networks=NETS, mu=3)
    with pytest.raises(CheckpointError, match="this state holds 2 parents, the system has 3"):
        run(tmp_path, system=three, config={"set": {"mu": 2}}, resume=True)
    assert {file: file.read_bytes() for file in before} == before


def test_an_earlier_evolution_moves_away_whole(tmp_path):
    run(tmp_path, n_steps=2)
    first = (tmp_path / "generations.jsonl").read_bytes()
    with pytest.warns(UserWarning, match=r"moved to .*previous-1"):
        run(tmp_path, n_steps=2, system=gan((2,), networks=NETS))
    assert (tmp_path / "previous-1" / "generations.jsonl").read_bytes() == first
    assert (tmp_path / "previous-1" / "evolution.png").exists()
    assert not (tmp_path / "generations.jsonl").exists() and not (tmp_path / "evolution.png").exists()


def test_a_checkpoint_from_before_there_were_records_can_be_resumed(tmp_path):
    torch.manual_seed(0)
    run(tmp_path / "whole", system=gan((2,), networks=NETS))
    torch.manual_seed(0)
    run(tmp_path / "old", system=gan((2,), networks=NETS), should_stop=stop_after(3))
    stored = load_state(tmp_path / "old" / "checkpoint.pt")
    del stored["n_records"]
    evogan.training.save_state(tmp_path / "old" / "checkpoint.pt", stored)
    run(tmp_path / "old", system=gan((2,), networks=NETS), resume=True)
    assert timeless(rows(tmp_path / "old" / "log.jsonl")) == timeless(rows(tmp_path / "whole" / "log.jsonl"))


def test_an_evolution_that_diverges_leaves_its_generations(tmp_path):
    with pytest.raises(TrainingDivergedError, match="boom"):
        run(tmp_path, system=Breaking(system_of(), 6, TrainingDivergedError("boom")), checkpoint_every=3)
    assert [record["step"] for record in rows(tmp_path / "generations.jsonl")] == [1, 2, 3, 4, 5]
    assert not (tmp_path / "result.json").exists()


# The preset passes its parts on


def test_egans_preset_passes_its_parts_on():
    policy = RandomMutations()
    from evogan.neuroevolution import WorstSelection

    made = egan((2,), networks=NETS, policy=policy, selection=WorstSelection(), plus=True)
    assert made.policy is policy and made.selection == WorstSelection() and made.plus is True
    plain = egan((2,), networks=NETS)
    assert type(plain.policy).__name__ == "AllMutations" and plain.plus is False
    assert type(plain.selection).__name__ == "Truncation"
    assert smo_egan((2,), networks=NETS).policy is not smo_egan((2,), networks=NETS).policy  # it learns
