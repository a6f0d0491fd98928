"""SeqGAN: sequences of tokens, through which no gradient flows, from a generator trained as a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from evogan._internal.checks import check_int, check_rng
from evogan._internal.rng import torch_seeded
from evogan.gans._assemble import NormalPrior, Recipe
from evogan.losses import NonSaturating
from evogan.nets import SequenceDiscriminator, SequenceGenerator, policy_gradient_loss, rollout_rewards
from evogan.training import Adam, AdversarialTrainer, Batch, GANSystem


class SeqGANSystem(GANSystem):
    """A system made by :func:`seqgan`; samples are LongTensors ``(n, length)``.

    Args:
        trainer: of a :class:`~evogan.nets.SequenceGenerator` and a discriminator of tokens; its prior is not used.
        n_pretrain: steps at first in which the generator learns by maximum likelihood.
        n_rollouts: completions of every prefix.
        **settings: see :class:`~evogan.training.GANSystem`.
    """

    def __init__(self, trainer: AdversarialTrainer, *, n_pretrain: int, n_rollouts: int, **settings: Any) -> None:
        super().__init__(trainer, **settings)
        self.n_pretrain = check_int(n_pretrain, "n_pretrain")
        self.n_rollouts = check_int(n_rollouts, "n_rollouts", low=1)

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make one discriminator step, or ``n_critic`` once the generator is pretrained, and one of the generator.

        "generator" is what it minimises: its negative log-likelihood of real tokens in nats per token, which is always
        told as "nll", and after pretraining the loss of the policy gradient.
        """
        self.set_rates()
        trainer, G = self.trainer, cast(SequenceGenerator, self.trainer.G)
        pretraining = self.n_steps < self.n_pretrain
        for _ in range(1 if pretraining else self.n_critic):
            real = batches().x
            d_loss = trainer.d_step(real, fake=G.sample(len(real)))
        with torch.set_grad_enabled(pretraining):
            value = nll = G.nll(real)
        if not pretraining:
            tokens = G.sample(len(real))
            rewards = rollout_rewards(G, trainer.D, tokens, self.n_rollouts)
            value = policy_gradient_loss(G.log_prob(tokens), rewards)
        trainer.descend_generator(value)
        if self.ema is not None:
            self.ema.update_parameters(G)
        self.n_steps += 1
        return {"discriminator": d_loss, "generator": value.detach(), "nll": nll.detach()}

    def generate(self, n: int, condition: None, *, rng: np.random.Generator) -> Tensor:
        """Return ``n`` sequences."""
        with torch_seeded(check_rng(rng), self.device):
            return cast(SequenceGenerator, self.generator).sample(n)


def seqgan(
    shape: tuple[int, ...],
    *,
    n_tokens: int = 10,
    n_pretrain: int = 1000,
    n_rollouts: int = 16,
    n_embedding: int = 32,
    n_hidden: int = 32,
    recipe: Recipe = Recipe(lr_G=3e-3, lr_D=1e-3, optimizer=Adam((0.9, 0.999)), n_critic=3, ema=None),
) -> SeqGANSystem:
    """Make a GAN of sequences of tokens: a policy that is rewarded where the discriminator takes them for real.

    L. Yu, W. Zhang, J. Wang, Y. Yu, "SeqGAN: sequence generative adversarial nets with policy gradient", AAAI 2017,
    algorithm 1, eq. 1-8.

    Departs from the paper: the discriminator is pretrained beside the generator instead of after it, and later makes
    ``n_critic`` steps on fresh minibatches in place of epochs over a fixed set.

    Args:
        shape: ``(length,)``.
        n_tokens: size of the vocabulary; tokens are 0 .. n_tokens - 1.
        n_pretrain: generator steps of maximum likelihood before the adversarial ones.
        n_rollouts: N, completions of every prefix whose mean reward is the value of a token.
        n_embedding: length of the vectors that stand for tokens, in either network.
        n_hidden: units of the generator's LSTM.
        recipe: how it is trained.

    Raises:
        ValueError: a shape of more than one axis, or sizes below 1.
    """
    if len(shape) != 1:
        raise ValueError(f"shape must be (length,), that of a sequence of tokens, got {shape}")
    G = SequenceGenerator(n_tokens, length=shape[0], n_embedding=n_embedding, n_hidden=n_hidden)
    D = SequenceDiscriminator(n_tokens, length=shape[0], n_embedding=n_embedding)
    trainer = AdversarialTrainer(
        G,
        D,
        prior=NormalPrior(1),
        loss=NonSaturating(),
        optimizer_G=recipe.optimizer(recipe.lr_G),
        optimizer_D=recipe.optimizer(recipe.lr_D),
        autocast=torch.bfloat16 if recipe.bf16 else None,
    )
    return SeqGANSystem(
        trainer,
        n_pretrain=n_pretrain,
        n_rollouts=n_rollouts,
        shape=shape,
        n_critic=recipe.n_critic,
        ema=recipe.ema,
        schedule=recipe.schedule,
    )
