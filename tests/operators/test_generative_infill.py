"""A generative model as the mating of pymoo's algorithms: what it is shown, what it gives, and how it fails."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from bowls import HOSTS, XL, XU, Bowls, evaluated, infill_once, run, spoil_all, spoil_where, to_unit
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.mutation import Mutation
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.core.survival import Survival
from pymoo.core.variable import Integer, Real
from pymoo.operators.mutation.nom import NoMutation
from pymoo.optimize import minimize
from pymoo.problems import get_problem

from evogan.exceptions import TrainingDivergedError
from evogan.models import GAN, Gaussian
from evogan.operators import GenerativeInfill, classic_mating, spea2_fitness, spea2_truncation
from evogan.problems.imf import IMF1

NAN = float("nan")


class Spy(Gaussian):
    """A Gaussian that writes down what it is asked to do."""

    def __init__(self):
        super().__init__()
        self.events, self.shown = [], []

    def fit(self, X, X_poor=None, *, rng):
        self.events.append("fit")
        self.shown.append((X, X_poor))
        return super().fit(X, X_poor, rng=rng)

    def sample(self, n, *, rng):
        self.events.append("sample")
        return super().sample(n, rng=rng)

    def recentre(self, X):
        self.events.append("recentre")
        self.shown.append((X, None))


class Answer(Spy):
    """A model that answers with what a function makes of ``n`` and the generator."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def sample(self, n, *, rng):
        self.events.append("sample")
        return self.answer(n, rng)


def constant(n, rng):
    return np.full((n, 5), 0.4)


def first(share):
    """Return a function that lets the first ``share`` of the solutions fail."""
    return spoil_where(lambda X: np.arange(len(X)) < share * len(X))


# In pymoo's algorithms -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
def test_any_genetic_algorithm_spends_its_budget_exactly(host):
    make, problem = HOSTS[host]
    result = minimize(problem, make(GenerativeInfill(Gaussian())), ("n_eval", 130), seed=1)
    counters = result.algorithm.mating.counters
    assert result.algorithm.evaluator.n_eval == 130
    assert counters["fits"] == result.algorithm.n_iter - 2  # one less than generations, which pymoo counts ahead
    assert counters["sampled"] == 130 - len(result.algorithm.pop)
    assert counters["topped_up"] == counters["nonfinite"] == counters["diverged"] == 0


def test_a_hundred_in_a_budget_of_250():
    algorithm, infill = run(GenerativeInfill(Gaussian()), 250, 100)
    assert infill.counters["sampled"] == 150
    assert algorithm.n_iter - 1 == 3


def test_a_gan_drives_nsga2():
    algorithm, infill = run(GenerativeInfill(GAN(n_steps=10)), 150)
    assert infill.counters["sampled"] + infill.counters["topped_up"] == 130
    assert infill.counters["fit_seconds"] > 0
    assert infill.report.n_steps == 10
    assert GenerativeInfill(Spy()).report is None


def test_the_same_seed_gives_the_same_run():
    def final(seed):
        return run(GenerativeInfill(GAN(n_steps=5)), 90, seed=seed)[0].pop.get("X")

    assert np.array_equal(final(3), final(3))
    assert not np.array_equal(final(3), final(4))


# What the model is shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_elites", "number"), [(0.5, 15), (0.1, 3), (0.01, 2), (10, 10), (10.0, 10), (1, 1), (99, 30)]
)
def test_the_model_sees_elite_and_poor_in_the_unit_box(n_elites, number):
    for seed in range(3):
        pop, spy = evaluated(seed=seed), Spy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a single elite makes the spy collapse
            infill_once(GenerativeInfill(spy, n_elites=n_elites), pop=pop)
        X, X_poor = spy.shown[0]
        U = to_unit(Bowls(), pop.get("X"))
        fitness = spea2_fitness(pop.get("F"))
        front = np.flatnonzero(fitness < 1)
        best = np.argsort(fitness, kind="stable")[:number]
        if len(front) > number:
            best = front[spea2_truncation(pop.get("F")[front], number)]
        assert {tuple(x) for x in X} == {tuple(x) for x in U[best]}, f"seed {seed}"
        if number == 30:
            assert X_poor is None
        else:
            assert {tuple(x) for x in X_poor} == {tuple(x) for x in np.delete(U, best, axis=0)}, f"seed {seed}"


