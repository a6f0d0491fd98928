"""Offspring chosen by a critic: who is asked, what is chosen, who gets credit, and how it fails."""

from __future__ import annotations

import copy
import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from bowls import HOSTS, XL, XU, Bowls, evaluated, infill_once, outcome, run, same, spoil_all, spoil_where, to_unit
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.evaluator import Evaluator
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.core.variable import Integer, Real
from pymoo.operators.selection.rnd import RandomSelection
from pymoo.optimize import minimize

from evogan.algorithms import RCGMOEA
from evogan.exceptions import TrainingDivergedError
from evogan.models import FlowMatching, Gaussian, ObjectiveFrame, RelativisticCritic, RidgeCritic
from evogan.operators import CrossoverSource, DifferentialSource, HeadStart, ModelSource, ScreenedInfill
from evogan.problems.imf import IMF1, IMF4

NAN, INF = float("nan"), float("inf")


def few():
    return RelativisticCritic(n_steps=2, n_first_steps=4, hidden=8)


class Stub:
    """A critic that scores by a function of candidates and positions, draws nothing, and keeps what it is shown."""

    def __init__(self, score=lambda X, C: np.zeros(len(X))):
        self.answer, self.observed, self.fitted, self.asked = score, [], [], []

    def observe(self, X, F, CV=None):
        self.observed.append((X, F, CV))

    def fit(self, X, F, CV=None, *, rng):
        self.fitted.append((X, F, CV))
        return self

    def score(self, X, condition):
        self.asked.append((X, condition))
        return self.answer(X, condition)


class Diverging(Stub):
    """Diverges in the fits whose numbers (from 1) are given; in all of them without a number."""

    def __init__(self, *numbers):
        super().__init__()
        self.numbers = numbers

    def fit(self, X, F, CV=None, *, rng):
        super().fit(X, F, CV, rng=rng)
        if not self.numbers or len(self.fitted) in self.numbers:
            raise TrainingDivergedError("the weights became non-finite")
        return self


class Source:
    """A source of what ``make(pool, parents, rng)`` returns."""

    def __init__(self, make=lambda pool, parents, rng: rng.random((len(parents), pool.U.shape[1])), ready=True):
        self.make, self.ready, self.pools, self.parents = make, ready, [], []

    def prepare(self, pool, *, rng):
        self.pools.append(pool)
        return self.ready

    def candidates(self, pool, parents, *, rng):
        self.parents.append(parents)
        return self.make(pool, parents, rng)


# In pymoo's algorithms -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
def test_any_genetic_algorithm_spends_its_budget_exactly(host):
    make, problem = HOSTS[host]
    result = minimize(problem, make(ScreenedInfill(critic=few())), ("n_eval", 131), seed=1)
    counters = result.algorithm.mating.counters
    assert result.algorithm.evaluator.n_eval == 131
    assert counters["fits"] == result.algorithm.n_iter - 2  # one less than generations, which pymoo counts ahead
    assert 0 < counters["screened"] <= 131 - len(result.algorithm.pop)
    assert counters["topped_up"] == counters["nonfinite"] == counters["diverged"] == 0
    assert counters["fit_seconds"] > 0


@pytest.mark.parametrize("pop_size", [4, 5, 33])
def test_populations_of_any_size(pop_size):
    _, infill = run(ScreenedInfill(critic=few()), 97, pop_size)
    assert infill.counters["topped_up"] == 0


def test_a_healthy_run_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(ScreenedInfill([DifferentialSource(), FlowMatching(n_steps=2, n_first_steps=2)], critic=few()), 100)


# Who is asked ----------------------------------------------------------------------------------------------


def misleading(X, C):
    return X.sum(axis=1)


@pytest.mark.parametrize("critic", [None, Stub(misleading), Diverging(), RidgeCritic()], ids=str)
def test_one_candidate_is_the_shell_to_the_bit_whatever_the_critic(critic):
    shell = outcome(run(ScreenedInfill(n_candidates=1))[0])
    algorithm, infill = run(ScreenedInfill(critic=critic, n_candidates=1))
    assert same(shell, outcome(algorithm))
    assert infill.counters["fits"] == infill.counters["screened"] == infill.counters["diverged"] == 0
    if isinstance(critic, Stub):
        assert infill.critics[0].fitted == infill.critics[0].observed == infill.critics[0].asked == []


def test_a_critic_that_always_diverges_is_the_shell_to_the_bit():
    shell = outcome(run(ScreenedInfill(n_candidates=1))[0])
    with pytest.warns(RuntimeWarning, match="weights became non-finite; critic 0 screens nothing") as caught:
        algorithm, infill = run(ScreenedInfill(critic=Diverging()))
    assert len(caught) == 1
    assert same(shell, outcome(algorithm))
    assert (infill.counters["diverged"], infill.counters["fits"], infill.counters["screened"]) == (7, 0, 0)
    assert infill.critics[0].asked == []
    assert len(infill.critics[0].observed) == 6  # it sees all the same what was evaluated


