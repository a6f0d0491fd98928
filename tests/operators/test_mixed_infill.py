"""Several infills by probability or by schedule: who is asked, how often, and for how many."""

from __future__ import annotations

import numpy as np
import pytest
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.infill import InfillCriterion
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.mutation.nom import NoMutation
from pymoo.optimize import minimize

from evogan.models import GAN, Gaussian
from evogan.operators import GenerativeInfill, MixedInfill, classic_mating
from evogan.problems.imf import IMF1


class Level(InfillCriterion):
    """Uniform offspring whose first variable is the infill's name; knows what it was asked for."""

    def __init__(self, name):
        super().__init__()
        self.name, self.asked = name, []

    def do(self, problem, pop, n_offsprings, random_state=None, **kwargs):
        self.asked.append(n_offsprings)
        X = random_state.random((n_offsprings, problem.n_var))
        X[:, 0] = self.name
        return Population.new(X=X)


class Copies(Level):
    """Always the same few points, whoever asks."""

    def do(self, problem, pop, n_offsprings, random_state=None, **kwargs):
        self.asked.append(n_offsprings)
        X = np.zeros((n_offsprings, problem.n_var))
        X[:, 0] = random_state.integers(0, 50, n_offsprings) / 50
        return Population.new(X=X)


PROBLEM = Problem(n_var=3, n_obj=2, xl=0, xu=1)


def parents(n=10):
    return Population.new(X=np.random.default_rng(0).random((n, 3)), F=np.zeros((n, 2)))


def names(infill, n=40, seed=1):
    off = infill.do(PROBLEM, parents(), n, random_state=np.random.default_rng(seed))
    assert len(off) == n
    return off.get("X")[:, 0]


@pytest.mark.parametrize(("weights", "expected"), [((1, 3), (0.25, 0.75)), ((0, 2), (0, 1)), ((0.2, 0.2), (0.5, 0.5))])
def test_weights_are_normalised(weights, expected):
    mix = MixedInfill([(Level(i / 10), weight) for i, weight in enumerate(weights)])
    np.testing.assert_allclose(mix.probabilities(0), expected)


@pytest.mark.parametrize("per", ["offspring", "generation"])
def test_parts_serve_as_often_as_their_probability(per):
    mix = MixedInfill([(Level(0.1), 1), (Level(0.2), 3), (Level(0.3), 0)], per=per)
    rng = np.random.default_rng(2)
    x = np.concatenate([mix.do(PROBLEM, parents(), 10, random_state=rng).get("X")[:, 0] for _ in range(400)])
    assert (x == 0.1).mean() == pytest.approx(0.25, abs=0.06)
    assert (x == 0.2).mean() == pytest.approx(0.75, abs=0.06)
    assert mix.infills[2].asked == []


def test_one_infill_makes_a_whole_generation():
    mix = MixedInfill([(Level(0.1), 1), (Level(0.2), 1)], per="generation")
    for seed in range(10):
        assert len(set(names(mix, seed=seed))) == 1, f"seed {seed}"
    assert set(mix.infills[0].asked) == set(mix.infills[1].asked) == {40}


def test_offspring_of_one_generation_are_mixed():
    mix = MixedInfill([(Level(0.1), 1), (Level(0.2), 1)])
    numbers = [(names(mix, seed=seed) == 0.1).sum() for seed in range(10)]
    assert all(5 < number < 35 for number in numbers)
    assert len(set(numbers)) > 2  # drawn for each offspring, not a fixed share


def test_schedules_are_called_with_0_1_2_in_a_run():
    generations = []

    def schedule(generation):
        generations.append(generation)
        return float(generation % 2)

    mix = MixedInfill([(Level(0.1), schedule), (Level(0.2), lambda generation: 1.0 - generation % 2)])
    algorithm = NSGA2(pop_size=10, mating=mix)
    minimize(IMF1(n_var=3), algorithm, ("n_eval", 60), seed=1, copy_algorithm=False)
    assert generations == [0, 1, 2, 3, 4]
    assert mix.infills[0].asked == [10, 10]
    assert mix.infills[1].asked == [10, 10, 10]


