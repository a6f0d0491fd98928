"""Several tasks on the command line."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pymoo.algorithms.moo.nsga2 import NSGA2

from evogan import algorithms as library
from evogan._internal.files import to_json
from evogan.cli import main
from evogan.cli._bench import read_campaign
from evogan.cli.multitask_names import ALGORITHMS, make_algorithm_for
from evogan.cli.problem_names import make_problem, multitask_problem_names, suite_defaults
from evogan.experiments import comparison_table, describe, load_results, mss, run_multitask
from evogan.multitask import Apart, MultitaskAlgorithm, MultitaskProblem
from evogan.problems.imf import IMF1, IMF4
from evogan.problems.multitask import SUITES, cec17_mtmo


def evogan(*arguments):
    return main([str(argument) for argument in arguments])


def load(folder):
    with np.load(folder / "result.npz") as arrays:
        return dict(arrays)


def test_a_run_is_what_python_gives_and_prints_every_task(tmp_path, capsys):
    assert evogan("run", "nsga2", "cec17-mtmo-9", "--n-evals", 601, "--seed", 3, "--out", tmp_path) == 0
    captured = capsys.readouterr()
    problem = MultitaskProblem(cec17_mtmo(9), name="cec17-mtmo-9")
    expected = run_multitask(problem, Apart(NSGA2(120)), n_evals=601, seed=3)
    arrays = load(tmp_path)
    for t, task in enumerate(expected, 1):
        assert np.array_equal(arrays[f"X_t{t}"], task.optimum.X)
        assert f"  T{t}: {task.name}, {task.n_evals} evaluations" in captured.out
        assert f"    igd                   {float(task.indicators['igd']):.6g}" in captured.out
    assert "601 in all, 2 tasks apart, population size 120 each" in captured.out
    both = " ".join(f"{float(task.indicators['igd']):.4g}" for task in expected)
    assert f"601/601 evaluations  igd {both}" in captured.err
    config = json.loads((tmp_path / "result.json").read_text())["config"]
    assert (config["algorithm"], config["problem"]) == ("nsga2", "cec17-mtmo-9")
    assert config["resolved"]["algorithm"]["type"] == "Apart"


def test_single_problems_are_joined_by_a_plus(tmp_path, capsys):
    arguments = ["--pop-size", 10, "--n-evals", 64, "--seed", 1, "--n-var", 5]
    assert evogan("run", "mo-mfea", "imf1+shifted-imf4", *arguments, "--out", tmp_path) == 0
    assert "2 tasks together, population size 10 each" in capsys.readouterr().out
    arrays = load(tmp_path)
    assert arrays["X_t1"].shape[1] == arrays["X_t2"].shape[1] == 5 and arrays["F_t2"].shape[1] == 3
    assert json.loads((tmp_path / "result.json").read_text())["config"]["tasks"] == ["IMF1", "shifted-IMF4"]


def test_many_tasks_take_one_line_each(capsys):
    arguments = ["--set", "problem.n_tasks=7", "--n-evals", 70, "--pop-size", 10, "--seed", 1]
    assert evogan("run", "nsga2", "cec19-matmo-1", *arguments) == 0
    captured = capsys.readouterr()
    assert "7 tasks apart" in captured.out and sum(line.startswith("  T") for line in captured.out.splitlines()) == 7
    assert "hv 0 0 0 0 ..." in captured.err


def test_sizes_and_budgets_are_the_suites_own():
    for name, (pop_size, n_evals) in {
        "cec17-mtmo-1": (100, 200_000),
        "cec17-mtmo-9": (120, 240_000),
        "mtmo-instance-2": (100, 25_000),
        "cec17-mtmo-shifted-3": (100, 200_000),
    }.items():
        assert suite_defaults(make_problem(name, None, None, {})) == (pop_size, n_evals)
    assert suite_defaults(make_problem("cec19-matmo-2", None, None, {"n_tasks": 3})) == (100, 150_000)
    assert suite_defaults(make_problem("imf1+imf4", 5, None, {})) is None
    assert suite_defaults(make_problem("imf1", 5, None, {})) is None


@pytest.mark.parametrize("suite", SUITES)
def test_every_problem_of_every_suite_has_its_name(suite):
    for name in multitask_problem_names():
        if name.rpartition("-")[0] == suite:
            problem = make_problem(name, None, None, {})
            assert problem.name() == name and problem.n_tasks == SUITES[suite].n_tasks


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_listed_algorithm_runs_and_repeats(name, tmp_path):
    for folder in ("a", "b"):
        arguments = ["--pop-size", 12, "--n-evals", 101, "--seed", 5, "--n-var", 4, "--quiet"]
        assert evogan("run", name, "imf1+imf2", *arguments, "--out", tmp_path / folder) == 0
    one, other = load(tmp_path / "a"), load(tmp_path / "b")
    assert all(np.array_equal(one[key], other[key]) for key in one) and len(one["F_t1"]) and len(one["F_t2"])
    record = json.loads((tmp_path / "a" / "result.json").read_text())
    assert record["n_evals"] == 101 and record["config"]["algorithm"] == name
    entry = ALGORITHMS[name]
    cls = getattr(library, entry.cls)
    default = json.loads(to_json(describe(getattr(cls, entry.preset)(12) if entry.preset else cls(12))))
    resolved = record["config"]["resolved"]["algorithm"]
    assert resolved["type"] == default["type"]
    assert (resolved == default) == (not entry.fixed or name == "emt-gs")


def model_of(algorithm):
    return algorithm.transfer[0] if isinstance(algorithm.transfer, tuple) else algorithm.transfer


def test_names_hold_the_models_that_they_say():
    problem = make_problem("imf1+imf2", 4, None, {})
    models = {
        name: type(model_of(make_algorithm_for(problem, name, 12, {}, "cpu"))).__name__
        for name in ALGORITHMS
        if name.startswith("emt-gs")
    }
    assert models == {
        "emt-gs": "SourceGAN",
        "emt-gs-paper": "MToPGAN",
        "emt-gs-mtop": "MToPGAN",
        "emt-gs-target": "TransferGAN",
        "emt-gs-cycle": "CycleTransfer",
        "emt-gs-gaussian": "SourceGaussian",
        "emt-gs-moments": "MomentMatching",
        "emt-gs-raw": "RawTransfer",
        "emt-gs-constant": "ConstantTransfer",
        "emt-gs-uniform": "UniformTransfer",
        "emt-gs-untrained": "UntrainedTransfer",
        "emt-gs-none": "NoTransfer",
        "emt-gs-mtop-none": "NoTransfer",
        "emt-gs-mtop-constant": "ConstantTransfer",
    }
    gan, control = (model_of(make_algorithm_for(problem, f"emt-gs{end}", 12, {}, "cpu")) for end in ("", "-gaussian"))
    assert gan.truncation == control.truncation == 0.9


@pytest.mark.parametrize("name", ["emt-gs", "emt-gs-target", "emt-gs-cycle", "emt-gs-untrained"])
def test_the_device_reaches_networks(name):
    problem = make_problem("imf1+imf2", 4, None, {})
    for device in ("cpu", "auto"):
        model = model_of(make_algorithm_for(problem, name, 12, {}, device))
        assert getattr(model, "gan", model).device == device


@pytest.mark.parametrize("file", ["multitask.toml", "multitask_transfer.toml"])
def test_the_campaigns_of_tasks_can_be_read_and_run(file, tmp_path):
    path = Path(__file__).parents[2] / "benchmarks" / "campaigns" / file
    cells = read_campaign(path).cells()
    assert cells and {cell.n_evals for cell in cells} == {50_000}
    for name in {cell.algorithm for cell in cells}:
        make_algorithm_for(make_problem("imf1+imf2", 4, None, {}), name, 12, {}, "cpu")
    quick = tmp_path / file
    quick.write_text(path.read_text().replace("n_evals = 1000\n", "n_evals = 300\npop_size = 20\n"))
    assert evogan("bench", quick, "--quick", "--out", tmp_path / "out", "--quiet") == 0
    results = load_results(tmp_path / "out")
    assert not results.failures and set(results.algorithms) == {
        "emt-gs",
        *(["nsga2"] if file == "multitask.toml" else ["emt-gs-none"]),
    }


@pytest.mark.parametrize("name", ["gmoea-classic", "nsga2", "nsga3", "spea2", "sms-emoa", "gde3"])
def test_algorithms_for_one_problem_run_on_each_task_apart(name):
    problem = make_problem("imf1+imf2", 4, None, {})
    algorithm = make_algorithm_for(problem, name, 12, {}, "cpu")
    assert isinstance(algorithm, Apart) and isinstance(algorithm, MultitaskAlgorithm)
    result = run_multitask(problem, algorithm, n_evals=101, seed=1)
    assert result.n_evals == 101 and all(len(task.optimum.F) for task in result)


def test_settings_reach_algorithm_and_suite(tmp_path):
    arguments = ["--pop-size", 10, "--n-evals", 40, "--seed", 1, "--quiet", "--out", tmp_path]
    chosen = ["--set", "rmp=0.75", "--set", "problem.own=true", "--set", "problem.seed=4"]
    assert evogan("run", "mo-mfea", "cec17-mtmo-shifted-2", *arguments, *chosen) == 0
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["resolved"]["algorithm"]["rmp"] == 0.75
    assert config["set"] == {"rmp": 0.75, "problem.own": True, "problem.seed": 4}
    apart = make_algorithm_for(make_problem("imf1+imf4", 5, None, {}), "gmoea-classic", 20, {"pressure": 3}, "cpu")
    assert apart.algorithm.mating.infills[1].selection.pressure == 3


def test_list_shows_them_in_groups_of_their_own(capsys):
    assert evogan("list", "algorithms") == 0
    one, several = capsys.readouterr().out.split("\n\n")
    assert several.startswith("Algorithms for several tasks") and "  nsga2 " in one and "mfea" not in one
    assert all(f"\n  {name} " in several for name in ALGORITHMS)
    assert evogan("list", "problems") == 0
    one, several = capsys.readouterr().out.split("\n\n")
    assert "cec17" not in one and all(f"\n  {name}-1 ... " in several for name in SUITES)
    assert "50 tasks or fewer" in several


WRONG = {
    "several tasks wanted": (["mo-mfea", "zdt1"], "mo-mfea solves several tasks together, ZDT1 is one problem"),
    "what to give instead": (["emt-gs", "zdt1"], "cec17-mtmo-1"),
    "unknown algorithm": (["emt-g", "cec17-mtmo-1"], "did you mean emt-gs"),
    "unknown number": (["nsga2", "cec17-mtmo-10"], "unknown problem 'cec17-mtmo-10'; did you mean cec17-mtmo-1"),
    "number zero": (["nsga2", "cec17-mtmo-0"], "unknown problem"),
    "no such suite": (["nsga2", "cec18-mtmo-1"], "did you mean cec1"),
    "budget below the populations": (["nsga2", "cec17-mtmo-8", "--n-evals", "239"], "at least 240"),
    "a twin of tasks": (["nsga2", "shifted-cec17-mtmo-1"], "cec17-mtmo-shifted-1"),
    "a twin of joined tasks": (["nsga2", "shifted-imf1+imf11"], "unknown problem 'imf11'"),
    "a size of a suite": (["nsga2", "cec17-mtmo-1", "--n-var", "9"], "n_var cannot be set to 9"),
    "another number": (["nsga2", "cec17-mtmo-1", "--set", "problem.number=2"], "stands in its name"),
    "a setting of another suite": (["nsga2", "cec17-mtmo-1", "--set", "problem.n_tasks=2"], "takes no 'n_tasks'"),
    "another model": (["emt-gs-raw", "cec17-mtmo-1", "--set", "transfer=1"], "has its own 'transfer'"),
    "a setting of a loop": (["emt-gs", "cec17-mtmo-1", "--set", "floor=0.2"], "floor must lie in [0, 0.05]"),
    "one task": (["nsga2", "cec19-matmo-1", "--set", "problem.n_tasks=1"], "at least two"),
    "a sum of sums": (["nsga2", "imf1+cec17-mtmo-1"], "joins single problems"),
    "nothing to add": (["nsga2", "imf1+"], "unknown problem ''"),
    "directions for different objectives": (["nsga3", "cec17-mtmo-9"], "2 and 3"),
    "one after another": (["moead", "cec17-mtmo-1"], "MOEAD"),
    "one objective wanted": (["ga", "cec17-mtmo-1"], "one objective"),
    "unknown setting": (["mo-mfea", "cec17-mtmo-1", "--set", "rmpp=1"], "takes no 'rmpp'; it takes"),
    "a number out of range": (["mo-mfea", "cec17-mtmo-1", "--set", "rmp=2"], "rmp"),
    "population of one": (["mo-mfea", "cec17-mtmo-1", "--pop-size", "1"], "pop_size"),
    "checkpoints without a folder": (["nsga2", "cec17-mtmo-1", "--checkpoint-every", "100"], "out"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_clear_line_and_exit_code_2(case, capsys):
    arguments, message = WRONG[case]
    assert evogan("run", *arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("evogan run: ") and message in lines[0]


def test_interrupt_stops_between_generations_and_resumes(tmp_path):
    new = ["run", "mo-mfea", "imf1+imf4", "--n-var", "5", "--pop-size", "20", "--seed", "1", "--n-evals", "40000"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert evogan(*new, "--out", whole, "--quiet") == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "evogan", *new, "--out", cut], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (cut / "convergence.csv").exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and f"evogan run --resume {cut}" in err
    assert evogan("run", "--resume", cut, "--quiet") == 0
    results = [load(folder) for folder in (whole, cut)]
    assert all(np.array_equal(results[0][key], results[1][key]) for key in results[0])
    assert evogan("run", "--resume", cut) == 2, "it has finished"


TOML = """
name = "small"
n_evals = 80
seeds = 3
pop_size = { 2 = 8, 3 = 10 }
algorithms = ["nsga2", { name = "mo-mfea", label = "mfea", set = { rmp = 0.5 } }]
problems = [
    { name = "imf1+imf4", n_var = 4, label = "joined-d{n_var}" },
    { name = "cec17-mtmo-9", label = "mixed", n_evals = 90 },
]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("campaign")
    (path / "small.toml").write_text(TOML)
    assert main(["bench", str(path / "small.toml"), "--out", str(path / "out"), "--quiet"]) == 0
    return path / "out"


