"""Train the feature networks that come with evogan, as "digits-mlp-v1" and "fashion-cnn-v1" were trained.

    python benchmarks/train_feature_nets.py --data FOLDER_OF_FASHION_MNIST [--out FOLDER]

Prints the accuracy of the stored, rounded weights and the SHA-256 sum of each file. One thread, seeded: two runs on one
computer write the same bytes; another processor may round differently, which makes another network. The shipped files
are therefore never made anew under their names. Takes three CPU minutes.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.files import atomic_savez
from evogan.datasets import Dataset, digits, fashion_mnist
from evogan.features._shipped import digits_net, fashion_net


def logits(nets: nn.ModuleDict, images: Tensor) -> Tensor:
    return nets["head"](nets["net"](images))


def disturbed(images: Tensor) -> Tensor:
    """Turn by up to 0.2 radians, scale by up to a tenth, shift by up to half a pixel of eight, add noise of 0.3."""
    n = len(images)
    angle, scale = 0.4 * torch.rand(n) - 0.2, 0.9 + 0.2 * torch.rand(n)
    shift = (torch.rand(n, 2) - 0.5) / 4
    cos, sin = scale * angle.cos(), scale * angle.sin()
    maps = torch.stack([cos, -sin, shift[:, 0], sin, cos, shift[:, 1]], dim=1).reshape(n, 2, 3)
    grid = F.affine_grid(maps, images.shape, align_corners=False)
    moved = F.grid_sample(images + 1.0, grid, align_corners=False) - 1.0  # what comes in from outside is black, -1
    return moved + 0.3 * torch.randn_like(moved)


def train(
    nets: nn.ModuleDict,
    data: Dataset,
    *,
    n_epochs: int,
    batch_size: int,
    lr: float,
    prepare: Callable[[Tensor], Tensor],
) -> None:
    """Minimise the cross entropy by Adam, whose step falls linearly from ``lr`` to 0."""
    n_steps = n_epochs * (len(data) // batch_size)
    optimizer = torch.optim.Adam(nets.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=n_steps)
    for _ in range(n_epochs):
        order = torch.randperm(len(data))
        for index in order[: len(data) // batch_size * batch_size].split(batch_size):
            images, labels = data.batch(index)
            loss = F.cross_entropy(logits(nets, prepare(images)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


@torch.no_grad()
def accuracy(nets: nn.ModuleDict, data: Dataset) -> float:
    right = 0
    for index in torch.arange(len(data)).split(1000):
        images, labels = data.batch(index)
        right += int((logits(nets, images).argmax(dim=1) == labels).sum())
    return right / len(data)


def make(name: str, build: Callable[[], nn.ModuleDict], parts: dict[str, Dataset], out: Path, **settings) -> None:
    torch.manual_seed(1)
    nets = build()
    train(nets, parts["train"], **settings)
    arrays = {key: value.half().numpy() for key, value in nets.state_dict().items()}
    nets.load_state_dict({key: torch.from_numpy(value.astype(np.float32)) for key, value in arrays.items()})
    path = out / f"{name}.npz"
    atomic_savez(path, arrays)
    n_params = sum(p.numel() for p in nets.parameters())
    print(f"{name}: {n_params} parameters, {path.stat().st_size} bytes")
    print(f"  SHA-256: {hashlib.sha256(path.read_bytes()).hexdigest()}")
    print("  accuracy: " + ", ".join(f"{part} {accuracy(nets, data):.4f}" for part, data in parts.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of Fashion-MNIST; default: where evogan.datasets looks")
    parser.add_argument("--out", type=Path, default=Path("out/features"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    parts = {split: digits(split) for split in ("train", "test")}
    make("digits-mlp-v1", digits_net, parts, options.out, n_epochs=300, batch_size=50, lr=2e-3, prepare=disturbed)
    parts = {split: fashion_mnist(options.data, split=split).resized(32) for split in ("train", "test")}
    make("fashion-cnn-v1", fashion_net, parts, options.out, n_epochs=3, batch_size=100, lr=1e-3, prepare=lambda x: x)


if __name__ == "__main__":
    main()
