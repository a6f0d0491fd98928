"""SeqGAN: likelihood first, then the policy gradient; what each step descends, and what an oracle says of it."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from evogan.datasets import oracle_sequences
from evogan.gans._assemble import Recipe
from evogan.gans._sequence import SeqGANSystem, seqgan
from evogan.nets import SequenceGenerator, oracle, rollout_rewards
from evogan.training import SGD, Adam, AdversarialTrainer, Batch, fit

PLAIN = Recipe(lr_G=1e-2, lr_D=1e-2, optimizer=SGD(), ema=None)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def small(**settings):
    settings = {"n_tokens": 3, "n_rollouts": 2, "n_embedding": 4, "n_hidden": 5, "recipe": PLAIN} | settings
    return seqgan((4,), **settings)


def real(n=8):
    return Batch(torch.randint(3, (n, 4)))


def gradients(value, net):
    return list(torch.autograd.grad(value, list(net.parameters())))


def taken(net):
    return [p.grad for p in net.parameters()]


def test_pretraining_descends_the_likelihood_of_real_tokens():
    system, batch = small(n_pretrain=2), real()
    before = copy.deepcopy(system.trainer.G)
    told = system.step(lambda: batch)
    nll = before.nll(batch.x)
    torch.testing.assert_close(taken(system.trainer.G), gradients(nll, before))
    assert told["generator"].item() == told["nll"].item() == pytest.approx(nll.item(), rel=1e-6)


def test_afterwards_it_descends_the_policy_gradient_of_its_own_sequences(monkeypatch):
    system, batch, seen = small(n_pretrain=0), real(), {}

    def rewards(G, D, tokens, n_rollouts):
        seen.update(G=copy.deepcopy(G), D=D, tokens=tokens, n_rollouts=n_rollouts)
        seen["rewards"] = rollout_rewards(G, D, tokens, n_rollouts)
        return seen["rewards"]

    monkeypatch.setattr("evogan.gans._sequence.rollout_rewards", rewards)
    told = system.step(lambda: batch)
    assert seen["D"] is system.trainer.D and seen["n_rollouts"] == 2 and seen["tokens"].shape == (8, 4)
    assert told["nll"].item() == pytest.approx(seen["G"].nll(batch.x).item(), rel=1e-6)
    value = -(seen["G"].log_prob(seen["tokens"]) * seen["rewards"]).sum(1).mean()
    assert told["generator"].item() == pytest.approx(value.item(), rel=1e-6)
    torch.testing.assert_close(taken(system.trainer.G), gradients(value, seen["G"]))


def test_one_discriminator_step_while_pretraining_and_then_as_many_as_asked_for():
    system, drawn, keys = small(n_pretrain=2, recipe=replace(PLAIN, n_critic=3)), [], set()

    def batches():
        drawn.append(system.n_steps)
        return real()

    for _ in range(4):
        keys.add(tuple(system.step(batches)))
    assert drawn == [0, 1, 2, 2, 2, 3, 3, 3]
    assert keys == {("discriminator", "generator", "nll")}


class Likes(nn.Module):
    """Finds a sequence the more real, the more often it holds a token."""

    def __init__(self, token):
        super().__init__()
        self.token, self.gain = token, nn.Parameter(torch.tensor(2.0))

    def forward(self, tokens):
        return self.gain * ((tokens == self.token).sum(1, keepdim=True) - 2.0)


def test_the_generator_learns_to_write_what_the_discriminator_likes():
    G = SequenceGenerator(3, length=4, n_embedding=4, n_hidden=5)
    settings = {"optimizer_G": Adam()(2e-2), "optimizer_D": SGD()(0.0)}
    trainer = AdversarialTrainer(G, Likes(1), prior=torch.zeros, **settings)
    system = SeqGANSystem(trainer, n_pretrain=0, n_rollouts=2, shape=(4,), ema=None)

    def share():
        return (system.sample(1000, rng=np.random.default_rng(0)) == 1).float().mean(0)

    assert share().max() < 0.6
    for _ in range(60):
        system.step(lambda: real(32))
    assert share().min() > 0.9


def test_the_moving_average_samples_if_there_is_one():
    system = small(n_pretrain=0, recipe=replace(PLAIN, ema=0.9))
    assert system.generator is not system.trainer.G
    with torch.no_grad():
        system.trainer.G.output.bias.copy_(torch.tensor([0.0, 0.0, 50.0]))
    own = system.sample(200, rng=np.random.default_rng(0))
    assert own.dtype == torch.int64 and own.shape == (200, 4) and set(own.unique().tolist()) == {0, 1, 2}


def test_bad_input():
    with pytest.raises(ValueError, match=r"shape must be \(length,\), that of a sequence of tokens, got \(1, 8, 8\)"):
        seqgan((1, 8, 8))
    with pytest.raises(ValueError, match=r"tokens must lie in \[0, 2\]"):
        small().step(lambda: Batch(torch.full((2, 4), 3)))
    with pytest.raises(ValueError, match="n_rollouts must be at least 1"):
        small(n_rollouts=0)
    with pytest.raises(ValueError, match="unconditional"):
        small().sample(2, rng=np.random.default_rng(0), labels=torch.zeros(2, dtype=torch.long))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_an_oracle_finds_its_sequences_likelier_than_those_of_maximum_likelihood(seed):
    torch.manual_seed(seed)
    true, data = oracle(10, 8, seed=seed), oracle_sequences(seed=seed, rng=np.random.default_rng(seed))
    system = seqgan((8,), n_hidden=6, n_pretrain=1200, n_rollouts=8)  # too small to hold the oracle
    fit(system, data, 1200, rng=np.random.default_rng(seed))
    likelihood = copy.deepcopy(system)
    likelihood.n_pretrain = 10**6

    def nll_oracle(system):
        """Return the mean over the last four of eight blocks of 40 steps: it wavers by some 0.05 among them."""
        told, rng = [], np.random.default_rng(seed)
        for block in range(8):
            fit(system, data, 40, rng=rng)
            if block >= 4:
                told.append(true.nll(system.sample(10_000, rng=rng)).item())
        return np.mean(told)

    adversarial, further = nll_oracle(system), nll_oracle(likelihood)
    assert adversarial < further - 0.03, (adversarial, further)
    assert adversarial > true.nll(data.x).item()  # not by repeating the likeliest sequence
    assert len(system.sample(1000, rng=np.random.default_rng(0)).unique(dim=0)) > 300
