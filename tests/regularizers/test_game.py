"""Terms of both players: closed forms on the bilinear game, then whole trajectories of the Dirac-GAN.

The Dirac-GAN of Mescheder et al., "Which training methods for GANs do actually converge?", ICML 2018: all real
samples are 0, all fake ones theta, D(x) = psi * x; the one equilibrium is (0, 0).
"""

import math
from functools import partial

import pytest
import torch
from torch import nn

from evogan.losses import Auxiliary, Hinge, NonSaturating, Step, Wasserstein
from evogan.regularizers import R1, R2, Consensus, GradientNorm, GradientPenalty, RothRegularizer
from evogan.training import AdversarialTrainer

ZERO = torch.zeros(1, 1)


class Delta(nn.Module):
    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta))

    def forward(self, latent):
        return self.theta.expand(len(latent), 1)


class Slope(nn.Module):
    def __init__(self, psi):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(psi))

    def forward(self, x):
        return self.psi * x


def dirac(theta=1.0, psi=1.0):
    return Delta(theta), Slope(psi)


def step_of(G, D, loss, *, player, real=ZERO):
    """Build what a trainer would hand to the auxiliaries of ``player``."""
    latent = torch.zeros(len(real), 1)
    fake = G(latent) if player == "generator" else G(latent).detach()
    return Step(G, D, loss, real, fake, D(real), D(fake), latent)


def game_gradients(G, D, loss, auxiliary):
    """Return the gradients of both players' whole losses, each by its own parameter."""
    values = {}
    for player, param in (("discriminator", D.psi), ("generator", G.theta)):
        step = step_of(G, D, loss, player=player)
        value = getattr(loss, player)(step.d_real, step.d_fake, real=step.real, fake=step.fake)
        if auxiliary is not None and (term := getattr(auxiliary, player)(step)) is not None:
            value = value + term
        (values[player],) = torch.autograd.grad(value, param)
    return values["discriminator"], values["generator"]


def play(loss, *, regularizers=(), auxiliary=None, lr=0.2, steps=400):
    """Return the distances from the equilibrium after each pair of alternating steps from (1, 1)."""
    G, D = dirac()
    radii = []
    if auxiliary is None:
        sgd = partial(torch.optim.SGD, lr=lr)
        trainer = AdversarialTrainer(
            G,
            D,
            prior=lambda n: torch.zeros(n, 1),
            loss=loss,
            regularizers=regularizers,
            optimizer_G=sgd,
            optimizer_D=sgd,
        )
        for _ in range(steps):
            trainer.d_step(ZERO)
            trainer.g_step(ZERO)
            radii.append(math.hypot(G.theta.item(), D.psi.item()))
        return radii
    for _ in range(steps):
        for player, param in (("discriminator", D.psi), ("generator", G.theta)):
            step = step_of(G, D, loss, player=player)
            value = getattr(loss, player)(step.d_real, step.d_fake, real=step.real, fake=step.fake)
            term = getattr(auxiliary, player)(step)
            value = value if term is None else value + term
            with torch.no_grad():
                param -= lr * torch.autograd.grad(value, param)[0]
        radii.append(math.hypot(G.theta.item(), D.psi.item()))
    return radii


def test_consensus_of_the_bilinear_game_in_closed_form():
    """The losses psi * theta and -psi * theta give v = (theta, -psi)."""
    G, D = dirac(3.0, 2.0)
    for player, param, expected in (("discriminator", D.psi, 5 * 2.0), ("generator", G.theta, 5 * 3.0)):
        value = getattr(Consensus(5.0), player)(step_of(G, D, Wasserstein(), player=player))
        assert value.item() == pytest.approx(5 / 2 * (3**2 + 2**2))
        assert torch.autograd.grad(value, param)[0].item() == pytest.approx(expected)


def test_gradient_norm_of_the_bilinear_game_in_closed_form():
    G, D = dirac(3.0, 2.0)
    part = GradientNorm(0.5)
    assert part.discriminator(step_of(G, D, Wasserstein(), player="discriminator")) is None
    value = part.generator(step_of(G, D, Wasserstein(), player="generator"))
    assert value.item() == pytest.approx(0.5 * 3**2)
    assert torch.autograd.grad(value, G.theta)[0].item() == pytest.approx(0.5 * 2 * 3)


def test_gradient_norm_sees_the_real_samples():
    """With reals at 5 and fakes at 3 the critic's gradient is -2, also where the step never judged the reals."""
    G, D = dirac(3.0, 2.0)
    step = step_of(G, D, Wasserstein(), player="generator", real=torch.full((4, 1), 5.0))
    step.d_real = step.d_fake
    value = GradientNorm(1.0).generator(step)
    assert value.item() == pytest.approx(4.0)
    assert torch.autograd.grad(value, G.theta)[0].item() == pytest.approx(-4.0)


