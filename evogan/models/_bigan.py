"""A bidirectional GAN of decision vectors: an encoder learns to undo the generator.

J. Donahue, P. Kraehenbuehl, T. Darrell, "Adversarial feature learning", ICLR 2017.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_int, check_unit_box
from evogan._internal.devices import NARROW_NET, one_thread
from evogan.exceptions import NotFittedError
from evogan.losses import NonSaturating, RolesSwapped
from evogan.models._condition import check_condition
from evogan.models._conditional_gan import ResidualGenerator
from evogan.models._standardised import StandardisedModel
from evogan.nets import mlp
from evogan.training import AdversarialTrainer, adam


class BiGAN(StandardisedModel[AdversarialTrainer]):
    """A GAN whose discriminator judges pairs (x, E(x)) and (G(u), u), on standardised variables.

    Generator and encoder together minimise the discriminator's loss with the roles exchanged (eq. 3-4; sec. 3.4).

    Departs from the paper: decision vectors and multilayer perceptrons with SiLU; a normal latent; a condition, seen by
    all three networks.

    Args:
        n_latent: standard normal variables that feed the generator.
        n_steps: steps, of both players, of a fit that goes on from the last one.
        n_first_steps: steps of a fit with new networks.
        batch_size: solutions of one step, at least 2.
        lr: Adam's learning rate for both players.
        betas: Adam's decay rates.
        hidden: widths of the three networks' hidden layers.
        warm_start: continue from the last fit's networks where the numbers of variables and of conditions are the same.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> X = rng.random((20, 3))
        >>> bigan = BiGAN(n_latent=2, n_first_steps=10).fit(X, rng=rng)
        >>> bigan.sample(5, rng=rng).shape, bigan.encode(X).shape
        ((5, 3), (20, 2))
    """

    def __init__(
        self,
        *,
        n_latent: int = 8,
        n_steps: int = 20,
        n_first_steps: int = 100,
        batch_size: int = 40,
        lr: float = 1.5e-3,
        betas: tuple[float, float] = (0.0, 0.99),
        hidden: Sequence[int] = (64, 64),
        warm_start: bool = True,
    ) -> None:
        super().__init__(
            n_steps=n_steps,
            n_first_steps=n_first_steps,
            batch_size=batch_size,
            lr=lr,
            betas=betas,
            hidden=hidden,
            warm_start=warm_start,
        )
        self.n_latent = check_int(n_latent, "n_latent", low=1)

    def encode(self, X: ArrayLike, *, condition: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the encoder's latent vectors ``(n, n_latent)`` of solutions ``(n, n_var)``.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: another ``n_var`` than in :meth:`fit`; or the condition, as in :meth:`sample`.
        """
        if self._learner is None or self._standard is None or self._learner.encoder is None:
            raise NotFittedError("BiGAN must be fitted before encode(X)")
        X = check_unit_box(X, n_var=self._shape[0])
        C = check_condition(condition, len(X), self._shape[1])
        rows = torch.from_numpy(np.hstack([self._standard.encode(X), 2 * C - 1]).astype(np.float32))
        with one_thread(X.shape[1] < NARROW_NET), torch.no_grad():
            latents: NDArray[np.float32] = self._learner.encoder(rows).numpy()
        return latents.astype(np.float64)

    def _make(self, n_var: int, n_condition: int) -> AdversarialTrainer:
        n_row = n_var + n_condition
        return AdversarialTrainer(
            _Generator([n_condition + self.n_latent, *self.hidden, n_var]),
            _PairDiscriminator([n_row + self.n_latent, *self.hidden, 1]),
            encoder=mlp([n_row, *self.hidden, self.n_latent], activation=nn.SiLU),
            prior=self._prior,
            loss=RolesSwapped(NonSaturating()),
            optimizer_G=adam(self.lr, betas=self.betas),
            optimizer_D=adam(self.lr, betas=self.betas),
        )

    def _prior(self, n: int) -> Tensor:
        return torch.randn(n, self.n_latent)

    def _block(self, learner: AdversarialTrainer, z: Tensor, c: Tensor) -> Tensor:
        rows = torch.cat([z, c], dim=2)
        return torch.stack(
            [
                torch.stack([learner.d_step(row, condition=given), learner.g_step(row, condition=given)])
                for row, given in zip(rows, c, strict=True)
            ]
        )

    def _generate(self, learner: AdversarialTrainer, c: Tensor) -> Tensor:
        rows: Tensor = learner.G(self._prior(len(c)), c)
        return rows[:, : self._shape[0]]


class _Generator(nn.Module):
    """Samples carry their condition along, so that the trainer's encoder, which sees samples alone, sees it too."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.net = ResidualGenerator(sizes)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        return torch.cat([self.net(latent, condition), condition], dim=1)


class _PairDiscriminator(nn.Module):
    """Logits of pairs of a sample, its condition within, and a latent vector."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.net = mlp(sizes, activation=nn.SiLU)

    def forward(self, pair: tuple[Tensor, Tensor], condition: Tensor) -> Tensor:
        logits: Tensor = self.net(torch.cat(pair, dim=1))
        return logits
