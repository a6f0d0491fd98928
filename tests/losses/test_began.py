"""BEGAN: losses under the controller, and the controller by hand."""

import copy
import math

import pytest
import torch
from torch import nn

from evogan.losses import BEGAN, AdversarialLoss, Controlled, SeparableLoss, Step
from evogan.nets import Critic

# Per-sample reconstruction errors; D's logits are minus these.
OF_REAL, OF_FAKE = [2.0, 4.0], [0.5, 1.0, 1.5]


def step_of(loss, of_real=OF_REAL, of_fake=OF_FAKE, wrap=lambda d: d):
    d_real, d_fake = wrap(-torch.tensor(of_real)), wrap(-torch.tensor(of_fake))
    return Step(nn.Identity(), nn.Identity(), loss, None, None, d_real, d_fake, None)


def values(loss):
    d_real, d_fake = -torch.tensor(OF_REAL), -torch.tensor(OF_FAKE)
    return [f(d_real, d_fake, real=d_real, fake=d_fake).item() for f in (loss.discriminator, loss.generator)]


def test_it_starts_as_an_autoencoder_of_real_samples():
    loss = BEGAN()
    assert isinstance(loss, AdversarialLoss)
    assert isinstance(loss, Controlled)
    assert not isinstance(loss, SeparableLoss)
    assert (loss.k.item(), loss.convergence.item()) == (0.0, 0.0)
    assert values(loss) == [3.0, 1.0]


def test_one_update_by_hand():
    loss = BEGAN(gamma=0.5, lambda_k=0.25)
    loss.update(step_of(loss))
    # balance = 0.5 * 3 - 1 = 0.5; k = 0 + 0.25 * 0.5; M = 3 + |0.5|.
    assert loss.k.item() == 0.125
    assert loss.convergence.item() == 3.5
    assert values(loss) == [3.0 - 0.125 * 1.0, 1.0]
    # With harder fakes the balance turns negative: 0.5 * 3 - 1.75 = -0.25, and M takes its absolute value.
    loss.update(step_of(loss, of_fake=[1.75]))
    assert loss.k.item() == 0.0625
    assert loss.convergence.item() == 3.25


def test_k_stays_between_0_and_1():
    loss = BEGAN(gamma=1.0, lambda_k=1.0)
    loss.update(step_of(loss, [5.0], [0.0]))
    assert loss.k.item() == 1.0
    loss.update(step_of(loss, [0.0], [5.0]))
    assert loss.k.item() == 0.0


def test_the_balance_is_a_fixed_point():
    loss = BEGAN(gamma=0.25)
    loss.k.fill_(0.3)
    loss.update(step_of(loss, [4.0], [1.0]))
    assert loss.k.item() == pytest.approx(0.3, rel=1e-7)
    assert loss.convergence.item() == 4.0


def test_critics_and_half_precision_are_understood():
    plain, wrapped = BEGAN(lambda_k=0.1), BEGAN(lambda_k=0.1)
    plain.update(step_of(plain))
    wrapped.update(step_of(wrapped, wrap=lambda d: Critic(d.bfloat16().requires_grad_())))
    assert torch.equal(plain.k, wrapped.k)
    assert wrapped.k.dtype == torch.float32
    assert not wrapped.k.requires_grad


def test_the_state_survives_a_round_trip():
    loss, other = BEGAN(lambda_k=0.25), BEGAN(lambda_k=0.25)
    loss.update(step_of(loss))
    state = copy.deepcopy(loss.state_dict())
    other.load_state_dict(state)
    assert values(other) == values(loss) != values(BEGAN())
    assert other.convergence.item() == 3.5
    for part in (loss, other):
        part.update(step_of(part))
    assert other.k.item() == loss.k.item() == 0.25


@pytest.mark.parametrize("arguments", [{"gamma": -0.1}, {"gamma": 1.1}, {"lambda_k": -1.0}, {"lambda_k": math.inf}])
def test_bad_constants_are_refused_by_name(arguments):
    with pytest.raises(ValueError, match=rf"BEGAN\.{next(iter(arguments))} must lie in"):
        BEGAN(**arguments)