def test_a_critic_that_diverges_now_and_then_is_asked_in_between():
    with pytest.warns(RuntimeWarning) as caught:
        _, infill = run(ScreenedInfill(critic=Diverging(1, 3)), 100)
    assert len(caught) == 1
    assert (infill.counters["diverged"], infill.counters["fits"]) == (2, 2)
    assert len(infill.critics[0].asked) >= 2 and infill.counters["screened"] > 0


def test_a_real_critic_that_explodes_leaves_the_run_alive():
    with pytest.warns(RuntimeWarning, match="weights of RelativisticCritic"):
        _, infill = run(ScreenedInfill(critic=RelativisticCritic(lr=1e30)), 80)
    assert infill.counters["diverged"] == 3


SCORES = {
    "constant": lambda X, C: np.ones(len(X)),
    "infinite": lambda X, C: np.full(len(X), INF),
    "least": lambda X, C: np.full(len(X), -INF),
    "nan": lambda X, C: np.full(len(X), NAN),
    "some nan": lambda X, C: np.where(X[:, 0] > 0.5, NAN, X[:, 0]),
}


@pytest.mark.parametrize("scores", SCORES)
def test_a_critic_without_an_opinion_does_no_harm(scores):
    _, infill = run(ScreenedInfill(critic=Stub(SCORES[scores])), 111)
    assert infill.counters["screened"] > 0 and infill.counters["topped_up"] == 0


def test_a_score_that_is_not_a_number_never_wins():
    infill = ScreenedInfill([Source()], critic=Stub(SCORES["some nan"]), adapt=False, eta_mutation=1e9)
    U = (infill_once(infill).get("X") - XL)[:, 0] / 2
    assert (U <= 0.5).all()


def test_other_errors_of_a_critic_are_not_swallowed():
    def buggy(X, C):
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        infill_once(ScreenedInfill(critic=Stub(buggy)))


# What the critic is shown ----------------------------------------------------------------------------------


def test_a_critic_is_fitted_to_the_finite_population_in_the_unit_box():
    problem = Bowls(n_ieq=1, spoil=spoil_where(lambda X: X[:, 0] > 0.6))
    pop, critic = evaluated(problem), Stub()
    infill_once(ScreenedInfill(critic=critic), problem=problem, pop=pop)
    finite = np.isfinite(pop.get("F")).all(axis=1)
    assert 0 < finite.sum() < 30
    X, F, CV = critic.fitted[0]
    U = to_unit(Bowls(), pop.get("X"))[finite]
    np.testing.assert_allclose(X, U, atol=1e-12)
    assert (X[:, 3:] == 0.0).all()
    assert np.array_equal(F, pop.get("F")[finite]) and np.array_equal(CV, pop.get("CV")[finite, 0])
    assert CV.min() == 0.0 < CV.max()


def test_offspring_are_observed_once_evaluated():
    seen = []

    def look(X, out):
        seen.append((X, out["F"].copy()))

    problem = Bowls(spoil=look)
    _, infill = run(ScreenedInfill(critic=Stub()), 95, problem=problem)
    observed = infill.critics[0].observed
    assert len(observed) == len(seen) - 2  # neither the first population nor the last offspring
    for (U, F, CV), (X, evaluated_F) in zip(observed, seen[1:], strict=False):
        np.testing.assert_allclose(U, to_unit(problem, X), atol=1e-12)
        assert np.array_equal(F, evaluated_F) and (CV == 0).all()


def test_failed_offspring_are_not_observed():
    problem = Bowls(spoil=spoil_where(lambda X: X[:, 0] > -0.2))
    _, infill = run(ScreenedInfill([Source()], critic=Stub()), 150, problem=problem)
    assert 0 < len(infill.critics[0].observed) and all((X[:, 0] <= 0.4).all() for X, _, _ in infill.critics[0].observed)
    assert infill.counters["nonfinite"] > 0


def test_candidates_are_ranked_at_the_place_of_their_parent():
    """Each parent's candidates stand together, all at its own position."""
    pop, critic, source = evaluated(), Stub(), Source(lambda pool, parents, rng: pool.U[parents])
    infill = ScreenedInfill([source], critic=critic, n_candidates=6, adapt=False, eta_mutation=1e9)
    infill_once(infill, 7, pop=pop)
    X, C = critic.asked[0]
    parents = source.parents[0]
    assert X.shape == (42, 5) and len(parents) == 42
    assert (parents.reshape(7, 6) == parents.reshape(7, 6)[:, :1]).all()
    frame = ObjectiveFrame.of(pop.get("F"))
    assert np.array_equal(C, frame.positions(pop.get("F"))[parents])


def test_the_best_candidate_is_kept():
    critic = Stub(lambda X, C: -np.abs(X[:, 0] - 0.5))
    infill = ScreenedInfill([Source()], critic=critic, n_candidates=8, adapt=False)
    off = infill_once(infill, 15)
    X = critic.asked[0][0].reshape(15, 8, 5)
    best = np.abs(X[:, :, 0] - 0.5).argmin(axis=1)
    assert np.array_equal(off.get("X"), np.clip(XL + X[np.arange(15), best] * (XU - XL), XL, XU))
    assert (off.get("critic") >= 0).all() and infill.counters["screened"] == 15
    assert infill.screened_share == 1.0


