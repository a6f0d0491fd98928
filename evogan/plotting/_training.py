"""Samples of a trained system, and the curves of its training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from evogan._internal.checks import check_int
from evogan.plotting._figures import COLOURS, save_figure

_NOT_CURVES = ("step", "seconds")


def image_grid(images: ArrayLike, *, n_columns: int | None = None, padding: int = 1) -> NDArray[np.uint8]:
    """Lay images ``(n, c, h, w)`` in [-1, 1] out in rows; return pixels ``(height, width, 3)``.

    ``n_columns=None`` makes the grid as square as it can be. Values outside [-1, 1] are clipped.

    Example:
        >>> image_grid(np.zeros((6, 1, 8, 8)), padding=0).shape
        (16, 24, 3)
    """
    x = np.asarray(images, dtype=np.float64)
    if x.ndim != 4 or x.shape[1] not in (1, 3) or len(x) == 0:
        raise ValueError(f"images must have shape (n, c, h, w) with n >= 1 and c 1 or 3, got {x.shape}")
    n, _, h, w = x.shape
    columns = math.ceil(math.sqrt(n)) if n_columns is None else check_int(n_columns, "n_columns", low=1)
    rows = math.ceil(n / columns)
    grid = np.full((rows * (h + padding) + padding, columns * (w + padding) + padding, 3), 255, dtype=np.uint8)
    pixels = np.clip(np.rint((np.nan_to_num(x) + 1) * 127.5), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    for i, image in enumerate(pixels):
        top, left = (i // columns) * (h + padding) + padding, (i % columns) * (w + padding) + padding
        grid[top : top + h, left : left + w] = image
    return grid


def save_samples(samples: Any, path: Path | str, *, data: Any = None, n_columns: int | None = None) -> None:
    """Write samples as a picture: images as a grid, vectors as points in front of the ``data``'s first columns.

    Images of up to 24 pixels are enlarged by whole pixels, to 48 about.
    """
    x = np.asarray(samples.detach().cpu() if hasattr(samples, "detach") else samples)
    if x.ndim == 4:
        from PIL import Image

        zoom = max(1, 48 // x.shape[-1])
        grid = image_grid(x, n_columns=n_columns, padding=1).repeat(zoom, axis=0).repeat(zoom, axis=1)
        Image.fromarray(grid).save(path, optimize=True)
        return
    figure = Figure(figsize=(4.8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    if data is not None:
        axes.plot(*_two_columns(np.asarray(data.x.cpu())[:2000]), ".", color="0.75", markersize=2, label="data")
    axes.plot(*_two_columns(x), ".", color=COLOURS[0], markersize=3, label="samples")
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend(loc="upper right", fontsize="small")
    save_figure(figure, path)


def plot_training(rows: Sequence[Mapping[str, Any]], *, title: str = "") -> Figure:
    """Draw losses and controlled scalars against steps, from the rows of ``log.jsonl``; a panel for each kind.

    Counts of survivors by what made them (``by_...``) are left out: :func:`plot_evolution` has them.
    """
    names = list(dict.fromkeys(name for row in rows for name in row if name not in _NOT_CURVES))
    names = [name for name in names if not name.startswith(("by_", "d_by_"))]
    losses = [name for name in names if name in ("discriminator", "generator")]
    panels = [losses, *([name] for name in names if name not in losses)] if losses else [[name] for name in names]
    return _curves(rows, panels, "loss", title)


def plot_scores(rows: Sequence[Mapping[str, Any]], *, title: str = "") -> Figure:
    """Draw every score against steps, from the rows of ``scores.jsonl``."""
    names = list(dict.fromkeys(name for row in rows for name in row if name not in _NOT_CURVES))
    return _curves(rows, [[name] for name in names], "score", title)


def _curves(rows: Sequence[Mapping[str, Any]], panels: Sequence[Sequence[str]], what: str, title: str) -> Figure:
    n_columns = min(4, max(1, len(panels)))
    n_rows = max(1, math.ceil(len(panels) / n_columns))
    figure = Figure(figsize=(4.2 * n_columns, 3.2 * n_rows), layout="constrained")
    grid = np.atleast_1d(figure.subplots(n_rows, n_columns)).ravel()
    for axes, names in zip(grid, panels, strict=False):
        for name, colour in zip(names, COLOURS, strict=False):
            steps = [row["step"] for row in rows if name in row]
            values = [float(row[name]) for row in rows if name in row]
            marker = "." if len(steps) < 30 else ""
            axes.plot(steps, values, color=colour, linewidth=0.8, marker=marker, label=name)
        axes.set(xlabel="steps", ylabel=what if len(names) > 1 else names[0])
        axes.grid(alpha=0.3)
        if len(names) > 1:
            axes.legend(fontsize="small")
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    if title:
        figure.suptitle(title)
    return figure


def _two_columns(x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the first two columns; a single one stands against its row number."""
    x = x.reshape(len(x), -1)
    return (x[:, 0], x[:, 1]) if x.shape[1] > 1 else (np.arange(len(x)), x[:, 0])
