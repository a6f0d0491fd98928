"""The critics: what the loss is, what is learnt, replayed and measured, and what is refused."""

from __future__ import annotations

import copy
import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models import Critic, Gaussian, ObjectiveFrame, RelativisticCritic, RidgeCritic
from evogan.models._front_position import preferences
from evogan.models._relativistic_steps import RankingSteps
from evogan.testing import check_critic

NAN, INF = float("nan"), float("inf")
FEW = {"n_steps": 3, "n_first_steps": 5, "hidden": 8, "batch_size": 9, "n_conditions": 3}
CRITICS = pytest.mark.parametrize("critic", [RelativisticCritic, RidgeCritic])
ONE = np.ones((4, 1))


def rng(seed=1):
    return np.random.default_rng(seed)


def linear(X):
    return np.column_stack([X[:, 0] + 0.5 * X[:, 1], 1 - X[:, 0] + 0.5 * X[:, 2]])


def quadratic(X):
    return np.column_stack([((X - 0.2) ** 2).sum(axis=1), ((X - 0.7) ** 2).sum(axis=1)])


def data(seed=1, n=30, n_var=4, f=quadratic):
    X = rng(seed).random((n, n_var))
    return X, f(X)


def share_right(critic, f, seed=99, n=150):
    """Return the share of fresh pairs that are ranked right, at positions of a population."""
    X, F = data(seed, n, f=f)
    frame = ObjectiveFrame.of(F)
    C = frame.positions(F)[:15]
    t = preferences(frame, F, np.zeros(n), C)
    right = 0.0
    for c, values in zip(C, t, strict=True):
        D = critic.score(X, np.repeat(c[None], n, axis=0))
        nearer = values[:, None] < values
        right += (nearer & (D[:, None] > D)).sum() / nearer.sum()
    return right / len(C)


@pytest.fixture
def steps(monkeypatch):
    """Return the list to which every step adds its batch ``(z, c, better)``."""
    made, step = [], RankingSteps.step

    def spy(self, z, c, better):
        made.append((z.copy(), c.copy(), better.copy()))
        return step(self, z, c, better)

    monkeypatch.setattr(RankingSteps, "step", spy)
    return made


# They conform ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "factory",
    [partial(RelativisticCritic, **FEW), partial(RelativisticCritic, **FEW, warm_start=False, window=1)],
    ids=["warm", "cold"],
)
def test_the_networks_conform(factory):
    check_critic(factory, learns=False)


@pytest.mark.parametrize(("n_var", "n_obj"), [(6, 2), (3, 3), (4, 1)])
def test_the_control_conforms_and_ranks(n_var, n_obj):
    check_critic(RidgeCritic, n_var=n_var, n_obj=n_obj)


def test_the_critic_as_it_comes_conforms_and_ranks():
    check_critic(RelativisticCritic)


@CRITICS
def test_critics_are_told_from_models(critic):
    assert isinstance(critic(), Critic)
    assert not isinstance(Gaussian(), Critic)


# The loss --------------------------------------------------------------------------------------------------


def untrained(n_var=4, n_obj=2, **options):
    options = {**FEW, "n_steps": 0, "n_first_steps": 0, **options}
    return RelativisticCritic(**options).fit(rng().random((20, n_var)), rng().random((20, n_obj)), rng=rng())


def standing(critic):
    """Return its steps, which compute loss and gradients but leave the weights alone."""
    run = RankingSteps(*critic._learner.net, critic._learner.optimizer)
    run.update = lambda: None
    return run


def batch(seed=1, n=9, n_conditions=3):
    """Return standardised solutions, positions, and who is better, ties included."""
    t = rng(seed).integers(6, size=(n_conditions, n))
    z, c = rng(seed).normal(size=(n, 4)), rng(seed).dirichlet([1, 1], n_conditions)
    return z.astype(np.float32), c.astype(np.float32), np.sign(t[:, None, :] - t[:, :, None]).astype(np.float32)


def test_the_loss_is_the_mean_over_all_pairs_at_all_positions():
    critic, (z, c, better) = untrained(), batch()
    D = critic._outputs(torch.from_numpy(z), torch.from_numpy(c)).detach().numpy()
    terms = [
        math.log1p(math.exp(-better[p, a, b] * (D[p, a] - D[p, b])))
        for p in range(3)
        for a in range(9)
        for b in range(9)
    ]
    assert standing(critic).step(z, c, better) == pytest.approx(np.mean(terms), rel=1e-5)


