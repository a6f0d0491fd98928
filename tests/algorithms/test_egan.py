"""E-GAN against plain torch loops: independent children, lineages, survivors, chained mutations, the discriminator."""

import copy
import io
import itertools
import json
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from evogan import gans
from evogan.algorithms.egan import EGAN
from evogan.datasets import ring
from evogan.gans import Recipe, assemble
from evogan.losses import Hinge, NonSaturating, Wasserstein
from evogan.nets import Discriminator, MLPNetworks, mlp_trunk
from evogan.neuroevolution import (
    UCB1,
    Distillation,
    EGANFitness,
    HeuristicMutation,
    LearningRateMutation,
    Metropolis,
    RandomMutations,
    RandomSelection,
    Tournament,
    Truncation,
    WorstSelection,
    egan_mutations,
)
from evogan.training import SGD, Adam, Batch, Batches, GANSystem, LinearDecay, fit, load_state, run_block, save_state

NETS = MLPNetworks(n_latent=3, hidden=(8,))
RECIPE = Recipe(lr_G=0.01, lr_D=0.01, optimizer=Adam((0.5, 0.99)), ema=None)
RING = ring(200, rng=np.random.default_rng(0))

# Eq. 3-5, by the logit.
LOSSES = {
    "minimax": lambda d: -0.5 * softplus(d).mean(),
    "heuristic": lambda d: 0.5 * softplus(-d).mean(),
    "least_squares": lambda d: ((torch.sigmoid(d) - 1) ** 2).mean(),
}


class Tape:
    """A prior that remembers what it drew, or plays back what it was given."""

    def __init__(self, given=None):
        self.drawn, self.given = [], given

    def __call__(self, n):
        self.drawn.append(torch.randn(n, 3) if self.given is None else self.given.pop(0))
        assert len(self.drawn[-1]) == n
        return self.drawn[-1]


class Source:
    """Batches that are remembered, or played back."""

    def __init__(self, n=8, given=None):
        self.n, self.drawn, self.given, self.chance = n, [], given, torch.Generator().manual_seed(0)

    def __call__(self):
        batch = Batch(torch.randn(self.n, 2, generator=self.chance)) if self.given is None else self.given.pop(0)
        self.drawn.append(batch)
        return batch


class Watched:
    """A selection that remembers what it was given and what it chose."""

    def __init__(self, selection=Truncation()):
        self.selection, self.seen, self.kept = selection, [], []

    def __call__(self, candidates, n, generation):
        self.seen.append(list(candidates))
        self.kept.append(self.selection(candidates, n, generation))
        return self.kept[-1]


def scripted(values):
    """A fitness that returns ``values`` in turn, whatever the samples are."""
    values = iter(values)
    return lambda x: next(values)


def making(prior=None, recipe=RECIPE, *, batch_norm=False, loss=None, **parts):
    """Return what makes plain GANs of points, all with one prior."""

    def make():
        D = Discriminator(mlp_trunk((2,), hidden=(8,), batch_norm=batch_norm))
        return assemble((2,), NETS, recipe, D=D, prior=prior, loss=loss or NonSaturating(), **parts)

    return make


def egan_of(*args, seed=0, **options):
    torch.manual_seed(seed)
    make = {k: options.pop(k) for k in ("prior", "recipe", "batch_norm", "loss") if k in options}
    return EGAN(making(**make), *args, **options)


def run(egan, n, batches=None, seed=1):
    torch.manual_seed(seed)
    batches = batches or Source()
    return [egan.step(batches) for _ in range(n)]


def watch(egan, monkeypatch, name, after=None):
    """Remember the keywords of every call of the trainer's method; call ``after`` behind each."""
    calls, inner = [], getattr(egan.trainer, name)

    def wrapped(*args, **options):
        value = inner(*args, **options)
        calls.append({"real": args[0], "loss_value": value, **options})
        if after is not None:
            after()
        return value

    monkeypatch.setattr(egan.trainer, name, wrapped)
    return calls


def assert_same(one, other):
    torch.testing.assert_close(one.weights, other.weights, rtol=0, atol=0)
    torch.testing.assert_close(one.optimizer, other.optimizer, rtol=0, atol=0)


def plain_nets(individual=None, D=None):
    """Copies of the networks with plain torch's Adam."""
    G = NETS.generator((2,))
    if individual is not None:
        with torch.no_grad():
            for p, w in zip(G.parameters(), individual.weights, strict=True):
                p.copy_(w)
    critic = Discriminator(mlp_trunk((2,), hidden=(8,)))
    if D is not None:
        critic.load_state_dict(D)
    return G, critic


def plain_step(G, D, optimizer, name, latent):
    loss = LOSSES[name](D(G(latent)).logits)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def plain_adam(net):
    return torch.optim.Adam(net.parameters(), 0.01, betas=(0.5, 0.99))


