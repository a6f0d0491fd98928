"""``evogan train egan`` and its family: what users type, right and wrong."""

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

import evogan.plotting
from evogan.cli import main
from evogan.cli._settings import parse_settings
from evogan.cli.evolution_names import MUTATIONS
from evogan.cli.gan_names import make_system
from evogan.cli.system_table import systems
from evogan.datasets import digits, ring
from evogan.experiments import TrainProgress
from evogan.losses import Hinge, NonSaturating, Wasserstein
from evogan.neuroevolution import (
    UCB1,
    AllMutations,
    HeuristicMutation,
    LeastSquaresMutation,
    MinimaxMutation,
    ParetoSelection,
    RandomMutations,
    RandomSelection,
    Tournament,
    Truncation,
    WorstSelection,
)

FAST = ["--steps", 6, "--batch-size", 8, "--n-samples", 100, "--score-every", 6, "--seed", 1, "--device", "cpu"]
SMALL = ["--set", "networks.hidden=[16]"]
FAMILY = [name for name, entry in systems().items() if entry.family == "evolution"]


def evogan_(*arguments):
    return main([str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def light_curves(monkeypatch):
    """Leave drawing, which takes longer than these runs, to the tests that are about it."""
    for name in ("plot_training", "plot_scores", "plot_evolution"):
        monkeypatch.setattr(evogan.plotting, name, lambda rows: None)
    monkeypatch.setattr(evogan.plotting, "save_figure", lambda figure, path: path.write_bytes(b"drawn"))
    monkeypatch.setattr(evogan.plotting, "save_samples", lambda samples, path, data: path.write_bytes(b"drawn"))


def points():
    return ring(50, rng=np.random.default_rng(0))


def made(settings, name="egan"):
    torch.manual_seed(0)
    return make_system(name, points(), {"networks": "mlp", "networks.hidden": [8], **settings})


def rows(folder, name="generations.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def timeless(folder):
    return [re.sub(r', "seconds": .*', "", line) for line in (folder / "log.jsonl").read_text().splitlines()]


def tensors_in(state):
    if isinstance(state, torch.Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else []
    return [tensor for part in parts for tensor in tensors_in(part)]


def same_run(a, b):
    assert (a / "generations.jsonl").read_bytes() == (b / "generations.jsonl").read_bytes()
    assert timeless(a) == timeless(b)
    for file in ("generator.pt", "checkpoint.pt"):
        states = [tensors_in(torch.load(folder / file, weights_only=False)) for folder in (a, b)]
        assert len(states[0]) == len(states[1]) and all(map(torch.equal, *states))
    counters = [json.loads((folder / "result.json").read_text())["counters"] for folder in (a, b)]
    assert counters[0] == counters[1]


# Runs


def test_the_family_is_listed_with_its_papers(capsys):
    assert {
        "egan",
        "ie-gan",
        "mo-egan",
        "smo-egan",
        "annealing-gan",
        "cde-gan",
        "lipizzaner",
        "mustangs",
        "mixture-egan",
    } == {*FAMILY}
    assert evogan_("list", "gans") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "egan evolution" in shown
    for words in ("C. Wang, C. Xu, X. Yao", "CDE-GAN: cooperative dual", "Lipizzaner: a system", "BMVC 2020"):
        assert words in shown


@pytest.mark.parametrize("name", FAMILY)
def test_every_evolving_system_trains_from_the_command_line(name, tmp_path, capsys):
    epoch = ["--set", "exchange_every=2"] if name in ("lipizzaner", "mustangs") else []
    every = ["--set", "every=1"] if name == "mixture-egan" else []
    run = ["train", name, "--data", "ring8", *FAST, *SMALL, *epoch, *every]
    assert evogan_(*run, "--out", tmp_path / "whole") == 0
    captured = capsys.readouterr()
    assert re.match(rf"{name} ring8  100%  step 6/6  discriminator \S+  generator \S+  fitness \S+  ", captured.err)
    assert "by_" not in captured.out + captured.err
    assert re.search(r"\n  survivors made by       \w+ \d+%", captured.out)
    record = json.loads((tmp_path / "whole" / "result.json").read_text())
    assert re.search(rf"\n  discriminator steps     {record['counters']['n_d_steps']}\n", captured.out)
    assert re.search(rf"\n  generator steps         {record['counters']['n_g_steps']}\n", captured.out)
    assert all(record["counters"][key] >= 6 for key in ("n_d_steps", "n_g_steps", "n_evaluations"))
    steps = [2, 4, 6] if epoch else list(range(1, 7))
    assert [row["step"] for row in rows(tmp_path / "whole")] == steps
    assert (tmp_path / "whole" / "evolution.png").exists()

    assert evogan_(*run, "--steps", 3, "--out", tmp_path / "parts", "--quiet") == 0
    assert evogan_("train", "--resume", tmp_path / "parts", "--steps", 6, "--quiet") == 0
    same_run(tmp_path / "whole", tmp_path / "parts")


def test_the_end_tells_who_made_the_survivors_and_what_it_cost(tmp_path, capsys):
    run = ["train", "egan", "--data", "digits", *FAST, *SMALL, "--set", "mu=2", "--set", "mutations=heuristic,hinge"]
    assert evogan_(*run, "--out", tmp_path) == 0
    shown = capsys.readouterr().out
    made_by = {
        number: name for row in rows(tmp_path) for number, name in zip(row["number"], row["mutation"], strict=True)
    }
    survivors = [made_by[number] for row in rows(tmp_path) for number in row["survivors"]]
    assert len(survivors) == 12
    share = survivors.count("heuristic") / 12
    told = dict(part.split() for part in re.search(r"survivors made by +(.*)", shown)[1].split(", "))
    assert told.get("heuristic", "0%") == f"{share:.0%}" and told.get("hinge", "0%") == f"{1 - share:.0%}"
    assert re.search(r"\n  discriminator steps +6\n  generator steps +24\n  evaluations +24\n", shown)
    assert "diverged" not in shown
    # A resumed run tells of the whole.
    part = tmp_path / "part"
    assert evogan_(*run, "--steps", 3, "--out", part, "--quiet") == 0
    assert evogan_("train", "--resume", part, "--steps", 6) == 0
    again = capsys.readouterr().out
    for words in ("survivors made by", "generator steps"):
        assert re.search(f"{words}.*", again)[0] == re.search(f"{words}.*", shown)[0]


def test_a_plain_system_tells_its_cost_in_the_same_words(capsys):
    assert evogan_("train", "gan", "--data", "ring8", *FAST, *SMALL, "--set", "n_critic=2") == 0
    shown = capsys.readouterr().out
    assert re.search(r"\n  discriminator steps +12\n  generator steps +6\n  seconds", shown)
    assert "survivors" not in shown


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"step": 1, "discriminator": 1.0, "generator": 2.0, "k": 0.5}, "discriminator 1  generator 2  k 0.5  "),
        (
            {"step": 1, "discriminator": 1, "generator": 2, "fitness": 3, "quality": 4, "by_hinge": 1},
            "discriminator 1  generator 2  fitness 3  ",
        ),
        ({"step": 1, "generator": 2, "fitness": 3, "mixture_score": 4}, "generator 2  fitness 3  mixture_score 4  "),
    ],
)
def test_progress_has_room_for_an_evolution(row, text, capsys):
    TrainProgress("egan ring8", every=0.0).update(row, {}, 2)
    assert f"step 1/2  {text}" in capsys.readouterr().err


