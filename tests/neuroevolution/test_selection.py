"""Selection: each way by hand on scripted individuals; what is random has its published frequencies."""

import math

import numpy as np
import pytest

from evogan.neuroevolution import (
    Generation,
    Individual,
    Metropolis,
    ParetoSelection,
    RandomSelection,
    Tournament,
    Truncation,
    WorstSelection,
)


def scripted(*fitnesses, parents=()):
    return [Individual([], [], number=k, fitness=f, parents=parents) for k, f in enumerate(fitnesses)]


def with_parts(*parts):
    return [Individual([], [], number=k, parts=p, fitness=sum(p)) for k, p in enumerate(parts)]


def kept(selection, candidates, n, *, parents=(), generation=0, seed=0, rng=None):
    rng = np.random.default_rng(seed) if rng is None else rng
    return [one.number for one in selection(candidates, n, Generation(parents, generation, rng))]


EVERY = [Truncation(), WorstSelection(), RandomSelection(), Tournament(), ParetoSelection()]


def names(selection):
    return type(selection).__name__


# truncation and its controls


def test_truncation_keeps_the_fittest_best_first():
    candidates = scripted(0.1, 0.9, -3.0, 0.5, 0.7)
    assert kept(Truncation(), candidates, 3) == [1, 4, 3]
    assert kept(Truncation(), candidates, 1) == [1]


def test_equals_are_kept_in_the_order_in_which_they_came():
    assert kept(Truncation(), scripted(0.5, 0.7, 0.5, 0.7), 3) == [1, 3, 0]


def test_the_worst_is_the_mirror_of_truncation():
    rng = np.random.default_rng(0)
    for _ in range(20):
        fitnesses = rng.permutation(7) / 7
        n = int(rng.integers(1, 8))
        mirrored = kept(Truncation(), scripted(*-fitnesses), n)
        assert kept(WorstSelection(), scripted(*fitnesses), n) == mirrored


def test_random_selection_is_uniform_in_survivors_and_in_who_samples():
    candidates, rng, draws = scripted(9.0, 0.0, -9.0, 1.0), np.random.default_rng(0), 6000
    pairs = np.array([kept(RandomSelection(), candidates, 2, rng=rng) for _ in range(draws)])
    assert (pairs[:, 0] != pairs[:, 1]).all()
    counts = np.zeros((4, 4))
    np.add.at(counts, (pairs[:, 0], pairs[:, 1]), 1)
    expected = draws / 12
    off = ~np.eye(4, dtype=bool)
    assert ((counts[off] - expected) ** 2 / expected).sum() < 31.3  # chi squared, 11 degrees of freedom, 1 in 1000


@pytest.mark.parametrize("selection", EVERY, ids=names)
def test_survivors_are_different_candidates_and_the_list_given_stays_as_it_was(selection):
    candidates = with_parts(*np.random.default_rng(0).random((6, 2)).tolist())
    before = list(candidates)
    for n in (1, 3, 6):
        survivors = kept(selection, candidates, n)
        assert len(survivors) == len(set(survivors)) == n
    assert candidates == before


@pytest.mark.parametrize("selection", EVERY, ids=names)
def test_with_too_few_candidates_all_of_them_survive(selection):
    assert sorted(kept(selection, with_parts((0.2, 0.1), (0.3, 0.0)), 5)) == [0, 1]


@pytest.mark.parametrize("selection", EVERY, ids=names)
def test_the_same_source_of_chance_makes_the_same_choice(selection):
    candidates = with_parts(*np.random.default_rng(0).random((9, 2)).tolist())
    assert kept(selection, candidates, 4, seed=5) == kept(selection, candidates, 4, seed=5)


# tournament


def test_the_pressure_of_a_tournament_is_that_of_its_size():
    # The best of `size` drawn without replacement from 6: rank r wins with C(6 - r, size - 1) / C(6, size).
    candidates, rng, draws = scripted(*(k / 6 for k in range(6))), np.random.default_rng(0), 4000
    for size in (1, 2, 4):
        winners = [kept(Tournament(size), candidates, 1, rng=rng)[0] for _ in range(draws)]
        shares = np.bincount(winners, minlength=6)[::-1] / draws
        for rank, share in enumerate(shares, start=1):
            p = math.comb(6 - rank, size - 1) / math.comb(6, size)
            assert abs(share - p) <= 4.5 * math.sqrt(p * (1 - p) / draws) + 1e-12, (size, rank)


def test_a_tournament_of_all_is_truncation_and_survivors_come_best_first():
    candidates = scripted(0.3, 0.9, 0.1, 0.5)
    assert kept(Tournament(4), candidates, 3) == kept(Tournament(99), candidates, 3) == [1, 3, 0]
    for seed in range(20):
        winners = kept(Tournament(1), candidates, 3, seed=seed)
        assert winners == sorted(winners, key=lambda k: -candidates[k].fitness)


# Pareto


def test_the_first_front_survives_and_the_highest_sum_samples():
    #        front 0: 0, 2, 4            front 1: 1, 3      front 2: 5
    parts = (0.9, 0.1), (0.3, 0.3), (0.5, 0.6), (0.2, 0.5), (0.1, 0.8), (0.1, 0.1)
    assert kept(ParetoSelection(), with_parts(*parts), 3) == [2, 0, 4]
    five = kept(ParetoSelection(), with_parts(*parts), 5)
    assert five == [2, 0, 4, 3, 1]
    # One of the second front: both are extreme, so chance decides.
    fourth = {tuple(sorted(kept(ParetoSelection(), with_parts(*parts), 4, seed=s))) for s in range(20)}
    assert fourth == {(0, 1, 2, 4), (0, 2, 3, 4)}