def test_scores_are_what_the_loss_compares():
    critic, X = untrained(), rng(4).random((9, 4))
    C = rng(5).dirichlet([1, 1], 3)
    D = critic._outputs(*critic._tensors(X, C)).detach().numpy()
    for k in range(3):
        np.testing.assert_allclose(critic.score(X, np.repeat(C[k : k + 1], 9, axis=0)), D[k], atol=1e-6)


def test_a_pair_by_hand():
    """Of four ordered pairs two are a solution and itself, and the other two say the same."""
    critic, (z, c, _) = untrained(n_obj=1), batch(n=2)
    c = np.ones((1, 1), dtype=np.float32)
    gap = float(np.diff(critic._outputs(torch.from_numpy(z), torch.from_numpy(c)).detach().numpy()[0])[0])
    for sign in (1, -1):
        loss = standing(critic).step(z, c, sign * np.array([[[0, -1], [1, 0]]], dtype=np.float32))
        assert loss == pytest.approx(0.5 * math.log(2) + 0.5 * math.log1p(math.exp(-sign * gap)), rel=1e-5)


def test_a_critic_that_is_indifferent_loses_log_2():
    critic = untrained()
    with torch.no_grad():
        for p in critic._learner.net.parameters():
            p.zero_()
    assert standing(critic).step(*batch()) == pytest.approx(math.log(2))


def test_gradients_are_those_of_the_loss():
    critic, (z, c, better) = untrained(), batch()
    D = critic._outputs(torch.from_numpy(z), torch.from_numpy(c))
    loss = softplus(-torch.from_numpy(better) * (D[:, :, None] - D[:, None, :])).mean()
    weights = list(critic._learner.net.parameters())
    expected = torch.autograd.grad(loss, weights)
    standing(critic).step(z, c, better)
    assert sum(float((g**2).sum()) for g in expected) > 1e-6
    for p, g in zip(weights, expected, strict=True):
        torch.testing.assert_close(p.grad, g, rtol=1e-4, atol=1e-8)


def test_the_gradient_is_the_slope_of_the_loss():
    critic, given = untrained(), batch()
    run, weights = standing(critic), list(critic._learner.net.parameters())
    run.step(*given)
    slopes = [p.grad.clone() for p in weights]
    norm = math.sqrt(sum(float((g**2).sum()) for g in slopes))

    def after(step):
        with torch.no_grad():
            for p, g in zip(weights, slopes, strict=True):
                p.add_(g, alpha=step / norm)
            loss = run.step(*given)
            for p, g in zip(weights, slopes, strict=True):
                p.sub_(g, alpha=step / norm)
        return loss

    assert (after(0.05) - after(-0.05)) / 0.1 == pytest.approx(norm, rel=0.05)


@pytest.mark.parametrize("violated", [False, True], ids=["feasible", "some infeasible"])
def test_steps_are_told_who_is_better(steps, violated):
    """Feasible before infeasible, then the smaller value on the scale of the feasible population."""
    X, F = data()
    CV = np.where(np.arange(30) % 3 == 0, np.arange(30.0), 0.0) if violated else np.zeros(30)
    old = data(2, 12)
    critic = RelativisticCritic(**FEW)
    critic.observe(*old)
    critic.fit(X, F, CV, rng=rng())
    all_X, all_F, all_CV = np.vstack([X, old[0]]), np.vstack([F, old[1]]), np.append(CV, np.zeros(12))
    encoded = np.clip((all_X - X.mean(axis=0)) / X.std(axis=0), -5, 5).astype(np.float32)
    frame = ObjectiveFrame.of(F[CV == 0])
    positions = frame.positions(F).astype(np.float32)
    assert len(steps) == 5
    for z, c, better in steps:
        assert (z.shape, c.shape, better.shape) == ((9, 4), (3, 2), (3, 9, 9))
        rows = [int(np.abs(encoded - one).sum(axis=1).argmin()) for one in z]
        places = [int(np.abs(positions - one).sum(axis=1).argmin()) for one in c]
        np.testing.assert_allclose(z, encoded[rows], atol=1e-5)
        np.testing.assert_allclose(c, positions[places], atol=1e-6)
        t = preferences(frame, all_F, all_CV, frame.positions(F)[places])[:, rows]
        assert np.array_equal(better, np.sign(t[:, None, :] - t[:, :, None]))
        assert all(row < 30 for row in rows[:4]) and all(row >= 30 for row in rows[4:])


