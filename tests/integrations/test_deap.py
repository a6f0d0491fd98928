"""Generative variation in DEAP: what the model is shown, what comes back, what stays as it was."""

from __future__ import annotations

import array
import copy
import inspect
import operator
import pickle
import random
import re
from functools import partial

import numpy as np
import pytest
from deap import algorithms, base, creator, tools

from evogan.exceptions import TrainingDivergedError
from evogan.integrations.deap import GenerativeVariation, varGenerative
from evogan.models import GAN, Gaussian

NAN, INF = float("nan"), float("inf")
# In float32, 2.3 is smaller and 12.55 is greater than they are; the last variable is fixed.
LOW, UP = [-1.0, 2.3, 0.1, 3.0], [1.0, 5.0, 12.55, 3.0]

for kind, weights in {
    "Min": (-1.0,),
    "Max": (1.0,),
    "MinMin": (-1.0, -1.0),
    "MaxMax": (1.0, 1.0),
    "MinMax": (-1.0, 1.0),
    "Scaled": (-1.0, -10.0),
    "MinMinMin": (-1.0, -1.0, -1.0),
}.items():
    creator.create(f"evogan{kind}", base.Fitness, weights=weights)
    creator.create(f"evoganList{kind}", list, fitness=getattr(creator, f"evogan{kind}"))
creator.create("evoganConstrained", base.ConstrainedFitness, weights=(-1.0,))
creator.create("evoganListConstrained", list, fitness=creator.evoganConstrained)
creator.create("evoganArray", array.array, typecode="d", fitness=creator.evoganMin)
creator.create("evoganFloatArray", array.array, typecode="f", fitness=creator.evoganMin)
creator.create("evoganIntArray", array.array, typecode="l", fitness=creator.evoganMin)
creator.create("evoganNdarray", np.ndarray, fitness=creator.evoganMin)


@pytest.fixture(autouse=True)
def _seeds_of_mate_and_mutate():
    random.seed(1)


class Spy(Gaussian):
    """A Gaussian that writes down what it is shown."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def fit(self, X, X_poor=None, *, rng):
        self.shown.append((X, X_poor))
        return super().fit(X, X_poor, rng=rng)


class Answer(Spy):
    """A model that answers with what a function makes of ``n`` and the generator."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def sample(self, n, *, rng):
        return self.answer(n, rng)


class Diverges(Spy):
    """A model that diverges in the fits of these numbers."""

    def __init__(self, *bad):
        super().__init__()
        self.bad = bad

    def fit(self, X, X_poor=None, *, rng):
        super().fit(X, X_poor, rng=rng)
        if len(self.shown) in self.bad:
            raise TrainingDivergedError("loss of step 3 is nan")
        return self


def make_toolbox(indpb=0.5, sigma=5.0):
    toolbox = base.Toolbox()
    toolbox.register("mate", tools.cxBlend, alpha=0.5)
    toolbox.register("mutate", tools.mutGaussian, mu=0.0, sigma=sigma, indpb=indpb)  # neither knows the box
    return toolbox


def evaluated(kind=creator.evoganListMin, n=20, seed=0, f=None, low=LOW, up=UP):
    """Random individuals of a class, evaluated by ``f(genes)``."""
    rng = np.random.default_rng(seed)
    population = [kind(x) for x in rng.uniform(low, up, size=(n, len(low))).tolist()]
    for individual in population:
        x = np.asarray(individual, dtype=float)
        individual.fitness.values = (float(x.sum()),) if f is None else f(x)
    return population


def variation(model=None, seed=1, low=LOW, up=UP, **options):
    model = Gaussian() if model is None else model
    return GenerativeVariation(model, low=low, up=up, rng=np.random.default_rng(seed), **options)


def matrix(individuals):
    return np.array([np.asarray(individual, dtype=float) for individual in individuals])


def unit(X):
    return (X - LOW) / np.where(np.subtract(UP, LOW) > 0, np.subtract(UP, LOW), 1.0)


def row_set(X):
    return {tuple(row) for row in np.asarray(X).tolist()}


def snapshot(population):
    return [(type(i), list(i), i.fitness.wvalues, sorted(vars(i)), sorted(vars(i.fitness))) for i in population]


# What comes back ------------------------------------------------------------------------------------------