def numbered(pool, parents, rng):
    """Eight candidates of each parent whose first variable is their number / 8."""
    return np.column_stack([np.tile(np.arange(8) / 8, len(parents) // 8), rng.random((len(parents), 4))])


def test_without_screening_the_first_candidate_is_kept():
    infill = ScreenedInfill([Source(numbered)], critic=Stub(lambda X, C: X[:, 0]), n_candidates=8, eta_mutation=1e9)
    off = infill_once(infill, 100)
    number, screened = (off.get("X")[:, 0] - XL[0]) / (XU[0] - XL[0]) * 8, off.get("critic") >= 0
    np.testing.assert_allclose(number, np.where(screened, 7, 0), atol=1e-6)
    assert screened.mean() == pytest.approx(0.5, abs=0.15)
    assert infill.counters["screened"] == screened.sum()


def test_discarded_duplicates_are_not_counted_as_screened():
    source = Source(lambda pool, parents, rng: rng.integers(0, 3, (len(parents), 5)) / 4)
    infill = ScreenedInfill([source], critic=Stub(), adapt=False, eta_mutation=1e9)
    off = infill_once(infill)
    assert infill.counters["screened"] == (off.get("critic") >= 0).sum() <= 20


# Credit ----------------------------------------------------------------------------------------------------


LESS = 0.4**4 / (0.4**4 + 0.6**4)  # rates 0.4 and 0.6, their fourth powers


def generation(infill, problem, pop, survives, n=30, seed=1):
    """Breed, evaluate, and breed again from the parents and the offspring of which ``survives`` is true."""
    rng = np.random.default_rng(seed)
    off = infill.do(problem, pop, n, random_state=rng)
    off.set("F", problem.evaluate(off.get("X")))
    off.set("CV", np.zeros((n, 1)))
    kept = np.array([survives(one) for one in off])
    infill.do(problem, Population.merge(pop, off[kept]), n, random_state=rng)
    return off, kept


def test_sources_are_credited_by_survival():
    infill = ScreenedInfill([Source(), Source()], critic=Stub())
    assert infill.probabilities.tolist() == [0.5, 0.5]
    off, kept = generation(infill, Bowls(), evaluated(), lambda one: one.get("source") == 1)
    assert 0 < kept.sum() < 30
    np.testing.assert_allclose(infill.probabilities, [0.1 + 0.8 * LESS, 0.9 - 0.8 * LESS])


def test_screening_is_credited_by_survival():
    for favoured, share in ((True, 0.9 - 0.8 * LESS), (False, 0.1 + 0.8 * LESS)):
        infill = ScreenedInfill(critic=Stub())
        assert infill.screened_share == 0.5
        generation(
            infill, Bowls(), evaluated(), lambda one, favoured=favoured: bool(one.get("critic") >= 0) == favoured
        )
        assert infill.screened_share == pytest.approx(share)


# Several critics -------------------------------------------------------------------------------------------


def test_each_critic_chooses_its_own_offspring():
    critics = [Stub(lambda X, C, k=k: -np.abs(X[:, 0] - k / 8)) for k in (3, 6)]
    infill = ScreenedInfill([Source(numbered)], critic=critics, n_candidates=8, eta_mutation=1e9)
    assert infill.critics == critics
    np.testing.assert_allclose(infill.critic_shares, [1 / 3, 1 / 3])
    off = infill_once(infill, 150)
    by = off.get("critic")
    number = (off.get("X")[:, 0] - XL[0]) / (XU[0] - XL[0]) * 8
    np.testing.assert_allclose(number, np.select([by == 0, by == 1], [3, 6], 0), atol=1e-6)
    for k in (-1, 0, 1):
        assert (by == k).mean() == pytest.approx(1 / 3, abs=0.15)
    assert [len(critic.asked[0][0]) for critic in critics] == [8 * (by == 0).sum(), 8 * (by == 1).sum()]


def test_every_critic_learns_and_each_is_credited_for_its_own():
    critics = [Stub(), Stub()]
    infill = ScreenedInfill(critic=critics)
    generation(infill, Bowls(), evaluated(), lambda one: one.get("critic") == 1)
    assert infill.counters["fits"] == 4 and all(len(one.fitted) == 2 and len(one.observed) == 1 for one in critics)
    np.testing.assert_allclose(infill.critic_shares, 0.1 + 0.7 * np.array([0.4, 0.6]) ** 4 / (2 * 0.4**4 + 0.6**4))
    assert infill.screened_share == pytest.approx(infill.critic_shares.sum())


def test_while_one_critic_diverges_the_other_serves():
    with pytest.warns(RuntimeWarning, match="critic 0 screens nothing until the next fit") as caught:
        _, infill = run(ScreenedInfill(critic=[Diverging(), Stub()]))
    assert len(caught) == 1 and infill.critics[0].asked == [] and len(infill.critics[1].asked) > 0
    assert (infill.counters["diverged"], infill.counters["fits"]) == (7, 7) and infill.counters["screened"] > 0


def test_without_adapting_critics_share_everything_alike():
    infill = ScreenedInfill(critic=(Stub(), Stub(), Stub()), adapt=False)
    off = infill_once(infill, 300)
    np.testing.assert_allclose(np.bincount(off.get("critic"), minlength=3) / 300, 1 / 3, atol=0.1)
    assert infill.screened_share == pytest.approx(1.0)


def test_topped_up_offspring_say_nothing_about_screening():
    infill = ScreenedInfill([Source(ready=False)], critic=Stub())
    with pytest.warns(RuntimeWarning):
        generation(infill, Bowls(), evaluated(), lambda one: True)
    assert infill.screened_share == 0.5


def test_a_critic_is_fitted_as_often_as_it_was_told():
    _, infill = run(ScreenedInfill(critic=few(), refit_every=3), 20 + 7 * 20)
    assert infill.counters["fits"] == 3 and infill.counters["screened"] > 0  # generations 1, 4 and 7


def test_without_adapting_nothing_is_credited():
    infill = ScreenedInfill(critic=Stub(), adapt=False)
    generation(infill, Bowls(), evaluated(), lambda one: one.get("source") == 1)
    assert infill.probabilities.tolist() == [0.5, 0.5] and infill.screened_share == 1.0
    assert len(infill.critics[0].observed) == 1


def test_offspring_that_were_never_evaluated_get_no_credit():
    infill, pop = ScreenedInfill(critic=Stub()), evaluated()
    for seed in range(3):
        infill_once(infill, pop=pop, seed=seed)
    assert infill.probabilities.tolist() == [0.5, 0.5] and infill.critics[0].observed == []


def test_a_critic_that_misleads_is_heard_less_than_one_that_leads():
    """Towards the bottom of the bowls, and away from them."""

    def towards(X, C):
        return -np.abs(X[:, :3] - 0.45).sum(axis=1)

    def share(score):
        return np.mean([run(ScreenedInfill(critic=Stub(score)), 200, seed=seed)[1].screened_share for seed in range(4)])

    leads, misleads = share(towards), share(lambda X, C: -towards(X, C))
    assert misleads < 0.45 and misleads < leads - 0.05


# Sources ---------------------------------------------------------------------------------------------------


def test_models_become_sources():
    flow, plain, cross = FlowMatching(), Gaussian(), CrossoverSource()
    infill = ScreenedInfill([flow, cross, plain])
    assert [type(source) for source in infill.sources] == [ModelSource, CrossoverSource, ModelSource]
    assert infill.sources[0].model is flow and infill.sources[1] is cross and infill.sources[2].model is plain


def test_each_source_makes_its_share_of_the_candidates():
    low, high = (Source(lambda pool, parents, rng, v=v: v + 0.1 * rng.random((len(parents), 5))) for v in (0.1, 0.7))
    infill = ScreenedInfill([low, high], n_candidates=1, eta_mutation=1e9)
    off = infill_once(infill, 300)
    U = (off.get("X") - XL)[:, 0] / 2
    assert np.array_equal(U > 0.5, off.get("source") == 1)
    assert (U > 0.5).mean() == pytest.approx(0.5, abs=0.1)
    assert low.pools[0] is high.pools[0]
    assert low.pools[0].p_near.tolist() == [infill.p_near] * 30
    assert low.pools[0].neighbours.shape == (30, infill.n_neighbours)


def test_a_source_that_leaves_the_box_is_brought_back():
    infill = ScreenedInfill([Source(lambda pool, parents, rng: rng.normal(0.5, 9, (len(parents), 5)))], critic=few())
    X = infill_once(infill, 30).get("X")
    assert (X >= XL).all() and (X <= XU).all()


def test_candidates_that_are_not_finite_are_replaced_by_their_parents_with_a_warning():
    def broken(pool, parents, rng):
        return np.where(rng.random((len(parents), 1)) < 0.5, NAN, pool.U[parents])

    for critic, n_candidates in ((Stub(), 10), (None, 1)):
        infill = ScreenedInfill([Source(broken)], critic=critic, n_candidates=n_candidates)
        with pytest.warns(RuntimeWarning, match=r"candidates of sources\[0\] \(Source\) must be finite") as caught:
            X = np.vstack([infill_once(infill, 30).get("X") for _ in range(3)])
        assert np.isfinite(X).all() and len(caught) == 1


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        (lambda pool, parents, rng: pool.U, r"\(30, 5\)"),
        (lambda pool, parents, rng: pool.U[0], r"\(5,\)"),
        (lambda pool, parents, rng: 0.5, r"\(\)"),
        (lambda pool, parents, rng: pool.U[parents][:, :-1], r"\(300, 4\)"),
    ],
    ids=["population", "row", "number", "columns"],
)
def test_candidates_of_another_shape_are_refused(made, shape):
    expected = rf"candidates of sources\[0\] \(Source\) must have shape \(300, 5\), got {shape}"
    with pytest.raises(ValueError, match=expected):
        infill_once(ScreenedInfill([Source(made)], critic=few()), 30)


@pytest.mark.parametrize("n", [-1, 3])
def test_samples_of_another_shape_are_refused(n):
    class Odd(Gaussian):
        def sample(self, n_asked, *, rng):
            return super().sample(n_asked + n, rng=rng)

    with pytest.raises(ValueError, match=rf"samples of Odd must have shape \(300, 5\), got \({300 + n}, 5\)"):
        infill_once(ScreenedInfill([Odd()], critic=few()), 30)


def test_a_source_must_tell_whether_it_is_ready():
    with pytest.raises(TypeError, match=r"prepare of sources\[0\] \(Source\) must return True or False, got None"):
        infill_once(ScreenedInfill([Source(ready=None)], critic=few()), 30)


@pytest.mark.parametrize(
    ("score", "shape"), [(lambda X, C: 0.0, r"\(\)"), (lambda X, C: X, r"\(300, 5\)"), (lambda X, C: [1, 2], r"\(2,\)")]
)
def test_scores_of_another_shape_are_refused(score, shape):
    infill = ScreenedInfill(critic=Stub(score), adapt=False)
    with pytest.raises(ValueError, match=rf"scores of critic 0 \(Stub\) must have shape \(300,\), got {shape}"):
        infill_once(infill, 30)


def test_scores_may_be_a_list():
    infill_once(ScreenedInfill(critic=Stub(lambda X, C: [0.0] * len(X))), 30)


def test_what_was_asked_for_may_be_told_as_copies():
    def states(tell):
        algorithm = RCGMOEA(20, critic=few()).setup(Bowls(), termination=("n_eval", 120), seed=1)
        while algorithm.has_next():
            off = algorithm.ask()
            tell(algorithm, off)
        return outcome(algorithm), algorithm.mating.probabilities, algorithm.mating.critic_shares

    def copies(algorithm, off):
        algorithm.tell(infills=algorithm.evaluator.eval(Bowls(), Population.new(X=off.get("X"))))

    def itself(algorithm, off):
        algorithm.tell(infills=algorithm.evaluator.eval(Bowls(), off))

    by_copies, alone = states(copies), states(itself)
    assert same(by_copies[0], alone[0])
    assert all(np.array_equal(a, b) for a, b in zip(by_copies[1:], alone[1:], strict=True))
    assert by_copies[2][0] != 0.5


def test_all_candidates_are_mutated():
    source = Source(lambda pool, parents, rng: np.full((len(parents), 5), 0.4))
    X = infill_once(ScreenedInfill([source], n_candidates=1), 300).get("X")
    assert (X != XL + 0.4 * (XU - XL))[:, :3].mean() > 0.2


def test_a_source_that_cannot_is_replaced_by_the_others_counted_and_reported_once():
    idle, busy = Source(ready=False), Source()
    with pytest.warns(RuntimeWarning, match="source 0 could not be prepared; the others serve until it can") as caught:
        _, infill = run(ScreenedInfill([idle, busy], critic=few()), 100)
    assert len(caught) == 1
    idle, busy = infill.sources
    assert idle.parents == [] and len(busy.parents) == 4
    assert infill.counters["diverged"] == 4 and infill.counters["topped_up"] == 0


def test_a_model_that_diverges_is_replaced_by_the_others():
    class Explodes(Gaussian):
        def fit(self, X, X_poor=None, *, rng):
            raise TrainingDivergedError("non-finite")

    with pytest.warns(RuntimeWarning, match="source 1 could not be prepared"):
        _, infill = run(ScreenedInfill([CrossoverSource(), Explodes()], critic=few()), 100)
    assert infill.counters["diverged"] == infill.sources[1].diverged == 4


def test_a_model_whose_samples_diverge_leaves_the_run_alive():
    class Explodes(Gaussian):
        def sample(self, n, *, rng):
            raise TrainingDivergedError("non-finite")

    with pytest.warns(RuntimeWarning, match="parents stand in for the samples") as caught:
        _, infill = run(ScreenedInfill([CrossoverSource(), Explodes()], critic=few()), 100)
    assert len(caught) == 1 and infill.sources[1].diverged >= 4 and infill.counters["topped_up"] == 0


def test_when_no_source_can_classic_operators_serve():
    with pytest.warns(RuntimeWarning) as caught:
        _, infill = run(ScreenedInfill([Source(ready=False)], critic=Stub()), 100)
    messages = [str(one.message) for one in caught]
    assert len(messages) == 2 and "source 0" in messages[0]
    assert "0 new solutions of 20 could be bred; classic operators made the rest" in messages[1]
    assert (infill.counters["topped_up"], infill.counters["screened"], infill.counters["diverged"]) == (80, 0, 4)


def test_a_head_start_ends_with_its_last_generation_and_nobody_complains():
    """Generation 1 is the initial population: of four generations of offspring two are a head start's until 3."""
    early, late = HeadStart(Source(), 3), Source()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        algorithm, infill = run(ScreenedInfill([early, late], critic=few()), 100)
    early, late = infill.sources
    assert (len(early.source.pools), len(late.pools)) == (2, 4)
    assert infill.counters["diverged"] == infill.counters["topped_up"] == 0
    assert infill.probabilities.tolist() == [0.0, 1.0]
    assert ScreenedInfill([early, late]).probabilities.tolist() == [0.5, 0.5]


def test_a_head_start_as_long_as_the_run_is_its_source_to_the_bit_and_one_without_a_generation_is_none():
    def bits(*sources):
        algorithm, _ = run(ScreenedInfill([CrossoverSource(), *sources], critic=few()), 150)
        return outcome(algorithm)

    plain, alone = bits(Gaussian()), bits()
    assert same(plain, bits(HeadStart(Gaussian(), 99))) and same(alone, bits(HeadStart(Gaussian(), 1)))
    brief = bits(HeadStart(Gaussian(), 2))
    assert not same(plain, alone) and not same(brief, plain) and not same(brief, alone)


def test_shares_of_those_that_serve_add_up_to_one():
    infill = run(ScreenedInfill([HeadStart(Source(), 2), Source(), Source()], critic=few()), 200)[1]
    assert infill.probabilities[0] == 0.0 and infill.probabilities.sum() == pytest.approx(1.0)
    assert (infill.probabilities[1:] >= 0.1).all()


def test_a_head_start_that_cannot_is_counted_and_reported():
    with pytest.warns(RuntimeWarning, match="source 0 could not be prepared") as caught:
        _, infill = run(ScreenedInfill([HeadStart(Source(ready=False), 3), Source()], critic=few()), 100)
    assert len(caught) == 1 and infill.counters["diverged"] == 2


def test_when_all_head_starts_are_over_classic_operators_serve():
    with pytest.warns(RuntimeWarning, match="0 new solutions of 20 could be bred; classic operators made the rest"):
        _, infill = run(ScreenedInfill([HeadStart(Source(), 3)], critic=few()), 100)
    assert infill.counters["topped_up"] == 40 and infill.probabilities.tolist() == [0.0]


def test_a_collapsed_source_is_topped_up():
    infill = ScreenedInfill([Source(lambda pool, parents, rng: np.full((len(parents), 5), 0.4))], eta_mutation=1e18)
    with pytest.warns(RuntimeWarning, match="classic operators made the rest"):
        off = infill_once(infill)
    assert len(off) == 20 and len(np.unique(off.get("X"), axis=0)) == 20
    assert 0 < infill.counters["topped_up"] == (off.get("source") == -1).sum() < 20


def test_offspring_are_new():
    pop = evaluated()
    off = infill_once(ScreenedInfill(critic=few()), 25, pop=pop)
    assert len({tuple(x) for x in [*off.get("X"), *pop.get("X")]}) == 55
    assert all(not one.evaluated for one in off)
    assert (off.get("X") >= XL).all() and (off.get("X") <= XU).all()


def test_a_selection_of_ones_own():
    class First(RandomSelection):
        def _do(self, problem, pop, n_select, n_parents, **kwargs):
            return np.zeros((n_select, n_parents), dtype=int)

    source = Source()
    infill_once(ScreenedInfill([source], critic=few(), selection=First()))
    assert all((parents == 0).all() for parents in source.parents)


class Round(Repair):
    """Round the first variable to a multiple of 1/8."""

    def _do(self, problem, X, **kwargs):
        X = X.copy()
        X[:, 0] = np.round(8 * X[:, 0]) / 8
        return X


@pytest.mark.filterwarnings("ignore:.*source 0:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*classic operators:RuntimeWarning")
@pytest.mark.parametrize("ready", [True, False], ids=["bred", "topped up"])
def test_repair_is_applied(ready):
    X = infill_once(ScreenedInfill([Source(ready=ready)], critic=few(), repair=Round())).get("X")
    assert (8 * X[:, 0] % 1 == 0).all() and (8 * X[:, 1] % 1 != 0).any()
    assert len(X) == 20


# Degenerate populations and failing problems ---------------------------------------------------------------


DEGENERATE = {
    "constant objectives": Bowls(spoil=spoil_all(0.0)),
    "one constant objective": Bowls(spoil=lambda X, out: out["F"].__setitem__((slice(None), 1), 3.0)),
    "one point of the front": Bowls(spoil=lambda X, out: out["F"].__setitem__((slice(None), 1), out["F"][:, 0])),
    "infeasible everywhere": Bowls(spoil=lambda X, out: out.update(G=out["G"] + 9.0), n_ieq=1),
    "equal violations": Bowls(spoil=spoil_all(1.0, "G"), n_ieq=1),
    "huge": Bowls(spoil=lambda X, out: out.update(F=1e300 * out["F"])),
    "tiny": Bowls(spoil=lambda X, out: out.update(F=1e-300 * out["F"])),
    "half huge": Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.0, 1e300)),
    "nan in half": Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.0)),
    "nan in constraints": Bowls(spoil=spoil_where(lambda X: X[:, 1] > 3.5, NAN, "G"), n_ieq=1),
    "one free variable": Bowls(xl=[0.0, 1.0, 1.0], xu=[1.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("critic", [few, RidgeCritic], ids=["networks", "ridge"])
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_problems_do_no_harm(case, critic):
    with warnings.catch_warnings():
        if case.endswith(("in half", "in constraints")):  # two finite parents of four are too few to breed from
            warnings.filterwarnings("ignore", "0 new solutions of 4 could be bred")
        run(ScreenedInfill(critic=critic()), 75, 4, DEGENERATE[case])
    _, infill = run(ScreenedInfill(critic=critic()), 75, 20, DEGENERATE[case])
    assert infill.counters["topped_up"] == 0 and infill.counters["fits"] == 3
    assert infill.counters["nonfinite"] == 0 or "nan" in case


@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize("name", ["F", "G"])
def test_no_value_that_is_not_finite_reaches_critic_or_sources(name, value):
    """pymoo's own survival warns of infinities, so that this is one generation."""
    problem = Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.0, value, name), n_ieq=1)
    pop, critic, source = evaluated(problem), few(), Source()
    infill = ScreenedInfill([source], critic=critic)
    assert len(infill_once(infill, problem=problem, pop=pop)) == 20
    assert np.isfinite(source.pools[0].C).all()
    failed = (~np.isfinite(pop.get("F")).all(axis=1) | ~np.isfinite(pop.get("CV")[:, 0])).sum()
    assert len(source.pools[0].U) == 30 - failed and infill.counters["nonfinite"] == failed


