"""Training runs: what the folder holds, resumption to the same bits, and what is refused or survived."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

import evogan.plotting
from evogan._internal import files
from evogan._internal.files import only_writer
from evogan.datasets import digits, ring
from evogan.exceptions import CheckpointError, TrainingDivergedError
from evogan.experiments import TrainProgress, VectorScorer, train
from evogan.gans import Recipe, gan, wgan
from evogan.nets import MLPNetworks
from evogan.training import load_state

DIGITS = digits()
NETS = MLPNetworks(n_latent=4, hidden=(16,))


@pytest.fixture(autouse=True)
def light_curves(request, monkeypatch):
    """Leave the drawing of curves, which takes longer than these runs, to the tests that are about it."""
    if "real_curves" not in request.fixturenames:
        monkeypatch.setattr(evogan.plotting, "save_figure", lambda figure, path: path.write_bytes(b"drawn"))


@pytest.fixture
def real_curves():
    pass


def system_of(seed=0, shape=(1, 8, 8), **recipe):
    torch.manual_seed(seed)
    return gan(shape, networks=NETS, recipe=Recipe(**{"lr_G": 1e-3, "lr_D": 1e-3, "ema": 0.9, **recipe}))


def run(out=None, *, system=None, n_steps=12, **options):
    options = {"batch_size": 8, "seed": 1, "device": "cpu", "score_every": 4, **options}
    system = system_of() if system is None else system
    data = options.pop("data", DIGITS)
    return train(system, data, n_steps=n_steps, out=out, scorer=VectorScorer(data, n=50), **options)


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


def same_run(a, b):
    """Tell whether two folders hold the same finished run, but for the seconds."""
    weights = [torch.load(folder / "generator.pt", weights_only=True) for folder in (a, b)]
    torch.testing.assert_close(*weights, rtol=0, atol=0)
    assert timeless(rows(a / "log.jsonl")) == timeless(rows(b / "log.jsonl"))
    assert (a / "scores.jsonl").read_text() == (b / "scores.jsonl").read_text()
    assert (a / "samples.png").read_bytes() == (b / "samples.png").read_bytes()
    systems = [load_state(folder / "checkpoint.pt")["system"] for folder in (a, b)]
    torch.testing.assert_close(*systems, rtol=0, atol=0)


# What a run leaves behind


def test_the_folder_holds_the_whole_run(tmp_path, real_curves):
    data = ring(200, rng=np.random.default_rng(0))
    system = system_of(shape=(2,))
    result = run(tmp_path / "new", data=data, system=system, config={"mine": (1, 2.5), "path": tmp_path})
    folder = tmp_path / "new"
    assert result.finished and result.n_steps == 12 and result.seed == 1
    names = {"config.json", "checkpoint.pt", "generator.pt", "log.jsonl", "scores.jsonl", "result.json"}
    names |= {"samples.png", "losses.png", "scores.png", "samples", ".lock"}
    assert {file.name for file in folder.iterdir()} == names
    assert sorted(file.name for file in (folder / "samples").iterdir()) == [f"step-{k:07d}.png" for k in (4, 8, 12)]

    log = rows(folder / "log.jsonl")
    assert [row["step"] for row in log] == list(range(1, 13))
    assert timeless(log) == result.losses
    assert set(log[0]) == {"step", "discriminator", "generator", "seconds"}
    seconds = [row["seconds"] for row in log]
    assert seconds == sorted(seconds) and seconds[-1] == pytest.approx(result.wall_seconds, abs=2e-3)

    scores = rows(folder / "scores.jsonl")
    assert scores == result.curve and [row["step"] for row in scores] == [4, 8, 12]
    assert set(scores[0]) == {"step", "sliced_wasserstein", "modes", "high_quality"}

    record = json.loads((folder / "result.json").read_text())
    config = {"data": "ring8", "shape": [2], "n_data": 200, "batch_size": 8, "n_processes": 1}
    assert record["config"] == result.config == {"mine": [1, 2.5], "path": repr(tmp_path), **config}
    assert json.loads((folder / "config.json").read_text()) == {**record["config"], "seed": 1}
    assert (record["seed"], record["n_steps"]) == (1, 12)
    assert timeless([record["losses"]]) == [result.losses[-1]]
    assert record["scores"]["sliced_wasserstein"]["value"] == scores[-1]["sliced_wasserstein"]
    assert record["scores"]["sliced_wasserstein"]["n"] == 50
    assert all((folder / f"{name}.png").stat().st_size > 1000 for name in ("samples", "losses", "scores"))
    assert record["versions"]["torch"].startswith(torch.__version__.split("+")[0])
    assert 0 < record["wall_seconds"] < 60 and 0 < record["cpu_seconds"] < 60


def test_the_stored_weights_are_those_that_sample(tmp_path):
    system = system_of()
    run(tmp_path, system=system)
    twin = system_of(seed=9)
    twin.generator.load_state_dict(torch.load(tmp_path / "generator.pt", weights_only=True))
    twin.generator.load_state_dict(load_state(tmp_path / "generator.pt"))
    assert torch.equal(*(one.sample(5, rng=np.random.default_rng(1)) for one in (system, twin)))


def test_same_seed_same_bits_another_seed_differs_and_none_is_drawn(tmp_path):
    state = torch.get_rng_state()
    first, second, other = (run(seed=seed, system=system_of()) for seed in (3, 3, 4))
    assert first.losses == second.losses and first.curve == second.curve
    assert first.losses != other.losses
    torch.manual_seed(5)
    assert run(seed=3).losses == first.losses
    drawn = run(seed=None)
    assert run(seed=drawn.seed).losses == drawn.losses
    torch.set_rng_state(state)
    run()
    assert not torch.equal(torch.get_rng_state(), state)  # system_of seeds it
    system = system_of()
    state = torch.get_rng_state()
    run(system=system)
    assert torch.equal(torch.get_rng_state(), state)


def test_looking_does_not_change_what_is_learned():
    often, seldom, never = (
        run(score_every=1),
        run(score_every=12),
        train(system_of(), DIGITS, n_steps=12, batch_size=8, seed=1, device="cpu"),
    )
    assert often.losses == seldom.losses == never.losses
    assert often.curve[-1] == seldom.curve[-1]
    assert len(often.curve) == 12 and len(seldom.curve) == 1 and never.curve == []


def test_scores_come_at_the_end_too_and_a_tenth_is_the_default(tmp_path):
    assert [row["step"] for row in run(n_steps=10, score_every=4).curve] == [4, 8, 10]
    assert [row["step"] for row in run(n_steps=30, score_every=None).curve] == list(range(3, 31, 3))


def test_images_make_a_grid_and_conditions_reach_the_pictures(tmp_path):
    from PIL import Image

    torch.manual_seed(0)
    train(system_of(), DIGITS, n_steps=2, batch_size=8, seed=1, device="cpu", out=tmp_path)
    with Image.open(tmp_path / "samples.png") as image:
        assert image.size == (6 * (8 * 9 + 1), 6 * (8 * 9 + 1))  # 64 images of 8 pixels, enlarged 6 times
    assert not (tmp_path / "scores.png").exists()  # there was no scorer


# Resumption


@pytest.mark.parametrize("n_before", [1, 4, 7, 11])
def test_a_stopped_run_resumes_to_the_same_bits(n_before, tmp_path):
    run(tmp_path / "whole")
    stopped = run(tmp_path / "parts", should_stop=stop_after(n_before))
    assert not stopped.finished and stopped.n_steps == n_before
    assert not (tmp_path / "parts" / "result.json").exists()
    assert (tmp_path / "parts" / "losses.png").exists()
    # Neither the system's initial weights nor the seed given matter now.
    resumed = run(tmp_path / "parts", system=system_of(seed=99), seed=77, resume=True)
    assert (
        resumed.finished
        and resumed.seed == 1
        and [row["step"] for row in resumed.losses] == list(range(n_before + 1, 13))
    )
    same_run(tmp_path / "whole", tmp_path / "parts")
    assert resumed.wall_seconds > stopped.wall_seconds


def test_a_run_may_be_stopped_again_and_again(tmp_path):
    run(tmp_path / "whole")
    result = run(tmp_path / "parts", should_stop=stop_after(2))
    n = 1
    while not result.finished:
        result = run(tmp_path / "parts", system=system_of(seed=n), resume=True, should_stop=stop_after(3))
        n += 1
    assert n > 3
    same_run(tmp_path / "whole", tmp_path / "parts")


def test_a_finished_run_goes_on_where_more_steps_are_asked_for(tmp_path):
    run(tmp_path / "whole", n_steps=12)
    run(tmp_path / "longer", n_steps=5)
    with pytest.raises(ValueError, match="has made its 5 steps already: ask for more"):
        run(tmp_path / "longer", n_steps=5, resume=True)
    assert (tmp_path / "longer" / "result.json").exists()
    stopped = run(tmp_path / "longer", n_steps=12, resume=True, should_stop=stop_after(2))
    assert stopped.n_steps == 7
    assert not (tmp_path / "longer" / "result.json").exists()  # it would call an unfinished run complete
    result = run(tmp_path / "longer", n_steps=12, resume=True)
    assert result.n_steps == json.loads((tmp_path / "longer" / "result.json").read_text())["n_steps"] == 12
    weights = [torch.load(tmp_path / name / "generator.pt", weights_only=True) for name in ("whole", "longer")]
    torch.testing.assert_close(*weights, rtol=0, atol=0)
    assert timeless(rows(tmp_path / "whole" / "log.jsonl")) == timeless(rows(tmp_path / "longer" / "log.jsonl"))


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
from test_train import run
run(sys.argv[1], n_steps=400, checkpoint_every=7, score_every=50)
"""