KINDS = ["ListMin", "Array", "FloatArray", "Ndarray"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p_generated", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n_offspring", [None, 1, 7, 64])
def test_offspring_are_new_individuals_of_the_populations_class_inside_the_box(kind, p_generated, n_offspring):
    kind = getattr(creator, f"evogan{kind}")
    population = evaluated(kind)
    before = snapshot(population)
    vary = variation(p_generated=p_generated)
    offspring = vary(population, make_toolbox(), n_offspring=n_offspring)
    assert type(offspring) is list and len(offspring) == (n_offspring or 20)
    assert {type(child) for child in offspring} == {kind}
    assert not any(child.fitness.valid for child in offspring)
    X = matrix(offspring)
    assert (X >= LOW).all() and (X <= UP).all()
    assert len(row_set(X)) == len(X) and not row_set(X) & row_set(matrix(population))
    identities = [id(o) for o in population + offspring] + [id(o.fitness) for o in population + offspring]
    assert len(set(identities)) == len(identities)
    assert snapshot(population) == before
    assert vary.counters["copies"] == 0


def test_list_individuals_hold_python_floats():
    offspring = variation(p_generated=1.0, mutpb=0.0)(evaluated(), make_toolbox())
    assert {type(gene) for child in offspring for gene in child} == {float}


def test_integers_that_bounded_operators_leave_become_floats():
    def into_box(pair):
        for child in pair:
            child[:] = [min(max(gene, 0), 1) for gene in child]  # as deap's bounded operators: 0 and 1 are integers
        return pair

    toolbox = make_toolbox(indpb=0.7, sigma=0.5)
    mate, mutate = toolbox.mate, toolbox.mutate
    toolbox.register("mate", lambda a, b: into_box(mate(a, b)))
    toolbox.register("mutate", lambda child: into_box(mutate(child)))
    vary = variation(low=0.0, up=1.0)
    population = evaluated(low=[0.0] * 4, up=[1.0] * 4)
    population[0][:] = [0, 1, 1, 0]
    for _ in range(5):
        population = vary(population, toolbox)
        assert {type(gene) for child in population for gene in child} == {float}
        for child in population:
            child.fitness.values = (sum(child),)


def test_writing_to_an_offspring_changes_no_parent():
    for kind in KINDS:
        population = evaluated(getattr(creator, f"evogan{kind}"))
        before = snapshot(population)
        for child in variation(p_generated=0.5)(population, make_toolbox()):
            child[0], child.fitness.values = 77.0, (1.0,)
        assert snapshot(population) == before, kind


def test_sampled_offspring_come_first_and_are_the_models_rows_scaled_to_the_box():
    U = np.random.default_rng(3).random((50, 4))
    vary = variation(Answer(lambda n, rng: U[:n]), p_generated=1.0, mutpb=0.0)
    X = matrix(vary(evaluated(), make_toolbox()))
    np.testing.assert_allclose(X, np.array(LOW) + U[:20] * np.subtract(UP, LOW), rtol=1e-15)
    assert vary.counters["sampled"] == 20 and vary.counters["topped_up"] == 0


def test_samples_outside_the_unit_box_end_on_the_edge():
    vary = variation(Answer(lambda n, rng: 3.0 * rng.standard_normal((n, 4))), p_generated=1.0, mutpb=0.0)
    X = matrix(vary(evaluated(), make_toolbox()))
    assert (X >= LOW).all() and (X <= UP).all()


def test_p_generated_is_the_share_of_sampled_offspring():
    for share in (0.0, 0.3, 1.0):
        vary = variation(p_generated=share)
        vary(evaluated(), make_toolbox(), n_offspring=2000)
        assert abs(vary.counters["sampled"] / 2000 - share) < 0.04 * (0 < share < 1) + 1e-9, share
        assert vary.counters["fits"] == (share > 0) and vary.counters["topped_up"] == 0


def test_mutpb_mutates_that_share_of_sampled_and_of_mated_offspring():
    def mark(individual):
        individual[0] = 0.5
        return (individual,)

    toolbox = make_toolbox()
    toolbox.register("mutate", mark)
    for share in (0.0, 1.0):
        for mutpb in (0.0, 0.3, 1.0):
            X = matrix(variation(p_generated=share, mutpb=mutpb)(evaluated(), toolbox, n_offspring=1000))
            assert abs((X[:, 0] == 0.5).mean() - mutpb) < 0.06 * (0 < mutpb < 1) + 1e-9, (share, mutpb)


def test_cxpb_mates_that_share_of_the_pairs():
    mated = []

    def mate(a, b):
        mated.append(1)
        return tools.cxBlend(a, b, alpha=0.5)

    toolbox = make_toolbox(indpb=1.0, sigma=0.01)  # leaves no copies, which would be made anew
    toolbox.register("mate", mate)
    for cxpb in (0.0, 0.3, 1.0):
        mated.clear()
        variation(p_generated=0.0, cxpb=cxpb)(evaluated(), toolbox, n_offspring=1000)
        assert abs(len(mated) / 500 - cxpb) < (0.08 if cxpb == 0.3 else 0.02), cxpb


