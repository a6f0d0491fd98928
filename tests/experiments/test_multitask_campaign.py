"""Campaigns of problems with several tasks: one run a cell, one record a task."""

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

from evogan.experiments import (
    Campaign,
    CampaignProgress,
    Dask,
    Processes,
    Record,
    Results,
    comparison_table,
    holm,
    load_results,
    mss,
    rank_sum,
    run,
    run_campaign,
    run_multitask,
    to_iohanalyzer_csv,
    to_long_csv,
    to_npz,
)
from evogan.multitask import Apart, MultitaskProblem
from evogan.plotting import plot_attainment, plot_box, plot_campaign_convergence, plot_ecdf, plot_fronts
from evogan.problems.imf import IMF1, IMF2, IMF4, IMF5


def one():
    return MultitaskProblem([IMF1(4), IMF4(6)], name="one")


def two():
    return [IMF5(4), IMF2(3), IMF1(3)]


def apart(pop_size):
    return lambda problem: Apart(NSGA2(pop_size))


def campaign(**changes):
    settings = {
        "algorithms": {"small": apart(8), "large": apart(12)},
        "problems": {"one": one, "two": two},
        "n_evals": {"one": 101, "two": 120},
        "seeds": 3,
    }
    return Campaign("tasks", **{**settings, **changes})


LABELS = ["one/T1", "one/T2", "two/T1", "two/T2", "two/T3"]


def essence(results):
    """Everything but the times: what must not depend on where and when a cell ran."""
    found = []
    for record in results.records:
        arrays = {k: v for k, v in record.load().items() if "seconds" not in k}
        details = {k: v for k, v in record.details.items() if "seconds" not in k and k != "versions"}
        found.append((record.problem, json.dumps(details, sort_keys=True), {k: v.tobytes() for k, v in arrays.items()}))
    return found


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("done")
    return folder, run_campaign(campaign(), folder)


def test_one_line_a_run_and_one_record_a_task(done):
    folder, results = done
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    assert [(line["seed"], line["problem"], line["algorithm"]) for line in lines] == [
        (s, p, a) for s in (1, 2, 3) for p in ("one", "two") for a in ("small", "large")
    ]
    assert results.problems == LABELS and len(results.records) == 30 and len(results.runs) == 12
    assert [len(results.cell(problem=p, algorithm="small")) for p in LABELS] == [3] * 5
    config = lines[0]["config"]
    assert config["n_tasks"] == 2 and config["problem"]["name"] == "one"
    assert [task["name"] for task in config["problem"]["tasks"]] == ["IMF1", "IMF4"]
    assert config["algorithm"]["type"] == "Apart" and config["algorithm"]["algorithm"]["pop_size"] == 8


@pytest.mark.parametrize(("label", "make", "n_evals"), [("one", one, 101), ("two", two, 120)])
def test_records_are_what_run_multitask_gives(label, make, n_evals, done):
    result = run_multitask(make(), Apart(NSGA2(12)), n_evals=n_evals, seed=2)
    of_run = [r for r in done[1].records if (r.algorithm, r.seed) == ("large", 2) and r.problem.startswith(label)]
    assert len(of_run) == len(result) and len({record.run for record in of_run}) == 1
    assert sum(record.n_evals for record in of_run) == n_evals
    for t, (record, task) in enumerate(zip(of_run, result, strict=True), 1):
        assert record.problem == f"{label}/T{t}" and record.n_evals == task.n_evals
        assert record.metrics == {name: float(score) for name, score in task.indicators.items()}
        arrays = record.load()
        for name, array in vars(task.optimum).items():
            assert np.array_equal(arrays[name], array), name
        assert np.array_equal(arrays["convergence_n_evals"], [row["n_evals"] for row in task.convergence])
        assert np.array_equal(arrays["convergence_igd"], [row["igd"] for row in task.convergence])
        assert set(arrays["convergence_task"]) == {t}
        assert not [name for name in arrays if "_t" in name.removesuffix("_task")]
        assert record.details["task"] == t and record.details["n_optimum"] == len(task.optimum.F)
        assert record.details["cpu_seconds"] == of_run[0].details["cpu_seconds"] > 0, "of the whole run"
        assert record.details["indicators_against"] == "front" and record.details["problem"] == label


def test_the_eleventh_task_is_not_the_first(tmp_path):
    many = Campaign("many", {"a": apart(6)}, {"p": lambda: [IMF1(2 + t) for t in range(12)]}, n_evals=72, seeds=1)
    results = run_campaign(many, tmp_path)
    assert results.problems == [f"p/T{t}" for t in range(1, 13)]
    assert [record.load()["X"].shape[1] for record in results.records] == list(range(2, 14))


