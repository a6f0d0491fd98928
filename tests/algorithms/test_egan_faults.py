"""E-GAN told wrong: every refusal with its message; children that diverge are dropped, and when all do the run ends."""

import copy
import math
import re
from functools import partial

import numpy as np
import pytest
import torch

from evogan import gans
from evogan.algorithms.egan import EGAN
from evogan.datasets import digits, ring
from evogan.exceptions import TrainingDivergedError
from evogan.experiments import train
from evogan.gans import NormalPrior, Recipe, assemble
from evogan.losses import AuxiliaryClassification, FeatureMatching, NonSaturating, SeparableLoss
from evogan.nets import MLPNetworks, mlp
from evogan.neuroevolution import (
    UCB1,
    Distillation,
    EGANFitness,
    HeuristicMutation,
    IEGANFitness,
    LearningRateMutation,
    Metropolis,
    MinimaxMutation,
    ParetoSelection,
    RandomMutations,
    RandomSelection,
    Tournament,
    Truncation,
    WorstSelection,
)
from evogan.training import SGD, AdversarialTrainer, Batch, GANSystem, fit

NETS = MLPNetworks(n_latent=3, hidden=(8,))
RING = ring(100, rng=np.random.default_rng(0))
PLAIN = partial(gans.gan, (2,), networks=NETS)


class Mutation(SeparableLoss):
    """Cross entropy for the discriminator and ``term`` for the generator."""

    def __init__(self, term):
        self.term = term

    def real_term(self, d):
        return NonSaturating().real_term(d)

    def fake_term(self, d):
        return NonSaturating().fake_term(d)

    def generator_term(self, d):
        return self.term(d)


NAN = Mutation(lambda d: d * math.nan)
INFINITE = Mutation(lambda d: d * 1e38 * 1e38)
EXPLODING = Mutation(lambda d: -1e30 * d)  # finite, but with plain descent no weight is left
BLIND = Mutation(lambda d: torch.where(d > -math.inf, 0 * d, d).sqrt())  # loss 0, slope NaN
HIGH = Mutation(lambda d: 0 * d + math.inf)  # no slope at all: the child is its parent, its loss no number to report
FINE = HeuristicMutation()
DESCENT = Recipe(lr_G=1e9, lr_D=0.01, optimizer=SGD(), ema=None)


def batches(n=8):
    return lambda: Batch(torch.randn(n, 2))


def run(egan, n=3, size=8):
    torch.manual_seed(0)
    return [egan.step(batches(size)) for _ in range(n)]


def finite(egan):
    return all(torch.isfinite(w).all() for one in egan.population for w in one.weights)


# arguments


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"mu": 0}, ValueError, "mu must be at least 1, got 0"),
        ({"mu": 1.0}, TypeError, "mu must be an integer, got 1.0"),
        ({"mutations": []}, ValueError, "mutations must hold at least one adversarial loss"),
        ({"mutations": [AuxiliaryClassification()]}, TypeError, "mutations must be adversarial losses such as"),
        ({"mutations": {"f": FeatureMatching()}}, TypeError, "f is FeatureMatching(weight=1.0)"),
        ({"mutations": HeuristicMutation()}, TypeError, "in a list, or by name in a dict"),
        ({"fitness": EGANFitness}, TypeError, "fitness must be an object such as EGANFitness"),
        ({"fitness": 0.5}, TypeError, "fitness must be an object such as EGANFitness"),
        ({"plus": "yes"}, TypeError, "plus must be True or False, got 'yes'"),
        ({"n_eval": 1}, ValueError, "n_eval must be at least 2, got 1"),
        ({"n_eval": 2.5}, TypeError, "n_eval must be an integer"),
        ({"mutation_base": "child"}, ValueError, "mutation_base must be one of 'parent', 'chained', got 'child'"),
        ({"opt_state": "none"}, ValueError, "opt_state must be one of 'individual', 'operator', got 'none'"),
        ({"d_fakes": "old"}, ValueError, "d_fakes must be one of 'fresh', 'evaluation', got 'old'"),
        ({"order": "GG"}, ValueError, "order must be one of 'DG', 'GD', got 'GG'"),
        ({"d_fakes": "evaluation"}, ValueError, 'd_fakes="evaluation" needs order="GD"'),
        ({"mutation_base": "chained", "plus": True}, ValueError, "takes neither plus nor"),
        ({"mutation_base": "chained", "crossover": Distillation()}, ValueError, "takes neither plus nor"),
        ({"gamma": 0.1}, TypeError, "unexpected keyword argument 'gamma'"),
    ],
)
def test_arguments_are_checked(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        EGAN(PLAIN, **options)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("policy", RandomMutations),
        ("policy", "random"),
        ("crossover", Distillation),
        ("lr_mutation", 0.5),
        ("selection", Truncation),
        ("selection", "truncation"),
        ("selection", None),
    ],
)
def test_parts_must_be_objects_not_classes_or_words(name, bad):
    with pytest.raises(TypeError, match=f"{name} must be"):
        EGAN(PLAIN, **{name: bad})