def test_without_a_model_and_with_certain_operators_it_is_varAnd_of_the_given_parents():
    def mate(a, b):
        a[0], b[0] = b[0], a[0]
        return a, b

    def mutate(a):
        a[1] += 0.001
        return (a,)

    toolbox, population = make_toolbox(), evaluated()
    toolbox.register("mate", mate)
    toolbox.register("mutate", mutate)
    pool = [population[i] for i in (5, 3, 11, 3, 0, 19, 8, 7)]
    expected = algorithms.varAnd(pool, toolbox, cxpb=1.0, mutpb=1.0)
    offspring = variation(p_generated=0.0, cxpb=1.0, mutpb=1.0)(population, toolbox, n_offspring=8, parents=pool)
    assert offspring == expected and len(row_set(expected)) == 8


def test_parents_are_mated_in_their_order_and_again_from_the_first():
    seen = []

    def mate(a, b):
        seen.append((a[0], b[0]))
        return tools.cxBlend(a, b, alpha=0.5)

    toolbox, population = make_toolbox(indpb=1.0, sigma=0.01), evaluated()
    toolbox.register("mate", mate)
    pool = population[3:6]
    variation(p_generated=0.0, cxpb=1.0)(population, toolbox, n_offspring=6, parents=pool)
    a, b, c = (parent[0] for parent in pool)
    assert seen == [(a, b), (c, a), (b, c)]


def test_without_parents_every_individual_mates_once_before_any_mates_again():
    seen = []

    def mate(a, b):
        seen.extend((a[0], b[0]))
        return tools.cxBlend(a, b, alpha=0.5)

    toolbox, population = make_toolbox(indpb=1.0, sigma=0.01), evaluated()
    toolbox.register("mate", mate)
    variation(p_generated=0.0, cxpb=1.0)(population, toolbox, n_offspring=40)
    every = sorted(i[0] for i in population)
    assert sorted(seen[:20]) == sorted(seen[20:40]) == every
    assert seen[:20] != seen[20:40] and seen[:20] != [i[0] for i in population]


def test_genes_outside_the_box_are_moved_to_its_edge_before_mating():
    """DEAP's bounded operators compute powers of negative numbers there, which are complex."""
    seen = []

    def mate(a, b):
        seen.append((list(a), list(b)))
        return tools.cxSimulatedBinaryBounded(a, b, eta=20.0, low=-1.0, up=1.0)

    toolbox, population = base.Toolbox(), evaluated(low=[-3.0] * 3, up=[3.0] * 3)
    toolbox.register("mate", mate)
    toolbox.register("mutate", tools.mutPolynomialBounded, eta=20.0, low=-1.0, up=1.0, indpb=0.5)
    before, spy = snapshot(population), Spy()
    offspring = variation(spy, low=-1, up=1)(population, toolbox)
    assert np.abs(matrix(population)).max() > 1 and snapshot(population) == before
    assert np.abs(seen).max() == 1.0 and np.abs(matrix(offspring)).max() <= 1.0
    assert all(X.min() >= 0 and X.max() <= 1 for X in spy.shown[0])


def test_attributes_of_individuals_are_cloned():
    population = evaluated()
    for number, individual in enumerate(population):
        individual.strategy = [float(number)]
    offspring = variation(p_generated=1.0)(population, make_toolbox())
    strategies = [child.strategy[0] for child in offspring]
    assert all(child.strategy is not i.strategy for child in offspring for i in population)
    assert len(set(strategies)) > 5  # of random individuals, not of one


# What the model is shown -----------------------------------------------------------------------------------


def shown(population, **options):
    spy = Answer(lambda n, rng: rng.random((n, 4)))
    variation(spy, p_generated=1.0, **options)(population, make_toolbox())
    return spy.shown[0]


def test_elites_are_the_best_half_and_the_others_are_poor():
    population = evaluated()
    best = sorted(population, key=lambda i: i.fitness.values)
    elites, poor = shown(population)
    assert row_set(elites) == row_set(unit(matrix(best[:10])))
    assert row_set(poor) == row_set(unit(matrix(best[10:])))


@pytest.mark.parametrize(("n_elites", "expected"), [(1, 1), (3, 3), (0.25, 5), (0.01, 2), (19, 19), (20, 20), (99, 20)])
def test_n_elites_is_a_number_or_a_fraction(n_elites, expected):
    elites, poor = shown(evaluated(), n_elites=n_elites)
    assert len(elites) == expected
    assert poor is None if expected == 20 else len(poor) == 20 - expected


def two(x):
    return float((x[0] - 0.3) ** 2 + x[1]), float((x[0] + 0.3) ** 2 + x[2])


def three(x):
    return *two(x), float((x**2).sum())


