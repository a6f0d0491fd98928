"""The drift penalty in closed form."""

import pytest
import torch
from torch import nn

from evogan.nets import Critic
from evogan.regularizers import DriftPenalty


def test_it_is_the_mean_squared_logit_of_real_samples():
    def D(x):
        return 3 * x

    real, fake = torch.tensor([[1.0], [-2.0]]), torch.full((2, 1), torch.nan)
    assert DriftPenalty(weight=0.1)(D, real, fake).item() == pytest.approx(0.1 * (9 + 36) / 2)
    assert DriftPenalty()(D, real, fake).item() == pytest.approx(1e-3 * 22.5)


@pytest.mark.parametrize("n", [1, 7, 64])
def test_it_is_a_mean_over_any_batch_and_any_patches(n):
    def D(x):
        return torch.full((len(x), 1, 3, 3), 5.0)

    assert DriftPenalty(weight=1.0)(D, torch.zeros(n, 2), torch.zeros(n, 2)).item() == pytest.approx(25.0)


def test_it_reads_the_logits_of_a_critic_that_tells_more():
    def D(x):
        return Critic(x, features=1000 * x)

    assert DriftPenalty(weight=1.0)(D, torch.full((4, 1), 2.0), torch.zeros(4, 1)).item() == pytest.approx(4.0)


def test_its_gradient_pulls_a_shared_constant_to_zero():
    D = nn.Linear(2, 1)
    real = torch.zeros(5, 2)
    DriftPenalty(weight=0.5)(D, real, real).backward()
    torch.testing.assert_close(D.bias.grad, D.bias.detach())
    assert torch.equal(D.weight.grad, torch.zeros(1, 2))


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match=r"DriftPenalty.weight must lie in \[0, inf\], got -1"):
        DriftPenalty(weight=-1.0)
