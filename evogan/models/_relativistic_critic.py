"""A discriminator that ranks: which of two solutions is better at a given place on the front?

It is relativistic (A. Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN",
ICLR 2019): its output counts only in differences, here between all pairs of real solutions instead of real and fake
ones. It sees the place on the front by projection (T. Miyato, M. Koyama, "cGANs with projection discriminator", ICLR
2018). Put together so, to choose what is worth an evaluation, it is this project's own.
"""

from __future__ import annotations

from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float, check_int, check_rng, check_unit_box
from evogan._internal.devices import NARROW_NET, one_thread
from evogan._internal.rng import building, torch_seeded
from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models._condition import check_condition
from evogan.models._front_position import ObjectiveFrame, ReplayWindow, check_objectives, preferences
from evogan.models._gan import _check_betas, _to_cpu
from evogan.models._relativistic_steps import RankingSteps
from evogan.models._standard import Standard
from evogan.models._standardised import Descent
from evogan.nets import mlp

Array = NDArray[np.float64]


@runtime_checkable
class Critic(Protocol):
    """What ranks candidates before they are evaluated; no base class."""

    def observe(self, X: ArrayLike, F: ArrayLike, CV: ArrayLike | None = None) -> None:
        """Take in a batch of solutions ``(n, n_var)`` in the unit box that has just been evaluated."""
        ...

    def fit(self, X: ArrayLike, F: ArrayLike, CV: ArrayLike | None = None, *, rng: np.random.Generator) -> Self:
        """Learn from the population, and from what was observed, which solutions are better."""
        ...

    def score(self, X: ArrayLike, condition: ArrayLike) -> Array:
        """Return scores ``(n,)``, larger is better, of candidates at positions ``condition`` ``(n, n_obj)``."""
        ...


