"""EMT-GS: solutions of other tasks, moved by generative models, compete with a task's own operators.

After Z. Liang, Y. Zhu, X. Wang, Z. Li, Z. Zhu, "Evolutionary multitasking for multi-objective optimization based on
generative strategies", IEEE Transactions on Evolutionary Computation 27(4), 2023, doi:10.1109/TEVC.2022.3189029.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evogan._internal.checks import check_choice, check_float, check_int, check_kind
from evogan.algorithms._preference import Preferences
from evogan.algorithms.emt_gs_inertial import InertialEMTGS
from evogan.exceptions import TrainingDivergedError
from evogan.models import MToPGAN, NoTransfer, SourceGAN, TransferModel
from evogan.multitask import MultitaskEA, TaskPopulation
from evogan.multitask._operators import truncated_normal
from evogan.operators import binomial_crossover, polynomial_mutation, sbx

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Key = tuple[int, int, int]  # number of the model, source, target

OWN = ("inertial", "differential", "genetic", "normal")


class EMTGS(MultitaskEA):
    """EMT-GS with what the published loop lacks: mutation, several operators, and transfer that must earn its share.

    In every generation each solution p of a task is given one operator, drawn with a probability that grows with its
    recent success: ``rate^3``, over the last generations, with a floor, and a ceiling for all transfer together.
    Success is a child that is better than p at p's own place on the front (augmented Tchebycheff function, weights from
    p's normalised objectives; less violation first).

    A task's own operators: inertial differential evolution (the paper's), rand/1 differential evolution, simulated
    binary crossover with polynomial mutation, and a normal step with the population's own spread. For each other task
    and each transfer model there is one more: a random share of p's variables is replaced by those of a solution of the
    other task, moved by the model.

    Departs from the paper: everything but the GAN per ordered pair, its periodic training, inertial differential
    evolution and NSGA-II's survival. :meth:`mtop` and :meth:`paper` make the published loop. Which of it helps is shown
    in docs/multitask.md.

    Args:
        pop_size: solutions of each task, at least 4.
        transfer: a transfer model or several, copied for each ordered pair of tasks; None means
            ``SourceGAN(0.9)``. ``NoTransfer()`` solves every task by itself. A model that diverges begins anew; if
            that diverges, too, its operator rests for the generation.
        gap: generations between two trainings.
        floor: least probability of an operator, at most 0.05; less if all transfer together meets its ceiling.
        decay: of past successes per generation, in [0, 1].
        max_transfer: most of a task's children, as a share, that may come from other tasks; at least ``floor``.
        sharpness: exponent of the success rates, at most 20; 0 gives every operator the same share.

    Attributes:
        counters: ``transferred`` children, ``transfers_better`` than their parents, and, where there are any,
            ``diverged`` trainings and ``rested``, operators that rested, generation by generation.

    Raises:
        TypeError: ``transfer`` holds something that is not a transfer model.
        ValueError: ``transfer`` is empty, or a setting lies outside its range.

    Example:
        >>> from evogan.models import MomentMatching
        >>> from evogan.multitask import minimize_multitask
        >>> from evogan.problems.imf import IMF1, IMF4
        >>> algorithm = EMTGS(20, transfer=MomentMatching())
        >>> result = minimize_multitask([IMF1(5), IMF4(5)], algorithm, ("n_eval", 200), seed=1)
        >>> result.n_evals, "transferred" in result.counters
        (200, True)
    """

    def __init__(
        self,
        pop_size: int = 100,
        *,
        transfer: TransferModel | Sequence[TransferModel] | None = None,
        gap: int = 10,
        floor: float = 0.01,
        decay: float = 0.9,
        sharpness: float = 3.0,
        max_transfer: float = 0.5,
    ) -> None:
        super().__init__(pop_size)
        if transfer is None:
            transfer = SourceGAN(0.9)
        models = tuple(transfer) if isinstance(transfer, Sequence) else (transfer,)
        if not models:
            raise ValueError(
                f"transfer must hold at least one transfer model, got {transfer!r}: NoTransfer() solves every task by "
                "itself, None means SourceGAN(0.9)"
            )
        self.transfer = tuple(check_kind(model, TransferModel, "transfer", "TransferGAN()") for model in models)
        self.gap = check_int(gap, "gap", low=1)
        self.floor = check_float(floor, "floor", low=0.0, high=0.05)
        self.decay = check_float(decay, "decay", low=0.0, high=1.0)
        self.sharpness = check_float(sharpness, "sharpness", low=0.0, high=20.0)
        self.max_transfer = check_float(max_transfer, "max_transfer", low=0.0, high=1.0)
        if self.max_transfer < self.floor:
            raise ValueError(
                f"max_transfer must be at least floor, which is {self.floor:g}, got {self.max_transfer:g}: every "
                "operator keeps that share; transfer=NoTransfer() does without transfer"
            )
        self._previous: list[Array] = []
        self._operators: list[list[tuple[str, int, int]]] = []
        self._rates: list[Array] = []
        self._used: list[tuple[Ints, Preferences]] = []
        self._models: dict[Key, TransferModel] = {}
        self._resting: list[Key] = []
        self._warned = False

    @classmethod
    def mtop(
        cls,
        pop_size: int = 100,
        *,
        transfer: TransferModel | None = None,
        direction: Literal["into_partner", "into_own"] = "into_partner",
        axis: Literal["variables", "individuals"] = "variables",
    ) -> InertialEMTGS:
        """Return EMT-GS as MToP codes it; ``transfer`` puts another model, such as a control, into the same loop.

        ``axis`` is that of the GAN, which is there without ``transfer``.
        """
        check_choice(axis, "axis", ("variables", "individuals"))
        transfer = MToPGAN(axis=axis) if transfer is None else transfer
        return InertialEMTGS(pop_size, transfer=transfer, direction=direction)

    @classmethod
    def paper(cls, pop_size: int = 100) -> InertialEMTGS:
        """Return EMT-GS as far as its abstract tells it: one sample is one solution, moved from source to target.

        What it does not tell (networks, rates, gap) is MToP's.
        """
        return InertialEMTGS(pop_size, transfer=MToPGAN(axis="individuals"), direction="into_own")

    def begin(self) -> None:
        """Make the table of operators of every task: its own, then one per model and other task."""
        tasks = range(self.problem.n_tasks)
        models = [m for m, model in enumerate(self.transfer) if type(model) is not NoTransfer]
        own = [(name, -1, -1) for name in OWN]
        self._operators = [own + [("transfer", m, k) for m in models for k in tasks if k != t] for t in tasks]
        self._rates = [np.tile([[5.0], [10.0]], (1, len(table))) for table in self._operators]  # successes, trials
        self._models = {
            (m, k, t): copy.deepcopy(self.transfer[m]) for t in tasks for name, m, k in self._operators[t] if m >= 0
        }
        self._previous = [population.U for population in self.populations]
        self._resting, self._warned = [], False

    def offspring(self) -> list[Array]:
        """Return one child per solution and task."""
        self._train(self._models if self.generation % self.gap == 0 else self._resting)
        children: list[Array] = []
        self._used = []
        for t, population in enumerate(self.populations):
            n, table = len(population), self._operators[t]
            used = self.rng.choice(len(table), size=n, p=self._shares(t))
            U = np.empty_like(population.U)
            for o in np.unique(used):
                rows = np.flatnonzero(used == o)
                name, m, k = table[o]
                U[rows] = self._transferred(t, m, k, rows) if m >= 0 else getattr(self, f"_{name}")(t, rows)
            self._used.append((used, Preferences.of(population)))
            children.append(U)
        self._previous = [population.U for population in self.populations]
        return children

    def survived(self, parents: list[TaskPopulation], evaluated: Sequence[TaskPopulation]) -> None:
        """Count each operator's successes."""
        for t, children in enumerate(evaluated):
            used, preferences = self._used[t]
            used = used[: len(children)]
            n = len(self._operators[t])
            better = preferences.better(children, parents[t], np.arange(len(children)))
            self._rates[t] *= self.decay
            self._rates[t] += [np.bincount(used, better, minlength=n), np.bincount(used, minlength=n)]
            self.count("transferred", int((used >= len(OWN)).sum()))
            self.count("transfers_better", int(better[used >= len(OWN)].sum()))

    def _shares(self, t: int) -> Array:
        """Return the probability of each operator; those that rest have none."""
        successes, trials = self._rates[t]
        awake = np.array([(m, k, t) not in self._resting for _, m, k in self._operators[t]])
        merit = np.where(awake, ((successes + 0.01) / (trials + 0.1)) ** self.sharpness, 0.0)
        floor = min(self.floor, 0.5 / awake.sum())
        shares = np.where(awake, floor + (1.0 - floor * awake.sum()) * merit / merit.sum(), 0.0)
        if (foreign := shares[len(OWN) :].sum()) > self.max_transfer:
            shares[len(OWN) :] *= self.max_transfer / foreign
            shares[: len(OWN)] *= (1.0 - self.max_transfer) / shares[: len(OWN)].sum()
        return np.asarray(shares)

    def _train(self, due: Iterable[Key]) -> None:
        """Train models; one that diverges begins anew at once, and rests for a generation if it diverges again."""
        resting = []
        for m, k, t in due:
            for last in (False, True):
                try:
                    self._models[m, k, t].fit(*self.pair(k, t), rng=self.rng)
                    break
                except TrainingDivergedError as error:
                    self.count("diverged")
                    self._models[m, k, t] = copy.deepcopy(self.transfer[m])
                    if last:
                        resting.append((m, k, t))
                        self._warn_once(
                            f"{type(self.transfer[m]).__name__} diverged twice from task {k} to {t}: {error}"
                        )
        self._resting = resting
        if resting:
            self.count("rested", len(resting))

    def _warn_once(self, what: str) -> None:
        if not self._warned:
            message = f"{what}; a task's own operators serve until it trains (counters['rested'] counts generations)"
            warnings.warn(message, RuntimeWarning, stacklevel=7)  # whoever called minimize_multitask
        self._warned = True

    def _transferred(self, t: int, m: int, k: int, rows: Ints) -> Array:
        """Replace a random share of the variables by those of moved solutions of task k, better ones more often."""
        S, rng = self.populations[k].U, self.rng
        images = self._models[m, k, t].transfer(S, rng=rng)
        chosen = images[rng.integers(len(S), size=(len(rows), 2)).min(axis=1)]  # populations stand best first
        share = rng.choice([0.15, 0.5], size=(len(rows), 1))
        return np.where(rng.random(chosen.shape) < share, chosen, self.populations[t].U[rows])

    def _start(self, P: Array, n: int) -> Array:
        """Return random solutions or the first one, as likely."""
        return np.where(self.rng.random((n, 1)) < 0.5, P[self.rng.integers(len(P), size=n)], P[0])

    def _inertial(self, t: int, rows: Ints) -> Array:
        """Inertial differential evolution, as in :class:`InertialEMTGS`."""
        P, rng, n = self.populations[t].U, self.rng, len(rows)
        x1 = self._start(P, n)
        x_r2 = self._previous[t][rng.integers(len(self._previous[t]), size=n)]
        F = truncated_normal(n, rng=rng)[:, None]
        return binomial_crossover(x1 + F * (P[rows] - x_r2), P[rows], cr=0.6, rng=rng)

    def _differential(self, t: int, rows: Ints) -> Array:
        """A difference of two others is added to p (rand/1), in all variables or in a third of them."""
        P, rng = self.populations[t].U, self.rng
        a, b = rng.integers(len(P), size=(2, len(rows)))
        F = rng.choice([0.3, 0.5, 0.8], size=(len(rows), 1))
        takes = rng.random(P[rows].shape) < rng.choice([0.3, 1.0], size=(len(rows), 1))
        return np.where(takes, P[rows] + F * (P[a] - P[b]), P[rows])

    def _genetic(self, t: int, rows: Ints) -> Array:
        """Simulated binary crossover with the better of two, then polynomial mutation."""
        P, rng = self.populations[t].U, self.rng
        mates = P[rng.integers(len(P), size=(len(rows), 2)).min(axis=1)]
        return polynomial_mutation(sbx(P[rows], mates, eta=15.0, rng=rng)[0], rng=rng)

    def _normal(self, t: int, rows: Ints) -> Array:
        """A normal step with the population's spread from a random solution or the first one."""
        P, rng, n = self.populations[t].U, self.rng, len(rows)
        x1 = self._start(P, n)
        step = np.sqrt(2.0) * P.std(axis=0) * rng.standard_normal((n, P.shape[1]))
        return binomial_crossover(x1 + truncated_normal(n, rng=rng)[:, None] * step, P[rows], cr=0.6, rng=rng)
