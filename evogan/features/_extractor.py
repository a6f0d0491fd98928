"""A network that turns images into the features that scores compare, under a name that is printed with them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evogan._internal.checks import check_int, check_kind
from evogan._internal.devices import resolve_device

Floats = NDArray[np.float64]

_TOLERANCE = 1e-4  # beyond the limits, for rounding


class FeatureExtractor:
    """Images to feature vectors, and to class probabilities where the network classifies.

    The same images give the same features on one device: the network is put in evaluation mode and its parameters are
    frozen.

    Args:
        name: printed with every score; scores of extractors with different names cannot be compared.
        net: ``(n, *shape)`` to ``(n, n_features)``.
        n_features: width of a feature vector.
        shape: of one sample, ``(c, h, w)`` or ``(d,)``; None leaves the check to ``net``.
        head: features to logits ``(n, n_classes)``; None if there are no classes.
        limits: lowest and highest value of a sample; None for any.
        batch_size: samples at a time unless a call says otherwise.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"auto"``.

    Example:
        >>> identity = FeatureExtractor("pixels", nn.Flatten(), n_features=4, shape=(1, 2, 2))
        >>> identity(torch.zeros(3, 1, 2, 2)).shape
        (3, 4)
    """

    def __init__(
        self,
        name: str,
        net: nn.Module,
        *,
        n_features: int,
        shape: tuple[int, ...] | None,
        head: nn.Module | None = None,
        limits: tuple[float, float] | None = (-1.0, 1.0),
        batch_size: int = 500,
        device: str = "cpu",
    ) -> None:
        self.name: str = check_kind(name, str, "name", "'my-net-v1'")
        self.n_features = check_int(n_features, "n_features", low=1)
        self.shape = None if shape is None else tuple(check_int(s, f"shape[{i}]", low=1) for i, s in enumerate(shape))
        self.limits = limits
        self.batch_size = check_int(batch_size, "batch_size", low=1)
        self.device = resolve_device(device)
        self._net = net.to(self.device).eval().requires_grad_(False)
        self._head = None if head is None else head.to(self.device).eval().requires_grad_(False)

    def __repr__(self) -> str:
        return f"FeatureExtractor({self.name!r}, n_features={self.n_features}, shape={self.shape})"

    def __call__(self, images: Tensor, batch_size: int | None = None) -> Floats:
        """Return features ``(n, n_features)`` of ``images`` ``(n, *shape)``, floats within the limits, on any device.

        Raises:
            ValueError: another shape, no images, or values that are not finite or beyond the limits.
            TypeError: not a tensor of floats.
        """
        return np.concatenate([_numpy(features) for features in self._features(images, batch_size)])

    def probabilities(self, images: Tensor, batch_size: int | None = None) -> Floats | None:
        """Return class probabilities ``(n, n_classes)`` of ``images``, or None if the network does not classify."""
        if self._head is None:
            return None
        with torch.no_grad():
            logits = [self._head(features) for features in self._features(images, batch_size)]
            return np.concatenate([_numpy(part.double().softmax(dim=1)) for part in logits])

    def _features(self, images: Tensor, batch_size: int | None) -> Iterator[Tensor]:
        images = self._checked(images)
        size = self.batch_size if batch_size is None else check_int(batch_size, "batch_size", low=1)
        for part in torch.split(images, size):
            with torch.no_grad():
                features = self._net(part.to(self.device, torch.float32))
            if features.shape != (len(part), self.n_features):
                raise ValueError(
                    f"{self.name} must give features ({len(part)}, {self.n_features}), got {tuple(features.shape)}"
                )
            yield features

    def _checked(self, images: Tensor) -> Tensor:
        images = check_kind(images, Tensor, "images", "torch.zeros(8, 1, 32, 32)").detach()
        if not images.is_floating_point():
            raise TypeError(f"images must be floats, got {images.dtype}")
        if images.dim() < 2 or len(images) == 0 or (self.shape is not None and images.shape[1:] != self.shape):
            wanted = "(n, c, h, w)" if self.shape is None else f"(n, {', '.join(map(str, self.shape))})"
            raise ValueError(f"images must have shape {wanted} for {self.name}, got {tuple(images.shape)}")
        n_bad = int((~images.isfinite()).flatten(1).any(dim=1).sum())
        if n_bad:
            raise ValueError(f"images must be finite, got {n_bad} of {len(images)} with NaN or infinity")
        if self.limits is not None:
            (low, high), least, most = self.limits, float(images.min()), float(images.max())
            if least < low - _TOLERANCE or most > high + _TOLERANCE:
                raise ValueError(
                    f"images must lie in [{low:g}, {high:g}] for {self.name}, got [{least:.6g}, {most:.6g}]: scale "
                    f"them, or clamp what a generator without a bound at its end makes"
                )
        return images


def pixel_features(shape: tuple[int, ...]) -> FeatureExtractor:
    """Return the identity: samples ``(n, *shape)``, of any range, as vectors under the name "pixels".

    Made for the sliced Wasserstein distance and MMD; a Frechet distance of pixels says little about images.
    """
    n_features = 1
    for size in shape:
        n_features *= check_int(size, "shape", low=1)
    return FeatureExtractor("pixels", nn.Flatten(), n_features=n_features, shape=tuple(shape), limits=None)


def _numpy(x: Tensor) -> Floats:
    array: Floats = x.double().cpu().numpy()
    return array
