"""Lipizzaner and Mustangs: one cell is a plain GAN, many are as many loops, and what passes between them is copied."""

import json
import math
from collections import Counter
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from evogan import gans
from evogan.algorithms.lipizzaner import Lipizzaner, lipizzaner, mustangs
from evogan.datasets import ring
from evogan.exceptions import TrainingDivergedError
from evogan.experiments import train
from evogan.gans import Recipe, assemble
from evogan.losses import Hinge, NonSaturating
from evogan.metrics import mmd, mode_coverage
from evogan.nets import MLPNetworks
from evogan.neuroevolution import (
    Arena,
    EGANFitness,
    FeatureFitness,
    GeneratorMixture,
    LearningRateMutation,
    Workbench,
    egan_mutations,
)
from evogan.training import (
    SGD,
    Adam,
    AdversarialTrainer,
    Batch,
    Batches,
    GANSystem,
    LinearDecay,
    fit,
    load_state,
    run_block,
    save_state,
)

NETS = MLPNetworks(n_latent=3, hidden=(8,))
RECIPE = Recipe(lr_G=0.01, lr_D=0.02, optimizer=Adam((0.5, 0.99)), ema=None)
RING = ring(200, rng=np.random.default_rng(0))
FIXED = {"lr_mutation": None, "replacement": "always"}


def made(*, seed=0, recipe=RECIPE, loss=None, **options):
    torch.manual_seed(seed)
    return Lipizzaner(partial(assemble, (2,), NETS, recipe, loss=loss or NonSaturating()), **options)


def batches(n=8, seed=0):
    return Batches(RING, n, seed=seed)


def tensors(system):
    return [[*G.weights, *D.weights] for G, D in zip(system.population, system.discriminators, strict=True)]


def clones(system):
    return [[w.clone() for w in row] for row in tensors(system)]


class Tape:
    """Batches by number, and which of them were drawn."""

    def __init__(self, n=8):
        self.n, self.drawn = n, []

    def __call__(self):
        chance = torch.Generator().manual_seed(len(self.drawn))
        self.drawn.append(Batch(torch.randn(self.n, 2, generator=chance)))
        return self.drawn[-1]


class Prior:
    """Latents of their own for every batch size, so that those of evaluations leave those of training alone."""

    def __init__(self):
        self.chance = {}

    def __call__(self, n):
        chance = self.chance.setdefault(n, torch.Generator().manual_seed(n))
        return torch.randn(n, 3, generator=chance)


def with_statistics(prior):
    G = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    D = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    return AdversarialTrainer(G, D, prior=prior)


def watch(monkeypatch):
    """Return a list that gets what every meeting judges."""
    seen, meet = [], Arena.meet
    monkeypatch.setattr(Arena, "meet", lambda *given: seen.append(meet(*given)) or seen[-1])
    return seen


# One cell, and many.


@pytest.mark.parametrize("n_critic", [1, 2])
@pytest.mark.parametrize("replacement", ["always", "neighbourhood"])
def test_one_cell_is_a_plain_gan(n_critic, replacement):
    def make(prior):
        torch.manual_seed(0)
        return GANSystem(with_statistics(prior), shape=(2,), n_critic=n_critic, ema=None, schedule=LinearDecay(2, 20))

    tape, told = Tape(), []
    grid = Lipizzaner(
        lambda: make(Prior()), grid=(1, 1), exchange_every=4, n_eval=5, lr_mutation=None, replacement=replacement
    )
    plain, used = make(Prior()), []
    for step in range(10):
        first = len(tape.drawn) + (step % 4 == 0)  # an epoch begins and ends with a batch to judge on
        told.append(grid.step(tape))
        used += tape.drawn[first : first + n_critic]
    assert len(tape.drawn) == 10 * n_critic + 5
    for row in told:
        expected = plain.step(lambda: used.pop(0))
        assert {name: row[name] for name in expected} == expected
    ours, theirs = tensors(grid)[0], [w for net in (plain.trainer.G, plain.trainer.D) for w in _all(net)]
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)  # running statistics too
    assert grid.counters == {
        "n_d_steps": 10 * n_critic,
        "n_g_steps": 10,
        "n_evaluations": 3 * 1 + 2 * 4,
        "n_diverged": 0,
    }


def _all(net):
    return [*net.parameters(), *net.buffers()]