# What is learnt --------------------------------------------------------------------------------------------


@CRITICS
@pytest.mark.parametrize("f", [linear, quadratic])
def test_the_order_of_fresh_solutions_is_learnt(critic, f):
    for seed in range(2):
        X, F = data(seed, 80, f=f)
        model = critic().fit(X, F, rng=rng(seed))
        for _ in range(3):
            model.fit(X, F, rng=rng(seed))
        assert share_right(model, f) > 0.75, f"seed {seed}"


@CRITICS
def test_the_position_decides_who_is_better(critic):
    X = rng().random((60, 3))
    F = np.column_stack([X[:, 0], 1 - X[:, 0]])
    model = critic().fit(X, F, rng=rng())
    ends = np.array([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5]])
    left, right = model.score(ends, np.array([[0.1, 0.9]] * 2)), model.score(ends, np.array([[0.9, 0.1]] * 2))
    assert left[0] > left[1] and right[1] > right[0]


def test_infeasible_solutions_are_ranked_behind_whatever_their_objectives():
    for seed in range(3):
        X = rng(seed).random((80, 3))
        F, CV = 1 - X[:, :1], np.maximum(X[:, 0] - 0.5, 0.0)
        critic = RelativisticCritic().fit(X, F, CV, rng=rng(seed))
        for _ in range(5):
            critic.fit(X, F, CV, rng=rng(seed))
        D = critic.score([[0.1, 0.5, 0.5], [0.4, 0.5, 0.5], [0.7, 0.5, 0.5], [0.95, 0.5, 0.5]], ONE)
        assert D[1] > D[0] > D[2] > D[3], f"seed {seed}: {D}"


def test_the_control_does_not_look_at_constraints():
    X, F = data()
    CV = rng(3).random(30)
    assert np.array_equal(*(RidgeCritic().fit(X, F, cv, rng=rng()).score(X, F) for cv in (None, CV)))


def scores_after(F, X, critic, C=None):
    model = critic.fit(X, F, rng=rng(3))
    model.observe(X[:9], F[:9])
    model.fit(X, F, rng=rng(4))
    return model.score(X, np.ones_like(F) / F.shape[1] if C is None else C)


def test_only_the_order_of_one_objective_matters():
    X, F = data()
    G = F[:, :1]
    plain = scores_after(G, X, RelativisticCritic(**FEW))
    for other in (np.exp(G), 1e6 * G, G - 1e3, G**3, -1 / (1 + G)):
        assert np.array_equal(plain, scores_after(other, X, RelativisticCritic(**FEW)))
    assert not np.array_equal(plain, scores_after(-G, X, RelativisticCritic(**FEW)))


@pytest.mark.parametrize("make", [partial(RelativisticCritic, **FEW), RidgeCritic], ids=["networks", "ridge"])
def test_units_of_objectives_do_not_matter(make):
    """To the bit, for factors that are powers of two and sums without rounding."""
    X, F = data()
    F = np.round(1024 * F) / 1024
    plain = scores_after(F, X, make())
    for factor, shift in ((2.0**20, 0), (2.0**-20, 0), ([4.0, 0.125], [3, -700])):
        assert np.array_equal(plain, scores_after(factor * (F + shift), X, make()))


def test_the_order_of_objectives_does_not_matter_to_the_control():
    X, F = data()
    plain = RidgeCritic().fit(X, F, rng=rng()).score(X, F)
    np.testing.assert_allclose(RidgeCritic().fit(X, F[:, ::-1], rng=rng()).score(X, F[:, ::-1]), plain)


