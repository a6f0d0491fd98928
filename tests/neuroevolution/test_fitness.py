"""Fitness: eq. 6-8 by hand and against autograd, the discriminator undisturbed, and the other judges."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from evogan.gans import NormalPrior, assemble, cgan
from evogan.losses import GANQP, Hinge, NonSaturating, RelativisticAverage, Wasserstein
from evogan.metrics import mmd
from evogan.nets import Discriminator, MLPNetworks, mlp_trunk
from evogan.neuroevolution import (
    CustomFitness,
    EGANFitness,
    Evaluation,
    FeatureFitness,
    IEGANFitness,
    Nursery,
    Workbench,
    as_fitness,
    egan_mutations,
    judging,
)
from evogan.training import AdversarialTrainer, GANSystem

NETS = MLPNetworks(n_latent=3, hidden=(8, 8))


def linear(slope, bias):
    net = nn.Linear(1, 1, bias=bias is not None)
    with torch.no_grad():
        net.weight.fill_(slope)
        if bias is not None:
            net.bias.fill_(bias)
    return net


def line_trainer(slope=0.7, bias=-0.3, loss=None):
    return AdversarialTrainer(linear(1.0, 0.0), linear(slope, bias), prior=NormalPrior(1), loss=loss)


def column(*values):
    return torch.tensor(values).view(-1, 1)


def evaluation_of(trainer, real, n=None):
    return Evaluation(trainer, real, torch.zeros(len(real) if n is None else n, 1))


def mlp_system(loss=None, *, batch_norm=False, dropout=0.0, seed=0):
    torch.manual_seed(seed)
    D = Discriminator(mlp_trunk((2,), hidden=(8, 8), batch_norm=batch_norm, dropout=dropout))
    made = AdversarialTrainer(NETS.generator((2,)), D, prior=NormalPrior(3), loss=loss)
    return GANSystem(made, shape=(2,), ema=None)


def nursery_of(system, fitness, real, latent):
    evaluation = Evaluation(system.trainer, real, latent)
    return Nursery(
        system, Workbench.of_generator(system.trainer), egan_mutations(), fitness, evaluation, real=real, condition=None
    )


def joint_norm(trainer, real, fake, condition=None):
    """The norm of eq. 7 by one backward pass over the whole loss."""
    loss = trainer.loss.discriminator(
        trainer.logits(real, condition), trainer.logits(fake, condition), real=real, fake=fake
    )
    grads = torch.autograd.grad(loss, list(trainer.D.parameters()), allow_unused=True)
    return torch.cat([g.flatten() for g in grads if g is not None]).norm()


# E-GAN


@pytest.mark.parametrize("bias", [-0.3, None])
def test_quality_and_diversity_of_a_line_by_hand(bias):
    # D(x) = sigmoid(.7 x + b). The loss -log D(x) - log(1 - D(g)) has the slopes (D - 1) x and D g by the weight.
    real, fake, b = [1.5, -0.5, 2.0], [0.2, -1.0, 0.4, 3.0], bias or 0.0
    D = lambda x: 1 / (1 + math.exp(-(0.7 * x + b)))  # noqa: E731
    by_weight = np.mean([(D(x) - 1) * x for x in real]) + np.mean([D(g) * g for g in fake])
    by_bias = np.mean([D(x) - 1 for x in real]) + np.mean([D(g) for g in fake])
    norm = math.hypot(by_weight, by_bias) if bias is not None else abs(by_weight)
    trainer = line_trainer(0.7, bias)
    quality, diversity = EGANFitness()(evaluation_of(trainer, column(*real), 4), column(*fake)).tolist()
    assert quality == pytest.approx(np.mean([D(g) for g in fake]), rel=1e-6)  # eq. 6
    assert diversity == pytest.approx(-math.log(norm), rel=1e-5)  # eq. 7


def test_the_squared_norm_doubles_the_diversity_exactly():
    evaluation, fake = evaluation_of(line_trainer(), column(1.0, 2.0)), column(0.3, -0.4)
    once, twice = (EGANFitness(squared=squared)(evaluation, fake) for squared in (False, True))
    assert twice[0] == once[0] and twice[1] == 2 * once[1] != 0


@pytest.mark.parametrize("loss", [NonSaturating(), Wasserstein(), Hinge()])
def test_the_shared_half_of_the_gradient_changes_nothing(loss):
    system = mlp_system(loss)
    trainer, real = system.trainer, torch.randn(16, 2)
    evaluation = Evaluation(trainer, real, torch.randn(16, 3))
    for scale in (0.1, 1.0, 5.0):  # candidates, one after the other
        fake = scale * torch.randn(16, 2)
        parts = EGANFitness()(evaluation, fake)
        assert parts[0].item() == pytest.approx(torch.sigmoid(trainer.logits(fake)).mean().item(), rel=1e-6)
        assert parts[1].item() == pytest.approx(-joint_norm(trainer, real, fake).log().item(), abs=1e-5)


def test_the_real_samples_are_judged_once_for_all_candidates(monkeypatch):
    system = mlp_system()
    trainer, real = system.trainer, torch.randn(16, 2)
    judged = []
    monkeypatch.setattr(trainer, "logits", lambda x, c=None: judged.append(x) or AdversarialTrainer.logits(trainer, x))
    evaluation = Evaluation(trainer, real, torch.randn(16, 3))
    for _ in range(3):
        EGANFitness()(evaluation, torch.randn(16, 2))
    assert len(judged) == 4 and sum(x is real for x in judged) == 1
    EGANFitness()(Evaluation(trainer, real, torch.randn(16, 3)), torch.randn(16, 2))
    assert sum(x is real for x in judged) == 2  # the next generation's discriminator is another


@pytest.mark.parametrize("loss", [RelativisticAverage(NonSaturating()), GANQP()], ids=["relativistic", "qp"])
def test_losses_that_pair_real_with_fake_have_their_whole_gradient(loss):
    system = mlp_system(loss)
    real = torch.randn(12, 2)
    evaluation = Evaluation(system.trainer, real, torch.randn(12, 3))
    for scale in (0.5, 2.0):
        fake = scale * torch.randn(12, 2)
        expected = -joint_norm(system.trainer, real, fake).log().item()
        assert EGANFitness()(evaluation, fake)[1].item() == pytest.approx(expected, abs=1e-5)


def test_the_gradient_is_that_under_the_condition():
    torch.manual_seed(0)
    trainer = cgan((2,), n_classes=3, networks=NETS).trainer
    real, fake, labels = torch.randn(9, 2), torch.randn(9, 2), torch.arange(9) % 3
    parts = EGANFitness()(Evaluation(trainer, real, torch.randn(9, 3), labels), fake)
    assert parts[0].item() == pytest.approx(torch.sigmoid(trainer.logits(fake, labels)).mean().item(), rel=1e-6)
    assert parts[1].item() == pytest.approx(-joint_norm(trainer, real, fake, labels).log().item(), abs=1e-5)
    others = EGANFitness()(Evaluation(trainer, real, torch.randn(9, 3), (labels + 1) % 3), fake)
    assert abs(others[1] - parts[1]) > 1e-4


def test_without_gamma_there_is_one_part_and_no_gradient(monkeypatch):
    def forbidden(*args, **kwargs):
        raise AssertionError("a gradient was computed")

    monkeypatch.setattr(torch.autograd, "grad", forbidden)
    fitness, evaluation = EGANFitness(0.0), evaluation_of(line_trainer(), column(1.0, 2.0))
    assert fitness.parts == ("quality",) and fitness.weights == (1.0,)
    parts = fitness(evaluation, column(0.0, 0.0))
    assert parts.tolist() == pytest.approx([1 / (1 + math.exp(0.3))]) and not parts.requires_grad
    with pytest.raises(AssertionError):
        EGANFitness(0.1)(evaluation, column(0.0, 0.0))


def test_parts_and_weights_of_equation_8():
    assert EGANFitness(0.3).parts == ("quality", "diversity") and EGANFitness(0.3).weights == (1.0, 0.3)


def test_a_gradient_of_zero_counts_as_a_very_short_one():
    same = column(1.0, -2.0, 0.5)
    parts = EGANFitness()(evaluation_of(line_trainer(0.0, 0.0), same), same)  # D = 1/2 everywhere
    assert parts.tolist() == pytest.approx([0.5, -math.log(1e-12)])


def test_samples_that_are_not_numbers_have_no_fitness():
    parts = EGANFitness()(evaluation_of(line_trainer(), column(1.0, 2.0)), column(math.nan, 0.0))
    assert torch.isnan(parts).all()
    squared = EGANFitness(squared=True)(evaluation_of(line_trainer(), column(1.0, 2.0)), column(math.nan, 0.0))
    assert torch.isnan(squared[1])


def test_frozen_and_unused_parameters_do_not_count():
    trainer = line_trainer()
    trainer.D.register_parameter("unused", nn.Parameter(torch.ones(3)))
    real, fake = column(1.0, 2.0), column(0.5, -1.0)
    before = EGANFitness()(evaluation_of(trainer, real), fake)[1].item()
    trainer.D.bias.requires_grad_(False)
    after = EGANFitness()(evaluation_of(trainer, real), fake)[1].item()
    x, g = 0.7 * real - 0.3, 0.7 * fake - 0.3
    slope = ((torch.sigmoid(x) - 1) * real).mean() + (torch.sigmoid(g) * fake).mean()
    assert after == pytest.approx(-math.log(abs(slope.item())), rel=1e-5) and after > before


def test_a_judgement_moves_neither_network():
    system = mlp_system()
    before = copy.deepcopy(system.trainer.state_dict())
    EGANFitness()(Evaluation(system.trainer, torch.randn(8, 2), torch.randn(8, 3)), torch.randn(8, 2))
    torch.testing.assert_close(system.trainer.state_dict(), before, rtol=0, atol=0)
    assert all(p.grad is None for p in system.trainer.D.parameters())


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"gamma": math.nan}, ValueError),
        ({"gamma": -0.1}, ValueError),
        ({"gamma": math.inf}, ValueError),
        ({"gamma": "0.1"}, TypeError),
        ({"squared": 1}, TypeError),
    ],
)
def test_the_settings_of_egan_fitness_are_checked(options, error):
    with pytest.raises(error, match=f"{next(iter(options))} must"):
        EGANFitness(**options)


# the discriminator in evaluation mode


@pytest.mark.parametrize("kind", [{"batch_norm": True}, {"dropout": 0.5}, {"batch_norm": True, "dropout": 0.5}])
def test_a_sample_is_judged_whatever_its_neighbours_and_statistics_stay(kind):
    system = mlp_system(**kind)
    trainer, real, latent = system.trainer, torch.randn(8, 2), torch.randn(8, 3)
    for _ in range(3):
        trainer.d_step(torch.randn(8, 2))  # running statistics of its own
    before, random_state = copy.deepcopy(trainer.D.state_dict()), torch.get_rng_state()
    individual = Workbench.of_generator(trainer).individual()

    def judged(rows):
        nursery = nursery_of(system, EGANFitness(), real, latent[rows])
        nursery.judge(individual)
        nursery.settle()
        return individual.parts

    together = judged(slice(0, 8))
    singly = np.mean([judged(slice(k, k + 1))[0] for k in range(8)])
    assert together[0] == pytest.approx(singly, rel=1e-6)
    assert judged(torch.arange(7, -1, -1)) == pytest.approx(together, rel=1e-5)
    assert trainer.D.training and trainer.G.training
    torch.testing.assert_close(trainer.D.state_dict(), before, rtol=0, atol=0)
    assert torch.equal(random_state, torch.get_rng_state())  # no mask was drawn


def test_the_mode_comes_back_after_an_error_too():
    D, modes = mlp_system(batch_norm=True).trainer.D, []

    def fail():
        modes.append(D.training)
        raise ZeroDivisionError

    for training in (True, False):
        D.train(training)
        with pytest.raises(ZeroDivisionError), judging(D):
            fail()
        assert D.training is training
    assert modes == [False, False]


def test_candidates_are_judged_on_the_same_latents_in_evaluation_mode():
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
    system = GANSystem(AdversarialTrainer(G, nn.Linear(2, 1), prior=NormalPrior(3)), shape=(2,), ema=None)
    evaluation = Evaluation(system.trainer, torch.randn(5, 2), torch.randn(5, 3))
    before = copy.deepcopy(G.state_dict())
    fake = evaluation.fakes()
    assert torch.equal(fake, evaluation.fakes()) and not fake.requires_grad and G.training
    torch.testing.assert_close(G.state_dict(), before, rtol=0, atol=0)
    torch.testing.assert_close(fake, G.eval()(evaluation.latent))


def test_the_fitness_is_the_weighted_sum_of_the_parts():
    system = mlp_system()
    nursery = nursery_of(system, EGANFitness(0.25), torch.randn(8, 2), torch.randn(8, 3))
    individuals = [nursery.bench.individual(number=k) for k in range(2)]
    for individual in individuals:
        nursery.judge(individual)
    assert all(math.isnan(individual.fitness) for individual in individuals)
    nursery.settle()
    assert individuals[0].fitness == individuals[0].parts[0] + 0.25 * individuals[0].parts[1]
    assert individuals[0].parts == individuals[1].parts and nursery.n_judged == 2


# IE-GAN


def test_the_fitness_of_ie_gan_is_the_mean_logit_and_the_mean_distance_to_shuffled_samples():
    trainer, fake = line_trainer(2.0, 1.0), column(0.0, 1.0, 3.0)
    evaluation = evaluation_of(trainer, column(9.0, 9.0, 9.0))
    orders = [torch.tensor([1, 2, 0]), torch.tensor([0, 2, 1])]
    evaluation.once("orders", lambda: orders)
    quality, diversity = IEGANFitness(0.05, n_shuffles=2)(evaluation, fake).tolist()
    assert quality == pytest.approx(2 * 4 / 3 + 1)
    assert diversity == pytest.approx(((1 + 2 + 3) / 3 + (0 + 2 + 2) / 3) / 2)


def test_the_fitness_of_ie_gan_compares_all_candidates_in_the_same_orders_and_asks_no_real_sample():
    evaluation, fake = Evaluation(line_trainer(), None, torch.zeros(50, 1)), torch.randn(50, 1)
    first, again = (IEGANFitness()(evaluation, fake) for _ in range(2))
    assert torch.equal(first, again)
    other = IEGANFitness()(Evaluation(line_trainer(), None, torch.zeros(50, 1)), fake)
    assert other[0] == first[0] and other[1] != first[1]
    assert IEGANFitness()(evaluation, 3 * fake)[1].item() == pytest.approx(3 * first[1].item(), rel=1e-5)
    assert IEGANFitness()(evaluation, torch.ones(50, 1))[1] == 0.0  # a collapsed generator


def test_ie_gans_distance_is_that_of_random_pairs():
    # Of two independent standard normal numbers it is 2 / sqrt(pi); the mean is over elements as well.
    torch.manual_seed(0)
    fake = torch.randn(2000, 3)
    trainer = AdversarialTrainer(nn.Linear(1, 3), nn.Linear(3, 1), prior=NormalPrior(1))
    parts = IEGANFitness(n_shuffles=5)(Evaluation(trainer, None, torch.zeros(2000, 1)), fake)
    assert parts[1].item() == pytest.approx(2 / math.sqrt(math.pi), rel=0.03)


@pytest.mark.parametrize(
    ("options", "error"),
    [({"weight": -1.0}, ValueError), ({"weight": math.nan}, ValueError), ({"n_shuffles": 0}, ValueError)],
)
def test_the_settings_of_ie_gans_fitness_are_checked(options, error):
    with pytest.raises(error, match=rf"IEGANFitness\.{next(iter(options))} must"):
        IEGANFitness(**options)


# features and functions


def test_closeness_is_minus_the_discrepancy_under_widths_of_the_real_samples():
    torch.manual_seed(0)
    real, fake = torch.randn(10, 2), torch.randn(10, 2) + 1
    evaluation = evaluation_of(line_trainer(), real)
    distances = [math.dist(real[i], real[i + 5]) for i in range(5)]
    expected = mmd(real.numpy(), fake.numpy(), [np.median(distances) * f for f in (0.5, 1.0, 2.0)])
    fitness = FeatureFitness()
    assert fitness.parts == ("closeness",) and fitness.weights == (1.0,)
    assert fitness(evaluation, fake).tolist() == pytest.approx([-float(expected)], rel=1e-5)
    assert fitness(evaluation, real + 0.01) > fitness(evaluation, fake) > fitness(evaluation, fake + 2)


def test_features_distance_and_reference_are_the_callers():
    asked = []

    def features(x):
        asked.append(x)
        return x.sum(dim=1, keepdim=True).numpy()

    def distance(real, fake):
        return abs(real.mean() - fake.mean())

    reference, fake = torch.full((4, 2), 3.0), torch.ones(6, 2)
    evaluation = evaluation_of(line_trainer(), torch.zeros(5, 2))
    assert FeatureFitness(features, distance, reference)(evaluation, fake).tolist() == [-4.0]
    assert FeatureFitness(features, distance, reference)(evaluation, 2 * fake).tolist() == [-2.0]
    assert [x is reference for x in asked] == [True, False, False]  # once for a generation
    assert FeatureFitness(features, distance)(evaluation_of(line_trainer(), torch.zeros(5, 2)), fake).tolist() == [-2.0]


def test_features_that_are_not_numbers_have_no_fitness():
    evaluation = evaluation_of(line_trainer(), column(1.0, 2.0))
    assert FeatureFitness()(evaluation, column(math.nan, 1.0)).isnan().all()
    assert FeatureFitness(distance=lambda real, fake: 0.0)(evaluation, column(math.inf, 1.0)).isnan().all()


def test_a_function_of_samples_is_a_fitness():
    fitness = as_fitness(lambda x: float(x.sum()))
    assert isinstance(fitness, CustomFitness) and fitness.parts == ("score",) and fitness.weights == (1.0,)
    assert fitness(None, column(1.0, 2.0)).tolist() == [3.0]
    assert as_fitness(ready := EGANFitness()) is ready


@pytest.mark.parametrize("bad", [EGANFitness, "mmd", None, 3.0])
def test_what_is_no_fitness_is_refused(bad):
    with pytest.raises(TypeError, match="fitness must be an object such as EGANFitness"):
        as_fitness(bad)


def test_softplus_and_the_papers_logarithms_are_one_loss():
    # The loss of eq. 7 as the paper writes it, on the line of the first test.
    trainer, real, fake = line_trainer(), column(1.5, -0.5, 2.0), column(0.2, -1.0, 0.4)
    value = -torch.log(torch.sigmoid(trainer.D(real))).mean() - torch.log(1 - torch.sigmoid(trainer.D(fake))).mean()
    torch.testing.assert_close(value, softplus(-trainer.D(real)).mean() + softplus(trainer.D(fake)).mean())
    norm = torch.cat([g.flatten() for g in torch.autograd.grad(value, list(trainer.D.parameters()))]).norm()
    parts = EGANFitness()(evaluation_of(trainer, real), fake)
    assert parts[1].item() == pytest.approx(-norm.log().item(), abs=1e-5)


def test_in_half_precision_the_fitness_is_still_a_number():
    from evogan.gans import Recipe

    torch.manual_seed(0)
    trainer = assemble((2,), NETS, Recipe(bf16=True), loss=NonSaturating()).trainer
    parts = EGANFitness()(Evaluation(trainer, torch.randn(8, 2), torch.randn(8, 3)), torch.randn(8, 2))
    assert torch.isfinite(parts).all() and parts.dtype == torch.float32