@pytest.mark.parametrize(
    ("kind", "signs", "f"),
    [
        ("Max", (-1,), lambda x: (float(x.sum()),)),
        ("MaxMax", (-1, -1), two),
        ("MinMax", (1, -1), two),
        ("MinMinMin", (1, 1, 1), three),
    ],
)
def test_weights_of_either_sign_choose_the_elites_of_the_negated_problem(kind, signs, f):
    plain = {1: "Min", 2: "MinMin", 3: "MinMinMin"}[len(signs)]
    same = shown(evaluated(getattr(creator, f"evoganList{plain}"), f=f))
    other = shown(
        evaluated(
            getattr(creator, f"evoganList{kind}"), f=lambda x: tuple(s * v for s, v in zip(signs, f(x), strict=True))
        )
    )
    for X, Y in zip(same, other, strict=True):
        np.testing.assert_array_equal(X, Y)


def test_maximisation_really_learns_from_the_largest():
    elites, _ = shown(evaluated(creator.evoganListMax))
    best = sorted(evaluated(creator.evoganListMax), key=lambda i: i.fitness.values, reverse=True)[:10]
    assert row_set(elites) == row_set(unit(matrix(best)))


def test_non_dominated_individuals_are_elite_before_others():
    population = evaluated(creator.evoganListMinMin, f=two)
    first = tools.sortNondominated(population, 20, first_front_only=True)[0]
    elites, _ = shown(population, n_elites=len(first))
    assert row_set(elites) == row_set(unit(matrix(first)))


@pytest.mark.parametrize(("kind", "poor"), [("MinMin", 1), ("Scaled", 2)])
def test_the_size_of_weights_counts(kind, poor):
    """Points 1 and 2 are nearest neighbours; whose second neighbour is nearer depends on the objectives' scales."""
    population = [getattr(creator, f"evoganList{kind}")([i / 10, 2.5, 0.1, 3.0]) for i in range(4)]
    for individual, values in zip(population, [(0.0, 4.0), (1.0, 2.0), (3.0, 1.9), (6.0, 1.5)], strict=True):
        individual.fitness.values = values
    assert row_set(shown(population, n_elites=3)[1]) == row_set(unit(matrix([population[poor]])))


def test_individuals_with_values_that_are_not_finite_are_never_elite():
    population = evaluated()
    for individual, value in zip(population[:12], [NAN, INF, -INF] * 4, strict=True):
        individual.fitness.values = (value,)
    spy = Spy()
    vary = variation(spy, p_generated=1.0)
    vary(population, make_toolbox())
    elites, poor = spy.shown[0]
    assert row_set(elites) == row_set(unit(matrix(population[12:])))
    assert len(poor) == 12 and vary.counters["nonfinite"] == 12


def test_without_a_finite_value_nothing_is_fitted_and_mate_and_mutate_serve():
    vary = variation(spy := Spy(), p_generated=1.0)
    offspring = vary(evaluated(f=lambda x: (NAN,)), make_toolbox())
    assert len(offspring) == 20 and not spy.shown
    assert vary.counters["topped_up"] == 20 and vary.counters["sampled"] == 0


def test_individuals_that_violate_constraints_come_after_all_others_in_the_order_of_violation():
    population = evaluated(creator.evoganListConstrained)
    for number, individual in enumerate(population[4:]):
        del individual.fitness.values
        individual.fitness.constraint_violation = (0.5, 1.0 + number)
    elites, _ = shown(population, n_elites=3)
    assert row_set(elites) <= row_set(unit(matrix(population[:4])))
    elites, poor = shown(population, n_elites=6)
    assert row_set(elites) == row_set(unit(matrix(population[:6]))) and len(poor) == 14
    offspring = variation(p_generated=0.5)(population, make_toolbox())
    assert all(child.fitness.constraint_violation is None and not child.fitness.valid for child in offspring)


def test_a_penalty_is_a_value_like_others():
    feasible = tools.DeltaPenalty(lambda x: x[0] > 0, 1e6)(lambda x: (float(np.sum(x)),))
    population = evaluated()
    for individual in population:
        individual.fitness.values = feasible(individual)
    n_feasible = sum(i[0] > 0 for i in population)
    assert 2 < n_feasible < 18
    elites, _ = shown(population, n_elites=n_feasible)
    assert (elites[:, 0] > 0.5).all()


def test_copies_in_a_mating_pool_count_once():
    population = evaluated(n=8)
    pool = [population[i] for i in (0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 7)]
    elites, poor = shown(pool, n_elites=4)
    assert len(elites) == len(poor) == 4 and not row_set(elites) & row_set(poor)


def test_an_individual_alone_is_varied():
    for p_generated in (0.0, 0.5, 1.0):
        vary = variation(Answer(lambda n, rng: rng.random((n, 4))), p_generated=p_generated)
        offspring = vary(evaluated(n=1), make_toolbox(), n_offspring=5)
        assert len(row_set(matrix(offspring))) == 5


