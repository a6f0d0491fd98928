"""Judging a system by its samples: feature networks for images, known modes for mixtures, distances for the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evogan._internal.checks import check_int
from evogan.datasets import Dataset
from evogan.features import FeatureExtractor
from evogan.metrics import (
    SampleScore,
    class_histogram,
    mode_coverage,
    sample_scores,
    sliced_wasserstein,
)
from evogan.training import System


class ImageScorer:
    """FID, KID, precision, recall, density, coverage and, where the network classifies, IS and what labels tell.

    A conditional system's ``label_agreement`` is the share of samples that the network puts into the class they were
    asked for; ``smallest_class`` is the share of the rarest class among samples with labels drawn evenly or none.

    Args:
        data: the real images; ``n`` of them are compared, the same ones each time.
        features: sees real and generated images; its name and ``n`` travel with every score.
        n: generated samples, and real ones where there are as many.

    Raises:
        ValueError: too few samples for the number of features.
    """

    def __init__(self, data: Dataset, features: FeatureExtractor, *, n: int = 2000) -> None:
        self.data, self.features = data, features
        self.n = check_int(n, "n", low=2)
        n_real = min(self.n, len(data))
        if min(self.n, n_real) <= features.n_features:
            raise ValueError(
                f"n must be above {features.n_features}, the number of features of {features.name}: "
                f"got {self.n} generated and {n_real} real samples"
            )
        self._real: NDArray[np.float64] | None = None

    def __call__(self, system: System, *, rng: np.random.Generator) -> dict[str, SampleScore]:
        """Return the scores of ``n`` samples of ``system``."""
        if self._real is None:
            rows = np.random.default_rng(0).permutation(len(self.data))[: self.n]
            self._real = self.features(self.data.batch(torch.from_numpy(np.sort(rows)))[0])
        images = system.sample(self.n, rng=rng)
        probabilities = self.features.probabilities(images)
        scores = sample_scores(
            self._real, self.features(images), features_name=self.features.name, probabilities=probabilities
        )
        if probabilities is not None:
            classes = probabilities.argmax(axis=1)
            shares = class_histogram(classes, probabilities.shape[1])
            told = {"smallest_class": float(shares.min())}
            if system.n_classes == probabilities.shape[1]:
                # Without labels a system draws its classes in turn.
                told["label_agreement"] = float((classes == np.arange(self.n) % system.n_classes).mean())
            scores |= {name: SampleScore(name, v, self.n, self.features.name) for name, v in told.items()}
        return scores


class VectorScorer:
    """Sliced Wasserstein distance, and modes covered where the data set knows its modes.

    Args:
        data: the real points.
        n: generated samples, compared with as many real ones.
    """

    def __init__(self, data: Dataset, *, n: int = 2000) -> None:
        self.data = data
        self.n = check_int(n, "n", low=2)

    def __call__(self, system: System, *, rng: np.random.Generator) -> dict[str, SampleScore]:
        """Return the scores of ``n`` samples of ``system``."""
        samples = _flat(system.sample(self.n, rng=rng))
        rows = np.sort(np.random.default_rng(0).permutation(len(self.data))[: self.n])
        real = _flat(self.data.batch(torch.from_numpy(rows))[0])
        space = "pixels" if self.data.is_image else "coordinates"
        distance = sliced_wasserstein(real, samples, rng=np.random.default_rng(0))
        scores = {"sliced_wasserstein": SampleScore("sliced_wasserstein", distance, self.n, space)}
        if self.data.modes is not None and self.data.sd is not None:
            found = mode_coverage(samples, _flat(self.data.modes), self.data.sd, n_sd=3.0)
            scores["modes"] = SampleScore("modes", float(found.n_covered), self.n, space)
            scores["high_quality"] = SampleScore("high_quality", found.high_quality, self.n, space)
        return scores


def _flat(x: Any) -> NDArray[np.float64]:
    flat: NDArray[np.float64] = x.detach().cpu().flatten(1).numpy().astype(np.float64)
    return flat
