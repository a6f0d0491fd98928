"""A discriminator: a trunk that sees samples, and the heads that judge its features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_bool, check_int, check_kind
from evogan.nets._conditional import check_labels
from evogan.nets._critic import Critic
from evogan.nets._encoders import kl_to_standard_normal
from evogan.nets._minibatch import MinibatchDiscrimination


class Discriminator(nn.Module):
    """A trunk with one logit and, where asked for, further heads.

    Without ``projection`` a condition is ignored: labels then enter through the loss (``classes``) or through a
    :class:`~evogan.nets.LabelDiscriminator` around the network.

    Args:
        trunk: maps ``(n, *shape)`` to features ``(n, n_features)``; tells ``n_features``.
        projection: number of classes y of which <embedding(y), features> is added to the logit;
            T. Miyato, M. Koyama, "cGANs with projection discriminator", ICLR 2018, eq. 3.
        classes: number of classes of an auxiliary classifier; A. Odena, C. Olah, J. Shlens, "Conditional image
            synthesis with auxiliary classifier GANs", ICML 2017.
        code: outputs of InfoGAN's Q, one hidden layer of 128; X. Chen et al., "InfoGAN", NeurIPS 2016.
            Departs from the paper: no batch normalization, which would mix real and generated statistics.
        bottleneck: size of a stochastic code z ~ N(mean, sigma^2) between features and logit; X. B. Peng et al.,
            "Variational discriminator bottleneck", ICLR 2019, sec. 4. Training mode samples z, eval mode takes its
            mean. Projection and ``minibatch`` then see z too; ``classes`` and ``code`` still see the features.
        minibatch: compares samples with each other; its output joins what the logit sees.
        bias: whether the logit has a constant of its own.

    Example:
        >>> import torch
        >>> from evogan.nets import Discriminator, mlp_trunk
        >>> D = Discriminator(mlp_trunk((2,)), classes=3)
        >>> D(torch.zeros(5, 2)).logits.shape, D(torch.zeros(5, 2)).classes.shape
        (torch.Size([5, 1]), torch.Size([5, 3]))
    """

    def __init__(
        self,
        trunk: nn.Module,
        *,
        projection: int = 0,
        classes: int = 0,
        code: int = 0,
        bottleneck: int = 0,
        minibatch: MinibatchDiscrimination | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        n_features = getattr(check_kind(trunk, nn.Module, "trunk", "dcgan_trunk((1, 32, 32))"), "n_features", None)
        if not isinstance(n_features, int):
            raise TypeError(f"trunk must tell the width of its output as an integer n_features, got {n_features!r}")
        self.n_classes = check_int(projection, "projection")
        bottleneck = check_int(bottleneck, "bottleneck")
        classes, code = check_int(classes, "classes"), check_int(code, "code")
        n_seen = bottleneck or n_features

        self.trunk = trunk
        self.statistics = nn.Linear(n_features, 2 * bottleneck) if bottleneck else None
        self.embedding = nn.Embedding(projection, n_seen) if projection else None
        if self.embedding is not None:
            nn.init.xavier_uniform_(self.embedding.weight)
        self.classifier = nn.Linear(n_features, classes) if classes else None
        hidden = (nn.Linear(n_features, 128), nn.LeakyReLU(0.2))
        self.recognizer = nn.Sequential(*hidden, nn.Linear(128, code)) if code else None
        self.minibatch = minibatch
        n_kernels = 0
        if minibatch is not None:
            check_kind(minibatch, MinibatchDiscrimination, "minibatch", f"MinibatchDiscrimination({n_seen})")
            n_kernels = minibatch.n_kernels
            if minibatch.n_features != n_seen:
                raise ValueError(f"minibatch must take {n_seen} features, got one for {minibatch.n_features}")
        self.logit = nn.Linear(n_seen + n_kernels, 1, bias=check_bool(bias, "bias"))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Critic:
        """Judge ``(n, *shape)``, with class labels ``(n,)`` where there is a projection."""
        features: Tensor = self.trunk(x)
        seen, kl = features, None
        if self.statistics is not None:
            seen, kl = self._through_bottleneck(self.statistics(features).to(self.logit.weight.dtype))
        joined = seen if self.minibatch is None else torch.cat([seen, self.minibatch(seen)], dim=1)
        logits = self.logit(joined)
        if self.embedding is not None:
            labels = check_labels(condition, len(x), self.n_classes)
            logits = logits + (self.embedding(labels) * seen).sum(dim=1, keepdim=True)
        return Critic(
            logits,
            features,
            classes=None if self.classifier is None else self.classifier(features),
            code=None if self.recognizer is None else self.recognizer(features),
            kl=kl,
        )

    def _through_bottleneck(self, statistics: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = statistics.chunk(2, dim=1)
        kl = kl_to_standard_normal(mean, log_variance)
        if not self.training:
            return mean, kl
        return mean + (0.5 * log_variance).exp() * torch.randn_like(mean), kl