@pytest.mark.parametrize(("gamma", "factor"), [(None, 1.01), (1.0, 0.82)])
def test_simultaneous_steps_of_the_bilinear_game(gamma, factor):
    """Squared distances grow by 1 + lr^2 a step, with consensus by (1 - lr gamma)^2 + lr^2."""
    (G, D), lr = dirac(), 0.1
    consensus = None if gamma is None else Consensus(gamma)
    for _ in range(50):
        grad_psi, grad_theta = game_gradients(G, D, Wasserstein(), consensus)
        with torch.no_grad():
            D.psi -= lr * grad_psi
            G.theta -= lr * grad_theta
    squared = G.theta.item() ** 2 + D.psi.item() ** 2
    assert squared == pytest.approx(2 * factor**50, rel=1e-3)


def test_consensus_holds_conditions_and_tuples():
    class Pairs(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Parameter(torch.tensor(2.0))

        def forward(self, latent, label):
            return self.a * latent, label * latent

    class OfPairs(Slope):
        def forward(self, pair, label):
            return self.psi * (pair[0] + pair[1]) * label

    G, D, latent, label = Pairs(), OfPairs(3.0), torch.ones(2, 1), torch.full((2, 1), 10.0)
    fake = tuple(part.detach() for part in G(latent, label))
    zeros = (torch.zeros(2, 1), torch.zeros(2, 1))
    step = Step(G, D, Wasserstein(), zeros, fake, D(zeros, label), D(fake, label), latent, label)
    # D's loss is psi * (a + 10) * 10, G's its negative: v = (120, -30).
    assert Consensus(2.0).discriminator(step).item() == pytest.approx(120**2 + 30**2)


def test_consensus_refuses_fakes_that_it_cannot_make_again():
    G, D = dirac()
    step = step_of(G, D, Wasserstein(), player="discriminator")
    step.latent = None
    with pytest.raises(ValueError, match="needs the latent behind the fakes"):
        Consensus().discriminator(step)
    step = step_of(G, D, Wasserstein(), player="discriminator")
    step.fake = (step.fake, step.latent)  # as with an encoder
    with pytest.raises(ValueError, match="that is shown what G returns"):
        Consensus().discriminator(step)


def test_terms_follow_the_protocol_and_check_their_weights():
    assert isinstance(Consensus(), Auxiliary)
    assert isinstance(GradientNorm(), Auxiliary)
    with pytest.raises(ValueError, match=r"Consensus\.gamma must lie in"):
        Consensus(-1.0)
    with pytest.raises(ValueError, match=r"GradientNorm\.eta must lie in"):
        GradientNorm(math.nan)


@pytest.mark.parametrize("loss", [NonSaturating(), Wasserstein(), Hinge()])
def test_r1_converges_on_the_dirac_gan(loss):
    assert max(play(loss, regularizers=[R1(1.0)])[-50:]) < 1e-10


@pytest.mark.parametrize("penalty", [R2(1.0), RothRegularizer(2.0)])
def test_other_penalties_at_the_samples_converge_on_the_dirac_gan(penalty):
    assert max(play(NonSaturating(), regularizers=[penalty])[-50:]) < 1e-10


@pytest.mark.parametrize("loss", [Wasserstein(), Hinge()])
def test_without_a_penalty_the_dirac_gan_circles(loss):
    radii = play(loss)
    assert min(radii) > 0.8 * math.sqrt(2)
    assert max(radii) < 1.2 * math.sqrt(2)


@pytest.mark.parametrize("loss", [NonSaturating(), Wasserstein(), Hinge()])
def test_a_penalty_centred_at_one_does_not_converge_on_the_dirac_gan(loss):
    radii = play(loss, regularizers=[GradientPenalty(1.0)])
    assert max(radii[-100:]) > 1.5
    assert min(radii[-100:]) > 0.9


@pytest.mark.parametrize(
    ("loss", "auxiliary"),
    [
        (NonSaturating(), Consensus(2.0)),
        (Wasserstein(), Consensus(1.0)),
        (Hinge(), Consensus(1.0)),
        (NonSaturating(), GradientNorm(2.0)),
        (Wasserstein(), GradientNorm(0.5)),
        (Hinge(), GradientNorm(0.5)),
    ],
)
def test_terms_of_both_players_converge_on_the_dirac_gan(loss, auxiliary):
    assert max(play(loss, auxiliary=auxiliary)[-50:]) < 1e-10
