"""What models share that train from fit to fit in standardised coordinates, with a condition or without."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float, check_int, check_rng
from evogan._internal.devices import NARROW_NET, one_thread
from evogan._internal.rng import building, torch_seeded
from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models._base import FitReport
from evogan.models._condition import check_condition, check_data
from evogan.models._gan import GAN, _batches, _check_betas, _to_cpu
from evogan.models._standard import Standard
from evogan.training import adam

Array = NDArray[np.float64]

# Steps whose batches are drawn at once: bounds memory, and how late a NaN is seen.
_BLOCK = 100

_ADVICE = "try a smaller learning rate, or conditions scaled to [0, 1]"


class Stateful(Protocol):
    """Networks and optimizers that can be stored, such as an :class:`~evogan.training.AdversarialTrainer`."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class Descent:
    """A network and the optimizer that steps down one loss."""

    def __init__(self, net: nn.Module, lr: float, betas: tuple[float, float]) -> None:
        self.net = net
        self.optimizer = adam(lr, betas=betas)(net.parameters())

    def steps(self, losses: Iterable[Tensor]) -> Tensor:
        """Step once for each loss, computed when the last step is made; return them ``(n, 2)``, NaN beside each."""
        values = []
        for loss in losses:
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            values.append(loss.detach())
        g_loss = torch.stack(values)
        return torch.stack([torch.full_like(g_loss, np.nan), g_loss], dim=1)

    def state_dict(self) -> dict[str, Any]:
        return {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])


L = TypeVar("L", bound=Stateful)