def test_ridge_by_hand():
    """Without penalty it is exact on quadratic objectives."""
    X, F = data(n=60)
    model = RidgeCritic(penalty=1e-9).fit(X, F, rng=rng())
    Y, c = ObjectiveFrame.of(F).scale(quadratic(X[:5] / 2 + 0.25)), np.array([0.25, 0.75])
    ratio = Y / c
    expected = -(ratio.max(axis=1) + 0.02 * ratio.sum(axis=1))
    np.testing.assert_allclose(model.score(X[:5] / 2 + 0.25, np.tile(c, (5, 1))), expected, rtol=1e-6)
    flat = RidgeCritic(penalty=1e12).fit(X, F, rng=rng())  # predicts nothing at all
    assert np.abs(flat.score(X[:5], np.tile(c, (5, 1)))).max() < 1e-6


def test_ridge_of_fewer_solutions_than_features_solves_the_same_equations():
    X, F = data(n=30)
    for n in (4, 30):
        few = RidgeCritic(penalty=2.0).fit(X[:n], F[:n], rng=rng())
        A, Y = few._features(X[:n]), ObjectiveFrame.of(F[:n]).scale(F[:n])
        np.testing.assert_allclose((A.T @ A + 2.0 * np.eye(A.shape[1])) @ few._weights, A.T @ Y, atol=1e-10)


def test_a_shallow_copy_learns_alone():
    X, F = data(n=30)
    critic = RelativisticCritic(n_steps=2, n_first_steps=2, hidden=8).fit(X, F, rng=rng())
    twin, C = copy.copy(critic), np.full((30, 2), 0.5)
    before = critic.score(X, C)
    twin.fit(X, F, rng=rng(5))
    assert np.array_equal(critic.score(X, C), before) and not np.array_equal(twin.score(X, C), before)
    alone = copy.deepcopy(critic).fit(X, F, rng=rng(5))
    assert np.array_equal(alone.score(X, C), critic.fit(X, F, rng=rng(5)).score(X, C))


# Fits that go on -------------------------------------------------------------------------------------------


def test_a_warm_fit_makes_fewer_steps_and_another_problem_the_first_ones(steps):
    def made(critic, n_var, n_obj):
        steps.clear()
        critic.fit(rng().random((20, n_var)), rng().random((20, n_obj)), rng=rng())
        return len(steps)

    critic, cold = RelativisticCritic(**FEW), RelativisticCritic(**FEW, warm_start=False)
    assert [made(critic, *shape) for shape in ((4, 2), (4, 2), (4, 1), (4, 1), (3, 1), (4, 2))] == [5, 3, 5, 3, 5, 5]
    assert [made(cold, 4, 2) for _ in range(3)] == [5, 5, 5]


def test_a_cold_fit_knows_nothing_of_the_last_one():
    X, F = data()
    critic = RelativisticCritic(**FEW, warm_start=False).fit(*data(2), rng=rng(2))
    again = critic.fit(X, F, rng=rng(3)).score(X, F)
    assert np.array_equal(again, RelativisticCritic(**FEW).fit(X, F, rng=rng(3)).score(X, F))
    warm = RelativisticCritic(**{**FEW, "n_steps": 5}).fit(*data(2), rng=rng(2)).fit(X, F, rng=rng(3))
    assert not np.array_equal(again, warm.score(X, F))


def test_without_steps_a_warm_fit_changes_the_frame_alone():
    X, F = data()
    critic = RelativisticCritic(**{**FEW, "n_steps": 0}).fit(X, F, rng=rng())
    before = critic.score(X, F)
    assert np.array_equal(before, critic.fit(X, -F, rng=rng(2)).score(X, F))
    assert not np.array_equal(before, critic.fit(X / 2, F, rng=rng(2)).score(X, F))


# What is replayed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [partial(RelativisticCritic, **FEW, window=2), partial(RidgeCritic, window=2)], ids=["networks", "ridge"]
)
def test_only_the_newest_batches_are_replayed(make):
    X, F = data()
    batches = [data(seed, 9 + seed) for seed in range(4)]

    def after(*seen):
        critic = make()
        for k in seen:
            critic.observe(*batches[k])
        return critic.fit(X, F, rng=rng()).score(X, F)

    assert np.array_equal(after(0, 1, 2, 3), after(2, 3))
    assert not np.array_equal(after(2, 3), after(3))
    assert not np.array_equal(after(2, 3), after(1, 3))


