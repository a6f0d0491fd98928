"""What is recorded of an algorithm's settings: nothing on which a run depends may be left out."""

from __future__ import annotations

import json

import pytest
from pymoo.optimize import minimize

from evogan.algorithms import GMOEA, RCGMOEA
from evogan.cli.algorithm_names import algorithms
from evogan.experiments import Campaign, describe, run
from evogan.experiments._describe import describe_for
from evogan.losses import SourceWeights
from evogan.models import GAN, FlowMatching, RelativisticCritic, RidgeCritic
from evogan.operators import CrossoverSource
from evogan.problems.imf import IMF1


def text(thing):
    return json.dumps(describe(thing))


def test_no_two_named_algorithms_are_described_alike():
    problem = IMF1(n_var=60)
    table = {name: entry.make(40, 2) for name, entry in algorithms().items() if entry.n_obj != "one"}
    told = {name: json.dumps(describe_for(problem, one)) for name, one in table.items()}
    assert len(set(told.values())) == len(told) > 20


@pytest.mark.parametrize(
    "other",
    [
        RCGMOEA(20, critic=RidgeCritic(penalty=2.0)),
        RCGMOEA(20, critic=[RidgeCritic(), RelativisticCritic()]),
        RCGMOEA(20, sources=[CrossoverSource(eta=5.0)]),
        RCGMOEA.flow(20),
        RCGMOEA(20, sources=[FlowMatching(hidden=(32, 64))]),
        RCGMOEA(20, sources=[FlowMatching(hidden=(64, 32))]),
        RCGMOEA(20, n_candidates=5),
    ],
    ids=["penalty", "order", "eta", "flow", "hidden", "hidden turned", "candidates"],
)
def test_parts_of_an_infill_are_told(other):
    same = text(RCGMOEA(20))
    assert text(other) != same == text(RCGMOEA(20))
    assert text(other) != text(RCGMOEA(20, sources=[FlowMatching(hidden=(64, 64))]))


def test_what_lies_deep_is_told_as_well():
    def weighted(elite):
        return GMOEA(20, model=GAN(weights=SourceWeights(elite=elite, poor=1, fake=1)))

    assert text(weighted(1)) != text(weighted(2))


def test_what_a_run_writes_is_not():
    algorithm = minimize(IMF1(n_var=3), RCGMOEA(20), ("n_eval", 60), seed=1).algorithm
    assert text(algorithm.mating) == text(RCGMOEA(20).mating)


@pytest.mark.parametrize(("n_var", "generator"), [(20, "ConditionalGAN"), (21, "FlowMatching")])
def test_the_sources_told_are_those_that_a_problem_is_given(n_var, generator):
    problem, algorithm = IMF1(n_var=n_var), RCGMOEA(20)
    told = describe_for(problem, algorithm)["mating"]["sources"]
    assert told[2]["model"]["type"] == generator and len(told) == (4 if n_var > 20 else 3)
    assert describe(algorithm) == describe(RCGMOEA(20))  # which is not changed by telling
    recorded = run(problem, RCGMOEA(20), n_evals=20, seed=1).config["resolved"]["algorithm"]
    assert recorded["mating"]["sources"] == told
    cells = Campaign("one", {"rcg": lambda _: RCGMOEA(20)}, {"imf1": lambda: problem}, n_evals=20, seeds=1).cells()
    assert cells[0].config["algorithm"]["mating"]["sources"] == told
