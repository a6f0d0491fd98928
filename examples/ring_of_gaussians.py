"""Eight Gaussians on a ring: what a loss and a penalty change, with everything else equal."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from evogan.datasets import ring
from evogan.gans import Recipe, gan, gan_qp, gan_r1, lsgan
from evogan.metrics import mode_coverage
from evogan.plotting import save_samples
from evogan.training import Adam, fit

RATES = Recipe(lr_G=1e-3, lr_D=1e-3, optimizer=Adam((0.5, 0.999)))
SYSTEMS = {
    "non-saturating": lambda shape: gan(shape, recipe=RATES),
    "non-saturating + R1": lambda shape: gan_r1(shape, gamma=1.0, recipe=RATES),
    "least squares": lambda shape: lsgan(shape, recipe=RATES),
    "GAN-QP": lambda shape: gan_qp(shape, recipe=replace(RATES, n_critic=2)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/ring"))
    parser.add_argument("--quick", action="store_true", help="50 steps")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    data = ring(rng=np.random.default_rng(0))
    for name, make in SYSTEMS.items():
        torch.manual_seed(1)
        system = make(data.shape)
        fit(system, data, n_steps=50 if options.quick else 2000, rng=np.random.default_rng(1))
        samples = system.sample(2000, rng=np.random.default_rng(2))
        print(f"{name:<22}{mode_coverage(samples.numpy(), data.modes.numpy(), radius=0.2)}")
        save_samples(samples, options.out / f"{name.replace(' ', '-')}.png", data=data)
    print(f"pictures are in {options.out}")


if __name__ == "__main__":
    main()