# independent children


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_child_is_the_same_whatever_its_siblings_are_and_in_whatever_order(batch_norm):
    fixed = torch.randn(8, 3, generator=torch.Generator().manual_seed(3))
    options = {"mu": 2, "prior": lambda n: fixed[:n], "batch_norm": batch_norm}
    reference = egan_of(**options)
    run(reference, 3)
    state = reference.state_dict()
    orders = [*itertools.permutations(LOSSES), *itertools.combinations(LOSSES, 1), *itertools.combinations(LOSSES, 2)]
    made, critics = {}, []
    for order in orders:
        watched = Watched()
        egan = egan_of(mutations={name: egan_mutations()[name] for name in order}, selection=watched, **options)
        egan.load_state_dict(copy.deepcopy(state))
        parents, before = list(egan.population), copy.deepcopy(egan.population)
        run(egan, 1)
        for child in watched.seen[0]:
            made.setdefault((child.parents, child.mutation), []).append(child)
        for parent, then in zip(parents, before, strict=True):
            assert_same(parent, then)
        critics.append(copy.deepcopy(egan.trainer.D.state_dict()))
    assert len(made) == 6 and all(len(children) == 6 + 1 + 2 for children in made.values())
    for children in made.values():
        for child in children[1:]:
            assert_same(child, children[0])
            assert child.parts == children[0].parts and child.loss == children[0].loss
    for one, other in itertools.combinations([children[0] for children in made.values()], 2):
        assert not torch.equal(one.weights[0], other.weights[0])
    for critic in critics[1:]:  # nor do children leave anything behind in the discriminator
        torch.testing.assert_close(critic, critics[0], rtol=0, atol=0)


def test_children_leave_the_running_statistics_of_the_discriminator_alone(monkeypatch):
    # After a generation they are those that its last step for the discriminator left.
    for crossover in (None, Distillation()):
        egan, left = egan_of(mu=2, batch_norm=True, crossover=crossover), []
        watch(egan, monkeypatch, "d_step", lambda egan=egan, left=left: left.append(copy.deepcopy(egan.trainer.D)))
        for _ in range(3):
            run(egan, 1)
            torch.testing.assert_close(egan.trainer.D.state_dict(), left[-1].state_dict(), rtol=0, atol=0)
        assert not torch.equal(next(left[0].buffers()), next(left[-1].buffers()))


def test_a_line_of_ancestors_is_a_plain_adam_run_on_one_generator(monkeypatch):
    tape, critics, n = Tape(), [], 12
    egan = egan_of(mu=2, prior=tape, selection=RandomSelection())  # so that lines change often
    first = copy.deepcopy(egan.population)
    watch(egan, monkeypatch, "d_step", lambda: critics.append(copy.deepcopy(egan.trainer.D.state_dict())))
    run(egan, n)
    records = egan.take_records()
    # A generation draws: fakes of each parent, latents to judge on, and latents of six children.
    assert [len(z) for z in tape.drawn] == [4, 4, 8, *[8] * 6] * n
    made = {
        number: (row["parents"][i], row["mutation"][i], tape.drawn[9 * t + 3 + i], critics[t], row["loss"][i])
        for t, row in enumerate(records)
        for i, number in enumerate(row["number"])
    }
    used = set()
    for survivor in egan.population:
        line, number = [], survivor.number
        while number in made:
            line.append(made[number])
            (number,) = line[-1][0]
        assert number in (0, 1) and len(line) == n
        G, _ = plain_nets(first[number])
        adam = plain_adam(G)
        for _, mutation, latent, critic, loss in reversed(line):
            used.add(mutation)
            assert plain_step(G, plain_nets(D=critic)[1], adam, mutation, latent) == pytest.approx(loss, rel=1e-5)
        torch.testing.assert_close(list(G.parameters()), survivor.weights, rtol=1e-5, atol=1e-6)
        for parameter, kept in zip(G.parameters(), survivor.optimizer, strict=True):
            assert kept["step"] == n == adam.state[parameter]["step"]
            for moment in ("exp_avg", "exp_avg_sq"):
                torch.testing.assert_close(adam.state[parameter][moment], kept[moment], rtol=1e-4, atol=1e-8)
    assert used == set(LOSSES)


