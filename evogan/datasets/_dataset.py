"""Samples in memory: images as bytes, so that a whole set fits, scaled only when a batch is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from evogan._internal.checks import check_float, check_int, check_kind

_DIMENSIONS = {torch.uint8: 4, torch.float32: 2, torch.int64: 2}


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Samples, and labels where there are any.

    Attributes:
        name: what figures and records call it.
        x: images ``(n, c, h, w)`` of dtype uint8, vectors ``(n, d)`` of dtype float32, or tokens ``(n, length)`` of
            dtype int64.
        y: labels ``(n,)`` of dtype int64 in [0, ``n_classes``), or None.
        n_classes: number of classes; 0 without labels.
        modes: centres ``(n_modes, d)`` of a toy mixture, or None.
        sd: standard deviation of each coordinate around its centre, or None.

    Raises:
        TypeError: something other than a tensor where a tensor belongs.
        ValueError: another shape or dtype, no samples, values that are not finite, labels out of range.

    Example:
        >>> import torch
        >>> black_and_white = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1)
        >>> data = Dataset("two", black_and_white, torch.tensor([0, 1]), n_classes=2)
        >>> data
        Dataset('two', n=2, shape=(1, 1, 1), n_classes=2)
        >>> x, y = data.batch(torch.tensor([1, 0, 1]))
        >>> x.flatten().tolist(), y.tolist()
        ([1.0, -1.0, 1.0], [1, 0, 1])
    """

    name: str
    x: Tensor
    y: Tensor | None = None
    n_classes: int = 0
    modes: Tensor | None = None
    sd: float | None = None

    def __post_init__(self) -> None:
        check_kind(self.name, str, "Dataset.name", "'digits'")
        x = check_kind(self.x, Tensor, "Dataset.x", "torch.zeros(8, 1, 28, 28, dtype=torch.uint8)")
        if _DIMENSIONS.get(x.dtype) != x.dim() or 0 in x.shape:
            raise ValueError(
                "Dataset.x must be uint8 images (n, c, h, w) with levels 0 to 255, float32 vectors (n, d) or int64 "
                f"tokens (n, length), none of them 0 long, got {x.dtype} of shape {tuple(x.shape)}"
            )
        if x.dtype == torch.float32 and not x.isfinite().all():
            raise ValueError(f"Dataset.x must be finite, got {int((~x.isfinite()).sum())} entries of NaN or infinity")
        if x.dtype == torch.int64 and x.min() < 0:
            raise ValueError(f"Dataset.x must hold tokens of at least 0, got {int(x.min())}")
        self._check_labels()
        self._check_mixture()

    def _check_labels(self) -> None:
        if self.y is None:
            if self.n_classes != 0:
                raise ValueError(f"Dataset.n_classes must be 0 without labels y, got {self.n_classes}")
            return
        check_int(self.n_classes, "Dataset.n_classes", low=1)
        y = check_kind(self.y, Tensor, "Dataset.y", "torch.zeros(8, dtype=torch.int64)")
        if y.dtype != torch.int64 or y.shape != (len(self),):
            raise ValueError(f"Dataset.y must be int64 of shape ({len(self)},), got {y.dtype} of {tuple(y.shape)}")
        if y.device != self.x.device:
            raise ValueError(f"Dataset.y must be where x is, on {self.x.device}, got {y.device}")
        if y.min() < 0 or y.max() >= self.n_classes:
            raise ValueError(f"Dataset.y must lie in [0, {self.n_classes}), got {int(y.min())} to {int(y.max())}")

    def _check_mixture(self) -> None:
        if (self.modes is None) != (self.sd is None):
            raise ValueError(f"Dataset.modes and sd belong together, got modes {self.modes} and sd {self.sd}")
        if self.modes is not None:
            check_float(self.sd, "Dataset.sd", low=0.0)
            modes = check_kind(self.modes, Tensor, "Dataset.modes", "torch.zeros(8, 2)")
            if modes.dtype != torch.float32 or modes.dim() != 2 or modes.shape[1:] != self.x.shape[1:]:
                raise ValueError(
                    f"Dataset.modes must be float32 of shape (n_modes, d) beside vectors x (n, d), got {modes.dtype} "
                    f"of {tuple(modes.shape)} beside {tuple(self.x.shape)}"
                )

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, n={len(self)}, shape={self.shape}, n_classes={self.n_classes})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample: ``(c, h, w)``, ``(d,)`` or ``(length,)``."""
        return tuple(self.x.shape[1:])

    @property
    def is_image(self) -> bool:
        """Whether the samples are images."""
        return self.x.dtype == torch.uint8

    def batch(self, index: Tensor, device: torch.device | str | None = None) -> tuple[Tensor, Tensor | None]:
        """Return the samples and labels at ``index`` on ``device`` (None: where the set is).

        Images come as float32 in [-1, 1], x / 127.5 - 1; vectors and tokens as they are.

        Args:
            index: ``(batch_size,)`` integers; negative ones count from the end.
            device: where the batch goes. Images travel as bytes and are scaled there.
        """
        if index.dtype not in (torch.int64, torch.int32) or index.dim() != 1:
            raise ValueError(f"index must be int64 of shape (batch_size,), got {index.dtype} of {tuple(index.shape)}")
        index = index.to(self.x.device)
        x = self.x[index].to(device or self.x.device)
        y = None if self.y is None else self.y[index].to(x.device)
        return (x.float().div_(127.5).sub_(1.0) if self.is_image else x), y

    def to(self, device: torch.device | str) -> Dataset:
        """Return the set with all its tensors on ``device``."""
        y = None if self.y is None else self.y.to(device)
        modes = None if self.modes is None else self.modes.to(device)
        return replace(self, x=self.x.to(device), y=y, modes=modes)

    def resized(self, size: int) -> Dataset:
        """Return the set with images of ``size`` x ``size`` pixels, made of square ones.

        Images shrink by area averages and grow by bilinear interpolation, and levels are rounded. Networks of powers of
        two need 28 pixels to become 32: a black border instead is learned more slowly.

        Raises:
            ValueError: vectors, tokens, or images that are not square.
        """
        size = check_int(size, "size", low=1)
        if not self.is_image:
            raise ValueError(f"{self.name} must hold images to be resized, got samples of shape {self.shape}")
        _, height, width = self.shape
        if height != width:
            raise ValueError(f"{self.name} must hold square images to be resized, got {height} x {width} pixels")
        if size == height:
            return self
        return replace(self, x=resize(self.x, size))


def resize(x: Tensor, size: int) -> Tensor:
    """Return square images ``(n, c, h, h)`` of dtype uint8 as ``(n, c, size, size)``: area means or bilinear growth."""

    def of(part: Tensor) -> Tensor:
        if size < part.shape[-1]:
            part = F.interpolate(part.float(), size=(size, size), mode="area")
        else:
            part = F.interpolate(part.float(), size=(size, size), mode="bilinear")
        return part.round().clamp(0, 255).to(torch.uint8)

    # In parts: floats of a whole set would need four times its memory, several times over.
    return torch.cat([of(part) for part in torch.split(x, 1000)])
