"""Ways for a discriminator to see several samples at once, against mode collapse."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evogan._internal.checks import check_int
from evogan.nets._critic import Critic


class MinibatchDiscrimination(nn.Module):
    """Tell how close a sample lies to the others of its batch: ``(n, n_features)`` to ``(n, n_kernels)``.

    Kernel b maps every sample i to a row M_ib of ``kernel_dim`` numbers and returns the sum over all *other* samples j
    of exp(-||M_ib - M_jb||_1). T. Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, sec. 3.2.

    Args:
        n_features: columns of the input.
        n_kernels: columns of the output.
        kernel_dim: numbers compared by one kernel.
    """

    batch_dependent = True  # real and fake samples must not share a batch

    def __init__(self, n_features: int, n_kernels: int = 100, kernel_dim: int = 5) -> None:
        super().__init__()
        self.n_features = check_int(n_features, "n_features", low=1)
        self.n_kernels = check_int(n_kernels, "n_kernels", low=1)
        kernel_dim = check_int(kernel_dim, "kernel_dim", low=1)
        # Columns of about unit norm: distances do not grow with the number of features.
        self.weight = nn.Parameter(torch.randn(n_features, n_kernels, kernel_dim) * n_features**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, n_kernels)`` closeness to the rest of the batch, each in [0, n - 1]."""
        M = (x @ self.weight.flatten(1)).to(self.weight.dtype)  # full precision also under autocast
        M = M.view(-1, *self.weight.shape[1:])
        distance = (M[:, None] - M).abs().sum(dim=3)  # torch.cdist has no second derivative, which penalties need
        others = 1 - torch.eye(len(x), device=M.device, dtype=M.dtype)
        return (others[:, :, None] * torch.exp(-distance)).sum(dim=1)


class MinibatchStddev(nn.Module):
    """Append one channel that holds the average standard deviation over a group of samples.

    T. Karras, T. Aila, S. Laine, J. Lehtinen, "Progressive growing of GANs", ICLR 2018, sec. 3. Batches that do not
    divide evenly make some groups larger by one; the floor under the root is taken off again, so equal samples give 0.

    Args:
        group: samples whose deviation is taken together, at least 2; smaller batches are one group.
    """

    batch_dependent = True  # real and fake samples must not share a batch

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = check_int(group, "group", low=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, c, h, w)`` to ``(n, c + 1, h, w)``; vectors ``(n, d)`` gain one column."""
        n_groups = max(1, len(x) // self.group)
        groups = [x[i::n_groups].var(dim=0, correction=0) for i in range(n_groups)]
        # A plain root has no derivative at 0, where a feature is constant.
        deviation = torch.stack([(variance + 1e-8).sqrt().mean() - 1e-4 for variance in groups])
        column = deviation[torch.arange(len(x), device=x.device) % n_groups]
        return torch.cat([x, column.view(-1, *[1] * (x.dim() - 1)).expand(-1, 1, *x.shape[2:])], dim=1)


class PacDiscriminator(nn.Module):
    """Show a discriminator ``m`` consecutive samples as one, stacked along their channels.

    Z. Lin, A. Khetan, G. Fanti, S. Oh, "PacGAN: the power of two samples in generative adversarial networks",
    NeurIPS 2018. All samples of a pack must be real, or all fake.

    Args:
        D: maps ``(n / m, m * c, h, w)``, or vectors ``(n / m, m * d)``, to logits.
        m: samples in a pack; 1 changes nothing.
    """

    batch_dependent = True  # real and fake samples must not share a batch

    def __init__(self, D: nn.Module, m: int) -> None:
        super().__init__()
        self.D = D
        self.m = check_int(m, "m", low=1)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor | Critic:
        """Return what ``D`` says of the ``n / m`` packs.

        Raises:
            ValueError: ``n`` is not a multiple of ``m``, or packs are given a condition.
        """
        if self.m == 1:
            judged: Tensor | Critic = self.D(x) if condition is None else self.D(x, condition)
            return judged
        if condition is not None:
            raise ValueError(
                "condition must be None, since a pack has no label of its own; pack samples that carry their labels: "
                "LabelDiscriminator(PacDiscriminator(D, m), n_classes)"
            )
        if len(x) % self.m:
            raise ValueError(f"x must hold a multiple of m = {self.m} samples, got {len(x)}")
        judged = self.D(x.reshape(len(x) // self.m, self.m * x.shape[1], *x.shape[2:]))
        return judged