def test_operators_states_follow_the_mutation_whichever_child_survives(monkeypatch):
    tape, critics, n = Tape(), [], 6
    egan = egan_of(prior=tape, selection=RandomSelection(), opt_state="operator")
    G, _ = plain_nets(egan.population[0])
    watch(egan, monkeypatch, "d_step", lambda: critics.append(copy.deepcopy(egan.trainer.D.state_dict())))
    run(egan, n)
    adams = {name: plain_adam(G) for name in LOSSES}  # three optimizers of one generator, as in the Theano programs
    chosen = []
    for t, row in enumerate(egan.take_records()):
        parent, children = copy.deepcopy(G.state_dict()), {}
        for i, (number, name) in enumerate(zip(row["number"], row["mutation"], strict=True)):
            G.load_state_dict(parent)
            plain_step(G, plain_nets(D=critics[t])[1], adams[name], name, tape.drawn[5 * t + 2 + i])
            children[number] = copy.deepcopy(G.state_dict())
        (survivor,) = row["survivors"]
        G.load_state_dict(children[survivor])
        chosen.append(row["mutation"][row["number"].index(survivor)])
    assert len(set(chosen)) > 1
    torch.testing.assert_close(list(G.parameters()), egan.population[0].weights, rtol=1e-5, atol=1e-6)
    states = egan.state_dict()["operator_states"]
    assert {name: float(state[0]["step"]) for name, state in states.items()} == dict.fromkeys(LOSSES, n)


# one mutation is the plain GAN


@pytest.mark.parametrize(
    "recipe",
    [
        RECIPE,
        Recipe(lr_G=0.01, lr_D=0.02, n_critic=2, ema=0.9, schedule=LinearDecay(2, 9)),
        Recipe(lr_G=0.05, lr_D=0.05, optimizer=SGD(0.5), ema=None),
    ],
    ids=["adam", "two steps, average, decay", "momentum"],
)
@pytest.mark.parametrize("selection", [Truncation(), RandomSelection(), WorstSelection(), Tournament()])
def test_one_parent_and_one_mutation_are_the_plain_gan(recipe, selection):
    n, k, tape, source = 6, recipe.n_critic, Tape(), Source()
    egan = egan_of(prior=tape, recipe=recipe, mutations=[NonSaturating()], selection=selection)
    losses = run(egan, n, source)
    # Beside the plain GAN's, a generation takes a batch for its children and one to judge them on, and latents for it.
    assert len(source.drawn) == n * (k + 2) and len(tape.drawn) == n * (k + 2)
    batches = [batch for i, batch in enumerate(source.drawn) if i % (k + 2) < k]
    latents = [latent for i, latent in enumerate(tape.drawn) if i % (k + 2) != k]
    torch.manual_seed(0)
    plain = making(Tape(latents), recipe)()
    expected = run(plain, n, Source(given=batches))
    assert [{name: row[name] for name in ("discriminator", "generator")} for row in losses] == expected
    torch.testing.assert_close(egan.generator.state_dict(), plain.generator.state_dict(), rtol=0, atol=0)
    torch.testing.assert_close(egan.trainer.D.state_dict(), plain.trainer.D.state_dict(), rtol=0, atol=0)
    rng = np.random.default_rng(0)
    egan.trainer.prior = plain.trainer.prior = lambda n: torch.randn(n, 3)
    assert torch.equal(egan.sample(5, rng=rng), plain.sample(5, rng=np.random.default_rng(0)))


def test_the_factor_1_2_of_the_mutations_does_not_matter_to_adam_but_for_its_epsilon():
    weights = []
    for loss in (HeuristicMutation(), NonSaturating()):
        egan = egan_of(mutations={"one": loss}, recipe=RECIPE)
        run(egan, 3)
        weights.append(egan.population[0].weights)
    torch.testing.assert_close(*weights, rtol=1e-3, atol=1e-5)


# survivors


def test_parents_never_survive_a_comma_and_numbers_count_all_that_were_made():
    for mu, selection in ((1, Truncation()), (2, RandomSelection()), (4, WorstSelection())):
        egan = egan_of(mu=mu, selection=selection)
        run(egan, 4)
        numbers, last = iter(range(mu, 100)), set(range(mu))
        for row in egan.take_records():
            assert row["number"] == [next(numbers) for _ in range(3 * mu)]
            assert set(row["survivors"]) <= set(row["number"]) and len(row["survivors"]) == mu
            assert {parent for (parent,) in row["parents"]} == last
            last = set(row["survivors"])
        assert [one.number for one in egan.population] == row["survivors"]


def test_selection_is_told_the_generation_and_the_parents():
    told = []

    def selection(candidates, n, generation):
        parents, number, rng = generation
        told.append((number, [one.number for one in parents], isinstance(rng, np.random.Generator)))
        return list(candidates)[:n]

    egan = egan_of(mu=2, selection=selection)
    run(egan, 3)
    assert told == [(0, [0, 1], True), (1, [2, 3], True), (2, [8, 9], True)]