def test_a_problem_that_always_fails_gets_classic_offspring():
    problem = Bowls(spoil=spoil_all())
    with pytest.warns(RuntimeWarning, match="0 new solutions of 20"):
        off = infill_once(infill := ScreenedInfill(critic=(critic := Stub())), problem=problem, pop=evaluated(problem))
    assert len(off) == 20 and critic.fitted == []
    assert (infill.counters["topped_up"], infill.counters["nonfinite"]) == (20, 30)


@pytest.mark.parametrize(("n_finite", "topped_up"), [(0, 20), (1, 20), (2, 20), (3, 0), (4, 0)])
def test_a_few_finite_parents_are_enough(n_finite, topped_up):
    pop = evaluated()
    F = pop.get("F")
    F[n_finite:] = NAN
    infill = ScreenedInfill(critic=few())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        off = infill_once(infill, pop=Population.new(X=pop.get("X"), F=F))
    assert len(off) == 20 and infill.counters["topped_up"] == topped_up


@pytest.mark.parametrize("critic", [few, RidgeCritic], ids=["networks", "ridge"])
def test_equal_parents_still_have_offspring(critic):
    pop = Population.new(X=np.tile(XL + 0.4 * (XU - XL), (9, 1)), F=np.ones((9, 2)))
    off = infill_once(ScreenedInfill(critic=critic()), 10, pop=pop)
    assert len(np.unique(off.get("X"), axis=0)) == 10