def test_an_interrupted_evolution_stops_cleanly_and_resumes_to_the_same_bits(tmp_path):
    settings = ["--set", "mu=2", "--set", "policy=ucb1", "--set", "plus=true", "--set", "gamma=.1"]
    run = [
        "train",
        "egan",
        "--data",
        "ring8",
        *FAST,
        *SMALL,
        *settings,
        "--quiet",
        "--steps",
        200,
        "--score-every",
        200,
    ]
    arguments = [sys.executable, "-m", "evogan", *map(str, run), "--out", str(tmp_path / "parts")]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    records = tmp_path / "parts" / "generations.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (records.exists() and len(records.read_text().splitlines()) > 20):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    n_done = len(rows(tmp_path / "parts"))
    assert 20 < n_done < 200, "it ended before it was stopped: make the run longer"
    assert f"stopped after {n_done} steps; continue with: evogan train --resume {tmp_path / 'parts'}" in errors
    assert not (tmp_path / "parts" / "result.json").exists()
    assert evogan_("train", "--resume", tmp_path / "parts", "--quiet") == 0
    assert [row["step"] for row in rows(tmp_path / "parts")] == list(range(1, 201))
    assert evogan_(*run, "--out", tmp_path / "whole") == 0
    same_run(tmp_path / "whole", tmp_path / "parts")