def test_under_plus_parents_are_judged_anew_and_survive_where_they_are_fitter():
    # Parents are judged first; the script has them fitter, then less fit than their children.
    rows = [(9, 8, 1, 2, 3, 4, 5, 6), (2, 9, 1, 1, 3, 1, 1, 1), (0, 0, 1, 2, 3, 4, 5, 6)]
    egan = egan_of(mu=2, plus=True, fitness=scripted(itertools.chain(*rows)))
    run(egan, 1)
    assert [one.number for one in egan.population] == [0, 1]
    assert [one.fitness for one in egan.population] == [9.0, 8.0]
    run(egan, 1)
    assert [one.number for one in egan.population] == [1, 10]  # children 8-13 have 1, 1, 3, 1, 1, 1
    assert [one.fitness for one in egan.population] == [9.0, 3.0]
    run(egan, 1)
    assert [one.number for one in egan.population] == [19, 18]
    assert egan.counters["n_evaluations"] == 3 * (2 + 6)


def test_a_parents_new_fitness_is_that_under_the_new_discriminator():
    tape, source = Tape(), Source()
    egan = egan_of(prior=tape, plus=True, recipe=Recipe(lr_G=0.0, lr_D=0.05, ema=None), fitness=EGANFitness(0.1))
    seen = []
    for t in range(3):
        run(egan, 1, source)
        assert egan.population[0].number == 0  # a child equal to its parent does not displace it
        G, D = egan.trainer.G, egan.trainer.D
        d_fake = D(G(tape.drawn[5 * t + 1])).logits
        loss = softplus(-D(source.drawn[3 * t + 2].x).logits).mean() + softplus(d_fake).mean()
        norm = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(D.parameters()))]).norm()
        expected = torch.sigmoid(d_fake).mean().item() - 0.1 * norm.log().item()
        seen.append(egan.population[0].fitness)
        assert seen[-1] == pytest.approx(expected, abs=1e-5)
    assert len(set(seen)) == 3


def test_metropolis_judges_parents_anew_too_and_a_parent_may_stay():
    rows = [(5, 1, 2, 3), (5, 1, 2, 6), (1, 2, 3, 4)]
    egan = egan_of(selection=Metropolis(1e-9), fitness=scripted(itertools.chain(*rows)))
    run(egan, 3)
    assert [row["survivors"] for row in egan.take_records()] == [[0], [6], [9]]
    assert egan.counters["n_evaluations"] == 12


def test_the_first_survivor_samples_whatever_the_selection():
    for selection in (Truncation(), WorstSelection(), RandomSelection(), Tournament(), Metropolis()):
        egan = egan_of(mu=2, selection=selection)
        losses = run(egan, 3)[-1]
        best = egan.population[0]
        torch.testing.assert_close(list(egan.generator.parameters()), best.weights, rtol=0, atol=0)
        told = torch.stack([losses["fitness"], losses["generator"], losses["quality"], losses["diversity"]]).tolist()
        assert told == pytest.approx([best.fitness, best.loss, *best.parts], rel=1e-6)


# the same seed; resumption


EVERYTHING = {
    "mu": 2,
    "crossover": Distillation(2),
    "lr_mutation": LearningRateMutation(),
    "selection": Tournament(),
    "n_eval": 12,
    "fitness": EGANFitness(0.1),
}


def everything(seed=0, **options):
    recipe = Recipe(lr_G=0.01, lr_D=0.01, ema=0.9, n_critic=2)
    return egan_of(seed=seed, policy=UCB1(), recipe=recipe, batch_norm=True, **{**EVERYTHING, **options})


def assert_same_population(one, other):
    assert [i.number for i in one.population] == [i.number for i in other.population]
    for mine, theirs in zip(one.population, other.population, strict=True):
        assert_same(mine, theirs)
        assert (mine.parents, mine.mutation, mine.rate, mine.fitness, mine.parts) == (
            theirs.parents, theirs.mutation, theirs.rate, theirs.fitness, theirs.parts,
        )  # fmt: skip
    torch.testing.assert_close(one.trainer.D.state_dict(), other.trainer.D.state_dict(), rtol=0, atol=0)
    torch.testing.assert_close(one.generator.state_dict(), other.generator.state_dict(), rtol=0, atol=0)
    assert one.counters == other.counters