def test_of_one_front_the_crowded_go_first():
    # On the line x + y = 1: between .4 and .6 stands .5, closest to its neighbours.
    parts = (0.0, 1.0), (0.4, 0.6), (0.5, 0.5), (0.6, 0.4), (1.0, 0.0)
    assert sorted(kept(ParetoSelection(), with_parts(*parts), 4)) == [0, 1, 3, 4]


def test_non_dominated_sorting_equals_the_definition_on_random_parts():
    rng = np.random.default_rng(1)
    for _ in range(30):
        parts = rng.integers(0, 6, size=(8, 2)) / 6 + rng.random((8, 2)) * 1e-3
        better = (parts[:, None] >= parts[None]).all(2) & (parts[:, None] > parts[None]).any(2)
        rank, left = np.zeros(8, dtype=int), np.ones(8, dtype=bool)
        while left.any():
            front = left & ~(better & left[:, None]).any(0)
            left &= ~front
            rank[left] += 1
        n = int(rng.integers(1, 8))
        survivors = kept(ParetoSelection(), with_parts(*parts.tolist()), n, rng=rng)
        assert sorted(rank[survivors]) == sorted(rank)[:n]


def test_with_one_part_the_pareto_order_is_truncation():
    candidates = with_parts((0.3,), (0.9,), (0.1,), (0.5,))
    assert kept(ParetoSelection(), candidates, 2) == kept(Truncation(), candidates, 2) == [1, 3]


# Metropolis


def family(parent_fitness, *child_fitnesses):
    parent = Individual([], [], number=0, fitness=parent_fitness)
    children = [Individual([], [], number=k, parents=(0,), fitness=f) for k, f in enumerate(child_fitnesses, start=1)]
    return [parent], children


def test_a_child_as_fit_as_its_parent_is_always_accepted():
    for child in (0.5, 0.9):
        parents, children = family(0.5, 0.1, child)
        assert all(kept(Metropolis(1e-9), children, 1, parents=parents, seed=s) == [2] for s in range(20))


@pytest.mark.parametrize(("loss", "temperature", "generation"), [(0.1, 0.1, 0), (0.3, 0.2, 0), (0.1, 0.4, 3)])
def test_a_less_fit_child_is_accepted_with_the_probability_of_annealing(loss, temperature, generation):
    parents, children = family(1.0, 1.0 - loss, -5.0)
    rng, draws, selection = np.random.default_rng(0), 4000, Metropolis(temperature, cooling=0.5)
    accepted = [kept(selection, children, 1, parents=parents, generation=generation, rng=rng)[0] for _ in range(draws)]
    assert set(accepted) == {0, 1}  # the fittest child or the parent, never the other child
    p = math.exp(-loss / (temperature * 0.5**generation))
    assert abs(np.mean(accepted) - p) <= 4.5 * math.sqrt(p * (1 - p) / draws)


def test_at_no_temperature_left_no_less_fit_child_is_accepted():
    parents, children = family(1.0, 0.999)
    chilled = Metropolis(0.1, cooling=0.5)
    assert kept(chilled, children, 1, parents=parents, generation=100_000) == [0]  # .5^100000 is 0


def test_every_parent_has_one_survivor_and_the_fittest_samples():
    parents = scripted(0.5, 0.2)
    children = [
        Individual([], [], number=2, parents=(0,), fitness=0.6),
        Individual([], [], number=3, parents=(0,), fitness=0.9),
        Individual([], [], number=4, parents=(1,), fitness=0.3),
        Individual([], [], number=5, parents=(1,), fitness=0.1),
    ]
    assert kept(Metropolis(1e-9), children, 2, parents=parents) == [3, 4]
    # A parent without finite children stays.
    assert kept(Metropolis(1e-9), children[:2], 2, parents=parents) == [3, 1]
    # The parents themselves, were they candidates, are no children of their own.
    assert kept(Metropolis(1e-9), [*parents, *children], 2, parents=parents) == [3, 4]


def test_a_child_of_two_others_counts_as_one_of_the_better_ones_parent():
    parents = scripted(0.5, 0.2)
    children = [
        Individual([], [], number=2, parents=(0,), fitness=0.6),
        Individual([], [], number=3, parents=(1,), fitness=0.3),
        Individual([], [], number=4, parents=(3, 2), fitness=0.9),
        Individual([], [], number=5, parents=(4, 2), fitness=0.8),
    ]
    assert kept(Metropolis(1e-9), children, 2, parents=parents) == [4, 2]
    assert kept(Metropolis(1e-9), [*parents, *children[:2], children[3]], 2, parents=parents) == [2, 3]


def test_a_parent_that_is_no_longer_finite_is_given_up():
    parents, children = family(math.nan, -9.0)
    assert kept(Metropolis(1e-9), children, 1, parents=parents) == [1]


def test_only_metropolis_has_its_parents_judged():
    assert Metropolis().judges_parents
    assert not any(getattr(selection, "judges_parents", False) for selection in EVERY)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tournament(0), r"Tournament\.size must be at least 1, got 0"),
        (lambda: Metropolis(0.0), r"Metropolis\.temperature must lie in \(0, inf\], got 0\.0"),
        (lambda: Metropolis(math.nan), r"Metropolis\.temperature must lie in"),
        (lambda: Metropolis(cooling=0.0), r"Metropolis\.cooling must lie in \(0, 1\], got 0\.0"),
        (lambda: Metropolis(cooling=1.1), r"Metropolis\.cooling must lie in \(0, 1\], got 1\.1"),
    ],
)
def test_settings_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()
