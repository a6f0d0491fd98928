"""EMT-GS whose operators compete: shares, successes, every operator, and odd tasks."""

import copy
import inspect
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from pymoo.core.problem import Problem
from pymoo.problems import get_problem

from evogan.algorithms import EMTGS
from evogan.algorithms._preference import Preferences
from evogan.algorithms.emt_gs import OWN
from evogan.exceptions import TrainingDivergedError
from evogan.experiments import describe, run_multitask
from evogan.models import (
    ConstantTransfer,
    MomentMatching,
    MToPGAN,
    NoTransfer,
    RawTransfer,
    SourceGAN,
    SourceGaussian,
    TransferGAN,
)
from evogan.multitask import MultitaskAlgorithm, MultitaskProblem, MultitaskRun, TaskPopulation, minimize_multitask
from evogan.problems.imf import IMF1, IMF4
from evogan.problems.multitask import cec17_mtmo_shifted

FAST_GAN = SourceGAN(0.9, n_steps=2, n_steps_first=3, batch_size=4)
# short gaps, so that a short run trains
MAKE = {
    "gan": partial(EMTGS, transfer=FAST_GAN, gap=2),
    "several": partial(EMTGS, transfer=[MomentMatching(), ConstantTransfer(0.3)], gap=3),
    "none": partial(EMTGS, transfer=NoTransfer()),
    "mtop": EMTGS.mtop,
    "paper": EMTGS.paper,
    "mtop raw": partial(EMTGS.mtop, transfer=RawTransfer(), direction="into_own"),
}
every_one = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)


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


class Ordered:
    """Says of a solution which source and target it went between: the means of both at the last fit."""

    fits: list[float] = []

    def fit(self, X_source, X_target, *, rng):
        self.fits.append(1.0)
        self.means = X_source.mean(), X_target.mean()
        return self

    def transfer(self, X_source, *, rng):
        assert X_source.mean() == self.means[0]
        return np.full_like(X_source, self.means[1])


class Diverging(RawTransfer):
    """Its second fit fails; ``born`` counts fits of all objects."""

    n_fits = 0

    def fit(self, X_source, X_target, *, rng):
        self.n_fits += 1
        if self.n_fits == 2:
            raise TrainingDivergedError("the generator's loss became non-finite")
        return self


def mixed_tasks():
    """Tasks of other numbers of variables, objectives and constraints: bnh has two, IMF4 three objectives."""
    return [IMF1(7), get_problem("bnh"), IMF4(12)]


def bits(result):
    return [(task.pop.get("X").tobytes(), task.pop.get("F").tobytes()) for task in result]


def children_of(algorithm, t, operator):
    """Return task t's children if every solution is given one operator, by its number in the table."""
    n = len(algorithm._operators[t])
    algorithm._shares = lambda task: np.eye(n)[operator] if task == t else np.full(n, 1 / n)
    return algorithm.offspring()[t]


# ---- shares ----------------------------------------------------------------------------------------------------------


def test_shares_sum_to_one_above_the_floor_and_are_those_worked_by_hand(set_up):
    algorithm = set_up(EMTGS(8, transfer=RawTransfer(), floor=0.02, sharpness=2.0), 0.2, 0.8)
    assert algorithm._shares(0) == pytest.approx(np.full(5, 0.2))  # all begin alike
    algorithm._rates[0] = np.array([[0.0, 1.0, 2.0, 4.0, 0.0], [50.0, 10.0, 10.0, 10.0, 0.0]])
    merit = np.array([0.01 / 50.1, 1.01 / 10.1, 2.01 / 10.1, 4.01 / 10.1, 0.01 / 0.1]) ** 2
    shares = algorithm._shares(0)
    assert shares == pytest.approx(0.02 + 0.9 * merit / merit.sum())
    assert shares.sum() == pytest.approx(1.0) and shares.min() >= 0.02
    assert algorithm._shares(1) == pytest.approx(np.full(5, 0.2))


