"""Campaign figures draw what is worked out by hand here; equal pictures are equal files; errors say what exists."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from evogan.experiments import Record, Results
from evogan.plotting import (
    plot_attainment,
    plot_box,
    plot_campaign_convergence,
    plot_critical_difference,
    plot_ecdf,
    plot_fronts,
    save_figure,
)
from evogan.plotting._campaign_data import MAX_GRID, quartiles
from evogan.plotting._critical import rank_groups

inf, nan = float("inf"), float("nan")


def record(algorithm, problem, seed, y, *, x=None, metric="igd", F=None, CV=None, final=None, **columns):
    """A run with a convergence table and a final set."""
    arrays = {"convergence_n_evals": np.arange(1, len(y) + 1) * 100 if x is None else np.array(x)}
    arrays["convergence_wall_seconds"] = arrays["convergence_n_evals"] / 50
    arrays[f"convergence_{metric}"] = np.array(y)
    arrays["F"] = np.eye(2) if F is None else np.array(F, dtype=float)
    if CV is not None:
        arrays["CV"] = np.array(CV)
    return Record(algorithm, problem, seed, {metric: y[-1] if final is None else final}, load=lambda: arrays)


def campaign(n_problems=2, n_runs=3):
    rng = np.random.default_rng(1)
    return Results(
        [
            record(a, f"p{p}", s, list(np.sort(rng.random(6))[::-1]), F=rng.random((8, 2)))
            for p in range(n_problems)
            for a in ("a", "b")
            for s in range(n_runs)
        ]
    )


def curve(axes, colour="#0072B2"):
    """The data of the line of the first algorithm's colour."""
    return next(line for line in axes.lines if to_hex(line.get_color()).upper() == colour).get_xydata().T


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