def test_a_killed_run_resumes_to_the_same_bits(tmp_path):
    run(tmp_path / "whole", n_steps=400, score_every=50)
    process = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path / "killed", os.path.dirname(__file__)])
    log = tmp_path / "killed" / "log.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (log.exists() and len(log.read_text().splitlines()) > 20):
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "result.json").exists(), "it ended before it was killed: make the run longer"
    with open(log, "ab") as file:
        file.write(b'{"step": 399, "disc')  # as a kill in the middle of a line leaves it
    assert load_state(tmp_path / "killed" / "checkpoint.pt")["n_steps"] % 7 == 0
    run(tmp_path / "killed", n_steps=400, score_every=50, system=system_of(seed=3), resume=True)
    same_run(tmp_path / "whole", tmp_path / "killed")


def test_other_settings_are_refused_with_the_difference_named(tmp_path):
    run(tmp_path, config={"set": {"lr_G": 0.1}}, should_stop=stop_after(3))
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    with pytest.raises(CheckpointError, match=r"other settings: batch_size is 9 here and 8 there$"):
        run(tmp_path, config={"set": {"lr_G": 0.1}}, batch_size=9, resume=True)
    with pytest.raises(CheckpointError, match=r"set\.lr_G is 0\.2 here and 0\.1 there"):
        run(tmp_path, config={"set": {"lr_G": 0.2}}, resume=True)
    with pytest.raises(CheckpointError, match=r"set\.lr_D is 0\.2 here and None there"):
        run(tmp_path, config={"set": {"lr_G": 0.1, "lr_D": 0.2}}, resume=True)
    wider = gan((1, 8, 8), networks=MLPNetworks(n_latent=4, hidden=(17,)))
    for system in (wider, system_of(ema=None), wgan((1, 8, 8), networks=MLPNetworks())):
        with pytest.raises(CheckpointError, match="other networks"):
            run(tmp_path, system=system, config={"set": {"lr_G": 0.1}}, resume=True)
    assert {file: file.read_bytes() for file in before} == before