# Schedule and random numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(("refit_every", "n_fits"), [(1, 6), (2, 3), (4, 2), (9, 1)])
def test_the_model_is_fitted_every_so_many_calls(refit_every, n_fits):
    vary = variation(spy := Spy(), p_generated=1.0, refit_every=refit_every)
    for _ in range(6):
        vary(evaluated(), make_toolbox())
    assert len(spy.shown) == vary.counters["fits"] == n_fits
    assert vary.counters["fit_seconds"] > 0


def test_another_number_of_genes_is_a_reason_to_fit():
    vary = variation(spy := Spy(), low=0.0, up=1.0, p_generated=1.0, refit_every=100)
    for n_var in (2, 2, 3):
        assert vary(evaluated(low=[0.0] * n_var, up=[1.0] * n_var), make_toolbox())
    assert [X.shape[1] for X, _ in spy.shown] == [2, 3]


def test_the_same_seeds_give_the_same_offspring_and_others_do_not():
    def once(seed, global_seed):
        random.seed(global_seed)
        return matrix(variation(GAN(n_steps=5), seed, p_generated=0.5)(evaluated(), make_toolbox()))

    np.testing.assert_array_equal(once(1, 1), once(1, 1))
    assert (once(1, 1) != once(2, 1)).any() and (once(1, 1) != once(1, 2)).any()


def test_no_global_random_state_is_used_but_by_mate_and_mutate():
    toolbox, numbers = make_toolbox(), iter(np.linspace(-1, 1, 10_000))

    def mutate(individual):
        individual[0] = float(next(numbers))
        return (individual,)

    toolbox.register("mate", lambda a, b: (a, b))
    toolbox.register("mutate", mutate)
    random.seed(7), np.random.seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]
    variation(p_generated=0.5, cxpb=0.5, mutpb=0.9)(evaluated(), toolbox)
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2])


def test_the_function_is_one_call_of_the_object():
    options = {"low": LOW, "up": UP, "p_generated": 0.6, "n_elites": 0.3, "cxpb": 0.5, "mutpb": 0.7}
    population = evaluated()
    for extra in ({}, {"n_offspring": 9}, {"parents": population[:4]}):
        random.seed(3)
        vary = GenerativeVariation(Gaussian(), rng=np.random.default_rng(3), **options)
        expected = matrix(vary(population, make_toolbox(), **extra))
        random.seed(3)
        rng = np.random.default_rng(3)
        got = matrix(varGenerative(population, make_toolbox(), Gaussian(), rng=rng, **options, **extra))
        np.testing.assert_array_equal(got, expected)


def test_function_and_object_have_the_same_defaults():
    ours = inspect.signature(varGenerative).parameters
    objects = inspect.signature(GenerativeVariation).parameters
    for name in ("p_generated", "n_elites", "cxpb", "mutpb"):
        assert ours[name].default == objects[name].default


def test_both_can_be_registered_in_a_toolbox():
    toolbox, population = make_toolbox(), evaluated()
    rng = np.random.default_rng(1)
    toolbox.register("vary", varGenerative, toolbox=toolbox, model=GAN(n_steps=2), low=LOW, up=UP, rng=rng)
    assert len(toolbox.vary(population)) == 20 and len(toolbox.vary(population, n_offspring=3)) == 3
    toolbox.register("vary", variation(p_generated=1.0), toolbox=toolbox)
    assert len(toolbox.vary(population)) == 20
    assert toolbox.vary.counters["sampled"] == toolbox.vary.func.counters["sampled"] == 20


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda vary: pickle.loads(pickle.dumps(vary))])
def test_a_copy_goes_on_with_the_same_bits(copied):
    vary = variation(GAN(n_steps=3), p_generated=0.5, refit_every=3)
    for _ in range(2):
        vary(evaluated(), make_toolbox())
    other = copied(vary)
    for _ in range(3):
        state = random.getstate()
        expected = matrix(vary(evaluated(), make_toolbox()))
        random.setstate(state)
        np.testing.assert_array_equal(matrix(other(evaluated(), make_toolbox())), expected)
    assert other.counters["fits"] == vary.counters["fits"] == 2


# When the model cannot -------------------------------------------------------------------------------------


def test_a_collapsed_model_gives_one_and_mate_and_mutate_the_rest():
    vary = variation(Answer(lambda n, rng: np.full((n, 4), 0.4)), p_generated=1.0)
    with pytest.warns(RuntimeWarning, match=r"Answer gave too few new individuals.*counters\['topped_up'\]") as caught:
        offspring = vary(evaluated(), make_toolbox())
        assert len(offspring) == 20 == len(row_set(matrix(offspring)))
        vary(evaluated(), make_toolbox())
    assert len(caught) == 1 and caught[0].filename == __file__
    assert vary.counters["sampled"] == 2 and vary.counters["topped_up"] == 38


