"""A GAN of decision vectors given a condition, with a relativistic loss and zero-centred gradient penalties.

The loss is that of A. Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN",
ICLR 2019; with penalties at real and at generated samples it is the objective of N. Huang, A. Gokaslan, V. Kuleshov,
J. Tompkin, "The GAN is dead; long live the GAN! A modern baseline GAN", NeurIPS 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from evogan._internal.checks import check_choice, check_int, check_kind
from evogan.losses import AdversarialLoss, NonSaturating, Relativistic
from evogan.models._relativistic_steps import RelativisticSteps, supports
from evogan.models._standardised import StandardisedModel
from evogan.nets import mlp
from evogan.regularizers import R1, R2, Regularizer
from evogan.training import AdversarialTrainer, adam


class ConditionalGAN(StandardisedModel[AdversarialTrainer]):
    """A GAN on standardised variables whose generator and discriminator both see the condition.

    The generator is a multilayer perceptron plus a linear map of noise and condition, without normalization and
    without a squashed output: it can leave the solutions it was shown, and nothing draws it to corners of the box. The
    discriminator R(x, c) tells whether a solution is real and belongs to its condition. It minimises
    ``softplus(-(R(x, c) - R(G, c)))`` plus gamma / 2 times the squared norm of its gradient in x, at real solutions and
    at generated ones; the generator minimises ``softplus(-(R(G, c) - R(x, c)))``.

    Departs from Huang et al.: decision vectors and multilayer perceptrons in place of images and residual networks; a
    condition.

    Args:
        loss: None means ``Relativistic(NonSaturating())``, real and generated solutions of one condition in pairs.
        regularizers: penalties on the discriminator; None means ``[R1(1.0), R2(1.0)]``, gamma = 1.
        n_latent: standard normal variables that feed the generator; None means half of ``n_var``, at least 16.
        n_steps: steps, of both players, of a fit that goes on from the last one.
        n_first_steps: steps of a fit with new networks.
        batch_size: solutions of one step, at least 2.
        lr: Adam's learning rate for both players; None means 0.0015, times 30 / n_var beyond 30 variables.
        betas: Adam's decay rates.
        hidden: widths of both networks' hidden layers.
        warm_start: continue from the last fit's networks where the numbers of variables and of conditions are the same.
        engine: ``"auto"`` trains with hand-written gradients where they compute the same steps, ``"autograd"`` never.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> c = rng.random((50, 1))
        >>> gan = ConditionalGAN().fit(np.hstack([c, 1 - c]), condition=c, rng=rng)
        >>> low, high = gan.sample(2, condition=[[0.1], [0.9]], rng=rng)
        >>> bool(low[0] < high[0] and low[1] > high[1])
        True
    """

    def __init__(
        self,
        *,
        loss: AdversarialLoss | None = None,
        regularizers: Sequence[Regularizer] | None = None,
        n_latent: int | None = None,
        n_steps: int = 20,
        n_first_steps: int = 100,
        batch_size: int = 40,
        lr: float | None = None,
        betas: tuple[float, float] = (0.0, 0.99),
        hidden: Sequence[int] = (64, 64),
        warm_start: bool = True,
        engine: Literal["auto", "autograd"] = "auto",
    ) -> None:
        super().__init__(
            n_steps=n_steps,
            n_first_steps=n_first_steps,
            batch_size=batch_size,
            lr=1.5e-3 if lr is None else lr,
            betas=betas,
            hidden=hidden,
            warm_start=warm_start,
        )
        loss = Relativistic(NonSaturating()) if loss is None else loss
        self.loss: AdversarialLoss = check_kind(loss, AdversarialLoss, "loss", "Relativistic(NonSaturating())")
        regularizers = [R1(1.0), R2(1.0)] if regularizers is None else regularizers
        if not isinstance(regularizers, Sequence) or not all(callable(one) for one in regularizers):
            raise TypeError(f"regularizers must be a sequence of penalties, e.g. [R1(1.0)], got {regularizers!r}")
        self.regularizers = tuple(regularizers)
        self.n_latent = None if n_latent is None else check_int(n_latent, "n_latent", low=1)
        self._scales_lr = lr is None
        self.engine = check_choice(engine, "engine", ("auto", "autograd"))

    def _make(self, n_var: int, n_condition: int) -> AdversarialTrainer:
        # Adam moves every weight alike: with more inputs, smaller steps move the sum as far.
        lr = self.lr * min(1.0, 30 / n_var) if self._scales_lr else self.lr
        return AdversarialTrainer(
            ResidualGenerator([n_condition + self._width, *self.hidden, n_var]),
            ConditionalDiscriminator([n_var + n_condition, *self.hidden, 1]),
            prior=self._prior,
            loss=self.loss,
            regularizers=self.regularizers,
            optimizer_G=adam(lr, betas=self.betas),
            optimizer_D=adam(lr, betas=self.betas),
        )

    @property
    def _width(self) -> int:
        return max(16, self._shape[0] // 2) if self.n_latent is None else self.n_latent

    def _prior(self, n: int) -> Tensor:
        return torch.randn(n, self._width)

    def _block(self, learner: AdversarialTrainer, z: Tensor, c: Tensor) -> Tensor:
        latents = torch.randn(2, *z.shape[:2], self._width)
        if self.engine == "auto" and supports(learner):
            steps = RelativisticSteps(learner)
            batches = zip(z.numpy(), c.numpy(), *latents.numpy(), strict=True)
            with np.errstate(over="ignore", invalid="ignore"):  # a diverging loss is reported by its value
                losses = [(steps.d_step(x, given, z1), steps.g_step(x, given, z2)) for x, given, z1, z2 in batches]
            return torch.tensor(losses)
        history = []
        for x, given, z1, z2 in zip(z, c, *latents, strict=True):
            fake = learner.generate(len(x), given, z1)[0].detach()
            history.append(learner.d_step(x, condition=given, fake=fake, latent=z1))
            history.append(learner.g_step(x, condition=given, latent=z2))
        return torch.stack(history).view(-1, 2)

    def _generate(self, learner: AdversarialTrainer, c: Tensor) -> Tensor:
        sample: Tensor = learner.G(self._prior(len(c)), c)
        return sample


class ResidualGenerator(nn.Module):
    """G(z, c) = MLP([c, z]) + Linear([c, z]), of layers of the given ``sizes``."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.net = mlp(sizes, activation=nn.SiLU)
        self.skip = nn.Linear(sizes[0], sizes[-1])

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        h = torch.cat([condition, latent], dim=1)
        out: Tensor = self.net(h) + self.skip(h)
        return out


class ConditionalDiscriminator(nn.Module):
    """R(x, c) = MLP([x, c]), raw logits ``(n, 1)``, of layers of the given ``sizes``."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.net = mlp(sizes, activation=nn.SiLU)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        logits: Tensor = self.net(torch.cat([x, condition], dim=1))
        return logits
