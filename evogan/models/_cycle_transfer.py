"""Two generators between two populations, each undoing what the other does.

J.-Y. Zhu, T. Park, P. Isola, A. A. Efros, "Unpaired image-to-image translation using cycle-consistent adversarial
networks", ICCV 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_float
from evogan.losses import CycleConsistency, LeastSquares
from evogan.models._gan import _batches
from evogan.models._trained_transfer import TrainedTransfer
from evogan.models._transfer_nets import judge, translator
from evogan.nets import DiscriminatorPair, TranslatorPair
from evogan.training import AdversarialTrainer, adam


class CycleTransfer(TrainedTransfer):
    """CycleGAN on vectors: G from source to target, F from target to source, a discriminator of each.

    ``L(G, D_T) + L(F, D_S) + weight * (E |F(G(s)) - s|_1 + E |G(F(t)) - t|_1)`` (eq. 3), with the least squares of
    sec. 4; :meth:`transfer` is G.

    Departs from the paper: perceptrons; standardised variables; L1 norms are means over the
    variables, as in the authors' program; no pool of past fakes; no decay of the learning rate.

    Args:
        weight: of the cycle terms, the paper's lambda.
        standardise: as in :class:`~evogan.models.TransferGAN`.
        residual: as in :class:`~evogan.models.TransferGAN`: both generators begin as the identity, where a weight of 10
            holds them.
        n_steps: generator steps of a fit that goes on from the last one.
        n_steps_first: generator steps of a fit with new networks.
        batch_size: samples of source and of target in one step, at least 2.
        lr_generator: Adam's learning rate for both generators.
        lr_discriminator: Adam's learning rate for both discriminators.
        betas: Adam's decay rates.
        warm_start: continue from the last fit's networks and optimizers where ``n_var`` is the same.
        hidden: widths of the hidden layers of all networks; None means two of ``n_var``, at least 32.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"``: CUDA where there is one and networks are wide enough to gain.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None; ``g_loss`` includes the cycle terms.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> S, T = rng.random((20, 3)), 0.2 * rng.random((30, 3))
        >>> bool(CycleTransfer(n_steps_first=5).fit(S, T, rng=rng).transfer(S, rng=rng).max() < 0.4)
        True
    """

    def __init__(
        self,
        *,
        weight: float = 10.0,
        standardise: bool = True,
        residual: bool = False,
        n_steps: int = 20,
        n_steps_first: int = 200,
        batch_size: int = 32,
        lr_generator: float = 1e-3,
        lr_discriminator: float = 1e-3,
        betas: tuple[float, float] = (0.5, 0.999),
        warm_start: bool = True,
        hidden: Sequence[int] | None = None,
        device: str = "auto",
    ) -> None:
        super().__init__(
            axis="individuals",
            standardise=standardise,
            residual=residual,
            n_steps=n_steps,
            n_steps_first=n_steps_first,
            batch_size=batch_size,
            lr_generator=lr_generator,
            lr_discriminator=lr_discriminator,
            betas=betas,
            warm_start=warm_start,
            hidden=hidden,
            device=device,
        )
        self.weight = check_float(weight, "weight", low=0.0)

    def transfer_back(self, X_target: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``(n, n_var)`` solutions for the source task, made by F of the target's ``(n, n_var)``.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: another ``n_var`` than in :meth:`fit`.
        """
        trainer, moments = self._fitted("transfer_back(X_target)")
        return self._map(_pair(trainer).b_to_a, moments.reverse, X_target, "X_target", rng)

    def _translator(self, trainer: AdversarialTrainer) -> nn.Module:
        return _pair(trainer).a_to_b

    def _make(self, width: int) -> AdversarialTrainer:
        """Domain a is the source's, b the target's."""
        device = self._device(width)
        G, F = (self._wrapped(translator(width, self.hidden, zero=self.residual)) for _ in range(2))
        D_S, D_T = (judge(width, self.hidden) for _ in range(2))
        return AdversarialTrainer(
            TranslatorPair(G, F).to(device),
            DiscriminatorPair(D_S, D_T).to(device),
            prior=torch.empty,  # of numbers that nobody looks at
            # LeastSquares halves, and the mean over both domains halves again: the whole is a quarter of eq. 3.
            loss=LeastSquares(),
            auxiliaries=[CycleConsistency(self.weight / 4)],
            optimizer_G=adam(self.lr_generator, betas=self.betas),
            optimizer_D=adam(self.lr_discriminator, betas=self.betas),
        )

    def _block(self, trainer: AdversarialTrainer, source: Tensor, target: Tensor, n: int) -> NDArray[np.float64]:
        losses = []
        for pair in zip(_batches(source, n, self.batch_size), _batches(target, n, self.batch_size), strict=True):
            losses += [trainer.d_step(pair, condition=pair), trainer.g_step(pair, condition=pair)]
        return torch.stack(losses).view(-1, 2).cpu().numpy().astype(np.float64)


def _pair(trainer: AdversarialTrainer) -> TranslatorPair:
    return cast(TranslatorPair, trainer.G)
