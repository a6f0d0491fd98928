"""The picture of an evolution: shares, courses and lineages by hand, and a figure that stays readable."""

import json

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from evogan.plotting import generations, makers_of_survivors, plot_evolution, plot_training, save_figure
from evogan.plotting._evolution_data import course, judged_columns, lineage, makers_of, shares

NAN = float("nan")


def generation(step, children, survivors, **columns):
    """Return a record from ``children``: (number, parents, mutation, fitness)."""
    numbers, parents, mutations, fitness = (list(column) for column in zip(*children, strict=True))
    return {
        "step": step,
        "number": numbers,
        "parents": parents,
        "mutation": mutations,
        "fitness": fitness,
        "rate": [1.0] * len(numbers),
        "survivors": survivors,
        **columns,
    }


def random_records(n=80, mu=2, names=("minimax", "heuristic", "least_squares"), *, seed=0, crossover=False, **options):
    """Return what a (mu, lambda) evolution could leave, with the fittest surviving; ``options`` of single columns."""
    rng, parents, number, records = np.random.default_rng(seed), list(range(mu)), mu, []
    for step in range(1, n + 1):
        children = []
        for parent in parents:
            for name in names:
                children.append((number, [parent], name, float(rng.normal())))
                number += 1
        if crossover:
            children.append((number, [children[0][0], children[-1][0]], "crossover", float(rng.normal())))
            number += 1
        fittest = sorted(children, key=lambda child: -child[3])
        parents = [child[0] for child in fittest[:mu]]
        quality = [float(q) for q in rng.normal(size=len(children))]
        records.append(generation(step, children, parents, quality=quality, **options))
    return records


# Two generations of two parents, 0 and 1; the fitness of 5 is not finite; 3 has been a survivor for two generations.
BY_HAND = [
    generation(
        1, [(2, [0], "hinge", 1.0), (3, [0], "minimax", 4.0), (4, [1], "hinge", 3.0), (5, [1], "minimax", NAN)], [3, 4]
    ),
    generation(
        2, [(6, [3], "hinge", 0.5), (7, [3], "minimax", 0.0), (8, [4], "hinge", 2.0), (9, [4], "hinge", -1.0)], [8, 3]
    ),
    generation(3, [(10, [8], "minimax", 1.0), (11, [3], "hinge", 2.0), (12, [10, 11], "crossover", 3.0)], [12, 1]),
]


# What it is drawn from


def test_survivors_are_known_by_what_made_them_in_whatever_generation():
    assert makers_of_survivors(BY_HAND) == [["minimax", "hinge"], ["hinge", "minimax"], ["crossover", "earlier"]]
    assert makers_of_survivors(BY_HAND[1:]) == [["hinge", "earlier"], ["crossover", "earlier"]]
    assert makers_of_survivors([]) == []


def test_mutations_have_their_place_whatever_their_order_in_the_records():
    assert makers_of(BY_HAND) == ["minimax", "crossover", "hinge"]
    assert makers_of(BY_HAND[::-1]) == makers_of(BY_HAND)
    assert makers_of([generation(1, [(1, [0], "least_squares", 0.0), (2, [0], "heuristic", 0.0)], [1])]) == [
        "heuristic",
        "least_squares",
    ]


def test_shares_by_hand():
    steps, of_survivors, of_children = shares(BY_HAND, ["minimax", "hinge", "crossover"])
    assert steps.tolist() == [2.0]  # six survivors are too few for several windows
    np.testing.assert_allclose(of_survivors[:, 0], [2 / 6, 2 / 6, 1 / 6])
    np.testing.assert_allclose(of_children[:, 0], [4 / 11, 6 / 11, 1 / 11])


def test_windows_hold_enough_survivors_and_there_are_never_too_many():
    a = [generation(k, [(2 * k, [0], "a", 1.0), (2 * k + 1, [0], "b", 0.0)], [2 * k]) for k in range(1, 25)]
    b = [generation(k, [(2 * k, [0], "a", 1.0), (2 * k + 1, [0], "b", 0.0)], [2 * k + 1]) for k in range(25, 49)]
    steps, of_survivors, of_children = shares(a + b, ["a", "b"])
    assert steps.tolist() == [6.5, 18.5, 30.5, 42.5]  # twelve each
    assert of_survivors.tolist() == [[1, 1, 0, 0], [0, 0, 1, 1]]
    assert (of_children == 0.5).all()
    many = shares(random_records(1000), ["minimax", "heuristic", "least_squares"])
    assert many[1].shape == (3, 40)
    np.testing.assert_allclose(many[1].sum(axis=0), 1.0)


