"""Scores of what a classifier says about generated samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evogan._internal.checks import check_int
from evogan.metrics._matrices import Estimate, Floats, feature_matrix


def inception_score(probabilities: ArrayLike, splits: int = 1) -> Estimate:
    """Return ``exp(E KL(p(y|x) || p(y)))`` of class probabilities ``(n, n_classes)``, between 1 and n_classes.

    T. Salimans, I. Goodfellow, W. Zaremba, V. Cheung, A. Radford, X. Chen, "Improved techniques for training GANs",
    NeurIPS 2016, section 4; with Inception's 1008 classes in their case.

    Args:
        probabilities: of generated samples; each row sums to 1.
        splits: the mean and the standard deviation over that many runs of consecutive rows, as published (10); rows
            must not be sorted by class then. The score grows with the rows of a split.

    Raises:
        ValueError: rows are not finite or no probabilities (logits?), or there are fewer rows than splits.

    Example:
        >>> inception_score([[1.0, 0.0], [0.0, 1.0]])
        Estimate(mean=2.0, sd=None)
    """
    p = feature_matrix(probabilities, "probabilities")
    if p.min() < 0.0 or np.abs(p.sum(axis=1) - 1.0).max() > 1e-3:
        raise ValueError(
            f"probabilities must be non-negative and sum to 1 in each row, got values in [{p.min():.6g}, "
            f"{p.max():.6g}] and sums in [{p.sum(axis=1).min():.6g}, {p.sum(axis=1).max():.6g}]"
        )
    splits = check_int(splits, "splits", low=1, high=len(p))
    scores = [_score(part) for part in np.array_split(p, splits)]
    return Estimate(float(np.mean(scores)), None if splits == 1 else float(np.std(scores)))


def _score(p: Floats) -> float:
    ratio = np.divide(p, p.mean(axis=0), out=np.ones_like(p), where=p > 0.0)  # 0 log 0 = 0
    return float(np.exp((p * np.log(ratio)).sum(axis=1).mean()))


def class_histogram(labels: ArrayLike, n_classes: int) -> Floats:
    """Return the share of each class ``(n_classes,)`` among integer ``labels`` ``(n,)``.

    Raises:
        ValueError: no labels, not one-dimensional, or a label outside [0, n_classes).
        TypeError: labels are not integers.

    Example:
        >>> class_histogram([0, 2, 2, 2], 3).tolist()
        [0.25, 0.0, 0.75]
    """
    array = np.asarray(labels)
    n_classes = check_int(n_classes, "n_classes", low=1)
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(f"labels must be a non-empty vector (n,), got shape {array.shape}")
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"labels must be integers, got {array.dtype}")
    if array.min() < 0 or array.max() >= n_classes:
        raise ValueError(f"labels must lie in [0, {n_classes - 1}], got [{array.min()}, {array.max()}]")
    shares: Floats = np.bincount(array, minlength=n_classes) / len(array)
    return shares
