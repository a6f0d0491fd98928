"""MIX+GAN: mixtures of generators and discriminators play against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan.gans._assemble import Recipe, assemble, plain_critic
from evogan.losses import NonSaturating, SeparableLoss
from evogan.nets import Networks, default_networks, logits_of
from evogan.training import GANSystem


class GeneratorMixture(nn.Module):
    """``T`` generators with learned weights.

    In training ``n`` latents give ``n`` samples of each, one block after another; in evaluation each sample comes from
    one generator drawn by the weights.
    """

    def __init__(self, generators: Sequence[nn.Module]) -> None:
        super().__init__()
        self.generators = nn.ModuleList(generators)
        self.log_weights = nn.Parameter(torch.zeros(len(generators)))

    def forward(self, latent: Tensor) -> Tensor:
        """Return samples."""
        samples = torch.stack([G(latent) for G in self.generators])
        if self.training:
            return samples.flatten(0, 1)
        choice = torch.multinomial(self.log_weights.softmax(0), len(latent), replacement=True)
        return samples[choice, torch.arange(len(latent), device=latent.device)]


class CriticMixture(nn.Module):
    """``T`` discriminators with learned weights: ``(n, ...)`` to logits ``(n, T)``."""

    def __init__(self, critics: Sequence[nn.Module]) -> None:
        super().__init__()
        self.critics = nn.ModuleList(critics)
        self.log_weights = nn.Parameter(torch.zeros(len(critics)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of every discriminator."""
        return torch.cat([logits_of(D(x)) for D in self.critics], dim=1)


@dataclass(frozen=True, eq=False)
class MixturePayoff:
    """The expected loss of a generator drawn by its weights against a discriminator drawn by its own.

    ``entropy`` weighs -mean log weight, which keeps either mixture from collapsing to one member.
    """

    base: SeparableLoss
    G: GeneratorMixture
    D: CriticMixture
    entropy: float

    def discriminator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return sum_j u_j E real_term + sum_ij w_i u_j E fake_term, and the discriminators' entropy term."""
        u, w = self.D.log_weights.softmax(0), self.G.log_weights.softmax(0)
        value = self.base.real_term(d_real).mean(0) @ u + w @ self._by_pair(self.base.fake_term(d_fake)) @ u
        return value - self.entropy * self.D.log_weights.log_softmax(0).mean()

    def generator(self, d_real: Tensor, d_fake: Tensor, *, real: Tensor, fake: Tensor) -> Tensor:
        """Return sum_ij w_i u_j E generator_term, and the generators' entropy term."""
        u, w = self.D.log_weights.softmax(0), self.G.log_weights.softmax(0)
        value = w @ self._by_pair(self.base.generator_term(d_fake)) @ u
        return value - self.entropy * self.G.log_weights.log_softmax(0).mean()

    def _by_pair(self, terms: Tensor) -> Tensor:
        """Return ``(T, T)`` means: generator i before discriminator j."""
        return terms.view(len(self.G.generators), -1, terms.shape[1]).mean(1)


def mix_gan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    n_mixture: int = 3,
    entropy: float = 1e-2,
    base: SeparableLoss = NonSaturating(),
    recipe: Recipe = Recipe(),
) -> GANSystem:
    """Make a game of ``n_mixture`` generators and as many discriminators, with learned mixture weights.

    S. Arora, R. Ge, Y. Liang, T. Ma, Y. Zhang, "Generalization and equilibrium in generative adversarial nets (GANs)",
    ICML 2017, sec. 5 (MIX+GAN). All pairs are played in every step.
    """
    n = check_int(n_mixture, "n_mixture", low=1)
    nets = default_networks(shape) if networks is None else networks
    G = GeneratorMixture([nets.generator(shape) for _ in range(n)])
    D = CriticMixture([plain_critic(shape, nets) for _ in range(n)])
    loss = MixturePayoff(base, G, D, check_float(entropy, "entropy", low=0.0))
    return assemble(shape, nets, recipe, G=G, D=D, loss=loss)
