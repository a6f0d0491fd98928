"""Stacked GAN: labels to features, features to samples, the inverse of a classifier."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int, check_kind
from evogan.gans._assemble import Recipe, assemble
from evogan.gans._compound import CompoundSystem
from evogan.gans._conditioned import UniformPrior, shape_through
from evogan.gans._terms import Recovered
from evogan.losses import MutualInformation, NonSaturating
from evogan.nets import Discriminator, Encoder, LabelGenerator, Networks, default_networks, mlp, mlp_trunk
from evogan.training import Batch, GANSystem, check_labels
from evogan.training._distributed import average_across_processes


class Classifier(nn.Module):
    """The bottom-up network: ``features`` maps samples to h ``(n, n_features)``, ``head`` maps h to class logits."""

    def __init__(self, features: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        """Return class logits ``(n, n_classes)``."""
        logits: Tensor = self.head(self.features(x))
        return logits


class FeatureGenerator(nn.Module):
    """Feed a generator of latents ``(n, n_latent + n_features)`` its condition, features ``(n, n_features)``.

    Both are brought to one scale by batch normalization.
    """

    def __init__(self, G: nn.Module, n_in: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(n_in)
        self.G = G

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Return samples."""
        samples: Tensor = self.G(self.norm(torch.cat([latent, condition], dim=1)))
        return samples


class FeatureSystem(GANSystem):
    """A system whose batches carry features in place of labels."""

    def condition(self, batch: Batch) -> Tensor:
        """Return the features."""
        features: Tensor = batch.y
        return features