def test_the_course_of_a_column_by_hand():
    steps, mean, spread = course(BY_HAND, "fitness")
    assert steps.tolist() == [1.0, 2.0, 3.0]
    assert mean.tolist() == [3.5, 2.0, 3.0]  # of those born in the generation
    # Siblings: |4 - 1|, and 3 has no other finite one; |0.5 - 0| and |2 + 1|; none has the same first parent.
    np.testing.assert_array_equal(spread, [3.0, (0.5 + 3.0) / 2, NAN])


def test_children_of_the_same_first_parent_are_siblings():
    crossed = generation(1, [(2, [0], "hinge", 1.0), (3, [0, 1], "crossover", 1.5), (4, [1, 0], "hinge", 9.0)], [2])
    assert course([crossed], "fitness")[2].tolist() == [0.5]


def test_the_course_is_a_mean_over_windows():
    records = random_records(300, mu=3)
    steps, mean, spread = course(records, "quality", n_windows=10)
    assert len(steps) == 10 and steps[0] == np.mean(range(1, 31))
    values = [dict(zip(r["number"], r["quality"], strict=True)) for r in records[:30]]
    kept = [np.mean([v[n] for n in r["survivors"]]) for v, r in zip(values, records, strict=False)]
    np.testing.assert_allclose(mean[0], np.mean(kept))
    triples = [np.ptp(np.array(r["quality"]).reshape(3, 3), axis=1).mean() for r in records[:30]]
    np.testing.assert_allclose(spread[0], np.mean(triples))


def test_numbers_that_json_cannot_hold_are_read_back():
    stored = json.loads(
        json.dumps([{**r, "fitness": [str(f) if f != f else f for f in r["fitness"]]} for r in BY_HAND])
    )
    assert stored[0]["fitness"][3] == "nan"
    np.testing.assert_array_equal(course(stored, "fitness"), course(BY_HAND, "fitness"))


def test_columns_have_a_panel_where_they_say_something():
    def columns(**changes):
        return judged_columns(random_records(5, **changes))

    assert columns() == ["fitness", "quality"]
    six = list(range(6))
    assert columns(rate=six, none=[0.0] * 6, cell=six, weights=[[1.0, 2.0]] * 6, score=six) == [
        *("fitness", "quality", "rate"),
    ]
    assert columns(words=list("abcdef"), short=[1.0, 2.0], number_less=3.0, nested=[[1]] * 6, gone=[None] * 6) == [
        *("fitness", "quality"),
    ]
    assert columns(d_number=[1, 2], d_fitness=[0.0, 1.0]) == ["fitness", "quality", "d_fitness"]
    alone = random_records(5)
    for record in alone:
        record["quality"] = record["fitness"]  # a part that is the whole
    assert judged_columns(alone) == ["fitness"]
    assert judged_columns([]) == []


def test_columns_may_come_late():
    records = random_records(6)
    for record in records[:3]:
        del record["quality"]
    assert judged_columns(records) == ["fitness", "quality"]
    assert np.isnan(course(records, "quality")[1]).tolist() == [True] * 3 + [False] * 3


def test_the_lineage_by_hand():
    tree = lineage(BY_HAND)
    places = {3: (1, 1), 4: (1, 2), 2: (1, 3), 5: (1, 4), 8: (2, 1), 6: (2, 2), 7: (2, 3), 9: (2, 4)}
    places |= {11: (3, 2), 10: (3, 3), 12: (3.4, 1)}  # a child of two of its own generation stands beside them
    assert tree.place == places
    assert tree.maker[12] == "crossover" and tree.maker[3] == "minimax"
    own = {(3, 6), (3, 7), (4, 8), (4, 9), (8, 10), (3, 11), (10, 12), (11, 12)}
    assert set(tree.edges) == own and len(tree.edges) == len(own)  # parents 0 and 1 have no place
    assert tree.survivors == {3, 4, 8, 12}
    assert tree.best == 12
    assert tree.ancestors == {12, 10, 11, 8, 4, 3}


def test_the_lineage_of_the_last_generations_alone():
    tree = lineage(BY_HAND[1:])
    assert set(tree.place) == {6, 7, 8, 9, 10, 11, 12}
    assert tree.ancestors == {12, 10, 11, 8}
    elder = lineage([*BY_HAND[:2], generation(3, [(10, [8], "hinge", 0.0)], [3, 10])])
    assert elder.best == 3 and elder.ancestors == {3}  # born two generations ago
    older = lineage([generation(3, [(10, [8], "hinge", 0.0)], [8])])
    assert older.best is None and older.ancestors == set()
    assert lineage([]).place == {}


