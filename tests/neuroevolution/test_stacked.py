"""Children made together are those made one by one, up to rounding; what cannot be made together says why."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from evogan import gans
from evogan.algorithms import EGAN
from evogan.datasets import digits, ring
from evogan.gans import Recipe, assemble
from evogan.losses import LeastSquares, NonSaturating, RelativisticAverage
from evogan.nets import DCGANNetworks, Discriminator, MLPNetworks, ResNetNetworks
from evogan.neuroevolution import (
    CustomFitness,
    EGANFitness,
    Evaluation,
    IEGANFitness,
    LearningRateMutation,
    Nursery,
    Plan,
    Workbench,
    egan_mutations,
)
from evogan.neuroevolution import _nursery as nursery_module
from evogan.regularizers import spectral_normalize
from evogan.training import Adam, AdversarialTrainer, Batches, GANSystem, RMSprop

PARAMS = MLPNetworks(n_latent=3, hidden=(8, 8))
SMALL = DCGANNetworks(n_latent=4, width=4)
IMAGE = (1, 8, 8)


def without_norms(net):
    """Leave out batch normalization, and give weights a size at which gradients reach the first layer."""
    for name, child in net.named_children():
        setattr(net, name, nn.Identity() if isinstance(child, nn.BatchNorm2d) else without_norms(child))
    for p in net.parameters(recurse=False):
        nn.init.normal_(p, 0.0, 0.2)
    return net


def mlp(**options):
    return assemble((2,), PARAMS, Recipe(lr_G=1e-3, **options), loss=NonSaturating())


def dcgan(shape=IMAGE, *, norm_G=True, norm_D=True, **options):
    G = SMALL.generator(shape)
    D = Discriminator(SMALL.trunk(shape, batch_norm=norm_D))
    recipe = Recipe(lr_G=1e-3, **options)
    return assemble(shape, SMALL, recipe, loss=NonSaturating(), G=G if norm_G else without_norms(G), D=D)


def with_dropout(layer=None, *, dropout_D=0.0):
    G, D = PARAMS.generator((2,)), Discriminator(PARAMS.trunk((2,), dropout=dropout_D))
    return assemble((2,), PARAMS, Recipe(lr_G=1e-3), G=G if layer is None else nn.Sequential(G, layer), D=D)


def optimizer(kind, **options):
    """Return a recipe's optimizer of any kind."""
    return lambda lr: partial(kind, lr=lr, **options)


NETWORKS = {
    "mlp": mlp,
    "dcgan": dcgan,
    "dcgan of 16 pixels": partial(dcgan, (3, 16, 16)),
    "without norm in G": partial(dcgan, norm_G=False),
    "without norm in D": partial(dcgan, norm_D=False),
    "without norm": partial(dcgan, norm_G=False, norm_D=False),
    "dropout of nothing": partial(with_dropout, nn.Dropout(0.0)),
    "spectral norm in D": lambda: gans.sngan(IMAGE, networks=SMALL),
    "packs": lambda: gans.pacgan(IMAGE, networks=SMALL),
    "cgan": lambda: gans.cgan(IMAGE, n_classes=3, networks=SMALL),
    "projection": lambda: gans.projection_gan(IMAGE, n_classes=3, networks=ResNetNetworks(4, 8, 8)),
}
OPTIMIZERS = {
    "fused Adam": Adam(),
    "Adam": optimizer(torch.optim.Adam, amsgrad=True, weight_decay=0.1),
    "AdamW": optimizer(torch.optim.AdamW),
    "RMSprop": RMSprop(),
    "centred RMSprop": optimizer(torch.optim.RMSprop, centered=True, momentum=0.5),
    "SGD": optimizer(torch.optim.SGD),
    "SGD with momentum": optimizer(torch.optim.SGD, momentum=0.9, nesterov=True),
}