def test_other_settings_are_named_in_the_refusal(tmp_path, capsys):
    run = ["train", "egan", "--data", "ring8", *FAST, *SMALL, "--set", "mu=2", "--quiet", "--out", tmp_path]
    assert evogan_(*run) == 0
    file = tmp_path / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, "set": {**config["set"], "mu": 4, "selection": "worst"}}))
    assert evogan_("train", "--resume", tmp_path, "--steps", 8) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "other settings: set.mu is 4 here and 2 there, set.selection is 'worst' here and None there" in line


# Settings


def test_names_become_parts_of_the_evolution():
    assert [type(made({"policy": name}).policy) for name in ("all", "random", "ucb1")] == [
        AllMutations,
        RandomMutations,
        UCB1,
    ]
    names = ("truncation", "tournament", "pareto", "random", "worst")
    kinds = [Truncation, Tournament, ParetoSelection, RandomSelection, WorstSelection]
    assert [type(made({"selection": name}).selection) for name in names] == kinds
    system = made({"mu": 2, "gamma": 0.1, "plus": True, "n_eval": 32, "n_critic": 3, "lr_G": 0.5})
    assert (system.mu, system.fitness.gamma, system.plus, system.n_eval) == (2, 0.1, True, 32)
    assert (system.system.n_critic, system.bench.rates) == (3, [0.5])
    assert made({"grid": [1, 3], "exchange_every": 7}, "lipizzaner").grid == (1, 3)
    assert len(made({"n_discriminators": 3, "softness": 0.5}, "cde-gan").discriminators) == 3


def test_mutations_are_named_as_in_the_logs():
    assert made({}).mutations == {
        "minimax": MinimaxMutation(),
        "heuristic": HeuristicMutation(),
        "least_squares": LeastSquaresMutation(),
    }
    one_by_one = ["minimax", "heuristic", "least-squares"]
    for given in (one_by_one, ",".join(one_by_one), "minimax, heuristic,least_squares"):
        assert made({"mutations": given}).mutations == made({}).mutations
    others = made({"mutations": ["hinge", "wasserstein", "non-saturating", "least-squares-logit"]}).mutations
    assert others == {
        "hinge": Hinge(),
        "wasserstein": Wasserstein(),
        "non_saturating": NonSaturating(),
        "least_squares_logit": LeastSquaresMutation(on_logits=True),
    }
    assert list(made({"mutations": "hinge,hinge,minimax"}).mutations) == ["hinge", "hinge_1", "minimax"]
    assert list(made({"mutations": "heuristic"}).mutations) == ["heuristic"]
    for name in MUTATIONS:
        assert list(made({"mutations": [name]}).mutations) == [name.replace("-", "_")]