def test_a_campaign_of_tasks(folder):
    results = load_results(folder)
    assert results.problems == ["joined-d4/T1", "joined-d4/T2", "mixed/T1", "mixed/T2"]
    assert not results.failures and len(results.runs) == 12
    config = next(r for r in results.records if r.algorithm == "mfea").details["config"]
    assert (config["algorithm"]["rmp"], config["algorithm"]["pop_size"]) == (0.5, 10), (
        "by the most objectives of a task"
    )
    expected = run_multitask([IMF1(4), IMF4(4)], Apart(NSGA2(10)), n_evals=80, seed=2)
    for t, task in enumerate(expected, 1):
        assert results.values("igd", problem=f"joined-d4/T{t}", algorithm="nsga2")[1] == float(task.indicators["igd"])


def test_a_table_with_mss(folder, capsys, tmp_path):
    assert evogan("table", folder, "--mss", "--control", "nsga2") == 0
    shown = capsys.readouterr().out
    results = load_results(folder)
    scores = {p: [results.values("igd", problem=p, algorithm=a) for a in ("nsga2", "mfea")] for p in results.problems}
    rows = {"MSS": scores}
    rows |= {f"MSS {label}": {p: v for p, v in scores.items() if label in p} for label in ("joined-d4", "mixed")}
    for name, some in rows.items():
        by_hand = " | ".join(f"{value:.3f}" for value in mss(some))
        assert f"| {name} | {by_hand} |" in shown
    assert "Holm over all 4 tests" in shown and "Runs: 12; failed: 0; evaluations: 1020" in shown
    assert evogan("table", folder, "--mss", "--problems", "mixed", "joined-d4/T2", "--out", tmp_path / "t.md") == 0
    table = comparison_table(results, "igd", multitask=True, problems=["mixed/T1", "mixed/T2", "joined-d4/T2"])
    assert (tmp_path / "t.md").read_text() == table.to_markdown()
    capsys.readouterr()
    assert evogan("table", folder, "--problems", "mixd") == 2
    assert "mixed/T1" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["convergence", "ecdf", "cd", "box"])
