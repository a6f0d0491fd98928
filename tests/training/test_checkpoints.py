"""Checkpoints are whole or not there, and say what is wrong with them."""

import os
import threading

import numpy as np
import pytest

from evogan.exceptions import CheckpointError, CheckpointUnsupportedError
from evogan.training import load_checkpoint, save_checkpoint
from evogan.training._checkpoint import MAGIC

STATE = {"n_gen": 7, "X": np.arange(12.0).reshape(3, 4), "rng": np.random.default_rng(3), "f": lambda x: x + 1}


@pytest.fixture
def path(tmp_path):
    save_checkpoint(tmp_path / "run.ckpt", STATE)
    return tmp_path / "run.ckpt"


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_state_comes_back_as_it_was(tmp_path, kind):
    path = kind(tmp_path / "run.ckpt")
    save_checkpoint(path, STATE)
    state = load_checkpoint(path)
    assert state.keys() == STATE.keys()
    assert state["n_gen"] == 7
    np.testing.assert_array_equal(state["X"], STATE["X"])
    assert state["rng"].bit_generator.state == STATE["rng"].bit_generator.state
    assert state["f"](1) == 2
    assert names(tmp_path) == ["run.ckpt"]


def test_a_second_save_replaces_the_first(path):
    save_checkpoint(path, 8)
    assert load_checkpoint(path) == 8
    assert names(path.parent) == ["run.ckpt"]


@pytest.mark.parametrize("kept", [0, 1, len(MAGIC), len(MAGIC) + 10, len(MAGIC) + 32, 0.5, -1])
def test_truncated_files_are_refused(path, kept):
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    with pytest.raises(CheckpointError, match=r"run\.ckpt is (not an evogan checkpoint|truncated or damaged)"):
        load_checkpoint(path)


def test_one_flipped_bit_anywhere_is_seen(path):
    data = path.read_bytes()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            message = f"accepted: {load_checkpoint(path)}"
        except CheckpointError as error:
            message = str(error)
        assert message.startswith(str(path)), f"seed {seed}: {message}"


def test_an_appended_byte_is_seen(path):
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(CheckpointError, match=r"run\.ckpt is truncated or damaged"):
        load_checkpoint(path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 a zip archive", b"evogan checkpoint 2\n" + bytes(64)])
def test_files_of_others_are_refused(tmp_path, data):
    path = tmp_path / "other.bin"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"other\.bin is not an evogan checkpoint of this version"):
        load_checkpoint(path)


def test_a_checkpoint_whose_classes_are_gone_is_refused(tmp_path, monkeypatch):
    import cloudpickle

    path = tmp_path / "old.ckpt"
    save_checkpoint(path, 1)

    def gone(payload):
        raise AttributeError("Can't get attribute 'GAN2'")

    monkeypatch.setattr(cloudpickle, "loads", gone)
    with pytest.raises(CheckpointError, match=r"old\.ckpt cannot be read by this version of evogan: .*GAN2"):
        load_checkpoint(path)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "nothing.ckpt")


@pytest.mark.parametrize(("thing", "kind"), [(threading.Lock(), "lock"), ((x for x in [1]), "generator")])
def test_what_cannot_be_pickled_is_named_and_leaves_no_file(tmp_path, thing, kind):
    with pytest.raises(CheckpointUnsupportedError, match=f"this state cannot be stored in a checkpoint: .*{kind}"):
        save_checkpoint(tmp_path / "run.ckpt", {"model": [thing]})
    assert names(tmp_path) == []


def test_what_cannot_be_pickled_leaves_the_old_file(path):
    with pytest.raises(CheckpointUnsupportedError):
        save_checkpoint(path, threading.Lock())
    assert load_checkpoint(path)["n_gen"] == 7


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(path, monkeypatch, function, error):
    def interrupt(*args):
        raise error

    monkeypatch.setattr(os, function, interrupt)
    with pytest.raises(type(error)):
        save_checkpoint(path, {"n_gen": 8})
    assert load_checkpoint(path)["n_gen"] == 7
    assert names(path.parent) == ["run.ckpt"]


def test_data_reach_the_disk_before_the_file_gets_its_name(path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda *args: (calls.append("fsync"), fsync(*args)))
    monkeypatch.setattr(os, "replace", lambda *args: (calls.append("replace"), replace(*args)))
    save_checkpoint(path, {"n_gen": 8})
    assert calls == ["fsync", "replace"]
    assert load_checkpoint(path) == {"n_gen": 8}


def test_errors_are_built_in_kinds_too():
    assert issubclass(CheckpointError, ValueError)
    assert issubclass(CheckpointUnsupportedError, TypeError)
