"""The transfer GAN of EMT-GS as the platform MToP codes it, step by step.

Z. Liang, Y. Zhu, X. Wang, Z. Li, Z. Zhu, "Evolutionary multitasking for multi-objective optimization based on
generative strategies", IEEE Transactions on Evolutionary Computation 27(4), 2023. Y. Li, W. Gong, T. Zhang, F. Ming,
S. Li, Q. Gu, Y.-S. Ong, "MToP: a MATLAB benchmarking platform for evolutionary multitasking", ACM Transactions on
Evolutionary Learning and Optimization, 2026: functions InitialGAN, TrainGAN and GenerateGAN.
"""

from __future__ import annotations

import time
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_choice, check_float, check_int, check_rng, check_unit_box
from evogan._internal.devices import SMALL_NET, one_thread
from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models._base import FitReport
from evogan.models._gan import _check_betas
from evogan.models._mtop_nets import Array, Players
from evogan.models._transfer import check_pair

_EPS = np.float32(1e-8)


class MToPGAN:
    """A generator from solutions of the source task to solutions like the target's, which starts as noise.

    G: FC, LReLU(1/2), BN, FC, LReLU(1/2), BN, FC, sigmoid. D: FC, LReLU(1/2), 0/1 dropout without rescaling, BN, FC,
    sigmoid. All layers are as wide as a sample. D descends ``-mean(0.9 log D(x) + log(1 - D(G(z))))``, G descends
    ``-mean log D(G(z))``, both at once, from one forward pass. Batch normalization uses the statistics of the batch at
    hand, also in :meth:`transfer`: a solution's image depends on the others.

    D normalises real and generated batches each by itself just before its last layer, so its mean logit is the same for
    both: it hardly sees a shift between them, and what G makes stays around the centre of the box.

    Departs from the code: losses are computed from logits, so that they stay finite; where there are fewer samples than
    ``batch_size``, an epoch is one step with what there is, not none.

    Args:
        axis: ``"variables"``, as in MToP: a sample is one variable over the whole population, networks are as wide as
            the population, which must be the same in source and target. ``"individuals"``: a sample is one solution.
        batch_size: samples in a step; an epoch has ``n_samples // batch_size`` steps.
        epochs_first: epochs of the fit that makes the networks.
        epochs: epochs of every other fit.
        lr_generator: Adam's learning rate for the generator.
        lr_discriminator: Adam's learning rate for the discriminator.
        betas: Adam's decay rates; its moments begin at 0 in every fit.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> S, T = rng.random((20, 30)), rng.random((20, 30))
        >>> MToPGAN().fit(S, T, rng=rng).transfer(S, rng=rng).shape
        (20, 30)
    """

    def __init__(
        self,
        *,
        axis: Literal["variables", "individuals"] = "variables",
        batch_size: int = 10,
        epochs_first: int = 20,
        epochs: int = 2,
        lr_generator: float = 3e-4,
        lr_discriminator: float = 2e-4,
        betas: tuple[float, float] = (0.7, 0.9),
    ) -> None:
        self.axis = check_choice(axis, "axis", ("variables", "individuals"))
        self.batch_size = check_int(batch_size, "batch_size", low=1)
        self.epochs_first = check_int(epochs_first, "epochs_first")
        self.epochs = check_int(epochs, "epochs")
        self.lr_generator = check_float(lr_generator, "lr_generator", low=0.0, low_open=True)
        self.lr_discriminator = check_float(lr_discriminator, "lr_discriminator", low=0.0, low_open=True)
        self.betas = _check_betas(betas)
        self.report: FitReport | None = None
        self._theta: Array | None = None
        self._width = self._n_var = 0

    def fit(self, X_source: ArrayLike, X_target: ArrayLike, *, rng: np.random.Generator) -> Self:
        """Train on populations ``(n, n_var)``, from where the last fit ended if the networks' width is the same.

        Raises:
            ValueError: not a pair of populations in the unit box, or of unequal size with ``axis="variables"``.
            TrainingDivergedError: a loss or a weight became non-finite; the networks are dropped.
        """
        self._fit(X_source, X_target, rng)
        return self

    def fit_transfer(
        self, X_source: ArrayLike, X_target: ArrayLike, *, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Fit, and return what MToP takes over in a generation that trains: samples in the order that training saw.

        With ``axis="variables"`` the variables ``(n_source, n_var)`` are scrambled, with ``"individuals"`` the rows.
        """
        return self._generate(self._fit(X_source, X_target, rng))

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``(n, n_var)`` solutions in the unit box; nothing is random about it.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: another ``n_var`` or, with ``axis="variables"``, another ``n`` than in :meth:`fit`.
        """
        if self._theta is None:
            raise NotFittedError("MToPGAN must be fitted before transfer(X_source)")
        check_rng(rng)
        S = check_unit_box(X_source, "X_source", n_var=self._n_var)
        if self.axis == "variables" and len(S) != self._width:
            raise ValueError(f'X_source must have {self._width} rows as in fit (axis="variables"), got shape {S.shape}')
        return self._generate(self._samples(S))

    def _fit(self, X_source: ArrayLike, X_target: ArrayLike, rng: np.random.Generator) -> Array:
        """Train; return the source's samples in the order of training."""
        S, T = check_pair(X_source, X_target, rng, axis=self.axis)
        z, x = self._samples(S), self._samples(T)
        z = z[rng.permutation(len(z))]
        start = time.perf_counter()
        if self._theta is None or z.shape[1] != self._width:
            self._theta, self._width, n_epochs = Players.draw(z.shape[1], rng), z.shape[1], self.epochs_first
        else:
            n_epochs = self.epochs
        self._n_var = S.shape[1]
        with one_thread(self._width < SMALL_NET), np.errstate(all="ignore"):  # a diverging loss is told by its value
            losses = self._train(self._theta, z, x, n_epochs, rng)
        d_loss, g_loss = losses[-100:].mean(axis=0) if len(losses) else (np.nan, np.nan)
        self.report = FitReport(len(losses), float(d_loss), float(g_loss), time.perf_counter() - start)
        return z

    def _train(self, theta: Array, z: Array, x: Array, n_epochs: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Run the epochs on samples ``(n, width)``; return the losses ``(n_steps, 2)``."""
        players, adam = Players(self._width, theta), _Adam(len(theta), self.betas)
        rates = np.full_like(theta, self.lr_discriminator)
        rates[: players.n_generator] = self.lr_generator
        n = min(len(z), len(x))
        size, n_batches = min(self.batch_size, n), max(n // self.batch_size, 1)
        losses = np.empty((n_epochs * n_batches, 2))
        for k in range(len(losses)):
            i = k % n_batches
            if i == 0:
                x = x[rng.permutation(len(x))]
                keep = rng.random((n_batches, 2, size, self._width), dtype=np.float32) < 0.5
            rows = slice(i * size, (i + 1) * size)
            gradient, d_loss, g_loss = players.gradients(x[rows], z[rows], keep[i])
            losses[k] = d_loss, g_loss
            theta -= rates * adam.direction(gradient)
        if not (np.isfinite(losses).all() and np.isfinite(theta).all()):
            self._theta = self.report = None
            raise TrainingDivergedError(
                f"MToPGAN's losses or weights became non-finite within {len(losses)} steps; try smaller learning rates"
            )
        return losses

    def _samples(self, X: NDArray[np.float64]) -> Array:
        """Return a population ``(n, n_var)`` as samples ``(n_samples, width)``."""
        return (X.T if self.axis == "variables" else X).astype(np.float32)

    def _generate(self, z: Array) -> NDArray[np.float64]:
        if self._theta is None:
            raise NotFittedError("MToPGAN must be fitted before it generates")
        with one_thread(self._width < SMALL_NET):
            samples = Players(self._width, self._theta).generate(z)
        return (samples.T if self.axis == "variables" else samples).astype(np.float64)


class _Adam:
    """D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, the order at the end of sec. 2."""

    def __init__(self, n: int, betas: tuple[float, float]) -> None:
        self.m, self.v = np.zeros((2, n), dtype=np.float32)
        self.betas, self.t = betas, 0

    def direction(self, g: Array) -> Array:
        """Return what is to be descended by the learning rate."""
        self.t += 1
        beta1, beta2 = self.betas
        self.m += np.float32(1 - beta1) * (g - self.m)
        self.v += np.float32(1 - beta2) * (g * g - self.v)
        correction = np.float32(np.sqrt(1 - beta2**self.t) / (1 - beta1**self.t))
        step: Array = np.sqrt(self.v)
        step += _EPS
        return np.divide(self.m, step, out=step) * correction
