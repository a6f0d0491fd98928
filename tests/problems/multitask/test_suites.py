"""What holds for every task of every suite."""

from __future__ import annotations

import copy
import functools
import os
import pickle
import subprocess
import sys

import moocore
import numpy as np
import pytest

from evogan.problems.fronts import reference_front
from evogan.problems.multitask import SUITES, cec17_mtmo, cec19_matmo, wcci20_matmo
from evogan.problems.multitask._shapes import CIRCLE, CONCAVE, CONCAVE_MEAN, CONVEX, OCTANT
from evogan.problems.multitask._task import Task

TWO_TASKS = [name for name, suite in SUITES.items() if not suite.many]


@functools.cache
def tasks(name):
    """All tasks of a suite; of a many-task problem every seventh, so all functions and the last task."""
    suite = SUITES[name]
    made = [suite.make(number) for number in range(1, suite.n_problems + 1)]
    return [task for problem in made for task in (problem[::7] if suite.many else problem)]


def points(task, n, seed):
    return task.xl + np.random.default_rng(seed).random((n, task.n_var)) * (task.xu - task.xl)


def distance_below(task, F):
    """How far the worst of F reaches beyond the task's front."""
    if task.shape in (CIRCLE, OCTANT):
        return 1.0 - np.linalg.norm(F, axis=1).min()
    return (1.0 - F[:, 0] ** task.shape.power - F[:, 1]).max()


def rounding(task):
    """The modified Schwefel function misses its optimum by up to 1.3e-5 for each of 49 variables."""
    schwefel = task.name().startswith("CEC21") and task.name().endswith(("(F11)", "(F17)", "(F22)"))
    return 7e-4 if schwefel else 1e-12


@pytest.mark.parametrize("name", SUITES)
def test_pareto_sets_attain_the_fronts_inside_the_box(name):
    for task in tasks(name):
        for n_points in (1, 2, 50):
            X, front = task._calc_pareto_set(n_points), task._calc_pareto_front(n_points)
            assert X.shape == (len(front), task.n_var) and front.shape[1] == task.n_obj
            assert (task.xl <= X).all() and (task.xu >= X).all(), task.name()
            np.testing.assert_allclose(task.evaluate(X, return_values_of=["F"]), front, rtol=0, atol=rounding(task))


@pytest.mark.parametrize("name", SUITES)
def test_nothing_lies_beyond_the_fronts(name):
    for task in tasks(name):
        width = task.xu - task.xl
        X = task._calc_pareto_set(40)
        near = [X + scale * width * np.random.default_rng(3).standard_normal(X.shape) for scale in (1e-7, 1e-4, 1e-2)]
        X = np.clip(np.vstack([points(task, 200, 4), *near]), task.xl, task.xu)
        assert distance_below(task, task.evaluate(X, return_values_of=["F"])) < 1e-12, task.name()


@pytest.mark.parametrize("name", SUITES)
def test_fronts_are_non_dominated_and_evenly_spread(name):
    for front, label in {str(t.shape) + str(t.n_ieq_constr): (t._calc_pareto_front(), t) for t in tasks(name)}.values():
        assert 9_900 < len(front) < 10_100
        assert moocore.is_nondominated(front).all(), label.name()
        gaps = np.linalg.norm(np.diff(front, axis=0), axis=1)
        if label.shape is CIRCLE:  # equal steps of the angle
            np.testing.assert_allclose(gaps, 0.5 * np.pi / 9_999, rtol=1e-4)
        elif label.shape in (CONCAVE, CONCAVE_MEAN, CONVEX) and not label.n_ieq_constr:
            np.testing.assert_allclose(front[:, 0], np.linspace(0, 1, 10_000), rtol=0, atol=1e-15)
        elif label.shape is OCTANT:
            np.testing.assert_allclose(np.linalg.norm(front, axis=1), 1.0, rtol=1e-12)
            assert np.allclose(front.min(axis=0), 0, atol=1e-12) and np.allclose(front.max(axis=0), 1)


def test_the_reference_front_is_the_problems_own():
    for name in TWO_TASKS:
        task = tasks(name)[-1]
        assert np.array_equal(np.unique(reference_front(task), axis=0), np.unique(task._calc_pareto_front(), axis=0))


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_solutions_value_does_not_depend_on_its_batch(name, seed):
    rng = np.random.default_rng(seed)
    for task in tasks(name):
        X = points(task, 23, seed)
        together = task.evaluate(X, return_as_dictionary=True)
        order = rng.permutation(len(X))
        for key, values in together.items():
            alone = np.vstack([task.evaluate(X[i : i + 1], return_as_dictionary=True)[key] for i in range(0, 23, 4)])
            assert np.array_equal(alone, values[::4]), task.name()
            assert np.array_equal(task.evaluate(X[order], return_as_dictionary=True)[key], values[order]), task.name()
            fortran = task.evaluate(np.asfortranarray(X), return_as_dictionary=True)[key]
            assert np.array_equal(fortran, values), task.name()
            sliced = task.evaluate(np.repeat(X, 2, axis=0)[::2], return_as_dictionary=True)[key]
            assert np.array_equal(sliced, values), task.name()


@pytest.mark.parametrize("name", SUITES)
def test_evaluation_leaves_the_solutions_and_the_stored_numbers_alone(name):
    for task in tasks(name)[:4]:
        X = points(task, 5, 0)
        kept = X.copy()
        first = task.evaluate(X, return_values_of=["F"])
        assert np.array_equal(X, kept)
        assert np.array_equal(task.evaluate(X, return_values_of=["F"]), first)


