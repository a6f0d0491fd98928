"""The unified box, evaluation task by task, and what a task that fails costs."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from pymoo.core.individual import Individual
from pymoo.core.population import Population
from pymoo.core.problem import ElementwiseProblem, Problem
from pymoo.problems import get_problem

from evogan.multitask import MultitaskEA, MultitaskProblem, TaskPopulation, minimize_multitask
from evogan.problems.imf import IMF1, IMF4

# Bounds that round: -3 + (0.1 - -3) exceeds 0.1, -3 + (0.3 - -3) falls short of 0.3; two variables are fixed.
XL = np.array([-3.0, -3.0, -100.0, 0.0, 5.0, -3.0, 1e6])
XU = np.array([0.1, 0.3, 100.0, 1.0, 5.0, -3.0, 1e6 + 1])


class Linear(Problem):
    """Two objectives that any rounding shows; ``broken`` may spoil or refuse rows by their first variable."""

    def __init__(self, n_var=2, xl=0.0, xu=1.0, broken=None, **sizes):
        super().__init__(n_var=n_var, xl=xl, xu=xu, **{"n_obj": 2, **sizes})
        self.broken = broken
        self.batches = []

    def _evaluate(self, x, out, *args, **kwargs):
        self.batches.append(x.copy())
        out["F"] = np.column_stack([x[:, 0], 1 - x[:, 0] + x[:, 1:].sum(axis=1)])
        if self.broken is not None:
            self.broken(x, out)


def raises_below(limit):
    def broken(x, out):
        if (x[:, 0] < limit).any():
            raise ArithmeticError("the mesh is torn")

    return broken


def pair(task, n_var=2):
    """A problem whose task 0 is ``task``."""
    return MultitaskProblem([task, Linear(n_var)])


class Random(MultitaskEA):
    def offspring(self):
        return [self.random_points() for _ in range(self.problem.n_tasks)]


# The unified box -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_unit_box_is_decoded_to_the_same_bits(seed):
    problem = MultitaskProblem([Linear(3), Linear(5)])
    U = np.random.default_rng(seed).random((50, 5))
    U[:2] = [[0.0] * 5, [1.0] * 5]
    assert np.array_equal(problem.decode(0, U), U[:, :3])
    assert np.array_equal(problem.decode(1, U), U)
    assert np.array_equal(problem.encode(1, U), U)


def test_decoding_by_hand():
    problem = MultitaskProblem([Linear(2, xl=[-2.0, 10.0], xu=[2.0, 30.0]), Linear(3)])
    assert problem.n_var == 3
    assert problem.decode(0, [[0.25, 0.75, 0.9], [0.0, 1.0, 0.0]]).tolist() == [[-1.0, 25.0], [-2.0, 30.0]]
    assert problem.encode(0, [[-1.0, 25.0]]).tolist() == [[0.25, 0.75, 0.5]]


@pytest.mark.parametrize("seed", range(5))
def test_solutions_come_back_through_the_box(seed):
    problem = MultitaskProblem([Linear(7, xl=XL, xu=XU), Linear(9)])
    X = XL + np.random.default_rng(seed).random((200, 7)) * (XU - XL)
    U = problem.encode(0, X)
    assert U.shape == (200, 9) and U.min() >= 0 and U.max() <= 1
    assert (U[:, [4, 5, 7, 8]] == 0.5).all(), "fixed variables and genes the task does not read"
    # rounding of U is multiplied by the span, that of X grows with the bounds
    tolerance = 4 * np.finfo(float).eps * np.maximum(abs(XL), abs(XU))
    back = problem.decode(0, U)
    assert (abs(back - X) <= tolerance).all(), f"seed {seed}"
    np.testing.assert_allclose(problem.encode(0, back)[:, :4], U[:, :4], rtol=0, atol=1e-15)


def test_the_bounds_are_met_exactly_and_never_exceeded():
    problem = MultitaskProblem([Linear(7, xl=XL, xu=XU), Linear(7)])
    assert np.array_equal(problem.decode(0, np.zeros((1, 7))), [XL])
    assert np.array_equal(problem.decode(0, np.ones((1, 7))), [XU])
    near = np.array([np.nextafter(1, 0), 1 - 1e-9, 1e-300, 1e-9])[:, None] * np.ones(7)
    X = problem.decode(0, near)
    assert (X >= XL).all() and (X <= XU).all()
    assert (X[:, 4:6] == XL[4:6]).all(), "fixed variables keep their value to the bit"
    assert problem.encode(0, [XL, XU])[:, :4].tolist() == [[0.0] * 4, [1.0] * 4]


def test_what_lies_outside_is_clipped():
    problem = MultitaskProblem([Linear(2, xl=-2.0, xu=2.0), Linear(2)])
    assert problem.encode(0, [[-9.0, 9.0]]).tolist() == [[0.0, 1.0]]
    assert problem.decode(0, [[-0.5, 1.5]]).tolist() == [[-2.0, 2.0]]


@pytest.mark.parametrize("seed", range(3))
def test_genes_that_a_task_does_not_read_never_matter(seed):
    rng = np.random.default_rng(seed)
    problem = MultitaskProblem([IMF1(n_var=4), get_problem("bnh"), IMF4(n_var=9)])
    U = rng.random((20, 9))
    other = np.column_stack([U[:, :4], rng.random((20, 5))])
    first, second = problem.evaluate(0, U), problem.evaluate(0, other)
    assert np.array_equal(first.F, second.F)
    assert np.array_equal(problem.decode(0, U), problem.decode(0, other))
    assert np.array_equal(problem.evaluate(1, U).G, problem.evaluate(1, other).G)
    assert not np.array_equal(problem.evaluate(2, U).F, problem.evaluate(2, other).F)
    assert np.array_equal(second.U, other), "they are kept, all the same"


@pytest.mark.parametrize("U", [np.zeros(3), np.zeros((4, 2)), np.zeros((4, 4)), [[[0.5] * 3]]])
def test_points_of_another_width_are_refused(U):
    problem = MultitaskProblem([Linear(2), Linear(3)])
    for call in (problem.decode, problem.evaluate):
        with pytest.raises(ValueError, match=r"U must have shape \(n, 3\), got \("):
            call(0, U)


def test_solutions_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"X must have shape \(n, 2\), got \(1, 3\)"):
        MultitaskProblem([Linear(2), Linear(3)]).encode(0, np.zeros((1, 3)))


@pytest.mark.parametrize(("bad", "message"), [(np.nan, "finite, got 1 of 4 rows"), (1.5, "unit box"), (-1e-9, "unit")])
def test_points_outside_the_box_are_not_evaluated(bad, message):
    problem = MultitaskProblem([Linear(2), Linear(2)])
    U = np.full((4, 2), 0.5)
    U[2, 1] = bad
    with pytest.raises(ValueError, match=message):
        problem.evaluate(1, U)
    assert problem.tasks[1].batches == []


# Evaluation ------------------------------------------------------------------------------------------------


class Both(ElementwiseProblem):
    """Inequality and equality constraints, one solution at a time."""

    def __init__(self):
        super().__init__(n_var=3, n_obj=2, n_ieq_constr=2, n_eq_constr=1, xl=-1.0, xu=2.0)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = [x[0], x[1] ** 2]
        out["G"] = [x[0] - 0.5, -x[1]]
        out["H"] = [x[2] * 3e-4]


@pytest.mark.parametrize("task", [IMF1(n_var=6), get_problem("bnh"), get_problem("osy"), Both(), get_problem("g3")])
def test_values_are_those_of_the_problem(task):
    problem = MultitaskProblem([task, Linear(2)])
    U = np.random.default_rng(1).random((40, problem.n_var))
    got = problem.evaluate(0, U)
    X = problem.decode(0, U)
    out = task.evaluate(X, return_values_of=["F", "G", "H"], return_as_dictionary=True)
    for name, size in (("F", task.n_obj), ("G", task.n_ieq_constr), ("H", task.n_eq_constr)):
        values = getattr(got, name)
        assert values.shape == (40, size) and values.dtype == np.float64
        assert np.array_equal(values, out[name].reshape(40, size))
    pymoos = Population.new(X=X, **{name: out[name].reshape(40, -1) for name in "FGH"}).get("CV")[:, 0]
    assert np.array_equal(got.CV, pymoos)
    assert got.CV.shape == (40,) and (task.n_constr == 0) == (got.CV == 0).all()
    assert problem.n_failed == [0, 0]


def test_constraint_violation_by_hand():
    problem = MultitaskProblem([Both(), Linear(2)])
    U = problem.encode(0, [[1.0, -0.25, 0.0], [0.0, 0.5, 1.0], [0.25, 0.5, 0.25]])
    # 0.5 + 0.25; equality is met to 1e-4: 3e-4 - 1e-4; both met
    np.testing.assert_allclose(problem.evaluate(0, U).CV, [0.75, 2e-4, 0.0], rtol=1e-12, atol=0)
    assert Individual.default_config()["cv_eq"]["eps"] == 1e-4


def test_no_points_do_not_reach_the_task():
    problem = MultitaskProblem([Both(), Linear(3, broken=raises_below(2))])
    got = [problem.evaluate(t, np.zeros((0, 3))) for t in (0, 1)]
    assert [len(one) for one in got] == [0, 0]
    assert (got[0].F.shape, got[0].CV.shape, got[0].G.shape, got[0].H.shape) == ((0, 2), (0,), (0, 2), (0, 1))
    assert problem.tasks[1].batches == []


def test_a_population_is_cut_and_merged_row_by_row():
    problem = MultitaskProblem([Both(), Linear(3)])
    one = problem.evaluate(0, np.random.default_rng(0).random((6, 3)))
    for rows in ([4, 0], np.array([4, 0]), one.F[:, 0] > 0, slice(1, 3)):
        part = one[rows]
        for name in ("U", "F", "CV", "G", "H"):
            assert np.array_equal(getattr(part, name), getattr(one, name)[rows])
    both = one[:2].merge(one[4:])
    assert len(both) == 4 and np.array_equal(both.G, one.G[[0, 1, 4, 5]])
    assert np.array_equal(both.CV, one.CV[[0, 1, 4, 5]])


# Failures --------------------------------------------------------------------------------------------------


def test_a_row_that_raises_costs_only_itself():
    problem = pair(Linear(2, broken=raises_below(0.3)))
    U = np.array([[0.1, 0.5], [0.4, 0.2], [0.29, 0.0], [0.9, 1.0]])
    with pytest.warns(RuntimeWarning, match=r"task 0 \(Linear\) raised ArithmeticError: the mesh is torn.*n_failed"):
        got = problem.evaluate(0, U)
    assert problem.n_failed == [2, 0]
    assert got.F.tolist() == [[np.inf, np.inf], [0.4, 0.8], [np.inf, np.inf], [0.9, 1.1]]
    assert got.CV.tolist() == [np.inf, 0, np.inf, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        problem.evaluate(0, U)  # said once
    assert problem.n_failed == [4, 0]
    assert np.isfinite(problem.evaluate(1, U).F).all()


def test_constraints_of_a_row_that_raises_are_infinite():
    class Torn(Both):
        def _evaluate(self, x, out, *args, **kwargs):
            if x[0] > 1:
                raise OSError("no licence")
            super()._evaluate(x, out)

    problem = MultitaskProblem([Torn(), Linear(3)])
    with pytest.warns(RuntimeWarning, match="raised OSError"):
        got = problem.evaluate(0, np.array([[0.9, 0.5, 0.5], [0.1, 0.5, 0.5]]))
    assert got.F[0].tolist() == got.G[0].tolist() == [np.inf, np.inf]
    assert got.H[0].tolist() == [np.inf] and got.CV[0] == np.inf
    assert np.isfinite(np.concatenate([got.F[1], got.G[1], got.H[1]])).all()


def test_a_task_that_spoils_its_input_before_it_raises_sees_it_whole_again():
    def broken(x, out):
        x += 100
        raises_below(100.3)(x, out)

    problem = pair(Linear(2, broken=broken))
    U = np.array([[0.1, 0.5], [0.4, 0.2]])
    with pytest.warns(RuntimeWarning, match="raised"):
        got = problem.evaluate(0, U)
    assert got.F.tolist() == [[np.inf, np.inf], [0.4, 0.8]]
    assert got.U.tolist() == [[0.1, 0.5], [0.4, 0.2]]


def test_an_error_of_the_batch_alone_costs_nothing_but_is_said():
    class OneByOne(Linear):
        def _evaluate(self, x, out, *args, **kwargs):
            if len(x) > 1:
                raise TypeError("only one row, please")
            super()._evaluate(x, out)

    problem = pair(OneByOne())
    with pytest.warns(RuntimeWarning, match="only one row, please"):
        got = problem.evaluate(0, np.array([[0.25, 0.5], [0.5, 0.5]]))
    assert got.F.tolist() == [[0.25, 1.25], [0.5, 1.0]]
    assert problem.n_failed == [0, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["F", "G", "H"])
def test_a_value_that_is_not_finite_fails_the_solution(name, value):
    class Spoilt(Both):
        def _evaluate(self, x, out, *args, **kwargs):
            super()._evaluate(x, out)
            if x[0] < 0:
                out[name] = [*out[name][:-1], value]

    problem = MultitaskProblem([Spoilt(), Linear(3)])
    U = np.array([[0.9, 0.5, 0.5], [0.1, 0.5, 0.5], [0.8, 0.5, 0.5]])
    if name == "G" and value == -np.inf:  # a constraint that is met, by far
        assert problem.evaluate(0, U).CV[1] == problem.evaluate(0, U[1:2]).CV[0] < np.inf
        return
    with pytest.warns(RuntimeWarning, match=r"task 0 \(Spoilt\) returned values that are not finite"):
        got = problem.evaluate(0, U)
    assert problem.n_failed == [1, 0]
    assert (np.concatenate([got.F[1], got.G[1], got.H[1], got.CV[1:2]]) == np.inf).all()
    assert np.isfinite(np.concatenate([got.F[[0, 2]], got.G[[0, 2]], got.H[[0, 2]]], axis=1)).all()


def wrong(name, value):
    def broken(x, out):
        out[name] = value(x)

    return broken


@pytest.mark.parametrize(
    ("sizes", "broken", "message"),
    [
        ({}, wrong("F", lambda x: x[:, 0]), r"F can not be set, expected shape \(6, 2\) but provided \(6,\)"),
        ({"n_obj": 3}, None, r"F can not be set, expected shape \(6, 3\) but provided \(6, 2\)"),
        (
            {"n_ieq_constr": 1},
            wrong("G", lambda x: np.zeros((len(x), 2))),
            r"G can not be set, expected shape \(6, 1\)",
        ),
        ({"n_eq_constr": 2}, wrong("H", lambda x: np.zeros(len(x))), r"H can not be set, expected shape \(6, 2\)"),
        ({}, wrong("F", lambda x: np.full((len(x), 2), "low")), r"must return F as numbers of shape \(6, 2\), got <U3"),
    ],
)
def test_a_wrong_shape_is_a_mistake_and_not_a_failure(sizes, broken, message):
    problem = pair(Linear(2, broken=broken, **sizes))
    with pytest.raises(ValueError, match=r"task 0 \(Linear\)") as raised:
        problem.evaluate(0, np.full((6, 2), 0.5))
    raised.match(message)
    assert problem.n_failed == [0, 0]


def test_a_wrong_shape_is_found_behind_an_error():
    class Ragged(ElementwiseProblem):
        def __init__(self):
            super().__init__(n_var=2, n_obj=2, xl=0.0, xu=1.0)

        def _evaluate(self, x, out, *args, **kwargs):
            out["F"] = [1.0, 2.0] if x[0] < 0.5 else [1.0, 2.0, 3.0]

    with pytest.raises(ValueError, match=r"task 0 \(Ragged\).*expected shape \(1, 2\) but provided \(1, 3\)"):
        pair(Ragged()).evaluate(0, np.array([[0.1, 0.1], [0.9, 0.9]]))


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_the_users_interrupt_passes(stop):
    def broken(x, out):
        raise stop

    with pytest.raises(stop):
        pair(Linear(2, broken=broken)).evaluate(0, np.full((3, 2), 0.5))


def test_a_task_that_always_raises_leaves_the_others_their_budget():
    with pytest.warns(RuntimeWarning, match="the mesh is torn") as seen:
        result = minimize_multitask([Linear(2, broken=raises_below(2)), Linear(3)], Random(10), ("n_eval", 100), seed=1)
    assert len(seen) == 1 and seen[0].filename == __file__
    assert [task.n_eval for task in result] == [50, 50]
    assert result.problem.n_failed == [50, 0] and result.counters["nonfinite_evaluations"] == 50
    assert result[0].X is None and result[0].F is None and result[0].opt is None
    assert len(result[0].pop) == 10 and (result[0].pop.get("F") == np.inf).all()
    alone = minimize_multitask([Linear(2), Linear(3)], Random(10), ("n_eval", 100), seed=1)
    assert np.array_equal(result[1].F, alone[1].F), "the other task does not notice"


def test_every_task_has_its_own_say():
    problem = MultitaskProblem([Linear(2, broken=raises_below(2)), Linear(2, broken=raises_below(3))])
    for t in (0, 1):
        with pytest.warns(RuntimeWarning, match=rf"task {t} \(Linear\) raised"):
            problem.evaluate(t, np.full((2, 2), 0.5))
    assert problem.n_failed == [2, 2]


def test_failed_solutions_go_first():
    problems = [Linear(2, broken=raises_below(0.5)), Linear(2)]
    with pytest.warns(RuntimeWarning, match="raised"):
        result = minimize_multitask(problems, Random(20), ("n_eval", 400), seed=2)
    assert 60 < result.problem.n_failed[0] < 140
    assert np.isfinite(result[0].pop.get("F")).all() and result[0].X[:, 0].min() >= 0.5


def test_what_failed_is_counted_anew_in_every_run():
    problem = pair(Linear(2, broken=raises_below(0.5)))
    with pytest.warns(RuntimeWarning):
        problem.evaluate(0, np.full((3, 2), 0.1))
    with pytest.warns(RuntimeWarning, match="raised"):  # a run says so again
        result = minimize_multitask(problem, Random(10), ("n_eval", 20), seed=1)
    assert problem.n_failed == [3, 0]
    assert result.problem.n_failed[0] <= 10
    assert result[0].problem is problem.tasks[0], "as in pymoo, the problem is not copied"


# Construction ----------------------------------------------------------------------------------------------


def unbounded():
    return Problem(n_var=2, n_obj=2)


@pytest.mark.parametrize(
    ("tasks", "error", "message"),
    [
        ([], ValueError, "at least two problems, got 0"),
        ([IMF1(5)], ValueError, "at least two problems, got 1.*minimize"),
        (IMF1(5), TypeError, "list of pymoo problems, got the one problem IMF1"),
        (5, TypeError, "tasks must be a list of pymoo problems, got 5"),
        (IMF1, TypeError, "tasks must be a list of pymoo problems, got <class"),
        ([IMF1(5), IMF1], TypeError, "tasks must be pymoo problems, got <class"),
        ([IMF1(5), "zdt1"], TypeError, "tasks must be pymoo problems, got 'zdt1'"),
        ([IMF1(5), unbounded()], ValueError, "bounds xl and xu, got None"),
        ([IMF1(5), Linear(2, xl=[0.0, -np.inf])], ValueError, r"finite bounds.*\[-inf, 1.0\] for variable 1"),
        ([IMF1(5), Linear(2, xl=2.0)], ValueError, "xl <= xu"),
        ([IMF1(5), Linear(2, vtype=int)], TypeError, "real-valued variables.*got <class 'int'>"),
    ],
)
def test_what_cannot_be_solved_together_is_refused(tasks, error, message):
    with pytest.raises(error, match=message):
        MultitaskProblem(tasks)


def test_names():
    assert MultitaskProblem([IMF1(5), IMF4(5)]).name() == "IMF1 + IMF4"
    assert MultitaskProblem((task for task in [IMF1(5), IMF4(5)]), name="twins").name() == "twins"


def test_a_problem_travels():
    problem = MultitaskProblem([IMF1(5), get_problem("bnh")])
    U = np.random.default_rng(0).random((7, 5))
    for one in (copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        assert np.array_equal(one.evaluate(1, U).CV, problem.evaluate(1, U).CV)
        assert isinstance(one.evaluate(0, U), TaskPopulation)
