"""GMOEA: budgets, presets, what the published code gets wrong, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from bowls import XL, XU, Bowls, spoil_all, spoil_where
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.core.variable import Integer, Real
from pymoo.operators.mutation.nom import NoMutation
from pymoo.operators.mutation.pm import PM
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

from evogan.algorithms import GMOEA
from evogan.algorithms.gmoea import code_schedule
from evogan.losses import Minimax, NonSaturating, SourceWeights
from evogan.metrics import igd
from evogan.models import Gaussian
from evogan.problems.imf import IMF1, IMF4

NAN = float("nan")


class Spy(Gaussian):
    """A Gaussian that remembers how many elite and poor solutions each fit was shown."""

    def __init__(self):
        super().__init__()
        self.shown, self.recentred = [], 0

    def fit(self, X, X_poor=None, *, rng):
        self.shown.append((X, X_poor))
        return super().fit(X, X_poor, rng=rng)

    def recentre(self, X):
        self.recentred += 1


def gmoea(pop_size=20, preset=GMOEA, n_steps=3, **options):
    """A GMOEA whose GAN trains for a few steps only."""
    algorithm = preset(pop_size, **options)
    if "model" not in options:
        algorithm.model.n_steps = n_steps
    return algorithm


def run(problem, algorithm, n_eval, seed=1, **options):
    result = minimize(problem, algorithm, ("n_eval", n_eval), seed=seed, **options)
    assert result.algorithm.evaluator.n_eval == n_eval
    return result


PRESETS = pytest.mark.parametrize("preset", [GMOEA, GMOEA.paper, GMOEA.code], ids=["default", "paper", "code"])


# It runs ---------------------------------------------------------------------------------------------------


@PRESETS
def test_two_objectives(preset):
    result = run(IMF1(n_var=5), gmoea(20, preset), 150)
    assert result.F.shape[1] == 2
    assert len(NonDominatedSorting().do(result.F, only_non_dominated_front=True)) == len(result.F)
    assert len(result.pop) == 20


@PRESETS
def test_a_population_of_105_and_three_objectives(preset):
    """Batch normalisation breaks the published code here: its last batch holds one solution."""
    result = run(IMF4(n_var=5), gmoea(105, preset), 330)
    assert len(result.pop) == 105
    assert np.isfinite(result.F).all()


@PRESETS
def test_a_box_off_the_origin(preset):
    """The published code scales by the upper bounds alone."""
    problem = Bowls()
    result = run(problem, gmoea(21, preset), 130)
    X = result.pop.get("X")
    assert (X >= problem.xl).all() and (X <= problem.xu).all()
    assert (X[:, 3] == 3.0).all()
    assert X[:, 1].std() > 0.01
    for one in result.algorithm.pop:
        assert one.X.dtype == np.float64


@PRESETS
def test_constraints(preset):
    result = run(get_problem("bnh"), gmoea(20, preset), 150)
    assert (result.CV <= 0).all() and len(result.F) > 1
    run(get_problem("mw3"), gmoea(20, preset), 90)


@pytest.mark.parametrize(("pop_size", "n_eval"), [(100, 2100), (100, 250), (100, 101), (100, 100), (4, 13), (7, 50)])
def test_budgets_are_exact(pop_size, n_eval):
    run(IMF1(n_var=5), GMOEA(pop_size, model=Gaussian()), n_eval)


@pytest.mark.parametrize("n_offsprings", [1, 7, 60])
def test_any_number_of_offspring(n_offsprings):
    algorithm = run(IMF1(n_var=5), GMOEA(20, model=Gaussian(), n_offsprings=n_offsprings), 95).algorithm
    assert algorithm.n_iter - 1 == 1 + -(-75 // n_offsprings)
    assert algorithm.n_offsprings == n_offsprings


def test_it_approaches_the_front():
    """Nearer than random search with the same budget, in the median of three seeds."""
    problem = IMF1(n_var=5)
    front = problem.pareto_front()

    def distance(F):
        return float(igd(F, front))

    ours = [distance(run(problem, GMOEA(20, model=Gaussian()), 600, seed).F) for seed in range(3)]
    rivals = [distance(problem.evaluate(np.random.default_rng(seed).random((600, 5)))) for seed in range(3)]
    assert np.median(ours) < np.median(rivals) / 2, (ours, rivals)


def test_verbose_output(capsys):
    run(IMF1(n_var=5), GMOEA(20, model=Gaussian()), 50, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert "n_gen" in lines[1] and "n_eval" in lines[1]
    assert [line.split("|")[1].strip() for line in lines[3:]] == ["20", "40", "50"]


def test_history_holds_every_generation():
    result = run(IMF1(n_var=5), gmoea(20), 70, save_history=True)
    assert [entry.evaluator.n_eval for entry in result.history] == [20, 40, 60, 70]
    assert not np.array_equal(result.history[0].pop.get("X"), result.history[-1].pop.get("X"))


# What offspring are made of --------------------------------------------------------------------------------


def test_p_gan_0_never_fits():
    algorithm = run(IMF1(n_var=5), GMOEA(20, model=Spy(), p_gan=0), 100).algorithm
    assert algorithm.model.shown == []
    assert set(algorithm.mating.counters.values()) == {0}


def test_p_gan_1_samples_everything():
    algorithm = run(IMF1(n_var=5), GMOEA(20, model=Spy(), p_gan=1), 100).algorithm
    assert algorithm.mating.counters["sampled"] == 80
    assert algorithm.mating.counters["topped_up"] == 0


def test_p_gan_is_a_share_of_offspring():
    algorithm = run(IMF1(n_var=5), GMOEA(100, model=Gaussian(), p_gan=0.25), 1100).algorithm
    assert algorithm.mating.counters["sampled"] == pytest.approx(250, abs=50)


def test_p_gan_may_be_a_schedule():
    algorithm = run(IMF1(n_var=5), GMOEA(20, model=Gaussian(), p_gan=lambda t: float(t in (0, 3))), 120).algorithm
    assert algorithm.mating.counters["sampled"] == 40


@pytest.mark.parametrize("p_gan", [-0.1, 1.1, NAN])
def test_an_impossible_p_gan_is_refused(p_gan):
    with pytest.raises(ValueError, match="p_gan"):
        minimize(IMF1(n_var=5), GMOEA(20, model=Gaussian(), p_gan=p_gan), ("n_eval", 60), seed=1)


def test_the_model_of_the_algorithm_is_the_one_that_learns():
    algorithm = run(IMF1(n_var=5), GMOEA(20, model=Spy()), 60).algorithm
    assert algorithm.model is algorithm.mating.infills[0].model
    assert len(algorithm.model.shown) > 0


def test_crossover_expands_as_well_as_contracts():
    """The published code's spread factors never exceed 1."""
    genetic = GMOEA(20).mating.infills[1]
    genetic.mutation = NoMutation()
    problem = IMF1(n_var=30)
    pop = GMOEA(20).setup(problem, seed=1).ask()
    pop.set("X", np.random.default_rng(0).choice([0.4, 0.6], (20, 30)))
    pop.set("F", np.random.default_rng(0).random((20, 2)))
    X = genetic.do(problem, pop, 200, random_state=np.random.default_rng(1)).get("X")
    outside, inside = ((X < 0.399999) | (X > 0.600001)).mean(), ((X > 0.400001) & (X < 0.599999)).mean()
    assert outside > 0.05 and inside > 0.05


