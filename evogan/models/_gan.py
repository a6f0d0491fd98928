"""A GAN of decision vectors whose discriminator tells elite solutions from poor and from generated ones.

C. He, S. Huang, R. Cheng, K. C. Tan, Y. Jin, "Evolutionary multiobjective optimization driven by generative
adversarial networks (GANs)", IEEE Transactions on Cybernetics 51(6), 2021, sec. III-B; any loss and penalty.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_float, check_int, check_kind, check_rng, check_unit_box
from evogan._internal.devices import SMALL_NET, one_thread, resolve_device
from evogan._internal.rng import building, torch_seeded
from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.losses import AdversarialLoss, NonSaturating, SourceWeights
from evogan.models._base import FitReport
from evogan.models._latent import LowRankNormal
from evogan.nets import mlp_discriminator, mlp_generator
from evogan.regularizers import Regularizer
from evogan.training import AdversarialTrainer, adam, autograd_engine, fastest_engine

# Steps whose noise and permutations are drawn at once: bounds memory, and how late a NaN is seen.
_BLOCK = 100


class GAN:
    """A generative adversarial network as a variation operator.

    Args:
        loss: None means :class:`~evogan.losses.NonSaturating`.
        regularizers: penalties on the discriminator, e.g. ``[R1(0.1)]``.
        weights: of elite, poor and generated solutions, each averaged by itself; None means 1, 1/2, 1/2.
        latent: ``"elite"`` feeds the generator N(mean, covariance) of the elites; a number feeds it that many
            standard normal variables.
        clip_latent: clip the elites' noise to the unit box.
        generator: ``(n_latent, n_var) -> module`` onto the unit box; None means :func:`~evogan.nets.mlp_generator`.
        discriminator: ``n_var -> module`` to logits; None means :func:`~evogan.nets.mlp_discriminator`.
        n_steps: generator steps of one fit.
        batch_size: solutions of each source in one step, at least 2.
        n_critic: discriminator steps per generator step.
        lr_generator: Adam's learning rate for the generator.
        lr_discriminator: Adam's learning rate for the discriminator.
        betas: Adam's decay rates.
        warm_start: continue from the last fit's networks and optimizers where ``n_var`` is the same.
        engine: ``"auto"`` trains small networks with hand-written gradients where they compute the same steps,
            ``"autograd"`` never does.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"``: CUDA where there is one and ``n_var`` is large enough to gain.

    Attributes:
        report: a :class:`~evogan.models.FitReport` of the last fit, or None.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> gan = GAN(n_steps=10).fit(rng.random((20, 3)), rng.random((30, 3)), rng=rng)
        >>> gan.sample(5, rng=rng).shape
        (5, 3)
    """

    def __init__(
        self,
        *,
        loss: AdversarialLoss | None = None,
        regularizers: Sequence[Regularizer] = (),
        weights: SourceWeights | None = None,
        latent: Literal["elite"] | int = "elite",
        clip_latent: bool = False,
        generator: Callable[[int, int], nn.Module] | None = None,
        discriminator: Callable[[int], nn.Module] | None = None,
        n_steps: int = 100,
        batch_size: int = 32,
        n_critic: int = 1,
        lr_generator: float = 1e-3,
        lr_discriminator: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        warm_start: bool = True,
        engine: Literal["auto", "autograd"] = "auto",
        device: str = "auto",
    ) -> None:
        loss = NonSaturating() if loss is None else loss
        self.loss: AdversarialLoss = check_kind(loss, AdversarialLoss, "loss", "Hinge()")
        if isinstance(regularizers, Regularizer) or not all(callable(one) for one in regularizers):
            raise TypeError(f"regularizers must be a sequence of penalties, e.g. [R1(0.1)], got {regularizers!r}")
        self.regularizers = tuple(regularizers)
        weights = SourceWeights() if weights is None else weights
        self.weights: SourceWeights = check_kind(weights, SourceWeights, "weights", "SourceWeights(1, 0.5, 0.5)")
        self.weights.check_with(self.loss)
        self.latent = latent if latent == "elite" else check_int(latent, "latent", low=1)
        self.clip_latent = check_bool(clip_latent, "clip_latent")
        self.generator = mlp_generator if generator is None else generator
        self.discriminator = mlp_discriminator if discriminator is None else discriminator
        for name in ("generator", "discriminator"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} must be a function that makes a network, got {getattr(self, name)!r}")
        self.n_steps = check_int(n_steps, "n_steps")
        self.batch_size = check_int(batch_size, "batch_size", low=2)
        self.n_critic = check_int(n_critic, "n_critic", low=1)
        self.lr_generator = check_float(lr_generator, "lr_generator", low=0.0, low_open=True)
        self.lr_discriminator = check_float(lr_discriminator, "lr_discriminator", low=0.0, low_open=True)
        self.betas = _check_betas(betas)
        self.warm_start = check_bool(warm_start, "warm_start")
        if engine not in ("auto", "autograd"):
            raise ValueError(f'engine must be "auto" or "autograd", got {engine!r}')
        self.engine = engine
        resolve_device(device)
        self.device = device
        self.report: FitReport | None = None
        self._n_var = 0
        self._normal: LowRankNormal | None = None
        self._trainer: AdversarialTrainer | None = None

    def fit(self, X: ArrayLike, X_poor: ArrayLike | None = None, *, rng: np.random.Generator) -> Self:
        """Train on elite solutions ``X`` ``(n, n_var)`` and, if given, against poor ones ``X_poor``.

        Raises:
            ValueError: ``X`` or ``X_poor`` is not a finite matrix in the unit box.
            TrainingDivergedError: a loss became non-finite; the networks are dropped.
        """
        X = check_unit_box(X)
        poor = None if X_poor is None else check_unit_box(X_poor, "X_poor", n_var=X.shape[1])
        check_rng(rng)
        n_var = X.shape[1]
        start = time.perf_counter()
        with torch_seeded(rng, self._device(n_var)), one_thread(n_var < SMALL_NET):
            if self._trainer is None or n_var != self._n_var or not self.warm_start:
                self._build(n_var)
            self.recentre(X)
            losses = self._train(X, poor)
        d_loss, g_loss = losses[-_BLOCK:].mean(axis=0) if len(losses) else (np.nan, np.nan)
        self.report = FitReport(self.n_steps, float(d_loss), float(g_loss), time.perf_counter() - start)
        return self

    def recentre(self, X: ArrayLike) -> None:
        """Move the generator's input noise to other elites ``(n, n_var)`` without training."""
        self._normal = LowRankNormal.of(check_unit_box(X, n_var=self._n_var))

    def sample(self, n: int, *, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``(n, n_var)`` generated solutions in the unit box.

        Raises:
            NotFittedError: before :meth:`fit`.
        """
        if self._trainer is None:
            raise NotFittedError(f"{type(self).__name__} must be fitted before sample(n)")
        n, G = check_int(n, "n", low=1), self._trainer.G
        with torch_seeded(check_rng(rng), self._device(self._n_var)), one_thread(self._n_var < SMALL_NET):
            G.eval()
            with torch.no_grad():
                samples: NDArray[np.float32] = G(self._draw_latent(n)).cpu().numpy()
        return np.clip(samples.astype(np.float64), 0.0, 1.0)

    @staticmethod
    def warm_up() -> None:
        """Let torch load its optimizers now, which takes a second, and not while a fit is timed."""
        adam()([nn.Parameter(torch.zeros(1))])

    def _device(self, n_var: int) -> torch.device:
        """Resolve the device; "auto" leaves small networks on the CPU, where a GPU's launches cost more."""
        return resolve_device("cpu" if self.device == "auto" and n_var < SMALL_NET else self.device)

    def _build(self, n_var: int) -> None:
        """Make fresh networks and optimizers from torch's current random state."""
        device = self._device(n_var)
        n_latent = n_var if self.latent == "elite" else self.latent
        self._trainer = AdversarialTrainer(
            self.generator(int(n_latent), n_var).to(device),
            self.discriminator(n_var).to(device),
            prior=self._draw_latent,
            loss=self.loss,
            regularizers=self.regularizers,
            weights=self.weights,
            optimizer_G=adam(self.lr_generator, betas=self.betas),
            optimizer_D=adam(self.lr_discriminator, betas=self.betas),
        )
        self._n_var = n_var

    def _train(self, X: NDArray[np.float64], X_poor: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """Run ``n_steps`` steps; return the losses ``(n_steps, 2)`` of discriminator and generator."""
        trainer, device = self._trainer, self._device(self._n_var)
        if trainer is None:
            raise NotFittedError("the networks must be built before training")
        trainer.G.train()
        run = autograd_engine if self.engine == "autograd" else fastest_engine(trainer)
        elite = torch.from_numpy(X.astype(np.float32)).to(device)
        poor = None if X_poor is None else torch.from_numpy(X_poor.astype(np.float32)).to(device)
        history = [np.empty((0, 2))]
        for first in range(0, self.n_steps, _BLOCK):
            n = min(_BLOCK, self.n_steps - first)
            n_d = n * self.n_critic
            # Shapes are static, and noise and permutations are drawn before the steps that use them.
            real_batches = _batches(elite, n_d, self.batch_size)
            poor_batches = None if poor is None else _batches(poor, n_d, self.batch_size)
            latents = self._draw_latent((n_d + n) * self.batch_size).view(n, self.n_critic + 1, self.batch_size, -1)
            history.append(run(trainer, real_batches, poor_batches, latents, self.n_critic))
            self._check_finite(history[-1], first)
        if not all(p.isfinite().all() for p in trainer.G.parameters()):  # the very last step: no loss has seen it
            self._check_finite(np.full((1, 2), np.nan), self.n_steps)
        return np.concatenate(history)

    def _check_finite(self, losses: NDArray[np.float64], first: int) -> None:
        """Drop the networks and raise at the first non-finite loss."""
        bad = np.argwhere(~np.isfinite(losses))
        if len(bad):
            self._trainer = self.report = None
            which = ("discriminator", "generator")[bad[0, 1]]
            raise TrainingDivergedError(
                f"the {which}'s loss ({type(self.loss).__name__}) became non-finite at step {first + bad[0, 0]} "
                f"of {self.n_steps}; try a smaller learning rate or a gradient penalty"
            )

    def _draw_latent(self, n: int) -> Tensor:
        """Draw ``(n, n_latent)`` latent vectors from torch's current random state."""
        device, normal = self._device(self._n_var), self._normal
        if self.latent != "elite" or normal is None:
            return torch.randn(n, int(self.latent), device=device)
        mean = torch.from_numpy(normal.mean.astype(np.float32)).to(device)
        factor = torch.from_numpy(normal.factor.astype(np.float32)).to(device)
        z = torch.addmm(mean, torch.randn(n, len(factor), device=device), factor)
        return z.clamp_(0.0, 1.0) if self.clip_latent else z

    def __getstate__(self) -> dict[str, Any]:
        """Hold the networks as state dicts on the CPU, so that copies and pickles need no module objects."""
        state = self.__dict__.copy()
        trainer = state.pop("_trainer")
        state["_trainer_state"] = None if trainer is None else _to_cpu(trainer.state_dict())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        trainer_state = state.pop("_trainer_state")
        self.__dict__.update(state)
        self._trainer = None
        if trainer_state is not None:
            with building():
                self._build(self._n_var)
            self._trainer.load_state_dict(trainer_state)  # type: ignore[attr-defined]


def _batches(x: Tensor, n: int, batch_size: int) -> Tensor:
    """Return ``(n, batch_size, n_var)`` rows of ``x``: whole permutations end to end, so none is favoured."""
    n_passes = -(-n * batch_size // len(x))
    rows = torch.rand(n_passes, len(x), device=x.device).argsort(dim=1).flatten()[: n * batch_size]
    return x[rows].view(n, batch_size, -1)


def _check_betas(betas: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise ValueError(f"betas must be two decay rates, got {betas!r}")
    first, second = (check_float(beta, "betas", low=0.0, high=np.nextafter(1.0, 0.0)) for beta in betas)
    return first, second


def _to_cpu(value: Any) -> Any:
    """Copy every tensor of a nested state to the CPU."""
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if isinstance(value, dict):
        return {key: _to_cpu(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_to_cpu(part) for part in value)
    return value
