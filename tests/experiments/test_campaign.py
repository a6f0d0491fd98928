"""Campaigns: every cell once, whatever happens on the way."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import ElementwiseProblem

from evogan.algorithms import GMOEA
from evogan.experiments import (
    Campaign,
    CampaignProgress,
    Dask,
    Evaluations,
    Processes,
    Serial,
    load_results,
    run,
    run_campaign,
)
from evogan.models import GAN
from evogan.problems.imf import IMF1, IMF5
from evogan.problems.transforms import shifted


def campaign(**changes):
    settings = {
        "algorithms": {"nsga2": lambda p: NSGA2(10), "gmoea": lambda p: GMOEA(10, model=GAN(n_steps=3, batch_size=4))},
        "problems": {"imf1": lambda: IMF1(4), "shifted": lambda: shifted(IMF5(4))},
        "n_evals": 60,
        "seeds": 2,
    }
    return Campaign("test", **{**settings, **changes})


def essence(results):
    """Everything but the times: what must not depend on where and when a cell ran."""
    found = []
    for record in results.records:
        arrays = {k: v for k, v in record.load().items() if "seconds" not in k}
        details = {k: v for k, v in record.details.items() if "seconds" not in k and k != "versions"}
        details["counters"] = {k: v for k, v in details.get("counters", {}).items() if "seconds" not in k}
        found.append((json.dumps(details, sort_keys=True), {k: v.tobytes() for k, v in sorted(arrays.items())}))
    return found


def test_every_cell_runs_once_in_order(tmp_path):
    results = run_campaign(campaign(), tmp_path)
    assert [(r.seed, r.problem, r.algorithm) for r in results.records] == [
        (s, p, a) for s in (1, 2) for p in ("imf1", "shifted") for a in ("nsga2", "gmoea")
    ]
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 8
    record = results.cell(problem="imf1", algorithm="gmoea")[0]
    assert record.n_evals == 60 and record.error is None
    assert record.metrics["igd"] == record.load()["convergence_igd"][-1]
    assert record.load()["F"].shape[1] == 2
    assert record.details["config"]["algorithm"]["mating"]["infills"][0]["model"]["n_steps"] == 3


def test_running_again_does_nothing_and_reading_gives_the_same(tmp_path):
    first = run_campaign(campaign(), tmp_path)
    before = (tmp_path / "records.jsonl").read_bytes()
    again = run_campaign(campaign(), tmp_path)
    assert (tmp_path / "records.jsonl").read_bytes() == before
    assert essence(first) == essence(again) == essence(load_results(tmp_path))


def test_more_seeds_add_cells_and_changed_settings_rerun_theirs(tmp_path):
    first = run_campaign(campaign(), tmp_path)
    more = run_campaign(campaign(seeds=3), tmp_path)
    assert len(more.records) == 12
    assert essence(more)[:8] == essence(first)
    changed = {**campaign().algorithms, "nsga2": lambda p: NSGA2(12)}
    results = run_campaign(campaign(algorithms=changed), tmp_path)
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 16
    kept = [r.details["key"] for r in results.records if r.algorithm == "gmoea"]
    assert kept == [r.details["key"] for r in first.records if r.algorithm == "gmoea"]
    assert {r.details["config"]["algorithm"]["pop_size"] for r in results.records if r.algorithm == "nsga2"} == {12}
    assert essence(load_results(tmp_path)) == essence(results), "old versions of cells are never mixed in"


def test_a_file_cut_at_any_byte_can_be_read_and_completed(tmp_path):
    whole = run_campaign(campaign(seeds=1), tmp_path / "whole")
    data = (tmp_path / "whole" / "records.jsonl").read_bytes()
    out = tmp_path / "cut"
    run_campaign(campaign(seeds=1), out)
    for size in (0, 1, len(data) // 3, len(data) // 2, len(data) - 1):
        (out / "records.jsonl").write_bytes(data[:size])
        assert len(load_results(out).records) == data[:size].count(b"\n")
        assert essence(run_campaign(campaign(seeds=1), out)) == essence(whole)


def test_a_damaged_line_is_named_and_only_its_cell_runs_again(tmp_path):
    whole = run_campaign(campaign(seeds=1), tmp_path)
    lines = (tmp_path / "records.jsonl").read_bytes().split(b"\n")
    lines[1] = b"{half a rec"
    (tmp_path / "records.jsonl").write_bytes(b"\n".join(lines))
    with pytest.warns(UserWarning, match="line 2 is damaged"):
        assert len(load_results(tmp_path).records) == 3
    with pytest.warns(UserWarning, match="line 2 is damaged"):
        results = run_campaign(campaign(seeds=1), tmp_path)
    assert essence(results) == essence(whole)
    assert (tmp_path / "records.jsonl").read_bytes().startswith(b"\n".join(lines[:2])), "nothing is lost"


def test_failed_cells_are_recorded_and_not_fatal(tmp_path):
    algorithms = {**campaign().algorithms, "too big": lambda p: NSGA2(500)}
    results = run_campaign(campaign(algorithms=algorithms), tmp_path)
    assert len(results.records) == 12
    assert {r.algorithm for r in results.failures} == {"too big"}
    assert "population size 500" in results.failures[0].error
    assert "Traceback" in results.failures[0].details["traceback"]
    before = (tmp_path / "records.jsonl").stat().st_size
    run_campaign(campaign(algorithms=algorithms), tmp_path)
    assert (tmp_path / "records.jsonl").stat().st_size == before
    run_campaign(campaign(algorithms=algorithms), tmp_path, retry_failed=True)
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 16


def test_processes_and_dask_give_the_records_of_serial(tmp_path):
    expected = essence(run_campaign(campaign(), tmp_path / "serial", executor=Serial()))
    for executor in (Processes(2), Dask(n_workers=2)):
        with executor:
            assert essence(run_campaign(campaign(), tmp_path / type(executor).__name__, executor=executor)) == expected


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
from test_campaign import campaign
from evogan.experiments import run_campaign
if __name__ == "__main__":
    run_campaign(campaign(seeds=6, n_evals=400), sys.argv[1])
"""


