"""Exact fronts: attained by the problems' own optima, not dominated by any, and had without the network."""

from __future__ import annotations

import copy
import os
import socket
import urllib.request

import moocore
import numpy as np
import pymoo
import pytest
from pymoo.core.problem import Problem
from pymoo.problems import get_problem
from pymoo.problems.many import wfg
from pymoo.problems.many.dtlz import DTLZ2
from pymoo.problems.multi.zdt import ZDT1
from pymoo.problems.multi_to_single import MultiToSingleObjective
from pymoo.problems.zero_to_one import ZeroToOne
from pymoo.util.remote import Remote
from scipy.spatial import cKDTree

from evogan.problems import dtlz, imf
from evogan.problems._points import along_curve, low_discrepancy, simplex
from evogan.problems.fronts import dtlz5_front, dtlz7_front, reference_front, wfg_front

DOWNLOADS = [
    "carside",
    "kursawe",
    "osy",
    "tnk",
    "welded_beam",
    "ctp1",
    "ctp8",
    "mw5",
    "mw7",
    "mw9",
    "mw10",
    "mw11",
]
DOWNLOADS += ["mw13", "mw14", "zcat1", "zcat20"]
KNOWN = [f"zdt{i}" for i in range(1, 7)] + [f"dtlz{i}" for i in range(1, 8)] + ["bnh", "srn", "truss2d"]
KNOWN += [f"mw{i}" for i in (1, 2, 3, 4, 6, 8, 12)] + [
    "sdtlz1",
    "convex_dtlz2",
    "c1dtlz1",
    "c1dtlz3",
    "c2dtlz2",
]
KNOWN += ["c3dtlz4", "dc2dtlz1", "df1", "df9", "df14"]
SINGLE = ["ackley", "rastrigin", "g1", "g5", "g24", "himmelblau", "pressure_vessel", "cantilevered_beam"]
UNKNOWN = ["dtlz1^-1", "c3dtlz1", "dc1dtlz1", "dc3dtlz3"]


@pytest.fixture
def network(monkeypatch):
    """Lists what tried to reach the network; pymoo's own handlers may swallow an exception, not this."""
    tried = []

    def refuse(*args, **kwargs):
        tried.append(args)
        raise OSError("no network here")

    for module, name in [(socket, "socket"), (socket, "create_connection"), (urllib.request, "urlretrieve")]:
        monkeypatch.setattr(module, name, refuse)
    return tried


def folders():
    return {root for root, _, _ in os.walk(os.path.dirname(pymoo.__file__))}


def check(F, n_obj):
    assert F.dtype == np.float64
    assert F.ndim == 2
    assert F.shape[1] == n_obj
    assert np.isfinite(F).all()
    assert n_obj == 1 or moocore.is_nondominated(F).all()
    assert (np.lexsort(F.T[::-1]) == np.arange(len(F))).all()


def gain(F, front):
    """By how much any row of ``F`` beats a row of ``front`` in all objectives at once."""
    return max(float((front - f).min(axis=1).max()) for f in F)


def farthest(A, B):
    """Distance from the rows of ``A`` to their nearest in ``B``, at worst."""
    return float(cKDTree(B).query(A)[0].max())


@pytest.mark.parametrize("n_obj", [2, 3, 5])
@pytest.mark.parametrize("name", ["dtlz5", "dtlz6"])
def test_dtlz5_and_6(name, n_obj):
    problem = get_problem(name, n_obj=n_obj, n_var=n_obj + 9)
    rng = np.random.default_rng(0)
    X = rng.random((500, problem.n_var))
    X[:, 0] = np.linspace(0, 1, 500)
    X[:, n_obj - 1 :] = 0.5 if name == "dtlz5" else 0.0
    front = dtlz5_front(n_obj, 500)
    np.testing.assert_allclose(problem.evaluate(X), front[::-1], atol=1e-14)
    if n_obj <= 3:
        assert gain(problem.evaluate(rng.random((500, problem.n_var))), front) < 1e-12
    steps = np.linalg.norm(np.diff(front, axis=0), axis=1)
    assert steps.max() - steps.min() < 1e-12