@pytest.mark.parametrize("plus", [False, True])
def test_the_same_seed_gives_the_same_population_and_another_seed_another(plus):
    made = []
    for seed, noise in ((5, 1), (5, 2), (6, 1)):
        egan = everything(plus=plus)
        torch.manual_seed(noise)  # training does not see torch's global state, nor move it
        state = torch.get_rng_state()
        losses = fit(egan, RING, 8, batch_size=16, rng=np.random.default_rng(seed))
        assert torch.equal(state, torch.get_rng_state())
        made.append((egan, losses, egan.take_records()))
    (one, losses, records), (same, same_losses, same_records), (other, _, other_records) = made
    assert_same_population(one, same)
    assert records == same_records != other_records
    assert all(np.array_equal(losses[name], same_losses[name]) for name in losses)
    assert not torch.equal(one.population[0].weights[0], other.population[0].weights[0])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"plus": True},
        {"selection": Metropolis(), "mutations": [Hinge(), Wasserstein()]},
        {"opt_state": "operator", "d_fakes": "evaluation", "order": "GD", "n_eval": 16},
        {"mutation_base": "chained", "crossover": None},
    ],
    ids=lambda options: "-".join(options) or "comma",
)
def test_a_run_resumed_from_a_file_is_the_run_that_never_stopped(options, tmp_path):
    def make(seed=0):
        if options.get("mutation_base") == "chained":
            return egan_of(seed=seed, mu=2, mutation_base="chained", fitness=EGANFitness(0.1), batch_norm=True)
        return everything(seed=seed, **options)

    straight, batches = make(), Batches(RING, 16, seed=3)
    torch.manual_seed(1)
    run_block(straight, batches, 5)
    straight.take_records()
    save_state(tmp_path / "state.pt", {"system": straight.state_dict(), "random": torch.get_rng_state()})
    drawn = batches.n_drawn
    losses = run_block(straight, batches, 5)

    resumed, batches = make(seed=9), Batches(RING, 16, seed=3)
    stored = load_state(tmp_path / "state.pt")
    resumed.load_state_dict(stored["system"])
    batches.n_drawn = drawn
    torch.set_rng_state(stored["random"])
    again = run_block(resumed, batches, 5)
    assert_same_population(straight, resumed)
    assert straight.take_records() == resumed.take_records()
    assert all(np.array_equal(losses[name], again[name]) for name in losses)


def test_a_loaded_state_and_the_run_it_came_from_share_nothing():
    first = everything(opt_state="operator")
    run(first, 3)
    state = first.state_dict()
    second = everything(seed=3, opt_state="operator")
    second.load_state_dict(state)
    kept = io.BytesIO()
    torch.save(second.state_dict(), kept)
    run(first, 2)
    now = io.BytesIO()
    torch.save(second.state_dict(), now)
    assert now.getvalue() == kept.getvalue()


def test_a_state_of_another_population_is_refused():
    state = egan_of(mu=2).state_dict()
    with pytest.raises(ValueError, match="this state holds 2 parents, the system has 3"):
        egan_of(mu=3).load_state_dict(state)


# chained mutations


def successive(egan, parent, latents, critic, names):
    """Plain successive steps of one generator from ``parent``, with its optimizer state."""
    torch.manual_seed(0)
    plain = making()()
    plain.trainer.D.load_state_dict(critic)
    bench = type(egan.bench).of_generator(plain.trainer)
    bench.load(parent)
    for name, latent in zip(names, latents, strict=True):
        plain.trainer.g_step(torch.zeros(8, 2), loss=egan_mutations()[name], latent=latent)
    return bench.individual()


@pytest.mark.parametrize(
    ("fitness", "survivor"),
    [
        ((1, 2, 3), ("minimax", "heuristic", "least_squares")),
        ((3, 2, 1), ("minimax",)),
        ((1, 2, 0), ("minimax", "heuristic")),
        ((2, 1, 3), ("minimax", "least_squares")),
    ],
)
def test_chained_with_one_parent_each_child_starts_from_what_was_accepted_before(fitness, survivor):
    tape = Tape()
    egan = egan_of(prior=tape, mutation_base="chained", fitness=scripted([0, 0, 0, *fitness]))
    run(egan, 1)
    egan.take_records()
    parent = egan.population[0]
    run(egan, 1)
    (row,) = egan.take_records()
    names, latents = list(LOSSES), dict(zip(LOSSES, tape.drawn[-3:], strict=True))
    # Rising fitness: three steps in a row. Falling: the first listed alone, since it always replaces the parent.
    expected = successive(egan, parent, [latents[n] for n in survivor], egan.trainer.D.state_dict(), survivor)
    assert_same(egan.population[0], expected)
    first, second, third = row["number"]
    assert row["parents"][:2] == [[parent.number], [first]]
    assert row["parents"][2] == ([second] if fitness[1] > fitness[0] else [first])
    assert row["mutation"] == names and row["survivors"] == [row["number"][names.index(survivor[-1])]]


def theano_lists(parents, fitnesses, mu, n_mutations):
    """The list logic of the authors' programs: ``gen_old_params = gen_new_params`` are one list."""
    slots, lineage, number = list(parents), [], max(parents) + 1
    scores = [None] * mu
    for i in range(mu):
        for _ in range(n_mutations):
            lineage.append(slots[i])
            fitness, n_made = fitnesses[len(lineage) - 1], len(lineage) - 1
            if n_made < mu:
                slots[n_made], scores[n_made] = number, fitness
            else:
                worst = scores.index(min(scores))
                if fitness > scores[worst]:
                    slots[worst], scores[worst] = number, fitness
            number += 1
    return lineage, [slot for _, slot in sorted(zip(scores, slots, strict=True), reverse=True)]


