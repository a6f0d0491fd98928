"""EMEA: the autoencoder's closed form, when and what it transfers, and each task's own survival."""

from __future__ import annotations

import numpy as np
import pytest

from evogan.algorithms import EMEA
from evogan.algorithms.emea import solved
from evogan.multitask import (
    MultitaskProblem,
    MultitaskRun,
    minimize_multitask,
    nsga2_survival,
    spea2_survival,
)
from evogan.problems.imf import IMF1, IMF4


def rng(seed=1):
    return np.random.default_rng(seed)


def bits(result):
    return [task.pop.get("X").tobytes() for task in result]


@pytest.mark.parametrize(("ridge", "factor"), [(0.0, 2.0), (1.0, 28 / 15)])
def test_the_closed_form_by_hand(ridge, factor):
    # P = 2 Q: P Q^T = 28, Q Q^T = 14
    Q = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_allclose((2 * Q) @ solved(Q, ridge), [[factor]])


def test_the_closed_form_is_the_papers():
    P, Q = rng(2).random((3, 30)), rng(3).random((4, 30))
    expected = (P @ Q.T) @ np.linalg.inv(Q @ Q.T)
    np.testing.assert_allclose(P @ solved(Q, 0.0), expected, rtol=1e-9)
    np.testing.assert_allclose(P @ solved(Q, 1e-10), expected, rtol=1e-6)


def test_the_ridge_spares_the_constant():
    Q = np.vstack([np.zeros((2, 10)), np.ones(10)])  # nothing to learn but the mean
    P = rng(2).random((1, 10))
    np.testing.assert_allclose(P @ solved(Q, 1e6, constant=True), [[0, 0, P.mean()]], atol=1e-12)
    assert (P @ solved(Q, 1e6))[0, 2] < 1e-4


def test_more_variables_than_solutions_are_no_trouble():
    P, Q = rng(2).random((50, 8)), rng(3).random((50, 8))
    np.testing.assert_allclose(P @ solved(Q, 0.0) @ Q, P, atol=1e-9)
    np.testing.assert_allclose(P @ solved(Q, 1e-9) @ Q, P, atol=1e-5)


@pytest.mark.parametrize("ridge", [0.0, 1e-9])
def test_a_linear_relation_of_tasks_is_recovered(set_up, ridge):
    M = 0.3 * rng(2).random((3, 4))
    source = rng(3).random((20, 4))
    target = np.column_stack([source @ M.T, np.full(20, 0.7)])  # the fourth gene is none of the target's
    algorithm = set_up(EMEA(20, ridge=ridge), source, target, n_var=(4, 3))
    new = rng(4).random((6, 4))
    np.testing.assert_allclose(algorithm.map(0, 1, new), new @ M.T, atol=1e-6)


def test_genes_that_the_source_does_not_read_are_not_mapped(set_up):
    genes = rng(3).random((20, 5))
    algorithm = set_up(EMEA(20, ridge=0.0), genes, 0.5 * genes, n_var=(3, 5))
    new = rng(4).random((6, 5))
    other = new.copy()
    other[:, 3:] = 0.123
    np.testing.assert_array_equal(algorithm.map(0, 1, new), algorithm.map(0, 1, other))
    np.testing.assert_allclose(algorithm.map(0, 1, new)[:, :3], 0.5 * new[:, :3])


def test_an_affine_relation_needs_the_constant(set_up):
    M, constant = 0.2 * rng(2).random((3, 3)), np.array([0.1, 0.2, 0.3])
    source, new = rng(3).random((20, 3)), rng(4).random((6, 3))
    images = {}
    for bias in ("none", "learnt", "dropped"):
        algorithm = EMEA(20, ridge=0.0, bias=bias)
        images[bias] = set_up(algorithm, source, source @ M.T + constant, n_var=(3, 3)).map(0, 1, new)
    np.testing.assert_allclose(images["learnt"], new @ M.T + constant, atol=1e-9)
    np.testing.assert_allclose(images["dropped"], new @ M.T, atol=1e-9)
    assert np.abs(images["none"] - images["learnt"]).max() > 0.01


def test_images_stay_in_the_unit_box(set_up):
    source = 0.1 * rng(3).random((20, 3))
    algorithm = set_up(EMEA(20, ridge=0.0), source, 8 * source, n_var=(3, 3))
    image = algorithm.map(0, 1, np.array([[0.05, 0.5, 0.0]]))
    np.testing.assert_allclose(image, [[0.4, 1.0, 0.0]], atol=1e-9)


def test_the_best_of_the_source_take_the_place_of_children(set_up):
    genes = rng(3).random((20, 5))
    algorithm = set_up(EMEA(20, s_num=6, t_gap=1, ridge=0.0, p_m=0.0), 0.9 * genes, 0.8 * genes, n_var=(3, 5))
    before = [population.U.copy() for population in algorithm.populations]
    for target, children in enumerate(algorithm.offspring()):
        source, n_var = 1 - target, (3, 5)[target]
        mapped = algorithm.map(source, target, before[source][:6])
        rows = np.array([np.flatnonzero((children[:, :n_var] == one).all(axis=1)) for one in mapped])
        assert rows.shape == (6, 1)
        assert children.shape == (20, 5)
    assert algorithm.counters == {"transferred": 12}


