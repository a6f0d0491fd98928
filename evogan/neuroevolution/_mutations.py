"""E-GAN's mutations: objectives of the generator against a discriminator trained by cross entropy."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from evogan.losses import AdversarialLoss, Minimax, NonSaturating

Mutations = Mapping[str, AdversarialLoss] | Sequence[AdversarialLoss]


@dataclass(frozen=True)
class MinimaxMutation(Minimax):
    """(1/2) E[log(1 - D(G(z)))].

    C. Wang, C. Xu, X. Yao, D. Tao, "Evolutionary generative adversarial networks", IEEE TEVC 23(6), 2019, eq. 3.
    """

    def generator_term(self, d: Tensor) -> Tensor:
        """Return half of log(1 - sigmoid(d))."""
        return 0.5 * super().generator_term(d)


@dataclass(frozen=True)
class HeuristicMutation(NonSaturating):
    """-(1/2) E[log D(G(z))]. Wang et al., 2019, eq. 4."""

    def generator_term(self, d: Tensor) -> Tensor:
        """Return half of -log sigmoid(d)."""
        return 0.5 * super().generator_term(d)


@dataclass(frozen=True)
class LeastSquaresMutation(Minimax):
    """E[(D(G(z)) - 1)^2]. Wang et al., 2019, eq. 5.

    Args:
        on_logits: take the raw logit for D, as the authors' PyTorch program does: the generator is then pulled to
            D = sigmoid(1) = .73, and its gradient does not vanish where the discriminator wins.
    """

    on_logits: bool = False

    def generator_term(self, d: Tensor) -> Tensor:
        """Return the squared distance of D to 1."""
        return ((d if self.on_logits else torch.sigmoid(d)) - 1.0) ** 2


def egan_mutations(*, on_logits: bool = False) -> dict[str, AdversarialLoss]:
    """Return the three mutations of E-GAN by name."""
    return {
        "minimax": MinimaxMutation(),
        "heuristic": HeuristicMutation(),
        "least_squares": LeastSquaresMutation(on_logits),
    }


def named_mutations(mutations: Mutations) -> dict[str, AdversarialLoss]:
    """Return mutations by name; those of a sequence are called by their class, numbered where it occurs twice.

    Raises:
        ValueError: there are none.
        TypeError: one is not an adversarial loss.
    """
    if isinstance(mutations, str) or not isinstance(mutations, Iterable):
        raise TypeError(f"mutations must be adversarial losses in a list, or by name in a dict, got {mutations!r}")
    if isinstance(mutations, Mapping):
        named = dict(mutations)
    else:
        named = {}
        for loss in mutations:
            kind = type(loss).__name__
            named[kind if kind not in named else f"{kind}_{len(named)}"] = loss
    if not named:
        raise ValueError("mutations must hold at least one adversarial loss of the generator, got none")
    for name, loss in named.items():
        if not _is_adversarial(loss):
            raise TypeError(
                f"mutations must be adversarial losses such as HeuristicMutation() or Hinge(), {name} is {loss!r}; "
                "auxiliary terms belong to the system's trainer (auxiliaries=)"
            )
    return named


def _is_adversarial(loss: Any) -> bool:
    """Auxiliary terms have methods of the same names, and classes those of their instances: signatures tell."""
    if not isinstance(loss, AdversarialLoss):
        return False
    try:
        inspect.signature(loss.generator).bind(None, None, real=None, fake=None)
    except TypeError:
        return False
    return True
