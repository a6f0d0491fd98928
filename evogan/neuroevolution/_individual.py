"""An individual is a generator's weights with its optimizer's state; a workbench trains one individual at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from evogan.training import AdversarialTrainer

OptimizerState = list[dict[str, Any]]


@dataclass(eq=False)
class Individual:
    """A generator of the population. Tensors are never changed in place: siblings may share them.

    Attributes:
        weights: parameters, then buffers, in the network's order.
        optimizer: the optimizer's state of every parameter; empty dictionaries before the first step.
        number: counts individuals in the order in which they were made.
        parents: numbers of the individuals it was made from.
        mutation: the name of what made it.
        rate: a factor of its learning rate.
        loss: what its mutation's loss was before its step; 0 where there was none.
        parts: the parts of its fitness.
        fitness: the number that selection compares; higher is better.
        fakes: the samples it was judged by, where they are used again.
    """

    weights: list[Tensor]
    optimizer: OptimizerState
    number: int = 0
    parents: tuple[int, ...] = ()
    mutation: str = "initial"
    rate: float = 1.0
    loss: float = 0.0
    parts: tuple[float, ...] = ()
    fitness: float = float("nan")
    fakes: Any = None

    def state_dict(self) -> dict[str, Any]:
        """Return tensors and plain values."""
        kept = replace(self, fakes=None)
        return {**vars(kept), "parents": list(self.parents), "parts": list(self.parts)}

    @classmethod
    def from_state_dict(cls, state: dict[str, Any], like: Individual) -> Individual:
        """Restore what :meth:`state_dict` returned, onto the device of ``like``.

        Raises:
            ValueError: its weights have other shapes than those of ``like``.
        """
        mine, theirs = ([tuple(w.shape) for w in weights] for weights in (like.weights, state["weights"]))
        if mine != theirs:
            raise ValueError(f"this state holds weights of shapes {theirs}, the system has {mine}")
        device = like.weights[0].device
        made = cls(**{**state, "parents": tuple(state["parents"]), "parts": tuple(state["parts"])})
        made.weights = [w.to(device, copy=True) for w in made.weights]
        made.optimizer = restored_optimizer(made.optimizer, like)
        return made


class Workbench:
    """A generator and its optimizer, into which one individual after another is loaded."""

    def __init__(self, net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.net, self.optimizer = net, optimizer
        self.rates = [group["lr"] for group in optimizer.param_groups]

    @classmethod
    def of_generator(cls, trainer: AdversarialTrainer) -> Workbench:
        """Return the workbench of a trainer's generator."""
        return cls(trainer.G, trainer.optimizer_G)

    @classmethod
    def of_discriminator(cls, trainer: AdversarialTrainer) -> Workbench:
        """Return the workbench of a trainer's discriminator."""
        return cls(trainer.D, trainer.optimizer_D)

    def load(self, individual: Individual, *, factor: float = 1.0) -> None:
        """Put an individual's weights, optimizer state and learning rate (times ``factor``) into place."""
        self.load_weights(individual.weights)
        self.load_optimizer(individual.optimizer)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * individual.rate * factor

    def load_weights(self, weights: list[Tensor]) -> None:
        """Copy weights into the network."""
        put_weights(self.net, weights)

    def load_optimizer(self, state: OptimizerState) -> None:
        """Copy the state of every parameter into the optimizer, which updates it in place."""
        for parameter, stored in zip(self._parameters(), state, strict=True):
            if stored:
                self.optimizer.state[parameter] = _cloned(stored)
            else:
                self.optimizer.state.pop(parameter, None)

    def weights(self) -> list[Tensor]:
        """Return a copy of the network's weights."""
        return weights_of(self.net)

    def optimizer_state(self) -> OptimizerState:
        """Return a copy of the optimizer's state."""
        return [_cloned(self.optimizer.state.get(parameter, {})) for parameter in self._parameters()]

    def individual(self, **described: Any) -> Individual:
        """Return what is on the bench as an individual."""
        return Individual(self.weights(), self.optimizer_state(), **described)

    def _parameters(self) -> list[nn.Parameter]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]


def weights_of(net: nn.Module) -> list[Tensor]:
    """Return a copy of a network's parameters and buffers, in its order."""
    return [tensor.detach().clone() for tensor in (*net.parameters(), *net.buffers())]


def put_weights(net: nn.Module, weights: Sequence[Tensor]) -> None:
    """Copy into a network what :func:`weights_of` returned."""
    with torch.no_grad():
        torch._foreach_copy_([*net.parameters(), *net.buffers()], list(weights))


def restored_optimizer(state: OptimizerState, like: Individual) -> OptimizerState:
    """Return a copy of an optimizer's state on the devices of that of ``like``, or on that of its weights."""
    device = like.weights[0].device
    return [
        {k: v.to(o[k].device if k in o else device, copy=True) if isinstance(v, Tensor) else v for k, v in s.items()}
        for s, o in zip(state, like.optimizer, strict=True)
    ]


def _cloned(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value.clone() if isinstance(value, Tensor) else value for name, value in state.items()}
