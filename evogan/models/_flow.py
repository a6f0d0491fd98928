"""Flow matching: a velocity field that carries noise to solutions.

Y. Lipman, R. T. Q. Chen, H. Ben-Hamu, M. Nickel, M. Le, "Flow matching for generative modeling", ICLR 2023.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int
from evogan.models._standardised import Descent, StandardisedModel
from evogan.nets import mlp


class FlowMatching(StandardisedModel[Descent]):
    """Conditional flow matching with optimal transport paths (sec. 4.1, example II), on standardised variables.

    A network v(x, c, t) learns the velocity x1 - (1 - sigma_min) x0 of straight paths from noise x0 ~ N(0, I) at t = 0
    to solutions x1 at t = 1. Samples follow it in a few Euler steps.

    Departs from the paper: decision vectors and a multilayer perceptron in place of images and a U-Net; a condition c;
    a fixed number of Euler steps in place of an adaptive solver.

    Args:
        n_euler: Euler steps of a sample, at least 1.
        sigma_min: spread of a path's end about its solution, in [0, 1), in standard deviations of the solutions.
        n_steps: steps of a fit that goes on from the last one.
        n_first_steps: steps of a fit with new networks.
        batch_size: solutions of one step, at least 2.
        lr: Adam's learning rate.
        betas: Adam's decay rates.
        hidden: widths of the hidden layers.
        warm_start: continue from the last fit's network where the numbers of variables and of conditions are the same.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> c = rng.random((50, 1))
        >>> flow = FlowMatching(n_first_steps=300).fit(np.hstack([c, 1 - c]), condition=c, rng=rng)
        >>> low, high = flow.sample(2, condition=[[0.1], [0.9]], rng=rng)
        >>> bool(low[0] < high[0] and low[1] > high[1])
        True
    """

    def __init__(
        self,
        *,
        n_euler: int = 6,
        sigma_min: float = 0.0,
        n_steps: int = 20,
        n_first_steps: int = 100,
        batch_size: int = 80,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.5, 0.99),
        hidden: Sequence[int] = (64, 64),
        warm_start: bool = True,
    ) -> None:
        super().__init__(
            n_steps=n_steps,
            n_first_steps=n_first_steps,
            batch_size=batch_size,
            lr=lr,
            betas=betas,
            hidden=hidden,
            warm_start=warm_start,
        )
        self.n_euler = check_int(n_euler, "n_euler", low=1)
        self.sigma_min = check_float(sigma_min, "sigma_min", low=0.0, high=math.nextafter(1.0, 0.0))

    def _make(self, n_var: int, n_condition: int) -> Descent:
        v = mlp([n_var + n_condition + 1, *self.hidden, n_var], activation=nn.SiLU)
        return Descent(v, self.lr, self.betas)

    def _block(self, learner: Descent, z: Tensor, c: Tensor) -> Tensor:
        x0, t = torch.randn_like(z), torch.rand(*z.shape[:2], 1)
        x_t, u_t = conditional_path(x0, z, t, self.sigma_min)
        inputs = torch.cat([x_t, c, t], dim=2)
        loss = nn.functional.mse_loss
        return learner.steps(loss(learner.net(x), u) for x, u in zip(inputs, u_t, strict=True))  # eq. 23

    def _generate(self, learner: Descent, c: Tensor) -> Tensor:
        x = torch.randn(len(c), self._shape[0])
        for k in range(self.n_euler):
            t = torch.full((len(c), 1), k / self.n_euler)
            x = x + learner.net(torch.cat([x, c, t], dim=1)) / self.n_euler
        return x


def conditional_path(x0: Tensor, x1: Tensor, t: Tensor, sigma_min: float = 0.0) -> tuple[Tensor, Tensor]:
    """Return the point at time ``t`` of the straight path from noise ``x0`` to ``x1``, and its velocity.

    Equations 22 and 23 of Lipman et al.: psi_t = (1 - (1 - sigma_min) t) x0 + t x1, u_t = x1 - (1 - sigma_min) x0.
    """
    keep = 1 - sigma_min
    return (1 - keep * t) * x0 + t * x1, x1 - keep * x0