def test_a_share_of_1_replays_nothing():
    X, F = data()

    def after(share, observed):
        critic = RelativisticCritic(**FEW, population_share=share)
        if observed:
            critic.observe(*data(2))
        return critic.fit(X, F, rng=rng()).score(X, F)

    assert np.array_equal(after(1.0, True), after(1.0, False))
    assert not np.array_equal(after(0.5, True), after(0.5, False))


@pytest.mark.parametrize(("share", "n_new"), [(0.4, 4), (0.01, 1), (0.9, 8), (1.0, 9)])
def test_how_much_of_a_batch_is_of_the_population(steps, share, n_new):
    """The population lies in one half of the box, what was observed in the other."""
    X, F = data()
    critic = RelativisticCritic(**FEW, population_share=share)
    critic.observe((1 + X) / 2, F)
    critic.fit(X / 2, F, rng=rng())
    border = (0.5 - X[:, 0].mean() / 2) / (X[:, 0].std() / 2)
    assert [int((z[:, 0] < border).sum()) for z, _, _ in steps] == [n_new] * 5


@CRITICS
def test_batches_of_another_problem_are_forgotten(critic):
    X, F = data()
    options = FEW if critic is RelativisticCritic else {}
    fresh = critic(**options).fit(X, F, rng=rng()).score(X, F)
    model = critic(**options)
    model.observe(rng().random((9, 3)), rng().random((9, 2)))
    model.observe(rng().random((9, 4)), rng().random((9, 3)))
    assert np.array_equal(fresh, model.fit(X, F, rng=rng()).score(X, F))
    model.observe(rng().random((9, 3)), rng().random((9, 2)))  # between two fits of the same problem
    assert np.isfinite(model.fit(X, F, rng=rng()).score(X, F)).all()


# How much was foreseen -------------------------------------------------------------------------------------


class ByFirst(RelativisticCritic):
    """Prefers a small first variable, everywhere."""

    def _outputs(self, z, c):
        return (-z[:, 0]).expand(len(c), -1)


@pytest.mark.parametrize(
    ("first", "F", "CV", "accuracy"),
    [
        ([0.1, 0.2, 0.3, 0.4], [1, 2, 4, 3], None, 5 / 6),
        ([0.1, 0.2, 0.3, 0.4], [4, 3, 2, 1], None, 0.0),
        ([0.1, 0.2, 0.3, 0.4], [1, 2, 2, 3], None, 1.0),  # a tie of objectives is no pair
        ([0.1, 0.2, 0.2, 0.4], [1, 2, 3, 4], None, 5 / 6),  # a tie of the critic is a mistake
        ([0.1, 0.2, 0.3, 0.4], [1, 2, 3, 4], [1, 0, 0, 0], 3 / 6),
        ([0.1, 0.2, 0.3, 0.4], [1, 2, 3, 4], [0, 0, 2, 1], 5 / 6),
        ([0.1, 0.2, 0.3, 0.4], [1, 1, 1, 1], None, NAN),
    ],
)
def test_accuracy_by_hand(first, F, CV, accuracy):
    critic = ByFirst(**{**FEW, "n_steps": 0, "n_first_steps": 0}).fit(
        rng().random((20, 1)), rng().random((20, 1)), rng=rng()
    )
    critic.observe(np.array(first)[:, None], np.array(F, dtype=float)[:, None], CV)
    assert critic.accuracy == pytest.approx(accuracy, nan_ok=True)


def test_accuracy_counts_every_position_of_the_batch():
    """Of the three, the ends are best at their own position; the preference by x is right in 6 of 9 pairs."""
    critic = ByFirst(**{**FEW, "n_steps": 0, "n_first_steps": 0}).fit(
        rng().random((20, 1)), rng().random((20, 2)), rng=rng()
    )
    F = np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    frame = ObjectiveFrame.of(F)
    t = preferences(frame, F, np.zeros(3), frame.positions(F))
    right = [t[p, i] < t[p, j] for p in range(3) for i in range(3) for j in range(i + 1, 3) if t[p, i] != t[p, j]]
    critic.observe([[0.1], [0.2], [0.3]], F)
    assert critic.accuracy == pytest.approx(np.mean(right))
    assert 0.3 < critic.accuracy < 0.7


