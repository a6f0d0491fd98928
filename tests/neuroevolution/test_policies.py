"""Policies: how often each mutation is chosen, UCB1 by hand, and the mutation of learning rates."""

import math

import numpy as np
import pytest

from evogan.neuroevolution import UCB1, AllMutations, Individual, LearningRateMutation, RandomMutations


def of_fitness(fitness):
    return Individual([], [], fitness=fitness)


def teach(policy, *rewards):
    """Let the policy learn (mutation, reward) in turn."""
    for mutation, reward in rewards:
        policy.learn(mutation, parent=of_fitness(0.5), child=of_fitness(0.6 if reward else 0.4))


# all and random


def test_all_mutations_are_made_in_their_order_without_chance():
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    assert list(AllMutations().choose(4, rng=rng)) == [0, 1, 2, 3]
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("n", [1, 2, 4])
def test_random_mutations_are_different_and_equally_frequent(n):
    rng, policy, draws = np.random.default_rng(1), RandomMutations(n), 4000
    chosen = [policy.choose(4, rng=rng) for _ in range(draws)]
    assert all(len(set(row)) == n == len(row) and set(row) <= {0, 1, 2, 3} for row in chosen)
    counts = np.bincount(np.concatenate(chosen), minlength=4)
    share = n / 4
    assert np.abs(counts / draws - share).max() <= 4.5 * math.sqrt(share * (1 - share) / draws)


def test_more_random_mutations_than_there_are_means_all():
    assert sorted(RandomMutations(5).choose(3, rng=np.random.default_rng(0))) == [0, 1, 2]


@pytest.mark.parametrize(("bad", "error"), [(0, ValueError), (1.5, TypeError), (True, TypeError)])
def test_the_number_of_random_mutations_is_checked(bad, error):
    with pytest.raises(error, match=r"RandomMutations\.n must be"):
        RandomMutations(bad)


# UCB1


def test_untried_mutations_come_first_each_once_in_random_order():
    first = []
    for seed in range(300):
        policy, rng, tried = UCB1(), np.random.default_rng(seed), []
        for _ in range(3):
            (choice,) = policy.choose(3, rng=rng)
            tried.append(choice)
            teach(policy, (choice, False))
        assert sorted(tried) == [0, 1, 2]
        first.append(tried[0])
    assert np.bincount(first).min() >= 70  # 100 expected, standard deviation 8.2


def test_the_bound_by_hand():
    policy, rng = UCB1(exploration=math.sqrt(2), decay=1.0), np.random.default_rng(0)
    policy.choose(2, rng=rng)
    teach(policy, (0, True), (0, True), (0, False), (1, True))
    # 2/3 + sqrt(2 ln 4 / 3) = 1.628 against 1 + sqrt(2 ln 4) = 2.665
    assert policy.choose(2, rng=rng) == [1]
    teach(policy, (1, False), (1, False), (1, False), (1, False))
    # 2/3 + sqrt(2 ln 8 / 3) = 1.844 against 1/5 + sqrt(2 ln 8 / 5) = 1.112
    assert policy.choose(2, rng=rng) == [0]


def test_without_exploration_the_best_mean_wins_however_rarely_it_was_tried():
    policy, rng = UCB1(exploration=0.0, decay=1.0), np.random.default_rng(0)
    policy.choose(3, rng=rng)
    teach(policy, *[(0, k % 3 > 0) for k in range(30)], (1, True), (1, True), (1, True), (1, False), (2, False))
    assert policy.choose(3, rng=rng) == [1]  # .75 against .667 and 0


def test_ucb1_follows_the_algorithm_of_the_paper_on_a_scripted_bandit():
    rewards = np.random.default_rng(3).random((400, 3)) < [0.2, 0.5, 0.35]
    policy, rng = UCB1(decay=1.0), np.random.default_rng(0)
    total, count, chosen = [0.0] * 3, [0] * 3, []
    for t in range(400):
        (choice,) = policy.choose(3, rng=rng)
        if t >= 3:
            bound = [total[j] / count[j] + math.sqrt(2 * math.log(t) / count[j]) for j in range(3)]
            assert choice == int(np.argmax(bound)), t
        total[choice] += rewards[t, choice]
        count[choice] += 1
        teach(policy, (choice, rewards[t, choice]))
        chosen.append(choice)
    assert np.bincount(chosen[200:], minlength=3).argmax() == 1


def test_decay_forgets_by_its_factor_per_child():
    policy = UCB1(decay=0.5)
    policy.choose(2, rng=np.random.default_rng(0))
    teach(policy, (0, True), (1, False), (1, True))
    assert policy.state_dict() == {"rewards": [0.25, 1.0], "counts": [0.25, 1.5]}


