"""Twins: what they fold onto is the base's box, their optima lie inside, and their front is the base's."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from pymoo.core.problem import ElementwiseProblem, Problem
from pymoo.core.variable import Integer, Real
from pymoo.problems import get_problem

from evogan.problems import dtlz, imf
from evogan.problems.fronts import reference_front
from evogan.problems.transforms import Twin, rotated, shifted

BASES = [imf.IMF1(30), imf.IMF4(8), imf.IMF9(7), dtlz.DTLZ6(), get_problem("zdt4"), get_problem("mw3")]
BASES += [get_problem("osy"), get_problem("rastrigin", n_var=5), get_problem("wfg9", 10, 3)]


class Plain(Problem):
    """Returns its variables, in a box with a fixed variable and bounds that do not round well."""

    def __init__(self, **kwargs):
        xl, xu = np.array([0.1, -5.0, 3.0, 0.1, 1e-3]), np.array([0.3, 7.0, 3.0, 0.7, 1e3])
        super().__init__(**{"n_var": 5, "n_obj": 2, "xl": xl, "xu": xu, **kwargs})

    def _evaluate(self, X, out, *args, **kwargs):
        out["F"] = X[:, :2]


def objectives(problem, X):
    return problem.evaluate(X, return_as_dictionary=True)["F"]


@pytest.mark.parametrize("make", [shifted, rotated])
@pytest.mark.parametrize("base", [*BASES, Plain()], ids=lambda p: p.name())
def test_the_fold_is_onto(base, make, random_points):
    span = np.where(base.xu > base.xl, base.xu - base.xl, 1.0)
    for seed in range(20):
        twin = make(base, seed=seed)
        X = random_points(base, 100, seed)
        Z = twin.preimage(X)
        np.testing.assert_array_equal(Z, np.clip(Z, twin.xl, twin.xu))
        np.testing.assert_allclose((twin.transform(Z) - X) / span, 0.0, atol=1e-12, err_msg=str(seed))
        U = twin.transform(X)
        np.testing.assert_array_equal(U, np.clip(U, base.xl, base.xu))
        first = base.n_obj - 1
        np.testing.assert_array_equal(U[:, :first], X[:, :first])
        assert (U[2:, first:] != X[2:, first:])[:, span[first:] != 1.0].all()
        np.testing.assert_array_equal(U[:, base.xl == base.xu], X[:, base.xl == base.xu])


@pytest.mark.parametrize("make", [shifted, rotated])
@pytest.mark.parametrize("cls", [getattr(imf, f"IMF{k}") for k in range(1, 11)])
def test_the_pareto_set_attains_the_front(cls, make, random_points):
    base = cls(12)
    twin = make(base, seed=3)
    X = twin.pareto_set(n_points=200)
    np.testing.assert_array_equal(X, np.clip(X, twin.xl, twin.xu))
    F = twin.evaluate(X)
    front = twin.pareto_front(n_points=200)
    np.testing.assert_array_equal(front, reference_front(base, 200))
    # a root of a rounding error remains where a linked variable of IMF5 to IMF10 is nearly 0
    np.testing.assert_allclose(F, base.pareto_front(n_points=200), atol=1e-12 if twin.base.linear else 1e-8)
    better = (front[:, None, :] - twin.evaluate(random_points(twin, 500))[None]).min(axis=2)
    assert better.max() < 1e-12


def test_optima_leave_corners_faces_and_centre():
    seen = []
    for seed in range(50):
        for twin in (shifted(imf.IMF1(), seed=seed), rotated(imf.IMF1(), seed=seed)):
            x = twin.preimage(np.zeros(30))[0]
            np.testing.assert_array_equal(x[1:], twin.centre)
            assert x[0] == 0.0
            np.testing.assert_array_equal(twin.transform(x)[0], np.zeros(30))  # exactly: DTLZ6 would notice
            seen.append(x[1:])
    seen = np.array(seen)
    assert ((seen > 0.2) & (seen < 0.8)).all()
    assert (np.abs(seen - 0.5) >= 0.1).all()
    assert 0.3 < (seen < 0.5).mean() < 0.7
    for seed in range(5):
        twin = shifted(get_problem("zdt4", n_var=6), seed=seed)  # its optimum lies in the centre
        z = (twin.preimage(np.zeros(6))[0, 1:] + 5) / 10
        assert (np.abs(z - 0.5) > 0.05).all()


@pytest.mark.parametrize("make", [shifted, rotated])
def test_steep_and_far_away_optima_stay_exact(make):
    base = dtlz.DTLZ6(n_var=12)
    X = np.zeros((50, 12))
    X[:, 0] = np.linspace(0, 1, 50)
    np.testing.assert_array_equal(make(base, seed=1).evaluate(make(base, seed=1).preimage(X)), base.evaluate(X))
    twin = make(Plain(), seed=1)
    np.testing.assert_array_equal(twin.transform(twin.preimage(twin.xl)), twin.xl[None])


def links(twin, x, j):
    """Which variables of the base change when variable ``j`` of the twin does."""
    moved = x.copy()
    moved[j] += 1e-3
    return np.flatnonzero(np.abs(twin.transform(moved) - twin.transform(x))[0] > 1e-9)


def test_only_rotation_links_variables():
    base = imf.IMF1(9)  # 8 folded variables: 4 pairs
    x = np.linspace(0.31, 0.47, 9)
    for j in range(9):
        np.testing.assert_array_equal(links(shifted(base, seed=2), x, j), [j])
    groups = {tuple(links(rotated(base, seed=2), x, j)) for j in range(1, 9)}
    assert sorted(len(g) for g in groups) == [2, 2, 2, 2]
    assert sorted(sum(groups, ())) == list(range(1, 9))
    assert {tuple(links(rotated(base, seed=s), x, 1)) for s in range(9)} != {(1, 2)}
    sizes = [len(links(rotated(imf.IMF1(8), seed=2), x[:8], j)) for j in range(1, 8)]
    assert sorted(sizes) == [1, 2, 2, 2, 2, 2, 2]


@pytest.mark.parametrize("degrees", [15.0, 45.0, 75.0, 120.0, -30.0])
def test_a_fixed_angle(degrees):
    base = Plain(n_var=2, n_obj=1, xl=0, xu=1)
    twin = rotated(base, angle=degrees, seed=5)
    c, t = twin.centre, np.radians(degrees)
    first, second = twin._pairs[0]
    z = c + 1e-3 * np.array([0.3, 0.8])
    d = z - c
    w = np.cos(t) * d[first] - np.sin(t) * d[second], np.sin(t) * d[first] + np.cos(t) * d[second]
    u = twin.transform(z)[0]
    np.testing.assert_allclose([u[first] / abs(w[0]), u[second] / abs(w[1])], 1 / twin._scale[0], rtol=1e-9)
    # the square is inside, and as large as it can be: a larger one leaves the box in all four quadrants
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1.0]])
    R = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    fits = []
    for side in (twin._scale[0], twin._scale[0] * (1 + 1e-9)):
        for s in ([1, 1], [-1, 1], [-1, -1], [1, -1]):
            Z = c[[first, second]] + (corners * s * side) @ R
            fits.append(bool((Z > -1e-12).all() and (Z < 1 + 1e-12).all()))
    assert any(fits[:4])
    assert not any(fits[4:])


def test_the_seed_is_the_twin(random_points):
    base = imf.IMF2(11)
    X = random_points(base, 20)
    for make in (shifted, rotated):
        a = make(base, seed=4).transform(X)
        np.random.seed(0)
        np.testing.assert_array_equal(a, make(imf.IMF2(11), seed=4).transform(X))
        np.testing.assert_array_equal(a[:1], make(base, seed=np.int64(4)).transform(X[0]))
        assert (a[2:, 1:] != make(base, seed=5).transform(X)[2:, 1:]).all()
    np.testing.assert_array_equal(shifted(base, seed=4).centre, rotated(base, seed=4).centre)
    # written down: a change of these numbers changes everybody's benchmarks
    np.testing.assert_allclose(shifted(imf.IMF1(3), seed=1).centre, [0.3023643, 0.3900927], atol=1e-7)


def test_chosen_variables():
    base = imf.IMF1(6)
    x = np.full(6, 0.13)
    twin = shifted(base, variables=[4, 2], seed=0)
    np.testing.assert_array_equal(twin.variables, [4, 2])
    np.testing.assert_array_equal(twin.transform(x)[0] != x, [False, False, True, False, True, False])
    assert len(shifted(base, variables=range(6)).variables) == 6
    assert len(shifted(get_problem("rastrigin", n_var=4)).variables) == 4
    np.testing.assert_array_equal(shifted(Plain()).variables, [1, 3, 4])
    np.testing.assert_array_equal(shifted(Plain(), variables=[0, 2]).variables, [0])


@pytest.mark.parametrize("make", [shifted, rotated])
@pytest.mark.parametrize("name", ["mw3", "bnh", "osy", "g5"])
def test_constraints_pass_through(name, make, random_points):
    base = get_problem(name)
    twin = make(base, variables=range(base.n_var), seed=1)
    assert (twin.n_ieq_constr, twin.n_eq_constr, twin.n_obj) == (
        base.n_ieq_constr,
        base.n_eq_constr,
        base.n_obj,
    )
    X = random_points(twin, 30)
    np.testing.assert_array_equal(twin.xl, base.xl)
    np.testing.assert_array_equal(twin.xu, base.xu)
    mine = twin.evaluate(X, return_as_dictionary=True)
    theirs = base.evaluate(twin.transform(X), return_as_dictionary=True)
    assert mine.keys() == theirs.keys()
    for key in mine:
        np.testing.assert_array_equal(mine[key], theirs[key])


def test_twins_of_twins_and_copies(random_points):
    base = imf.IMF9(8)
    twin = rotated(shifted(base, seed=1), seed=2)
    assert twin.name() == "rotated-shifted-IMF9"
    X = random_points(base, 50)
    np.testing.assert_allclose(twin.base.transform(twin.transform(twin.preimage(twin.base.preimage(X)))), X, atol=1e-11)
    np.testing.assert_array_equal(twin.pareto_front(n_points=30), base.pareto_front(n_points=30))
    np.testing.assert_allclose(
        twin.evaluate(twin.pareto_set(n_points=30)),
        base.pareto_front(use_cache=False, n_points=30),
        atol=1e-8,
    )
    for other in (copy.deepcopy(twin), pickle.loads(pickle.dumps(twin))):
        assert isinstance(other, Twin)
        np.testing.assert_array_equal(other.evaluate(X), twin.evaluate(X))
        np.testing.assert_array_equal(other.preimage(X), twin.preimage(X))


def test_rows_do_not_depend_on_their_batch(random_points):
    for make in (shifted, rotated):
        twin = make(imf.IMF9(12), seed=0)
        X = random_points(twin, 40)
        kept = X.copy()
        np.testing.assert_array_equal(twin.evaluate(X), np.vstack([twin.evaluate(x) for x in X]))
        np.testing.assert_array_equal(X, kept)


def test_elementwise_problems_nan_and_points_outside(random_points):
    class One(ElementwiseProblem):
        def __init__(self):
            super().__init__(n_var=3, n_obj=2, n_ieq_constr=1, xl=-1.0, xu=2.0)

        def _evaluate(self, x, out, *args, **kwargs):
            out["F"] = [x[0], np.nan if x[1] > 0 else x[1]]
            out["G"] = [x[2]]

    twin = rotated(One(), seed=0)
    X = random_points(twin, 40)
    F, G = twin.evaluate(X)
    U = twin.transform(X)
    np.testing.assert_array_equal(F[:, 1], np.where(U[:, 1] > 0, np.nan, U[:, 1]))
    np.testing.assert_array_equal(G[:, 0], U[:, 2])
    assert 0 < np.isnan(F).sum() < 40
    assert np.isnan(twin.transform([0.0, np.nan, 0.0])).any()
    U = twin.transform(X * 10)
    assert (np.abs(U[:, 1:] - 0.5) <= 1.5).all()
    assert twin.pareto_front() is None
    assert twin.pareto_set() is None


def test_fronts_are_not_downloaded():
    assert shifted(get_problem("kursawe")).pareto_front() is None
    np.testing.assert_array_equal(
        reference_front(rotated(get_problem("wfg2", 10, 2)), 300),
        reference_front(get_problem("wfg2", 10, 2), 300),
    )
    np.testing.assert_array_equal(
        reference_front(shifted(get_problem("dtlz7")), 300), reference_front(dtlz.DTLZ7(), 300)
    )


@pytest.mark.parametrize("make", [shifted, rotated])
def test_what_cannot_be_folded_is_refused(make):
    mixed = Problem(vars={"a": Real(bounds=(0, 1)), "b": Integer(bounds=(0, 3))}, n_obj=1)
    for problem in (mixed, Plain(vtype=int), Plain(vtype=bool), get_problem("zdt5")):
        with pytest.raises(TypeError, match="must have real-valued variables"):
            make(problem)
    with pytest.raises(TypeError, match="problem must be a pymoo Problem, got type"):
        make(imf.IMF1)
    for bounds in ({"xl": None}, {"xu": None}, {"xu": np.inf}, {"xl": 9e9}):
        with pytest.raises(ValueError, match="bounds"):
            make(Plain(**bounds))
    with pytest.raises(ValueError, match="xl < xu"):
        make(Plain(), variables=[])
    with pytest.raises(ValueError, match="xl < xu"):
        make(Plain(), variables=[2])
    with pytest.raises(ValueError, match="variables must be at least 0, got -1"):
        make(Plain(), variables=[1, -1])
    for variables in ([1, 5], [1, 1]):
        with pytest.raises(ValueError, match=r"variables must be distinct indices in \[0, 4\]"):
            make(Plain(), variables=variables)
    with pytest.raises(TypeError, match="variables must be a sequence of indices, got 3"):
        make(Plain(), variables=3)
    with pytest.raises(TypeError, match="variables must be an integer"):
        make(Plain(), variables=[1.0, 3])
    for seed in (None, 1.5, np.random.default_rng(0)):
        with pytest.raises(TypeError, match="seed must be an integer"):
            make(Plain(), seed=seed)
    with pytest.raises(ValueError, match="seed must be at least 0"):
        make(Plain(), seed=-1)
    for X in (np.zeros(4), np.zeros((2, 6)), np.zeros((1, 1, 5))):
        with pytest.raises(ValueError, match=r"X must have shape \(n, 5\)"):
            make(Plain()).preimage(X)


def test_angles_that_link_nothing_are_refused():
    for angle in (0, 90, -180.0):
        with pytest.raises(ValueError, match="multiple of 90"):
            rotated(Plain(), angle=angle)
    with pytest.raises(ValueError, match="angle"):
        rotated(Plain(), angle=np.nan)
    with pytest.raises(ValueError, match="angle must be None unless rotate"):
        Twin(Plain(), angle=30)
    with pytest.raises(ValueError, match="at least 2"):
        rotated(get_problem("bnh"))