@pytest.mark.parametrize("grid", [(2, 2), (1, 4)])
def test_every_cell_trains_copies_of_the_best_of_its_neighbourhood_on_each_other(grid):
    prior, tape, made_ = Prior(), Tape(), []

    def make():
        made_.append(GANSystem(with_statistics(prior), shape=(2,), ema=None))
        return made_[-1]

    torch.manual_seed(1)
    system = Lipizzaner(make, grid=grid, tournament_size=9, lr_mutation=None, n_eval=5, exchange_every=9)
    first = clones(system)
    for _ in range(3):
        system.step(tape)

    def restored(k, prior):  # of make's networks the first is the workbench
        trainer = with_statistics(prior)
        with torch.no_grad():
            for tensor, value in zip([*_all(trainer.G), *_all(trainer.D)], first[k], strict=True):
                tensor.copy_(value)
        return trainer

    n_cells, again = len(first), Prior()
    real, latent = tape.drawn[0].x[:5], again(5)
    loss = NonSaturating()
    table = np.zeros((n_cells, n_cells, 2))
    with torch.no_grad():
        nets = [restored(k, None) for k in range(n_cells)]
        for g in range(n_cells):
            for d in range(n_cells):
                G, D = nets[g].G.eval(), nets[d].D.eval()
                logits = D(real), D(G(latent))
                table[g, d] = [f(*logits, real=None, fake=None).item() for f in (loss.generator, loss.discriminator)]
    trainers = []
    for cells in system.neighbours:
        inside = table[np.ix_(cells, cells)]
        best_G, best_D = cells[inside[..., 0].mean(1).argmin()], cells[inside[..., 1].mean(0).argmin()]
        trainer = restored(best_G, again)
        trainer.D.load_state_dict(nets[best_D].D.state_dict())
        trainers.append((trainer, (best_G, best_D)))
    assert len({choice for _, choice in trainers}) > 1  # not one for all
    for i, batch in enumerate(tape.drawn[1:]):
        trainer = trainers[i % n_cells][0]
        trainer.d_step(batch.x)
        trainer.g_step(batch.x)
    for c, (trainer, (best_G, best_D)) in enumerate(trainers):
        assert system.population[c].parents == (best_G,) and system.discriminators[c].parents == (best_D,)
        expected = [*_all(trainer.G), *_all(trainer.D)]
        torch.testing.assert_close(tensors(system)[c], expected, rtol=0, atol=0)


def test_cells_begin_with_networks_of_their_own():
    system = made(grid=(2, 3))
    for kind in (system.population, system.discriminators):
        assert len({one.weights[0].sum().item() for one in kind}) == 6
        assert [one.number for one in kind] == list(range(6))
    assert [len(w) for w in system.mixtures] == [4] * 6 and all((w == 0.25).all() for w in system.mixtures)


# What passes between cells.


