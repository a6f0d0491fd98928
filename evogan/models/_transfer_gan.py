"""A GAN from one population to another: any loss, any penalty, on standardised variables, as a correction of identity.

Transfer between tasks by a GAN: Z. Liang et al., "Evolutionary multitasking for multi-objective optimization based on
generative strategies", IEEE Transactions on Evolutionary Computation 27(4), 2023; the form is this toolkit's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_int, check_kind
from evogan.losses import AdversarialLoss, NonSaturating, Wasserstein
from evogan.models._gan import _batches
from evogan.models._trained_transfer import TrainedTransfer
from evogan.models._transfer_nets import judge, translator
from evogan.regularizers import GradientPenalty, Regularizer
from evogan.training import AdversarialTrainer, adam, fastest_engine


class TransferGAN(TrainedTransfer):
    """A generator G from source to target: real samples are the target population, fakes are G(source population).

    Args:
        loss: None means :class:`~evogan.losses.NonSaturating`.
        regularizers: penalties on the discriminator, e.g. ``[R1(0.1)]``.
        axis: ``"individuals"``: a sample is one solution, networks are as wide as ``n_var``. ``"variables"``: a sample
            is one variable over the whole population, networks are as wide as the population, which must be the same
            in source and target.
        standardise: train on variables of mean 0 and spread 1, in source and target each by its own, and give what
            comes out the target's mean and spread.
        residual: G(z) = z + net(z), else G(z) = net(z). The last layer of the default net is 0 at first: without
            training, ``standardise`` and ``residual`` make :class:`~evogan.models.MomentMatching`.
        n_steps: generator steps of a fit that goes on from the last one.
        n_steps_first: generator steps of a fit with new networks.
        batch_size: samples of source and of target in one step, at least 2.
        n_critic: discriminator steps per generator step.
        lr_generator: Adam's learning rate for the generator.
        lr_discriminator: Adam's learning rate for the discriminator.
        betas: Adam's decay rates.
        warm_start: continue from the last fit's networks and optimizers where the networks' width is the same.
        hidden: widths of the hidden layers of the networks made here; None means two of the samples' width, at least
            32.
        generator: ``width -> module`` that makes net, ``(n, width)`` to ``(n, width)``; None means a perceptron with
            tanh and a linear output.
        discriminator: ``width -> module`` to logits; None means a perceptron with leaky ReLU.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"``: CUDA where there is one and networks are wide enough to gain.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> S, T = rng.random((20, 3)), 0.2 * rng.random((30, 3))
        >>> bool(TransferGAN(n_steps_first=5).fit(S, T, rng=rng).transfer(S, rng=rng).max() < 0.4)
        True
    """

    def __init__(
        self,
        *,
        loss: AdversarialLoss | None = None,
        regularizers: Sequence[Regularizer] = (),
        axis: Literal["individuals", "variables"] = "individuals",
        standardise: bool = True,
        residual: bool = True,
        n_steps: int = 20,
        n_steps_first: int = 200,
        batch_size: int = 32,
        n_critic: int = 1,
        lr_generator: float = 1e-3,
        lr_discriminator: float = 1e-3,
        betas: tuple[float, float] = (0.5, 0.9),
        warm_start: bool = True,
        hidden: Sequence[int] | None = None,
        generator: Callable[[int], nn.Module] | None = None,
        discriminator: Callable[[int], nn.Module] | None = None,
        device: str = "auto",
    ) -> None:
        super().__init__(
            axis=axis,
            standardise=standardise,
            residual=residual,
            n_steps=n_steps,
            n_steps_first=n_steps_first,
            batch_size=batch_size,
            lr_generator=lr_generator,
            lr_discriminator=lr_discriminator,
            betas=betas,
            warm_start=warm_start,
            hidden=hidden,
            device=device,
        )
        self.loss: AdversarialLoss = check_kind(
            NonSaturating() if loss is None else loss, AdversarialLoss, "loss", "Hinge()"
        )
        if isinstance(regularizers, Regularizer) or not all(callable(one) for one in regularizers):
            raise TypeError(f"regularizers must be a sequence of penalties, e.g. [R1(0.1)], got {regularizers!r}")
        self.regularizers = tuple(regularizers)
        self.n_critic = check_int(n_critic, "n_critic", low=1)
        for name, factory in (("generator", generator), ("discriminator", discriminator)):
            if factory is not None and not callable(factory):
                raise TypeError(f"{name} must be a function that makes a network, got {factory!r}")
        if hidden is not None and generator is not None and discriminator is not None:
            raise ValueError(f"hidden={hidden!r} has no say where both generator and discriminator are given")
        self.generator, self.discriminator = generator, discriminator

    def _make(self, width: int) -> AdversarialTrainer:
        device = self._device(width)
        net = translator(width, self.hidden, zero=self.residual) if self.generator is None else self.generator(width)
        D = judge(width, self.hidden) if self.discriminator is None else self.discriminator(width)
        return AdversarialTrainer(
            self._wrapped(net).to(device),
            D.to(device),
            prior=torch.empty,  # never asked: the source's samples are handed to each step
            loss=self.loss,
            regularizers=self.regularizers,
            optimizer_G=adam(self.lr_generator, betas=self.betas),
            optimizer_D=adam(self.lr_discriminator, betas=self.betas),
        )

    def _block(self, trainer: AdversarialTrainer, source: Tensor, target: Tensor, n: int) -> NDArray[np.float64]:
        n_d, size = n * self.n_critic, self.batch_size
        real = _batches(target, n_d, size)
        latents = _batches(source, n_d + n, size).view(n, self.n_critic + 1, size, -1)
        return fastest_engine(trainer)(trainer, real, None, latents, self.n_critic)


class UntrainedTransfer(TransferGAN):
    """The null control of :class:`TransferGAN`: its networks as they were initialised.

    Takes the arguments of :class:`TransferGAN` except ``n_steps`` and ``n_steps_first``, which are 0. As it comes it
    equals :class:`~evogan.models.MomentMatching`; with ``residual=False`` it is a random map.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> X = UntrainedTransfer().fit([[0.1], [0.3]], [[0.4], [0.8]], rng=rng).transfer([[0.1], [0.3]], rng=rng)
        >>> X.round(6).tolist()
        [[0.4], [0.8]]
    """

    def __init__(self, **options: Any) -> None:
        if named := {"n_steps", "n_steps_first"} & set(options):
            raise TypeError(f"UntrainedTransfer takes no {' and no '.join(sorted(named))}: it is never trained")
        super().__init__(n_steps=0, n_steps_first=0, **options)


def wgan_gp_transfer(**options: Any) -> TransferGAN:
    """Make a :class:`TransferGAN` of the Wasserstein loss with a gradient penalty; ``options`` go there.

    I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, algorithm 1: weight 10, five critic
    steps, Adam with betas (0, 0.9), 1e-4 for the generator. Departs from the paper: 1e-3 (1e-4) for the critic, which
    has to be ahead within few steps.

    Example:
        >>> wgan_gp_transfer(n_steps=10).n_critic
        5
    """
    preset: dict[str, Any] = {"n_critic": 5, "lr_generator": 1e-4, "betas": (0.0, 0.9)}
    for name in ("loss", "regularizers"):
        if name in options:
            raise TypeError(f"wgan_gp_transfer takes no {name}: use TransferGAN")
    return TransferGAN(loss=Wasserstein(), regularizers=[GradientPenalty()], **(preset | options))