def test_a_box_without_room_ends_without_offspring():
    problem = Bowls(xl=[1.0, 2.0], xu=[1.0, 2.0])
    with pytest.warns(RuntimeWarning, match="0 new solutions of 20"):
        off = infill_once(infill := ScreenedInfill(critic=few()), problem=problem, pop=evaluated(problem, 5))
    assert len(off) == 0 and infill.counters["topped_up"] == 0


# Same seed, same bits --------------------------------------------------------------------------------------


def full():
    return ScreenedInfill([DifferentialSource(), FlowMatching(n_steps=2, n_first_steps=2)], critic=few())


def test_the_seed_decides_alone_and_global_generators_stay_as_they_are():
    np.random.seed(7)
    torch.manual_seed(7)
    before = np.random.get_state()[1].copy(), np.random.get_state()[2], torch.get_rng_state()
    first = outcome(run(full())[0])
    assert np.array_equal(np.random.get_state()[1], before[0]) and np.random.get_state()[2] == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])
    np.random.seed(8)
    torch.manual_seed(8)
    assert same(first, outcome(run(full())[0]))
    assert not np.array_equal(first[0], outcome(run(full(), seed=2)[0])[0])


@pytest.mark.parametrize("way", [copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))], ids=["deepcopy", "pickle"])
def test_a_copy_of_a_running_algorithm_goes_on_alike(way):
    for n_generations in (0, 1, 2, 4):
        algorithm = NSGA2(pop_size=20, mating=full()).setup(IMF1(n_var=5), termination=("n_eval", 150), seed=5)
        for _ in range(n_generations):
            algorithm.next()
        twin = way(algorithm)
        for one in (algorithm, twin):
            while one.has_next():
                one.next()
        assert same(outcome(algorithm), outcome(twin)), f"copied after {n_generations} generations"
        assert np.array_equal(algorithm.mating.probabilities, twin.mating.probabilities)
        assert algorithm.mating.screened_share == twin.mating.screened_share != 0.5
        assert algorithm.mating.critics[0].accuracy == twin.mating.critics[0].accuracy


