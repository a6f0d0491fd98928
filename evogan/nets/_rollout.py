"""SeqGAN's policy gradient: rewards of unfinished sequences by rollouts, and the loss that uses them.

L. Yu, W. Zhang, J. Wang, Y. Yu, "SeqGAN: sequence generative adversarial nets with policy gradient", AAAI 2017,
sec. 3.1-3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.nets._critic import logits_of
from evogan.nets._sequence import SequenceGenerator, check_tokens


def rollout_rewards(G: SequenceGenerator, D: nn.Module, tokens: Tensor, n_rollouts: int) -> Tensor:
    """Return the action values ``(n, length)`` of the tokens of sequences: D's mean probability of being real (eq. 4).

    The value of token t is the mean over ``n_rollouts`` sequences that G completes from the first t tokens; that of
    the last token is D's probability of the sequence itself. Carries no gradient; D judges in ``eval`` mode and is
    left in the modes it had.

    Args:
        G: completes the sequences.
        D: from sequences ``(n, length)`` to one logit each.
        tokens: ``(n, length)``, sampled from G.
        n_rollouts: completions of every prefix; 16 in the paper.

    Raises:
        ValueError: tokens of another length or vocabulary, or a D that returns more than one logit a sequence.
    """
    n_rollouts = check_int(n_rollouts, "n_rollouts", low=1)
    check_tokens(tokens, "tokens", G.n_tokens, length=G.length)
    modes = [(module, module.training) for module in D.modules()]
    D.eval()
    try:
        with torch.no_grad():
            columns = []
            for t in range(1, G.length):
                completed = G.complete(tokens[:, :t].repeat(n_rollouts, 1))
                columns.append(_probability(D, completed).view(n_rollouts, -1).mean(0))
            return torch.stack([*columns, _probability(D, tokens)], 1)
    finally:
        for module, training in modes:
            module.training = training


def policy_gradient_loss(log_probs: Tensor, rewards: Tensor) -> Tensor:
    """Return the scalar whose negative gradient estimates that of the expected reward (eq. 7).

    It sums log-likelihood times action value over each sequence and takes the mean over sequences.

    Args:
        log_probs: ``(n, length)`` of :meth:`SequenceGenerator.log_prob`.
        rewards: ``(n, length)`` of :func:`rollout_rewards`; no gradient flows through them.

    Raises:
        ValueError: the shapes differ.
    """
    if log_probs.ndim != 2 or log_probs.shape != rewards.shape:
        raise ValueError(
            f"log_probs and rewards must both have shape (n, length), "
            f"got {tuple(log_probs.shape)} and {tuple(rewards.shape)}"
        )
    return -(log_probs * rewards.detach()).sum(1).mean()


def _probability(D: nn.Module, tokens: Tensor) -> Tensor:
    logits = logits_of(D(tokens))
    if logits.numel() != len(tokens):
        raise ValueError(f"D must return one logit a sequence, got shape {tuple(logits.shape)} for {len(tokens)}")
    return logits.sigmoid().flatten()