def test_an_earlier_run_in_the_folder_is_kept(tmp_path):
    run(tmp_path, n_steps=2)
    with pytest.warns(UserWarning, match=r"moved to .*previous-1"):
        run(tmp_path, n_steps=3, seed=2)
    assert json.loads((tmp_path / "previous-1" / "result.json").read_text())["seed"] == 1
    assert (tmp_path / "previous-1" / "samples" / "step-0000002.png").exists()
    assert json.loads((tmp_path / "result.json").read_text())["seed"] == 2
    assert len(rows(tmp_path / "log.jsonl")) == 3


def test_a_wrong_argument_does_not_move_the_earlier_run(tmp_path):
    run(tmp_path, n_steps=2)
    with pytest.raises(ValueError, match="batch_size"):
        run(tmp_path, batch_size=0)
    assert (tmp_path / "result.json").exists() and not (tmp_path / "previous-1").exists()


def test_nothing_to_resume(tmp_path):
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        run(tmp_path / "nowhere", resume=True)
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(ValueError, match="needs out"):
        run(resume=True)


# Damage


def test_damaged_checkpoints_are_refused_with_their_name(tmp_path):
    run(tmp_path, should_stop=stop_after(3))
    file = tmp_path / "checkpoint.pt"
    data = file.read_bytes()
    other = io.BytesIO()
    torch.save({"no": "checkpoint"}, other)
    damaged = [data[:-100], data[: len(data) // 2], data[:5], b"", other.getvalue(), data + b"\n"]
    # A flipped bit anywhere, in the middle of the weights above all.
    for place in np.random.default_rng(0).integers(len(data), size=40):
        damaged.append(data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :])
    for bad in damaged:
        file.write_bytes(bad)
        with pytest.raises(CheckpointError, match=r"checkpoint\.pt"):
            run(tmp_path, system=system_of(), resume=True)
    file.write_bytes(data)
    assert run(tmp_path, resume=True).finished


class Evil:
    def __reduce__(self):
        return (os.mkdir, ("evil",))


def test_a_checkpoint_cannot_run_code(tmp_path, monkeypatch):
    from evogan.training import save_state

    monkeypatch.chdir(tmp_path)
    save_state(tmp_path / "checkpoint.pt", {"system": Evil()})
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_state(tmp_path / "checkpoint.pt")
    save_state(tmp_path / "checkpoint.pt", {"system": {}})
    with pytest.raises(CheckpointError, match="not the checkpoint of a training run"):
        run(tmp_path, resume=True)
    assert not (tmp_path / "evil").exists()


def test_a_full_disk_surfaces_and_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    run(tmp_path / "whole")
    sync, n_left = os.fsync, [6]  # configuration, two logs, a picture, two checkpoints

    def full(number):
        n_left[0] -= 1
        if n_left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(number)

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path / "full", checkpoint_every=2)
    monkeypatch.undo()
    assert [file.name for file in (tmp_path / "full").rglob("*tmp*")] == []
    assert load_state(tmp_path / "full" / "checkpoint.pt")["n_steps"] == 4  # the third one failed
    assert len(rows(tmp_path / "full" / "log.jsonl")) == 6
    run(tmp_path / "full", system=system_of(seed=5), resume=True)
    same_run(tmp_path / "whole", tmp_path / "full")