def test_running_again_does_nothing_and_changed_settings_rerun_theirs(tmp_path, done):
    first = run_campaign(campaign(seeds=1), tmp_path)
    assert essence(first) == [e for e in essence(done[1]) if '"seed": 1,' in e[1]]
    before = (tmp_path / "records.jsonl").read_bytes()
    assert essence(run_campaign(campaign(seeds=1), tmp_path)) == essence(first) == essence(load_results(tmp_path))
    assert (tmp_path / "records.jsonl").read_bytes() == before
    changed = campaign(seeds=1, problems={"one": lambda: [IMF1(4), IMF4(7)], "two": two})
    assert len(run_campaign(changed, tmp_path).records) == 10
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 6, "the runs of problem one"


@pytest.mark.parametrize(
    "make", [lambda: Processes(2), pytest.param(lambda: Dask(n_workers=2), marks=pytest.mark.slow)]
)
def test_other_executors_give_the_records_of_serial(make, tmp_path, done):
    with make() as executor:
        assert essence(run_campaign(campaign(), tmp_path, executor=executor)) == essence(done[1])


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
from test_multitask_campaign import campaign
from evogan.experiments import run_campaign
if __name__ == "__main__":
    run_campaign(campaign(seeds=4, n_evals=500), sys.argv[1])