def test_survivors_are_spea2s():
    algorithm = run(IMF1(n_var=5), GMOEA(20, model=Gaussian()), 100).algorithm
    assert np.isfinite(algorithm.pop.get("SPEA_F")).all()
    assert type(algorithm.survival).__name__ == "SPEA2Survival"
    assert type(algorithm.mating.infills[1].selection).__name__ == "SPEA2Tournament"


class Round(Repair):
    """Round the first variable to a multiple of 1/8."""

    def _do(self, problem, X, **kwargs):
        X = X.copy()
        X[:, 0] = np.round(8 * X[:, 0]) / 8
        return X


@pytest.mark.parametrize("p_gan", [0, 0.5, 1])
def test_repair_reaches_every_solution(p_gan):
    problem = Bowls(XL[:4], XU[:4])
    run(problem, GMOEA(20, model=Gaussian(), p_gan=p_gan, repair=Round()), 90)
    X = np.vstack(problem.seen)
    assert (8 * X[:, 0] % 1 == 0).all()
    assert (8 * X[:, 1] % 1 != 0).all()


# Presets ---------------------------------------------------------------------------------------------------


def test_settings_of_the_paper():
    algorithm = GMOEA.paper()
    gan, genetic = algorithm.mating.infills
    model = gan.model
    assert algorithm.pop_size == 100
    assert (gan.n_elites, gan.refit_every) == (0.5, 1)
    assert algorithm.mating.per == "offspring"
    np.testing.assert_allclose(algorithm.mating.probabilities(0), [0.5, 0.5])
    np.testing.assert_allclose(algorithm.mating.probabilities(7), [0.5, 0.5])
    assert isinstance(gan.mutation, NoMutation)
    assert type(model.loss) is Minimax
    assert model.weights == SourceWeights(elite=1, poor=1, fake=1)
    assert (model.n_steps, model.batch_size) == (625, 32)
    assert (model.lr_generator, model.lr_discriminator) == (1e-4, 1e-4)
    assert model.latent == "elite" and model.warm_start and not model.clip_latent
    assert genetic.selection.pressure == 2
    assert (genetic.crossover.eta.value, genetic.mutation.eta.value) == (20, 20)