@pytest.mark.parametrize("mu", [1, 2, 4])
def test_chained_lineages_and_survivors_are_those_of_the_aliased_lists(mu):
    for seed in range(5):
        script = np.random.default_rng(seed).permutation(3 * mu * 3).astype(float)
        egan = egan_of(mu=mu, mutation_base="chained", fitness=scripted(script))
        run(egan, 3)
        parents = list(range(mu))
        for t, row in enumerate(egan.take_records()):
            assert row["fitness"] == list(script[3 * mu * t : 3 * mu * (t + 1)])
            first = row["number"][0]
            renumbered = [parents.index(p) - mu if p < first else p - first for (p,) in row["parents"]]
            lineage, survivors = theano_lists(range(-mu, 0), row["fitness"], mu, 3)
            assert renumbered == lineage
            assert [n - first for n in row["survivors"]] == survivors
            parents = row["survivors"]
            if mu == 2:  # all six descend from the first parent, and the second is never used
                assert -1 not in renumbered and renumbered[0] == -2


def test_independent_children_descend_from_every_parent_where_chained_ones_do_not():
    for base, used in (("parent", {0, 1}), ("chained", {0})):
        egan = egan_of(mu=2, mutation_base=base)
        run(egan, 1)
        (row,) = egan.take_records()
        assert {p for (p,) in row["parents"]} & {0, 1} == used


def test_no_parent_survives_a_chain():
    egan = egan_of(mu=4, mutations=[Hinge(), NonSaturating()], mutation_base="chained")
    run(egan, 4)
    for row in egan.take_records():
        assert set(row["survivors"]) <= set(row["number"])


# the discriminator


def constants(recipe=RECIPE):
    """A function that makes GANs whose generators are constant: (0, 0), (1, 1), ..."""
    count = itertools.count()

    def make():
        system = making(recipe=recipe)()
        layer = [m for m in system.trainer.G.modules() if isinstance(m, nn.Linear)][-1]
        with torch.no_grad():
            layer.weight.zero_()
            layer.bias.fill_(next(count))
        return system

    return make


