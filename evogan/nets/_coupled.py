"""The coupled networks of CoGAN.

M.-Y. Liu, O. Tuzel, "Coupled generative adversarial networks", NeurIPS 2016, sec. 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.nets._dcgan import dcgan_generator, dcgan_trunk
from evogan.nets._images import check_batch, check_pair
from evogan.nets._trunks import check_shape, mlp_image_generator, mlp_trunk


class CoupledGenerator(nn.Module):
    """Two generators that share all layers but the last: one latent vector makes a pair ``(x_a, x_b)``.

    The shared layers decide what is shown, the last ones how each domain shows it. Images lie in [-1, 1], vectors
    anywhere.

    Args:
        shape: of one sample of either domain, ``(d,)`` or ``(c, h, w)``.
        n_latent: length of the latent vectors.
        hidden: widths of the linear layers.
        width: for square images of a power of two: the layers of :func:`~evogan.nets.dcgan_generator` of this width
            in place of linear ones.

    Example:
        >>> G = CoupledGenerator((2,), n_latent=3)
        >>> x_a, x_b = G(torch.zeros(5, 3))
        >>> x_a.shape, x_b.shape
        (torch.Size([5, 2]), torch.Size([5, 2]))
    """

    def __init__(
        self, shape: Sequence[int], *, n_latent: int, hidden: Sequence[int] = (128, 128), width: int | None = None
    ) -> None:
        super().__init__()
        self.shape = check_shape(shape)
        self.n_latent = check_int(n_latent, "n_latent", low=1)

        def layers() -> nn.Sequential:
            if width is None:
                return mlp_image_generator(self.shape, n_latent=self.n_latent, hidden=hidden)
            return dcgan_generator(self.shape, n_latent=self.n_latent, width=width)

        one, other = list(layers()), list(layers())
        last = max(i for i, layer in enumerate(one) if isinstance(layer, nn.Linear | nn.ConvTranspose2d))
        self.shared = nn.Sequential(*one[:last])
        self.last_a, self.last_b = nn.Sequential(*one[last:]), nn.Sequential(*other[last:])

    def forward(self, latent: Tensor, condition: object = None) -> tuple[Tensor, Tensor]:
        """Return the pair of samples, each ``(n, *shape)``, of latent vectors ``(n, n_latent)``.

        Raises:
            ValueError: the latent vectors have another shape.
        """
        features = self.shared(check_batch(latent, "latent", (self.n_latent,)))
        return self.last_a(features), self.last_b(features)

    def single(self) -> tuple[nn.Sequential, nn.Sequential]:
        """Return the generator of each domain alone; their shared layers are the same objects."""
        return nn.Sequential(*self.shared, *self.last_a), nn.Sequential(*self.shared, *self.last_b)


class CoupledDiscriminator(nn.Module):
    """Two discriminators that share all layers but the first, of pairs ``(x_a, x_b)``.

    Without normalization: the batches of the two domains pass the shared layers one after the other.

    Args:
        shape: of one sample of either domain, ``(d,)`` or ``(c, h, w)``.
        hidden: widths of the linear layers.
        width: for square images of a power of two: the layers of :func:`~evogan.nets.dcgan_trunk` of this width in
            place of linear ones.
    """

    def __init__(self, shape: Sequence[int], *, hidden: Sequence[int] = (128, 128), width: int | None = None) -> None:
        super().__init__()
        self.shape = check_shape(shape)

        def layers() -> nn.Sequential:
            if width is None:
                trunk = mlp_trunk(self.shape, hidden=hidden)
            else:
                trunk = dcgan_trunk(self.shape, width=width, batch_norm=False)
            return nn.Sequential(*trunk.layers, nn.Linear(trunk.n_features, 1))

        one, other = list(layers()), list(layers())
        n_first = 1 + next(i for i, layer in enumerate(one) if isinstance(layer, nn.LeakyReLU))
        self.first_a, self.first_b = nn.Sequential(*one[:n_first]), nn.Sequential(*other[:n_first])
        self.shared = nn.Sequential(*one[n_first:])

    def forward(self, x: tuple[Tensor, Tensor], condition: object = None) -> Tensor:
        """Return the logits ``(n, 2)`` of both members of the pairs, each ``(n, *shape)``.

        Raises:
            ValueError: not a pair, or a member of another shape.
        """
        x_a, x_b = check_pair(x, "x")
        check_batch(x_a, "x_a", self.shape)
        check_batch(x_b, "x_b", self.shape)
        return torch.cat([self.shared(self.first_a(x_a)), self.shared(self.first_b(x_b))], 1)

    def single(self) -> tuple[nn.Sequential, nn.Sequential]:
        """Return the discriminator of each domain alone; their shared layers are the same objects."""
        return nn.Sequential(*self.first_a, *self.shared), nn.Sequential(*self.first_b, *self.shared)
