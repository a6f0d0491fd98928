"""Presets of E-GAN's family: each has the parts of its paper and trains; E-GAN over other published systems."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch

from evogan import gans
from evogan.algorithms.egan import EGAN
from evogan.algorithms.egan_family import annealing_gan, egan, ie_gan, mo_egan, smo_egan
from evogan.datasets import Dataset, digits, ring
from evogan.gans import Recipe
from evogan.losses import Hinge, NonSaturating, Wasserstein
from evogan.nets import DCGANNetworks, MLPNetworks
from evogan.neuroevolution import (
    UCB1,
    AllMutations,
    Distillation,
    EGANFitness,
    IEGANFitness,
    LeastSquaresMutation,
    Metropolis,
    ParetoSelection,
    RandomSelection,
    Truncation,
    egan_mutations,
)
from evogan.regularizers import GradientPenalty
from evogan.training import Adam, Batch, fit

NETS = MLPNetworks(n_latent=4, hidden=(16,))
RING = ring(200, rng=np.random.default_rng(0))
DIGITS = digits()

PARTS = ("mu", "policy", "crossover", "lr_mutation", "fitness", "selection", "plus", "n_eval")
PRESETS = {
    "egan": (egan, (1, AllMutations(), None, None, EGANFitness(0.05), Truncation(), False, None)),
    "ie_gan": (ie_gan, (1, AllMutations(), Distillation(1), None, IEGANFitness(0.05, 5), Truncation(), False, None)),
    "mo_egan": (mo_egan, (2, AllMutations(), None, None, EGANFitness(1.0), ParetoSelection(), True, None)),
    "smo_egan": (smo_egan, (2, UCB1, None, None, EGANFitness(1.0), ParetoSelection(), True, None)),
    "annealing_gan": (
        annealing_gan,
        (1, AllMutations(), None, None, EGANFitness(0.05), Metropolis(0.1, 0.999), False, None),
    ),
}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_the_parts_of_its_paper(name):
    make, expected = PRESETS[name]
    made = make((2,), networks=NETS)
    for part, value in zip(PARTS, expected, strict=True):
        mine = getattr(made, part)
        assert isinstance(mine, value) if value is UCB1 else mine == value, part
    assert made.mutations == egan_mutations()
    assert (made.chained, made.opt_state, made.d_fakes, made.order) == (False, "individual", "fresh", "DG")
    assert made.trainer.loss == NonSaturating() and made.system.n_critic == 1 and made.system.ema is None
    assert made.trainer.regularizers == ((GradientPenalty(10.0),) if name == "ie_gan" else ())


def test_presets_hand_their_settings_on():
    recipe = Recipe(lr_G=0.5, n_critic=4, ema=0.9)
    for name, (make, _) in PRESETS.items():
        made = make((2,), networks=NETS, mu=3, n_eval=7, recipe=recipe)
        assert (made.mu, made.n_eval, made.system.n_critic) == (3, 7, 4) and len(made.population) == 3, name
        assert made.bench.rates == [0.5] and made.system.ema is not None
        assert made.trainer.prior(1).shape == (1, 4)
    assert egan((2,), gamma=0.3, mutations=[Hinge()]).fitness == EGANFitness(0.3)
    assert list(egan((2,), mutations=[Hinge()]).mutations) == ["Hinge"]
    made = ie_gan((2,), diversity=1.0, gradient_penalty=2.0)
    assert made.fitness == IEGANFitness(1.0) and made.trainer.regularizers == (GradientPenalty(2.0),)
    made = annealing_gan((2,), temperature=0.5, cooling=0.9, gamma=0.0)
    assert made.selection == Metropolis(0.5, 0.9) and made.fitness == EGANFitness(0.0)
    assert smo_egan((2,)).policy is not smo_egan((2,)).policy  # what one run learns, another does not know


@pytest.mark.parametrize("data", [RING, DIGITS], ids=["points", "digits"])
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_trains_on_points_and_on_digits(name, data):
    torch.manual_seed(0)
    make, (mu, *_) = PRESETS[name]
    made = make(data.shape, networks=NETS)
    losses = fit(made, data, 3, batch_size=8, rng=np.random.default_rng(0))
    assert all(len(values) == 3 and np.isfinite(values).all() for values in losses.values())
    n_children = {"ie_gan": 4, "mo_egan": 6, "smo_egan": 2}.get(name, 3)
    n_judged = n_children + (mu if name in ("mo_egan", "smo_egan", "annealing_gan") else 0)
    assert made.counters == {
        "n_d_steps": 3,
        "n_g_steps": 3 * n_children,
        "n_evaluations": 3 * n_judged,
        "n_diverged": 0,
    }
    assert ("by_crossover" in losses) == (name == "ie_gan")
    x = made.sample(5, rng=np.random.default_rng(0))
    assert x.shape == (5, *data.shape) and torch.isfinite(x).all()
    if len(data.shape) == 3:
        assert x.abs().max() <= 1


def test_ie_gans_critic_has_no_batch_normalization_beside_its_penalty():
    made = ie_gan((1, 16, 16), networks=DCGANNetworks(4, 4), mu=2)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in made.trainer.D.modules())
    assert any(isinstance(layer, torch.nn.BatchNorm2d) for layer in made.trainer.G.modules())
    made.step(lambda: Batch(torch.rand(4, 1, 16, 16)))


def test_in_mo_egan_parents_and_children_are_judged_and_the_first_front_survives():
    torch.manual_seed(0)
    made = mo_egan((2,), networks=NETS, mu=2, recipe=Recipe(lr_G=0.01, lr_D=0.01, ema=None))
    inner, generations = made.selection, []

    def watched(candidates, n, generation):
        kept = inner(candidates, n, generation)
        parts = [c.parts for c in candidates]
        front = [c for c in candidates if not any(p[0] > c.parts[0] and p[1] > c.parts[1] for p in parts)]
        assert len(candidates) == 2 + 6 and (set(kept) <= set(front) if len(front) >= 2 else front[0] in kept)
        assert [k.fitness for k in kept] == sorted((sum(k.parts) for k in kept), reverse=True)
        generations.append(kept)
        return kept

    made.selection = watched
    fit(made, RING, 5, batch_size=8, rng=np.random.default_rng(0))
    assert len(generations) == 5 and any(set(a) & set(b) for a, b in itertools.pairwise(generations))


# the settings of the paper and of the programs


def test_the_papers_settings():
    made = EGAN.paper((2,), networks=NETS)
    for trainer_optimizer in (made.trainer.optimizer_G, made.trainer.optimizer_D):
        (group,) = trainer_optimizer.param_groups
        assert (group["lr"], group["betas"]) == (2e-4, (0.5, 0.99))
    assert isinstance(made.trainer.optimizer_G, torch.optim.Adam)
    assert (made.mu, made.system.n_critic, len(made.mutations)) == (1, 2, 3)
    assert made.mutations == egan_mutations() and made.fitness == EGANFitness(0.05) and made.system.ema is None
    assert (made.chained, made.opt_state, made.d_fakes, made.order, made.plus) == (
        False, "individual", "fresh", "DG", False,
    )  # fmt: skip
    assert EGAN.paper((2,), gamma=0.5).fitness == EGANFitness(0.5)
    losses = fit(made, RING, 2, batch_size=16, rng=np.random.default_rng(0))
    assert made.counters["n_d_steps"] == 4 and np.isfinite(losses["generator"]).all()


@pytest.mark.parametrize("program", ["theano", "pytorch"])
def test_the_settings_of_the_authors_programs(program):
    made = EGAN.official((2,), networks=NETS, program=program)
    (group,) = made.trainer.optimizer_G.param_groups
    assert (group["lr"], group["betas"], made.system.n_critic, made.system.ema) == (2e-4, (0.5, 0.999), 3, None)
    assert (made.mu, made.n_eval, made.d_fakes, made.order) == (1, 256, "evaluation", "GD")
    if program == "theano":
        assert made.chained and made.opt_state == "operator" and made.fitness == EGANFitness(0.002, squared=True)
        assert list(made.mutations) == ["heuristic", "minimax", "least_squares"]
        assert made.mutations == egan_mutations()
    else:
        assert not made.chained and made.opt_state == "individual" and made.fitness == EGANFitness(0.01)
        assert made.mutations["least_squares"] == LeastSquaresMutation(on_logits=True)
        assert set(made.mutations) == {"heuristic", "minimax", "least_squares"}
    losses = fit(made, RING, 2, batch_size=32, rng=np.random.default_rng(0))
    assert all(np.isfinite(values).all() for values in losses.values())
    assert made.counters == {"n_d_steps": 6, "n_g_steps": 6, "n_evaluations": 6, "n_diverged": 0}


def test_there_are_two_programs_and_mu_may_be_chosen():
    with pytest.raises(ValueError, match="program must be one of 'theano', 'pytorch', got 'tensorflow'"):
        EGAN.official((2,), program="tensorflow")
    assert len(EGAN.official((2,), mu=2).population) == 2


# degenerate equalities between members


def same_run(one, other, n=4):
    for made in (one, other):
        fit(made, RING, n, batch_size=8, rng=np.random.default_rng(3))
    for mine, theirs in zip(one.population, other.population, strict=True):
        torch.testing.assert_close(mine.weights, theirs.weights, rtol=0, atol=0)
    torch.testing.assert_close(one.trainer.D.state_dict(), other.trainer.D.state_dict(), rtol=0, atol=0)


def made(function, seed=0, **options):
    torch.manual_seed(seed)
    return function((2,), networks=NETS, recipe=Recipe(lr_G=0.01, lr_D=0.01, ema=None), **options)


def test_annealing_at_an_infinite_temperature_is_egan():
    # Every child is accepted, and judging parents draws no chance.
    same_run(made(egan), made(annealing_gan, temperature=1e300, cooling=1.0))


def test_with_one_candidate_a_parent_every_selection_is_the_same():
    for selection in (RandomSelection(), ParetoSelection()):
        same_run(made(egan, mutations=[Hinge()]), made(egan, mutations=[Hinge()], selection=selection))


def test_a_discriminator_that_likes_the_better_sibling_everywhere_makes_the_crossed_child_its_copy():
    # Two equal mutations on equal latents make equal children, of which neither sample is preferred.
    fixed = torch.randn(8, 4, generator=torch.Generator().manual_seed(1))
    one = made(ie_gan)
    one.mutations = {"a": Hinge(), "b": Hinge()}
    one.trainer.prior = lambda n: fixed[:n]
    torch.manual_seed(1)
    one.step(lambda: Batch(torch.randn(8, 2)))
    (row,) = one.take_records()
    assert row["mutation"] == ["a", "b", "crossover"] and row["loss"][2] == 0.0
    assert row["fitness"][0] == row["fitness"][1]


# over other systems


@pytest.mark.parametrize("mu", [1, 2])
@pytest.mark.parametrize(
    ("make", "data", "options"),
    [
        (partial(gans.acgan, (1, 8, 8), n_classes=10, networks=NETS), DIGITS, {}),
        (partial(gans.acgan, (2,), n_classes=8, networks=NETS), RING, {"crossover": Distillation()}),
        (partial(gans.sngan, (2,), networks=NETS), RING, {}),
        (partial(gans.sngan, (1, 8, 8), networks=NETS, scale=2.0), DIGITS, {"mutations": [Hinge(), NonSaturating()]}),
        (partial(gans.wgan_gp, (2,), networks=NETS), RING, {"mutations": [Wasserstein()]}),
        (partial(gans.wgan_gp, (1, 8, 8), networks=NETS), DIGITS, {"mutations": [Wasserstein(), Hinge()]}),
        (partial(gans.infogan, (2,), networks=NETS), RING, {"crossover": Distillation()}),
        (partial(gans.infogan, (1, 8, 8), networks=NETS), DIGITS, {}),
        (partial(gans.cgan, (1, 8, 8), n_classes=10, networks=NETS), DIGITS, {"fitness": IEGANFitness()}),
        (partial(gans.ragan, (2,), networks=NETS), RING, {}),
        (partial(gans.gan_qp, (2,), networks=NETS), RING, {}),
        (partial(gans.began, (2,), networks=NETS), RING, {"mutations": [NonSaturating()]}),
        (partial(gans.unrolled_gan, (2,), networks=NETS), RING, {}),
        (partial(gans.pacgan, (2,), networks=NETS), RING, {}),
        (partial(gans.cogan, (1, 8, 8), networks=NETS), DIGITS, {}),
        (partial(gans.improved_gan, (2,), networks=NETS, history=0.1), RING, {}),
    ],
    ids=lambda value: value.func.__name__ if isinstance(value, partial) else "",
)
def test_the_generator_of_a_published_system_evolves(make, data, options, mu):
    torch.manual_seed(0)
    evolved = EGAN(make, mu=mu, **options)
    losses = fit(evolved, data, 2, batch_size=16, rng=np.random.default_rng(0))
    assert all(np.isfinite(values).all() for values in losses.values())
    assert evolved.counters["n_diverged"] == 0
    assert evolved.sample(4, rng=np.random.default_rng(0)).shape == (4, *data.shape)


@pytest.mark.parametrize("mu", [1, 2])
def test_infogans_codes_are_those_behind_the_parents_samples(mu, monkeypatch):
    torch.manual_seed(0)
    evolved = EGAN(partial(gans.infogan, (2,), networks=NETS), mu=mu)
    steps = []
    (information,) = evolved.trainer.auxiliaries
    monkeypatch.setattr(type(information), "discriminator", lambda self, step: steps.append(step))
    evolved.step(lambda: Batch(torch.randn(8, 2)))
    latent, fake = steps[0].latent, steps[0].fake
    assert latent.shape == (8, 4 + 12) and not fake.requires_grad
    torch.manual_seed(0)
    first = [gans.infogan((2,), networks=NETS).trainer.G for _ in range(mu)]
    share = 8 // mu
    shown = [G(latent[j * share : (j + 1) * share]) for j, G in enumerate(first)]
    torch.testing.assert_close(fake, torch.cat(shown))


@pytest.mark.parametrize("mu", [1, 2])
def test_every_parent_makes_samples_of_the_labels_that_the_discriminator_is_told(mu, monkeypatch):
    torch.manual_seed(0)
    evolved = EGAN(partial(gans.acgan, (2,), n_classes=8, networks=NETS), mu=mu)
    asked, told, inner = [], [], evolved.trainer.d_step
    generate = evolved.trainer.generate
    monkeypatch.setattr(evolved.trainer, "generate", lambda n, c=None, z=None: asked.append(c) or generate(n, c, z))
    monkeypatch.setattr(
        evolved.trainer, "d_step", lambda real, **o: told.append((list(asked), o["condition"])) or inner(real, **o)
    )
    fit(evolved, RING, 1, batch_size=8, rng=np.random.default_rng(0))
    (parts, condition), *_ = told
    assert len(parts) == mu and torch.equal(torch.cat(parts), condition)


@pytest.mark.parametrize("mu", [1, 2])
def test_a_system_of_pairs_is_shown_as_many_fakes_as_real_ones(mu, monkeypatch):
    torch.manual_seed(0)
    evolved = EGAN(partial(gans.cogan, (2,), networks=NETS), mu=mu)
    shown, inner = [], evolved.trainer.d_step
    monkeypatch.setattr(
        evolved.trainer, "d_step", lambda real, **o: shown.append((real, o["fake"])) or inner(real, **o)
    )
    evolved.step(lambda: Batch(torch.randn(8, 2)))  # half a batch of either domain
    ((real, fake),) = shown
    assert [len(x) for x in (*real, *fake)] == [4, 4, 4, 4]


def test_a_generator_that_makes_more_samples_than_latents_is_refused():
    with pytest.raises(ValueError, match="the generator must make one sample of every latent, got 24 of 8"):
        EGAN(partial(gans.mix_gan, (2,), networks=NETS)).step(lambda: Batch(torch.randn(8, 2)))


# decision vectors


def test_solutions_in_the_unit_box_are_a_data_set_like_any_other():
    rng = np.random.default_rng(0)
    X = rng.random((300, 6)) * 0.2 + 0.6
    data = Dataset("solutions", torch.from_numpy(X).float())
    torch.manual_seed(0)
    evolved = egan((6,), networks=NETS, mu=2, recipe=Recipe(lr_G=5e-3, lr_D=5e-3, optimizer=Adam((0.5, 0.9)), ema=None))
    before = evolved.sample(500, rng=np.random.default_rng(1)).mean(0)
    fit(evolved, data, 100, batch_size=32, rng=rng)
    after = evolved.sample(500, rng=np.random.default_rng(1))
    assert after.shape == (500, 6)
    distance = [float((x - torch.from_numpy(X).float().mean(0)).abs().max()) for x in (before, after.mean(0))]
    assert distance[1] < distance[0] / 2 and after.std(0).min() > 1e-3