@pytest.mark.parametrize("mu", [1, 2, 4])
def test_every_parent_gives_its_share_of_the_fakes_in_each_of_the_steps(mu, monkeypatch):
    egan = EGAN(constants(Recipe(n_critic=3, ema=None)), mu=mu)
    calls, source = watch(egan, monkeypatch, "d_step"), Source()
    egan.step(source)
    assert len(calls) == 3 == egan.counters["n_d_steps"]
    for call, batch in zip(calls, source.drawn, strict=False):
        assert call["real"] is batch.x
        torch.testing.assert_close(
            call["fake"], torch.arange(mu).repeat_interleave(8 // mu)[:, None].expand(8, 2).float()
        )


@pytest.mark.parametrize("mu", [1, 2])
def test_fresh_fakes_are_drawn_anew_for_every_step_and_the_other_order_shows_the_survivors(mu, monkeypatch):
    tape = Tape()
    falling = scripted(range(9, 0, -1))  # so that the last child made is not the survivor
    egan = egan_of(mu=mu, prior=tape, order="GD", recipe=Recipe(n_critic=2, ema=None), fitness=falling)
    calls, share = watch(egan, monkeypatch, "d_step"), 8 // mu
    egan.step(Source())
    assert [one.number for one in egan.population] == list(range(mu, 2 * mu))
    for k, call in enumerate(calls):
        latents = tape.drawn[1 + 3 * mu + mu * k :]  # behind those of the children and of their judgement
        for j, (one, latent) in enumerate(zip(egan.population, latents, strict=False)):
            torch.testing.assert_close(call["fake"][share * j : share * (j + 1)], plain_nets(one)[0](latent))


def test_evaluation_fakes_are_the_samples_that_the_survivors_were_judged_by(monkeypatch):
    tape = Tape()
    egan = egan_of(mu=2, prior=tape, order="GD", d_fakes="evaluation", n_eval=13, recipe=Recipe(n_critic=3, ema=None))
    calls = watch(egan, monkeypatch, "d_step")
    egan.step(Source())
    assert len(tape.drawn) == 7  # no fresh latents for the discriminator
    for k, call in enumerate(calls):
        shown = [plain_nets(one)[0](tape.drawn[0])[4 * k : 4 * k + 4] for one in egan.population]
        torch.testing.assert_close(call["fake"], torch.cat(shown))
    assert all(
        torch.equal(call["fake"][:4], egan.population[0].fakes[4 * k : 4 * k + 4]) for k, call in enumerate(calls)
    )


@pytest.mark.parametrize(("order", "expected"), [("DG", "ddggg" * 2), ("GD", "gggdd" * 2)])
def test_the_order_of_the_players(order, expected, monkeypatch):
    egan, steps = egan_of(order=order, recipe=Recipe(n_critic=2, ema=None)), []
    for name in ("d_step", "g_step"):
        watch(egan, monkeypatch, name, lambda name=name: steps.append(name[0]))
    run(egan, 2)
    assert "".join(steps) == expected


@pytest.mark.parametrize("mutation", [Wasserstein(), Hinge(), HeuristicMutation()])
def test_the_discriminators_loss_is_its_own_whatever_the_mutations_are(mutation, monkeypatch):
    egan = egan_of(mutations=[mutation], order="GD")
    run(egan, 2)
    D, source = copy.deepcopy(egan.trainer.D), Source()
    calls = watch(egan, monkeypatch, "d_step")
    row = egan.step(source)
    d_real, d_fake = (torch.sigmoid(D(x).logits) for x in (source.drawn[-1].x, calls[-1]["fake"]))
    expected = -torch.log(d_real).mean() - torch.log(1 - d_fake).mean()  # eq. 2
    torch.testing.assert_close(row["discriminator"], expected.detach())


def test_samples_to_judge_on_are_fresh_and_as_many_as_asked_for(monkeypatch):
    for n_eval, n_batches in ((None, 1), (5, 1), (8, 1), (20, 3)):
        egan, source, seen = egan_of(n_eval=n_eval), Source(), []
        egan.fitness = lambda evaluation, fake, seen=seen: seen.append((evaluation.real, fake)) or torch.zeros(1)
        egan.fitness.__dict__.update(parts=("none",), weights=(0.0,))
        egan.step(source)
        assert len(source.drawn) == 1 + 1 + n_batches
        drawn = torch.cat([batch.x for batch in source.drawn[2:]])[: n_eval or 8]
        assert all(torch.equal(real, drawn) and fake.shape == drawn.shape for real, fake in seen) and len(seen) == 3


# policies, rates, crossover inside a run


def test_policies_decide_how_many_children_are_made():
    for policy, n in ((RandomMutations(1), 2), (RandomMutations(2), 4), (UCB1(), 2)):
        egan = egan_of(mu=2, policy=policy)
        run(egan, 3)
        assert all(len(row["number"]) == n for row in egan.take_records())
        assert egan.counters["n_g_steps"] == 3 * n


def test_ucb1_learns_from_every_child_against_its_parent():
    # Comma: a parent's fitness is that of the generation before, and the first parents were never judged.
    policy = UCB1(decay=1.0)
    egan = egan_of(policy=policy, fitness=scripted([5, 4, 6, 7]))
    run(egan, 4)
    row = [(r["mutation"][0], r["fitness"][0]) for r in egan.take_records()]
    wins = dict.fromkeys(LOSSES, 0)
    for (_, before), (name, now) in itertools.pairwise(row):
        wins[name] += now > before
    state = policy.state_dict()
    assert sum(state["rewards"]) == 2 == sum(wins.values())
    assert dict(zip(LOSSES, state["rewards"], strict=True)) == wins


def test_a_childs_optimizer_uses_the_mutated_rate():
    recipe = Recipe(lr_G=0.1, lr_D=0.1, optimizer=SGD(), ema=None, schedule=LinearDecay(0, 4))
    fixed = torch.randn(8, 3, generator=torch.Generator().manual_seed(3))
    moved = {}
    for rates in ((1.0, 1.0), (3.0, 0.5)):
        values = iter(rates)
        egan = egan_of(
            prior=lambda n: fixed[:n], recipe=recipe, mutations=[Hinge()], lr_mutation=lambda r, rng, v=values: next(v)
        )
        start = egan.population[0].weights
        run(egan, 1)
        middle = egan.population[0]
        run(egan, 1)
        moved[rates] = [b - a for a, b in zip(start, middle.weights, strict=True)]
        # The line's rate is inherited: 3 then .5, not 1.5; the schedule's factor is 3/4 in the second step.
        assert [middle.rate, egan.population[0].rate] == list(rates)
        assert [row["rate"] for row in egan.take_records()] == [[rates[0]], [rates[1]]]
        G, D = plain_nets(middle, egan.trainer.D.state_dict())
        grads = torch.autograd.grad(-D(G(fixed)).logits.mean(), list(G.parameters()))
        for w, g, new in zip(middle.weights, grads, egan.population[0].weights, strict=True):
            torch.testing.assert_close(w - 0.1 * rates[1] * 0.75 * g, new, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(moved[3.0, 0.5], [3 * d for d in moved[1.0, 1.0]], rtol=1e-3, atol=1e-6)


def test_rates_are_mutated_per_child():
    egan = egan_of(mu=2, lr_mutation=LearningRateMutation(probability=1.0))
    run(egan, 2)
    first, second = egan.take_records()
    assert len(set(first["rate"])) == 6
    assert {one.rate for one in egan.population} <= set(second["rate"])


def test_the_two_fittest_children_cross_and_their_child_is_a_candidate():
    egan = egan_of(crossover=Distillation(2), fitness=scripted([3, 1, 2, 9, 0]))
    losses = run(egan, 1)[0]
    (row,) = egan.take_records()
    assert row["mutation"] == [*LOSSES, "crossover", "crossover"]
    assert row["parents"][3:] == [[1, 3], [1, 3]]  # the fitnesses 3 and 2
    assert row["survivors"] == [4] and losses["by_crossover"] == 1 and losses["by_minimax"] == 0
    assert egan.counters["n_g_steps"] == 5


def test_two_crossed_children_see_latents_of_their_own():
    watched = Watched()
    egan = egan_of(crossover=Distillation(2), selection=watched)
    run(egan, 1)
    one, other = watched.seen[0][3:]
    assert not torch.equal(one.weights[0], other.weights[0])


# records, counters, what a step returns


def test_a_record_tells_the_whole_generation_in_plain_values_and_is_taken_once():
    egan = egan_of(mu=2, crossover=Distillation())
    run(egan, 2)
    rows = egan.take_records()
    assert [row["step"] for row in rows] == [1, 2] and egan.take_records() == []
    columns = ["number", "parents", "mutation", "rate", "loss", "fitness", "quality", "diversity"]
    assert all(list(row) == ["step", *columns, "survivors"] for row in rows)
    assert all(len(row[name]) == 7 for row in rows for name in columns)
    assert json.loads(json.dumps(rows)) == rows
    for row in rows:
        expected = [q + 0.05 * d for q, d in zip(row["quality"], row["diversity"], strict=True)]
        assert row["fitness"] == pytest.approx(expected)


def test_every_step_returns_the_same_names_and_counts_what_made_the_parents():
    egan = egan_of(mu=4, mutations=[Hinge(), NonSaturating()], crossover=Distillation(), plus=True)
    rows = run(egan, 5)
    names = ["discriminator", "generator", "fitness", "quality", "diversity", "by_Hinge", "by_NonSaturating"]
    assert all(list(row) == [*names, "by_crossover"] for row in rows)
    for row, record in zip(rows, egan.take_records(), strict=True):
        young = dict(zip(record["number"], record["mutation"], strict=True))
        assert sum(row[f"by_{name}"] for name in ("Hinge", "NonSaturating", "crossover")) >= sum(
            n in young for n in record["survivors"]
        )
        assert all(value.dim() == 0 and not value.requires_grad for value in row.values())


def test_counters_by_hand():
    egan = egan_of(mu=2, recipe=Recipe(n_critic=3, ema=None), crossover=Distillation(), plus=True)
    run(egan, 4)
    assert egan.counters == {"n_d_steps": 12, "n_g_steps": 28, "n_evaluations": 36, "n_diverged": 0}


def test_first_parents_differ_and_are_those_that_the_function_made():
    torch.manual_seed(0)
    expected = [list(making()().trainer.G.parameters()) for _ in range(3)]
    egan = egan_of(mu=3)
    for one, weights in zip(egan.population, expected, strict=True):
        torch.testing.assert_close(one.weights, [w.detach() for w in weights], rtol=0, atol=0)


def test_the_average_samples_where_there_is_one():
    egan = egan_of(recipe=Recipe(lr_G=0.05, lr_D=0.05, ema=0.5))
    mean = None
    for t in range(4):
        run(egan, 1, seed=t)
        weights = egan.population[0].weights
        decay = min(0.5, (1 + t) / (10 + t))
        mean = weights if mean is None else [decay * m + (1 - decay) * w for m, w in zip(mean, weights, strict=True)]
    torch.testing.assert_close(list(egan.generator.parameters()), mean)


def test_evolution_is_a_system_like_every_other():
    egan = EGAN(partial(gans.cgan, (2,), n_classes=8, networks=NETS), mu=2)
    assert egan.shape == (2,) and egan.n_classes == 8 and isinstance(egan.system, GANSystem)
    losses = fit(egan, RING, 2, batch_size=8, rng=np.random.default_rng(0))
    assert all(np.isfinite(values).all() for values in losses.values())
    rng = np.random.default_rng(0)
    assert egan.sample(7, rng=rng, labels=torch.zeros(7, dtype=torch.long)).shape == (7, 2)
    assert egan.pictures(Batch(torch.zeros(5, 2)), rng=rng).shape == (5, 2)
    egan.to(torch.device("cpu"))
    assert egan.device == torch.device("cpu")