KINDS = {
    "convergence": lambda r: plot_campaign_convergence(r, "igd"),
    "seconds": lambda r: plot_campaign_convergence(r, "igd", against="seconds"),
    "ecdf": lambda r: plot_ecdf(r, "igd"),
    "box": lambda r: plot_box(r, "igd"),
    "fronts": lambda r: plot_fronts(r, problem="p0", front=np.eye(2)),
    "attainment": lambda r: plot_attainment(r, problem="p0"),
    "cd": lambda r: plot_critical_difference({"a": 1.25, "b": 1.75}, 0.8, title="ranks"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_every_format_is_the_same_twice(kind, tmp_path):
    for suffix in (".png", ".pdf", ".svg"):
        for name in "12":
            save_figure(KINDS[kind](campaign()), tmp_path / (name + suffix))
        written = (tmp_path / f"1{suffix}").read_bytes()
        assert len(written) > 1000
        assert written == (tmp_path / f"2{suffix}").read_bytes()


# Convergence.


def test_median_and_band_on_the_common_grid():
    results = Results(
        [
            record("a", "p", 1, [8.0, 4.0], x=[100, 200]),
            record("a", "p", 2, [6.0, 1.0], x=[100, 300]),
            record("a", "p", 3, [10.0, 2.0], x=[200, 300]),  # has not started at 100
        ]
    )
    (axes,) = plot_campaign_convergence(results, "igd").axes
    x, y = curve(axes)
    assert x.tolist() == [100, 200, 300]
    assert y.tolist() == [7.0, 6.0, 2.0]  # of (8, 6), (4, 6, 10), (4, 1, 2)
    band = axes.collections[0].get_paths()[0].vertices
    assert {(100.0, 6.5), (100.0, 7.5), (200.0, 5.0), (200.0, 8.0), (300.0, 1.5), (300.0, 3.0)} <= set(
        map(tuple, band.tolist())
    )
    assert axes.get_yscale() == "log"
    assert plot_campaign_convergence(results, "igd", against="seconds").axes[0].lines[0].get_xdata().tolist() == [
        2,
        4,
        6,
    ]


def test_infinite_medians_are_gaps_and_missing_values_keep_the_last():
    results = Results(
        [
            record("a", "p", 1, [inf, 4.0, 4.0, 2.0]),
            record("a", "p", 2, [inf, inf, 3.0, nan]),
            record("a", "p", 3, [5.0, 5.0, nan, 1.0]),
        ]
    )
    (axes,) = plot_campaign_convergence(results, "igd").axes
    assert np.array_equal(curve(axes)[1], [nan, 5.0, 4.0, 2.0], equal_nan=True)


def test_quartiles_are_those_of_numpy_and_count_infinity():
    values = np.random.default_rng(0).normal(size=(7, 20))
    assert np.allclose(quartiles(values), np.quantile(values, [0.25, 0.5, 0.75], axis=0))
    values[0] = nan
    assert np.allclose(quartiles(values), np.nanquantile(values, [0.25, 0.5, 0.75], axis=0))
    assert quartiles(np.array([[1.0], [2.0], [3.0], [4.0], [inf]]))[:, 0].tolist() == [2.0, 3.0, 4.0]
    assert not np.isfinite(quartiles(np.array([[1.0], [2.0], [inf], [inf]]))[1:]).any()
    assert np.isnan(quartiles(np.full((3, 2), nan))).all()


@pytest.mark.parametrize(("metric", "values"), [("hv", [0.1, 0.5]), ("f_min", [1.0, -1.0])])
def test_linear_scale_where_a_logarithm_has_no_meaning(metric, values):
    results = Results([record("a", "p", 1, values, metric=metric)])
    assert plot_campaign_convergence(results, metric).axes[0].get_yscale() == "linear"
    assert plot_box(results, metric).axes[0].get_xscale() == "linear"


def test_selection_order_and_one_legend():
    figure = plot_campaign_convergence(campaign(3), "igd", problems=["p2", "p0"], algorithms=["b"])
    assert [axes.get_title() for axes in figure.axes] == ["p2", "p0"]
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]
    assert len(figure.legends) == 1
    assert legend_texts(figure) == ["b"]


def test_failed_runs_and_problems_without_the_metric_are_left_out():
    results = Results(
        [
            record("a", "p", 1, [2.0]),
            Record("a", "p", 2, {}, error="ValueError"),
            Record("b", "p", 1, {}, error="ValueError"),
            record("a", "q", 1, [0.5], metric="hv"),
        ]
    )
    figure = plot_campaign_convergence(results, "igd")
    assert [axes.get_title() for axes in figure.axes] == ["p"]
    assert curve(figure.axes[0])[1].tolist() == [2.0]
    assert legend_texts(figure) == ["a", "b"]
    asked = plot_campaign_convergence(results, "igd", problems=["q"])
    assert asked.axes[0].texts[0].get_text() == "no finished run"


def test_long_runs_are_thinned_with_both_ends_kept():
    results = Results([record("a", "p", 1, list(np.linspace(2, 1, 5000)))])
    x, y = curve(plot_campaign_convergence(results, "igd").axes[0])
    assert len(x) == MAX_GRID
    assert (x[0], x[-1], y[0], y[-1]) == (100, 500_000, 2.0, 1.0)


def test_forty_problems_wrap():
    figure = plot_campaign_convergence(campaign(40, 1), "igd", algorithms=["a"])
    assert len(figure.axes) == 40
    assert figure.get_figwidth() < 16


def test_nothing_found_or_recorded_is_said_and_can_be_saved(tmp_path):
    runs = [
        record("a", "p", 1, [inf, inf]),
        record("a", "p", 2, [nan, nan], final=1.0),
        record("b", "q", 1, [2.0, 1.0]),
    ]
    results = Results([*runs, Record("c", "q", 1, {}, error="x")])
    for figure in (plot_campaign_convergence(results, "igd"), plot_ecdf(results, "igd"), plot_box(results, "igd")):
        save_figure(figure, tmp_path / "figure.png")
    assert plot_campaign_convergence(results, "igd").axes[0].texts[0].get_text() == "nothing found"
    assert legend_texts(plot_ecdf(results, "igd")) == ["a (0 of 1 problems)", "b", "c (0 of 1 problems)"]


# ECDF. Three targets between the worst first value 1 and the best value 0.01: 1, 0.1, 0.01.


def two_algorithms():
    return [
        record("a", "p", 1, [1.0, 0.1, 0.01]),
        record("a", "p", 2, [1.0, 0.5, 0.1]),
        record("b", "p", 1, [0.5, 0.6, 0.05]),
        record("b", "p", 2, [inf, inf, inf]),
    ]


def test_ecdf_by_hand():
    (axes,) = plot_ecdf(Results(two_algorithms()), "igd", n_targets=3).axes
    x, y = curve(axes)
    assert x.tolist() == [100, 200, 300]
    assert np.allclose(y, [2 / 6, 3 / 6, 5 / 6])
    x, y = curve(axes, "#D55E00")
    assert x.tolist() == [100, 300]
    assert np.allclose(y, [1 / 6, 2 / 6])
    assert axes.get_xscale() == "log"


def test_ecdf_averages_problems_and_counts_a_missing_one_as_unreached():
    results = Results([*two_algorithms(), record("a", "q", 1, [4.0, 2.0, 1.0])])  # targets 4, 2, 1
    figure = plot_ecdf(results, "igd", n_targets=3)
    assert np.allclose(curve(figure.axes[0])[1], [(2 / 6 + 1 / 3) / 2, (3 / 6 + 2 / 3) / 2, (5 / 6 + 1) / 2])
    assert np.allclose(curve(figure.axes[0], "#D55E00")[1], [1 / 12, 2 / 12])
    assert legend_texts(figure) == ["a", "b (1 of 2 problems)"]


def test_ecdf_of_a_larger_is_better_metric_has_even_targets():
    results = Results([record("a", "p", 1, [0.0, 0.25, 0.2, 1.0], metric="hv")])  # targets 0, 0.25, 0.5, 0.75, 1
    x, y = curve(plot_ecdf(results, "hv", n_targets=5).axes[0])
    assert x.tolist() == [100, 200, 400]
    assert np.allclose(y, [1 / 5, 2 / 5, 1])


def test_ecdf_leaves_out_a_problem_where_nothing_was_found():
    results = Results([record("a", "p", 1, [2.0, 1.0]), record("a", "q", 1, [inf, inf])])
    (axes,) = plot_ecdf(results, "igd", n_targets=2).axes
    assert "1 problem" in axes.get_title()
    assert curve(axes)[1].tolist() == [0.5, 1.0]
    with pytest.raises(ValueError, match="found something"):
        plot_ecdf(results, "igd", problems=["q"])


def test_ecdf_of_values_that_are_not_positive():
    results = Results([record("a", "p", 1, [1.0, -1.0, -3.0], metric="f_min")])  # targets 1, -1, -3
    assert np.allclose(curve(plot_ecdf(results, "f_min", n_targets=3).axes[0])[1], [1 / 3, 2 / 3, 1])


# Boxes.


def test_box_by_hand():
    values = [1.0, 2.0, 3.0, 4.0, 40.0]
    (axes,) = plot_box(Results([record("a", "p", s, [v]) for s, v in enumerate(values)]), "igd").axes
    (box,) = axes.patches
    assert (box.get_x(), box.get_x() + box.get_width()) == (2.0, 4.0)
    whiskers, median = (collection.get_segments() for collection in axes.collections)
    assert [sorted(segment[:, 0]) for segment in whiskers] == [[1.0, 2.0], [4.0, 4.0]]  # 40 is beyond 1.5 ranges
    assert median[0][:, 0].tolist() == [3.0, 3.0]
    assert curve(axes)[0].tolist() == values
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a"]


def test_runs_that_found_nothing_are_counted_beside_the_box():
    runs = [record("a", "p", s, [v]) for s, v in enumerate([1.0, 2.0, inf])]
    (axes,) = plot_box(Results([*runs, record("b", "p", 1, [1.0])]), "igd").axes
    assert len(axes.patches) == 1  # only b's: the third quartile of a is infinite
    assert curve(axes)[0].tolist() == [1.0, 2.0]
    assert [text.get_text() for text in axes.texts] == ["1 found nothing"]


def test_box_needs_no_convergence():
    assert len(plot_box(Results([Record("a", "p", 1, {"igd": 0.5})]), "igd").axes) == 1


# Final sets.


@pytest.mark.parametrize(("metric", "chosen"), [("igd", 2), ("hv", 3)])
def test_front_of_the_median_run(metric, chosen):
    # Of four runs the better of the middle two: seed 2 if smaller is better, seed 3 if larger is.
    results = Results([record("a", "p", s, [float(s)], metric=metric, F=[[s, s]]) for s in (4, 2, 1, 3)])
    (axes,) = plot_fronts(results, problem="p", metric=metric).axes
    assert axes.lines[0].get_xydata().tolist() == [[chosen, chosen]]
    assert axes.lines[0].get_label() == f"a ({metric.upper()} {chosen})"


def test_fronts_show_feasible_finite_points_and_missing_algorithms():
    run = record("a", "p", 1, [1.0], F=[[1, 2], [2, 1], [inf, 0]], CV=[0.0, 1.0, 0.0])
    figure = plot_fronts(Results([run, Record("b", "p", 1, {}, error="x")]), problem="p", front=np.eye(2))
    labels = {line.get_label(): line for line in figure.axes[0].lines}
    assert labels["a (IGD 1)"].get_xydata().tolist() == [[1, 2]]
    assert len(labels["b (no finished run)"].get_xydata()) == 0
    assert labels["Pareto front"].get_xydata().tolist() == np.eye(2).tolist()


def test_many_objectives_name_every_algorithm():
    missing = Record("b", "p", 1, {}, error="x")
    figure = plot_fronts(Results([record("a", "p", 1, [1.0], F=np.eye(4)), missing]), problem="p")
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["a (IGD 1)", "b (no finished run)"]


def attainment_lines(axes):
    """Surfaces by dash: dotted one run, solid half, dashed all."""
    black = [line for line in axes.lines if line.get_color() == "black"]
    return {line.get_linestyle(): line.get_xydata()[1:-1].tolist() for line in black if len(line.get_xydata())}


SETS = [[[0, 2], [1, 1], [2, 0]], [[0.5, 2], [1.5, 0.5]], [[0, 3], [3, 0]]]


def test_attainment_surfaces_by_hand():
    figure = plot_attainment(Results([record("a", "p", s, [1.0], F=F) for s, F in enumerate(SETS)]), problem="p")
    (axes,) = figure.axes
    assert axes.get_title() == "a (3 runs)"
    lines = attainment_lines(axes)
    assert lines[":"] == [[0, 2], [1, 1], [1.5, 0.5], [2, 0]]
    assert lines["-"] == [[0, 3], [0.5, 2], [1.5, 1], [2, 0.5], [3, 0]]
    assert lines["--"] == [[0.5, 3], [3, 0.5]]
    ends = axes.lines[0].get_xydata()[[0, -1]]  # from the upper to the right edge of the picture
    assert np.allclose(ends, [[0, axes.get_ylim()[1]], [axes.get_xlim()[1], 0]])


def test_empty_runs_count_in_attainment():
    runs = [record("a", "p", s, [1.0], F=F) for s, F in enumerate([*SETS[:2], np.empty((0, 2)), np.empty((0, 2))])]
    lines = attainment_lines(plot_attainment(Results(runs), problem="p").axes[0])
    assert lines[":"] == [[0, 2], [1, 1], [1.5, 0.5], [2, 0]]
    assert lines["-"] == [[0.5, 2], [1.5, 1], [2, 0.5]]  # two of four runs: both that found something
    assert "--" not in lines


@pytest.mark.parametrize("n_runs", [1, 2, 7, 29])
def test_attainment_levels_agree_with_counting(n_runs):
    rng = np.random.default_rng(n_runs)
    sets = rng.random((n_runs, 5, 2))
    lines = attainment_lines(
        plot_attainment(Results([record("a", "p", s, [1.0], F=F) for s, F in enumerate(sets)]), problem="p").axes[0]
    )
    for dash, level in ((":", 1), ("-", (n_runs + 1) // 2), ("--", n_runs)):
        for point in lines[dash]:
            assert (sets <= point).all(axis=2).any(axis=1).sum() >= level
            for i in (0, 1):  # a little less in either objective is attained by fewer
                less = np.array(point) - np.eye(2)[i] * 1e-9
                assert (sets <= less).all(axis=2).any(axis=1).sum() < level


def test_attainment_panels_show_other_medians_and_missing_algorithms():
    runs = [record("a", "p", 1, [1.0], F=SETS[0]), record("b", "p", 1, [1.0], F=SETS[1])]
    missing = Record("c", "p", 1, {}, error="x")
    empty = record("d", "p", 1, [inf], F=np.empty((0, 2)))
    first, _, third, fourth = plot_attainment(Results([*runs, missing, empty]), problem="p").axes
    grey = [line.get_xydata()[1:-1].tolist() for line in first.lines if line.get_color() == "0.6"]
    assert grey == [SETS[1], [], []]
    assert third.texts[0].get_text() == "no finished run"
    assert fourth.texts[0].get_text() == "nothing found"


# Critical differences. Demsar 2006, section 3.2.2 and figure 1a: four variants of C4.5 on 14 data sets, alpha 0.10.

DEMSAR = {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}


def bars(figure):
    thick = [line for line in figure.axes[0].lines if line.get_linewidth() == 4]
    return [(round(line.get_xdata()[0] + 0.048, 3), round(line.get_xdata()[1] - 0.048, 3)) for line in thick]


def test_groups_of_the_published_example():
    figure = plot_critical_difference(DEMSAR, 1.12)
    assert bars(figure) == [(1.964, 2.893), (2.893, 3.143)]
    assert bars(plot_critical_difference(DEMSAR, 1.25)) == [(1.964, 3.143)]
    assert bars(plot_critical_difference(DEMSAR, 0.01)) == []
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"1.96  C4.5+m+cf", "2.00  C4.5+m", "C4.5+cf  2.89", "C4.5  3.14"} < set(texts)
    assert figure.axes[0].get_xlim() == (4.0, 1.0)  # the best at the right


def test_groups_are_maximal_and_a_difference_of_exactly_the_critical_one_tells_apart():
    assert rank_groups([1, 2, 3, 4], 1) == []
    assert rank_groups([1, 2, 3, 4], 1.5) == [(0, 1), (1, 2), (2, 3)]
    assert rank_groups([1, 1, 1.5, 4], 1) == [(0, 2)]
    rng = np.random.default_rng(3)
    for _ in range(50):
        ranks, cd = np.sort(rng.random(7)) * 6 + 1, rng.random() * 3
        spans = {(i, j) for i in range(7) for j in range(i + 1, 7) if ranks[j] - ranks[i] < cd}
        largest = {s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)}
        assert set(rank_groups(ranks.tolist(), cd)) == largest


# Errors.


def test_unknown_names_list_what_exists():
    results = campaign()
    for plot in (plot_campaign_convergence, plot_ecdf, plot_box):
        with pytest.raises(ValueError, match=r"metric must be one of igd, got 'hypervolume'"):
            plot(results, "hypervolume")
        with pytest.raises(ValueError, match=r"problems must be among p0, p1, got 'zdt1'"):
            plot(results, "igd", problems=["p0", "zdt1"])
        with pytest.raises(ValueError, match=r"algorithms must be among a, b, got 'c'"):
            plot(results, "igd", algorithms=["c"])
        with pytest.raises(ValueError, match=r"algorithms must be among a, b, got none"):
            plot(results, "igd", algorithms=[])
        with pytest.raises(TypeError, match="sequence of labels"):
            plot(results, "igd", problems="p0")
    for plot in (plot_fronts, plot_attainment):
        with pytest.raises(ValueError, match=r"problem must be among p0, p1, got 'zdt1'"):
            plot(results, problem="zdt1")
    with pytest.raises(ValueError, match="against must be one of evaluations, seconds"):
        plot_campaign_convergence(results, "igd", against="generations")
    with pytest.raises(ValueError, match="n_targets must be at least 2"):
        plot_ecdf(results, "igd", n_targets=1)


def test_a_table_of_final_values_is_not_enough():
    results = Results([Record("a", "p", 7, {"igd": 0.5})])
    with pytest.raises(ValueError, match=r"igd against evaluations needs .*convergence_igd.* a on p, seed 7"):
        plot_campaign_convergence(results, "igd")
    with pytest.raises(ValueError, match="igd against seconds needs the arrays convergence_wall_seconds"):
        plot_campaign_convergence(results, "igd", against="seconds")
    with pytest.raises(ValueError, match="convergence_n_evals"):
        plot_ecdf(results, "igd")
    with pytest.raises(ValueError, match="final sets needs the arrays F"):
        plot_fronts(results, problem="p")
    with pytest.raises(ValueError, match="final sets needs the arrays F"):
        plot_attainment(results, problem="p")


def test_problems_without_what_a_picture_needs():
    failed = Record("a", "q", 1, {}, error="x")
    results = Results([record("a", "p", 1, [1.0], F=np.eye(3)), failed])
    with pytest.raises(ValueError, match=r"2 objectives for attainment surfaces, p has 3"):
        plot_attainment(results, problem="p")
    with pytest.raises(ValueError, match="q has none"):
        plot_attainment(results, problem="q")
    with pytest.raises(ValueError, match="finished run on q has"):
        plot_fronts(results, problem="q")


@pytest.mark.parametrize(
    ("ranks", "cd", "message"),
    [
        ({"a": 1.0}, 1.0, "at least 2 algorithms, got 1"),
        ({"a": 1.0, "b": 2.5}, 1.0, r"mean_ranks\['b'\] must lie in \[1, 2\]"),
        ({"a": 1.0, "b": nan}, 1.0, "mean_ranks"),
        ({"a": 1.0, "b": 2.0}, 0.0, "critical_difference must lie in"),
        ({"a": 1.0, "b": 2.0}, inf, "critical_difference"),
    ],
)
def test_impossible_ranks(ranks, cd, message):
    with pytest.raises(ValueError, match=message):
        plot_critical_difference(ranks, cd)
