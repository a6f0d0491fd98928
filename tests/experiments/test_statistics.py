"""Statistics agree with SciPy, with cases worked by hand and with published examples."""

import numpy as np
import pytest
from scipy import stats

from evogan.experiments._statistics import (
    a12,
    friedman,
    holm,
    mss,
    nemenyi_critical_difference,
    nemenyi_groups,
    rank_sum,
    signed_rank,
    signed_rank_balance,
)

INF = float("inf")

# J. Demsar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006, table 6: AUC of C4.5 and
# its variants with tuned m, cf and both. On voting both 0.975 are printed alike but ranked 2 and 3 there, so that they
# differ in a digit that is not printed.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def test_rank_sum_agrees_with_scipy():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n, m = rng.integers(2, 25, 2)
        a, b = rng.normal(size=n), rng.normal(0.5, size=m)
        if seed % 2:
            a, b = a.round(1), b.round(1)  # ties
        expected = stats.mannwhitneyu(a, b, alternative="two-sided").pvalue
        assert rank_sum(a, b) == pytest.approx(expected, abs=1e-12), seed
        assert rank_sum(a, b) == pytest.approx(rank_sum(b, a), abs=1e-12), seed


def test_rank_sum_by_hand():
    # All of four below all of four: 2 of the 70 ways to choose four ranks out of eight are as extreme.
    assert rank_sum([1, 2, 3, 4], [5, 6, 7, 8]) == pytest.approx(2 / 70)


def test_rank_sum_takes_infinities_as_extreme_values():
    assert rank_sum([1, 2, 3, 4], [5, 6, 7, INF]) == pytest.approx(2 / 70)
    assert rank_sum([1, 2, 3, 4, 5], [INF] * 5) == rank_sum([1, 2, 3, 4, 5], [9] * 5) < 0.05
    assert rank_sum([-INF, 2, 3, 4], [5, 6, 7, 8]) == pytest.approx(2 / 70)


@pytest.mark.parametrize(("a", "b"), [([1, 1], [1, 1]), ([INF, INF], [INF, INF]), ([], [1, 2]), ([], []), ([1], [2])])
def test_what_cannot_differ_has_p_1(a, b):
    assert rank_sum(a, b) == 1.0


def test_signed_rank_agrees_with_scipy():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        a = rng.normal(size=5 + seed)
        b = a + rng.normal(0.3, size=5 + seed)
        assert signed_rank(a, b) == pytest.approx(stats.wilcoxon(a, b).pvalue, abs=1e-12), seed


def test_signed_rank_on_demsar_table_2():
    # Demsar 2006, section 3.1.3, finds C4.5 worse than C4.5+m at 0.05, splitting the ranks of the two ties evenly; here
    # ties are left out, as Wilcoxon did, and the verdict is the same.
    a, b = DEMSAR[:, 0], DEMSAR[:, 1]
    differ = a != b
    assert differ.sum() == 12
    assert signed_rank(a, b) == pytest.approx(stats.wilcoxon((a - b)[differ]).pvalue)
    assert signed_rank(a, b) < 0.05
    assert signed_rank_balance(a, b) < 0 < signed_rank_balance(b, a)


def test_signed_rank_by_hand():
    assert signed_rank([1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 10, 12]) == pytest.approx(2 / 2**6)
    assert signed_rank_balance([3, 5, 1], [2, 1, 3]) == pytest.approx((1 + 3 - 2) / 6)


def test_signed_rank_of_zeros_and_infinities():
    assert signed_rank([1, 2, INF], [1, 2, INF]) == 1.0
    assert signed_rank([], []) == 1.0 and signed_rank_balance([], []) == 0.0
    finite = signed_rank([1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 10, 100])
    assert signed_rank([1, 2, 3, 4, 5, 6, INF], [2, 4, 6, 8, 10, INF, INF]) == finite


@pytest.mark.parametrize("function", [rank_sum, signed_rank, a12])
def test_samples_are_checked(function):
    with pytest.raises(ValueError, match=r"a must have shape \(n_runs,\), got \(1, 2\)"):
        function([[1, 2]], [1, 2])
    with pytest.raises(ValueError, match="b must not hold NaN, got 1 of 2"):
        function([1, 2], [1, float("nan")])


def test_pairs_need_equal_lengths():
    with pytest.raises(ValueError, match="b must have as many runs as a, got 3 and 2"):
        signed_rank([1, 2], [1, 2, 3])


def test_holm_by_hand():
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04, and the last may not fall below 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.4, 0.9, 0.5]).tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_holm_is_between_the_raw_p_and_bonferroni():
    for seed in range(20):
        p = np.random.default_rng(seed).random(9) ** 3
        adjusted = holm(p)
        assert (adjusted >= p).all() and (adjusted <= np.minimum(9 * p, 1)).all(), seed
        assert (np.diff(adjusted[np.argsort(p)]) >= 0).all(), seed


def test_holm_keeps_shape_and_passes_nan():
    adjusted = holm([[0.01, np.nan], [0.04, 0.03]])
    assert adjusted.shape == (2, 2) and np.isnan(adjusted[0, 1])
    assert adjusted[0, 0] == pytest.approx(0.03) and adjusted[1, 0] == pytest.approx(0.06)
    assert holm([]).shape == (0,) and np.isnan(holm([np.nan])).all()
    with pytest.raises(ValueError, match=r"p must lie in \[0, 1\]"):
        holm([0.5, 1.5])


def test_a12_by_hand():
    # 3 wins against 1; 2 wins and a tie against 3; none against 9.
    assert a12([3, 4, 5], [1, 3, 9]) == pytest.approx(5.5 / 9)
    assert a12([1, 2], [3, 4]) == 0.0 and a12([3, 4], [1, 2]) == 1.0
    assert a12([2, 2], [2, 2]) == 0.5 == a12([INF], [INF])
    assert a12([INF, 1], [1, 1]) == pytest.approx(0.75)
    assert np.isnan(a12([], [1]))


