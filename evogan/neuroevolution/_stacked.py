"""The children of a generation stepped and judged at once: their weights stacked, the networks mapped over them.

What comes out is what one by one comes out, up to rounding: each child's loss is its own, and so are its gradient, its
optimizer's step and its statistics of batch normalization. Where small networks wait for launches rather than for
arithmetic, as on an accelerator, a generation then costs little more than one child.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.utils.parametrizations import _SpectralNorm

from evogan._internal.samples import evaluating, map_parts
from evogan.losses import AdversarialLoss, SeparableLoss
from evogan.nets import logits_of
from evogan.neuroevolution._fitness import _LEAST_NORM, EGANFitness
from evogan.neuroevolution._individual import Individual, Workbench, _cloned
from evogan.training import AdversarialTrainer, Sample
from evogan.training._samples import as_float
from evogan.training._trainer import _descend

if TYPE_CHECKING:
    from evogan.neuroevolution._nursery import Nursery, Plan

Together = bool | Literal["auto"]
_OPTIMIZERS = (torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.SGD)


def check_together(together: Any) -> Together:
    """Return ``together`` if it is True, False or "auto"."""
    if not isinstance(together, bool) and together != "auto":
        raise ValueError(f'together must be True, False or "auto", got {together!r}')
    checked: Together = together
    return checked


def pays(device: torch.device, n_children: int) -> bool:
    """Tell whether ``together="auto"`` means together: one child gains nothing, convolutions on a CPU lose by it."""
    return n_children > 1 and device.type != "cpu"


def obstacle(nursery: Nursery) -> str | None:
    """Return what keeps the children of a nursery from being made together, or None where nothing is known to."""
    trainer = nursery.system.trainer
    if nursery.operator_states is not None:
        return 'optimizer states must follow the individual, got opt_state="operator", where children take turns'
    if type(trainer) is not AdversarialTrainer:
        return f"the trainer must be an AdversarialTrainer itself, whose step is known, got {type(trainer).__name__}"
    if trainer.auxiliaries:
        names = ", ".join(type(auxiliary).__name__ for auxiliary in trainer.auxiliaries)
        return f"the trainer must have no auxiliaries, which look at more than logits, got {names}"
    if trainer.autocast is not None:
        return f"the trainer must run in full precision (bf16=False), got autocast={trainer.autocast}"
    if type(nursery.bench.optimizer) not in _OPTIMIZERS:
        known = ", ".join(kind.__name__ for kind in _OPTIMIZERS)
        return f"the generator's optimizer must be torch's {known}, got {type(nursery.bench.optimizer).__name__}"
    for player, net in (("generator", trainer.G), ("discriminator", trainer.D)):
        for layer in net.modules():
            if isinstance(layer, _DropoutNd) and layer.training and layer.p > 0.0:
                return f"the {player} must draw no random numbers, for which children take turns, got {layer!r}"
    if any(isinstance(layer, _SpectralNorm) for layer in trainer.G.modules()):
        return "the generator must have no spectral normalization, whose power iteration torch cannot map over children"
    return None


def step_together(nursery: Nursery, plans: Sequence[Plan], latents: Sequence[Tensor]) -> list[Individual]:
    """Make a child for each plan as :meth:`Nursery.mutate` would, not yet judged; change nothing else.

    Raises:
        RuntimeError: a network does what torch cannot map over children.
    """
    trainer, bench = nursery.system.trainer, nursery.bench
    n_parameters = len(list(trainer.G.parameters()))
    parameters = [[p.clone() for p in plan.parent.weights[:n_parameters]] for plan in plans]
    weights = [[*mine, *plan.parent.weights[n_parameters:]] for mine, plan in zip(parameters, plans, strict=True)]
    trained, optimizer = _optimizer(bench, parameters, plans, nursery.factor)
    fakes, buffers = _generate(trainer, weights, torch.stack(list(latents)), nursery.condition)
    losses = [nursery.mutations[plan.mutation] for plan in plans]
    values = _values(trainer, losses, fakes, nursery.real, nursery.condition)
    _descend(torch.stack(values).sum(), [p for child in trained for p in child], optimizer)
    first = nursery.first_number + nursery.n_made
    return [
        Individual(
            [*(p.detach() for p in parameters[k]), *(buffer[k].clone() for buffer in buffers)],
            [optimizer.state.get(p, {}) for p in trained[k]],
            number=first + k,
            parents=(plan.parent.number,),
            mutation=plan.mutation,
            rate=plan.rate,
            loss=values[k].detach(),  # type: ignore[arg-type]  # a number once the nursery has settled
        )
        for k, plan in enumerate(plans)
    ]


def judge_together(nursery: Nursery, children: Sequence[Individual]) -> list[Tensor] | None:
    """Return Fq and Fd of every child, or None where the fitness is not E-GAN's of a separable loss.

    The discriminator is in evaluation mode.

    Raises:
        RuntimeError: a network does what torch cannot map over children.
    """
    fitness, evaluation = nursery.fitness, nursery.evaluation
    trainer, condition, loss = evaluation.trainer, evaluation.condition, evaluation.trainer.loss
    if type(fitness) is not EGANFitness or not isinstance(loss, SeparableLoss):
        return None
    latents = evaluation.latent.expand(len(children), *evaluation.latent.shape)
    with evaluating(trainer.G):
        fakes, _ = _generate(trainer, [child.weights for child in children], latents, condition)
    for k, child in enumerate(children):
        child.fakes = map_parts(lambda part, k=k: part[k].clone(), fakes) if nursery.keep_fakes else None
    params = {name: p.detach() for name, p in trainer.D.named_parameters() if p.requires_grad}

    def verdict(params: dict[str, Tensor], fake: Sample) -> tuple[Tensor, Tensor]:
        d_fake = logits_of(functional_call(trainer.D, params, _arguments(fake, condition))).float()
        return loss.fake_term(d_fake).mean(), torch.sigmoid(d_fake).mean()  # eq. 6

    if not fitness.gamma:
        with torch.no_grad():
            return list(vmap(verdict, in_dims=(None, 0))(params, fakes)[1][:, None])
    of_fake, quality = vmap(grad(verdict, has_aux=True), in_dims=(None, 0))(params, fakes)
    of_real = evaluation.once("gradient of the real samples", lambda: fitness._real_gradient(evaluation, loss))
    norms = [(f + r).flatten(1).norm(dim=1) for f, r in zip(of_fake.values(), of_real, strict=True)]
    norm = torch.stack(norms).norm(dim=0)
    diversity = -torch.log(norm.clamp_min(_LEAST_NORM)) * (2.0 if fitness.squared else 1.0)  # eq. 7
    return list(torch.stack([quality, diversity], dim=1))


def _optimizer(
    bench: Workbench, parameters: Sequence[list[Tensor]], plans: Sequence[Plan], factor: float
) -> tuple[list[list[Any]], torch.optim.Optimizer]:
    """Return each child's trained parameters, and one optimizer of the bench's kind for all of them.

    Every child has groups of its own in it, so that rates and the steps made before may differ.
    """
    position = {parameter: i for i, parameter in enumerate(bench.net.parameters())}
    groups: list[dict[str, Any]] = []
    trained, state = [], {}
    for tensors, plan in zip(parameters, plans, strict=True):
        mine: list[Tensor] = []
        for group, rate in zip(bench.optimizer.param_groups, bench.rates, strict=True):
            params = [tensors[position[p]].requires_grad_() for p in group["params"]]
            settings = {name: value for name, value in group.items() if name not in ("params", "param_names")}
            lr = rate * plan.parent.rate * (factor * plan.rate / plan.parent.rate)
            groups.append({**settings, "lr": lr, "params": params})
            mine += params
        state.update({p: _cloned(stored) for p, stored in zip(mine, plan.parent.optimizer, strict=True) if stored})
        trained.append(mine)
    kind: Any = type(bench.optimizer)
    optimizer: torch.optim.Optimizer = kind(groups, lr=0.0)
    optimizer.state.update(state)
    return trained, optimizer


def _generate(
    trainer: AdversarialTrainer, weights: Sequence[list[Tensor]], latents: Tensor, condition: Any
) -> tuple[Sample, list[Tensor]]:
    """Return what every child makes of its latents, and its buffers afterwards, all stacked."""
    G, stacked = trainer.G, [torch.stack(rows) for rows in zip(*weights, strict=True)]
    parameters, buffers = ([name for name, _ in named] for named in (G.named_parameters(), G.named_buffers()))

    def one(tensors: list[Tensor], latent: Tensor) -> tuple[Sample, list[Tensor]]:
        state = dict(zip([*parameters, *buffers], tensors, strict=True))  # the call writes changed buffers into it
        fake = functional_call(G, state, _arguments(latent, condition))
        return as_float(fake), [state[name] for name in buffers]

    made: tuple[Sample, list[Tensor]] = vmap(one)(stacked, latents)
    return made


def _values(
    trainer: AdversarialTrainer, losses: Sequence[AdversarialLoss], fakes: Sample, real: Sample, condition: Any
) -> list[Tensor]:
    """Return each child's loss."""
    values: dict[int, Tensor] = {}
    for separable in (True, False):  # as in g_step, where separable losses do without the real logits
        rows = [i for i, loss in enumerate(losses) if isinstance(loss, SeparableLoss) is separable]
        theirs = fakes if len(rows) == len(losses) else map_parts(lambda part, rows=rows: part[rows], fakes)
        logits = _logits(trainer.D, () if separable else (real,), theirs, len(rows), condition) if rows else []
        for k, i in enumerate(rows):
            fake = map_parts(lambda part, k=k: part[k], theirs)
            values[i] = losses[i].generator(logits[0][k], logits[-1][k], real=real, fake=fake)
    return [values[i] for i in range(len(losses))]


def _logits(D: nn.Module, before: tuple[Sample, ...], fakes: Sample, n: int, condition: Any) -> list[Tensor]:
    """Return the logits of what is shown ``before``, and of the fakes of ``n`` children; D stays as it is."""
    params = {name: p.detach() for name, p in D.named_parameters()}
    copies = {name: buffer.clone() for name, buffer in D.named_buffers()}
    # What a parametrization stores depends on the shared weights alone, the other buffers on a child's samples.
    shared = {name: copy for name, copy in copies.items() if "parametrizations" in name}
    own = {name: torch.stack([copy] * n) for name, copy in copies.items() if name not in shared}

    def one(own: dict[str, Tensor], fake: Sample) -> list[Tensor]:
        state = {**params, **shared, **own}
        return [logits_of(functional_call(D, state, _arguments(x, condition))).float() for x in (*before, fake)]

    logits: list[Tensor] = vmap(one)(own, fakes)
    return logits


def _arguments(x: Any, condition: Any) -> tuple[Any, ...]:
    return (x,) if condition is None else (x, condition)