def test_a_sharper_exponent_favours_the_best_and_none_favours_nobody(set_up):
    best = []
    for sharpness in (0.0, 1.0, 4.0, 20.0):
        algorithm = set_up(EMTGS(8, transfer=RawTransfer(), floor=0.0, sharpness=sharpness, max_transfer=1.0), 0.2, 0.8)
        algorithm._rates[0] = np.array([[1.0, 2.0, 3.0, 3.0, 5.0], [10.0] * 5])
        best.append(algorithm._shares(0)[4])
    assert best[0] == pytest.approx(0.2) and best == sorted(best) and best[1] > 0.3 and best[3] > 0.99


@pytest.mark.parametrize("most", [0.0, 0.3, 0.5])
def test_all_transfer_together_stays_below_its_ceiling(most, set_up):
    algorithm = set_up(EMTGS(8, transfer=RawTransfer(), floor=0.0, sharpness=1.0, max_transfer=most), 0.2, 0.8, 0.5)
    algorithm._rates[0] = np.array([[0.99, 1.99, 2.99, 3.99, 8.99, 20.99], [9.9] * 6])  # merits in tenths
    own, foreign = np.array([1, 2, 3, 4]) / 10, np.array([9, 21]) / 30
    assert algorithm._shares(0) == pytest.approx(np.concatenate([(1 - most) * own, most * foreign]))
    algorithm._rates[0][0, 4:] = [0.99, 0.99]
    below = np.array([1, 2, 3, 4, 1, 1]) / 12
    assert (algorithm._shares(0) == pytest.approx(below)) == (most > 2 / 12)


def test_own_operators_that_never_succeed_share_what_transfer_leaves(set_up):
    algorithm = set_up(EMTGS(8, transfer=RawTransfer(), floor=0.0, sharpness=20.0), 0.2, 0.8)
    algorithm._rates[0] = np.array([[0.0] * 4 + [100.0], [1000.0] * 4 + [100.0]])
    assert algorithm._shares(0) == pytest.approx([0.125] * 4 + [0.5])


def test_shares_stay_a_distribution_after_long_failure(set_up):
    algorithm = set_up(EMTGS(8, transfer=RawTransfer(), sharpness=20.0), 0.2, 0.8)
    algorithm._rates[0] = np.array([[5e-324] * 5, [1e7] * 5])
    assert algorithm._shares(0) == pytest.approx(np.full(5, 0.2))


def test_fifty_tasks_have_shares_below_the_floor(set_up):
    algorithm = set_up(EMTGS(4, transfer=RawTransfer(), floor=0.05), *[0.1] * 50)
    algorithm._rates[0][0, 0] = 10.0
    shares = algorithm._shares(0)
    assert len(shares) == 53 and shares.sum() == pytest.approx(1.0) and shares.min() >= 0.5 / 53


def test_operators_are_drawn_by_their_shares(set_up):
    algorithm = set_up(EMTGS(4000, transfer=RawTransfer()), 0.2, 0.8)
    algorithm._shares = lambda task: np.array([0.5, 0.1, 0.05, 0.15, 0.2])
    algorithm.offspring()
    drawn = np.bincount(algorithm._used[0][0], minlength=5) / 4000
    assert drawn == pytest.approx([0.5, 0.1, 0.05, 0.15, 0.2], abs=0.03)


# ---- successes -------------------------------------------------------------------------------------------------------


def population(F):
    F = np.array(F, dtype=float)
    none = np.zeros((len(F), 0))
    return TaskPopulation(np.full((len(F), 3), 0.5), F, np.zeros(len(F)), none, none)


