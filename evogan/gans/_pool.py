"""A pool of past fakes, and the trainer whose discriminators are shown it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.training import AdversarialTrainer, Sample


class ImagePool(nn.Module):
    """Past fakes to show in place of new ones: once full, a new sample changes places with an old one half of the time.

    A. Shrivastava et al., "Learning from simulated and unsupervised images through adversarial training", CVPR 2017,
    sec. 2.3, with CycleGAN's rule for each sample. A batch takes each old sample once at most.

    Args:
        size: samples kept; 0 always shows the new ones.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = check_int(size, "pool")
        self.kept: Tensor | None = None

    def forward(self, new: Tensor) -> Tensor:
        """Return as many samples as there are ``new`` ones; those that fill the pool are shown as they are."""
        kept = new[:0] if self.kept is None else self.kept.to(new.device)
        n_free = self.size - len(kept)
        kept = torch.cat([kept, new[:n_free]])
        slots = torch.randperm(len(kept))[: max(0, len(new) - n_free)]
        swapped = torch.rand(len(slots)) < 0.5
        rows = torch.arange(n_free, n_free + len(slots))[swapped].to(new.device)
        slots = slots[swapped].to(new.device)
        # New tensors: a state that was handed out stays as it was.
        self.kept = kept.index_copy(0, slots, new[rows])
        return new.index_copy(0, rows, kept[slots])

    # Not a buffer, for its shape must be known before a state is loaded.
    def get_extra_state(self) -> dict[str, Tensor | None]:
        """Return the samples kept."""
        return {"kept": self.kept}

    def set_extra_state(self, state: dict[str, Tensor | None]) -> None:
        """Restore what :meth:`get_extra_state` returned."""
        self.kept = state["kept"]


class PooledTrainer(AdversarialTrainer):
    """A trainer of pairs whose discriminators are shown fakes out of a pool of ``pool`` for each domain."""

    def __init__(self, *networks: Any, pool: int, **parts: Any) -> None:
        super().__init__(*networks, **parts)
        self.pools = nn.ModuleList([ImagePool(pool), ImagePool(pool)])
        self._stateful.append(self.pools)

    def d_step(
        self,
        real: Sample,
        *,
        condition: Any = None,
        poor: Tensor | None = None,
        fake: Sample | None = None,
        latent: Tensor | None = None,
    ) -> Tensor:
        """Update the discriminators once; ``fake=None`` generates and asks the pools."""
        if fake is None:
            with torch.no_grad(), self._cast():
                fake, _ = self.generate(len(real[0]), condition)
            fake = tuple(pool(part) for pool, part in zip(self.pools, fake, strict=True))
        return super().d_step(real, condition=condition, poor=poor, fake=fake, latent=latent)
