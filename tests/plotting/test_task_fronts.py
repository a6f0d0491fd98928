"""What a run on several tasks found, drawn side by side."""

import numpy as np
import pytest

from evogan.plotting import plot_convergence, plot_task_fronts, save_figure


def test_every_task_has_a_panel_with_its_points_and_its_front():
    two = np.array([[0.0, 1.0], [0.25, 0.5]])
    front = np.column_stack([np.linspace(0, 1, 5000), np.linspace(1, 0, 5000)])
    sets = {"T1": two, "T2": np.eye(3), "T3": [[4.0]], "T4": np.eye(5)}
    figure = plot_task_fronts(sets, fronts={"T1": front, "T2": None}, title="four")
    a, b, c, d = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["T1", "T2", "T3", "T4"] and figure.get_suptitle() == "four"
    drawn_front, drawn = a.lines
    assert np.array_equal(drawn.get_xydata(), two)
    assert np.array_equal(drawn_front.get_xydata(), front[::3]), "2000 points at most"
    assert b.name == "3d" and len(b.collections) == 1, "no front"
    assert c.patches[0].get_height() == 4.0 and len(d.lines) == 5
    assert a.get_legend() is not None and b.get_legend() is None


def test_an_empty_set_is_an_empty_panel(tmp_path):
    figure = plot_task_fronts({"T1": np.zeros((0, 2)), "T2": np.zeros((0, 3)), "T3": np.zeros((0, 1))})
    assert len(figure.axes[0].lines[0].get_xdata()) == 0
    save_figure(figure, tmp_path / "a.png")


@pytest.mark.parametrize(("n", "shape"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (7, (3, 3)), (50, (10, 5))])
def test_panels_fill_rows_of_at_most_five(n, shape):
    figure = plot_task_fronts({f"T{t}": [[0.0, 1.0]] for t in range(n)})
    assert len(figure.axes) == n
    assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == shape


def test_wrong_sets_are_named():
    with pytest.raises(ValueError, match="at least one task"):
        plot_task_fronts({})
    with pytest.raises(ValueError, match=r"shape \(n, n_obj\), got \(2,\) for 'T2'"):
        plot_task_fronts({"T1": [[0.0, 1.0]], "T2": [0.0, 1.0]})


@pytest.mark.parametrize(("n", "shown"), [(12, True), (13, False)])
def test_many_curves_get_no_legend(n, shown):
    rows = [{"n_evals": 10, "igd": 1.0}, {"n_evals": 20, "igd": 0.5}]
    axes = plot_convergence({f"T{t}": rows for t in range(n)}).axes[0]
    assert len(axes.lines) == n and (axes.get_legend() is not None) == shown