def test_successes_are_counted_as_by_hand(set_up):
    algorithm = set_up(EMTGS(4, transfer=RawTransfer(), decay=0.5), 0.2, 0.8, n_var=[3, 3])
    parents = [population([[0, 4], [1, 3], [3, 1], [4, 0]])] * 2
    preferences = Preferences.of(parents[0])
    algorithm._used = [(np.array([0, 0, 4, 4]), preferences), (np.array([2, 4, 1, 1]), preferences)]
    # task 0: worse, better, better, equal; task 1 had two evaluations left: worse, better
    first, second = population([[0, 5], [0.9, 2.9], [2, 1], [4, 0]]), population([[1, 5], [1, 2]])
    algorithm.survived(parents, [first, second])
    assert algorithm._rates[0] == pytest.approx(np.array([[3.5, 2.5, 2.5, 2.5, 3.5], [7, 5, 5, 5, 7]]))
    assert algorithm._rates[1] == pytest.approx(np.array([[2.5, 2.5, 2.5, 2.5, 3.5], [5, 5, 6, 5, 6]]))
    assert algorithm.counters == {"transferred": 3, "transfers_better": 2}


def test_an_exhausted_task_counts_nothing(set_up):
    algorithm = set_up(EMTGS(4, transfer=RawTransfer(), decay=1.0), 0.2, 0.8, n_var=[3, 3])
    parents = [population([[0, 4], [1, 3], [3, 1], [4, 0]])] * 2
    algorithm._used = [(np.array([4, 4, 4, 4]), Preferences.of(parents[0]))] * 2
    algorithm.survived(parents, [population(np.zeros((0, 2))), parents[1]])
    assert algorithm._rates[0].tolist() == [[5.0] * 5, [10.0] * 5]
    assert algorithm.counters == {"transferred": 4, "transfers_better": 0}


def test_children_are_compared_with_the_parents_they_come_from():
    seen = []

    class Watched(EMTGS):
        def survived(self, parents, evaluated):
            seen.append(
                [(p.U.copy(), e.U.copy(), u[0].copy()) for p, e, u in zip(parents, evaluated, self._used, strict=True)]
            )
            super().survived(parents, evaluated)

    algorithm = Watched(30, transfer=ConstantTransfer(0.123))
    result = minimize_multitask([IMF1(20), IMF1(20)], algorithm, ("n_eval", 600), seed=1)
    n_transferred = 0
    for parents, children, used in (one for generation in seen for one in generation):
        of_transfer = np.flatnonzero(used[: len(children)] == 4)
        n_transferred += len(of_transfer)
        kept = (children == parents[: len(children)]) | (children == 0.123)
        assert kept[of_transfer].all()
        assert (children == 0.123).any(axis=1)[of_transfer].mean() > 0.8
    assert result.counters["transferred"] == n_transferred > 20


# ---- operators -------------------------------------------------------------------------------------------------------


def test_the_table_holds_own_operators_and_one_per_model_and_other_task(set_up):
    models = [RawTransfer(), NoTransfer(), MomentMatching()]
    algorithm = set_up(EMTGS(4, transfer=models), 0.1, 0.2, 0.3)
    own = [(name, -1, -1) for name in OWN]
    assert algorithm._operators[1] == own + [("transfer", m, k) for m in (0, 2) for k in (0, 2)]
    assert {key: type(model) for key, model in algorithm._models.items()} == {
        (m, k, t): type(models[m]) for m in (0, 2) for t in range(3) for k in range(3) if k != t
    }
    assert len({id(model) for model in algorithm._models.values()} | {id(one) for one in models}) == 12 + 3


def test_no_transfer_leaves_own_operators_alone(monkeypatch):
    monkeypatch.setattr(NoTransfer, "fit", None)
    monkeypatch.setattr(NoTransfer, "transfer", None)
    result = minimize_multitask([IMF1(4), IMF1(5)], EMTGS(8, transfer=NoTransfer()), ("n_eval", 300), seed=1)
    assert result.counters["transferred"] == result.counters["transfers_better"] == 0
    assert [len(table) for table in result.algorithm._operators] == [4, 4]


