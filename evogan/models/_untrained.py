"""A GAN that is never trained: the control that tells what training brings."""

from __future__ import annotations

from typing import Any

from evogan.models._gan import GAN


class Untrained(GAN):
    """The null control of :class:`GAN`: its networks as they were initialised, fed with the same noise.

    Such a generator knows the box alone: whatever it was shown, its samples are nearly one point, and of many variables
    each lies some hundredths from the centre. Where the centre is good to cross with, so is this control.

    Takes the arguments of :class:`GAN` except ``n_steps``, which is 0.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> Untrained().fit(rng.random((20, 3)), rng=rng).sample(5, rng=rng).shape
        (5, 3)
    """

    def __init__(self, **options: Any) -> None:
        if "n_steps" in options:
            raise TypeError("Untrained takes no n_steps: it is never trained")
        super().__init__(n_steps=0, **options)