def test_one_object_serves_runs_of_different_problems():
    infill = full()
    for problem in (Bowls(), IMF1(n_var=3), IMF4(n_var=4), Bowls()):
        algorithm = NSGA2(pop_size=20, mating=infill)
        minimize(problem, algorithm, ("n_eval", 80), seed=1, copy_algorithm=False)
        assert algorithm.evaluator.n_eval == 80


def test_another_run_with_the_same_object_is_as_with_a_new_one():
    def bits(infill, problem=None, n_evals=100):
        algorithm = NSGA2(pop_size=20, mating=infill)
        minimize(problem or Bowls(), algorithm, ("n_eval", n_evals), seed=1, copy_algorithm=False)
        return algorithm.pop.get("X")

    alone, shared = bits(full()), full()
    for problem, n_evals in ((Bowls(), 100), (IMF1(n_var=3), 40), (IMF1(n_var=3), 80)):
        bits(shared, problem, n_evals)
        assert np.array_equal(bits(shared), alone), f"after {n_evals} evaluations of {problem.n_var} variables"
    shared.sources = full().sources
    assert np.array_equal(bits(shared), alone)


def test_several_batches_of_one_generation_are_learnt_from_together():
    infill = ScreenedInfill(critic=Stub())
    rng, pop = np.random.default_rng(1), evaluated()

    def breed(generation, pop):
        algorithm = SimpleNamespace(n_iter=generation, start_time=1.0)
        return infill.do(Bowls(), pop, 10, random_state=rng, algorithm=algorithm)

    off = Evaluator().eval(Bowls(), Population.merge(breed(2, pop), breed(2, pop)))
    assert (infill.counters["fits"], len(infill.critics[0].observed)) == (1, 0)
    breed(3, Population.merge(pop, off))
    assert (infill.counters["fits"], len(infill.critics[0].observed)) == (2, 1)
    assert np.array_equal(infill.critics[0].observed[0][1], off.get("F"))


