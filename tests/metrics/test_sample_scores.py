"""Scores that name their network and their numbers of samples, and refuse what cannot be scored."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evogan.metrics import (
    SampleScore,
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    mmd,
    precision_recall,
    sample_scores,
    sliced_wasserstein,
)

PAIRWISE = {
    "frechet": frechet_distance,
    "kernel": kernel_distance,
    "precision_recall": precision_recall,
    "density_coverage": density_coverage,
    "mmd": mmd,
    "sliced": lambda a, b: sliced_wasserstein(a, b, rng=np.random.default_rng(1)),
}


@pytest.fixture
def sets():
    rng = np.random.default_rng(1)
    return rng.standard_normal((60, 4)), 0.5 + rng.standard_normal((50, 4))


def numbers(score):
    return [x for x in np.atleast_1d(np.array(score, dtype=object)) if x is not None]


@pytest.mark.parametrize("score", PAIRWISE.values(), ids=PAIRWISE)
def test_the_order_of_samples_does_not_matter(score, sets):
    rng = np.random.default_rng(2)
    shuffled = [rng.permutation(x) for x in sets]
    assert numbers(score(*shuffled)) == pytest.approx(numbers(score(*sets)), rel=1e-10)


@pytest.mark.parametrize("score", PAIRWISE.values(), ids=PAIRWISE)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_counted_and_refused(score, value, sets):
    real, fake = sets
    spoilt = fake.copy()
    spoilt[[3, 7], 1] = value
    with pytest.raises(ValueError, match="fake must be finite, got 2 of 50 rows with NaN or infinity"):
        score(real, spoilt)
    with pytest.raises(ValueError, match="real must be finite, got 2 of 50"):
        score(spoilt, real)


@pytest.mark.parametrize("score", PAIRWISE.values(), ids=PAIRWISE)
def test_shapes_that_do_not_fit_are_refused(score, sets):
    real, fake = sets
    with pytest.raises(ValueError, match="same features, got 4 and 3 columns"):
        score(real, fake[:, :3])
    with pytest.raises(ValueError, match=r"fake must be a matrix of features \(n, d\), got shape \(50, 2, 2\)"):
        score(real, fake.reshape(50, 2, 2))
    with pytest.raises(ValueError, match="real must have at least"):
        score(real[:0], fake)


def test_all_at_once_agree_with_each_alone(sets):
    real, fake = sets
    p = np.random.default_rng(3).dirichlet(np.ones(5), size=50)
    scores = sample_scores(real, fake, features_name="plane-v1", probabilities=p, splits=5)
    near, dense, score = precision_recall(real, fake), density_coverage(real, fake), inception_score(p, 5)
    expected = {
        "FID": (frechet_distance(real, fake), None),
        "KID": (kernel_distance(real, fake).mean, None),
        "precision": (near.precision, None),
        "recall": (near.recall, None),
        "density": (dense.density, None),
        "coverage": (dense.coverage, None),
        "IS": score,
    }
    assert {name: (float(found), found.spread) for name, found in scores.items()} == expected
    assert {(s.n, s.features) for s in scores.values()} == {(50, "plane-v1")}
    assert {name: s.n_real for name, s in scores.items()} == {n: None if n == "IS" else 60 for n in scores}
    assert "IS" not in sample_scores(real, fake, features_name="plane-v1")


def test_subsets_of_kid_have_a_spread(sets):
    real, fake = sets
    found = sample_scores(real, fake, features_name="x", rng=np.random.default_rng(1))["KID"]
    again = kernel_distance(real, fake, n_subsets=100, subset_size=25, rng=np.random.default_rng(1))
    assert (found.value, found.spread) == again
    assert found.spread > 0.0


def test_a_score_says_what_it_is():
    score = SampleScore("FID", 10.6, 10_000, "fashion-cnn-v1", n_real=10_000)
    assert str(score) == "FID[fashion-cnn-v1, n=10000] = 10.6"
    assert float(score) == 10.6
    assert str(SampleScore("KID", 1 / 300, 50, "x", 1e-3, 60)) == "KID[x, n=50, n_real=60] = 0.003333 +- 0.001"
    assert json.loads(json.dumps(score.as_dict())) == {
        "name": "FID", "value": 10.6, "n": 10_000, "features": "fashion-cnn-v1", "n_real": 10_000
    }  # fmt: skip


def test_what_cannot_be_scored_is_refused(sets):
    real, fake = sets
    with pytest.raises(ValueError, match="the 50 rows of fake_features, got 49"):
        sample_scores(real, fake, features_name="x", probabilities=np.full((49, 2), 0.5))
    wide = np.random.default_rng(1).standard_normal((2, 20, 30))
    with pytest.raises(ValueError, match="more samples than features"):
        sample_scores(*wide, features_name="x")
    assert float(sample_scores(*wide, features_name="x", allow_few=True)["FID"]) > 0.0