def test_settings_of_the_code():
    algorithm = GMOEA.code()
    gan, genetic = algorithm.mating.infills
    model = gan.model
    assert algorithm.pop_size == 100
    assert (gan.n_elites, gan.refit_every, gan.recentre) == (10, 5, True)
    assert algorithm.mating.per == "generation"
    assert [algorithm.mating.probabilities(t)[0].round(12) for t in range(7)] == [1, 0.96, 0.84, 0.64, 0.36, 1, 0.96]
    assert isinstance(gan.mutation, PM) and gan.mutation.eta.value == 20
    assert type(model.loss) is NonSaturating
    assert model.weights == SourceWeights(elite=0.1, poor=0.9, fake=1.0)
    assert (model.n_steps, model.batch_size) == (2600, 8)
    assert (model.lr_generator, model.lr_discriminator) == (4e-4, 1e-4)
    assert model.latent == "elite" and model.warm_start
    assert genetic.selection.pressure == 3


def test_the_schedule_of_the_code_repeats():
    assert [round(code_schedule(t), 12) for t in range(12)] == [1, 0.96, 0.84, 0.64, 0.36] * 2 + [1, 0.96]


@pytest.mark.parametrize(
    ("preset", "n_real", "n_poor", "generations"),
    [(GMOEA.paper, 50, 50, [1, 2, 3, 4, 5, 6]), (GMOEA.code, 10, 90, [1, 6])],
    ids=["paper", "code"],
)
def test_how_many_are_real_and_when(preset, n_real, n_poor, generations):
    algorithm = run(IMF1(n_var=5), preset(model=Spy()), 700).algorithm
    shown = algorithm.model.shown
    assert [(len(X), len(X_poor)) for X, X_poor in shown] == [(n_real, n_poor)] * len(generations)
    if preset == GMOEA.code:
        assert algorithm.model.recentred == algorithm.mating.counters["sampled"] // 100 - 2


def test_presets_take_the_keywords_of_the_class():
    model = Gaussian()
    algorithm = GMOEA.paper(40, model=model, n_real=7, refit_every=3, p_gan=0.1, mutation=PM())
    gan = algorithm.mating.infills[0]
    assert (algorithm.pop_size, gan.model, gan.n_elites, gan.refit_every) == (40, model, 7, 3)
    assert isinstance(gan.mutation, PM)
    assert GMOEA.code(p_gan_per="offspring", recentre=False).mating.per == "offspring"


# Failing evaluations ---------------------------------------------------------------------------------------


@PRESETS
def test_nan_objectives_are_survived_and_not_reported(preset):
    problem = Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.2))
    result = run(problem, gmoea(20, preset, n_real=0.5), 150)
    assert np.isfinite(result.F).all() and len(result.F) > 1
    assert np.isfinite(result.pop.get("F")).all()  # driven out by now
    assert result.algorithm.mating.counters["nonfinite"] >= 1