"""


def test_a_killed_campaign_ends_with_the_records_of_an_uninterrupted_one(tmp_path):
    wanted = campaign(seeds=4, n_evals=500)
    expected = essence(run_campaign(wanted, tmp_path / "whole"))
    out = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", KILLED, out, Path(__file__).parent])
    deadline = time.monotonic() + 120
    records = out / "records.jsonl"
    while time.monotonic() < deadline and not (records.exists() and records.read_bytes().count(b"\n") >= 4):
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert records.read_bytes().count(b"\n") < 16, "it ended before it was killed: make it longer"
    assert essence(run_campaign(wanted, out)) == expected


def test_a_failed_run_is_one_failure(tmp_path, capsys):
    algorithms = {"too large": apart(500), "small": apart(8)}
    wanted = campaign(algorithms=algorithms, seeds=2)
    results = run_campaign(wanted, tmp_path, progress=CampaignProgress("demo", every=0))
    assert "failed: too large on two, seed 1" in capsys.readouterr().err
    assert results.problems == LABELS, "the labels of the tasks, in order, also where a failed run comes first"
    assert len(results.failures) == 4 and len(results.runs) == 8 and len(results.records) == 20
    assert "at least 1000" in results.failures[0].error and results.failures[0].metrics == {}
    table = comparison_table(results, "igd")
    assert (table.n_failures, table.n_runs, table.n_evals) == (4, 4, 2 * 101 + 2 * 120)
    assert "Runs: 4; failed: 4; evaluations: 442" in table.to_markdown()
    part = comparison_table(results, "igd", problems=["one/T2", "two/T3"])
    assert (part.n_failures, part.n_runs, part.n_evals) == (4, 4, 2 * 50 + 2 * 40)
    run_campaign(wanted, tmp_path, retry_failed=True)
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 12


class Holed(IMF1):
    def _evaluate(self, x, out, *args, **kwargs):
        super()._evaluate(x, out, *args, **kwargs)
        out["F"][x[:, 1] > 0.5] = np.nan


def test_what_is_not_finite_is_counted_on_its_task(tmp_path):
    wanted = Campaign("holes", {"a": apart(10)}, {"p": lambda: [IMF1(4), Holed(4)]}, 40, 2)
    results = run_campaign(wanted, tmp_path)
    good, holed = ([r.n_nonfinite for r in results.cell(problem=f"p/T{t}", algorithm="a")] for t in (1, 2))
    assert good == [0, 0] and min(holed) > 2
    assert comparison_table(results, "igd").n_nonfinite == sum(holed)
    record = results.records[1].details
    assert record["counters"]["nonfinite_evaluations"] == holed[0]
    assert any("not finite" in warning for warning in record["warnings"])


def test_single_problems_and_tasks_stand_in_one_campaign(tmp_path):
    def make(problem):
        return Apart(NSGA2(8)) if isinstance(problem, MultitaskProblem) else NSGA2(8)

    results = run_campaign(Campaign("mixed", {"a": make}, {"alone": lambda: IMF1(4), "one": one}, 64, 2), tmp_path)
    assert results.problems == ["alone", "one/T1", "one/T2"] and len(results.runs) == 4
    alone = results.cell(problem="alone", algorithm="a")[0]
    assert alone.run is None and "task" not in alone.details and "n_tasks" not in alone.details["config"]
    assert alone.metrics["igd"] == float(run(IMF1(4), NSGA2(8), n_evals=64, seed=1).indicators["igd"])


def test_a_pymoo_algorithm_on_tasks_is_a_failure_that_teaches(tmp_path):
    results = run_campaign(Campaign("x", {"a": lambda problem: NSGA2(8)}, {"one": one}, 64, 1), tmp_path)
    assert "Apart(NSGA2(100))" in results.failures[0].error


def test_mss_of_a_table_is_mss_by_hand_over_all_tasks_and_of_every_problem(done):
    results = done[1]
    scores = {p: [results.values("igd", problem=p, algorithm=a) for a in ("small", "large")] for p in LABELS}
    table = comparison_table(results, "igd", multitask=True)
    assert table.mss == tuple(mss(scores).tolist())
    by_hand = {p: {label: v for label, v in scores.items() if label.startswith(p)} for p in ("one", "two")}
    assert table.mss_by_problem == {p: tuple(mss(values).tolist()) for p, values in by_hand.items()}
    text = table.to_markdown()
    assert f"| MSS | {table.mss[0]:.3f} | {table.mss[1]:.3f} |" in text
    assert f"| MSS two | {table.mss_by_problem['two'][0]:.3f} | {table.mss_by_problem['two'][1]:.3f} |" in text
    assert "MSS one" in table.to_latex() and "MSS and a name: over the tasks of that problem." in text
    alone = comparison_table(results, "igd", multitask=True, problems=["one/T1", "one/T2"])
    assert alone.mss == table.mss_by_problem["one"] and alone.mss_by_problem == {}, "all there is"
    some = comparison_table(results, "igd", multitask=True, problems=["one/T1", "two/T2", "two/T3"])
    assert list(some.mss_by_problem) == ["two"], "one task is no group"
    assert comparison_table(results, "igd").mss_by_problem == {}


def test_tasks_are_tested_against_a_control_with_holm(done):
    results = done[1]
    table = comparison_table(results, "igd", control="small")
    pairs = [[results.values("igd", problem=p, algorithm=a) for a in ("large", "small")] for p in LABELS]
    p = [rank_sum(*pair) for pair in pairs]
    assert [table.cells[label, "large"].p for label in LABELS] == p
    assert [table.cells[label, "large"].p_adjusted for label in LABELS] == holm(p).tolist()
    assert table.friedman.n_problems == 5 and "Holm over all 5 tests" in table.to_markdown()


def test_signs_are_right_where_the_tasks_differ_clearly():
    """Twenty runs in which one algorithm is better on T1 and worse on T2."""
    runs = [
        Record(algorithm, f"p/T{t}", seed, {"igd": better + seed / 100}, n_evals=10, run=f"{algorithm}{seed}")
        for algorithm, values in (("a", (1, 2)), ("control", (2, 1)))
        for seed in range(20)
        for t, better in enumerate(values, 1)
    ]
    table = comparison_table(Results(runs), "igd", control="control", multitask=True)
    assert [table.cells[f"p/T{t}", "a"].sign for t in (1, 2)] == ["+", "-"]
    assert (table.n_runs, table.n_evals) == (40, 800)
    assert table.mss == pytest.approx((0, 0), abs=1e-12)


def test_pictures_take_tasks_for_problems(done):
    results = done[1]
    figure = plot_campaign_convergence(results, "igd")
    assert [axes.get_title() for axes in figure.axes] == LABELS
    longest = figure.axes[0].lines[0].get_xdata()
    assert longest[0] == 16 and longest[-1] == 101, "evaluations of all tasks together"
    assert plot_campaign_convergence(results, "hv", problems=["one/T2"], against="seconds").axes[0].lines
    assert [axes.get_title() for axes in plot_box(results, "igd").axes] == LABELS
    assert plot_ecdf(results, "igd").axes and plot_attainment(results, problem="two/T1").axes
    assert plot_fronts(results, problem="one/T2", metric="igd").axes[0].name == "3d"


def test_exports_take_tasks_for_problems(done, tmp_path):
    results = done[1]
    to_long_csv(results, tmp_path / "long.csv")
    again = load_results(tmp_path / "long.csv")
    for label in LABELS:
        expected = results.values("igd", problem=label, algorithm="large")
        assert np.array_equal(again.values("igd", problem=label, algorithm="large"), expected)
    tables = [comparison_table(r, "igd", multitask=True) for r in (results, again)]
    assert tables[0].mss_by_problem == tables[1].mss_by_problem
    to_npz(results, tmp_path / "all.npz")
    with np.load(tmp_path / "all.npz") as arrays:
        assert arrays["one/T2/large/run3/X"].shape[1] == 6
        assert arrays["one/T1/small/n_evals"].tolist() == [51, 51, 51]
    to_iohanalyzer_csv(results, tmp_path / "ioh.csv", "igd")
    rows = list(csv.DictReader((tmp_path / "ioh.csv").read_text().splitlines()))
    assert {(row["fname"], row["dim"]) for row in rows} == set(zip(LABELS, "46433", strict=True))
