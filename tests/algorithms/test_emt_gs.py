"""EMT-GS whose operators compete: shares, successes, every operator, and models that fail."""

import inspect

import numpy as np
import pytest
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


def test_a_model_that_diverges_again_and_again_leaves_the_run_to_its_own_operators():
    class Hopeless(RawTransfer):
        def fit(self, X_source, X_target, *, rng):
            raise TrainingDivergedError("the generator's loss became non-finite")

    tasks = [IMF1(4), IMF1(5), IMF4(6)]
    with pytest.warns(RuntimeWarning, match=r"^Hopeless diverged twice from task 1 to 0: .* own operators") as warned:
        result = minimize_multitask(tasks, EMTGS(6, transfer=Hopeless(), gap=3), ("n_eval", 18 + 18 * 5), seed=1)
    assert [one.filename for one in warned] == [__file__]  # once, to the caller
    assert result.n_evals == 108
    # six pairs try twice in each of five generations
    counters = {"diverged": 60, "rested": 30, "transferred": 0, "transfers_better": 0}
    assert {name: result.counters[name] for name in counters} == counters
    with pytest.warns(RuntimeWarning, match="Hopeless diverged"):  # another run of the same object says so again
        minimize_multitask(tasks, result.algorithm, ("n_eval", 36), seed=1)


def test_networks_that_diverge_do_not_end_the_run():
    gan = TransferGAN(n_steps_first=3, lr_generator=1e30, lr_discriminator=1e30)
    with pytest.warns(RuntimeWarning, match="smaller learning rate.*own operators serve"):
        result = minimize_multitask([IMF1(4), IMF1(5)], EMTGS(6, transfer=gan), ("n_eval", 24), seed=1)
    assert (result.n_evals, result.counters["diverged"], result.counters["rested"]) == (24, 4, 2)


def test_an_operator_rests_for_one_generation_and_its_share_goes_to_the_others(set_up):
    class TwiceInARow(RawTransfer):
        """The third and the fourth fit of all pairs together fail, both of the second pair."""

        fits: list[float] = []

        def fit(self, X_source, X_target, *, rng):
            self.fits.append(float(X_source.mean()))
            if len(self.fits) in (3, 4):
                raise TrainingDivergedError("the generator's loss became non-finite")
            return self

    algorithm = set_up(EMTGS(50, transfer=TwiceInARow(), gap=10, floor=0.02), 0.25, 0.5, 0.75)
    TwiceInARow.fits.clear()
    with pytest.warns(RuntimeWarning, match=r"diverged twice from task 0 to 1"):
        algorithm.offspring()
    # in the order of targets: 1 to 0, 2 to 0, 0 to 1 twice and in vain, 2 to 1, 0 to 2, 1 to 2
    assert TwiceInARow.fits == [0.5, 0.75, 0.25, 0.25, 0.75, 0.25, 0.5]
    assert 4 not in algorithm._used[1][0] and 5 in algorithm._used[1][0]
    assert algorithm._shares(1) == pytest.approx([0.2] * 4 + [0.0, 0.2])
    assert algorithm._shares(0) == pytest.approx([1 / 6] * 6)
    algorithm._rates[1][0] = [1.0, 1.0, 1.0, 1.0, 10.0, 2.0]
    share = (np.array([1.01] * 4 + [0, 2.01]) / 10.1) ** 3
    share = np.array([0.02] * 4 + [0, 0.02]) + 0.9 * share / share.sum()
    own = share[:4] * 0.5 / share[:4].sum()
    assert algorithm._shares(1) == pytest.approx([*own, 0.0, 0.5])
    algorithm._rates[1][0] = 5.0
    algorithm.generation = 1
    algorithm.offspring()  # only the resting pair is trained
    assert TwiceInARow.fits[7:] == [0.25]
    assert algorithm._shares(1) == pytest.approx([1 / 6] * 6) and 4 in algorithm._used[1][0]
    algorithm.generation = 2
    algorithm.offspring()
    assert len(TwiceInARow.fits) == 8
    assert algorithm.counters == {"diverged": 2, "rested": 1}


def test_models_that_need_equal_populations_work_too():
    algorithm = EMTGS(6, transfer=[MToPGAN(epochs_first=1), TransferGAN(axis="variables", n_steps_first=1)])
    assert (
        minimize_multitask([IMF1(7), get_problem("bnh"), IMF4(12)], algorithm, ("n_eval", 101), seed=1).n_evals == 101
    )


# ---- runs ------------------------------------------------------------------------------------------------------------


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
        ({"max_transfer": 0.0}, ValueError, r"at least floor, which is 0.01, got 0: .*NoTransfer\(\)"),
        ({"max_transfer": 0.03, "floor": 0.04}, ValueError, "at least floor, which is 0.04, got 0.03"),
        ({"transfer": []}, ValueError, r"at least one transfer model, got \[\]: NoTransfer\(\) solves every task"),
        ({"transfer": ()}, ValueError, r"at least one transfer model, got \(\).* None means SourceGAN"),
        ({"gaps": 2}, TypeError, "gaps"),
    ],
)
def test_bad_settings_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        EMTGS(**options)