class RelativisticCritic:
    """Projection discriminator D(x, c) = <phi(x), psi(c)>, trained on all pairs of a batch at several positions c.

    A solution is better at position c if it is feasible, less infeasible, or has the smaller augmented Chebyshev value
    t(x, c) (:class:`~evogan.models.ObjectiveFrame` tells positions). The loss is the mean over all pairs a, b and all c
    of softplus(-sign(t(b, c) - t(a, c)) (D(a, c) - D(b, c))). It depends on the order of the objectives' values only.

    Args:
        hidden: width of the layers of phi and psi.
        n_steps: steps of a fit that goes on from the last one.
        n_first_steps: steps of a fit with new networks.
        batch_size: solutions of one step, at least 2.
        n_conditions: positions of one step.
        population_share: share of a batch from the population, the rest from what was observed lately.
        window: how many observed batches are replayed.
        lr: Adam's learning rate; None means 0.003, times 30 / n_var beyond 30 variables.
        betas: Adam's decay rates.
        warm_start: continue from the last fit's networks where the numbers of variables and objectives are the same.

    Attributes:
        accuracy: share of the pairs of the newest observed batch that were ranked right at the positions of the batch
            itself, before anything was learnt from it; NaN until there is one. 0.5 is guessing.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> X = rng.random((50, 3))
        >>> critic = RelativisticCritic().fit(X, X[:, :1], rng=rng)  # one objective: the first variable
        >>> good, bad = critic.score([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5]], [[1.0], [1.0]])
        >>> bool(good > bad)
        True
    """

    def __init__(
        self,
        *,
        hidden: int = 64,
        n_steps: int = 20,
        n_first_steps: int = 150,
        batch_size: int = 40,
        n_conditions: int = 6,
        population_share: float = 0.4,
        window: int = 8,
        lr: float | None = None,
        betas: tuple[float, float] = (0.9, 0.99),
        warm_start: bool = True,
    ) -> None:
        self.hidden = check_int(hidden, "hidden", low=1)
        self.n_steps = check_int(n_steps, "n_steps")
        self.n_first_steps = check_int(n_first_steps, "n_first_steps")
        self.batch_size = check_int(batch_size, "batch_size", low=2)
        self.n_conditions = check_int(n_conditions, "n_conditions", low=1)
        self.population_share = check_float(population_share, "population_share", low=0.0, high=1.0, low_open=True)
        self.window = check_int(window, "window", low=1)
        self.lr = None if lr is None else check_float(lr, "lr", low=0.0, low_open=True)
        self.betas = _check_betas(betas)
        self.warm_start = check_bool(warm_start, "warm_start")
        self.accuracy = np.nan
        self._replay = ReplayWindow(self.window)
        self._shape = (0, 0)
        self._standard: Standard | None = None
        self._learner: Descent | None = None

    def observe(self, X: ArrayLike, F: ArrayLike, CV: ArrayLike | None = None) -> None:
        """Remember a batch of evaluated solutions for the next fits, and measure how well it was foreseen.

        Raises:
            ValueError: ``X`` is not a matrix in the unit box, or ``F``, ``CV`` do not belong to it or are not finite.
        """
        X, F, CV = check_objectives(X, F, CV)
        known = self._learner is not None and self._shape == (X.shape[1], F.shape[1])
        self.accuracy = self._ranked_right(X, F, CV) if known else np.nan
        self._replay.add(X, F, CV)

    def fit(self, X: ArrayLike, F: ArrayLike, CV: ArrayLike | None = None, *, rng: np.random.Generator) -> Self:
        """Train on the population ``X`` ``(n, n_var)``, objectives ``F`` and constraint violations ``CV`` ``(n,)``.

        Raises:
            ValueError: as :meth:`observe`.
            TrainingDivergedError: a weight became non-finite; the networks are dropped.
        """
        X, F, CV = check_objectives(X, F, CV)
        check_rng(rng)
        shape = (X.shape[1], F.shape[1])
        n_steps = self.n_steps
        self._replay.clear_unless(shape)
        with torch_seeded(rng), one_thread(X.shape[1] < NARROW_NET):
            if self._learner is None or shape != self._shape or not self.warm_start:
                self._shape, n_steps = shape, self.n_first_steps
                self._learner = self._make(shape)
            self._standard = Standard.of(X)
            self._train(X, F, CV, n_steps, rng)
        if not all(bool(p.isfinite().all()) for p in self._learner.net.parameters()):
            self._learner = None
            raise TrainingDivergedError(
                f"the weights of {type(self).__name__} became non-finite within {n_steps} steps; "
                "try a smaller learning rate"
            )
        return self

    def score(self, X: ArrayLike, condition: ArrayLike) -> Array:
        """Return D(x, c) ``(n,)`` of candidates ``X`` ``(n, n_var)`` at positions ``condition`` ``(n, n_obj)``.

        Raises:
            NotFittedError: before :meth:`fit`.
            ValueError: another number of variables, objectives or rows than fitted or given, or a value not finite.
        """
        phi, psi = self._net
        X = check_unit_box(X, n_var=self._shape[0])
        C = check_condition(condition, len(X), self._shape[1])
        with torch.no_grad(), one_thread(self._shape[0] < NARROW_NET):
            z, c = self._tensors(X, C)
            D = (phi(z) * psi(c)).sum(dim=1) / self.hidden**0.5
        return np.asarray(D, dtype=np.float64)

    def _make(self, shape: tuple[int, int]) -> Descent:
        h = self.hidden
        phi = mlp([shape[0], h, h, h], activation=nn.SiLU)
        psi = mlp([shape[1], h, h], activation=nn.SiLU)
        # Adam moves every weight alike: with more inputs, smaller steps move the sum as far.
        lr = 3e-3 * min(1.0, 30 / shape[0]) if self.lr is None else self.lr
        return Descent(nn.ModuleList([phi, psi]), lr, self.betas)

    def _train(self, X: Array, F: Array, CV: Array, n_steps: int, rng: np.random.Generator) -> None:
        n, (all_X, all_F, all_CV) = len(X), self._replay.behind(X, F, CV)
        n_old = len(all_X) - n
        frame = ObjectiveFrame.of_feasible(F, CV)
        C = frame.positions(F)
        t = preferences(frame, all_F, all_CV, C)
        n_new = max(1, round(self.population_share * self.batch_size)) if n_old else self.batch_size
        new = rng.integers(n, size=(n_steps, n_new))
        old = rng.integers(n, n + max(n_old, 1), size=(n_steps, self.batch_size - n_new))
        rows, positions = np.concatenate([new, old], axis=1), rng.integers(n, size=(n_steps, self.n_conditions))
        z, c = (tensor.numpy() for tensor in self._tensors(all_X, C))
        phi, psi = self._net
        run = RankingSteps(phi, psi, self._learner.optimizer)  # type: ignore[union-attr]
        with np.errstate(over="ignore", invalid="ignore"):  # divergence is found by the weights
            for a, p in zip(rows, positions, strict=True):
                run.step(z[a], c[p], _better(t[p[:, None], a]).astype(np.float32))

    def _outputs(self, z: Tensor, c: Tensor) -> Tensor:
        """Return D ``(n_conditions, n)`` of every solution at every position."""
        phi, psi = self._net
        D: Tensor = psi(c) @ phi(z).T / self.hidden**0.5
        return D

    def _ranked_right(self, X: Array, F: Array, CV: Array) -> float:
        frame = ObjectiveFrame.of_feasible(F, CV)
        C = frame.positions(F)
        with torch.no_grad(), one_thread(X.shape[1] < NARROW_NET):
            D = self._outputs(*self._tensors(X, C)).numpy()
        better = _better(preferences(frame, F, CV, C))
        n_pairs = int((better != 0).sum())
        return float((better * (D[:, :, None] - D[:, None, :]) > 0).sum() / n_pairs) if n_pairs else float("nan")

    def _tensors(self, X: Array, C: Array) -> tuple[Tensor, Tensor]:
        if self._standard is None:
            raise NotFittedError(f"{type(self).__name__} must be fitted before it can rank")
        z = self._standard.encode(X).astype(np.float32)
        return torch.from_numpy(z), torch.from_numpy(C.astype(np.float32))

    @property
    def _net(self) -> Any:
        if self._learner is None:
            raise NotFittedError(f"{type(self).__name__} must be fitted before it can rank")
        return self._learner.net

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
                self._learner = self._make(self._shape)
            self._learner.load_state_dict(learner_state)


def _better(t: Array) -> Array:
    """Return 1 where the first of two solutions is better, -1 where the second is, ``(..., n, n)``; 0 for ties."""
    return np.asarray(np.sign(t[..., None, :] - t[..., :, None]))