def test_a_campaign_killed_twice_ends_with_the_records_of_an_uninterrupted_one(tmp_path):
    wanted = campaign(seeds=6, n_evals=400)
    expected = essence(run_campaign(wanted, tmp_path / "whole"))
    out = tmp_path / "killed"
    for n_lines in (3, 9):
        process = subprocess.Popen([sys.executable, "-c", KILLED, out, Path(__file__).parent])
        deadline = time.monotonic() + 120
        records = out / "records.jsonl"
        while time.monotonic() < deadline and not (records.exists() and records.read_bytes().count(b"\n") >= n_lines):
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert records.read_bytes().count(b"\n") < 24, "it ended before it was killed: make it longer"
    assert essence(run_campaign(wanted, out)) == expected


def die_once(item):
    """Kill the worker on the first visit of item 2."""
    number, marker = item
    if number == 2 and not os.path.exists(marker):
        open(marker, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * 10


def die(item):
    os.kill(os.getpid(), signal.SIGKILL)


def fail(item):
    raise ArithmeticError(f"no {item}")


@pytest.mark.parametrize("make", [lambda: Processes(2), lambda: Dask(n_workers=2)], ids=["processes", "dask"])
def test_a_killed_worker_costs_nothing_but_time(make, tmp_path):
    items = [(i, str(tmp_path / "marker")) for i in range(5)]
    with make() as executor:
        assert dict(executor.map_unordered(die_once, items)) == {i: i * 10 for i in range(5)}
    assert (tmp_path / "marker").exists()


def test_dask_goes_on_when_the_only_holder_of_the_function_is_lost(tmp_path):
    """What is sent once lies on the only worker; its successor must get it again. In pieces: it is large."""
    payload = np.random.default_rng(1).bytes(12_000_000)  # Dask warns about 10 MB in one message

    def weigh(item, payload=payload):
        return die_once(item), len(payload)

    items = [(i, str(tmp_path / "marker")) for i in range(4)]
    with Dask(n_workers=1) as executor:
        assert dict(executor.map_unordered(weigh, items)) == {i: (i * 10, len(payload)) for i in range(4)}
    assert (tmp_path / "marker").exists()


def test_an_item_that_kills_every_worker_is_given_up():
    with Processes(1, retries=1) as executor:
        outcome = dict(executor.map_unordered(die, ["x"]))[0]
        assert "died 2 times" in str(outcome)
        assert dict(executor.map_unordered(abs, [-3])) == {0: 3}, "the next call gets new processes"


class Slow(ElementwiseProblem):
    def __init__(self, **options):
        super().__init__(n_var=3, n_obj=2, xl=0.0, xu=1.0, **options)

    def _evaluate(self, x, out, *args, **kwargs):
        if x[0] > 0.999:
            raise ArithmeticError("the simulation failed")
        out["F"] = [x[0], 1 - x[0] + x[1:].sum()]


def test_expensive_evaluations_use_the_same_executors_inside_one_run(tmp_path):
    expected = run(Slow(), NSGA2(10), n_evals=40, seed=1).optimum
    with Processes(2) as executor:
        problem = Slow(elementwise_runner=Evaluations(executor))
        result = run(problem, NSGA2(10), n_evals=40, seed=1, out=tmp_path, checkpoint_every=10).optimum
        assert np.array_equal(result.F, expected.F)
        with pytest.raises(ArithmeticError, match="simulation failed"):
            problem.evaluate(np.ones((3, 3)))


@pytest.mark.parametrize("executor", [Serial(), Processes(1)], ids=["serial", "processes"])
def test_exceptions_are_outcomes(executor):
    outcomes = dict(executor.map_unordered(fail, "ab"))
    assert [str(outcomes[i]) for i in (0, 1)] == ["no a", "no b"]
    assert all(isinstance(outcome, ArithmeticError) for outcome in outcomes.values())


def hold(path, ready, done):
    from evogan.experiments._store import Store

    with Store(path).appending():
        ready.set()
        done.wait(60)


def test_two_writers_are_refused(tmp_path):
    run_campaign(campaign(seeds=1), tmp_path)
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=hold, args=(tmp_path, ready, done))
    process.start()
    assert ready.wait(60)
    with pytest.raises(ValueError, match="another process"):
        run_campaign(campaign(seeds=2), tmp_path)
    done.set()
    process.join()


