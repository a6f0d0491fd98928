"""What MO-MFEA, MO-MFEA-II, EMEA and EMT-PD have in common: budgets, bits, odd tasks, settings."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest
from pymoo.core.problem import Problem
from pymoo.problems import get_problem

from evogan.algorithms import EMEA, EMTPD, MOMFEA, MOMFEAII
from evogan.experiments import describe
from evogan.multitask import MultitaskAlgorithm, MultitaskRun, minimize_multitask
from evogan.problems.imf import IMF1, IMF4

# short gaps, so that a short run holds transfers
PEERS = {
    "mo-mfea": MOMFEA,
    "mo-mfea-ddmtolab": MOMFEA.ddmtolab,
    "mo-mfea-ii": MOMFEAII,
    "mo-mfea-ii-ddmtolab": MOMFEAII.ddmtolab,
    "emea": lambda pop_size, **options: EMEA(pop_size, **{"t_gap": 2, **options}),
    "emea-mtop": lambda pop_size, **options: EMEA.mtop(pop_size, **{"t_gap": 2, **options}),
    "emt-pd": lambda pop_size, **options: EMTPD(pop_size, **{"gap": 2, **options}),
}
every_peer = pytest.mark.parametrize("make", PEERS.values(), ids=PEERS)


class Failing(Problem):
    """A task without a single finite value."""

    def __init__(self):
        super().__init__(n_var=3, n_obj=2, xl=-1.0, xu=1.0)

    def _evaluate(self, X, out, *args, **kwargs):
        out["F"] = np.full((len(X), 2), np.nan)


class Scaled(Problem):
    """Another problem with all objectives four times as large."""

    def __init__(self, base):
        self.base = base
        super().__init__(n_var=base.n_var, n_obj=base.n_obj, xl=base.xl, xu=base.xu)

    def _evaluate(self, X, out, *args, **kwargs):
        out["F"] = 4.0 * self.base.evaluate(X)


def mixed_tasks():
    """Tasks of other numbers of variables, objectives and constraints: bnh has two, IMF4 three objectives."""
    return [IMF1(7), get_problem("bnh"), IMF4(12)]


def bits(result):
    return [(task.pop.get("X").tobytes(), task.pop.get("F").tobytes()) for task in result]


@every_peer
@pytest.mark.parametrize(("pop_size", "n_evals"), [(10, 97), (7, 100), (4, 61)])
def test_the_budget_is_met_to_the_evaluation(make, pop_size, n_evals):
    result = minimize_multitask(mixed_tasks(), make(pop_size), ("n_eval", n_evals), seed=1)
    assert result.n_evals == n_evals
    for task in result:
        X = task.pop.get("X")
        assert len(X) == pop_size
        assert (X >= task.problem.xl).all() and (X <= task.problem.xu).all()


@every_peer
def test_each_task_meets_a_budget_of_its_own(make):
    result = minimize_multitask([IMF1(5), IMF4(8)], make(10), ("n_eval", [10, 143]), seed=1)
    assert [task.n_eval for task in result] == [10, 143]


@every_peer
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(make):
    algorithm = make(9)
    first, again, other = (
        minimize_multitask(mixed_tasks(), algorithm, ("n_eval", 200), seed=seed) for seed in (1, 1, 2)
    )
    assert bits(first) == bits(again)
    assert first.counters == again.counters
    assert bits(first) != bits(other)


@every_peer
@pytest.mark.parametrize("store", [copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))], ids=["copy", "pickle"])
def test_a_stored_run_goes_on_to_the_same_bits(make, store):
    run = MultitaskRun(mixed_tasks(), make(8), ("n_eval", 230), seed=3)
    for _ in range(4):
        run.advance()
    stored = store(run)
    for one in (run, stored):
        while one.advance():
            pass
    assert bits(run.result()) == bits(stored.result())
    assert run.result().counters == stored.result().counters


@every_peer
def test_an_algorithm_object_serves_run_after_run_unchanged(make):
    algorithm = make(8)
    before = describe(algorithm)
    np.random.seed(5)
    state = np.random.get_state()[1].tobytes()
    minimize_multitask([IMF1(5), IMF4(8)], algorithm, ("n_eval", 100), seed=1)
    assert describe(algorithm) == before
    assert algorithm.populations == []
    assert np.random.get_state()[1].tobytes() == state


@every_peer
def test_a_used_algorithm_begins_anew_at_setup(make):
    used = minimize_multitask([IMF1(9), IMF4(8), IMF1(4)], make(8), ("n_eval", 150), seed=4).algorithm
    fresh = minimize_multitask([IMF1(5), IMF4(8)], make(8), ("n_eval", 150), seed=1)
    assert bits(minimize_multitask([IMF1(5), IMF4(8)], used, ("n_eval", 150), seed=1)) == bits(fresh)


@every_peer
def test_fifty_tasks(make):
    tasks = [IMF1(3 + t % 4) for t in range(50)]
    result = minimize_multitask(tasks, make(4), ("n_eval", 1003), seed=1)
    assert result.n_evals == 1003
    assert np.ptp([task.n_eval for task in result]) < 40
    assert result.counters["transferred"] > 0 or isinstance(result.algorithm, MOMFEAII)


@every_peer
def test_a_task_that_fails_leaves_the_others_alone(make):
    with pytest.warns(RuntimeWarning, match="not finite"):
        result = minimize_multitask([Failing(), IMF1(5)], make(10), ("n_eval", 200), seed=1)
    assert result.n_evals == 200
    assert result[0].F is None
    assert np.isfinite(result[1].F).all()


@every_peer
def test_constraints_are_met(make):
    result = minimize_multitask([get_problem("bnh"), get_problem("osy")], make(20), ("n_eval", 2000), seed=1)
    assert all((task.CV <= 0).all() for task in result)


@every_peer
def test_objectives_four_times_as_large_change_nothing(make):
    options = {} if make not in (PEERS["emea"], PEERS["emea-mtop"]) else {"survivals": [EMEA().survivals[1]]}
    plain = minimize_multitask([IMF1(5), IMF4(6)], make(10, **options), ("n_eval", 300), seed=1)
    scaled = minimize_multitask([Scaled(IMF1(5)), IMF4(6)], make(10, **options), ("n_eval", 300), seed=1)
    for one, other in zip(plain, scaled, strict=True):
        assert (one.pop.get("X") == other.pop.get("X")).all()


@every_peer
def test_it_gets_nearer_to_the_optimum(make):
    start, end = (minimize_multitask([IMF1(6), IMF1(10)], make(20), ("n_eval", n), seed=1) for n in (40, 2000))
    for one, other in zip(start, end, strict=True):
        assert np.median(other.pop.get("F").sum(axis=1)) < 0.7 * np.median(one.pop.get("F").sum(axis=1))


@pytest.mark.parametrize("cls", [MOMFEA, MOMFEAII, EMEA, EMTPD])
def test_every_setting_is_described(cls):
    described = describe(cls())
    settings = {k: p.default for k, p in inspect.signature(cls.__init__).parameters.items() if k != "self"}
    survivals = settings.pop("survivals", None)
    assert {k: described[k] for k in settings} == settings
    assert described["type"] == cls.__name__
    if survivals is not None:
        assert described["survivals"] == [one.__qualname__ for one in survivals]
    changed = {k: v for k, v in describe(cls(12, eta_c=3, eta_m=4, p_var=0.7, p_m=0.2)).items() if v != described[k]}
    assert changed == {"pop_size": 12, "eta_c": 3.0, "eta_m": 4.0, "p_var": 0.7, "p_m": 0.2}


@pytest.mark.parametrize("cls", [MOMFEA, MOMFEAII, EMEA, EMTPD])
def test_the_operators_settings_reach_the_operators(cls):
    tasks, budget = [IMF1(5), IMF4(6)], ("n_eval", 120)
    usual = bits(minimize_multitask(tasks, cls(10), budget, seed=1))
    for option in ({"eta_c": 2.0}, {"eta_m": 2.0}, {"p_var": 0.9}, {"p_m": 0.9}):
        assert bits(minimize_multitask(tasks, cls(10, **option), budget, seed=1)) != usual


@pytest.mark.parametrize("cls", [MOMFEA, MOMFEAII, EMEA, EMTPD])
def test_they_speak_the_protocol(cls):
    assert isinstance(cls(), MultitaskAlgorithm)


BAD = [
    ({"eta_c": -1.0}, ValueError, "eta_c must lie in"),
    ({"eta_m": "15"}, TypeError, "eta_m must be a number"),
    ({"p_var": 1.1}, ValueError, "p_var must lie in"),
    ({"p_m": -0.1}, ValueError, "p_m must lie in"),
    ({"pop_size": 3}, ValueError, "pop_size must be at least 4"),
    ({"etac": 2.0}, TypeError, "etac"),
]
OWN = [
    (MOMFEA, {"rmp": 1.5}, ValueError, "rmp must lie in"),
    (MOMFEA, {"mutate_crossed": 1}, TypeError, "mutate_crossed must be True or False"),
    (MOMFEAII, {"p_swap": 2}, ValueError, "p_swap must lie in"),
    (MOMFEAII, {"rmp_noise": -1}, ValueError, "rmp_noise must lie in"),
    (MOMFEAII, {"mutate_crossed": "no"}, TypeError, "mutate_crossed must be True or False"),
    (EMEA, {"s_num": -1}, ValueError, "s_num must be at least 0"),
    (EMEA, {"t_gap": 0}, ValueError, "t_gap must be at least 1"),
    (EMEA, {"ridge": -1.0}, ValueError, "ridge must lie in"),
    (EMEA, {"bias": "some"}, ValueError, "bias must be one of 'none', 'learnt', 'dropped'"),
    (EMEA, {"survivals": []}, TypeError, "survivals must be functions"),
    (EMEA, {"survivals": ["spea2"]}, TypeError, "survivals must be functions"),
    (EMTPD, {"gap": 0}, ValueError, "gap must be at least 1"),
    (EMTPD, {"n_model": 1}, ValueError, "n_model must be at least 2"),
    (EMTPD, {"ridge": 0.0}, ValueError, "ridge must lie in"),
    (EMTPD, {"rmp": -0.5}, ValueError, "rmp must lie in"),
]


@pytest.mark.parametrize(
    ("cls", "options", "kind", "message"),
    [(cls, *bad) for cls in (MOMFEA, MOMFEAII, EMEA, EMTPD) for bad in BAD] + OWN,
)
def test_bad_settings_are_refused(cls, options, kind, message):
    with pytest.raises(kind, match=message):
        cls(**options)
