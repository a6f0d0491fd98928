"""What systems with a population share: their arguments, their samples, what they record."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from evogan._internal.samples import map_parts, parts_of
from evogan.exceptions import TrainingDivergedError
from evogan.neuroevolution._fitness import CustomFitness, Fitness
from evogan.neuroevolution._individual import Individual
from evogan.training import AdversarialTrainer, Batch, GANSystem, Sample


def evolvable(system: Any) -> GANSystem:
    """Return ``system`` if its generator can evolve.

    Raises:
        TypeError: it is no :class:`~evogan.training.GANSystem`.
        ValueError: it makes steps of its own, or its discriminator judges samples together with something else, or is
            shown other fakes than it is given.
    """
    if not isinstance(system, GANSystem):
        raise TypeError(f"make must return a GANSystem, such as gans.dcgan((1, 32, 32)), got {system!r}")
    name = type(system).__name__
    if type(system).step is not GANSystem.step:
        raise ValueError(f"the system must take plain GAN steps, and {name} has steps of its own")
    if type(system.trainer).d_step is not AdversarialTrainer.d_step:
        kind = type(system.trainer).__name__
        raise ValueError(
            f"the discriminator must be shown what the population makes, and {kind} shows it something else"
        )
    if system.trainer.encoder is not None or system.trainer.joint_pairs:
        raise ValueError("the system's discriminator must judge samples alone: no encoder, no joint_pairs")
    return system


def as_fitness(fitness: Any) -> Fitness:
    """Return a fitness, or a plain function wrapped as one.

    Raises:
        TypeError: neither.
    """
    if not callable(fitness) or isinstance(fitness, type):
        raise TypeError(f"fitness must be an object such as EGANFitness(), or a function of samples, got {fitness!r}")
    made: Fitness = fitness if hasattr(fitness, "parts") and hasattr(fitness, "weights") else CustomFitness(fitness)
    return made


def check_part(part: Any, method: str, name: str, example: str) -> Any:
    """Return ``part`` if it is an object with ``method``.

    Raises:
        TypeError: it is none, e.g. a class or a word; the message gives an example.
    """
    if isinstance(part, type) or not callable(getattr(part, method, None)):
        raise TypeError(f"{name} must be an object such as {example}, got {part!r}")
    return part


def finite_ones(children: Sequence[Individual]) -> list[Individual]:
    """Return the children whose loss and fitness are finite.

    Raises:
        TrainingDivergedError: there is none; the message names their losses.
    """
    alive = [c for c in children if math.isfinite(c.fitness) and math.isfinite(c.loss)]
    if not alive:
        listed = ", ".join(f"{c.mutation} (loss {c.loss:.4g}, fitness {c.fitness:.4g})" for c in children)
        raise TrainingDivergedError(
            f"all children of the generation diverged: {listed}; try smaller learning rates, other mutations, or a "
            "gradient penalty on the discriminator"
        )
    return alive


def shared_among(batch_size: int, mu: int) -> int:
    """Return how many of the discriminator's fakes each parent makes.

    Raises:
        ValueError: the batch cannot be shared evenly.
    """
    if batch_size % mu:
        raise ValueError(
            f"the batch size must be a multiple of mu={mu}, so that every parent gives as many fakes, got {batch_size}"
        )
    return batch_size // mu


def check_one_each(fake: Sample, n: int) -> Sample:
    """Return ``fake`` if it holds as many samples as there were latents.

    Raises:
        ValueError: another number, e.g. of a mixture of generators, whose blocks no other's could join.
    """
    got = len(parts_of(fake)[0])
    if got != n:
        raise ValueError(f"the generator must make one sample of every latent, got {got} of {n}")
    return fake


def evaluated_fakes(parent: Individual, k: int, share: int) -> Sample:
    """Return the ``k``-th ``share`` of the samples that ``parent`` was judged by.

    Raises:
        ValueError: there are too few, or none: the parent was not judged by its samples.
    """
    needed = (k + 1) * share
    if parent.fakes is None:
        raise ValueError(f'd_fakes="evaluation" needs parents judged by samples, which parent {parent.number} was not')
    n = len(parts_of(parent.fakes)[0])
    if n < needed:
        raise ValueError(
            f'd_fakes="evaluation" needs n_eval of n_critic x batch size / mu, here {needed} or more, got {n}'
        )
    return map_parts(lambda part: part[needed - share : needed], parent.fakes)


def draw_samples(system: GANSystem, batches: Callable[[], Batch], n: int | None) -> tuple[Sample, Any]:
    """Return ``n`` fresh real samples (None: one batch) and their condition."""
    drawn = [batches()]
    while n is not None and sum(len(batch.x) for batch in drawn) < n:
        drawn.append(batches())
    return _joined([system.real(b) for b in drawn], n), _joined([system.condition(b) for b in drawn], n)


def generation_record(
    step: int, children: Sequence[Individual], survivors: Sequence[Individual], parts: Sequence[str]
) -> dict[str, Any]:
    """Return what a generation was, as plain values: a column for every property of its children."""
    kept = [survivor.number for survivor in survivors]
    columns = {name: [child.parts[i] for child in children] for i, name in enumerate(parts)}
    return {
        "step": step,
        "number": [child.number for child in children],
        "parents": [list(child.parents) for child in children],
        "mutation": [child.mutation for child in children],
        "rate": [child.rate for child in children],
        "loss": [child.loss for child in children],
        "fitness": [child.fitness for child in children],
        **columns,
        "survivors": kept,
    }


def _joined(parts: list[Any], n: int | None) -> Any:
    if parts[0] is None:
        return None
    joined = map_parts(lambda *tensors: torch.cat(tensors), *parts)
    return joined if n is None else map_parts(lambda part: part[:n], joined)
