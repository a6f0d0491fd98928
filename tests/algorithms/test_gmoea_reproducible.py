"""Same seed, same bits: whatever the global generators, copies, pickles and pauses do."""

from __future__ import annotations

import copy
import pickle

import cloudpickle
import numpy as np
import pytest
import torch
from bowls import outcome, same
from pymoo.optimize import minimize

from evogan.algorithms import GMOEA
from evogan.models import GAN
from evogan.problems.imf import IMF1

PRESETS = pytest.mark.parametrize("preset", [GMOEA, GMOEA.paper, GMOEA.code], ids=["default", "paper", "code"])


def gmoea(preset=GMOEA, **options):
    algorithm = preset(20, **options)
    algorithm.model.n_steps = 5
    return algorithm


def run(seed, preset=GMOEA):
    return outcome(minimize(IMF1(n_var=5), gmoea(preset), ("n_eval", 150), seed=seed).algorithm)


def started(n_generations, preset=GMOEA, **options):
    algorithm = gmoea(preset, **options).setup(IMF1(n_var=5), termination=("n_eval", 190), seed=5)
    for _ in range(n_generations):
        algorithm.next()
    return algorithm


def finished(algorithm):
    while algorithm.has_next():
        algorithm.next()
    assert algorithm.evaluator.n_eval == 190
    return outcome(algorithm)


@PRESETS
def test_the_seed_decides_alone(preset):
    first = run(1, preset)
    np.random.seed(99)
    torch.manual_seed(99)
    assert same(first, run(1, preset))
    assert not np.array_equal(first[0], run(2, preset)[0])


def test_global_generators_stay_as_they_are():
    np.random.seed(7)
    torch.manual_seed(7)
    before = np.random.get_state()[1].copy(), np.random.get_state()[2], torch.get_rng_state()
    run(1)
    assert np.array_equal(np.random.get_state()[1], before[0])
    assert np.random.get_state()[2] == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_threads_stay_as_they_are():
    before = torch.get_num_threads()
    run(1)
    assert torch.get_num_threads() == before


@PRESETS
def test_one_object_serves_two_runs(preset):
    algorithm = gmoea(preset)
    first, second = (outcome(minimize(IMF1(n_var=5), algorithm, ("n_eval", 150), seed=3).algorithm) for _ in range(2))
    assert same(first, second)
    assert algorithm.pop is None and algorithm.model._trainer is None


@pytest.mark.parametrize("kept", [{"save_history": True}, {"verbose": True}], ids=["history", "verbose"])
def test_watching_changes_nothing(kept):
    plain = run(4)
    assert same(plain, outcome(minimize(IMF1(n_var=5), gmoea(), ("n_eval", 150), seed=4, **kept).algorithm))


WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda algorithm: pickle.loads(pickle.dumps(algorithm)),
    "cloudpickle": lambda algorithm: pickle.loads(cloudpickle.dumps(algorithm)),
}


@PRESETS
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_running_algorithm_goes_on_alike(way, preset):
    for n_generations in (0, 1, 3, 6):
        algorithm = started(n_generations, preset)
        twin = WAYS[way](algorithm)
        expected = finished(algorithm)
        assert same(expected, finished(twin)), f"copied after {n_generations} generations"


def test_a_copy_with_a_schedule_that_only_cloudpickle_takes():
    algorithm = started(3, p_gan=lambda generation: 0.5 if generation % 2 else 1.0)
    twin = WAYS["cloudpickle"](algorithm)
    assert same(finished(algorithm), finished(twin))


def test_a_copy_shares_nothing_with_its_original():
    algorithm = started(3)
    twin = copy.deepcopy(algorithm)
    assert twin.model is twin.mating.infills[0].model
    before = outcome(twin)
    finished(algorithm)
    assert same(before, outcome(twin))
    assert twin.evaluator.n_eval == 60


def test_a_custom_model_runs_the_same_way():
    """Optimizer and networks are copied together: a warm-started GAN goes on with its own momentum."""
    algorithm = started(2, model=GAN(n_steps=5), refit_every=2, p_gan=1.0)
    twin = copy.deepcopy(algorithm)
    assert same(finished(algorithm), finished(twin))
    assert twin.mating.counters["fits"] == algorithm.mating.counters["fits"] == 5
