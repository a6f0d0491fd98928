"""The bundled digits: levels, labels, and that they travel with the package."""

import tomllib
from pathlib import Path

import pytest
import torch

from evogan.datasets import digits

ROOT = Path(__file__).parents[2]


def test_the_first_digit_has_the_levels_of_its_file():
    data = digits()
    row = torch.tensor([0, 0, 5, 13, 9, 1, 0, 0])  # of 16
    assert data.x[0, 0, 0].tolist() == [round(float(level)) for level in row * 255 / 16]
    assert int(data.x.min()) == 0 and int(data.x.max()) == 255 and len(data.x.unique()) == 17
    assert data.y[:3].tolist() == [0, 1, 2]


def test_the_splits_part_the_set_and_are_balanced():
    train, test, everything = digits("train"), digits("test"), digits("all")
    assert (len(train), len(test), len(everything)) == (1400, 397, 1797)
    assert torch.equal(torch.cat([train.x, test.x]), everything.x)
    assert torch.equal(torch.cat([train.y, test.y]), everything.y)
    assert train.y.bincount().min() >= 134 and train.y.bincount().max() <= 144
    assert test.y.bincount().min() >= 39 and test.y.bincount().max() <= 41
    with pytest.raises(ValueError, match=r"split must be .* got 'valid'"):
        digits("valid")


def test_labels_belong_to_their_images():
    train, test = digits("train"), digits("test")
    means = torch.stack([train.x[train.y == label].float().mean(0).flatten() for label in range(10)])
    nearest = torch.cdist(test.x.float().flatten(1), means).argmin(1)
    accuracy = float((nearest == test.y).float().mean())
    assert 0.85 < accuracy < 1.0, accuracy


def test_the_file_and_its_attribution_travel_with_the_package():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    listed = set(setuptools["package-data"]["evogan.datasets"])
    folder = ROOT / "evogan" / "datasets"
    assert listed == {file.name for file in folder.iterdir() if file.is_file() and file.suffix not in (".py", ".pyc")}
    attribution = (folder / "DIGITS_LICENSE.md").read_text()
    for word in ("Alpaydin", "Kaynak", "CC BY 4.0", "10.24432/C50P49"):
        assert word in attribution