class StackedSystem(CompoundSystem):
    """A system made by :func:`stacked_gan`: part 1 makes features of labels, part 0 makes samples of features."""

    def __init__(self, encoder: Classifier, top: GANSystem, bottom: GANSystem, *, n_encoder_steps: int) -> None:
        super().__init__({"1": top, "0": bottom}, shape=bottom.shape, n_classes=top.n_classes)
        self.encoder = encoder
        self.n_encoder_steps = check_int(n_encoder_steps, "n_encoder_steps")
        self.n_steps = 0
        self.optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-3)

    def shown(self, batch: Batch) -> dict[str, Batch]:
        """Return features with labels, and samples with features."""
        with torch.no_grad():
            h = self.encoder.features(batch.x)
        return {"1": Batch(h, batch.y), "0": Batch(batch.x, h)}

    def step(self, batches: Callable[[], Batch]) -> dict[str, Tensor]:
        """Make one step of both parts, and before them of the encoder while it learns; its loss is told too."""
        drawn = [batches() for _ in range(self.n_critic)]
        cost = self._encoder_step(drawn[0])
        self.n_steps += 1
        return {"encoder": cost, **super().step(iter(drawn).__next__)}

    def _encoder_step(self, batch: Batch) -> Tensor:
        learns = self.n_steps < self.n_encoder_steps
        with torch.set_grad_enabled(learns):
            cost = F.cross_entropy(self.encoder(batch.x), batch.y)
        if learns:
            self.optimizer.zero_grad()
            cost.backward()
            average_across_processes([p.grad for p in self.encoder.parameters() if p.grad is not None])
            self.optimizer.step()
        return cost.detach()

    def sample(self, n: int, *, rng: np.random.Generator, labels: Tensor | None = None) -> Tensor:
        """Return ``n`` samples ``(n, *shape)`` of labels ``(n,)``; classes in turn where none are given.

        Raises:
            ValueError: labels of another length or out of range.
        """
        given = check_labels(labels, check_int(n, "n", low=1), self.n_classes)
        return self.parts["0"].generate(n, self.parts["1"].generate(n, given, rng=rng), rng=rng)

    def to(self, device: torch.device) -> None:
        """Move everything; before the first step only."""
        super().to(device)
        self.encoder.to(device)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of both parts and of the encoder, and the number of steps."""
        mine = {"encoder": self.encoder.state_dict(), "optimizer": self.optimizer.state_dict(), "n_steps": self.n_steps}
        return super().state_dict() | mine

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self.encoder.load_state_dict(state["encoder"])
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))  # torch keeps the tensors that it is given
        self.n_steps = state["n_steps"]


def stacked_gan(
    shape: tuple[int, ...],
    *,
    n_classes: int,
    encoder: Classifier | None = None,
    n_encoder_steps: int = 500,
    networks: Networks | None = None,
    n_features: int = 128,
    conditional: float = 1.0,
    entropy: float = 10.0,
    recipe: Recipe = Recipe(lr_G=1e-4, lr_D=1e-4),
) -> StackedSystem:
    """Make a stack of two GANs that runs a classifier backwards: labels to features, features to samples.

    X. Huang, Y. Li, O. Poursaeed, J. Hopcroft, S. Belongie, "Stacked generative adversarial networks", CVPR 2017,
    sec. 3.2-3.5: each generator minimises -log D, ``conditional`` times the distance of what the classifier says of its
    sample from what it was given, and ``entropy`` times the mean squared error of reading the noise from its sample.
    Weights, noise and learning rates are those of the authors' code for MNIST.

    Departs from the paper: the generators are trained apart only, not end to end afterwards; the classifier learns in
    the first steps, beside them, unless it is given; its features are brought to mean 0 and variance 1 in each sample,
    for features of another scale lose the game of part 1; smaller networks.

    Args:
        shape: of one sample.
        n_classes: number of classes.
        encoder: a trained classifier, used as it is, with features of about unit scale; None makes one for the shape.
        n_encoder_steps: steps in which a classifier made here learns.
        networks: of samples; None means the default for the shape.
        n_features: length of the features of a classifier made here.
        conditional: weight of the conditional loss: cross-entropy of labels, mean squared error of features.
        entropy: weight of the entropy loss.
        recipe: how both generators are trained.
    """
    n_classes = check_int(n_classes, "n_classes", low=1)
    nets = default_networks(shape) if networks is None else networks
    if encoder is None:
        encode = Encoder(nets.trunk(shape, batch_norm=False), check_int(n_features, "n_features", low=1))
        scale = nn.LayerNorm(n_features, elementwise_affine=False)
        encoder = Classifier(nn.Sequential(encode, scale), nn.Linear(n_features, n_classes))
    else:
        check_kind(encoder, Classifier, "encoder", "Classifier(features, head)")
        n_encoder_steps = 0
    encoder.eval()
    (n_features,) = shape_through(encoder.features, shape, "encoder.features", "nn.Flatten()")
    n_latent = nets.n_latent
    weight = 2 * check_float(entropy, "entropy", low=0.0) / n_latent  # of half a sum of squares, not their mean

    def part(shape: tuple[int, ...], G: nn.Module, trunk: nn.Module, recovered: Recovered, **kind: Any) -> GANSystem:
        return assemble(
            shape,
            nets,
            recipe,
            G=G,
            D=Discriminator(trunk, code=n_latent),
            prior=UniformPrior(n_latent, low=0.0),
            loss=NonSaturating(),
            auxiliaries=[recovered, MutualInformation(0, n_latent, continuous_weight=weight)],
            **kind,
        )

    hidden = mlp([n_latent + n_classes, 256, 256], activation=nn.ReLU, output=nn.ReLU, batch_norm=True)
    top = part(
        (n_features,),
        LabelGenerator(nn.Sequential(*hidden, nn.Linear(256, n_features)), n_classes),
        mlp_trunk((n_features,), hidden=(256, 256)),
        Recovered(encoder.head, F.cross_entropy, conditional),
        n_classes=n_classes,
    )
    bottom = part(
        shape,
        FeatureGenerator(nets.generator(shape, n_extra=n_features), n_latent + n_features),
        nets.trunk(shape),
        Recovered(encoder.features, F.mse_loss, conditional),
        kind=FeatureSystem,
    )
    return StackedSystem(encoder, top, bottom, n_encoder_steps=n_encoder_steps)
