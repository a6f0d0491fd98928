"""Published scores that say what they were measured with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evogan.metrics._classes import inception_score
from evogan.metrics._frechet import frechet_distance
from evogan.metrics._kernels import kernel_distance
from evogan.metrics._matrices import feature_matrix, feature_pair
from evogan.metrics._neighbours import density_coverage, precision_recall

KID_SUBSETS, KID_SIZE = 100, 1000


@dataclass(frozen=True)
class SampleScore:
    """A score of generated samples together with what it depends on.

    Attributes:
        name: of the score, e.g. ``"FID"``.
        value: the score; ``float(score)`` is the same.
        n: generated samples.
        features: name of the network that saw them: scores of different networks cannot be compared.
        spread: standard deviation over subsets or splits, None where there were none.
        n_real: real samples, None where none are needed.

    Example:
        >>> print(SampleScore("FID", 10.6, 10_000, "fashion-cnn-v1", n_real=10_000))
        FID[fashion-cnn-v1, n=10000] = 10.6
        >>> print(SampleScore("KID", 0.01234, 5000, "inception-2015", spread=0.001, n_real=10_000))
        KID[inception-2015, n=5000, n_real=10000] = 0.01234 +- 0.001
    """

    name: str
    value: float
    n: int
    features: str
    spread: float | None = None
    n_real: int | None = None

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        real = "" if self.n_real in (None, self.n) else f", n_real={self.n_real}"
        spread = "" if self.spread is None else f" +- {self.spread:.2g}"
        return f"{self.name}[{self.features}, n={self.n}{real}] = {self.value:.4g}{spread}"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields that say something, ready for JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def sample_scores(
    real_features: ArrayLike,
    fake_features: ArrayLike,
    *,
    features_name: str,
    probabilities: ArrayLike | None = None,
    splits: int = 1,
    rng: np.random.Generator | None = None,
    allow_few: bool = False,
) -> dict[str, SampleScore]:
    """Return FID, KID, precision, recall (k = 3), density, coverage (k = 5), and IS where it can be had.

    Args:
        real_features: ``(n_real, d)``.
        fake_features: ``(n, d)``.
        features_name: of the network that made them; printed with every score.
        probabilities: ``(n, n_classes)`` of the generated samples; None leaves out IS.
        splits: of :func:`inception_score`.
        rng: draws the 100 subsets that KID was published with, of 1000 rows or of half a set if that is less; None
            takes all pairs, which is deterministic and has no spread.
        allow_few: see :func:`frechet_distance`.

    Raises:
        ValueError: see the functions of the scores.

    Example:
        >>> x = np.random.default_rng(1).standard_normal((300, 2))
        >>> print(sample_scores(x, x + 3.0, features_name="plane")["FID"])
        FID[plane, n=300] = 18
    """
    real, fake = feature_pair(real_features, fake_features)
    size = max(min(KID_SIZE, len(real) // 2, len(fake) // 2), 2)
    kid = kernel_distance(real, fake, n_subsets=None if rng is None else KID_SUBSETS, subset_size=size, rng=rng)
    near, dense = precision_recall(real, fake), density_coverage(real, fake)
    found = {
        "FID": (frechet_distance(real, fake, allow_few=allow_few), None),
        "KID": kid,
        "precision": (near.precision, None),
        "recall": (near.recall, None),
        "density": (dense.density, None),
        "coverage": (dense.coverage, None),
    }
    scores = {
        name: SampleScore(name, value, len(fake), features_name, spread, len(real))
        for name, (value, spread) in found.items()
    }
    if probabilities is not None:
        p = feature_matrix(probabilities, "probabilities")
        if len(p) != len(fake):
            raise ValueError(f"probabilities must have the {len(fake)} rows of fake_features, got {len(p)}")
        mean, sd = inception_score(p, splits)
        scores["IS"] = SampleScore("IS", mean, len(p), features_name, sd)
    return scores