def test_pictures_of_all_tasks(kind, folder, tmp_path):
    assert evogan("plot", folder, "--kind", kind, "--out", tmp_path / "a.png") == 0
    assert evogan("plot", folder, "--kind", kind, "--problems", "mixed", "--out", tmp_path / "b.png") == 0
    assert (tmp_path / "a.png").stat().st_size > 1000


@pytest.mark.parametrize(("problem", "n_obj"), [("joined-d4/T2", 3), ("mixed/T1", 3), ("mixed/T2", 2)])
def test_the_front_of_a_task_is_behind_its_sets(problem, n_obj, folder):
    from evogan.cli._report import _front
    from evogan.problems.fronts import reference_front

    task = IMF4(4) if problem.startswith("joined") else cec17_mtmo(9)[int(problem[-1]) - 1]
    front = _front(load_results(folder), problem)
    assert front.shape[1] == n_obj and np.array_equal(front, reference_front(task, 2000))
    assert evogan("plot", folder, "--kind", "front", "--problems", problem) == 0


def test_one_task_at_a_time_for_sets(folder, tmp_path, capsys):
    assert evogan("plot", folder, "--kind", "attainment", "--problems", "mixed/T2", "--out", tmp_path / "a.png") == 0
    capsys.readouterr()
    assert evogan("plot", folder, "--kind", "front", "--problems", "mixed", "--out", tmp_path / "a.png") == 2
    assert "shows one problem, got mixed/T1, mixed/T2" in capsys.readouterr().err