@pytest.mark.parametrize(
    "ignored",
    [{"policy": UCB1()}, {"selection": Tournament()}, {"lr_mutation": LearningRateMutation()}],
    ids=lambda options: next(iter(options)),
)
def test_what_a_chain_would_ignore_is_refused(ignored):
    with pytest.raises(ValueError, match=r'mutation_base="chained" .* neither'):
        EGAN(PLAIN, mutation_base="chained", **ignored)


# systems


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (partial(gans.bigan, (2,)), ValueError, "must judge samples alone: no encoder, no joint_pairs"),
        (partial(gans.t_gan, (2,)), ValueError, "must judge samples alone"),
        (partial(gans.cyclegan, (2,)), ValueError, "what the population makes, and PooledTrainer shows it something"),
        (partial(gans.vae, (2,)), ValueError, "must take plain GAN steps, and VAESystem has steps of its own"),
        (partial(gans.pggan, (1, 8, 8)), ValueError, "GrowingSystem has steps of its own"),
        (partial(gans.seqgan, (4,)), ValueError, "SeqGANSystem has steps of its own"),
        (
            partial(gans.stacked_gan, (1, 8, 8), n_classes=10),
            TypeError,
            r"make must return a GANSystem, such as gans\.dcgan",
        ),
        (lambda: gans.gan((2,)).trainer, TypeError, "make must return a GANSystem"),
        (partial(EGAN, PLAIN), TypeError, "make must return a GANSystem"),
    ],
    ids=["encoder", "pairs", "pool", "own steps", "growth", "sequences", "several", "a trainer", "an E-GAN"],
)
def test_systems_whose_generator_cannot_evolve_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        EGAN(make)


def test_a_system_where_a_function_is_asked_for_is_refused():
    with pytest.raises(TypeError, match=r"make must be a function that makes a system, e\.g\. partial\(gans\.gan"):
        EGAN(PLAIN())


def test_parents_of_other_networks_cannot_be_mixed():
    widths = iter((8, 9))
    with pytest.raises((ValueError, RuntimeError), match=r"8|9"):
        run(EGAN(lambda: gans.gan((2,), networks=MLPNetworks(3, (next(widths),))), mu=2), 1)


def test_an_auxiliary_that_the_discriminator_cannot_serve_is_named_at_the_first_step():
    def make():
        trainer = AdversarialTrainer(mlp([3, 2]), mlp([2, 1]), prior=NormalPrior(3), auxiliaries=[FeatureMatching()])
        return GANSystem(trainer, shape=(2,), ema=None)

    with pytest.raises(TypeError, match=r"FeatureMatching needs a discriminator that returns Critic\(..., features="):
        run(EGAN(make), 1)


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match=r"the batch size must be a multiple of mu=3, .* got 8"):
        run(EGAN(PLAIN, mu=3), 1)


@pytest.mark.parametrize(("n_eval", "n_critic"), [(None, 2), (15, 2), (7, 1)])
def test_too_few_samples_to_judge_on_cannot_serve_as_fakes(n_eval, n_critic):
    make = partial(assemble, (2,), NETS, Recipe(n_critic=n_critic, ema=None), loss=NonSaturating())
    egan = EGAN(make, n_eval=n_eval, order="GD", d_fakes="evaluation")
    with pytest.raises(ValueError, match=rf'd_fakes="evaluation" needs n_eval .* got {n_eval or 8}'):
        run(egan, 1)
    run(EGAN(make, n_eval=8 * n_critic, order="GD", d_fakes="evaluation"), 1)


def test_samples_of_one_class_are_not_shown_as_those_of_another():
    # They were made for the labels of the batch that children are judged on, the discriminator steps have others.
    with pytest.raises(ValueError, match='d_fakes="evaluation" needs an unconditional system'):
        EGAN(partial(gans.cgan, (2,), n_classes=8, networks=NETS), order="GD", d_fakes="evaluation")


def test_classes_that_the_system_does_not_know_are_refused():
    with pytest.raises(ValueError, match="condition must hold class labels"):
        fit(EGAN(partial(gans.cgan, (1, 8, 8), n_classes=3, networks=NETS)), digits(), 1, rng=np.random.default_rng(0))


@pytest.mark.parametrize(("mine", "theirs"), [("individual", "operator"), ("operator", "individual")])
def test_a_state_with_optimizers_of_the_other_kind_is_refused(mine, theirs):
    state = EGAN(PLAIN, opt_state=theirs).state_dict()
    with pytest.raises(ValueError, match="opt_state"):
        EGAN(PLAIN, opt_state=mine).load_state_dict(state)


@pytest.mark.parametrize("policies", [(UCB1(), RandomMutations()), (RandomMutations(), UCB1())])
def test_a_state_of_another_policy_is_refused(policies):
    mine, theirs = policies
    with pytest.raises(ValueError, match="policy"):
        EGAN(PLAIN, policy=mine).load_state_dict(EGAN(PLAIN, policy=theirs).state_dict())