def test_one_object_is_credited_for_its_own_run_only():
    infill = ScreenedInfill(critic=Stub())
    minimize(Bowls(), NSGA2(pop_size=20, mating=infill), ("n_eval", 40), seed=1, copy_algorithm=False)
    assert infill.critics[0].observed == []
    minimize(Bowls(), NSGA2(pop_size=20, mating=infill), ("n_eval", 40), seed=2, copy_algorithm=False)
    assert infill.critics[0].observed == [] and infill.probabilities.tolist() == [0.5, 0.5]


# What is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_candidates": 0}, ValueError, "n_candidates must be at least 1, got 0"),
        ({"n_candidates": 2.5}, TypeError, "n_candidates must be an integer"),
        ({"n_neighbours": 0}, ValueError, "n_neighbours must be at least 1"),
        ({"p_near": 1.1}, ValueError, r"p_near must lie in \[0, 1\]"),
        ({"p_near": NAN}, ValueError, "p_near must lie"),
        ({"eta_mutation": -1.0}, ValueError, "eta_mutation must lie"),
        ({"adapt": "no"}, TypeError, "adapt must be True or False"),
        ({"selection": RandomSelection}, TypeError, "selection must be an object such as one of pymoo's Selections"),
        ({"repair": object()}, TypeError, "repair must be an object such as one of pymoo's Repairs"),
        ({"critic": object()}, TypeError, r"critic must be an object with the method observe\(\)"),
        ({"critic": RelativisticCritic}, TypeError, "critic must be an object with the method"),
        ({"critic": Gaussian()}, TypeError, "critic must be an object with the method"),
        ({"critic": [RidgeCritic(), Gaussian()]}, TypeError, "critic must be an object with the method"),
        ({"critic": []}, ValueError, "critic must be a critic or several, got an empty sequence"),
        ({"sources": []}, TypeError, "sources must be a sequence such as"),
        ({"sources": Gaussian()}, TypeError, "sources must be a sequence such as"),
        ({"sources": "flow"}, TypeError, "sources must be a sequence such as"),
        ({"sources": [Gaussian]}, TypeError, r"got the class Gaussian: write Gaussian\(\)"),
        ({"sources": [object()]}, TypeError, r"model must be an object with the method fit\(\)"),
        ({"n_candidate": 3}, TypeError, "n_candidate"),
    ],
    ids=str,
)
def test_bad_settings_are_named(options, error, message):
    with pytest.raises(error, match=message):
        ScreenedInfill(**options)


@pytest.mark.parametrize("random_state", [None, 1, np.random.RandomState(1)], ids=str)
def test_without_a_generator_nothing_is_drawn(random_state):
    with pytest.raises(TypeError, match=r"random_state must be a numpy\.random\.Generator, e\.g\."):
        ScreenedInfill().do(Bowls(), evaluated(), 5, random_state=random_state)


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (Problem(n_var=3, n_obj=2), ValueError, "lower and upper bounds"),
        (Problem(n_var=3, n_obj=2, xl=0, xu=np.inf), ValueError, "finite bounds"),
        (Problem(n_var=3, n_obj=2, xl=0, xu=9, vtype=int), TypeError, "real-valued"),
        (Problem(vars={"a": Real(bounds=(0, 1)), "b": Integer(bounds=(0, 9))}, n_obj=2), TypeError, "mixed"),
    ],
    ids=["no bounds", "infinite", "integer", "mixed"],
)
def test_problems_it_cannot_serve_are_named(problem, error, message):
    with pytest.raises(error, match=f"problem Problem must have .*{message}"):
        ScreenedInfill().do(problem, evaluated(), 5, random_state=np.random.default_rng(1))
