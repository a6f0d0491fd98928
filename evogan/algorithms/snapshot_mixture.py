"""A mixture of a training run's own generators, chosen by what each contributes: our own, not a published system.

A GAN's generator wanders: at any moment it neglects some of the modes, and others a little later. What its
discriminator says of siblings one step apart cannot mend that, and hardly differs between them. The generators of
different times do differ. Every now and then the present one joins an archive; the mixture's weights are those that
bring it closest to real samples; and when the archive is full the member leaves without whom the mixture stays
closest: (mu + 1) selection by contribution, as SMS-EMOA (N. Beume, B. Naujoks, M. Emmerich, EJOR 181, 2007) selects by
hypervolume.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from evogan._internal.checks import check_choice, check_int, check_rng
from evogan.algorithms.egan import EGAN
from evogan.gans import Recipe, assemble
from evogan.losses import NonSaturating
from evogan.nets import Networks
from evogan.neuroevolution import (
    GaussianLadder,
    GeneratorMixture,
    NoFitness,
    RandomMutations,
    best_weights,
    least_contribution,
    put_weights,
    weights_of,
)
from evogan.training import Batch, check_labels

_RECIPE = Recipe(ema=None)


class SnapshotMixture:
    """Trains a system and samples from a mixture of the generators it has had.

    Args:
        system: a :class:`~evogan.training.GANSystem`, or a system with a population such as
            :class:`~evogan.algorithms.EGAN`.
        size: members of the mixture; 1 keeps the best generator so far.
        every: steps between two snapshots.
        n_eval: samples that a member is judged by.
        n_real: real samples that they are compared with, the first ones that come.
        features: what is compared: a function of samples ``(n, ...)``; None takes the samples themselves.
        keep: whom a full archive keeps: the members of the largest ``"contribution"``; or, as controls, the most
            ``"recent"`` or any at ``"random"``, both mixed evenly.

    Attributes:
        weights: of the members, ``(n_members,)``, at least 0, of sum 1.

    Example:
        >>> from evogan.datasets import ring
        >>> from evogan.training import fit
        >>> rng = np.random.default_rng(1)
        >>> system = mixture_egan((2,), every=2)
        >>> losses = fit(system, ring(rng=rng), 6, rng=rng)
        >>> len(system.weights), system.sample(5, rng=rng).shape
        (4, torch.Size([5, 2]))
    """

    def __init__(
        self,
        system: Any,
        *,
        size: int = 8,
        every: int = 100,
        n_eval: int = 400,
        n_real: int = 800,
        features: Callable[[Tensor], Any] | None = None,
        keep: Literal["contribution", "recent", "random"] = "contribution",
    ) -> None:
        self.system = system
        self.size, self.every = check_int(size, "size", low=1), check_int(every, "every", low=1)
        self.n_eval, self.n_real = check_int(n_eval, "n_eval", low=2), check_int(n_real, "n_real", low=2)
        self.features = features
        self.keep = check_choice(keep, "keep", ("contribution", "recent", "random"))
        self.weights = np.ones(0)
        self.n_steps = 0
        self._n_taken = 0
        self._members: list[dict[str, Any]] = []  # weights of a generator, and the features of its samples
        self._real: Tensor | None = None
        self._kernel: GaussianLadder | None = None  # a function of the real samples
        self._among, self._to_real = np.zeros((0, 0)), np.zeros(0)

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make a step of the system; take a snapshot if it is time."""
        if self._real is None:
            drawn = [batches().x]
            while sum(len(x) for x in drawn) < self.n_real:
                drawn.append(batches().x)
            self._real = self._features(torch.cat(drawn)[: self.n_real])
        losses: dict[str, Tensor] = self.system.step(batches)
        self.n_steps += 1
        if self.n_steps % self.every == 0 or not self._members:
            self._take(self._real, np.random.default_rng(int(torch.randint(2**63 - 1, ()))))
        return losses

    def _take(self, real: Tensor, rng: np.random.Generator) -> None:
        """Add the present generator; let one go if there are too many."""
        samples = self._features(self.system.sample(self.n_eval, rng=rng))
        self._n_taken += 1
        if not torch.isfinite(samples).all():
            return
        kernel = self._kernel = self._kernel or GaussianLadder.of(real)
        row = [kernel.mean(samples, member["samples"]) for member in self._members]
        column, own = np.array(row).reshape(-1, 1), np.array([[kernel.mean(samples, samples)]])
        self._among = np.block([[self._among, column], [column.T, own]])
        self._to_real = np.append(self._to_real, kernel.mean(samples, real))
        self._members.append({"weights": weights_of(self.system.generator), "samples": samples})
        if len(self._members) > self.size:
            leaving = 0  # the oldest
            if self.keep == "contribution":
                leaving = least_contribution(self._among, self._to_real)
            elif self.keep == "random":
                leaving = int(rng.integers(len(self._members)))
            stay = np.delete(np.arange(len(self._members)), leaving)
            self._members.pop(leaving)
            self._among, self._to_real = self._among[np.ix_(stay, stay)], self._to_real[stay]
        even = np.full(len(self._members), 1.0 / len(self._members))
        self.weights = best_weights(self._among, self._to_real) if self.keep == "contribution" else even

    def _features(self, samples: Tensor) -> Tensor:
        found = samples if self.features is None else torch.as_tensor(np.asarray(self.features(samples)))
        return found.detach().flatten(1).float().cpu()

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` samples ``(n, *shape)``, each of a member drawn by the weights; see :class:`GANSystem`."""
        n = check_int(n, "n", low=1)
        if not self._members:
            return torch.as_tensor(self.system.sample(n, rng=rng, labels=labels))
        labels = check_labels(labels, n, self.n_classes)
        choice = check_rng(rng).choice(len(self._members), n, p=self.weights)
        made = torch.empty(n, *self.shape, device=self.system.device)
        present = weights_of(self.system.generator)
        try:
            for i in np.unique(choice):
                rows = torch.from_numpy(np.flatnonzero(choice == i))
                put_weights(self.system.generator, self._members[i]["weights"])
                given = None if labels is None else labels[rows]
                made[rows] = self.system.sample(len(rows), rng=rng, labels=given)
        finally:
            put_weights(self.system.generator, present)
        return made

    def pictures(self, batch: Batch, *, rng: np.random.Generator) -> Tensor:
        """Return as many samples as the batch has, classes in turn."""
        return self.sample(len(batch.x), rng=rng)

    @property
    def generator(self) -> nn.Module:
        """The mixture as a network of its own."""
        nets = []
        for member in self._members:
            nets.append(copy.deepcopy(self.system.generator))
            put_weights(nets[-1], member["weights"])
        return GeneratorMixture(nets, self.weights) if nets else copy.deepcopy(self.system.generator)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""
        return tuple(self.system.shape)

    @property
    def n_classes(self) -> int:
        """Classes that samples are conditioned on; 0 for none."""
        return int(self.system.n_classes)

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        parameter: Tensor = next(self.system.generator.parameters())
        return parameter.device

    @property
    def counters(self) -> dict[str, int]:
        """Those of the system, and an evaluation for every snapshot."""
        counted = dict(self.system.counters)
        return {**counted, "n_evaluations": counted.get("n_evaluations", 0) + self._n_taken}

    def take_records(self) -> list[dict[str, Any]]:
        """Return the system's records since the last call, if it keeps any."""
        records: list[dict[str, Any]] = getattr(self.system, "take_records", list)()
        return records

    def to(self, device: torch.device) -> None:
        """Move everything; before the first step only."""
        self.system.to(device)

    def state_dict(self) -> dict[str, Any]:
        """Return the system and the archive."""
        counted = {"n_steps": self.n_steps, "n_taken": self._n_taken}
        archive = {"members": self._members, "weights": self.weights.tolist(), "real": self._real}
        kernels = {"among": self._among.tolist(), "to_real": self._to_real.tolist()}
        return copy.deepcopy({"system": self.system.state_dict(), **counted, **archive, **kernels})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned.

        Raises:
            ValueError, RuntimeError, KeyError: the state is that of other networks.
        """
        self.system.load_state_dict(state["system"])
        state = copy.deepcopy({key: value for key, value in state.items() if key != "system"})
        device = self.device
        self._members = [{**m, "weights": [w.to(device) for w in m["weights"]]} for m in state["members"]]
        self.weights, self._real, self._kernel = np.array(state["weights"]), state["real"], None
        self.n_steps, self._n_taken = state["n_steps"], state["n_taken"]
        m = len(self._members)
        self._among, self._to_real = np.array(state["among"]).reshape(m, m), np.array(state["to_real"])


def mixture_egan(
    shape: tuple[int, ...],
    *,
    networks: Networks | None = None,
    size: int = 8,
    every: int = 100,
    keep: Literal["contribution", "recent", "random"] = "contribution",
    recipe: Recipe = _RECIPE,
) -> SnapshotMixture:
    """Make a mixture of snapshots of one generator, each of whose steps follows one of E-GAN's losses at random.

    Our own, 2026, not a published system: selection among generators of different times, by what each contributes to
    their mixture, instead of among siblings one step apart; see :mod:`evogan.algorithms.snapshot_mixture`.
    """
    make = partial(assemble, shape, networks, recipe, loss=NonSaturating())
    return SnapshotMixture(EGAN(make, policy=RandomMutations(), fitness=NoFitness()), size=size, every=every, keep=keep)