def test_a_log_that_cannot_be_written_surfaces_too(tmp_path, monkeypatch):
    from evogan.experiments import _train_folder

    run(tmp_path / "whole")
    monkeypatch.setattr(_train_folder.TrainFolder, "_append", failing(_train_folder.TrainFolder._append, 9))
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path / "full", checkpoint_every=2)
    monkeypatch.undo()
    run(tmp_path / "full", system=system_of(seed=5), resume=True)
    same_run(tmp_path / "whole", tmp_path / "full")


def failing(function, after):
    left = [after]

    def call(*args):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return function(*args)

    return call


def test_a_diverging_run_leaves_its_log_and_its_last_checkpoint(tmp_path):
    class Breaking:
        def __init__(self, system, at):
            self.system, self.at = system, at

        def __getattr__(self, name):
            return getattr(self.system, name)

        def step(self, batches):
            losses = self.system.step(batches)
            return {**losses, "generator": losses["generator"] * (np.nan if self.system.n_steps == self.at else 1)}

    with pytest.raises(TrainingDivergedError, match="the generator loss became nan at step 8"):
        run(tmp_path, system=Breaking(system_of(), 8), checkpoint_every=3)
    assert [row["step"] for row in rows(tmp_path / "log.jsonl")] == list(range(1, 8))
    assert [row["step"] for row in rows(tmp_path / "scores.jsonl")] == [4]
    assert load_state(tmp_path / "checkpoint.pt")["n_steps"] == 6
    assert not (tmp_path / "result.json").exists()
    assert run(tmp_path, resume=True).finished


# Wrong input


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"n_steps": 0}, ValueError, "n_steps"),
        ({"n_steps": 1.5}, TypeError, "n_steps"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"score_every": 0}, ValueError, "score_every"),
        ({"checkpoint_every": 0}, ValueError, "checkpoint_every"),
        ({"seed": -1}, ValueError, "seed"),
        ({"device": "gpu"}, ValueError, "device"),
        ({"out": ""}, ValueError, "out must name a folder"),
        ({"system": system_of(shape=(2,))}, ValueError, r"system's shape \(2,\), digits has \(1, 8, 8\)"),
        ({"system": system_of(shape=(3, 8, 8))}, ValueError, r"shape \(3, 8, 8\), digits has"),
    ],
)
def test_wrong_arguments_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        run(**changes)


def test_a_conditional_system_needs_its_classes():
    class Labelled:
        shape, n_classes = (1, 8, 8), 11

    with pytest.raises(ValueError, match="needs labels of 11 classes, digits has 10"):
        run(system=Labelled())


def test_two_processes_cannot_write_to_one_folder(tmp_path):
    with only_writer(tmp_path), pytest.raises(ValueError, match="another process is writing"):
        run(tmp_path)
    assert run(tmp_path).finished


def test_a_folder_that_is_a_file_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        run(tmp_path / "file")


def test_a_configuration_that_is_not_ours_is_left_alone(tmp_path):
    (tmp_path / "config.json").write_text('{"mine": 1}')
    with pytest.raises(ValueError, match="not evogan's"):
        run(tmp_path)
    assert (tmp_path / "config.json").read_text() == '{"mine": 1}'


# Progress


def test_progress_tells_losses_scores_and_the_time_left():
    shown = io.StringIO()
    run(progress=TrainProgress("gan digits", stream=shown, every=0.0))
    lines = shown.getvalue().splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("gan digits    8%  step 1/12  discriminator ") and lines[0].endswith(" left")
    assert "sliced_wasserstein" not in lines[2] and "sliced_wasserstein 0" not in lines[0]
    assert "  sliced_wasserstein " in lines[3]
    assert lines[-1].startswith("gan digits  100%  step 12/12  ") and "done in" in lines[-1]
    quiet = io.StringIO()
    run(progress=TrainProgress("gan digits", stream=quiet, every=1000.0))
    assert len(quiet.getvalue().splitlines()) == 1  # the last line is never left out
