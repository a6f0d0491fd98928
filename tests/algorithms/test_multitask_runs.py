"""Whatever multitask algorithm runs: budgets, bits, odd tasks, objects left as they were."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from pymoo.core.problem import Problem
from pymoo.problems import get_problem

from evogan.algorithms import EMEA, EMTGS, EMTPD, MOMFEA, MOMFEAII
from evogan.experiments import describe
from evogan.models import ConstantTransfer, MomentMatching, NoTransfer, RawTransfer, SourceGAN
from evogan.multitask import MultitaskAlgorithm, MultitaskRun, minimize_multitask
from evogan.problems.imf import IMF1, IMF4


def with_gap(make, name):
    """Make it with a short gap between transfers, so that a short run holds some."""
    return lambda pop_size, **options: make(pop_size, **{name: 2, **options})


PEERS = {
    "mo-mfea": MOMFEA,
    "mo-mfea-ddmtolab": MOMFEA.ddmtolab,
    "mo-mfea-ii": MOMFEAII,
    "mo-mfea-ii-ddmtolab": MOMFEAII.ddmtolab,
    "emea": with_gap(EMEA, "t_gap"),
    "emea-mtop": with_gap(EMEA.mtop, "t_gap"),
    "emt-pd": with_gap(EMTPD, "gap"),
}
COMPETING = {
    "emt-gs gan": partial(EMTGS, transfer=SourceGAN(0.9, n_steps=2, n_steps_first=3, batch_size=4), gap=2),
    "emt-gs several": partial(EMTGS, transfer=[MomentMatching(), ConstantTransfer(0.3)], gap=3),
    "emt-gs none": partial(EMTGS, transfer=NoTransfer()),
}
INERTIAL = {
    "emt-gs mtop": EMTGS.mtop,
    "emt-gs paper": EMTGS.paper,
    "emt-gs mtop raw": partial(EMTGS.mtop, transfer=RawTransfer(), direction="into_own"),
}
EVERY = PEERS | COMPETING | INERTIAL


def each(table):
    return pytest.mark.parametrize("make", table.values(), ids=table)


every_one = each(EVERY)


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


@every_one
@pytest.mark.parametrize(("pop_size", "n_evals"), [(10, 97), (7, 100), (4, 61)])
def test_the_budget_is_met_to_the_evaluation(make, pop_size, n_evals):
    result = minimize_multitask(mixed_tasks(), make(pop_size), ("n_eval", n_evals), seed=1)
    assert result.n_evals == n_evals
    for task in result:
        X = task.pop.get("X")
        assert len(X) == pop_size
        assert (X >= task.problem.xl).all() and (X <= task.problem.xu).all()


@every_one
def test_each_task_meets_a_budget_of_its_own(make):
    result = minimize_multitask([IMF1(5), IMF4(8)], make(10), ("n_eval", [10, 143]), seed=1)
    assert [task.n_eval for task in result] == [10, 143]


@every_one
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(make):
    algorithm = make(9)
    first, again, other = (
        minimize_multitask(mixed_tasks(), algorithm, ("n_eval", 200), seed=seed) for seed in (1, 1, 2)
    )
    assert bits(first) == bits(again)
    assert first.counters == again.counters
    assert bits(first) != bits(other)


@every_one
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


@every_one
def test_an_algorithm_object_and_global_states_are_left_as_they_were(make):
    algorithm = make(8)
    before = describe(algorithm)
    np.random.seed(5)
    torch.manual_seed(5)
    states = np.random.get_state()[1].tobytes(), torch.get_rng_state().numpy().tobytes()
    minimize_multitask([IMF1(5), IMF4(8)], algorithm, ("n_eval", 100), seed=1)
    assert (np.random.get_state()[1].tobytes(), torch.get_rng_state().numpy().tobytes()) == states
    assert describe(algorithm) == before
    assert algorithm.populations == [] and algorithm.counters == {} and not getattr(algorithm, "_models", None)
    transfer = getattr(algorithm, "transfer", ())
    models = transfer if isinstance(transfer, tuple) else (transfer,)
    assert all(getattr(model, "report", None) is None for model in models)


@every_one
def test_a_used_algorithm_begins_anew_at_setup(make):
    used = minimize_multitask([IMF1(9), IMF4(8), IMF1(4)], make(8), ("n_eval", 150), seed=4).algorithm
    fresh = minimize_multitask([IMF1(5), IMF4(8)], make(8), ("n_eval", 150), seed=1)
    again = minimize_multitask([IMF1(5), IMF4(8)], used, ("n_eval", 150), seed=1)
    assert bits(again) == bits(fresh) and again.counters == fresh.counters


@each(PEERS)
def test_fifty_tasks(make):
    tasks = [IMF1(3 + t % 4) for t in range(50)]
    result = minimize_multitask(tasks, make(4), ("n_eval", 1003), seed=1)
    assert result.n_evals == 1003
    assert np.ptp([task.n_eval for task in result]) < 40
    assert result.counters["transferred"] > 0 or isinstance(result.algorithm, MOMFEAII)


@every_one
def test_a_task_that_fails_leaves_the_others_alone(make):
    with pytest.warns(RuntimeWarning, match="not finite"):
        result = minimize_multitask([Failing(), IMF1(5)], make(10), ("n_eval", 200), seed=1)
    by_lot = isinstance(result.algorithm, MOMFEA | MOMFEAII)  # whose child a child is
    assert result.n_evals == 200 and abs(result[0].n_eval - result[1].n_eval) < (40 if by_lot else 20)
    assert result[0].F is None
    assert np.isfinite(result[1].F).all()


@every_one
def test_constraints_are_met(make):
    result = minimize_multitask([get_problem("bnh"), get_problem("osy")], make(20), ("n_eval", 2500), seed=1)
    assert all(task.CV is not None and (task.CV <= 0).all() for task in result)


@every_one
def test_objectives_four_times_as_large_change_nothing(make):
    # the density in SPEA2's fitness is a matter of scale
    options = {} if make not in (PEERS["emea"], PEERS["emea-mtop"]) else {"survivals": [EMEA().survivals[1]]}
    plain = minimize_multitask([IMF1(5), IMF4(6)], make(10, **options), ("n_eval", 300), seed=1)
    scaled = minimize_multitask([Scaled(IMF1(5)), IMF4(6)], make(10, **options), ("n_eval", 300), seed=1)
    for one, other in zip(plain, scaled, strict=True):
        assert (one.pop.get("X") == other.pop.get("X")).all()


@each(PEERS | COMPETING)
def test_it_gets_nearer_to_the_optimum(make):
    start, end = (minimize_multitask([IMF1(6), IMF1(10)], make(20), ("n_eval", n), seed=1) for n in (40, 2000))
    for one, other in zip(start, end, strict=True):
        assert np.median(other.pop.get("F").sum(axis=1)) < 0.7 * np.median(one.pop.get("F").sum(axis=1))


@every_one
def test_they_speak_the_protocol(make):
    assert isinstance(make(8), MultitaskAlgorithm)