def test_on_a_grid_rows_are_cells_and_the_best_cell_counts():
    children = [(4, [0], "own", 1.0), (5, [1], "own", 2.0), (6, [1], "own", 3.0)]
    record = generation(50, children, [4, 5, 6], cell=[0, 1, 2], score=["nan", -1.0, -2.0])
    after = generation(100, [(7, [5], "own", 0.0), (8, [5], "own", 0.0), (9, [6], "own", 0.0)], [7, 5, 9])
    tree = lineage([record, {**after, "cell": [0, 1, 2], "score": [-3.0, -1.0, -2.0]}])
    assert tree.place[4] == (50, 0) and tree.place[6] == (50, 2) and tree.place[9] == (100, 2)
    assert tree.best == 5
    assert lineage([{**record, "score": ["nan", -5.0, "inf"]}]).best == 5
    assert lineage([{**record, "score": ["nan"] * 3}]).best == 4


# The figure


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def curves(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def drawn(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


def test_each_panel_shows_what_its_title_says():
    records = random_records()
    figure = plot_evolution(records, title="egan ring8")
    assert titles(figure) == ["makers of the survivors", "fitness", "quality", "children of the last 60 generations"]
    assert figure.get_suptitle() == "egan ring8"
    first, fitness, spread, *_ = figure.axes
    assert spread.get_ylabel() == "spread" and spread.get_yscale() == "log"
    names = makers_of(records)
    steps, of_survivors, of_children = shares(records, names)
    lines = first.get_lines()
    assert [line.get_xdata().tolist() for line in lines] == [steps.tolist()] * 6
    np.testing.assert_array_equal([line.get_ydata() for line in lines[0::2]], of_children)
    np.testing.assert_array_equal([line.get_ydata() for line in lines[1::2]], of_survivors)
    assert {line.get_color() for line in lines[0::2]} == {"0.4"} and lines[0].get_linestyle() == ":"
    np.testing.assert_array_equal(fitness.get_lines()[0].get_ydata(), course(records, "fitness")[1])
    np.testing.assert_array_equal(spread.get_lines()[0].get_ydata(), course(records, "fitness")[2])
    low, high = spread.get_ylim()
    assert low < np.nanmin(course(records, "fitness")[2]) and high > np.nanmax(course(records, "fitness")[2])


def test_a_mutation_looks_the_same_in_the_shares_the_lineage_and_the_legend():
    records = random_records(crossover=True)
    figure = plot_evolution(records)
    top, bottom = figure.legends if figure.legends[0].get_texts()[0].get_text() == "minimax" else figure.legends[::-1]
    names = [text.get_text() for text in top.get_texts()]
    assert names == ["minimax", "heuristic", "least_squares", "crossover", "share of all children"]
    assert [text.get_text() for text in bottom.get_texts()] == [
        *("survived", "discarded", "line of the present best (ringed)"),
    ]
    looks = {name: (to_hex(h.get_color()), h.get_marker()) for name, h in zip(names, top.get_lines(), strict=True)}
    of_survivors = figure.axes[0].get_lines()[1::2]
    assert [(to_hex(x.get_color()), x.get_marker()) for x in of_survivors] == [looks[name] for name in names[:4]]
    tree, nodes = lineage(records[-60:]), {}
    for line in figure.axes[-1].get_lines():
        filled = to_hex(line.get_markerfacecolor()) if line.get_markerfacecolor() != "none" else None
        for place in zip(*line.get_data(), strict=True):
            if filled is not None:
                nodes[tuple(map(float, place))] = (to_hex(line.get_color()), line.get_marker(), filled)
    assert len(nodes) == len(tree.place) == 60 * 7
    for number, place in tree.place.items():
        colour, marker = looks[tree.maker[number]]
        assert nodes[place] == (colour, marker, colour if number in tree.survivors else "#ffffff")


def test_the_line_of_the_best_is_bold_and_the_others_are_there():
    figure = plot_evolution(BY_HAND)
    tree = lineage(BY_HAND)
    discarded, kept, ancestors = (c for c in figure.axes[-1].collections if isinstance(c, LineCollection))

    def segments(pairs):
        return {tuple(map(tuple, np.array([tree.place[a], tree.place[b]], dtype=float))) for a, b in pairs}

    def shown(lines):
        return {tuple(map(tuple, segment.tolist())) for segment in lines.get_segments()}

    assert shown(ancestors) == segments([(10, 12), (11, 12), (8, 10), (3, 11), (4, 8)])
    assert shown(kept) == set()
    assert shown(discarded) == segments([(3, 6), (3, 7), (4, 9)])
    assert ancestors.get_linewidth() > 2 * kept.get_linewidth() > 0
    ring = figure.axes[-1].get_lines()[-1]
    assert (ring.get_data()[0][0], ring.get_data()[1][0]) == tree.place[12] and ring.get_markerfacecolor() == "none"


def test_discriminators_that_evolve_have_their_panels():
    records = random_records(30)
    for k, record in enumerate(records):
        record |= {"d_number": [2 * k, 2 * k + 1], "d_parents": [[0], [0]], "d_mutation": ["bce", "hinge"]}
        record |= {"d_fitness": [0.0, 1.0 / (k + 1)], "d_survivors": [2 * k], "d_survivors_mutation": ["bce"]}
    figure = plot_evolution(records)
    assert titles(figure) == [
        *("makers of the survivors", "makers of the surviving discriminators", "fitness", "quality"),
        *("fitness of the discriminators", "children of the last 30 generations"),
    ]
    _, of_survivors, of_children = shares(records, ["bce", "hinge"], "d_")
    assert (of_survivors == [[1.0], [0.0]]).all() and (of_children == 0.5).all()
    np.testing.assert_allclose(course(records, "d_fitness")[2], [1.0 / (k + 1) for k in range(30)])
    assert course(records, "d_fitness")[1].tolist() == [0.0] * 30


def test_what_never_varies_has_no_panel():
    one = [generation(k, [(k, [k - 1], "own", 0.0)], [k]) for k in range(1, 20)]
    assert titles(plot_evolution(one)) == ["children of the last 19 generations"]
    assert titles(plot_evolution(one, n_generations=5)) == ["children of the last 5 generations"]
    grid = [{**record, "cell": [0]} for record in one]
    assert plot_evolution(grid).axes[-1].get_ylabel() == "cell of the grid"
    assert plot_evolution(one).axes[-1].get_ylabel() == "rank by fitness"


@pytest.mark.parametrize(
    "records",
    [
        [],
        [{"step": 1, "note": "no generation"}],
        BY_HAND[:1],
        BY_HAND[:2],
        BY_HAND,
        [{key: value for key, value in r.items() if key not in ("fitness", "rate")} for r in BY_HAND],
        [{**r, "fitness": ["nan"] * len(r["number"])} for r in BY_HAND],
        [{**r, "fitness": ["inf"] + [0.0] * (len(r["number"]) - 1)} for r in BY_HAND],
        [{**r, "survivors": []} for r in BY_HAND],
        [{**r, "number": [], "parents": [], "mutation": [], "fitness": [], "rate": []} for r in BY_HAND],
    ],
    ids=["none", "no generation", "one", "two", "three", "no fitness", "nan", "inf", "all died", "no children"],
)
def test_little_or_broken_is_drawn_too(records, tmp_path):
    figure = plot_evolution(records)
    save_figure(figure, tmp_path / "evolution.png")
    assert (tmp_path / "evolution.png").stat().st_size > 1000
    assert len(generations(records)) == (len(records) if records and "number" in records[0] else 0)


def test_ticks_of_steps_are_whole_even_for_one_generation():
    figure = plot_evolution(BY_HAND[:1])
    drawn(figure)
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert all(float(t).is_integer() for t in axes.get_xticks() if low <= t <= high)


@pytest.mark.parametrize("options", [{}, {"mu": 1}, {"mu": 8, "crossover": True}, {"names": tuple("abcdefghijklmnop")}])
def test_legends_and_titles_keep_off_the_panels(options):
    figure = plot_evolution(random_records(70, **options), title="a title")
    renderer = drawn(figure)
    panels = [axes.get_window_extent(renderer) for axes in figure.axes]
    boxes = [legend.get_window_extent(renderer) for legend in figure.legends]
    inside = figure.bbox
    with_labels = [axes.get_tightbbox(renderer) for axes in figure.axes]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(panel) for panel in [*with_labels, *boxes[:i]])
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
    for axes, panel in zip(figure.axes, panels, strict=True):
        text = axes.title.get_window_extent(renderer)
        assert not axes.get_title() or not any(
            text.overlaps(other) for other in [*panels, *boxes] if other is not panel
        )


def test_the_same_records_give_the_same_bytes(tmp_path):
    for name in "ab":
        save_figure(plot_evolution(BY_HAND), tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_only_whole_numbers_of_generations_are_taken():
    with pytest.raises(ValueError, match="n_generations must be at least 1, got 0"):
        plot_evolution(BY_HAND, n_generations=0)


def test_counts_by_mutation_are_left_to_the_evolutions_picture():
    rows = [
        {"step": k, "discriminator": 1.0, "generator": 1.0, "fitness": 2.0, "by_hinge": 1, "d_by_bce": 2}
        for k in (1, 2)
    ]
    assert [axes.get_ylabel() for axes in plot_training(rows).axes] == ["loss", "fitness"]
