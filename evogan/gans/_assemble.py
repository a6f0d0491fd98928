"""What the published systems share: a recipe of training, and networks put together into a system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float, check_int
from evogan.nets import Discriminator, Networks, default_networks
from evogan.training import Adam, AdversarialTrainer, GANSystem, Optimizer


@dataclass(frozen=True)
class Recipe:
    """How a system is trained; each system's default is its paper's.

    Attributes:
        lr_G: the generator's learning rate.
        lr_D: the discriminator's learning rate.
        optimizer: the kind of optimizer of both.
        n_critic: discriminator steps per generator step.
        ema: decay of the moving average that samples; None for none.
        schedule: factor of both learning rates as a function of the steps made.
        bf16: run both networks in bfloat16; losses and penalties stay in float32.
        channels_last: lay the convolutions' weights and maps out as (n, h, w, c), faster on many machines.

    Example:
        >>> from dataclasses import replace
        >>> replace(Recipe(), n_critic=5).n_critic
        5
    """

    lr_G: float = 2e-4
    lr_D: float = 2e-4
    optimizer: Optimizer = Adam()
    n_critic: int = 1
    ema: float | None = 0.999
    schedule: Callable[[int], float] | None = None
    bf16: bool = False
    channels_last: bool = False

    def __post_init__(self) -> None:
        check_float(self.lr_G, "lr_G", low=0.0)
        check_float(self.lr_D, "lr_D", low=0.0)
        check_int(self.n_critic, "n_critic", low=1)
        if self.ema is not None:
            check_float(self.ema, "ema", low=0.0, high=1.0)
        check_bool(self.bf16, "bf16")
        check_bool(self.channels_last, "channels_last")
        if not callable(self.optimizer):
            raise TypeError(f"optimizer must be an object such as Adam() or RMSprop(), got {self.optimizer!r}")
        if self.schedule is not None and not callable(self.schedule):
            raise TypeError(f"schedule must be a function such as LinearDecay(1000, 2000), got {self.schedule!r}")


@dataclass(frozen=True)
class NormalPrior:
    """Draws standard normal latents ``(n, n_latent)``."""

    n_latent: int

    def __call__(self, n: int) -> Tensor:
        """Return ``n`` latents."""
        return torch.randn(n, self.n_latent)


def plain_critic(shape: tuple[int, ...], networks: Networks | None, *, dropout: float = 0.0) -> Discriminator:
    """Return a critic without batch normalization, which would make a sample's gradient depend on its neighbours."""
    nets = default_networks(shape) if networks is None else networks
    return Discriminator(nets.trunk(shape, batch_norm=False, dropout=dropout))


def assemble(
    shape: tuple[int, ...],
    networks: Networks | None,
    recipe: Recipe,
    *,
    G: nn.Module | None = None,
    D: nn.Module | None = None,
    prior: Callable[[int], Tensor] | None = None,
    n_classes: int = 0,
    kind: type[GANSystem] = GANSystem,
    trainer: type[AdversarialTrainer] = AdversarialTrainer,
    **parts: Any,
) -> GANSystem:
    """Make a system of ``shape`` from ``networks`` (None: the default for the shape) and the trainer's ``parts``.

    ``G``, ``D`` and ``prior`` take the place of what ``networks`` would make; ``kind`` is the class of the system,
    ``trainer`` that of its trainer.
    """
    nets = default_networks(shape) if networks is None else networks
    made = trainer(
        nets.generator(shape) if G is None else G,
        Discriminator(nets.trunk(shape)) if D is None else D,
        prior=NormalPrior(nets.n_latent) if prior is None else prior,
        optimizer_G=recipe.optimizer(recipe.lr_G),
        optimizer_D=recipe.optimizer(recipe.lr_D),
        autocast=torch.bfloat16 if recipe.bf16 else None,
        **parts,
    )
    if recipe.channels_last:
        made.G.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        made.D.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return kind(
        made, shape=shape, n_classes=n_classes, n_critic=recipe.n_critic, ema=recipe.ema, schedule=recipe.schedule
    )