def test_solutions_come_from_the_other_task_by_the_model_of_that_direction(set_up):
    algorithm = set_up(EMTGS(50, transfer=Ordered()), 0.1, 0.4, 0.7, n_var=[8, 8, 8])
    means = [population.U.mean() for population in algorithm.populations]
    assert set(np.unique(children_of(algorithm, 2, 4))) == {0.7, means[2]}  # of task 0, moved to task 2
    raw = set_up(EMTGS(50, transfer=RawTransfer()), 0.1, 0.4, 0.7, n_var=[8, 8, 8])
    assert set(np.unique(children_of(raw, 1, 4))) == {0.1, 0.4}
    assert set(np.unique(children_of(raw, 1, 5))) == {0.7, 0.4}
    assert set(np.unique(children_of(raw, 0, 5))) == {0.7, 0.1}


def test_better_solutions_are_transferred_more_often_and_in_two_shares(set_up):
    S = np.repeat(np.arange(10)[:, None] / 100 + 0.5, 300, axis=1)  # row i says i
    algorithm = set_up(EMTGS(10, transfer=RawTransfer()), 0.0, S)
    algorithm.generation = 1  # without training
    ranks, shares = [], []
    for _ in range(300):
        child = children_of(algorithm, 0, 4)
        ranks.append(np.rint((child.max(axis=1) - 0.5) * 100))
        shares.append((child > 0).mean(axis=1))
    ranks, shares = np.ravel(ranks), np.ravel(shares)
    # the lesser of two of ten: (19 - 2 i) / 100
    assert np.bincount(ranks.astype(int)) / 3000 == pytest.approx((19 - 2 * np.arange(10)) / 100, abs=0.03)
    few = shares < 0.3
    assert few.mean() == pytest.approx(0.5, abs=0.04)
    assert shares[few].mean() == pytest.approx(0.15, abs=0.01)
    assert shares[~few].mean() == pytest.approx(0.5, abs=0.01)


def test_inertial_steps_lead_away_from_the_previous_generation(set_up):
    algorithm = set_up(EMTGS(60, transfer=NoTransfer()), np.full((60, 40), 0.2), 0.8)
    assert (children_of(algorithm, 0, 0) == 0.2).all()  # no difference yet
    algorithm._previous[0] = np.full((60, 40), 0.1)
    child = children_of(algorithm, 0, 0)
    F = (child.max(axis=1) - 0.2) / 0.1
    assert (F > 0).all() and (F <= 1).all() and F.mean() == pytest.approx(0.5, abs=0.1) and F.std() > 0.1
    changed = child > 0.2
    assert child[changed] == pytest.approx(np.repeat(0.2 + 0.1 * F, changed.sum(axis=1)))
    assert changed.mean() == pytest.approx(0.6, abs=0.03)
    assert (algorithm._previous[0] == 0.2).all()


def test_differential_steps_are_differences_of_others(set_up):
    U = np.zeros((60, 100))
    U[::2] = 0.1
    algorithm = set_up(EMTGS(60, transfer=NoTransfer()), 0.5 + U, 0.8)
    step = (children_of(algorithm, 0, 1) - algorithm.populations[0].U) / 0.1
    moved = np.unique(np.abs(step).max(axis=1).round(9))
    assert moved.tolist() == [0.0, 0.3, 0.5, 0.8]
    share = (step != 0).mean(axis=1)[np.abs(step).max(axis=1) > 0.1]
    assert ((share == 1) | ((share > 0.1) & (share < 0.5))).all() and 0.2 < (share == 1).mean() < 0.8
    assert (step.min(axis=1) * step.max(axis=1) >= 0).all()  # all variables by the same two
    assert (step > 0.1).any() and (step < -0.1).any()


def test_genetic_children_mix_and_mutate(set_up):
    U = np.full((100, 50), 0.5)
    algorithm = set_up(EMTGS(100, transfer=NoTransfer()), U, 0.8)
    mutated = children_of(algorithm, 0, 2) != 0.5
    assert mutated.sum() / 100 == pytest.approx(1.0, abs=0.35)  # one variable a row
    U[50:] = 0.6
    algorithm = set_up(EMTGS(100, transfer=NoTransfer()), U, 0.8)
    near = np.abs(children_of(algorithm, 0, 2)[:, :, None] - [0.5, 0.6]).min(axis=2)
    assert (near > 1e-9).mean() > 0.1 and near.max() < 0.6
    # the better of two is the mate: the first half meets the second less often than the reverse
    crossed = (near > 1e-9).mean(axis=1)
    assert crossed[:50].mean() < 0.7 * crossed[50:].mean()


