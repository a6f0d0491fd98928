"""Generative models of the source population: what is transferred is new, but distributed as the source's solutions.

EMT-GS (Z. Liang et al., "Evolutionary multitasking for multi-objective optimization based on generative strategies",
IEEE Transactions on Evolutionary Computation 27(4), 2023) trains its GAN to imitate the target, which hands the target
what it has already. These imitate the source; the form is this toolkit's own.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_float, check_rng, check_unit_box
from evogan.models._base import FitReport
from evogan.models._latent import LowRankNormal
from evogan.models._transfer import check_pair
from evogan.models._transfer_gan import TransferGAN

Array = NDArray[np.float64]


class SourceGaussian:
    """The control of :class:`SourceGAN`: new solutions from the normal distribution of those that are handed in.

    Args:
        truncation: factor on the deviations from the mean, above 0: below 1, samples stay nearer to the centre.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> S = 0.5 + 0.1 * rng.random((50, 3))
        >>> SourceGaussian().fit(S, S, rng=rng).transfer(S, rng=rng).shape
        (50, 3)
    """

    def __init__(self, truncation: float = 1.0) -> None:
        self.truncation = check_float(truncation, "truncation", low=0.0, low_open=True)

    def fit(self, X_source: ArrayLike, X_target: ArrayLike, *, rng: np.random.Generator) -> Self:
        """Check the populations; mean and covariance are those of what :meth:`transfer` is given."""
        check_pair(X_source, X_target, rng)
        return self

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> Array:
        """Return as many new solutions as ``X_source`` ``(n, n_var)``, the source's population of today, holds."""
        check_rng(rng)
        normal = LowRankNormal.of(check_unit_box(X_source, "X_source"))
        Z = normal.sample(len(normal.factor), rng=rng)
        return np.clip(normal.mean + self.truncation * (Z - normal.mean), 0.0, 1.0)


class SourceGAN(SourceGaussian):
    """A GAN of the source's solutions whose latent is their normal distribution.

    G(z) = z + net(z) on standardised variables, z ~ N(mean, covariance of the source); D tells the source's solutions
    from G(z). The last layer of net is 0 at first, so that without training it is :class:`SourceGaussian`. Mean,
    covariance and units are those of the population that :meth:`transfer` is given: they move along with the source
    between two fits, while net stays.

    Args:
        truncation: factor on the latent's deviations from the mean (A. Brock, J. Donahue, K. Simonyan, "Large scale GAN
            training for high fidelity natural image synthesis", ICLR 2019, sec. 3.1).
        n_steps: generator steps of a fit that goes on from the last one.
        n_steps_first: generator steps of the first fit.
        lr_generator: Adam's learning rate for the generator: at 1e-3 it blurs what it should sharpen.
        **options: of :class:`TransferGAN`: loss, regularizers, networks ...

    Example:
        >>> rng = np.random.default_rng(1)
        >>> S = 0.5 + 0.1 * rng.random((50, 3))
        >>> SourceGAN(n_steps_first=5).fit(S, S, rng=rng).transfer(S, rng=rng).shape
        (50, 3)
    """

    def __init__(
        self,
        truncation: float = 1.0,
        *,
        n_steps: int = 10,
        n_steps_first: int = 50,
        lr_generator: float = 3e-4,
        **options: Any,
    ) -> None:
        super().__init__(truncation)
        self.gan = TransferGAN(n_steps=n_steps, n_steps_first=n_steps_first, lr_generator=lr_generator, **options)

    @property
    def report(self) -> FitReport | None:
        """What the last fit did, a :class:`~evogan.models.FitReport`; None before it."""
        return self.gan.report

    def fit(self, X_source: ArrayLike, X_target: ArrayLike, *, rng: np.random.Generator) -> Self:
        """Train on ``X_source`` ``(n, n_var)``; the target is not looked at.

        Raises:
            TrainingDivergedError: a loss became non-finite; the networks are dropped.
        """
        S, _ = check_pair(X_source, X_target, rng)
        normal = LowRankNormal.of(S)
        self.gan.fit(np.clip(normal.sample(len(S), rng=rng), 0.0, 1.0), S, rng=rng)
        return self

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> Array:
        """Return as many new solutions as ``X_source`` ``(n, n_var)``, the source's population of today, holds.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: another ``n_var`` than in :meth:`fit`.
        """
        S = check_unit_box(X_source, "X_source")
        self.gan.recentre(S, S)
        return self.gan.transfer(super().transfer(S, rng=rng), rng=rng)

    @staticmethod
    def warm_up() -> None:
        """Let torch load its optimizers now, which takes a second, and not while a fit is timed."""
        TransferGAN.warm_up()