def test_accuracy_is_measured_before_anything_is_learnt_and_only_where_it_can_be():
    X, F = data()
    critic = RelativisticCritic(**FEW)
    assert math.isnan(critic.accuracy)
    critic.observe(X, F)
    assert math.isnan(critic.accuracy)  # nothing was fitted
    critic.fit(X, F, rng=rng())
    critic.observe(X, F)
    assert 0 <= critic.accuracy <= 1
    critic.observe(X[:, :2], F)
    assert math.isnan(critic.accuracy)  # of another problem


def test_a_trained_critic_foresees_and_an_untrained_one_guesses():
    X, F = data(n=80)
    critic = RelativisticCritic().fit(X, F, rng=rng())
    critic.observe(*data(5, 60))
    assert critic.accuracy > 0.7
    guesses = []
    for seed in range(10):
        critic = RelativisticCritic(n_first_steps=0).fit(X, F, rng=rng(seed))
        critic.observe(*data(5, 60))
        guesses.append(critic.accuracy)
    assert 0.3 < np.mean(guesses) < 0.7


# What is refused -------------------------------------------------------------------------------------------


def test_weights_that_explode_are_dropped():
    X, F = data()
    critic = RelativisticCritic(n_first_steps=30, lr=1e30)
    with pytest.raises(TrainingDivergedError, match=r"weights of RelativisticCritic.*within 30 steps; try a smaller"):
        critic.fit(X, F, rng=rng())
    with pytest.raises(NotFittedError, match="RelativisticCritic must be fitted before it can rank"):
        critic.score(X, F)
    critic.observe(X, F)
    assert math.isnan(critic.accuracy)
    critic.lr = 1e-3
    assert np.isfinite(critic.fit(X, F, rng=rng()).score(X, F)).all()


def test_a_divergence_leaves_no_stale_accuracy():
    X, F = data()
    critic = RelativisticCritic(**FEW).fit(X, F, rng=rng())
    critic.observe(X, F)
    with torch.no_grad():
        next(critic._learner.net.parameters()).fill_(NAN)
    with pytest.raises(TrainingDivergedError):
        critic.fit(X, F, rng=rng())
    critic.observe(X, F)
    assert math.isnan(critic.accuracy)


@CRITICS
def test_scores_before_a_fit_are_refused(critic):
    with pytest.raises(NotFittedError, match=rf"{critic.__name__} must be fitted before it can rank"):
        critic().score([[0.5]], [[1.0]])


@CRITICS
def test_a_seed_is_no_generator(critic):
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator"):
        critic().fit(*data(), rng=1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"hidden": 0}, ValueError, "hidden must be at least 1, got 0"),
        ({"hidden": (8, 8)}, TypeError, "hidden must be an integer"),
        ({"n_steps": -1}, ValueError, "n_steps must be at least 0"),
        ({"n_first_steps": 2.0}, TypeError, "n_first_steps must be an integer"),
        ({"batch_size": 1}, ValueError, "batch_size must be at least 2"),
        ({"n_conditions": 0}, ValueError, "n_conditions must be at least 1"),
        ({"population_share": 0.0}, ValueError, r"population_share must lie in \(0, 1\]"),
        ({"population_share": 1.1}, ValueError, "population_share must lie"),
        ({"window": 0}, ValueError, "window must be at least 1"),
        ({"lr": 0.0}, ValueError, "lr must lie in"),
        ({"lr": "fast"}, TypeError, "lr must be a number"),
        ({"betas": (0.5, 1.5)}, ValueError, "betas"),
        ({"warm_start": "no"}, TypeError, "warm_start must be True or False"),
        ({"n_stepps": 3}, TypeError, "n_stepps"),
    ],
    ids=str,
)
def test_bad_settings_of_the_networks_are_named(options, error, message):
    with pytest.raises(error, match=message):
        RelativisticCritic(**options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"penalty": 0.0}, ValueError, r"penalty must lie in \(0, inf\]"),
        ({"penalty": NAN}, ValueError, "penalty must lie"),
        ({"penalty": None}, TypeError, "penalty must be a number"),
        ({"window": 0}, ValueError, "window must be at least 1"),
        ({"window": 1.5}, TypeError, "window must be an integer"),
        ({"penaltyy": 1.0}, TypeError, "penaltyy"),
    ],
    ids=str,
)
def test_bad_settings_of_the_control_are_named(options, error, message):
    with pytest.raises(error, match=message):
        RidgeCritic(**options)
