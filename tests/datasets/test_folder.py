"""Images of the user's own: order, classes, crops, and files that are no images."""

import numpy as np
import pytest
from PIL import Image

from evogan.datasets import image_folder, load


def save(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array, dtype=np.uint8)).save(path, **options)


def flat(level, height=4, width=4):
    return np.full((height, width, 3), level)


def test_sub_folders_are_classes_in_the_order_of_their_names(tmp_path):
    for name, level in (("dogs/b.png", 20), ("cats/deep/z.png", 10), ("dogs/a.PNG", 30), ("cats/a.png", 5)):
        save(tmp_path / name, flat(level))
    save(tmp_path / ".hidden/x.png", flat(99))
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    (tmp_path / "empty").mkdir()
    data = image_folder(tmp_path)
    assert data.name == tmp_path.name and data.shape == (3, 4, 4)
    assert data.x[:, 0, 0, 0].tolist() == [5, 10, 30, 20]
    assert data.y.tolist() == [0, 0, 1, 1] and data.n_classes == 2


@pytest.mark.parametrize("names", [("a.png", "sub/b.png"), ("one/a.png", "one/b.png"), ("a.png", "b.png")])
def test_without_two_sub_folders_for_all_images_there_are_no_labels(tmp_path, names):
    for name in names:
        save(tmp_path / name, flat(1))
    data = image_folder(tmp_path)
    assert len(data) == 2 and data.y is None and data.n_classes == 0


def test_levels_channels_and_formats_are_exact(tmp_path):
    array = np.random.default_rng(0).integers(256, size=(6, 6, 3), dtype=np.uint8)
    save(tmp_path / "a.png", array)
    save(tmp_path / "b.bmp", array)
    assert all(np.array_equal(x.numpy(), array.transpose(2, 0, 1)) for x in image_folder(tmp_path).x)
    grey = image_folder(tmp_path, channels=1)
    assert grey.shape == (1, 6, 6)
    luma = array @ [0.299, 0.587, 0.114]
    assert np.abs(grey.x[0, 0].numpy() - luma).max() <= 1.0
    (tmp_path / "b.bmp").unlink()
    save(tmp_path / "c.jpg", flat(77, 6, 6))
    assert image_folder(tmp_path).x[1].unique().tolist() == [77]


def test_a_size_crops_the_middle_and_then_resizes(tmp_path):
    wide = np.zeros((4, 10, 3))
    wide[:, 3:5], wide[:, 5:7] = 50, 150
    save(tmp_path / "a.png", wide)
    save(tmp_path / "b.png", wide.transpose(1, 0, 2))
    save(tmp_path / "c.png", flat(9, 1, 1))
    x = image_folder(tmp_path, size=2).x
    assert x[0, 0].tolist() == [[50, 150]] * 2
    assert x[1, 0].tolist() == [[50, 50], [150, 150]]
    assert x[2].unique().tolist() == [9]


def test_a_photograph_is_turned_upright(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90 degrees clockwise
    array = np.zeros((4, 4, 3))
    array[0] = 200  # the top row becomes the right column
    save(tmp_path / "a.png", array, exif=turned)
    x = image_folder(tmp_path).x[0, 0]
    assert x[:, 3].unique().tolist() == [200] and x[:, :3].unique().tolist() == [0]


def test_palettes_and_transparency_become_plain_levels(tmp_path):
    palette = Image.fromarray(np.full((4, 4, 3), 51, dtype=np.uint8)).convert("P")
    palette.save(tmp_path / "a.png", transparency=bytes([255] * 255 + [0]))
    Image.new("RGBA", (4, 4), (51, 51, 51, 0)).save(tmp_path / "b.png")
    assert image_folder(tmp_path).x.unique().tolist() == [51]


def test_images_of_unlike_sizes_need_a_size(tmp_path):
    save(tmp_path / "a.png", flat(1))
    save(tmp_path / "b.png", flat(1, 5, 5))
    says = "size must be given .*size=64: a.png has 4 x 4 pixels, b.png has 5 x 5 pixels"
    with pytest.raises(ValueError, match=says):
        image_folder(tmp_path)
    (tmp_path / "b.png").unlink()
    save(tmp_path / "a.png", flat(1, 3, 4))
    with pytest.raises(ValueError, match=r"a\.png has 4 x 3 pixels"):
        image_folder(tmp_path)


def test_an_image_that_cannot_be_read_is_named(tmp_path):
    save(tmp_path / "a.png", flat(1))
    (tmp_path / "b.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"b\.png cannot be read as an image"):
        image_folder(tmp_path)
    save(tmp_path / "b.png", np.random.default_rng(0).integers(256, size=(40, 40, 3)))
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:-1500])
    with pytest.raises(ValueError, match=r"b\.png cannot be read as an image"):
        image_folder(tmp_path, size=4)
    Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16)).save(tmp_path / "b.png")
    with pytest.raises(ValueError, match=r"b\.png .*not of 8 bits"):
        image_folder(tmp_path)


def test_empty_and_missing_folders_and_bad_arguments(tmp_path):
    with pytest.raises(ValueError, match=r"path must be a folder of images .* got none in"):
        image_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        image_folder(tmp_path / "none")
    with pytest.raises(ValueError, match=r"channels must be 3 .* got 2"):
        image_folder(tmp_path, channels=2)
    with pytest.raises(ValueError, match="size must be at least 1"):
        image_folder(tmp_path, size=0)


def test_load_takes_a_folder_by_its_path(tmp_path, monkeypatch):
    save(tmp_path / "digits" / "a.png", flat(7))
    monkeypatch.chdir(tmp_path)
    assert load(str(tmp_path / "digits"), image_size=8).shape == (3, 8, 8)
    assert load("folder:digits").x.unique().tolist() == [7], "a folder with the name of a set"
    assert load("digits").shape == (1, 8, 8), "a name comes before a folder"
    (tmp_path / "digits").rename(tmp_path / "mine")
    assert len(load("mine")) == 1
    with pytest.raises(ValueError, match="split of the folder 'mine' must be 'train', got 'test'"):
        load("mine", split="test")
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        load("./absent")
