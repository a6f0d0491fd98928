"""The loop that every system shares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evogan._internal.checks import check_int, check_rng
from evogan._internal.devices import one_thread_for
from evogan._internal.rng import torch_seeded
from evogan.exceptions import TrainingDivergedError
from evogan.training._batches import Batch, Batches, Data
from evogan.training._system import System


def run_block(
    system: System, batches: Callable[[], Batch], n_steps: int, *, first: int = 0
) -> dict[str, NDArray[np.float64]]:
    """Make ``n_steps`` steps; return every loss by name as ``(n_steps,)``. The host waits only at the end.

    Args:
        system: what is trained.
        batches: draws the next minibatch.
        n_steps: steps of the generator.
        first: number of steps made before, for the message of an error.

    Raises:
        TrainingDivergedError: a loss is NaN or infinite; the message names the first one and its step.
    """
    check_int(n_steps, "n_steps", low=1)
    history: list[dict[str, Tensor]] = [system.step(batches) for _ in range(n_steps)]
    names = list(history[0])
    values = torch.stack([torch.stack([row[name].float() for name in names]) for row in history]).cpu().double().numpy()
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        step, column = bad[0]
        raise TrainingDivergedError(
            f"the {names[column]} loss became {values[step, column]} at step {first + step + 1}; "
            "try a smaller learning rate, a gradient penalty, or another loss"
        )
    return {name: values[:, j] for j, name in enumerate(names)}


def fit(
    system: System,
    data: Data,
    n_steps: int,
    *,
    batch_size: int = 64,
    rng: np.random.Generator,
    on_step: Callable[[int, dict[str, float]], None] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Train ``system`` on ``data`` for ``n_steps`` steps; return every loss by name as ``(n_steps,)``.

    :func:`evogan.experiments.train` does the same with checkpoints, scores and pictures. Same ``rng``, same bits, on
    the CPU and with the same number of threads (one for small samples); torch's own random state is left as it was.

    Args:
        system: made by a function of :mod:`evogan.gans`, or one of your own.
        data: an :class:`evogan.datasets.Dataset`, on the system's device.
        n_steps: generator updates.
        batch_size: samples per minibatch.
        rng: seeds batches, latents and dropout.
        on_step: called with the number of steps made and their losses.

    Raises:
        TrainingDivergedError: at the first loss that is NaN or infinite.
    """
    check_int(n_steps, "n_steps", low=1)
    batches = Batches(data, batch_size, seed=int(check_rng(rng).integers(2**63)))
    history = []
    device = getattr(system, "device", None)
    with torch_seeded(rng, device), one_thread_for(system.shape, device):
        for step in range(n_steps):
            history.append(run_block(system, batches, 1, first=step))
            if on_step is not None:
                on_step(step + 1, {name: float(values[0]) for name, values in history[-1].items()})
    return {name: np.concatenate([row[name] for row in history]) for name in history[0]}
