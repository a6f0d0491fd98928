"""EMT-GS in MToP's loop, generation by generation as worked by hand."""

import copy
from itertools import chain

import numpy as np
import pytest

from evogan.algorithms import EMTGS, InertialEMTGS
from evogan.models import ConstantTransfer, MToPGAN, NoTransfer, RawTransfer
from evogan.multitask import MultitaskAlgorithm, TaskPopulation, minimize_multitask
from evogan.problems.imf import IMF1, IMF4


class Between:
    """Half way from a solution to the mean of the target at the last fit; it notes what it was asked."""

    log: list[str] = []

    def fit(self, X_source, X_target, *, rng):
        self.log.append("fit")
        self.mean = X_target.mean(axis=0)
        return self

    def transfer(self, X_source, *, rng):
        self.log.append("transfer")
        return 0.5 * (X_source + self.mean)


def genes(n_tasks, n, n_var, seed):
    rng = np.random.default_rng(seed)
    return [rng.random((n, n_var)) for _ in range(n_tasks)]


def populations(sets):
    return [TaskPopulation(U, np.zeros((len(U), 2)), np.zeros(len(U)), *[np.zeros((len(U), 0))] * 2) for U in sets]


def truncated(rng, n):
    F = rng.normal(0.5, 0.2, n)
    while ((F < 0) | (F > 1)).any():
        bad = (F < 0) | (F > 1)
        F[bad] = rng.normal(0.5, 0.2, bad.sum())
    return F


def by_hand(now, before, image, rng, cr=0.6):
    """Return the children of every task, one individual after another; ``image`` is None without transfer.

    ``image(t, k, i, j)`` is what takes p's place in the difference: p is row i of task t, q is row j of task k.
    """
    everyone = [(t, i) for t, P in enumerate(now) for i in range(len(P))]
    order = rng.permutation(len(everyone))
    half = len(everyone) // 2
    pairs = [(order[i], order[half + i]) for i in range(half)] + [(order[half + i], order[i]) for i in range(half)]
    F = list(truncated(rng, half)) * 2
    n_var = now[0].shape[1]
    x1, x_r2 = {}, {}
    for t, P in enumerate(now):
        mine = [i for i, (p, _) in enumerate(pairs) if everyone[p][0] == t]
        draws = rng.integers(len(P), size=len(mine)), rng.random(len(mine)), rng.integers(len(P), size=len(mine))
        for i, r1, chance, r2 in zip(mine, *draws, strict=True):
            x1[i] = P[r1] if chance < 0.5 else P[0]
            x_r2[i] = before[t][r2]
    takes = rng.random((len(pairs), n_var)) < cr
    sure = rng.integers(n_var, size=len(pairs))
    children = [[] for _ in now]
    for i, (p, q) in enumerate(pairs):
        (t, a), (k, b) = everyone[p], everyone[q]
        crossed = t != k and image is not None
        c = image(t, k, a, b) if crossed else now[t][a]
        base = x1[i] if crossed else now[t][a]
        v = x1[i] + F[i] * (c - x_r2[i])
        children[t].append([v[d] if takes[i, d] or d == sure[i] else base[d] for d in range(n_var)])
    return [np.reshape(one, (-1, n_var)) for one in children]


@pytest.mark.parametrize("direction", ["into_partner", "into_own"])
@pytest.mark.parametrize("transfer", [Between(), RawTransfer(), ConstantTransfer(0.2), NoTransfer()])
@pytest.mark.parametrize(("n_tasks", "pop_size"), [(2, 6), (3, 5), (2, 40)])
def test_a_generation_is_the_one_worked_by_hand(direction, transfer, n_tasks, pop_size, set_up):
    first, second = genes(n_tasks, pop_size, 4, 1), genes(n_tasks, pop_size, 4, 2)
    algorithm = set_up(InertialEMTGS(pop_size, transfer=transfer, direction=direction, cr=0.5), *first)

    def image(t, k, i, j):
        source, target, row = (t, k, i) if direction == "into_partner" else (k, t, j)
        moved = {
            Between: 0.5 * (second[source][row] + first[target].mean(axis=0)),
            RawTransfer: second[source][row],
            ConstantTransfer: np.full(4, 0.2),
        }
        return moved[type(transfer)]

    algorithm.offspring()  # the first generation, whose population is the second's previous one
    algorithm.populations = populations(second)
    rng = copy.deepcopy(algorithm.rng)
    expected = by_hand(second, first, None if type(transfer) is NoTransfer else image, rng, 0.5)
    children = algorithm.offspring()
    assert [len(one) for one in children] == [len(one) for one in expected]
    for one, other in zip(children, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-14)
    assert algorithm.rng.random() == rng.random()


def test_the_first_generation_takes_its_differences_from_itself(set_up):
    now = genes(2, 6, 4, 1)
    algorithm = set_up(InertialEMTGS(6, transfer=RawTransfer(), direction="into_own"), *now)
    rng = copy.deepcopy(algorithm.rng)
    expected = by_hand(now, now, lambda t, k, i, j: now[k][j], rng)
    for one, other in zip(algorithm.offspring(), expected, strict=True):
        assert one == pytest.approx(other, abs=1e-14)


def test_raw_solutions_mean_p_itself_or_q(set_up):
    # all of task 0 in one corner, all of task 1 in the other: the difference to the past tells p from q
    for direction, step in (("into_partner", 0.0), ("into_own", 1.0)):
        algorithm = set_up(InertialEMTGS(20, transfer=RawTransfer(), direction=direction), 0.0, 1.0, n_var=[5, 5])
        algorithm.populations = populations([np.zeros((20, 5)), np.ones((20, 5))])
        algorithm._previous = [np.zeros((20, 5)), np.ones((20, 5))]
        zero, one = algorithm.offspring()
        assert (zero.max() > 0) == (one.min() < 1) == bool(step)
        assert zero.min() == 0.0 and one.max() == 1.0