def test_exports_of_tasks(folder, tmp_path, capsys):
    assert evogan("export", folder, "--out", tmp_path / "long.csv") == 0
    assert "12 runs written" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "long.csv").read_text().splitlines()))
    assert len(rows) == 24 and {row["problem"] for row in rows} == set(load_results(folder).problems)
    assert evogan("table", tmp_path / "long.csv", "--mss") == 0
    assert "MSS mixed" in capsys.readouterr().out
    for kind in ("npz", "iohanalyzer"):
        assert evogan("export", folder, "--format", kind, "--out", tmp_path / kind) == 0


def test_bench_counts_runs_and_names_failures_by_problem(tmp_path, capsys):
    (tmp_path / "a.toml").write_text(TOML.replace("3 = 10", "3 = 50"))
    assert evogan("bench", tmp_path / "a.toml", "--out", tmp_path / "out", "--quiet") == 0
    shown = capsys.readouterr().out
    assert "12 runs in" in shown and "12 failed" in shown and "nsga2 on mixed, seed 1: ValueError" in shown


def test_a_campaign_takes_what_it_does_not_say_from_the_suites(tmp_path):
    text = 'seeds = 1\nalgorithms = ["nsga2"]\nproblems = ["cec17-mtmo-9", "mtmo-instance-1"]\n'
    (tmp_path / "a.toml").write_text(text)
    cells = read_campaign(tmp_path / "a.toml").cells()
    assert [cell.n_evals for cell in cells] == [240_000, 25_000]
    assert [cell.config["algorithm"]["algorithm"]["pop_size"] for cell in cells] == [120, 100]
    (tmp_path / "a.toml").write_text(text.replace("mtmo-instance-1", "imf1+imf4"))
    assert evogan("bench", tmp_path / "a.toml", "--out", tmp_path / "out", "--quiet") == 2
    (tmp_path / "a.toml").write_text("n_evals = 300\n" + text.replace("mtmo-instance-1", "imf1+imf4"))
    cells = read_campaign(tmp_path / "a.toml").cells()
    assert [(cell.n_evals, cell.config["algorithm"]["algorithm"]["pop_size"]) for cell in cells] == [
        (300, 120),
        (300, 100),
    ]


def test_algorithms_for_tasks_on_single_problems_are_refused_before_anything_runs(tmp_path, capsys):
    (tmp_path / "a.toml").write_text(TOML.replace("cec17-mtmo-9", "zdt1"))
    assert evogan("bench", tmp_path / "a.toml", "--out", tmp_path / "out", "--quiet") == 2
    assert "mo-mfea solves several tasks together, ZDT1 is one problem" in capsys.readouterr().err
    (tmp_path / "a.toml").write_text(TOML.replace('"mo-mfea"', '"mo-mfaa"'))
    assert evogan("bench", tmp_path / "a.toml", "--out", tmp_path / "out", "--quiet") == 2
    assert "did you mean mo-mfea" in capsys.readouterr().err