def test_a12_is_u_over_the_number_of_pairs():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        a, b = rng.normal(size=8).round(1), rng.normal(size=11).round(1)
        assert a12(a, b) == pytest.approx(stats.mannwhitneyu(a, b).statistic / 88), seed
        assert a12(a, b) + a12(b, a) == pytest.approx(1.0), seed


def test_friedman_of_demsar_table_6():
    result = friedman(DEMSAR, larger_is_better=True, tie_correction=False)
    assert result.mean_ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert result.statistic == pytest.approx(9.28, abs=5e-3)
    assert result.iman_davenport == pytest.approx(3.69, abs=5e-3)
    assert result.n_problems == 14
    assert result.iman_davenport_p < 0.05  # his critical value of F(3, 39) is 2.85
    assert stats.f.isf(0.05, 3, 39) == pytest.approx(2.85, abs=5e-3)


def test_friedman_agrees_with_scipy():
    assert friedman(DEMSAR, larger_is_better=True).statistic == pytest.approx(
        stats.friedmanchisquare(*DEMSAR.T).statistic
    )
    for seed in range(10):
        scores = np.random.default_rng(seed).normal(size=(7, 5)).round(1)
        expected = stats.friedmanchisquare(*scores.T)
        for larger in (True, False):
            result = friedman(scores, larger_is_better=larger)
            assert (result.statistic, result.p) == pytest.approx((expected.statistic, expected.pvalue)), seed


def test_friedman_at_the_edges():
    same = friedman(np.ones((3, 4)), larger_is_better=False)
    assert same.mean_ranks.tolist() == [2.5] * 4 and (same.statistic, same.p, same.iman_davenport_p) == (0.0, 1.0, 1.0)
    certain = friedman([[1, 2, 3]] * 5, larger_is_better=False)
    assert certain.iman_davenport == INF and certain.iman_davenport_p == 0.0
    with_inf = friedman([[1, INF, INF], [2, 3, INF]], larger_is_better=False)
    assert with_inf.mean_ranks.tolist() == [1.0, 2.25, 2.75]
    with pytest.raises(ValueError, match=r"scores must have shape .* both at least 2, got \(1, 3\)"):
        friedman([[1, 2, 3]], larger_is_better=False)
    with pytest.raises(ValueError, match="scores must not hold NaN, got 1 of 4"):
        friedman([[1, 2], [np.nan, 3]], larger_is_better=False)


def test_nemenyi_of_demsar_table_5():
    published = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
    for k, q in enumerate(published, 2):
        n = 6  # CD = q sqrt(k (k + 1) / 36)
        assert nemenyi_critical_difference(k, n) * 6 / np.sqrt(k * (k + 1)) == pytest.approx(q, abs=1.1e-3)
    assert nemenyi_critical_difference(4, 14) == pytest.approx(1.25, abs=5e-3)
    assert nemenyi_critical_difference(4, 14, alpha=0.10) == pytest.approx(1.12, abs=5e-3)


def test_nemenyi_groups():
    ranks = [3.143, 2.000, 2.893, 1.964]
    assert nemenyi_groups(ranks, 1.25) == [[3, 1, 2, 0]]  # nobody is told apart at 0.05
    assert nemenyi_groups(ranks, 1.12) == [[3, 1, 2], [2, 0]]  # Demsar's figure 1a, at 0.10
    assert nemenyi_groups([1, 2, 3], 0.5) == []
    assert nemenyi_groups([1, 2, 3], 1.0) == []  # at least the critical difference is a difference
    assert nemenyi_groups([1, 1, 3], 0.5) == [[0, 1]]


def test_nemenyi_arguments():
    with pytest.raises(ValueError, match="n_algorithms must be at least 2, got 1"):
        nemenyi_critical_difference(1, 5)
    for alpha in (0.0, 1.0):
        with pytest.raises(ValueError, match="alpha must lie in"):
            nemenyi_critical_difference(3, 5, alpha=alpha)


def test_mss_by_hand():
    # Task 1: 1, 2, 3, 4 with mean 2.5 and sigma sqrt(5/3), so -1 and 1 over sigma; task 2 is constant and gives 0.
    scores = [[[1, 2], [3, 4]], [[5, 5], [5, 5]]]
    expected = 0.5 / np.sqrt(5 / 3)
    assert mss(scores) == pytest.approx([-expected, expected])
    assert mss({"a": scores[0], "b": [[5, 5, 5], [5, 5, 5]]}) == pytest.approx([-expected, expected])


def test_mss_is_the_mean_of_z_scores():
    scores = np.random.default_rng(3).lognormal(size=(3, 4, 6))
    z = np.array([stats.zscore(task, axis=None, ddof=1) for task in scores])
    assert mss(scores) == pytest.approx(z.mean(axis=(0, 2)))
    assert mss(scores).sum() == pytest.approx(0.0)
    assert mss(scores * 1000 + 5) == pytest.approx(mss(scores))


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"t": [[1, INF]]}, "scores of task 't' must be finite, got 1 that are not"),
        ({"t": [1, 2]}, r"scores of task 't' must have shape \(n_algorithms, n_runs\), got \(2,\)"),
        ({"t": [[1], [2]], "u": [[1]]}, r"scores of task 'u' must have shape \(2, n_runs\), got \(1, 1\)"),
        ({}, "scores must hold at least one task"),
    ],
)
def test_mss_arguments(scores, message):
    with pytest.raises(ValueError, match=message):
        mss(scores)