@pytest.mark.parametrize("n_obj", [2, 3, 4, 8])
def test_dtlz7(n_obj):
    problem = get_problem("dtlz7", n_obj=n_obj, n_var=n_obj + 9)
    front = dtlz7_front(n_obj, 4000)
    assert 0.6 * 4000 < len(front) < 1.5 * 4000
    assert moocore.is_nondominated(front).all()
    X = np.zeros((len(front), problem.n_var))
    X[:, : n_obj - 1] = front[:, :-1]
    np.testing.assert_allclose(problem.evaluate(X), front, atol=1e-13)  # attained
    X = np.zeros((1500, problem.n_var))
    X[:, : n_obj - 1] = low_discrepancy(1500, n_obj - 1)
    F = problem.evaluate(X)
    assert gain(F, front) <= 1e-12  # and optimal
    if n_obj <= 3:
        best = optima(F, front)
        assert len(best) > 200
        assert farthest(best, front) < 0.15
    if n_obj == 2:  # 2 pieces, whose ends are published to a few digits
        gap = np.argmax(np.diff(front[:, 0]))
        np.testing.assert_allclose(front[[gap, gap + 1, -1], 0], [0.2514118, 0.6316265, 0.8594009], atol=1e-7)


def optima(F, front):
    """The rows of ``F`` that no row of ``front`` dominates."""
    return F[moocore.is_nondominated(np.vstack([front, F]), keep_weakly=True)[len(front) :]]


def optimal_wfg(problem, K):
    """The problem's own optimum for position parameters ``K``, free of rounding in WFG1.

    There x / xu misses 0.35 by an ulp at places (for every x in variables 6, 12 and 24, which the test
    avoids), and y^0.02 makes half a unit of distance of it.
    """
    X = problem._positional_to_optimal(K)
    if isinstance(problem, wfg.WFG1):
        for j in range(problem.k, problem.n_var):
            steps = [X[0, j], np.nextafter(X[0, j], 0.0), np.nextafter(X[0, j], 99.0)]
            X[:, j] = next(x for x in steps if x / problem.xu[j] == 0.35)
    return X


def shapes(i, x):
    """pymoo's shape functions at the reduced position parameters ``x`` ``(n, n_obj - 1)``."""
    n_obj = x.shape[1] + 1
    if i == 3:
        x = np.column_stack([x[:, :1], np.full((len(x), n_obj - 2), 0.5)])
    shape = {1: wfg._shape_convex, 2: wfg._shape_convex, 3: wfg._shape_linear}.get(i, wfg._shape_concave)
    h = [shape(x, m + 1) for m in range(n_obj)]
    if i == 1:
        h[-1] = wfg._shape_mixed(x[:, 0], alpha=1.0, A=5.0)
    if i == 2:
        h[-1] = wfg._shape_disconnected(x[:, 0], alpha=1.0, beta=1.0, A=5.0)
    return np.column_stack(h) * 2.0 * np.arange(1, n_obj + 1)


@pytest.mark.parametrize("n_obj", [2, 3])
@pytest.mark.parametrize("i", range(1, 10))
def test_wfg_fronts_are_the_problems_optima(i, n_obj):
    problem = get_problem(f"wfg{i}", n_var=10, n_obj=n_obj, k=6)
    rng = np.random.default_rng(i)
    K = rng.random((800, problem.k)) ** rng.choice([0.2, 1.0, 5.0, 50.0], (800, 1))
    F = problem.evaluate(optimal_wfg(problem, K))
    front = wfg_front(i, n_obj, 5000)
    check(front[np.lexsort(front.T[::-1])], n_obj)
    assert gain(F, front) < 1e-9
    best = optima(F, front)
    assert len(best) > 20
    if n_obj == 2 or i != 1:  # WFG1's surface hugs the axes, where no set of points is near
        assert farthest(best, front) < (0.01 if n_obj == 2 else 0.2)


def positions(i, h):
    """The reduced position parameters of unscaled front points ``h`` with two or three objectives."""
    a, b = h[:, 0], h[:, 1]
    if i >= 4:
        angles = [np.arctan2(a, b)] if h.shape[1] == 2 else [np.arctan2(np.hypot(a, b), h[:, 2]), np.arctan2(a, b)]
        return np.column_stack(angles) * 2 / np.pi
    if i == 3:
        return np.column_stack([1.0 - h[:, -1], np.full((len(h), h.shape[1] - 2), 0.5)])
    if h.shape[1] == 2:
        return np.arccos(1 - a)[:, None] * 2 / np.pi
    # a = r (1 - cos), b = r (1 - sin), so (1 - a/r)^2 + (1 - b/r)^2 = 1
    flat = np.maximum(a + b - np.sqrt(2 * a * b), 1e-300)
    r = np.where(a + b > 0, (a**2 + b**2) / flat, 0.0)
    share = np.divide(a, r, out=np.zeros_like(a), where=r > 0)
    return np.column_stack([np.arccos(np.clip(1 - r, 0, 1)), np.arccos(np.clip(1 - share, 0, 1))]) * 2 / np.pi


