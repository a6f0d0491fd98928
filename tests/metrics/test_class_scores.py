"""The inception score and shares of classes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evogan.metrics import class_histogram, inception_score


def test_sure_and_varied_classes_score_their_number():
    for n_classes in (2, 10):
        assert inception_score(np.eye(n_classes).repeat(3, axis=0)).mean == pytest.approx(n_classes, rel=1e-12)


def test_one_class_or_no_idea_scores_one():
    assert inception_score(np.eye(4)[[2, 2, 2]]).mean == pytest.approx(1.0, abs=1e-12)
    assert inception_score(np.full((5, 4), 0.25)).mean == pytest.approx(1.0, abs=1e-12)


def test_by_hand():
    # Marginal (1/2, 1/2): each row has KL = log 2 - entropy(.9, .1).
    entropy = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    found = inception_score([[0.9, 0.1], [0.1, 0.9]])
    assert found == (pytest.approx(2.0 * math.exp(-entropy), rel=1e-12), None)


def test_splits_are_scored_apart():
    p = np.eye(4)[[0, 0, 1, 1, 2, 3, 2, 3]]
    assert inception_score(p).mean == pytest.approx(4.0)
    assert inception_score(p, splits=2) == (pytest.approx(2.0), pytest.approx(0.0, abs=1e-12))
    assert inception_score(p, splits=4) == (pytest.approx(1.5), pytest.approx(0.5))  # 1, 1, 2, 2


def test_logits_are_refused():
    with pytest.raises(ValueError, match="probabilities must be non-negative and sum to 1"):
        inception_score([[2.0, -1.0]])
    with pytest.raises(ValueError, match=r"sums in \[1\.5, 1\.5\]"):
        inception_score([[0.75, 0.75]])
    with pytest.raises(ValueError, match="splits must be in \\[1, 2\\], got 3"):
        inception_score(np.eye(2), splits=3)


def test_class_histogram_by_hand():
    assert class_histogram(np.array([3, 0, 3, 3], dtype=np.uint8), 5).tolist() == [0.25, 0.0, 0.0, 0.75, 0.0]


def test_labels_that_are_none_are_refused():
    for labels, message in ((np.array([0, 5]), "in \\[0, 4\\], got \\[0, 5\\]"), ([-1, 2], "got \\[-1, 2\\]")):
        with pytest.raises(ValueError, match=message):
            class_histogram(labels, 5)
    with pytest.raises(TypeError, match="integers, got float64"):
        class_histogram([0.0, 1.0], 2)
    with pytest.raises(ValueError, match="non-empty vector"):
        class_histogram([], 2)
