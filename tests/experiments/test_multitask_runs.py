"""Runs on several tasks: what minimize_multitask finds, scored, kept, and resumed to the same bits."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import ClassVar

import numpy as np
import pytest
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.problems import get_problem

from evogan.algorithms import GMOEA
from evogan.exceptions import CheckpointUnsupportedError
from evogan.experiments import describe, resume, run, run_multitask
from evogan.metrics import hypervolume, igd
from evogan.models import GAN
from evogan.multitask import Apart, MultitaskEA, MultitaskProblem, minimize_multitask
from evogan.problems.fronts import reference_front
from evogan.problems.imf import IMF1, IMF4
from evogan.training import load_checkpoint


class Swap(MultitaskEA):
    """Offspring lie around the solutions of the next task; the step size changes on the way."""

    def setup(self, problem, rng):
        super().setup(problem, rng)
        self.step = 0.1

    def offspring(self):
        others = [*self.populations[1:], self.populations[0]]
        return [other.U + self.step * self.rng.standard_normal(other.U.shape) for other in others]

    def survived(self, parents, evaluated):
        self.step *= 0.99
        self.count("transferred", sum(len(one) for one in evaluated))


def tasks():
    return [IMF1(4), IMF4(6)]  # two and three objectives


def apart():
    return Apart(NSGA2(10))


MAKE = {"apart": apart, "together": lambda: Swap(10)}


def timeless(rows):
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in rows]


def assert_same(one, other):
    """Everything but the times."""
    assert one.n_evals == other.n_evals and timeless(one.convergence) == timeless(other.convergence)
    assert one.counters == other.counters
    for a, b in zip(one, other, strict=True):
        for name, array in vars(a.optimum).items():
            assert np.array_equal(array, getattr(b.optimum, name)), name
        assert {k: float(v) for k, v in a.indicators.items()} == {k: float(v) for k, v in b.indicators.items()}
        assert (a.name, a.n_evals, a.n_nonfinite) == (b.name, b.n_evals, b.n_nonfinite)


@pytest.mark.parametrize("name", MAKE)
def test_a_run_finds_what_minimize_multitask_finds_with_the_same_seed(name):
    found = minimize_multitask(tasks(), MAKE[name](), ("n_eval", 333), seed=4)
    result = run_multitask(tasks(), MAKE[name](), n_evals=333, seed=4)
    assert result.n_evals == found.n_evals == 333 and result.config["seed"] == 4
    assert result.counters == found.counters and len(result) == 2
    for t, (one, problem) in enumerate(zip(found, tasks(), strict=True)):
        optimum = result[t].optimum
        assert np.array_equal(np.unique(one.F, axis=0), np.unique(optimum.F, axis=0))
        assert len(np.unique(optimum.F, axis=0)) == len(optimum.F), "equal objectives once"
        assert {row.tobytes() for row in optimum.X} <= {row.tobytes() for row in one.X}
        assert np.array_equal(problem.evaluate(optimum.X), optimum.F)
        assert result[t].n_evals == one.n_eval
        front = reference_front(problem)
        assert float(result[t].indicators["igd"]) == float(igd(optimum.F, front))
        hv = hypervolume(optimum.F, ideal=front.min(axis=0), nadir=front.max(axis=0))
        assert float(result[t].indicators["hv"]) == float(hv)
        assert result[t].indicators["igd"].n_reference == len(front) and result[t].indicator_source == "front"


@pytest.mark.parametrize(
    ("n_evals", "of_tasks"),
    [(20, [10, 10]), (21, [11, 10]), (59, [30, 29]), ([10, 33], [10, 33]), ([31, 10], [31, 10])],
)
@pytest.mark.parametrize("name", MAKE)
def test_budgets_are_met_exactly(name, n_evals, of_tasks):
    result = run_multitask(tasks(), MAKE[name](), n_evals=n_evals, seed=1)
    assert [task.n_evals for task in result] == of_tasks and result.n_evals == sum(of_tasks)
    assert result.finished and result.config["n_evals"] == n_evals
    assert result.convergence[-1]["n_evals"] == sum(of_tasks)


def test_about_fifty_records_a_run_and_always_the_last():
    result = run_multitask(tasks(), Swap(4), n_evals=1605, seed=1)
    counts = [row["n_evals"] for row in result[0].convergence]
    assert counts == [*range(8, 1605, 32), 1605] and len(counts) == 51
    assert [(row["n_evals"], row["task"]) for row in result.convergence] == [(n, t) for n in counts for t in (1, 2)]
    assert [row["n_evals_task"] for row in result[1].convergence] == [*range(4, 800, 16), 802]
    for task in result:
        assert task.convergence[-1]["igd"] == float(task.indicators["igd"])
        assert task.convergence[-1]["n_optimum"] == len(task.optimum.F)
        assert task.convergence[0]["igd"] > task.convergence[-1]["igd"]
    short = run_multitask(tasks(), Swap(4), n_evals=50, seed=1)
    assert [row["n_evals"] for row in short[1].convergence] == [8, 16, 24, 32, 40, 48, 50]


def test_the_folder_holds_the_whole_run(tmp_path):
    problem = MultitaskProblem(tasks(), name="two")
    result = run_multitask(problem, Swap(10), n_evals=135, seed=3, out=tmp_path, config={"algorithm": "mine"})
    record = json.loads((tmp_path / "result.json").read_text())
    assert (record["seed"], record["n_evals"], record["finished"]) == (3, 135, True)
    config = record["config"]
    assert (config["algorithm"], config["problem"], config["tasks"]) == ("mine", "two", ["IMF1", "IMF4"])
    assert (config["n_var"], config["n_obj"], config["pop_size"]) == ([4, 6], [2, 3], 10)
    assert config["resolved"]["problem"]["tasks"][1]["n_var"] == 6
    assert record["counters"] == {"transferred": 115, "nonfinite_evaluations": 0}
    assert record["wall_seconds"] > 0 and record["cpu_seconds"] > 0 and record["versions"]["evogan"]
    for t, task in enumerate(record["tasks"]):
        assert task["name"] == config["tasks"][t] and task["n_evals"] == [68, 67][t]
        assert task["indicators"]["igd"]["value"] == float(result[t].indicators["igd"])
        assert task["n_optimum"] == len(result[t].optimum.F) and task["indicators_against"] == "front"
    with np.load(tmp_path / "result.npz") as arrays:
        assert sorted(arrays) == sorted(f"{name}_t{t}" for t in (1, 2) for name in ("X", "F", "G", "CV"))
        assert np.array_equal(arrays["X_t2"], result[1].optimum.X)
        assert np.array_equal(arrays["F_t1"], result[0].optimum.F)
    rows = list(csv.DictReader((tmp_path / "convergence.csv").read_text().splitlines()))
    assert [(int(row["n_evals"]), int(row["task"])) for row in rows] == [
        (n, t) for n in (20, 40, 60, 80, 100, 120, 135) for t in (1, 2)
    ]
    assert rows[-1]["igd"] == repr(float(result[1].indicators["igd"]))
    assert (tmp_path / "front.png").stat().st_size > 1000 < (tmp_path / "convergence.png").stat().st_size
    assert not (tmp_path / "checkpoint.pkl").exists()
    with pytest.warns(UserWarning, match="moved to .*previous-1"):
        run_multitask(problem, Swap(10), n_evals=40, seed=2, out=tmp_path)
    assert json.loads((tmp_path / "previous-1" / "result.json").read_text())["seed"] == 3
    assert json.loads((tmp_path / "result.json").read_text())["seed"] == 2


@pytest.mark.parametrize("name", MAKE)
def test_a_stopped_run_resumes_to_the_same_bits(name, tmp_path):
    whole = run_multitask(tasks(), MAKE[name](), n_evals=215, seed=1)
    for n_stops in (0, 2):  # generations after which it is stopped, again and again
        out = tmp_path / str(n_stops)
        left = [n_stops]

        def stop(left=left):
            left[0] -= 1
            return left[0] < 0

        result = run_multitask(tasks(), MAKE[name](), n_evals=215, seed=1, out=out, should_stop=stop)
        assert not result.finished and result.n_evals == 20 * (n_stops + 1)
        while not result.finished:
            left[0] = n_stops
            result = resume(out, should_stop=stop)
        assert_same(result, whole)
        assert len((out / "convergence.csv").read_text().splitlines()) == 1 + len(whole.convergence)
        assert result.wall_seconds > 0 and result.cpu_seconds > 0
        with np.load(out / "result.npz") as arrays:
            assert np.array_equal(arrays["X_t1"], whole[0].optimum.X)
        with pytest.raises(ValueError, match="finished already"):
            resume(out)


KILLED = """
import sys
from pymoo.algorithms.moo.nsga2 import NSGA2
from evogan.experiments import run_multitask
from evogan.multitask import Apart
from evogan.problems.imf import IMF1, IMF4
run_multitask([IMF1(4), IMF4(6)], Apart(NSGA2(10)), n_evals=6000, seed=7, out=sys.argv[1], checkpoint_every=20)
"""


def test_a_killed_run_resumes_to_the_same_bits(tmp_path):
    whole = run_multitask(tasks(), apart(), n_evals=6000, seed=7)
    process = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path])
    table = tmp_path / "convergence.csv"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (table.exists() and len(table.read_text().splitlines()) > 6):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "result.json").exists(), "it ended before it was killed: make the run longer"
    assert_same(resume(tmp_path), whole)


class Mended(IMF1):
    evaluated: ClassVar[list[int]] = []

    def _evaluate(self, x, out, *args, **kwargs):
        self.evaluated.append(len(x))
        super()._evaluate(x, out, *args, **kwargs)


def test_a_mended_problem_takes_the_place_of_the_stored_one(tmp_path):
    whole = run_multitask(tasks(), apart(), n_evals=120, seed=1)
    run_multitask(tasks(), apart(), n_evals=120, seed=1, out=tmp_path, should_stop=lambda: True)
    evaluated = Mended.evaluated
    evaluated.clear()
    with pytest.raises(ValueError, match=r"\[\(4, 2, 0\), \(6, 3, 0\)\], got \[\(5, 2, 0\), \(6, 3, 0\)\]"):
        resume(tmp_path, problem=[IMF1(5), IMF4(6)])
    assert not resume(tmp_path, problem=[Mended(4), IMF4(6)], should_stop=lambda: True).finished
    assert sum(evaluated) == 10
    evaluated.clear()
    result = resume(tmp_path, problem=MultitaskProblem([Mended(4), IMF4(6)]))
    assert_same(result, whole)
    assert sum(evaluated) == 40, "task 1's share of what was left"


class Holed(Problem):
    """Half of the solutions fail, and no front is known."""

    def __init__(self):
        super().__init__(n_var=3, n_obj=2, xl=0.0, xu=1.0)

    def _evaluate(self, x, out, *args, **kwargs):
        F = np.column_stack([x[:, 0], 1 - x[:, 0] + x[:, 1:].sum(axis=1)])
        F[x[:, 1] > 0.5] = np.nan
        out["F"] = F


class AllFail(Holed):
    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.full((len(x), 2), np.nan)


@pytest.mark.filterwarnings("ignore:task .* returned values that are not finite:RuntimeWarning")
def test_failures_are_counted_task_by_task_and_never_good(tmp_path):
    result = run_multitask([IMF1(4), Holed(), AllFail()], Swap(10), n_evals=300, seed=1, out=tmp_path)
    good, holed, failed = result
    assert good.n_nonfinite == 0 and 10 < holed.n_nonfinite < 100 and failed.n_nonfinite == 100
    assert result.counters["nonfinite_evaluations"] == holed.n_nonfinite + 100
    assert set(good.indicators) == {"igd", "igd_plus", "spread", "hv"}
    assert set(holed.indicators) == {"hv"} and holed.indicator_source == "first population"
    assert np.isfinite(holed.optimum.F).all() and len(holed.optimum.F)
    assert len(failed.optimum.F) == 0 and failed.indicators == {} and failed.indicator_source.startswith("none")
    assert [task["n_nonfinite"] for task in json.loads((tmp_path / "result.json").read_text())["tasks"]] == [
        0,
        holed.n_nonfinite,
        100,
    ]


class LateFinite(Holed):
    """Its first generation fails."""

    def __init__(self):
        super().__init__()
        self.n = 0

    def _evaluate(self, x, out, *args, **kwargs):
        self.n += 1
        F = np.column_stack([x[:, 0], 1 - x[:, 0] + x[:, 1:].sum(axis=1)])
        out["F"] = F if self.n > 1 else F * np.nan


@pytest.mark.filterwarnings("ignore:task .* returned values that are not finite:RuntimeWarning")
def test_the_reference_waits_for_a_finite_population():
    late = run_multitask([IMF1(4), LateFinite()], Swap(10), n_evals=100, seed=1)[1]
    assert ["hv" in row for row in late.convergence] == [False, True, True, True, True]
    second = run_multitask([IMF1(4), LateFinite()], Swap(10), n_evals=40, seed=1)[1]
    assert np.array_equal(late.indicators["hv"].ideal, second.indicators["hv"].ideal)


def test_one_objective_and_constraints_are_tasks_as_well():
    result = run_multitask([get_problem("sphere", n_var=3), get_problem("bnh")], Swap(10), n_evals=400, seed=1)
    sphere, bnh = result
    assert float(sphere.indicators["f_min"]) == sphere.optimum.F.min() and len(sphere.optimum.F) == 1
    assert bnh.optimum.G.shape == (len(bnh.optimum.F), 2) and (bnh.optimum.G <= 0).all()
    assert len(bnh.optimum.F) > 1


def test_same_seed_same_bits_another_seed_differs_and_the_objects_are_left_alone():
    algorithm, problem = Swap(10), MultitaskProblem(tasks())
    state = np.random.get_state()[1].copy()
    first, second, other = (run_multitask(problem, algorithm, n_evals=100, seed=s) for s in (1, 1, 2))
    assert_same(first, second)
    assert not np.array_equal(first[0].optimum.X, other[0].optimum.X)
    assert algorithm.populations == [] and np.array_equal(state, np.random.get_state()[1])
    drawn = run_multitask(problem, algorithm, n_evals=60)
    assert_same(drawn, run_multitask(problem, algorithm, n_evals=60, seed=drawn.config["seed"]))


class Locked(Swap):
    def __init__(self, pop_size=10):
        super().__init__(pop_size)
        self.lock = None

    def survived(self, parents, evaluated):
        super().survived(parents, evaluated)
        self.lock = threading.Lock()


class LockedFirst(Swap):
    def setup(self, problem, rng):
        super().setup(problem, rng)
        self.lock = threading.Lock()


def test_what_cannot_be_stored_runs_all_the_same_and_says_so(tmp_path):
    with pytest.warns(UserWarning, match="cannot be resumed"):
        assert run_multitask(tasks(), LockedFirst(10), n_evals=60, seed=1, out=tmp_path / "a").finished
    with pytest.raises(CheckpointUnsupportedError, match="cannot be stored"):
        run_multitask(tasks(), LockedFirst(10), n_evals=60, seed=1, out=tmp_path / "b", checkpoint_every=20)
    with pytest.warns(UserWarning, match="no more checkpoints"):
        result = run_multitask(tasks(), Locked(), n_evals=60, seed=1, out=tmp_path / "c", checkpoint_every=20)
    assert result.finished and result.n_evals == 60


@pytest.mark.parametrize(("given", "every"), [(None, 2000), (40, 40)])
def test_checkpoints_come_every_thousand_evaluations_of_a_task(given, every, tmp_path):
    def stop():
        return True

    run_multitask(tasks(), Swap(10), n_evals=99, seed=1, out=tmp_path, checkpoint_every=given, should_stop=stop)
    assert load_checkpoint(tmp_path / "checkpoint.pkl")[1] == every


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"n_evals": 19}, ValueError, "at least 20"),
        ({"n_evals": 50.5}, TypeError, "n_eval"),
        ({"n_evals": [30, 9]}, ValueError, "population size 10"),
        ({"seed": -1}, ValueError, "seed"),
        ({"checkpoint_every": 10}, ValueError, "folder"),
        ({"checkpoint_every": 0, "out": "x"}, ValueError, "checkpoint_every"),
        ({"out": ""}, ValueError, "empty name"),
        ({"problem": IMF1(4)}, TypeError, "list of pymoo problems"),
        ({"problem": [IMF1(4)]}, ValueError, "at least two"),
        ({"algorithm": NSGA2(10)}, TypeError, "Apart"),
    ],
)
def test_wrong_arguments_are_named(changes, error, message):
    given = {"problem": tasks(), "algorithm": Swap(10), "n_evals": 100, "seed": 1, **changes}
    with pytest.raises(error, match=message):
        run_multitask(given.pop("problem"), given.pop("algorithm"), **given)


@pytest.mark.parametrize(
    ("problem", "algorithm"),
    [(tasks(), NSGA2(10)), (MultitaskProblem(tasks()), NSGA2(10)), (IMF1(4), Swap(10)), (IMF1(4), apart())],
)
def test_run_sends_tasks_to_run_multitask(problem, algorithm):
    with pytest.raises(TypeError, match="run_multitask"):
        run(problem, algorithm, n_evals=100)


def test_an_algorithm_apart_is_described_as_deeply_as_alone():
    alone = GMOEA(20, model=GAN(n_steps=7))
    told = describe(Apart(alone))
    assert told == {"type": "Apart", "algorithm": describe(alone)}
    assert told["algorithm"]["mating"]["infills"][0]["model"]["n_steps"] == 7
    problem = describe(MultitaskProblem(tasks()))
    assert [task["name"] for task in problem["tasks"]] == ["IMF1", "IMF4"]
    assert {k: v for k, v in problem["tasks"][0].items() if k != "name"} == describe(IMF1(4))
    assert "populations" not in describe(Swap(10))