def test_generations_are_counted_without_an_algorithm_too():
    mix = MixedInfill([(Level(0.1), lambda generation: float(generation == 1)), (Level(0.2), 1e-9)])
    assert [set(names(mix)) for _ in range(3)] == [{0.2}, {0.1}, {0.2}]


def test_a_second_run_starts_the_schedule_anew():
    mix = MixedInfill([(Level(0.1), lambda generation: float(generation == 0)), (Level(0.2), 1e-9)])
    algorithm = NSGA2(pop_size=10, mating=mix)
    for _ in range(2):
        run = minimize(IMF1(n_var=3), algorithm, ("n_eval", 30), seed=1).algorithm
        assert [part.asked for part in run.mating.infills] == [[10], [10]]


@pytest.mark.parametrize(
    ("weights", "shown"),
    [((0, 0), "0.0, 0.0"), ((-1, 2), "-1.0, 2.0"), ((float("nan"), 1), "nan, 1.0"), ((float("inf"), 1), "inf, 1.0")],
)
def test_invalid_weights_are_shown(weights, shown):
    mix = MixedInfill([(Level(i / 10), lambda _, w=weight: w) for i, weight in enumerate(weights)])
    with pytest.raises(
        ValueError, match=rf"weights must be finite, >= 0 and not all 0, got \[{shown}\] in generation 0"
    ):
        names(mix)


def test_parts_and_per_are_checked():
    with pytest.raises(ValueError, match="parts must be pairs"):
        MixedInfill([])
    with pytest.raises(ValueError, match=r"per must be .*'generations'"):
        MixedInfill([(Level(0.1), 1)], per="generations")


def test_without_a_generator_nothing_is_drawn():
    with pytest.raises(TypeError, match=r"random_state must be a numpy\.random\.Generator"):
        MixedInfill([(Level(0.1), 1)]).do(PROBLEM, parents(), 5)


def test_no_duplicates_across_parts():
    for seed in range(5):
        mix = MixedInfill([(Copies(0), 1), (Copies(1), 1)])
        pop = Population.new(X=np.zeros((1, 3)), F=np.zeros((1, 2)))
        off = mix.do(PROBLEM, pop, 30, random_state=np.random.default_rng(seed)).get("X")
        assert len(np.unique(off, axis=0)) == 30, f"seed {seed}"
        assert off[:, 0].min() > 0, f"seed {seed}: a parent came back"


def test_parts_that_have_nothing_new_end_the_search():
    mix = MixedInfill([(Copies(0), 1)])
    off = mix.do(PROBLEM, parents(), 60, random_state=np.random.default_rng(1))
    assert len(off) == 50  # all that the part can make
    assert len(mix.infills[0].asked) <= 101


def test_counters_of_all_parts_add_up():
    parts = [(GenerativeInfill(Gaussian()), 1), (GenerativeInfill(GAN(n_steps=5), refit_every=2), 1), (Level(0.3), 1)]
    algorithm = NSGA2(pop_size=20, mating=MixedInfill(parts))
    run = minimize(IMF1(n_var=3), algorithm, ("n_eval", 110), seed=1).algorithm
    mix, (first, second, third) = run.mating, run.mating.infills
    assert run.evaluator.n_eval == 110
    assert first.counters["sampled"] + second.counters["sampled"] + sum(third.asked) == 90
    for name, count in mix.counters.items():
        assert count == first.counters[name] + second.counters[name], name
    assert (mix.counters["fits"], mix.counters["topped_up"]) == (5 + 3, 0)
    assert mix.report is second.report and mix.report.n_steps == 5


def test_no_counters_and_no_report_without_models():
    mix = MixedInfill([(classic_mating(), 1)])
    assert (mix.counters, mix.report) == ({}, None)


def test_the_budget_cuts_a_mix_exactly():
    mix = MixedInfill([(GenerativeInfill(Gaussian(), mutation=NoMutation()), 1), (classic_mating(), 1)])
    for limit in (31, 47, 60):
        run = minimize(IMF1(n_var=3), NSGA2(pop_size=20, mating=mix), ("n_eval", limit), seed=1).algorithm
        assert run.evaluator.n_eval == limit
