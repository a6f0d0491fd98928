"""Families of networks: how to build a generator and a discriminator's trunk for samples of a given shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import nn

from evogan._internal.checks import check_bool, check_int
from evogan.nets._dcgan import dcgan_generator, dcgan_trunk
from evogan.nets._resnet import ResNetGenerator, resnet_generator, resnet_trunk
from evogan.nets._trunks import Trunk, check_hidden, check_shape, mlp_image_generator, mlp_trunk


@runtime_checkable
class Networks(Protocol):
    """What a family of networks must offer; ``shape`` is that of one sample, ``(d,)`` or ``(c, h, w)``."""

    @property
    def n_latent(self) -> int:
        """Columns of the latent."""
        ...

    def generator(self, shape: Sequence[int], *, n_extra: int = 0) -> nn.Module:
        """Return a module from latents ``(n, n_latent + n_extra)`` to samples; extra columns carry codes or labels."""
        ...

    def trunk(self, shape: Sequence[int], *, batch_norm: bool | None = None, dropout: float = 0.0) -> nn.Module:
        """Return a module from samples to features ``(n, n_features)`` that tells its ``n_features``.

        ``batch_norm=None`` is the architecture's own choice. ``dropout`` is a share of features.
        """
        ...


@dataclass(frozen=True)
class MLPNetworks:
    """Multilayer perceptrons, for samples of any shape; trunks without batch normalization unless asked for it."""

    n_latent: int = 64
    hidden: tuple[int, ...] = (128, 128)

    def __post_init__(self) -> None:
        check_int(self.n_latent, "MLPNetworks.n_latent", low=1)
        object.__setattr__(self, "hidden", check_hidden(self.hidden))

    def generator(self, shape: Sequence[int], *, n_extra: int = 0) -> nn.Sequential:
        """Return :func:`~evogan.nets.mlp_image_generator`."""
        n_latent = self.n_latent + check_int(n_extra, "n_extra")
        return mlp_image_generator(shape, n_latent=n_latent, hidden=self.hidden)

    def trunk(self, shape: Sequence[int], *, batch_norm: bool | None = None, dropout: float = 0.0) -> Trunk:
        """Return :func:`~evogan.nets.mlp_trunk`."""
        batch_norm = False if batch_norm is None else batch_norm
        return mlp_trunk(shape, hidden=self.hidden, batch_norm=batch_norm, dropout=dropout)


@dataclass(frozen=True)
class DCGANNetworks:
    """Strided convolutions, for square images; trunks with batch normalization unless told otherwise."""

    n_latent: int = 100
    width: int = 64
    batch_norm_G: bool = True

    def __post_init__(self) -> None:
        check_int(self.n_latent, "DCGANNetworks.n_latent", low=1)
        check_int(self.width, "DCGANNetworks.width", low=1)
        check_bool(self.batch_norm_G, "DCGANNetworks.batch_norm_G")

    def generator(self, shape: Sequence[int], *, n_extra: int = 0) -> nn.Sequential:
        """Return :func:`~evogan.nets.dcgan_generator`."""
        n_latent = self.n_latent + check_int(n_extra, "n_extra")
        return dcgan_generator(shape, n_latent=n_latent, width=self.width, batch_norm=self.batch_norm_G)

    def trunk(self, shape: Sequence[int], *, batch_norm: bool | None = None, dropout: float = 0.0) -> Trunk:
        """Return :func:`~evogan.nets.dcgan_trunk`."""
        batch_norm = True if batch_norm is None else batch_norm
        return dcgan_trunk(shape, width=self.width, batch_norm=batch_norm, dropout=dropout)


@dataclass(frozen=True)
class ResNetNetworks:
    """Residual networks, for square images; trunks have no batch normalization."""

    n_latent: int = 128
    width_G: int = 256
    width_D: int = 128

    def __post_init__(self) -> None:
        for name in ("n_latent", "width_G", "width_D"):
            check_int(getattr(self, name), f"ResNetNetworks.{name}", low=1)

    def generator(self, shape: Sequence[int], *, n_extra: int = 0) -> ResNetGenerator:
        """Return :func:`~evogan.nets.resnet_generator`."""
        return resnet_generator(shape, n_latent=self.n_latent + check_int(n_extra, "n_extra"), width=self.width_G)

    def trunk(self, shape: Sequence[int], *, batch_norm: bool | None = None, dropout: float = 0.0) -> Trunk:
        """Return :func:`~evogan.nets.resnet_trunk`.

        Raises:
            ValueError: batch normalization is asked for.
        """
        if batch_norm is not None and check_bool(batch_norm, "batch_norm"):
            raise ValueError("batch_norm must be None or False: residual critics have no batch normalization, got True")
        return resnet_trunk(shape, width=self.width_D, dropout=dropout)


def default_networks(shape: Sequence[int]) -> Networks:
    """Return networks for samples of a shape: MLPs for vectors and images below 16 pixels, otherwise DCGAN."""
    shape = check_shape(shape)
    if len(shape) == 1:
        return MLPNetworks(n_latent=16)
    return MLPNetworks() if min(shape[1:]) < 16 else DCGANNetworks()