def test_what_was_best_long_ago_is_given_up_only_where_it_is_forgotten():
    later = {}
    for decay in (1.0, 0.9):
        policy, rng = UCB1(decay=decay), np.random.default_rng(0)
        policy.choose(2, rng=rng)
        teach(policy, *[(k % 2, k % 2 == 0) for k in range(400)])  # the first always improved, the second never
        choices = []
        for _ in range(60):  # now the other way round
            (choice,) = policy.choose(2, rng=rng)
            teach(policy, (choice, choice == 1))
            choices.append(choice)
        later[decay] = np.mean(choices[20:])
    assert later[0.9] > 0.7 and later[1.0] < 0.3


@pytest.mark.parametrize(
    ("parent", "child", "reward"),
    [(0.5, 0.6, 1), (0.5, 0.5, 0), (0.5, 0.4, 0), (0.5, math.nan, 0), (math.nan, 0.5, 0), (0.5, math.inf, 0)],
)
def test_the_reward_is_whether_a_finite_child_is_fitter(parent, child, reward):
    policy = UCB1(decay=1.0)
    policy.choose(1, rng=np.random.default_rng(0))
    policy.learn(0, parent=of_fitness(parent), child=of_fitness(child))
    assert policy.state_dict() == {"rewards": [reward], "counts": [1.0]}


def test_the_state_round_trip_gives_the_same_choices_and_shares_nothing():
    policy, other, rng = UCB1(0.7), UCB1(0.7), np.random.default_rng(0)
    policy.choose(3, rng=rng)
    teach(policy, (0, True), (1, False), (2, True), (2, True), (1, True))
    state = policy.state_dict()
    other.load_state_dict(state)
    for k in range(20):
        choices = [p.choose(3, rng=np.random.default_rng(k)) for p in (policy, other)]
        assert choices[0] == choices[1]
        for p in (policy, other):
            teach(p, (choices[0][0], k % 2))
    assert state == {"rewards": state["rewards"], "counts": state["counts"]} and sum(state["counts"]) < 5
    assert policy.state_dict() == other.state_dict() != state


def test_another_number_of_mutations_starts_anew():
    policy, rng = UCB1(), np.random.default_rng(0)
    policy.choose(2, rng=rng)
    teach(policy, (0, True))
    policy.choose(3, rng=rng)
    assert policy.state_dict()["counts"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exploration": -0.1}, "exploration must lie in"),
        ({"exploration": math.nan}, "exploration must lie in"),
        ({"decay": 0.0}, r"decay must lie in \(0, 1\]"),
        ({"decay": 1.01}, r"decay must lie in \(0, 1\]"),
    ],
)
def test_the_settings_of_ucb1_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        UCB1(**options)


# learning rates


def test_rates_change_with_their_probability_by_normal_noise_of_their_deviation():
    mutate, rng, n = LearningRateMutation(sd=0.1, probability=0.3), np.random.default_rng(0), 20_000
    rates = np.array([mutate(2.0, rng=rng) for _ in range(n)])
    changed = rates[rates != 2.0]
    assert abs(len(changed) / n - 0.3) <= 4.5 * math.sqrt(0.3 * 0.7 / n)
    assert abs(changed.mean() - 2.0) <= 4.5 * 0.1 / math.sqrt(len(changed))
    assert abs(changed.std() / 0.1 - 1) <= 4.5 / math.sqrt(2 * len(changed))
    inside = (np.abs(changed - 2.0) < 0.1).mean()  # of a normal distribution .6827
    assert abs(inside - 0.6827) <= 4.5 * math.sqrt(0.6827 * 0.3173 / len(changed))


def test_rates_stay_in_their_bounds_and_reach_them():
    mutate, rng, rate, seen = LearningRateMutation(sd=5.0, probability=1.0, low=0.1, high=4.0), None, 1.0, []
    rng = np.random.default_rng(0)
    for _ in range(500):
        rate = mutate(rate, rng=rng)
        seen.append(rate)
    assert min(seen) == 0.1 and max(seen) == 4.0 and all(type(rate) is float for rate in seen)


def test_with_probability_0_no_rate_changes_and_with_1_all_do():
    rng = np.random.default_rng(0)
    assert all(LearningRateMutation(probability=0.0)(1.0, rng=rng) == 1.0 for _ in range(50))
    assert all(LearningRateMutation(probability=1.0)(1.0, rng=rng) != 1.0 for _ in range(50))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sd": -1.0}, r"LearningRateMutation\.sd must lie in"),
        ({"probability": 1.1}, r"LearningRateMutation\.probability must lie in \[0, 1\]"),
        ({"low": 0.0}, r"LearningRateMutation\.low must lie in \(0, inf\]"),  # a lineage would never move again
        ({"low": 2.0, "high": 1.0}, r"LearningRateMutation\.high must lie in \[2, inf\]"),
    ],
)
def test_the_settings_of_the_mutation_of_rates_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        LearningRateMutation(**options)