def test_samples_that_are_not_finite_are_left_out():
    def half(n, rng):
        U = rng.random((n, 4))
        U[1::2, 1] = [NAN, INF][n % 2]
        return U

    vary = variation(Answer(half), p_generated=1.0)
    assert np.isfinite(matrix(vary(evaluated(), make_toolbox()))).all()
    assert vary.counters["sampled"] == 20


def test_samples_that_copy_the_population_are_left_out():
    population = evaluated()
    rows = unit(matrix(population))
    vary = variation(Answer(lambda n, rng: rows[:n]), p_generated=1.0, mutpb=0.0)
    exact = [i for i, x in enumerate(np.array(LOW) + rows * np.subtract(UP, LOW)) if tuple(x) in row_set(population)]
    with pytest.warns(RuntimeWarning, match="too few"):
        vary(population, make_toolbox())
    assert len(exact) > 0 and vary.counters["topped_up"] == len(exact)


def test_a_model_that_gives_fewer_is_asked_again():
    vary = variation(Answer(lambda n, rng: rng.random((max(1, n // 2), 4))), p_generated=1.0)
    vary(evaluated(), make_toolbox())
    assert vary.counters["sampled"] == 20


def test_a_model_that_gives_more_is_cut():
    vary = variation(Answer(lambda n, rng: rng.random((2 * n, 4))), p_generated=0.5)
    assert len(vary(evaluated(), make_toolbox())) == 20
    assert vary.counters["sampled"] < 20


def test_a_fit_that_diverges_is_counted_and_tried_again_at_the_next_call():
    vary = variation(spy := Diverges(1, 2), p_generated=1.0, refit_every=5)
    with pytest.warns(RuntimeWarning, match="loss of step 3 is nan") as caught:
        for _ in range(4):
            assert len(vary(evaluated(), make_toolbox())) == 20
    assert len(caught) == 1 and len(spy.shown) == 3
    counters = {name: vary.counters[name] for name in ("diverged", "fits", "sampled", "topped_up")}
    assert counters == {"diverged": 2, "fits": 1, "sampled": 40, "topped_up": 40}


def test_a_fit_that_diverges_later_is_tried_again_at_the_next_call_too():
    vary = variation(spy := Diverges(2), p_generated=1.0, refit_every=3)
    fits = []
    with pytest.warns(RuntimeWarning, match="diverged"):
        for _ in range(7):
            vary(evaluated(), make_toolbox())
            fits.append(len(spy.shown))
    assert fits == [1, 1, 1, 2, 3, 3, 3] and vary.counters["topped_up"] == 20


def test_what_was_fitted_before_a_fit_that_diverged_is_not_sampled_again():
    vary = variation(spy := Diverges(2), low=0.0, up=1.0, p_generated=1.0, refit_every=100)
    with pytest.warns(RuntimeWarning, match="diverged"):
        for n_var in (2, 3, 2):
            vary(evaluated(low=[0.0] * n_var, up=[1.0] * n_var), make_toolbox())
    assert [X.shape[1] for X, _ in spy.shown] == [2, 3, 2]


def test_classic_copies_are_varied_anew_until_they_are_new():
    toolbox = make_toolbox(indpb=0.1)  # with four genes, two of three mutants are copies
    vary = variation(p_generated=0.0, cxpb=0.0, mutpb=0.5)
    offspring = vary(evaluated(), toolbox)
    assert not row_set(matrix(offspring)) & row_set(matrix(evaluated()))
    assert len(row_set(matrix(offspring))) == 20 and vary.counters["copies"] == 0


def test_where_nothing_new_can_come_copies_are_taken_and_counted():
    toolbox = make_toolbox()
    vary = variation(low=0.5, up=0.5, p_generated=0.0)
    population = evaluated(low=[0.5] * 3, up=[0.5] * 3)
    offspring = vary(population, toolbox, n_offspring=8)
    assert matrix(offspring).tolist() == [[0.5] * 3] * 8 and vary.counters["copies"] == 8
    assert not any(child.fitness.valid for child in offspring)


def test_minus_zero_is_a_copy_of_zero():
    toolbox = base.Toolbox()
    toolbox.register("mate", lambda a, b: (a, b))
    toolbox.register("mutate", lambda a: (operator.setitem(a, 0, -0.0), a)[1:])
    vary = variation(low=-1.0, up=1.0, p_generated=0.0)
    population = [creator.evoganListMin([0.0, 0.5])]
    population[0].fitness.values = (1.0,)
    vary(population, toolbox, n_offspring=2)
    assert vary.counters["copies"] == 2


# What is refused -------------------------------------------------------------------------------------------


def without_fitness():
    population = evaluated()
    for individual in population[3:8]:
        del individual.fitness.values
    return population


def with_gene(value):
    population = evaluated()
    population[2][1] = value
    return population


BAD_POPULATIONS = {
    "empty": (list, ValueError, "population must hold at least one individual"),
    "not evaluated": (without_fitness, ValueError, "5 of 20 individuals without valid fitness, the first at index 3"),
    "no fitness": (lambda: [[0.0, 3.0, 1.0, 3.0]], TypeError, "with a fitness"),
    "nan": (lambda: with_gene(NAN), ValueError, "population must hold finite genes, got 1 of 20"),
    "ints": (lambda: [creator.evoganListMin([0, 1, 1, 0])], TypeError, r"float genes.*got evoganListMin of int64"),
    "int array": (lambda: [creator.evoganIntArray([0, 1])], TypeError, "float genes.*got evoganIntArray of int64"),
    "nested": (lambda: [creator.evoganListMin([[0.0, 1.0]])], TypeError, r"one-dimensional.*shape \(1, 2\)"),
    "words": (lambda: [creator.evoganListMin(["a", "b"])], TypeError, "float genes"),
    "ragged": (lambda: evaluated() + [creator.evoganListMin([0.5])], ValueError, r"4 genes each, got lengths \[1, 4\]"),
    "no genes": (lambda: [creator.evoganListMin(np.zeros(0))], ValueError, r"1 genes each, got lengths \[0\]"),
    "three genes": (
        lambda: evaluated(low=[0.0] * 3, up=[1.0] * 3),
        ValueError,
        "low must be a number or have one entry for each of 3 genes, got 4",
    ),
}


@pytest.mark.parametrize("case", BAD_POPULATIONS)
def test_bad_populations_are_refused(case):
    make, error, message = BAD_POPULATIONS[case]
    with pytest.raises(error, match=message):
        variation()(make(), make_toolbox())


def test_a_violated_constraint_of_zero_is_no_evaluation():
    population = evaluated(creator.evoganListConstrained)
    del population[0].fitness.values
    population[0].fitness.constraint_violation = (0.0, 0.0)
    with pytest.raises(ValueError, match="1 of 20 individuals without valid fitness"):
        variation()(population, make_toolbox())


BAD_OPTIONS = {
    "model class": ({"model": Gaussian}, TypeError, "model must be an object with the method fit"),
    "model without sample": ({"model": type("Half", (), {"fit": print})()}, TypeError, r"method sample\(\)"),
    "low word": ({"low": "left"}, TypeError, "low must be a number or a sequence"),
    "low nan": ({"low": NAN}, ValueError, "low must be a finite number"),
    "up infinite": ({"up": [INF] * 4}, ValueError, "up must be a finite number"),
    "up matrix": ({"up": [UP]}, ValueError, "up must be a finite number"),
    "up empty": ({"up": []}, ValueError, "up must be a finite number"),
    "lengths": ({"up": [9.0] * 3}, ValueError, "same length, got 4 and 3"),
    "crossed": ({"low": 2.0}, ValueError, "low must not exceed up"),
    "too wide": ({"low": -1.7e308, "up": 1.7e308}, ValueError, "up - low must be finite"),
    "rng": ({"rng": 1}, TypeError, "rng must be a numpy.random.Generator"),
    "p_generated": ({"p_generated": 1.1}, ValueError, "p_generated must lie in"),
    "n_elites": ({"n_elites": 0}, ValueError, "n_elites must be at least 1"),
    "refit_every": ({"refit_every": 0}, ValueError, "refit_every must be at least 1"),
    "cxpb": ({"cxpb": -0.1}, ValueError, "cxpb must lie in"),
    "mutpb": ({"mutpb": 2}, ValueError, "mutpb must lie in"),
    "no classic": ({"cxpb": 0.0, "mutpb": 0.0}, ValueError, "cxpb and mutpb must not both be 0"),
    "unknown": ({"mutbp": 0.1}, TypeError, "mutbp"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_bad_options_are_refused(case):
    options, error, message = BAD_OPTIONS[case]
    options = {"model": Gaussian(), "low": LOW, "up": UP, "rng": np.random.default_rng(1)} | options
    with pytest.raises(error, match=message):
        GenerativeVariation(**options)


def test_scalar_bounds_bound_every_gene():
    offspring = variation(low=0, up=1)(evaluated(low=[0.0] * 5, up=[1.0] * 5), make_toolbox())
    assert matrix(offspring).min() >= 0 and matrix(offspring).max() <= 1
    offspring = variation(low=0, up=[1.0, 2.0])(evaluated(low=[0.0] * 2, up=[1.0, 2.0]), make_toolbox(), n_offspring=50)
    assert 1.0 < matrix(offspring).max() <= 2.0


def test_bounds_without_a_float32_between_them_are_refused():
    population = evaluated(creator.evoganFloatArray, low=[0.1] * 2, up=[0.1] * 2)
    with pytest.raises(ValueError, match="no float32 lies between low and up of gene 0"):
        variation(low=0.1, up=0.1)(population, make_toolbox())


@pytest.mark.parametrize("missing", ["mate", "mutate", "clone"])
def test_a_toolbox_without_an_operator_is_refused(missing):
    toolbox = make_toolbox()
    toolbox.unregister(missing)
    with pytest.raises(TypeError, match=re.escape(f'toolbox must have {missing}, by toolbox.register("{missing}"')):
        variation()(evaluated(), toolbox)


def test_other_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="n_offspring must be at least 1"):
        variation()(evaluated(), make_toolbox(), n_offspring=0)
    with pytest.raises(ValueError, match="parents must hold at least one"):
        variation()(evaluated(), make_toolbox(), parents=[])
    with pytest.raises(ValueError, match="parents must hold individuals of 4 genes"):
        variation()(evaluated(), make_toolbox(), parents=evaluated(low=[0.0] * 3, up=[1.0] * 3))
    for answer in (lambda n, rng: rng.random((n, 3)), lambda n, rng: rng.random(4)):
        with pytest.raises(ValueError, match=r"model.sample\(n\) must have shape \(n, 4\)"):
            variation(Answer(answer), p_generated=1.0)(evaluated(), make_toolbox())


def test_operators_that_spoil_genes_are_named():
    toolbox = make_toolbox()
    toolbox.register("mutate", lambda individual: (individual.__setitem__(0, NAN), individual)[1:])
    with pytest.raises(ValueError, match=r"offspring of toolbox.mate and toolbox.mutate must hold finite genes"):
        variation()(evaluated(), toolbox)
    toolbox.register("mutate", lambda individual: (individual.append(1.0), individual)[1:])
    with pytest.raises(ValueError, match=r"must hold individuals of 4 genes each, got lengths \[5\]"):
        variation()(evaluated(), toolbox)


# In whole runs ---------------------------------------------------------------------------------------------


def sphere(individual, centre=0.7):
    return (float(np.sum((np.asarray(individual) - centre) ** 2)),)


def bounded_toolbox(kind):
    toolbox = base.Toolbox()
    toolbox.register("individual", tools.initRepeat, kind, random.random, n=5)
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("mate", tools.cxSimulatedBinaryBounded, eta=20.0, low=0.0, up=1.0)
    toolbox.register("mutate", tools.mutPolynomialBounded, eta=20.0, low=0.0, up=1.0, indpb=0.2)
    toolbox.register("select", tools.selTournament, tournsize=3)
    toolbox.register("evaluate", sphere)
    return toolbox


@pytest.mark.parametrize("model", [Gaussian, partial(GAN, n_steps=5)], ids=["Gaussian", "GAN"])
@pytest.mark.parametrize("kind", ["ListMin", "Array", "Ndarray"])
def test_a_loop_like_eaSimple_finds_the_optimum_of_a_sphere(model, kind):
    toolbox = bounded_toolbox(getattr(creator, f"evogan{kind}"))
    toolbox.register("vary", variation(model(), low=0, up=1, refit_every=2), toolbox=toolbox)
    population = toolbox.population(n=40)
    n_evals, best = 0, []
    for generation in range(15):
        if generation:
            population = toolbox.vary(toolbox.select(population, len(population)))
        new = [individual for individual in population if not individual.fitness.valid]
        for individual, values in zip(new, toolbox.map(toolbox.evaluate, new), strict=True):
            individual.fitness.values = values
        n_evals += len(new)
        best.append(min(individual.fitness.values[0] for individual in population))
    assert n_evals == 15 * 40 and len(population) == 40
    assert min(best) < 0.1 * best[0] and min(best) < 0.01


def test_deaps_nsga2_loop_with_generative_variation():
    toolbox = bounded_toolbox(creator.evoganListMinMin)
    toolbox.register("evaluate", lambda x: sphere(x, 0.3) + sphere(x, 0.6))
    toolbox.register("vary", variation(low=0, up=1), toolbox=toolbox)
    population, offspring = [], toolbox.population(n=40)
    for generation in range(20):
        if generation:
            offspring = toolbox.vary(population, parents=tools.selTournamentDCD(population, 40))
        for individual in offspring:
            individual.fitness.values = toolbox.evaluate(individual)
        population = tools.selNSGA2(population + offspring, 40)
    F = np.array([individual.fitness.values for individual in population])
    assert len(tools.sortNondominated(population, 40, first_front_only=True)[0]) > 30
    # On the front, the roots of both distances add up to the distance of the centres.
    assert np.median(np.sqrt(F).sum(axis=1)) < 1.1 * np.sqrt(5) * 0.3
