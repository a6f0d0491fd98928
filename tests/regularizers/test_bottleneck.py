"""The variational bottleneck: its term and its controller."""

import copy

import pytest
import torch
from torch import nn

from evogan.losses import Auxiliary, Controlled, NonSaturating, Step
from evogan.nets import Critic
from evogan.regularizers import VariationalBottleneck


def step(kl_real, kl_fake):
    net, x = nn.Identity(), torch.zeros(2, 1)
    real = Critic(x, kl=torch.tensor(kl_real, requires_grad=True))
    fake = Critic(x, kl=torch.tensor(kl_fake, requires_grad=True))
    return Step(net, net, NonSaturating(), x, x, real, fake, x)


def test_the_term_is_beta_times_the_excess_over_an_even_mixture():
    part = VariationalBottleneck(target=0.5, beta=3.0)
    now = step([1.0, 3.0], [0.0, 0.0, 3.0])  # means 2 and 1
    value = part.discriminator(now)
    assert value.item() == pytest.approx(3 * (1.5 - 0.5))
    gradients = torch.autograd.grad(value, [now.d_real.kl, now.d_fake.kl])
    torch.testing.assert_close(gradients[0], torch.full((2,), 3 * 0.5 / 2))
    torch.testing.assert_close(gradients[1], torch.full((3,), 3 * 0.5 / 3))
    assert part.generator(now) is None


def test_the_controller_worked_by_hand():
    part = VariationalBottleneck(target=2.0, step=0.5)
    assert part.discriminator(step([9.0], [9.0])).item() == 0.0  # beta starts at 0
    values = []
    for kl in (3.0, 4.0, 2.0, 0.5, 0.25, 2.5):
        part.update(step([kl - 0.25], [kl + 0.25]))
        values.append(part.beta.item())
        assert part.kl.item() == pytest.approx(kl)
    assert values == pytest.approx([0.5, 1.5, 1.5, 0.75, 0.0, 0.25])
    assert not part.beta.requires_grad


def test_beta_is_constant_within_a_step_and_no_gradient_enters_it():
    part = VariationalBottleneck(target=0.0, step=1.0, beta=1.0)
    now = step([1.0], [1.0])
    value = part.discriminator(now)
    torch.autograd.grad(value, now.d_real.kl)
    part.update(now)
    assert part.beta.item() == pytest.approx(2.0)


def test_the_state_is_saved_and_copied():
    part = VariationalBottleneck(target=0.0, step=1.0)
    part.update(step([2.0], [4.0]))
    other = VariationalBottleneck()
    other.load_state_dict(part.state_dict())
    assert (other.beta.item(), other.kl.item()) == (3.0, 3.0)
    twin = copy.deepcopy(part)
    twin.update(step([1.0], [1.0]))
    assert (part.beta.item(), twin.beta.item()) == (3.0, 4.0)


def test_a_critic_without_kl_is_refused():
    x = torch.zeros(2, 1)
    for output in (x, Critic(x)):
        bare = Step(nn.Identity(), nn.Identity(), NonSaturating(), x, x, output, output, x)
        with pytest.raises(ValueError, match=f"must return a Critic with kl .* got {type(output).__name__} without"):
            VariationalBottleneck().discriminator(bare)


def test_the_bottleneck_follows_the_protocols():
    assert isinstance(VariationalBottleneck(), Auxiliary)
    assert isinstance(VariationalBottleneck(), Controlled)


@pytest.mark.parametrize("name", ["target", "step", "beta"])
def test_bad_settings_are_refused_by_name(name):
    with pytest.raises(ValueError, match=f"VariationalBottleneck.{name} must lie in"):
        VariationalBottleneck(**{name: -1.0})