@pytest.mark.parametrize("name", SUITES)
def test_tasks_survive_pickling_and_copying_in_a_few_bytes(name):
    for task in tasks(name):
        task.pareto_front()  # pymoo keeps it: it must not travel
        packed = pickle.dumps(task)
        assert len(packed) < 4_000
        X = points(task, 3, 1)
        for twin in (pickle.loads(packed), copy.deepcopy(task)):
            assert twin.name() == task.name()
            assert np.array_equal(twin.evaluate(X, return_values_of=["F"]), task.evaluate(X, return_values_of=["F"]))
            assert np.array_equal(twin.pareto_front(n_points=10), task.pareto_front(use_cache=False, n_points=10))


def test_a_task_works_in_another_process(tmp_path):
    task = SUITES["cec19-matmo"].make(6, n_tasks=2)[1]
    (tmp_path / "task").write_bytes(pickle.dumps(task))
    code = (
        "import pickle, sys; print(repr(pickle.load(open(sys.argv[1], 'rb')).evaluate(__import__('numpy').ones(50))))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "task")], capture_output=True, text=True, check=True, env=os.environ
    )
    assert shown.stdout.strip() == repr(task.evaluate(np.ones(50)))


def test_the_suites_are_complete():
    sizes = {name: (suite.n_problems, suite.n_tasks) for name, suite in SUITES.items()}
    assert sizes == {
        "cec17-mtmo": (9, 2),
        "cec17-mtmo-shifted": (9, 2),
        "cec19-mtmo-cplx": (10, 2),
        "cec21-mtmo-cplx": (10, 2),
        "cec19-matmo": (6, 50),
        "wcci20-matmo": (10, 50),
        "mtmo-instance": (2, 2),
    }
    for name, suite in SUITES.items():
        assert suite.name == name
        for number in range(1, suite.n_problems + 1):
            made = suite.make(number)
            assert len(made) == suite.n_tasks and all(isinstance(task, Task) for task in made)
            assert suite.pop_size(number) == (120 if any(task.n_obj == 3 for task in made) else 100)
    assert len({task.name() for name in SUITES for task in tasks(name)}) == sum(len(tasks(name)) for name in SUITES)


def test_budgets_are_those_of_the_competitions():
    assert [SUITES["cec17-mtmo"].n_evals(k) for k in range(1, 10)] == [200_000] * 7 + [240_000] * 2
    assert SUITES["cec17-mtmo-shifted"].n_evals(9) == 240_000
    assert [SUITES["cec19-mtmo-cplx"].n_evals(k) for k in (4, 5, 8, 9, 10)] == [200_000, 240_000] * 2 + [200_000]
    assert {SUITES["cec21-mtmo-cplx"].n_evals(k) for k in range(1, 11)} == {200_000}
    assert SUITES["cec19-matmo"].n_evals(1) == SUITES["wcci20-matmo"].n_evals(10) == 2_500_000
    assert SUITES["cec19-matmo"].n_evals(6, n_tasks=3) == 150_000
    assert SUITES["mtmo-instance"].n_evals(2) == 25_000


@pytest.mark.parametrize("name", SUITES)
def test_wrong_numbers_are_refused(name):
    suite = SUITES[name]
    for ask in (suite.make, suite.n_evals, suite.pop_size):
        for number in (0, -1, suite.n_problems + 1):
            with pytest.raises(ValueError, match=rf"number must be in \[1, {suite.n_problems}\], got {number}"):
                ask(number)
        for number in ("1", 1.0, True, None):
            with pytest.raises(TypeError, match="number must be an integer"):
                ask(number)
    with pytest.raises(TypeError):
        suite.make(1, tasks=3)


@pytest.mark.parametrize("make", [cec19_matmo, wcci20_matmo])
def test_wrong_numbers_of_tasks_are_refused(make):
    for n_tasks in (0, 51):
        with pytest.raises(ValueError, match=rf"n_tasks must be in \[1, 50\], got {n_tasks}"):
            make(1, n_tasks=n_tasks)
    with pytest.raises(TypeError, match="n_tasks must be an integer"):
        make(1, n_tasks=2.0)
    with pytest.raises(ValueError, match=r"n_tasks must be in \[2, 2\], got 3"):
        SUITES["cec17-mtmo"].n_evals(1, n_tasks=3)


def test_fewer_tasks_are_the_first_tasks():
    for make in (cec19_matmo, wcci20_matmo):
        few, all_of_them = make(6, n_tasks=4), make(6)
        assert [task.name() for task in few] == [task.name() for task in all_of_them[:4]]
        X = points(few[3], 3, 0)
        assert np.array_equal(few[3].evaluate(X), all_of_them[3].evaluate(X))


def test_bad_numbers_of_points_are_refused():
    task = cec17_mtmo(1)[0]
    for bad in (0, -5):
        with pytest.raises(ValueError, match="n_points"):
            task._calc_pareto_front(bad)
        with pytest.raises(ValueError, match="n_points"):
            task._calc_pareto_set(bad)


def test_position_variables_of_a_mean_spread_over_the_square():
    X = cec17_mtmo(8)[1]._calc_pareto_set(2_000)[:, :2]
    counts, _, _ = np.histogram2d(X[:, 0], X[:, 1], bins=4, range=[[0, 1], [0, 1]])
    assert (counts > 20).all()