def test_normal_steps_have_the_populations_spread(set_up):
    rng = np.random.default_rng(1)
    U = np.full((4000, 3), 0.5)
    U[:, 1] += 0.05 * rng.uniform(-1, 1, 4000)
    algorithm = set_up(EMTGS(4000, transfer=NoTransfer()), U, 0.8)
    child = children_of(algorithm, 0, 3)
    assert (child[:, [0, 2]] == 0.5).all()
    changed = child[:, 1] != U[:, 1]
    assert changed.mean() == pytest.approx(1 / 3 + 2 / 3 * 0.6, abs=0.03)
    # half start at the first solution; sqrt(2) F times the spread, E F^2 = 0.25 + 0.1909^2
    spread = U[:, 1].std()
    expected = np.sqrt(2 * (0.25 + 0.1909**2) + 0.5 + 0.25 * ((U[0, 1] - 0.5) / spread) ** 2) * spread
    assert child[changed, 1].std() == pytest.approx(expected, rel=0.05)


# ---- training --------------------------------------------------------------------------------------------------------


def test_models_train_at_once_and_then_every_gap_generations(monkeypatch):
    fits = []

    class Spy(RawTransfer):
        def fit(self, X_source, X_target, *, rng):
            fits.append(run.algorithm.generation)
            return self

    run = MultitaskRun([IMF1(4), IMF1(5)], EMTGS(4, transfer=Spy(), gap=3), ("n_eval", 8 + 8 * 8), seed=1)
    while run.advance():
        pass
    assert fits == [0, 0, 3, 3, 6, 6]


def test_a_model_that_diverges_is_counted_and_replaced():
    result = minimize_multitask([IMF1(4), IMF1(5)], EMTGS(6, transfer=Diverging(), gap=2), ("n_eval", 60), seed=1)
    # generations 0, 2: two models diverge at their second fit and their copies take over
    assert result.counters["diverged"] == 2
    assert [model.n_fits for model in result.algorithm._models.values()] == [1, 1]
    assert result.algorithm.transfer[0].n_fits == 0
    gan = TransferGAN(lr_generator=1e30, lr_discriminator=1e30)
    with pytest.raises(TrainingDivergedError, match="smaller learning rate"):
        minimize_multitask([IMF1(4), IMF1(5)], EMTGS(6, transfer=gan), ("n_eval", 60), seed=1)


def test_models_that_need_equal_populations_work_too():
    algorithm = EMTGS(6, transfer=[MToPGAN(epochs_first=1), TransferGAN(axis="variables", n_steps_first=1)])
    assert minimize_multitask(mixed_tasks(), algorithm, ("n_eval", 101), seed=1).n_evals == 101


# ---- runs ------------------------------------------------------------------------------------------------------------


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
    assert algorithm.populations == [] and algorithm.counters == {} and not algorithm._models
    models = algorithm.transfer if isinstance(algorithm.transfer, tuple) else (algorithm.transfer,)
    assert all(getattr(model, "report", None) is None for model in models)


@every_one
def test_a_used_algorithm_begins_anew_at_setup(make):
    used = minimize_multitask([IMF1(9), IMF4(8), IMF1(4)], make(8), ("n_eval", 150), seed=4).algorithm
    fresh = minimize_multitask([IMF1(5), IMF4(8)], make(8), ("n_eval", 150), seed=1)
    again = minimize_multitask([IMF1(5), IMF4(8)], used, ("n_eval", 150), seed=1)
    assert bits(again) == bits(fresh) and again.counters == fresh.counters


@every_one
def test_a_task_that_fails_leaves_the_others_alone(make):
    with pytest.warns(RuntimeWarning, match="not finite"):
        result = minimize_multitask([Failing(), IMF1(5)], make(10), ("n_eval", 200), seed=1)
    assert result.n_evals == 200 and abs(result[0].n_eval - result[1].n_eval) < 20
    assert result[0].F is None
    assert np.isfinite(result[1].F).all()


