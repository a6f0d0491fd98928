"""EMT-GS as published: a GAN per ordered pair of tasks, inertial differential evolution, NSGA-II survival.

Z. Liang, Y. Zhu, X. Wang, Z. Li, Z. Zhu, "Evolutionary multitasking for multi-objective optimization based on
generative strategies", IEEE Transactions on Evolutionary Computation 27(4), 2023, doi:10.1109/TEVC.2022.3189029. The
loop follows the platform MToP (Y. Li et al., ACM Transactions on Evolutionary Learning and Optimization, 2026).
"""

from __future__ import annotations

import copy
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_choice, check_float, check_int, check_kind
from evogan.models import MToPGAN, NoTransfer, TransferModel
from evogan.multitask import MultitaskEA
from evogan.multitask._operators import truncated_normal

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


class InertialEMTGS(MultitaskEA):
    """EMT-GS in MToP's loop; :meth:`EMTGS.mtop` and :meth:`EMTGS.paper` make it.

    All populations are shuffled together and paired. A child of p, whose partner is q, keeps p's task:
    ``v = x1 + F (c - x_r2)``, where x_r2 is of the **previous** generation (the inertia), x1 a random member of p's
    task or its first one, and c is p itself if q is of the same task, else what the transfer model makes of the pair;
    then binomial crossover with p, or with x1 if c was transferred. F ~ N(0.5, 0.2) in [0, 1], one per pair. There is
    no mutation and no transfer probability: with two tasks half of all pairs are of both.

    Args:
        pop_size: solutions of each task, at least 4.
        transfer: a model, copied for each ordered pair of tasks; None means :class:`~evogan.models.MToPGAN`.
            :class:`~evogan.models.NoTransfer` treats every pair as if it were of one task.
        direction: known implementations disagree. ``"into_partner"``: c is **p mapped into q's task** (MToP).
            ``"into_own"``: c is **q mapped into p's task**, as the abstract says (source to target).
        gap: generations between two trainings.
        cr: crossover rate.

    Raises:
        TypeError: ``transfer`` is not a transfer model.

    Example:
        >>> from evogan.models import RawTransfer
        >>> from evogan.multitask import minimize_multitask
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> algorithm = InertialEMTGS(20, transfer=RawTransfer(), direction="into_own")
        >>> minimize_multitask([IMF1(5), IMF4(5)], algorithm, ("n_eval", 100), seed=1).n_evals
        100
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        transfer: TransferModel | None = None,
        direction: Literal["into_partner", "into_own"] = "into_partner",
        gap: int = 10,
        cr: float = 0.6,
    ) -> None:
        super().__init__(pop_size)
        transfer = MToPGAN() if transfer is None else transfer
        self.transfer: TransferModel = check_kind(transfer, TransferModel, "transfer", "TransferGAN()")
        self.direction = check_choice(direction, "direction", ("into_partner", "into_own"))
        self.gap = check_int(gap, "gap", low=1)
        self.cr = check_float(cr, "cr", low=0.0, high=1.0)
        self._previous: list[Array] = []
        self._models: dict[tuple[int, int], TransferModel] = {}

    def begin(self) -> None:
        """Make and train one model per ordered pair (source, target)."""
        self._previous = [population.U for population in self.populations]
        self._models = {}
        if type(self.transfer) is NoTransfer:
            return
        for source in range(self.problem.n_tasks):
            for target in range(self.problem.n_tasks):
                if source != target:
                    model = copy.deepcopy(self.transfer)
                    self._models[source, target] = model.fit(*self.pair(source, target), rng=self.rng)

    def offspring(self) -> list[Array]:
        """Return one child per individual, of its task."""
        rng, P = self.rng, np.concatenate([population.U for population in self.populations])
        sizes = [len(population) for population in self.populations]
        task = np.repeat(np.arange(len(sizes)), sizes)
        row = np.concatenate([np.arange(size) for size in sizes])
        moved = self._moved()
        order = rng.permutation(len(P))
        half = len(P) // 2
        p = np.concatenate([order[:half], order[half : 2 * half]])
        q = np.concatenate([order[half : 2 * half], order[:half]])
        F = np.tile(truncated_normal(half, rng=rng), 2)[:, None]
        x1, x_r2 = np.empty_like(P[p]), np.empty_like(P[p])
        for t, population in enumerate(self.populations):
            mine = np.flatnonzero(task[p] == t)
            random = population.U[rng.integers(sizes[t], size=len(mine))]
            x1[mine] = np.where(rng.random((len(mine), 1)) < 0.5, random, population.U[0])
            x_r2[mine] = self._previous[t][rng.integers(len(self._previous[t]), size=len(mine))]
        c, base = P[p].copy(), P[p].copy()
        crossed = (task[p] != task[q]) & bool(self._models)
        for (source, target), images in moved.items():
            into_own = self.direction == "into_own"
            own, partner, given = (target, source, q) if into_own else (source, target, p)
            rows = np.flatnonzero(crossed & (task[p] == own) & (task[q] == partner))
            c[rows] = images[row[given[rows]]]
        base[crossed] = x1[crossed]
        v = x1 + F * (c - x_r2)
        takes = rng.random(v.shape) < self.cr
        takes[np.arange(len(v)), rng.integers(v.shape[1], size=len(v))] = True
        children = np.where(takes, v, base)
        self._previous = [population.U for population in self.populations]
        self.count("transferred", int(crossed.sum()))
        return [children[task[p] == t] for t in range(len(sizes))]

    def _moved(self) -> dict[tuple[int, int], Array]:
        """Return the image of every source population, training first every ``gap`` generations."""
        train = (self.generation + 2) % self.gap == 0  # MToP's counter is 2 in the first pass
        images = {}
        for (source, target), model in self._models.items():
            S, T = self.pair(source, target)
            if train and isinstance(model, MToPGAN):
                images[source, target] = model.fit_transfer(S, T, rng=self.rng)  # with shuffled variables
                continue
            images[source, target] = (model.fit(S, T, rng=self.rng) if train else model).transfer(S, rng=self.rng)
        return images