def test_nan_objectives_are_not_reported_while_they_are_in_the_population():
    result = run(Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.2)), GMOEA(20, model=Gaussian()), 20)
    assert np.isnan(result.pop.get("F")).any()
    assert np.isfinite(result.F).all() and len(result.F) >= 1


@pytest.mark.parametrize("verbose", [False, True])
def test_a_problem_that_always_fails_gives_no_result(verbose, capsys):
    result = run(Bowls(spoil=spoil_all()), gmoea(20), 100, verbose=verbose)
    assert result.F is None and result.X is None
    assert result.algorithm.mating.counters["fits"] == 0
    assert ("n_eval" in capsys.readouterr().out) == verbose


def test_a_first_generation_that_fails_is_no_end():
    n_calls = []

    def fails(X):
        n_calls.append(len(X))
        return np.full(len(X), len(n_calls) == 1)

    result = minimize(
        Bowls(spoil=spoil_where(fails)), GMOEA(20, model=Gaussian()), ("n_eval", 100), seed=1, verbose=True
    )
    assert np.isfinite(result.F).all()


def test_the_usual_termination_ends_a_run_that_always_fails():
    result = minimize(Bowls(spoil=spoil_all()), GMOEA(4, model=Gaussian()), seed=1)
    assert result.F is None


# What is refused -------------------------------------------------------------------------------------------


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="pop_sizee"):
        GMOEA(pop_sizee=20)
    with pytest.raises(TypeError, match="n_reel"):
        GMOEA.paper(n_reel=20)
    with pytest.raises(TypeError, match="n_reel"):
        GMOEA.code(n_reel=20)


@pytest.mark.parametrize("keyword", ["sead", "random_state", "n_gen", "pop_size"])
def test_unknown_keywords_of_a_run_are_refused(keyword):
    with pytest.raises(TypeError, match=f"unknown keyword '{keyword}'"):
        minimize(IMF1(n_var=5), GMOEA(20), ("n_eval", 50), **{keyword: 1})


@pytest.mark.parametrize("pop_size", [1, 3, 0, -5])
def test_a_tiny_population_is_refused(pop_size):
    with pytest.raises(ValueError, match=f"pop_size must be at least 4, got {pop_size}"):
        GMOEA(pop_size)


@pytest.mark.parametrize("pop_size", [20.0, "20", None, True])
def test_a_population_size_must_be_an_integer(pop_size):
    with pytest.raises(TypeError, match="pop_size must be an integer"):
        GMOEA(pop_size)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_real": 0}, "n_real"),
        ({"refit_every": 0}, "refit_every"),
        ({"pressure": 0}, "pressure"),
        ({"n_offsprings": 0}, "n_offsprings"),
        ({"p_gan_per": "run"}, "p_gan_per must be"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_settings_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        GMOEA(20, **options)


def test_a_model_without_the_methods_is_refused():
    with pytest.raises(TypeError, match=r"model must be an object with the method fit\(\)"):
        GMOEA(20, model=object())


@pytest.mark.parametrize("n_eval", [1, 19])
def test_a_budget_below_the_population_is_refused(n_eval):
    with pytest.raises(ValueError, match=f"n_evals must be at least the population size 20, got {n_eval}"):
        minimize(IMF1(n_var=5), GMOEA(20), ("n_eval", n_eval))


class Strange(Problem):
    """A problem that real-valued operators cannot serve."""


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (Strange(n_var=3, n_obj=2), ValueError, "lower and upper bounds"),
        (Strange(n_var=3, n_obj=2, xl=0, xu=np.inf), ValueError, "finite bounds"),
        (Strange(n_var=3, n_obj=2, xl=0, xu=9, vtype=int), TypeError, "real-valued"),
        (Strange(vars={"a": Real(bounds=(0, 1)), "b": Integer(bounds=(0, 9))}, n_obj=2), TypeError, "mixed"),
    ],
    ids=["no bounds", "infinite", "integer", "mixed"],
)
def test_problems_it_cannot_serve_are_refused(problem, error, message):
    with pytest.raises(error, match=f"problem Strange must have .*{message}"):
        minimize(problem, GMOEA(20), ("n_eval", 50))
