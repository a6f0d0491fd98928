"""Pictures of samples, pixel by pixel, and the curves of a training run."""

import numpy as np
import pytest
import torch
from PIL import Image

from evogan.datasets import ring
from evogan.plotting import image_grid, plot_scores, plot_training, save_figure, save_samples


def pixels(path):
    with Image.open(path) as image:
        image.load()
        return np.asarray(image.convert("RGB"))


def levels(*values):
    """Return 1x1 grey images."""
    return np.array(values).reshape(-1, 1, 1, 1)


def test_levels_map_to_bytes_and_are_clipped():
    grid = image_grid(levels(-1.0, 1.0, 0.0, -5.0, 5.0, np.nan), n_columns=6, padding=0)
    assert grid.dtype == np.uint8 and grid.shape == (1, 6, 3)
    assert (grid == grid[..., :1]).all()  # grey
    assert grid[0, :, 0].tolist() == [0, 255, 128, 0, 255, 128]
    every_level = image_grid(levels(*(np.arange(256) / 127.5 - 1)), n_columns=256, padding=0)
    assert every_level[0, :, 0].tolist() == list(range(256))  # data sets come back as they were


def test_images_stand_in_rows_with_white_lines_between_them():
    images = np.full((5, 3, 2, 3), -1.0)
    for i in range(5):
        images[i, 0] = i / 127.5 - 1  # red i
    images[0, 1, 0, 0] = 1.0  # one green pixel: first row, first column
    grid = image_grid(images, n_columns=2, padding=1)
    assert grid.shape == (3 * 3 + 1, 2 * 4 + 1, 3)
    expected = np.full((10, 9, 3), 255)
    for i in range(5):
        top, left = 1 + 3 * (i // 2), 1 + 4 * (i % 2)
        expected[top : top + 2, left : left + 3] = (i, 0, 0)
    expected[1, 1, 1] = 255
    np.testing.assert_array_equal(grid, expected)  # the sixth place stays white


@pytest.mark.parametrize(("n", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (5, 2, 3), (9, 3, 3), (64, 8, 8)])
def test_a_grid_is_as_square_as_it_can_be(n, rows, columns):
    assert image_grid(np.zeros((n, 1, 4, 4)), padding=2).shape == (rows * 6 + 2, columns * 6 + 2, 3)


@pytest.mark.parametrize("shape", [(0, 1, 4, 4), (3, 2, 4, 4), (3, 4, 4), (2, 2)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match=r"images must have shape \(n, c, h, w\)"):
        image_grid(np.zeros(shape))
    with pytest.raises(ValueError, match="n_columns"):
        image_grid(np.zeros((2, 1, 2, 2)), n_columns=0)


@pytest.mark.parametrize(("size", "zoom"), [(8, 6), (16, 3), (24, 2), (28, 1), (32, 1), (64, 1)])
def test_small_images_are_enlarged_by_whole_pixels(size, zoom, tmp_path):
    images = torch.rand(4, 1, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    save_samples(images, tmp_path / "a.png")
    shown = pixels(tmp_path / "a.png")
    grid = image_grid(images)
    assert shown.shape == (zoom * (2 * size + 3), zoom * (2 * size + 3), 3)
    np.testing.assert_array_equal(shown[::zoom, ::zoom], grid)
    np.testing.assert_array_equal(shown, grid.repeat(zoom, axis=0).repeat(zoom, axis=1))


def test_the_number_of_columns_can_be_given(tmp_path):
    save_samples(torch.zeros(6, 3, 32, 32), tmp_path / "a.png", n_columns=6)
    assert pixels(tmp_path / "a.png").shape == (34, 6 * 33 + 1, 3)


def test_samples_that_carry_a_graph_are_drawn_too(tmp_path):
    save_samples(torch.zeros(2, 1, 8, 8, requires_grad=True), tmp_path / "a.png")
    assert pixels(tmp_path / "a.png").shape == (6 * 10, 6 * 19, 3)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_vectors_are_points_in_front_of_the_data(width, tmp_path):
    samples = torch.randn(50, width)
    save_samples(samples, tmp_path / "alone.png")
    assert pixels(tmp_path / "alone.png").std() > 1
    if width == 2:
        save_samples(samples, tmp_path / "data.png", data=ring(100, rng=np.random.default_rng(0)))
        assert (tmp_path / "data.png").read_bytes() != (tmp_path / "alone.png").read_bytes()


def test_pictures_are_the_same_bytes_each_time(tmp_path):
    data = ring(100, rng=np.random.default_rng(0))
    for name in "ab":
        save_samples(data.x[:20], tmp_path / f"{name}.png", data=data)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


# Curves

LOG = [
    {"step": k, "discriminator": 1.0 / k, "generator": float(k), "k": 0.1 * k, "seconds": 0.5 * k} for k in range(1, 41)
]


def curves(figure):
    """Return every curve by the label of its axes and its own."""
    return {
        (axes.get_ylabel(), line.get_label()): (line.get_xdata().tolist(), line.get_ydata().tolist())
        for axes in figure.axes
        for line in axes.get_lines()
    }


def test_losses_share_a_panel_and_controlled_scalars_have_their_own(tmp_path):
    figure = plot_training(LOG, title="began digits")
    steps = list(range(1, 41))
    assert curves(figure) == {
        ("loss", "discriminator"): (steps, [1.0 / k for k in steps]),
        ("loss", "generator"): (steps, [float(k) for k in steps]),
        ("k", "k"): (steps, [0.1 * k for k in steps]),
    }
    assert [axes.get_xlabel() for axes in figure.axes] == ["steps", "steps"]
    assert figure.get_suptitle() == "began digits"
    save_figure(figure, tmp_path / "losses.png")
    assert pixels(tmp_path / "losses.png").std() > 1


def test_losses_of_other_names_have_a_panel_each():
    rows = [{"step": k, "encoder": 1.0, "critic": 2.0} for k in range(3)]
    assert set(curves(plot_training(rows))) == {("encoder", "encoder"), ("critic", "critic")}


def test_every_score_has_its_panel_in_rows_of_four():
    names = ["fid", "kid", "precision", "recall", "density"]
    rows = [{"step": 100 * k, **{name: float(k) for name in names}} for k in range(1, 4)]
    figure = plot_scores(rows)
    assert curves(figure) == {(name, name): ([100, 200, 300], [1.0, 2.0, 3.0]) for name in names}
    assert [axes.axison for axes in figure.axes] == [True] * 5 + [False] * 3


def test_rows_without_a_value_and_values_that_are_not_finite_are_survived(tmp_path):
    rows = [{"step": 1, "fid": "inf"}, {"step": 2}, {"step": 3, "fid": 2.0, "late": 1.0}]
    drawn = curves(plot_scores(rows))
    assert drawn["fid", "fid"] == ([1, 3], [float("inf"), 2.0])
    assert drawn["late", "late"] == ([3], [1.0])
    save_figure(plot_scores(rows), tmp_path / "scores.png")
    save_figure(plot_training([]), tmp_path / "empty.png")
    assert pixels(tmp_path / "empty.png").size