class Line:
    """A system with parents and data of its own; both lines of a test start equal."""

    def __init__(self, make, together, *, mu=1, mutations=None, fitness=None, keep_fakes=False, seed=1):
        torch.manual_seed(seed)
        self.system = make()
        self.bench = Workbench.of_generator(self.system.trainer)
        self.parents = [self.bench.individual(number=0)]
        for number in range(1, mu):
            self.parents.append(Workbench.of_generator(make().trainer).individual(number=number))
        self.together, self.keep_fakes = together, keep_fakes
        self.mutations = {**egan_mutations(), "squares": LeastSquares()} if mutations is None else mutations
        self.fitness = EGANFitness() if fitness is None else fitness
        self.n_made, self.nursery = mu, None

    def generation(self, plans=None, *, seed=1, factor=1.0):
        """Make the children of ``plans``, by default of every parent and mutation."""
        torch.manual_seed(seed)
        n_classes = self.system.n_classes
        real, judged = (torch.rand(n, *self.system.shape) * 2 - 1 for n in (6, 10))
        condition, judged_condition = (torch.arange(n) % n_classes if n_classes else None for n in (6, 10))
        latent = self.system.trainer.prior(10)
        self.nursery = Nursery(
            self.system,
            self.bench,
            self.mutations,
            self.fitness,
            Evaluation(self.system.trainer, judged, latent, judged_condition),
            real=real,
            condition=condition,
            factor=factor,
            first_number=self.n_made,
            keep_fakes=self.keep_fakes,
            together=self.together,
        )
        if plans is None:
            plans = [Plan(parent, name, parent.rate) for parent in self.parents for name in self.mutations]
        children = self.nursery.mutate_all(plans)
        self.nursery.settle()
        self.n_made += self.nursery.n_made
        return children


def lines(make, **options):
    """Return a line whose children come one by one, and one whose children cannot."""
    apart, together = Line(make, False, **options), Line(make, True, **options)
    together.system.trainer.g_step = stepped_alone
    return apart, together


def stepped_alone(*_, **__):
    raise AssertionError("a child was stepped alone")


def check_close(made, expected):
    """Compare tensors; entries far below a tensor's largest carry its rounding."""
    made, expected = torch.as_tensor(made), torch.as_tensor(expected)
    assert made.dtype == expected.dtype
    scale = max(1.0, float(expected.abs().max()))
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-6 * scale)


def check_equal(apart, together):
    assert len(apart) == len(together) > 0
    for one, other in zip(apart, together, strict=True):
        for name in ("number", "parents", "mutation", "rate"):
            assert getattr(one, name) == getattr(other, name)
        for expected, made in zip(one.weights, other.weights, strict=True):
            check_close(made, expected)
        for expected, made in zip(one.optimizer, other.optimizer, strict=True):
            assert list(made) == list(expected)
            for name in expected:
                check_close(made[name], expected[name])
        check_close([other.loss, *other.parts, other.fitness], [one.loss, *one.parts, one.fitness])


def check_generations(apart, together, n=3, **options):
    start = together.parents[0].weights
    for generation in range(n):
        children = [line.generation(seed=generation, **options) for line in (apart, together)]
        check_equal(*children)
        for line, born in zip((apart, together), children, strict=True):
            line.parents = born[1 : 1 + len(line.parents)]
    assert not any(torch.equal(p, q) for p, q in zip(children[1][0].weights, start, strict=True))


@pytest.mark.parametrize("mu", [1, 2])
@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_three_generations_of_any_networks(make, mu):
    check_generations(*lines(make, mu=mu))


@pytest.mark.parametrize("make", [mlp, dcgan])
@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_three_generations_of_any_optimizer(kind, make):
    check_generations(*lines(partial(make, optimizer=kind), mu=2))


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_mutations_that_compare_with_real_samples_join_those_that_do_not(make):
    mutations = {
        "relativistic": RelativisticAverage(NonSaturating()),
        "heuristic": NonSaturating(),
        "squares": RelativisticAverage(LeastSquares(-1.0, 1.0)),
    }
    check_generations(*lines(make, mutations=mutations))


@pytest.mark.parametrize(
    "fitness",
    [EGANFitness(0.0), EGANFitness(0.5, squared=True), IEGANFitness(), CustomFitness(lambda x: float(x.std()))],
    ids=["quality", "squared", "IE-GAN", "function"],
)
def test_three_generations_under_any_fitness(fitness):
    check_generations(*lines(dcgan, fitness=fitness))


def test_a_loss_of_pairs_is_judged_one_by_one():
    check_generations(*lines(lambda: gans.ragan(IMAGE, networks=SMALL)))


def test_fitness_is_that_of_the_formula():
    line = Line(dcgan, True)
    child = line.generation()[1]
    trainer, evaluation = line.system.trainer, line.nursery.evaluation
    line.bench.load_weights(child.weights)
    fake = evaluation.fakes()
    trainer.D.eval()
    d_real, d_fake = trainer.logits(evaluation.real), trainer.logits(fake)
    value = nn.functional.softplus(-d_real).mean() + nn.functional.softplus(d_fake).mean()
    gradient = torch.autograd.grad(value, list(trainer.D.parameters()))
    norm = torch.cat([g.flatten() for g in gradient]).norm()
    check_close(child.parts, torch.stack([torch.sigmoid(d_fake).mean(), -norm.log()]).detach())


