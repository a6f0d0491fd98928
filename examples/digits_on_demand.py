"""An auxiliary-classifier GAN paints the digit it is asked for; an independent classifier says how often it does."""

import argparse
from pathlib import Path

import numpy as np
import torch

from evogan.datasets import digits
from evogan.experiments import ImageScorer
from evogan.features import digits_features
from evogan.gans import Recipe, acgan
from evogan.plotting import save_samples
from evogan.training import fit


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/digits"))
    parser.add_argument("--quick", action="store_true", help="50 steps")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    data = digits()
    torch.manual_seed(1)
    system = acgan(data.shape, n_classes=data.n_classes, recipe=Recipe(lr_G=1e-3, lr_D=1e-3))
    fit(system, data, n_steps=50 if options.quick else 4000, rng=np.random.default_rng(1))
    scores = ImageScorer(data, digits_features(), n=1000)(system, rng=np.random.default_rng(2))
    for name in ("label_agreement", "FID", "recall"):
        print(scores[name])
    labels = torch.arange(10).repeat_interleave(10)
    save_samples(system.sample(100, labels=labels, rng=np.random.default_rng(3)), options.out / "digits.png")
    print(f"a row of every digit is in {options.out / 'digits.png'}")


if __name__ == "__main__":
    main()
