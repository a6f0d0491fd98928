"""Figures hold what they were given, for any number of objectives, and equal pictures are equal files."""

import numpy as np
import pytest

from evogan.plotting import plot_convergence, plot_front, save_figure


@pytest.mark.parametrize("n_obj", [1, 2, 3, 5])
def test_fronts_of_any_width(n_obj, tmp_path):
    F = np.random.default_rng(0).random((30, n_obj))
    figure = plot_front({"A": F, "B": F[:5] + 1, "empty": np.empty((0, n_obj))}, front=F)
    save_figure(figure, tmp_path / "front.png")
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert "A" in labels and "B" in labels


def test_two_objectives_are_drawn_as_given():
    F = np.array([[0.0, 1.0], [0.5, 0.25]])
    points = plot_front({"A": F}).axes[0].lines[0]
    assert np.array_equal(points.get_xydata(), F)


def test_different_widths_are_refused():
    with pytest.raises(ValueError, match="number of objectives"):
        plot_front({"A": np.ones((2, 2)), "B": np.ones((2, 3))})


def test_convergence_curves():
    rows = [{"n_evals": 100, "igd": float("inf"), "hv": 0.0}, {"n_evals": 200, "igd": 0.5, "hv": 0.1}]
    figure = plot_convergence({"run": rows})
    assert next(axes.get_ylabel() for axes in figure.axes) == "IGD"
    x, y = figure.axes[0].lines[0].get_data()
    assert list(x) == [100, 200] and np.isnan(y[0]) and y[1] == 0.5


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_equal_pictures_are_equal_files(suffix, tmp_path):
    for name in "ab":
        save_figure(plot_front({"A": np.eye(2)}), tmp_path / (name + suffix))
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
