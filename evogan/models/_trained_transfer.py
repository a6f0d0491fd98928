"""What transfer models with networks in an adversarial trainer share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_choice, check_float, check_int, check_rng, check_unit_box
from evogan._internal.devices import SMALL_NET, one_thread, resolve_device
from evogan._internal.rng import building, torch_seeded
from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models._base import FitReport
from evogan.models._gan import GAN, _check_betas, _to_cpu
from evogan.models._moments import Moments
from evogan.models._transfer import check_pair
from evogan.models._transfer_nets import Residual
from evogan.training import AdversarialTrainer

Array = NDArray[np.float64]

# Steps whose batches are drawn at once: bounds memory, and how late a NaN is seen.
_BLOCK = 100


class TrainedTransfer:
    """Standardise both populations, train networks between them, and put what they make into the target's units.

    Whoever derives from it makes the trainer and runs a block of its steps.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.
    """

    def __init__(
        self,
        *,
        axis: Literal["individuals", "variables"],
        standardise: bool,
        residual: bool,
        n_steps: int,
        n_steps_first: int,
        batch_size: int,
        lr_generator: float,
        lr_discriminator: float,
        betas: tuple[float, float],
        warm_start: bool,
        hidden: Sequence[int] | None,
        device: str,
    ) -> None:
        self.axis = check_choice(axis, "axis", ("individuals", "variables"))
        self.standardise = check_bool(standardise, "standardise")
        self.residual = check_bool(residual, "residual")
        self.n_steps = check_int(n_steps, "n_steps")
        self.n_steps_first = check_int(n_steps_first, "n_steps_first")
        self.batch_size = check_int(batch_size, "batch_size", low=2)
        self.lr_generator = check_float(lr_generator, "lr_generator", low=0.0, low_open=True)
        self.lr_discriminator = check_float(lr_discriminator, "lr_discriminator", low=0.0, low_open=True)
        self.betas = _check_betas(betas)
        self.warm_start = check_bool(warm_start, "warm_start")
        if hidden is not None and (isinstance(hidden, str) or not isinstance(hidden, Sequence)):
            raise TypeError(f"hidden must be a sequence of widths, e.g. [32, 32], got {hidden!r}")
        self.hidden = None if hidden is None else [check_int(n, f"hidden[{i}]", low=1) for i, n in enumerate(hidden)]
        resolve_device(device)
        self.device = device
        self.report: FitReport | None = None
        self._width = 0
        self._moments: Moments | None = None
        self._trainer: AdversarialTrainer | None = None

    def fit(self, X_source: ArrayLike, X_target: ArrayLike, *, rng: np.random.Generator) -> Self:
        """Train on populations ``(n, n_var)``, ``n_steps_first`` steps with new networks, else ``n_steps``.

        Raises:
            ValueError: not a pair of populations in the unit box, or of unequal size with ``axis="variables"``.
            TrainingDivergedError: a loss or a weight became non-finite; the networks are dropped.
        """
        S, T = check_pair(X_source, X_target, rng, axis=self.axis)
        start = time.perf_counter()
        width = S.shape[0] if self.axis == "variables" else S.shape[1]
        with torch_seeded(rng, self._device(width)), one_thread(width < SMALL_NET):
            n_steps = self.n_steps
            if self._trainer is None or width != self._width or not self.warm_start:
                self._build(width)
                n_steps = self.n_steps_first
            self._moments = Moments.of(S, T) if self.standardise else Moments.unit(S.shape[1])
            source = self._samples(self._moments.standardised_source(S))
            target = self._samples(self._moments.standardised_target(T))
            losses = self._train(source, target, n_steps)
        d_loss, g_loss = losses[-_BLOCK:].mean(axis=0) if n_steps else (np.nan, np.nan)
        self.report = FitReport(n_steps, float(d_loss), float(g_loss), time.perf_counter() - start)
        return self

    def transfer(self, X_source: ArrayLike, *, rng: np.random.Generator) -> Array:
        """Return ``(n, n_var)`` solutions for the target, clipped to the unit box.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: another ``n_var`` or, with ``axis="variables"``, another ``n`` than in :meth:`fit`.
        """
        trainer, moments = self._fitted("transfer(X_source)")
        return self._map(self._translator(trainer), moments, X_source, "X_source", rng)

    def recentre(self, X_source: ArrayLike, X_target: ArrayLike) -> None:
        """Move to the means and spreads of other populations ``(n, n_var)`` without training.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: another ``n_var`` than in :meth:`fit`.
        """
        _, moments = self._fitted("recentre(X_source, X_target)")
        n_var = len(moments.source_mean)
        S = check_unit_box(X_source, "X_source", n_var=n_var)
        T = check_unit_box(X_target, "X_target", n_var=n_var)
        self._moments = Moments.of(S, T) if self.standardise else moments

    @staticmethod
    def warm_up() -> None:
        """Let torch load its optimizers now, which takes a second, and not while a fit is timed."""
        GAN.warm_up()

    def _make(self, width: int) -> AdversarialTrainer:
        """Return new networks and optimizers for samples ``(n, width)``, from torch's current random state."""
        raise NotImplementedError

    def _translator(self, trainer: AdversarialTrainer) -> nn.Module:
        """Return the network from source to target."""
        return trainer.G

    def _block(self, trainer: AdversarialTrainer, source: Tensor, target: Tensor, n: int) -> Array:
        """Make ``n`` steps on samples ``(n_samples, width)``; return losses ``(n, 2)`` of discriminator, generator."""
        raise NotImplementedError

    def _fitted(self, call: str) -> tuple[AdversarialTrainer, Moments]:
        if self._trainer is None or self._moments is None:
            raise NotFittedError(f"{type(self).__name__} must be fitted before {call}")
        return self._trainer, self._moments

    def _map(self, net: nn.Module, moments: Moments, X: ArrayLike, name: str, rng: np.random.Generator) -> Array:
        """Send solutions through a network, in the units of ``moments``."""
        X = check_unit_box(X, name, n_var=len(moments.source_mean))
        if self.axis == "variables" and len(X) != self._width:
            raise ValueError(f'{name} must have {self._width} rows as in fit (axis="variables"), got shape {X.shape}')
        device = self._device(self._width)
        with torch_seeded(check_rng(rng), device), one_thread(self._width < SMALL_NET), torch.no_grad():
            net.eval()
            # The identity of a residual stays in float64.
            inner = net.net if isinstance(net, Residual) else net
            z = self._samples(moments.standardised_source(X))
            out = inner(z).cpu().numpy().astype(np.float64)
        Y: Array = moments.target_spread * (out.T if self.axis == "variables" else out)
        Y += moments.match(X) if isinstance(net, Residual) else moments.target_mean
        return np.clip(Y, 0.0, 1.0)

    def _wrapped(self, net: nn.Module) -> nn.Module:
        return Residual(net) if self.residual else net

    def _device(self, width: int) -> torch.device:
        """Resolve the device; "auto" leaves small networks on the CPU, where a GPU's launches cost more."""
        return resolve_device("cpu" if self.device == "auto" and width < SMALL_NET else self.device)

    def _samples(self, Z: Array) -> Tensor:
        """Return the networks' samples ``(n_samples, width)``: rows, or columns with ``axis="variables"``."""
        samples = np.ascontiguousarray(Z.T if self.axis == "variables" else Z, dtype=np.float32)
        return torch.from_numpy(samples).to(self._device(samples.shape[1]))

    def _build(self, width: int) -> None:
        self._trainer, self._width = self._make(width), width

    def _train(self, source: Tensor, target: Tensor, n_steps: int) -> Array:
        trainer, _ = self._fitted("training")
        trainer.G.train()
        history = [np.empty((0, 2))]
        for first in range(0, n_steps, _BLOCK):
            history.append(self._block(trainer, source, target, min(_BLOCK, n_steps - first)))
            self._check_finite(history[-1], first, n_steps)
        if not all(p.isfinite().all() for p in trainer.G.parameters()):  # the very last step: no loss has seen it
            self._check_finite(np.full((1, 2), np.nan), n_steps, n_steps)
        return np.concatenate(history)

    def _check_finite(self, losses: Array, first: int, n_steps: int) -> None:
        """Drop the networks and raise at the first non-finite loss."""
        bad = np.argwhere(~np.isfinite(losses))
        if len(bad) and self._trainer is not None:
            which, loss = ("discriminator", "generator")[bad[0, 1]], type(self._trainer.loss).__name__
            self._trainer = self.report = None
            raise TrainingDivergedError(
                f"the {which}'s loss ({loss}) became non-finite at step {first + bad[0, 0]} of {n_steps}; try a "
                "smaller learning rate or a gradient penalty"
            )

    def __getstate__(self) -> dict[str, Any]:
        """Hold the networks as state dicts on the CPU, so that copies and pickles need no module objects."""
        state = self.__dict__.copy()
        trainer = state.pop("_trainer")
        state["_trainer_state"] = None if trainer is None else _to_cpu(trainer.state_dict())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        trainer_state = state.pop("_trainer_state")
        self.__dict__.update(state)
        self._trainer = None
        if trainer_state is not None:
            with building():
                self._trainer = self._make(self._width)
            self._trainer.load_state_dict(trainer_state)