class Diverging(NonSaturating):
    def generator_term(self, d):
        return d * float("nan")


@pytest.mark.parametrize("make", [mlp, dcgan])
def test_a_child_that_diverges_takes_no_other_with_it(make):
    mutations = {"heuristic": NonSaturating(), "diverging": Diverging(), "squares": LeastSquares()}
    apart, together = (line.generation() for line in lines(make, mutations=mutations))
    check_equal(apart[::2], together[::2])
    for child in (apart[1], together[1]):
        assert all(np.isnan([child.loss, child.fitness, *child.parts]))
        assert child.weights[0].isnan().any()


def test_rates_may_differ_between_children():
    rates = {"minimax": 1.0, "heuristic": 0.3, "least_squares": 2.0, "squares": 1.0}
    apart, together = lines(dcgan, mu=2)
    for generation in range(3):
        born = []
        for line in (apart, together):
            plans = [Plan(parent, name, rate) for parent in line.parents for name, rate in rates.items()]
            born.append(line.generation(plans, seed=generation, factor=0.5))
            line.parents = born[-1][1:3]
        check_equal(*born)


def test_rates_scale_the_step():
    line = Line(partial(mlp, optimizer=optimizer(torch.optim.SGD)), True)
    parent = line.parents[0]
    moves = []
    for rate, factor in [(1.0, 1.0), (0.5, 1.0), (1.0, 3.0)]:
        child = line.generation([Plan(parent, "heuristic", rate)], factor=factor)[0]
        moves.append(torch.cat([(p - q).flatten() for p, q in zip(child.weights, parent.weights, strict=True)]))
    torch.testing.assert_close(moves[1], 0.5 * moves[0], rtol=1e-3, atol=1e-7)
    torch.testing.assert_close(moves[2], 3.0 * moves[0], rtol=1e-3, atol=1e-7)
    assert moves[0].abs().max() > 1e-5


@pytest.mark.parametrize("kind", [Adam(), optimizer(torch.optim.Adam), RMSprop()], ids=["fused", "foreach", "RMSprop"])
def test_optimizers_may_have_made_other_numbers_of_steps(kind):
    apart, together = lines(partial(mlp, optimizer=kind))
    for line in (apart, together):
        young = line.parents[0]
        line.parents = [young, line.generation(seed=5)[0]]
        line.parents = [young, *line.generation(seed=6)[4:6]]
    children = apart.generation(), together.generation()
    check_equal(*children)
    assert {float(child.optimizer[0]["step"]) for child in children[1]} == {1.0, 3.0}


def test_parts_that_do_not_train_stay_as_they_are():
    def make():
        system = mlp()
        frozen = system.trainer.G[0].weight.requires_grad_(False)
        trainer = AdversarialTrainer(system.trainer.G, system.trainer.D, prior=system.trainer.prior)
        assert all(frozen is not p for p in trainer.optimizer_G.param_groups[0]["params"])
        return GANSystem(trainer, shape=(2,))

    apart, together = lines(make)
    before = together.parents[0].weights[0].clone()
    check_equal(apart.generation(), children := together.generation())
    assert all(torch.equal(child.weights[0], before) for child in children)
    assert not torch.equal(children[0].weights[1], together.parents[0].weights[1])


