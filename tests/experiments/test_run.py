"""One run: exact budgets, what the folder holds, and resumption to the same bits."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from pymoo.algorithms.moo.gde3 import GDE3
from pymoo.algorithms.moo.moead import MOEAD
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.moo.rvea import RVEA
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import Problem
from pymoo.problems import get_problem
from pymoo.util.ref_dirs import get_reference_directions

from evogan._internal.files import only_writer
from evogan.algorithms import GMOEA
from evogan.exceptions import CheckpointError, CheckpointUnsupportedError
from evogan.experiments import resume, run
from evogan.models import GAN, Gaussian
from evogan.problems.imf import IMF1
from evogan.problems.transforms import shifted


def small_gmoea(**options):
    return GMOEA(20, model=GAN(n_steps=5, batch_size=4), refit_every=2, n_real=5, **options)


def moead():
    return MOEAD(get_reference_directions("das-dennis", 2, n_partitions=19))


class Holed(Problem):
    """One in three solutions fails."""

    def __init__(self, every=3):
        super().__init__(n_var=4, n_obj=2, xl=0.0, xu=1.0)
        self.every = every

    def _evaluate(self, x, out, *args, **kwargs):
        F = np.column_stack([x[:, 0], 1 - x[:, 0] + x[:, 1:].sum(axis=1)])
        F[(x[:, 0] * 1000).astype(int) % self.every == 0] = np.nan
        out["F"] = F


@pytest.mark.parametrize("n_evals", [20, 21, 99, 100])
@pytest.mark.parametrize("make", [small_gmoea, lambda: NSGA2(20), moead], ids=["gmoea", "nsga2", "moead"])
def test_the_budget_is_met_exactly(make, n_evals):
    result = run(IMF1(n_var=5), make(), n_evals=n_evals, seed=1)
    assert result.n_evals == n_evals == result.convergence[-1]["n_evals"]
    assert result.finished


def test_an_algorithm_that_needs_whole_generations_ends_before_the_budget():
    assert run(IMF1(n_var=5), GDE3(20), n_evals=99, seed=1).n_evals == 80


def test_same_seed_same_bits_and_another_seed_differs():
    algorithm = small_gmoea()
    first, second, other = (run(IMF1(n_var=5), algorithm, n_evals=150, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.optimum.X, second.optimum.X)
    assert np.array_equal(first.optimum.F, second.optimum.F)
    assert not np.array_equal(first.optimum.X, other.optimum.X)


def test_a_seed_is_drawn_and_recorded():
    seed = run(IMF1(n_var=5), NSGA2(20), n_evals=40).config["seed"]
    again = run(IMF1(n_var=5), NSGA2(20), n_evals=40, seed=seed)
    assert again.config["seed"] == seed


def test_the_folder_holds_the_whole_run(tmp_path):
    result = run(IMF1(n_var=5), small_gmoea(), n_evals=130, seed=3, out=tmp_path, config={"algorithm": "mine"})
    record = json.loads((tmp_path / "result.json").read_text())
    assert record["config"]["algorithm"] == "mine"
    assert (record["seed"], record["n_evals"], record["finished"]) == (3, 130, True)
    assert record["indicators"]["igd"]["value"] == float(result.indicators["igd"])
    assert record["indicators"]["igd"]["n_reference"] == 10_000
    assert record["indicators"]["hv"]["reference_point"] == [1.1, 1.1]
    assert {"topped_up", "fits", "nonfinite_evaluations"} <= set(record["counters"])
    assert record["versions"]["evogan"]
    assert record["wall_seconds"] > 0 and record["cpu_seconds"] > 0
    with np.load(tmp_path / "result.npz") as arrays:
        assert np.array_equal(arrays["X"], result.optimum.X)
        assert arrays["F"].shape == (record["n_optimum"], 2)
    rows = list(csv.DictReader((tmp_path / "convergence.csv").read_text().splitlines()))
    assert [int(row["n_evals"]) for row in rows] == [20, 40, 60, 80, 100, 120, 130]
    assert rows[-1]["igd"] == repr(float(result.indicators["igd"]))
    assert rows[-1]["d_loss"] != "" and float(rows[-1]["fit_seconds"]) > 0
    assert (tmp_path / "front.png").stat().st_size > 1000 < (tmp_path / "convergence.png").stat().st_size
    assert not (tmp_path / "checkpoint.pkl").exists()


def test_an_earlier_run_in_the_folder_is_kept(tmp_path):
    run(IMF1(n_var=5), NSGA2(20), n_evals=40, seed=1, out=tmp_path)
    with pytest.warns(UserWarning, match="moved to .*previous-1"):
        run(IMF1(n_var=5), NSGA2(20), n_evals=60, seed=2, out=tmp_path)
    assert json.loads((tmp_path / "previous-1" / "result.json").read_text())["seed"] == 1
    assert json.loads((tmp_path / "result.json").read_text())["seed"] == 2


@pytest.mark.parametrize("make", [small_gmoea, lambda: NSGA2(20), lambda: GA(20)], ids=["gmoea", "nsga2", "ga"])
def test_a_stopped_run_resumes_to_the_same_bits(make, tmp_path):
    problem = get_problem("sphere", n_var=4) if isinstance(make(), GA) else IMF1(n_var=5)
    whole = run(problem, make(), n_evals=250, seed=1)
    for n_stops in (0, 1, 3):  # generations after which it is stopped, again and again
        out = tmp_path / str(n_stops)
        left = [n_stops] * 20

        def stop(left=left):
            left[0] -= 1
            return left[0] < 0

        result = run(problem, make(), n_evals=250, seed=1, out=out, should_stop=stop)
        assert not result.finished
        while not result.finished:
            left[0] = n_stops
            result = resume(out, should_stop=stop)
        assert np.array_equal(result.optimum.X, whole.optimum.X)
        assert np.array_equal(result.optimum.F, whole.optimum.F)
        assert result.n_evals == 250
        timeless = [{k: v for k, v in row.items() if "seconds" not in k} for row in result.convergence]
        assert timeless == [{k: v for k, v in row.items() if "seconds" not in k} for row in whole.convergence]
        assert len((out / "convergence.csv").read_text().splitlines()) == 1 + len(whole.convergence)
    with pytest.raises(ValueError, match="finished already"):
        resume(tmp_path / "0")


KILLED = """
import sys
from evogan.algorithms import GMOEA
from evogan.experiments import run
from evogan.models import GAN
from evogan.problems.imf import IMF1
run(IMF1(n_var=5), GMOEA(20, model=GAN(n_steps=30)), n_evals=3000, seed=7, out=sys.argv[1], checkpoint_every=20)
"""


def test_a_killed_run_resumes_to_the_same_bits(tmp_path):
    problem, algorithm = IMF1(n_var=5), GMOEA(20, model=GAN(n_steps=30))
    whole = run(problem, algorithm, n_evals=3000, seed=7)
    process = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path])
    table = tmp_path / "convergence.csv"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (table.exists() and len(table.read_text().splitlines()) > 6):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "result.json").exists(), "it ended before it was killed: make the run longer"
    result = resume(tmp_path)
    assert np.array_equal(result.optimum.X, whole.optimum.X)
    assert np.array_equal(result.optimum.F, whole.optimum.F)


def test_bad_checkpoints_are_refused_with_their_name(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        resume(tmp_path)
    run(IMF1(n_var=5), NSGA2(20), n_evals=100, seed=1, out=tmp_path, should_stop=lambda: True)
    file = tmp_path / "checkpoint.pkl"
    data = file.read_bytes()
    for bad in (data[:-100], data[:5], b"", data[:200] + b"x" + data[201:]):
        file.write_bytes(bad)
        with pytest.raises(CheckpointError, match=r"checkpoint\.pkl"):
            resume(tmp_path)


def test_what_cannot_be_checkpointed_says_so(tmp_path):
    with pytest.raises(CheckpointUnsupportedError, match="MOEAD"):
        run(IMF1(n_var=5), moead(), n_evals=100, seed=1, out=tmp_path / "a", checkpoint_every=50)
    with pytest.warns(UserWarning, match="cannot be resumed.*MOEAD"):
        result = run(IMF1(n_var=5), moead(), n_evals=100, seed=1, out=tmp_path / "b")
    assert result.finished


@pytest.mark.parametrize("make", [small_gmoea, lambda: NSGA2(20)], ids=["gmoea", "nsga2"])
def test_nan_objectives_are_survived_counted_and_never_good(make):
    result = run(Holed(), make(), n_evals=200, seed=1)
    assert result.n_evals == 200
    assert result.counters["nonfinite_evaluations"] > 0
    assert np.isfinite(result.optimum.F).all() and len(result.optimum.F)


def test_a_problem_that_always_fails_has_no_optimum(tmp_path):
    result = run(Holed(every=1), small_gmoea(), n_evals=100, seed=1, out=tmp_path)
    assert len(result.optimum.F) == 0
    assert result.counters["nonfinite_evaluations"] == 100
    json.loads((tmp_path / "result.json").read_text())


def test_without_a_front_the_reference_is_the_first_population():
    result = run(Holed(every=10**6), NSGA2(20), n_evals=100, seed=1)
    assert set(result.indicators) == {"hv"}
    assert result.indicator_source == "first population"
    assert result.indicators["hv"].ideal is not None


def test_one_objective_reports_the_best_value():
    result = run(get_problem("sphere", n_var=3), GA(20), n_evals=200, seed=1)
    assert float(result.indicators["f_min"]) == result.optimum.F.min()
    assert float(result.indicators["igd"]) == pytest.approx(result.optimum.F.min())


def test_nothing_feasible_scores_worst():
    result = run(get_problem("mw3"), NSGA2(20), n_evals=40, seed=1)
    if len(result.optimum.F) == 0:
        assert float(result.indicators["igd"]) == np.inf
        assert float(result.indicators["hv"]) == 0
    assert (result.optimum.CV <= 0).all()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"n_evals": 19}, ValueError, "population size 20"),
        ({"n_evals": 0}, ValueError, "n_evals"),
        ({"n_evals": 50.5}, TypeError, "n_evals"),
        ({"seed": -1}, ValueError, "seed"),
        ({"checkpoint_every": 10}, ValueError, "folder"),
    ],
)
def test_wrong_arguments_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        run(IMF1(n_var=5), NSGA2(20), **{"n_evals": 100, "seed": 1, **changes})


def test_an_unwritable_folder_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        run(IMF1(n_var=5), NSGA2(20), n_evals=40, seed=1, out=tmp_path / "file")


def test_a_run_leaves_the_algorithm_and_global_states_alone():
    algorithm = GMOEA(20, model=Gaussian())
    state = np.random.get_state()[1].copy()
    run(IMF1(n_var=5), algorithm, n_evals=60, seed=1)
    assert algorithm.problem is None
    assert np.array_equal(state, np.random.get_state()[1])


def test_two_processes_cannot_write_to_one_folder(tmp_path):
    with only_writer(tmp_path), pytest.raises(ValueError, match="another process is writing"):
        run(IMF1(n_var=5), NSGA2(20), n_evals=40, seed=1, out=tmp_path)
    assert run(IMF1(n_var=5), NSGA2(20), n_evals=40, seed=1, out=tmp_path).finished


def test_a_configuration_that_is_not_ours_is_left_alone(tmp_path):
    (tmp_path / "config.json").write_text('{"mine": 1}')
    with pytest.raises(ValueError, match="not evogan's"):
        run(IMF1(n_var=5), NSGA2(20), n_evals=40, seed=1, out=tmp_path)
    assert (tmp_path / "config.json").read_text() == '{"mine": 1}'


class Locks(IMF1):
    """Becomes impossible to store with its first evaluation."""

    def _evaluate(self, x, out, *args, **kwargs):
        self.lock = threading.Lock()
        super()._evaluate(x, out, *args, **kwargs)


def test_a_state_that_becomes_impossible_to_store_does_not_end_the_run(tmp_path):
    with pytest.warns(UserWarning, match="no more checkpoints"):
        result = run(Locks(n_var=5), NSGA2(20), n_evals=100, seed=1, out=tmp_path, checkpoint_every=20)
    assert result.finished and result.n_evals == 100


def test_a_stop_after_that_leaves_the_last_checkpoint(tmp_path):
    stops = iter([False, True])
    with pytest.warns(UserWarning, match="no more checkpoints"):
        stopped = run(
            Locks(n_var=5),
            NSGA2(20),
            n_evals=100,
            seed=1,
            out=tmp_path,
            checkpoint_every=20,
            should_stop=stops.__next__,
        )
    assert not stopped.finished and (tmp_path / "result.json").exists()
    whole = run(IMF1(n_var=5), NSGA2(20), n_evals=100, seed=1)
    assert np.array_equal(resume(tmp_path, problem=IMF1(n_var=5)).optimum.F, whole.optimum.F)


class Breaks(IMF1):
    def __init__(self, limit):
        super().__init__(n_var=5)
        self.limit, self.n = limit, 0

    def _evaluate(self, x, out, *args, **kwargs):
        self.n += len(x)
        if self.n > self.limit:
            raise ArithmeticError("the simulator failed")
        super()._evaluate(x, out, *args, **kwargs)


def test_a_run_goes_on_with_a_mended_problem(tmp_path):
    whole = run(IMF1(n_var=5), NSGA2(20), n_evals=200, seed=1)
    with pytest.raises(ArithmeticError):
        run(Breaks(100), NSGA2(20), n_evals=200, seed=1, out=tmp_path, checkpoint_every=20)
    result = resume(tmp_path, problem=IMF1(n_var=5))
    assert np.array_equal(result.optimum.F, whole.optimum.F)


class LateFinite(IMF1):
    def __init__(self):
        super().__init__(n_var=5)
        self.n = 0

    def _evaluate(self, x, out, *args, **kwargs):
        super()._evaluate(x, out, *args, **kwargs)
        self.n += 1
        out["F"] = out["F"] if self.n > 1 else np.full_like(out["F"], np.nan)

    def _calc_pareto_front(self, *args, **kwargs):
        return None


def test_the_reference_waits_for_a_finite_population(tmp_path):
    result = run(LateFinite(), small_gmoea(), n_evals=100, seed=1, out=tmp_path)
    assert set(result.indicators) == {"hv"} and float(result.indicators["hv"]) > 0
    rows = list(csv.DictReader((tmp_path / "convergence.csv").read_text().splitlines()))
    assert [row["hv"] == "" for row in rows] == [True, False, False, False, False]
    assert [float(row["n_evals"]) for row in rows] == [20, 40, 60, 80, 100]
    assert rows[-1]["hv"] == repr(float(result.indicators["hv"]))


def test_rvea_meets_its_budget():
    directions = get_reference_directions("das-dennis", 2, n_partitions=19)
    assert run(IMF1(n_var=5), RVEA(directions), n_evals=110, seed=1).n_evals == 110


def test_what_was_run_is_recorded_from_the_objects():
    config = run(shifted(IMF1(n_var=5), seed=3), small_gmoea(pressure=5), n_evals=40, seed=1).config["resolved"]
    assert config["algorithm"]["mating"]["infills"][0]["model"]["n_steps"] == 5
    assert config["algorithm"]["mating"]["infills"][1]["selection"]["pressure"] == 5
    assert config["problem"]["base"]["type"] == "IMF1"