def test_children_are_replaced_at_random_places(set_up):
    genes = rng(3).random((20, 3))
    places = np.zeros(20)
    for seed in range(300):
        algorithm = set_up(EMEA(20, s_num=4, t_gap=1, p_var=0.0, p_m=0.0), genes, genes, n_var=(3, 3), seed=seed)
        children = algorithm.offspring()[0]
        places += ~(children[:, None] == genes).all(axis=2).any(axis=1)
    np.testing.assert_allclose(places / 300, 0.2, atol=0.1)


def test_transfers_come_every_t_gap_generations():
    run = MultitaskRun([IMF1(5), IMF4(6)], EMEA(10, s_num=3, t_gap=4), ("n_eval", 20 * 13), seed=1)
    counted = []
    while run.advance():
        counted.append(run.algorithm.counters.get("transferred", 0))
    assert counted == [0] * 4 + [6] * 4 + [12] * 4


def test_a_gap_longer_than_the_run_is_no_transfer():
    tasks, budget = [IMF1(5), IMF4(6)], ("n_eval", 200)
    never = minimize_multitask(tasks, EMEA(10, t_gap=1000), budget, seed=1)
    none = minimize_multitask(tasks, EMEA(10, s_num=0, t_gap=2), budget, seed=1)
    some = minimize_multitask(tasks, EMEA(10, t_gap=2), budget, seed=1)
    assert bits(never) == bits(none) != bits(some)
    assert "transferred" not in never.counters and "transferred" not in none.counters


@pytest.mark.parametrize(
    ("n_tasks", "shares"), [(2, [6]), (3, [3, 3]), (5, [1, 1, 2, 2]), (9, [0, 0, 1, 1, 1, 1, 1, 1])]
)
def test_sources_share_what_a_target_receives(set_up, n_tasks, shares):
    genes = rng(3).random((10, 3))
    algorithm = set_up(EMEA(10, s_num=6), *[genes] * n_tasks, n_var=(3,) * n_tasks)
    givers = set()
    for _ in range(100):
        sources, sizes = algorithm._shares(1)
        assert sorted(sizes) == shares
        assert sorted(sources) == [t for t in range(n_tasks) if t != 1]
        givers.add(int(sources[0]))
    assert len(givers) == n_tasks - 1  # the remainder is a matter of lot


def test_no_more_is_transferred_than_there_are_children():
    result = minimize_multitask([IMF1(5), IMF4(6)], EMEA(6, s_num=50, t_gap=1), ("n_eval", 36), seed=1)
    assert result.counters["transferred"] == 24


def test_tasks_take_their_survivals_in_turn():
    algorithm = EMEA(10)
    algorithm.setup(MultitaskProblem([IMF1(3)] * 5), rng())
    assert algorithm.survival == [spea2_survival, nsga2_survival] * 2 + [spea2_survival]
    algorithm = EMEA(10, survivals=[nsga2_survival])
    algorithm.setup(MultitaskProblem([IMF1(3)] * 2), rng())
    assert algorithm.survival == [nsga2_survival] * 2


def test_better_solutions_breed_more(set_up):
    genes = np.tile(np.linspace(0, 0.9, 10)[:, None], 3)
    algorithm = set_up(EMEA(10, p_var=0.0, p_m=0.0, t_gap=10**6), genes, genes, n_var=(3, 3))
    places = np.concatenate([np.round(algorithm.offspring()[0][:, 0] * 10) for _ in range(500)]).astype(int)
    np.testing.assert_allclose(np.bincount(places) / 5000, (2 * (10 - np.arange(10)) - 1) / 100, atol=0.02)


@pytest.mark.parametrize("pop_size", [4, 7])
def test_a_generation_has_one_child_for_every_solution(set_up, pop_size):
    genes = rng(3).random((pop_size, 3))
    for t_gap in (1, 10):
        children = set_up(EMEA(pop_size, t_gap=t_gap), genes, genes, n_var=(3, 3)).offspring()
        assert [len(own) for own in children] == [pop_size] * 2


def test_maps_are_those_of_the_first_populations():
    run = MultitaskRun([IMF1(5), IMF4(6)], EMEA(12), ("n_eval", 24 * 6), seed=1)
    run.advance()
    first = [population.U.copy() for population in run.algorithm.populations]
    while run.advance():
        pass
    new = rng(4).random((3, 6))
    P, Q = first[1].T, first[0][:, :5].T
    M = P @ Q.T @ np.linalg.inv(Q @ Q.T + 1e-5 * np.eye(5))
    np.testing.assert_allclose(run.algorithm.map(0, 1, new), np.clip(new[:, :5] @ M.T, 0, 1), rtol=1e-9)


def test_mtop_drops_the_constant():
    algorithm = EMEA.mtop(30, s_num=5)
    assert (algorithm.pop_size, algorithm.bias, algorithm.s_num, EMEA().bias) == (30, "dropped", 5, "none")