class Centre(nn.Module):
    """Subtract a running mean that every forward pass replaces by a new tensor."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(2))

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(dim=0)
        return x - self.mean


def test_buffers_that_are_replaced_belong_to_each_child():
    def make():
        return assemble((2,), PARAMS, Recipe(lr_G=1e-3), G=nn.Sequential(PARAMS.generator((2,)), Centre()))

    apart, together = lines(make, mu=2)
    check_generations(apart, together)
    means = [child.weights[-1] for child in together.parents]
    assert not torch.equal(*means)


def test_layouts_are_those_of_the_network():
    apart, together = lines(partial(dcgan, (3, 16, 16), channels_last=True), mu=2)
    check_generations(apart, together)
    like = list(together.system.trainer.G.parameters())
    assert any(not p.is_contiguous() for p in like)
    for child in together.parents:
        assert [w.stride() for w in child.weights[: len(like)]] == [p.stride() for p in like]
        assert [state["exp_avg"].stride() for state in child.optimizer] == [p.stride() for p in like]


def test_children_share_no_memory_and_change_nothing():
    line = Line(dcgan, True, mu=2, keep_fakes=True)
    line.parents = line.generation()[2:4]  # with states of the optimizer
    trainer = line.system.trainer

    def state():
        parts = [part.state_dict() for part in (trainer.G, trainer.D, trainer.optimizer_G)]
        return [parts, [(parent.weights, parent.optimizer) for parent in line.parents]]

    before = copy.deepcopy(state())
    children = line.generation()
    torch.testing.assert_close(state(), before, rtol=0, atol=0)
    tensors = [
        tensor
        for one in [*children, *line.parents]
        for tensor in [*one.weights, *(v for state in one.optimizer for v in state.values()), one.fakes]
    ]
    assert len({tensor.untyped_storage().data_ptr() for tensor in tensors}) == len(tensors)
    assert all(t.untyped_storage().nbytes() == t.numel() * t.element_size() for t in tensors)
    assert not any(tensor.requires_grad for tensor in tensors)


def test_modes_and_gradients_are_left_as_they_were():
    line = Line(dcgan, True)
    line.generation()
    trainer = line.system.trainer
    assert all(layer.training for net in (trainer.G, trainer.D) for layer in net.modules())
    assert all(p.grad is None and p.requires_grad for p in [*trainer.G.parameters(), *trainer.D.parameters()])


def test_random_numbers_are_taken_in_the_same_order():
    states = []
    for line in lines(dcgan, fitness=IEGANFitness()):
        line.generation()
        states.append(torch.get_rng_state())
    assert torch.equal(*states)


def test_the_samples_that_were_judged_are_kept_where_they_are_used_again():
    apart, together = lines(dcgan, keep_fakes=True)
    for one, other in zip(apart.generation(), together.generation(), strict=True):
        assert other.fakes.shape == (10, *IMAGE)
        check_close(other.fakes, one.fakes)
    assert all(child.fakes is None for child in Line(dcgan, True).generation())


def test_children_are_counted():
    apart, together = lines(mlp, mu=2)
    for line in (apart, together):
        line.generation()
        assert (line.nursery.n_made, line.nursery.n_judged) == (8, 8)


def test_no_children_are_made_of_no_plans():
    assert Line(mlp, True).generation(plans=[]) == []


def cast():
    return assemble(IMAGE, SMALL, Recipe(bf16=True))


def with_auxiliaries():
    return gans.acgan(IMAGE, n_classes=3, networks=SMALL)


def of_another_trainer():
    class Careful(AdversarialTrainer):
        pass

    return assemble((2,), PARAMS, Recipe(), trainer=Careful)


def spectral():
    return assemble((2,), PARAMS, Recipe(), G=spectral_normalize(PARAMS.generator((2,))))


def that_asks_for_a_number():
    G = SMALL.generator(IMAGE)
    G[2].momentum = None  # a cumulative average counts batches in Python
    return assemble(IMAGE, SMALL, Recipe(), G=G)


class Noisy(nn.Module):
    def forward(self, x):
        return x + 0.1 * torch.randn_like(x)


def noisy():
    return assemble((2,), PARAMS, Recipe(), G=nn.Sequential(PARAMS.generator((2,)), Noisy()))


REFUSED = {
    "the trainer must be an AdversarialTrainer itself, whose step is known, got Careful": of_another_trainer,
    "the trainer must have no auxiliaries, which look at more than logits, got": with_auxiliaries,
    r"the trainer must run in full precision \(bf16=False\), got autocast=torch.bfloat16": cast,
    "the generator's optimizer must be torch's Adam, AdamW, RMSprop, SGD, got Rprop": partial(
        mlp, optimizer=optimizer(torch.optim.Rprop)
    ),
    r"the generator must draw no random numbers.*got Dropout\(p=0.5": partial(with_dropout, nn.Dropout(0.5)),
    r"the discriminator must draw no random numbers.*got Dropout\(p=0.25": partial(with_dropout, dropout_D=0.25),
    "the generator must have no spectral normalization": spectral,
    r"torch cannot map these networks over children: .*\.item\(\)": that_asks_for_a_number,
    "torch cannot map these networks over children: .*random": noisy,
}


@pytest.mark.parametrize(("message", "make"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_cannot_be_done_together_says_why(message, make):
    with pytest.raises(ValueError, match=f'(?s)^together=True cannot be: {message}.*together="auto"'):
        Line(make, True).generation()


@pytest.mark.parametrize("make", REFUSED.values(), ids=range(len(REFUSED)))
def test_auto_goes_one_by_one_where_it_must(make, monkeypatch):
    apart, auto = Line(make, False), Line(make, "auto")
    expected = apart.generation()
    monkeypatch.setattr(nursery_module, "pays", lambda *_: True)
    children = auto.generation()
    assert auto.nursery.together is False
    assert (auto.nursery.n_made, auto.nursery.n_judged) == (4, 4)
    for one, other in zip(expected, children, strict=True):
        assert all(torch.equal(*both) for both in zip(one.weights, other.weights, strict=True))
        assert (one.number, one.loss, one.parts) == (other.number, other.loss, other.parts)


def test_states_of_operators_are_refused():
    line = Line(mlp, True)
    line.generation()
    line.nursery.operator_states = {}
    with pytest.raises(ValueError, match='must follow the individual, got opt_state="operator"'):
        line.nursery.mutate_all([Plan(line.parents[0], "minimax", 1.0)])


@pytest.mark.parametrize("option", [{"mutation_base": "chained"}, {"opt_state": "operator"}])
def test_children_that_wait_for_each_other_are_refused_at_once(option):
    with pytest.raises(ValueError, match="together=True needs mutation_base"):
        EGAN(mlp, together=True, **option)
    EGAN(mlp, **option)


@pytest.mark.parametrize("together", ["yes", 1, None])
def test_together_is_true_false_or_auto(together):
    with pytest.raises(ValueError, match='together must be True, False or "auto", got'):
        EGAN(mlp, together=together)


def test_auto_means_together_on_an_accelerator_alone(monkeypatch):
    assert nursery_module.pays(torch.device("cuda"), 2)
    assert not nursery_module.pays(torch.device("cuda"), 1)
    assert not nursery_module.pays(torch.device("cpu"), 2)
    line = Line(mlp, "auto")
    stepped = []
    monkeypatch.setattr(nursery_module, "step_together", lambda *given: stepped.append(given))
    line.generation()
    assert stepped == [] and line.nursery.together == "auto"


def test_evolution_remembers_that_it_goes_one_by_one(monkeypatch):
    monkeypatch.setattr(nursery_module, "pays", lambda *_: True)
    batches = Batches(digits(), 6, seed=1)
    torch.manual_seed(1)
    mapped, unmapped = EGAN(partial(dcgan, (1, 8, 8))), EGAN(that_asks_for_a_number)
    for egan in (mapped, unmapped):
        egan.step(batches)
    assert (mapped.together, unmapped.together) == ("auto", False)


def evolved(make, data, *, together, n=5, batch_size=12, **options):
    torch.manual_seed(3)
    egan = EGAN(make, together=together, **options)
    if together:
        egan.trainer.g_step = stepped_alone
    batches = Batches(data, batch_size, seed=3)
    return egan, [egan.step(batches) for _ in range(n)]


EVOLUTIONS = {
    "toy": (mlp, {"mu": 2}),
    "schedule": (partial(mlp, schedule=lambda step: 1.0 / (1 + step)), {}),
    "plus": (mlp, {"mu": 2, "plus": True, "lr_mutation": LearningRateMutation()}),
    "images": (dcgan, {"mu": 2, "n_eval": 30}),
    "generators first": (dcgan, {"order": "GD", "d_fakes": "evaluation"}),
}


@pytest.mark.parametrize(("make", "options"), EVOLUTIONS.values(), ids=EVOLUTIONS)
def test_a_whole_evolution_is_the_same(make, options):
    data = digits() if make is dcgan else ring(rng=np.random.default_rng(1))
    (apart, told), (together, also_told) = (evolved(make, data, together=t, **options) for t in (False, True))
    for one, other in zip(told, also_told, strict=True):
        assert list(one) == list(other)
        check_close(list(other.values()), list(one.values()))
    for one, other in zip(apart.take_records(), together.take_records(), strict=True):
        for name in ("number", "parents", "mutation", "rate", "survivors"):
            assert one[name] == other[name]
    check_equal(apart.population, together.population)
    assert apart.counters == together.counters
    assert all(individual.mutation != "initial" for individual in together.population)