def test_another_survival_chooses_the_elites():
    class Worst(Survival):
        def _do(self, problem, pop, *args, n_survive=None, **kwargs):
            return pop[np.argsort(-pop.get("F")[:, 0])[:n_survive]]

    pop, spy = evaluated(), Spy()
    infill_once(GenerativeInfill(spy, n_elites=4, survival=Worst()), pop=pop)
    worst = pop[np.argsort(pop.get("F")[:, 0])[-4:]].get("X")
    assert {tuple(x) for x in spy.shown[0][0]} == {tuple(x) for x in to_unit(Bowls(), worst)}


def test_infeasible_solutions_are_poor():
    problem, spy = get_problem("bnh"), Spy()
    pop = evaluated(problem, 40)
    feasible = pop.get("FEAS")[:, 0]
    infill_once(GenerativeInfill(spy, n_elites=int(feasible.sum())), problem=problem, pop=pop)
    assert 0 < feasible.sum() < 40
    U = to_unit(problem, pop.get("X"))
    assert {tuple(x) for x in spy.shown[0][0]} == {tuple(x) for x in U[feasible]}


def test_solutions_that_are_not_finite_are_counted_and_never_elite():
    pop, spy = evaluated(Bowls(spoil=first(0.2))), Spy()
    infill = GenerativeInfill(spy, n_elites=0.9)
    assert len(infill_once(infill, pop=pop)) == 20
    X, X_poor = spy.shown[0]
    assert (len(X), len(X_poor)) == (24, 6)
    assert infill.counters["nonfinite"] == 6


def test_constraints_that_are_not_finite_count_as_well():
    problem, spy = get_problem("bnh"), Spy()
    pop = evaluated(problem)
    G = pop.get("G")
    G[:4, 0] = NAN
    pop = Population.new(X=pop.get("X"), F=pop.get("F"), G=G)
    infill = GenerativeInfill(spy, n_elites=30)
    infill_once(infill, problem=problem, pop=pop)
    assert (len(spy.shown[0][0]), len(spy.shown[0][1])) == (26, 4)
    assert infill.counters["nonfinite"] == 4


def test_a_population_without_any_finite_solution_gets_classic_offspring():
    infill = GenerativeInfill(Spy())
    off = infill_once(infill, pop=evaluated(Bowls(spoil=spoil_all())))
    assert len(off) == 20
    assert infill.model.events == []
    assert (infill.counters["topped_up"], infill.counters["nonfinite"]) == (20, 30)


# When it is fitted -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("refit_every", "fits"), [(1, 6), (2, 3), (4, 2), (50, 1)])
def test_one_fit_every_so_many_generations(refit_every, fits):
    _, infill = run(GenerativeInfill(Spy(), refit_every=refit_every), 20 + 6 * 20)
    assert infill.counters["fits"] == infill.model.events.count("fit") == fits
    gap = [len(part.split()) for part in " ".join(infill.model.events).split("fit")[1:-1]]
    assert gap == [refit_every] * (fits - 1)


def test_recentring_fills_the_generations_between_fits():
    _, infill = run(GenerativeInfill(Spy(), refit_every=3, recentre=True), 20 + 7 * 20)
    learnt = [event for event in infill.model.events if event != "sample"]
    assert learnt == ["fit", "recentre", "recentre"] * 2 + ["fit"]
    assert infill.counters["fits"] == 3
    seen = [X for X, _ in infill.model.shown]
    assert all(len(X) == 10 and X.min() >= 0 and X.max() <= 1 for X in seen)
    assert not np.array_equal(seen[0], seen[1])


