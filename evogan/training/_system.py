"""A trainable system: networks, their losses and optimizers, the order of their steps, and sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel

from evogan._internal.checks import check_float, check_int, check_rng
from evogan._internal.rng import torch_seeded
from evogan._internal.samples import evaluating
from evogan.training._batches import Batch
from evogan.training._trainer import AdversarialTrainer

_CHUNK = 500  # images generated at once: bounds memory


class System(Protocol):
    """What a training run needs of a system; it holds networks, losses and optimizers."""

    shape: tuple[int, ...]
    n_classes: int

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make one generator update with all that belongs to it; return detached losses by name."""
        ...

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` samples ``(n, *shape)``."""
        ...

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return samples worth looking at, as many as the batch has or a small multiple of that."""
        ...

    def to(self, device: torch.device) -> None: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@runtime_checkable
class Recording(Protocol):
    """A system that also tells what happened inside its steps, e.g. every generation of an evolution."""

    def take_records(self) -> list[dict[str, Any]]:
        """Return the rows since the last call, oldest first: plain values, with the number of its step as "step"."""
        ...


class GANSystem:
    """A generator and a discriminator stepped in turn: ``n_critic`` discriminator steps, then one of the generator.

    Papers that feed their networks in another way override :meth:`real` and :meth:`condition`.

    Args:
        trainer: networks, losses, optimizers.
        shape: of one sample, ``(c, h, w)`` for images in [-1, 1] or ``(d,)`` for vectors.
        n_classes: above 0, the labels of a batch are given to both networks.
        n_critic: discriminator steps per generator step.
        ema: decay of the generator's moving average, which is what samples; it rises to this value as
            (1 + t) / (10 + t), so that early averages are not dominated by the initial weights. None samples from the
            generator itself.
        schedule: factor of both learning rates as a function of the steps made, e.g. :class:`LinearDecay`.

    Raises:
        TypeError: a number of another kind.
        ValueError: a number out of its range, e.g. ``n_critic=0``.
    """

    def __init__(
        self,
        trainer: AdversarialTrainer,
        *,
        shape: tuple[int, ...],
        n_classes: int = 0,
        n_critic: int = 1,
        ema: float | None = 0.999,
        schedule: Callable[[int], float] | None = None,
    ) -> None:
        self.trainer, self.shape, self.schedule = trainer, tuple(shape), schedule
        self.n_classes = check_int(n_classes, "n_classes")
        self.n_critic = check_int(n_critic, "n_critic", low=1)
        self.n_steps = 0
        self.ema = None if ema is None else averaged(trainer.G, check_float(ema, "ema", low=0.0, high=1.0))
        self._rates = [[g["lr"] for g in o.param_groups] for o in (trainer.optimizer_D, trainer.optimizer_G)]

    def real(self, batch: Batch) -> Any:
        """Return what the discriminator is shown as real."""
        return batch.x

    def condition(self, batch: Batch) -> Any:
        """Return what both networks are given beside their input."""
        return batch.y if self.n_classes else None

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make ``n_critic`` discriminator steps and one generator step."""
        self.set_rates()
        for _ in range(self.n_critic):
            batch = batches()
            real, condition = self.real(batch), self.condition(batch)
            d_loss = self.trainer.d_step(real, condition=condition)
        g_loss = self.trainer.g_step(real, condition=condition)
        if self.ema is not None:
            self.ema.update_parameters(self.trainer.G)
        self.n_steps += 1
        return {"discriminator": d_loss, "generator": g_loss, **self.trainer.controls()}

    @property
    def counters(self) -> dict[str, int]:
        """What the steps cost, in the words of systems with a population; none where steps are of another kind."""
        if type(self).step is not GANSystem.step:
            return {}
        return {"n_d_steps": self.n_critic * self.n_steps, "n_g_steps": self.n_steps, "n_evaluations": 0}

    @property
    def generator(self) -> nn.Module:
        """The generator that samples: the moving average, or the trained one where there is none."""
        return self.trainer.G if self.ema is None else self.ema.module

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` samples ``(n, *shape)``, images in [-1, 1], from latents drawn from ``rng``.

        A conditional system draws labels evenly where none are given.

        Raises:
            ValueError: labels for an unconditional system, of another length, or out of range.
        """
        condition = check_labels(labels, check_int(n, "n", low=1), self.n_classes)
        return self.generate(n, condition, rng=rng)

    def generate(self, n: int, condition: Any, *, rng: np.random.Generator) -> Tensor:
        """Return ``n`` samples under a condition ``(n, ...)`` of any kind."""
        device, chunks = self.device, []
        with torch_seeded(check_rng(rng), device), evaluating(self.generator) as G:
            for first in range(0, n, _CHUNK):
                latent = self.trainer.prior(min(_CHUNK, n - first)).to(device)
                rows = slice(first, first + _CHUNK)
                given = None if condition is None else _rows(condition, rows, device)
                chunks.append(self.paint(G, latent, given))
        samples = torch.cat(chunks)
        return samples.clamp(-1.0, 1.0) if len(self.shape) == 3 else samples

    def paint(self, G: nn.Module, latent: Tensor, condition: Any) -> Tensor:
        """Return what ``G`` makes of latents; called without gradients, in evaluation mode."""
        samples: Tensor = G(latent) if condition is None else G(latent, condition)
        return samples

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return as many samples as the batch has, classes in turn."""
        n = len(batch.x)
        return self.sample(n, rng=rng, labels=torch.arange(n) % self.n_classes if self.n_classes else None)

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.trainer.G.parameters()).device

    def to(self, device: torch.device) -> None:
        """Move everything; before the first step only."""
        self.trainer.to(device)
        if self.ema is not None:
            self.ema.to(device)

    def state_dict(self) -> dict[str, Any]:
        """Return networks, optimizers, controllers, the moving average and the number of steps."""
        ema = None if self.ema is None else self.ema.state_dict()
        return {"trainer": self.trainer.state_dict(), "ema": ema, "n_steps": self.n_steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned.

        Raises:
            ValueError, RuntimeError, KeyError: the state is that of other networks or parts.
        """
        if (self.ema is None) != (state["ema"] is None):
            raise ValueError("this state and this system must both have a moving average, or neither (ema=None)")
        self.trainer.load_state_dict(state["trainer"])
        if self.ema is not None:
            self.ema.load_state_dict(state["ema"])
        self.n_steps = state["n_steps"]

    def set_rates(self) -> None:
        """Give both optimizers the learning rates of the schedule at this step."""
        if self.schedule is None:
            return
        factor = self.schedule(self.n_steps)
        for optimizer, rates in zip((self.trainer.optimizer_D, self.trainer.optimizer_G), self._rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor


class LinearDecay:
    """Factor 1 until step ``first``, then linearly down to 0 at step ``last``.

    Example:
        >>> LinearDecay(100, 200)(150)
        0.5
    """

    def __init__(self, first: int, last: int) -> None:
        self.first = check_int(first, "first")
        self.last = check_int(last, "last", low=self.first + 1)

    def __call__(self, step: int) -> float:
        """Return the factor at ``step``."""
        return min(1.0, max(0.0, (self.last - step) / (self.last - self.first)))


def averaged(net: nn.Module, decay: float) -> AveragedModel:
    """Return a moving average of ``net`` with a decay that rises to ``decay``.

    Running statistics of batch normalization are averaged too; nets without it have their buffers copied, since
    those (a growth stage, say) are no averages.
    """

    def average(mean: Any, new: Any, n_averaged: Any) -> None:
        t = int(n_averaged)
        torch._foreach_lerp_(mean, new, 1.0 - min(decay, (1 + t) / (10 + t)))

    def only_floats(mean: Any, new: Any, n_averaged: Any) -> None:
        if torch.is_floating_point(mean[0]):
            average(mean, new, n_averaged)
        else:  # counters
            for old, value in zip(mean, new, strict=True):
                old.copy_(value)

    with_statistics = any(isinstance(layer, _BatchNorm) for layer in net.modules())
    return AveragedModel(net, multi_avg_fn=only_floats, use_buffers=with_statistics)


def check_labels(labels: Any, n: int, n_classes: int) -> Tensor | None:
    """Return labels ``(n,)`` as a LongTensor, even ones where None came; None for unconditional systems."""
    if n_classes == 0:
        if labels is not None:
            raise ValueError("labels were given, but this system is unconditional: it has no classes")
        return None
    if labels is None:
        return torch.arange(n) % n_classes
    given: Tensor = torch.as_tensor(labels)
    if given.shape != (n,) or given.is_floating_point():
        raise ValueError(f"labels must be integers of shape ({n},), got {given.dtype} of shape {tuple(given.shape)}")
    if given.min() < 0 or given.max() >= n_classes:
        raise ValueError(f"labels must lie in [0, {n_classes}), got {int(given.min())} to {int(given.max())}")
    return given.long()


def _rows(condition: Any, rows: slice, device: torch.device) -> Any:
    if isinstance(condition, tuple):
        return tuple(part[rows].to(device) for part in condition)
    return condition[rows].to(device)