class StandardisedModel(Generic[L]):
    """Train networks from fit to fit on standardised solutions and, where there is one, their condition.

    Whoever derives from it makes the networks, runs a block of steps and generates. All work on ``z``, standardised
    solutions ``(..., n_var)``, and ``c``, twice the condition minus 1 ``(..., n_condition)``, no columns without one.
    """

    def __init__(
        self,
        *,
        n_steps: int,
        n_first_steps: int,
        batch_size: int,
        lr: float,
        betas: tuple[float, float],
        hidden: Sequence[int],
        warm_start: bool,
    ) -> None:
        self.n_steps = check_int(n_steps, "n_steps")
        self.n_first_steps = check_int(n_first_steps, "n_first_steps")
        self.batch_size = check_int(batch_size, "batch_size", low=2)
        self.lr = check_float(lr, "lr", low=0.0, low_open=True)
        self.betas = _check_betas(betas)
        if isinstance(hidden, str) or not isinstance(hidden, Sequence):
            raise TypeError(f"hidden must be a sequence of widths, e.g. [64, 64], got {hidden!r}")
        self.hidden = [check_int(width, f"hidden[{i}]", low=1) for i, width in enumerate(hidden)]
        self.warm_start = check_bool(warm_start, "warm_start")
        self.report: FitReport | None = None
        self._shape = (0, 0)
        self._standard: Standard | None = None
        self._learner: L | None = None

    @property
    def n_condition(self) -> int:
        """Columns of the condition that the last fit was given; 0 without one, and before the first fit."""
        return self._shape[1]

    def fit(
        self,
        X: ArrayLike,
        X_poor: ArrayLike | None = None,
        *,
        condition: ArrayLike | None = None,
        rng: np.random.Generator,
    ) -> Self:
        """Train on ``X`` ``(n, n_var)`` given ``condition`` ``(n, n_condition)``; poor solutions are not used.

        New networks make ``n_first_steps``, others ``n_steps``. Means and spreads are always those of ``X``. Conditions
        may be any finite numbers; the unit range is what step sizes are made for.

        Raises:
            ValueError: ``X`` or ``X_poor`` is not a finite matrix in the unit box, or ``condition`` no finite matrix of
                as many rows as ``X``.
            TrainingDivergedError: a loss or a weight became non-finite; the networks are dropped.
        """
        X, C = check_data(X, X_poor, condition, rng)
        start = time.perf_counter()
        shape = (X.shape[1], C.shape[1])
        with torch_seeded(rng), one_thread(X.shape[1] < NARROW_NET):
            n_steps = self.n_steps
            if self._learner is None or shape != self._shape or not self.warm_start:
                self._shape, n_steps = shape, self.n_first_steps
                self._learner = self._make(*shape)
            self._standard = Standard.of(X)
            losses = self._train(self._learner, np.hstack([self._standard.encode(X), 2 * C - 1]), n_steps)
        d_loss, g_loss = losses[-_BLOCK:].mean(axis=0) if n_steps else (np.nan, np.nan)
        self.report = FitReport(n_steps, float(d_loss), float(g_loss), time.perf_counter() - start)
        return self

    def sample(self, n: int, *, condition: ArrayLike | None = None, rng: np.random.Generator) -> Array:
        """Return ``(n, n_var)`` new solutions in the unit box, one for each row of ``condition`` ``(n, n_condition)``.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: a condition is missing, not expected, or of another shape.
            TrainingDivergedError: a sample is non-finite.
        """
        if self._learner is None or self._standard is None:
            raise NotFittedError(f"{type(self).__name__} must be fitted before sample(n)")
        n, (n_var, n_condition) = check_int(n, "n", low=1), self._shape
        C = check_condition(condition, n, n_condition)
        with torch_seeded(check_rng(rng)), one_thread(n_var < NARROW_NET), torch.no_grad():
            z = self._generate(self._learner, torch.from_numpy((2 * C - 1).astype(np.float32)))
        if not bool(z.isfinite().all()):  # weights may be finite, but too large to compute with
            raise TrainingDivergedError(f"samples of {type(self).__name__} became non-finite; {_ADVICE}")
        return self._standard.decode(z.numpy().astype(np.float64))

    @staticmethod
    def warm_up() -> None:
        """Let torch load its optimizers now, which takes a second, and not while a fit is timed."""
        GAN.warm_up()

    def _make(self, n_var: int, n_condition: int) -> L:
        """Return new networks and optimizers, from torch's current random state."""
        raise NotImplementedError

    def _block(self, learner: L, z: Tensor, c: Tensor) -> Tensor:
        """Make a step on each of ``z`` ``(n, batch_size, n_var)``; return losses ``(n, 2)``, discriminator's first."""
        raise NotImplementedError

    def _generate(self, learner: L, c: Tensor) -> Tensor:
        """Return standardised samples, one for each row of ``c`` ``(n, n_condition)``."""
        raise NotImplementedError

    def _train(self, learner: L, data: Array, n_steps: int) -> Array:
        rows = torch.from_numpy(data.astype(np.float32))
        history = [np.empty((0, 2))]
        for first in range(0, n_steps, _BLOCK):
            batches = _batches(rows, min(_BLOCK, n_steps - first), self.batch_size)
            losses = self._block(learner, *batches.split(self._shape, dim=2)).double().numpy()
            history.append(losses)
            # A column of NaN alone is that of a player who is not there.
            there = ~np.isnan(losses).all(axis=0)
            there[1] = True
            self._check_finite(np.isfinite(losses[:, there]).all(axis=1), first, n_steps)
        nets = [net for net in vars(learner).values() if isinstance(net, nn.Module)]
        # The last step's outcome: no loss has seen it.
        whole = all(bool(p.isfinite().all()) for net in nets for p in net.parameters())
        self._check_finite(np.array([whole]), n_steps, n_steps)
        return np.concatenate(history)

    def _check_finite(self, finite: NDArray[np.bool_], first: int, n_steps: int) -> None:
        """Drop the networks and raise at the first step that is not finite."""
        if not finite.all():
            self._learner = self.report = None
            raise TrainingDivergedError(
                f"a loss of {type(self).__name__} became non-finite at step {first + int(np.argmin(finite))} of "
                f"{n_steps}; {_ADVICE}"
            )

    def __getstate__(self) -> dict[str, Any]:
        """Hold the networks as state dicts, so that copies and pickles need no module objects."""
        state = self.__dict__.copy()
        learner = state.pop("_learner")
        state["_learner_state"] = None if learner is None else _to_cpu(learner.state_dict())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        learner_state = state.pop("_learner_state")
        self.__dict__.update(state)
        self._learner = None
        if learner_state is not None:
            with building():
                self._learner = self._make(*self._shape)
            self._learner.load_state_dict(learner_state)
