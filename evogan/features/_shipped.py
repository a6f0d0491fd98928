"""Small classifiers whose weights come with the package, made by ``benchmarks/train_feature_nets.py``."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from importlib import resources

import numpy as np
import torch
from torch import nn

from evogan.features._extractor import FeatureExtractor

# A name stands for these bytes: other weights are another extractor.
SHA256 = {
    "digits-mlp-v1": "8771fa7435031377afcd73bae1e865714dc759c31881ddd70309c876e870faeb",
    "fashion-cnn-v1": "d4d0513b39dff86dbb96c780ed1c25d74d6e8fe8cc1b590aaeb679d160f98ede",
}


def digits_net() -> nn.ModuleDict:
    """Return the untrained network of "digits-mlp-v1": 8 970 parameters."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
    return nn.ModuleDict({"net": net, "head": nn.Linear(64, 10)})


def fashion_net() -> nn.ModuleDict:
    """Return the untrained network of "fashion-cnn-v1": 188 234 parameters."""
    layers: list[nn.Module] = []
    for n_in, n_out in ((1, 32), (32, 64), (64, 64)):  # 32 x 32 pixels become 4 x 4
        layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 4, 128), nn.ReLU())
    return nn.ModuleDict({"net": net, "head": nn.Linear(128, 10)})


def digits_features(device: str = "cpu") -> FeatureExtractor:
    """Return "digits-mlp-v1": 64 features of a classifier of 8 x 8 digits, ``(n, 1, 8, 8)``.

    Two hidden layers of 64, trained on the 1400 training images of :func:`evogan.datasets.digits`; it classifies 97.5 %
    of the 397 test images correctly.

    Example:
        >>> digits_features()
        FeatureExtractor('digits-mlp-v1', n_features=64, shape=(1, 8, 8))
    """
    return _shipped("digits-mlp-v1", digits_net, n_features=64, shape=(1, 8, 8), device=device)


def fashion_features(device: str = "cpu") -> FeatureExtractor:
    """Return "fashion-cnn-v1": 128 features of a classifier of Fashion-MNIST, ``(n, 1, 32, 32)``.

    Images are those of 28 x 28 pixels, enlarged as ``Dataset.resized(32)`` does.
    Three convolutions and a layer of 128, trained on the training images for three epochs; it classifies 89.3 % of the
    test images correctly.

    Example:
        >>> fashion_features()
        FeatureExtractor('fashion-cnn-v1', n_features=128, shape=(1, 32, 32))
    """
    return _shipped("fashion-cnn-v1", fashion_net, n_features=128, shape=(1, 32, 32), device=device)


def _shipped(
    name: str, build: Callable[[], nn.ModuleDict], *, n_features: int, shape: tuple[int, ...], device: str
) -> FeatureExtractor:
    data = resources.files("evogan.features").joinpath(f"{name}.npz").read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256[name]:
        raise ValueError(f"{name}.npz must have the SHA-256 sum {SHA256[name]}, got {found}: install evogan anew")
    with torch.device("meta"):  # draws nothing from the global generator
        nets = build()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        # Stored in half precision: the network is what these numbers are, not what they were rounded from.
        state = {key: torch.from_numpy(arrays[key]).float() for key in arrays.files}
    nets.load_state_dict(state, assign=True)
    return FeatureExtractor(
        name, nets["net"], n_features=n_features, shape=shape, head=nets["head"], batch_size=500, device=device
    )