def test_naming_the_default_mutations_changes_no_bit(tmp_path):
    run = ["train", "egan", "--data", "ring8", *FAST, *SMALL, "--quiet", "--out"]
    assert evogan_(*run, tmp_path / "a") == 0
    assert evogan_(*run, tmp_path / "b", "--set", 'mutations=["minimax", "heuristic", "least-squares"]') == 0
    same_run(tmp_path / "a", tmp_path / "b")
    assert evogan_(*run, tmp_path / "c", "--set", 'mutations=["hinge","wasserstein"]') == 0
    assert {name for row in rows(tmp_path / "c") for name in row["mutation"]} == {"hinge", "wasserstein"}
    assert "by_wasserstein" in rows(tmp_path / "c", "log.jsonl")[0]


def test_numbers_may_begin_or_end_with_a_point():
    given = ["a=.1", "b=-.5", "c=2.", "d=+.5e-3", "e=1.e2", "f=.", "g=.5.", "h=v1.", "i=0.1"]
    assert parse_settings(given) == {
        "a": 0.1,
        "b": -0.5,
        "c": 2.0,
        "d": 0.0005,
        "e": 100.0,
        "f": ".",
        "g": ".5.",
        "h": "v1.",
        "i": 0.1,
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["egan", "--set", "mu=0"], ["mu must be at least 1, got 0"]),
        (["egan", "--set", "mu=1.5"], ["mu must be an integer, got 1.5"]),
        (["egan", "--set", "gamma=nan"], ["gamma must lie in [0, inf], got nan"]),
        (["egan", "--set", "gamma=-1"], ["gamma must lie in [0, inf], got -1"]),
        (["egan", "--set", "n_eval=1"], ["n_eval must be at least 2"]),
        (["egan", "--set", "plus=maybe"], ["plus must be True or False, got 'maybe'"]),
        (["egan", "--set", "mutations=[]"], ["mutations must hold at least one adversarial loss", "got none"]),
        (["egan", "--set", 'mutations=["hinge", "hing"]'], ["among minimax, heuristic, least-squares", "got 'hing'"]),
        (["egan", "--set", "mutations=hinge,,minimax"], ["mutations must be among", "got ''"]),
        (["egan", "--set", "mutations=3"], ["mutations must be among", "got 3"]),
        (["egan", "--set", "mutations=[[1]]"], ["mutations must be among", "got [1]"]),
        (["egan", "--set", "policy=ucb"], ["policy must be among all, random, ucb1, got 'ucb'"]),
        (["egan", "--set", "selection=best"], ["among truncation, tournament, pareto, random, worst, got 'best'"]),
        (["egan", "--set", "selection=1"], ["selection must be among truncation", "got 1"]),
        (["egan", "--set", "mu=3", "--batch-size", 64], ["batch size must be a multiple of mu=3", "got 64"]),
        (["egan", "--set", "sigma=1"], ["system egan takes no 'sigma'", "mutations, policy, gamma, selection"]),
        (["mo-egan", "--set", "policy=all"], ["system mo-egan takes no 'policy'"]),
        (["e-gan"], ["unknown system 'e-gan'", "egan"]),
        (["lipizzaner", "--set", "grid=0"], ["grid must be", "got 0"]),
        (["lipizzaner", "--set", "grid=[0, 2]"], ["grid", "at least 1, got 0"]),
        (["mustangs", "--set", "grid=[2]"], ["grid must be"]),
        (["lipizzaner", "--set", "exchange_every=0"], ["exchange_every must be at least 1"]),
        (["lipizzaner", "--set", "ema=0.9"], ["without a moving average"]),
        (["cde-gan", "--set", "n_discriminators=0"], ["n_discriminators must be at least 1"]),
        (["annealing-gan", "--set", "temperature=0"], ["temperature must lie in (0, inf], got 0"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, *settings = arguments
    assert evogan_("train", name, "--data", "ring8", "--steps", 2, "--device", "cpu", *settings) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("evogan train: ")
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


def test_a_plain_system_does_not_wait_for_what_only_an_evolution_needs():
    program = """
import sys
from evogan.cli._train import make_system
from evogan.datasets import digits
make_system("gan", digits(), {"lr_G": 0.1})
print([name for name in ("evogan.algorithms", "evogan.neuroevolution") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert make_system("egan", digits(), {}).mu == 1