def test_what_a_neighbour_copied_does_not_move_with_the_original():
    system = made(exchange_every=50, **FIXED)
    source = batches()
    system.step(source)
    held = tensors(system)  # what the cells hold now, by reference
    before = clones(system)
    copied = [[w.clone() for w in one.weights] for kind in system._former for one in kind]
    system._train_cell(0, source, np.random.default_rng(0))
    for c in (1, 2, 3):
        assert all(a is b for a, b in zip(tensors(system)[c], held[c], strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(tensors(system)[0], before[0], strict=True))
    for _ in range(3):
        system.step(source)
    torch.testing.assert_close(held, before, rtol=0, atol=0)
    assert all(
        torch.equal(a, b)
        for one, weights in zip([one for kind in system._former for one in kind], copied, strict=True)
        for a, b in zip(one.weights, weights, strict=True)
    )


@pytest.mark.parametrize("opponents", ["selected", "neighbourhood"])
def test_opponents_are_those_of_the_neighbourhood_equally_often(opponents, monkeypatch):
    system = made(grid=(3, 3), opponents=opponents, exchange_every=1000, tournament_size=1)
    source = batches(2)
    system.step(source)
    loaded = {system.bench: Counter(), system.benches.D: Counter()}
    cell = 4
    names = [{id(one.weights): k for k, one in enumerate(kind)} for kind in system._former]
    names = dict(zip(loaded, names, strict=True))
    load = Workbench.load_weights

    def watched(bench, weights):
        loaded[bench][names[bench].get(id(weights), "own")] += 1
        load(bench, weights)

    monkeypatch.setattr(Workbench, "load_weights", watched)
    rng = np.random.default_rng(0)
    for _ in range(400):
        system._train_cell(cell, source, rng)
    for counts in loaded.values():
        assert counts.total() == 800 and counts["own"] >= 400  # half of them put the trained itself on the bench
        if opponents == "selected":
            assert counts["own"] == 800
            continue
        assert set(counts) == {"own", *system.neighbours[cell][1:]}
        assert all(abs(n - 80) < 35 for k, n in counts.items() if k != "own")


@pytest.mark.parametrize("replacement", ["cell", "neighbourhood", "always"])
def test_what_stays_in_a_cell(replacement, monkeypatch):
    seen = watch(monkeypatch)
    outcomes = Counter()
    for seed in range(3):
        system = made(seed=seed, grid=(2, 3), replacement=replacement, exchange_every=2, n_mixture_steps=0)
        source = batches(seed=seed)
        for _ in range(10):
            for _ in range(2):
                system.step(source)
            for kind, living in enumerate((system.population, system.discriminators)):
                for c, pair in enumerate(seen[-1]):
                    *copies, trained = pair[kind]
                    assert len(copies) == len(system.neighbours[c])
                    rest = {"cell": copies[:1], "always": [], "neighbourhood": copies}[replacement]
                    best = max([trained, *rest], key=lambda one: one.fitness)
                    assert living[c].number == best.number and living[c].fitness == best.fitness
                    assert all(a is b for a, b in zip(living[c].weights, best.weights, strict=True))
                    outcomes["trained" if best is trained else "own" if best is copies[0] else "neighbour's"] += 1
    expected = {"cell": {"trained", "own"}, "always": {"trained"}, "neighbourhood": {"trained", "own", "neighbour's"}}
    assert set(outcomes) == expected[replacement] and min(outcomes.values()) > 10


@pytest.mark.parametrize("size", [1, 2, 9])
def test_tournaments_choose_in_the_neighbourhood(size, monkeypatch):
    seen = watch(monkeypatch)
    system = made(grid=(3, 3), exchange_every=1, tournament_size=size, replacement="always", n_mixture_steps=0)
    source, ranks = batches(4), Counter()
    for _ in range(15):
        system.step(source)
        begun = seen[-2]
        for kind, living in enumerate((system.population, system.discriminators)):
            for c, pair in enumerate(begun):
                assert [one.number for one in pair[kind]] == [
                    system_number(seen, kind, k) for k in system.neighbours[c]
                ]
                order = sorted(pair[kind], key=lambda one: one.fitness, reverse=True)
                (parent,) = living[c].parents
                ranks[[one.number for one in order].index(parent)] += 1
    n = 15 * 9 * 2
    # Of 5 copies the one of rank r wins if it is drawn and no better one is: C(4 - r, size - 1) / C(5, size).
    for rank in range(5):
        share = math.comb(4 - rank, size - 1) / math.comb(5, size) if size <= 5 else float(rank == 0)
        assert abs(ranks[rank] / n - share) < 0.1, ranks


def system_number(seen, kind, k):
    """Return the number of what cell k held when the last epoch began: it is first in its own neighbourhood."""
    return seen[-2][k][kind][0].number


# Rates and losses.


def test_learning_rates_mutate_once_an_epoch_for_both_kinds():
    mutation = LearningRateMutation(sd=0.1, probability=0.5)
    system = made(grid=(6, 6), exchange_every=2, lr_mutation=mutation)
    source, rates = batches(2), []
    for step in range(4):
        before = [[one.rate for one in kind] for kind in (system.population, system.discriminators)]
        system.step(source)
        after = [[one.rate for one in kind] for kind in (system.population, system.discriminators)]
        if step == 0:
            rates = np.array(after)
            assert rates.shape == (2, 36) and set(np.unique(before)) == {1.0}
        if step == 2:
            assert after != before
    changed = rates[rates != 1.0]
    assert abs(len(changed) / 72 - 0.5) < 0.2
    assert abs(changed.std() - 0.1) < 0.04 and abs(changed.mean() - 1.0) < 0.06
    assert len(set(changed)) == len(changed)  # each draws its own


def test_rates_are_kept_within_an_epoch_and_reach_the_optimizers():
    recipe = Recipe(lr_G=0.01, lr_D=0.02, optimizer=SGD(), ema=None, schedule=LinearDecay(0, 10))
    system = made(recipe=recipe, grid=(1, 3), exchange_every=9, lr_mutation=LearningRateMutation(0.3, 1.0))
    source, seen = batches(), []
    for step in range(4):
        system.step(source)
        rates = [[one.rate for one in kind] for kind in (system.population, system.discriminators)]
        seen.append(rates)
        for optimizer, lr, (*_, last) in zip(
            (system.trainer.optimizer_G, system.trainer.optimizer_D), (0.01, 0.02), rates, strict=True
        ):
            assert optimizer.param_groups[0]["lr"] == pytest.approx(lr * last * (1 - step / 10))
    assert seen == [rates] * 4 and 1.0 not in rates[0] + rates[1]


def test_without_mutation_rates_stay():
    system = made(exchange_every=1, lr_mutation=None)
    source = batches()
    for _ in range(3):
        system.step(source)
    assert {one.rate for one in system.population + system.discriminators} == {1.0}


def test_mustangs_draws_all_losses_about_equally_and_trains_on_what_it_draws(monkeypatch):
    torch.manual_seed(0)
    system = mustangs((2,), networks=NETS, grid=(1, 3), exchange_every=7, recipe=RECIPE)
    used, g_step = Counter(), system.trainer.g_step

    def watched(real, *, loss, **given):
        used[loss] += 1
        return g_step(real, loss=loss, **given)

    monkeypatch.setattr(system.trainer, "g_step", watched)
    source, told = batches(4), Counter()
    for _ in range(150):
        row = system.step(source)
        drawn = {name: int(value) for name, value in row.items() if name.startswith("by_")}
        assert sum(drawn.values()) == 3
        told.update(drawn)
    assert set(told) == {"by_minimax", "by_heuristic", "by_least_squares"}
    assert all(abs(n - 150) < 40 for n in told.values())  # of 450; the standard deviation is 10
    assert {f"by_{name}": used[loss] for name, loss in egan_mutations().items()} == told
    assert list(system.mutations.values()) == list(egan_mutations().values())
    assert {mutation for row in system.take_records() for mutation in row["mutation"]} == set(egan_mutations())


def test_fitness_is_by_the_gans_own_loss_whatever_trains_the_generators(monkeypatch):
    seen = watch(monkeypatch)
    for mutations in (None, {"hinge": Hinge()}):
        system = made(mutations=mutations)
        system.step(batches())
        assert list(system.mutations) == (["own"] if mutations is None else ["hinge"])
        assert all(G.mutation == next(iter(system.mutations)) for G in system.population)
    fitness = [[one.fitness for pair in judged for kind in pair for one in kind] for judged in seen]
    assert fitness[0] == fitness[1]


@pytest.mark.parametrize("aggregate", ["average", "worst", "best"])
def test_the_aggregate_is_handed_on(aggregate, monkeypatch):
    asked, meet = [], Arena.meet
    monkeypatch.setattr(Arena, "meet", lambda arena, groups, by: asked.append(by) or meet(arena, groups, by))
    made(aggregate=aggregate, exchange_every=1).step(batches())
    assert asked == [aggregate] * 2


# Mixtures.


def with_marks(system, marks):
    """Let the generator of cell k make the constant ``marks[k]``."""
    for G, mark in zip(system.population, marks, strict=True):
        *_, weight, bias = G.weights
        weight.zero_()
        bias.fill_(mark)
    return system


def test_samples_are_drawn_by_the_weights_of_the_best_cells_mixture(monkeypatch):
    system = with_marks(made(grid=(1, 3)), [0.0, 1.0, 2.0])
    system.mixtures = [np.array([1.0, 0.0, 0.0]), np.array([0.2, 0.5, 0.3]), np.array([0.0, 0.0, 1.0])]
    system.scores = [-2.0, -1.0, math.nan]
    loaded, load = [], Workbench.load_weights
    monkeypatch.setattr(Workbench, "load_weights", lambda bench, w: loaded.append(w) or load(bench, w))
    x = system.sample(4000, rng=np.random.default_rng(0))
    assert x.shape == (4000, 2) and len(loaded) == 3  # every generator once
    shares = [(x[:, 0] == mark).float().mean().item() for mark in range(3)]
    # Neighbours of cell 1 in order: itself, cell 2, cell 0.
    np.testing.assert_allclose(shares, [0.3, 0.2, 0.5], atol=0.03)
    assert len(set(x[:50, 0].tolist())) == 3  # mixed, not in blocks
    system.scores = [5.0, -1.0, 4.0]
    assert (system.sample(100, rng=np.random.default_rng(0)) == 0.0).all() and len(loaded) == 4


def test_samples_are_functions_of_the_rng_alone():
    system = made()
    fit(system, RING, 3, rng=np.random.default_rng(0), batch_size=8)
    first, again, other = (system.sample(20, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert len(first.unique(dim=0)) == 20
    before = torch.random.get_rng_state()
    system.sample(5, rng=np.random.default_rng(1))
    assert torch.equal(torch.random.get_rng_state(), before)


class Labelled(nn.Module):
    """Makes (mark, label)."""

    def __init__(self):
        super().__init__()
        self.mark = nn.Parameter(torch.zeros(1))

    def forward(self, latent, labels):
        return torch.stack([self.mark.expand(len(latent)) + 0 * latent[:, 0], labels.float()], dim=1)


class Pairs(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 1)

    def forward(self, x, labels):
        return self.line(torch.cat([x, labels[:, None].float()], dim=1))


def test_labels_go_with_their_samples():
    def make():
        trainer = AdversarialTrainer(Labelled(), Pairs(), prior=lambda n: torch.randn(n, 1))
        return GANSystem(trainer, shape=(2,), n_classes=5, ema=None)

    system = Lipizzaner(make, grid=(1, 3), exchange_every=2)
    for mark, G in enumerate(system.population):
        G.weights[0].fill_(mark)
    rng, labels = np.random.default_rng(0), torch.arange(60) * 7 % 5
    x = system.sample(60, rng=rng, labels=labels)
    assert x[:, 1].tolist() == labels.tolist() and set(x[:, 0].tolist()) == {0, 1, 2}
    assert system.sample(7, rng=rng)[:, 1].tolist() == [0, 1, 2, 3, 4, 0, 1]
    pictures = system.pictures(Batch(torch.zeros(6, 2), torch.zeros(6)), rng=rng)
    assert pictures[:, 1].tolist() == [0, 1, 2, 3, 4, 0]
    for _ in range(3):
        system.step(lambda: Batch(torch.randn(8, 2), torch.arange(8) % 5))
    with pytest.raises(ValueError, match="labels"):
        system.sample(3, rng=rng, labels=torch.zeros(2, dtype=torch.long))


def test_the_generator_is_a_copy_of_the_mixture():
    system = with_marks(made(grid=(1, 3)), [0.0, 1.0, 2.0])
    system.scores, system.mixtures[1] = [0.0, 1.0, 0.0], np.array([0.5, 0.25, 0.25])
    generator = system.generator
    assert isinstance(generator, GeneratorMixture) and generator.weights.tolist() == [0.5, 0.25, 0.25]
    torch.manual_seed(0)
    x = generator(torch.randn(2000, 3))[:, 0]
    shares = [(x == mark).float().mean().item() for mark in range(3)]
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], atol=0.04)
    state = generator.state_dict()
    fit(system, RING, 2, rng=np.random.default_rng(0), batch_size=8)
    assert all(torch.equal(value, state[name]) for name, value in generator.state_dict().items())


def test_mixtures_are_scored_before_the_first_epoch_and_evolve_after_every_one():
    seen = []

    def score(x):
        seen.append(x)
        return -float((x.mean() - 1.0).abs())

    system = made(grid=(1, 2), exchange_every=3, score=score, n_eval=16, n_mixture_steps=5, mixture_sd=0.1)
    source = batches()
    assert all(math.isnan(value) for value in system.scores)
    numbers = []
    for _ in range(6):
        row = system.step(source)
        numbers.append(len(seen))
        assert row["mixture_score"] == torch.tensor(max(system.scores))
    assert numbers == [2, 2, 14, 14, 14, 26]  # 2 cells; a parent and 5 children each
    assert all(x.shape == (16, 2) for x in seen)
    parents, children = seen[14], seen[15:20]
    assert system.scores[0] == max(-float((x.mean() - 1.0).abs()) for x in [parents, *children])
    assert system.scores[1] == max(-float((x.mean() - 1.0).abs()) for x in seen[20:])


def test_a_mixture_finds_the_generators_that_make_the_data():
    # Cell 0 makes 0, cell 1 makes 1; of the data a fifth is 1.
    still = Recipe(lr_G=0.0, lr_D=0.0, ema=None)
    options = {"n_mixture_steps": 300, "mixture_sd": 0.05, "n_eval": 200, "tournament_size": 1, **FIXED}
    system = made(recipe=still, grid=(1, 2), exchange_every=1, **options)
    data = torch.zeros(200, 2)
    data[::5] = 1.0
    for seed in range(20):  # until the tournaments let each keep its own
        torch.manual_seed(seed)
        with_marks(system, [0.0, 1.0]).step(lambda: Batch(data))
        if [G.weights[-1][0].item() for G in system.population] == [0.0, 1.0]:
            break
    else:
        pytest.fail("no tournament left both")
    np.testing.assert_allclose(system.mixtures[0], [0.8, 0.2], atol=0.02)
    np.testing.assert_allclose(system.mixtures[1], [0.2, 0.8], atol=0.02)


def test_the_default_score_is_minus_the_squared_mmd_to_the_samples_they_are_judged_on(monkeypatch):
    seen, score = [], Arena.score

    def watched(arena, of, generators, weights):
        seen.append((arena, generators, weights, score(arena, of, generators, weights)))
        return seen[-1][-1]

    monkeypatch.setattr(Arena, "score", watched)
    system = made(n_eval=20, exchange_every=1)
    system.step(batches())
    for arena, generators, weights, value in seen[-44:]:
        real, fakes = arena.evaluation.real.double().numpy(), [arena.fakes(G).numpy() for G in generators]
        cuts = np.rint(20 * np.cumsum([0, *weights])).astype(int)
        fake = np.concatenate([x[first:last] for x, first, last in zip(fakes, cuts[:-1], cuts[1:], strict=True)])
        median = np.median(np.linalg.norm(real[:10] - real[10:], axis=1))
        assert value == pytest.approx(-mmd(real, fake, [median / 2, median, 2 * median]), rel=1e-5)
    assert len({id(arena.evaluation) for arena, *_ in seen[-44:]}) == 1  # all cells on the same samples
    for c in range(4):
        of_cell = seen[-44 + 11 * c :][:11]
        assert [G.number for G in of_cell[0][1]] == [system.population[k].number for k in system.neighbours[c]]
        assert system.scores[c] == max(value for *_, value in of_cell)


def test_scores_that_are_never_finite_are_refused():
    with pytest.raises(ValueError, match="score must return a finite number"):
        made(score=lambda x: math.nan).step(batches())


# Steps, states, records.


def test_steps_tell_the_same_names_and_counters_are_exact():
    system = made(grid=(2, 2), exchange_every=3, recipe=Recipe(n_critic=2, ema=None))
    source, names = batches(), set()
    for _ in range(3):
        row = system.step(source)
        assert all(value.shape == () and math.isfinite(value) for value in row.values())
        names.add(tuple(row))
    assert names == {("discriminator", "generator", "fitness", "mixture_score")}
    # All 16 pairs of copies at the start; at the end those, 12 of either kind with a copy, and 4 of the trained.
    assert system.counters == {"n_d_steps": 24, "n_g_steps": 12, "n_evaluations": 16 + 44, "n_diverged": 0}
    assert system.system.n_steps == 3


def test_losses_told_are_means_over_the_cells():
    system = made()
    row = system.step(batches())
    for name, kind in (("generator", system.population), ("discriminator", system.discriminators)):
        assert row[name].item() == pytest.approx(np.mean([one.loss for one in kind]))
        assert len({one.loss for one in kind}) == 4


def test_the_fitness_told_is_that_of_the_best_cells_generator(monkeypatch):
    seen = watch(monkeypatch)
    system, source = made(grid=(1, 4), exchange_every=2), batches()
    row = system.step(source)
    begun, best = seen[0][system.best_cell].G, system.best_cell
    (parent,) = system.population[best].parents
    assert row["fitness"].item() == pytest.approx(next(G.fitness for G in begun if G.number == parent))
    row = system.step(source)
    ended = seen[1][system.best_cell].G
    number = system.population[system.best_cell].number
    assert row["fitness"].item() == pytest.approx(next(G.fitness for G in ended if G.number == number))


def test_same_seed_same_grid():
    runs = []
    for seed in (3, 3, 4):
        system = made(exchange_every=4, mutations=egan_mutations())
        losses = fit(system, RING, 10, rng=np.random.default_rng(seed), batch_size=8)
        runs.append((losses["generator"].tolist(), [w.tolist() for row in tensors(system) for w in row]))
    assert runs[0] == runs[1] and runs[0][0] != runs[2][0]


def same(a, b):
    """Whether two states are equal, bit for bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


@pytest.mark.parametrize("stop", [0, 4, 6, 8])
@pytest.mark.parametrize("opponents", ["selected", "neighbourhood"])
def test_a_resumed_run_goes_on_bit_for_bit(stop, opponents, tmp_path):
    def begin(seed):
        return made(seed=seed, grid=(2, 3), exchange_every=4, opponents=opponents, mutations=egan_mutations())

    whole, source = begin(0), batches()
    torch.manual_seed(5)
    if stop:
        run_block(whole, source, stop)
    save_state(tmp_path / "state", {"system": whole.state_dict(), "random": torch.random.get_rng_state()})
    n_drawn = source.n_drawn
    whole.take_records()
    expected = run_block(whole, source, 7)

    records = whole.take_records()

    resumed, source = begin(1), batches()
    stored = load_state(tmp_path / "state")
    resumed.load_state_dict(stored["system"])
    torch.random.set_rng_state(stored["random"])
    source.n_drawn = n_drawn
    found = run_block(resumed, source, 7)
    assert {name: values.tolist() for name, values in found.items()} == {
        name: values.tolist() for name, values in expected.items()
    }
    torch.testing.assert_close(tensors(resumed), tensors(whole), rtol=0, atol=0)
    assert len(records) >= 1 and resumed.take_records() == records
    x, y = (system.sample(9, rng=np.random.default_rng(0)) for system in (resumed, whole))
    assert torch.equal(x, y)
    assert same(resumed.state_dict(), whole.state_dict())


def test_a_state_does_not_move_with_the_system():
    system = made(exchange_every=3)
    source = batches()
    run_block(system, source, 4)
    state = system.state_dict()
    other = made(seed=9, exchange_every=3)
    other.load_state_dict(state)
    before = clones(other)
    run_block(system, source, 3)
    torch.testing.assert_close(tensors(other), before, rtol=0, atol=0)
    assert not torch.equal(tensors(system)[0][0], before[0][0])


def test_states_of_other_grids_and_networks_are_refused():
    system = made(grid=(2, 3))
    with pytest.raises(ValueError, match=r"grid \(3, 2\), the system has \(2, 3\)"):
        system.load_state_dict(made(grid=(3, 2)).state_dict())
    wider = Lipizzaner(partial(assemble, (2,), MLPNetworks(3, (9,)), RECIPE, loss=NonSaturating()), grid=(2, 3))
    with pytest.raises((ValueError, RuntimeError), match=r"size|shapes"):
        system.load_state_dict(wider.state_dict())


def test_an_epoch_leaves_a_record():
    system = made(grid=(1, 3), exchange_every=2)
    fit(system, RING, 5, rng=np.random.default_rng(0), batch_size=8)
    rows = system.take_records()
    assert [row["step"] for row in rows] == [2, 4] and system.take_records() == []
    columns = ("number", "parents", "mutation", "rate", "loss", "fitness", "survivors")
    for i, row in enumerate(rows):
        assert set(row) == {"step", "cell", "weights", "score", *columns, *(f"d_{name}" for name in columns)}
        assert all(len(column) == 3 for name, column in row.items() if name != "step")
        assert row["cell"] == [0, 1, 2] and row["number"] == row["d_number"] == [3 + 3 * i, 4 + 3 * i, 5 + 3 * i]
        assert row["mutation"] == row["d_mutation"] == ["own"] * 3
        assert all(abs(sum(weights) - 1.0) < 1e-9 and len(weights) == 3 for weights in row["weights"])
        json.loads(json.dumps(row, allow_nan=False))
    first, second = rows
    assert {p for (p,) in first["parents"]} <= {0, 1, 2}
    assert {p for (p,) in second["parents"]} <= set(first["survivors"])
    assert {p for (p,) in second["d_parents"]} <= set(first["d_survivors"])
    assert set(first["survivors"]) <= {0, 1, 2, 3, 4, 5}


def test_everything_moves():
    system = made()
    system.to(torch.device("meta"))
    assert {w.device.type for row in tensors(system) for w in row} == {"meta"} == {system.device.type}


def test_training_writes_the_mixture(tmp_path):
    system = made(grid=(1, 2), exchange_every=4)
    result = train(system, RING, n_steps=6, batch_size=8, seed=1, device="cpu", out=tmp_path)
    weights = load_state(tmp_path / "generator.pt")
    assert result.finished and weights["weights"].tolist() == system.mixtures[system.best_cell].tolist()
    assert {name.split(".")[1] for name in weights if name != "weights"} == {"0", "1"}


# Divergence.


def test_a_network_that_diverged_gives_way_to_the_best_copy_of_its_neighbourhood():
    system = made(grid=(1, 3), exchange_every=50)
    source = batches()
    system.step(source)
    best = [max(kind, key=lambda one: one.fitness) for kind in system._copies(1)]
    for w in system.discriminators[1].weights:
        w.fill_(math.nan)
    row = system.step(source)
    assert all(math.isfinite(value) for value in row.values())
    for kind, (living, expected) in enumerate(zip((system.population, system.discriminators), best, strict=True)):
        assert living[1].parents == (expected.number,) and living[1].number == 6 + kind
        torch.testing.assert_close(living[1].weights, expected.weights, rtol=0, atol=0)
        others = [one.loss for c, one in enumerate(living) if c != 1]
        assert row[("generator", "discriminator")[kind]].item() == pytest.approx(np.mean(others))
    assert system.counters["n_diverged"] == 2  # its generator trained on it
    run_block(system, source, 3)
    assert system.counters["n_diverged"] == 2


def test_what_diverged_in_the_last_step_of_an_epoch_does_not_stay(monkeypatch):
    for replacement in ("cell", "neighbourhood", "always"):
        system = made(grid=(1, 3), exchange_every=2, replacement=replacement)
        source = batches()
        system.step(source)
        train_cell = system._train_cell

        def broken(c, *given, system=system, train_cell=train_cell):
            losses = train_cell(c, *given)
            if c == 2:
                system.population[2].weights[0].fill_(math.nan)
            return losses

        monkeypatch.setattr(system, "_train_cell", broken)
        system.step(source)
        assert system.counters["n_diverged"] == 1
        assert all(torch.isfinite(w).all() for row in tensors(system) for w in row)
        assert system.population[2].number in (0, 1, 2)


def test_a_network_broken_from_the_start_is_neither_trained_nor_an_opponent():
    system = made(grid=(1, 3), opponents="neighbourhood", tournament_size=1, exchange_every=4)
    system.population[0].weights[0].fill_(math.nan)
    system.discriminators[1].weights[0].fill_(math.nan)
    run_block(system, batches(), 9)
    assert system.counters["n_diverged"] == 2
    assert all(torch.isfinite(w).all() for row in tensors(system) for w in row)


def test_where_all_diverge_the_losses_are_named():
    system = made(grid=(1, 2))
    source = batches()
    system.step(source)
    for D in system.discriminators:
        D.weights[0].fill_(math.nan)
    with pytest.raises(
        TrainingDivergedError, match=r"all generators of the grid diverged: cell 0 \(loss nan\), cell 1"
    ):
        system.step(source)
    system = made(grid=(1, 2))
    for one in system.population + system.discriminators:
        one.weights[0].fill_(math.nan)
    with pytest.raises(TrainingDivergedError, match="diverged: initial"):
        system.step(source)


# Bad input.


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"grid": (0, 2)}, ValueError, r"grid\[0\] must be at least 1, got 0"),
        ({"grid": 3}, TypeError, r"grid must be two integers"),
        ({"exchange_every": 0}, ValueError, "exchange_every must be at least 1"),
        ({"tournament_size": 0}, ValueError, "tournament_size must be at least 1"),
        ({"lr_mutation": 0.5}, TypeError, "lr_mutation must be an object such as LearningRateMutation"),
        ({"lr_mutation": LearningRateMutation}, TypeError, "lr_mutation must be an object"),
        ({"aggregate": "mean"}, ValueError, "aggregate must be one of 'average', 'worst', 'best', got 'mean'"),
        ({"opponents": "all"}, ValueError, "opponents must be one of"),
        ({"replacement": "never"}, ValueError, "replacement must be one of"),
        ({"score": 3}, TypeError, "score must be a function of samples"),
        ({"score": EGANFitness()}, TypeError, "score must be a function of samples"),
        ({"score": FeatureFitness}, TypeError, "score must be a function of samples"),
        ({"n_eval": 1}, ValueError, "n_eval must be at least 2"),
        ({"mixture_sd": -0.1}, ValueError, "mixture_sd must lie in"),
        ({"n_mixture_steps": -1}, ValueError, "n_mixture_steps must be at least 0"),
        ({"mutations": {}}, ValueError, "mutations must hold at least one"),
        ({"mutations": {"one": 1}}, TypeError, "mutations must be adversarial losses"),
        ({"size": 2}, TypeError, "unexpected keyword"),
        ({"recipe": Recipe()}, ValueError, r"without a moving average \(Recipe\(ema=None\)\)"),
    ],
)
def test_bad_input_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        made(**options)


def test_probabilities_out_of_range_are_refused():
    with pytest.raises(ValueError, match="probability must lie in"):
        LearningRateMutation(probability=1.5)


def test_gans_that_cells_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="no state: cells would share it"):
        Lipizzaner(partial(gans.began, (2,), networks=NETS, recipe=Recipe(ema=None)))
    with pytest.raises(TypeError, match="make must return a GANSystem"):
        Lipizzaner(lambda: 3)
    with pytest.raises(ValueError, match="no encoder"):
        Lipizzaner(partial(gans.bigan, (2,), networks=NETS, recipe=Recipe(ema=None)))


# The ring.


@pytest.mark.slow
@pytest.mark.parametrize("make", [lipizzaner, mustangs])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_ring_is_covered(make, seed):
    """Measured: 8 modes each; .78, .91, .83 of the samples good for Lipizzaner, .75, .90, .82 for Mustangs."""
    torch.manual_seed(seed)
    recipe = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.5, 0.9)), ema=None)
    system, rng = make((2,), networks=MLPNetworks(2, (128, 128)), recipe=recipe), np.random.default_rng(seed)
    data = ring(sd=0.1, rng=rng)
    fit(system, data, 1500, batch_size=64, rng=rng)
    coverage = mode_coverage(system.sample(2000, rng=rng).numpy(), data.modes, data.sd)
    assert coverage.n_covered >= 7 and coverage.high_quality >= 0.45
