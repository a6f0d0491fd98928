"""Where candidates come from: mates, crossover, differential evolution and models, by hand and with stubs."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.exceptions import TrainingDivergedError
from evogan.models import ConditionalGAN, FlowMatching, Gaussian, KernelDensity, ObjectiveFrame
from evogan.operators import (
    CandidateSource,
    CentroidSource,
    CrossoverSource,
    DifferentialSource,
    HeadStart,
    MatingPool,
    ModelSource,
    binomial_crossover,
    sbx,
)

NAN, INF = float("nan"), float("inf")
EVERYONE = np.arange(20)


def rng(seed=1):
    return np.random.default_rng(seed)


def pool_of(n=20, n_var=4, n_obj=2, seed=1, n_neighbours=5, p_near=0.7):
    U = rng(seed).random((n, n_var))
    return MatingPool.of(U, rng(seed + 9).random((n, n_obj)), np.zeros(n), n_neighbours=n_neighbours, p_near=p_near)


class Given:
    """A pool whose mates are given."""

    def __init__(self, U, *mates):
        self.U, self.given = np.array(U, dtype=float), list(mates)

    def mates(self, parents, rng):
        return np.array(self.given.pop(0))


# The pool --------------------------------------------------------------------------------------------------


def test_neighbours_by_hand():
    """On a common scale: the third is nearer to the first, though the second objective counts in hundreds."""
    F = np.array([[0.0, 0.0], [1.0, 300.0], [0.2, 1000.0]])
    pool = MatingPool.of(np.zeros((3, 1)), F, np.zeros(3), n_neighbours=2, p_near=1.0)
    assert pool.neighbours.tolist() == [[2, 1], [0, 2], [0, 1]]
    assert np.array_equal(pool.C, ObjectiveFrame.of(F).positions(F))


def test_nobody_is_its_own_neighbour_even_among_copies():
    for F in (np.ones((6, 2)), np.repeat(rng().random((2, 2)), 3, axis=0)):
        pool = MatingPool.of(np.zeros((6, 1)), F, np.zeros(6), n_neighbours=5, p_near=1.0)
        for i, near in enumerate(pool.neighbours):
            assert sorted([i, *near]) == list(range(6))


@pytest.mark.parametrize(("n", "n_neighbours", "found"), [(20, 5, 5), (4, 8, 3), (2, 1, 1), (2, 8, 1)])
def test_there_are_as_many_neighbours_as_others(n, n_neighbours, found):
    assert pool_of(n, n_neighbours=n_neighbours).neighbours.shape == (n, found)


def test_mates_are_neighbours_as_often_as_asked():
    parents = np.repeat(EVERYONE, 500)
    near = pool_of(p_near=1.0).neighbours
    for p_near in (0.0, 0.6, 1.0):
        mates = pool_of(p_near=p_near).mates(parents, rng())
        share = (near[parents] == mates[:, None]).any(axis=1).mean()
        assert share == pytest.approx(p_near + (1 - p_near) * 5 / 20, abs=0.02)
        if p_near == 1.0:
            assert share == 1.0
            assert set(mates[parents == 3]) == set(near[3])
        if p_near == 0.0:
            assert set(mates[parents == 3]) == set(EVERYONE)


def test_infeasible_solutions_mate_with_anyone():
    CV = np.where(np.arange(20) == 3, 0.5, 0.0)
    pool = MatingPool.of(rng().random((20, 4)), rng(2).random((20, 2)), CV, n_neighbours=5, p_near=1.0)
    parents = np.array([3, 4] * 500)
    mates = pool.mates(parents, rng())
    assert set(mates[parents == 3]) == set(range(20)) and set(mates[parents == 4]) == set(pool.neighbours[4])


# Crossover and differential evolution ----------------------------------------------------------------------


def test_crossover_is_the_first_child_of_parent_and_mate():
    U, parents, mates = rng().random((20, 4)), [3, 3, 7], [1, 2, 7]
    child = CrossoverSource(eta=15).candidates(Given(U, mates), np.array(parents), rng=rng(5))
    assert np.array_equal(child, sbx(U[parents], U[mates], rng=rng(5), eta=15)[0])
    assert np.array_equal(child[2], U[7])  # a mate that is the parent itself
    assert not np.array_equal(child, CrossoverSource(eta=2).candidates(Given(U, mates), np.array(parents), rng=rng(5)))


def test_half_of_the_variables_stay_the_parents():
    pool, parents = pool_of(n_var=30), np.repeat(EVERYONE, 50)
    kept = (CrossoverSource().candidates(pool, parents, rng=rng()) == pool.U[parents]).mean()
    assert kept == pytest.approx(0.5, abs=0.05)


def test_a_difference_by_hand():
    U = [[0.5, 0.5], [0.9, 0.2], [0.1, 0.4]]
    source = DifferentialSource(scale_factors=(0.5,), crossover_rates=(1.0,))
    child = source.candidates(Given(U, [1, 2], [2, 0]), np.array([0, 1]), rng=rng())
    np.testing.assert_allclose(child, [[0.5 + 0.4, 0.5 - 0.1], [0.9 - 0.2, 0.2 - 0.05]])


def test_differences_are_not_clipped_here():
    child = DifferentialSource((2.0,), (1.0,)).candidates(
        Given([[0.5], [1.0], [0.0]], [1], [2]), np.array([0]), rng=rng()
    )
    assert child.tolist() == [[2.5]]


def test_without_a_scale_factor_the_parents_come_back():
    pool = pool_of()
    assert np.array_equal(DifferentialSource((0.0,), (0.3, 1.0)).candidates(pool, EVERYONE, rng=rng()), pool.U)


def test_without_crossover_one_variable_changes():
    pool, parents = pool_of(p_near=0.0), np.repeat(EVERYONE, 20)
    changed = DifferentialSource((0.5,), (0.0,)).candidates(pool, parents, rng=rng()) != pool.U[parents]
    assert (changed.sum(axis=1) <= 1).all()
    assert changed.sum() == pytest.approx(0.95 * len(parents), rel=0.05)  # two mates that are the same change nothing
    assert changed.any(axis=0).all()


def test_a_difference_is_crossed_with_the_parent():
    U, mates = rng().random((20, 6)), ([4, 5, 6], [7, 8, 9])
    child = DifferentialSource((0.5,), (0.5,)).candidates(Given(U, *mates), np.array([0, 1, 2]), rng=rng(3))
    draw = rng(3)
    draw.choice((0.5,), size=(3, 1)), draw.choice((0.5,), size=(3, 1))
    mutant = U[:3] + 0.5 * (U[mates[0]] - U[mates[1]])
    assert np.array_equal(child, binomial_crossover(mutant, U[:3], cr=0.5, rng=draw))


def test_settings_are_drawn_for_each_candidate():
    n = 2000
    U = np.vstack([np.full((1, 9), 0.5), np.full((1, 9), 0.6), np.full((1, 9), 0.5)])
    given = Given(U, [1] * n, [2] * n)
    child = DifferentialSource((0.2, 0.8), (0.0, 1.0)).candidates(given, np.zeros(n, dtype=int), rng=rng())
    moved = child - 0.5
    factor, crossed = moved.max(axis=1) / 0.1, (moved > 1e-9).sum(axis=1)
    for value in (0.2, 0.8):
        assert np.isclose(factor, value).mean() == pytest.approx(0.5, abs=0.05)
    for value in (1, 9):
        assert (crossed == value).mean() == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(np.unique(factor.round(9)), [0.2, 0.8])


def test_the_mean_of_all_is_crossed_with_the_parent():
    pool = pool_of()
    whole = CentroidSource((1.0,)).candidates(pool, EVERYONE, rng=rng())
    assert np.array_equal(whole, np.tile(pool.U.mean(axis=0), (20, 1)))
    child = CentroidSource((0.5,)).candidates(pool, EVERYONE, rng=rng(3))
    draw = rng(3)
    draw.choice((0.5,), size=(20, 1))
    assert np.array_equal(child, binomial_crossover(whole, pool.U, cr=0.5, rng=draw))
    assert 0.2 < (child == pool.U).mean() < 0.6


CLASSIC = {"crossover": CrossoverSource(), "differential": DifferentialSource(), "centroid": CentroidSource()}


@pytest.mark.parametrize("source", CLASSIC.values(), ids=CLASSIC)
def test_there_is_nothing_to_learn_and_chance_is_the_generators(source):
    pool, draw = pool_of(), rng()
    assert source.prepare(pool, rng=draw) is True
    assert draw.random() == rng().random()
    first, again, other = (source.candidates(pool, EVERYONE, rng=rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.shape == (20, 4) and first.dtype == np.float64
    assert source.candidates(pool, EVERYONE[:1], rng=rng()).shape == (1, 4)


def test_equal_solutions_breed_themselves():
    U = np.full((6, 3), 0.25)
    pool = MatingPool.of(U, np.ones((6, 2)), np.zeros(6), n_neighbours=3, p_near=0.5)
    for source in CLASSIC.values():
        assert np.array_equal(source.candidates(pool, np.arange(6), rng=rng()), U)


# Models ----------------------------------------------------------------------------------------------------


class Spy(Gaussian):
    """A model without a condition that writes down what it is asked; its samples are ``answer``."""

    def __init__(self, answer=0.5):
        super().__init__()
        self.answer, self.events = answer, []

    def fit(self, X, X_poor=None, *, rng):
        self.events.append(("fit", X, X_poor, None))
        return self

    def sample(self, n, *, rng):
        self.events.append(("sample", n, None, None))
        return np.full((n, 4), self.answer) if np.isscalar(self.answer) else self.answer


class ConditionalSpy(Spy):
    n_condition = 2

    def fit(self, X, X_poor=None, *, condition=None, rng):
        self.events.append(("fit", X, X_poor, condition))
        return self

    def sample(self, n, *, condition=None, rng):
        self.events.append(("sample", n, None, condition))
        return np.column_stack([condition, condition])


PLAIN = (1.0,)  # samples as they are


def names(model):
    return [event[0] for event in model.events]


def test_a_model_is_given_the_population_and_the_places_of_parents():
    pool, model, parents = pool_of(), ConditionalSpy(), np.array([4, 4, 0, 19])
    source = ModelSource(model, crossover_rates=PLAIN)
    assert source.prepare(pool, rng=rng()) is True
    child = source.candidates(pool, parents, rng=rng())
    (_, X, X_poor, C), (_, n, _, c) = model.events
    assert np.array_equal(X, pool.U) and X_poor is None and np.array_equal(C, pool.C)
    assert n == 4 and np.array_equal(c, pool.C[parents])
    assert np.array_equal(child, np.column_stack([c, c]))


def test_a_model_without_a_condition_is_given_none():
    pool, model = pool_of(), Spy()
    source = ModelSource(model, crossover_rates=PLAIN)
    source.prepare(pool, rng=rng())
    assert (source.candidates(pool, EVERYONE, rng=rng()) == 0.5).all()
    assert names(model) == ["fit", "sample"] and np.array_equal(model.events[0][1], pool.U)


@pytest.mark.parametrize("model", [FlowMatching, ConditionalGAN, KernelDensity, Gaussian])
def test_models_of_the_package_serve(model):
    options = {} if model in (KernelDensity, Gaussian) else {"n_steps": 2, "n_first_steps": 2}
    pool, results = pool_of(), []
    for _ in range(2):
        source = ModelSource(model(**options))
        assert source.prepare(pool, rng=rng())
        results.append(source.candidates(pool, EVERYONE[:7], rng=rng(2)))
    assert results[0].shape == (7, 4) and np.isfinite(results[0]).all()
    assert np.array_equal(*results)


@pytest.mark.parametrize(("refit_every", "fits"), [(1, 6), (2, 3), (4, 2), (50, 1)])
def test_one_fit_every_so_many_generations(refit_every, fits):
    model = Spy()
    source = ModelSource(model, refit_every=refit_every)
    for _ in range(6):
        assert source.prepare(pool_of(), rng=rng())
        source.candidates(pool_of(), EVERYONE, rng=rng())
    marks = "".join("f" if name == "fit" else "s" for name in names(model))
    assert marks.count("f") == fits
    assert [len(part) for part in marks.split("f")[1:-1]] == [refit_every] * (fits - 1)


def test_another_problem_is_fitted_at_once():
    model = Spy()
    source = ModelSource(model, refit_every=50)
    for pool in (pool_of(), pool_of(), pool_of(n_var=5), pool_of(n_var=5), pool_of(n_var=5, n_obj=3)):
        source.prepare(pool, rng=rng())
    assert [event[1].shape[1] for event in model.events] == [4, 5, 5]


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_samples_that_are_not_finite_are_replaced_by_the_parents(bad):
    pool, answer = pool_of(), rng(7).random((20, 4))
    answer[3, 1] = answer[8] = bad
    source = ModelSource(Spy(answer), crossover_rates=PLAIN)
    source.prepare(pool, rng=rng())
    child = source.candidates(pool, EVERYONE[::-1], rng=rng())
    expected = answer.copy()
    expected[[3, 8]] = pool.U[::-1][[3, 8]]
    assert np.array_equal(child, expected)


@pytest.mark.parametrize(("rates", "share"), [((0.0,), 0.01), ((0.3,), 0.3), ((0.2, 0.8), 0.5), (PLAIN, 1.0)])
def test_samples_are_crossed_with_their_parents(rates, share):
    pool, answer = pool_of(n_var=100), rng(7).random((20, 100))
    source = ModelSource(Spy(answer), crossover_rates=rates)
    source.prepare(pool, rng=rng())
    parents = EVERYONE[::-1]
    child = source.candidates(pool, parents, rng=rng())
    sampled = child == answer
    assert (sampled ^ (child == pool.U[parents])).all() and sampled.any(axis=1).all()
    assert sampled.mean() == pytest.approx(share, abs=0.1 if len(rates) > 1 else 0.02)


class Diverging(Spy):
    """Diverges in the calls of ``fit`` or ``sample`` whose numbers (from 1) are given."""

    def __init__(self, method, *numbers):
        super().__init__()
        self.method, self.numbers = method, numbers

    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        return self.maybe("fit", self)

    def sample(self, n, *, rng):
        return self.maybe("sample", super().sample(n, rng=rng))

    def maybe(self, method, result):
        if method == self.method and names(self).count(method) in self.numbers:
            raise TrainingDivergedError("became non-finite")
        return result


def test_a_fit_that_diverges_is_counted_and_tried_again_in_the_next_generation():
    source = ModelSource(Diverging("fit", 1, 2, 4), refit_every=3)
    assert [source.prepare(pool_of(), rng=rng()) for _ in range(8)] == [
        False,
        False,
        True,
        True,
        True,
        False,
        True,
        True,
    ]
    assert source.diverged == 3
    assert names(source.model) == ["fit"] * 5


def test_samples_that_diverge_are_counted_replaced_by_the_parents_and_lead_to_a_fit():
    pool, source = pool_of(), ModelSource(Diverging("sample", 1), refit_every=9, crossover_rates=PLAIN)
    source.prepare(pool, rng=rng())
    with pytest.warns(RuntimeWarning, match="parents stand in for the samples"):
        assert np.array_equal(source.candidates(pool, EVERYONE[3:], rng=rng()), pool.U[3:])
    assert source.diverged == 1
    source.prepare(pool, rng=rng())
    assert (source.candidates(pool, EVERYONE, rng=rng()) == 0.5).all()
    assert names(source.model) == ["fit", "sample", "fit", "sample"] and source.diverged == 1


def test_other_errors_of_a_model_are_not_swallowed():
    class Buggy(Spy):
        def fit(self, X, X_poor=None, *, rng):
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        ModelSource(Buggy()).prepare(pool_of(), rng=rng())


# What is refused -------------------------------------------------------------------------------------------


def test_sources_are_told_from_models():
    for source in (*CLASSIC.values(), ModelSource(Gaussian())):
        assert isinstance(source, CandidateSource)
    assert not isinstance(Gaussian(), CandidateSource)


@pytest.mark.parametrize("eta", [-1.0, NAN, INF])
def test_a_bad_distribution_index_is_named(eta):
    with pytest.raises(ValueError, match="eta must lie in"):
        CrossoverSource(eta=eta)
    with pytest.raises(TypeError, match="eta must be a number"):
        CrossoverSource(eta="large")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"scale_factors": ()}, TypeError, "scale_factors must be a sequence of numbers such as"),
        ({"scale_factors": 0.5}, TypeError, "scale_factors must be a sequence of numbers"),
        ({"scale_factors": "0.5"}, TypeError, "scale_factors must be a sequence of numbers"),
        ({"scale_factors": ("a",)}, TypeError, "scale_factors must be a number, got 'a'"),
        ({"scale_factors": (0.5, -0.1)}, ValueError, "scale_factors must lie in"),
        ({"scale_factors": (INF,)}, ValueError, "scale_factors must lie in"),
        ({"crossover_rates": (0.5, 1.1)}, ValueError, r"crossover_rates must lie in \[0, 1\], got 1.1"),
        ({"crossover_rates": []}, TypeError, "crossover_rates must be a sequence"),
        ({"crossover_rate": (0.5,)}, TypeError, "crossover_rate"),
    ],
    ids=str,
)
def test_bad_settings_of_differential_evolution_are_named(options, error, message):
    with pytest.raises(error, match=message):
        DifferentialSource(**options)


@pytest.mark.parametrize(
    ("model", "method"), [(object(), "fit"), (Gaussian, "fit"), (type("Fits", (), {"fit": print})(), "sample")], ids=str
)
def test_a_model_without_the_methods_is_refused(model, method):
    with pytest.raises(TypeError, match=rf"model must be an object with the method {method}\(\)"):
        ModelSource(model)


@pytest.mark.parametrize(("refit_every", "error"), [(0, ValueError), (1.5, TypeError), (True, TypeError)])
def test_a_bad_refit_every_is_named(refit_every, error):
    with pytest.raises(error, match="refit_every must be"):
        ModelSource(Gaussian(), refit_every=refit_every)


def test_bad_crossover_rates_are_named():
    with pytest.raises(ValueError, match=r"crossover_rates must lie in \[0, 1\], got 2"):
        CentroidSource((0.5, 2))
    with pytest.raises(ValueError, match=r"crossover_rates must lie in \[0, 1\], got 2"):
        ModelSource(Gaussian(), crossover_rates=(0.5, 2))
    with pytest.raises(TypeError, match="crossover_rates must be a sequence of numbers"):
        ModelSource(Gaussian(), crossover_rates=0.5)


def test_bad_head_starts_are_named():
    with pytest.raises(ValueError, match="n_generations must be at least 1, got 0"):
        HeadStart(CentroidSource(), 0)
    with pytest.raises(TypeError, match=r"n_generations must be an integer, got 2\.5"):
        HeadStart(CentroidSource(), 2.5)
    with pytest.raises(TypeError, match=r"a source must be an object, got the class Gaussian: write Gaussian\(\)"):
        HeadStart(Gaussian)
    with pytest.raises(TypeError, match=r"model must be an object with the method fit\(\)"):
        HeadStart("mean")
    with pytest.raises(TypeError, match="source must be what serves at the start, got a HeadStart itself"):
        HeadStart(HeadStart(CentroidSource()), 3)