def test_no_recentring_unless_asked_for():
    _, infill = run(GenerativeInfill(Spy(), refit_every=3), 100)
    assert "recentre" not in infill.model.events


def test_duplicates_never_cause_another_fit():
    def two_at_a_time(n, rng):
        return np.repeat(rng.random((2, 5)), -(-n // 2), axis=0)[:n]

    infill = GenerativeInfill(Answer(two_at_a_time), mutation=NoMutation(), n_max_iterations=50)
    assert len(infill_once(infill)) == 20
    assert infill.model.events == ["fit"] + ["sample"] * 10


def test_one_model_object_learns_on_through_the_run():
    class Count(Spy):
        n_fits = 0

        def fit(self, X, X_poor=None, *, rng):
            self.n_fits += 1
            return super().fit(X, X_poor, rng=rng)

    _, infill = run(GenerativeInfill(Count()), 100)
    assert infill.model.n_fits == 4
    gan = GAN(n_steps=3)
    infill = GenerativeInfill(gan)
    infill_once(infill)
    trainer = gan._trainer
    infill_once(infill)
    assert infill.model is gan and gan._trainer is trainer


def test_another_run_with_the_same_object_is_as_with_a_new_one():
    def bits(infill, problem=None, n_evals=60):
        algorithm = NSGA2(pop_size=20, mating=infill)
        minimize(problem or Bowls(), algorithm, ("n_eval", n_evals), seed=1, copy_algorithm=False)
        return algorithm.pop.get("X")

    alone, shared = bits(GenerativeInfill(GAN(n_steps=3))), GenerativeInfill(GAN(n_steps=3))
    for problem, n_evals in ((Bowls(), 60), (IMF1(n_var=3), 40), (IMF1(n_var=3), 100), (IMF1(n_var=4), 40)):
        bits(shared, problem, n_evals)
        assert np.array_equal(bits(shared), alone), f"after {n_evals} evaluations of {problem.n_var} variables"


def test_another_run_with_the_same_object_starts_with_a_fit():
    infill = GenerativeInfill(Spy(), refit_every=10)
    for _ in range(2):
        algorithm = NSGA2(pop_size=20, mating=infill)
        minimize(Bowls(), algorithm, ("n_eval", 120), seed=1, copy_algorithm=False)
        assert infill.model.events == ["fit", *["sample"] * 5]


@pytest.mark.parametrize(
    "samples", [None, 0.5, np.zeros(5), np.zeros((9, 4))], ids=["none", "number", "row", "columns"]
)
def test_samples_of_another_shape_are_refused(samples):
    class Odd(Gaussian):
        def sample(self, n, *, rng):
            return samples

    with pytest.raises(ValueError, match=r"samples of Odd must have shape \(n, 5\), got"):
        infill_once(GenerativeInfill(Odd()))


def test_a_population_without_objectives_is_refused():
    pop = Population.new(X=evaluated().get("X"))
    with pytest.raises(ValueError, match=f"pop must be evaluated, got {len(pop)} of {len(pop)} solutions without"):
        GenerativeInfill(Gaussian()).do(Bowls(), pop, 5, random_state=np.random.default_rng(1))


# What it gives ---------------------------------------------------------------------------------------------


def check_offspring(off, pop, n, problem=None):
    xl, xu = (XL, XU) if problem is None else (problem.xl, problem.xu)
    X = off.get("X")
    assert (X.shape, X.dtype) == ((n, len(xl)), np.float64)
    assert (X >= xl).all() and (X <= xu).all()
    assert len({tuple(x) for x in [*X, *pop.get("X")]}) == n + len({tuple(x) for x in pop.get("X")})
    assert all(not individual.evaluated for individual in off)


BAD_ANSWERS = {
    "float32": lambda n, rng: rng.random((n, 5)).astype(np.float32).round(1),
    "corners": lambda n, rng: rng.integers(0, 2, (n, 5)).astype(np.float32),
    "outside": lambda n, rng: rng.normal(0.5, 3, (n, 5)),
    "nan rows": lambda n, rng: np.where(rng.random((n, 1)) < 0.5, NAN, rng.random((n, 5))),
    "all nan": lambda n, rng: np.full((n, 5), NAN),
    "infinite": lambda n, rng: np.where(rng.random((n, 5)) < 0.1, np.inf, 0.5),
    "too few": lambda n, rng: rng.random((1, 5)),
    "none": lambda n, rng: np.empty((0, 5)),
    "too many": lambda n, rng: rng.random((3 * n, 5)),
    "three points": lambda n, rng: np.repeat([[0.2], [0.5], [0.8]], 5, axis=1)[rng.integers(0, 3, n)],
    "one point": constant,
}


@pytest.mark.filterwarnings("ignore:Answer gave:RuntimeWarning")
@pytest.mark.parametrize("mutation", [None, NoMutation()], ids=["mutated", "plain"])
@pytest.mark.parametrize("answer", BAD_ANSWERS)
def test_offspring_are_new_inside_the_box_and_all_there(answer, mutation):
    for seed in range(2):
        pop = evaluated(seed=seed)
        infill = GenerativeInfill(Answer(BAD_ANSWERS[answer]), mutation=mutation)
        check_offspring(infill_once(infill, 25, seed, pop=pop), pop, 25)
        assert infill.counters["sampled"] + infill.counters["topped_up"] == 25, f"seed {seed}"
        assert infill.model.events.count("fit") == 1


@pytest.mark.parametrize("model", [Gaussian(), GAN(n_steps=10)], ids=["gaussian", "gan"])
@pytest.mark.parametrize("n", [1, 25])
def test_offspring_of_real_models(model, n):
    pop = evaluated()
    check_offspring(infill_once(GenerativeInfill(model), n, pop=pop), pop, n)


def test_parents_are_not_sampled_again():
    pop = evaluated()
    U = to_unit(Bowls(), pop.get("X"))

    def parents_and_one_more(n, rng):
        return np.vstack([U[: n - 1], rng.random((1, 5))])

    infill = GenerativeInfill(Answer(parents_and_one_more), mutation=NoMutation(), n_max_iterations=100)
    check_offspring(infill_once(infill, 10, pop=pop), pop, 10)
    assert infill.counters["sampled"] == 10


def test_duplicates_may_be_allowed():
    infill = GenerativeInfill(Answer(constant), mutation=NoMutation(), eliminate_duplicates=False)
    off = infill_once(infill)
    assert len(np.unique(off.get("X"), axis=0)) == 1
    assert infill.counters["sampled"] == 20


def test_mutation():
    def share_changed(mutation):
        infill = GenerativeInfill(Answer(constant), mutation=mutation, eliminate_duplicates=False)
        X = infill_once(infill, 2000).get("X")
        return (X[:, :3] != (XL + 0.4 * (XU - XL))[:3]).mean()

    assert share_changed(None) == pytest.approx(1 / 5, abs=0.03)
    assert share_changed(NoMutation()) == 0.0


def test_a_mutation_that_leaves_the_box_is_brought_back():
    class Leap(Mutation):
        def _do(self, problem, X, *args, random_state=None, **kwargs):
            return X + random_state.normal(0, 50, X.shape)

    pop = evaluated()
    check_offspring(infill_once(GenerativeInfill(Gaussian(), mutation=Leap()), 5, pop=pop), pop, 5)


class Round(Repair):
    """Round the first variable to a multiple of 1/8."""

    def _do(self, problem, X, **kwargs):
        X = X.copy()
        X[:, 0] = np.round(8 * X[:, 0]) / 8
        return X


@pytest.mark.filterwarnings("ignore:Answer gave:RuntimeWarning")
@pytest.mark.parametrize("model", [Gaussian(), Answer(constant)], ids=["sampled", "topped up"])
def test_repair_is_applied(model):
    X = infill_once(GenerativeInfill(model, repair=Round(), mutation=NoMutation())).get("X")
    assert (8 * X[:, 0] % 1 == 0).all()
    assert (8 * X[:, 1] % 1 != 0).any()
    assert len(X) == 20


# When the model fails --------------------------------------------------------------------------------------


def test_a_collapsed_model_is_topped_up_counted_and_reported_once():
    infill = GenerativeInfill(Answer(constant), mutation=NoMutation())
    with pytest.warns(RuntimeWarning, match=r"Answer gave 1 new solutions of 20; classic operators") as caught:
        _, infill = run(infill, 250)
    assert len(caught) == 1
    counters = infill.counters
    assert counters["sampled"] + counters["topped_up"] == 230
    assert 1 <= counters["sampled"] <= 12
    assert counters["fits"] == 12


def test_a_fallback_of_ones_own():
    class Fixed:
        def do(self, problem, pop, n_offsprings, **kwargs):
            return Population.new(X=XL + kwargs["random_state"].random((n_offsprings, 5)) * 0.01)

    infill = GenerativeInfill(Answer(constant), mutation=NoMutation(), fallback=Fixed())
    with pytest.warns(RuntimeWarning):
        X = infill_once(infill).get("X")
    assert (X[1:, :3] - XL[:3] <= 0.01).all()
    assert (X <= XU).all()


class Diverging(Spy):
    """Diverges in the fits whose numbers (from 1) are given."""

    def __init__(self, *numbers):
        super().__init__()
        self.numbers = numbers

    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        if self.events.count("fit") in self.numbers:
            raise TrainingDivergedError("the discriminator's loss became non-finite at step 7")
        return self


def test_a_diverged_fit_is_counted_reported_once_and_tried_again():
    with pytest.warns(RuntimeWarning, match="step 7; classic operators serve until the next fit") as caught:
        _, infill = run(GenerativeInfill(Diverging(1, 3)), 120)
    assert len(caught) == 1
    assert infill.model.events == ["fit", "fit", "sample", "fit", "fit", "sample", "fit", "sample"]
    counters = infill.counters
    assert (counters["fits"], counters["diverged"], counters["topped_up"], counters["sampled"]) == (3, 2, 40, 60)


def test_a_diverged_model_is_fitted_again_before_it_is_sampled():
    with pytest.warns(RuntimeWarning, match="step 7"):
        _, infill = run(GenerativeInfill(Diverging(2), refit_every=3), 20 + 20 * 6)
    assert infill.model.events == ["fit", "sample", "sample", "sample", "fit", "fit", "sample", "sample"]


def test_a_gan_that_diverges_leaves_the_run_alive():
    class Explodes:
        """A loss that is not a number."""

        def discriminator(self, d_real, d_fake, *, real, fake):
            return (d_real.mean() + d_fake.mean()) * NAN

        generator = discriminator

    with pytest.warns(RuntimeWarning, match="discriminator's loss"):
        _, infill = run(GenerativeInfill(GAN(loss=Explodes(), n_steps=5, engine="autograd")), 80)
    assert (infill.counters["diverged"], infill.counters["topped_up"]) == (3, 60)


def test_a_collapse_after_a_divergence_is_still_reported():
    class Both(Diverging):
        def sample(self, n, *, rng):
            return constant(n, rng)

    with pytest.warns(RuntimeWarning) as caught:
        run(GenerativeInfill(Both(1), mutation=NoMutation()), 120)
    messages = [str(one.message) for one in caught]
    assert len(messages) == 2
    assert "classic operators serve" in messages[0] and "Both gave" in messages[1]


def test_a_diverged_fit_is_not_tried_twice_in_a_generation():
    """Infills that share a generation, as in a mix, may be asked more than once."""
    infill = GenerativeInfill(Diverging(1, 2))
    algorithm = NSGA2(pop_size=20, mating=infill)
    algorithm.setup(Bowls(), termination=("n_eval", 100), seed=1)
    algorithm.next()
    with pytest.warns(RuntimeWarning):
        for _ in range(2):
            infill.do(algorithm.problem, algorithm.pop, 5, random_state=algorithm.random_state, algorithm=algorithm)
    assert infill.model.events.count("fit") == 1
    assert infill.counters["topped_up"] == 10


def test_other_errors_of_a_model_are_not_swallowed():
    class Buggy(Spy):
        def fit(self, X, X_poor=None, *, rng):
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        infill_once(GenerativeInfill(Buggy()))


def test_a_healthy_run_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(GenerativeInfill(Gaussian()), 100, problem=Bowls(spoil=first(0.3)))


# What is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "options", "method"),
    [
        (object(), {}, "fit"),
        (type("Unsampled", (), {"fit": lambda self: self})(), {}, "sample"),
        (Gaussian(), {"recentre": True}, "recentre"),
    ],
    ids=["object", "no sample", "no recentre"],
)
def test_a_model_without_the_methods_is_refused(model, options, method):
    with pytest.raises(TypeError, match=rf"model must be an object with the method {method}\(\)"):
        GenerativeInfill(model, **options)


@pytest.mark.parametrize("n_elites", [0, -1, 0.0, -0.5, 2.5, NAN, "half", None])
def test_a_bad_number_of_elites_is_named(n_elites):
    with pytest.raises((TypeError, ValueError), match="n_elites must"):
        GenerativeInfill(Gaussian(), n_elites=n_elites)


@pytest.mark.parametrize("name", ["refit_every", "n_max_iterations"])
@pytest.mark.parametrize("value", [0, 1.5])
def test_bad_counts_are_named(name, value):
    with pytest.raises((TypeError, ValueError), match=f"{name} must be"):
        GenerativeInfill(Gaussian(), **{name: value})


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="refit_evry"):
        GenerativeInfill(Gaussian(), refit_evry=3)


