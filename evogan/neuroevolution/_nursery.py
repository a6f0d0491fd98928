"""One generation: children are made and judged, all against the same discriminator and on the same samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from evogan._internal.samples import parts_of
from evogan.losses import AdversarialLoss
from evogan.neuroevolution._crossover import Crossover
from evogan.neuroevolution._fitness import Evaluation, Fitness, NoFitness
from evogan.neuroevolution._individual import Individual, OptimizerState, Workbench
from evogan.neuroevolution._stacked import Together, judge_together, obstacle, pays, step_together
from evogan.training import GANSystem, Sample


class Plan(NamedTuple):
    """A child to be made: of whom, by which mutation, with which factor of the learning rate."""

    parent: Individual
    mutation: str
    rate: float


@dataclass
class Nursery:
    """Makes and judges the children of a generation.

    Attributes:
        system: whose generator is the workbench, and whose discriminator judges.
        bench: that generator with its optimizer.
        mutations: losses by name.
        fitness: judges.
        evaluation: on what.
        real: samples for the losses that need them; their number is that of the latents of a step.
        condition: of those samples, or None.
        factor: of all learning rates.
        first_number: of the first child made.
        operator_states: optimizer states by mutation, where they do not belong to individuals.
        keep_fakes: keep the samples that a child is judged by.
        together: make the children of :meth:`mutate_all` at once, with stacked weights. "auto" does so on an
            accelerator where it can be done, and turns to False where it cannot.
    """

    system: GANSystem
    bench: Workbench
    mutations: Mapping[str, AdversarialLoss]
    fitness: Fitness
    evaluation: Evaluation
    real: Sample
    condition: Any
    factor: float = 1.0
    first_number: int = 0
    operator_states: dict[str, OptimizerState] | None = None
    keep_fakes: bool = False
    together: Together = "auto"
    n_made: int = 0
    n_judged: int = 0
    _unsettled: list[tuple[Individual, Tensor]] = field(default_factory=list)

    def latent(self) -> Tensor:
        """Draw the latents of one step."""
        trainer = self.system.trainer
        return trainer.prior(len(parts_of(self.real)[0])).to(self.system.device)

    def mutate_all(self, plans: Sequence[Plan]) -> list[Individual]:
        """Make and judge children that know nothing of each other; latents are drawn before the first is made.

        Raises:
            ValueError: ``together=True``, and something stands in the way, which the message names.
        """
        latents = [self.latent() for _ in plans]
        children = self._made_together(plans, latents)
        if children is None:
            children = [self.mutate(plan, latent) for plan, latent in zip(plans, latents, strict=True)]
        return children

    def mutate(self, plan: Plan, latent: Tensor) -> Individual:
        """Make a child, one step down its mutation's loss, and judge it; :meth:`settle` tells its fitness."""
        parent, name, rate = plan
        self.bench.load(replace(parent, rate=rate), factor=self.factor)
        if self.operator_states is not None:
            self.bench.load_optimizer(self.operator_states.get(name, [{} for _ in parent.optimizer]))
        trainer = self.system.trainer
        with statistics_kept(trainer.D):
            loss = trainer.g_step(self.real, condition=self.condition, loss=self.mutations[name], latent=latent)
        child = self._born(parents=(parent.number,), mutation=name, rate=rate, loss=loss)
        if self.operator_states is not None and _is_finite(child.optimizer):  # or no later child could be
            self.operator_states[name] = child.optimizer
        return child

    def cross(self, better: Individual, other: Individual, crossover: Crossover) -> Individual:
        """Make a child of two individuals and judge it."""
        loss = crossover(
            better,
            other,
            bench=self.bench,
            trainer=self.system.trainer,
            latent=self.latent(),
            condition=self.condition,
            factor=self.factor,
        )
        parents = (better.number, other.number)
        return self._born(parents=parents, mutation="crossover", rate=better.rate, loss=torch.as_tensor(loss))

    def judge(self, individual: Individual) -> None:
        """Judge an individual that was made before."""
        self.bench.load_weights(individual.weights)
        self._judge(individual)

    def settle(self) -> None:
        """Tell all that were judged their fitness, with one transfer from an accelerator."""
        if not self._unsettled:
            return
        rows = torch.stack([parts.float() for _, parts in self._unsettled]).tolist()
        for (individual, _), parts in zip(self._unsettled, rows, strict=True):
            individual.parts = tuple(parts)
            individual.fitness = sum(w * p for w, p in zip(self.fitness.weights, parts, strict=True))
            individual.loss = float(individual.loss)
        self._unsettled.clear()

    def _made_together(self, plans: Sequence[Plan], latents: Sequence[Tensor]) -> list[Individual] | None:
        """Make and judge all children at once, or return None, with nothing changed, where they go one by one."""
        if not plans or not self.together or (self.together == "auto" and not pays(self.system.device, len(plans))):
            return None
        reason = obstacle(self)
        if reason is None:
            try:
                children = step_together(self, plans, latents)
                with judging(self.system.trainer.D):
                    verdicts = judge_together(self, children)
            except RuntimeError as error:
                reason = f"torch cannot map these networks over children: {error}"
        if reason is not None:
            if self.together is True:
                raise ValueError(f'together=True cannot be: {reason}; with together="auto" children go one by one')
            self.together = False
            return None
        self.n_made += len(children)
        if verdicts is None:
            for child in children:
                self.judge(child)
        else:
            self._unsettled += zip(children, verdicts, strict=True)
            self.n_judged += len(children)
        return children

    def _born(self, *, loss: Tensor, **described: Any) -> Individual:
        child = self.bench.individual(number=self.first_number + self.n_made, loss=loss, **described)
        self.n_made += 1
        self._judge(child)
        return child

    def _judge(self, individual: Individual) -> None:
        if isinstance(self.fitness, NoFitness):
            self._unsettled.append((individual, torch.zeros(1)))
            return
        fake = self.evaluation.fakes()
        individual.fakes = fake if self.keep_fakes else None
        with judging(self.system.trainer.D):
            self._unsettled.append((individual, self.fitness(self.evaluation, fake)))
        self.n_judged += 1


@contextmanager
def judging(D: torch.nn.Module) -> Iterator[None]:
    """Hold the discriminator in evaluation mode: a sample's verdict does not depend on its neighbours."""
    training = D.training
    D.eval()
    try:
        yield
    finally:
        D.train(training)


@contextmanager
def statistics_kept(net: torch.nn.Module) -> Iterator[None]:
    """Leave the network's buffers as they were: what one child's step moves, no other child sees."""
    buffers = list(net.buffers())
    before = [buffer.clone() for buffer in buffers]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in zip(buffers, before, strict=True):
                buffer.copy_(value)


def _is_finite(state: OptimizerState) -> bool:
    values = [v for part in state for v in part.values() if isinstance(v, Tensor)]
    return all(bool(torch.isfinite(v).all()) for v in values)
