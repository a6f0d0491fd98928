"""InfoGAN: codes that can be read from the samples, learned without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from evogan._internal.checks import check_int
from evogan.gans._assemble import Recipe, assemble
from evogan.losses import MutualInformation, NonSaturating
from evogan.nets import Discriminator, Networks, default_networks
from evogan.training import GANSystem

_CHUNK = 500  # images read at once: bounds memory


@dataclass(frozen=True)
class CodePrior:
    """Draws latents ``(n, n_noise + n_categories + n_continuous)``.

    In this order: standard normal noise, a category drawn evenly as one-hot columns, and continuous codes, uniform
    in [-1, 1]. Chen et al. 2016, sec. 7.2.

    Example:
        >>> CodePrior(n_noise=5, n_categories=3, n_continuous=1)(4).shape
        torch.Size([4, 9])
    """

    n_noise: int
    n_categories: int = 10
    n_continuous: int = 2

    def __post_init__(self) -> None:
        check_int(self.n_noise, "CodePrior.n_noise")
        check_int(self.n_categories, "CodePrior.n_categories")
        check_int(self.n_continuous, "CodePrior.n_continuous", low=0 if self.n_categories else 1)

    def __call__(self, n: int) -> Tensor:
        """Return ``n`` latents."""
        parts = [torch.randn(n, self.n_noise), 2 * torch.rand(n, self.n_continuous) - 1]
        if self.n_categories:
            parts.insert(1, F.one_hot(torch.randint(self.n_categories, (n,)), self.n_categories).float())
        return torch.cat(parts, dim=1)


class InfoGANSystem(GANSystem):
    """A system made by :func:`infogan`: unconditional, with codes that can be read from samples."""

    @torch.no_grad()
    def codes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Read from samples ``(n, *shape)`` the likeliest category ``(n,)`` and the continuous codes' means.

        The latter are ``(n, n_continuous)``. Categories are numbered as the prior numbers them (all 0 where it has
        none); which one means what is the training's choice.
        """
        D, prior = self.trainer.D, cast(CodePrior, self.trainer.prior)
        training = D.training
        D.eval()
        try:
            said = torch.cat([D(part).code for part in torch.split(x.to(self.device), _CHUNK)])
        finally:
            D.train(training)
        categories, continuous = said[:, : prior.n_categories], said[:, prior.n_categories :]
        return (categories.argmax(dim=1) if prior.n_categories else said.new_zeros(len(x)).long()), continuous


def infogan(
    shape: tuple[int, ...],
    *,
    n_categories: int = 10,
    n_continuous: int = 2,
    networks: Networks | None = None,
    weight: float = 1.0,
    continuous_weight: float = 0.1,
    recipe: Recipe = Recipe(lr_G=1e-3, lr_D=2e-4),
) -> InfoGANSystem:
    """Make an InfoGAN: part of the latent is a code that a head of the discriminator reads from the sample.

    X. Chen et al., "InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets", NeurIPS 2016, eq. 6 and app. C.1 (learning rates, weights, sizes of the codes for MNIST).

    No labels are used; :meth:`InfoGANSystem.codes` reads from samples what was found instead.

    Departs from the paper: the head has no batch normalization, and continuous codes are read with unit variance.

    Args:
        shape: of one sample.
        n_categories: values of the categorical code; 0 for none.
        n_continuous: number of continuous codes, uniform in [-1, 1].
        networks: None means the default for the shape; their latents are the noise beside the codes.
        weight: of the categorical code's cross-entropy.
        continuous_weight: of the continuous codes' negative log likelihood.
        recipe: how it is trained.
    """
    nets = default_networks(shape) if networks is None else networks
    information = MutualInformation(n_categories, n_continuous, weight, continuous_weight)
    n_code = n_categories + n_continuous
    system = assemble(
        shape,
        nets,
        recipe,
        G=nets.generator(shape, n_extra=n_code),
        D=Discriminator(nets.trunk(shape), code=n_code),
        prior=CodePrior(nets.n_latent, n_categories, n_continuous),
        kind=InfoGANSystem,
        loss=NonSaturating(),
        auxiliaries=[information],
    )
    return cast(InfoGANSystem, system)
