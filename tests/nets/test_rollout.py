"""Rollouts against enumeration of a tiny space, and the policy gradient against the gradient of the expected reward."""

import itertools

import pytest
import torch
from torch import nn

from evogan.nets import SequenceDiscriminator, oracle, policy_gradient_loss, rollout_rewards

ALL = torch.tensor(list(itertools.product(range(3), repeat=3)))


class Table(nn.Module):
    """A discriminator whose logits are looked up."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, tokens):
        return self.logits[tokens @ torch.tensor([9, 3, 1])][:, None]


def tiny_game():
    """Return G, D, the probabilities of all sequences and D's of being real."""
    G = oracle(3, 3, seed=3, n_embedding=4, n_hidden=5).double()
    D = Table(2.0 * torch.randn(27, dtype=torch.double, generator=torch.Generator().manual_seed(1)))
    return G, D, G.log_prob(ALL).sum(1).exp(), D.logits.sigmoid()


def exact_values(p, d):
    """Return, for all sequences and t = 1, 2, 3, the mean of d over completions of t tokens, and its variance."""
    means, variances = torch.zeros(2, 27, 3, dtype=torch.double).unbind()
    for i, t in itertools.product(range(27), (1, 2, 3)):
        same = (ALL[:, :t] == ALL[i, :t]).all(1)
        q = p[same] / p[same].sum()
        means[i, t - 1] = q @ d[same]
        variances[i, t - 1] = q @ d[same] ** 2 - means[i, t - 1] ** 2
    return means, variances


def test_rollouts_estimate_the_exact_action_values():
    torch.manual_seed(0)
    G, D, p, d = tiny_game()
    means, variances = exact_values(p, d)
    n_rollouts = 4000
    rewards = rollout_rewards(G, D, ALL[::3], n_rollouts)
    assert rewards.shape == (9, 3) and not rewards.requires_grad
    tolerance = 4 * (variances[::3].clamp(min=0) / n_rollouts).sqrt() + 1e-12
    assert ((rewards - means[::3]).abs() <= tolerance).all()
    torch.testing.assert_close(rewards[:, 2], d[::3], rtol=0, atol=1e-15)
    shifted = (means[::3, 1] - means[::3, 0]).abs()  # an off-by-one of the prefix would be seen
    assert shifted.min() > 2 * tolerance.max()


def test_the_policy_gradient_is_that_of_the_expected_reward():
    G, _, p, d = tiny_game()
    G.requires_grad_(True)
    means, _ = exact_values(p, d)
    weights = list(G.parameters())
    log_probs = G.log_prob(ALL)
    expected_reward = (log_probs.sum(1).exp() * d).sum()
    exact = torch.autograd.grad(expected_reward, weights, retain_graph=True)
    assert max(g.abs().max() for g in exact) > 1e-3
    losses = [policy_gradient_loss(log_probs[i : i + 1], means[i : i + 1]) for i in range(27)]
    estimate = torch.autograd.grad(p @ torch.stack(losses), weights)
    for gradient, truth in zip(estimate, exact, strict=True):
        torch.testing.assert_close(gradient, -truth, rtol=1e-9, atol=1e-12)


def test_the_loss_sums_over_tokens_and_averages_over_sequences():
    log_probs = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]], requires_grad=True)
    rewards = torch.tensor([[0.5, 1.0], [0.25, 0.0]], requires_grad=True)
    loss = policy_gradient_loss(log_probs, rewards)
    assert loss.item() == (0.5 + 2.0 + 0.75 + 0.0) / 2
    loss.backward()
    assert torch.equal(log_probs.grad, -rewards.detach() / 2) and rewards.grad is None
    with pytest.raises(ValueError, match=r"must both have shape \(n, length\), got \(2, 2\) and \(2, 1\)"):
        policy_gradient_loss(log_probs, rewards[:, :1])


def test_the_discriminator_judges_without_dropout_and_keeps_its_modes():
    torch.manual_seed(0)
    G = oracle(4, 5, seed=0)
    D = SequenceDiscriminator(4, length=5)
    D.convs.eval()
    tokens = G.sample(6)
    last = rollout_rewards(G, D, tokens, 2)[:, -1]
    assert D.training and D.output[0].training and not D.convs[0].training
    torch.testing.assert_close(last, D.eval()(tokens).sigmoid().flatten())
    assert last.requires_grad is False


def test_wrong_tokens_rollouts_and_discriminators_are_refused():
    G, D, _, _ = tiny_game()
    with pytest.raises(ValueError, match=r"tokens must have shape \(n, 3\), got \(2, 2\)"):
        rollout_rewards(G, D, torch.zeros(2, 2, dtype=torch.long), 1)
    with pytest.raises(ValueError, match="n_rollouts must be at least 1"):
        rollout_rewards(G, D, ALL, 0)
    with pytest.raises(ValueError, match=r"D must return one logit a sequence, got shape \(27, 3\) for 27"):
        rollout_rewards(G, _Cast(), ALL, 1)


class _Cast(nn.Module):
    def forward(self, tokens):
        return tokens.double()
