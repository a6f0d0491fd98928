"""Multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from evogan._internal.checks import check_int


def mlp(
    sizes: Sequence[int],
    *,
    activation: Callable[[], nn.Module] = nn.Tanh,
    output: Callable[[], nn.Module] | None = None,
    batch_norm: bool = False,
) -> nn.Sequential:
    """Build linear layers of the given ``sizes`` (input first), with ``activation`` between them.

    ``batch_norm`` normalises every layer before its activation, the last one included. ``output`` makes the
    activation after the last layer; None leaves it linear.

    Example:
        >>> [type(layer).__name__ for layer in mlp([2, 8, 1])]
        ['Linear', 'Tanh', 'Linear']
    """
    layers: list[nn.Module] = []
    n_layers = len(sizes) - 1
    if n_layers < 1:
        raise ValueError(f"sizes must hold at least an input and an output size, got {list(sizes)}")
    sizes = [check_int(size, f"sizes[{i}]", low=1) for i, size in enumerate(sizes)]
    for i in range(n_layers):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if batch_norm:
            layers.append(nn.BatchNorm1d(sizes[i + 1]))
        if i < n_layers - 1:
            layers.append(activation())
        elif output is not None:
            layers.append(output())
    return nn.Sequential(*layers)


def mlp_generator(
    n_latent: int, n_var: int, *, hidden: Sequence[int] | None = None, batch_norm: bool = True
) -> nn.Sequential:
    """Build a generator from ``(n, n_latent)`` to the open unit box ``(n, n_var)``.

    ``hidden=None`` gives two hidden layers of width ``n_var`` with tanh, and batch normalization also before the
    output sigmoid, as in the official code of GMOEA (He et al., IEEE TCYB 51(6), 2021).
    """
    widths = [n_var, n_var] if hidden is None else list(hidden)
    return mlp([n_latent, *widths, n_var], output=nn.Sigmoid, batch_norm=batch_norm)


def mlp_discriminator(n_var: int, *, hidden: Sequence[int] | None = None) -> nn.Sequential:
    """Build a discriminator from ``(n, n_var)`` to logits ``(n, 1)``; ``hidden=None`` is one layer of ``n_var``."""
    widths = [n_var] if hidden is None else list(hidden)
    return mlp([n_var, *widths, 1])