@pytest.mark.parametrize("random_state", [None, 1, np.random.RandomState(1)], ids=str)
def test_without_a_generator_nothing_is_drawn(random_state):
    with pytest.raises(TypeError, match=r"random_state must be a numpy\.random\.Generator, e\.g\."):
        GenerativeInfill(Gaussian()).do(Bowls(), evaluated(), 5, random_state=random_state)


class Unbounded(Problem):
    def __init__(self, n_var=3, **options):
        super().__init__(n_var=n_var, n_obj=2, **options)


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (Unbounded(), ValueError, "problem Unbounded must have lower and upper bounds"),
        (Unbounded(xl=0.0, xu=np.inf), ValueError, r"problem Unbounded must have finite bounds.*for variable 0"),
        (Unbounded(xl=[0, 0, 2.0], xu=1.0), ValueError, r"problem Unbounded must have finite bounds.*\[2.0, 1.0\]"),
        (Unbounded(xl=0, xu=9, vtype=int), TypeError, "problem Unbounded must have real-valued variables.*int"),
        (Unbounded(xl=0, xu=1, vtype=bool), TypeError, "problem Unbounded must have real-valued variables.*bool"),
        (
            Unbounded(n_var=-1, vars={"a": Real(bounds=(0, 1)), "b": Integer(bounds=(0, 9))}),
            TypeError,
            "problem Unbounded must have real-valued variables.*mixed",
        ),
    ],
    ids=["no bounds", "infinite", "crossed", "integer", "binary", "mixed"],
)
def test_problems_it_cannot_serve_are_named(problem, error, message):
    with pytest.raises(error, match=message):
        GenerativeInfill(Gaussian()).do(problem, evaluated(), 5, random_state=np.random.default_rng(1))


def test_the_usual_fallback_is_classic():
    fallback, usual = GenerativeInfill(Gaussian()).fallback, classic_mating()
    assert [type(part) for part in vars(fallback).values()] == [type(part) for part in vars(usual).values()]