def test_several_processes_would_each_select_others_and_are_refused(monkeypatch):
    egan = EGAN(PLAIN)
    monkeypatch.setattr("evogan.neuroevolution._evolved.process_rank", lambda: (1, 2))
    with pytest.raises(ValueError, match="a population evolves in one process, without torchrun; got 2 of them"):
        train(egan, RING, n_steps=1, batch_size=8, seed=1)


# children that diverge


@pytest.mark.parametrize("bad", [NAN, INFINITE, BLIND, HIGH], ids=["nan", "infinite", "slope", "loss"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mu": 2},
        {"plus": True},
        {"mu": 2, "plus": True, "selection": ParetoSelection()},
        {"selection": RandomSelection()},
        {"selection": WorstSelection()},
        {"selection": Tournament()},
        {"selection": Metropolis(), "mu": 2},
        {"fitness": IEGANFitness(), "crossover": Distillation()},
        {"mutation_base": "chained"},
        {"mutation_base": "chained", "mu": 2},
        {"opt_state": "operator", "mu": 2},
        {"mutation_base": "chained", "opt_state": "operator", "order": "GD", "d_fakes": "evaluation"},
    ],
    ids=lambda options: ", ".join(options) or "comma",
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_child_that_diverges_is_dropped_and_counted_and_the_run_goes_on(bad, options, first):
    mutations = {"bad": bad, "fine": FINE, "other": MinimaxMutation()}
    if not first:
        mutations = dict(reversed(mutations.items()))
    torch.manual_seed(0)
    egan = EGAN(PLAIN, mutations=mutations, **options)
    before, mu, n = copy.deepcopy(egan.population[0].weights), options.get("mu", 1), 4
    rows = run(egan, n)
    assert egan.counters["n_diverged"] == n * mu and finite(egan)
    made = {}
    for row in egan.take_records():
        lost = [math.isfinite(f) and math.isfinite(x) for f, x in zip(row["fitness"], row["loss"], strict=True)]
        assert [mutation != "bad" for mutation in row["mutation"]] == lost
        made |= dict(zip(row["number"], row["mutation"], strict=True))
        assert all(made.get(survivor) != "bad" for survivor in row["survivors"])
    assert all(torch.isfinite(value) for row in rows for value in row.values())
    assert all(row["by_bad"] == 0 for row in rows)
    # It goes on, rather than standing still with its first parents.
    assert any(one.number >= mu for one in egan.population)
    assert egan.population[0].number < mu or not torch.equal(before[0], egan.population[0].weights[0])


def test_a_child_whose_step_explodes_is_dropped():
    torch.manual_seed(0)
    make = partial(assemble, (2,), NETS, DESCENT, loss=NonSaturating())
    tame = Mutation(lambda d: 1e-11 * d)
    egan = EGAN(make, mutations={"exploding": EXPLODING, "tame": tame})
    run(egan, 3)
    assert egan.counters["n_diverged"] == 3 and finite(egan)
    assert {one.mutation for one in egan.population} == {"tame"}


def test_where_too_few_children_are_left_they_take_all_places():
    bad = {"n": 0}

    def sometimes(d):
        bad["n"] += 1
        return d * (1.0 if bad["n"] == 3 else math.nan)

    egan = EGAN(PLAIN, mu=4, mutations=[Mutation(sometimes)])
    run(egan, 1)
    assert [one.number for one in egan.population] == [6] * 4 and egan.counters["n_diverged"] == 3
    egan.mutations = {"fine": FINE}
    run(egan, 1)
    assert len({one.number for one in egan.population}) == 4  # latents of their own tell them apart again


@pytest.mark.parametrize(
    "options", [{}, {"mu": 2}, {"plus": True}, {"mutation_base": "chained"}, {"selection": Metropolis()}]
)
def test_when_all_children_diverge_the_error_names_their_losses(options):
    egan = EGAN(PLAIN, mutations={"first": NAN, "second": INFINITE}, **options)
    with pytest.raises(
        TrainingDivergedError, match=r"all children of the generation diverged: first \(loss nan, .*second \(loss -?inf"
    ):
        run(egan, 1)


@pytest.mark.parametrize("order", ["DG", "GD"])
def test_a_discriminator_that_diverges_is_named(order):
    egan = EGAN(PLAIN, order=order, fitness=IEGANFitness())  # which sees no real sample
    with pytest.raises(
        TrainingDivergedError, match=r"the discriminator's loss became nan: try a smaller learning rate"
    ):
        egan.step(lambda: Batch(torch.full((8, 2), math.nan)))


def test_a_mutation_that_recovers_is_used_again_whoever_owns_the_optimizers():
    for options in ({}, {"opt_state": "operator"}, {"opt_state": "operator", "mutation_base": "chained"}):
        count = {"n": 0}

        def once(d, count=count):
            count["n"] += 1
            return torch.where(d > -math.inf, 0 * d, d).sqrt() if count["n"] == 2 else FINE.generator_term(d)

        egan = EGAN(PLAIN, mutations={"shaky": Mutation(once), "fine": FINE}, **options)
        run(egan, 5)
        assert egan.counters["n_diverged"] == 1 and count["n"] == 5
        assert finite(egan)