@every_one
def test_constraints_are_met(make):
    result = minimize_multitask([get_problem("bnh"), get_problem("osy")], make(20), ("n_eval", 2500), seed=1)
    assert all(task.CV is not None and (task.CV <= 0).all() for task in result)


@pytest.mark.parametrize("make", [MAKE["several"], MAKE["gan"], MAKE["mtop raw"]])
def test_objectives_four_times_as_large_change_nothing(make):
    plain = minimize_multitask([IMF1(5), IMF4(6)], make(10), ("n_eval", 300), seed=1)
    scaled = minimize_multitask([Scaled(IMF1(5)), IMF4(6)], make(10), ("n_eval", 300), seed=1)
    for one, other in zip(plain, scaled, strict=True):
        assert (one.pop.get("X") == other.pop.get("X")).all()


@pytest.mark.parametrize("make", [MAKE["several"], MAKE["none"], MAKE["gan"]])
def test_it_gets_nearer_to_the_optimum(make):
    start, end = (minimize_multitask([IMF1(6), IMF1(10)], make(20), ("n_eval", n), seed=1) for n in (40, 2000))
    for one, other in zip(start, end, strict=True):
        assert np.median(other.pop.get("F").sum(axis=1)) < 0.7 * np.median(one.pop.get("F").sum(axis=1))


def test_related_tasks_help_each_other():
    problem = MultitaskProblem(cec17_mtmo_shifted(1), name="cec17-mtmo-shifted-1")
    igd = {}
    for model in (SourceGaussian(0.9), NoTransfer()):
        runs = [run_multitask(problem, EMTGS(50, transfer=model), n_evals=6000, seed=seed) for seed in (1, 2, 3)]
        igd[type(model)] = sum(float(task.indicators["igd"]) for run in runs for task in run)
    assert igd[SourceGaussian] < 0.5 * igd[NoTransfer]


# ---- arguments -------------------------------------------------------------------------------------------------------


def test_every_setting_is_described():
    described = describe(EMTGS())
    settings = {k: p.default for k, p in inspect.signature(EMTGS.__init__).parameters.items() if k != "self"}
    del settings["transfer"]
    assert {k: described[k] for k in settings} == settings
    assert described["type"] == "EMTGS" and isinstance(EMTGS(), MultitaskAlgorithm)
    (model,) = EMTGS().transfer
    assert type(model) is SourceGAN and model.truncation == 0.9
    assert describe(EMTGS(transfer=SourceGAN(0.9))) == described
    assert describe(EMTGS(transfer=SourceGAN(0.8))) != described


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"transfer": object()}, TypeError, "transfer must be an object such as"),
        ({"transfer": RawTransfer}, TypeError, "transfer must be an object such as"),
        ({"transfer": [RawTransfer(), 3]}, TypeError, "transfer must be an object such as"),
        ({"transfer": "SourceGAN"}, TypeError, "transfer must be an object such as"),
        ({"gap": 0}, ValueError, "gap must be at least 1"),
        ({"gap": 1.5}, TypeError, "gap must be an integer"),
        ({"floor": 0.2}, ValueError, r"floor must lie in \[0, 0.05\]"),
        ({"floor": -0.01}, ValueError, "floor must lie in"),
        ({"decay": 1.5}, ValueError, "decay must lie in"),
        ({"sharpness": -1}, ValueError, "sharpness must lie in"),
        ({"sharpness": 21}, ValueError, "sharpness must lie in"),
        ({"sharpness": "2"}, TypeError, "sharpness must be a number"),
        ({"pop_size": 3}, ValueError, "pop_size must be at least 4"),
        ({"max_transfer": 1.5}, ValueError, "max_transfer must lie in"),
        ({"gaps": 2}, TypeError, "gaps"),
    ],
)
def test_bad_settings_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        EMTGS(**options)
