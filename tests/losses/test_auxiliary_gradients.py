"""Whom each auxiliary term trains: gradients of the players' parameters against finite differences."""

import pytest
import torch
from torch import nn

from evogan.losses import (
    Auxiliary,
    AuxiliaryClassification,
    Controlled,
    CycleConsistency,
    FeatureMatching,
    HistoricalAveraging,
    Identity,
    L1Reconstruction,
    MutualInformation,
    NonSaturating,
    PerceptualContent,
    Step,
)
from evogan.nets import Critic


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.a_to_b, self.b_to_a = (nn.Sequential(nn.Linear(3, 3), nn.Tanh()) for _ in range(2))
        self.from_latent = nn.Sequential(nn.Linear(5, 3), nn.Tanh())

    def forward(self, latent):
        return self.from_latent(latent)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(3, 6), nn.Tanh())
        self.logits, self.classes, self.code = nn.Linear(6, 1), nn.Linear(6, 4), nn.Linear(6, 4)

    def forward(self, x):
        h = self.trunk(x)
        return Critic(self.logits(h), h, self.classes(h), self.code(h))


def players():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Generator().double(), Discriminator().double()


def samples():
    rng = torch.Generator().manual_seed(5)
    one_hot = torch.eye(3, dtype=torch.float64)[[0, 2, 1, 1]]
    latent = torch.cat([torch.randn(4, 1, generator=rng).double(), one_hot, torch.rand(4, 1, generator=rng)], dim=1)
    return latent, *(torch.rand(4, 3, generator=rng, dtype=torch.float64) for _ in range(2))


def step_of(G, D, *, paired, for_discriminator):
    latent, a, b = samples()
    with torch.set_grad_enabled(not for_discriminator):
        real, fake = ((a, b), (G.b_to_a(b), G.a_to_b(a))) if paired else (a, G(latent))
    judged = (real[0], fake[0]) if paired else (real, fake)
    labels = torch.tensor([0, 3, 1, 1])
    return Step(G, D, NonSaturating(), real, fake, D(judged[0]), D(judged[1]), latent, labels)


class Square(nn.Module):
    def forward(self, x):
        return x.square()


def with_a_past(G, D):
    part = HistoricalAveraging(0.7)
    for _ in range(2):
        part.update(Step(G, D, NonSaturating(), None, None, torch.zeros(1), torch.zeros(1), None))
        with torch.no_grad():
            for param in (*G.parameters(), *D.parameters()):
                param.add_(0.1)
    return part


TERMS = {
    "classes": lambda G, D: AuxiliaryClassification(0.5),
    "code": lambda G, D: MutualInformation(3, 1, 1.0, 0.5),
    "features": lambda G, D: FeatureMatching(2.0),
    "past": with_a_past,
    "l1": lambda G, D: L1Reconstruction(3.0),
    "cycle": lambda G, D: CycleConsistency(),
    "identity": lambda G, D: Identity(),
    "content": lambda G, D: PerceptualContent(Square(), weight=2.0),
}
PAIRED = ("cycle", "identity")
FOR_BOTH = ("classes", "code", "past")


def value_of(term, player, G, D, name):
    step = step_of(G, D, paired=name in PAIRED, for_discriminator=player == "discriminator")
    return getattr(term, player)(step)


@pytest.mark.parametrize(
    ("name", "player"),
    [*((name, "generator") for name in TERMS), *((name, "discriminator") for name in FOR_BOTH)],
)
def test_the_player_is_trained_by_the_true_gradient(name, player):
    G, D = players()
    term, net = TERMS[name](G, D), G if player == "generator" else D
    params = list(net.parameters())
    value = value_of(term, player, G, D, name)
    assert value.shape == ()
    grads = torch.autograd.grad(value, params, allow_unused=True)
    rng = torch.Generator().manual_seed(7)
    directions = [torch.randn(p.shape, generator=rng, dtype=torch.float64) for p in params]
    slope = sum((g * d).sum() for g, d in zip(grads, directions, strict=True) if g is not None).item()
    assert abs(slope) > 1e-3
    shifted, h = [], 1e-5
    for sign in (1, -1):
        with torch.no_grad():
            torch._foreach_add_(params, directions, alpha=sign * h)
            shifted.append(value_of(term, player, G, D, name).item())
            torch._foreach_add_(params, directions, alpha=-sign * h)
    assert slope == pytest.approx((shifted[0] - shifted[1]) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("name", FOR_BOTH)
def test_in_the_discriminators_step_the_generator_gets_nothing(name):
    G, D = players()
    value = value_of(TERMS[name](G, D), "discriminator", G, D, name)
    assert all(grad is None for grad in torch.autograd.grad(value, list(G.parameters()), allow_unused=True))


@pytest.mark.parametrize("name", [name for name in TERMS if name not in FOR_BOTH])
def test_terms_of_the_generator_say_nothing_to_the_discriminator(name):
    G, D = players()
    assert value_of(TERMS[name](G, D), "discriminator", G, D, name) is None


@pytest.mark.parametrize("name", TERMS)
def test_terms_follow_the_protocol(name):
    term = TERMS[name](*players())
    assert isinstance(term, Auxiliary)
    assert isinstance(term, Controlled) == (name == "past")