@pytest.mark.parametrize("n_obj", [2, 3])
@pytest.mark.parametrize("i", range(1, 10))
def test_wfg_fronts_are_attained(i, n_obj):
    front = wfg_front(f"WFG{i}", n_obj, 2000)
    scale = 2.0 * np.arange(1, n_obj + 1)
    np.testing.assert_allclose(shapes(i, positions(i, front / scale)), front, atol=1e-6)
    np.testing.assert_allclose(front.max(axis=0)[-1], 2.0 * n_obj)
    assert (front >= 0).all()


@pytest.mark.parametrize("i", [1, 2, 3])
def test_wfg_fronts_are_whole(i):
    F = shapes(i, np.linspace(0, 1, 30_001)[:, None])
    F = F[moocore.is_nondominated(F)]
    front = wfg_front(i, 2, 2000)
    assert max(farthest(F, front), farthest(front, F)) < 3e-3
    if i == 2:
        gaps = np.linalg.norm(np.diff(front, axis=0), axis=1) > 0.03
        assert gaps.sum() == 5


def test_wfg_front_arguments():
    np.testing.assert_array_equal(wfg_front("WFG2", 3, 100), wfg_front(2, 3, 100))
    for bad in ("WFG10", 0, "zdt1"):
        with pytest.raises(ValueError, match="problem must be one of WFG1 to WFG9"):
            wfg_front(bad, 2)
    with pytest.raises(ValueError, match="n_obj must be at least 2, got 1"):
        wfg_front(4, 1)
    with pytest.raises(ValueError, match="n_points must be at least 1"):
        dtlz7_front(3, 0)
    for n_obj in (2, 3, 5, 10):
        for i in range(1, 10):
            F = wfg_front(i, n_obj, 3000)
            assert 0.6 * 3000 < len(F) < 1.8 * 3000, (i, n_obj)
            assert moocore.is_nondominated(F).all(), (i, n_obj)


def test_srn_reaches_the_ends_that_pymoo_leaves_out():
    problem = get_problem("srn")
    front = reference_front(problem, 2000)
    check(front, 2)
    rng = np.random.default_rng(0)
    X = rng.uniform([-6, 2], [2, 15], (40_000, 2))
    F, G = problem.evaluate(X)
    F = F[(G <= 0).all(axis=1)]
    assert gain(F[moocore.is_nondominated(F)], front) < 1e-9
    best = F[moocore.is_nondominated(F)]
    assert max(np.sqrt((np.maximum(front - f, 0.0) ** 2).sum(axis=1).min()) for f in best) < 0.2
    assert abs(front[0, 0] - 10.1) < 1e-9
    own = problem._calc_pareto_front()
    assert own[:, 0].min() > 24


@pytest.mark.parametrize("cls", [dtlz.DTLZ5, dtlz.DTLZ6, dtlz.DTLZ7])
def test_own_dtlz(cls, network):
    problem = cls(n_var=12, n_obj=3)
    front = problem.pareto_front(n_points=300)
    assert 280 <= len(front) <= 320
    np.testing.assert_array_equal(
        reference_front(problem, 300), reference_front(get_problem(cls.__name__, n_var=12), 300)
    )
    X = np.random.default_rng(0).random((5, 12))
    np.testing.assert_array_equal(problem.evaluate(X), get_problem(cls.__name__, n_var=12, n_obj=3).evaluate(X))
    assert not network


@pytest.mark.parametrize("name", KNOWN)
def test_known_fronts(name, network):
    before = folders()
    problem = get_problem(name)
    F = reference_front(problem, 1000)
    check(F, problem.n_obj)
    np.testing.assert_array_equal(F, reference_front(get_problem(name), 1000))
    if name not in ("zdt5", "df14", "df10"):
        assert 300 < len(F) < 1500
    assert not network
    assert not getattr(problem, "cache", {})
    assert folders() == before


@pytest.mark.parametrize("i", range(1, 10))
def test_wfg_of_pymoo(i):
    for n_obj in (2, 4):
        problem = get_problem(f"wfg{i}", n_var=14, n_obj=n_obj)
        F = reference_front(problem, 1000)
        check(F, n_obj)
        np.testing.assert_array_equal(F, reference_front(problem, 1000))


@pytest.mark.parametrize("name", DOWNLOADS + UNKNOWN)
def test_fronts_that_cannot_be_had_are_none(name, network):
    before = folders()
    assert reference_front(get_problem(name)) is None
    assert not network
    assert folders() == before