def test_models_train_at_the_start_and_then_by_mtops_counter(monkeypatch):
    monkeypatch.setattr(Between, "log", [])
    minimize_multitask([IMF1(4), IMF1(5)], InertialEMTGS(4, transfer=Between()), ("n_eval", 8 + 8 * 20), seed=1)
    usual, training = ["transfer"] * 2, ["fit", "transfer"] * 2
    calls = [training if g in (8, 18) else usual for g in range(20)]
    assert Between.log == ["fit"] * 2 + list(chain.from_iterable(calls))
    Between.log.clear()
    algorithm = InertialEMTGS(4, transfer=Between(), gap=3)
    minimize_multitask([IMF1(4), IMF1(5), IMF1(3)], algorithm, ("n_eval", 12 + 12 * 6), seed=1)
    calls = [["fit", "transfer"] * 6 if g in (1, 4) else ["transfer"] * 6 for g in range(6)]
    assert Between.log == ["fit"] * 6 + list(chain.from_iterable(calls))


def test_mtops_gan_hands_over_what_it_trained_on(monkeypatch):
    calls = []
    original = MToPGAN.fit_transfer
    monkeypatch.setattr(MToPGAN, "fit_transfer", lambda self, *a, **k: calls.append(1) or original(self, *a, **k))
    minimize_multitask([IMF1(4), IMF1(5)], EMTGS.mtop(6), ("n_eval", 12 * 11), seed=1)
    assert len(calls) == 2  # one generation trains, the ninth, and both models


def test_no_transfer_makes_and_counts_none(monkeypatch):
    monkeypatch.setattr(NoTransfer, "transfer", None)
    monkeypatch.setattr(NoTransfer, "fit", None)
    result = minimize_multitask([IMF1(4), IMF1(5)], InertialEMTGS(8, transfer=NoTransfer()), ("n_eval", 200), seed=1)
    assert result.counters["transferred"] == 0


def test_half_of_all_pairs_are_of_two_tasks():
    result = minimize_multitask([IMF1(4), IMF1(5)], InertialEMTGS(50, transfer=RawTransfer()), ("n_eval", 5000), seed=1)
    assert result.counters["transferred"] / 4900 == pytest.approx(50 / 99, abs=0.02)


@pytest.mark.parametrize(("n_tasks", "pop_size", "sizes"), [(3, 5, 14), (2, 5, 10), (5, 7, 34)])
def test_an_odd_one_out_has_no_child_in_that_generation(n_tasks, pop_size, sizes, set_up):
    algorithm = set_up(InertialEMTGS(pop_size, transfer=RawTransfer()), *genes(n_tasks, pop_size, 3, 1))
    children = [len(one) for one in algorithm.offspring()]
    assert sum(children) == sizes and min(children) >= pop_size - 1
    n_evals = n_tasks * pop_size + 4 * sizes + 3
    tasks = [IMF1(3 + t) for t in range(n_tasks)]
    assert minimize_multitask(tasks, algorithm, ("n_eval", n_evals), seed=1).n_evals == n_evals


def test_presets():
    mtop, paper = EMTGS.mtop(20), EMTGS.paper(20)
    assert (mtop.transfer.axis, mtop.direction, mtop.gap, mtop.cr) == ("variables", "into_partner", 10, 0.6)
    assert (paper.transfer.axis, paper.direction, paper.gap, paper.cr) == ("individuals", "into_own", 10, 0.6)
    assert EMTGS.mtop(20, axis="individuals").transfer.axis == "individuals"
    other = EMTGS.mtop(20, transfer=RawTransfer(), direction="into_own")
    assert type(other.transfer) is RawTransfer and other.direction == "into_own"
    assert type(InertialEMTGS().transfer) is MToPGAN
    for algorithm in (mtop, paper):
        assert isinstance(algorithm, InertialEMTGS) and isinstance(algorithm, MultitaskAlgorithm)
        assert algorithm.pop_size == 20
        assert minimize_multitask([IMF1(4), IMF4(6)], algorithm, ("n_eval", 333), seed=1).n_evals == 333


BAD = [
    ({"transfer": object()}, TypeError, "transfer must be an object such as"),
    ({"transfer": RawTransfer}, TypeError, "transfer must be an object such as"),
    ({"transfer": [RawTransfer()]}, TypeError, "transfer must be an object such as"),
    ({"transfer": 0}, TypeError, "transfer must be an object such as"),
    ({"direction": "partner"}, ValueError, "direction must be one of"),
]


@pytest.mark.parametrize("make", [InertialEMTGS, EMTGS.mtop])
@pytest.mark.parametrize(("options", "kind", "message"), BAD)
def test_bad_arguments_are_refused(make, options, kind, message):
    with pytest.raises(kind, match=message):
        make(20, **options)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"gap": 0}, ValueError, "gap must be at least 1"),
        ({"gap": 2.5}, TypeError, "gap must be an integer"),
        ({"cr": 1.1}, ValueError, "cr must lie in"),
        ({"pop_size": 3}, ValueError, "pop_size must be at least 4"),
        ({"rate": 1}, TypeError, "rate"),
    ],
)
def test_bad_settings_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        InertialEMTGS(**options)
    with pytest.raises(ValueError, match="axis must be one of"):
        EMTGS.mtop(axis="rows")