def test_a_folder_belongs_to_one_campaign(tmp_path):
    run_campaign(campaign(seeds=1), tmp_path)
    other = Campaign("other", campaign().algorithms, campaign().problems, n_evals=60, seeds=1)
    with pytest.raises(ValueError, match="'test', not 'other'"):
        run_campaign(other, tmp_path)
    assert len(load_results(tmp_path).records) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algorithms": {}}, "algorithms"),
        ({"problems": {"p": IMF1(3)}}, "problems"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "different"),
        ({"seeds": 0}, "seeds"),
        ({"n_evals": 0}, "n_evals"),
        ({"n_evals": {"imf1": 10}}, "shifted"),
    ],
)
def test_wrong_campaigns_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        campaign(**changes)


def test_progress_counts_and_shows_failures(tmp_path, capsys):
    algorithms = {"nsga2": lambda p: NSGA2(10), "bad": lambda p: NSGA2(500)}
    run_campaign(campaign(algorithms=algorithms), tmp_path, progress=CampaignProgress("demo", every=0))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "demo  8 cells, 0 of them done before"
    assert sum("failed: bad on" in line for line in lines) == 4
    assert "8/8 cells  4 failed  done in" in lines[-1]


def test_results_that_are_none(tmp_path):
    with pytest.raises(ValueError, match="holds no campaign"):
        load_results(tmp_path)
    (tmp_path / "campaign.json").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        load_results(tmp_path)


def test_a_table_of_ones_own(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("problem,algorithm,seed,igd,note\np,a,1,0.5,x\np,a,2,,y\np,b,1,inf,z\n")
    results = load_results(file)
    assert results.metrics == ["igd"]
    assert np.array_equal(results.values("igd", problem="p", algorithm="a"), [0.5])
    assert results.values("igd", problem="p", algorithm="b")[0] == np.inf
    for text, message in (("a,b\n1,2\n", "column 'problem'"), ("problem,algorithm,x\np,a\n", "line 2"), ("", "column")):
        file.write_text(text)
        with pytest.raises(ValueError, match=message):
            load_results(file)