@pytest.mark.parametrize("name", SINGLE)
def test_single_objective_optima(name):
    F = reference_front(get_problem(name))
    assert F.shape == (1, 1)
    assert F.dtype == np.float64


def test_files_on_disk_are_read(monkeypatch, tmp_path, network):
    monkeypatch.setattr(Remote.get_instance(), "folder", str(tmp_path))
    (tmp_path / "pymoo" / "pf").mkdir(parents=True)
    (tmp_path / "pymoo" / "pf" / "kursawe.pf").write_text("0 1\n1 0\n1 1\n0 1\n")
    np.testing.assert_array_equal(reference_front(get_problem("kursawe")), [[0, 1], [1, 0]])
    (tmp_path / "pymoo" / "pf" / "tnk.pf").write_text("0 1 2\n1 0 2\n")
    assert reference_front(get_problem("tnk")) is None
    assert not network


def test_the_cache_is_left_alone():
    problem = get_problem("zdt1")
    assert len(problem.pareto_front(n_pareto_points=50)) == 50
    assert len(reference_front(problem, 500)) == 500
    assert len(problem.pareto_front()) == 50
    methods = Remote.load, Problem.pareto_front, Problem.pareto_set
    reference_front(get_problem("kursawe"))
    assert methods == (Remote.load, Problem.pareto_front, Problem.pareto_set)


def test_zdt5_has_31_points():
    problem = get_problem("zdt5")
    X = np.ones((31, problem.n_var))
    for ones in range(31):
        X[ones, ones:30] = 0
    np.testing.assert_allclose(reference_front(problem), problem.evaluate(X), atol=1e-15)


def test_wrapped_problems():
    np.testing.assert_array_equal(reference_front(ZeroToOne(get_problem("wfg4", 10, 2)), 50), wfg_front(4, 2, 50))
    assert reference_front(MultiToSingleObjective(get_problem("zdt1"), None)) is None
    assert reference_front(MultiToSingleObjective(get_problem("dtlz5"), None)) is None

    class Slow(ZDT1):
        def _evaluate(self, x, out, *args, **kwargs):
            super()._evaluate(x, out)

    assert len(reference_front(Slow(), 77)) == 77


def test_own_problems_and_their_mistakes():
    class Own(Problem):
        def __init__(self, front):
            super().__init__(n_var=2, n_obj=2, xl=0, xu=1)
            self.front = front

        def _calc_pareto_front(self):
            return self.front() if callable(self.front) else self.front

    def broken():
        raise AttributeError("mine")

    assert reference_front(Own(None)) is None
    assert reference_front(Own(np.zeros((0, 2)))) is None
    assert reference_front(Own(np.full((3, 2), np.nan))) is None
    np.testing.assert_array_equal(reference_front(Own([1, 2])), [[1, 2]])
    np.testing.assert_array_equal(reference_front(Own([[1, 2], [np.inf, 0], [0, 3], [1, 3]])), [[0, 3], [1, 2]])
    with pytest.raises(AttributeError, match="mine"):
        reference_front(Own(broken))
    with pytest.raises(ValueError, match=r"must have shape \(n, 2\), got \(4, 3\)"):
        reference_front(Own(np.ones((4, 3))))
    assert reference_front(Problem(n_var=2, n_obj=2)) is None


def test_arguments_of_reference_front():
    with pytest.raises(TypeError, match="problem must be a pymoo Problem, got str"):
        reference_front("zdt1")
    with pytest.raises(ValueError, match="n_points must be at least 1"):
        reference_front(imf.IMF1(), 0)
    with pytest.raises(TypeError, match="n_points must be an integer"):
        reference_front(imf.IMF1(), 1e4)
    assert len(reference_front(imf.IMF1())) == 10_000
    assert len(reference_front(copy.deepcopy(imf.IMF8()), 500)) == 496
    assert len(reference_front(DTLZ2(n_var=14, n_obj=5))) == 10_626


def test_point_sets():
    assert [len(simplex(3, n)) for n in (1, 3, 10, 12, 13, 100)] == [3, 3, 10, 10, 15, 105]
    np.testing.assert_array_equal(simplex(1, 100), [[1.0]])

    def circle(t):
        return np.column_stack([np.cos(t**2), np.sin(t**2)])

    F = along_curve(circle, [(0.0, 0.5), (0.9, 1.2)], 200)
    assert len(F) == 200
    steps = np.sort(np.linalg.norm(np.diff(F, axis=0), axis=1))
    assert steps[-2] / steps[0] < 1.05  # one gap, else even
