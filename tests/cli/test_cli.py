"""The command line: what users type, right and wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from evogan.cli import main
from evogan.cli._settings import parse_settings
from evogan.cli.algorithm_names import algorithms, make_algorithm, reference_directions
from evogan.cli.problem_names import make_problem, problem_names

FAST = ["--set", "model.n_steps=5", "--pop-size", "20", "--n-var", "5", "--seed", "1", "--quiet"]


def load(file):
    """Read the arrays and close the file."""
    with np.load(file) as arrays:
        return dict(arrays)


def evogan(*arguments):
    return main([str(argument) for argument in arguments])


def test_help_is_fast_and_names_every_command():
    start = time.perf_counter()
    shown = subprocess.run(
        [sys.executable, "-m", "evogan", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert time.perf_counter() - start < 5  # the promise is half a second; a loaded machine gets ten times that
    assert all(word in shown for word in ("run", "list", "doctor"))


def test_list_and_doctor(capsys):
    assert evogan("list") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("gmoea-paper", "nsga3", "imf10", "uf10", "lz09-f9", "lsmop9", "welded_beam"))
    assert evogan("doctor") == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("torch", "CUDA devices", "pymoo compiled", "threads"))


def test_what_is_said_of_a_name_stands_apart_from_it(capsys):
    assert evogan("list", "algorithms") == 0
    lines = capsys.readouterr().out.splitlines()
    for name, entry in algorithms().items():
        assert any(re.fullmatch(rf"  {name} {{2,}}{re.escape(entry.about)}", line) for line in lines)


def test_a_run_prints_a_table_and_writes_a_folder(tmp_path, capsys):
    assert evogan("run", "gmoea", "imf1", *FAST[:-1], "--n-evals", 130, "--out", tmp_path) == 0
    captured = capsys.readouterr()
    assert "igd" in captured.out and "evaluations             130" in captured.out
    assert "130/130 evaluations" in captured.err
    record = json.loads((tmp_path / "result.json").read_text())
    assert record["config"]["set"] == {"model.n_steps": 5}
    infill = record["config"]["resolved"]["algorithm"]["mating"]["infills"][0]
    assert infill["model"]["n_steps"] == 5
    assert infill["refit_every"] >= 1


@pytest.mark.parametrize("name", sorted(algorithms()))
def test_every_listed_algorithm_runs_and_repeats(name, tmp_path):
    entry = algorithms()[name]
    arguments = ["--pop-size", 20, "--n-evals", 100, "--seed", 5, "--quiet"]
    if name in ("gmoea", "gmoea-paper", "gmoea-code", "nsga2-gan"):
        arguments += ["--set", "model.n_steps=5"]
    problem = "sphere" if entry.n_obj == "one" else "kursawe" if name == "moead" else "bnh"
    F = []
    for folder in ("a", "b"):
        assert evogan("run", name, problem, *arguments, "--out", tmp_path / folder) == 0
        F.append(load(tmp_path / folder / "result.npz")["F"])
        assert json.loads((tmp_path / folder / "result.json").read_text())["n_evals"] <= 100
    assert len(F[0]) and np.array_equal(F[0], F[1])


def test_every_listed_problem_can_be_made_and_evaluated():
    for name in problem_names():
        problem = make_problem(name, None, None, {})
        F = problem.evaluate((np.asarray(problem.xl) + problem.xu)[None] / 2, return_as_dictionary=True)["F"]
        assert F.shape == (1, problem.n_obj), name


def test_sizes_reach_the_problem():
    assert make_problem("imf1", 12, None, {}).n_var == 12
    assert make_problem("uf9", 12, 3, {}).n_var == 12
    assert make_problem("lz09-f6", None, None, {}).name() == "LZ09F6"
    assert make_problem("rotated-lz09-f2", 12, None, {}).name() == "rotated-LZ09F2"
    for sizes, n_var in (((None, None), 200), ((1000, None), 1000), ((None, 3), 300)):
        assert make_problem("lsmop1", *sizes, {}).n_var == n_var
    assert make_problem("lsmop6", None, 3, {"n_k": 2}).sizes == [30, 76, 42]
    assert make_problem("dtlz2", 9, 4, {}).n_obj == 4
    assert make_problem("dtlz2", None, None, {}).n_var == 12
    assert make_problem("wfg4", None, 2, {}).n_var == 12
    assert make_problem("wfg4", None, None, {}).n_var == 12
    assert make_problem("shifted-imf4", 30, None, {}).name() == "shifted-IMF4"
    assert make_problem("rotated-zdt1", None, None, {}).n_var == 30
    assert make_problem("welded_beam", 4, 2, {}).n_var == 4


@pytest.mark.parametrize("number", range(1, 10))
def test_wfg_can_be_made_for_any_number_of_objectives(number):
    for n_obj in range(2, 11):
        problem = make_problem(f"wfg{number}", None, n_obj, {})
        assert problem.n_obj == n_obj
        assert np.isfinite(problem.evaluate(problem.xu * np.random.default_rng(0).random((3, problem.n_var)))).all()


def test_settings_are_read_as_toml():
    given = ["a=1", "b=0.5", "c=True", "d=[1, 2]", "e=hinge", "f='x y'", "model.lr-generator=1e-3"]
    read = parse_settings(given)
    assert read == {"a": 1, "b": 0.5, "c": True, "d": [1, 2], "e": "hinge", "f": "x y", "model.lr_generator": 1e-3}


def test_settings_reach_model_and_algorithm():
    settings = {"refit_every": 7, "model.loss": "hinge", "model.weights": [1, 0.2, 0.8], "model.n_steps": 3}
    algorithm = make_algorithm("gmoea-code", 40, 2, settings, "cpu")
    assert type(algorithm.model.loss).__name__ == "Hinge"
    assert (algorithm.model.n_steps, algorithm.model.weights.poor, algorithm.model.device) == (3, 0.2, "cpu")
    assert algorithm.mating.infills[0].refit_every == 7
    assert algorithm.model.batch_size == 8, "what was not changed stays the preset's"


@pytest.mark.parametrize(("n_obj", "n_max", "expected"), [(2, 100, 100), (3, 105, 105), (3, 100, 91), (5, 100, 70)])
def test_reference_directions_fill_the_population(n_obj, n_max, expected):
    assert len(reference_directions(n_obj, n_max)) == expected


WRONG = {
    "unknown problem": (["gmoea", "imf11"], "did you mean"),
    "unknown algorithm": (["gmoeaa", "imf1"], "did you mean gmoea"),
    "no problem": (["gmoea"], "PROBLEM"),
    "budget below the population": (["gmoea", "imf1", "--n-evals", "99"], "population size 100"),
    "population of one": (["gmoea", "imf1", "--pop-size", "1"], "pop_size"),
    "population of one, pymoo": (["nsga2", "imf1", "--pop-size", "1"], "pop_size"),
    "negative seed": (["nsga2", "imf1", "--seed", "-1"], "seed"),
    "fixed size": (["gmoea", "welded_beam", "--n-var", "9"], "n_var = 4"),
    "too few variables": (["gmoea", "imf1", "--n-var", "1"], "n_var"),
    "too few variables for groups": (["nsga2", "lsmop1", "--n-var", "18"], "n_var must be at least 19"),
    "objectives that a problem has not": (["nsga2", "uf1", "--n-obj", "3"], "n_obj = 2"),
    "unknown setting": (["gmoea", "imf1", "--set", "refit_evry=3"], "refit_evry"),
    "unknown setting of pymoo's": (["nsga2", "imf1", "--set", "popsize=3"], "popsize"),
    "unknown model setting": (["gmoea", "imf1", "--set", "model.lr=3"], "lr_generator"),
    "model setting without a model": (["nsga2", "imf1", "--set", "model.n_steps=3"], "no model"),
    "unknown problem setting": (["nsga2", "zdt1", "--set", "problem.k=3"], "k"),
    "bad loss": (["gmoea", "imf1", "--set", "model.loss=nice"], "hinge"),
    "no equals sign": (["gmoea", "imf1", "--set", "refit_every"], "KEY=VALUE"),
    "wrong type": (["gmoea", "imf1", "--set", "refit_every=often"], "refit_every"),
    "unknown device": (["gmoea", "imf1", "--device", "tpu"], "device"),
    "constraints that pymoo's MOEA/D cannot take": (["moead", "bnh"], "constraints"),
    "one objective wanted": (["ga", "imf1"], "one objective"),
    "a word for a boolean": (["gmoea", "imf1", "--set", "model.warm_start=no"], "warm_start must be True or False"),
    "steps for an untrained model": (["gmoea-untrained", "imf1", "--set", "model.n_steps=3"], "never trained"),
    "a word for an object": (["gmoea", "imf1", "--set", "mutation=pm"], "mutation must be an object"),
    "a number for weights": (["gmoea", "imf1", "--set", "model.weights=1"], "weights"),
    "a number for betas": (["gmoea", "imf1", "--set", "model.betas=0.9"], "betas"),
    "a fraction of one": (["gmoea", "imf1", "--set", "n_real=1.0"], "n_real"),
    "several objectives wanted": (["rvea", "sphere"], "several objectives"),
    "a size too small for the problem": (["nsga2", "zdt1", "--n-var", "1"], "n_var"),
    "no variables": (["nsga2", "zdt1", "--n-var", "0"], "n_var must be at least 1"),
    "no objectives": (["nsga2", "dtlz2", "--n-obj", "0"], "n_obj must be at least 1"),
    "a size given twice": (["nsga2", "zdt1", "--n-var", "5", "--set", "problem.n_var=7"], "given twice"),
    "an empty folder name": (["nsga2", "imf1", "--out", ""], "empty name"),
    "resume with a device": (["--resume", "x", "--device", "cpu"], "device"),
    "resume with arguments": (["gmoea", "imf1", "--resume", "x"], "--resume"),
    "resume nothing": (["--resume", "nowhere"], "nowhere"),
    "checkpoints without a folder": (["gmoea", "imf1", "--checkpoint-every", "100"], "out"),
    "checkpoints that cannot be": (["moead", "imf1", "--checkpoint-every", "100", "--out", "o"], "MOEAD"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_clear_line_and_exit_code_2(case, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, message = WRONG[case]
    assert evogan("run", *arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("evogan run: ") and message in lines[0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_cuda_where_there_is_none(capsys):
    assert evogan("run", "gmoea", "imf1", "--device", "cuda") == 2
    assert "no CUDA device" in capsys.readouterr().err


def test_unwritable_folder(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert evogan("run", "nsga2", "imf1", "--n-evals", 100, "--out", tmp_path / "file" / "out") == 2
    assert "file" in capsys.readouterr().err


def test_truncated_checkpoint(capsys, tmp_path):
    (tmp_path / "checkpoint.pkl").write_bytes(b"evogan checkpoint 1\n123")
    assert evogan("run", "--resume", tmp_path) == 2
    assert "truncated" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["run", "gmoea", "imf1", "--bogus"], ["run", "gmoea", "imf1", "--n-evals", "x"], []]
)
def test_argparse_errors_also_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    capsys.readouterr()


def test_interrupt_stops_between_generations_and_resumes(tmp_path):
    """Ctrl-C keeps what was done, says how to go on, and going on ends as if nothing had happened."""
    new = ["run", "gmoea", "imf1", "--n-var", "5", "--pop-size", "20", "--seed", "1", "--set", "model.n_steps=20"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert evogan(*new, "--n-evals", 3000, "--out", whole, "--quiet") == 0
    command = [sys.executable, "-m", "evogan", *new, "--n-evals", "3000", "--out", cut]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (cut / "convergence.csv").exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"evogan run --resume {cut}" in err
    assert evogan("run", "--resume", cut, "--quiet") == 0
    results = [load(folder / "result.npz") for folder in (whole, cut)]
    assert np.array_equal(results[0]["X"], results[1]["X"])


def test_a_stopped_run_that_cannot_be_resumed_keeps_what_it_found(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "evogan", "run", "moead", "imf1", "--n-evals", "1000000", "--out", out]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (out / "convergence.csv").exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" not in err and f"what was found is in {out}" in err
    record = json.loads((out / "result.json").read_text())
    assert record["finished"] is False and record["n_evals"] > 0
    assert evogan("run", "--resume", out, "--quiet") == 2


def test_a_closed_pipe_is_no_error():
    done = subprocess.run(f"{sys.executable} -m evogan list | head -1", shell=True, capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.strip() == "Algorithms"


def test_a_fault_of_the_programs_own_is_one_line_and_exit_code_1(monkeypatch, capsys):
    monkeypatch.setattr("evogan.cli.problem_names.problem_names", lambda: 1 / 0)
    assert evogan("list") == 1
    assert "ZeroDivisionError: division by zero (--traceback shows where)" in capsys.readouterr().err
